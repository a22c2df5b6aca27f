"""Each rule by which a contract departs from the plain reckoning, by figures that a pocket calculator repeats."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from duly.book import arrears, contract, reckoning
from duly.book.reckoning import Reckoned
from duly.book.worksheet import Ceiling, Fell, Joined, Segment, Settlement
from duly.model import money
from tests.book import books, contracts

DUE = date(2026, 3, 10)
# 1,000.00 at 18.25 % by 365 days bears 0.50 a day.
A_DAY = 50


def reckon(
    on: date, *lines: dict[str, object], payments: list[dict[str, object]] | None = None,
    terms: list[dict[str, object]] | None = None, statuses: list[dict[str, object]] | None = None,
    charges: list[dict[str, object]] | None = None, statements: list[dict[str, object]] | None = None,
    **head: Any,
) -> Reckoned:  # fmt: skip
    """The account A1 by the plain reckoning; that the columns say the same is asserted on the way."""
    book = books.book(
        [books.account(**head)],
        lines or [books.instalment(DUE)],
        payments or [],
        terms=[books.of_account(rate_ppm=0, uplift_ppm=None, **row) for row in terms or []],
        statuses=[books.of_account(**row) for row in statuses or []],
        charges=[books.of_account(**row) for row in charges or []],
        statements=[books.of_account(**row) for row in statements or []],
    )
    found = reckoning.reckon(contract.of(book, "A1"), on)
    (row,) = arrears.standing(book, on).to_dicts()
    assert contracts.read(row) == contracts.told(found)
    return found


def segments(found: Reckoned) -> list[tuple[int, int, int, int]]:
    """Days, base, rate and interest of each segment."""
    runs = [line for line in found.lines if isinstance(line, Segment)]
    return [(line.days, line.base_minor, line.rate_ppm, line.minor) for line in runs]


def test_a_change_of_the_rate_opens_a_segment() -> None:
    """Ten days at 18.25 %, ten at 36.5 %: 5.00 and 10.00."""
    found = reckon(date(2026, 3, 30), terms=[{"since": date(2026, 3, 20), "overdue_ppm": 365_000}])

    assert segments(found) == [(10, 100_000, 182_500, 500), (10, 100_000, 365_000, 1_000)]
    assert found.penalty == 1_500


def test_a_ceiling_on_the_rate_counts_before_what_was_agreed() -> None:
    """9.125 % instead of 18.25 %."""
    found = reckon(date(2026, 3, 30), cap_ppm=91_250)

    assert found.penalty == 20 * A_DAY // 2


@pytest.mark.parametrize(
    ("day_count", "days"), [(None, 59), ("actual/365", 59), ("30/360", 60), ("30E/360", 60)]
)
def test_days_are_counted_as_the_contract_says(day_count: str | None, days: int) -> None:
    """From 31 January to 31 March there are 59 days, or two months of 30."""
    found = reckon(
        date(2026, 3, 31), books.instalment(date(2026, 1, 31)), day_count=day_count, overdue_ppm=180_000
    )

    year = 365 if day_count in (None, "actual/365") else 360
    exact = money.divide(100_000 * 180_000 * days, year * money.PPM, money.Rounding.HALF_UP)
    assert (found.penalty, segments(found)[0][0]) == (exact, days)


@pytest.mark.parametrize(("rounds", "penalty"), [(None, 3), ("segment", 3), ("total", 2)])
def test_each_segment_is_rounded_or_their_total(rounds: str | None, penalty: int) -> None:
    """Three days of half a cent: three rounded up one by one, or one and a half rounded once."""
    turns = [{"since": date(2026, 3, day), "status": "overdue"} for day in (11, 12)]

    found = reckon(date(2026, 3, 13), books.instalment(DUE, 1_000), statuses=turns, rounds=rounds)

    assert found.penalty == penalty
    assert sum(minor for *_, minor in segments(found)) == penalty


def test_unpaid_interest_bears_interest_where_that_was_agreed() -> None:
    """After a month 10.00 of interest and 15.50 of overdue interest join the 1,000.00: ten days more are 5.13."""
    found = reckon(date(2026, 4, 20), books.instalment(DUE, 100_000, 1_000), compound_months=1)

    assert segments(found) == [(31, 100_000, 182_500, 1_550), (10, 102_550, 182_500, 513)]
    assert [line.minor for line in found.lines if isinstance(line, Joined)] == [2_550]
    assert (found.principal, found.interest, found.penalty) == (100_000, 1_000, 2_063)


@pytest.mark.parametrize(
    ("day", "dpd", "overdue"), [(13, 0, 0), (14, 4, 100_000 + 4 * A_DAY)], ids=["last", "over"]
)
def test_grace_is_kept_or_counts_from_the_due_date(day: int, dpd: int, overdue: int) -> None:
    """On the third day nothing is overdue yet; on the fourth everything is, from the due date."""
    found = reckon(date(2026, 3, day), grace_days=3)

    assert (found.dpd, found.overdue) == (dpd, overdue)


def test_what_is_paid_within_grace_bears_nothing() -> None:
    """Paid on the last day of grace the debt is settled to the cent."""
    found = reckon(date(2026, 6, 1), payments=[books.payment(date(2026, 3, 13), 100_000)], grace_days=3)

    assert (found.overdue, found.total, found.episode_on) == (0, 0, None)


@pytest.mark.parametrize(
    ("day", "principal", "rule"),
    [(1, 59_500, "cn-cont-04"), (2, 50_000, "contract-principal-first-from-91")],
    ids=["90 days", "91 days"],
)
def test_principal_comes_first_from_the_91st_day_where_the_contract_says_so(
    day: int, principal: int, rule: str
) -> None:
    """500.00 on the 90th day go to 50.00 of interest, 45.00 of overdue interest and the rest; the day after, all."""
    paid = date(2026, 4, day)
    line = books.instalment(date(2026, 1, 1), 100_000, 5_000)

    found = reckon(paid, line, payments=[books.payment(paid, 50_000)], clause="principal_first_from_91")

    (settled,) = (line for line in found.lines if isinstance(line, Settlement))
    assert (found.principal, settled.rule, settled.dpd) == (principal, rule, 89 + day)


@pytest.mark.parametrize(("waived", "left", "lapsed"), [(300, 200, 0), (900, 0, 400)])
def test_a_waiver_of_a_part_forgives_that_part_and_no_more(waived: int, left: int, lapsed: int) -> None:
    """What it is larger than that part lapses, and settles no principal."""
    row = books.payment(date(2026, 3, 20), waived, kind="waiver", part="penalty")

    found = reckon(date(2026, 3, 20), payments=[row])

    (settled,) = (line for line in found.lines if isinstance(line, Settlement))
    assert (found.penalty, found.principal, settled.left_minor) == (left, 100_000, lapsed)


def test_the_payer_names_the_instalment() -> None:
    """Civil Code art. 560: the younger debt, its overdue interest of 2.50 first; the older is not touched."""
    lines = [books.instalment(DUE, seq=1), books.instalment(date(2026, 3, 15), seq=2)]
    named = books.payment(date(2026, 3, 20), 30_000, toward=2)

    found = reckon(date(2026, 3, 20), *lines, payments=[named])

    assert [(one.seq, one.principal, one.penalty) for one in found.unpaid] == [
        (1, 100_000, 500),
        (2, 70_250, 0),
    ]


def test_acceleration_makes_all_principal_fall_due_and_keeps_the_total_apart() -> None:
    """Of the running period's 31.00 of interest, 15 of 31 days are owed; of later periods nothing."""
    lines = [
        books.instalment(DUE, seq=1),
        books.instalment(date(2026, 4, 10), 100_000, 3_100, 100, seq=2),
        books.instalment(date(2026, 5, 10), 100_000, 3_000, 100, seq=3),
    ]
    turn = [{"since": date(2026, 3, 25), "status": "accelerated"}]

    before, day, after = (reckon(date(2026, 3, n), *lines, statuses=turn) for n in (24, 25, 26))

    assert (before.overdue, before.total) == (100_000 + 14 * A_DAY, 300_000 + 14 * A_DAY)
    assert (day.overdue, day.next_due_on) == (100_000 + 15 * A_DAY, date(2026, 3, 25))
    assert (after.principal, after.interest, after.fee) == (300_000, 1_500, 100)
    assert (after.penalty, after.total) == (16 * A_DAY + 2 * A_DAY, after.overdue)
    assert [(one.interest_minor, one.days, one.of_days) for one in after.lines if isinstance(one, Fell)] == [
        (1_500, 15, 31),
        (0, 0, 31),
    ]


ALL_IN: dict[str, Any] = {"all_in_cap_ppm": 182_500, "contract_on": date(2026, 1, 9)}


@pytest.mark.parametrize(
    ("outside", "charges", "fee", "barred"),
    [
        ("none", [], 3_050, 2_000),
        ("listed", [{"charge": "c", "charged_on": date(2026, 3, 1), "amount_minor": 1_000}], 2_050, 3_000),
    ],
)
def test_all_costs_together_stay_below_their_ceiling(
    outside: str, charges: list[dict[str, object]], fee: int, barred: int
) -> None:
    """61 days of 1,000.00 at 18.25 % allow 30.50; of the fee of 50.00 and overdue interest the rest is barred."""
    line = books.instalment(DUE, 100_000, fee=5_000)

    found = reckon(date(2026, 3, 11), line, charges=charges, outside_charges=outside, **ALL_IN)

    (ceiling,) = (line for line in found.lines if isinstance(line, Ceiling))
    assert ceiling.allowed_minor == 61 * A_DAY
    assert (found.fee, found.penalty, found.barred, found.lacks) == (fee, 0, barred, None)


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({"outside_charges": None}, "outside_charges"),
        ({"outside_charges": "none", "contract_on": None}, "contract_on"),
        ({"outside_charges": "none"}, None),
    ],
)
def test_a_ceiling_that_cannot_be_told_says_which_fact_is_missing(
    changed: dict[str, Any], lacks: str | None
) -> None:
    """Nobody said what others charged, or from when the credit runs."""
    assert reckon(date(2026, 3, 30), **(ALL_IN | changed)).lacks == lacks


STATEMENT = {
    "seq": 1, "statement_on": date(2026, 3, 1), "due_on": date(2026, 3, 20), "balance_minor": 300_000,
    "minimum_minor": 50_000, "past_due_minor": 0,
}  # fmt: skip


def test_of_a_card_the_minimum_payment_is_overdue_and_the_balance_is_owed() -> None:
    """What is paid beyond the minimum lowers the balance, and settles no later statement."""
    lines = [
        books.instalment(date(2026, 3, 20), 50_000, seq=1),
        books.instalment(date(2026, 4, 20), 40_000, seq=2),
    ]
    later = STATEMENT | {"seq": 2, "statement_on": date(2026, 4, 1), "due_on": date(2026, 4, 20)}
    told = [STATEMENT, later | {"balance_minor": 240_000, "minimum_minor": 40_000}]
    paid = [books.payment(date(2026, 3, 25), 60_000)]

    due, late, settled, again = (
        reckon(date(2026, month, day), *lines, payments=paid, statements=told, product="card")
        for month, day in ((3, 20), (3, 21), (3, 25), (4, 21))
    )

    assert (due.overdue, due.total) == (0, 300_000)
    assert (late.overdue, late.dpd, late.total) == (50_025, 1, 300_025)
    assert (settled.overdue, settled.total) == (0, 250_000 - (60_000 - 50_125))
    assert (again.overdue, again.dpd, again.total) == (40_020, 1, 240_020)


def test_interest_on_interest_beyond_all_bounds_is_said_and_not_used() -> None:
    """At the largest amount and rate the base would pass 1e13 minor units."""
    line = books.instalment(DUE, money.MAX_MINOR)

    found = reckon(date(2026, 6, 20), line, compound_months=1, overdue_ppm=money.MAX_PPM)

    assert found.lacks == "beyond_bounds"
