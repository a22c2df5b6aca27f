"""What differs between two books is told once, by what names it; and what a book comes to adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from duly.book import census, difference
from duly.book.columns import Book
from tests.book import books

D1, D2 = date(2026, 3, 1), date(2026, 3, 5)


def plain() -> Book:
    """Two persons on one account, the second with another one."""
    return books.book(
        [books.account("P1", "A1"), books.account("P2", "A1"), books.account("P2", "A2")],
        [books.instalment(D1), books.instalment(D1, person="P2")],
        [books.payment(D1, 500, "y1"), books.payment(D1, 500, "y1", person="P2")],
        [books.contact("P1", "P1-s1"), books.contact("P2", "P2-s1")],
        [books.hold("P1", since=D1)],
    )


def told(before: Book, after: Book) -> dict[str, tuple[int, int, int]]:
    """How many were added, removed and changed, where anything was."""
    found = difference.between(before, after)
    return {one.frame: one.counts for one in found if one.counts != (0, 0, 0)}


def test_the_same_book_differs_in_nothing() -> None:
    """No frame, no row."""
    assert told(plain(), plain()) == {}


def test_what_is_added_one_way_is_removed_the_other() -> None:
    """A payment of an account with two persons is one payment, an account with another person is another row."""
    more = replace(
        plain(),
        payments=pl.concat(
            [
                plain().payments,
                books.book(
                    payments=[books.payment(D2, 7, "y2"), books.payment(D2, 7, "y2", person="P2")]
                ).payments,
            ]
        ),
        accounts=pl.concat([plain().accounts, books.book([books.account("P3", "A1")]).accounts]),
    )

    assert told(plain(), more) == {"accounts": (1, 0, 0), "payments": (1, 0, 0)}
    assert told(more, plain()) == {"accounts": (0, 1, 0), "payments": (0, 1, 0)}


def test_a_reversal_is_not_the_payment_whose_name_it_bears() -> None:
    """Both stand beside each other, so the reversal is added and the payment is as it was."""
    back = books.book(
        payments=[*plain().payments.rows(named=True), books.payment(D2, 500, "y1", kind="reversal")]
    )

    assert told(plain(), replace(plain(), payments=back.payments)) == {"payments": (1, 0, 0)}


@pytest.mark.parametrize(
    ("frame", "column", "value", "named"),
    [
        ("accounts", "status", "settled", {"account": "A1", "person": "P1"}),
        ("contacts", "state", "wrong_number", {"point": "P2-s1"}),
        (
            "holds",
            "until",
            D2,
            {"person": "P1", "account": None, "point": None, "kind": "dispute", "since": D1},
        ),
    ],
)
def test_what_changed_is_told_as_it_was_and_as_it_is(
    frame: str, column: str, value: object, named: dict[str, object]
) -> None:
    """Of a row that is known again only the columns that differ, also from nothing to something."""
    rows = plain().frames()[frame]
    changed = rows.with_row_index().with_columns(
        pl.when(pl.col("index") == rows.height - 1)
        .then(pl.lit(value))
        .otherwise(pl.col(column))
        .alias(column)
    )
    other = replace(plain(), **{frame: changed.drop("index")})

    (one,) = (each for each in difference.between(plain(), other) if each.frame == frame)

    assert one.counts == (0, 0, 1)
    (change,) = one.changed
    assert change.named == named
    assert (change.was, change.now) == ({column: rows[column][-1]}, {column: value})


def test_an_account_that_stands_in_two_ranges_is_told_once() -> None:
    """Its persons are in different buckets; what is put together counts the payment once."""
    of = {
        person: Book(
            **{name: frame.filter(pl.col("person") == person) for name, frame in plain().frames().items()}
        )
        for person in ("P1", "P2")
    }
    empty = Book(**{name: frame.clear() for name, frame in plain().frames().items()})

    whole = difference.together([difference.between(empty, part) for part in of.values()])

    assert {one.frame: one.counts for one in whole} == {
        one.frame: one.counts for one in difference.between(empty, plain())
    }


def test_a_census_counts_each_account_once_and_adds_no_currencies() -> None:
    """Two persons on one account, another in another currency: two accounts, two sums, each group within one."""
    book = replace(
        plain(),
        accounts=pl.concat(
            [plain().accounts, books.book([books.account("P3", "A3", currency="EUR")]).accounts]
        ),
    )
    standing = book.accounts.select(
        "person",
        "account",
        dpd_bucket=pl.when(pl.col("account") == "A2").then(pl.lit("M1")),
        overdue_minor=pl.when(pl.col("account") == "A1")
        .then(0)
        .when(pl.col("account") == "A2")
        .then(70)
        .otherwise(9),
    )

    found = census.count([(census.heads(book, standing), census.rows(book))])

    assert (found.accounts, found.persons, found.overdue) == (3, 3, 2)
    assert found.overdue_minor == {"CNY": 70, "EUR": 9}
    assert found.overdue_ppm == 666_666
    assert found.rows["payments"] == 2
    creditors = [one for one in found.groups if one.by == "creditor"]
    assert [(one.currency, one.accounts, one.overdue, one.overdue_minor) for one in creditors] == [
        ("CNY", 2, 1, 70),
        ("EUR", 1, 1, 9),
    ]
