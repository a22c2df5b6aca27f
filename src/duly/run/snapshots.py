"""The snapshots that were in force, found by name, and read range by range with what happened since.

Refuses a name that means none or several, and says of one whose files were removed how to have it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import columns, events, snapshot
from duly.book.columns import Book
from duly.model.said import say
from duly.run import installation
from duly.store import sql

_SQL = sql.load()

IN_FORCE, BEFORE = "now", "before"
_AT_ONCE = 50_000  # rows of events


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A snapshot as the database knows it. `load` is the one it goes back to: itself, or what was folded."""

    manifest: str
    as_of: date
    as_of_event: int
    load: str
    folded_from: str | None
    loaded_at: datetime
    removed_at: datetime | None
    folder: Path


def every(opened: installation.Installation, connection: psycopg.Connection[Any]) -> tuple[Kept, ...]:
    """Every snapshot that was in force, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["snapshots"]).fetchall()
    return tuple(
        Kept(
            manifest=row["digest"],
            as_of=row["as_of"],
            as_of_event=row["as_of_event"],
            load=row["base"],
            folded_from=row["folded_from"],
            loaded_at=row["loaded_at"],
            removed_at=row["removed_at"],
            folder=place(opened, row["digest"], row["path"]),
        )
        for row in rows
    )


def find(opened: installation.Installation, connection: psycopg.Connection[Any], name: str) -> Kept:
    """The snapshot whose digest begins with `name`; `now` is the one in force, `before` the one before it."""
    known = every(opened, connection)
    if name in {IN_FORCE, BEFORE}:
        found = known[(name == BEFORE) :][:1]
    else:
        found = tuple(one for one in known if one.manifest.startswith(name))
    if len(found) != 1:
        raise errors.WrongUsage(
            say("{count} snapshots are meant by {name}", count=len(found), name=name),
            remedy=say("Name one by the beginning of its digest, or `now`, or `before`."),
        )
    return found[0]


def opened_as(kept: Kept) -> snapshot.Manifest:
    """Its manifest. Raises BookDamaged, which says so where its files were removed on purpose."""
    if kept.removed_at is not None:
        raise snapshot.BookDamaged(
            say(
                "the files of snapshot {manifest} were removed on {day}",
                manifest=kept.manifest[:16],
                day=kept.removed_at.date(),
            ),
            remedy=say(
                "Load the same files as of {day} again, which gives the same snapshot, or take it from a backup.",
                day=kept.as_of,
            ),
        )
    return snapshot.load(kept.folder)


def place(opened: installation.Installation, digest: str, path: str) -> Path:
    """Where a snapshot lies: beside the others of this installation, or where it was when it was put in force."""
    here = opened.project.state / "book" / digest
    return here if here.is_dir() else Path(path)


def told(connection: psycopg.Connection[Any], *, after: int, horizon: int) -> pl.DataFrame:
    """The events after one and up to another, as `columns.EVENT`."""
    parts = [pl.DataFrame(schema=dict(columns.EVENT))]
    cursor = connection.execute(_SQL["events_between"], {"after": after, "horizon": horizon})
    while rows := cursor.fetchmany(_AT_ONCE):
        parts.append(pl.DataFrame(rows, schema=dict(columns.EVENT), orient="row"))
    return pl.concat(parts)


def folding(happened: pl.DataFrame) -> Callable[[Book], Book]:
    """The fold of one range; a book that nothing happened to is given back as it is."""

    def fold(book: Book) -> Book:
        near = happened.filter(
            pl.col("person").is_in(book.accounts["person"].implode())
            | pl.col("account").is_in(book.accounts["account"].implode())
            | pl.col("point").is_in(book.contacts["point"].implode())
        )
        return events.fold(book, near)

    return fold


def ranges(manifest: snapshot.Manifest, happened: pl.DataFrame | None = None) -> Iterator[Book]:
    """The book range by range, with what happened folded in."""
    fold = folding(happened) if happened is not None else lambda book: book
    for span in manifest.ranges():
        yield fold(snapshot.read(manifest, span))
