"""After a crash: what a worker that is gone had in hand is parked, and what it had only claimed goes back.

A permit without an answer is in doubt, whatever host or boot it came from: it is never sent again and is
shown until somebody resolves it. A claimed message without a permit never left and returns to the queue.
A worker whose process may live is given until the next look: when the database comes back, all its workers do, and
each knows best what became of its own hand-overs.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.model import notice
from duly.run import locks, record, settlement
from duly.store import sql

_SQL = sql.load()
_REACH = timedelta(days=3)


# The names of this process whose senders still run: each settles its own.
_LIVING: set[str] = set()


@dataclass(kw_only=True)
class Memory:
    """What one sender remembers from one connection, and from one look, to the next.

    `name` is its name on this connection, `former` are those on connections that it lost. `never_left` are (worker,
    message key) of which it knows that it wrote no byte, `missed` the others who were not there at the last look.
    """

    name: str = ""
    former: set[str] = field(default_factory=set)
    never_left: set[tuple[str, bytes]] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)

    def begin(self) -> str:
        """The name for a new connection, which no other ever has: host, process and a random part."""
        if self.name:
            self.former.add(self.name)
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        _LIVING.add(self.name)
        return self.name

    def end(self) -> None:
        """The sender runs no more: what it left is for others to settle."""
        _LIVING.difference_update({self.name, *self.former})


def worker_lock(worker: str) -> int:
    """The session lock by which a worker shows that it lives."""
    return locks.key("worker", worker)


def recover(
    connection: psycopg.Connection[Any],
    *,
    recorder: record.Recorder,
    now: datetime,
    memory: Memory,
) -> int:
    """Settle what workers that are gone left behind; returns how many hand-overs became doubts."""
    since = (now - _REACH).date()
    owners = [row[0] for row in connection.execute(_SQL["owners"], {"since": since}).fetchall()]
    memory.missed &= set(owners)
    doubts = 0
    for worker in owners:
        ours = worker in memory.former
        if worker in _LIVING and not ours:
            continue
        lock = worker_lock(worker)
        row = connection.execute(_SQL["try_worker"], {"lock": lock}).fetchone()
        if row is None or not row[0]:
            memory.missed.discard(worker)
            continue
        try:
            if ours or worker in memory.missed or not _may_return(worker):
                doubts += _settle_one(
                    connection, worker, recorder=recorder, now=now, never_left=memory.never_left
                )
            else:
                memory.missed.add(worker)
        finally:
            connection.execute(_SQL["release_worker"], {"lock": lock})
    return doubts


def _may_return(worker: str) -> bool:
    """Whether the process behind a name may live: not if it was one of this machine and is not there."""
    host, _, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if not pid.isdecimal() or (host == socket.gethostname() and int(pid) == os.getpid()):
        return False  # a name that nobody gave himself, or one of this process that lives no more
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _settle_one(
    connection: psycopg.Connection[Any],
    worker: str,
    *,
    recorder: record.Recorder,
    now: datetime,
    never_left: Collection[tuple[str, bytes]],
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
        # Batches before cases, as everybody takes them.
        connection.execute(_SQL["requeue_of"], {"worker": worker})
        settlement.settle(connection, answered, recorder=recorder, now=now)
    return sum(1 for item in answered if item.answer.outcome is notice.Outcome.UNSURE)
