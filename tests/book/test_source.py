"""The section `sql` of book.yaml and the queries of its feeds: all of it said, none of it guessed."""

from __future__ import annotations

import pytest

from duly.book import mapping
from duly.book.source import Source
from tests.book import lender

ASKED = lender.YAML.replace("files: data/payments.csv", "query_file: queries/payments.sql")
SQL = "sql:\n  database: $CORE\n"


def codes(text: str) -> list[str]:
    """What is wrong with a book.yaml."""
    return [problem.code.removeprefix("book.") for problem in mapping.load(text, "book.yaml")[1]]


def test_a_feed_that_a_query_answers_is_read_as_csv_of_iso_days() -> None:
    """The time-outs have their usual length, and nothing private may be reached."""
    found = lender.mapped(SQL + ASKED)

    assert (found.feeds["payments"].files, found.feeds["payments"].format) == (
        "queries/payments.sql",
        "query",
    )
    assert found.queries() == ["queries/payments.sql"]
    assert found.lender == Source(variable="CORE", timeout_seconds=600, connect_seconds=10, allow_private=())


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (SQL + ASKED, []),
        (SQL + "  timeout_seconds: 7200\n" + ASKED, []),
        (SQL + "  timeout_seconds: 7201\n" + ASKED, ["number"]),
        (SQL + "  timeout_seconds: 0\n" + ASKED, ["sql.timeout"]),
        (SQL + "  allow_private: [10.0.0.0/8, /run/postgresql]\n" + ASKED, []),
        (SQL + "  allow_private: [10.0.0.1/8]\n" + ASKED, ["allow_private"]),
        (SQL + "  password: x\n" + ASKED, ["key.unknown"]),
        ("sql:\n  timeout_seconds: 5\n" + ASKED, ["key.missing"]),
        ("sql:\n  database: postgresql://core\n" + ASKED, ["secret"]),
        (ASKED, ["sql.missing"]),
        (SQL + lender.YAML, ["sql.unused"]),
        ("control: queries/control.sql\n" + SQL + lender.YAML, []),
        ("control: queries/control.sql\n" + lender.YAML, ["sql.missing"]),
        (SQL + ASKED.replace("queries/payments.sql", "data/payments.sql"), ["query"]),
        (SQL + ASKED.replace("queries/payments.sql", "queries/payments.txt"), ["query"]),
        (SQL + ASKED.replace("queries/payments.sql", "../payments.sql"), ["path", "query"]),
        (SQL + ASKED.replace("query_file:", "format: csv\n    query_file:"), ["query"]),
        (SQL + ASKED.replace("query_file:", "files: data/a.csv\n    query_file:"), ["query"]),
    ],
)
def test_every_mistake_about_a_query_is_told(text: str, wrong: list[str]) -> None:
    """Both sides of each bound; a key that would be overlooked is refused."""
    assert codes(text) == wrong


def test_no_password_is_shown_again() -> None:
    """The line that holds the address is not repeated."""
    text = "sql:\n  database: postgresql://duly:hushhush@core.example/core\n" + ASKED

    (problem,) = mapping.load(text, "book.yaml")[1]

    assert "hushhush" not in f"{problem.excerpt}{problem.what}{problem.remedy}"
