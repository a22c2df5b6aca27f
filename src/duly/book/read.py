"""The lender's files, read once, in one go, either whole or not at all.

    loaded, problems = read.load(root, mapping, as_of=day, blind=index_of)

A file that cannot be trusted (unreadable, a column missing, cut short by its own control file) refuses the
whole load, and every such problem of every file is told at once. A row that cannot be trusted goes to the
quarantine and the others continue, unless there are more of them than `quarantine_percent` allows.
Names, numbers and addresses leave in `Personal` for the vault; the book has none. Keys stay with the caller:
`blind` is handed in. Refuses to write anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from duly.book import cells, control, convert, feeds, quarantine, relate
from duly.book.columns import Book
from duly.book.mapping import FeedMapping, Mapping
from duly.book.relate import Personal
from duly.book.snapshot import Feed
from duly.errors import Problem
from duly.model.said import say


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A book that may be written. `quarantine` is as `quarantine.SCHEMA` and holds personal values."""

    book: Book
    personal: Personal
    quarantine: pl.DataFrame
    feeds: tuple[Feed, ...]

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

    def add(self, batch: cells.Cells, typed: convert.Batch) -> None:
        """Keep a batch. A total is only known while every amount could be read."""
        self.rows += batch.rows
        self.good.append(typed.good)
        self.bad += [batch.ragged, typed.bad]
        unknown = self.total is None or typed.total is None or batch.ragged.height > 0
        self.total = None if unknown else (self.total or 0) + (typed.total or 0)


def load(
    root: Path, mapping: Mapping, *, as_of: date, blind: Callable[[str], str]
) -> tuple[Loaded | None, list[Problem]]:
    """The book in the files below `root`, as of the day `as_of`; or None and every reason why not.

    `blind` gives the keyed blind index of a contact value in its normal form (`points.normal`), in hex.
    """
    taken = {name: _take(root, feed, as_of) for name, feed in mapping.feeds.items()}
    marks, problems = _marks(root, mapping)
    for name, feed in taken.items():
        problems += feed.problems
        if not feed.problems:
            problems += _check(feed, marks.get(name))
    if problems:
        return None, problems
    book, personal, left_out = relate.book(
        {name: _rows(name, taken.get(name)) for name in feeds.FEEDS},
        pl.concat([quarantine.empty(), *(bad for feed in taken.values() for bad in feed.bad)]),
        mapping,
        as_of=as_of,
        blind=blind,
    )
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
    return Loaded(book=book, personal=personal, quarantine=left_out, feeds=loaded_feeds), []


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


def _marks(root: Path, mapping: Mapping) -> tuple[dict[str, control.Mark], list[Problem]]:
    if mapping.control is None:
        return {}, []
    try:
        content = (root / mapping.control).read_bytes()
    except OSError:
        content = None
    return control.read(content, mapping.control, mapping)


def _take(root: Path, feed: FeedMapping, as_of: date) -> _Taken:
    taken = _Taken(mapping=feed)
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
        _take_file(taken, path, path.relative_to(root).as_posix(), as_of)
    return taken


def _take_file(taken: _Taken, path: Path, name: str, as_of: date) -> None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            for batch in cells.read(stream, name, taken.mapping, digest):
                taken.add(batch, convert.typed(batch.cells, taken.mapping, as_of=as_of))
    except cells.Unreadable as refused:
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
