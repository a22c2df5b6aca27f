"""What every test may lean on: a clean environment, one real PostgreSQL, and the strangers that are here.

There is no fake database: `database` is a fresh copy of a migrated one, on a server started by our own
launcher.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from duly.cli import language
from duly.store import connect, launcher, lodging, migrate
from strangers import roll

# What a developer's shell says about databases, projects and zones is no business of a test. The zone is one
# that nobody lends in, its offset neither whole nor half hours: code that leans on the machine's zone shows.
for _name in list(os.environ):
    if _name.startswith(("PG", "DULY_")) or _name in {"DATABASE_URL", "XDG_RUNTIME_DIR"}:
        del os.environ[_name]
os.environ["TZ"] = "Pacific/Chatham"
time.tzset()

# The same examples each time, so that red means that the code changed; `make test-long` looks further.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000, database=None, print_blob=True)
hypothesis.settings.load_profile("steady")

_STRANGERS = {stranger.name: stranger for stranger in roll.read()}
_ABSENT = pytest.StashKey[dict[str, int]]()
_SERVERS = "duly-tests-"
_FOLDER = "TESTS_SERVER_FOLDER"  # not DULY_…: the workers clean their environment too


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database of one's own, with the product's migrations applied."""

    url: str

    def connect(self, *, role: str | None = None, application: str = "tests") -> psycopg.Connection:
        """A connection as the product makes it; the caller closes it."""
        return connect.connect(self.url, role=role, application=application)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    """A command run in this process chooses its language; the next test is told in English again."""
    yield
    language.speak("en")


@pytest.fixture(scope="session")
def server() -> Iterator[launcher.Server]:
    """The PostgreSQL of this run, shared by all its processes; its data wait for no disk."""
    with launcher.open(Path(os.environ[_FOLDER]), sync=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def template(server: launcher.Server) -> str:
    """The name of a migrated database that nobody connects to, made once a run."""
    migrations = migrate.shipped()
    digest = hashlib.sha256("".join(one.sha256 for one in migrations).encode()).hexdigest()
    name = f"template_{digest[:16]}"
    with (server.lodging.home / "template.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            made = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if made is None:
                connection.execute("drop database if exists making with (force)")
                connection.execute("create database making template template0")
                migrate.migrate(server.url("making"), migrations)
                connection.execute(sql.SQL("alter database making rename to {}").format(sql.Identifier(name)))
    return name


@pytest.fixture
def database(server: launcher.Server, template: str) -> Iterator[Database]:
    """A fresh migrated database, dropped afterwards with whatever still holds on to it."""
    with _made(server, template) as made:
        yield made


@pytest.fixture
def empty_database(server: launcher.Server) -> Iterator[Database]:
    """A fresh database without anything of ours in it."""
    with _made(server, "template0") as made:
        yield made


@contextlib.contextmanager
def _made(server: launcher.Server, template: str) -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        connection.execute(sql.SQL("create database {name} template {template}").format(**names))
        try:
            yield Database(url=server.url(name))
        finally:
            connection.execute(sql.SQL("drop database {name} with (force)").format(**names))


def pytest_configure(config: pytest.Config) -> None:
    """Choose how far to look, name the run's server folder, and refuse to run in CI without a stranger."""
    if config.getoption("markexpr") == "long":
        hypothesis.settings.load_profile("long")
    config.stash[_ABSENT] = {}
    if _is_worker(config):
        return
    _remove_servers_of_killed_runs()
    os.environ[_FOLDER] = str(Path(tempfile.gettempdir()) / f"{_SERVERS}{os.getpid()}")
    if os.environ.get("CI") == "true":
        absent = roll.absent(tuple(_STRANGERS.values()))
        if absent:
            names = ", ".join(one.name for one in absent)
            raise pytest.UsageError(f"absent strangers: {names}; `make strangers` installs them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose stranger is absent, and count them by its name."""
    present: dict[str, bool] = {}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        names = [str(name) for mark in item.iter_markers("stranger") for name in mark.args]
        for name in names:
            if name not in _STRANGERS:
                raise pytest.UsageError(f"{item.nodeid}: no stranger {name!r} in strangers/list.toml")
            if name not in present:
                present[name] = _STRANGERS[name].present()
        absent = [name for name in names if not present[name]]
        for name in absent:
            config.stash[_ABSENT][name] = config.stash[_ABSENT].get(name, 0) + 1
        (left_out if absent else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it left out; whoever began the run removes its server's folder."""
    if _is_worker(session.config):
        output: dict[str, object] = session.config.workeroutput  # type: ignore[attr-defined]
        output["absent_strangers"] = session.config.stash[_ABSENT]
        return
    _remove_server(Path(os.environ[_FOLDER]))
    _remove_homes(session.config)


def _remove_server(folder: Path) -> None:
    # Another run may be clearing away the same one at this moment.
    with contextlib.suppress(FileNotFoundError):
        launcher.stop(folder)
        shutil.rmtree(folder)


def _remove_servers_of_killed_runs() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_SERVERS}*"):
        try:
            os.kill(int(folder.name.removeprefix(_SERVERS)), 0)
        except ProcessLookupError:
            _remove_server(folder)
        except PermissionError:
            continue  # another user's run


def _remove_homes(config: pytest.Config) -> None:
    """Root's databases under pytest's own closed folders were put elsewhere: they go with the run."""
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    for note in lodging.REACHABLE.glob(f"*/{lodging.WHOSE}"):
        asked = Path(note.read_text("utf-8").removesuffix("\n"))
        if asked.is_relative_to(factory.getbasetemp()):
            if (asked / lodging.POINTER).exists():
                launcher.stop(asked)
            shutil.rmtree(note.parent)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Each worker leaves out the same tests, so the last to speak is as good as the first."""
    output: Mapping[str, dict[str, int]] = getattr(node, "workeroutput", {})
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    config.stash[_ABSENT].update(output.get("absent_strangers", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the absent strangers where nobody overlooks them."""
    absent = config.stash[_ABSENT]
    if absent:
        terminalreporter.section("absent strangers: `make strangers` installs them")
        for name, tests in sorted(absent.items()):
            terminalreporter.line(f"{name}: {tests} test(s) not run - {_STRANGERS[name].why}")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
