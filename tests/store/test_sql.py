"""Named statements: what a file must look like, and that PostgreSQL understands each one we ship."""

from __future__ import annotations

import re

import psycopg
import pytest

from duly.store import sql
from tests.conftest import Database

GOOD = """
-- name: count_rows
-- Count what is there,
-- all of it.
select count(*)
from rows;

-- name: one_row
-- One row.
select 1 -- the only one
"""


def test_a_block_is_a_name_a_sentence_and_a_statement() -> None:
    """The sentence may run over lines; a comment inside the statement belongs to it."""
    first, second = sql.read(GOOD, "rows.sql")

    assert (first.name, first.says, first.line) == ("count_rows", "Count what is there, all of it.", 2)
    assert first.text == "-- count_rows\nselect count(*)\nfrom rows;"
    assert second.text == "-- one_row\nselect 1 -- the only one"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("select 1;\n" + GOOD, "rows.sql:1: text before the first"),
        ("-- name: a\nselect 1;", "rows.sql:1: a lacks the sentence"),
        ("-- name: a\n-- no full stop\nselect 1;", "rows.sql:1: a lacks the sentence"),
        ("\n\n-- name: a\n-- A.\n\n", "rows.sql:3: a has no statement"),
        ("-- name: a\n-- A.\n-- name: b\n-- B.\nselect 1;", "rows.sql:1: a has no statement"),
        ("-- name: A\n-- A.\nselect 1;", "rows.sql:1: 'A' is not a name"),
        ("-- name:\n-- A.\nselect 1;", "rows.sql:1: '' is not a name"),
        ("-- name: a b\n-- A.\nselect 1;", "rows.sql:1: 'a b' is not a name"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused_with_its_place(source: str, told: str) -> None:
    """Each rule has a file that it rejects."""
    with pytest.raises(ValueError, match=re.escape(told)):
        sql.read(source, "rows.sql")


def test_a_name_is_given_once_in_all_files() -> None:
    """The second place is named together with the first."""
    one = sql.read(GOOD, "a.sql")
    two = sql.read("\n-- name: one_row\n-- Again.\nselect 2;", "b.sql")

    with pytest.raises(ValueError, match=r"b\.sql:2: one_row has that name already in a\.sql:8"):
        sql.gather([*one, *two])


def test_the_mapping_cannot_be_changed() -> None:
    """Statements are read once and shared."""
    gathered = sql.gather(sql.read(GOOD, "a.sql"))

    with pytest.raises(TypeError):
        gathered["one_row"] = "select 2"  # type: ignore[index]


def test_postgresql_understands_every_statement_we_ship(database: Database) -> None:
    """Each is prepared against the migrated database: every table, column and function that it names is
    there. Those that a transaction makes for itself are made first.
    """
    refused = []
    staging = [text for name, text in sql.load().items() if name.startswith("stage_")]
    with database.connect() as connection:
        for name, text in sql.load().items():
            with connection.transaction(force_rollback=True):
                for made in staging if "staged_" in text else []:
                    connection.execute(made)
                result = connection.pgconn.prepare(name.encode(), _numbered(text).encode())
                if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                    refused.append(f"{name}: {result.error_message.decode()}")
                    connection.pgconn.exec_(b"rollback; begin")

    assert refused == []


def _numbered(text: str) -> str:
    """%(name)s as PostgreSQL's $1, each name one number."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    for number, name in enumerate(names, start=1):
        text = text.replace(f"%({name})s", f"${number}")
    return text.replace("%%", "%")
