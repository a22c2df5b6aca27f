"""Messages that end without leaving: disposed of with their reason, and with evidence of it (decision D16).

What outlived itself in the queue is ended one batch a transaction, each by one worker.
Refuses to touch a batch that somebody owns: its owner asks the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.run import locks, outbox, planned, record, ruling, statement
from duly.store import sql

_SQL = sql.load()


def dispose(
    connection: psycopg.Connection[Any], drops: Sequence[ruling.Drop], now: datetime
) -> list[ruling.Drop]:
    """Write down how messages ended, inside the caller's transaction; returns those that had not ended before."""
    if not drops:
        return []
    rows = connection.execute(
        _SQL["dispose"],
        {
            "days": [drop.planned.day for drop in drops],
            "keys": [drop.planned.key for drop in drops],
            "versions": [drop.planned.version for drop in drops],
            "outcomes": [drop.outcome for drop in drops],
            "codes": [drop.code for drop in drops],
            "rules": [drop.rule for drop in drops],
            "facts": [drop.fact for drop in drops],
            "at": [now] * len(drops),
        },
    ).fetchall()
    news = {(row[0], bytes(row[1]), row[2]) for row in rows}
    return [drop for drop in drops if (drop.planned.day, drop.planned.key, drop.planned.version) in news]


def forged(message: planned.Planned) -> ruling.Drop:
    """The end of a row that the planner did not make."""
    return ruling.Drop(planned=message, outcome="dropped", code=ruling.FORGED)


def superseded(
    message: planned.Planned, code: str, *, is_marked: Callable[[planned.Planned], bool]
) -> ruling.Drop:
    """The end of a version that a later plan says otherwise (`planned_again`), or not any more (`withdrawn`)."""
    if not is_marked(message):
        return forged(message)
    return ruling.Drop(planned=message, outcome="superseded", code=code)


def expire(
    connection: psycopg.Connection[Any],
    *,
    recorder: record.Recorder,
    is_marked: Callable[[planned.Planned], bool],
) -> int:
    """End what is left of every batch that outlived itself; returns how many messages that were.

    `is_marked` tells the planner's rows from others: what those say of people and cases is nobody's word.
    """
    ended = 0
    while _any_outlived(connection):
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            locks.take(connection, [])  # no plan is put to work meanwhile
            batch = cursor.execute(_SQL["outlived_batch"]).fetchone()
            if batch is None:
                return ended  # another worker was faster
            now: datetime = batch["now"]
            left = outbox.waiting(connection, batch=batch["id"], day=batch["day"])
            drops = [_outlived(row) if is_marked(row) else forged(row) for row in left]
            if drops:
                cursor.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
            ended_now = dispose(connection, drops, now)
            recorder.write(connection, [statement.ended(drop, at=now) for drop in ended_now])
            ended += len(ended_now)
    return ended


def _any_outlived(connection: psycopg.Connection[Any]) -> bool:
    """Asked first, without a lock: a worker asks many times a second, and almost always there is none."""
    row = connection.execute(_SQL["any_outlived"]).fetchone()
    return row is not None and bool(row[0])


def _outlived(message: planned.Planned) -> ruling.Drop:
    return ruling.Drop(planned=message, outcome="expired", code="not_after_passed")
