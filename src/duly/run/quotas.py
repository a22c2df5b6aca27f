"""Ceilings besides the day's count (`ceiling`): of an hour, of one route, and of what a day may cost.

Each is counted like the day's: the gate adds to the row of its span as one of its last statements, and where there is
no room by then it judges its chunk again, after a count made anew from the permits and their answers.
Refuses to count less than what left or may have left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly.project.bounds import Ceiling, Span
from duly.run import ceiling
from duly.store import sql

_SQL = sql.load()

_ENDLESS = 2**62
# Why a message waits for one of them.
DAILY, HOURLY, ROUTE, COST = "daily_limit", "hourly_limit", "route_limit", "cost_limit"
CODES = frozenset({DAILY, HOURLY, ROUTE, COST})


class Short(Exception):
    """There is not enough room left by the counts as they stand."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """A ceiling in the span that an instant lies in, and what was counted there; None where nobody counted yet."""

    of: Ceiling
    begins: datetime
    ends: datetime
    messages: int | None = None
    cost_micro: int = 0

    @property
    def scope(self) -> str:
        """The name of its row."""
        return f"{self.of.span.value} {self.of.route}".rstrip()

    @property
    def code(self) -> str:
        """Why a message waits that finds no room."""
        if self.of.span is Span.HOUR:
            return HOURLY
        full = self.of.messages is not None and (self.messages or 0) >= self.of.messages
        return ROUTE if full else COST

    def covers(self, route: str) -> bool:
        """Whether the route is counted."""
        return self.of.route in {"", route}

    def has_room(self, messages: int, cost_micro: int) -> bool:
        """Whether so much more may leave."""
        if self.messages is None:
            return False
        most = _ENDLESS if self.of.messages is None else self.of.messages
        dearest = _ENDLESS if self.of.cost_micro is None else self.of.cost_micro
        return self.messages + messages <= most and self.cost_micro + cost_micro <= dearest


@dataclass(kw_only=True)
class Tally:
    """What a chunk takes of the counts, message by message; `costs` are millionths for a part, by route."""

    counts: Sequence[Count]
    costs: Mapping[str, int]
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)

    def short(self, route: str, billed: int) -> Count | None:
        """The count that has no room for one more message, with what the chunk took of it; None if all have."""
        for one in self.counts:
            messages, cost = self.taken.get(one.scope, (0, 0))
            if not one.covers(route) or one.has_room(messages + 1, cost + self._cost(route, billed)):
                continue
            so_far = None if one.messages is None else one.messages + messages
            return replace(one, messages=so_far, cost_micro=one.cost_micro + cost)
        return None

    def take(self, route: str, billed: int) -> None:
        """One message leaves."""
        for one in self.counts:
            if one.covers(route):
                messages, cost = self.taken.get(one.scope, (0, 0))
                self.taken[one.scope] = (messages + 1, cost + self._cost(route, billed))

    def _cost(self, route: str, billed: int) -> int:
        return self.costs.get(route, 0) * billed


def ends_of_day(now: datetime, zone: str) -> datetime:
    """When the local day is over."""
    return spans([Ceiling(span=Span.DAY)], now=now, zone=zone)[0].ends


def spans(ceilings: Iterable[Ceiling], *, now: datetime, zone: str) -> list[Count]:
    """The ceilings in the spans that now lies in, not counted yet, in the order in which everybody takes them."""
    local = now.astimezone(ZoneInfo(zone))
    hour = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day, next_day = (
        datetime.combine(one, time(), ZoneInfo(zone)).astimezone(UTC)
        for one in (local.date(), local.date() + timedelta(days=1))
    )
    bounds = {Span.HOUR: (hour, hour + timedelta(hours=1)), Span.DAY: (day, next_day)}
    found = [Count(of=one, begins=bounds[one.span][0], ends=bounds[one.span][1]) for one in ceilings]
    return sorted(found, key=lambda one: one.scope)


def read(connection: psycopg.Connection[Any], wanted: Sequence[Count]) -> list[Count]:
    """The same with what was counted."""
    if not wanted:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SQL["quotas_of"],
            {"scopes": [one.scope for one in wanted], "begins": [one.begins for one in wanted]},
        ).fetchall()
    counted = {row["scope"]: row for row in rows}
    return [
        replace(
            one,
            messages=None if one.scope not in counted else counted[one.scope]["messages"],
            cost_micro=0 if one.scope not in counted else counted[one.scope]["cost_micro"],
        )
        for one in wanted
    ]


def add(connection: psycopg.Connection[Any], tally: Tally) -> None:
    """Count what a chunk takes, inside the gate's transaction. Raises Short where that would be too much."""
    for one in tally.counts:
        messages, cost = tally.taken.get(one.scope, (0, 0))
        if not messages:
            continue
        values = {
            "scope": one.scope,
            "begins": one.begins,
            "messages": messages,
            "cost_micro": cost,
            "most": _ENDLESS if one.of.messages is None else one.of.messages,
            "dearest": _ENDLESS if one.of.cost_micro is None else one.of.cost_micro,
        }
        if connection.execute(_SQL["count_quota"], values).fetchone() is None:
            raise Short


def recount(connection: psycopg.Connection[Any], counts: Sequence[Count], costs: Mapping[str, int]) -> None:
    """Count everything that left or may have left anew, in a transaction of its own (see `ceiling.recount`)."""
    with connection.transaction():
        for one in counts:
            connection.execute(_SQL["hold_quota"], {"scope": one.scope, "begins": one.begins})
        for one in counts:
            asked = {
                "begins": one.begins,
                "ends": one.ends,
                "since_day": (one.begins - timedelta(days=1)).date(),
            }
            with connection.cursor(row_factory=dict_row) as cursor:
                rows = cursor.execute(_SQL["permitted_within"], asked).fetchall()
            meant = [row for row in rows if one.covers(row["route"])]
            connection.execute(
                _SQL["recount_quota"],
                {
                    "scope": one.scope,
                    "begins": one.begins,
                    "messages": sum(row["messages"] for row in meant),
                    "cost_micro": sum(costs.get(row["route"], 0) * row["billed"] for row in meant),
                },
            )


def full(
    connection: psycopg.Connection[Any],
    ceilings: Sequence[Ceiling],
    costs: Mapping[str, int],
    *,
    now: datetime,
    zone: str,
    route: str,
) -> Count | None:
    """The ceiling that leaves no room for another message of the route, by counts made anew where they say so."""
    for again in (True, False):
        counts = read(connection, spans(ceilings, now=now, zone=zone))
        short = Tally(counts=counts, costs=costs).short(route, 1)
        if short is None or not again:
            return short
        recount(connection, counts, costs)
    return None


def until(short: Count, now: datetime) -> datetime:
    """When it is looked again whether there is room: an hour's comes with the next hour, a day's with a refusal."""
    return short.ends if short.of.span is Span.HOUR else now + ceiling.PATIENCE
