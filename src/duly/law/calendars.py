"""Which days are working days, holidays and days off, as somebody wrote them down.

A calendar says nothing of a day outside the years it was given for: nobody computes a holiday here. A day
that is not known holds whatever depends on it, and names the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_ONE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days from `since` to `until`, both inclusive, None open: which weekdays and which dates are off.

    `working` are days of the weekend that were made working days in exchange, as in China.
    """

    since: date | None
    until: date | None
    weekend: frozenset[int]  # Monday is 0
    holidays: frozenset[date]
    working: frozenset[date]

    def __post_init__(self) -> None:
        if self.holidays & self.working:
            raise ValueError("a day cannot be both a holiday and a working day")

    def covers(self, day: date) -> bool:
        """Whether the day lies within these."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Calendar:
    """Days of several sources. The first that covers a day speaks of it: the law's before the lender's."""

    parts: tuple[Days, ...] = ()

    def part(self, day: date) -> Days | None:
        """What speaks of the day; None where nobody does."""
        return next((part for part in self.parts if part.covers(day)), None)

    def is_holiday(self, day: date) -> bool | None:
        """Whether the day is named as a holiday; None when nobody knows."""
        part = self.part(day)
        return None if part is None else day in part.holidays

    def is_off(self, day: date) -> bool | None:
        """Whether the day is no working day; None when nobody knows."""
        part = self.part(day)
        if part is None:
            return None
        return day in part.holidays or (day.weekday() in part.weekend and day not in part.working)

    def nth_working(self, first: date, n: int) -> date | None:
        """The n-th working day from `first` on, `first` included; None when a day on the way is unknown."""
        day = first
        while True:
            off = self.is_off(day)
            if off is None:
                return None
            n -= not off
            if n == 0:
                return day
            day += _ONE


Calendars = Mapping[str, Calendar]
UNKNOWN = Calendar()


def working_days(calendar: Calendar, first: date, last: date) -> Iterator[date]:
    """The working days known within the two days, both inclusive, in order."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if calendar.is_off(day) is False:
            yield day
