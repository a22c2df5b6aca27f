"""What the database knows, as the frames a plan is made from, all read in one state of it.

Refuses to interpret: which stage is due is decided below, in `plan`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import columns as book_columns
from duly.model import notice
from duly.plan import columns as plan_columns
from duly.store import sql

_SQL = sql.load()

# Every message that ever left counts: the number of a stage's next notice must never be one that was used.
SINCE = date(2000, 1, 1)

HISTORY: Mapping[str, pl.DataType] = {
    "at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),
    "channel": pl.String(),
    "person": pl.String(),
    "account": pl.String(),
    "number": pl.String(),
    "ref": pl.String(),
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything known up to `horizon`, and the snapshot it is counted from."""

    manifest: str
    manifest_path: Path
    as_of_event: int
    horizon: int
    events: pl.DataFrame
    cases: pl.DataFrame
    stages: pl.DataFrame
    known: pl.DataFrame
    versions: Mapping[bytes, int]
    arms: pl.DataFrame
    history: pl.DataFrame


def read(
    connection: psycopg.Connection[Any],
    *,
    now: datetime,
    zone: str,
    history: timedelta,
    persons: Collection[str] | None = None,
) -> Standing:
    """Read it all, or what is known of some persons; the caller has opened a transaction that sees one state.

    Raises WrongUsage when no book was loaded yet.
    """
    of = {"persons": None if persons is None else sorted(persons)}
    with connection.cursor(row_factory=dict_row) as cursor:
        in_force = cursor.execute(_SQL["manifest_in_force"]).fetchone()
        if in_force is None:
            raise errors.WrongUsage("no book was loaded yet", remedy="Load one: `duly load`.")
        horizon = (cursor.execute(_SQL["horizon"]).fetchone() or {"horizon": 0})["horizon"]
        events = cursor.execute(
            _SQL["events_between"], {"after": in_force["as_of_event"], "horizon": horizon}
        ).fetchall()
        cases = cursor.execute(_SQL["cases_standing"], of).fetchall()
        stages = cursor.execute(_SQL["stages_standing"], of).fetchall()
        messages = cursor.execute(_SQL["messages_standing"], {"zone": zone, "since": SINCE} | of).fetchall()
        arms = cursor.execute(_SQL["arms_standing"]).fetchall()
        contacts = cursor.execute(_SQL["contacts_standing"], {"since": now - history} | of).fetchall()
    return Standing(
        manifest=in_force["digest"],
        manifest_path=Path(in_force["path"]),
        as_of_event=in_force["as_of_event"],
        horizon=horizon,
        events=_frame(events, book_columns.EVENT),
        cases=_frame(cases, plan_columns.CASE),
        stages=_frame(stages, plan_columns.STAGE),
        known=_frame([_known(row) for row in messages], plan_columns.KNOWN),
        versions={row["key"]: row["version"] for row in messages},
        arms=_frame(arms, plan_columns.ARM),
        history=_frame([{**row, "ref": row["key"].hex()} for row in contacts], HISTORY),
    )


def _frame(rows: Sequence[Mapping[str, Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in schema}, schema=dict(schema), strict=False
    )


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "grade": _grade(row)}


def _grade(row: Mapping[str, Any]) -> str | None:
    """The grade of arrival that is shown so far; None for a message that never left."""
    if row["outcome"] not in {notice.Outcome.ACCEPTED.value, notice.Outcome.UNSURE.value}:
        return None
    if row["arrival"] == notice.Arrival.DELIVERED.value:
        return notice.Grade.DELIVERED.value
    if row["agreed_for_service"] and row["outcome"] == notice.Outcome.ACCEPTED.value:
        # A notice to the address agreed for service is served by arriving there (rules on service by agreement);
        # the handing over by the carrier is what is known of that.
        return notice.Grade.AGREED_ADDRESS.value
    return notice.Grade.ATTEMPTED.value
