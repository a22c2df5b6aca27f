"""A book put in force: files to snapshot, personal data to the vault, one commit under the book lock.

Whatever is read is read before the lock is taken; the commit is short, and the gate sees the new book whole or
not at all. Loading the same files again changes nothing.
Refuses the whole load where a file cannot be trusted; bad rows go to the quarantine, sealed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import read, snapshot
from duly.book.columns import Book
from duly.errors import Problem
from duly.run import clock, installation, locks, record, sealing, statement
from duly.store import connect, sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a load came to. `changed` is False where exactly these files were in force already."""

    manifest: str
    changed: bool
    as_of: date
    accounts: int
    persons: int
    quarantined: int
    warnings: tuple[Problem, ...]
    payments: int


def load(
    opened: installation.Installation, connection: psycopg.Connection[Any], *, as_of: date, by: str
) -> Outcome:
    """Read the project's files and put them in force. Raises ProjectRefused with every problem of every file."""
    project = opened.project
    loaded, problems = read.load(project.root, project.book, as_of=as_of, blind=opened.blind)
    if loaded is None:
        raise errors.ProjectRefused(problems)
    before = _in_force(connection)
    if before is not None and before.as_of == as_of and before.came_from(loaded.feeds):
        return _outcome(before, loaded, changed=False, payments=0)
    people = loaded.personal.people["person"].to_list()
    opened.keys.create(people)
    opened.raw_key(as_of)
    # No event is folded into a snapshot yet: each load is counted together with every event, and what both know
    # is recognised by its id.
    manifest = snapshot.write(
        loaded.book, project.state / "book", as_of=as_of, as_of_event=0, feeds=loaded.feeds
    )
    if before is not None and before.digest == manifest.digest:
        return _outcome(before, loaded, changed=False, payments=0)
    fresh = _new_payments(loaded.book, before)
    with connect.transaction(connection):
        sealed = sealing.fresh(connection, opened.vault, loaded.personal, loaded.book)
    with connect.transaction(connection):
        locks.take_book(connection)
        meanwhile = _in_force(connection)
        if (meanwhile and meanwhile.digest) != (before and before.digest):
            # Somebody else's load came in between: what stands in the vault is no longer what was compared.
            sealed = sealing.fresh(connection, opened.vault, loaded.personal, loaded.book)
        now = clock.instant_of(connection)
        connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
        _put_in_force(connection, manifest, loaded, sealed)
        _quarantine(opened, connection, loaded.quarantine, as_of=as_of)
        facts = [
            _fact(manifest, loaded, by=by, at=now),
            *_payment_facts(connection, fresh, loaded.book, at=now),
        ]
        opened.recorder.write(connection, facts)
    return _outcome(manifest, loaded, changed=True, payments=fresh.height)


def _in_force(connection: psycopg.Connection[Any]) -> snapshot.Manifest | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["manifest_in_force"]).fetchone()
    return None if row is None else snapshot.load(Path(row["path"]))


def _outcome(manifest: snapshot.Manifest, loaded: read.Loaded, *, changed: bool, payments: int) -> Outcome:
    return Outcome(
        manifest=manifest.digest,
        changed=changed,
        as_of=manifest.as_of,
        accounts=loaded.book.accounts["account"].n_unique(),
        persons=loaded.personal.people.height,
        quarantined=loaded.quarantine.unique(["feed", "file", "line"]).height,
        warnings=tuple(loaded.warnings()),
        payments=payments,
    )


def _put_in_force(
    connection: psycopg.Connection[Any],
    manifest: snapshot.Manifest,
    loaded: read.Loaded,
    sealed: sealing.Sealed,
) -> None:
    connection.execute(_SQL["put_persons"], sealed.persons)
    connection.execute(_SQL["put_contacts"], sealed.contacts)
    parties = loaded.book.accounts
    connection.execute(
        _SQL["put_parties"],
        {
            "accounts": parties["account"].to_list(),
            "persons": parties["person"].to_list(),
            "roles": parties["role"].to_list(),
            "liable": parties["liable"].to_list(),
        },
    )
    connection.execute(
        _SQL["record_manifest"],
        {
            "digest": manifest.digest,
            "as_of": manifest.as_of,
            "as_of_event": manifest.as_of_event,
            "path": str(manifest.folder),
            "feeds": json.dumps({feed.name: feed.rows for feed in manifest.feeds}),
        },
    )
    for feed in loaded.feeds:
        connection.execute(
            _SQL["mark_feed"],
            {
                "feed": feed.name,
                "sha256": ",".join(digest for _, digest in feed.files),
                "rows": feed.rows,
                "watermark": None if feed.watermark is None else feed.watermark.isoformat(),
                "control_total_minor": feed.control_total_minor,
                "as_of": feed.watermark or manifest.as_of,
            },
        )


def _quarantine(
    opened: installation.Installation, connection: psycopg.Connection[Any], bad: pl.DataFrame, *, as_of: date
) -> None:
    if bad.is_empty():
        return
    owner = record.raw_owner(as_of)
    connection.execute(
        _SQL["quarantine"],
        {
            "feeds": bad["feed"].to_list(),
            "files": bad["file"].to_list(),
            "lines": bad["line"].to_list(),
            "fields": bad["field"].to_list(),
            "codes": bad["code"].to_list(),
            "sealed": [
                opened.vault.seal(owner, (value or "").encode(), kind="quarantine", ref=as_of.isoformat())
                for value in bad["value"].to_list()
            ],
        },
    )


def _new_payments(book: Book, before: snapshot.Manifest | None) -> pl.DataFrame:
    identity = ["account", "payment", "kind"]
    payments = book.payments.unique(identity, keep="first", maintain_order=True)
    if before is None:
        return payments.clear()  # the first book is not news: whatever was paid before it is simply its state
    known = snapshot.read(before).payments
    return payments.join(known, on=identity, how="anti", maintain_order="left")


def _fact(manifest: snapshot.Manifest, loaded: read.Loaded, *, by: str, at: datetime) -> record.Fact:
    return record.Fact(
        kind="load",
        at=at,
        open={"manifest": manifest.digest},
        committed={
            "as_of": manifest.as_of,
            "feeds": {
                feed.name: {"rows": feed.rows, "control_total_minor": feed.control_total_minor or 0}
                for feed in loaded.feeds
            },
            "quarantined": loaded.quarantine.unique(["feed", "file", "line"]).height,
            "by": by,
        },
    )


def _payment_facts(
    connection: psycopg.Connection[Any], fresh: pl.DataFrame, book: Book, *, at: datetime
) -> Sequence[record.Fact]:
    """One entry for each payment on an account that has an open case."""
    if fresh.is_empty():
        return []
    currencies = dict(book.accounts.select("account", "currency").unique().iter_rows())
    rows = connection.execute(
        _SQL["open_cases_of_accounts"], {"accounts": fresh["account"].to_list()}
    ).fetchall()
    cases: dict[str, list[str]] = {}
    for account, case in rows:
        cases.setdefault(account, []).append(case)
    return [
        record.Fact(
            kind="payment",
            at=at,
            person=row["person"],
            committed={
                "payment": row["payment"],
                "sort": row["kind"],
                "paid_on": row["paid_on"],
                "amount_minor": row["amount_minor"],
                "currency": currencies[row["account"]],
                "by": statement.MACHINE,
            },
            about=statement.about(cases[row["account"]]),
        )
        for row in fresh.iter_rows(named=True)
        if row["account"] in cases
    ]
