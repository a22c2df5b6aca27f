"""The fixtures that other tests lean on."""

from __future__ import annotations

from tests.conftest import Database


def test_each_test_has_a_database_of_its_own(database: Database) -> None:
    """A table made here is not there in the next test."""
    with database.connect() as connection:
        connection.execute("create table only_here (i int)")


def test_no_other_test_is_seen(database: Database) -> None:
    """Nothing of another test's database is left."""
    with database.connect() as connection:
        assert connection.execute("select to_regclass('only_here')").fetchone() == (None,)
