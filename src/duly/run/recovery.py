"""After a crash: what a worker that is gone had in hand is parked, and what it had only claimed goes back.

A permit without an answer is in doubt, whatever host or boot it came from: it is never sent again and is
shown until somebody resolves it. A claimed message without a permit never left and returns to the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.model import notice
from duly.run import locks, record, settlement
from duly.store import sql

_SQL = sql.load()
_REACH = timedelta(days=3)


def worker_lock(worker: str) -> int:
    """The session lock by which a worker shows that it lives."""
    return locks.key("worker", worker)


def recover(
    connection: psycopg.Connection[Any],
    *,
    me: str,
    recorder: record.Recorder,
    now: datetime,
    never_left: frozenset[tuple[str, bytes]] = frozenset(),
) -> int:
    """Settle what workers that are gone left behind; returns how many hand-overs became doubts.

    `never_left` are (worker, message key) of which this very process knows that it wrote no byte.
    """
    since = (now - _REACH).date()
    owners = [row[0] for row in connection.execute(_SQL["owners"], {"since": since}).fetchall()]
    doubts = 0
    for worker in owners:
        if worker == me:
            continue
        lock = worker_lock(worker)
        row = connection.execute(_SQL["try_worker"], {"lock": lock}).fetchone()
        if row is None or not row[0]:
            continue
        try:
            doubts += _settle_one(connection, worker, recorder=recorder, now=now, never_left=never_left)
        finally:
            connection.execute(_SQL["release_worker"], {"lock": lock})
    return doubts


def _settle_one(
    connection: psycopg.Connection[Any],
    worker: str,
    *,
    recorder: record.Recorder,
    now: datetime,
    never_left: frozenset[tuple[str, bytes]],
) -> int:
    since = (now - _REACH).date()
    with connection.cursor(row_factory=dict_row) as cursor:
        open_ = cursor.execute(_SQL["unanswered_of"], {"worker": worker, "since": since}).fetchall()
        cases = {
            row["key"]: tuple(row["cases"])
            for row in cursor.execute(
                _SQL["cases_of"], {"keys": [row["key"] for row in open_], "since": since}
            ).fetchall()
        }
    answered = []
    for row in open_:
        what = settlement.HandedOver(
            day=row["day"],
            key=row["key"],
            attempt=row["attempt"],
            person=row["person"],
            cases=cases.get(row["key"], ()),
            route=row["route"],
            entry=row["entry"],
        )
        if (worker, row["key"]) in never_left:
            answered.append(
                settlement.never_written(what, "the gate's commit was not confirmed; nothing was written")
            )
        else:
            answered.append(settlement.doubtful(what, "the worker ended between the permit and the answer"))
    with connection.transaction():
        if answered:
            settlement.settle(connection, answered, recorder=recorder, now=now)
        connection.execute(_SQL["requeue_of"], {"worker": worker})
    return sum(1 for item in answered if item.answer.outcome is notice.Outcome.UNSURE)
