"""Whether more may leave under all ceilings together, by counts made anew where the old ones say no."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from duly.run import ceiling, clock, known, quotas


def full(
    connection: psycopg.Connection[Any], rules: known.Rules, *, now: datetime, route: str
) -> tuple[str, datetime] | None:
    """Why nothing more may leave on a route, and when it is looked again; None where there is room."""
    day = clock.local_day(now, rules.zone)
    if not ceiling.room(connection, day=day, zone=rules.zone, most=rules.messages_per_day):
        return quotas.DAILY, now + ceiling.PATIENCE
    short = quotas.full(connection, rules.ceilings, rules.costs, now=now, zone=rules.zone, route=route)
    return None if short is None else (short.code, quotas.until(short, now))


def recount(connection: psycopg.Connection[Any], rules: known.Rules, now: datetime) -> None:
    """Count what left or may have left anew."""
    ceiling.recount(connection, day=clock.local_day(now, rules.zone), zone=rules.zone)
    quotas.recount(connection, quotas.spans(rules.ceilings, now=now, zone=rules.zone), rules.costs)
