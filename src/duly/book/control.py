"""The lender's control file: how far each feed reaches, how many rows it has and what they add up to.

A CSV with the columns feed, watermark, rows and control_total; any but the first may be empty in a row. It
is how a file that was cut short, or yesterday's file under today's name, is told from a quiet day.
Refuses a line it does not understand: a control that is skipped controls nothing.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date

from duly.book.mapping import Mapping, Unit
from duly.errors import Problem
from duly.model.said import say

COLUMNS = ["feed", "watermark", "rows", "control_total"]
_WHOLE = re.compile(r"[0-9]{1,18}")
_AMOUNT = re.compile(r"([0-9]{1,24})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What the lender promises of one feed. `total` counts hundredths or minor units, as the feed does."""

    watermark: date | None
    rows: int | None
    total: int | None


def read(content: bytes | None, name: str, mapping: Mapping) -> tuple[dict[str, Mark], list[Problem]]:
    """The marks by feed in the control file called `name`; `content` is None where it could not be read."""
    try:
        text = None if content is None else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None:
        return {}, [_problem(name, None, "unreadable", say("the control file cannot be read as UTF-8 text"))]
    rows = csv.reader(text.splitlines())
    if next(rows, None) != COLUMNS:
        what = say("the control file must begin with the columns {columns}", columns=", ".join(COLUMNS))
        return {}, [_problem(name, 1, "columns", what)]
    marks: dict[str, Mark] = {}
    problems: list[Problem] = []
    for row in rows:
        mark = _mark(row, mapping)
        if mark is None or row[0] in marks:
            what = say("this line of the control file is not understood, or its feed stands twice")
            problems.append(_problem(name, rows.line_num, "line", what))
        else:
            marks[row[0]] = mark
    lacking = [feed for feed in mapping.feeds if feed not in marks]
    if lacking and not problems:
        what = say("the control file does not speak of: {feeds}", feeds=", ".join(lacking))
        problems.append(_problem(name, None, "feed_missing", what))
    return (marks, []) if not problems else ({}, problems)


def _problem(name: str, line: int | None, code: str, what: str) -> Problem:
    remedy = say("Write one line a feed: its name, the day it reaches to, its rows, the sum of its amounts.")
    return Problem(code=f"book.control.{code}", file=name, line=line, what=what, remedy=remedy)


def _mark(row: list[str], mapping: Mapping) -> Mark | None:
    if len(row) != len(COLUMNS) or row[0] not in mapping.feeds:
        return None
    feed, watermark, rows, total = row
    try:
        day = date.fromisoformat(watermark) if watermark else None
    except ValueError:
        return None
    amount = _AMOUNT.fullmatch(total)
    if (rows and not _WHOLE.fullmatch(rows)) or (total and not amount):
        return None
    return Mark(
        watermark=day,
        rows=int(rows) if rows else None,
        total=_total(amount, mapping.feeds[feed].money) if amount else None,
    )


def _total(amount: re.Match[str], unit: Unit) -> int:
    whole, part = int(amount[1]), (amount[2] or "").ljust(2, "0")
    return whole * 100 + int(part) if unit is Unit.DECIMAL else whole
