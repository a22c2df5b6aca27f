"""Where the rows of each account stand is told alike for any order of the rows."""

from __future__ import annotations

import polars as pl
import pytest

from duly.book import runs

BY = ("person", "account")


def frame(*owners: tuple[str | None, str | None]) -> pl.DataFrame:
    """Rows of these owners, numbered from 0."""
    schema = {"person": pl.String(), "account": pl.String()}
    return pl.DataFrame(owners, schema=schema, orient="row").with_row_index("number")


@pytest.mark.parametrize(
    ("owners", "spans"),
    [
        ([], []),
        ([("P1", "A1")], [("P1", "A1", 0, 1)]),
        ([("P1", "A1"), ("P1", "A1"), ("P1", "A2")], [("P1", "A1", 0, 2), ("P1", "A2", 2, 3)]),
        # A shared account stands under each person, and the names of neighbours may be the same in one of the two.
        ([("P1", "A1"), ("P2", "A1")], [("P1", "A1", 0, 1), ("P2", "A1", 1, 2)]),
        # In a book that is not arranged an account has several runs.
        (
            [("P1", "A1"), ("P2", "A2"), ("P1", "A1")],
            [("P1", "A1", 0, 1), ("P2", "A2", 1, 2), ("P1", "A1", 2, 3)],
        ),
        ([(None, None), ("P1", "A1")], [(None, None, 0, 1), ("P1", "A1", 1, 2)]),
    ],
)
def test_a_run_begins_where_a_name_differs_from_the_one_before(
    owners: list[tuple[str | None, str | None]], spans: list[tuple[str | None, str | None, int, int]]
) -> None:
    """Each run has its names, its first row and the row behind its last, and each row knows its run."""
    rows = frame(*owners)

    found = runs.of(rows, BY)

    assert found.rows() == spans
    counted = [place for place, (*_, first, end) in enumerate(spans) for _ in range(first, end)]
    assert runs.numbered(found, rows.height).to_list() == counted


def test_the_rows_of_some_accounts_keep_their_order() -> None:
    """Also where their runs lie apart, and nothing is found of an account that has no rows."""
    rows = frame(("P1", "A1"), ("P2", "A2"), ("P2", "A2"), ("P3", "A3"), ("P1", "A1"))
    spans = runs.of(rows, BY)

    found = runs.among(rows, spans, pl.DataFrame({"account": ["A1", "A2", "A9"]}), "account")

    assert found["number"].to_list() == [0, 1, 2, 4]
    assert runs.among(rows, spans, pl.DataFrame({"account": ["A9"]}), "account").is_empty()


def test_an_empty_span_has_no_rows() -> None:
    """Its neighbours have theirs."""
    spans = pl.DataFrame({"of": ["a", "b", "c"], "first": [3, 5, 5], "end": [5, 5, 6]})

    assert runs.rows(spans).rows() == [("a", 3), ("a", 4), ("c", 5)]
