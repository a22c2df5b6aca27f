"""The lender's own count since it re-aged an account stands beside the contract's, and is never more."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import arrears, reaged
from tests.book import books, lender
from tests.book.test_twin import DAY, START, Row, instalments, payments


def day(n: int) -> date:
    """The n-th day after START."""
    return START + timedelta(days=n)


def reage(n: int, counts_from: int | None = None, **changes: object) -> Row:
    """The account was re-aged on the n-th day."""
    start = day(n if counts_from is None else counts_from)
    row: Row = {"reaged_on": day(n), "counts_from": start, "kind": "restructured"}
    return books.of_account(**row | changes)


def counted(on: int, *reages: Row, paid: list[Row] | None = None) -> list[int | None]:
    """The lender's count of an account of three instalments, thirty days apart."""
    rows = [books.instalment(day(30 * n), 10_000, seq=n + 1) for n in range(3)]
    book = books.book(accounts=[books.account()], instalments=rows, payments=paid or [], reages=list(reages))
    return reaged.days(book, day(on))["reaged_dpd"].to_list()


@pytest.mark.parametrize(("on", "days"), [(39, []), (40, [-20]), (60, [0]), (61, [1]), (95, [35])])
def test_the_lender_counts_from_the_first_due_date_after_it_re_aged(on: int, days: list[int]) -> None:
    """Re-aged on day 40, with 40 days past due: the next due date is day 60, and before day 40 it counts nothing."""
    assert counted(on, reage(40)) == days


def test_a_deferral_counts_nothing_until_the_day_that_it_names() -> None:
    """The instalment of day 60 is left out too where the lender counts from day 61."""
    assert counted(70, reage(40, 60)) == [10]
    assert counted(70, reage(40, 61)) == [None]


def test_the_last_re_ageing_counts() -> None:
    """Re-aged twice: the count is that of the second, and of the first until it comes."""
    both = (reage(5), reage(40))

    assert counted(39, *both) == [9]
    assert counted(40, *both) == [-20]


def test_a_payment_moves_both_counts() -> None:
    """Everything that fell due is paid on day 70: neither the lender nor the contract counts anything any more."""
    paid = [books.payment(day(70), 100_000)]

    assert counted(71, reage(40)) == [11]
    assert counted(71, reage(40), paid=paid) == [None]


def test_an_account_that_was_not_re_aged_has_no_row() -> None:
    """Most accounts never are, and cost nothing."""
    assert counted(70) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=instalments(),
    paid=payments(),
    reages=st.lists(st.tuples(DAY, DAY), min_size=1, max_size=3, unique_by=lambda pair: pair[0]),
    on=st.integers(0, 140).map(day),
)
def test_it_is_never_more_than_the_contract_and_changes_nothing_else(
    rows: list[Row], paid: list[Row], reages: list[tuple[date, date]], on: date
) -> None:
    """Whatever the lender re-ages: arrears, episode and days past due by the contract are what they are without."""
    listed = [books.of_account(reaged_on=when, counts_from=start, kind="extended") for when, start in reages]
    plain = books.book(accounts=[books.account()], instalments=rows, payments=paid)
    told = books.book(accounts=[books.account()], instalments=rows, payments=paid, reages=listed)

    by_contract = arrears.standing(told, on)

    assert by_contract.equals(arrears.standing(plain, on))
    for count in reaged.days(told, on)["reaged_dpd"].drop_nulls():
        assert count <= by_contract["dpd"].item()


# -- from the lender's files ----------------------------------------------------------------------------------------

YAML = lender.YAML + (
    "  reages:\n"
    "    files: data/reages.csv\n"
    "    columns: {no: account, on: reaged_on, from: counts_from, what: kind}\n"
    "    values: {kind: {D: deferred, X: extended}}\n"
)


def test_a_feed_of_re_ageings_is_read_under_every_person_of_its_account(tmp_path: Path) -> None:
    """Where no due date is named the lender counts from the day; where nothing says what it did, it restructured."""
    rows = "no,on,from,what\nA1,2026-03-12,,\nA1,2026-03-15,2026-04-10,D\n"

    book = lender.loaded(tmp_path, YAML, reages=rows).book

    assert book.reages.filter(person="P1").drop("person", "account").rows() == [
        (date(2026, 3, 12), date(2026, 3, 12), "restructured"),
        (date(2026, 3, 15), date(2026, 4, 10), "deferred"),
    ]
    assert book.reages["person"].unique().sort().to_list() == ["P1", "P2"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A9,2026-03-12,,", "account_unknown"),
        ("A1,2026-03-12,2026-04-10,D", "duplicate"),
        ("A1,2026-03-15,,Q", "word"),
        ("A1,15/03/2026,,", "date_impossible"),
    ],
)
def test_a_row_that_cannot_stand_is_left_out_with_its_reason(tmp_path: Path, row: str, code: str) -> None:
    """An account that is none, a second re-ageing of one day, a word or a day that is none."""
    loaded = lender.loaded(tmp_path, YAML, reages=f"no,on,from,what\nA1,2026-03-12,,X\n{row}\n")

    assert loaded.quarantine.filter(feed="reages")["code"].to_list() == [code]
    assert loaded.book.reages.filter(person="P1").height == 1


def test_a_lender_without_such_a_feed_says_nothing_of_it(tmp_path: Path) -> None:
    """There are none, and nothing is missing."""
    assert lender.loaded(tmp_path).book.reages.is_empty()
