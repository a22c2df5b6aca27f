"""The plan of a book of a million, from its snapshot: CPU, memory, and what each part costs.

    python -m benches.plan 1000000 [--parts]

A book of 100,000 accounts is invented once and repeated under other names. Names lie sealed as they lie in the
database; a part of the accounts has an older case, and a part of the persons was spoken to before: both are read from
files in the shape in which the database gives them. Nothing was said today yet, so everything overdue is told.
Each plan runs in a process of its own, with one thread; its peak memory is the kernel's, and its CPU time is counted
from when the project has been opened.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from benches import book as books
from duly import __main__ as command
from duly.book import columns as book_columns
from duly.book import snapshot
from duly.book.columns import Book
from duly.evidence import keystore, vault
from duly.law import columnar
from duly.plan import columns
from duly.plan.inputs import Inputs
from duly.project import folder
from duly.run import inputs, night, standing

BASE, MILLION = 100_000, 1_000_000
_KEK = b"k" * 32
_AT = datetime(2031, 11, 24, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
_NAMED = ("person", "account", "point", "payment", "value_key", "charge", "statement", "ref")
_MB = 1024  # the kernel counts in KiB

# Where the budget goes: each part's own time, without the parts that it calls.
PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "decoding": (("duly.book.snapshot", "read"),),
    "amounts": (("duly.book.arrears", "standing"), ("duly.plan.stated", "state")),
    "facts": (("duly.book.facts", "written"), ("duly.plan.message", "_by_case")),
    "stages": (("duly.plan.stage", "advance"), ("duly.plan.notices", "gather"), ("duly.plan.notices", "due")),
    "quiet": (("duly.plan.quiet", "part"), ("duly.plan.quiet", "decided")),
    "points": (("duly.plan.contact", "known"), ("duly.plan.contact", "best"), ("duly.plan.contact", "reach")),
    "limitation": (("duly.plan.limitation", "holds"), ("duly.plan.limitation", "left")),
    "law": (("duly.plan.act", "judge"), ("duly.plan.act", "frame")),
    "text": (("duly.plan.examination", "examine"),),
    "messages": (("duly.plan.message", "build"), ("duly.plan.waves", "run")),
    "decisions": (
        ("duly.plan.decision", "build"),
        ("duly.plan.decision", "placed"),
        ("duly.plan.answers", "gather"),
    ),
    "routes": (("duly.plan.spread", "lay_out"),),
    "files": (("duly.run.night", "_write"),),
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One plan. `decode_cpu_s` is what reading the snapshot alone costs in a process of its own."""

    accounts: int
    messages: int
    cpu_s: float
    peak_mb: float
    decode_cpu_s: float
    parts: dict[str, float]


def measure(place: Path, *, accounts: int, parts: bool = False) -> Planned:
    """Plan a book of that size, made in the folder `place` where it is not there yet."""
    prepare(place, accounts)
    words = ["--measure", str(place), str(accounts), *(["--parts"] if parts else [])]
    told, decoded = _apart(words), _apart(["--decode", str(place), str(accounts)])
    return Planned(accounts=accounts, decode_cpu_s=decoded["cpu_s"], **told)


def _apart(words: list[str]) -> dict[str, Any]:
    """What a fresh process says of itself, with the CPU time and the peak that the kernel says of it."""
    environ = os.environ | {"POLARS_MAX_THREADS": "1"}
    command.allocate(environ)
    told = subprocess.run(
        [sys.executable, "-m", "benches.plan", *words],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
        cwd=Path(__file__).resolve().parents[1],
    )
    return dict(json.loads(told.stdout.splitlines()[-1]))


def prepare(place: Path, accounts: int) -> None:
    """The project, the book, the key store and what the database would know."""
    base = books.a_book(place / "project", accounts=min(BASE, accounts))
    times = max(1, accounts // BASE)
    made = place / str(accounts)
    if made.exists():
        return
    whole = snapshot.read(base)
    rows = whole.accounts.height * times

    def of(span: range) -> Book:
        inside = whole.accounts.filter(pl.col("bucket").is_between(span.start, span.stop - 1))
        persons = inside.select("person").unique()
        frames = {
            name: frame.join(persons, on="person", how="semi", maintain_order="left")
            for name, frame in whole.frames().items()
        }
        return book_columns.arrange(
            Book(**{n: pl.concat([_renamed(f, k) for k in range(times)]) for n, f in frames.items()})
        )

    manifest = snapshot.write_in_ranges(of, rows, made / "book", as_of=books.ON, as_of_event=0)
    keys = keystore.KeyStore(made / "keys", kek=_KEK)
    for span in manifest.ranges():
        inside = pl.col("bucket").is_between(span.start, span.stop - 1)
        persons = whole.accounts.filter(inside).select("person").unique().sort("person")
        _seal(made, span, keys, pl.concat([_renamed(persons, k) for k in range(times)])["person"])
    _remember(made, whole, times)


def _renamed(frame: pl.DataFrame, k: int) -> pl.DataFrame:
    names = [name for name in _NAMED if name in frame.columns]
    return frame.with_columns(pl.col(name) + f"~{k}" for name in names)


_FAMILY, _GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华"


def _seal(made: Path, span: range, keys: keystore.KeyStore, persons: pl.Series) -> None:
    keys.create(persons.to_list())
    named = [(who, json.dumps({"name": _name(n)}).encode(), who) for n, who in enumerate(persons)]
    sealed = vault.Vault(keys).seal_many(named, kind="person")
    pl.DataFrame({"person": persons, "sealed": sealed}).write_ipc(made / f"sealed-{span.start}")


def _name(n: int) -> str:
    return _FAMILY[n % 16] + _GIVEN[n // 16 % 24] + (_GIVEN[n // 384 % 24] if n % 3 else "")


def _remember(made: Path, whole: Book, times: int) -> None:
    """An account in ten had a case that was cured, and a person in five was spoken to twice a month ago."""
    strategy = _project(made.parent).strategy.digest
    old = whole.accounts.unique("account").sort("account").gather_every(10)
    cases = old.select(
        case=pl.format("{}/20310510", "account"),
        account="account",
        opened_on=pl.lit(books.ON) - timedelta(days=198),
        state=pl.lit("cured"),
        strategy_digest=pl.lit(strategy),
    )
    some = whole.contacts.filter(pl.col("channel") == "sms").unique("person").sort("person").gather_every(5)
    account = whole.accounts.unique("person", keep="first").select("person", "account")
    told = pl.concat(
        [
            some.join(account, on="person").select(
                at=pl.lit(_AT - timedelta(days=days)).cast(pl.Datetime("us", "UTC")),
                kind=pl.lit("message_sent"),
                channel="channel",
                person="person",
                account="account",
                number="value_key",
                ref=pl.format("{}-{}", "point", pl.lit(days)),
            )
            for days in (27, 31)
        ]
    )
    wanted = [name for name in columns.CASE if name in cases.columns]
    if wanted != list(columns.CASE):
        raise RuntimeError("a case has other columns now: say what an old one has in them")
    for name, frame, named in (("cases", cases, ("case", "account")), ("history", told, standing.HISTORY)):
        del named
        again = pl.concat([_again(frame, k) for k in range(times)])
        again.write_ipc(made / name)


def _again(frame: pl.DataFrame, k: int) -> pl.DataFrame:
    said = [
        pl.col(name) + f"~{k}" for name in ("person", "account", "number", "ref") if name in frame.columns
    ]
    if "case" in frame.columns:
        said.append(pl.col("case").str.replace("/", f"~{k}/", literal=True))
    return frame.with_columns(said)


def _project(place: Path) -> folder.Project:
    project, problems = folder.load(place / "project")
    if project is None:
        raise RuntimeError(f"the project of a bench cannot be read: {problems[0].what}")
    return project


def _run(place: Path, accounts: int, *, parts: bool) -> dict[str, Any]:
    """The plan itself, in this process."""
    made = place / str(accounts)
    with _timed(wanted=parts) as spent:
        project = _project(place)
        keys = keystore.KeyStore(made / "keys", kek=_KEK)
        bare = inputs.rules(
            project,
            on=books.ON,
            at=_AT,
            reading=columnar.Reading(project.law, project.policy),
            keys=keys,
            strategies={project.strategy.digest: project.strategy},
        )
        begun = _cpu_s()
        known = {name: pl.read_ipc(made / name) for name in ("cases", "history")}
        (snapshot_folder,) = (made / "book").iterdir()
        world = inputs.World(
            rules=replace(bare, cases=known["cases"], history=known["history"]),
            manifest=snapshot.load(snapshot_folder),
            events=pl.DataFrame(schema=dict(book_columns.EVENT)),
        )
        safe = vault.Vault(keys)
        now = [range(0)]

        def of(span: range) -> Inputs:
            now[0] = span
            return world.of(span)

        def names(persons: pl.Series) -> pl.DataFrame:
            begun = time.process_time()
            files = [made / f"sealed-{one.start}" for one in world.spans() if one.start in now[0]]
            wanted = pl.col("person").is_in(persons.implode())
            rows = pl.concat([pl.read_ipc(file).filter(wanted) for file in files])
            told = inputs.opened_names(safe, rows.iter_rows())
            spent["names"] = spent.get("names", 0.0) + time.process_time() - begun
            return told

        desk = night.Desk(made)
        spent.clear()
        plan = night.plan(world.strides(), night.at_hand(of, names), world.rules, desk=desk)
        messages = plan.totals.messages
        ended = _cpu_s()
    return {
        "messages": messages,
        "cpu_s": round(ended - begun, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB, 1),
        "parts": {name: round(value, 2) for name, value in spent.items()},
    }


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _decode(place: Path, accounts: int) -> dict[str, Any]:
    (snapshot_folder,) = (place / str(accounts) / "book").iterdir()
    begun = time.process_time()
    manifest = snapshot.load(snapshot_folder)
    for span in manifest.ranges():
        snapshot.read(manifest, span, verify=False)
    return {"cpu_s": round(time.process_time() - begun, 2)}


@contextmanager
def _timed(*, wanted: bool) -> Iterator[dict[str, float]]:
    """Count each part's own CPU seconds while it lasts."""
    spent: dict[str, float] = {}
    inner: list[float] = []
    before: list[tuple[Any, str, Any]] = []

    def counted(part: str, does: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(does)
        def timed(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it is
            begun = time.process_time()
            inner.append(0.0)
            try:
                return does(*args, **named)
            finally:
                took = time.process_time() - begun
                spent[part] = spent.get(part, 0.0) + took - inner.pop()
                if inner:
                    inner[-1] += took

        return timed

    for part, places in PARTS.items() if wanted else ():
        for module, name in places:
            owner = import_module(module)
            before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, counted(part, getattr(owner, name)))
    try:
        yield spent
    finally:
        for owner, name, was in before:
            setattr(owner, name, was)


def told(planned: Planned) -> Iterator[str]:
    """The budget by part, dearest first."""
    yield (
        f"{planned.accounts:,} accounts, {planned.messages:,} messages: {planned.cpu_s} CPU s, "
        f"{planned.peak_mb} MB, {planned.cpu_s / planned.decode_cpu_s:.1f} times decoding the Parquet"
    )
    for name, value in sorted(planned.parts.items(), key=lambda pair: -pair[1]):
        yield f"  {name:<12} {value:>8.2f} CPU s"
    rest = planned.cpu_s - sum(planned.parts.values())
    yield f"  {'the rest':<12} {rest:>8.2f} CPU s"


def main() -> int:
    """Measure one book, or do one measured thing in this process."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("words", nargs="+")
    asked.add_argument("--measure", action="store_true")
    asked.add_argument("--decode", action="store_true")
    asked.add_argument("--parts", action="store_true")
    found = asked.parse_args()
    if found.measure or found.decode:
        place, accounts = Path(found.words[0]), int(found.words[1])
        does = _decode(place, accounts) if found.decode else _run(place, accounts, parts=found.parts)
        print(json.dumps(does))
        return 0
    accounts = int(found.words[0])
    with tempfile.TemporaryDirectory(prefix="duly-bench-plan-") as temporary:
        place = Path(found.words[1]) if len(found.words) > 1 else Path(temporary)
        print("\n".join(told(measure(place, accounts=accounts, parts=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
