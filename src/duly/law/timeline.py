"""The windows of a pack laid out over a period, for a frame of acts, and the instants at which time decides anew.

Between two of these instants every window and every date says the same, so that acts at any instant between them
are asked together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from duly.law import clocks, frames, slots, terms
from duly.law.calendars import UNKNOWN, Calendars
from duly.law.intervals import NEVER, Line, Look

_DAY = terms.DAY_SECONDS
_WHOLE = 28 * _DAY  # periods begin and end with these, so that the next frame's is the same
_MANY = 64  # different delays to arrival beyond which instants are not put together

Period = tuple[int, int]


@dataclass(frozen=True)
class Hours:
    """A window laid out: where it is surely open and, if a calendar decides, where it may be.

    `place` is the column with the number of the set of zones and of the hours the debtor stated.
    """

    window: terms.Window
    surely: Line
    perhaps: Line | None
    place: str

    @property
    def lines(self) -> list[Line]:
        """Both."""
        return [self.surely, *([self.perhaps] if self.perhaps else [])]

    def find(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series, pl.Series]:
        """At each `_t`: whether it is broken, null where not known, the next start, and the end of this stretch."""
        start = self.window.moment is terms.Moment.START
        delay = pl.repeat(0, frame.height, dtype=pl.Int64, eager=True) if start else frame["transit_seconds"]
        at, place = frame["_t"] + delay, frame[self.place]
        inside, following, end = self.surely.find(at, place)
        # Without hours, which the lender must set, nothing is known.
        broken = ~inside if self.window.spans else pl.repeat(None, frame.height, dtype=pl.Boolean, eager=True)
        if self.perhaps is not None:
            unknown = self.perhaps.find(at, place)[0] & broken
            broken = pl.select(pl.when(~unknown).then(broken)).to_series()
        return broken, following - delay, end - delay


def period(acts: pl.DataFrame, horizon: int) -> Period:
    """The stretch of time in which anything is asked about acts, as `columnar.judge` takes them."""
    if "at" not in acts.columns or acts["at"].null_count():
        return 0, 0  # such a frame is refused
    delay = 0
    if "transit_seconds" in acts.columns and acts["transit_seconds"].dtype.is_integer():
        delay = int(acts["transit_seconds"].abs().max() or 0)  # type: ignore[arg-type]
    begin, end = (frames.seconds_of(moment) for moment in (acts["at"].min(), acts["at"].max()))  # type: ignore[arg-type]
    first, last = begin - delay - _DAY, end + delay + horizon + 2 * _DAY
    return first // _WHOLE * _WHOLE, -(-last // _WHOLE) * _WHOLE


def lay_out(
    windows: Mapping[terms.Window, int],
    frame: pl.DataFrame,
    sets: Sequence[tuple[str, ...]],
    calendars: Calendars,
    within: Period,
) -> tuple[list[Hours], pl.DataFrame]:
    """The windows, each with the number of its clock, laid out over the period, in the sets of zones.

    And the frame with the columns in which they are looked up.
    """
    found: list[Hours] = []
    for window, clock in windows.items():
        calendar = calendars.get(window.calendar or "", UNKNOWN)
        plain = f"_set{clock}"
        stated: list[tuple[int, str]] = [(number, "") for number in range(len(sets))]
        place = plain
        if window.preference is not None:
            place = f"_place{len(found)}"
            several = frame.select(plain, "_stated").drop_nulls().unique(maintain_order=True)
            stated = several.rows()
            table = several.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(place))
            frame = frame.join(table, on=[plain, "_stated"], how="left", maintain_order="left")
        looks = [
            (sets[number], Look(window, calendar, tuple(said.split("|")) if said else ()))
            for number, said in stated
        ]
        perhaps = None
        if window.calendar is not None:
            perhaps = Line.of([(zones, replace(look, perhaps=True)) for zones, look in looks], *within)
        surely = Line.of(looks, *within)
        found.append(Hours(window=window, surely=surely, perhaps=perhaps, place=place))
    return found, frame


def turns(
    texts: Sequence[slots.Slot], hours: Iterable[Hours], transit: pl.Series, zone: str, within: Period
) -> pl.Series | None:
    """The instants in the period at which a text begins or ends, a window opens or shuts, or the law's day ends.

    None where there are too many of them to be worth it.
    """
    delays = transit.drop_nulls().unique()
    first = clocks.local(within[0], zone).date()
    days = range((within[1] - within[0]) // _DAY + 2)
    found = [pl.Series([clocks.day_start(first + timedelta(days=day), zone) for day in days], dtype=pl.Int64)]
    found.append(pl.Series([edge for text in texts for edge in (text.begins, text.ends)], dtype=pl.Int64))
    for one in hours:
        late = one.window.moment is terms.Moment.ARRIVAL
        if late and len(delays) > _MANY:
            return None
        edges = pl.concat([edge for line in one.lines for edge in line.edges()]).unique()
        found += [edges - delay for delay in delays] if late else [edges]
    return pl.concat(found).unique().sort()


def day_ends(instants: pl.Series, zone: str) -> pl.Series:
    """The end of the day of the law's calendar at each instant."""
    moments = (instants * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    days = moments.dt.convert_time_zone(zone).dt.date()
    ends = {day: slots.midnight(day + timedelta(days=1), zone, NEVER) for day in days.unique().to_list()}
    return days.replace_strict(ends, return_dtype=pl.Int64) if ends else pl.Series([], dtype=pl.Int64)
