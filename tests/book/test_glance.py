"""A batch read at a glance is the batch read cell by cell, and what is wrong is found either way."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from duly.book import convert, feeds, glance
from duly.book.mapping import FeedMapping, RateUnit, Unit

ON = date(2026, 11, 23)
FAR = (ON + timedelta(days=36_601)).isoformat()
CELLS = {
    "account": st.one_of(
        st.sampled_from(["A1", "A" * 64, "A" * 65, "账1", "a b", "a\u202eb", ""]), st.text(max_size=4)
    ),
    "seq": st.sampled_from(["1", "007", "999999999", "1234567890", "-1", "1.0", "١", ""]),
    "due_on": st.sampled_from(["2026-01-31", "2026-02-30", "0001-01-01", FAR, "31.1.2026", ""]),
    "principal": st.sampled_from(
        [
            "1.00",
            "0.10",
            "10000000000.00",
            "100000000000.01",
            "1",
            "1.5",
            "1.005",
            "1.500",
            "-1.00",
            "+1.00",
            "1,00",
            "00000000000000000000.10",
            "99999999999999999999.00",
            "１.00",
            ".10",
            "1.",
            "",
        ]
    ),
    "interest": st.sampled_from(["0.00", "2.50", "x", ""]),
    "fee": st.just("0"),
}
COLUMNS = {name: name for name in CELLS}


def mapped(money: Unit = Unit.DECIMAL) -> FeedMapping:
    """The instalments, each column under its own name."""
    return FeedMapping(
        name="instalments",
        files="-",
        columns=COLUMNS,
        values={},
        fixed={},
        money=money,
        rates=RateUnit.PERCENT,
    )


def batch(rows: list[dict[str, str]]) -> pl.DataFrame:
    """The cells as a file gives them."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String()))
    return frame.with_columns(file=pl.lit("f.csv"), line=pl.int_range(2, len(rows) + 2, dtype=pl.Int64))


@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=5), st.sampled_from(list(Unit)))
def test_a_row_is_read_alike_whatever_stands_beside_it(rows: list[dict[str, str]], money: Unit) -> None:
    """One doubtful cell has its whole column read cell by cell; a row alone is mostly told at a glance."""
    together = convert.typed(batch(rows), mapped(money), as_of=ON)
    alone = [convert.typed(batch(rows)[at : at + 1], mapped(money), as_of=ON) for at in range(len(rows))]

    assert_frame_equal(together.good, pl.concat(one.good for one in alone))
    order = ["line", "field"]
    assert_frame_equal(together.bad.sort(order), pl.concat(one.bad for one in alone).sort(order))
    totals = [one.total for one in alone]
    assert together.total == (None if None in totals else sum(total or 0 for total in totals))


@pytest.mark.parametrize(
    ("ours", "cell", "fine"),
    [
        ("account", "A" * glance.LONGEST_ID, True),
        ("account", "A" * (glance.LONGEST_ID + 1), False),
        ("account", "", False),
        ("principal", "100000000000.00", True),
        ("principal", "100000000000.01", False),
        ("principal", "1.0", False),
        ("seq", "999999999", True),
        ("seq", "1000000000", False),
        ("due_on", (ON + timedelta(days=36_600)).isoformat(), True),
        ("due_on", FAR, False),
    ],
)
def test_what_is_told_at_a_glance_and_what_is_not(ours: str, cell: str, fine: bool) -> None:
    """Both sides of each bound; a column with an empty cell that every row needs is looked at too."""
    column = feeds.FEEDS["instalments"][ours]
    values = {"account": pl.col("raw.account"), "principal": pl.lit(0), "seq": pl.col("raw.seq").cast(pl.Int32),
              "due_on": pl.col("raw.due_on").str.to_date()}  # fmt: skip
    seen = glance.at(ours, column, values[ours], scale=2, as_of=ON)
    raw = pl.DataFrame({f"raw.{ours}": [cell or None]}, schema={f"raw.{ours}": pl.String()})

    assert raw.with_columns(seen.value.alias(ours)).select(seen.fine).item() is fine
