"""Sums within each debt, over rows that stand together by `key`: the running sum, the whole, the first of them.

All debts together may be more than 64 bits hold, and one debt never is (1,200 instalments of the largest amounts): so
the sum over all rows may wrap around, and what it grew by within a debt is exact all the same, because wrapping is
addition modulo 2**64. Refuses rows that are not grouped by key: it compares neighbours and never sorts.
"""

from __future__ import annotations

from datetime import date

import polars as pl

_NEVER = date(1, 1, 1)


def up_to(amount: pl.Expr) -> pl.Expr:
    """The sum of each `key` from its first row up to this one, this one included.

    The sum over all rows less what it was before the key's first row.
    """
    total = amount.cum_sum()
    return total - pl.when(is_first()).then(total - amount).forward_fill()


def is_first() -> pl.Expr:
    """Whether the row is the first of its `key`."""
    return pl.col("key").ne_missing(pl.col("key").shift())


def is_last() -> pl.Expr:
    """Whether the row is the last of its `key`."""
    return pl.col("key").ne_missing(pl.col("key").shift(-1))


def whole(amount: pl.Expr) -> pl.Expr:
    """The sum of each `key`, in every row of it."""
    return pl.when(is_last()).then(up_to(amount)).backward_fill()


def earliest(day: pl.Expr) -> pl.Expr:
    """The first `day` of each `key` that is not null, in every row of it; null where there is none."""
    following, owner = day.backward_fill(), pl.when(day.is_not_null()).then("key").backward_fill()
    own = pl.when(owner == pl.col("key")).then(following).fill_null(_NEVER)
    told = pl.when(is_first()).then(own).forward_fill()
    return pl.when(told != _NEVER).then(told)


def sums(rows: pl.DataFrame, **amounts: pl.Expr) -> pl.DataFrame:
    """The sum of each `key`, in one row for each, in their order."""
    totals = rows.select("key", **{name: amount.cum_sum() for name, amount in amounts.items()}).filter(
        is_last()
    )
    return totals.with_columns(pl.col(name) - pl.col(name).shift(1, fill_value=0) for name in amounts)
