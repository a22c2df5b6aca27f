"""When something is due, and until when something is kept: days counted from a day, pure arithmetic.

A deadline never lets an act pass nor stops one; whoever plans asks it here. Of business days that no
calendar knows, the answer is None: nobody guesses a holiday.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duly.law import duties
from duly.law.calendars import UNKNOWN, Calendars
from duly.law.duties import Period

_ONE = timedelta(days=1)
_MOMENTS = {Period.MINUTES: timedelta(minutes=1), Period.HOURS: timedelta(hours=1)}


@dataclass(frozen=True)
class Due:
    """The days on which it is done in time: not before `first` (None: at once), at the latest on `last`.

    `last` None: the calendar that would tell is not known.
    """

    first: date | None
    last: date | None


def due(term: duties.Deadline, triggered: date, calendars: Calendars, *, through: date) -> Iterator[Due]:
    """What falls due after the trigger's day, repeats up to `through` included; nothing where no text gives a time.

    Raises ValueError for a deadline of minutes or hours: ask `moment`.
    """
    if term.within is None:
        return
    if term.before:
        latest = back(term.least, triggered, calendars) if term.least else triggered
        yield Due(back(term.within, triggered, calendars), latest)
        return
    start = triggered - _ONE if term.trigger_day_counts else triggered
    first = day(term.within, start, calendars)
    yield Due(None, first)
    if term.repeat_every is None or first is None:
        return
    # Each from the first and not from the one before: else the 31st becomes the 28th for good.
    number = 1
    while True:
        last = day(_times(term.repeat_every, number), first, calendars)
        if last is not None and last > through:
            return
        yield Due(None, last)
        if last is None:
            return
        number += 1


def day(length: duties.Length, start: date, calendars: Calendars) -> date | None:
    """The last day of the length, the day it starts from not counted."""
    match length.period:
        case Period.DAYS:
            return start + timedelta(days=length.n)
        case Period.BUSINESS_DAYS:
            return _working(length, start, calendars, _ONE)
        case Period.MONTHS:
            return months_on(start, length.n)
        case Period.YEARS:
            return months_on(start, 12 * length.n)
        case _:
            raise ValueError(f"{length.period.value} are not counted in days")


def back(length: duties.Length, start: date, calendars: Calendars) -> date | None:
    """The day that lies the length before."""
    match length.period:
        case Period.DAYS:
            return start - timedelta(days=length.n)
        case Period.BUSINESS_DAYS:
            return _working(length, start, calendars, -_ONE)
        case Period.MONTHS:
            return months_on(start, -length.n)
        case Period.YEARS:
            return months_on(start, -12 * length.n)
        case _:
            raise ValueError(f"{length.period.value} are not counted in days")


def moment(length: duties.Length, start: datetime) -> datetime:
    """The last second of a length of minutes or hours."""
    return start + _MOMENTS[length.period] * length.n


def months_on(start: date, n: int) -> date:
    """The same day of the month n months on, or the month's last where it has no such day."""
    month = start.year * 12 + start.month - 1 + n
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(start.day, months.monthrange(year, month)[1]))


def _working(length: duties.Length, start: date, calendars: Calendars, step: timedelta) -> date | None:
    known = calendars.get(length.calendar or "", UNKNOWN)
    found, left = start, length.n
    while left:
        found += step
        off = known.is_off(found)
        if off is None:
            return None
        left -= not off
    return found


def _times(length: duties.Length, number: int) -> duties.Length:
    return duties.Length(n=length.n * number, period=length.period, calendar=length.calendar)
