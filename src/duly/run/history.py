"""The history of the system before put in force: kept as it was told, counted where ours would count, and recorded.

One commit under the book lock, so that the gate sees all of it or nothing. A row is known again by its source and
reference, so the same files may be loaded as often as one likes. What is imported is never mixed with what we did:
it has tables of its own, and its evidence says that we witnessed none of it.
Refuses to change what was loaded: a row that says something else under a known reference goes to the quarantine.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import columns, history, quarantine, snapshot
from duly.book.history import Whom
from duly.errors import Problem
from duly.evidence import proof, tree
from duly.model import past
from duly.model.notice import Grade
from duly.model.past import PastKind
from duly.plan import columns as plan_columns
from duly.run import clock, installation, load, locks, mending, record
from duly.store import connect, sql

_SQL = sql.load()

# What of a row goes under another name into the table.
_NAMES = {"day": "on_date", "number": "value_key", "text_ref": "said"}
_TYPES = (
    "bytea", "text", "text", "text", "timestamptz", "date", *["text"] * 9, "date", "text", "text", "date",
    "bytea", "uuid", "date",
)  # fmt: skip
_CONTACT_TYPES = ("bytea", "timestamptz", "text", "text", "text", "text", "text")
_AT_ONCE = 50_000
_RESTARTING = (PastKind.DEMAND, PastKind.PROMISE, PastKind.ACKNOWLEDGEMENT, PastKind.AGREEMENT)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an import came to: rows in the files, those that were new, and those left out."""

    rows: int
    fresh: int
    quarantined: int
    warnings: tuple[Problem, ...]


def take(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    as_of: date,
    by: str,
    strict: bool = False,
) -> Outcome | None:
    """Read the feed `history` and put it in force; None where the project has none.

    The book must be in force already. `strict` takes nothing where a row would be left out.
    Raises ProjectRefused with every problem of every file.
    """
    project = opened.project
    feed = project.book.history
    if feed is None:
        return None
    in_force = load.in_force(connection)
    if in_force is None:
        raise errors.WrongUsage("no book was loaded yet", remedy="Load one: `duly load`.")
    # Part by part: only who is in it is kept of each.
    parts = (snapshot.read(in_force, span) for span in in_force.ranges())
    book = history.whom(itertools.chain([columns.empty()], parts))
    found, problems = history.load(
        project.root,
        feed,
        book,
        as_of=as_of,
        zone=project.settings.zone,
        calling_code=project.book.calling_code,
        most_bad_ppm=project.book.quarantine_ppm,
        blind=opened.blind,
    )
    if found is None:
        raise errors.ProjectRefused(problems)
    keyed = _keyed(found.rows)
    opened.raw_key(as_of)
    with connect.transaction(connection):
        locks.take_load(connection)
        fresh, otherwise = _sorted_out(connection, keyed)
        bad = pl.concat([found.quarantine, quarantine.note(otherwise, feed=feed.name, code="says_otherwise",
                                                           field=None, value=None)])  # fmt: skip
        if strict and not bad.is_empty():
            fresh = fresh.clear()
        if not fresh.is_empty():
            _put(opened, connection, fresh, book, manifest=in_force.digest, as_of=as_of, by=by, bad=bad)
    return Outcome(
        rows=found.feed.rows,
        fresh=fresh.height,
        quarantined=bad.unique(["file", "line"]).height,
        warnings=tuple(quarantine.problems(bad)),
    )


def leaf_of(row: Mapping[str, object]) -> bytes:
    """A row as it is hashed: canonical JSON of what it says, absent values left out, instants in UTC."""
    told = {name: _told(value) for name, value in row.items() if value is not None}
    return proof.canonical({name: told[name] for name in sorted(told)})


def _told(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table in the words of the feed, as `leaf_of` takes it."""
    from_table = {ours: row[_NAMES.get(ours, ours)] for ours in history.ROW}
    return from_table | {"at": row["at"].astimezone(UTC)}


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `key`, by which each is known again, and the hash of their `leaf`."""
    said = rows.select(list(history.ROW)).iter_rows(named=True)
    leaves = [proof.leaf_hash(leaf_of(row)) for row in said]
    keys = [key_of(source, reference) for source, reference in rows.select("source", "reference").iter_rows()]
    return rows.with_columns(pl.Series("key", keys, pl.Binary), pl.Series("leaf", leaves, pl.Binary))


def key_of(source: str, reference: str) -> bytes:
    """The 16-byte key of a row, by the system it comes from and its id there."""
    framed = b"".join(
        len(raw).to_bytes(4, "big") + raw for raw in (b"duly.imported.1", source.encode(), reference.encode())
    )
    return hashlib.blake2b(framed, digest_size=16).digest()


def _sorted_out(
    connection: psycopg.Connection[Any], keyed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are new, and those that say something else than what was loaded under their reference."""
    known: list[tuple[bytes, bytes]] = []
    for start in range(0, keyed.height, _AT_ONCE):
        keys = keyed["key"].slice(start, _AT_ONCE).to_list()
        rows = connection.execute(_SQL["imported_known"], {"keys": keys}).fetchall()
        known += [(bytes(key), bytes(leaf)) for key, leaf in rows]
    before = pl.DataFrame(known, schema={"key": pl.Binary(), "before": pl.Binary()}, orient="row")
    met = keyed.join(before, on="key", how="left", maintain_order="left")
    fresh = met.filter(pl.col("before").is_null()).drop("before")
    return fresh, met.filter(pl.col("before") != pl.col("leaf")).drop("before")


def _put(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    fresh: pl.DataFrame,
    book: Whom,
    *,
    manifest: str,
    as_of: date,
    by: str,
    bad: pl.DataFrame,
) -> None:
    now = clock.instant_of(connection)
    today = opened.local_day(now)
    connection.execute(_SQL["ensure_day"], {"day": today})
    mending.keep(opened, connection, bad, as_of=as_of)
    fact = record.Fact(
        kind="load",
        at=now,
        open={"manifest": manifest},
        committed={
            "as_of": as_of,
            "feeds": {"history": {"rows": fresh.height}},
            "quarantined": bad.unique(["file", "line"]).height,
            "by": by,
            "imported": _told_of(fresh),
        },
        entry=uuid4(),
    )
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_imported"]) as into:
        into.set_types(_TYPES)
        for row in _rows(fresh):
            into.write_row([*row, fact.entry, today])
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_imported_contacts"]) as into:
        into.set_types(_CONTACT_TYPES)
        for row in _contacts(fresh, book):
            into.write_row(row)
    # From here to the commit no gate runs: what was copied is seen by the next one, whole.
    locks.take_book(connection)
    given = {"entry": fact.entry, "day": today}
    connection.execute(_SQL["imported_stops"], given)
    connection.execute(_SQL["imported_holds"], given)
    connection.execute(_SQL["imported_wrong_numbers"], given | {"verified": _verified(fresh, book)})
    opened.recorder.write(connection, [fact])


def _told_of(fresh: pl.DataFrame) -> dict[str, object]:
    """What the evidence says of an import: how much of what, and the root of the tree over the rows."""
    leaves = fresh["leaf"].to_list()
    return {
        "witnessed": "imported",
        "rows": fresh.height,
        "root": tree.Memory(leaves).root().hex(),
        "sources": sorted(set(fresh["source"].to_list())),
        "kinds": dict(sorted(Counter(fresh["kind"].to_list()).items())),
        "proofs": dict(sorted(Counter(fresh["proof"].to_list()).items())),
        "first_day": fresh["day"].min(),
        "last_day": fresh["day"].max(),
    }


def _rows(fresh: pl.DataFrame) -> Iterator[Sequence[object]]:
    """In the order of the statement; the columns of ROW are in that order too."""
    yield from fresh.select("key", *history.ROW, "leaf").iter_rows()


def _contacts(fresh: pl.DataFrame, book: Whom) -> Iterator[Sequence[object]]:
    counted = history.contacts(fresh.select(list(history.ROW)), book)
    keys = fresh.select("source", "reference", "key")
    keyed = counted.join(keys, on=["source", "reference"], how="left", maintain_order="left")
    yield from keyed.select("key", "at", "person", "account", "number", "channel", "kind").iter_rows()


def _verified(fresh: pl.DataFrame, book: Whom) -> list[str]:
    """The points that were verified after they were reported wrong."""
    wrong = fresh.filter(pl.col("result") == "wrong_number").group_by("number").agg(last=pl.col("day").max())
    found = book.contacts.join(wrong, left_on="value_key", right_on="number").filter(
        pl.col("verified_on") > pl.col("last")
    )
    return found["point"].unique().sort().to_list()


def standing(
    connection: psycopg.Connection[Any], *, notices: Sequence[str], persons: Collection[str] | None = None
) -> pl.DataFrame:
    """PAST: the rows that clocks and stages ask of, what may restart a clock and the notices of these names."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SQL["imported_standing"],
            {
                "kinds": [kind.value for kind in _RESTARTING],
                "notices": list(notices),
                "persons": None if persons is None else sorted(persons),
            },
        ).fetchall()
    return pl.DataFrame(
        [{**row, "shown": _shown(row)} for row in rows], schema=dict(plan_columns.PAST), strict=False
    )


def _shown(row: Mapping[str, Any]) -> str:
    arrival = None if row["arrival"] is None else Grade(row["arrival"])
    return past.shown(past.Proof(row["proof"]), arrival).value
