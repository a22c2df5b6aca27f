"""Rows that say the same, so that whatever is asked of them is asked once.

Most acts of a night differ in their person and in little else that a law looks at.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce

import polars as pl

_SEED = 3
_FEW = 64


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
    keys = _folded(keys)
    only = keys.to_series(0) if keys.width == 1 else keys.hash_rows(_SEED)
    first = _firsts(pl.DataFrame({"_place": places, "_key": only}), ["_key"])
    # Rows of one hash are not yet equal. That they are not is next to never, and then asked without a hash.
    if keys.width > 1 and not all(one.eq_missing(one.gather(first)).all() for one in keys):
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


def _is_constant(column: pl.Series) -> bool:
    """Whether every row says the same. Most that do not show it at once; of lists it is not asked."""
    if column.dtype.is_nested() or column.head(_FEW).n_unique() > 1:
        return False
    return bool(column.eq_missing(column.head(1)).all())


def _firsts(rows: pl.DataFrame, by: list[str]) -> pl.Series:
    """For each row the first place of those equal to it."""
    return rows.select(pl.col("_place").first().over(by)).to_series()
