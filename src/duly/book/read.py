"""The lender's files, read once, in one go, either whole or not at all.

    loaded, problems = read.load(root, mapping, as_of=day, blind=index_of)

A file that cannot be trusted (unreadable, a column missing, cut short by its own control file) refuses the
whole load, and every such problem of every file is told at once. A row that cannot be trusted goes to the
quarantine and the others continue, unless there are more of them than `quarantine_percent` allows.
Names, numbers and addresses leave in `Personal` for the vault; the book has none. Keys stay with the caller:
`blind` is handed in. Refuses to write anything.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Table
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl

from duly.book import batch, cells, control, convert, feeds, mending, pacing, quarantine, relate, source
from duly.book.columns import Book
from duly.book.mapping import FeedMapping, Mapping
from duly.book.pacing import Pace
from duly.book.relate import Personal
from duly.book.snapshot import Feed
from duly.book.sources import Sources
from duly.errors import Problem
from duly.model import progress
from duly.model.said import say


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A book that may be written. `quarantine` is as `quarantine.SCHEMA` and holds personal values.

    `rows` has, as `mending.ROWS`, the rows that were left out as they stand in the files, and those that were mended.
    """

    sources: Sources
    personal: Personal
    quarantine: pl.DataFrame
    feeds: tuple[Feed, ...]
    rows: pl.DataFrame = field(default_factory=mending.nothing)

    @functools.cached_property
    def book(self) -> Book:
        """The whole book at once; one of millions is taken from `sources` in ranges of buckets."""
        return self.sources.book()

    def warnings(self) -> list[Problem]:
        """What is in quarantine, by file, column and reason, without the values."""
        return quarantine.problems(self.quarantine)


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """Payments that arrived since the last load: `payment`, `account`, `paid_on`, `amount_minor`, `kind`."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    feed: Feed

    def warnings(self) -> list[Problem]:
        """As `Loaded.warnings`."""
        return quarantine.problems(self.quarantine)


@dataclass
class _Taken:
    """One feed while it is read."""

    mapping: FeedMapping
    good: list[pl.DataFrame] = field(default_factory=list)
    bad: list[pl.DataFrame] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    total: int | None = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, cut: batch.Cells, typed: convert.Batch) -> None:
        """Keep a batch. A total is only known while every amount could be read."""
        self.rows += cut.rows
        self.good.append(typed.good)
        self.bad += [cut.ragged, typed.bad]
        unknown = self.total is None or typed.total is None or cut.ragged.height > 0
        self.total = None if unknown else (self.total or 0) + (typed.total or 0)


def _bytes(root: Path, mapping: Mapping) -> int:
    """How long all files are together; what a database will answer is not known."""
    patterns = (feed.files for feed in mapping.feeds.values() if feed.format != source.QUERY)
    return sum(path.stat().st_size for pattern in patterns for path in root.glob(pattern) if path.is_file())


class Answers(Protocol):
    """The lender's database, open."""

    def ask(self, query_file: str, feed: FeedMapping | None) -> AbstractContextManager[BinaryIO]:
        """What the query in a file of the project answers, as CSV with a header. Raises Unreadable."""
        ...


def load(
    root: Path,
    mapping: Mapping,
    *,
    as_of: date,
    blind: Callable[[str], str],
    answers: Answers | None = None,
    mender: mending.Mender | None = None,
    tell: progress.Tell = progress.silent,
) -> tuple[Loaded | None, list[Problem]]:
    """The book in the files below `root`, as of the day `as_of`; or None and every reason why not.

    `blind` gives the keyed blind index of a contact value in its normal form (`points.normal`), in hex. `mender`
    knows which rows of the quarantine were mended.
    """
    pace = Pace(tell=tell, total=_bytes(root, mapping))
    taken = {name: _take(root, feed, as_of, answers, pace) for name, feed in mapping.feeds.items()}
    marks, problems = _marks(root, mapping, answers)
    for name, feed in taken.items():
        problems += feed.problems
        if not feed.problems:
            problems += _check(feed, marks.get(name))
    if problems:
        return None, problems
    tell(pacing.COMPARING, 0, 1)
    related = _related(taken, mapping, as_of, blind)
    tell(pacing.COMPARING, 1, 1)
    rows = mending.nothing()
    if mender is not None and related[2].height:
        rows, problems = _left_out(root, taken, related[2], answers, mender)
        if problems:
            return None, problems
        if _mend(taken, rows, mender, as_of):
            related = _related(taken, mapping, as_of, blind)
    sources, personal, left_out = related
    bad_rows = left_out.unique(["feed", "file", "line"])["feed"].value_counts()
    counts = dict(bad_rows.iter_rows())
    problems = [
        problem
        for name, feed in taken.items()
        if (problem := _too_many(feed, counts.get(name, 0), mapping.quarantine_ppm)) is not None
    ]
    if problems:
        return None, [*problems, *quarantine.problems(left_out)]
    loaded_feeds = tuple(_feed(feed, marks.get(name), counts.get(name, 0)) for name, feed in taken.items())
    return Loaded(sources=sources, personal=personal, quarantine=left_out, feeds=loaded_feeds, rows=rows), []


def _related(
    taken: Table[str, _Taken], mapping: Mapping, as_of: date, blind: Callable[[str], str]
) -> tuple[Sources, Personal, pl.DataFrame]:
    return relate.book(
        {name: _rows(name, taken.get(name)) for name in feeds.FEEDS},
        pl.concat([quarantine.empty(), *(bad for feed in taken.values() for bad in feed.bad)]),
        mapping,
        as_of=as_of,
        blind=blind,
    )


def _left_out(
    root: Path,
    taken: Table[str, _Taken],
    left_out: pl.DataFrame,
    answers: Answers | None,
    mender: mending.Mender,
) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows that were left out, read once more from where they stand."""
    found, problems = [mending.nothing()], []
    for name, feed in taken.items():
        wanted = left_out.filter(pl.col("feed") == name).select("file", "line").unique()
        for file, digest in feed.files if wanted.height else ():
            again = hashlib.sha256()
            with _opened(root, file, feed.mapping, answers) as stream:
                found.append(
                    mending.found(cells.read(stream, file, feed.mapping, again), wanted, feed.mapping, mender)
                )
            if again.hexdigest() != digest:
                what = say("this file changed while it was read")
                remedy = say("Load it when whoever writes it has finished; give a query an order.")
                problems.append(batch.problem(file, None, "changed", what, remedy))
    return pl.concat(found), problems


def _mend(taken: Table[str, _Taken], rows: pl.DataFrame, mender: mending.Mender, as_of: date) -> bool:
    """Put what was mended in the place of the rows that were left out. Says whether there was any."""
    mended = False
    for feed in taken.values():
        told = mending.cells(rows, feed.mapping, mender)
        if told.is_empty():
            continue
        mended = True
        typed = convert.typed(told, feed.mapping, as_of=as_of)
        here = told.select("file", "line")
        feed.good = [*(rows.join(here, on=["file", "line"], how="anti") for rows in feed.good), typed.good]
        feed.bad = [*(rows.join(here, on=["file", "line"], how="anti") for rows in feed.bad), typed.bad]
    return mended


def payments(
    root: Path, files: str, mapping: Mapping, book: Book, *, as_of: date, control_file: str | None = None
) -> tuple[Incoming | None, list[Problem]]:
    """The payments in the files that match `files` below `root`, for accounts of `book`.

    Written and mapped as the feed `payments` of book.yaml is. `control_file` is of the form of the control
    file, with a line for this feed alone. All or nothing, and rows in quarantine, as `load`.
    """
    taken = _take(root, replace(mapping.feeds["payments"], files=files), as_of)
    only = replace(mapping, control=control_file, feeds={"payments": taken.mapping})
    marks, problems = _marks(root, only)
    mark = marks.get("payments")
    problems += taken.problems or _check(taken, mark)
    if problems:
        return None, problems
    rows, left_out = relate.payments(
        _rows("payments", taken), pl.concat([quarantine.empty(), *taken.bad]), book, only, as_of=as_of
    )
    bad = left_out.unique(["file", "line"]).height
    refused = _too_many(taken, bad, mapping.quarantine_ppm)
    if refused is not None:
        return None, [refused, *quarantine.problems(left_out)]
    return Incoming(rows=rows, quarantine=left_out, feed=_feed(taken, mark, bad)), []


def alone(
    root: Path, feed: FeedMapping, *, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame, Feed, list[Problem]]:
    """One feed by itself: its rows as `convert.typed` gives them, its bad rows, where it stood, what was wrong."""
    taken = _take(root, feed, as_of)
    bad = pl.concat([quarantine.empty(), *taken.bad])
    stood = _feed(taken, None, bad.unique(["file", "line"]).height)
    return _rows(feed.name, taken), bad, stood, taken.problems


def _marks(
    root: Path, mapping: Mapping, answers: Answers | None = None
) -> tuple[dict[str, control.Mark], list[Problem]]:
    if mapping.control is None:
        return {}, []
    try:
        with _opened(root, mapping.control, None, answers) as stream:
            content: bytes | None = stream.read()
    except batch.Unreadable as refused:
        return {}, list(refused.problems)
    except OSError:
        content = None
    return control.read(content, mapping.control, mapping)


def _opened(
    root: Path, file: str, feed: FeedMapping | None, answers: Answers | None
) -> AbstractContextManager[BinaryIO]:
    """A file of the lender's, or what the query in one of the project's answers."""
    asks = source.is_query(file) if feed is None else feed.format == source.QUERY
    if asks and answers is not None:
        return answers.ask(file, feed)
    return (root / file).open("rb")


def _take(
    root: Path,
    feed: FeedMapping,
    as_of: date,
    answers: Answers | None = None,
    pace: Pace | None = None,
) -> _Taken:
    taken = _Taken(mapping=feed)
    if feed.format == source.QUERY:
        _take_file(taken, root, feed.files, as_of, answers)
        return taken
    files = sorted(path for path in root.glob(feed.files) if path.is_file())
    if not files:
        taken.problems.append(
            Problem(
                code="book.feed.no_file",
                file=feed.files,
                what=say("no file matches this pattern of the feed `{feed}`", feed=feed.name),
                remedy=say("Put the file there, or correct `files` in book.yaml."),
            )
        )
    for path in files:
        _take_file(taken, root, path.relative_to(root).as_posix(), as_of, pace=pace)
    return taken


def _take_file(
    taken: _Taken,
    root: Path,
    name: str,
    as_of: date,
    answers: Answers | None = None,
    *,
    pace: Pace | None = None,
) -> None:
    digest = hashlib.sha256()
    try:
        with _opened(root, name, taken.mapping, answers) as stream:
            for cut in cells.read(stream, name, taken.mapping, digest):
                taken.add(cut, convert.typed(cut.cells, taken.mapping, as_of=as_of))
                if pace is not None:
                    pace.at(stream.tell())
            if pace is not None:
                pace.end(stream.tell())
    except batch.Unreadable as refused:
        taken.problems += refused.problems
    except OSError as error:
        taken.problems.append(
            Problem(
                code="book.file.unreadable",
                file=name,
                what=say("this file cannot be read: {why}", why=error.strerror),
                remedy=say("Check that the file is there and may be read."),
            )
        )
    else:
        taken.files.append((name, digest.hexdigest()))


def _rows(name: str, taken: _Taken | None) -> pl.DataFrame:
    """The good rows of a feed; of one that the lender does not have, none."""
    none = convert.nothing(name)
    return pl.concat([none, *taken.good]) if taken is not None else none


def _check(taken: _Taken, mark: control.Mark | None) -> list[Problem]:
    """Whether the feed is as long and adds up as the lender's control file says."""
    name = taken.mapping.name
    problems = []
    if taken.rows == 0 and name in feeds.NEVER_EMPTY:
        problems.append(_refused(taken, "empty", say("the feed `{feed}` has no rows", feed=name)))
    if mark is None:
        return problems
    if mark.rows is not None and mark.rows != taken.rows:
        what = say(
            "the control file promises {promised} rows, here are {rows}", promised=mark.rows, rows=taken.rows
        )
        problems.append(_refused(taken, "rows_differ", what))
    if mark.total is not None and taken.total is None and mark.rows is None:
        what = say("the sum cannot be compared: the feed has no amounts, or some of them cannot be read")
        problems.append(_refused(taken, "total_unread", what))
    if mark.total is not None and taken.total is not None and mark.total != taken.total:
        what = say(
            "the control file promises a total of {promised}, here is {total}",
            promised=mark.total,
            total=taken.total,
        )
        problems.append(_refused(taken, "total_differs", what))
    return problems


def _refused(taken: _Taken, code: str, what: str) -> Problem:
    return Problem(
        code=f"book.feed.{code}",
        file=taken.mapping.files,
        what=what,
        remedy=say("The file may have been cut short or be another day's: fetch it again."),
    )


def _too_many(taken: _Taken, bad: int, allowed_ppm: int) -> Problem | None:
    """A mapping that is wrong makes nearly every row bad, and must not pass for a small book."""
    if bad * 1_000_000 <= allowed_ppm * max(taken.rows, 1):
        return None
    return Problem(
        code="book.feed.too_many_bad",
        file=taken.mapping.files,
        what=say("{bad} of {rows} rows cannot be loaded", bad=bad, rows=taken.rows),
        remedy=say("Mend the mapping or the file; the reasons follow. `quarantine_percent` sets the limit."),
    )


def _feed(taken: _Taken, mark: control.Mark | None, bad: int) -> Feed:
    return Feed(
        name=taken.mapping.name,
        files=tuple(taken.files),
        rows=taken.rows,
        quarantined=bad,
        control_total_minor=taken.total,
        watermark=mark.watermark if mark else None,
    )
