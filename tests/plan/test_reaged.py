"""The lender's own count may choose when a reminder is said, and moves no clock and nothing on which a right hangs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from duly.book.columns import REAGE, Book
from duly.plan import explain, limitation, plan
from duly.plan.ladder import Strategy
from tests.plan import plans, worlds
from tests.plan.plans import ON
from tests.plan.strategies import REAGED
from tests.plan.test_limitation import KEEP

BY_LENDER = """
strategy: lender
segments:
  - name: default
    stages:
      - {name: first, from_dpd: 1, BYnotice: overdue_first, channel: [sms], every: 3d, deadline: 5d}
      - {name: firm, from_dpd: 8, BYnotice: overdue_firm, channel: [sms], deadline: 10d}
"""


def by(word: str) -> Strategy:
    """A strategy whose stages count so."""
    return worlds.loaded(BY_LENDER.replace("BY", f"by: {word}, " if word else ""))


def reaged(book: Book, *rows: tuple[date, date]) -> Book:
    """The book with the account re-aged on each of these days, counted from the other."""
    listed = [
        {"person": "P1", "account": "A1", "reaged_on": when, "counts_from": start, "kind": "restructured"}
        for when, start in rows
    ]
    return replace(book, reages=worlds.frame(listed, REAGE))


def twice_late() -> Book:
    """An account with one instalment 40 days late and one three days late."""
    due = [ON - timedelta(days=40), ON - timedelta(days=3)]
    rows = [plans.instalment(day, seq=n) for n, day in enumerate(due, 1)]
    return plans.late(instalments=rows)


RESTRUCTURED = (ON - timedelta(days=10), ON - timedelta(days=10))
DEFERRED = (ON - timedelta(days=10), ON + timedelta(days=30))


@pytest.mark.parametrize(
    ("word", "row", "code"),
    [
        (
            "reaged",
            RESTRUCTURED,
            "first_notice",
        ),  # three days late by the lender's count, and the first begins at one
        ("reaged", DEFERRED, "stage_not_reached"),
        ("contractual", DEFERRED, "first_notice"),
        ("", DEFERRED, "first_notice"),
    ],
)
def test_a_stage_opens_by_the_count_that_it_names(word: str, row: tuple[date, date], code: str) -> None:
    """By the contract unless the strategy says otherwise."""
    found = plans.decide(reaged(twice_late(), row), strategy=by(word))

    assert plans.decision(found)["code"] == code


def test_a_decision_shows_both_counts() -> None:
    """Days past due are the contract's; the lender's own stand beside them, and are told of in words."""
    told = plans.decision(plans.decide(reaged(twice_late(), RESTRUCTURED), strategy=by("reaged")))

    assert (told["dpd"], told["reaged_dpd"]) == (40, 3)
    assert any("40 days past due, 3 as the lender counts" in said for said in explain.sentences(told, "en"))
    assert any("逾期40天，展期重组后机构自行计为3天" in said for said in explain.sentences(told, "zh-CN"))


@pytest.mark.parametrize(("start", "code"), [(1, "first_notice"), (0, "stage_not_reached")])
def test_a_stage_opens_on_the_day_that_the_lender_counts(start: int, code: str) -> None:
    """The first begins at one day past due: counted from yesterday's due date it opens, and today's is not late yet."""
    book = plans.late(
        instalments=[
            plans.instalment(ON - timedelta(days=40)),
            plans.instalment(ON - timedelta(days=start), seq=2),
        ]
    )

    found = plans.decide(
        reaged(book, (ON - timedelta(days=20), ON - timedelta(days=20))), strategy=by("reaged")
    )

    assert plans.decision(found)["code"] == code


DAYS = st.integers(-1_200, 60).map(lambda n: ON + timedelta(days=n))
ROWS = st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=3, unique_by=lambda row: row[0])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, late=st.integers(1, 1_300))
def test_no_clock_moves_however_often_an_account_is_re_aged(rows: list[tuple[date, date]], late: int) -> None:
    """The limitation and guarantee clocks, the stage that waits for them and the bucket are those of the contract."""
    book = plans.late(late)
    plain = plans.inputs(book, strategy=worlds.loaded(KEEP))
    told = replace(plain, book=reaged(book, *rows))

    assert limitation.clocks(told) == limitation.clocks(plain)
    assert_frame_equal(limitation.holds(told), limitation.holds(plain))
    assert_frame_equal(
        plan.decide(told).decisions.drop("reaged_dpd"), plan.decide(plain).decisions.drop("reaged_dpd")
    )


GUARDED = REAGED


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shifts=st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=14, max_size=14),
    seed=st.integers(0, 5),
)
def test_what_is_guarded_is_said_on_the_day_on_which_it_is_said_without(
    shifts: list[int | None], seed: int
) -> None:
    """Two weeks, with any count of the lender's and without: what happens to the demand is the same, day by day."""
    stories = []
    for counts in (shifts, None):
        debt = worlds.Debt("A1", [worlds.START + timedelta(days=n) for n in (0, 5 + seed)])
        world = worlds.World(worlds.loaded(GUARDED), [debt])
        for n in range(14):
            debt.changes = {} if counts is None else {"reaged_dpd": counts[n]}
            for notice in world.due(world.plan(worlds.START + timedelta(days=n + 1))):
                world.carry(notice, worlds.START + timedelta(days=n + 1), arrival="delivered")
        stories.append([entry for entry in world.log if entry[3] == "demand"])

    assert stories[0] == stories[1] != []


def test_an_account_that_was_not_re_aged_is_counted_by_the_contract_under_any_strategy() -> None:
    """A strategy that counts by the lender says of other accounts what it would say without."""
    found = [plans.decide(twice_late(), strategy=by(word)).decisions for word in ("reaged", "contractual")]

    same = [frame.drop("strategy_digest") for frame in found]
    assert_frame_equal(same[0], same[1])
    assert same[0]["reaged_dpd"].dtype == pl.Int32
