"""A day of a table taken out of the database, without anybody waiting who reads or writes other days.

Its statements name tables of a day, which no file of statements can, so they are made here.
Refuses a day that has not exactly as many rows as it was put away with, and to wait long for whoever reads it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from psycopg import sql as compose
from psycopg.rows import dict_row

from duly.errors import DatabaseRefused
from duly.model.said import say
from duly.store import sql

_SQL = sql.load()

_PATIENCE = 2000  # milliseconds that whoever reads the day is waited for


def kept(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Which days stand in the database, by table: parent, day, bytes, and `pending`, whether it is half taken out."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SQL["days_kept"]).fetchall()


def drop(connection: psycopg.Connection[Any], table: str, day: date, *, rows: int) -> bool:
    """Take a table's day out; says False where somebody reads it, and it waits for the next time.

    `connection` is the owner's and commits by itself. Raises DatabaseRefused where the day has other rows.
    """
    child = f"{table}_{day:%Y%m%d}"
    names = {"parent": compose.Identifier(table), "child": compose.Identifier(child)}
    pending = {(row["parent"], row["day"]): row["pending"] for row in kept(connection)}
    connection.execute(compose.SQL("set statement_timeout = {}").format(_PATIENCE))
    try:
        if pending.get((table, day)) is not None:
            # Both ways ask for a lock that neither readers nor writers of the whole table mind; a report that is open
            # is waited for afterwards, and what was begun is finished by the next who comes.
            words = compose.SQL("finalize" if pending[table, day] else "concurrently")
            ends = compose.SQL("alter table {parent} detach partition {child} {words}")
            connection.execute(ends.format(**names, words=words))
        counted = connection.execute(compose.SQL("select count(*) from {child}").format(**names)).fetchone()
        if counted is None or counted[0] != rows:
            raise DatabaseRefused(
                say("{table} has other rows than it was put away with", table=child),
                remedy=say("Somebody wrote into a day that was put away: find out who. Nothing was removed."),
            )
        connection.execute(compose.SQL("drop table {child}").format(**names))
    except psycopg.errors.UndefinedTable:
        return True  # it went before
    except (
        psycopg.errors.QueryCanceled,
        psycopg.errors.LockNotAvailable,
        psycopg.errors.ObjectNotInPrerequisiteState,  # another day of this table is half taken out
    ):
        return False
    finally:
        connection.execute("reset statement_timeout")
    return True
