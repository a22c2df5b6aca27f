"""Approve what was seen: personal keys, and signatures over exact digests (DESIGN D19).

A key is made by its owner, kept outside the project folder in a file only he can read, and opened by his
passphrase. Refuses to sign for anybody else, to sign what the project does not hold now, and to overwrite a
key.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg.rows import dict_row

from duly.app import lists, premises
from duly.errors import KeyMissing, NotAllowed, WrongUsage
from duly.model import approval as rules
from duly.model.approval import Approval, Lacking, Limits, Question, Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.plan.release import Release
from duly.project.decisions import PARTS
from duly.project.folder import Project
from duly.run import assent, register, releases, statement
from duly.store import sql

__all__ = [
    "PARTS",
]

_SQL = sql.load()

LIFETIME = timedelta(days=365)
SHORTEST_PASSPHRASE = 12


class Approvals(Protocol):
    """Where approvals and public keys are kept; append-only."""

    def register(self, name: str, public_key: bytes, duties: frozenset[Duty]) -> None:
        """Keep a person's 32-byte public key. Raises NotAllowed if another is registered for that name."""

    def public_key(self, name: str) -> bytes | None:
        """The key registered for a person."""

    def insert(self, approval: Approval) -> None:
        """Keep an approval. Raises NotAllowed for a nonce used before."""

    def for_digest(self, digest: str) -> Sequence[Approval]:
        """All approvals of one digest, of whatever subject."""


@dataclass(frozen=True, kw_only=True)
class PersonalKey:
    """A key as its owner may show it."""

    name: str
    public_key: bytes
    path: Path

    @property
    def fingerprint(self) -> str:
        """First half of the SHA-256 of the public key, to be read over the telephone."""
        return hashlib.sha256(self.public_key).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One part of the project: what it is now, who wrote it, and what its approval still lacks.

    `asked` is the list of whom notices of a stage go to, where that is what is approved.
    """

    subject: Subject
    digest: str
    author: str
    lacking: tuple[Lacking, ...]
    asked: lists.Asked | None = None

    @property
    def part(self) -> str:
        """What one types to approve it."""
        return self.subject.value if self.asked is None else f"{self.subject.value}:{self.asked.stage}"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The approvals of one installation, what its clock says (aware, whole seconds), and the runs that wait.

    `runs` are the digests of today's plans that are beyond the usual bounds, the newest last. `lists` are what the
    newest plan of today holds until two people release it, `earlier` what those before it held; `rouse` has the people
    on a list planned for again.
    """

    kept: Approvals
    now: datetime
    runs: tuple[str, ...] = ()
    lists: tuple[Release, ...] = ()
    earlier: tuple[Release, ...] = ()
    rouse: Callable[[Release], None] = lambda _: None


@contextlib.contextmanager
def opened(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> Iterator[Desk]:
    """The desk of this installation, as long as the block runs. Raises ProjectRefused, DatabaseAway, KeyMissing."""
    del actor  # anybody may look; what is written is signed
    with premises.opened(folder, environ) as home, contextlib.closing(home.connect()) as connection:
        now = home.time.now().replace(microsecond=0)
        with connection.cursor(row_factory=dict_row) as cursor:
            plans = cursor.execute(_SQL["plans_of_day"], {"day": home.local_day(now)}).fetchall()
        waiting = tuple(bytes(plan["decisions_root"]).hex() for plan in plans if not plan["released"])
        newest = max((plan["id"] for plan in plans if plan["reason"] != "wake"), default=0)
        asked = releases.of_day(connection, home.local_day(now))
        yield Desk(
            kept=register.Register(connection, home.recorder),
            now=now,
            runs=waiting,
            lists=tuple(one.asked for one in asked if one.plan == newest),
            earlier=tuple(one.asked for one in asked if one.plan != newest),
            rouse=lambda one: releases.rouse(connection, one, home.time.now()),
        )


def make_key(actor: Actor, keys: Path, *, passphrase: bytes) -> PersonalKey:
    """A new key for the actor himself, in `keys`, encrypted under his passphrase.

    Raises NotAllowed where he has one, WrongUsage for a short passphrase.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WrongUsage(
            say("the passphrase has fewer than {count} bytes", count=SHORTEST_PASSPHRASE),
            remedy=say("Choose a longer one; four words that nobody would put together do well."),
        )
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    path = _path(keys, actor.name)
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise NotAllowed(
            say("{name} already has a key at {path}", name=actor.name, path=str(path)),
            remedy=say("Use it; or move it away, make a new one and have that registered."),
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return PersonalKey(name=actor.name, public_key=_raw(private.public_key()), path=path)


def find_key(actor: Actor, keys: Path, *, passphrase: bytes) -> PersonalKey:
    """The actor's key in `keys`. Raises KeyMissing where it is absent or does not open."""
    path = _path(keys, actor.name)
    private = _open(path, actor.name, passphrase)
    return PersonalKey(name=actor.name, public_key=_raw(private.public_key()), path=path)


def sign(actor: Actor, approval: Approval, keys: Path, *, passphrase: bytes) -> Approval:
    """The approval with the actor's signature.

    Raises NotAllowed for another's name, KeyMissing for a key that is absent or does not open.
    """
    if approval.by != actor.name:
        raise NotAllowed(
            say("{name} cannot sign for {other}", name=actor.name, other=approval.by),
            remedy=say("Each person signs with his own key."),
        )
    return replace(approval, signature=signing(actor, keys, passphrase=passphrase)(approval.to_sign()))


def signing(actor: Actor, keys: Path, *, passphrase: bytes) -> Callable[[bytes], bytes]:
    """How the actor signs with his own key, opened once. Raises KeyMissing for one that is absent or does not open."""
    return _open(_path(keys, actor.name), actor.name, passphrase).sign


def verify(approval: Approval, public_key: bytes | None) -> bool:
    """Whether the signature is by that key over exactly this approval."""
    return public_key is not None and bool(approval.signature) and register.is_by(approval, public_key)


def standing(actor: Actor, folder: Path, desk: Desk) -> tuple[Standing, ...]:
    """Each part of the project, and each run that waits, with what its approval lacks. Raises ProjectRefused."""
    del actor  # anybody may look
    project = premises.project(folder)
    questions = [_about(project, subject, desk) for subject in PARTS]
    questions += [_about_run(digest, desk) for digest in desk.runs]
    asked = [_stands(_about_list(project, one, desk), project, desk, asked=one) for one in desk.lists]
    return (*(_stands(question, project, desk) for question in questions), *asked)


def approve(
    actor: Actor,
    folder: Path,
    subject: Subject,
    desk: Desk,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    lifetime: timedelta = LIFETIME,
    limits: Limits | None = None,
    stage: str = "",
) -> Standing:
    """Sign a part of the project as it is now, the newest run that waits, or the list of a stage; keep it.

    Says what is still lacking. `nonce` 16 fresh random bytes; `stage` names the stage, and with `@` and the first
    letters of a digest one of several lists. Raises ProjectRefused, NotAllowed, KeyMissing, and WrongUsage where no
    such run or list waits.
    """
    project = premises.project(folder)
    if subject is Subject.RUN and not desk.runs:
        raise WrongUsage(
            say("no run waits for release"),
            remedy=say("A run waits when it is beyond the [limits] of duly.toml."),
        )
    asked = lists.find(stage, lists=desk.lists, earlier=desk.earlier) if subject is Subject.STAGE else None
    if asked is not None:
        question = _about_list(project, asked, desk)
    elif subject is Subject.RUN:
        question = _about_run(desk.runs[-1], desk)
    else:
        question = _about(project, subject, desk)
    keep(
        actor,
        question,
        desk.kept,
        keys=keys,
        passphrase=passphrase,
        nonce=nonce,
        lifetime=lifetime,
        limits=limits or Limits(),
    )
    found = _stands(question, project, desk, asked=asked)
    if asked is not None and not found.lacking:
        desk.rouse(asked)
    return found


def _about(project: Project, subject: Subject, desk: Desk) -> Question:
    digest: str = getattr(project.digests, subject.value)
    return Question(subject=subject, digest=digest, now=desk.now, author=project.settings.authors[subject])


def _about_run(digest: str, desk: Desk) -> Question:
    return Question(subject=Subject.RUN, digest=digest, now=desk.now, author=statement.MACHINE)


def _about_list(project: Project, asked: Release, desk: Desk) -> Question:
    return assent.question(asked, author=project.settings.authors[Subject.STRATEGY], now=desk.now)


def _stands(question: Question, project: Project, desk: Desk, *, asked: Release | None = None) -> Standing:
    return Standing(
        subject=question.subject,
        digest=question.digest,
        author=question.author,
        lacking=lacking(question, desk.kept, duties=project.settings.people),
        asked=None if asked is None else lists.shown(asked),
    )


def keep(
    actor: Actor,
    question: Question,
    kept: Approvals,
    *,
    keys: Path,
    passphrase: bytes,
    nonce: bytes,
    lifetime: timedelta = LIFETIME,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Approval:
    """Sign a yes to `question` and keep it: also for a run beyond its bounds and for lifting a halt.

    Refused at once, before anything is kept: the author, and one whose duties do not reach so far.
    """
    if actor.name == question.author:
        raise NotAllowed(
            say("{name} is the author and cannot approve it", name=actor.name),
            remedy=say("Two other people have to."),
        )
    allowed = rules.MAY_APPROVE[question.subject]
    if not actor.has(*allowed):
        raise NotAllowed(
            say("{name} has no duty that may approve this", name=actor.name),
            remedy=say("It takes one of {duties}.", duties=", ".join(sorted(duty.value for duty in allowed))),
        )
    approval = Approval(
        subject=question.subject,
        digest=question.digest,
        by=actor.name,
        author=question.author,
        at=question.now,
        expires=question.now + lifetime,
        nonce=nonce,
        limits=limits,
    )
    signed = sign(actor, approval, keys, passphrase=passphrase)
    if not verify(signed, kept.public_key(actor.name)):
        raise NotAllowed(
            say("the key of {name} is not the one that is registered", name=actor.name),
            remedy=say("Register the key with `duly approve --register`, or use the one that was."),
        )
    kept.insert(signed)
    return signed


def lacking(
    question: Question,
    kept: Approvals,
    *,
    duties: Mapping[str, frozenset[Duty]],
    used: Collection[bytes] = (),
) -> tuple[Lacking, ...]:
    """What the kept approvals still lack for `question`; empty is the only yes."""
    return rules.lacking(
        question,
        kept.for_digest(question.digest),
        duties=duties,
        verify=lambda approval: verify(approval, kept.public_key(approval.by)),
        used=used,
    )


def agreed(question: Question, kept: Approvals, *, duties: Mapping[str, frozenset[Duty]]) -> tuple[str, ...]:
    """Whose kept approvals count for `question`, by name."""
    return rules.agreed(
        question,
        kept.for_digest(question.digest),
        duties=duties,
        verify=lambda approval: verify(approval, kept.public_key(approval.by)),
    )


def _path(keys: Path, name: str) -> Path:
    if not name or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
        raise WrongUsage(
            say("`{name}` cannot be a person's name here", name=name),
            remedy=say("Use letters, digits and . _ - @, at most 64."),
        )
    return keys / f"{name}.pem"


def _open(path: Path, name: str, passphrase: bytes) -> Ed25519PrivateKey:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise KeyMissing(
            say("{name} has no key at {path}", name=name, path=str(path)),
            remedy=say("Make one with `duly approve --new-key`, or name its folder with --keys."),
        ) from error
    try:
        private = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyMissing(
            say("the key at {path} does not open with this passphrase", path=str(path)),
            remedy=say("Type the passphrase again; it is the one given when the key was made."),
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyMissing(
            say("the key at {path} is not an Ed25519 key", path=str(path)),
            remedy=say("Make one with `duly approve --new-key`."),
        )
    return private


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
