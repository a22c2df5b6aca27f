"""The clock of the gate as this process sees it (decision D21).

The instant of the gate is `duly_clock()` of the database: the wall clock, or in an invented database the wall
clock plus an offset that only moves forward.
Refuses to go on when this machine and the database disagree by more than two seconds, or when time has run
back past the last permit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from duly import errors
from duly.model import permit
from duly.store import sql

_SQL = sql.load()

_BACK = timedelta(days=2)  # how far back the latest permit is looked for


def wall() -> datetime:
    """This machine's clock, in UTC."""
    return datetime.now(UTC)


@dataclass
class Clock:
    """The gate's clock between two looks at the database: the wall plus the last offset that was read."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The gate's instant, in UTC."""
        return wall() + self.offset

    def read(self, connection: psycopg.Connection[Any]) -> datetime:
        """Ask the database, take over its offset, and return the gate's instant there.

        Raises ClockAstray when the clocks differ by more than two seconds or time runs backwards.
        """
        before = wall()
        # Of permits from further back none can be the latest, unless this machine's clock stands days ahead, which is
        # found out below all the same.
        since = (before + self.offset - _BACK).date()
        row = connection.execute(_SQL["clock"], {"since": since}).fetchone()
        after = wall()
        if row is None:
            raise errors.ClockAstray("the database told no time", remedy="Look at the PostgreSQL log.")
        now, database_wall, last_permit = row
        self.agree(now=now, database_wall=database_wall, last_permit=last_permit, before=before, after=after)
        instant: datetime = now
        return instant

    def agree(
        self,
        *,
        now: datetime,
        database_wall: datetime,
        last_permit: datetime | None,
        before: datetime,
        after: datetime,
    ) -> None:
        """Take over the offset, or raise ClockAstray; the database was asked between `before` and `after`."""
        ahead = database_wall - after
        behind = before - database_wall
        if max(ahead, behind) > permit.SKEW:
            raise errors.ClockAstray(
                f"this machine and the database differ by {max(ahead, behind).total_seconds():.1f} s",
                remedy="Set both by NTP; nothing leaves until they agree within two seconds.",
            )
        if last_permit is not None and now < last_permit:
            raise errors.ClockAstray(
                f"it is {now.isoformat()} but a permit was given at {last_permit.isoformat()}",
                remedy="Find out which clock was set back; nothing leaves until time has passed the last permit.",
            )
        self.offset = now - database_wall


def instant_of(connection: psycopg.Connection[Any]) -> datetime:
    """The gate's instant in the database, whatever this machine's clock says."""
    row = connection.execute(_SQL["now"]).fetchone()
    return row[0] if row is not None else wall()


def offset_seconds(connection: psycopg.Connection[Any]) -> int:
    """How far the virtual clock runs ahead."""
    row = connection.execute(_SQL["offset"]).fetchone()
    return 0 if row is None else int(row[0])


def advance_to(connection: psycopg.Connection[Any], instant: datetime) -> None:
    """Move the virtual clock of an invented database forward to `instant`; never back.

    Raises NotAllowed in a database that is not invented.
    """
    kind = connection.execute(_SQL["installation"]).fetchone()
    if kind is None or not kind[0]:
        raise errors.NotAllowed(
            "only an invented database has a virtual clock",
            remedy="With real accounts the day is today; leave out --on.",
        )
    ahead = instant - instant_of(connection)
    if ahead > timedelta(0):
        seconds = offset_seconds(connection) + int(ahead.total_seconds()) + (1 if ahead.microseconds else 0)
        connection.execute(_SQL["advance"], {"seconds": seconds})


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone)).date()
