"""Our figure beside the lender's own, and whether they agree.

The lender's ledger says what was overdue at the end of one day; ours is computed for that same day.
Refuses to choose between them: a difference above the tolerance holds the account and is shown as a break.
"""

from __future__ import annotations

import polars as pl


def difference(ours: pl.Expr) -> pl.Expr:
    """Ours less theirs in minor units, null where the lender gave no figure."""
    return (ours - pl.col("ledger_overdue_minor")).alias("ledger_difference_minor")


def within(tolerance_minor: int) -> pl.Expr:
    """Whether `ledger_difference_minor` is at most the tolerance either way; null without a figure."""
    return (pl.col("ledger_difference_minor").abs() <= tolerance_minor).alias("agrees")


def breaks(standing: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The accounts on which we and the ledger differ, the largest difference first.

    One row per account, whoever is liable: `account`, `creditor`, `currency`, `ledger_as_of`,
    `ours_minor`, `theirs_minor`, `difference_minor`.
    """
    heads = accounts.select(
        "person", "account", "creditor", "currency", "ledger_as_of", theirs_minor="ledger_overdue_minor"
    )
    return (
        standing.filter(~pl.col("agrees"))
        .join(heads, on=["person", "account"])
        .unique("account", keep="any")
        .select(
            "account",
            "creditor",
            "currency",
            "ledger_as_of",
            (pl.col("theirs_minor") + pl.col("ledger_difference_minor")).alias("ours_minor"),
            "theirs_minor",
            pl.col("ledger_difference_minor").alias("difference_minor"),
        )
        .sort(pl.col("difference_minor").abs(), "account", descending=[True, False])
    )
