"""The machine's own brake: it halts a route by itself when its last messages say that something is wrong.

Too few receipts that say delivered, too many who answer stop or complain, refusals of one kind piling up, a carrier
that asks for less again and again. One process looks, every second; going on takes two people, as after any halt.
Refuses to halt on little: fewer messages than the sample say nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.project.bounds import Alarms, Trial
from duly.run import canary, clock, halt, locks, record, statement
from duly.store import sql
from duly.wire.smpp import status

_SQL = sql.load()

LOCK = locks.key("watch", "")
AHEAD = 3  # days whose partitions are there before anybody needs them
# What a carrier says when we are too fast for it, by the names under which answers keep it.
THROTTLING = tuple(sorted(row.name for row in status.TABLE.values() if row.outcome is status.Class.THROTTLED))


@dataclass(frozen=True, kw_only=True)
class Lately:
    """What came of the last messages of a route. `refused` by the carrier's word for the reason."""

    answered: int
    accepted: int
    arrived: int
    lost: int
    throttled: int
    stopped: int
    refused: Mapping[str, int] = field(default_factory=dict)


def alarm(lately: Lately, alarms: Alarms) -> str | None:
    """Why the route is to be halted; None if nothing is wrong, or too little is known."""
    ended = lately.arrived + lately.lost
    if ended >= alarms.sample and 100 * lately.arrived < alarms.arrived_percent * ended:
        return f"of the last {ended} receipts {lately.arrived} say delivered, {alarms.arrived_percent} percent must"
    if lately.accepted >= alarms.sample and 100 * lately.stopped > alarms.stopped_percent * lately.accepted:
        return (
            f"{lately.stopped} people answered the last {lately.accepted} messages with stop or a complaint, "
            f"{alarms.stopped_percent} percent may"
        )
    if lately.answered < alarms.sample:
        return None
    for code, count in sorted(lately.refused.items(), key=lambda one: (-one[1], one[0])):
        if 100 * count > alarms.refused_percent * lately.answered:
            return (
                f"{count} of the last {lately.answered} messages were refused with {code}, "
                f"{alarms.refused_percent} percent may be"
            )
    if 100 * lately.throttled > alarms.throttled_percent * lately.answered:
        return (
            f"the carrier asked for less at {lately.throttled} of the last {lately.answered} messages, "
            f"{alarms.throttled_percent} percent may"
        )
    return None


@dataclass(kw_only=True)
class Watch:
    """Looks after all routes; the first parts of runs and the days ahead are looked after by it as well."""

    routes: Sequence[str]
    alarms: Alarms
    trial: Trial
    recorder: record.Recorder
    zone: str
    _ready: date | None = None

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Look once; does nothing where another process is looking."""
        with connection.transaction():
            leading = connection.execute(_SQL["lead"], {"lock": LOCK}).fetchone()
            if leading is None or not leading[0]:
                return
            now = clock.instant_of(connection)
            today = clock.local_day(now, self.zone)
            if self._ready != today:
                connection.execute(_SQL["ensure_day"], {"day": today})
            canary.look(connection, trial=self.trial, recorder=self.recorder, now=now)
            halted = {row["value"] for row in halt.in_force(connection) if row["scope"] == "route"}
            for route in self.routes:
                if route not in halted:
                    self._look_at(connection, route, now)
        if self._ready != today:
            self._make_ready(connection, today)

    def _make_ready(self, connection: psycopg.Connection[Any], today: date) -> None:
        """The days ahead, unless a plan is just being written down: then they wait for the next look."""
        with contextlib.suppress(psycopg.errors.LockNotAvailable):
            for ahead in range(1, AHEAD + 1):
                with connection.transaction():
                    connection.execute(_SQL["wait_little"])
                    connection.execute(_SQL["ensure_day"], {"day": today + timedelta(days=ahead)})
            self._ready = today

    def _look_at(self, connection: psycopg.Connection[Any], route: str, now: datetime) -> None:
        why = alarm(lately(connection, route, self.alarms, now=now), self.alarms)
        if why is not None:
            halt.stop(
                connection,
                recorder=self.recorder,
                scope="route",
                value=route,
                reason=why,
                by=statement.MACHINE,
            )


def lately(connection: psycopg.Connection[Any], route: str, alarms: Alarms, *, now: datetime) -> Lately:
    """What came of the last messages of a route, since it was halted for them before."""
    row = connection.execute(_SQL["resumed_at"], {"route": route, "by": statement.MACHINE}).fetchone()
    since = now - timedelta(minutes=alarms.minutes)
    if row is not None and row[0] is not None:
        since = max(since, row[0])
    asked = {
        "route": route,
        "since": since,
        # A message leaves on its own day, and its day's rows begin with it in whatever zone.
        "since_day": (since - timedelta(days=1)).date(),
        "most": 2 * alarms.sample,
        "throttling": list(THROTTLING),
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["route_lately"], asked).fetchone()
    if found is None:
        return Lately(answered=0, accepted=0, arrived=0, lost=0, throttled=0, stopped=0)
    return Lately(**{**found, "refused": found["refused"] or {}})
