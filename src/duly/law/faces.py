"""Clock faces: what the clock of a zone shows at an instant, looked up once for each day and not for each question."""

from __future__ import annotations

import functools

from duly.law import clocks
from duly.law.terms import DAY_SECONDS


class Face:
    """The clock of one zone. It remembers, for each day of UTC it was asked about, by which offset it goes."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._days: dict[int, tuple[int, int, int]] = {}

    def shown(self, at: int) -> tuple[int, int]:
        """The day (counted from 1970) and the second of that day which the clock shows."""
        day = at // DAY_SECONDS
        before, turn, after = self._days.get(day) or self._learn(day)
        return divmod(at + (before if at < turn else after), DAY_SECONDS)

    def _learn(self, day: int) -> tuple[int, int, int]:
        """The offset at the beginning of the day, the instant it changes, and the offset from then on."""
        start, end = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
        turns = clocks.shift(start, end, self.zone)
        self._days[day] = (
            clocks.offset(start, self.zone),
            turns[0] if turns else end,
            clocks.offset(end, self.zone),
        )
        return self._days[day]


@functools.cache
def face(zone: str) -> Face:
    """The one face of the zone: the time zone database does not change while we run."""
    return Face(zone)


def clock_time(second: int) -> str:
    """A second of the day as a clock writes it."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
