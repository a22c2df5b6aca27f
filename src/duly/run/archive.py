"""Old days put away: their rows go into Parquet files, and out of the database, by the lender's rule.

Only what the outbox, the gate and the carriers wrote goes: evidence, its openings and the exact texts stay, and so do
the rows by which nothing is sent twice and caps are counted. A day of which a case is still open, or of which nobody
knows the end, stays whatever its age.
Refuses to drop a day whose file is not there, or does not hold what the table holds; and to wait for a long report: it
goes on the next time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.model.said import Said, say
from duly.run import installation
from duly.store import connect, partitions, sql

_SQL = sql.load()

_STRETCH = 20_000  # rows in memory at once
_TEXT, _BYTES, _INT, _DAY = pl.String(), pl.Binary(), pl.Int64(), pl.Date()
_AT, _TEXTS = pl.Datetime("us", "UTC"), pl.List(pl.String())
# What columns hold, where that is not text.
_TYPES: dict[str, pl.DataType] = {
    **dict.fromkeys(("day", "deadline_on"), _DAY),
    **dict.fromkeys(("key", "notice_key", "mac", "encoded_sha256"), _BYTES),
    **dict.fromkeys(("at", "not_before", "not_after", "carrier_at"), _AT),
    **dict.fromkeys(("cases", "accounts", "forms", "remote_ids"), _TEXTS),
    **dict.fromkeys(
        (
            *("version", "plan", "batch", "occurrence", "step", "parts", "billed", "cost_micro", "horizon"),
            *("attempt", "n", "part", "id", "raw", "reference"),
        ),
        _INT,
    ),
}
# In the order in which they go: what names a message goes last.
TABLES = ("remote", "receipt", "answer", "disposition", "permit", "message")


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day in the database. `kept_for` says what asks for it; None where it may go."""

    day: date
    bytes: int
    kept_for: Said | None


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A day that was put away; `waits` where its tables are still there, because somebody reads them."""

    day: date
    rows: int
    folder: str
    waits: bool


def days(connection: psycopg.Connection[Any], *, today: date, keep: int | None) -> tuple[Day, ...]:
    """Every day that is in the database and older than today, and what asks for it; nothing is changed."""
    found: dict[date, int] = {}
    for row in partitions.kept(connection):
        if row["day"] < today:
            found[row["day"]] = found.get(row["day"], 0) + row["bytes"]
    return tuple(
        Day(day=day, bytes=size, kept_for=_asked(connection, day, today=today, keep=keep))
        for day, size in sorted(found.items())
    )


def put_away(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    today: date,
    keep: int | None,
    by: str,
) -> tuple[Gone, ...]:
    """Put away every day that nothing asks for, the oldest first. `connection` is the owner's."""
    gone: list[Gone] = []
    for one in days(connection, today=today, keep=keep):
        # A day that waits for a report holds up the later ones, which would wait for the same.
        if one.kept_for is None and not (gone and gone[-1].waits):
            gone.append(_put_away(opened, connection, one.day, by=by))
    return tuple(gone)


def _asked(connection: psycopg.Connection[Any], day: date, *, today: date, keep: int | None) -> Said | None:
    if keep is None:
        return say("[keeping] of duly.toml says nothing")
    if today - day <= timedelta(days=keep):
        return say("it is not older than {days} days", days=keep)
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["asked_of_day"], {"day": day}).fetchone() or {}
    if row.get("cases"):
        return say("cases that its messages speak of are open: {count}", count=row["cases"])
    if row.get("doubts"):
        return say("hand-overs in doubt: {count}", count=row["doubts"])
    if row.get("batches"):
        return say("batches that are not done: {count}", count=row["batches"])
    return None


# --- one day


def _put_away(
    opened: installation.Installation, connection: psycopg.Connection[Any], day: date, *, by: str
) -> Gone:
    folder = opened.project.state / "archive" / day.isoformat()
    noted = _noted(connection, day)
    if not noted:
        made = {table: _write(connection, table, day, folder) for table in TABLES}
        with connect.transaction(connection):
            for table, (file, digest, rows) in made.items():
                values = {"day": day, "parent": f"public.{table}", "file": str(file), "sha256": digest}
                connection.execute(_SQL["note_put_away"], {**values, "rows": rows, "by": by})
        noted = _noted(connection, day)
    for row in noted.values():
        if not Path(row["file"]).is_file() or _digest(Path(row["file"])) != bytes(row["sha256"]):
            raise errors.EvidenceBroken(
                say("the file {file} is not the one that {day} was put away in", file=row["file"], day=day),
                remedy=say("Put that file back; the day stays in the database until it is there."),
            )
    waits = [
        table
        for table in TABLES
        if not partitions.drop(connection, table, day, rows=int(noted[table]["rows"]))
    ]
    return Gone(
        day=day, rows=sum(int(row["rows"]) for row in noted.values()), folder=str(folder), waits=bool(waits)
    )


def _noted(connection: psycopg.Connection[Any], day: date) -> dict[str, dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["put_away_of"], {"day": day}).fetchall()
    return {row["parent"].removeprefix("public."): row for row in rows}


def _write(
    connection: psycopg.Connection[Any], table: str, day: date, folder: Path
) -> tuple[Path, bytes, int]:
    """One table's day as a Parquet file, whole or not there; its digest and its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, file = folder / f".{table}", folder / f"{table}.parquet"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    count = 0
    for n, rows in enumerate(_stretches(connection, table, day)):
        rows.write_parquet(parts / f"{n:06}.parquet")
        count += rows.height
    half = folder / f".{table}.parquet"
    pl.scan_parquet(sorted(parts.glob("*.parquet"))).sink_parquet(half)
    shutil.rmtree(parts)
    if pl.scan_parquet(half).select(pl.len()).collect().item() != count:
        raise errors.EvidenceBroken(
            say("the file {file} does not hold the rows that it was made of", file=str(half)),
            remedy=say("Look at the disk; nothing was removed."),
        )
    with half.open("rb") as written:
        os.fsync(written.fileno())
    half.replace(file)
    return file, _digest(file), count


def _stretches(connection: psycopg.Connection[Any], table: str, day: date) -> Iterator[pl.DataFrame]:
    with connection.transaction(), connection.cursor(f"away_{table}", row_factory=dict_row) as cursor:
        cursor.itersize = _STRETCH
        cursor.execute(_SQL[f"away_{table}"], {"day": day})
        names = [column.name for column in cursor.description or ()]
        schema = {name: _TYPES.get(name, _TEXT) for name in names}
        first = True
        while (rows := cursor.fetchmany(_STRETCH)) or first:
            yield pl.DataFrame(rows, schema=schema, orient="row")
            first = False


def _digest(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
