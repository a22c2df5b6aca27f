"""A sheet of a workbook as batches of text cells: what a CSV of the same feed would have, or the reason why not.

Excel keeps every number as a binary fraction of fifteen digits. One is taken only if the shortest decimal that
names it has no more digits than that, so that 1230.10 is 1230.1, while the sum of 0.1 and 0.2 is nobody's amount.
Refuses formulas, whatever value was cached of them, and everything that is shown other than it is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import BinaryIO

import polars as pl

from duly.book import batch, feeds, grid, quarantine, workbook
from duly.book.archive import MOST_BYTES
from duly.book.blocks import Hash
from duly.book.feeds import Kind
from duly.book.grid import Cell
from duly.book.mapping import FeedMapping, RateUnit
from duly.book.workbook import Shown, Workbook
from duly.model.said import say

_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DIGITS = 15  # what Excel keeps of a number
_LAST_SERIAL = 2_958_466  # 31 December 9999, and a day
_NAMED = frozenset({Kind.ID, Kind.TAIL, Kind.TEXT, Kind.ZONES, Kind.WORD, Kind.FLAG})
_LONGEST = 4_000  # digits of a number that are looked at


def read(stream: BinaryIO, name: str, feed: FeedMapping, digest: Hash) -> batch.Batches:
    """The batches of one open workbook, which problems call `name!sheet`. Raises Unreadable, at any batch."""
    content = stream.read(MOST_BYTES + 1)
    digest.update(content)
    book = workbook.open_(content, name)
    sheet = book.choose(feed.sheet)
    told = f"{name}!{sheet.name}"
    rows = grid.rows(book, sheet)
    names = _header(next(rows, None), book, told, feed)
    gathered = _Gathered(feed=feed, names=names, told=told, book=book)
    for row in rows:
        gathered.add(row)
        if gathered.rows == batch.ROWS:
            yield gathered.taken()
    yield gathered.taken()


def _header(row: grid.Row | None, book: Workbook, told: str, feed: FeedMapping) -> dict[int, str]:
    """The columns by their places."""
    if row is None or row.number != 1:
        what = say("the first row of the sheet does not hold the names of the columns")
        raise batch.Unreadable(batch.problem(told, 1, "empty", what, say("A feed has at least its header.")))
    names: dict[int, str] = {}
    for place, cell in row.cells.items():
        text, wrong = _text(cell, book, Kind.TEXT, feed)
        if wrong is not None:
            what = say("the name of a column is no plain text, in column {place}", place=place + 1)
            raise batch.Unreadable(
                batch.problem(told, 1, "column_unnamed", what, say("Write the name as text."))
            )
        names[place] = text.strip()
    batch.check_header(list(names.values()), told, feed)
    return names


@dataclass(kw_only=True)
class _Gathered:
    """The rows of the batch that is being read."""

    feed: FeedMapping
    names: dict[int, str]
    told: str
    book: Workbook
    rows: int = 0
    good: list[dict[str, str | int]] = field(default_factory=list)
    apart: list[dict[str, str | int]] = field(default_factory=list)
    bad: list[dict[str, object]] = field(default_factory=list)

    def add(self, row: grid.Row) -> None:
        """Take a row in: to the good ones, or apart with what is wrong with it."""
        known = feeds.FEEDS[self.feed.name]
        texts: dict[str, str | int] = {"line": row.number}
        found: list[tuple[str | None, str, str]] = []
        for place, cell in row.cells.items():
            name = self.names.get(place)
            if name is None:
                found.append((None, cell.text, "ragged"))
                continue
            if name not in self.feed.columns:
                continue  # ignored by name, whatever it holds
            text, wrong = _text(cell, self.book, known[self.feed.columns[name]].kind, self.feed)
            texts[name] = text
            if wrong is not None:
                found.append((name, text, wrong))
        self.rows += 1
        if not found:
            self.good.append(texts)
            return
        self.apart.append(texts)
        names = [str(text) for key, text in texts.items() if key != "line"]
        self.bad += [
            {"line": row.number, "field": name, "value": value, "code": wrong, "names": names}
            for name, value, wrong in found
        ]

    def taken(self) -> batch.Cells:
        """The batch, which begins anew."""
        noted = [{"feed": self.feed.name, "file": self.told, **each} for each in self.bad]
        made = batch.Cells(
            cells=self._frame(self.good),
            ragged=pl.DataFrame(noted, schema=dict(quarantine.SCHEMA)),
            rows=self.rows,
            apart=self._frame(self.apart),
        )
        self.rows = 0
        self.good, self.apart, self.bad = [], [], []
        return made

    def _frame(self, rows: list[dict[str, str | int]]) -> pl.DataFrame:
        schema = {**dict.fromkeys(self.feed.columns, pl.String()), "line": pl.Int64()}
        frame = pl.DataFrame(rows, schema=schema)
        texts = pl.col(list(self.feed.columns)).fill_null("")
        return frame.select(texts, file=pl.lit(self.told), line="line")


def _text(cell: Cell, book: Workbook, kind: Kind, feed: FeedMapping) -> tuple[str, str | None]:
    """The text of a cell, and the code of what is wrong with it."""
    if cell.formula is not None:
        return f"={cell.formula}", "formula"
    match cell.kind:
        case "s":
            place = int(cell.text) if cell.text.isdecimal() and len(cell.text) < 9 else len(book.texts)
            return (book.texts[place], None) if place < len(book.texts) else (cell.text, "cell_error")
        case "inlineStr" | "str":
            return cell.text, None
        case "b":
            return {"1": "true", "0": "false"}.get(cell.text, cell.text), None
        case "n":
            return _number(cell, book, kind, feed)
        case "d":
            return _moment(cell.text, kind, feed)
        case _:
            return cell.text, "cell_error"


def _number(cell: Cell, book: Workbook, kind: Kind, feed: FeedMapping) -> tuple[str, str | None]:
    if len(cell.text) > _LONGEST or not _NUMBER.fullmatch(cell.text):
        return cell.text[:_LONGEST], "cell_error"
    number = float(cell.text)
    shown = book.styles[cell.style] if cell.style < len(book.styles) else Shown.PLAIN
    if shown is Shown.DAY:
        return _day(number, cell.text, book, kind, feed)
    if shown is Shown.PERCENT and not (kind is Kind.RATE and feed.rates is RateUnit.FRACTION):
        return cell.text, "percent"
    if shown is Shown.OTHER and kind in _NAMED:
        return cell.text, "number_shown"
    if not abs(number) < 10**_DIGITS:  # neither does infinity lie below it
        return cell.text, "number_inexact"
    exact = Decimal(repr(number)).normalize()
    if len(exact.as_tuple().digits) > _DIGITS:
        return cell.text, "number_inexact"
    plain = f"{exact:f}"
    return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain, None


def _day(number: float, text: str, book: Workbook, kind: Kind, feed: FeedMapping) -> tuple[str, str | None]:
    """A day by its number. By the epoch of 1900 day 60 is the 29th of February 1900, which never was."""
    if not 0 <= number < _LAST_SERIAL:
        return text, "date_impossible"
    whole = int(number)
    if whole != number:
        return text, "time_of_day"
    if book.since_1904:
        first = date(1904, 1, 1)
    elif whole in {0, 60}:
        return text, "date_impossible"
    else:
        first = date(1899, 12, 30) if whole > 60 else date(1899, 12, 31)
    return _told(first + timedelta(days=whole), kind, feed)


def _moment(text: str, kind: Kind, feed: FeedMapping) -> tuple[str, str | None]:
    """A day in ISO 8601."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text, "date_impossible"
    if moment != datetime(moment.year, moment.month, moment.day):  # noqa: DTZ001 - the cell has no zone
        return text, "time_of_day"
    return _told(moment.date(), kind, feed)


def _told(day: date, kind: Kind, feed: FeedMapping) -> tuple[str, str | None]:
    if kind is not Kind.DAY:
        return day.isoformat(), "cell_day"
    return f"{day:{feed.dates}}", None
