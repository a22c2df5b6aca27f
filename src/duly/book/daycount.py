"""How the days between two dates are counted, and how many make a year: once for a date, once for columns.

| basis | days | a year |
| --- | --- | --- |
| `actual/365` | as the calendar has them, leap days too | 365 |
| `actual/360` | the same | 360 |
| `30/360` | months of 30 days (Bond Basis): a first day 31 is a 30; a last day 31 is one after a first day 30 | 360 |
| `30E/360` | months of 30 days (European): a day 31 is always a 30 | 360 |

Of two days the first counts and the last does not, so that segments that meet share no day.
Refuses another basis: what a contract means by it must be said first.
"""

from __future__ import annotations

from datetime import date

import polars as pl

ACTUAL = ("actual/365", "actual/360")
BOND, EUROPEAN = "30/360", "30E/360"
YEAR = {"actual/365": 365, "actual/360": 360, BOND: 360, EUROPEAN: 360}


def between(start: date, end: date, basis: str) -> int:
    """The days from `start` to `end`, which is not before it."""
    if basis in ACTUAL:
        return (end - start).days
    first, last = min(start.day, 30), end.day
    if basis == EUROPEAN or first == 30:
        last = min(last, 30)
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def days(start: pl.Expr, end: pl.Expr, basis: pl.Expr) -> pl.Expr:
    """`between` over columns, Int64. Nothing but actual days is reckoned where no row asks for more."""
    actual = (end - start).dt.total_days()
    months = (end.dt.year() - start.dt.year()).cast(pl.Int64) * 360 + (
        end.dt.month().cast(pl.Int64) - start.dt.month().cast(pl.Int64)
    ) * 30
    first = start.dt.day().cast(pl.Int64).clip(upper_bound=30)
    last, thirtieth = end.dt.day().cast(pl.Int64), end.dt.day().cast(pl.Int64).clip(upper_bound=30)
    ends = pl.when((basis == EUROPEAN) | (first == 30)).then(thirtieth).otherwise(last)
    return pl.when(basis.is_in(list(ACTUAL))).then(actual).otherwise(months + ends - first)


def year(basis: pl.Expr) -> pl.Expr:
    """The days that make a year, Int64."""
    return pl.when(basis == "actual/365").then(pl.lit(365, pl.Int64)).otherwise(pl.lit(360, pl.Int64))
