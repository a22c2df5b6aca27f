"""Parts are counted as they are billed: every character in the mainland, septets and UCS-2 units elsewhere."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.text import segment
from duly.text.segment import Count, Market
from duly.wire import sms

CN = [
    ("", 1, 0),
    ("a" * 70, 1, 70),
    ("a" * 71, 2, 71),
    ("甲" * 70, 1, 70),
    ("甲" * 71, 2, 71),
    ("甲" * 134, 2, 134),
    ("甲" * 135, 3, 135),
    ("【晨曦】" + "甲" * 66, 1, 70),
    ("【晨曦】" + "甲" * 67, 2, 71),
    ("𠮷" * 35, 1, 70),
    ("𠮷" * 35 + "a", 2, 71),
    ("a" * 67 * 300, 300, 67 * 300),
]
GSM = [
    ("", 1, 0),
    ("a" * 160, 1, 160),
    ("a" * 161, 2, 161),
    ("a" * 306, 2, 306),
    ("a" * 307, 3, 307),
    ("€" * 80, 1, 160),
    ("€" * 80 + "a", 2, 161),
    # An escape pair is never cut: 152 + pair fits 153 only without it.
    ("a" * 152 + "€" + "a" * 152, 3, 306),
    ("a" * 151 + "€" + "a" * 153, 2, 306),
    ("甲" * 70, 1, 70),
    ("甲" * 71, 2, 71),
    ("甲" * 66 + "😀" + "甲" * 66, 3, 134),
    ("甲" * 65 + "😀" + "甲" * 67, 2, 134),
    ("a" * 71 + "’", 2, 72),
]


@pytest.mark.parametrize(("text", "billed", "units"), CN)
def test_the_mainland_bills_every_character(text: str, billed: int, units: int) -> None:
    """70 in one part, 67 in each of several, ASCII and signature alike."""
    assert segment.count(text, Market.CN) == Count(billed=billed, units=units)


@pytest.mark.parametrize(("text", "billed", "units"), GSM)
def test_elsewhere_the_parts_on_the_air_are_billed(text: str, billed: int, units: int) -> None:
    """160 and 153 septets, 70 and 67 units; no pair is cut."""
    assert segment.count(text, Market.GSM) == Count(billed=billed, units=units)


runs = st.lists(
    st.tuples(st.sampled_from("a[€{😀甲𠮷é\n") | st.characters(codec="utf-8"), st.integers(1, 120)),
    max_size=6,
).map(lambda pairs: "".join(char * times for char, times in pairs))


@settings(max_examples=300)
@given(st.lists(runs, min_size=1, max_size=5), st.sampled_from(list(Market)))
def test_columns_count_the_same(texts: list[str], market: Market) -> None:
    """Row by row, pairs at the cut included."""
    counted = segment.columnar(pl.Series(texts, dtype=pl.String), market)

    assert counted.rows() == [
        (found.billed, found.units) for found in (segment.count(text, market) for text in texts)
    ]


@given(runs)
def test_what_is_billed_on_the_air_is_what_the_wire_cuts(text: str) -> None:
    """The count is the number of segments that will be handed over."""
    assert segment.count(text, Market.GSM).billed == len(sms.split(text, reference=7))


def test_half_a_character_is_refused() -> None:
    """A lone surrogate cannot be sent, so it is not priced."""
    for market in Market:
        with pytest.raises(UnicodeError):
            segment.count("a\ud800", market)


def test_more_parts_than_there_can_be_are_refused() -> None:
    """255 segments are the most the header can number; in columns as in plain."""
    assert segment.count("a" * 153 * 255, Market.GSM).billed == 255
    with pytest.raises(ValueError, match="at most 255"):
        segment.count("a" * (153 * 255 + 1), Market.GSM)
    with pytest.raises(ValueError, match="at most 255"):
        segment.columnar(pl.Series(["a" * (153 * 255 + 1)]), Market.GSM)
