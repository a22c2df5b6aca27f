"""The one sequencer: gives waiting entries their places in the tree, and lets the log sign what is committed.

The order of a step is stage, commit, publish (see `evidence.log`): whatever is signed is covered by the
database, and whatever the database holds can be written to files again.
Refuses to guess after a failure: it recovers first, and says so when the database is older than the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from duly import errors
from duly.evidence import log
from duly.model.said import say
from duly.run import locks
from duly.store import connect, sql

_SQL = sql.load()

MOST = 4096  # entries a step takes


class Sequencer:
    """Drives one log from one connection."""

    def __init__(self, evidence: log.Log) -> None:
        self._log = evidence
        self._open = False

    def start(self, connection: psycopg.Connection[Any]) -> log.Recovery:
        """Bring files and database together and begin a new term.

        Raises LogBusy when another sequencer runs, EvidenceBroken when the two are not the same log.
        With `Standing.RECOVERING` nothing may leave: the database is an old one.
        """
        self._open = False
        connection.execute(
            _SQL["first_head"], {"size": log.EMPTY.size, "root": log.EMPTY.root, "epoch": log.EMPTY.epoch}
        )
        database = _head(connection)
        found = self._log.recover(database, lambda start, stop: _rows(connection, start, stop))
        if found.standing is log.Standing.RECOVERING:
            self._log.close()
            return found
        claimed = self._log.claim()
        try:
            with connect.transaction(connection):
                _swap(connection, database, claimed)
        except errors.DulyError:
            self._log.abandon()
            raise
        self._log.publish()
        self._open = True
        return found

    def stand(self, connection: psycopg.Connection[Any]) -> None:
        """Begin a term if none is open. Raises EvidenceBroken when the database is older than the log."""
        if self._open:
            return
        found = self.start(connection)
        if found.standing is log.Standing.RECOVERING:
            raise errors.EvidenceBroken(
                say(
                    "the database knows {database} entries and the log holds {log}: it is an older database, put back "
                    "from a backup, and nothing may leave",
                    database=found.database.size,
                    log=found.files.size,
                ),
                remedy=say("Put back the newest database, or go on from the log: `duly recover`."),
            )

    def step(self, connection: psycopg.Connection[Any], *, most: int = MOST) -> int:
        """Place up to `most` waiting entries and publish; returns how many were placed."""
        self.stand(connection)
        try:
            with connect.transaction(connection):
                placed = self._place(connection, most)
        except BaseException:
            # Nobody knows whether the commit took place; the next start reads it from the database.
            self._open = False
            self._log.abandon()
            raise
        if placed:
            self._log.publish()
        return placed

    def drain(self, connection: psycopg.Connection[Any]) -> int:
        """Place everything that waits."""
        total = 0
        while placed := self.step(connection):
            total += placed
        return total

    def close(self) -> None:
        """Give the log back to another sequencer."""
        self._open = False
        self._log.close()

    def _place(self, connection: psycopg.Connection[Any], most: int) -> int:
        leading = connection.execute(_SQL["lead"], {"lock": locks.SEQUENCER}).fetchone()
        if leading is None or not leading[0]:
            raise log.LogBusy(
                "Another process is placing entries.",
                remedy="Only one sequencer may run; it goes on by itself.",
            )
        taken = connection.execute(_SQL["take_waiting"], {"most": most}).fetchall()
        if not taken:
            return 0
        taken.sort(key=lambda row: row[2])
        leaves = {
            row[0]: bytes(row[1])
            for row in connection.execute(
                _SQL["leaves_of"],
                {"days": sorted({row[1] for row in taken}), "ids": [row[0] for row in taken]},
            ).fetchall()
        }
        before = _head(connection)
        grown = self._log.append([leaves[row[0]] for row in taken])
        connection.execute(
            _SQL["place"],
            {
                "places": list(range(before.size, grown.size)),
                "ids": [row[0] for row in taken],
                "days": [row[1] for row in taken],
            },
        )
        _swap(connection, before, grown)
        return len(taken)


def _head(connection: psycopg.Connection[Any]) -> log.Head:
    row = connection.execute(_SQL["head"]).fetchone()
    if row is None:
        return log.EMPTY
    return log.Head(size=row[0], root=bytes(row[1]), epoch=row[2])


def _swap(connection: psycopg.Connection[Any], old: log.Head, new: log.Head) -> None:
    row = connection.execute(
        _SQL["swap_head"],
        {
            "size": new.size,
            "root": new.root,
            "epoch": new.epoch,
            "old_size": old.size,
            "old_root": old.root,
            "old_epoch": old.epoch,
        },
    ).fetchone()
    if row is None:
        raise log.LogBusy(
            "The head of the log moved under us.",
            remedy="Another sequencer runs; this one recovers and tries again.",
        )


def _rows(connection: psycopg.Connection[Any], start: int, stop: int) -> Sequence[bytes]:
    return [
        bytes(row[1])
        for row in connection.execute(_SQL["placed_leaves"], {"start": start, "stop": stop}).fetchall()
    ]
