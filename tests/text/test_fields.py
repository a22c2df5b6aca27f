"""Figures and days become words: exactly, in both languages, in columns as in plain."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from babel import dates, numbers
from hypothesis import given
from hypothesis import strategies as st

from duly.model import money
from duly.text import fields
from duly.text.fields import Kind, Presence
from tests.text import material

MONEY = [field.source for field in fields.FIELDS.values() if field.kind is Kind.MONEY]
DATES = [field.source for field in fields.FIELDS.values() if field.kind is Kind.DATE]
SCHEMA: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "name": pl.String(),
    "dpd": pl.Int32(),
    **dict.fromkeys(MONEY, pl.Int64()),
    **dict.fromkeys(DATES, pl.Date()),
}

days = st.dates(date(1970, 1, 1), date(2100, 12, 31))
minors = st.one_of(
    st.none(),
    st.sampled_from(
        [0, 1, -1, 9, 10, 99, 100, 999, 99_999, 100_000, -100_000, money.MAX_MINOR, -money.MAX_MINOR]
    ),
    st.integers(-money.MAX_MINOR, money.MAX_MINOR),
)
records = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(sorted(money.EXPONENT)),
        "name": st.none() | material.hostile,
        "dpd": st.none() | st.integers(-400, 36_600),
        **dict.fromkeys(MONEY, minors),
        **dict.fromkeys([name for name in DATES if name != "as_of"], st.none() | days),
        "as_of": st.none() | days,
    }
)


@given(st.lists(records, min_size=1, max_size=8), st.sampled_from(fields.LOCALES))
def test_columns_say_what_the_plain_reading_says(rows: list[dict[str, object]], locale: str) -> None:
    """Every field of every record is the same string in both."""
    said = fields.localise(pl.DataFrame(rows, schema=SCHEMA), locale)

    assert said.to_dicts() == [fields.localise_one(row, locale) for row in rows]


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (123_000, "CNY", "1,230.00元", "CNY 1,230.00"),
        (1, "CNY", "0.01元", "CNY 0.01"),
        (99_999, "CNY", "999.99元", "CNY 999.99"),
        (100_000, "CNY", "1,000.00元", "CNY 1,000.00"),
        (100_000_000, "CNY", "1,000,000.00元", "CNY 1,000,000.00"),
        (-100_000, "CNY", "-1,000.00元", "CNY -1,000.00"),
        (1_230, "JPY", "1,230日元", "JPY 1,230"),
        (money.MAX_MINOR, "HKD", "100,000,000,000.00港元", "HKD 100,000,000,000.00"),
        (0, "CNY", "", ""),
        (None, "CNY", "", ""),
    ],
)
def test_amounts(minor: int | None, currency: str, zh: str, en: str) -> None:
    """Grouped, with the currency's own decimals; nothing is said of nothing."""
    frame = pl.DataFrame(
        {"currency": [currency], "overdue_minor": [minor]}, schema_overrides={"overdue_minor": pl.Int64}
    )

    assert fields.localise(frame, "zh-CN")["overdue_total"].to_list() == [zh]
    assert fields.localise(frame, "en")["overdue_total"].to_list() == [en]


@given(st.integers(1, money.MAX_MINOR))
def test_amounts_agree_with_cldr(minor: int) -> None:
    """Babel groups the same digits in the same way, in both languages."""
    plain = money.Money(minor=minor, currency="CNY").plain()
    grouped = {
        locale: numbers.format_decimal(plain, "#,##0.00", locale=locale.replace("-", "_"))
        for locale in fields.LOCALES
    }

    assert fields.amount_in_words(minor, "CNY", "zh-CN") == f"{grouped['zh-CN']}元"
    assert fields.amount_in_words(minor, "CNY", "en") == f"CNY {grouped['en']}"


@given(days)
def test_days_agree_with_cldr(day: date) -> None:
    """Babel writes the same day, with the year in English and, in Chinese, only where it is another one."""
    this_year, other_year = date(day.year, 7, 1), date(day.year + 1, 7, 1)

    assert fields.day_in_words(day, this_year, "en") == dates.format_date(day, "d MMMM y", locale="en")
    assert fields.day_in_words(day, this_year, "zh-CN") == dates.format_date(day, "M月d日", locale="zh_CN")
    assert fields.day_in_words(day, other_year, "zh-CN") == dates.format_date(
        day, "y年M月d日", locale="zh_CN"
    )


def test_the_year_is_named_from_new_year_on() -> None:
    """31 December and 1 January are a day apart, and only one of them is this year."""
    eve = date(2026, 12, 31)

    assert fields.day_in_words(eve, eve, "zh-CN") == "12月31日"
    assert fields.day_in_words(eve + timedelta(days=1), eve, "zh-CN") == "2027年1月1日"
    assert fields.day_in_words(eve, eve + timedelta(days=1), "zh-CN") == "2026年12月31日"


def test_order_and_kept_columns_stay() -> None:
    """Rows keep their order, and a kept key stands before the fields."""
    frame = pl.DataFrame({"message": ["b", "a"], "dpd": [2, 1]})

    assert fields.localise(frame, "en", keep=["message"]).rows() == [("b", "2"), ("a", "1")]


def test_an_unknown_currency_is_refused() -> None:
    """No sum is written under a name that nobody checked, nor without one."""
    for currency in ("XYZ", None):
        frame = pl.DataFrame(
            {"currency": [currency], "overdue_minor": [1]}, schema_overrides={"currency": pl.String}
        )
        with pytest.raises(ValueError, match="not a currency"):
            fields.localise(frame, "zh-CN")


def test_an_unknown_locale_is_refused() -> None:
    """In columns and plainly."""
    with pytest.raises(ValueError, match="no words for the locale 'fr'"):
        fields.localise(pl.DataFrame({"dpd": [1]}), "fr")
    with pytest.raises(ValueError, match="no words for the locale 'fr'"):
        fields.localise_one({"dpd": 1}, "fr")


def test_a_float_is_refused() -> None:
    """An amount that is not a whole number of minor units never becomes words."""
    with pytest.raises(TypeError, match="integer of minor units"):
        fields.amount_in_words(1.5, "CNY", "en")


def test_a_reminder_knows_nothing_of_arrears() -> None:
    """Before the due date there is no overdue sum to tell, and after it there always is."""
    reminder, overdue = fields.for_notice("due_soon"), fields.for_notice("overdue_first")

    assert "overdue_total" not in reminder
    assert reminder["next_due_total"].presence("due_soon") is Presence.ALWAYS
    assert overdue["overdue_total"].presence("overdue_first") is Presence.ALWAYS
    assert overdue["deadline"].presence("overdue_first") is Presence.SOMETIMES


def test_what_tells_of_the_person_is_marked_personal() -> None:
    """Only the sender's own particulars and the day of the figures are not."""
    public = {name for name, field in fields.FIELDS.items() if not field.personal}

    assert public == {
        "brand", "creditor", "as_of", "hotline", "official_url", "pay_how", "objection_how", "plan_how",
    }  # fmt: skip
