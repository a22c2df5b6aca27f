"""Messages whose life ended while they waited: ended, with the evidence that they were never sent (decision D16).

One batch a transaction, and each by one worker. Refuses to touch a batch that somebody owns: its owner asks the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.run import locks, planned, record, ruling, statement
from duly.store import sql

_SQL = sql.load()


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
    while True:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            locks.take(connection, [])  # no plan is put to work meanwhile
            batch = cursor.execute(_SQL["outlived_batch"]).fetchone()
            if batch is None:
                return ended
            now: datetime = batch["now"]
            rows = cursor.execute(
                _SQL["batch_messages"], {"batch": batch["id"], "day": batch["day"]}
            ).fetchall()
            if rows:
                cursor.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
            drops = [_outlived(planned.from_row(row), is_marked) for row in rows]
            ruling_rows(connection, drops, now)
            recorder.write(connection, [statement.ended(drop, at=now) for drop in drops])
            ended += len(drops)


def _outlived(message: planned.Planned, is_marked: Callable[[planned.Planned], bool]) -> ruling.Drop:
    if not is_marked(message):
        return ruling.Drop(planned=message, outcome="dropped", code=ruling.FORGED)
    return ruling.Drop(planned=message, outcome="expired", code="not_after_passed")
