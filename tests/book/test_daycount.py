"""Days are counted as the markets count them: by plain dates, in columns, and by QuantLib."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
import QuantLib  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from duly.book import columns, daycount

THEIRS = {
    "actual/365": QuantLib.Actual365Fixed(),
    "actual/360": QuantLib.Actual360(),
    "30/360": QuantLib.Thirty360(QuantLib.Thirty360.BondBasis),
    "30E/360": QuantLib.Thirty360(QuantLib.Thirty360.European),
}
# The ends of months, where the conventions part.
DAY = st.one_of(
    st.dates(date(1990, 1, 1), date(2099, 12, 31)),
    st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(lambda day: day.replace(day=1) - timedelta(days=1)),
)


def of(day: date) -> QuantLib.Date:
    """The same day in QuantLib."""
    return QuantLib.Date(day.day, day.month, day.year)


def test_every_basis_has_a_year_and_a_stranger() -> None:
    """What a contract may say, what we can reckon and what was compared are the same list."""
    assert set(daycount.YEAR) == columns.DAY_COUNTS == set(THEIRS)


@given(pairs=st.lists(st.tuples(DAY, DAY), min_size=1, max_size=40), basis=st.sampled_from(sorted(THEIRS)))
def test_days_and_years_are_those_of_quantlib(pairs: list[tuple[date, date]], basis: str) -> None:
    """Over random dates and ends of months; and the columns count as the plain dates do."""
    spans = [(min(pair), max(pair)) for pair in pairs]

    plain = [daycount.between(start, end, basis) for start, end in spans]
    frame = pl.DataFrame(spans, schema={"start": pl.Date, "end": pl.Date}, orient="row")
    columnar = frame.select(daycount.days(pl.col("start"), pl.col("end"), pl.lit(basis))).to_series()

    assert plain == [THEIRS[basis].dayCount(of(start), of(end)) for start, end in spans]
    assert columnar.to_list() == plain
    for (start, end), days in zip(spans, plain, strict=True):
        assert THEIRS[basis].yearFraction(of(start), of(end)) == pytest.approx(days / daycount.YEAR[basis])


@pytest.mark.parametrize(
    ("start", "end", "basis", "days"),
    [
        (date(2028, 2, 28), date(2028, 3, 1), "actual/365", 2),
        (date(2028, 2, 28), date(2028, 3, 1), "30/360", 3),
        (date(2026, 1, 31), date(2026, 3, 31), "30/360", 60),
        (date(2026, 1, 29), date(2026, 3, 31), "30/360", 62),
        (date(2026, 1, 29), date(2026, 3, 31), "30E/360", 61),
        (date(2026, 5, 5), date(2026, 5, 5), "30E/360", 0),
    ],
)
def test_the_bases_part_at_the_ends_of_months(start: date, end: date, basis: str, days: int) -> None:
    """A leap day, a 31st at either end, and a day that is both."""
    assert daycount.between(start, end, basis) == days
