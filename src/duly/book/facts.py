"""What the figures of an account are made from, as one document: its rows, and how they are reckoned.

A notice states amounts; whoever doubts them years later needs the rows of that day, and not our files. Each account
that a notice tells of is written down as JSON whose SHA-256 goes into the evidence with the amounts.

    {"format": "duly.facts.1", "account": …, "on": …, "reckoning": {…},
     "head": {column: value}, "rows": {frame: {"columns": [name, …], "rows": [[…], …]}}}

The head has what the account's own row says, but for what it leaves out; a frame without rows is left out too.
Holds no person: neither who owes it nor how anybody is reached. Refuses to be read where its form is another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from duly.book import columns
from duly.book.columns import Book

FORM = "duly.facts.1"
# The frames that figures are made from, and what of them says whose they are or how somebody is reached.
FRAMES = tuple(
    name
    for name, schema in columns.FRAMES.items()
    if "account" in schema and name not in {"accounts", "holds"}
)
_PERSONAL = frozenset(
    {
        "person",
        "bucket",
        "account",
        "role",
        "liable",
        "locale",
        "zones",
        "tail",
        "suit_list",
        "servicer",
        "brand",
    }
)
_HEAD = tuple(column for column in columns.ACCOUNT if column not in _PERSONAL)
_WIDE = {name: tuple(column for column in columns.FRAMES[name] if column not in _PERSONAL) for name in FRAMES}
_OWNER = ("person", "account")
_NOBODY = "-"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One document read again. `book` holds the account once, under nobody's name."""

    account: str
    on: date
    reckoning: Mapping[str, Any]
    book: Book


def digest(document: str) -> str:
    """By which the evidence names it: its SHA-256 in hex."""
    return hashlib.sha256(document.encode()).hexdigest()


def written(book: Book, owners: pl.DataFrame, on: date, reckoning: Mapping[str, Any]) -> pl.DataFrame:
    """`owners` (`person`, `account`, each once) with `facts`, the document of each account on a day.

    `reckoning` says how the figures are reckoned and goes into each document as it is.
    """
    common = json.dumps(
        {"format": FORM, "on": on.isoformat(), "reckoning": dict(reckoning)},
        ensure_ascii=False,
        separators=(",", ":"),
    )[1:-1]
    found = owners.select(_OWNER).with_row_index("place")
    found = found.join(_heads(book.accounts, found), on="place", how="left", maintain_order="left")
    frames: list[pl.Expr] = []
    for name in FRAMES:
        lines = _lines(book.frames()[name], found, _WIDE[name]).rename({"lines": name})
        found = found.join(lines, on="place", how="left", maintain_order="left")
        names = json.dumps(list(_WIDE[name]), separators=(",", ":"))
        frames.append(
            pl.concat_str(pl.lit(f'"{name}":{{"columns":{names},"rows":['), pl.col(name), pl.lit("]}"))
        )
    account = pl.struct("account").struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
    whole = pl.concat_str(
        pl.lit("{"),
        account,
        pl.lit(f',{common},"head":{{'),
        pl.col("head"),
        pl.lit('},"rows":{'),
        pl.concat_str(frames, separator=",", ignore_nulls=True),
        pl.lit("}}"),
    )
    return found.select(*_OWNER, facts=whole)


def read(document: str) -> Facts:
    """The facts that were written. Raises ValueError for what is no such document, or of another form."""
    try:
        told = json.loads(document)
        if told["format"] != FORM:
            raise ValueError(f"these facts are in the form {told['format']!r}, and {FORM} is read here")
        account, head = told["account"], told["head"]
        frames = {"accounts": _rebuilt("accounts", account, list(head), [list(head.values())])} | {
            name: _rebuilt(name, account, rows["columns"], rows["rows"])
            for name, rows in told["rows"].items()
        }
        return Facts(
            account=account,
            on=date.fromisoformat(told["on"]),
            reckoning=told["reckoning"],
            book=columns.arrange(Book(**{**columns.empty().frames(), **frames})),
        )
    except (AttributeError, KeyError, TypeError, IndexError, pl.exceptions.PolarsError) as broken:
        raise ValueError("this is no document of an account's facts") from broken


def _heads(accounts: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """By `place` of the owners, what their account's own row says, as the inside of a JSON object."""
    mine = _of(accounts, owners)
    cells = [
        pl.when(pl.col(name).is_not_null()).then(
            pl.concat_str(pl.lit(f'"{name}":'), _cell(name, columns.ACCOUNT[name]))
        )
        for name in _HEAD
    ]
    return mine.select("place", head=pl.concat_str(cells, separator=",", ignore_nulls=True))


def _lines(frame: pl.DataFrame, owners: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """By `place` of the owners, their rows as JSON arrays with commas between, in the order of the frame."""
    mine = _of(frame, owners)
    if mine.is_empty():
        return pl.DataFrame(schema={"place": pl.UInt32, "lines": pl.String})
    cells = [_cell(name, mine.schema[name]) for name in names]
    line = pl.concat_str(pl.lit("["), pl.concat_str(cells, separator=","), pl.lit("]"))
    told = mine.select("place", lines=line)
    return told.group_by("place", maintain_order=True).agg(pl.col("lines").str.join(","))


def _of(frame: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """The rows of the owners, with their `place`; a frame of millions is not hashed to find some of them."""
    # Rows of one account stand together in an arranged book: each run of them is looked up once. In a book that is
    # not arranged there are more runs, and the answer is the same.
    if frame.is_empty():
        return frame.clear().with_columns(place=pl.lit(None, pl.UInt32))
    person, account = pl.col("person"), pl.col("account")
    begins = person.ne_missing(person.shift()) | account.ne_missing(account.shift())
    starts = frame.select(*_OWNER, begins.alias("begins")).with_row_index("row").filter("begins")
    runs = starts.with_columns(end=pl.col("row").shift(-1, fill_value=frame.height)).join(owners, on=_OWNER)
    places = runs.select("place", row=pl.int_ranges("row", "end")).explode("row").sort("place", "row")
    return frame[places["row"]].with_columns(places["place"])


def _cell(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind == pl.String():
        quoted = (
            pl.struct(value.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
        )
        return pl.when(value.is_not_null()).then(quoted).otherwise(pl.lit("null"))
    text = value.cast(pl.String)
    if kind == pl.Date():
        text = pl.format('"{}"', text)
    return text.fill_null("null")


def _rebuilt(name: str, account: str, names: list[str], rows: list[list[Any]]) -> pl.DataFrame:
    schema = columns.FRAMES[name]
    said = {column: [row[place] for row in rows] for place, column in enumerate(names)}
    fixed = {
        "person": _NOBODY, "account": account, "bucket": 0, "role": "borrower", "liable": True, "locale": "zh-CN",
        "tail": "", "suit_list": False, "servicer": _NOBODY, "brand": _NOBODY,
    }  # fmt: skip
    made = []
    for column, kind in schema.items():
        if column in said:
            values = said[column]
            if kind == pl.Date():
                values = [None if one is None else date.fromisoformat(one) for one in values]
            made.append(pl.Series(column, values, dtype=kind))
        else:
            one = fixed.get(column)
            made.append(pl.Series(column, [one] * len(rows), dtype=kind))
    return pl.DataFrame(made)
