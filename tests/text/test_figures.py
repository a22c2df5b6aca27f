"""The sums in a text are read as a person would read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.model import money
from duly.text import fields, figures

# (text, value in minor units of CNY or None, whether it may be CNY)
SUMS = [
    ("欠1,230.00元", 123_000, True),
    ("￥1230", 123_000, True),
    ("¥ 1,230.5", 123_050, True),
    ("１，２３０.00元", 23_000, True),  # a full-width comma parts sentences
    ("１２３０．００元", 123_000, True),
    ("٣٫٥ 3.50", 350, True),
    ("CNY 1,230.00", 123_000, True),
    ("RMB1230", 123_000, True),
    ("人民币1230元", 123_000, True),
    ("1230 yuan", 123_000, True),
    ("1,230.00", 123_000, True),
    ("1,230", 123_000, True),
    ("1.2万元", 1_200_000, True),
    ("3千块", 300_000, True),
    ("5w", 5_000_000, True),
    ("-5.00元", -500, True),
    ("一千二百元", None, True),
    ("two thousand yuan", None, True),
    ("12,30.00元", None, True),
    ("1.234元", None, True),
    ("USD 5.00", 500, False),
    ("$5", 500, False),
    ("5.00美元", 500, False),
    ("USD 5.00元", 500, False),
    ("500 dollars", 50_000, False),
]


@pytest.mark.parametrize(("text", "minor", "agrees"), SUMS)
def test_a_sum_is_read(text: str, minor: int | None, agrees: bool) -> None:
    """Its value, or that it cannot be computed, and whether the words beside it can mean the currency."""
    (found,) = figures.sums(figures.fold(text), "CNY")

    assert (found.minor, figures.agrees(found, "CNY")) == (minor, agrees)


@pytest.mark.parametrize(
    "text",
    ["尾号1234", "11月20日", "2026年", "逾期33天", "18.25%", "利率5%", "400-000-0000", "第3期", "V2.5"],
)
def test_other_numbers_are_no_sums(text: str) -> None:
    """Days, tails, rates and telephone numbers."""
    assert figures.sums(text, "CNY") == ()


def test_several_sums_are_read_in_order() -> None:
    """Each with its place; a full-width comma does not join two of them."""
    found = figures.sums("共8,156.20元，本金8,000.00元，2期", "CNY")

    assert [(one.minor, one.start) for one in found] == [(815_620, 1), (800_000, 13)]


@given(st.integers(1, money.MAX_MINOR), st.sampled_from(["zh-CN", "en"]))
def test_what_fields_write_is_read_back(minor: int, locale: str) -> None:
    """The words for an amount name exactly that amount."""
    words = fields.amount_in_words(minor, "CNY", locale)
    (found,) = figures.sums(f"应还{words}，请还", "CNY")

    assert found.minor == minor
    assert figures.agrees(found, "CNY")


@given(st.text(max_size=30))
def test_folding_keeps_every_place(text: str) -> None:
    """Character for character, so that a place in one is a place in the other."""
    assert len(figures.fold(text)) == len(text)
