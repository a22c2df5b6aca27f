"""Rows of the outbox, written in bulk and read batch by batch.

Refuses to write a row without the planner's mark.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.run import planned
from duly.store import sql

_SQL = sql.load()

# The columns are those that the statement names, in its order.
_COLUMNS = tuple(_SQL["copy_messages"].partition("(")[2].partition(")")[0].replace(",", " ").split())
_TYPES = (
    "date", "bytea", "int4", "int8", "int8", "bytea", "text", "text", "text", "text", "text", "text",
    "int4", "int4", "text", "text", "text", "text", "text", "text", "text", "text[]", "text[]",
    "jsonb", "jsonb", "text", "text", "date", "int4", "int4", "int8", "timestamptz",
    "timestamptz", "text", "text", "text", "text", "int8", "bytea",
)  # fmt: skip


def copy(
    connection: psycopg.Connection[Any], rows: Sequence[planned.Planned], *, batch: int, costs: Sequence[int]
) -> None:
    """Write rows into one batch, inside the caller's transaction; `costs` in millionths of a currency unit."""
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_messages"]) as into:
        into.set_types(_TYPES)
        for row, cost in zip(rows, costs, strict=True):
            if not row.mac:
                raise ValueError("a message without the planner's mark is none")
            into.write_row(_values(row, batch, cost))


def waiting(connection: psycopg.Connection[Any], *, batch: int, day: date) -> list[planned.Planned]:
    """What is left to do of a batch: neither ended nor handed over."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["batch_messages"], {"batch": batch, "day": day}).fetchall()
    says = plan_says(connection, {row["plan"] for row in rows})
    return [planned.from_row(row, plan_says=says[row["plan"]]) for row in rows]


def unsent(
    connection: psycopg.Connection[Any], keys: Sequence[bytes], *, since: date
) -> list[planned.Planned]:
    """Every version of these messages, of the days since one, that neither left nor ended."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["unsent_versions"], {"keys": list(keys), "since": since}).fetchall()
    says = plan_says(connection, {row["plan"] for row in rows})
    return [planned.from_row(row, plan_says=says[row["plan"]]) for row in rows]


def plan_says(connection: psycopg.Connection[Any], plans: Collection[int]) -> dict[int, bytes]:
    """The digest of what the row of each of these plans says."""
    if not plans:
        return {}
    return dict(connection.execute(_SQL["plan_says"], {"plans": sorted(plans)}).fetchall())


def _values(row: planned.Planned, batch: int, cost: int) -> list[object]:
    own: dict[str, object] = {
        "class": row.class_,
        "batch": batch,
        "cost_micro": cost,
        "cases": list(row.cases),
    }
    own |= {"accounts": list(row.accounts)}
    return [own[name] if name in own else getattr(row, name) for name in _COLUMNS]
