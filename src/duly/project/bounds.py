"""The brakes that a lender sets in duly.toml: what an unusual run is, ceilings, first parts, alarms, and keeping.

Each is a number of his own; where he says nothing, there is no ceiling and no bound, and an alarm has its usual one.
Refuses a ceiling on a route that does not exist, or on the cost of one that is priced in another currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from duly.errors import Problem
from duly.model import money
from duly.model.said import say
from duly.project.document import Document
from duly.project.table import Table

if TYPE_CHECKING:
    from duly.project.channels import Route

_COST_DIGITS = 6  # prices are millionths of the currency unit, as in channels.yaml
# The keys of [limits] that are read here.
LIMITS = (
    "cost_per_run", "persons_percent_per_run", "times_usual_per_run", "messages_per_hour", "cost_per_day", "routes",
)  # fmt: skip
_ROUTE = ("messages_per_hour", "messages_per_day", "cost_per_day")
_TRIAL = ("phones", "canary", "arrived_percent", "within_minutes")
_ALARMS = ("sample", "minutes", "arrived_percent", "stopped_percent", "refused_percent", "throttled_percent")
_KEEPING = ("days",)
TABLES = ("trial", "alarms", "keeping")
KEYS = (*LIMITS, *_ROUTE, *_TRIAL, *_ALARMS, *_KEEPING, *TABLES)
# Whatever may still change or be asked of a day is over by then: caps, receipts, doubts, and a year of complaints.
LEAST_DAYS = 400


class Span(Enum):
    """How long a ceiling counts."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """What may leave within a span, in all or on one route: so many messages, or at so much cost."""

    route: str = ""
    span: Span
    messages: int | None = None
    cost_micro: int | None = None


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """Beyond which a run is out of the ordinary, besides its count and sum; None is no bound.

    `times` is how many times the median of the last days a run may be.
    """

    cost_micro: int | None = None
    persons_percent: int | None = None
    times: int | None = None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What goes first: to the lender's own `phones` each template, and of each run `canary` messages of each template.

    The rest waits until `arrived_percent` of the receipts of the first part say that it arrived; where that is not so
    `within` seconds, it is halted.
    """

    phones: tuple[str, ...] = ()
    canary: int | None = None
    arrived_percent: int = 70
    within: int = 1800


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """When the machine halts a route by itself: by the last `sample` messages of the last `minutes`, and no fewer."""

    sample: int = 200
    minutes: int = 60
    arrived_percent: int = 50
    stopped_percent: int = 10
    refused_percent: int = 30
    throttled_percent: int = 50


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """All of it. `days` is how long a day's rows stay in the database; None for ever."""

    unusual: Unusual = field(default_factory=Unusual)
    ceilings: tuple[Ceiling, ...] = ()
    trial: Trial = field(default_factory=Trial)
    alarms: Alarms = field(default_factory=Alarms)
    days: int | None = None


def read(top: Table, currency: str | None) -> Bounds:
    """The brakes of duly.toml; what is wrong with them is refused at its place."""
    table = top.table("limits", None)
    unusual, ceilings = (Unusual(), ()) if table is None or currency is None else _limits(table, currency)
    keeping = top.table("keeping", _KEEPING, required=False)
    return Bounds(
        unusual=unusual,
        ceilings=ceilings,
        trial=_trial(top.table("trial", _TRIAL, required=False)),
        alarms=_alarms(top.table("alarms", _ALARMS, required=False)),
        days=None if keeping is None else keeping.integer("days", LEAST_DAYS, 36_600),
    )


def problems(bounds: Bounds, routes: Iterable[Route], currency: str, written: Document) -> Iterator[Problem]:
    """Where the ceilings speak of other routes, or of another money, than channels.yaml."""
    known = {route.name: route for route in routes}
    for one in bounds.ceilings:
        where = ("limits", "routes", one.route) if one.route else ("limits",)
        if one.route and one.route not in known:
            what = say("channels.yaml has no route {route}", route=one.route)
            remedy = say("Write one of {allowed}.", allowed=", ".join(sorted(known)))
            yield written.problem(where, "limits.route", what, remedy)
        elif one.cost_micro is not None:
            meant = [known[one.route]] if one.route else list(known.values())
            for route in meant:
                if route.cost_micro and route.currency != currency:
                    what = say(
                        "route {route} is priced in {currency}", route=route.name, currency=route.currency
                    )
                    remedy = say(
                        "A ceiling on costs is in the currency of [place]; leave it out, or price it so."
                    )
                    yield written.problem(where, "limits.currency", what, remedy)


def _limits(table: Table, currency: str) -> tuple[Unusual, tuple[Ceiling, ...]]:
    cost = table.amount("cost_per_run", currency, required=False)
    unusual = Unusual(
        cost_micro=_micro(cost, currency),
        persons_percent=table.integer("persons_percent_per_run", 1, 100, required=False),
        times=table.integer("times_usual_per_run", 2, 1000, required=False),
    )
    found = list(_ceilings(table, "", currency))
    routes = table.table("routes", None, required=False)
    for name, entry in routes.named(_ROUTE) if routes is not None else ():
        found += _ceilings(entry, name, currency)
    return unusual, tuple(found)


def _ceilings(table: Table, route: str, currency: str) -> Iterator[Ceiling]:
    hourly = table.integer("messages_per_hour", 1, 10**8, required=False)
    if hourly is not None:
        yield Ceiling(route=route, span=Span.HOUR, messages=hourly)
    # In all, the messages of a day have a ceiling of their own, which is never left out.
    daily = table.integer("messages_per_day", 1, 10**8, required=False) if route else None
    cost = table.amount("cost_per_day", currency, required=False)
    if daily is not None or cost is not None:
        yield Ceiling(route=route, span=Span.DAY, messages=daily, cost_micro=_micro(cost, currency))


def _trial(table: Table | None) -> Trial:
    usual = Trial()
    if table is None:
        return usual
    phones = table.texts("phones", required=False)
    for phone in phones:
        if not (phone.startswith("+") and phone[1:].isdecimal() and 8 <= len(phone) <= 16):
            table.refuse(
                "phones",
                "trial.phone",
                say("`{phone}` is not a telephone number in full", phone=phone),
                say("Write it with + and the country's code, without blanks."),
            )
    minutes = table.integer("within_minutes", 1, 1440, required=False)
    return Trial(
        phones=tuple(phones),
        canary=table.integer("canary", 1, 10**6, required=False),
        arrived_percent=_or(table.integer("arrived_percent", 1, 100, required=False), usual.arrived_percent),
        within=usual.within if minutes is None else 60 * minutes,
    )


def _alarms(table: Table | None) -> Alarms:
    usual = Alarms()
    if table is None:
        return usual
    return Alarms(
        sample=_or(table.integer("sample", 10, 10_000, required=False), usual.sample),
        minutes=_or(table.integer("minutes", 1, 1440, required=False), usual.minutes),
        arrived_percent=_or(table.integer("arrived_percent", 0, 100, required=False), usual.arrived_percent),
        stopped_percent=_or(table.integer("stopped_percent", 1, 100, required=False), usual.stopped_percent),
        refused_percent=_or(table.integer("refused_percent", 1, 100, required=False), usual.refused_percent),
        throttled_percent=_or(
            table.integer("throttled_percent", 1, 100, required=False), usual.throttled_percent
        ),
    )


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _micro(minor: int | None, currency: str) -> int | None:
    scale: int = 10 ** (_COST_DIGITS - money.EXPONENT[currency])
    return None if minor is None else minor * scale
