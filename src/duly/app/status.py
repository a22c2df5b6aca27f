"""What holds sending back, or is about to: halts, runs to be released, first parts, own phones, ceilings, carriers.

One look at all brakes, for whoever watches the day. Refuses to change any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.app import brakes, premises
from duly.model.money import Money
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.project.bounds import Span
from duly.run import ceiling, clock, installation, known, outfit, quotas, seeds, watch
from duly.store import partitions, sql

_SQL = sql.load()

_MICRO = 1_000_000
_BEYOND: Mapping[str, Said] = {
    "messages": say("more messages than messages_per_run"),
    "overdue": say("a larger sum than overdue_per_run"),
    "persons": say("more of the book's people than persons_percent_per_run"),
    "cost": say("dearer than cost_per_run"),
    "usual": say("many more messages than on the last days"),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of today that was out of the ordinary; `released` says that two people signed it."""

    number: int
    messages: int
    persons: int
    overdue: Money
    beyond: tuple[Said, ...]
    released: bool


@dataclass(frozen=True, kw_only=True)
class FirstPart:
    """The first part of a run that is waited for, and how many wait for it."""

    notice: str
    route: str
    messages: int
    gone: int
    arrived: int
    lost: int
    refused: int
    rest: int
    halt: int | None


@dataclass(frozen=True, kw_only=True)
class Phone:
    """How many of the lender's own phones have a template, on a route."""

    notice: str
    route: str
    received: int
    phones: int
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Used:
    """A ceiling: what it counts, how much of it is used, and until when."""

    what: Said
    route: str
    used: str
    most: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """What came of the last messages of a route, as the machine's own brake sees it."""

    route: str
    lately: watch.Lately
    alarm: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """All of it; `stale` are the feeds that are late, `days_until` the last day whose tables are there."""

    now: datetime
    halts: tuple[brakes.Halt, ...]
    stale: tuple[str, ...]
    runs: tuple[Run, ...]
    first_parts: tuple[FirstPart, ...]
    phones: tuple[Phone, ...]
    ceilings: tuple[Used, ...]
    carriers: tuple[Carrier, ...]
    days_until: date | None


def look(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> Status:
    """Everything that holds sending back now."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        now = clock.instant_of(connection)
        phones = tuple(opened.blind(phone) for phone in opened.project.settings.bounds.trial.phones)
        rules = outfit.rules(opened.project, phones)
        runs = _rows(connection, "runs_waiting", {"day": opened.local_day(now)})
        found = known.Reader(rules).brakes(
            connection, now, plans=[row["id"] for row in runs], lists=(), templates=()
        )
        return Status(
            now=now,
            halts=brakes.of_rows(list(found.halts)),
            stale=found.stale_feeds,
            runs=tuple(
                Run(
                    number=row["id"],
                    messages=row["messages"],
                    persons=row["persons"],
                    overdue=Money(minor=row["sum_minor"], currency=opened.project.settings.currency),
                    beyond=tuple(_BEYOND[one] for one in row["beyond"] if one in _BEYOND),
                    released="run" not in found.unapproved.get(row["id"], ()),
                )
                for row in runs
            ),
            first_parts=tuple(_first_parts(connection, now)),
            phones=_phones(connection, phones),
            ceilings=tuple(_ceilings(connection, rules, now)),
            carriers=tuple(_carriers(opened, connection, now)),
            days_until=max((row["day"] for row in partitions.kept(connection)), default=None),
        )


def _rows(connection: psycopg.Connection[Any], name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SQL[name], values).fetchall()


def _first_parts(connection: psycopg.Connection[Any], now: datetime) -> Sequence[FirstPart]:
    rows = _rows(connection, "canaries_open", {"since": (now - known.REACH).date()})
    return [
        FirstPart(
            notice=row["notice"],
            route=row["route"],
            messages=row["queued"] + row["gone"] + row["refused"],
            gone=row["gone"],
            arrived=row["arrived"],
            lost=row["lost"],
            refused=row["refused"],
            rest=row["rest"],
            halt=row["halt"],
        )
        for row in rows
    ]


def _phones(connection: psycopg.Connection[Any], phones: Sequence[str]) -> tuple[Phone, ...]:
    if not phones:
        return ()
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in seeds.lately(connection):
        found.setdefault((row["notice"], row["route"], row["template_digest"]), []).append(row)
    return tuple(
        Phone(
            notice=notice,
            route=route,
            received=sum(1 for row in rows if row["arrived"] and row["number"] in phones),
            phones=len(phones),
            attempts=sum(row["attempts"] for row in rows),
        )
        for (notice, route, _), rows in sorted(found.items())
    )


def _ceilings(connection: psycopg.Connection[Any], rules: known.Rules, now: datetime) -> Sequence[Used]:
    day = clock.local_day(now, rules.zone)
    left = ceiling.room(connection, day=day, zone=rules.zone, most=rules.messages_per_day)
    counts = quotas.read(connection, quotas.spans(rules.ceilings, now=now, zone=rules.zone))
    used = [
        Used(
            what=say("messages of the day"),
            route="",
            used=str(rules.messages_per_day - left),
            most=str(rules.messages_per_day),
            until=quotas.ends_of_day(now, rules.zone),
        )
    ]
    for one in counts:
        if one.of.messages is not None:
            hourly = one.of.span is Span.HOUR
            used.append(
                Used(
                    what=say("messages of the hour") if hourly else say("messages of the day"),
                    route=one.of.route,
                    used=str(one.messages or 0),
                    most=str(one.of.messages),
                    until=one.ends,
                )
            )
        if one.of.cost_micro is not None:
            used.append(
                Used(
                    what=say("cost of the day"),
                    route=one.of.route,
                    used=_amount(one.cost_micro),
                    most=_amount(one.of.cost_micro),
                    until=one.ends,
                )
            )
    return used


def _amount(micro: int) -> str:
    whole, rest = divmod(micro, _MICRO)
    return f"{whole}.{rest // 10_000:02d}"


def _carriers(
    opened: installation.Installation, connection: psycopg.Connection[Any], now: datetime
) -> Sequence[Carrier]:
    alarms = opened.project.settings.bounds.alarms
    found = []
    for route in opened.project.routes:
        lately = watch.lately(connection, route.name, alarms, now=now)
        found.append(Carrier(route=route.name, lately=lately, alarm=watch.alarm(lately, alarms) or ""))
    return found
