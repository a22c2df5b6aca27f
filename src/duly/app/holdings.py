"""What the book holds: of one account, in all, and what differs between two snapshots.

Ids, figures and states are shown to whoever has a duty here. Names, numbers and addresses stay sealed; who has the
duty and gives a reason has them opened, and the reason is in the evidence of the person before anything is shown.
Refuses to write any of it into a log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.app import people, premises
from duly.book import census, columns, difference, tolerance
from duly.book.census import Census
from duly.book.columns import Book
from duly.book.difference import Change, Difference
from duly.model.money import Money
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.project.folder import Project
from duly.run import books, clock, compaction, installation, locks, record, snapshots, statement
from duly.store import connect, sql

__all__ = [
    "Change",
    "Compared",
    "Counted",
    "Difference",
    "Feed",
    "Holding",
    "Reach",
    "compare",
    "count",
    "show",
]

_SQL = sql.load()

_SEES = (Duty.COMPLIANCE, Duty.OPERATIONS, Duty.ENGINEER, Duty.COUNSEL, Duty.AUDITOR)
_OPENS = (Duty.COMPLIANCE, Duty.OPERATIONS, Duty.COUNSEL)

SEALED = "•••"
ERASED = "–"
_OWN = frozenset({"person", "account", "bucket", "role", "liable"})


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody on an account. `name` is SEALED unless it was opened, ERASED where nobody can open it any more."""

    person: str
    role: str
    liable: bool
    name: str


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A contact point, its facts by the names of the book; `value` as the name of a party."""

    value: str
    facts: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Everything the book holds of an account. `tables` by frame: rows of facts, each once whoever stands on it."""

    account: str
    manifest: str
    horizon: int
    opened: bool
    terms: Mapping[str, object]
    parties: tuple[Party, ...]
    tables: Mapping[str, tuple[Mapping[str, object], ...]]
    points: tuple[Reach, ...]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Where a kind of row came from, and up to when its lender vouches for it."""

    name: str
    rows: int
    quarantined: int
    watermark: date | None
    control_total_minor: int | None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A snapshot and what it comes to on a day."""

    manifest: str
    on: date
    as_of: date
    loaded_at: datetime
    events: int
    census: Census
    feeds: tuple[Feed, ...]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What differs between two snapshots, and whether one is the other with its events folded in."""

    before: str
    after: str
    folded: bool
    differences: tuple[Difference, ...]


def show(
    actor: Actor, folder: Path, *, account: str, reason: str | None, environ: Mapping[str, str]
) -> Holding:
    """What the book holds of an account; with a `reason`, which is recorded first, personal data too.

    Raises NotAllowed for who may not see it or may not have it opened, WrongUsage for an unknown account.
    """
    people.require(actor, *_SEES)
    if reason is not None:
        people.require(actor, *_OPENS)
        if not reason.strip():
            raise errors.WrongUsage(say("no reason was given"), remedy=say("Say in words why you look."))
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        standing = books.of_account(connection, account)
        if reason is not None:
            _record(opened, connection, standing.book, by=actor.name, reason=reason.strip())
        names, values = _opened(opened, connection, standing.book) if reason is not None else ({}, {})
        return _holding(account, standing, names, values, opened=reason is not None)


def count(
    actor: Actor,
    folder: Path,
    *,
    environ: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Counted, Counted | None]:
    """What the book comes to today, and what the snapshot before came to on its own day; None if there was none."""
    people.require(actor, *_SEES)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        now, *older = snapshots.every(opened, connection)[:2] or [snapshots.find(opened, connection, "now")]
        today = opened.local_day(clock.instant_of(connection))
        after = compaction.horizon(connection)
        told = snapshots.told(connection, after=now.as_of_event, horizon=after)
        steps = _Steps(progress)
        counted = _counted(opened.project, now, told, on=today, steps=steps)
        before = [one for one in older if one.removed_at is None and one.folder.is_dir()]
        return counted, (
            _counted(opened.project, before[0], told.clear(), on=before[0].as_of, steps=steps)
            if before
            else None
        )


def compare(actor: Actor, folder: Path, *, before: str, after: str, environ: Mapping[str, str]) -> Compared:
    """What differs between two snapshots, each named by the beginning of its digest, or `now`, or `before`."""
    people.require(actor, *_SEES)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        old, new = (snapshots.find(opened, connection, name) for name in (before, after))
    was, now = snapshots.opened_as(old), snapshots.opened_as(new)
    if was.ranges() == now.ranges():
        parts = [
            difference.between(one, other)
            for one, other in zip(snapshots.ranges(was), snapshots.ranges(now), strict=True)
        ]
    else:
        whole = [_whole(list(snapshots.ranges(one))) for one in (was, now)]
        parts = [difference.between(*whole)]
    return Compared(
        before=old.manifest,
        after=new.manifest,
        folded=old.load == new.load,
        differences=difference.together(parts),
    )


class _Steps:
    """Progress over two snapshots, of which the second is known only later."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self._progress = progress
        self._done = 0

    def reach(self, of: int) -> None:
        """One more range is done."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, max(of, self._done))


def _counted(
    project: Project, kept: snapshots.Kept, told: pl.DataFrame, *, on: date, steps: _Steps
) -> Counted:
    manifest = snapshots.opened_as(kept)
    parts = []
    for book in snapshots.ranges(manifest, told):
        stands = tolerance.standing(
            book, on, project.book.cures, tolerance_minor=project.book.tolerance_minor
        )
        parts.append((census.heads(book, stands), census.rows(book)))
        steps.reach(2 * len(manifest.ranges()))
    return Counted(
        manifest=kept.manifest,
        on=on,
        as_of=kept.as_of,
        loaded_at=kept.loaded_at,
        events=told.height,
        census=census.count(parts),
        feeds=tuple(
            Feed(
                name=one.name,
                rows=one.rows,
                quarantined=one.quarantined,
                watermark=one.watermark,
                control_total_minor=one.control_total_minor,
            )
            for one in manifest.feeds
        ),
    )


def _whole(parts: Sequence[Book]) -> Book:
    return Book(**{name: pl.concat([part.frames()[name] for part in parts]) for name in columns.FRAMES})


def _record(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    book: Book,
    *,
    by: str,
    reason: str,
) -> None:
    """One entry for each person, in the chains of the open cases: committed before anything is opened."""
    persons = book.accounts["person"].unique().sort().to_list()
    accounts = book.accounts["account"].unique().to_list()
    with connect.transaction(connection):
        locks.take(connection, locks.scopes(persons=persons, accounts=accounts))
        now = clock.instant_of(connection)
        connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
        cases = [
            row[0] for row in connection.execute(_SQL["open_cases_on"], {"account": accounts[0]}).fetchall()
        ]
        opened.recorder.write(
            connection,
            [
                record.Fact(
                    kind="access",
                    at=now,
                    person=person,
                    committed={
                        "person": person,
                        "opened": ["name", *_points_of(book, person)],
                        "reason": reason,
                        "by": by,
                    },
                    about=statement.about(cases),
                )
                for person in persons
            ],
        )


def _points_of(book: Book, person: str) -> list[str]:
    return book.contacts.filter(pl.col("person") == person)["point"].to_list()


def _opened(
    opened: installation.Installation, connection: psycopg.Connection[Any], book: Book
) -> tuple[dict[str, str], dict[str, str]]:
    """Names by person and values by contact point; ERASED where the key is gone."""
    names: dict[str, str] = {}
    persons = book.accounts["person"].unique().to_list()
    for person, sealed in connection.execute(_SQL["persons_sealed"], {"persons": persons}).fetchall():
        try:
            payload = opened.vault.open(person, bytes(sealed), kind="person", ref=person)
            names[person] = str(json.loads(payload)["name"])
        except errors.KeyMissing:
            names[person] = ERASED
    values: dict[str, str] = {}
    points = book.contacts["point"].to_list()
    for point, person, _, sealed in connection.execute(
        _SQL["contacts_sealed"], {"points": points}
    ).fetchall():
        try:
            values[point] = opened.vault.open(person, bytes(sealed), kind="contact", ref=point).decode()
        except errors.KeyMissing:
            values[point] = ERASED
    return names, values


def _holding(
    account: str,
    standing: books.Standing,
    names: Mapping[str, str],
    values: Mapping[str, str],
    *,
    opened: bool,
) -> Holding:
    book = standing.book
    heads = book.accounts.rows(named=True)
    currency = str(heads[0]["currency"])
    frames = {name: frame for name, frame in book.frames().items() if name not in {"accounts", "contacts"}}
    return Holding(
        account=account,
        manifest=standing.manifest,
        horizon=standing.horizon,
        opened=opened,
        terms={
            name: _value(name, value, currency)
            for name, value in heads[0].items()
            if name not in _OWN and value is not None
        },
        parties=tuple(
            Party(
                person=row["person"],
                role=row["role"],
                liable=row["liable"],
                name=names.get(row["person"], SEALED),
            )
            for row in heads
        ),
        tables={
            name: tuple(
                {column: _value(column, value, currency) for column, value in row.items()}
                for row in _once(name, frame).iter_rows(named=True)
            )
            for name, frame in frames.items()
        },
        points=tuple(
            Reach(
                value=values.get(row["point"], SEALED),
                facts={name: value for name, value in row.items() if name != "value_key"},
            )
            for row in book.contacts.iter_rows(named=True)
        ),
    )


def _once(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """What concerns the account alone stands under each person on it, and is shown once."""
    return frame if name == "holds" else frame.drop("person", "account").unique(maintain_order=True)


def _value(name: str, value: object, currency: str) -> object:
    if name.endswith("_minor") and isinstance(value, int):
        return Money(minor=value, currency=currency)
    return value
