"""When an account was cured of which episode, and that nothing of it depends on the day on which somebody looks."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import arrears, cures
from duly.book.ledger import Terms
from duly.model.money import Rounding
from tests.book import books, reference, test_twin
from tests.book.test_twin import RATE, START, Row, instalments, payments

FAR = 10_000


def day(n: int) -> date:
    """The n-th day after START."""
    return START + timedelta(days=n)


def due_days(rows: list[Row]) -> list[date]:
    """The due dates of the instalments."""
    return [row["due_on"] for row in rows if isinstance(row["due_on"], date)]


def found(
    rows: list[Row], paid: list[Row], on: date, *, today: int = FAR, begun: int = FAR, **terms: int
) -> list[tuple[date, date]]:
    """The earlier episode of the one account, in columns."""
    limits = {"cure_minor": 0, "cure_days": 0} | terms
    rate = limits.pop("overdue_ppm", 182_500)
    book = books.book(accounts=[books.account(overdue_ppm=rate)], instalments=rows, payments=paid)
    told = cures.before(
        book,
        arrears.standing(book, on, cure_minor=limits["cure_minor"], cure_days=limits["cure_days"]),
        on,
        terms=Terms(**limits, rounding=Rounding.HALF_UP),
        today=today,
        begun=begun,
    )
    return told.select("earlier_on", "cured_on").rows()


def episodes(rows: list[Row], paid: list[Row], on: date, **terms: int) -> list[date | None]:
    """The episode of each evening until `on`, each evening asked by itself, by all that is known on `on`."""
    entries = [
        reference.Entry(r["payment"], r["paid_on"], r["amount_minor"], r["kind"])  # type: ignore[arg-type]
        for r in paid
    ]
    stayed = reference.stayed([entry for entry in entries if entry.paid_on <= on])
    money = [books.payment(when, amount, f"z{n}") for n, (when, amount) in enumerate(stayed) if amount]
    first = min(due_days(rows))
    evenings = range((on - first).days + 1)
    return [
        test_twin.slowly(rows, money, on=first + timedelta(days=n), year_days=365, **terms).episode_on
        for n in evenings
    ]


def over(rows: list[Row], told: list[date | None]) -> list[tuple[date, date]]:
    """The last episode that was over before the one of the last evening."""
    first = min(due_days(rows))
    ended = [
        (before, first + timedelta(days=n + 1))
        for n, (before, after) in enumerate(itertools.pairwise(told))
        if before is not None and after != before
    ]
    return ended[-1:] if told[-1] is not None else []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=instalments(),
    paid=payments(),
    ppm=RATE,
    cure_minor=st.sampled_from([0, 30, 40_000]),
    cure_days=st.integers(0, 3),
    on=st.integers(10, 140).map(day),
)
def test_the_earlier_episode_is_the_one_of_the_evenings(
    rows: list[Row], paid: list[Row], ppm: int, cure_minor: int, cure_days: int, on: date
) -> None:
    """Whatever was paid, bounced or entered late: what the columns say is what a clerk saw who looked each evening."""
    limits = {"cure_minor": cure_minor, "cure_days": cure_days}
    on = max(on, *due_days(rows))

    told = episodes(rows, paid, on, ppm=ppm, **limits)

    assert found(rows, paid, on, overdue_ppm=ppm, **limits) == over(rows, told)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=instalments(), paid=payments(), ppm=RATE, cure_minor=st.sampled_from([0, 30, 40_000]))
def test_an_episode_keeps_its_name_until_there_is_a_payment(
    rows: list[Row], paid: list[Row], ppm: int, cure_minor: int
) -> None:
    """From one evening to the next an episode begins, or stays; only a payment ends it."""
    on = day(140)
    told = episodes(rows, paid, on, ppm=ppm, cure_minor=cure_minor, cure_days=0)
    first = min(due_days(rows))
    payday = {row["paid_on"] for row in paid}

    for n, (before, after) in enumerate(itertools.pairwise(told)):
        quiet = first + timedelta(days=n + 1) not in payday
        assert not (quiet and before is not None and after != before)


def test_overdue_interest_does_not_move_the_day_on_which_an_episode_began() -> None:
    """60 of the first instalment were within the tolerance of 100; its interest passes 40 after a year and more."""
    rows = [books.instalment(START, 60), books.instalment(day(31), 60, seq=2)]
    book = books.book(accounts=[books.account(overdue_ppm=365_000)], instalments=rows)

    for n in (40, 400, 800):
        assert arrears.standing(book, day(n), cure_minor=100)["episode_on"].to_list() == [day(31)]


# -- the tolerance: one cent and one day ----------------------------------------------------------------------------


@pytest.mark.parametrize(("unpaid", "began"), [(100, None), (101, START)])
def test_the_sum_that_is_tolerated_is_tolerated_to_the_cent(unpaid: int, began: date | None) -> None:
    """With `cure_minor: 100` an account that lacks 100 is in no arrears, and one that lacks 101 is."""
    book = books.book(
        accounts=[books.account(overdue_ppm=0)],
        instalments=[books.instalment(START, 10_000)],
        payments=[books.payment(START, 10_000 - unpaid)],
    )

    assert arrears.standing(book, day(9), cure_minor=100)["episode_on"].to_list() == [began]


@pytest.mark.parametrize(("left", "cured"), [(100, True), (101, False)])
def test_an_episode_is_over_when_what_is_left_is_tolerated(left: int, cured: bool) -> None:
    """It had begun; a payment that leaves 100 ends it, and one that leaves 101 does not."""
    rows = [books.instalment(START, 10_000), books.instalment(day(30), 10_000, seq=2)]
    paid = [books.payment(day(5), 10_000 - left)]

    assert found(rows, paid, day(31), overdue_ppm=0, cure_minor=100) == ([(START, day(5))] if cured else [])


@pytest.mark.parametrize(("n", "began"), [(2, None), (3, START)])
def test_the_days_that_are_tolerated_are_tolerated_to_the_day(n: int, began: date | None) -> None:
    """With `cure_days: 2` two days past due are no arrears, and three are, from the due date on."""
    book = books.book(accounts=[books.account()], instalments=[books.instalment(START, 10_000)])

    assert arrears.standing(book, day(n), cure_days=2)["episode_on"].to_list() == [began]


@pytest.mark.parametrize(("paid", "cured"), [(2, []), (3, []), (4, [(START, day(4))])])
def test_who_pays_within_the_tolerated_days_was_never_in_arrears(
    paid: int, cured: list[tuple[date, date]]
) -> None:
    """Paid on the third day, there was no evening on which more than two days were past; on the fourth there was."""
    rows = [books.instalment(START, 10_000), books.instalment(day(30), 10_000, seq=2)]

    assert found(rows, [books.payment(day(paid), 10_000)], day(33), overdue_ppm=0, cure_days=2) == cured


@pytest.mark.parametrize(("late", "cured"), [(2, True), (3, False)])
def test_what_is_left_may_be_as_recent_as_the_tolerated_days(late: int, cured: bool) -> None:
    """The old instalment is paid when the next one is two days late: it is over. At three days it goes on."""
    rows = [books.instalment(START, 10_000), books.instalment(day(10), 10_000, seq=2)]

    expected = [(START, day(10 + late))] if cured else []

    assert (
        found(rows, [books.payment(day(10 + late), 10_000)], day(14), overdue_ppm=0, cure_days=2) == expected
    )


# -- how far back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "begun", "seen"), [(13, 0, True), (12, 0, False), (0, 5, True), (0, 4, False)]
)
def test_a_cure_is_looked_for_as_far_back_as_was_asked(today: int, begun: int, seen: bool) -> None:
    """Cured on day 5, due again on day 10, looked at on day 18: 13 days before today, 5 before the episode."""
    rows = [books.instalment(START, 100), books.instalment(day(10), 100, seq=2)]

    expected = [(START, day(5))] if seen else []

    assert found(rows, [books.payment(day(5), 100)], day(18), today=today, begun=begun) == expected


def test_a_reversal_of_a_later_day_undoes_the_cure() -> None:
    """The payment that had ended the first episode bounced: there was one episode, and no cure."""
    rows = [books.instalment(START, 100), books.instalment(day(10), 100, seq=2)]
    paid = [books.payment(day(5), 100, "y1"), books.payment(day(15), 100, "y1", "reversal")]

    assert found(rows, paid, day(14)) == [(START, day(5))]
    assert found(rows, paid, day(15)) == []


def test_an_account_of_two_borrowers_has_one_earlier_episode() -> None:
    """The case is the account's: its rows stand there once for each person, and are one account."""
    people = ("P1", "P2")
    rows = [
        row
        for person in people
        for row in (
            books.instalment(START, 100, person=person),
            books.instalment(day(10), 100, seq=2, person=person),
        )
    ]
    paid = [books.payment(day(5), 100, person=person) for person in people]
    book = books.book(accounts=[books.account(person) for person in people], instalments=rows, payments=paid)

    told = cures.before(
        book, arrears.standing(book, day(12)), day(12),
        terms=Terms(cure_minor=0, cure_days=0, rounding=Rounding.HALF_UP), today=FAR, begun=FAR,
    )  # fmt: skip

    assert told.rows() == [("A1", START, day(5))]
