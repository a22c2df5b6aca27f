"""Rows that were not loaded: where each stands, what is wrong with it and what to do.

A bad row does not stop the good ones, but the account it belongs to is held until the row is mended, because
a lost payment would make a debt larger than it is.
The value found is kept here and nowhere else: it may be somebody's name or number. So a `Problem` made from
this frame says where to look and never what stands there.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from duly.errors import Problem
from duly.model.said import say

SCHEMA: Mapping[str, pl.DataType] = {
    "feed": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),  # counted from 1, in a Parquet file the row
    "field": pl.String(),  # the lender's own name of the column; null where the row as a whole is meant
    "value": pl.String(),
    "code": pl.String(),
    "names": pl.List(pl.String()),  # ids that stand in the row: whatever of them is in the book is held
}

# What is wrong, and what to do. The code is `book.row.<key>` in a Problem.
REASONS: Mapping[str, tuple[str, str]] = {
    "ragged": (
        say("the row has more or fewer cells than the header"),
        say("Quote cells that hold the delimiter."),
    ),
    "missing": (
        say("a value is missing that every row needs"),
        say("Fill it in, or fix one for all in book.yaml."),
    ),
    "text": (say("the text is too long or holds control characters"), say("Write it as one plain line.")),
    "id": (say("this is not an id"), say("Use at most 64 characters without blanks or control characters.")),
    "word": (say("the word is not known"), say("Translate it under `values` in book.yaml, or correct it.")),
    "pattern": (
        say("the value has not the form of this column"),
        say("Correct it; see the list of columns."),
    ),
    "date_impossible": (
        say("this is no day of the calendar in the feed's format"),
        say("Correct the date, or `dates`."),
    ),
    "date_beyond": (say("the day is more than 100 years away"), say("Correct the year.")),
    "negative": (say("the amount is negative"), say("Give it as positive; a payment undone is a reversal.")),
    "amount": (
        say("this is not an amount in the feed's unit"),
        say("Write plain digits, without signs or grouping."),
    ),
    "decimals": (say("the amount has more decimals than its currency"), say("Round it in the core system.")),
    "amount_beyond": (
        say("the amount is larger than any that is reckoned with"),
        say("Check the feed's unit."),
    ),
    "rate": (
        say("this is not a rate in the feed's writing"),
        say("Write plain digits, as 18.25 for percent."),
    ),
    "rate_beyond": (
        say("the yearly rate is above 100 %"),
        say("Check `rates` in book.yaml: percent, fraction or ppm."),
    ),
    "count": (say("this is not a whole number"), say("Write digits only, at most nine.")),
    "flag": (
        say("this is neither true nor false"),
        say("Write true or false, or translate it under `values`."),
    ),
    "zone": (
        say("a time zone is not known"),
        say("Use IANA names with ; between, as Asia/Shanghai;Asia/Urumqi."),
    ),
    "duplicate": (say("another row before it has the same id"), say("Remove one, or give it its own id.")),
    "ledger_undated": (say("the ledger's figure has no day"), say("Fill in the day at whose end it held.")),
    "no_borrower": (say("the account has no borrower"), say("Add its borrower to the parties.")),
    "account_unknown": (say("the account is not in the book"), say("Add the account, or remove the row.")),
    "person_unknown": (
        say("the person has no account in the book"),
        say("Add the person's role, or remove the row."),
    ),
    "point_unknown": (say("the contact point is not in the book"), say("Add it, or remove the row.")),
    "contradicts": (
        say("an earlier row says something else of this person"),
        say("Make all rows of a person agree."),
    ),
    "too_many": (say("the account has more than 1,200 instalments"), say("Check the account's id.")),
    "future": (say("the payment is dated after the day of the book"), say("Load it when it has been made.")),
    "reverses_unknown": (
        say("the payment it undoes is not in the book"),
        say("Correct the id of the payment."),
    ),
    "bounced_what": (
        say("the bounced payment does not name the payment that bounced"),
        say("Fill in the id of that payment."),
    ),
    "bounced_why": (
        say("the bounced payment gives no reason"),
        say("Fill in the reason that the bank gave, or `other`."),
    ),
    "reason_alone": (
        say("only what was undone has a reason"),
        say("Leave the reason empty, or correct the kind."),
    ),
    "reverses_more": (
        say("it undoes more than was paid"),
        say("Correct the amount or the id of the payment."),
    ),
    "value": (
        say("this is no number or address of that channel"),
        say("Correct it; write telephones with country code."),
    ),
    "nobody": (say("the hold names neither a person nor an account"), say("Name one of them.")),
    "until": (say("it ends before it begins"), say("Correct one of the two days.")),
    "no_overdue_rate": (
        say("neither the overdue rate nor the uplift is given"),
        say("Fill in one of them; 0 where nothing is charged."),
    ),
    "compound": (
        say("interest cannot bear interest every 0 months"),
        say("Leave it empty, or write 1 or more."),
    ),
    "grace": (say("more than 60 days of grace"), say("Check the number of days.")),
    "toward_unknown": (
        say("the instalment that the payer named is not in the book"),
        say("Correct its number, or leave it empty."),
    ),
    "two_schedules": (
        say("the account has instalments as well as statements"),
        say("Give one of the two: a statement stands for what it asks for."),
    ),
    "minimum": (
        say("the parts are more than the minimum payment, or that more than the balance"),
        say("Correct the statement's amounts."),
    ),
    "kind_needs": (
        say("a value is missing that a row of this kind needs"),
        say("Fill it in; the list of kinds says what each needs."),
    ),
    "happened_later": (
        say("it is dated after the day of the load"),
        say("Correct the day; load it when it has happened."),
    ),
    "time_impossible": (
        say("the clocks of that zone did not show this time on that day"),
        say("Correct the time or the zone."),
    ),
    "not_a_party": (
        say("the person has no role on that account"),
        say("Add the role to the parties, or remove the row."),
    ),
    "says_otherwise": (
        say("a row loaded before with this source and reference says something else"),
        say("Give what is new a reference of its own; what was loaded is kept."),
    ),
}

# What stands in a cell of a workbook and is no value of the feed.
REASONS_OF_CELLS: Mapping[str, tuple[str, str]] = {
    "formula": (
        say("the cell holds a formula, whose value is whatever Excel last made of it"),
        say("Paste the values instead."),
    ),
    "cell_error": (say("the cell holds an error or no value"), say("Correct the cell.")),
    "number_inexact": (
        say("the cell holds a binary fraction, or more than fifteen digits, and no exact decimal"),
        say("Round the amount to the cent, or format the column as text and write it out."),
    ),
    "number_shown": (
        say("the cell shows its number other than it is stored, as zeros in front"),
        say("Format the column as text and write out what is shown."),
    ),
    "percent": (
        say("the cell is formatted as percent: it shows 18.25 % and stores 0.1825"),
        say("Write `rates: fraction` for the feed, or format the column as a number."),
    ),
    "time_of_day": (
        say("the cell holds a time of day beside the day"),
        say("Write the day alone: which day counts is the core system's to say."),
    ),
    "cell_day": (
        say("the cell holds a day where none is expected; Excel may have made one of what was typed"),
        say("Format the column as text and type it again."),
    ),
}
REASONS = {**REASONS, **REASONS_OF_CELLS}

_ID_FIELDS = ("account", "person")


def empty() -> pl.DataFrame:
    """No rows in quarantine."""
    return pl.DataFrame(schema=dict(SCHEMA))


def note(rows: pl.DataFrame, *, feed: str, code: str, field: str | None, value: str | None) -> pl.DataFrame:
    """Each of `rows` (which carry `file` and `line`) as found wanting.

    `field` is the lender's name of the column to blame, and `value` names the column of `rows` with what was
    found in it.
    """
    names = [pl.col(name) for name in _ID_FIELDS if name in rows.columns]
    return rows.select(
        feed=pl.lit(feed),
        file="file",
        line="line",
        field=pl.lit(field, pl.String),
        value=pl.col(value).cast(pl.String) if value else pl.lit(None, pl.String),
        code=pl.lit(code),
        names=pl.concat_list(names).list.drop_nulls() if names else pl.lit([], pl.List(pl.String)),
    )


def problems(frame: pl.DataFrame) -> list[Problem]:
    """One problem per file, column and reason, at its first line, with how many rows have it. No values."""
    grouped = (
        frame.group_by("file", "field", "code")
        .agg(pl.min("line"), rows=pl.len())
        .sort("file", "line", "code")
    )
    return [_problem(row) for row in grouped.to_dicts()]


def _problem(row: Mapping[str, object]) -> Problem:
    what, remedy = REASONS[str(row["code"])]
    field, count = row["field"], row["rows"]
    return Problem(
        code=f"book.row.{row['code']}",
        file=str(row["file"]),
        line=int(str(row["line"])),
        what=say(
            "{column}{what} ({count} rows)", column=f"{field}: " if field else "", what=what, count=count
        ),
        remedy=remedy,
    )
