"""The lender's own database, asked by the queries that stand in the project's folder and by nothing else.

All queries of a load see one state of it, in one transaction that reads only, in a role that could not write if it
wanted to, within a time. What they answer streams as CSV through the same door as the lender's files.
Refuses a role that could change anything, a query that is more than one statement, and types that are not exact.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg.pq import ExecStatus
from psycopg.rows import dict_row

from duly import egress, errors
from duly.book import batch, feeds
from duly.book.feeds import Kind
from duly.book.mapping import FeedMapping
from duly.model.said import say
from duly.project.folder import Project
from duly.project.reference import Reference
from duly.store import connect, sql

_SQL = sql.load()
_PIECE = 1 << 20
_PLACE = "select null as answer"  # of the query in the statement `lender_answer`
# real, double precision and money are not exact; the days among moments depend on a zone (PostgreSQL, pg_type).
_FLOATS = frozenset({700, 701, 790})
_MOMENTS = frozenset({1114, 1184})


@dataclass(frozen=True, kw_only=True)
class Answers:
    """An open transaction in the lender's database."""

    connection: psycopg.Connection[Any]
    root: Path

    @contextlib.contextmanager
    def ask(self, query_file: str, feed: FeedMapping | None) -> Iterator[BinaryIO]:
        """What the query in a file of the project answers, as CSV with a header. Raises Unreadable."""
        query = self._query(query_file)
        copying = _SQL["lender_answer"].replace(_PLACE, query).encode()
        with connect.transaction(self.connection):
            self._check(query, query_file, feed)
            with self.connection.cursor() as cursor, cursor.copy(copying) as copy:
                yield io.BufferedReader(_Answer(copy), _PIECE)

    def _query(self, query_file: str) -> str:
        path = self.root / query_file
        try:
            # A link that leads out of the folder is no file of the project.
            path.resolve(strict=True).relative_to(self.root.resolve())
            text = path.read_text("utf-8")
        except (OSError, ValueError):
            what = say("this query cannot be read")
            remedy = say("Put it there as UTF-8 text, or correct `query_file` in book.yaml.")
            raise batch.Unreadable(batch.problem(query_file, None, "query", what, remedy)) from None
        return text.strip().removesuffix(";").rstrip()

    def _check(self, query: str, query_file: str, feed: FeedMapping | None) -> None:
        """One statement that PostgreSQL understands by itself, so that it ends where it seems to end."""
        server = self.connection.pgconn
        prepared = server.prepare(b"", query.encode())
        if prepared.status != ExecStatus.COMMAND_OK:
            why = prepared.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
            what = say("PostgreSQL refuses this query: {why}", why=why.decode("utf-8", "replace"))
            remedy = say("Correct it; it is one statement that reads, without a semicolon inside.")
            raise batch.Unreadable(batch.problem(query_file, None, "query", what, remedy))
        if feed is None:
            return
        told = server.describe_prepared(b"")
        kinds = {ours: column.kind for ours, column in feeds.EVERY[feed.name].items()}
        for place in range(told.nfields):
            name = (told.fname(place) or b"").decode()
            of = told.ftype(place)
            kind = kinds.get(feed.columns.get(name, ""))
            if kind is not None and (of in _FLOATS or (of in _MOMENTS and kind is Kind.DAY)):
                what = say("the column `{column}` has a type that is not exact here", column=name)
                remedy = say("Cast it in the query: amounts to numeric, days to date in the lender's zone.")
                raise batch.Unreadable(batch.problem(query_file, None, "column_type", what, remedy))


class _Answer(io.RawIOBase):
    """The bytes of a COPY, read as a file is."""

    def __init__(self, copy: psycopg.Copy) -> None:
        super().__init__()
        self._copy = copy
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, into: Any) -> int:  # noqa: ANN401 - any writable buffer, as io has it
        """Fill `into` as far as one piece goes."""
        if not self._left:
            with connect.translated():
                self._left = memoryview(self._copy.read())
        piece = self._left[: len(into)]
        into[: len(piece)] = piece
        self._left = self._left[len(piece) :]
        return len(piece)


@contextlib.contextmanager
def open_(project: Project, environ: Mapping[str, str]) -> Iterator[Answers | None]:
    """The lender's database as the project names it, or None where book.yaml asks nothing of one.

    Raises NotAllowed where it may not be reached or our role could write, DatabaseAway where it is away.
    """
    source = project.book.lender
    if source is None:
        yield None
        return
    url = Reference(variable=source.variable).resolve(environ)
    connection = egress.postgresql(
        url, allow=source.allow_private, connect_s=source.connect_seconds, application="duly"
    )
    with connection, connect.transaction(connection, snapshot=True):
        connection.execute(_SQL["lender_settle"], {"timeout": f"{source.timeout_seconds}s"})
        _refuse_writers(connection)
        yield Answers(connection=connection, root=project.root)


def _refuse_writers(connection: psycopg.Connection[Any]) -> None:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["lender_may"]).fetchone() or {}
    why = None
    if found["rules"]:
        why = say("it has attributes or memberships by which it could change anything")
    elif found["writes"]:
        why = say("it may write to {table}", table=found["writes"])
    elif found["makes"] or found["makes_in"]:
        why = say("it may create in {place}", place=found["makes_in"] or say("the database"))
    if why is not None:
        raise errors.NotAllowed(
            say(
                "the role {role} of the lender's database is not only for reading: {why}",
                role=found["role"],
                why=why,
            ),
            remedy=say(
                "Give duly a role of its own that may select from the tables of the queries and nothing else."
            ),
        )
