"""Personal keys as the installation knows them, and a lost one replaced by two other people.

Whoever lost his key makes a new one and shows its public half; two others sign that it takes the place of the old
one, at least one of them of compliance. From that instant the old key signs nothing, and what it signed counts no
more: whoever found it could date a signature back. What was signed stays as history and is signed anew.
Refuses the owner's own word for it, and a key that was ever anybody's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from psycopg.rows import dict_row

from duly import errors
from duly.app import approvals, premises
from duly.model.approval import Lack, Lacking, Question, Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import register
from duly.store import sql

_SQL = sql.load()
_LIFETIME = timedelta(days=7)  # within which the second of the two has to sign
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Key:
    """A person's key: since when it counts, and until when it did if others replaced it."""

    name: str
    fingerprint: str
    since: datetime | None
    until: datetime | None
    replaced_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a signature on a replacement left to be done; `replaced` once nothing is lacking."""

    name: str
    fingerprint: str
    lacking: tuple[Lacking, ...]

    @property
    def replaced(self) -> bool:
        """Whether the new key counts now."""
        return not self.lacking


def fingerprint(public_key: bytes) -> str:
    """First half of the SHA-256 of a public key, to be read over the telephone."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def listed(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Key, ...]:
    """Every key that counts, and every one that was replaced."""
    del actor  # anybody may look
    with (
        premises.opened(folder, environ) as opened,
        opened.connect() as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        known = cursor.execute(_SQL["person_keys"]).fetchall()
        replaced = cursor.execute(_SQL["key_replacements"]).fetchall()
    counting = [
        Key(
            name=row["name"],
            fingerprint=fingerprint(bytes(row["public_key"])),
            since=row["registered_at"],
            until=None,
            replaced_by=(),
        )
        for row in known
    ]
    past = [
        Key(
            name=row["name"],
            fingerprint=fingerprint(bytes(row["old_key"])),
            since=None,
            until=row["at"],
            replaced_by=tuple(row["approved_by"]),
        )
        for row in replaced
    ]
    return tuple(sorted([*counting, *past], key=lambda one: (one.name, one.until is None)))


def replace(
    actor: Actor,
    folder: Path,
    *,
    name: str,
    key: str,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    environ: Mapping[str, str],
) -> Change:
    """Sign that `key`, a public key in hex, takes the place of the one that `name` has; the second signature does it.

    Raises WrongUsage for a key that cannot be one or a person without one, NotAllowed for the owner himself.
    """
    new = _read(key)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        kept = register.Register(connection, opened.recorder)
        duties = opened.project.settings.people
        old = _old(kept, name, new)
        if actor.name == name:
            raise errors.NotAllowed(
                say("nobody replaces his own key"),
                remedy=say("Two others do, at least one of them of compliance; tell them the key."),
            )
        now = opened.time.now().replace(microsecond=0)
        question = Question(subject=Subject.KEY, digest=digest(name, old, new), now=now, author=name)
        approvals.keep(
            actor, question, kept, keys=keys, passphrase=passphrase, nonce=nonce, lifetime=_LIFETIME
        )
        by = approvals.agreed(question, kept, duties=duties)
        lacking = _lacking(question, kept, duties=duties, by=by)
        if not lacking:
            kept.replace(
                name,
                old=old,
                new=new,
                duties=duties.get(name, frozenset()),
                digest=question.digest,
                by=by,
            )
    return Change(name=name, fingerprint=fingerprint(new), lacking=lacking)


def digest(name: str, old: bytes, new: bytes) -> str:
    """What the two sign: SHA-256 over whose key takes the place of which."""
    said = json.dumps(["duly.key.1", name, old.hex(), new.hex()], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _read(key: str) -> bytes:
    if not _KEY.fullmatch(key.lower()):
        raise errors.WrongUsage(
            say("a public key is 64 hexadecimal digits"),
            remedy=say("`duly approve --new-key` shows it to its owner when the name has another key."),
        )
    return bytes.fromhex(key)


def _old(kept: register.Register, name: str, new: bytes) -> bytes:
    """The key to be replaced. Raises WrongUsage where there is none, or the new one was somebody's."""
    old = kept.registered_key(name)
    if old is None:
        raise errors.WrongUsage(
            say("{name} has no key that could be replaced", name=name),
            remedy=say("A first key is registered by its owner: `duly approve --new-key`."),
        )
    if kept.is_known(new):
        raise errors.WrongUsage(
            say("this key is or was somebody's already"),
            remedy=say("Have its owner make a new one: `duly approve --new-key`."),
        )
    return old


def _lacking(
    question: Question,
    kept: register.Register,
    *,
    duties: Mapping[str, frozenset[Duty]],
    by: tuple[str, ...],
) -> tuple[Lacking, ...]:
    lacking = approvals.lacking(question, kept, duties=duties)
    if lacking or any(Duty.COMPLIANCE in duties.get(one, frozenset()) for one in by):
        return lacking
    return (Lacking(lack=Lack.DUTY, by="", says=say("one of those who sign has to be of compliance")),)
