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
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from duly.plan import draft, settled, spread
from duly.plan import plan as plans
from duly.plan.draft import Draft
from duly.plan.inputs import Inputs

# Written in small batches, so that what is made of the files later does not depend on how big a range was.
_BATCH = 8_192
_STALE = timedelta(days=2)
_PREFIX = "plan-"
_KNOWN = "known"
_BESIDE = ("places", "decided")  # of settled.Settled

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
    """Drafts made here, one range after the other; of the one before nothing is kept while the next is read."""

    def one(given: Inputs) -> tuple[Draft, pl.DataFrame]:
        return draft.draft(given, names=names), given.known

    def each(spans: Iterable[range]) -> Iterator[tuple[Draft, pl.DataFrame]]:
        for span in spans:
            yield one(of(span))

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
    waiting: list[Path] = []
    _tell(seen, 0, len(spans))
    for drafted, known in drafting(spans):
        waiting.append(_put_down(drafted, known, folder / str(len(waiting))))
        del drafted
        _tell(seen, len(waiting), len(spans))
    asks = [pl.read_ipc(place / "messages", columns=list(draft.ASK)) for place in waiting]
    turns = _each(spread.lay_out(pl.concat(asks), rules.routes), [one.height for one in asks])
    del asks
    return plans.bind(rules.on, _leaves(waiting, turns, rules))


def _each(turns: pl.DataFrame, heights: Sequence[int]) -> Iterator[pl.DataFrame]:
    """The places of each range's messages: they come in the order in which they were asked for."""
    begin = 0
    for height in heights:
        yield turns.slice(begin, height)
        begin += height


def _tell(seen: Seen | None, done: int, total: int) -> None:
    if seen is not None:
        seen(done, total)


def _put_down(drafted: Draft, known: pl.DataFrame, place: Path) -> Path:
    """The draft and what is known of its persons in files of a folder, where they wait."""
    place.mkdir()
    for name, frame in (drafted.frames() | {_KNOWN: known}).items():
        _write(frame, place / name)
    return place


def _leaves(waiting: Sequence[Path], turns: Iterator[pl.DataFrame], rules: Inputs) -> Iterator[plans.Leaf]:
    for place, mine in zip(waiting, turns, strict=True):
        # What was drafted stands where it is; what the places change of it is put beside.
        of_drafted = {"messages": settled.OF_MESSAGE, "decisions": settled.OF_DECISION}
        names = [one.name for one in fields(Draft)]
        drafted = draft.of_frames({name: _read(place / name, of_drafted.get(name)) for name in names})
        found = settled.settle(drafted, mine, replace(rules, known=_read(place / _KNOWN)))
        for name in _BESIDE:
            _write(getattr(found, name), place / name)
        messages, decisions, places, decided = (pl.scan_ipc(place / name) for name in (*of_drafted, *_BESIDE))
        page = plans.Page(
            laid=settled.laid(messages, places), decisions=settled.decisions(decisions, decided)
        )
        yield plans.leaf(drafted, found, page)


def _read(path: Path, names: Sequence[str] | None = None) -> pl.DataFrame:
    return pl.read_ipc(path, columns=None if names is None else list(names))


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="lz4", record_batch_size=_BATCH)
