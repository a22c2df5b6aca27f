"""One segment of overdue interest: exact, and rounded by the rule that was named."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.book import interest
from duly.model import money
from duly.model.money import Rounding


def columnar(cases: list[tuple[int, int, int, int]], rounding: Rounding) -> list[int]:
    """The product's answers for (principal, ppm, days, year_days)."""
    frame = pl.DataFrame(
        cases, schema={"p": pl.Int64, "r": pl.Int64, "d": pl.Int64, "y": pl.Int32}, orient="row"
    )
    answer = interest.accrued(pl.col("p"), pl.col("r"), pl.col("d"), pl.col("y"), rounding)
    series = frame.select(answer.alias("x"))["x"]
    assert series.dtype == pl.Int64
    return series.to_list()


CASE = st.tuples(
    st.one_of(st.integers(0, 10**6), st.integers(0, money.MAX_MINOR), st.just(money.MAX_MINOR)),
    st.one_of(st.integers(0, money.MAX_PPM), st.sampled_from([0, money.MAX_PPM])),
    st.one_of(st.integers(0, money.MAX_DAYS), st.sampled_from([0, 1, money.MAX_DAYS])),
    st.sampled_from([360, 365]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CASE, min_size=1, max_size=30), st.sampled_from(Rounding))
def test_a_column_of_segments_equals_integer_arithmetic(
    cases: list[tuple[int, int, int, int]], rounding: Rounding
) -> None:
    """Over the whole range of DESIGN D5 and all four roundings."""
    exact = [money.divide(p * r * d, y * money.PPM, rounding) for p, r, d, y in cases]

    assert columnar(cases, rounding) == exact


@pytest.mark.parametrize(
    ("rounding", "half", "just_below", "one_and_a_half"),
    [
        (Rounding.HALF_UP, 1, 0, 2),
        (Rounding.HALF_EVEN, 0, 0, 2),
        (Rounding.DOWN, 0, 0, 1),
        (Rounding.UP, 1, 1, 2),
    ],
)
def test_ties_fall_as_the_named_rounding_says(
    rounding: Rounding, half: int, just_below: int, one_and_a_half: int
) -> None:
    """10.00 at 18.25 % is exactly half a cent a day; 9.99 is just below."""
    cases = [(1_000, 182_500, 1, 365), (999, 182_500, 1, 365), (1_000, 182_500, 3, 365)]

    assert columnar(cases, rounding) == [half, just_below, one_and_a_half]


def test_a_float_would_have_been_wrong() -> None:
    """45,325.70 at 15 % for a year is a tie that binary fractions miss."""
    in_floats = round(4_532_570 / 100 * 0.15 * (365 / 365), 2)

    assert columnar([(4_532_570, 150_000, 365, 365)], Rounding.HALF_UP) == [679_886]
    assert in_floats == 6_798.85
