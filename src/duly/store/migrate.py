"""The database's shape, as numbered plain SQL files that are applied once, in order, and recorded with
their hash.

A file is `0001_pre_words.sql` or `0002_post_words.sql`: `pre` may run while the old version still works
(it adds), `post` only after the last old process is gone (it removes or tightens). Each runs in a
transaction of its own, together with its record. A file whose first line is `-- duly: no transaction`
holds exactly one statement, such as CREATE INDEX CONCURRENTLY, that PostgreSQL refuses to run inside one.
Refuses a file that changed after it was applied, and a database that a newer version of us has migrated.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from pathlib import Path

import psycopg

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store import connect

NO_TRANSACTION = "-- duly: no transaction"

_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")
_LOCK = int.from_bytes(hashlib.blake2b(b"duly migrations", digest_size=8).digest(), "big", signed=True)
_WAIT_S = 300.0
_POLL_S = 0.05


class Phase(Enum):
    """When, in a deploy, a migration may run."""

    PRE = "pre"
    POST = "post"


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One file; `sha256` in hex, over its text with plain line ends."""

    number: int
    phase: Phase
    name: str
    text: str
    sha256: str

    @property
    def in_transaction(self) -> bool:
        """Whether it runs inside a transaction."""
        return not self.text.startswith(NO_TRANSACTION)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a run did, by file name: `applied` now, and `left` for after the deploy."""

    applied: tuple[str, ...]
    left: tuple[str, ...]


def read(folder: Path) -> tuple[Migration, ...]:
    """The migrations of a folder in their order, numbered from 1 without a gap.

    Raises:
        ValueError: a file is misnamed or a number is missing or given twice: a defect of the version, not
            of the user.
    """
    migrations = []
    for number, file in enumerate(sorted(folder.glob("*.sql")), start=1):
        found = _NAME.fullmatch(file.name)
        if found is None:
            raise ValueError(f"{file.name} is not named like 0001_pre_words.sql")
        if int(found[1]) != number:
            raise ValueError(f"{file.name} should have the number {number:04}")
        text = file.read_bytes().decode("utf-8").replace("\r\n", "\n")
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
        migrations.append(
            Migration(number=number, phase=Phase(found[2]), name=file.name, text=text, sha256=digest)
        )
    return tuple(migrations)


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version."""
    with resources.as_file(resources.files("duly.store") / "migrations") as folder:
        return read(folder)


def migrate(url: str, migrations: Sequence[Migration] | None = None, *, through: Phase = Phase.POST) -> Done:
    """Bring a database to the shape of `migrations` (those shipped, if not given). Twice changes nothing.

    `through` PRE stops before the first `post` file that has not been applied.
    Any number of starters may call this at once: one works, the others wait for it and find nothing to do.

    Raises:
        DatabaseRefused: an applied file has changed or is unknown, or a statement was refused; nothing of
        it remains. DatabaseAway: the database went away, or another starter did not finish in time.
    """
    wanted = shipped() if migrations is None else tuple(migrations)
    applied = []
    # No time-out of ours on statements: an index takes as long as it takes. One on locks: better to give
    # up and be called again than to stand at the head of a queue that stops everybody.
    connection = connect.connect(url, application="duly migrate", statement_timeout_s=0, lock_timeout_s=10)
    with contextlib.closing(connection), _alone(connection), connect.translated():
        connection.execute(_RECORD)
        recorded = _recorded(connection)
        _agree(recorded, wanted)
        pending = [one for one in wanted if one.number not in recorded]
        while pending and (through is Phase.POST or pending[0].phase is Phase.PRE):
            migration = pending.pop(0)
            _apply(connection, migration)
            applied.append(migration.name)
    return Done(applied=tuple(applied), left=tuple(one.name for one in pending))


_RECORD = """
create table if not exists duly_migration (
    number integer primary key,
    name text not null unique,
    sha256 text not null,
    begun_at timestamptz not null default clock_timestamp(),
    done_at timestamptz
)
"""
_BEGUN = "insert into duly_migration (number, name, sha256) values (%s, %s, %s)"
_DONE = "update duly_migration set done_at = clock_timestamp() where number = %s"


@contextlib.contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    # Polled, not waited for: a session that waits for a lock holds a snapshot, for which CREATE INDEX
    # CONCURRENTLY waits in turn, and three starters at once would stand still for ever.
    deadline = time.monotonic() + _WAIT_S
    with connect.translated():
        while not _truth(connection, "select pg_try_advisory_lock(%s)"):
            if time.monotonic() > deadline:
                raise DatabaseAway(
                    f"Another process has been migrating the database for {_WAIT_S:.0f} seconds.",
                    remedy='Look for it in pg_stat_activity under the name "duly migrate", then repeat.',
                )
            time.sleep(_POLL_S)
    try:
        yield
    finally:
        if not connection.closed:
            with contextlib.suppress(psycopg.Error):  # the lock ends with the session in any case
                connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _truth(connection: psycopg.Connection, question: str) -> bool:
    row = connection.execute(question, [_LOCK]).fetchone()
    return row is not None and row[0] is True


def _recorded(connection: psycopg.Connection) -> dict[int, tuple[str, str, bool]]:
    rows = connection.execute("select number, name, sha256, done_at is not null from duly_migration")
    return {number: (name, sha256, done) for number, name, sha256, done in rows}


def _agree(recorded: dict[int, tuple[str, str, bool]], wanted: Sequence[Migration]) -> None:
    known = {one.number: one for one in wanted}
    for number, (name, sha256, done) in sorted(recorded.items()):
        if number not in known:
            raise DatabaseRefused(
                f"The database was migrated by a newer version: it has {name}, which this one does not know.",
                remedy="Run the newer version of duly, or restore the database from before its migration.",
            )
        if (name, sha256) != (known[number].name, known[number].sha256):
            raise DatabaseRefused(
                f"The migration {name} was applied in another wording than {known[number].name} has here.",
                remedy="Use the files of the version that migrated this database; a change needs a new file.",
            )
        if not done:
            raise DatabaseRefused(
                f"The migration {name} was begun and not finished, outside a transaction.",
                remedy=(
                    "See whether its statement left something invalid and drop it, then remove the row "
                    f"with the number {number} from the table duly_migration and repeat."
                ),
            )


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    words = [migration.number, migration.name, migration.sha256]
    if migration.in_transaction:
        with connect.transaction(connection):
            connection.execute(migration.text)
            connection.execute(_BEGUN, words)
            connection.execute(_DONE, words[:1])
        return
    connection.execute(_BEGUN, words)
    connection.execute(migration.text)
    connection.execute(_DONE, words[:1])
