"""What the log knows and the database does not: the time between a backup and its being put back.

The leaves of that time stand in the log's own files, with their cases under random names and all else as salted
commitments. So they tell which known cases were touched, and no more; who may have been written to is told by the
decisions, which each plan left in a file of the installation before it was put to work, and by what was waiting when
the backup was made.
Refuses a database that holds another history than the log, and one that was written to after it was put back.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import psycopg

from duly import errors
from duly.evidence import files, log, proof, tiles
from duly.model.said import say
from duly.run import installation
from duly.store import sql

_SQL = sql.load()
_CHUNK = 4096  # leaves looked at together
_RETIRED = frozenset({"rotated", "retired", "compromised"})


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """An entry as the log's files hold it. `links` are (the case's random name, its number there)."""

    index: int
    id: UUID
    at: datetime
    kind: str
    raw: bytes
    hashed: bytes
    links: tuple[tuple[bytes, int], ...]
    open: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Lapse:
    """What was found. `persons` may have been written to; with `everybody` that could not be told.

    `known_until` is the last instant that the database knows of, `lost_until` the last that the log does. `strange`
    counts the cases of which the database knows nothing. `revoked` are fingerprints of keys that were replaced.
    """

    database: log.Head
    files: log.Head
    known_until: datetime | None
    lost_until: datetime | None
    kinds: Mapping[str, int]
    strange: int
    revoked: frozenset[str]
    persons: frozenset[str]
    everybody: bool

    @property
    def digest(self) -> str:
        """What those sign who decide to go on: SHA-256 over what was found."""
        said = json.dumps(
            [
                "duly.recover.1",
                [self.database.size, self.database.root.hex(), self.database.epoch],
                [self.files.size, self.files.root.hex(), self.files.epoch],
                sorted(self.revoked),
                sorted(self.persons),
                self.everybody,
            ],
            ensure_ascii=False,
        )
        return hashlib.sha256(said.encode()).hexdigest()


def is_open(opened: installation.Installation, connection: psycopg.Connection[Any]) -> bool:
    """Whether the log is ahead of the database. The log is read first: it never is while both are at work."""
    promised = log.promised(opened.log_folder, key=opened.signer.key)
    known = head(connection)
    return known.size < promised.size or known.epoch < promised.epoch


def refuse(opened: installation.Installation, connection: psycopg.Connection[Any]) -> None:
    """Raise EvidenceBroken while the log is ahead of the database: nothing of the old state may be built upon."""
    if is_open(opened, connection):
        raise errors.EvidenceBroken(
            say("the log is ahead of the database, which is an older one put back from a backup"),
            remedy=say("Put back the newest database, or go on from the log: `duly recover`."),
        )


def head(connection: psycopg.Connection[Any]) -> log.Head:
    """The head of the log as the database knows it."""
    row = connection.execute(_SQL["head"]).fetchone()
    return log.EMPTY if row is None else log.Head(size=row[0], root=bytes(row[1]), epoch=row[2])


def find(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Lapse | None:
    """What the database lacks, or None where it lacks nothing.

    Raises EvidenceBroken where the two are not one history, or the database was written to since it was put back.
    """
    if not is_open(opened, connection):
        return None
    promised, known = log.promised(opened.log_folder, key=opened.signer.key), head(connection)
    row = connection.execute(_SQL["known_until"]).fetchone()
    known_until: datetime | None = None if row is None else row[0]
    kinds: Counter[str] = Counter()
    strange: set[bytes] = set()
    accounts: set[str] = set()
    revoked: set[str] = set()
    decided: set[date] = set()
    lost_until: datetime | None = None
    for part in leaves(opened, known, promised):
        cases = cases_of(connection, part)
        refuse_other_history(connection, part, cases)
        kinds.update(leaf.kind for leaf in part)
        lost_until = max([leaf.at for leaf in part] + ([] if lost_until is None else [lost_until]))
        decided |= {opened.local_day(leaf.at) for leaf in part if leaf.kind == "decisions"}
        revoked |= {name for leaf in part for name in _revoked(leaf)}
        accounts |= {account for _, account, _ in cases.values()}
        strange |= {name for leaf in part for name, _ in leaf.links if name not in cases}
    persons, complete = _may_have_been_told(opened, connection, decided, known_until)
    persons |= {row[0] for row in connection.execute(_SQL["persons_on"], {"accounts": sorted(accounts)})}
    if not complete:
        persons |= {row[0] for row in connection.execute(_SQL["persons_known"])}
    return Lapse(
        database=known,
        files=promised,
        known_until=known_until,
        lost_until=lost_until,
        kinds=dict(sorted(kinds.items())),
        strange=len(strange),
        revoked=frozenset(revoked),
        persons=frozenset(persons),
        everybody=not complete,
    )


def leaves(
    opened: installation.Installation, known: log.Head, promised: log.Head
) -> Iterator[tuple[Leaf, ...]]:
    """The leaves that the database lacks, in parts.

    Raises EvidenceBroken unless they continue the database's tree to the log's.
    """
    disk = files.Files()
    whole = tiles.Reader(disk, opened.log_folder, promised.size)
    edge = tiles.Reader(disk, opened.log_folder, known.size).edge()
    if edge.root() != known.root:
        raise _other_history(known, promised)
    part: list[bytes] = []
    for start in range(known.size, promised.size, _CHUNK):
        part = list(whole.leaves(start, min(start + _CHUNK, promised.size)))
        edge, _ = edge.append(part)
        yield tuple(_leaf(start + place, raw) for place, raw in enumerate(part))
    if edge.root() != promised.root:
        raise _other_history(known, promised)


def cases_of(connection: psycopg.Connection[Any], part: Sequence[Leaf]) -> dict[bytes, tuple[str, str, int]]:
    """Of the cases that the leaves name, those that the database knows: case, account, number of its last entry."""
    names = sorted({name for leaf in part for name, _ in leaf.links})
    rows = connection.execute(_SQL["cases_named"], {"pseudonyms": names}).fetchall()
    return {bytes(row[2]): (row[0], row[1], row[3]) for row in rows}


def refuse_other_history(
    connection: psycopg.Connection[Any], part: Sequence[Leaf], cases: Mapping[bytes, tuple[str, str, int]]
) -> None:
    """Raise EvidenceBroken where the database has another entry at a place that the log has filled."""
    places = {
        (cases[name][0], number): leaf.id for leaf in part for name, number in leaf.links if name in cases
    }
    rows = connection.execute(
        _SQL["chain_places"],
        {"cases": [case for case, _ in places], "seqs": [number for _, number in places]},
    ).fetchall()
    if any(places[case, number] != entry for case, number, entry in rows):
        raise errors.EvidenceBroken(
            say("the database was written to after it was put back, and tells another story than the log"),
            remedy=say("Put the backup back once more, and let `duly recover` be the first that touches it."),
        )


def _leaf(index: int, raw: bytes) -> Leaf:
    try:
        said = proof.read_leaf(raw, f"entry {index}")
        return Leaf(
            index=index,
            id=UUID(said["entry"]),
            at=datetime.strptime(said["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
            kind=said["kind"],
            raw=raw,
            hashed=proof.leaf_hash(raw),
            links=tuple((bytes.fromhex(link["case"]), link["seq"]) for link in said["cases"]),
            open=said["open"],
        )
    except (proof.Refused, ValueError) as error:
        raise errors.EvidenceBroken(
            say("an entry of the log cannot be read: {why}", why=str(error)),
            remedy=say("Look at the log with `duly verify`, and restore it from its own backup."),
        ) from error


def _revoked(leaf: Leaf) -> Iterator[str]:
    if leaf.kind == "key" and leaf.open.get("purpose") == "person" and leaf.open.get("change") in _RETIRED:
        yield str(leaf.open.get("replaces", leaf.open["fingerprint"]))


def _may_have_been_told(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    decided: Collection[date],
    known_until: datetime | None,
) -> tuple[set[str], bool]:
    """Who may have been written to since, and whether that is surely everybody who was."""
    since = date.min if known_until is None else opened.local_day(known_until) - timedelta(days=1)
    persons = {row[0] for row in connection.execute(_SQL["persons_unsent"], {"since": since})}
    folder = opened.project.state / "decisions"
    kept = {Path(row[0]).name for row in connection.execute(_SQL["decisions_kept"])}
    found = {path.name: path for path in sorted(folder.glob("*/*.parquet"))}
    for name in sorted(set(found) - kept):
        persons |= _told(found[name])
    days = {path.parent.name for path in found.values()}
    # Each plan leaves its file before it is put to work: where files are missing, so may others be.
    return persons, kept <= set(found) and {day.isoformat() for day in decided} <= days


def _told(path: Path) -> set[str]:
    """For whom the decisions of a plan had a message."""
    rows = pl.scan_parquet(path).filter(pl.col("messages").list.len() > 0).select("person").unique()
    return set(rows.collect()["person"].to_list())


def _other_history(known: log.Head, promised: log.Head) -> errors.EvidenceBroken:
    return errors.EvidenceBroken(
        say(
            "the log ({size} entries) does not continue what the database knows ({known} entries)",
            size=promised.size,
            known=known.size,
        ),
        remedy=say(
            "Keep both as they are: one of them was changed or belongs elsewhere. Compare them with `duly verify`."
        ),
    )
