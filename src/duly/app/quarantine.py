"""Rows that were left out of the book: shown, written to a file to be corrected, and read from it again.

Where a row stands and what is wrong with it may be seen by whoever works here; what stands in it may be a name or a
number, and is shown to those who mend it.
Refuses a file whose rows are not of one feed, or that says of a row what its feed has no column for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from duly import errors
from duly.app import people, premises
from duly.book import quarantine
from duly.errors import Problem
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import mending
from duly.text import escape

_OWN = ("duly_row", "duly_file", "duly_line", "duly_column", "duly_reason")
_LONGEST = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """One finding. `value` is None where the actor may not see it, or where it was destroyed by rule."""

    number: int
    feed: str
    file: str
    line: int
    column: str | None
    code: str
    what: str
    remedy: str
    value: str | None
    by: str | None
    mended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is left out of the book in force, and what stands in the place of other rows."""

    rows: tuple[Row, ...]
    mended: tuple[mending.Mended, ...]


def listed(actor: Actor, folder: Path, *, values: bool, environ: Mapping[str, str]) -> Listing:
    """The quarantine of the book in force; with `values` what was found, for those who mend it."""
    if values:
        people.require(actor, Duty.OPERATIONS)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        found = mending.standing(opened, connection)
        kept = mending.mended(connection)
    wrong = {one.row for one in found}
    return Listing(
        rows=tuple(_row(one, values=values) for one in found),
        mended=tuple(one for one in kept if one.row not in wrong),
    )


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written: the feed, its rows, and how many can only be mended where they came from."""

    feed: str
    rows: int
    left: int


def export(
    actor: Actor, folder: Path, target: Path, *, feed: str | None, environ: Mapping[str, str]
) -> Exported:
    """Write the rows of one feed to `target`, a row each, in the lender's columns. Raises WrongUsage."""
    people.require(actor, Duty.OPERATIONS)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        found = mending.standing(opened, connection)
    names = sorted({one.feed for one in found})
    if feed is None and len(names) != 1:
        raise errors.WrongUsage(
            say("rows of these feeds are in the quarantine: {feeds}", feeds=", ".join(names) or "-"),
            remedy=say("Name one with --feed."),
        )
    chosen = feed or names[0]
    rows: dict[str, list[mending.Found]] = {}
    for one in found:
        if one.feed == chosen and one.row is not None and one.cells is not None:
            rows.setdefault(one.row, []).append(one)
    left = len({(one.file, one.line) for one in found if one.feed == chosen and one.row not in rows})
    columns = sorted({name for each in rows.values() for name in each[0].cells or ()})
    lines = [[*_OWN, *columns], *(_exported(each, columns) for each in rows.values())]
    text = "".join(",".join(escape.csv(cell) for cell in line) + "\r\n" for line in lines)
    target.write_text("\ufeff" + text, encoding="utf-8", newline="")
    target.chmod(0o600)
    return Exported(feed=chosen, rows=len(rows), left=left)


def _exported(found: Sequence[mending.Found], columns: Sequence[str]) -> list[str]:
    first = found[0]
    cells = first.cells or {}
    fields = [one.field or "" for one in found]
    reasons = [quarantine.REASONS[one.code][0] for one in found]
    place = [str(first.number), first.file, str(first.line), "; ".join(fields), "; ".join(reasons)]
    return [*place, *(cells.get(name, "") for name in columns)]


def corrections(found: Iterable[mending.Found], file: Path) -> list[mending.Correction]:
    """What a corrected file says otherwise than the rows in the quarantine. Raises ProjectRefused."""
    known = {one.number: one for one in found}
    rows, problems = _rows(file)
    made: list[mending.Correction] = []
    for line, row in rows:
        number = row.get("duly_row", "")
        one = known.get(int(number)) if number.isdecimal() and len(number) < 19 else None
        if one is None or one.row is None or one.cells is None:
            what = say("no row of the quarantine has this number, or not any more")
            problems.append(_problem(file, line, "row", what, say("Export the quarantine again.")))
            continue
        told = {name: cell for name, cell in row.items() if name not in _OWN}
        if set(told) != set(one.cells):
            what = say("the columns are not those of the feed `{feed}`", feed=one.feed)
            problems.append(
                _problem(file, line, "columns", what, say("Leave the columns as they were exported."))
            )
            continue
        cells = {name: _undisarmed(told[name], one.cells[name]) for name in told}
        if cells != one.cells:
            made.append(mending.Correction(row=one.row, feed=one.feed, cells=cells))
    if not made and not problems:
        what = say("no row of this file differs from what is in the quarantine")
        problems.append(_problem(file, None, "same", what, say("Correct the cells, and save the file.")))
    if problems:
        raise errors.ProjectRefused(problems)
    return made


def _rows(file: Path) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    try:
        with file.open("rb") as stream:
            text = stream.read(_LONGEST + 1).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        what = say("this file cannot be read as CSV in UTF-8")
        return [], [_problem(file, None, "unreadable", what, say("Save it as CSV UTF-8 with commas."))]
    wrong = [line for line, row in rows if len(row) != len(header)]
    if header[: len(_OWN)] != list(_OWN) or len(set(header)) != len(header) or len(text) > _LONGEST or wrong:
        what = say("this is not a file that `duly quarantine --export` wrote")
        remedy = say("Leave its columns as they are, and correct the cells alone.")
        return [], [_problem(file, wrong[0] if wrong else 1, "columns", what, remedy)]
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows], []


def _undisarmed(written: str, stood: str) -> str:
    """A cell as it was meant: what was disarmed for a spreadsheet when it was exported is armed again."""
    return written if written == stood else escape.rearmed(written)


def _problem(file: Path, line: int | None, code: str, what: str, remedy: str) -> Problem:
    return Problem(code=f"corrected.{code}", file=str(file), line=line, what=what, remedy=remedy)


def _row(one: mending.Found, *, values: bool) -> Row:
    what, remedy = quarantine.REASONS[one.code]
    return Row(
        number=one.number,
        feed=one.feed,
        file=one.file,
        line=one.line,
        column=one.field,
        code=f"book.row.{one.code}",
        what=what,
        remedy=remedy,
        value=one.value if values else None,
        by=one.by,
        mended_at=one.mended_at,
    )
