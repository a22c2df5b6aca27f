"""Connections: what they say to a caller, what they never say, and what is kept of a block that fails."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator

import psycopg
import pytest

from duly.errors import DatabaseAway, DatabaseRefused, DulyError
from duly.store import connect
from tests.conftest import Database

CANARY = "Canary138O0138OOO"
SECRET = "SecretWord"


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A connection to a fresh database with one table of debtors."""
    with contextlib.closing(database.connect()) as opened:
        opened.execute(
            "create table debtor "
            "(phone text primary key, born date, age int check (age > 0), name text not null)"
        )
        opened.execute("insert into debtor values (%s, null, 1, 'x')", [CANARY])
        yield opened


def _end(connection: psycopg.Connection, by: Database) -> None:
    """End a session from outside, and wait until it has ended."""
    with by.connect() as other:
        ended = other.execute(
            "select pg_terminate_backend(%s, 10000)", [connection.info.backend_pid]
        ).fetchone()
    assert ended == (True,)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("insert into debtor values (%(canary)s, null, 1, 'x')", ("23505", "debtor_pkey", "table debtor")),
        ("insert into debtor values ('y', %(canary)s, 1, 'x')", ("22007",)),
        ("insert into debtor values (%(canary)s || 'y', null, -1, 'x')", ("23514", "debtor_age_check")),
        ("insert into debtor values (%(canary)s || 'y', null, 1, null)", ("23502", "column name")),
        ("select %(canary)s::text::int", ("22P02",)),
        ("select no_such_function(%(canary)s)", ("42883",)),
        ("select * from {canary}", ("42P01",)),
        ("select 'unfinished {canary}", ("42601",)),
    ],
)
def test_a_refusal_names_the_condition_and_never_a_value(
    connection: psycopg.Connection, statement: str, named: tuple[str, ...]
) -> None:
    """Not in the message, the remedy, or a traceback, although PostgreSQL's own words quote the row."""
    parameters = {"canary": CANARY} if "%(" in statement else None
    with pytest.raises(connect.Refusal) as raised, connect.translated():
        connection.execute(statement.replace("{canary}", CANARY), parameters)

    told = str(raised.value) + raised.value.remedy
    assert all(word in told for word in named), told
    assert raised.value.sqlstate == named[0]
    assert CANARY not in told + repr(raised.value) + "".join(traceback.format_exception(raised.value))


def test_a_refusal_is_logged_without_a_value(
    connection: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither is anything of it in what logging makes of the error."""
    try:
        with connect.transaction(connection):
            connection.execute("insert into debtor values (%s, null, 1, 'x')", [CANARY])
    except DatabaseRefused:
        logging.getLogger("duly.tests").exception("it happened")

    assert "unique violation (23505)" in caplog.text
    assert CANARY not in caplog.text


def test_the_sentence_of_our_own_functions_is_kept(connection: psycopg.Connection) -> None:
    """A trigger of a migration says which rule of ours was broken."""
    with (
        pytest.raises(connect.Refusal, match=r"^The database refused: permit is append-only\.$"),
        connect.translated(),
    ):
        connection.execute("do $$ begin raise exception 'permit is append-only'; end $$")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", DatabaseAway),
        ("40001", DatabaseAway),
        ("40P01", DatabaseAway),
        ("53100", DatabaseAway),
        ("53300", DatabaseAway),
        ("55006", DatabaseAway),
        ("55P03", DatabaseAway),
        ("57014", DatabaseAway),
        ("57P01", DatabaseAway),
        ("58030", DatabaseAway),
        ("55000", connect.Refusal),
        ("23505", connect.Refusal),
        ("42501", connect.Refusal),
        ("P0001", connect.Refusal),
        ("XX000", connect.Refusal),
        ("ZZ999", connect.Refusal),
    ],
)
def test_what_repeating_may_mend_is_away_and_the_rest_is_refused(
    connection: psycopg.Connection, state: str, kind: type[DulyError]
) -> None:
    """The SQLSTATE decides, and each error says what to do."""
    with pytest.raises(kind) as raised, connect.translated():
        connection.execute(f"do $$ begin raise exception 'x' using errcode = '{state}'; end $$")

    assert type(raised.value) is kind
    assert raised.value.remedy.endswith(".")


def test_a_connection_that_is_cut_is_away(database: Database, connection: psycopg.Connection) -> None:
    """Found out in the middle of a block, and again on a connection known to be closed."""
    _end(connection, database)
    for _ in range(2):
        with pytest.raises(DatabaseAway), connect.transaction(connection):
            connection.execute("select 1")


def test_a_commit_that_is_cut_is_away(database: Database, connection: psycopg.Connection) -> None:
    """The block ran to its end, and still nobody knows: that is said, not swallowed."""
    with pytest.raises(DatabaseAway), connect.transaction(connection):  # noqa: PT012 - the commit is what fails
        connection.execute("insert into debtor values ('z', null, 1, 'x')")
        _end(connection, database)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@[broken/x",
        f"postgresql://user:{SECRET}@host/x?no_such_option=1",
        f"user=me password={SECRET} nothing",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """A password may be in it."""
    with pytest.raises(DatabaseRefused, match="address cannot be read") as raised:
        connect.connect(url, application="tests")

    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_nobody_at_the_address_is_away() -> None:
    """Said with what to check, and without the password."""
    with pytest.raises(DatabaseAway, match="cannot be reached") as raised:
        connect.connect(f"postgresql://me:{SECRET}@127.0.0.1:1/x", application="tests")

    assert "Check that the server runs" in raised.value.remedy
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(("version", "refused"), [(149999, True), (150000, False), (180006, False)])
def test_servers_before_15_are_refused(version: int, *, refused: bool) -> None:
    """15 is the first that is let in."""
    with pytest.raises(DatabaseRefused, match="PostgreSQL 14") if refused else contextlib.nullcontext():
        connect._refuse_old(version)


def test_a_connection_says_who_it_is_and_how_long_it_waits(database: Database) -> None:
    """Name, zone and time-outs are set on the server's side, whatever its defaults are."""
    with connect.connect(
        database.url, application="duly plan", statement_timeout_s=7, lock_timeout_s=3
    ) as connection:
        settings = {
            name: connection.execute(f"show {name}").fetchone()
            for name in ("application_name", "timezone", "statement_timeout", "lock_timeout", "role")
        }
        assert connection.autocommit

    assert settings == {
        "application_name": ("duly plan",),
        "timezone": ("UTC",),
        "statement_timeout": ("7s",),
        "lock_timeout": ("3s",),
        "role": ("none",),
    }


def test_a_plan_that_was_made_while_the_table_was_empty_is_not_kept(connection: psycopg.Connection) -> None:
    """A day's partition is empty when it begins: what is asked all day is planned for what there is."""
    question = "select name from debtor where phone = %s"
    for _ in range(20):
        connection.execute(question, ["1"])

    plans = connection.execute(
        "select generic_plans, custom_plans > 5 from pg_prepared_statements where statement like '%%from debtor%%'",
        [],
    ).fetchall()
    assert plans == [(0, True)]


def test_a_statement_that_takes_too_long_is_away(database: Database) -> None:
    """The time-out is the server's, so it holds although we have gone."""
    with (
        connect.connect(database.url, application="tests", statement_timeout_s=1) as connection,
        pytest.raises(DatabaseAway, match="57014"),
        connect.translated(),
    ):
        connection.execute("select pg_sleep(30)")


def test_a_lock_that_is_held_too_long_is_away(database: Database, connection: psycopg.Connection) -> None:
    """Waiting for somebody else's transaction ends, and repeating is right."""
    with connect.transaction(connection):
        connection.execute("lock table debtor")
        with (
            connect.connect(database.url, application="tests", lock_timeout_s=1) as other,
            pytest.raises(DatabaseAway, match="55P03"),
            connect.translated(),
        ):
            other.execute("select * from debtor")


def test_a_role_is_taken_and_limits_what_is_allowed(database: Database) -> None:
    """As a role without rights even the owner's session may not read the table."""
    with database.connect() as owner:
        owner.execute("create table closed (i int)")
        owner.execute("create role test_reader nologin")
        try:
            with contextlib.closing(database.connect(role="test_reader")) as reader:
                assert reader.execute("select current_user").fetchone() == ("test_reader",)
                with pytest.raises(connect.Refusal, match="42501"), connect.translated():
                    reader.execute("select * from closed")
        finally:
            owner.execute("drop role test_reader")


def test_a_role_that_is_not_there_is_refused(database: Database) -> None:
    """And no connection is left open behind the error (an open one would be a warning, and so a failure)."""
    with pytest.raises(connect.Refusal, match="22023"):
        database.connect(role="nobody_of_that_name")


def test_a_block_is_kept_whole_or_not_at_all(connection: psycopg.Connection) -> None:
    """What was raised inside passes through unchanged, and nothing before it remains."""
    with pytest.raises(ZeroDivisionError), connect.transaction(connection):  # noqa: PT012 - what came before
        connection.execute("insert into debtor values ('a', null, 1, 'x')")
        raise ZeroDivisionError
    with connect.transaction(connection):
        connection.execute("insert into debtor values ('b', null, 1, 'x')")

    rows = connection.execute("select phone from debtor where phone < 'c' and phone > 'Z'").fetchall()
    assert rows == [("b",)]


def test_a_block_inside_a_block_is_a_savepoint(connection: psycopg.Connection) -> None:
    """Its refusal costs only itself when the outer block goes on."""
    with connect.transaction(connection):
        connection.execute("insert into debtor values ('a', null, 1, 'x')")
        with pytest.raises(connect.Refusal), connect.transaction(connection):
            connection.execute("insert into debtor values ('a', null, 1, 'x')")

    assert connection.execute("select count(*) from debtor").fetchone() == (2,)


def test_a_snapshot_sees_one_state_and_writes_nothing(
    database: Database, connection: psycopg.Connection
) -> None:
    """What others commit meanwhile is not seen until the block has ended."""
    count = "select count(*) from debtor"
    with database.connect() as other, connect.transaction(connection, snapshot=True):
        before = connection.execute(count).fetchone()
        other.execute("insert into debtor values ('meanwhile', null, 1, 'x')")
        assert connection.execute(count).fetchone() == before == (1,)
        with pytest.raises(connect.Refusal, match="25006"), connect.transaction(connection):
            connection.execute("delete from debtor")
    assert connection.execute(count).fetchone() == (2,)
