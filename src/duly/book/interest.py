"""Overdue interest in its simple form: principal × yearly rate × days, exact to the cent.

One segment is a stretch of days in which neither the principal nor the rate changes; it is rounded once.
Refuses floats, `Decimal` division and int64 products: an amount of 1e13 at 1e6 ppm over 36,600 days needs
80 bits, and Polars wraps a narrower product silently. So the product is Int128 and leaves the expression as
an int64 quotient (DESIGN D5).
"""

from __future__ import annotations

import polars as pl

from duly.model import money
from duly.model.money import Rounding


def accrued(
    principal: pl.Expr, ppm: pl.Expr, days: pl.Expr, year_days: pl.Expr, rounding: Rounding
) -> pl.Expr:
    """Interest of one segment in minor units, Int64.

    `principal` is in minor units and not negative, `ppm` the yearly rate in parts per million, `days` the
    length of the segment and `year_days` the days that make a year (360 or 365).
    """
    numerator, denominator = product(principal, ppm, days), _wide(year_days) * money.PPM
    return divided(numerator, denominator, rounding).cast(pl.Int64)


def product(principal: pl.Expr, ppm: pl.Expr, days: pl.Expr) -> pl.Expr:
    """What is divided by `year_days` × 1,000,000 to give the interest: Int128, never narrower."""
    return _wide(principal) * _wide(ppm) * _wide(days)


def divided(numerator: pl.Expr, denominator: pl.Expr, rounding: Rounding) -> pl.Expr:
    """`numerator / denominator` of two Int128, neither negative, rounded by the named rule: Int128."""
    quotient = numerator // denominator
    remainder = numerator - quotient * denominator
    twice = remainder * 2
    up = {
        Rounding.DOWN: pl.lit(False),
        Rounding.UP: remainder > 0,
        Rounding.HALF_UP: twice >= denominator,
        Rounding.HALF_EVEN: (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1)),
    }[rounding]
    return quotient + up.cast(pl.Int128)


def _wide(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.Int128)
