"""What explains a break to the cent, and that nothing is told which does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from duly.book import likely
from duly.book.columns import Book
from duly.book.likely import Kind
from tests.book import books

DUE = date(2026, 3, 10)
ON = DUE + timedelta(days=45)
LINES = [books.instalment(DUE + timedelta(days=30 * n), 100_000 + n, 2_000, 300, seq=n + 1) for n in range(4)]
PAID = [
    books.payment(DUE + timedelta(days=5), 40_000, "y1"),
    books.payment(DUE + timedelta(days=9), 7_700, "y2", "waiver"),
]


def book(lines: list[dict[str, object]] = LINES, paid: list[dict[str, object]] = PAID) -> Book:
    """One account, two instalments late, part of the first paid and part waived."""
    return books.book([books.account()], lines, paid)


def theirs(changed: Book, on: date = ON) -> dict[str, int]:
    """The figures of a ledger that keeps this book instead."""
    return dict(likely.ours(changed, on)["A1"])


def found(ledger: likely.Figures) -> set[tuple[Kind, str]]:
    """The causes told, by kind and name."""
    return {(cause.kind, cause.name) for cause in likely.causes(book(), ON, ledger)}


def test_two_that_agree_need_no_cause() -> None:
    """Nor does a figure that the ledger does not give."""
    assert found(theirs(book())) == set()
    assert found({"principal": theirs(book())["principal"]}) == set()


@pytest.mark.parametrize(
    ("ledger", "cause"),
    [
        (theirs(book(paid=PAID[1:])), (Kind.PAYMENT_MISSING, "y1")),
        (theirs(book(paid=PAID[:1])), (Kind.PAYMENT_MISSING, "y2")),
        (theirs(book(paid=[*PAID, PAID[0] | {"payment": "y9"}])), (Kind.PAYMENT_TWICE, "y1")),
        (theirs(book(LINES[1:])), (Kind.INSTALMENT_MISSING, "1")),
        (theirs(book(), ON + timedelta(days=1)), (Kind.DAY_LATER, "")),
        (theirs(book(), ON - timedelta(days=1)), (Kind.DAY_EARLIER, "")),
    ],
)
def test_one_fact_that_the_ledger_has_otherwise_is_named(
    ledger: likely.Figures, cause: tuple[Kind, str]
) -> None:
    """The whole account is reckoned again with that fact, interest and all."""
    assert cause in found(ledger)


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ({"overdue_ppm": 0}, Kind.NO_OVERDUE_INTEREST),
        ({"overdue_ppm": 180_000}, Kind.CONTRACT_RATE),
        ({"year_days": 360}, Kind.OTHER_YEAR),
    ],
)
def test_another_rate_or_year_is_named(terms: dict[str, Any], kind: Kind) -> None:
    """Alone: no payment and no day comes out to the same."""
    changed = replace(book(), accounts=books.book([books.account(**terms)]).accounts)

    assert found(theirs(changed)) == {(kind, "")}


def test_a_cause_that_is_off_by_a_cent_is_not_told() -> None:
    """Without the first payment all of it would come out but one cent of interest; so that is not what happened."""
    ledger = dict(theirs(book(paid=PAID[1:])))
    assert (Kind.PAYMENT_MISSING, "y1") in found(ledger)
    for part in ("penalty", "overdue", "balance"):
        ledger[part] += 1
    assert found(ledger) == set()


def test_a_cent_in_one_part_is_a_rounding_and_two_are_not() -> None:
    """And so is not a cent in each of two parts."""
    mine = theirs(book())
    assert found(mine | {name: mine[name] + 1 for name in ("penalty", "overdue", "balance")}) == {
        (Kind.ONE_CENT, "")
    }
    assert found(mine | {name: mine[name] + 2 for name in ("penalty", "overdue", "balance")}) == set()
    assert (Kind.ONE_CENT, "") not in found(mine | {"penalty": mine["penalty"] + 1, "fee": mine["fee"] - 1})


def test_the_same_sum_in_other_parts_is_another_order() -> None:
    """Told only where every part is given."""
    mine = theirs(book())
    crossed = mine | {"principal": mine["principal"] - 500, "penalty": mine["penalty"] + 500}

    assert found(crossed) == {(Kind.OTHER_ORDER, "")}
    assert found({name: crossed[name] for name in ("principal", "penalty", "overdue")}) == set()


def test_a_difference_of_one_whole_instalment_is_named() -> None:
    """As of a ledger that counts what falls due on the day itself as overdue already."""
    due = [*LINES[:1], LINES[1] | {"due_on": ON}]
    ours = likely.ours(book(due), ON)["A1"]
    ledger = {"principal": ours["principal"] + 100_001, "interest": ours["interest"] + 2_000,
              "fee": ours["fee"] + 300, "penalty": ours["penalty"], "overdue": ours["overdue"] + 102_301}  # fmt: skip

    told = likely.causes(book(due), ON, ledger)

    assert [(cause.kind, cause.name, cause.on, cause.amount_minor) for cause in told] == [
        (Kind.INSTALMENT_PAID, "2", ON, 102_301)
    ]


def test_what_is_reckoned_does_not_depend_on_what_the_ledger_said() -> None:
    """The same account with and without figures of its ledger."""
    spoken = book().accounts.with_columns(
        ledger_overdue_minor=pl.lit(1, pl.Int64), ledger_as_of=pl.lit(ON - timedelta(days=3))
    )

    assert likely.ours(replace(book(), accounts=spoken), ON) == likely.ours(book(), ON)
