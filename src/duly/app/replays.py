"""A recorded plan made again, and the list of those there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from psycopg.rows import dict_row

from duly.app import people, premises
from duly.model.party import Actor, Duty
from duly.run import replay
from duly.run.replay import Differing, Replayed
from duly.store import sql

__all__ = ["Differing", "Made", "Replayed", "again", "made"]

_SQL = sql.load()
_SEES = (Duty.COMPLIANCE, Duty.OPERATIONS, Duty.ENGINEER, Duty.COUNSEL, Duty.AUDITOR, Duty.STRATEGIST)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A plan that was recorded: of which day, when, why, and from which snapshot up to which event."""

    number: int
    day: date
    at: datetime
    reason: str
    manifest: str
    horizon: int


def made(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Made, ...]:
    """Every plan that was recorded, the newest first."""
    people.require(actor, *_SEES)
    with (
        premises.opened(folder, environ) as opened,
        opened.connect() as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(_SQL["all_plans"]).fetchall()
    return tuple(
        Made(
            number=row["id"],
            day=row["day"],
            at=row["at"],
            reason=row["reason"],
            manifest=row["manifest"],
            horizon=row["horizon"],
        )
        for row in reversed(rows)
    )


def again(
    actor: Actor,
    folder: Path,
    *,
    number: int,
    environ: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Make a recorded plan again from what was recorded, and say whether it is the same. Changes nothing."""
    people.require(actor, *_SEES)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        return replay.replay(opened, connection, number, seen=progress)
