"""Approvals: two people, neither of them the author, each with a key of his own, over one exact digest.

The oldest trick is to have one thing approved and then to change it; so an approval names the SHA-256 of what
was seen, ends, counts once and is signed. Refuses to sign or to store: `lacking()` says what an approval set
still lacks, and an empty answer is the only yes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from duly.model.party import Duty
from duly.model.said import Said, say

PEOPLE = 2  # who must agree
LONGEST = timedelta(days=400)  # an approval is looked at again at least about once a year
NONCE_BYTES = 16
SIGNATURE_BYTES = 64  # Ed25519, RFC 8032

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_DOMAIN = "duly.approval.1"


class Subject(Enum):
    """What can be approved."""

    STRATEGY = "strategy"
    TEMPLATES = "templates"
    PACKS = "packs"
    DESTINATIONS = "destinations"
    CHANNELS = "channels"
    SETTINGS = "settings"
    STAGE = "stage"  # notices of a stage that asks for it: the digest of the list of whom they go to
    RUN = "run"  # a run beyond its usual bounds: the digest of its plan
    RESUME = "resume"  # lifting a halt: the digest of the halt
    KEY = "key"  # another key for a person who lost his: the digest of that change; he is its author
    RECOVER = "recover"  # going on from a log that is ahead of the database: the digest of what was found
    DOUBT = "doubt"  # what became of hand-overs in doubt: the digest of what is said of which


# Who may say yes to what. A strategist writes strategies and templates and so never approves them.
MAY_APPROVE: Mapping[Subject, frozenset[Duty]] = {
    Subject.STRATEGY: frozenset({Duty.COMPLIANCE, Duty.COUNSEL, Duty.OPERATIONS}),
    Subject.TEMPLATES: frozenset({Duty.COMPLIANCE, Duty.COUNSEL, Duty.OPERATIONS}),
    Subject.PACKS: frozenset({Duty.COMPLIANCE, Duty.COUNSEL}),
    Subject.DESTINATIONS: frozenset({Duty.COMPLIANCE, Duty.COUNSEL, Duty.OPERATIONS}),
    Subject.CHANNELS: frozenset({Duty.COMPLIANCE, Duty.OPERATIONS, Duty.ENGINEER}),
    Subject.SETTINGS: frozenset({Duty.COMPLIANCE, Duty.COUNSEL, Duty.OPERATIONS}),
    Subject.STAGE: frozenset({Duty.COMPLIANCE, Duty.COUNSEL, Duty.OPERATIONS}),
    Subject.RUN: frozenset({Duty.COMPLIANCE, Duty.OPERATIONS}),
    Subject.RESUME: frozenset({Duty.COMPLIANCE, Duty.OPERATIONS}),
    # Whoever knows the person; that one of the two is of compliance is asked besides, in `app.keys`.
    Subject.KEY: frozenset(Duty) - {Duty.AUDITOR, Duty.MACHINE},
    Subject.RECOVER: frozenset({Duty.COMPLIANCE, Duty.OPERATIONS}),
    Subject.DOUBT: frozenset({Duty.COMPLIANCE, Duty.OPERATIONS}),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one approval covers; None is without bound. Amounts are minor units of one currency."""

    messages: int | None = None
    overdue_minor: int | None = None

    def __post_init__(self) -> None:
        if any(bound is not None and bound < 1 for bound in (self.messages, self.overdue_minor)):
            raise ValueError("a limit is at least 1")

    def covers(self, *, messages: int, overdue_minor: int) -> bool:
        """Whether so many messages over so much money lie within."""
        return (self.messages is None or messages <= self.messages) and (
            self.overdue_minor is None or overdue_minor <= self.overdue_minor
        )


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's signed yes to one digest. `at` and `expires` are aware, whole seconds; `nonce` 16 bytes.

    `author` is who is answerable for what is approved: who wrote the strategy, planned the run, set the halt.
    """

    subject: Subject
    digest: str
    by: str
    author: str
    at: datetime
    expires: datetime
    nonce: bytes
    limits: Limits = field(default_factory=Limits)
    signature: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not _HEX_DIGEST.fullmatch(self.digest):
            raise ValueError("an approval names a SHA-256 in hex")
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
        for instant in (self.at, self.expires):
            if instant.tzinfo is None or instant.microsecond:
                raise ValueError("an approval's instants carry a zone and are whole seconds")
        if not self.at < self.expires <= self.at + LONGEST:
            raise ValueError(f"an approval ends after it begins and within {LONGEST.days} days")
        if self.signature and len(self.signature) != SIGNATURE_BYTES:
            raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes")

    def to_sign(self) -> bytes:
        """The bytes the person signs: JSON, keys sorted, no spaces (RFC 8785 for these plain values)."""
        return json.dumps(
            {
                "at": _instant(self.at),
                "author": self.author,
                "by": self.by,
                "digest": self.digest,
                "domain": _DOMAIN,
                "expires": _instant(self.expires),
                "max_messages": self.limits.messages,
                "max_overdue_minor": self.limits.overdue_minor,
                "nonce": self.nonce.hex(),
                "subject": self.subject.value,
            },
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        ).encode()


class Lack(Enum):
    """Why an approval does not count, or what is missing altogether."""

    OTHER_SUBJECT = "other_subject"
    OTHER_DIGEST = "other_digest"
    UNSIGNED = "unsigned"
    FORGED = "forged"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    NONCE_USED = "nonce_used"
    OTHER_AUTHOR = "other_author"
    AUTHOR = "author"
    DUTY = "duty"
    LIMITS = "limits"
    PEOPLE = "people"


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """One thing that stands between the approvals and a yes; `by` is empty for PEOPLE."""

    lack: Lack
    by: str
    says: Said


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is about to be done, for which approval is asked, and how much of it there is."""

    subject: Subject
    digest: str
    now: datetime
    author: str
    messages: int = 0
    overdue_minor: int = 0


def lacking(
    question: Question,
    approvals: Iterable[Approval],
    *,
    duties: Mapping[str, frozenset[Duty]],
    verify: Callable[[Approval], bool],
    used: Collection[bytes] = (),
) -> tuple[Lacking, ...]:
    """What is still lacking; empty when two people said yes. Approvals that do not count are named with why.

    `verify` checks the signature against the person's registered key, `used` are nonces already spent.
    """
    counted, refused = _sift(question, approvals, duties=duties, verify=verify, used=used)
    if len(counted) >= PEOPLE:
        return ()
    missing = say("{count} of the {needed} people it takes approved it", needed=PEOPLE, count=len(counted))
    return (*refused, Lacking(lack=Lack.PEOPLE, by="", says=missing))


def agreed(
    question: Question,
    approvals: Iterable[Approval],
    *,
    duties: Mapping[str, frozenset[Duty]],
    verify: Callable[[Approval], bool],
) -> tuple[str, ...]:
    """Whose approvals count, each once, by name."""
    counted, _ = _sift(question, approvals, duties=duties, verify=verify, used=())
    return tuple(sorted(counted))


def _sift(
    question: Question,
    approvals: Iterable[Approval],
    *,
    duties: Mapping[str, frozenset[Duty]],
    verify: Callable[[Approval], bool],
    used: Collection[bytes],
) -> tuple[set[str], list[Lacking]]:
    counted: set[str] = set()
    nonces = set(used)
    refused: list[Lacking] = []
    for approval in sorted(approvals, key=lambda each: (each.at, each.by, each.nonce)):
        lack = _lack(question, approval, duties=duties, verify=verify, nonces=nonces)
        if lack is None:
            counted.add(approval.by)
            nonces.add(approval.nonce)
        else:
            refused.append(Lacking(lack=lack, by=approval.by, says=_say(lack, approval)))
    return counted, refused


def _lack(
    question: Question,
    approval: Approval,
    *,
    duties: Mapping[str, frozenset[Duty]],
    verify: Callable[[Approval], bool],
    nonces: Collection[bytes],
) -> Lack | None:
    """The first reason, in the order of this table, why an approval does not count."""
    rules: tuple[tuple[Lack, Callable[[], bool]], ...] = (
        (Lack.OTHER_SUBJECT, lambda: approval.subject is not question.subject),
        (Lack.OTHER_DIGEST, lambda: approval.digest != question.digest),
        (Lack.UNSIGNED, lambda: not approval.signature),
        (Lack.FORGED, lambda: not verify(approval)),
        (Lack.NOT_YET, lambda: question.now < approval.at),
        (Lack.EXPIRED, lambda: question.now >= approval.expires),
        (Lack.NONCE_USED, lambda: approval.nonce in nonces),
        # Naming somebody else as the author must not free the author's own hand.
        (Lack.OTHER_AUTHOR, lambda: approval.author != question.author),
        (Lack.AUTHOR, lambda: approval.by == question.author),
        (Lack.DUTY, lambda: MAY_APPROVE[question.subject].isdisjoint(duties.get(approval.by, frozenset()))),
        (
            Lack.LIMITS,
            lambda: (
                not approval.limits.covers(messages=question.messages, overdue_minor=question.overdue_minor)
            ),
        ),
    )
    return next((lack for lack, holds in rules if holds()), None)


def _say(lack: Lack, approval: Approval) -> Said:
    who, until = approval.by, _instant(approval.expires)
    return {
        Lack.OTHER_SUBJECT: say("{who} approved something else", who=who),
        Lack.OTHER_DIGEST: say("{who} approved another text; it was changed since", who=who),
        Lack.UNSIGNED: say("the approval by {who} is not signed", who=who),
        Lack.FORGED: say("the approval by {who} is not signed with the key that {who} has now", who=who),
        Lack.NOT_YET: say("the approval by {who} begins later", who=who),
        Lack.EXPIRED: say("the approval by {who} ended at {until}", who=who, until=until),
        Lack.NONCE_USED: say("the approval by {who} was used before", who=who),
        Lack.OTHER_AUTHOR: say("{who} approved it as the work of another author", who=who),
        Lack.AUTHOR: say("{who} is the author and cannot approve it", who=who),
        Lack.DUTY: say("{who} has no duty that may approve this", who=who),
        Lack.LIMITS: say("the approval by {who} does not cover as much", who=who),
    }[lack]


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
