"""Evidence for others: prove an account, verify a bundle or the log, tell whether a notice is genuine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import people, premises
from duly.evidence import bundle, log, proof, verify
from duly.evidence.report import Report
from duly.model.party import Actor, Duty
from duly.model.said import Said, say
from duly.run import installation, papers, proven, record, sequencer, testimony
from duly.store import sql
from duly.text import code

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle that was written and checked."""

    path: Path
    account: str
    cases: tuple[str, ...]
    entries: int
    fingerprint: str
    report: Report


def prove(actor: Actor, folder: Path, *, account: str, out: Path, environ: Mapping[str, str]) -> Bundle:
    """Write the bundle of an account: every entry of its cases with proofs that need no duly to check.

    Raises WrongUsage for an account without a case, EvidenceBroken when the log does not hold.
    """
    people.require(actor, Duty.COUNSEL, Duty.COMPLIANCE, Duty.AUDITOR)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        place_waiting(opened, connection)
        cases = _cases(connection, account)
        entries = [one for case, _ in cases for one in _entries(opened, connection, case)]
        by_index = {one.index: one for one in entries}
        pseudonyms = [pseudonym for _, pseudonym in cases]
        digests = {
            digest
            for one in by_index.values()
            for digest in bundle.facts_named(one.leaf, one.openings, cases=pseudonyms)
        }
        kept = papers.find(connection, opened.vault, digests)
        before = testimony.of_account(connection, account)
        loads = _loads(opened, connection, before)
        by_index |= {one.index: one for one in loads.values()}
        decided = proven.of_account(opened, connection, account)
        by_index |= {
            one.index: bundle.Proven(index=one.index, leaf=one.leaf, openings=one.openings)
            for one in decided.entries.values()
        }
        seen = log.published(opened.log_folder, key=opened.signer.key)
        contents = bundle.make(
            account=account,
            cases=pseudonyms,
            entries=[by_index[index] for index in sorted(by_index)],
            issued_at=opened.time.now(),
            whole=seen.whole,
            head=seen.note,
            signer=opened.signer,
            documents={
                **{bundle.facts_name(digest): document.encode() for digest, document in kept.items()},
                **_imported(before, {load: one.index for load, one in loads.items()}),
                **({proven.NAME: decided.document()} if decided.entries else {}),
            },
        )
        report = bundle.write(out, contents, trusted=opened.signer.key.fingerprint)
        return Bundle(
            path=out,
            account=account,
            cases=tuple(case for case, _ in cases),
            entries=len(by_index),
            fingerprint=opened.signer.key.fingerprint,
            report=report,
        )


def place_waiting(opened: installation.Installation, connection: psycopg.Connection[object]) -> int:
    """Give every waiting entry its place, unless another process is doing just that."""
    placing = sequencer.Sequencer(opened.log())
    try:
        return placing.drain(connection)
    except log.LogBusy:
        return 0
    finally:
        placing.close()


def _cases(connection: psycopg.Connection[object], account: str) -> list[tuple[str, bytes]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["cases_of_account"], {"account": account}).fetchall()
    cases = [(str(row["case"]), bytes(row["pseudonym"])) for row in rows if row["chain_seq"]]
    if not cases:
        raise errors.WrongUsage(
            say("there is no case of account {account}", account=account),
            remedy=say(
                "An account has a case from its first overdue day on; look at its id with `duly explain`."
            ),
        )
    return cases


def _entries(
    opened: installation.Installation, connection: psycopg.Connection[object], case: str
) -> list[bundle.Proven]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["case_entries"], {"case": case}).fetchall()
        sealed = {
            row["entry"]: row
            for row in cursor.execute(
                _SQL["openings_of"],
                {"ids": [row["id"] for row in rows], "days": sorted({row["day"] for row in rows})},
            ).fetchall()
        }
    return [_proven(opened, row, sealed.get(row["id"])) for row in rows]


def _proven(
    opened: installation.Installation, row: Mapping[str, Any], sealed: Mapping[str, object] | None
) -> bundle.Proven:
    if row["tree_index"] is None:
        raise errors.EvidenceBroken(
            say("an entry of this account has no place in the log yet"),
            remedy=say("Wait until the sequencer of the running worker has placed it, and repeat."),
        )
    return bundle.Proven(index=row["tree_index"], leaf=bytes(row["leaf"]), openings=_opened(opened, sealed))


def _loads(
    opened: installation.Installation, connection: psycopg.Connection[object], before: testimony.Testimony
) -> dict[UUID, bundle.Proven]:
    """The entries of the loads that brought the imported rows, by their ids."""
    if not before.loads:
        return {}
    given = {"ids": list(before.loads), "days": sorted(set(before.loads.values()))}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["imported_entries"], given).fetchall()
        sealed = {row["entry"]: row for row in cursor.execute(_SQL["openings_of"], given).fetchall()}
    return {row["id"]: _proven(opened, row, sealed.get(row["id"])) for row in rows}


def _imported(before: testimony.Testimony, places: Mapping[UUID, int]) -> dict[str, bytes]:
    return {testimony.NAME: before.document(places)} if before.rows else {}


def _opened(opened: installation.Installation, row: Mapping[str, object] | None) -> bytes | None:
    if row is None:
        return None
    owner = None if row["person"] == record.HOUSE else str(row["person"])
    sealed = row["sealed"]
    if not isinstance(sealed, bytes):
        raise TypeError("a sealed opening is bytes")
    try:
        return opened.vault.open(owner, sealed, kind="opening", ref=getattr(row["entry"], "hex", ""))
    except errors.KeyMissing:
        return None  # the person was erased: the leaf stays, its facts are gone


WORDS: Mapping[str, Said] = {
    "verified": say("It holds, and it is by the key you trust."),
    "integrity only": say(
        "It is unbroken, but you named no fingerprint you trust: who made it is not established."
    ),
    "refused": say("It does not hold."),
}

EXIT = {"verified": verify.VERIFIED, "integrity only": verify.INTEGRITY_ONLY, "refused": verify.REFUSED}


def log_of(folder: Path) -> Path:
    """The log of the project around `folder`. Raises WrongUsage while it is empty."""
    place = premises.project(folder).state / "log"
    if not (place / "checkpoint").is_file():
        raise errors.WrongUsage(
            say("the log of this project is empty"),
            remedy=say("It is written from the first `duly run` or `duly work` on."),
        )
    return place


def check(path: Path, *, trusted: tuple[str, ...], known: tuple[Path, ...]) -> Report:
    """Check a bundle or a log directory. Raises WrongUsage where it is neither."""
    try:
        return verify.check(path, trusted=trusted, known=known)
    except proof.Refused as refused:
        raise errors.WrongUsage(
            str(refused), remedy=say("Name a bundle made by `duly prove`, or a log directory.")
        ) from refused


@dataclass(frozen=True, kw_only=True)
class Genuine:
    """What may be told to whoever holds a notice's code: that it is ours and when it left, never what it says."""

    brand: str
    creditor: str
    sent_on: date
    at: datetime


def genuine(folder: Path, typed: str, *, environ: Mapping[str, str]) -> Genuine | None:
    """Whether a notice with this code was sent by this lender; None for any code that is not ours."""
    wanted = code.normalise(typed)
    if wanted is None:
        return None
    with premises.opened(folder, environ) as opened, opened.connect("duly_worker") as connection:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(_SQL["by_code"], {"code": wanted}).fetchall()
        row = next((one for one in found if opened.gate_keys.gave(one)), None)
        if row is None:
            return None
        return Genuine(brand=row["brand"], creditor=row["creditor"], sent_on=row["day"], at=row["at"])
