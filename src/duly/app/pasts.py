"""What another system says happened before this one took over, in words; told apart from what we did ourselves.

Refuses to speak of it as ours: every sentence names the system it comes from and what there is to show for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.app import words
from duly.model.said import Said, say
from duly.plan import takeover
from duly.store import sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Told:
    """One imported row in words."""

    at: datetime
    person: str
    says: Said


def of_account(connection: psycopg.Connection[Any], account: str) -> Iterator[Told]:
    """Everything imported about an account and about its people."""
    with connection.cursor(row_factory=dict_row) as cursor:
        persons = [
            row["person"] for row in cursor.execute(_SQL["liable_of"], {"accounts": [account]}).fetchall()
        ]
        rows = cursor.execute(_SQL["story_of_imported"], {"account": account, "persons": persons}).fetchall()
    for row in rows:
        yield Told(at=row["at"], person=row["person"] or "", says=_row(row))


def stage(row: Mapping[str, Any]) -> Said:
    """How a stage moved, by us or in the system before."""
    before, _, shows = str(row["why"]).partition(":")
    if before == takeover.WHY and row["event"] == "service":
        proof, _, reference = shows.partition(":")
        return say(
            "Stage {stage}: done in the earlier system on {on}, grade {proof}, reference {reference}.",
            stage=row["stage"],
            on=row["on_day"],
            proof=words.said(proof),
            reference=reference,
        )
    return say(
        "Stage {stage}: {event}, now {state} ({why}).",
        stage=row["stage"],
        event=words.said(row["event"]),
        state=words.said(row["to_state"]),
        why=words.said(before if before == takeover.WHY else row["why"]),
    )


def _row(row: Mapping[str, Any]) -> Said:
    named = [
        row["notice"],
        *(row[name] and words.said(row[name]) for name in ("channel", "result", "arrival")),
    ]
    detail = words.together([str(each) for each in named if each])
    kept = words.together([str(each) for each in (row["said"], row["proof_ref"]) if each])
    told = say(
        "Imported from {source}, not witnessed by us: {kind}{detail}; grade {proof}, reference {reference}{kept}.",
        source=row["source"],
        kind=words.said(row["kind"]),
        detail=say(" ({detail})", detail=detail) if detail else "",
        proof=words.said(row["proof"]),
        reference=row["reference"],
        kept=say(", kept at {kept}", kept=kept) if kept else "",
    )
    if row["until"] is None:
        return told
    return say("{told} Until {until}.", told=told, until=row["until"])
