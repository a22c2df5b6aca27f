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

from duly.book import columns, runs
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
_DAY = pl.col("number").dt.strftime('"%Y-%m-%d"')
# What does not stand in a JSON string as it is.
_ESCAPED = ['"', "\\", *map(chr, range(0x20))]


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


def digests(documents: pl.Series) -> pl.Series:
    """`digest` of each of many."""
    make = hashlib.sha256
    made = [make(one).digest() for one in documents.cast(pl.Binary).to_list()]
    return pl.Series(documents.name, made, pl.Binary).bin.encode("hex")


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
    heads = _heads(book.accounts, found)
    lines = {
        name: told
        for name, frame in book.frames().items()
        if name in FRAMES
        and frame.height
        and (told := _lines(frame, book.runs[name], found, _WIDE[name])) is not None
    }
    account = pl.struct("account").struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
    pieces = [pl.lit("{"), account, pl.lit(f',{common},"head":{{'), pl.lit(heads), pl.lit('},"rows":{')]
    earlier = pl.lit(value=False)
    for name, told in lines.items():
        names = json.dumps(list(_WIDE[name]), separators=(",", ":"))
        begins = f'"{name}":{{"columns":{names},"rows":[['
        rows = pl.lit(told)
        there = rows.is_not_null()
        comma = pl.when(earlier).then(pl.lit(f",{begins}")).otherwise(pl.lit(begins))
        pieces += [
            pl.when(there).then(comma).otherwise(pl.lit("")),
            rows.fill_null(""),
            pl.when(there).then(pl.lit("]]}")).otherwise(pl.lit("")),
        ]
        earlier |= there
    # One step, because each step copies all there is to say of everybody.
    return found.select(*_OWNER, facts=pl.concat_str(*pieces, pl.lit("}}")))


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


def _heads(accounts: pl.DataFrame, owners: pl.DataFrame) -> pl.Series:
    """For each of the owners, what their account's own row says, as the inside of a JSON object."""
    said = [name for name in _HEAD if accounts[name].null_count() < accounts.height]
    # An account stands once; the few owners are looked for, and not all accounts of the book.
    mine = accounts.select(*_OWNER, *said).join(owners, on=_OWNER)
    cells = [pl.concat_str(pl.lit(f'"{name}":'), _cell(mine[name])) for name in said]
    inside = pl.concat_str(cells, separator=",", ignore_nulls=True) if cells else pl.lit("")
    told = mine.select("place", head=inside)
    return owners.select("place").join(told, on="place", how="left", maintain_order="left")["head"]


def _lines(
    frame: pl.DataFrame, spans: pl.DataFrame, owners: pl.DataFrame, names: tuple[str, ...]
) -> pl.Series | None:
    """For each of the owners, their rows as the insides of JSON arrays, in the order of the frame; None without any."""
    spans = spans.join(owners, on=_OWNER).sort("place", "first")
    if spans.is_empty():
        return None
    each = runs.rows(spans.select("place", "first", "end"))
    mine = frame.select(names).rechunk()[each["row"]]
    cells = (_cell(mine[name]).fill_null("null") for name in names)
    line = pl.concat_str(cells, separator=",")
    told = (
        mine.select(each["place"].set_sorted(), lines=line)
        .group_by("place", maintain_order=True)
        .agg("lines")
    )
    joined = told.select("place", pl.col("lines").list.join("],["))
    return owners.select("place").join(joined, on="place", how="left", maintain_order="left")["lines"]


def _cell(values: pl.Series) -> pl.Expr:
    """The values of a column as JSON, null where there is none."""
    if values.null_count() == len(values):
        return pl.lit(None, pl.String)
    if values.dtype == pl.String():
        return _quoted(values)
    if values.dtype == pl.Date():
        return pl.lit(_each_once(values, _DAY))
    number = pl.col("number").cast(pl.String)
    return (
        pl.lit(_each_once(values, number))
        if values.dtype.is_integer()
        else pl.col(values.name).cast(pl.String)
    )


def _quoted(values: pl.Series) -> pl.Expr:
    value = pl.col(values.name)
    if values.str.contains_any(_ESCAPED).any():
        encoded = pl.struct(value.alias("v")).struct.json_encode()
        return pl.when(value.is_not_null()).then(encoded.str.strip_prefix('{"v":').str.strip_suffix("}"))
    return pl.format('"{}"', value)


def _each_once(values: pl.Series, text: pl.Expr) -> pl.Series:
    """The `text` of numbers or dates; where they are many within narrow bounds each is written once."""
    numbers = values.to_physical()
    first, last = int(numbers.min()), int(numbers.max())  # type: ignore[arg-type]
    if last - first >= len(values):
        return pl.select(number=values).select(text).to_series()
    between = pl.select(number=pl.int_range(first, last + 1).cast(numbers.dtype).cast(values.dtype))
    return between.select(text).to_series().gather(numbers - first)


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
