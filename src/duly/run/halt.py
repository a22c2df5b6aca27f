"""The brake: a halt is obeyed by the gate at its next chunk, within a second; lifting it takes two people.

Refuses to write a halt without its evidence in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.model.said import say
from duly.run import record
from duly.store import sql

_SQL = sql.load()

SCOPES = ("all", "creditor", "brand", "channel", "route", "stage", "template", "person", "account")
ALSO = {"carrier": "route"}  # another word for the same


def stop(
    connection: psycopg.Connection[Any],
    *,
    recorder: record.Recorder,
    scope: str,
    value: str,
    reason: str,
    by: str,
) -> Mapping[str, Any]:
    """Stop everything within a scope, with its evidence, in the caller's transaction; returns the halt's row."""
    number = _write(connection, scope=scope, value=value, reason=reason, by=by)
    found = next(row for row in in_force(connection) if row["id"] == number)
    at: datetime = found["at"]
    fact = record.Fact(
        kind="halt",
        at=at,
        open={"scope": "carrier" if scope == "route" else scope},
        committed={**({"which": value} if value else {}), "reason": reason, "by": by},
    )
    recorder.write(connection, [fact])
    connection.execute(_SQL["note_halt_entry"], {"id": number, "entry": fact.entry})
    return found


def _write(connection: psycopg.Connection[Any], *, scope: str, value: str, reason: str, by: str) -> int:
    if scope not in SCOPES or (scope != "all") != bool(value):
        raise errors.WrongUsage(
            say("there is no scope `{scope}` with the value `{value}`", scope=scope, value=value),
            remedy=say("Say all, or one of {scopes} with a value.", scopes=", ".join(SCOPES[1:])),
        )
    if not reason.strip():
        raise errors.WrongUsage(
            say("a halt needs a reason"), remedy=say("Say why with --reason; it goes into the evidence.")
        )
    row = connection.execute(
        _SQL["halt"], {"scope": scope, "value": value, "reason": reason, "by": by}
    ).fetchone()
    if row is None:
        raise errors.DatabaseRefused(
            say("the halt was not written"), remedy=say("Look at the PostgreSQL log.")
        )
    return int(row[0])


def resume(connection: psycopg.Connection[Any], number: int, *, by: tuple[str, ...]) -> None:
    """Lift a halt. Raises NotAllowed unless two different people say so, DatabaseRefused if there is no such halt."""
    if len(set(by)) < 2:
        raise errors.NotAllowed(
            say("resuming takes two different people"),
            remedy=say("A second person signs with `duly resume` too."),
        )
    if connection.execute(_SQL["resume"], {"id": number, "by": list(by)}).fetchone() is None:
        raise errors.WrongUsage(
            say("halt {number} is not in force", number=number),
            remedy=say("`duly halt --list` shows those that are."),
        )


def in_force(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Every halt that is in force: id, scope, value, reason."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SQL["halts"]).fetchall()


def entry_of(connection: psycopg.Connection[Any], number: int) -> UUID:
    """The evidence entry of a halt."""
    row = connection.execute(_SQL["halt_entry"], {"id": number}).fetchone()
    if row is None or row[0] is None:
        raise errors.EvidenceBroken(
            say("halt {number} has no evidence entry", number=number),
            remedy=say("Find out who wrote that row; it was not duly."),
        )
    entry: UUID = row[0]
    return entry
