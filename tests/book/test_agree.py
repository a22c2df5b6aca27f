"""The two figures beside each other: which component breaks, by how much, and what is shown of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from duly.book import agree, arrears
from duly.book.columns import Book
from tests.book import books, lender

DUE = date(2026, 3, 10)
ON = DUE + timedelta(days=10)
# 1,000.00 at 18.25 % by 365 days: 0.50 a day, 5.00 on ON; 20.00 of interest and 3.00 of fees fell due with it,
# and another 1,000.00 is still to come.
OURS = {
    "principal": 100_000,
    "interest": 2_000,
    "fee": 300,
    "penalty": 500,
    "overdue": 102_800,
    "balance": 202_800,
}


def ledger(**changes: int | None) -> Book:
    """One account of which the ledger says what we reckon, but for the changes."""
    said: dict[str, Any] = {f"ledger_{name}_minor": minor for name, minor in (OURS | changes).items()}
    lines = [
        books.instalment(DUE, 100_000, 2_000, 300),
        books.instalment(ON + timedelta(days=20), 100_000, 1_000, seq=2),
    ]
    return books.book([books.account(ledger_as_of=ON, **said)], lines)


def broken(book: Book, each: int = 0, **parts: int) -> list[str]:
    """The components that break."""
    (row,) = arrears.standing(book, ON, tolerance_minor=each, tolerances_minor=parts).to_dicts()
    return [one["component"] for one in row["beside"] or () if one["beyond"]]


def test_what_we_reckon_of_every_component_agrees_with_a_ledger_that_reckons_the_same() -> None:
    """The balance has the principal still to come, and none of the interest that is not due yet."""
    (row,) = arrears.standing(ledger(), ON).to_dicts()

    assert (row["agrees"], row["beside"], row["ledger_difference_minor"]) == (True, None, 0)


@pytest.mark.parametrize("component", [each.name for each in agree.COMPONENTS])
def test_each_component_may_differ_by_its_own_tolerance_either_way(component: str) -> None:
    """One cent beyond it breaks, in that component alone, and the others keep the common tolerance."""
    for sign in (1, -1):
        inside = ledger(**{component: OURS[component] + sign * 7})
        beyond = ledger(**{component: OURS[component] + sign * 8})
        assert broken(inside, 0, **{component: 7}) == []
        assert broken(beyond, 0, **{component: 7}) == [component]
        assert broken(beyond, 8) == []


def test_two_errors_that_cancel_out_in_the_sum_are_still_two() -> None:
    """Principal too high and penalty too low by the same: the sum agrees, and the account is held."""
    crossed = ledger(principal=OURS["principal"] + 400, penalty=OURS["penalty"] - 400)

    (row,) = arrears.standing(crossed, ON, tolerance_minor=399).to_dicts()

    assert (row["ledger_difference_minor"], row["agrees"]) == (0, False)
    assert broken(crossed, 399) == ["principal", "penalty"]


def test_what_the_ledger_does_not_say_is_not_compared() -> None:
    """A ledger that gives the balance alone breaks by that, and only that is shown."""
    silent = dict.fromkeys(OURS, None)
    (row,) = arrears.standing(ledger(**(silent | {"balance": 202_700})), ON).to_dicts()

    assert (row["agrees"], row["ledger_difference_minor"]) == (False, None)
    assert row["beside"] == [
        {"component": "balance", "ours_minor": 202_800, "theirs_minor": 202_700, "beyond": True}
    ]
    (nothing,) = arrears.standing(ledger(**silent), ON).to_dicts()
    assert (nothing["agrees"], nothing["beside"]) == (None, None)


def test_every_component_is_compared_on_the_ledgers_own_day() -> None:
    """Five days later, with a payment between, ours of that day still agree."""
    later, book = ON + timedelta(days=5), ledger()
    paid = books.book(book.accounts.to_dicts(), book.instalments.to_dicts(), [books.payment(later, 60_000)])

    (row,) = arrears.standing(paid, later).to_dicts()

    assert (row["agrees"], row["overdue_minor"]) == (True, 42_300 + 750)


def test_an_account_that_was_never_late_is_compared_by_its_balance_on_an_earlier_day() -> None:
    """Nothing was overdue then, and what was still to fall due is what the ledger must say."""
    for balance, agrees in ((200_000, True), (199_999, False)):
        silent = dict.fromkeys(OURS, None) | {"balance": balance}
        book = ledger(**silent)
        early = books.book(
            [row | {"ledger_as_of": DUE - timedelta(days=3)} for row in book.accounts.to_dicts()],
            book.instalments.to_dicts(),
        )
        (row,) = arrears.standing(early, DUE - timedelta(days=1)).to_dicts()
        assert row["agrees"] is agrees, balance


@pytest.mark.parametrize("component", [each.name for each in agree.COMPONENTS])
def test_a_figure_of_the_ledger_without_its_day_is_left_out(component: str, tmp_path: Path) -> None:
    """Whichever component it is: it cannot be compared, and its account is held."""
    text = lender.YAML.replace("owed: ledger_overdue", f"owed: ledger_{component}")
    undated = lender.FILES["accounts"].replace("1000.50,2026-03-11", "1000.50,")

    whole, found = lender.loaded(tmp_path, text), lender.loaded(tmp_path, text, accounts=undated)

    assert whole.book.accounts[f"ledger_{component}_minor"].max() == 100_050
    assert found.quarantine.filter(feed="accounts")["code"].to_list() == ["ledger_undated"]
    assert found.book.accounts.filter(account="A1").is_empty()


def test_a_break_shows_both_sides_once_per_account_and_the_largest_first() -> None:
    """A co-borrower does not double it; accounts that agree or have no figure are not in it."""
    theirs = {"A1": 100_000, "A2": 105_500, "A3": 100_500, "A4": None}
    accounts = [
        books.account(
            f"P{n}", name, ledger_overdue_minor=figure, ledger_principal_minor=100_000, ledger_as_of=ON
        )
        for n, (name, figure) in enumerate(theirs.items())
    ]
    accounts.append(
        books.account("P9", "A1", role="co_borrower", ledger_overdue_minor=100_000, ledger_as_of=ON)
    )
    rows = [books.instalment(DUE) | {"person": row["person"], "account": row["account"]} for row in accounts]
    book = books.book(accounts, rows)

    found = agree.breaks(arrears.standing(book, ON, tolerance_minor=10), book.accounts)

    overdue = found.filter(component="overdue")
    assert overdue.select(
        "account", "ours_minor", "theirs_minor", "difference_minor", "size_minor"
    ).rows() == [
        ("A2", 100_500, 105_500, -5_000, 5_000),
        ("A1", 100_500, 100_000, 500, 500),
    ]
    assert found.filter(account="A2").select("component", "beyond").rows() == [
        ("principal", False),
        ("overdue", True),
    ]
    assert set(found["ledger_as_of"]) == {ON}
