"""The hand-overs of which nobody knows whether they arrived: listed until somebody resolves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from duly.app import premises, words
from duly.model.party import Actor
from duly.model.said import say
from duly.store import sql

_SQL = sql.load()
_REACH = timedelta(days=62)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """One hand-over in doubt: which message, when the gate let it go, by which route, and why it is in doubt."""

    day: date
    message: str
    person: str
    route: str
    at: datetime
    reason: str


def listed(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Doubt, ...]:
    """Every doubt of the last two months, oldest first."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as installation, installation.connect() as connection:
        since = (installation.time.now() - _REACH).date()
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_SQL["doubts"], {"since": since}).fetchall()
        gave = installation.gate_keys.gave
        return tuple(
            Doubt(
                day=row["day"],
                message=bytes(row["key"]).hex(),
                person=row["person"],
                route=row["route"],
                at=row["at"],
                reason=_reason(row) if gave(row) else say("the gate did not give this permit"),
            )
            for row in rows
        )


def _reason(row: Mapping[str, Any]) -> str:
    return words.said(row["reason"]) if row["reason"] else say("no answer yet")
