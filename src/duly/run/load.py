"""A book put in force: files to snapshot, personal data to the vault, one commit under the book lock.

Whatever is read is read before the lock is taken; the commit is short, and the gate sees the new book whole or
not at all. Loading the same files again changes nothing.
Refuses the whole load where a file cannot be trusted; bad rows go to the quarantine, sealed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import columns, read, snapshot
from duly.book.columns import Book
from duly.errors import Problem
from duly.model import progress
from duly.model.said import say
from duly.run import (
    again,
    answers,
    clock,
    consequences,
    feeds,
    installation,
    locks,
    mending,
    record,
    sealing,
    statement,
)
from duly.run.consequences import Consequence
from duly.store import connect, sql

_SQL = sql.load()
_WRITING, _SEALING = say("Writing the snapshot"), say("Sealing what is personal (people)")
_LOOKING = say("Looking whether these files are in force already")
_MERGING = say("Putting it into the vault")
_IDENTITY = ["account", "payment", "kind"]


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
    held: bool = False  # a row would have been left out, and `strict` forbids it: nothing was put in force
    consequences: tuple[Consequence, ...] = ()
    imported: int | None = None  # new rows of the system before; None where the project has no such feed


def load(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    as_of: date,
    by: str,
    environ: Mapping[str, str] = os.environ,
    strict: bool = False,
    older: bool = False,
    corrections: Sequence[mending.Correction] = (),
    tell: progress.Tell = progress.silent,
) -> Outcome:
    """Read the project's files and put them in force. Raises ProjectRefused with every problem of every file.

    `strict` puts nothing in force where a row would be left out, `older` takes a feed that reaches less far than the
    one in force, and `corrections` stand in the place of rows that were left out before.
    """
    project = opened.project
    reading = again.reading(project.book)
    mender = mending.Mender(opened, connection, corrections)
    before = in_force(connection)
    if before is not None and before.as_of == as_of and not corrections:
        tell(_LOOKING, 0, 1)
        if again.repeats(project.root, project.book, before):
            feeds.whole(connection)
            tell(_LOOKING, 1, 1)
            return _repeated(before)
        tell(_LOOKING, 1, 1)
    with answers.open_(project, environ) as asked:
        loaded, problems = read.load(
            project.root,
            project.book,
            as_of=as_of,
            blind=opened.vault.blind,
            answers=asked,
            mender=mender,
            tell=tell,
        )
    if loaded is not None and before is not None and not older:
        problems = feeds.reaching_less(loaded.feeds, before.feeds, project.book)
    if loaded is None or problems:
        feeds.hold(connection, problems, project.book, by=by)
        raise errors.ProjectRefused(problems)
    if strict and loaded.quarantine.height:
        return _outcome(before, loaded, as_of=as_of, changed=False, payments=0, held=True)
    if (
        before is not None
        and before.as_of == as_of
        and before.came_from(loaded.feeds, reading)
        and not corrections
    ):
        feeds.whole(connection)
        return _outcome(before, loaded, as_of=as_of, changed=False, payments=0)
    # Durable before anything is sealed under them.
    opened.keys.create(loaded.personal.people["person"])
    opened.raw_key(as_of)
    # A load is what the lender's files say and nothing else: whether they know what we were told since, nobody can
    # tell. So it is counted together with every event there ever was, and what both know is recognised by its id.
    news = _News(before)
    manifest = snapshot.write_in_ranges(
        lambda span: news.seen(loaded.sources.book(span), span),
        loaded.sources.height,
        project.state / "book",
        as_of=as_of,
        as_of_event=0,
        feeds=loaded.feeds,
        reading=reading,
        progress=lambda done, of: tell(_WRITING, done, of),
    )
    if before is not None and before.digest == manifest.digest and not corrections:
        feeds.whole(connection)
        return _outcome(before, loaded, as_of=as_of, changed=False, payments=0)
    followed = consequences.find(connection, before, manifest, project.book)
    with connect.transaction(connection):
        # One load at a time compares with the vault and changes it; nobody sees what it merges before the commit.
        locks.take_load(connection)
        _merge(opened, connection, loaded, tell)
        mending.mend(opened, connection, corrections, as_of=as_of, by=by)
        mending.keep(
            opened,
            connection,
            loaded.quarantine,
            as_of=as_of,
            manifest=manifest.digest,
            rows=loaded.rows,
        )
        # From here to the commit no gate runs: the book changes between two of its transactions, never within one.
        locks.take_book(connection)
        meanwhile = in_force(connection)
        if (meanwhile and meanwhile.digest) != (before and before.digest):
            # Another book came into force in between, and what it brought is no news.
            news = _News.of(manifest, meanwhile)
            followed = consequences.find(connection, meanwhile, manifest, project.book)
        fresh = news.payments(connection)
        now = clock.instant_of(connection)
        connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
        _put_in_force(connection, manifest, loaded)
        feeds.whole(connection)
        consequences.record(connection, followed, manifest=manifest.digest)
        currencies = loaded.sources.currencies(fresh["account"])
        facts = [
            _fact(manifest, loaded, followed, by=by, at=now),
            *_payment_facts(connection, fresh, currencies, at=now),
        ]
        opened.recorder.write(connection, facts)
    return _outcome(
        manifest, loaded, as_of=as_of, changed=True, payments=fresh.height, consequences=tuple(followed)
    )


def _merge(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    loaded: read.Loaded,
    tell: progress.Tell,
) -> None:
    """Put what is personal into the vault, and who stands on which account."""
    sealing.stage(
        connection,
        opened.vault,
        loaded.personal.people,
        sealing.points_of(loaded.personal.values, loaded.sources.contacts),
        progress=lambda done, of: tell(_SEALING, done, of),
    )
    sealing.stage_parties(connection, loaded.sources.parties())
    tell(_MERGING, 0, 1)
    sealing.merge(connection)
    tell(_MERGING, 1, 1)


def in_force(connection: psycopg.Connection[Any]) -> snapshot.Manifest | None:
    """The snapshot in force, if a book was loaded."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["manifest_in_force"]).fetchone()
    return None if row is None else snapshot.load(Path(row["path"]))


def _repeated(manifest: snapshot.Manifest) -> Outcome:
    """What a load comes to whose files are in force already, and of which no row was left out."""
    accounts, persons = again.counts(manifest)
    return Outcome(
        manifest=manifest.digest,
        changed=False,
        as_of=manifest.as_of,
        accounts=accounts,
        persons=persons,
        quarantined=0,
        warnings=(),
        payments=0,
    )


def _outcome(
    manifest: snapshot.Manifest | None,
    loaded: read.Loaded,
    *,
    as_of: date,
    changed: bool,
    payments: int,
    held: bool = False,
    consequences: tuple[Consequence, ...] = (),
) -> Outcome:
    return Outcome(
        manifest="" if manifest is None else manifest.digest,
        changed=changed,
        held=held,
        consequences=consequences,
        as_of=as_of,
        accounts=loaded.sources.frames["parties"]["account"].n_unique(),
        persons=loaded.personal.people.height,
        quarantined=loaded.quarantine.unique(["feed", "file", "line"]).height,
        warnings=tuple(loaded.warnings()),
        payments=payments,
    )


def _put_in_force(
    connection: psycopg.Connection[Any], manifest: snapshot.Manifest, loaded: read.Loaded
) -> None:
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


class _News:
    """The payments that the book before does not know, collected while the new one is written range by range."""

    def __init__(self, before: snapshot.Manifest | None) -> None:
        self._before = before
        self._found = [pl.DataFrame(schema=dict(columns.PAYMENT))]

    @classmethod
    def of(cls, manifest: snapshot.Manifest, before: snapshot.Manifest | None) -> _News:
        """The same of a book that is written already."""
        news = cls(before)
        for span in manifest.ranges():
            news.seen(snapshot.read(manifest, span), span)
        return news

    def seen(self, book: Book, span: range) -> Book:
        """Take note of the payments of a range; answers the book as it was given."""
        if (
            self._before is not None
        ):  # the first book is not news: whatever was paid before it is simply its state
            known = snapshot.read(self._before, span).payments
            self._found.append(book.payments.join(known, on=_IDENTITY, how="anti", maintain_order="left"))
        return book

    def payments(self, connection: psycopg.Connection[Any]) -> pl.DataFrame:
        """Those that nobody told of either; what was told has its entry already."""
        order = columns.SORTED_BY["payments"]
        fresh = pl.concat(self._found).sort(*order).unique(_IDENTITY, keep="first", maintain_order=True)
        rows = connection.execute(_SQL["payments_told"], {"refs": fresh["payment"].to_list()}).fetchall()
        told = pl.DataFrame(
            rows,
            schema={"account": pl.String(), "payment": pl.String(), "undoes": pl.Boolean()},
            orient="row",
        )
        undoes = fresh.with_columns(undoes=pl.col("kind") == "reversal")
        return undoes.join(told, on=["account", "payment", "undoes"], how="anti", maintain_order="left").drop(
            "undoes"
        )


def _fact(
    manifest: snapshot.Manifest,
    loaded: read.Loaded,
    followed: Sequence[Consequence],
    *,
    by: str,
    at: datetime,
) -> record.Fact:
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
            **({"consequences": consequences.fact(followed)} if followed else {}),
        },
    )


def _payment_facts(
    connection: psycopg.Connection[Any], fresh: pl.DataFrame, currencies: Mapping[str, str], *, at: datetime
) -> Sequence[record.Fact]:
    """One entry for each payment on an account that has an open case."""
    if fresh.is_empty():
        return []
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
                **({"reason": row["reason"]} if row["reason"] is not None else {}),
            },
            about=statement.about(cases[row["account"]]),
        )
        for row in fresh.iter_rows(named=True)
        if row["account"] in cases
    ]
