"""Whether a whole column of a batch is surely well written, told by a few cheap questions about all its cells.

Nearly every batch is: then no cell needs to be looked at for each thing that may be wrong with it. Whatever is not
told at a glance (a name in a rare script, an amount without decimals) is read cell by cell, by `convert`.
Refuses to find fault: it says "surely fine", or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from duly.book.feeds import Column, Kind
from duly.model import money

LONGEST_ID, LONGEST_TEXT, LONGEST_COUNT = 64, 200, 9
# Patterns without a bound on their repetitions: a bound makes an automaton of thousands of states.
_PRINTED = r"^[!-~]+$"
_SIMPLE_TEXT = r"^[ -~\x{4e00}-\x{9fff}]+$"  # printed ASCII and the common ideographs, all of them assigned
_DIGITS = r"^[0-9]+$"


@dataclass(frozen=True, kw_only=True)
class Glance:
    """`value` reads a column that is fine; `fine` is one truth for all, of the text `raw.<ours>` and `<ours>`."""

    value: pl.Expr
    fine: pl.Expr


def at(ours: str, column: Column, value: pl.Expr, *, scale: int, as_of: date) -> Glance:
    """A glance at one column. `value` is how it is read cell by cell, `scale` the decimals of an amount or a rate."""
    raw, read = pl.col(f"raw.{ours}"), pl.col(ours)
    all_read = read.null_count() == raw.null_count()
    match column.kind:
        case Kind.ID | Kind.TAIL:
            fine = _all(raw, _PRINTED) & _most(raw.str.len_bytes(), LONGEST_ID)
        case Kind.TEXT:
            fine = _all(raw, _SIMPLE_TEXT) & _most(raw.str.len_chars(), LONGEST_TEXT)
            if column.pattern is not None:
                fine &= _all(raw, f"^(?:{column.pattern})$")
        case Kind.WORD | Kind.FLAG:
            fine = all_read
        case Kind.DAY:
            reach = timedelta(days=money.MAX_DAYS)
            fine = all_read & read.is_between(as_of - reach, as_of + reach).all()
        case Kind.MONEY | Kind.RATE:
            point = r"\." if scale else ""
            value = raw.str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
            most = money.MAX_MINOR if column.kind is Kind.MONEY else money.MAX_PPM
            fine = all_read & _all(raw, f"^[0-9]+{point}{'[0-9]' * scale}$") & _most(read, most)
        case Kind.COUNT:
            fine = all_read & _all(raw, _DIGITS) & _most(raw.str.len_bytes(), LONGEST_COUNT)
        case Kind.ZONES:
            fine = pl.lit(value=False)
    if column.needed:
        fine &= raw.null_count() == 0
    return Glance(value=value, fine=fine)


def _all(raw: pl.Expr, pattern: str) -> pl.Expr:
    """Whether each cell that is there has the form."""
    return raw.str.contains(pattern).all()


def _most(size: pl.Expr, limit: int) -> pl.Expr:
    return (size.max() <= limit).fill_null(value=True)
