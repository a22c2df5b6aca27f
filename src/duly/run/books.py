"""The book as it stands: the snapshot in force, with everything that happened since folded into it.

Refuses to judge anything, and to open a name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import columns, events, snapshot
from duly.book.columns import Book
from duly.model import notice
from duly.model.said import say
from duly.store import connect, sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A book, the snapshot it comes from and the last event that is in it."""

    manifest: str
    horizon: int
    book: Book


def in_force(connection: psycopg.Connection[Any], *, persons: Collection[str] | None = None) -> Standing:
    """The book of everybody, or of some persons. Raises WrongUsage where none was loaded."""
    with connect.transaction(connection, snapshot=True), connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["manifest_in_force"]).fetchone()
        if found is None:
            raise errors.WrongUsage(say("no book was loaded yet"), remedy=say("Load one: `duly load`."))
        horizon = int((cursor.execute(_SQL["horizon"]).fetchone() or {"horizon": 0})["horizon"])
        since = {"after": found["as_of_event"], "horizon": horizon}
        happened = cursor.execute(_SQL["events_between"], since).fetchall()
    return Standing(
        manifest=found["digest"],
        horizon=horizon,
        book=_folded(snapshot.load(Path(found["path"])), happened, persons),
    )


def of_account(connection: psycopg.Connection[Any], account: str) -> Standing:
    """The book of one account, under each person on it. Raises WrongUsage for one that is not in the book."""
    persons = [row[0] for row in connection.execute(_SQL["liable_of"], {"accounts": [account]}).fetchall()]
    standing = in_force(connection, persons=persons)
    mine = pl.col("account") == account
    frames = {
        name: frame.filter(mine) if "account" in frame.columns else frame
        for name, frame in standing.book.frames().items()
    }
    if frames["accounts"].is_empty():
        raise errors.WrongUsage(
            say("account {account} is not in the book", account=account),
            remedy=say("Look at the account's id."),
        )
    return Standing(manifest=standing.manifest, horizon=standing.horizon, book=Book(**frames))


def _folded(
    manifest: snapshot.Manifest, happened: list[dict[str, Any]], persons: Collection[str] | None
) -> Book:
    told = pl.DataFrame(
        {name: [row[name] for row in happened] for name in columns.EVENT},
        schema=dict(columns.EVENT),
        strict=False,
    )
    if persons is None:
        return events.fold(snapshot.read(manifest), told)
    buckets = sorted({notice.bucket(person) for person in persons})
    parts = [snapshot.read(manifest, range(bucket, bucket + 1)) for bucket in buckets] or [columns.empty()]
    whole = {name: pl.concat([part.frames()[name] for part in parts]) for name in columns.FRAMES}
    wanted = pl.col("person").is_in(sorted(persons))
    return events.fold(Book(**{name: frame.filter(wanted) for name, frame in whole.items()}), told)
