"""What was paid, once what came back is taken off.

The first two rules by which a debt is reckoned (`allocation` has the others):

1. A reversal undoes: the payment it names, else the latest money received up to its day. What it undoes
   was never paid, so overdue interest runs as if the bounced payment had not been made.
2. Money received on one day is one receipt, and it counts on that day.

A waiver counts as money. Refuses to undo more than was received: what is beyond that undoes nothing.
"""

from __future__ import annotations

import polars as pl


def of(payments: pl.DataFrame) -> pl.DataFrame:
    """The money that stayed, one row per debt and day: `key`, `paid_on`, `amount_minor`.

    `payments` holds `key`, `payment`, `paid_on`, `amount_minor`, `kind`, none later than the day asked for.
    """
    # Nearly always a day has one payment, and then there is nothing to add up.
    day = pl.col("paid_on").cast(pl.Int32).cast(pl.Int64)
    rows = (
        stayed(payments)
        .select("key", "paid_on", "amount_minor")
        .sort(pl.col("key").cast(pl.Int64) * 2**32 + day)
    )
    again = (pl.col("key") == pl.col("key").shift()) & (pl.col("paid_on") == pl.col("paid_on").shift())
    follows = rows.select(again.fill_null(value=False)).to_series()
    if not follows.any():
        return rows
    alone = ~(follows | follows.shift(-1, fill_value=False))
    summed = rows.filter(~alone).group_by("key", "paid_on").agg(pl.sum("amount_minor"))
    return pl.concat([rows.filter(alone), summed])


def stayed(payments: pl.DataFrame) -> pl.DataFrame:
    """The rows of `payments` that came in, each less what was taken back of it, and none of which nothing is left."""
    undoes = pl.col("kind") == "reversal"
    money_in = payments.filter(~undoes)
    reversals = payments.filter(undoes)
    if reversals.height:
        touched = money_in.join(reversals, on="key", how="semi")
        untouched = money_in.join(reversals, on="key", how="anti")
        money_in = pl.concat([untouched, _undone(touched, reversals)])
    return money_in.filter(pl.col("amount_minor") > 0)


def _undone(money_in: pl.DataFrame, reversals: pl.DataFrame) -> pl.DataFrame:
    """`money_in` less what the reversals took back (rule 1 above)."""
    named = reversals.group_by("key", "payment").agg(pl.sum("amount_minor").alias("undone_minor"))
    left = pl.col("amount_minor") - pl.min_horizontal("amount_minor", pl.col("undone_minor").fill_null(0))
    remaining = (
        money_in.join(named, on=["key", "payment"], how="left").with_columns(left).drop("undone_minor")
    )
    unnamed = reversals.join(money_in, on=["key", "payment"], how="anti")
    return remaining if unnamed.is_empty() else _latest_first(remaining, unnamed)


def _latest_first(money_in: pl.DataFrame, reversals: pl.DataFrame) -> pl.DataFrame:
    """`money_in` less what reversals without a name took from the latest money before them.

    The running level of a debt is what came in less what went back. A payment lifted it from `before`;
    whatever of that lift lies above the lowest level ever reached afterwards was taken back.
    """
    signed = pl.when(pl.col("kind") == "reversal").then(-pl.col("amount_minor")).otherwise("amount_minor")
    level = (
        pl.concat([money_in, reversals])
        .with_columns(signed.alias("signed"), (pl.col("kind") == "reversal").alias("last_of_day"))
        .sort("key", "paid_on", "last_of_day", "payment")
        .with_columns(pl.col("signed").cum_sum().over("key").alias("level"))
        .with_columns(pl.col("level").cum_min(reverse=True).over("key").alias("lowest_after"))
    )
    before = pl.col("level") - pl.col("signed")
    kept = (pl.col("lowest_after") - before).clip(0, pl.col("amount_minor"))
    return (
        level.filter(~pl.col("last_of_day")).with_columns(kept.alias("amount_minor")).select(money_in.columns)
    )
