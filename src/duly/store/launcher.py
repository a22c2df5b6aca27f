"""PostgreSQL of our own: started by the first command that needs it, stopped by the last one that ends.

Rule 1: every command holds a shared lock on `commands.lock`; who gets it exclusively as he ends stops the
server. A killed command leaves the server running; the next one that ends finds itself alone and stops it.
Rule 2: only the holder of `turn.lock` starts or stops. Waiting for it is waiting for one start or one stop.
Rule 3: a server is alive only if its process works in the data folder, and ours only after it answered a
query. A number in `postmaster.pid` proves nothing: after a crash it may belong to any process.
Rule 4: the server and its children hold `server.lock`, inherited at the start. While anyone holds it none is
started, so the children of a killed server, or a server that another container sees, never share the data
with a second one.

Refuses to trust what the last command left behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store import binaries as programs
from duly.store import cluster, processes
from duly.store import lodging as lodgings
from duly.store.binaries import Binaries
from duly.store.lodging import Lodging

_START_S = 300.0  # recovery after a power cut replays the write-ahead log first
_STOP_S = 60.0
_ORPHANS_S = 3.0
_POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server, as long as the block that opened it lasts; `version` as it says itself, `18.6`."""

    lodging: Lodging
    socket: Path
    port: int
    version: str
    started: bool

    def url(self, database: str = "postgres") -> str:
        """The address of one database, for libpq."""
        host = quote(str(self.socket), safe="")
        return f"postgresql://{cluster.OWNER}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def database(self, name: str) -> str:
        """The address of a database that is made if it is missing."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            exists = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if exists is None:
                # Another command may be making it at this moment.
                with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)


@contextlib.contextmanager
def open(folder: Path, *, binaries: Binaries | None = None, sync: bool = True) -> Iterator[Server]:  # noqa: A001 - launcher.open
    """Have a server over the data in `folder` for as long as the block lasts.

    Without `binaries` it takes those that fit the data, or the first found for new data.
    `sync=False` makes new data without waiting for the disk: for tests, whose data nobody misses.
    A process forked inside the block counts as the same command.

    Raises:
        DatabaseAway: it cannot be started, or does not answer.
        DatabaseRefused: the data belong to another version or another place.
    """
    lodging = lodgings.find(folder)
    with _lock_file(lodging, "commands.lock") as commands:
        with _turn(lodging):
            fcntl.flock(commands, fcntl.LOCK_SH)
            server = _attach(lodging, binaries) or _start(lodging, _fitting(lodging, binaries), sync=sync)
        try:
            yield server
        finally:
            _leave(lodging, commands)


def revive(server: Server) -> Server:
    """The same server, started again if it died. For a worker that outlives it, inside the block that
    opened it.

    Raises:
        DatabaseAway: it cannot be started, or does not answer.
    """
    with _turn(server.lodging):
        return _attach(server.lodging, None) or _start(
            server.lodging, _fitting(server.lodging, None), sync=True
        )


def stop(folder: Path) -> bool:
    """Stop the server if no command uses it: what a killed command left. Says whether there was one to
    stop.
    """
    if not lodgings.inhabited(folder):
        return False
    lodging = lodgings.find(folder)
    with _lock_file(lodging, "commands.lock") as commands:
        return _leave(lodging, commands)


def _leave(lodging: Lodging, commands: int) -> bool:
    with _turn(lodging):
        # Trading a shared lock for an exclusive one is not atomic, but starts and stops wait for their turn.
        try:
            fcntl.flock(commands, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return _stop(lodging)


@contextlib.contextmanager
def _lock_file(lodging: Lodging, name: str) -> Iterator[int]:
    try:
        descriptor = os.open(lodging.home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseAway(
            f"The database's lock {lodging.home / name} cannot be opened: {error.strerror}.",
            remedy="Be the user who made the folder, or name another folder or a running server.",
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _turn(lodging: Lodging) -> Iterator[None]:
    with _lock_file(lodging, "turn.lock") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _fitting(lodging: Lodging, given: Binaries | None) -> Binaries:
    major = cluster.major(lodging)
    if given is None:
        return programs.find(major)
    if major not in (None, given.major):
        raise DatabaseRefused(
            f"The data in {lodging.data} were made by PostgreSQL {major}, not {given.major}.",
            remedy=f"Use PostgreSQL {major}, or move the data by pg_upgrade or by pg_dump and psql.",
        )
    return given


def _pid_file(lodging: Lodging) -> list[str]:
    try:
        return (lodging.data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _postmaster(lodging: Lodging) -> int | None:
    """The process id of the server of these data, None when there is none."""
    try:
        pid = int(_pid_file(lodging)[0])
    except (IndexError, ValueError):
        return None
    return pid if processes.works_in(pid, lodging.data, lodging.user) else None


def _attach(lodging: Lodging, given: Binaries | None) -> Server | None:
    """The server that is already running, once it has answered a query; None when there is none."""
    pid = _postmaster(lodging)
    if pid is None:
        return None
    if given is not None:
        _fitting(lodging, given)
    return _await_answer(lodging, pid, started=False)


def _start(lodging: Lodging, binaries: Binaries, *, sync: bool) -> Server:
    binaries = lodgings.within_reach(binaries, lodging)
    with _lock_file(lodging, "server.lock") as guard:
        _await_orphans(lodging, guard)
        if cluster.major(lodging) is None:
            cluster.make(lodging, binaries, sync=sync)
        # Ours to remove: it is our turn, no server works in the folder, nobody holds server.lock.
        (lodging.data / "postmaster.pid").unlink(missing_ok=True)
        pid = cluster.spawn(lodging, binaries, guard)
    server = _await_answer(lodging, pid, started=True)
    if server is None:
        raise DatabaseAway(
            f"PostgreSQL {binaries.version} ended as it started: {cluster.last_word(lodging, pid)}",
            remedy=f"Read {lodging.home / 'start.log'} and the log in {lodging.data / 'log'}.",
        )
    return server


def _await_answer(lodging: Lodging, pid: int, *, started: bool) -> Server | None:
    """The server once it has answered a query; None when its process ends before."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if not processes.works_in(pid, lodging.data, lodging.user):
            return None
        # Lines 4 and 5 are the port and the socket's folder, line 8 the state; they come one after the other.
        lines = _pid_file(lodging)
        if len(lines) > 4 and lines[0] == str(pid) and lines[4]:
            socket, port = Path(lines[4]), int(lines[3])
            version = _asked_version(socket, port)
            if version is not None:
                return Server(lodging=lodging, socket=socket, port=port, version=version, started=started)
        time.sleep(_POLL_S)
    raise DatabaseAway(
        f"PostgreSQL runs as process {pid} but does not answer.",
        remedy=f"Read the log in {lodging.data / 'log'}; if the process hangs, end it and repeat.",
    )


def _asked_version(socket: Path, port: int) -> str | None:
    try:
        with psycopg.connect(
            host=str(socket),
            port=port,
            user=cluster.OWNER,
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        ) as connection:
            row = connection.execute("select current_setting('server_version')").fetchone()
    except psycopg.OperationalError:
        return None
    return None if row is None else str(row[0]).split(" ", 1)[0]


def _await_orphans(lodging: Lodging, guard: int) -> None:
    """Children of a killed server end by themselves within moments; one that is busy is told to."""
    begun = time.monotonic()
    while time.monotonic() < begun + _STOP_S:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > begun + _ORPHANS_S:
                for pid in processes.working_in(lodging.data, lodging.user, program="postgres"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGQUIT)
            time.sleep(_POLL_S)
        else:
            return
    raise DatabaseAway(
        f"Processes that cannot be seen from here still use the data in {lodging.data}.",
        remedy="Stop the PostgreSQL that runs over the same folder, perhaps in another container.",
    )


def _stop(lodging: Lodging) -> bool:
    pid = _postmaster(lodging)
    if pid is None:
        return False
    socket = lodgings.socket_folder(lodging)
    # "Fast": what is committed is written, what is not is rolled back. Then, if it hangs, at once.
    for sign, patience in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, _ORPHANS_S)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not processes.works_in(pid, lodging.data, lodging.user):
                if socket.parent != lodging.home:
                    with contextlib.suppress(
                        OSError
                    ):  # what a killed server left in it stays until the next start
                        socket.rmdir()
                return True
            time.sleep(_POLL_S)
    raise DatabaseAway(
        f"PostgreSQL, process {pid}, does not stop.",
        remedy=f"Read the log in {lodging.data / 'log'}, then end it.",
    )
