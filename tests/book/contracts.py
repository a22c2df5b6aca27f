"""Invented contracts for Hypothesis: everything a contract or a history may hold, small figures and ties frequent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from duly.book import columns
from duly.book.reckoning import Reckoned
from duly.model import money
from tests.book import books

Row = dict[str, object]
START = date(2027, 12, 20)
AMOUNT = st.one_of(st.integers(0, 60), st.sampled_from([0, 3_650, 36_500, 100_000, 10**10, money.MAX_MINOR]))
PAID = st.one_of(st.integers(1, 80), st.sampled_from([3_651, 36_501, 100_000, 10**10, money.MAX_MINOR]))
RATE = st.sampled_from([0, 1, 50_000, 182_500, 240_000, 365_000, money.MAX_PPM])
DAY = st.integers(0, 150).map(lambda days: START + timedelta(days=days))
PART = st.sampled_from(sorted(columns.PARTS))


def maybe(given: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Absent about half the time."""
    return st.one_of(st.none(), given)


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Any]:
    """What the contract says, on the account."""
    return {
        "overdue_ppm": draw(RATE),
        "year_days": draw(st.sampled_from([360, 365])),
        "product": draw(st.sampled_from(["cash_loan", "card"])),
        "contract_on": draw(maybe(DAY.map(lambda day: day - timedelta(days=60)))),
        "day_count": draw(maybe(st.sampled_from(sorted(columns.DAY_COUNTS)))),
        "rounds": draw(maybe(st.sampled_from(sorted(columns.ROUNDS)))),
        "compound_months": draw(maybe(st.integers(1, 3))),
        "grace_days": draw(maybe(st.integers(0, 20))),
        "clause": draw(maybe(st.sampled_from(sorted(columns.CLAUSES)))),
        "cap_ppm": draw(maybe(RATE)),
        "all_in_cap_ppm": draw(maybe(RATE)),
        "outside_charges": draw(maybe(st.sampled_from(["none", "listed"]))),
        "status": draw(st.sampled_from(["overdue", "accelerated", "restructured"])),
        "status_since": draw(DAY),
        # The ledger says nothing is owed, so all that we reckon for its day is told.
        "ledger_overdue_minor": 0,
        "ledger_balance_minor": 0,
        "ledger_as_of": draw(DAY),
    }


@st.composite
def entries(draw: st.DrawFn) -> list[Row]:
    """Payments and waivers, some of which say what they are for, and reversals of one of them or of nobody."""
    rows = [
        books.payment(
            draw(DAY),
            draw(PAID),
            f"y{number}",
            draw(st.sampled_from(["payment", "payment", "waiver"])),
            toward=draw(maybe(st.integers(1, 4))) if draw(st.booleans()) else None,
            part=draw(maybe(PART)) if draw(st.booleans()) else None,
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    named = draw(st.lists(st.sampled_from([f"y{number}" for number in range(8)]), unique=True, max_size=2))
    return rows + [books.payment(draw(DAY), draw(PAID), name, "reversal") for name in named]


@st.composite
def statements(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """A card's statements, and the instalments that stand for them."""
    asked, lines = [], []
    for number, day in enumerate(sorted(draw(st.lists(DAY, min_size=1, max_size=4, unique=True))), start=1):
        parts = {part: draw(AMOUNT) for part in ("principal_minor", "interest_minor", "fee_minor")}
        due, past = day + timedelta(days=draw(st.integers(0, 25))), draw(st.integers(0, 50))
        least = past + sum(parts.values())
        told = {
            "seq": number,
            "statement_on": day,
            "due_on": due,
            "minimum_minor": least,
            "past_due_minor": past,
        }
        asked.append(books.of_account(**told, balance_minor=least + draw(AMOUNT)))
        lines.append(books.instalment(due, seq=number) | parts)
    return asked, lines


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, list[Row]]:
    """One account with all its rows, by frame."""
    asked, lines = draw(statements()) if draw(st.integers(0, 4)) == 0 else ([], [])
    if not asked:
        lines = [
            books.instalment(draw(DAY), draw(AMOUNT), draw(AMOUNT), draw(AMOUNT), seq=number)
            for number in range(1, draw(st.integers(1, 4)) + 1)
        ]
    since = st.lists(DAY, unique=True, max_size=2)
    words = st.sampled_from(["overdue", "accelerated", "restructured", "current"])
    rates = [
        books.of_account(since=day, rate_ppm=0, overdue_ppm=draw(RATE), uplift_ppm=None)
        for day in draw(since)
    ]
    return {
        "accounts": [books.account(**draw(terms()))],
        "instalments": lines,
        "payments": draw(entries()),
        "terms": rates,
        "statuses": [books.of_account(since=day, status=draw(words)) for day in draw(since)],
        "charges": [
            books.of_account(charge=f"c{number}", charged_on=draw(DAY), amount_minor=draw(PAID))
            for number in range(draw(st.integers(0, 2)))
        ],
        "statements": asked,
    }


def book(cases: list[dict[str, list[Row]]]) -> columns.Book:
    """A book of these accounts, each under a person of its own."""
    rows: dict[str, list[Row]] = {}
    for number, case in enumerate(cases):
        owner = {"person": f"P{number}", "account": f"A{number}"}
        for name, found in case.items():
            rows.setdefault(name, []).extend(row | owner for row in found)
    return books.book(**rows)


def read(row: Row) -> Row:
    """A row of ARREARS under the names of `Reckoned`."""
    amounts = ("fee", "interest", "penalty", "principal", "overdue", "total", "barred", "next_due")
    same = ("dpd", "first_unpaid_on", "episode_on", "next_due_on", "lacks")
    return {name: row[f"{name}_minor"] for name in amounts} | {name: row[name] for name in same}


def told(found: Reckoned) -> Row:
    """The same figures of the plain reckoning."""
    amounts = ("fee", "interest", "penalty", "principal", "overdue", "total", "barred", "next_due")
    return {
        name: getattr(found, name)
        for name in (*amounts, "dpd", "first_unpaid_on", "episode_on", "next_due_on", "lacks")
    }
