"""The rows of one sheet, as its XML tells them: each cell with its type, its style, its text or its formula.

Refuses what could lose a row without a word: rows or cells that stand twice or out of order, a place that
contradicts its row, merged cells, and more rows or columns than a sheet has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.xmlreader import AttributesImpl as Attributes

from duly.book.archive import Elements
from duly.book.workbook import Runs, Sheet, Workbook
from duly.model.said import say

MOST_ROWS = 1_048_576
MOST_COLUMNS = 1_024
_MOST_FILLED = 1_000  # ranges that one formula fills, open at one time
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})(?::([A-Z]{1,3})([1-9][0-9]{0,6}))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """`kind` is that of ECMA-376 (n, s, str, inlineStr, b, e, d); `formula` is None where there is none."""

    kind: str
    style: int
    text: str
    formula: str | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row with anything in it: its number in the sheet, and its cells by column from 0."""

    number: int
    cells: dict[int, Cell]


def rows(book: Workbook, sheet: Sheet) -> Iterator[Row]:
    """The rows of a sheet that hold anything, in order. Raises Unreadable, at any row."""
    reading = _Reading()
    for _ in book.archive.scan(sheet.part, reading):
        yield from reading.rows
        reading.rows.clear()
        if reading.wrong is not None:
            what = say(
                "the sheet `{name}` contradicts itself at row {row}", name=sheet.name, row=reading.wrong
            )
            remedy = say("Save it anew in Excel, or export it as CSV.")
            raise book.archive.refused("sheet_order", what, remedy)
        if reading.merged is not None:
            what = say("the sheet `{name}` has merged cells: {cells}", name=sheet.name, cells=reading.merged)
            remedy = say("Unmerge them and fill in each cell: only the first of them holds the value.")
            raise book.archive.refused("merged", what, remedy)


def column(letters: str) -> int:
    """A column's place from 0: A is 0, AA is 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


@dataclass
class _Open:
    """A cell while it is read."""

    kind: str
    style: int
    value: list[str] = field(default_factory=list)
    formula: list[str] | None = None


class _Reading(Elements):
    """One walk over a sheet. `wrong` is the number of the row at which it contradicts itself."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.wrong: int | None = None
        self.merged: str | None = None
        self._row = 0
        self._column = -1
        self._cells: dict[int, Cell] = {}
        self._open: _Open | None = None
        self._into: list[str] | None = None
        self._runs = Runs()
        self._filled: list[tuple[int, int, int]] = []  # first column, last column, last row

    def begin(self, name: str, attrs: Attributes) -> None:
        if name == "row":
            self._begin_row(attrs.get("r"))
        elif name == "c":
            self._begin_cell(attrs)
        elif name == "mergeCell":
            self.merged = self.merged or attrs.get("ref", "?")
        elif self._open is not None:
            if name == "v":
                self._into = self._open.value
            elif name == "f":
                self._begin_formula(self._open, attrs)
            else:
                self._runs.begin(name)

    def add(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)
        elif self._open is not None:
            self._runs.add(text)

    def end(self, name: str) -> None:
        if name in {"v", "f"}:
            self._into = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._cells:
                self.rows.append(Row(number=self._row, cells=self._cells))
            self._cells = {}
        elif self._open is not None:
            self._runs.end(name)

    def _begin_row(self, told: str | None) -> None:
        number = self._row + 1
        if told is not None:
            number = int(told) if told.isdecimal() and told.isascii() and len(told) <= 7 else 0
        if not self._row < number <= MOST_ROWS:
            self.wrong = self.wrong or self._row + 1
        self._row, self._column = number, -1

    def _begin_cell(self, attrs: Attributes) -> None:
        place = self._column + 1
        told = attrs.get("r")
        if told is not None:
            found = _PLACE.fullmatch(told)
            place = column(found[1]) if found and int(found[2]) == self._row else -1
        if not self._column < place < MOST_COLUMNS or self._open is not None:
            self.wrong = self.wrong or self._row
        self._column = place
        style = attrs.get("s", "0")
        self._open = _Open(
            kind=attrs.get("t", "n"), style=int(style) if style.isdecimal() and len(style) < 7 else 0
        )

    def _end_cell(self) -> None:
        made = self._open
        if made is None:
            return
        told = self._runs.taken()
        text = told if made.kind == "inlineStr" else "".join(made.value)
        if text or made.formula is not None:
            formula = None if made.formula is None else "".join(made.formula)
            if formula is None and self._filled and self._is_filled():
                formula = ""
            self._cells[self._column] = Cell(kind=made.kind, style=made.style, text=text, formula=formula)
        self._open = self._into = None

    def _begin_formula(self, made: _Open, attrs: Attributes) -> None:
        """A formula that fills a range stands in its first cell; the others hold nothing but its cached values."""
        made.formula = self._into = []
        if attrs.get("t", "normal") in {"array", "dataTable"}:
            found = _RANGE.fullmatch(attrs.get("ref", ""))
            self._filled = [each for each in self._filled if each[2] >= self._row]
            if found is None or len(self._filled) >= _MOST_FILLED:
                self.wrong = self.wrong or self._row
                return
            last = column(found[3] or found[1]), int(found[4] or found[2])
            self._filled.append((column(found[1]), last[0], last[1]))

    def _is_filled(self) -> bool:
        return any(first <= self._column <= last and self._row <= end for first, last, end in self._filled)
