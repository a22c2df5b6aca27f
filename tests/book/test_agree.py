"""The break report: where we and the lender's ledger differ."""

from __future__ import annotations

from datetime import date, timedelta

from duly.book import agree, arrears
from tests.book import books

DUE = date(2026, 3, 10)
ON = DUE + timedelta(days=10)


def test_a_break_shows_both_figures_once_per_account_and_the_largest_first() -> None:
    """A co-borrower does not double it; accounts that agree or have no figure are not in it."""
    theirs = {"A1": 100_000, "A2": 105_500, "A3": 100_500, "A4": None}
    accounts = [
        books.account(f"P{n}", name, ledger_overdue_minor=figure, ledger_as_of=ON)
        for n, (name, figure) in enumerate(theirs.items())
    ]
    accounts.append(
        books.account("P9", "A1", role="co_borrower", ledger_overdue_minor=100_000, ledger_as_of=ON)
    )
    rows = [books.instalment(DUE) | {"person": row["person"], "account": row["account"]} for row in accounts]
    book = books.book(accounts, rows)

    found = agree.breaks(arrears.standing(book, ON, tolerance_minor=10), book.accounts)

    assert found.select("account", "ours_minor", "theirs_minor", "difference_minor").rows() == [
        ("A2", 100_500, 105_500, -5_000),
        ("A1", 100_500, 100_000, 500),
    ]
    assert found["ledger_as_of"].to_list() == [ON, ON]
