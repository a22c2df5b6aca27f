"""Days that are due and times of keeping: pure arithmetic, both sides of each boundary."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime

import pytest

from duly.law import calendars, deadlines, duties
from duly.law.duties import Length, Period

DAYS = calendars.Days(
    since=date(2026, 1, 1),
    until=date(2026, 12, 31),
    weekend=frozenset({5, 6}),
    holidays=frozenset({date(2026, 11, 26)}),
    working=frozenset({date(2026, 11, 21)}),
)
KNOWN = {"cal": calendars.Calendar((DAYS,))}
WORDS = {"zh": "某事", "en": "something"}


def deadline(within: Length | None, **changed: object) -> duties.Deadline:
    """A deadline after something."""
    taken: dict[str, object] = {
        "trigger": WORDS, "what": WORDS, "within": within, "least": None, "before": False,
        "repeat_every": None, "until": None,
    }  # fmt: skip
    return duties.Deadline(**(taken | changed))  # type: ignore[arg-type]


def due(term: duties.Deadline, on: date, most: int = 9) -> list[deadlines.Due]:
    """What is due."""
    return list(itertools.islice(deadlines.due(term, on, KNOWN, through=date(2028, 12, 31)), most))


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 28), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_on_their_last(start: date, n: int, expected: date) -> None:
    """From the 31st, over a leap year, and backwards."""
    assert deadlines.months_on(start, n) == expected


def test_fourteen_days_beginning_with_the_day_of_the_trigger_are_one_day_fewer_after_it() -> None:
    """From the 1st the last day is the 14th; where the day is not counted it is the 15th."""
    fourteen = Length(n=14, period=Period.DAYS)

    counted = deadline(fourteen, trigger_day_counts=True)
    assert due(counted, date(2026, 8, 1)) == [deadlines.Due(None, date(2026, 8, 14))]
    assert due(deadline(fourteen), date(2026, 8, 1)) == [deadlines.Due(None, date(2026, 8, 15))]


def test_ten_business_days_over_a_holiday_and_a_day_worked_in_exchange() -> None:
    """From Friday the 13th: Saturday the 21st is worked, Thursday the 26th is off."""
    ten = deadline(Length(n=10, period=Period.BUSINESS_DAYS, calendar="cal"))

    assert due(ten, date(2026, 11, 13)) == [deadlines.Due(None, date(2026, 11, 27))]


def test_a_day_no_calendar_knows_gives_no_day() -> None:
    """The answer is None and not a guess."""
    ten = deadline(Length(n=10, period=Period.BUSINESS_DAYS, calendar="cal"))

    assert due(ten, date(2026, 12, 25)) == [deadlines.Due(None, None)]
    assert list(deadlines.due(ten, date(2026, 11, 13), {}, through=date.max)) == [deadlines.Due(None, None)]


def test_repeats_are_counted_from_the_first_so_that_the_31st_comes_back() -> None:
    """Fourteen days after 17 August is the 31st; the last repeat asked for is in, the next is not."""
    term = deadline(Length(n=14, period=Period.DAYS), repeat_every=Length(n=6, period=Period.MONTHS))
    found = deadlines.due(term, date(2026, 8, 17), KNOWN, through=date(2027, 8, 31))

    assert [one.last for one in found] == [date(2026, 8, 31), date(2027, 2, 28), date(2027, 8, 31)]
    assert len(list(deadlines.due(term, date(2026, 8, 17), KNOWN, through=date(2027, 8, 30)))) == 2


def test_days_before_an_event_have_a_first_and_a_last() -> None:
    """Three to ten business days before 27 November."""
    term = deadline(
        Length(n=10, period=Period.BUSINESS_DAYS, calendar="cal"),
        least=Length(n=3, period=Period.BUSINESS_DAYS, calendar="cal"),
        before=True,
    )

    assert due(term, date(2026, 11, 27)) == [deadlines.Due(date(2026, 11, 13), date(2026, 11, 23))]


def test_what_no_text_gives_a_time_for_is_never_due() -> None:
    """A null stays a null."""
    assert due(deadline(None), date(2026, 11, 13)) == []


def test_minutes_and_hours_are_moments_and_no_days() -> None:
    """Five minutes after; asking for a day is refused."""
    five = Length(n=5, period=Period.MINUTES)
    at = datetime(2026, 11, 23, 9, 58, tzinfo=UTC)

    assert deadlines.moment(five, at) == datetime(2026, 11, 23, 10, 3, tzinfo=UTC)
    assert deadlines.moment(Length(n=2, period=Period.HOURS), at).hour == 11
    with pytest.raises(ValueError, match="minutes"):
        due(deadline(five), date(2026, 11, 23))
