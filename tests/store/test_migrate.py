"""Migrations: each file once, whole or not at all, by any number of starters, and never in another
wording.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store import connect, migrate
from tests.conftest import Database

FILES = {
    "0001_pre_person.sql": "create table person (id text unique); insert into person values ('%'), ('b');",
    "0002_pre_index.sql": (
        "-- duly: no transaction\n-- Quick.\ncreate index concurrently person_id on person (id);"
    ),
    "0003_post_tidy.sql": "alter table person add column name text;",
    "0004_pre_more.sql": "create table more (i int);",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with four migrations of every kind."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text + "\n", "utf-8")
    return tmp_path


def _rows(database: Database, question: str) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        return connection.execute(question).fetchall()


def test_files_are_applied_once_in_their_order(folder: Path, empty_database: Database) -> None:
    """Twice changes nothing, and each is recorded with its hash."""
    migrations = migrate.read(folder)

    assert migrate.migrate(empty_database.url, migrations).applied == tuple(FILES)
    assert migrate.migrate(empty_database.url, migrations) == migrate.Done(applied=(), left=())
    assert _rows(empty_database, "select name, sha256 from duly_migration order by number") == [
        (one.name, one.sha256) for one in migrations
    ]
    assert _rows(empty_database, "select id, name from person order by id") == [("%", None), ("b", None)]


def test_before_a_deploy_nothing_after_it_is_done(folder: Path, empty_database: Database) -> None:
    """Through `pre` it stops at the first `post` and says what is left; later the rest follows."""
    migrations = migrate.read(folder)
    names = tuple(FILES)

    before = migrate.migrate(empty_database.url, migrations, through=migrate.Phase.PRE)
    assert (before.applied, before.left) == (names[:2], names[2:])
    assert migrate.migrate(empty_database.url, migrations).applied == names[2:]


def test_a_file_that_fails_leaves_nothing_of_itself(folder: Path, empty_database: Database) -> None:
    """What came before it is kept and recorded; mended, it is applied."""
    (folder / "0003_post_tidy.sql").write_text("create table half (i int);\nselect 1 / 0;\n", "utf-8")

    with pytest.raises(DatabaseRefused, match="22012"):
        migrate.migrate(empty_database.url, migrate.read(folder))
    assert _rows(empty_database, "select max(number), to_regclass('half') from duly_migration") == [(2, None)]

    (folder / "0003_post_tidy.sql").write_text(FILES["0003_post_tidy.sql"], "utf-8")
    assert migrate.migrate(empty_database.url, migrate.read(folder)).applied == tuple(FILES)[2:]


def test_a_changed_file_is_refused(folder: Path, empty_database: Database) -> None:
    """One byte is enough; line ends are not, because git may change them."""
    migrate.migrate(empty_database.url, migrate.read(folder))
    first = folder / "0001_pre_person.sql"

    first.write_bytes(first.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate.migrate(empty_database.url, migrate.read(folder)).applied == ()

    first.write_text(first.read_text("utf-8") + " ", "utf-8")
    with pytest.raises(
        DatabaseRefused, match=r"0001_pre_person\.sql was applied in another wording"
    ) as raised:
        migrate.migrate(empty_database.url, migrate.read(folder))
    assert "a new file" in raised.value.remedy


def test_a_renamed_file_is_refused(folder: Path, empty_database: Database) -> None:
    """A name is part of what was agreed."""
    migrate.migrate(empty_database.url, migrate.read(folder))
    (folder / "0004_pre_more.sql").rename(folder / "0004_pre_other.sql")

    with pytest.raises(DatabaseRefused, match=r"0004_pre_more\.sql was applied in another wording"):
        migrate.migrate(empty_database.url, migrate.read(folder))


def test_a_database_of_a_newer_version_is_refused(folder: Path, empty_database: Database) -> None:
    """The older program does not know what the newer one relies on, and changes nothing."""
    migrate.migrate(empty_database.url, migrate.read(folder))

    with pytest.raises(DatabaseRefused, match=r"by a newer version: it has 0004_pre_more\.sql"):
        migrate.migrate(empty_database.url, migrate.read(folder)[:3])


def test_a_file_begun_outside_a_transaction_and_not_finished_is_told(
    folder: Path, empty_database: Database
) -> None:
    """Nobody can know what its statement left, so a person looks."""
    migrate.migrate(empty_database.url, migrate.read(folder)[:1])
    (folder / "0002_pre_index.sql").write_text(
        "-- duly: no transaction\ncreate unique index concurrently person_name on person ((1));", "utf-8"
    )
    with pytest.raises(DatabaseRefused, match="23505"):
        migrate.migrate(empty_database.url, migrate.read(folder))
    with pytest.raises(DatabaseRefused, match="begun and not finished") as raised:
        migrate.migrate(empty_database.url, migrate.read(folder))
    assert "number 2" in raised.value.remedy


STARTER = """
import sys
from pathlib import Path
from duly.store import migrate
print(len(migrate.migrate(sys.argv[1], migrate.read(Path(sys.argv[2]))).applied))
"""


def test_three_starters_at_once_do_it_once(folder: Path, empty_database: Database) -> None:
    """One works, two wait and find nothing to do; an index built concurrently does not make them wait for
    ever.
    """
    words = [sys.executable, "-c", STARTER, empty_database.url, str(folder)]
    starters = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(starter.communicate(timeout=60)[0].strip() for starter in starters)

    assert said == ["0", "0", "4"]


def test_waiting_for_another_starter_ends(
    folder: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A starter that hangs is named by what it is called."""
    monkeypatch.setattr(migrate, "_WAIT_S", 0.2)
    with empty_database.connect() as other:
        other.execute("select pg_advisory_lock(%s)", [migrate._LOCK])
        with pytest.raises(DatabaseAway, match="Another process has been migrating") as raised:
            migrate.migrate(empty_database.url, migrate.read(folder))
    assert "duly migrate" in raised.value.remedy


def test_a_starter_that_is_killed_is_followed_by_the_next(folder: Path, empty_database: Database) -> None:
    """Its session ends, its lock with it, its transaction is undone."""
    (folder / "0003_post_tidy.sql").write_text("create table half (i int); select pg_sleep(600);", "utf-8")
    asleep = "from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    words = [sys.executable, "-c", STARTER, empty_database.url, str(folder)]
    with subprocess.Popen(words) as starter, empty_database.connect() as watch:
        while watch.execute(f"select count(*) {asleep}").fetchone() == (0,):
            assert starter.poll() is None
        starter.kill()
        watch.execute(f"select pg_terminate_backend(pid, 10000) {asleep}")
    (folder / "0003_post_tidy.sql").write_text(FILES["0003_post_tidy.sql"], "utf-8")

    assert migrate.migrate(empty_database.url, migrate.read(folder)).applied == tuple(FILES)[2:]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("0005_during_x.sql", "is not named like"),
        ("0005_pre_X.sql", "is not named like"),
        ("0005_pre_.sql", "is not named like"),
        ("5_pre_x.sql", "is not named like"),
        ("0006_pre_gap.sql", "should have the number 0005"),
        ("0004_pre_twice.sql", "should have the number 0005"),
    ],
)
def test_a_folder_that_breaks_the_rules_is_refused(folder: Path, name: str, told: str) -> None:
    """A misnamed file, a gap and a number given twice are defects of the version."""
    (folder / name).write_text("select 1;", "utf-8")

    with pytest.raises(ValueError, match=told):
        migrate.read(folder)


def test_what_we_ship_applies_twice_on_one_server(database: Database, empty_database: Database) -> None:
    """Roles belong to the server: a second database beside the first is made without trouble, to the same
    shape.
    """
    done = migrate.migrate(empty_database.url)

    assert done.applied == tuple(one.name for one in migrate.shipped())
    shape = """
        select table_name, column_name, data_type, is_nullable from information_schema.columns
        where table_schema = 'public' order by 1, 2
    """
    assert _rows(empty_database, shape) == _rows(database, shape)
    with database.connect() as connection, connect.translated():
        assert isinstance(connection, psycopg.Connection)
        assert migrate.migrate(database.url).applied == ()
