"""Halt and resume. Anybody on duty may stop; going on takes two signatures over exactly this halt.

Whoever called the halt may be one of the two: to stop costs nothing and gains nobody anything, so a halt is no
work whose author must be kept from approving it. Refuses to go on for one person, whoever he is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from duly import errors
from duly.app import approvals, people, premises, words
from duly.model.approval import Lacking, Question, Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import caution, halt, record, register, statement

_RESUME_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Halt:
    """A halt in force; `digest` is what those who lift it sign."""

    number: int
    scope: str
    value: str
    reason: str
    by: str
    at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 over what the halt says."""
        said = json.dumps(
            [self.number, self.scope, self.value, self.reason, self.by, self.at.isoformat()],
            ensure_ascii=False,
        )
        return hashlib.sha256(said.encode()).hexdigest()


def stop(
    actor: Actor, folder: Path, *, scope: str, value: str, reason: str, environ: Mapping[str, str]
) -> Halt:
    """Halt everything within a scope; the gate obeys at its next chunk."""
    people.require(actor, Duty.OPERATIONS, Duty.COMPLIANCE, Duty.ENGINEER, Duty.COUNSEL, Duty.STRATEGIST)
    with premises.opened(folder, environ) as installation, installation.connect() as connection:
        with connection.transaction():
            number = halt.halt(connection, scope=scope, value=value, reason=reason, by=actor.name)
            found = next(one for one in _in_force(halt.in_force(connection)) if one.number == number)
            fact = record.Fact(
                kind="halt",
                at=found.at,
                open={"scope": "carrier" if scope == "route" else scope},
                committed={**({"which": value} if value else {}), "reason": reason, "by": actor.name},
            )
            installation.recorder.write(connection, [fact])
            halt.note_entry(connection, number, fact.entry)
        return found


def in_force(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Halt, ...]:
    """Every halt that is in force."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as installation, installation.connect() as connection:
        return tuple(_in_force(halt.in_force(connection)))


def resume(
    actor: Actor,
    folder: Path,
    number: int,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> tuple[Lacking, ...]:
    """Sign that a halt be lifted; it is lifted with the second signature. Returns what is still lacking."""
    with premises.opened(folder, environ) as installation, installation.connect() as connection:
        found = next((one for one in _in_force(halt.in_force(connection)) if one.number == number), None)
        if found is None:
            raise errors.WrongUsage(
                say("halt {number} is not in force", number=number),
                remedy=say("`duly halt --list` shows those that are."),
            )
        caution.refuse_unloaded(connection, number)
        kept = register.Register(connection, installation.recorder)
        now = installation.time.now().replace(microsecond=0)
        question = Question(subject=Subject.RESUME, digest=found.digest, now=now, author=statement.MACHINE)
        approvals.keep(
            actor, question, kept, keys=keys, passphrase=passphrase, nonce=nonce, lifetime=_RESUME_LIFETIME
        )
        duties = installation.project.settings.people
        lacking = approvals.lacking(question, kept, duties=duties)
        if lacking:
            return lacking
        by = approvals.agreed(question, kept, duties=duties)
        caution.before_going_on(installation, connection, number)
        with connection.transaction():
            entry = halt.entry_of(connection, number)
            halt.resume(connection, number, by=by)
            fact = record.Fact(
                kind="resume",
                at=now,
                open={"halt": entry},
                committed={"approved_by": list(by), "reason": found.reason, "by": actor.name},
            )
            installation.recorder.write(connection, [fact])
        return ()


def _in_force(rows: list[dict[str, object]]) -> list[Halt]:
    return [
        Halt(
            number=int(str(row["id"])),
            scope=words.said(str(row["scope"])),
            value=str(row["value"]),
            reason=str(row["reason"]),
            by=str(row["by"]),
            at=row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(str(row["at"])),
        )
        for row in rows
    ]
