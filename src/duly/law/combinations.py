"""Rows that say the same, so that whatever is asked of them is asked once.

Most acts of a night differ in their person and in little else that a law looks at.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce

import polars as pl

_SEEDS = (3, 5)
_FEW = 64
_MANY = 4096  # rows that tell at once, mostly, that not all differ
_ROOM = 1 << 62  # what a 64-bit number holds, less a bit for the sum


@dataclass(frozen=True)
class Combinations:
    """`number` is for each row its combination's number, `first` for each combination a row that has it."""

    number: pl.Series
    first: pl.Series


def worth_it(keys: pl.DataFrame) -> Combinations:
    """As `of`, but of a few rows each counts as different: to find those that are equal would take longer."""
    if keys.height > _FEW:
        return of(keys)
    places = pl.int_range(keys.height, dtype=pl.UInt32, eager=True)
    return Combinations(places, places)


def of(keys: pl.DataFrame) -> Combinations:
    """The different rows of the frame, numbered in the order in which they first occur."""
    places = pl.int_range(keys.height, dtype=pl.UInt32, eager=True).alias("_place")
    if keys.is_empty():
        return Combinations(places, places)
    keys = keys.select(one.name for one in keys if not _is_constant(one))
    if keys.width == 0:
        return Combinations(pl.repeat(0, len(places), dtype=pl.UInt32, eager=True), places.head(1))
    keys = _packed(_folded(keys))
    only = keys.to_series(0) if keys.width == 1 else keys.hash_rows(_SEEDS[0])
    if all(part.n_unique() == part.len() for part in (only.head(_MANY), only)):
        return Combinations(places, places)
    first = _firsts(pl.DataFrame({"_place": places, "_key": only}), ["_key"])
    # Rows of one hash are not yet equal: those of two are. That they are not is next to never, and then asked
    # without a hash.
    if keys.width > 1:
        other = keys.hash_rows(_SEEDS[1])
        if not other.equals(other.gather(first)):
            first = _firsts(keys.with_columns(places), keys.columns)
    begins = first == places
    number = (begins.cum_sum().cast(pl.UInt32) - 1).gather(first)
    return Combinations(number, places.filter(begins))


def _folded(keys: pl.DataFrame) -> pl.DataFrame:
    """The same with four flags to a column: true, false or unknown take two bits."""
    flags = [one.name for one in keys if one.dtype == pl.Boolean]
    folded = []
    for begin in range(0, len(flags), 4):
        digits = [
            pl.col(name).cast(pl.UInt8).fill_null(2) * pl.lit(4**place, dtype=pl.UInt8)
            for place, name in enumerate(flags[begin : begin + 4])
        ]
        folded.append(reduce(operator.or_, digits).alias(f"_flags{begin}"))
    return keys.with_columns(folded).drop(flags) if folded else keys


def _packed(keys: pl.DataFrame) -> pl.DataFrame:
    """The same with as many whole numbers in a column as it has room for: equal where, and only where, all are."""
    numbers = [one.name for one in keys if one.dtype.is_integer()]
    if len(numbers) == 1 or not numbers:
        return keys
    least = keys.select(pl.col(numbers).min()).row(0)
    most = keys.select(pl.col(numbers).max()).row(0)
    others = [one.name for one in keys if one.name not in numbers]
    columns: list[list[pl.Expr]] = [[]]
    taken = 1
    for name, low, high in zip(numbers, least, most, strict=True):
        span = high - low + 2  # and the 0 for what is not known
        if span > _ROOM:
            others.append(name)
            continue
        if taken * span > _ROOM:
            columns, taken = [*columns, []], 1
        columns[-1].append((pl.col(name).cast(pl.Int64) - (low - 1)).fill_null(0) * taken)
        taken *= span
    packed = [
        reduce(operator.add, digits).alias(f"_packed{place}")
        for place, digits in enumerate(columns)
        if digits
    ]
    return keys.select(*others, *packed)


def _is_constant(column: pl.Series) -> bool:
    """Whether every row says the same. Most that do not show it at once; of lists it is not asked."""
    if column.dtype.is_nested() or column.head(_FEW).n_unique() > 1:
        return False
    return bool(column.eq_missing(column.head(1)).all())


def _firsts(rows: pl.DataFrame, by: list[str]) -> pl.Series:
    """For each row the first place of those equal to it."""
    return rows.select(pl.col("_place").first().over(by)).to_series()
