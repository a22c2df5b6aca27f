"""Events folded into the next snapshot while sending goes on, and old snapshots put away (decision 0019).

What is told after a load is kept as events, and every plan folds all of them again; a fold makes of the snapshot in
force and its events the next one, in the same ranges. It reads without a lock and takes the book for the instant of
its commit alone. Nothing is taken from the events: a message planned from the snapshot before is held against every
event after its own horizon as before, and a load starts from the lender's files and folds all events again.
Refuses to fold over a load that came in between, and to remove the files of a snapshot that something still asks for.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import snapshot
from duly.model.said import say
from duly.run import clock, installation, locks, record, snapshots, statement
from duly.store import connect, sql

_SQL = sql.load()

# From so many events on the day's run folds by itself: with fewer, writing the book anew costs more than it saves.
MANY = 50_000
KEEP_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Folded:
    """A fold that was put in force: the snapshot, the one it was made from, and the events that are in it now."""

    manifest: str
    folded_from: str
    as_of_event: int
    events: int


@dataclass(frozen=True, kw_only=True)
class Old:
    """A snapshot that was in force. `kept_for` says what still asks for its files; None where nothing does."""

    manifest: str
    folder: Path
    loaded_at: datetime
    bytes: int
    kept_for: str | None


@dataclass(frozen=True, kw_only=True)
class _View:
    """What a fold is made from, all in one state of the database."""

    manifest: str
    path: Path
    as_of_event: int
    horizon: int
    events: pl.DataFrame


def compact(
    opened: installation.Installation, connection: psycopg.Connection[Any], *, by: str
) -> Folded | None:
    """Fold every event known by now and put the snapshot in force; None where there is nothing to fold.

    Of several that fold at once one does and the others find nothing left. Raises WrongUsage where no book was loaded,
    and where one was loaded meanwhile: then nothing was changed.
    """
    with locks.alone(connection, locks.FOLD):
        view = _look(opened, connection)
        if view.events.is_empty():
            return None
        manifest = snapshot.rewrite(
            snapshot.load(view.path), snapshots.folding(view.events), _kept(opened), as_of_event=view.horizon
        )
        with connect.transaction(connection):
            locks.take_book(connection)
            now = clock.instant_of(connection)
            row = connection.execute(_SQL["manifest_in_force"]).fetchone()
            if row is None or row[0] != view.manifest:
                raise errors.WrongUsage(
                    say("a book was loaded while this one was folded; nothing was changed"),
                    remedy=say("Fold again: `duly compact`."),
                )
            connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
            connection.execute(
                _SQL["fold_manifest"],
                {
                    "digest": manifest.digest,
                    "as_of_event": manifest.as_of_event,
                    "path": str(manifest.folder),
                    "folded_from": view.manifest,
                },
            )
            opened.recorder.write(connection, [_fact(view, manifest, by=by, at=now)])
    return Folded(
        manifest=manifest.digest,
        folded_from=view.manifest,
        as_of_event=view.horizon,
        events=view.events.height,
    )


def compact_if_many(opened: installation.Installation, *, many: int = MANY) -> Folded | None:
    """Fold where so many events wait for it that every plan pays for them; what the day's run does first."""
    with opened.connect(patient=True) as connection:
        row = connection.execute(_SQL["events_to_fold"]).fetchone()
        loaded = connection.execute(_SQL["manifest_in_force"]).fetchone()
        if row is None or loaded is None or row[0] < many:
            return None
        return compact(opened, connection, by=statement.MACHINE)


def old(
    opened: installation.Installation, connection: psycopg.Connection[Any], *, keep_days: int = KEEP_DAYS
) -> tuple[Old, ...]:
    """Every snapshot whose files are here, the newest first, with what still asks for each.

    Kept are the one in force and the one before it, whatever a plan of the last `keep_days` days was made from (so
    that it can be made again), whatever was in force within them, and what unsent messages were planned from.
    """
    now = clock.instant_of(connection)
    since = now - timedelta(days=keep_days)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["snapshots"]).fetchall()
    found = []
    followed: datetime | None = None
    for place, row in enumerate(rows):
        folder = _kept(opened) / row["digest"]
        why = _kept_for(row, place, since, followed)
        followed = row["loaded_at"]
        if row["removed_at"] is None and folder.is_dir():
            found.append(
                Old(
                    manifest=row["digest"],
                    folder=folder,
                    loaded_at=row["loaded_at"],
                    bytes=sum(file.stat().st_size for file in folder.iterdir()),
                    kept_for=why,
                )
            )
    return tuple(found)


def prune(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    by: str,
    keep_days: int = KEEP_DAYS,
) -> tuple[Old, ...]:
    """Remove the files of every snapshot that nothing asks for; what they were.

    The database says first that they go: whoever is killed between leaves files that nobody reads, never a plan
    without its files. Raises WrongUsage for less than a day: a plan that is being made would lose what it reads.
    """
    if keep_days < 1:
        raise errors.WrongUsage(
            say("a snapshot is kept for at least a day"), remedy=say("Give --keep-days 1 or more.")
        )
    with locks.alone(connection, locks.FOLD):
        gone = [one for one in old(opened, connection, keep_days=keep_days) if one.kept_for is None]
        if gone:
            with connect.transaction(connection):
                locks.take_book(connection)
                now = clock.instant_of(connection)
                connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
                for one in gone:
                    connection.execute(_SQL["forget_snapshot"], {"digest": one.manifest})
                opened.recorder.write(connection, [_removed(one, by=by, at=now) for one in gone])
        for one in gone:
            shutil.rmtree(one.folder)
    return tuple(gone)


def horizon(connection: psycopg.Connection[Any]) -> int:
    """The last thing that is known. As for a plan, nobody is in the middle of telling something when it is fixed."""
    with locks.quiet_book(connection):
        row = connection.execute(_SQL["horizon"]).fetchone()
    return 0 if row is None else int(row[0])


def _kept(opened: installation.Installation) -> Path:
    return opened.project.state / "book"


def _kept_for(row: dict[str, Any], place: int, since: datetime, followed: datetime | None) -> str | None:
    if place == 0:
        return say("it is in force")
    if place == 1:
        return say("it was in force before")
    if row["open"]:
        return say("messages planned from it wait")
    if row["last_plan"] is not None and row["last_plan"] >= since:
        return say("a plan of these days was made from it")
    if followed is not None and followed >= since:
        return say("it was in force within these days")
    return None


def _look(opened: installation.Installation, connection: psycopg.Connection[Any]) -> _View:
    last = horizon(connection)
    with connect.transaction(connection, snapshot=True), connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["manifest_in_force"]).fetchone()
        if found is None:
            raise errors.WrongUsage(say("no book was loaded yet"), remedy=say("Load one: `duly load`."))
        happened = snapshots.told(connection, after=found["as_of_event"], horizon=last)
    return _View(
        manifest=found["digest"],
        path=snapshots.place(opened, found["digest"], found["path"]),
        as_of_event=found["as_of_event"],
        horizon=last,
        events=happened,
    )


def _fact(view: _View, manifest: snapshot.Manifest, *, by: str, at: datetime) -> record.Fact:
    return record.Fact(
        kind="snapshot",
        at=at,
        open={"manifest": manifest.digest, "change": "folded", "folded_from": view.manifest},
        committed={"as_of_event": manifest.as_of_event, "events": view.events.height, "by": by},
    )


def _removed(one: Old, *, by: str, at: datetime) -> record.Fact:
    return record.Fact(
        kind="snapshot", at=at, open={"manifest": one.manifest, "change": "removed"}, committed={"by": by}
    )
