"""The day and the sum of a promise, where they are exact."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.text import numerals, promise
from tests.text import material

MONDAY = date(2026, 11, 23)

DAYS = [
    ("今天还", date(2026, 11, 23)), ("明天还", date(2026, 11, 24)), ("后天", date(2026, 11, 25)),
    ("大后天", date(2026, 11, 26)),
    ("23号还", date(2026, 11, 23)), ("22号还", date(2026, 12, 22)), ("十五号", date(2026, 12, 15)),
    ("11月30日", date(2026, 11, 30)), ("11月22日", date(2027, 11, 22)), ("2027年1月5日", date(2027, 1, 5)),
    ("下个月10号", date(2026, 12, 10)), ("周一", date(2026, 11, 23)), ("周日", date(2026, 11, 29)),
    ("下周一", date(2026, 11, 30)), ("下星期天", date(2026, 12, 6)), ("月底", date(2026, 11, 30)),
    ("下月底", date(2026, 12, 31)), ("3天内", date(2026, 11, 26)), ("两周后", date(2026, 12, 7)),
    ("一个星期之内", date(2026, 11, 30)), ("2026-12-01", date(2026, 12, 1)), ("2026/12/1", date(2026, 12, 1)),
    ("tomorrow", date(2026, 11, 24)), ("day after tomorrow", date(2026, 11, 25)), ("tonight", date(2026, 11, 23)),
    ("on Friday", date(2026, 11, 27)), ("Monday", date(2026, 11, 23)), ("next Monday", date(2026, 11, 30)),
    ("by the 15th", date(2026, 12, 15)), ("5 December", date(2026, 12, 5)), ("the 5th of Dec", date(2026, 12, 5)),
    ("December 5th, 2026", date(2026, 12, 5)), ("Nov 22", date(2027, 11, 22)), ("within 3 days", date(2026, 11, 26)),
    ("in 2 weeks", date(2026, 12, 7)), ("end of the month", date(2026, 11, 30)),
    ("end of next month", date(2026, 12, 31)),
    ("过几天", None), ("soon", None), ("下个月", None), ("15/12", None), ("31号", None), ("2月29日", None),
    ("June 31", None), ("may be", None),
    ("99999天后", None), ("366天后", date(2027, 11, 24)), ("367天后", None),
    ("2026年11月22日", None), ("第3期", None), ("", None),
]  # fmt: skip
SUMS = [
    ("还500元", 50_000), ("还500", 50_000), ("明天还1,000.50元", 100_050), ("还五百块", 50_000), ("还两千", 200_000),
    ("先付两千五百元", 250_000), ("还1.5万", 1_500_000), ("pay 300", 30_000), ("CNY 300", 30_000), ("¥300", 30_000),
    ("pay 300 yuan on the 5th", 30_000), ("还15号", None), ("还二十号的", None),
    ("还一半", None), ("还3天", None), ("USD 300", None),
    ("pay 15 Dec", 1_500), ("还两三天", None), ("我会还", None), ("-500元", None),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "day"), DAYS)
def test_a_day_is_read(reply: str, day: date | None) -> None:
    """Counted from Monday, 23 November 2026; a day that cannot be is none."""
    assert promise.stated(reply, on=MONDAY, currency="CNY").on == day


@pytest.mark.parametrize(("reply", "minor"), SUMS)
def test_a_sum_is_read(reply: str, minor: int | None) -> None:
    """In minor units; what counts days is no sum."""
    assert promise.stated(reply, on=MONDAY, currency="CNY").minor == minor


def test_without_the_day_it_came_only_full_dates_are_read() -> None:
    """A relative day means nothing by itself."""
    assert promise.stated("明天", on=None, currency="CNY").on is None
    assert promise.stated("the 5th", on=None, currency="CNY").on is None
    assert promise.stated("2026年12月1日", on=None, currency="CNY").on == date(2026, 12, 1)
    assert promise.stated("5 Dec 2026", on=None, currency="CNY").on == date(2026, 12, 1).replace(day=5)


@given(
    material.hostile
    | st.text(st.sampled_from("0123456789年月日号周下个一二十千万还元.,/- thstndmayjune"), max_size=20)
)
def test_no_reply_makes_it_fail(reply: str) -> None:
    """Whatever is written, the answer is a day or none, and a positive sum or none."""
    found = promise.stated(reply, on=MONDAY, currency="CNY")

    assert found.on is None or found.on.year >= 1
    assert found.minor is None or found.minor > 0


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("零", 0), ("十", 10), ("十五", 15), ("二十五", 25), ("两百", 200),
        ("三百二", 320), ("一百零五", 105), ("一百一十", 110),
        ("五百", 500), ("两千五", 2_500), ("一千零五", 1_005),
        ("一万二", 12_000), ("十二万三千", 123_000), ("壹仟贰佰", 1_200),
        ("", None), ("万", None), ("百", None), ("五五", None), ("十百", None), ("一百千", None), ("二元", None),
    ],
)  # fmt: skip
def test_numerals_are_read(written: str, number: int | None) -> None:
    """As they are spoken; what is no number is none."""
    assert numerals.parse(written) == number
