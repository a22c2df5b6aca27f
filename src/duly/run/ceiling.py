"""The day's ceiling: beyond it nothing leaves, whoever asks and however many workers there are.

A row for each local day counts the permits of all gates. A gate adds to it by the last statement before its commit, so
the row is held for the length of a commit and nothing is waited for while it is; where no room is left by then, the
gate judges its chunk again. What a carrier refused, or surely never took, is given back by counting anew, which is
done when the count has come to the ceiling and not before.
Refuses to count less than what left or may have left.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from duly.store import sql

_SQL = sql.load()

# How soon a message that found no room is looked at again: room comes back only where a carrier refuses something.
PATIENCE = timedelta(seconds=30)


class Short(Exception):
    """There is not enough room left by the count as it stands; `day` is the day of the count."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.day = day


def add(connection: psycopg.Connection[Any], *, day: date, messages: int, most: int) -> None:
    """Count so many permits, inside the gate's transaction and as its last statement.

    Raises Short where that would be more than the ceiling, or where the day is not counted yet.
    """
    if not messages:
        return
    values = {"day": day, "messages": messages, "most": most}
    if connection.execute(_SQL["count_sent"], values).fetchone() is None:
        raise Short(day)


def recount(connection: psycopg.Connection[Any], *, day: date, zone: str) -> None:
    """Count the day's permits that left or may have left, in a transaction of its own.

    Whoever commits permits adds to the count in the same commit: while the row is held, nothing can slip by.
    """
    with connection.transaction():
        connection.execute(_SQL["hold_count"], {"day": day})
        connection.execute(_SQL["recount_sent"], {"day": day, **_bounds(day, zone)})


def room(connection: psycopg.Connection[Any], *, day: date, zone: str, most: int) -> int:
    """How many messages may still leave on the day, by a count made anew where the old one says none."""
    for again in (True, False):
        row = connection.execute(_SQL["sent_of"], {"day": day}).fetchone()
        left = most - int(row[0]) if row is not None else 0
        if left > 0 or not again:
            return max(0, left)
        recount(connection, day=day, zone=zone)
    return 0


def _bounds(day: date, zone: str) -> dict[str, datetime]:
    begins, ends = (datetime.combine(one, time(), ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    return {"begins": begins.astimezone(UTC), "ends": ends.astimezone(UTC)}
