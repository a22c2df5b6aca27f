"""The document of an account's facts is what the plain way of writing it down gives, byte by byte."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl

from duly.book import columns, facts
from duly.book.columns import Book
from tests.book import books

ON = date(2026, 3, 11)
TERMS = {"cure_minor": 0, "rounding": "half_up"}
OWNERS = pl.DataFrame({"person": ["P2", "P1", "P3"], "account": ["A2", "A1", "A3"]})


def plain(value: object) -> object:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


def slowly(book: Book, person: str, account: str) -> str:
    """One document, row by row."""
    mine = (pl.col("person") == person) & (pl.col("account") == account)
    (head,) = book.accounts.filter(mine).to_dicts()
    written: dict[str, Any] = {
        "account": account,
        "format": facts.FORM,
        "on": ON.isoformat(),
        "reckoning": TERMS,
    }
    hidden = {
        "person", "bucket", "account", "role", "liable", "locale", "zones", "tail", "suit_list", "servicer", "brand",
    }  # fmt: skip
    written["head"] = {
        name: plain(value) for name, value in head.items() if name not in hidden and value is not None
    }
    written["rows"] = {
        name: {
            "columns": [column for column in rows.columns if column not in hidden],
            "rows": [[plain(cell) for cell in row] for row in rows.drop("person", "account").rows()],
        }
        for name, frame in book.frames().items()
        if name in facts.FRAMES and (rows := frame.filter(mine)).height
    }
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def a_book() -> Book:
    """Three accounts: one with everything, one with no rows at all, one without payments; odd names and far days."""
    odd = ['say "so"', "back\\slash", "line\nbreak\ttab\x01", "付款", "plain", ""]
    first, third = {"person": "P1", "account": "A1"}, {"person": "P3", "account": "A3"}
    return books.book(
        [
            books.account("P1", "A1", ledger_fee_minor=0, grace_days=3, creditor='a "c"'),
            books.account("P2", "A2", contract_on=None),
            books.account("P3", "A3", clause="principal_first"),
        ],
        [
            *(books.instalment(ON + timedelta(days=30 * n), 10**13 - n, seq=n + 1) | first for n in range(9)),
            books.instalment(date(1950, 1, 1), 7, seq=1) | third,
        ],
        [
            books.payment(ON - timedelta(days=n), 5 + n, name, toward=n or None) | first
            for n, name in enumerate(odd)
        ],
        statuses=[{**third, "since": ON, "status": "overdue"}],
    )


def test_every_document_equals_the_one_that_is_written_row_by_row() -> None:
    """Quotes, line ends, other scripts, absent values, days near and far, in the order of the owners."""
    book = a_book()

    found = facts.written(book, OWNERS, ON, TERMS)

    assert found.select("person", "account").equals(OWNERS)
    for person, account, document in found.iter_rows():
        assert document == slowly(book, person, account), account


def test_a_document_of_one_is_the_same_as_among_many() -> None:
    """What stands beside an account changes no byte of its own, so whoever asks for it alone finds its digest."""
    book = a_book()
    together = dict(facts.written(book, OWNERS, ON, TERMS).select("account", "facts").iter_rows())

    for place in range(OWNERS.height):
        (alone,) = facts.written(book, OWNERS[place], ON, TERMS).to_dicts()
        assert alone["facts"] == together[alone["account"]], alone["account"]


def test_rows_that_lie_apart_are_told_in_their_order() -> None:
    """A book that is not arranged has several runs of an account's rows."""
    book = a_book()
    apart = Book(**book.frames() | {"instalments": pl.concat([book.instalments[5:], book.instalments[:5]])})

    found = facts.written(apart, OWNERS, ON, TERMS)

    for person, account, document in found.iter_rows():
        assert document == slowly(apart, person, account), account
    assert columns.arrange(apart).instalments.equals(columns.arrange(book).instalments)


def test_nobody_has_no_document() -> None:
    """In a book of some and in a book of nobody, and the frame that says so has its columns."""
    for book in (a_book(), columns.empty()):
        found = facts.written(book, OWNERS.clear(), ON, TERMS)

        assert (found.height, found.columns) == (0, ["person", "account", "facts"])
