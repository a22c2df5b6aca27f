"""Connections to PostgreSQL: who we say we are, how long we wait, and how its refusals become our errors.

A connection commits each statement by itself unless a `transaction` block is open: nothing opens one
silently, and one use case is one block.
Refuses to repeat what PostgreSQL says about values: its messages quote rows (`Key (phone)=(138…) already
exists`), so an error of ours names the condition, the constraint, the table and the column, and hides the
original.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from duly.errors import DatabaseAway, DatabaseRefused, DulyError

OLDEST_SERVER = 150000

_CONNECT_TIMEOUT_S = 10
# Every setting of a session in one round trip, the role last: the others are then set by who we came as.
# What we look up by a key is of today, and lies in memory: at the default price of a page PostgreSQL would rather read
# thousands of rows than fifty by their index. And a plan that was made while the day was empty would be kept, and would
# read whole partitions later: nearly every statement of ours names its days, so it is planned for them.
_SETTLE = """
select set_config('TimeZone', 'UTC', false),
    set_config('idle_in_transaction_session_timeout', '300s', false),
    set_config('random_page_cost', '1.1', false),
    set_config('plan_cache_mode', 'force_custom_plan', false),
    set_config('statement_timeout', %s, false),
    set_config('lock_timeout', %s, false),
    set_config('role', %s, false)
"""

# Conditions that repeating may mend, by the first characters of their SQLSTATE (PostgreSQL documentation,
# appendix A).
_PASSING = {
    "08": "Check that the server runs and the network holds, then repeat.",
    "40": "Repeat: two transactions crossed, and this one was rolled back whole.",
    "53": "Give the server room (connections, memory, disk), then repeat.",
    "55006": "Repeat when what uses the object has ended.",
    "55P03": "Repeat: another transaction held a lock for too long.",
    "57": "Check that the server runs and is not overloaded, then repeat.",
    "58": "Read the server's log: its machine has trouble. Then repeat.",
}
# RAISE without a code: functions of our own migrations, which never put a value into a message (tested).
_OURS = "P0001"


class Refusal(DatabaseRefused):
    """A statement was refused: `sqlstate` is its five characters, `constraint` the name of the one that
    spoke.
    """

    def __init__(self, what: str, *, remedy: str, sqlstate: str, constraint: str | None) -> None:
        super().__init__(what, remedy=remedy)
        self.sqlstate = sqlstate
        self.constraint = constraint


def connect(
    url: str,
    *,
    application: str,
    role: str | None = None,
    statement_timeout_s: int = 60,
    lock_timeout_s: int = 20,
) -> psycopg.Connection:
    """A connection that commits by itself, acts as `role`, gives up after the time-outs (0: never) and
    thinks in UTC.

    `application` is what pg_stat_activity shows.

    Raises:
        DatabaseAway: no server answers there, or it lets us in no further than the door.
        DatabaseRefused: the address cannot be read, the server is too old, or the role is not ours to take.
    """
    with translated(connecting=True):
        connection = psycopg.connect(
            url,
            autocommit=True,
            application_name=application,
            client_encoding="UTF8",
            connect_timeout=_CONNECT_TIMEOUT_S,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    try:
        _refuse_old(connection.info.server_version)
        with translated():
            connection.execute(_SETTLE, [f"{statement_timeout_s}s", f"{lock_timeout_s}s", role or "none"])
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: psycopg.Connection, *, snapshot: bool = False) -> Iterator[psycopg.Transaction]:
    """One use case: all of the block is committed, or, when anything is raised, none of it.

    `snapshot`: every statement of the block sees the same state, and nothing may be written (REPEATABLE READ,
    READ ONLY). Inside another block it is a savepoint of that one.

    Raises:
        DatabaseAway: the server went away. If that was during the commit, nobody knows whether it took place.
        DatabaseRefused: a statement was refused.
    """
    with translated(), connection.transaction() as open_transaction:
        if snapshot:
            connection.execute("set transaction isolation level repeatable read, read only")
        yield open_transaction


@contextlib.contextmanager
def translated(*, connecting: bool = False) -> Iterator[None]:
    """Turn psycopg's errors inside the block into ours, without the values they quote."""
    try:
        yield
    except psycopg.Error as error:
        ours = _unreached(error) if connecting else _told(error)
        # `from None`: the original, with its DETAIL, must not stand in a traceback above ours.
        raise ours from None


def _refuse_old(version: int) -> None:
    if version < OLDEST_SERVER:
        raise DatabaseRefused(
            f"The server runs PostgreSQL {version // 10000}.",
            remedy=f"Use PostgreSQL {OLDEST_SERVER // 10000} or later.",
        )


def _unreached(error: psycopg.Error) -> DulyError:
    if not isinstance(error, psycopg.OperationalError):
        # libpq quotes the address it cannot read, and a password may be in it.
        return DatabaseRefused(
            "The database's address cannot be read.",
            remedy="Write `database` or DATABASE_URL as postgresql://user@host:port/name.",
        )
    said = str(error).strip().splitlines()
    return DatabaseAway(
        f"PostgreSQL cannot be reached: {said[0] if said else 'it said nothing'}",
        remedy="Check that the server runs, that the address is right, and that the user may enter.",
    )


def _told(error: psycopg.Error) -> DulyError:
    state = error.sqlstate
    if state is None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return DatabaseAway("The connection to PostgreSQL was lost.", remedy=_PASSING["08"])
        # Not the server's word but psycopg's about our own call, such as a parameter that is missing.
        return DatabaseRefused(
            f"psycopg refused a statement ({type(error).__name__}).",
            remedy="This is a defect of duly: report it with the command that met it.",
        )
    what = f"PostgreSQL refused a statement: {_condition(state)}{_where(error)}."
    for start, remedy in _PASSING.items():
        if state.startswith(start):
            return DatabaseAway(what, remedy=remedy)
    if state == _OURS and error.diag.message_primary:
        what = f"The database refused: {error.diag.message_primary}."
    return Refusal(
        what,
        remedy="Nothing of this step was kept; mend what the sentence names, then repeat.",
        sqlstate=state,
        constraint=error.diag.constraint_name,
    )


def _condition(state: str) -> str:
    try:
        name = psycopg.errors.lookup(state).__name__
    except KeyError:
        return state
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words} ({state})"


def _where(error: psycopg.Error) -> str:
    diag = error.diag
    named = (("constraint", diag.constraint_name), ("table", diag.table_name), ("column", diag.column_name))
    return "".join(f", {kind} {name}" for kind, name in named if name)
