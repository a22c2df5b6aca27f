"""What has not left yet, and what it waits for: people, a carrier, another worker, or its own time.

The brakes are asked as the gate asks them, for all messages at once that are alike in what they ask; the rest is what
this worker's senders know. `Vigil` decides from it whether there is anything left to wait for.
Refuses to change anything: what waits stays queued, and leaves once when its reason is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.channels import base
from duly.run import brakes, known, room
from duly.store import sql

_SQL = sql.load()

_STILL = 0.2  # seconds without a move before it is asked why
_SAID_AFTER = 0.7  # seconds that a carrier may take before it is said that it is waited for
_DEAR = 4  # looks take no more than a fifth of the time


class Reason(Enum):
    """Why a message has not left."""

    HALTED = "halted"
    FEED_STALE = "feed_stale"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_RELEASE = "awaiting_release"
    AWAITING_SEEDS = "awaiting_seeds"
    AWAITING_CANARY = "awaiting_canary"
    DAILY_LIMIT = "daily_limit"
    ROUTE_LIMIT = "route_limit"
    COST_LIMIT = "cost_limit"
    HOURLY_LIMIT = "hourly_limit"
    NO_ROUTE = "no_route"
    CARRIER_REFUSES = "carrier_refuses"
    CARRIER_AWAY = "carrier_away"
    CLOCK_ASTRAY = "clock_astray"
    OTHER_WORKER = "other_worker"
    NOT_YET = "not_yet"
    SENDING = "sending"


# Nothing but a person changes these; waiting is to no purpose.
PEOPLE = frozenset(
    {
        Reason.HALTED,
        Reason.FEED_STALE,
        Reason.AWAITING_APPROVAL,
        Reason.AWAITING_RELEASE,
        Reason.DAILY_LIMIT,
        Reason.ROUTE_LIMIT,
        Reason.COST_LIMIT,
        Reason.NO_ROUTE,
        Reason.CARRIER_REFUSES,
    }
)
# These may pass by themselves, so they are waited for a little.
PASSING = frozenset({Reason.CARRIER_AWAY, Reason.CLOCK_ASTRAY, Reason.OTHER_WORKER, Reason.AWAITING_SEEDS})
# These end by themselves, one way or the other: a first part arrives, or is halted, and people decide.
ENDING = frozenset({Reason.AWAITING_CANARY})


@dataclass(frozen=True, kw_only=True)
class Left:
    """So many messages that wait for the same thing.

    `which` are the halts' numbers, the feeds, the parts of the project, the stage, or the route; `why` what was given
    as the reason, or the carrier's last error; `until` the first instant at which one of them may leave.
    """

    reason: Reason
    which: tuple[str, ...]
    messages: int
    why: str = ""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """How this worker stands with a route: whether it is ours, whether its carrier is bound, and what is wrong."""

    holds: bool
    bound: bool
    trouble: errors.DulyError | None


def read(
    connection: psycopg.Connection[Any],
    *,
    reader: known.Reader,
    ways: Mapping[str, Way],
    deferred: Iterable[tuple[brakes.Lot, datetime]],
    since: date,
) -> tuple[Left, ...]:
    """What has not left of the batches since a day, by reason. `deferred` are delays of the law that the gate gave."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["still_waiting"], {"since": since}).fetchall()
    if not rows:
        return ()
    now: datetime = rows[0].pop("now")
    for row in rows[1:]:
        del row["now"]
    found = reader.brakes(
        connection,
        now,
        plans={row["plan"] for row in rows},
        lists={row["release"] for row in rows} - {""},
        templates={(row["route"], row["template_digest"]) for row in rows},
    )
    routes = {row["route"] for row in rows}
    full = {route: room.full(connection, reader.rules, now=now, route=route) for route in routes}
    delays: dict[brakes.Lot, list[datetime]] = {}
    for lot, at in deferred:
        if at > now:
            delays.setdefault(lot, []).append(at)
    left: list[Left] = []
    for row in rows:
        later, at, count = row.pop("later"), row.pop("at"), row.pop("messages")
        lot = brakes.Lot(**{**row, "accounts": tuple(row["accounts"])})
        kept = _kept(lot, count, found, full=full[lot.route]) or _troubled(lot.route, count, ways)
        if kept is not None:
            left.append(kept)
            continue
        alike = replace(lot, person="", accounts=(), canary=False)  # as the sender told it
        waits = delays.get(alike, [])
        put_off, delays[alike] = waits[:count], waits[count:]
        if put_off:
            left.append(_not_yet(len(put_off), max(at, min(put_off))))
        if count > len(put_off):
            rest = count - len(put_off)
            left.append(_not_yet(rest, at) if later else _under_way(lot.route, rest, ways))
    return tuple(_together(left))


def _kept(
    lot: brakes.Lot, count: int, found: brakes.Brakes, *, full: tuple[str, datetime] | None
) -> Left | None:
    kept = brakes.keep(lot, found)
    if kept is None:
        if full is None:
            return None
        code, until = full
        hourly = code == Reason.HOURLY_LIMIT.value
        which = (lot.route,) if code in {Reason.ROUTE_LIMIT.value, Reason.COST_LIMIT.value} else ()
        return Left(reason=Reason(code), which=which, messages=count, until=until if hourly else None)
    why = ""
    if kept.code == Reason.HALTED.value:
        told = {str(halt["id"]): str(halt["reason"]) for halt in found.halts}
        why = ", ".join(dict.fromkeys(told[number] for number in kept.which))
    return Left(reason=Reason(kept.code), which=kept.which, messages=count, why=why)


def _troubled(route: str, count: int, ways: Mapping[str, Way]) -> Left | None:
    way = ways.get(route)
    if way is None:
        return Left(reason=Reason.NO_ROUTE, which=(route,), messages=count)
    if isinstance(way.trouble, base.BindRefused):
        reason = Reason.CARRIER_REFUSES
    elif isinstance(way.trouble, errors.CarrierAway) or (way.holds and not way.bound):
        reason = Reason.CARRIER_AWAY
    elif isinstance(way.trouble, errors.ClockAstray):
        reason = Reason.CLOCK_ASTRAY
    else:
        return None
    why = "" if way.trouble is None else str(way.trouble)
    return Left(reason=reason, which=(route,), messages=count, why=why)


def _not_yet(count: int, until: datetime) -> Left:
    return Left(reason=Reason.NOT_YET, which=(), messages=count, until=until)


def _under_way(route: str, count: int, ways: Mapping[str, Way]) -> Left:
    if ways[route].holds:
        return Left(reason=Reason.SENDING, which=(), messages=count)
    return Left(reason=Reason.OTHER_WORKER, which=(route,), messages=count)


def _together(left: Sequence[Left]) -> Iterator[Left]:
    """Those that wait for the same thing, counted together, in the order of the reasons."""
    groups: dict[tuple[Reason, tuple[str, ...], str], list[Left]] = {}
    for one in left:
        groups.setdefault((one.reason, one.which, one.why), []).append(one)
    order = list(Reason)
    for reason, which, why in sorted(groups, key=lambda key: (order.index(key[0]), key[1:])):
        of = groups[reason, which, why]
        yield Left(
            reason=reason,
            which=which,
            why=why,
            messages=sum(one.messages for one in of),
            until=min((one.until for one in of if one.until is not None), default=None),
        )


@dataclass(kw_only=True)
class Vigil:
    """Watches one run: what keeps it, since when, and whether there is anything to wait for.

    `away_for` is how many seconds a carrier, a clock or another worker is waited for; `tell` is told what is waited
    for, each time that it is something else; `leaping` says that a virtual clock does not wait for instants.
    """

    away_for: float
    leaping: bool
    tell: Callable[[tuple[Left, ...]], None] | None = None
    left: tuple[Left, ...] = ()
    _mark: object = None
    _since: float = 0.0
    _look_at: float = 0.0
    _told: frozenset[tuple[Reason, tuple[str, ...]]] = field(default_factory=frozenset)

    def is_due(self, mark: object, at: float) -> bool:
        """Whether it is time to look: nothing has moved for a moment. `mark` differs whenever something moved."""
        if mark != self._mark:
            self._mark, self._since, self._look_at = mark, at, at + _STILL
            self.left = ()
        return at >= self._look_at

    def see(self, left: tuple[Left, ...], *, at: float, cost: float) -> None:
        """Take in what was found, and say what is waited for."""
        if left != self.left:
            self.left, self._since = left, at
        self._look_at = at + max(_STILL, _DEAR * cost)
        named = [one for one in left if one.reason is not Reason.SENDING]
        if self.leaping:
            named = [one for one in named if one.reason is not Reason.NOT_YET]
        if any(one.reason in PASSING for one in named) and at - self._since < min(_SAID_AFTER, self.away_for):
            return
        told = frozenset((one.reason, one.which) for one in named)
        if told != self._told:
            self._told = told
            if named and self.tell is not None:
                self.tell(tuple(named))

    def weigh(self, state: dict[str, Any], at: float) -> dict[str, Any]:
        """The state of the outbox without what it is no use to wait for: nothing is queued when nothing can move."""
        reasons = {one.reason for one in self.left}
        if not reasons or Reason.SENDING in reasons:
            return state
        if reasons & ENDING:
            return {**state, "due": max(1, state["due"])}
        if reasons & PASSING and at - self._since < self.away_for:
            return {**state, "due": max(1, state["due"])}
        later = [one.until for one in self.left if one.until is not None]
        idle = {**state, "due": 0, "claimed": 0}
        # What was said to come later may be in hand by now: until that is seen, it counts as queued.
        return {**idle, "queued": 1, "next_at": min(later)} if later else {**idle, "queued": 0}
