"""Windows of local time as stretches of absolute time, for the columnar reading.

The plain reading asks what a clock shows at one instant. This one lays all windows of a period out on the
time line beforehand, offset by offset, so that a frame of instants is answered by binary search; the two
ways to the same answer are what the differential tests compare.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.law import clocks, hours, terms
from duly.law.calendars import UNKNOWN, Calendar

_DAY = terms.DAY_SECONDS
NEVER = 1 << 42  # beyond every instant, and small enough that sums of a few do not overflow
_THURSDAY = 3  # 1970-01-01, with Monday as 0
_SUNDAY = 6
_ORDINAL = date(1970, 1, 1).toordinal()

Stretch = tuple[int, int]  # first second, and the first second after


def offsets(zone: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """The stretches of [start, end) with one offset from UTC each: (start, end, offset in seconds)."""
    found: list[tuple[int, int, int]] = []
    begun = start
    for day in range(start, end, _DAY):
        for change in clocks.shift(day, min(day + _DAY, end), zone):
            found.append((begun, change, clocks.offset(begun, zone)))
            begun = change
    if begun < end:
        found.append((begun, end, clocks.offset(begun, zone)))
    return found


@dataclass(frozen=True)
class Look:
    """How a window is laid out: by which calendar, and with which hours the debtor stated in place or besides.

    `perhaps`: a day no calendar knows is laid out as open all day, instead of as closed.
    """

    window: terms.Window
    calendar: Calendar = UNKNOWN
    stated: tuple[str, ...] = ()
    perhaps: bool = False

    def on(self, day: int) -> list[Stretch]:
        """The stretches of the day (days since 1970), in seconds of the day."""
        weekday = (day + _THURSDAY) % 7
        wished = None
        if self.window.preference is not None and self.stated:
            own = [hours.span(text) for text in self.stated]
            wished = _merged([(one.first, one.end) for one in own if weekday in one.weekdays])
            if self.window.preference is terms.Preference.OVERRIDE:
                return wished
        plain = _merged(self._plain(day, weekday))
        return plain if wished is None else common([plain, wished])

    def _plain(self, day: int, weekday: int) -> list[Stretch]:
        spans = self.window.spans
        if self.window.calendar is None:
            return [(one.first, one.end) for one in spans if weekday in one.weekdays]
        date_of_day = date.fromordinal(day + _ORDINAL)
        part = self.calendar.part(date_of_day)
        if part is None:
            return [(0, _DAY)] if self.perhaps else []
        off = date_of_day in part.holidays or (weekday in part.weekend and date_of_day not in part.working)
        if date_of_day in part.holidays:
            if self.window.holidays is terms.HolidayPolicy.CLOSED:
                return []
            weekday = _SUNDAY
        wanted = terms.DayClass.DAY_OFF if off else terms.DayClass.WORKDAY
        return [(one.first, one.end) for one in spans if weekday in one.weekdays or one.on_class is wanted]


@functools.lru_cache(maxsize=256)
def lawful(look: Look, zone: str, start: int, end: int) -> Sequence[Stretch]:
    """The stretches of [start, end) within the window in the zone, in order, those that touch made one."""
    found: list[Stretch] = []
    for begun, ended, offset in offsets(zone, start, end):
        for day in range((begun + offset) // _DAY, (ended + offset - 1) // _DAY + 1):
            for opens, closes in look.on(day):
                first = max(day * _DAY + opens - offset, begun)
                after = min(day * _DAY + closes - offset, ended)
                if first < after:
                    found.append((first, after))
    return _merged(found)


def common(several: Sequence[Sequence[Stretch]]) -> list[Stretch]:
    """The stretches that lie in every one of the lists."""
    first, *others = (list(one) for one in several)
    for other in others:
        first = [
            (max(a, c), min(b, d))
            for a, b in first
            for c, d in _overlapping(other, a, b)
            if max(a, c) < min(b, d)
        ]
    return first


def _overlapping(stretches: list[Stretch], start: int, end: int) -> Iterable[Stretch]:
    place = max(bisect_right(stretches, (start, NEVER)) - 1, 0)
    while place < len(stretches) and stretches[place][0] < end:
        yield stretches[place]
        place += 1


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for first, after in sorted(stretches):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], after))
        else:
            found.append((first, after))
    return found


@dataclass(frozen=True)
class Line:
    """The lawful stretches of one window for several sets of zones, searched for all rows at once.

    The stretches of set number k are stored k lengths of the time line further on, in one sorted column.
    """

    starts: pl.Series
    ends: pl.Series

    _LENGTH = NEVER << 1

    @classmethod
    def of(cls, looks: Sequence[tuple[tuple[str, ...], Look]], start: int, end: int) -> Line:
        """A window over [start, end) in each of the sets of zones and looks, whose numbers are their places."""
        different = {(zone, look) for several, look in looks for zone in several}
        zones = {(zone, look): lawful(look, zone, start, end) for zone, look in different}
        starts: list[int] = []
        ends: list[int] = []
        for number, (several, look) in enumerate(looks):
            for first, after in common([zones[zone, look] for zone in several]):
                starts.append(first + number * cls._LENGTH)
                ends.append(after + number * cls._LENGTH)
        return cls(pl.Series(starts, dtype=pl.Int64), pl.Series(ends, dtype=pl.Int64))

    def edges(self) -> tuple[pl.Series, pl.Series]:
        """When stretches begin, and when they end, of whatever set."""
        return self.starts % self._LENGTH, self.ends % self._LENGTH

    def find(self, instants: pl.Series, sets: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
        """For each instant and set of zones: whether within the window, the next start, this stretch's end.

        Null where set or instant is null; NEVER where no stretch follows, or the instant is in none.
        """
        shift = sets.cast(pl.Int64) * self._LENGTH
        asked = (instants + shift).fill_null(-1)
        place = self.starts.search_sorted(asked, side="right").cast(pl.Int64)
        starts = pl.concat([self.starts, pl.Series([None], dtype=pl.Int64)])
        ends = pl.concat([pl.Series([-1], dtype=pl.Int64), self.ends])
        after = ends.gather(place) - shift
        following = starts.gather(place) - shift
        known = instants.is_not_null() & sets.is_not_null()
        frame = pl.DataFrame({"at": instants, "known": known, "after": after, "following": following}).select(
            pl.when("known").then(pl.col("at") < pl.col("after")).alias("inside"),
            pl.when("known")
            .then(pl.when(pl.col("following") < NEVER).then(pl.col("following")).otherwise(NEVER))
            .alias("next"),
            pl.when("known")
            .then(pl.when(pl.col("at") < pl.col("after")).then(pl.col("after")).otherwise(NEVER))
            .alias("end"),
        )
        return frame["inside"], frame["next"], frame["end"]
