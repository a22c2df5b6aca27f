"""The plan of a whole book, range by range of its persons, in as much memory as one range needs.

What is big of a range (its messages and decisions) lies in a private folder of the installation while the others
are planned; nothing there holds a name, a number or a text. The routes are shared out when all ranges have asked.
Refuses to know anything of a plan itself: `plan.draft` decides each range, wherever it runs.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from duly.plan import draft, spread
from duly.plan import plan as plans
from duly.plan.draft import Draft
from duly.plan.inputs import Inputs

# Written in small batches, so that what is made of the files later does not depend on how big a range was.
_BATCH = 8_192
_STALE = timedelta(days=2)
_PREFIX = "plan-"

# Called with how many of how many ranges are done.
Seen = Callable[[int, int], None]
# Drafts for ranges, in their order: one after the other here, or spread over the machines of a cluster.
Drafting = Callable[[Iterable[range]], Iterator[tuple[Draft, pl.DataFrame]]]


class Desk:
    """The folder of a plan that is being made, gone with it. One that a kill left behind goes after two days."""

    def __init__(self, state: Path) -> None:
        folder = state / "planning"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        self._clear = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        fresh = self.path.stat().st_mtime
        for left in folder.glob(f"{_PREFIX}*"):
            if fresh - left.stat().st_mtime > _STALE.total_seconds():
                shutil.rmtree(left, ignore_errors=True)

    def clear(self) -> None:
        """Take everything away; a plan that reads from it cannot be used any more."""
        self._clear()


def at_hand(of: Callable[[range], Inputs], names: draft.Naming | None) -> Drafting:
    """Drafts made here, one range after the other."""

    def each(spans: Iterable[range]) -> Iterator[tuple[Draft, pl.DataFrame]]:
        for span in spans:
            given = of(span)
            yield draft.draft(given, names=names), given.known

    return each


def plan(
    spans: Sequence[range],
    drafting: Drafting,
    rules: Inputs,
    *,
    desk: Desk,
    seen: Seen | None = None,
) -> plans.Plan:
    """The plan of these ranges of buckets, given in order; `rules` are the inputs without anybody.

    The plan reads from the desk for as long as it is used.
    """
    folder = desk.path
    waiting: list[tuple[Draft, pl.DataFrame]] = []
    asks: list[pl.DataFrame] = []
    _tell(seen, 0, len(spans))
    for number, (drafted, known) in enumerate(drafting(spans)):
        asks.append(drafted.asks())
        waiting.append((_put_down(drafted, folder, number), known))
        del drafted
        _tell(seen, number + 1, len(spans))
    turns = spread.lay_out(pl.concat(asks), rules.routes)
    del asks
    return plans.bind(rules.on, _leaves(waiting, turns, rules, folder))


def _tell(seen: Seen | None, done: int, total: int) -> None:
    if seen is not None:
        seen(done, total)


def _put_down(drafted: Draft, folder: Path, number: int) -> Draft:
    """The draft without what is big, which waits in files."""
    for name in ("messages", "decisions"):
        _write(getattr(drafted, name), folder / f"{name}-{number}.draft")
    return replace(drafted, messages=drafted.messages.clear(), decisions=drafted.decisions.clear())


def _leaves(
    waiting: Sequence[tuple[Draft, pl.DataFrame]], turns: pl.DataFrame, rules: Inputs, folder: Path
) -> Iterator[plans.Leaf]:
    for number, (rest, known) in enumerate(waiting):
        big = {}
        for name in ("messages", "decisions"):
            path = folder / f"{name}-{number}.draft"
            big[name] = pl.read_ipc(path)
            path.unlink()
        drafted = replace(rest, **big)
        del big
        settled = draft.settle(drafted, turns, replace(rules, known=known))
        laid, decisions = folder / f"laid-{number}", folder / f"decisions-{number}"
        _write(settled.laid, laid)
        _write(settled.decisions, decisions)
        page = plans.Page(laid=pl.scan_ipc(laid), decisions=pl.scan_ipc(decisions))
        yield plans.leaf(drafted, settled, page)


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="lz4", record_batch_size=_BATCH)
