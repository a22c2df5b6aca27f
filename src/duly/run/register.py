"""People's public keys and their approvals, as the database keeps them.

Keeps and reads; whether two people agreed is `model.approval`'s to say. An approval counts by the key that its person
has now: what was signed with a key that was replaced stays as history, and is signed anew to count again.
Refuses a second key for a name unless others replaced the first, and a nonce that was used before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.rows import dict_row

from duly import errors
from duly.model.approval import Approval, Limits, Subject
from duly.model.party import Duty
from duly.model.said import say
from duly.run import clock, record
from duly.store import sql

_SQL = sql.load()


class Register:
    """Implements `app.approvals.Approvals` on one connection; what it keeps is recorded as evidence."""

    def __init__(self, connection: psycopg.Connection[Any], recorder: record.Recorder) -> None:
        self._connection = connection
        self._recorder = recorder

    def register(self, name: str, public_key: bytes, duties: frozenset[Duty]) -> None:
        """Keep a person's first key. Raises NotAllowed if he has another, or the key is somebody else's."""
        if self.public_key(name) == public_key:
            return
        if self.is_known(public_key):
            raise errors.NotAllowed(
                say("this key is or was somebody's already"),
                remedy=say("Make a new one with `duly approve --new-key`."),
            )
        with self._connection.transaction():
            new = self._connection.execute(
                _SQL["register_person"],
                {"name": name, "public_key": public_key, "duties": sorted(duty.value for duty in duties)},
            ).fetchone()
            if new is None:
                raise errors.NotAllowed(
                    say("another key is registered for {name}", name=name),
                    remedy=say(
                        "Use that one; if it is lost, two other people replace it: `duly keys {name} {key}`.",
                        name=name,
                        key=public_key.hex(),
                    ),
                )
            shown = {
                "purpose": "person",
                "change": "created",
                "fingerprint": hashlib.sha256(public_key).hexdigest(),
                "invented": self._invented(),
            }
            self._record("key", shown, {"holder": name, "by": name})

    def replace(
        self, name: str, *, old: bytes, new: bytes, duties: frozenset[Duty], digest: str, by: Sequence[str]
    ) -> None:
        """Give a person another key. The database refuses unless two others signed `digest`.

        Raises NotAllowed for a key that was replaced before, or where the old one is not the person's.
        """
        with self._connection.transaction():
            at = self._now()
            fact = record.Fact(
                kind="key",
                at=at,
                open={
                    "purpose": "person",
                    "change": "rotated",
                    "fingerprint": hashlib.sha256(new).hexdigest(),
                    "replaces": hashlib.sha256(old).hexdigest(),
                    "invented": self._invented(),
                },
                committed={"holder": name, "by": " + ".join(by)},
            )
            values = {"name": name, "old_key": old, "new_key": new, "at": at}
            self._connection.execute(
                _SQL["record_key_replacement"],
                {**values, "digest": digest, "approved_by": list(by), "entry": fact.entry},
            )
            changed = self._connection.execute(
                _SQL["replace_person_key"], {**values, "duties": sorted(duty.value for duty in duties)}
            ).fetchone()
            if changed is None:
                raise errors.NotAllowed(
                    say("the key of {name} was changed meanwhile", name=name),
                    remedy=say("Look with `duly keys`, and sign again if it still has to be replaced."),
                )
            self._recorder.write(self._connection, [fact])

    def registered_key(self, name: str) -> bytes | None:
        """The key that was registered for a person last, also one that counts no more."""
        row = self._connection.execute(_SQL["registered_key"], {"name": name}).fetchone()
        return None if row is None else bytes(row[0])

    def is_known(self, public_key: bytes) -> bool:
        """Whether a key is anybody's, or ever was."""
        row = self._connection.execute(_SQL["key_is_known"], {"key": public_key}).fetchone()
        return row is not None and bool(row[0])

    def _invented(self) -> bool:
        row = self._connection.execute(_SQL["installation"]).fetchone()
        return row is not None and bool(row[0])

    def public_key(self, name: str) -> bytes | None:
        """The key registered for a person."""
        keys = {row[0]: bytes(row[1]) for row in self._connection.execute(_SQL["person_keys"]).fetchall()}
        return keys.get(name)

    def insert(self, approval: Approval) -> None:
        """Keep an approval. Raises NotAllowed for a nonce used before."""
        with self._connection.transaction():
            self._insert(approval)

    def _insert(self, approval: Approval) -> None:
        kept = self._connection.execute(
            _SQL["approve"],
            {
                "subject": approval.subject.value,
                "digest": approval.digest,
                "name": approval.by,
                "author": approval.author,
                "nonce": approval.nonce,
                "at": approval.at,
                "expires": approval.expires,
                "max_messages": approval.limits.messages,
                "max_overdue_minor": approval.limits.overdue_minor,
                "signature": approval.signature,
            },
        ).fetchone()
        if kept is None:
            raise errors.NotAllowed(
                say("this approval was used before"), remedy=say("Sign again; each signature counts once.")
            )
        bounds = {"messages": approval.limits.messages, "overdue_minor": approval.limits.overdue_minor}
        limits = {name: bound for name, bound in bounds.items() if bound is not None}
        key = self.public_key(approval.by) or b""
        self._record(
            "approval",
            {"what": approval.subject.value, "digest": approval.digest},
            {
                "by": approval.by,
                "key": key.hex(),
                "signature": approval.signature.hex(),
                "nonce": approval.nonce.hex(),
                "expires": approval.expires,
                **({"limits": limits} if limits else {}),
            },
        )

    def _record(self, kind: str, shown: Mapping[str, object], committed: Mapping[str, object]) -> None:
        self._recorder.write(
            self._connection, [record.Fact(kind=kind, at=self._now(), open=shown, committed=committed)]
        )

    def _now(self) -> datetime:
        at = clock.instant_of(self._connection)
        self._connection.execute(_SQL["ensure_day"], {"day": self._recorder.day_of(at)})
        return at

    def for_digest(self, digest: str) -> Sequence[Approval]:
        """All approvals of one digest, of whatever subject."""
        return [approval for approval, _ in signed(self._connection, [digest])]


def signed(connection: psycopg.Connection[Any], digests: Sequence[str]) -> list[tuple[Approval, bytes]]:
    """The approvals of these digests, each with the public key registered for its person."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["approvals_of"], {"digests": list(digests)}).fetchall()
    return [(_approval(row), bytes(row["public_key"])) for row in rows]


def is_by(approval: Approval, public_key: bytes) -> bool:
    """Whether that key signed exactly this approval."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(approval.signature, approval.to_sign())
    except (InvalidSignature, ValueError):
        return False
    return True


def _approval(row: Mapping[str, Any]) -> Approval:
    return Approval(
        subject=Subject(row["subject"]),
        digest=row["digest"],
        by=row["name"],
        author=row["author"],
        at=row["at"],
        expires=row["expires"],
        nonce=bytes(row["nonce"]),
        limits=Limits(messages=row["max_messages"], overdue_minor=row["max_overdue_minor"]),
        signature=bytes(row["signature"]),
    )
