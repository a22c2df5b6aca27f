"""Sums within each debt are exact though the sum over all debts wraps around."""

from __future__ import annotations

import polars as pl

from duly.book import running

LARGE = 2**61


def test_the_sum_over_all_debts_may_be_more_than_64_bits_hold() -> None:
    """Forty debts of three rows of 2**61 are fifteen times what an int64 holds; each debt alone fits."""
    rows = pl.DataFrame({"key": [number // 3 for number in range(120)], "amount": [LARGE] * 120})

    found = rows.select(up_to=running.up_to(pl.col("amount")), whole=running.whole(pl.col("amount")))

    assert found["up_to"].to_list() == [LARGE, 2 * LARGE, 3 * LARGE] * 40
    assert set(found["whole"]) == {3 * LARGE}


def test_the_earliest_day_of_a_debt_reaches_all_of_its_rows_and_no_other() -> None:
    """A debt without any keeps none, also between two that have one."""
    rows = pl.DataFrame({"key": [1, 1, 1, 2, 2, 3], "day": [None, 7, 9, None, None, 5]})

    found = rows.select(running.earliest(pl.col("day").cast(pl.Int32).cast(pl.Date)).cast(pl.Int32))

    assert found.to_series().to_list() == [7, 7, 7, None, None, 5]
