"""What is printed of an account's amounts is all that a pocket calculator needs."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.app import amounts, worksheets
from duly.book import agree, arrears, facts
from duly.book.columns import Book
from duly.cli import amounts as door
from duly.cli import show
from duly.model.money import Rounding
from tests.app import calculator
from tests.book import books, contracts

TERMS = {"cure_minor": 0, "cure_days": 0}
DUE = date(2026, 3, 10)


def sheet(book: Book, on: date, rounding: Rounding = Rounding.HALF_UP, account: str = "A1") -> amounts.Sheet:
    """The paper of an account."""
    return amounts.sheet(book, account, on, terms=TERMS, tolerance=agree.Tolerance(), rounding=rounding)


def printed(found: amounts.Sheet) -> calculator.Printed:
    """What `--json` prints, read back from its text."""
    told: calculator.Printed = json.loads(json.dumps(show.jsonable(worksheets.plain(found))))
    return told


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=contracts.accounts(), on=contracts.DAY, rounding=st.sampled_from(list(Rounding)))
def test_every_printed_line_comes_out_of_the_printed_figures_alone(
    case: dict[str, list[dict[str, object]]], on: date, rounding: Rounding
) -> None:
    """Rates, statuses, statements, designations, waivers, reversals, grace, compound, ceilings, ties and bounds."""
    told = printed(sheet(contracts.book([case]), on, rounding, "A0"))

    if told["lacks"] != "beyond_bounds":
        calculator.recompute(told)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=contracts.accounts(), on=contracts.DAY)
def test_the_facts_that_are_sealed_give_the_same_paper(
    case: dict[str, list[dict[str, object]]], on: date
) -> None:
    """Written down and read again, under nobody's name, the account is reckoned to the same lines."""
    book = contracts.book([case])
    owner = book.accounts.select("person", "account")
    (document,) = facts.written(book, owner, on, TERMS | {"rounding": "half_up"})["facts"]

    again = facts.read(document)

    assert (again.account, again.on) == ("A0", on)
    assert printed(sheet(again.book, on, account="A0")) == printed(sheet(book, on, account="A0"))


RICH = {
    "accounts": [
        books.account(overdue_ppm=182_500, ledger_as_of=DUE + timedelta(days=30), ledger_overdue_minor=60_700)
    ],
    "instalments": [
        books.instalment(DUE, 100_000, 2_000, 300),
        books.instalment(DUE + timedelta(days=25), 50_000, 900, seq=2),
        books.instalment(DUE + timedelta(days=90), 50_000, 400, seq=3),
    ],
    "payments": [books.payment(DUE + timedelta(days=10), 42_300, "y1")],
}


def test_a_changed_figure_is_found_by_the_calculator() -> None:
    """One unit more anywhere in a line, in what is left or in a sum, and it no longer comes out."""
    told = printed(sheet(contracts.book([RICH]), DUE + timedelta(days=30), account="A0"))
    calculator.recompute(told)

    places = [(told["sums"], name) for name in told["sums"]]
    for line in told["lines"]:
        names = (
            ("minor", "base_minor", "product", "days", "rate_ppm")
            if line["line"] == "segment"
            else ("minor",)
        )
        places += [(line, name) for name in names]
    places += [(one, part) for one in told["unpaid"] for part in calculator.PARTS]
    assert len(places) > 20
    for where, name in places:
        where[name] += 1
        with pytest.raises(AssertionError):
            calculator.recompute(told)
        where[name] -= 1
    calculator.recompute(told)


def _minor(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def test_the_lines_a_person_reads_come_out_on_a_calculator(capsys: pytest.CaptureFixture[str]) -> None:
    """Base times rate times days over the year, as they are printed, gives the printed result and its rounding."""
    with show.Screen() as screen:
        door.paper(screen, sheet(contracts.book([RICH]), DUE + timedelta(days=30), account="A0"))
    text = capsys.readouterr().out

    found = re.findall(
        r"(\d{4}-\d\d-\d\d) +(\d{4}-\d\d-\d\d) +\d+ +([\d,.]+) × ([\d.]+) % × (\d+) days? ÷ (\d+) = ([\d,.]+)(…?);"
        r".*? ([\d,.]+) *\n",
        text,
    )
    assert len(found) == 3
    for begin, end, base, rate, days, year, result, more, amount in found:
        exact = Fraction(_minor(base)) * Fraction(rate) * int(days) / (100 * int(year))
        assert (date.fromisoformat(end) - date.fromisoformat(begin)).days == int(days)
        shown = Fraction(result.replace(",", "")) * 100
        assert 0 <= exact - shown < Fraction(1, 10_000)
        assert (more == "") is (exact == shown)
        assert _minor(amount) == int(exact + Fraction(1, 2))
    assert "Received (y1)" in text
    assert re.search(
        r"settles fees 3\.00, interest 20\.00, interest on overdue principal 5\.00, principal 395\.00 +-423",
        text,
    )
    assert re.search(r"All that is overdue +CNY 1,121\.30 +CNY 607\.00 +CNY 514\.30", text)
    assert "they differ beyond the tolerance" in text.lower()


@pytest.mark.parametrize(
    ("minor", "exact"),
    [((100_000 * 182_500 * 10, 365 * 10**6), "5.000000"), ((60_500 * 182_500 * 10, 365 * 10**6), "3.025000"),
     ((1, 3), "0.003333…"), ((10**9, 1), "10,000,000.000000")],
)  # fmt: skip
def test_an_exact_result_is_cut_and_never_rounded(minor: tuple[int, int], exact: str) -> None:
    """So that a tie of half a cent shows as one, and what lies below it does not."""
    assert worksheets.exact(*minor, "CNY") == exact


def test_rates_are_told_exactly() -> None:
    """Down to a millionth."""
    assert [worksheets.percent(ppm) for ppm in (0, 1, 182_500, 180_000, 1_000_000)] == [
        "0 %", "0.0001 %", "18.25 %", "18 %", "100 %",
    ]  # fmt: skip


def test_the_paper_and_the_columns_say_the_same() -> None:
    """What is printed for one account is what the plan reckons for a million."""
    book: Any = contracts.book([RICH])
    on = DUE + timedelta(days=30)
    (row,) = arrears.standing(book, on).to_dicts()

    sums = printed(sheet(book, on, account="A0"))["sums"]

    assert {name: row[f"{name}_minor"] for name in sums} == sums
