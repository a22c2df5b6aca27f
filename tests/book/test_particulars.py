"""The columnar course of the accounts with particulars equals the plain reckoning of each, on whatever is invented."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import arrears, contract, reckoning
from duly.model.money import Rounding
from tests.book import contracts

Case = dict[str, list[dict[str, object]]]
_ASKED = {
    # Many accounts in one book: a round of the columns costs the same for each.
    "cases": st.lists(contracts.accounts(), min_size=1, max_size=24),
    "on": contracts.DAY,
    "cure_minor": st.sampled_from([0, 1, 20, 100_000]),
    "cure_days": st.sampled_from([0, 1, 10]),
    "rounding": st.sampled_from(list(Rounding)),
}


def compare(cases: list[Case], on: date, cure_minor: int, cure_days: int, rounding: Rounding) -> None:
    """Every column of every account, every line of what is unpaid, and the figures of the ledger's own day."""
    book = contracts.book(cases)

    found = arrears.standing(book, on, cure_minor=cure_minor, cure_days=cure_days, rounding=rounding)
    lines = arrears.unpaid(book, on, rounding=rounding)

    as_of = dict(book.accounts.select("account", "ledger_as_of").iter_rows())
    for row in found.to_dicts():
        facts = contract.of(book, row["account"])
        plain = reckoning.reckon(facts, on, cure_minor=cure_minor, cure_days=cure_days, rounding=rounding)
        assert contracts.read(row) == contracts.told(plain)
        unpaid = [
            (one.seq, one.due_on, one.fee, one.interest, one.penalty, one.principal) for one in plain.unpaid
        ]
        theirs = lines.filter(lines["account"] == row["account"]).drop("person", "account").rows()
        assert theirs == unpaid
        of_ledger = reckoning.reckon(facts, as_of[row["account"]], rounding=rounding)
        assert row["ledger_difference_minor"] == of_ledger.overdue
        beside = {one["component"]: one["ours_minor"] for one in row["beside"] or ()}
        assert beside.get("balance", 0) == of_ledger.total


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(**_ASKED)
def test_every_account_equals_its_plain_reckoning(
    cases: list[Case], on: date, cure_minor: int, cure_days: int, rounding: Rounding
) -> None:
    """Rates, statuses, statements, designations, waivers, reversals, grace, compound, ceilings, ties and bounds."""
    compare(cases, on, cure_minor, cure_days, rounding)


@pytest.mark.long
@settings(
    max_examples=2_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(**_ASKED)
def test_every_account_equals_its_plain_reckoning_on_many_more(
    cases: list[Case], on: date, cure_minor: int, cure_days: int, rounding: Rounding
) -> None:
    """The same with many more examples."""
    compare(cases, on, cure_minor, cure_days, rounding)
