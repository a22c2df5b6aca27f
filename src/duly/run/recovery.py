"""After a crash: what a worker that is gone had in hand is parked, and what it had only claimed goes back.

A permit without an answer is in doubt, whatever host or boot it came from: it is never sent again and is
shown until somebody resolves it. A claimed message without a permit never left and returns to the queue.
A worker whose process may live is given until the next look: when the database comes back, all its workers do, and
each knows best what became of its own hand-overs.
Refuses to doubt what never was: of a permit that the gate did not give, nothing is written and nothing is freed.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Collection, Mapping
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
_EARLIER = timedelta(days=62)  # how far back a permit without an answer is looked for
# How often whole days are read for permits whose batch nobody owns: that is not so unless somebody changed rows.
_WIDELY_EVERY = timedelta(minutes=10)

Gave = Callable[[Mapping[str, Any]], bool]  # whether a row of the permits is one that the gate gave


# The names of this process whose senders still run: each settles its own.
_LIVING: set[str] = set()


@dataclass(kw_only=True)
class Memory:
    """What one sender remembers from one connection, and from one look, to the next.

    `name` is its name on this connection, `former` are those on connections that it lost. `never_left` are (worker,
    message key) of which it knows that it wrote no byte, `missed` the others who were not there at the last look,
    `widely_at` is when it last looked for permits whose batch nobody owns.
    """

    name: str = ""
    former: set[str] = field(default_factory=set)
    never_left: set[tuple[str, bytes]] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    widely_at: datetime | None = None

    def begin(self) -> str:
        """The name for a new connection, which no other ever has: host, process and a random part."""
        if self.name:
            self.former.add(self.name)
        self.widely_at = None
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
    gave: Gave,
) -> int:
    """Settle what workers that are gone left behind; returns how many hand-overs became doubts."""
    owners = {row[0] for row in connection.execute(_SQL["owners"]).fetchall()} | memory.missed
    if memory.widely_at is None or now - memory.widely_at >= _WIDELY_EVERY:
        since = {"since": (now - _REACH).date()}
        owners |= {row[0] for row in connection.execute(_SQL["owners_of_permits"], since).fetchall()}
        memory.widely_at = now
    doubts = 0
    for worker in sorted(owners):
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
                    connection, worker, recorder=recorder, now=now, never_left=memory.never_left, gave=gave
                )
                memory.missed.discard(worker)
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
    gave: Gave,
) -> int:
    since = (now - _REACH).date()
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["unanswered_of"], {"worker": worker, "since": since}).fetchall()
        open_ = [row for row in found if gave(row) and not row["copied"]]
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


def made_up(connection: psycopg.Connection[Any], *, now: datetime, gave: Gave) -> int:
    """How many permits the gate did not give: all of the last days, and older ones that still have no answer."""
    days = {"since": (now - _REACH).date(), "earlier": (now - _EARLIER).date()}
    count, key, macs = 0, b"", set[bytes]()
    # Read by portions, since a day may have a million, and message by message: a permit stands once.
    with connection.transaction(), connection.cursor("permits_given", row_factory=dict_row) as cursor:
        for row in cursor.execute(_SQL["permits_given"], days):
            if row["key"] != key:
                key, macs = row["key"], set()
            count += row["mac"] in macs or not gave(row)
            macs.add(row["mac"])
    return count
