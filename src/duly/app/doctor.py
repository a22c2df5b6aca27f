"""Whether what duly leans on is sound: keys, database, durability, clock, permits, log, feeds, approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from duly import errors
from duly.app import premises, words
from duly.evidence import verify
from duly.model import approval
from duly.model.party import Actor
from duly.model.said import say
from duly.run import halt, installation, lapse, outfit, recovery, register, statement
from duly.store import sql

_SQL = sql.load()
# What a power cut may take must not have been signed or sent: these two are never off (decision D11).
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where it is sound."""

    what: str
    sound: bool
    detail: str
    remedy: str = ""


def look(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Everything, in order. Raises ProjectRefused where the project itself has problems."""
    del actor  # anybody may look
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        return tuple(_everything(opened, connection))


def _everything(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    version = connection.info.server_version // 10000
    yield Finding(
        what=say("database"),
        sound=version >= 15,
        detail=f"PostgreSQL {version}",
        remedy=say("Use PostgreSQL 15 or later."),
    )
    yield from durable(connection)
    yield _clock(opened, connection)
    yield _permits(opened, connection)
    yield _log(opened, connection)
    yield _brake(connection)
    yield from _feeds(opened, connection)
    yield from _approvals(opened, connection)
    yield from _adoptions(opened, connection)


def durable(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the server writes before it answers."""
    for name, wanted in _DURABLE.items():
        row = connection.execute(_SQL["server_setting"], {"name": name}).fetchone()
        found = "" if row is None else str(row[0])
        yield Finding(
            what=name,
            sound=found == wanted,
            detail=found,
            remedy=say(
                "Set {name} = {wanted}: without it a power cut takes what was already handed over.",
                name=name,
                wanted=wanted,
            ),
        )


def _clock(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Finding:
    try:
        now = opened.time.read(connection)
    except errors.ClockAstray as astray:
        return Finding(what=say("clock"), sound=False, detail=str(astray), remedy=astray.remedy)
    return Finding(what=say("clock"), sound=True, detail=now.isoformat(timespec="seconds"))


def _permits(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Finding:
    count = recovery.made_up(connection, now=opened.time.now(), gave=opened.gate_keys.gave)
    return Finding(
        what=say("permits"),
        sound=count == 0,
        detail=say("permits that the gate did not give: {count}", count=count),
        remedy=say(
            "Somebody wrote them into the database by hand: find out who may, and why. No message left by them, and "
            "those that they name are held as if in doubt."
        ),
    )


def _log(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Finding:
    if not (opened.log_folder / "checkpoint").is_file():
        return Finding(what=say("log"), sound=True, detail=say("empty"))
    try:
        behind = lapse.is_open(opened, connection)
    except errors.EvidenceBroken as unreadable:
        return Finding(what=say("log"), sound=False, detail=str(unreadable), remedy=unreadable.remedy)
    if behind:
        return Finding(
            what=say("log"),
            sound=False,
            detail=say("recovering: the log is ahead of the database"),
            remedy=say(
                "The database was put back from a backup, and nothing leaves. Put back the newest one, or go on from "
                "the log: `duly recover` says what is lacking."
            ),
        )
    report = verify.check(opened.log_folder, trusted=[opened.signer.key.fingerprint])
    broken = "; ".join(str(check["detail"]) for check in report.checks if not check["holds"])
    return Finding(
        what=say("log"),
        sound=report.result == "verified",
        detail=broken or say("verified, key {key}", key=opened.signer.key.fingerprint[:16]),
        remedy=say("Stop sending and compare the log with its last known checkpoint (duly verify --known)."),
    )


def _brake(connection: psycopg.Connection[Any]) -> Finding:
    """What people halted is no fault of anything; what the machine had to halt tells of one."""
    halts = halt.in_force(connection)
    ours = [row for row in halts if row["by"] == statement.MACHINE and row["scope"] in {"route", "template"}]
    return Finding(
        what=say("brake"),
        sound=not ours,
        detail="; ".join(f"{row['id']}: {row['reason']}" for row in ours)
        or (say("halts in force: {count}", count=len(halts)) if halts else say("nothing is halted")),
        remedy=say(
            "Find out what is wrong with the carrier or the text; then two people run `duly resume HALT`."
        ),
    )


def _feeds(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    row = connection.execute(_SQL["book_in_force"]).fetchone()
    feeds: dict[str, str | None] = {} if row is None else row[1]
    today = opened.local_day(opened.time.now())
    for name in sorted(name for name, as_of in feeds.items() if as_of is None):
        yield Finding(
            what=say("feed {name}", name=name),
            sound=False,
            detail=say("came cut short"),
            remedy=say("Load the whole file; until then nothing leaves."),
        )
    for name, limit in outfit.rules(opened.project).feed_limits.items():
        if name in feeds and feeds[name] is None:
            continue
        as_of = feeds.get(name)
        age = None if as_of is None else (today - date.fromisoformat(as_of)).days
        yield Finding(
            what=say("feed {name}", name=name),
            sound=age is not None and age <= limit,
            detail=say("never loaded")
            if as_of is None
            else say("as of {day}, {age} of at most {limit} days old", day=as_of, age=age, limit=limit),
            remedy=say("Load the newest file; until then nothing leaves."),
        )


def _approvals(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    project = opened.project
    now = opened.time.now().replace(microsecond=0)
    for subject in outfit.REQUIRED:
        digest = str(getattr(project.digests, subject.value))
        kept = register.signed(connection, [digest])
        keys = {one.nonce: key for one, key in kept}

        def is_signed(one: approval.Approval, known: Mapping[bytes, bytes] = keys) -> bool:
            return register.is_by(one, known[one.nonce])

        lacking = approval.lacking(
            approval.Question(
                subject=subject, digest=digest, now=now, author=project.settings.authors[subject]
            ),
            [one for one, _ in kept],
            duties=project.settings.people,
            verify=is_signed,
        )
        yield Finding(
            what=say("approval of {part}", part=words.said(subject.value)),
            sound=not lacking,
            detail=words.together([one.says for one in lacking]) if lacking else say("two people"),
            remedy=say("Two people run `duly approve {part}`.", part=subject.value),
        )


def _adoptions(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """The file cannot know whose a key is; the register does. A key that was lost and replaced counts no more."""
    kept = register.Register(connection, opened.recorder)
    keys = {name: kept.public_key(name) for name in {one.by for one in opened.project.adoptions}}
    strange = [one.rule for one in opened.project.adoptions if keys[one.by] != one.key]
    if opened.project.adoptions:
        yield Finding(
            what=say("adopted rows of the law"),
            sound=not strange,
            detail=say(
                "{count} of {of} are signed with a key that is not, or no more, the person's",
                count=len(strange),
                of=len(opened.project.adoptions),
            ),
            remedy=say(
                "Have them adopted again: `duly law adopt {rules}`.", rules=" ".join(sorted(set(strange)))
            ),
        )
