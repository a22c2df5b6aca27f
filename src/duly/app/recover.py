"""A database put back from a backup: what it lacks is told, and two people decide to go on from the log.

Until they have, nothing leaves and nothing of the old state is built upon. Afterwards everything is halted, and those
who may have been written to are held, until two people say from which day on not.
Refuses a signature by a key of which the log knows that it was replaced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg

from duly import errors
from duly.app import approvals, people, premises, words
from duly.model import approval as rules
from duly.model.approval import Lacking, Question, Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import caution, installation, lapse, register, reunion, statement
from duly.run.lapse import Lapse

__all__ = ["Lapse"]

_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where the log and the database stand. Without a `lapse` they are one; `last` is the recovery before."""

    lapse: Lapse | None
    last: caution.Recovery | None
    earliest: date | None


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a signature left to be done: `lacking` is empty once it was done, and then `held` says for how many."""

    lacking: tuple[Lacking, ...]
    held: int = 0
    halt: int | None = None
    since: date | None = None


def look(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> Found:
    """What was found. Raises EvidenceBroken where log and database are not one history."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        made = caution.last(connection)
        return Found(
            lapse=lapse.find(opened, connection),
            last=made,
            earliest=None if made is None or made.free_from is not None else caution.earliest(made, opened),
        )


def kinds(found: Lapse) -> list[tuple[str, int]]:
    """How many entries of each kind the log has and the database lacks."""
    return [(words.said(kind), count) for kind, count in found.kinds.items()]


def go_on(
    actor: Actor,
    folder: Path,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> Signed:
    """Sign what was found, so that the log be gone on from; the second signature does it.

    Raises WrongUsage where the database lacks nothing, NotAllowed for a key that was replaced in the lost time.
    """
    people.require(actor, *rules.MAY_APPROVE[Subject.RECOVER])
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        found = lapse.find(opened, connection)
        if found is None:
            raise errors.WrongUsage(
                say("the database knows all that the log does"),
                remedy=say("There is nothing to recover; `duly doctor` looks at the rest."),
            )
        kept = register.Register(connection, opened.recorder)
        known = kept.public_key(actor.name)
        if known is not None and hashlib.sha256(known).hexdigest() in found.revoked:
            raise errors.NotAllowed(
                say(
                    "the log knows that the key of {name} was replaced, and this database does not",
                    name=actor.name,
                ),
                remedy=say("Two others sign; afterwards yours is replaced again: `duly keys`."),
            )
        lacking, by = _sign(
            actor,
            opened,
            connection,
            found.digest,
            keys=keys,
            passphrase=passphrase,
            nonce=nonce,
            without=found.revoked,
        )
        if lacking:
            return Signed(lacking=lacking)
        made = reunion.reunite(opened, connection, found, by=by)
    return Signed(lacking=(), held=made.held, halt=made.halt)


def free(
    actor: Actor,
    folder: Path,
    *,
    since: date,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> Signed:
    """Sign that those whom the last recovery holds may be written to again from a day on; the second signature does it.

    Raises WrongUsage where nobody is held, or what left in the lost time may still count on that day.
    """
    people.require(actor, *rules.MAY_APPROVE[Subject.RECOVER])
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        made = _holding(opened, connection, since)
        said = json.dumps(["duly.recover.since.1", made.number, made.at.isoformat(), since.isoformat()])
        lacking, by = _sign(
            actor,
            opened,
            connection,
            hashlib.sha256(said.encode()).hexdigest(),
            keys=keys,
            passphrase=passphrase,
            nonce=nonce,
        )
        if lacking:
            return Signed(lacking=lacking, since=since)
        ended = caution.free(opened, connection, made, since=since, by=by)
    return Signed(lacking=(), held=ended, since=since)


def _holding(
    opened: installation.Installation, connection: psycopg.Connection[object], since: date
) -> caution.Recovery:
    lapse.refuse(opened, connection)
    made = caution.last(connection)
    if made is None or made.free_from is not None:
        raise errors.WrongUsage(
            say("no recovery holds anybody"), remedy=say("`duly recover` shows where log and database stand.")
        )
    if made.halted and made.everybody:
        raise errors.WrongUsage(
            say("everybody is held, and the halt of the recovery still stands"),
            remedy=say(
                "Load the newest book, lift halt {halt} by `duly resume`, then say the day.", halt=made.halt
            ),
        )
    first = caution.earliest(made, opened)
    if since < first:
        raise errors.WrongUsage(
            say(
                "what left in the lost time may count against a cap until {day}",
                day=first - timedelta(days=1),
            ),
            remedy=say("Say {day} or a later day.", day=first),
        )
    return made


def _sign(
    actor: Actor,
    opened: installation.Installation,
    connection: psycopg.Connection[object],
    digest: str,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    without: frozenset[str] = frozenset(),
) -> tuple[tuple[Lacking, ...], tuple[str, ...]]:
    """Keep the signature; what is still lacking, and whose signatures count. `without` are keys that never do."""
    kept = register.Register(connection, opened.recorder)
    duties: Mapping[str, frozenset[Duty]] = opened.project.settings.people
    now: datetime = opened.time.now().replace(microsecond=0)
    question = Question(subject=Subject.RECOVER, digest=digest, now=now, author=statement.MACHINE)
    approvals.keep(actor, question, kept, keys=keys, passphrase=passphrase, nonce=nonce, lifetime=_LIFETIME)

    def counts(one: rules.Approval) -> bool:
        key = kept.public_key(one.by)
        return (
            key is not None and hashlib.sha256(key).hexdigest() not in without and approvals.verify(one, key)
        )

    found = kept.for_digest(digest)
    lacking = rules.lacking(question, found, duties=duties, verify=counts)
    return lacking, rules.agreed(question, found, duties=duties, verify=counts)
