"""Local time as the plain reading needs it: what a clock shows at an instant, and when it shows a time.

Instants are whole seconds since 1970 in UTC. A wall time can come twice (clocks put back) or never (put
forward), so `wall` answers with as many instants. What a clock does on a day is asked again and again, and remembered.
"""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = 86_400
_EPOCH = date(1970, 1, 1)
_REMEMBERED = 1 << 16


def local(instant: int, zone: str) -> datetime:
    """What the clock and the calendar show in the zone."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


def second_of_day(moment: datetime) -> int:
    """Seconds after midnight shown by the clock."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def instant(moment: datetime) -> int:
    """The aware moment as seconds since 1970."""
    return int(moment.timestamp())


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def offset(seconds: int, zone: str) -> int:
    """The zone's distance from UTC at the instant, in seconds, east positive."""
    distance = local(seconds, zone).utcoffset()
    return 0 if distance is None else int(distance.total_seconds())


@functools.lru_cache(_REMEMBERED)
def wall(day: date, second: int, zone: str) -> tuple[int, ...]:
    """The instants at which the zone's clock shows `second` of `day`: none, one or two.

    86400 is the next midnight.
    """
    shown = (day - _EPOCH).days * _DAY + second
    # Whatever the clock does that day, it goes by the offset of the day before or of the day after.
    offsets = {offset(shown - _DAY, zone), offset(shown + _DAY, zone)}
    return tuple(sorted(shown - one for one in offsets if offset(shown - one, zone) == one))


@functools.lru_cache(_REMEMBERED)
def shift(start: int, end: int, zone: str) -> tuple[int, ...]:
    """The instant within (start, end], a day or less, at which the zone's offset changes, if it does."""
    before, after = offset(start, zone), offset(end, zone)
    if before == after:
        return ()
    while end - start > 1:
        middle = (start + end) // 2
        if offset(middle, zone) == before:
            start = middle
        else:
            end = middle
    return (end,)


def day_start(day: date, zone: str) -> int:
    """The first instant of the local day, also where its midnight was skipped."""
    at_midnight = wall(day, 0, zone)
    if at_midnight:
        return at_midnight[0]
    noon_before = wall(day - timedelta(days=1), _DAY // 2, zone)[0]
    return shift(noon_before, noon_before + _DAY, zone)[0]
