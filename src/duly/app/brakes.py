"""Halt and resume. Anybody on duty may stop; going on takes two signatures over exactly this halt.

Whoever called the halt may be one of the two: to stop costs nothing and gains nobody anything, so a halt is no
work whose author must be kept from approving it. Refuses to go on for one person, whoever he is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from duly import errors
from duly.app import approvals, people, premises, words
from duly.model.approval import Lacking, Question, Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.project.folder import Project
from duly.run import caution, halt, record, register, statement
from duly.store import sql

_SQL = sql.load()
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
            scope = halt.ALSO.get(scope, scope)
            _refuse_unknown(installation.project, connection, scope, value)
            row = halt.stop(
                connection,
                recorder=installation.recorder,
                scope=scope,
                value=value,
                reason=reason,
                by=actor.name,
            )
        return _in_force([row])[0]


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


def _refuse_unknown(project: Project, connection: psycopg.Connection[Any], scope: str, value: str) -> None:
    """A halt of something that does not exist stops nothing, and whoever called it believes that it does."""
    if scope in {"person", "account"}:
        known: set[str] = set()
    else:
        known = {
            "creditor": set(project.settings.creditors),
            "brand": {one.brand for route in project.routes for one in route.signatures},
            "channel": {route.channel.value for route in project.routes},
            "route": {route.name for route in project.routes},
            "stage": {stage.name for segment in project.strategy.segments for stage in segment.stages},
            "template": {key.notice for key in project.templates},
        }.get(scope, {value})
    if not value or value in known:
        return
    asked = {"scope": scope, "value": value}
    there = connection.execute(_SQL["halt_hits"], asked).fetchone()
    if there is None or not there[0]:
        raise errors.WrongUsage(
            say("nothing here is called `{scope}={value}`, so that halt would stop nothing", **asked),
            remedy=say("It is one of: {known}.", known=", ".join(sorted(known)))
            if known
            else say("Look at the number again, or halt all."),
        )


def of_rows(rows: Sequence[Mapping[str, object]]) -> tuple[Halt, ...]:
    """Halts as the database has them."""
    return tuple(_in_force(rows))


def _in_force(rows: Sequence[Mapping[str, object]]) -> list[Halt]:
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
