"""What was paid, once what came back is taken off.

The first two rules by which a debt is reckoned (`allocation` has the others):

1. A reversal undoes: the payment it names, else the latest money received up to its day. What it undoes
   was never paid, so overdue interest runs as if the bounced payment had not been made.
2. Money received on one day is one receipt, and it counts on that day.

A waiver counts as money. Refuses to undo more than was received: what is beyond that undoes nothing.
"""

from __future__ import annotations

import polars as pl

from duly.book import ledger


def of(payments: pl.DataFrame) -> pl.DataFrame:
    """The money that stayed, one row per debt and day: `key`, `paid_on`, `amount_minor`, in this order.

    `payments` holds `key`, `payment`, `paid_on`, `amount_minor`, `kind`, none later than the day asked for.
    """
    rows = payments.select("key", "paid_on", _stayed(payments)).filter(pl.col("amount_minor") > 0)
    places = rows.select(ledger.place("paid_on")).to_series()
    if ledger.increases(places):
        return rows
    if not places.is_sorted():
        rows, places = rows[places.arg_sort()], places.sort()
    # Nearly always a day has one payment, and then there is nothing to add up.
    same = (places.slice(1) == places.slice(0, len(places) - 1)).extend(pl.Series([False]))
    many = rows.with_columns(same=same).with_row_index("row").filter(same | same.shift(1, fill_value=False))
    of_day = (~pl.col("same")).shift(1, fill_value=False).cum_sum()
    sums = many.group_by(of_day.alias("day"), maintain_order=True).agg(pl.last("row"), pl.sum("amount_minor"))
    amounts = rows["amount_minor"].clone().scatter(sums["row"], sums["amount_minor"])
    return rows.with_columns(amounts).filter(~same)


def stayed(payments: pl.DataFrame) -> pl.DataFrame:
    """The rows of `payments` that came in, each less what was taken back of it, and none of which nothing is left."""
    return payments.with_columns(_stayed(payments)).filter(pl.col("amount_minor") > 0)


def _stayed(payments: pl.DataFrame) -> pl.Series:
    """`amount_minor` of each row as far as it stayed: nothing of a reversal."""
    undoes, amounts = payments["kind"] == "reversal", payments["amount_minor"]
    if not undoes.any():
        return amounts
    touched = payments["key"].is_in(payments["key"].filter(undoes).unique().implode())
    theirs = payments.with_row_index("row").filter(touched)
    back = pl.col("kind") == "reversal"
    found = _undone(theirs.filter(~back), theirs.filter(back))
    amounts = amounts.clone().scatter(undoes.arg_true(), 0)
    return amounts.scatter(found["row"], found["amount_minor"])


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
