"""The hand-overs of which nobody knows whether they arrived: listed until something or somebody settles them.

A late answer, a receipt and the end of their time settle them by themselves; here a person does, who looked into the
carrier's own records: with a reason, signed with his own key, and by two people beyond the sum that duly.toml leaves
to one. Refuses a decision on what is in doubt no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import approvals, people, premises, words
from duly.model.approval import Lack, Lacking, Question, Subject
from duly.model.money import Money
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import doubts, installation, lapse, register, statement
from duly.store import sql

_SQL = sql.load()
_LIFETIME = timedelta(days=7)  # within which the second of two has to sign
_SHORTEST = 6  # letters of a message's key by which it may be named
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """One hand-over in doubt: which message, when the gate let it go, by which route, and why it is in doubt.

    `age` is how long ago that was, `closes_at` when nothing is waited for any more.
    """

    day: date
    message: str
    person: str
    route: str
    at: datetime
    age: timedelta
    closes_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person said of hand-overs in doubt, and what is still lacking; `settled` counts those that it settled."""

    digest: str
    outcome: str
    reason: str
    by: str
    messages: int
    overdue: Money
    lacking: tuple[Lacking, ...]
    settled: int = 0


def listed(
    actor: Actor, folder: Path, *, environ: Mapping[str, str], route: str | None = None
) -> tuple[Doubt, ...]:
    """Every doubt of the last two months that was not closed, oldest first; with `route` those of one carrier."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        return _listed(opened, connection, route)


def _listed(
    opened: installation.Installation, connection: psycopg.Connection[Any], route: str | None
) -> tuple[Doubt, ...]:
    now = opened.time.now()
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["doubts"], {"since": (now - doubts.REACH).date()}).fetchall()
    margin = timedelta(hours=opened.project.settings.limits.doubt_margin_hours)
    gave = opened.gate_keys.gave
    return tuple(
        Doubt(
            day=row["day"],
            message=bytes(row["key"]).hex(),
            person=row["person"],
            route=row["route"],
            at=row["at"],
            age=max(timedelta(), now - row["at"]),
            closes_at=row["not_after"] + margin,
            reason=_reason(row) if gave(row) else say("the gate did not give this permit"),
        )
        for row in rows
        if route in (None, row["route"])
    )


def _reason(row: Mapping[str, Any]) -> str:
    return words.said(row["reason"]) if row["reason"] else say("no answer yet")


def undecided(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Decision, ...]:
    """The decisions that still lack a signature."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        kept = register.Register(connection, opened.recorder)
        return tuple(_told(opened, one, _lacking(opened, kept, one)) for one in doubts.proposed(connection))


def decide(
    actor: Actor,
    folder: Path,
    *,
    messages: Collection[str],
    outcome: str,
    reason: str,
    route: str | None,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> Decision:
    """Say what became of hand-overs in doubt, and sign it; it is done at once where one signature is enough.

    `messages` are keys or their first letters, or `all`. Raises WrongUsage for one that is not in doubt.
    """
    people.require(actor, Duty.OPERATIONS, Duty.COMPLIANCE)
    if not reason.strip():
        raise errors.WrongUsage(
            say("nothing is decided without a reason"),
            remedy=say("Say by --reason what it rests on, such as the carrier's own list."),
        )
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        lapse.refuse(opened, connection)
        named = _named(messages, _listed(opened, connection, route))
        now = opened.time.now().replace(microsecond=0)
        found = doubts.of(connection, named, gave=opened.gate_keys.gave, now=now)
        if not found:
            raise errors.WrongUsage(
                say("none of these hand-overs is in doubt"), remedy=say("`duly doubts` shows those that are.")
            )
        overdue = sum(one.overdue_minor for one in found)
        alone = opened.project.settings.limits.doubt_alone_minor
        decision = doubts.Decision(
            verdict=doubts.Verdict(outcome),
            reason=reason.strip(),
            by=actor.name,
            at=now,
            keys=tuple(sorted({one.what.key for one in found})),
            overdue_minor=overdue,
            people=1 if alone is not None and overdue <= alone else 2,
        )
        doubts.propose(connection, decision)
        return _sign(actor, opened, connection, decision, keys=keys, passphrase=passphrase, nonce=nonce)


def sign(
    actor: Actor,
    folder: Path,
    *,
    digest: str,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> Decision:
    """Sign what another decided, named by the first letters of its digest."""
    people.require(actor, Duty.OPERATIONS, Duty.COMPLIANCE)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        lapse.refuse(opened, connection)
        found = [one for one in doubts.proposed(connection) if one.digest.startswith(digest)]
        if len(found) != 1:
            raise errors.WrongUsage(
                say("{count} decisions that wait begin with {digest}", count=len(found), digest=digest),
                remedy=say("`duly doubts` shows those that lack a signature."),
            )
        return _sign(actor, opened, connection, found[0], keys=keys, passphrase=passphrase, nonce=nonce)


def _named(messages: Collection[str], known: Sequence[Doubt]) -> set[bytes]:
    if set(messages) == {ALL}:
        return {bytes.fromhex(one.message) for one in known}
    found: set[bytes] = set()
    for name in messages:
        fitting = {one.message for one in known if one.message.startswith(name.lower())}
        if len(name) < _SHORTEST or len(fitting) != 1:
            raise errors.WrongUsage(
                say("`{name}` names {count} hand-overs in doubt", name=name, count=len(fitting)),
                remedy=say("Write a message's key, or its first {count} letters or more.", count=_SHORTEST),
            )
        found |= {bytes.fromhex(one) for one in fitting}
    return found


def _sign(
    actor: Actor,
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    decision: doubts.Decision,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
) -> Decision:
    kept = register.Register(connection, opened.recorder)
    question = _question(opened, decision)
    approvals.keep(actor, question, kept, keys=keys, passphrase=passphrase, nonce=nonce, lifetime=_LIFETIME)
    lacking = _lacking(opened, kept, decision)
    if lacking:
        return _told(opened, decision, lacking)
    settled = doubts.carry_out(
        connection,
        decision,
        approved_by=approvals.agreed(question, kept, duties=opened.project.settings.people),
        recorder=opened.recorder,
        gave=opened.gate_keys.gave,
        now=opened.time.now(),
    )
    return _told(opened, decision, (), settled=settled)


def _question(opened: installation.Installation, decision: doubts.Decision) -> Question:
    # Whoever proposes it is one of those who sign: it is the second who must be somebody else.
    return Question(
        subject=Subject.DOUBT,
        digest=decision.digest,
        now=opened.time.now().replace(microsecond=0),
        author=statement.MACHINE,
        messages=len(decision.keys),
        overdue_minor=decision.overdue_minor,
    )


def _lacking(
    opened: installation.Installation, kept: approvals.Approvals, decision: doubts.Decision
) -> tuple[Lacking, ...]:
    question, duties = _question(opened, decision), opened.project.settings.people
    if len(approvals.agreed(question, kept, duties=duties)) >= decision.people:
        return ()
    lacking = approvals.lacking(question, kept, duties=duties)
    if decision.people > 1:
        return lacking
    missing = say("nobody signed it yet")
    return (
        *(one for one in lacking if one.lack is not Lack.PEOPLE),
        Lacking(lack=Lack.PEOPLE, by="", says=missing),
    )


def _told(
    opened: installation.Installation,
    decision: doubts.Decision,
    lacking: tuple[Lacking, ...],
    *,
    settled: int = 0,
) -> Decision:
    return Decision(
        digest=decision.digest,
        outcome=decision.verdict.value,
        reason=decision.reason,
        by=decision.by,
        messages=len(decision.keys),
        overdue=Money(minor=decision.overdue_minor, currency=opened.project.settings.currency),
        lacking=lacking,
        settled=settled,
    )
