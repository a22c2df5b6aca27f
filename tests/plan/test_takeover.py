"""Accounts taken over in mid-episode: what the system before is shown to have done counts, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.model import past as pasts
from duly.model.notice import Grade
from duly.model.past import Proof
from duly.plan import columns, stage, takeover
from duly.plan.code import Code
from duly.plan.takeover import Policy, StartAt
from tests.plan import worlds

TEXT = """
strategy: over
segments:
  - name: default
    stages:
      - {name: soon, from_dpd: -3, notice: soon, channel: [sms]}
      - {name: first, from_dpd: 1, notice: one, channel: [sms], fallback: [email], every: 3d, deadline: 5d}
      - {name: firm, from_dpd: 8, notice: two, channel: [sms], every: 5d, deadline: 10d, served: [delivered]}
      - {name: m2, from_dpd: 31, notice: three, channel: [letter], every: 10d, deadline: 30d,
         served: [attempted, delivered, agreed_address]}
      - {name: prelegal, from_dpd: 91, after: {stage: m2, served: [delivered, acknowledged]}, notice: four,
         channel: [letter], deadline: 15d, approval: two_people, list: suit_list}
"""
STRATEGY = worlds.loaded(TEXT)
DUE = worlds.START
ON = DUE + timedelta(days=60)
MAPPED = {"T1": "first", "T2": "firm", "T3": "m2"}
PROVEN = Policy(start_at=StartAt.PROVEN, stages=MAPPED)


def told(
    notice: str,
    dpd: int,
    *,
    proof: str = "receipt",
    arrival: str | None = "delivered",
    channel: str = "sms",
    arrived: int | None = None,
    **changes: object,
) -> dict[str, Any]:
    """A row of PAST: a notice of the other system, so many days after the due date."""
    shown = pasts.shown(Proof(proof), None if arrival is None else Grade(arrival))
    day = DUE + timedelta(days=dpd)
    row: dict[str, Any] = {
        "key": f"{notice}{dpd:>03}{proof}".encode().ljust(16)[:16],
        "person": "P1",
        "account": "A1",
        "kind": "notice",
        "day": day,
        "channel": channel,
        "notice": notice,
        "arrival": arrival,
        "shown": shown.value,
        "arrived_on": None if arrived is None else DUE + timedelta(days=arrived),
        "proof": proof,
        "source": "old",
        "reference": f"{notice}-{dpd}",
    }
    return {**row, **changes}


def taken(*rows: Mapping[str, Any], policy: Policy = PROVEN, dpd: int = 60, **changes: Any) -> stage.Advance:
    """What the plan makes of an account first seen so many days past due."""
    on = DUE + timedelta(days=dpd)
    return worlds.advance(
        [worlds.overdue(on, dpd, **changes)],
        on,
        STRATEGY,
        channels={"P1": ("sms", "email", "letter")},
        past=worlds.frame(rows, columns.PAST),
        taken_over=policy,
    )


def turn(answer: stage.Advance) -> tuple[str | None, str]:
    """The stage the case is in, and why."""
    (row,) = answer.turns.rows(named=True)
    return row["stage"], row["code"]


def moves(answer: stage.Advance) -> list[tuple[str, str, date]]:
    """Every move of a stage, in order."""
    return [(row["stage"], row["event"], row["on"]) for row in answer.stage_moves.rows(named=True)]


FIRST, FIRM, M2 = told("T1", 1), told("T2", 8), told("T3", 31, channel="letter")


def day(dpd: int) -> date:
    """The day so many days after the due date."""
    return DUE + timedelta(days=dpd)


def test_by_default_a_case_begins_with_the_first_stage_whatever_was_done_before() -> None:
    """Promise 8: an account first seen late skips nothing, unless the lender decided otherwise."""
    answer = taken(FIRST, FIRM, M2, policy=Policy(stages=MAPPED))

    assert turn(answer) == ("first", Code.FIRST_NOTICE.value)
    assert moves(answer) == [("first", "reached", ON)]


def test_a_stage_that_is_shown_to_be_done_goes_through_its_own_moves_on_its_own_days() -> None:
    """It opens, is served and closes as ours would, and what shows it stands beside each move."""
    answer = taken(FIRST)

    assert moves(answer) == [
        ("first", "reached", day(1)),
        ("first", "service", day(1)),
        ("first", "deadline_passed", ON),
        ("firm", "reached", ON),
    ]
    assert set(answer.stage_moves.filter(pl.col("stage") == "first")["why"]) == {
        "earlier_system:receipt:old/T1-1"
    }
    assert turn(answer) == ("firm", Code.FIRST_NOTICE.value)


def test_what_was_done_in_order_is_all_done() -> None:
    """Three stages, the last of which still runs: nothing is said until its time is over."""
    answer = taken(FIRST, FIRM, M2)

    assert [move for move in moves(answer) if move[1] == "service"] == [
        ("first", "service", day(1)),
        ("firm", "service", day(8)),
        ("m2", "service", day(31)),
    ]
    assert turn(answer)[0] == "m2"
    assert turn(answer)[1] == Code.REPEAT.value  # every ten days, and the last was told 29 days ago


@pytest.mark.parametrize(
    ("proof", "arrival", "done"),
    [
        ("receipt", "delivered", True),
        ("acknowledged", "acknowledged", True),
        ("recording", "delivered", True),
        ("asserted", "delivered", False),
        ("receipt", "attempted", False),
        ("receipt", None, False),
    ],
)
def test_a_stage_is_done_by_what_is_shown_and_not_by_what_is_said(
    proof: str, arrival: str | None, *, done: bool
) -> None:
    """The first stage is served by arrival; a row of the old system shows none."""
    answer = taken(told("T1", 1, proof=proof, arrival=arrival))

    assert turn(answer)[0] == ("firm" if done else "first")


@pytest.mark.parametrize(
    ("notice", "served", "done"),
    [("T1", "first", False), ("T2", "firm", False), ("T3", "m2", True)],
)
def test_an_assertion_counts_only_where_an_attempt_is_all_that_is_asked(
    notice: str, served: str, *, done: bool
) -> None:
    """Even where the lender accepts assertions: of the three, the third stage's `served` alone names `attempted`."""
    before = {"T1": [], "T2": [FIRST], "T3": [FIRST, FIRM]}[notice]
    channel = "letter" if notice == "T3" else "sms"
    dpd = {"T1": 1, "T2": 8, "T3": 31}[notice]
    lax = replace(PROVEN, proofs=frozenset(Proof))

    answer = taken(*before, told(notice, dpd, proof="asserted", channel=channel), policy=lax)

    assert ((served, "service") in [(name, event) for name, event, _ in moves(answer)]) is done


def test_the_lender_may_accept_fewer_proofs() -> None:
    """A receipt is not enough for one who counts the debtor's own word alone."""
    strict = replace(PROVEN, proofs=frozenset({Proof.ACKNOWLEDGED}))

    assert turn(taken(FIRST, policy=strict))[0] == "first"
    acknowledged = told("T1", 1, proof="acknowledged", arrival="acknowledged")
    assert turn(taken(acknowledged, policy=strict))[0] == "firm"


@pytest.mark.parametrize(
    ("rows", "stage_now"),
    [
        pytest.param([FIRM], "first", id="a later stage alone"),
        pytest.param([FIRST, M2], "firm", id="a gap"),
        pytest.param([FIRST, told("T2", 6)], "firm", id="before the earlier deadline was over"),
        pytest.param([FIRST, told("T2", 7)], "firm", id="before its own day"),
        pytest.param([told("T1", 3), told("T2", 8)], "firm", id="on the last day of the earlier deadline"),
        pytest.param([told("T1", 3), told("T2", 9)], "m2", id="on the day after it"),
        pytest.param([told("T1", 0)], "first", id="on the due date"),
        pytest.param([told("T1", -1)], "first", id="in an earlier episode"),
        pytest.param([told("T1", 1, arrived=4), told("T2", 9)], "firm", id="the deadline runs from arrival"),
        pytest.param([told("T1", 1, arrived=4), told("T2", 10)], "m2", id="and was over then"),
        pytest.param([told("T9", 1)], "first", id="a name that is mapped to nothing"),
        pytest.param([told("T1", 1, channel="letter")], "first", id="a channel the stage does not use"),
        pytest.param([told("T1", 1, account="A2")], "first", id="of another account"),
        pytest.param([told("T1", 1, person="P2")], "first", id="to another person"),
        pytest.param([told("T1", 1, kind="promise")], "first", id="no notice at all"),
    ],
)
def test_no_history_jumps_a_stage(rows: list[dict[str, Any]], stage_now: str) -> None:
    """What was not done in its turn was not done."""
    assert turn(taken(*rows))[0] == stage_now


def test_a_stage_that_asks_for_more_than_its_day_is_never_counted_as_done() -> None:
    """Approval, a list and an earlier stage's service are asked of us, however well a notice is shown."""
    policy = replace(PROVEN, stages={**MAPPED, "T4": "prelegal"})
    four = told("T4", 95, proof="acknowledged", arrival="acknowledged", channel="letter")

    answer = taken(FIRST, FIRM, M2, four, policy=policy, dpd=120, suit_list=True)

    assert ("prelegal", "service") not in [(name, event) for name, event, _ in moves(answer)]
    assert moves(answer)[-1] == ("prelegal", "reached", day(120))
    assert turn(answer) == ("prelegal", Code.FIRST_NOTICE.value)


def test_a_later_stage_waits_for_a_service_that_the_system_before_only_asserts() -> None:
    """The third stage is over by an attempt; the fourth asks that it arrived, and nobody can show that."""
    lax = replace(PROVEN, proofs=frozenset(Proof))
    asserted = told("T3", 31, proof="asserted", channel="letter")

    answer = taken(FIRST, FIRM, asserted, policy=lax, dpd=120, suit_list=True)

    assert turn(answer)[1] == Code.EARLIER_NOT_SERVED.value


@pytest.mark.parametrize(("dpd", "stage_now"), [(6, "first"), (7, "firm"), (8, "firm")])
def test_a_deadline_of_the_system_before_runs_on_with_us(dpd: int, stage_now: str) -> None:
    """Served on day one with five days: on day six it runs, on day seven it is over, on day eight the next opens."""
    answer = taken(FIRST, dpd=dpd)

    assert turn(answer)[0] == stage_now
    assert (turn(answer)[1] == Code.STAGE_NOT_REACHED.value) is (dpd == 7)
    closed = ("first", "deadline_passed", day(dpd)) in moves(answer)
    assert closed is (dpd > 6)


def test_days_that_follow_find_everything_as_it_was_left() -> None:
    """Nothing is taken back on the next day, the repeat keeps its distance, and our own numbers begin with one."""
    world = worlds.World(
        strategy=STRATEGY,
        debts=[worlds.Debt(account="A1", due=[DUE])],
        past=worlds.frame([FIRST], columns.PAST),
        taken_over=PROVEN,
    )
    said: list[tuple[int, str, int]] = []
    for dpd in range(2, 9):
        answer = world.plan(day(dpd))
        for notice in world.due(answer):
            said.append((dpd, notice["stage"], notice["occurrence"]))
            world.carry(notice, day(dpd), arrival="delivered")

    assert said == [(4, "first", 1), (8, "firm", 1)]
    assert [event for _, _, _, name, event, _ in world.log if name == "first"] == [
        "reached",
        "service",
        "deadline_passed",
    ]


def test_a_case_that_we_began_ourselves_is_not_begun_again() -> None:
    """History that arrives after our first notice says nothing about the stage that we opened."""
    world = worlds.World(strategy=STRATEGY, debts=[worlds.Debt(account="A1", due=[DUE])])
    world.plan(day(20))
    world.past, world.taken_over = worlds.frame([FIRST, FIRM], columns.PAST), PROVEN

    answer = world.plan(day(21))

    assert turn(answer)[0] == "first"
    assert moves(answer) == []


def test_our_own_reminder_ahead_of_the_due_date_is_no_beginning() -> None:
    """A case that was only reminded of ahead may still begin where the system before left it."""
    world = worlds.World(strategy=STRATEGY, debts=[worlds.Debt(account="A1", due=[DUE])])
    world.plan(day(-2))
    world.past, world.taken_over = worlds.frame([FIRST], columns.PAST), PROVEN

    answer = world.plan(day(20))

    assert ("first", "service", day(1)) in moves(answer)


LADDER = ["first", "firm", "m2", "prelegal"]


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["T1", "T2", "T3", "T4"]),
            st.integers(-5, 100),
            st.sampled_from([proof.value for proof in Proof]),
            st.sampled_from([None, *(grade.value for grade in Grade)]),
            st.sampled_from(["sms", "email", "letter", "voice"]),
            st.integers(0, 9),
        ),
        max_size=8,
        unique_by=lambda each: each[:3],
    ),
    proofs=st.frozensets(st.sampled_from(list(Proof)), min_size=1),
    dpd=st.integers(1, 120),
)
def test_whatever_is_imported_no_stage_is_out_of_order(
    rows: list[tuple[str, int, str, str | None, str, int]], proofs: frozenset[Proof], dpd: int
) -> None:
    """Stages begin in the order of the list without a gap, each after the one before was over.

    What is only asserted serves none that asks for arrival, and none that needs people is ever counted as done.
    """
    policy = Policy(start_at=StartAt.PROVEN, stages={**MAPPED, "T4": "prelegal"}, proofs=proofs)
    imported = [
        told(name, at, proof=proof, arrival=arrival, channel=channel, arrived=at + later)
        for name, at, proof, arrival, channel, later in rows
        if at <= dpd
    ]

    answer = taken(*imported, policy=policy, dpd=dpd, suit_list=True)

    begun = [name for name, event, _ in moves(answer) if event == "reached"]
    assert begun == LADDER[: len(begun)]
    over: date | None = None
    days = {"first": 5, "firm": 10, "m2": 30}
    for row in answer.stage_moves.rows(named=True):
        if not row["why"].startswith(takeover.WHY):
            continue
        assert row["stage"] != "prelegal"
        if row["event"] == "reached":
            assert over is None or row["on"] > over
        if row["event"] == "service":
            over = row["on"] + timedelta(days=days[row["stage"]])
            assert row["stage"] == "m2" or ":asserted:" not in row["why"]
        if row["event"] == "deadline_passed":
            assert over is not None
            assert over < day(dpd)
