"""The programs at work: make a cluster's data, start a server over them, with the settings that we insist on.

Refuses a network address, and a log that holds statements or values: it must say nothing about a debtor.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from duly.errors import DatabaseAway
from duly.store import lodging as lodgings
from duly.store.binaries import Binaries
from duly.store.lodging import Lodging

OWNER = "postgres"
PORT = 5432

# Given on the command line, where neither ALTER SYSTEM nor a file can undo them.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Nothing about a debtor in the log. An error's own sentence may quote a value (`invalid input syntax for
    # type date: "…"`), its DETAIL quotes rows, and STATEMENT the rest: what the server says of itself is
    # kept, what it says of statements is not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_parameter_max_length": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    # A week of logs in the data folder, each weekday written over.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "jit": "off",  # our statements are short
}


def major(lodging: Lodging) -> int | None:
    """The major version that made the data, None before they are made."""
    try:
        return int((lodging.data / "PG_VERSION").read_text("ascii"))
    except FileNotFoundError:
        return None


def make(lodging: Lodging, binaries: Binaries, *, sync: bool) -> None:
    """New data: made beside their place and moved there whole, so that a kill leaves nothing half-made.

    Raises:
        DatabaseAway: the disk or initdb says no.
    """
    fresh = lodging.home / "data.new"
    try:
        if fresh.exists():
            shutil.rmtree(fresh)
        lodgings.make_private(fresh, lodging.user)
        # Whoever can enter the socket's private folder can read the data files as well: a password would
        # have to lie beside them and would guard nothing, so the socket trusts. No network address is ever
        # served.
        words = ["initdb", "-D", str(fresh), "-U", OWNER, "--auth-local=trust", "--auth-host=reject"]
        words += ["--encoding=UTF8", "--locale=C", *(() if sync else ("--no-sync",))]
        with _start_log(lodging) as log:
            done = subprocess.run(
                [binaries.program(words[0]), *words[1:]],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                **lodging.user.spawning(),
            )
        if done.returncode != 0:
            raise DatabaseAway(
                f"PostgreSQL {binaries.version} cannot make a database: {last_word(lodging)}",
                remedy=f"Read {lodging.home / 'start.log'}.",
            )
        # Also for whoever starts it by hand one day: nothing on the network, a socket for its owner alone.
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\nlisten_addresses = ''\nunix_socket_permissions = 0700\n")
        fresh.rename(lodging.data)
        if sync:
            _sync_folder(lodging.home)
    except OSError as error:
        raise DatabaseAway(
            f"A database cannot be made in {lodging.home}: {error.strerror}.",
            remedy="Make room or allow writing there, or name another folder or a running server.",
        ) from error


def spawn(lodging: Lodging, binaries: Binaries, guard: int) -> int:
    """Start the server as nobody's child, in a session of its own; it inherits `guard`. Its process id.

    Raises:
        DatabaseAway: no private folder for its socket, or the data folder cannot be entered.
    """
    socket = lodgings.socket_folder(lodging)
    for left in (socket / f".s.PGSQL.{PORT}", socket / f".s.PGSQL.{PORT}.lock"):
        left.unlink(missing_ok=True)  # like postmaster.pid: its number may belong to any process by now
    words = [binaries.program("postgres"), "-D", str(lodging.data)]
    for name, value in {**SETTINGS, "unix_socket_directories": str(socket)}.items():
        words += ["-c", f"{name}={value}"]
    with _start_log(lodging) as log:
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *words],
            cwd=lodging.data,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=(guard,),
            start_new_session=True,
            check=True,
            **lodging.user.spawning(),
        )
    return int(done.stdout)


@contextlib.contextmanager
def _start_log(lodging: Lodging) -> Iterator[int]:
    descriptor = os.open(
        lodging.home / "start.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
    )
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def last_word(lodging: Lodging, pid: int | None = None) -> str:
    """The last line that initdb, or the server with that process id, said as it failed."""
    logs = [lodging.home / "start.log"]
    if pid is not None and (lodging.data / "log").is_dir() and any((lodging.data / "log").iterdir()):
        # Once the server has begun to write its own log, its last words are there.
        logs = (
            sorted((lodging.data / "log").iterdir(), key=lambda log: log.stat().st_mtime, reverse=True)[:1]
            + logs
        )
    for log in logs:
        for line in reversed(log.read_text("utf-8", "replace").splitlines()):
            if line.strip() and (pid is None or (f"[{pid}]" in line and "LOG:" not in line)):
                return line.strip()
    return "it said nothing."


def _environment() -> dict[str, str]:
    # PGDATA, PGPORT, PGOPTIONS and a locale of ours are no business of the server's.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
