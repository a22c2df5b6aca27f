"""Hand-overs in doubt: closed as unknown when their time is up, or as a person decides, with the evidence of it.

A doubt is waited for until the carrier may deliver its message no more, and a margin for the receipt that may be on
its way. Then it is closed: the message counts as it did, nothing is sent again, and the plan goes on without it. A
receipt that comes all the same is believed and settles it.
Refuses to decide anything: what a person says is written down here once as many people signed it as it takes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import answer
from duly.run import gate, record, settlement, statement
from duly.store import sql
from duly.text import fields

_SQL = sql.load()

REACH = timedelta(days=62)  # how far back a doubt is looked for
_MOST = 500  # doubts that are closed in one transaction
_EVERY = timedelta(minutes=1)  # how often it is looked whether some have outlived themselves

TIME = "neither an answer nor a receipt within the life of the message and the margin after it"

Gave = Callable[[Mapping[str, Any]], bool]  # whether a row of the permits is one that the gate gave


class Verdict(Enum):
    """What a person says of a hand-over in doubt."""

    ACCEPTED = "accepted"  # the carrier has it
    REFUSED = "refused"  # the carrier has nothing of it
    UNKNOWN = "unknown"  # nobody will ever know


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """One hand-over in doubt. `overdue_minor` is what its notice is about."""

    what: settlement.HandedOver
    overdue_minor: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person said of some hand-overs, and how many people it takes."""

    verdict: Verdict
    reason: str
    by: str
    at: datetime
    keys: tuple[bytes, ...]
    overdue_minor: int
    people: int

    @property
    def digest(self) -> str:
        """What is signed: SHA-256 over what is said of which."""
        said = json.dumps(
            ["duly.doubt.1", self.verdict.value, self.reason, self.by, [key.hex() for key in self.keys]],
            ensure_ascii=False,
        )
        return hashlib.sha256(said.encode()).hexdigest()


# --- which there are


def of(
    connection: psycopg.Connection[Any], keys: Collection[bytes], *, gave: Gave, now: datetime
) -> tuple[Doubt, ...]:
    """Those of these messages that are in doubt and were not closed, of permits that the gate gave."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SQL["doubts_of"], {"keys": sorted(keys), "since": (now - REACH).date()}
        ).fetchall()
    return tuple(_doubt(row) for row in rows if gave(row))


def _doubt(row: Mapping[str, Any]) -> Doubt:
    minor, _ = fields.demanded(row["notice"], row["fields"])
    return Doubt(what=settlement.handed_over(row), overdue_minor=max(0, minor))


# --- closed because their time is up


class Closing:
    """Closes what has outlived itself and the margin, now and then."""

    def __init__(self, *, recorder: record.Recorder, gave: Gave, margin: timedelta) -> None:
        self._recorder = recorder
        self._gave = gave
        self._margin = margin
        self._looked_at: datetime | None = None

    def close(self, connection: psycopg.Connection[Any], now: datetime) -> int:
        """Close what is to be closed by now; how many that were."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _EVERY:
            return 0
        self._looked_at = now
        closed = 0
        while keys := self._outlived(connection, now):
            # Nothing else may have come today that made the day ready.
            connection.execute(_SQL["ensure_day"], {"day": self._recorder.day_of(now)})
            with connection.transaction():
                settlement.lock(connection, keys)
                found = of(connection, keys, gave=self._gave, now=now)
                facts = _close(connection, found, basis="time", says=TIME, now=now)
                self._recorder.write(connection, facts)
                # Also those that nobody doubts any more, and those the gate never let go.
                connection.execute(_SQL["doubts_no_more"], {"keys": keys})
            closed += len(facts)
        return closed

    def _outlived(self, connection: psycopg.Connection[Any], now: datetime) -> list[bytes]:
        before = {"before": now - self._margin, "most": _MOST}
        return sorted({row[0] for row in connection.execute(_SQL["doubts_outlived"], before).fetchall()})


def _close(
    connection: psycopg.Connection[Any],
    doubts: Sequence[Doubt],
    *,
    basis: str,
    says: str,
    now: datetime,
    by: str = statement.MACHINE,
    decision: str | None = None,
) -> list[record.Fact]:
    """Close doubts as unknown, under the locks of their answers, and have their people planned for again."""
    facts = [statement.resolved(one.what, "unknown", basis=says, by=by, at=now) for one in doubts]
    rows = connection.execute(
        _SQL["close_doubts"],
        {
            "keys": [one.what.key for one in doubts],
            "attempts": [one.what.attempt for one in doubts],
            "days": [one.what.day for one in doubts],
            "entries": [fact.entry for fact in facts],
            "at": now,
            "basis": basis,
            "decision": decision,
        },
    ).fetchall()
    closed: set[tuple[bytes, int, date]] = {(bytes(row[0]), row[1], row[2]) for row in rows}
    ours = [
        (one, fact)
        for one, fact in zip(doubts, facts, strict=True)
        if (one.what.key, one.what.attempt, one.what.day) in closed
    ]
    # The next channel is tried, or the next occurrence falls due: that is for the plan to say.
    waking = [(one.what.person, now, "fallback", one.what.key) for one, _ in ours]
    gate.wake_rows(connection, waking, now)
    return [fact for _, fact in ours]


# --- as people decide


def propose(connection: psycopg.Connection[Any], decision: Decision) -> None:
    """Keep what a person says, to be signed."""
    connection.execute(
        _SQL["decide_doubts"],
        {
            "digest": decision.digest,
            "outcome": decision.verdict.value,
            "reason": decision.reason,
            "by": decision.by,
            "at": decision.at,
            "keys": list(decision.keys),
            "overdue_minor": decision.overdue_minor,
            "people": decision.people,
        },
    )


def proposed(connection: psycopg.Connection[Any]) -> tuple[Decision, ...]:
    """The decisions that still lack a signature."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["doubt_decisions"]).fetchall()
    return tuple(
        Decision(
            verdict=Verdict(row["outcome"]),
            reason=row["reason"],
            by=row["by"],
            at=row["at"],
            keys=tuple(bytes(key) for key in row["keys"]),
            overdue_minor=row["overdue_minor"],
            people=row["people"],
        )
        for row in rows
    )


def carry_out(
    connection: psycopg.Connection[Any],
    decision: Decision,
    *,
    approved_by: Sequence[str],
    recorder: record.Recorder,
    gave: Gave,
    now: datetime,
) -> int:
    """Write down what was decided and signed; of how many hand-overs it settled the doubt.

    What was answered meanwhile keeps its answer: a carrier's word goes before a person's.
    """
    connection.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
    with connection.transaction():
        settlement.lock(connection, decision.keys)
        found = of(connection, decision.keys, gave=gave, now=now)
        done = connection.execute(
            _SQL["doubt_decided"],
            {"digest": decision.digest, "at": now, "approved_by": list(approved_by)},
        ).fetchone()
        if done is None:
            return 0
        by, says = " + ".join(approved_by), f"decided: {decision.reason}"
        if decision.verdict is Verdict.UNKNOWN:
            facts = _close(
                connection, found, basis="person", says=says, now=now, by=by, decision=decision.digest
            )
        else:
            given = [
                settlement.Answered(what=one.what, answer=_answer(decision.verdict, says)) for one in found
            ]
            facts = settlement.resolve(connection, given, basis=says, now=now, by=by)
        recorder.write(connection, facts)
    return len({fact.open["permit"] for fact in facts})


def _answer(verdict: Verdict, says: str) -> answer.Answer:
    """What the carrier would have said. It named nothing, and what it has not is not tried on the same way again."""
    if verdict is Verdict.ACCEPTED:
        return answer.accepted([""])
    segment = answer.Segment(fate=answer.Fate.REFUSED_FINAL, code=settlement.DECIDED, reason=says)
    return answer.settle([segment])
