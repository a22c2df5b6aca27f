"""A product may have a cure tolerance of its own, and each account is reckoned by that of its product."""

from __future__ import annotations

from datetime import timedelta

import pytest
from polars.testing import assert_frame_equal

from duly.book import arrears, tolerance
from duly.book.columns import Book
from duly.book.tolerance import Cure, Cures
from tests.book import books
from tests.book.test_twin import START

ON = START + timedelta(days=9)


def both(unpaid: int, late: int = 9) -> Book:
    """A card account and a loan that lack the same, since so many days; the card stands first."""
    due = ON - timedelta(days=late)
    people = {"P1": "card", "P2": "cash_loan", "P3": "card"}
    return books.book(
        accounts=[
            books.account(person, f"A-{person}", product=product, overdue_ppm=0)
            for person, product in people.items()
        ],
        instalments=[
            books.instalment(due, unpaid, account=f"A-{person}", person=person) for person in people
        ],
    )


@pytest.mark.parametrize(
    ("unpaid", "in_one"),
    [
        (100, []),
        (101, ["A-P2"]),
        (500, ["A-P2"]),
        (501, ["A-P1", "A-P2", "A-P3"]),
    ],
)
def test_the_sum_is_that_of_the_product(unpaid: int, in_one: list[str]) -> None:
    """Cards tolerate 500, all others 100: one cent more is an episode of the one and not of the other."""
    cures = Cures(general=Cure(minor=100), own={"card": Cure(minor=500)})

    found = tolerance.standing(both(unpaid), ON, cures)

    assert found.filter(~found["cured"])["account"].sort().to_list() == in_one


@pytest.mark.parametrize(("late", "in_one"), [(1, ["A-P2"]), (3, ["A-P2"]), (4, ["A-P1", "A-P2", "A-P3"])])
def test_the_days_are_those_of_the_product(late: int, in_one: list[str]) -> None:
    """Cards tolerate three days, all others none."""
    found = tolerance.standing(both(1_000, late), ON, Cures(own={"card": Cure(days=3)}))

    assert found.filter(~found["cured"])["account"].sort().to_list() == in_one


@pytest.mark.parametrize(
    "cures",
    [
        Cures(general=Cure(minor=7, days=2)),
        Cures(general=Cure(minor=7, days=2), own={"card": Cure(minor=7, days=2)}),
        Cures(general=Cure(minor=8), own={"card": Cure(minor=7, days=2), "cash_loan": Cure(minor=7, days=2)}),
    ],
)
def test_one_tolerance_is_reckoned_in_one_go(cures: Cures) -> None:
    """However it is written, the rows are those of `arrears` and in its order."""
    book = both(8)

    assert len(cures.parts(book)) == 1
    assert_frame_equal(
        tolerance.standing(book, ON, cures), arrears.standing(book, ON, cure_minor=7, cure_days=2)
    )


def test_the_rows_stay_in_the_order_of_the_accounts() -> None:
    """Reckoned apart, they are put back where they stood."""
    book = both(1_000)

    found = tolerance.standing(book, ON, Cures(own={"card": Cure(minor=7)}))

    assert found["account"].to_list() == book.accounts["account"].to_list()
    assert_frame_equal(found, arrears.standing(book, ON))


def test_a_book_of_nobody_has_a_tolerance_too() -> None:
    """No account, no product: nothing is reckoned, and nothing breaks."""
    empty = books.book(accounts=[], instalments=[])

    assert tolerance.standing(empty, ON, Cures(own={"card": Cure(minor=7)})).is_empty()
