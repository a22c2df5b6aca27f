"""What the plan promises, held through random weeks of payments, bounces, missed days and failing carriers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from duly.model.notice import NoticeClass
from duly.plan import columns
from duly.plan.ladder import Stage, Strategy
from tests.plan import histories, worlds
from tests.plan.strategies import FULL, PLAIN, RETURNING, SHORT

PLANS = [worlds.loaded(text) for text in (PLAIN, FULL, SHORT, RETURNING)]
RELAPSE = PLANS[-1]
SEEDS = st.integers(0, 2**32)


# A seed cannot be made smaller in any way that means something.
brief = settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def weeks(seed: int, plan: Strategy) -> list[histories.Day]:
    """A history of a month, or until something breaks."""
    return list(histories.live(seed, plan, 24))


def in_arrears(plan: Strategy, row: worlds.Row) -> list[Stage]:
    """The stages that an account goes through once it is overdue."""
    segment = next(
        each for each in plan.segments if all(row[key] in values for key, values in each.when.items())
    )
    return [stage for stage in segment.stages if not stage.ahead]


@brief
@given(seed=SEEDS, plan=st.sampled_from(PLANS))
def test_stages_are_neither_skipped_nor_jumped(seed: int, plan: Strategy) -> None:
    """A stage opens only when the one before it in the list has closed, and closes only if something of it left."""
    last = weeks(seed, plan)[-1]
    world = last.world
    rows = {row["account"]: row for row in world.rows(last.on)}
    stories: dict[tuple[str, str], list[tuple[date, str, str, str]]] = defaultdict(list)
    for on, person, case, stage, event, why in world.log:
        stories[person, case].append((on, stage, event, why))
    assert stories
    for (person, case), story in stories.items():
        listed = in_arrears(plan, rows[case.partition("/")[0]])
        order = [stage.name for stage in listed]
        place, ended = -1, "closed"
        for on, stage, event, why in story:
            if stage not in order:
                continue
            if event == "reached":
                expected = place if why == "reversal" else place + 1
                if why == "re_entry":
                    assert place == -1
                    assert passed_over_lawfully(last, person, case, listed[: order.index(stage)])
                else:
                    assert order.index(stage) == expected
                assert ended == ("lapsed" if why == "reversal" else "closed")
                place, ended, opened = order.index(stage), "open", on
            elif event in {"deadline_passed", "unserved"}:
                told = [
                    row
                    for row in world.known.values()
                    if row["person"] == person
                    and case in row["cases"]
                    and row["stage"] == stage
                    and row["sent_on"] is not None
                    and opened <= row["sent_on"] < on
                ]
                assert told, "closed, but nothing of it ever left"
                assert on > min(row["sent_on"] for row in told) + timedelta(days=listed[place].deadline or 0)
                ended = "closed"
            elif event in {"cure", "due_date"}:
                ended = "lapsed"


def passed_over_lawfully(last: histories.Day, person: str, case: str, passed: list[Stage]) -> bool:
    """Whether each stage that a case did not begin with is a reminder that arrived in an earlier one of the account."""
    account = case.partition("/")[0]
    served = {
        stage
        for _, who, other, stage, event, _ in last.world.log
        if who == person and other != case and other.startswith(f"{account}/") and event == "service"
    }
    return all(stage.name in served and stage.notice_class is NoticeClass.NUDGE for stage in passed)


@brief
@given(seed=SEEDS)
def test_no_nudge_is_said_in_the_cooling_off(seed: int) -> None:
    """Whatever is due to a person, no case that cools off is among what a reminder covers."""
    classes = {stage.name: stage.notice_class for segment in RELAPSE.segments for stage in segment.stages}
    for day in histories.live(seed, RELAPSE, 24):
        rows = {row["account"]: row for row in day.world.rows(day.on)}
        cooling = {
            account
            for account, (_, cured_on) in day.world.earlier(day.on).items()
            if cools(rows[account], (day.on - cured_on).days)
        }
        nudged = {
            case.partition("/")[0]
            for notice in day.handed
            if classes[notice["stage"]] is NoticeClass.NUDGE and notice["stage"] != "soon"
            for case in notice["cases"]
        }
        assert not cooling & nudged


def cools(row: worlds.Row, days: int) -> bool:
    """The rule of the strategy, in its own words."""
    if row["product"] == "card":
        return days <= 6 and row["overdue_minor"] <= 150 and row["dpd"] < 5
    return days <= 9


@dataclass(frozen=True)
class Fact:
    """Something that becomes known on a day: money of a day, or that the money of that number never came."""

    known: int
    paid: int
    amount: int
    bounced: int | None = None


FACTS = st.lists(
    st.builds(
        Fact,
        known=st.integers(0, 30),
        paid=st.integers(-12, 30),
        amount=st.sampled_from([50, 100, 200]),
        bounced=st.one_of(st.none(), st.integers(0, 5)),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(facts=FACTS, looked=st.sets(st.integers(0, 30), max_size=9))
def test_the_case_that_is_open_does_not_depend_on_the_days_on_which_somebody_looked(
    facts: list[Fact], looked: set[int]
) -> None:
    """Paid, bounced, entered late: who looks every day and who looks now and then have the same case open, or none."""
    often, seldom = (
        worlds.World(RELAPSE, [worlds.Debt("A1", [worlds.START + timedelta(days=7 * n) for n in range(5)])])
        for _ in range(2)
    )
    for n in range(32):
        on = worlds.START + timedelta(days=n)
        for world in (often, seldom):
            world.debts[0].paid = known_by(facts, n)
        often.plan(on)
        if n in looked or n == 31:
            seldom.plan(on)
        for world in (often, seldom):
            assert sum(row["state"] == "open" for row in world.cases.values()) <= 1

    assert open_cases(often) == open_cases(seldom)
    assert open_cases(often) == {
        worlds.case_of(row["account"], row["episode_on"]) for row in often.rows(on) if row["episode_on"]
    }


def known_by(facts: list[Fact], n: int) -> list[tuple[date, int]]:
    """The payments that are known on the n-th day, without those of which it is known that they bounced."""
    told = [fact for fact in facts if max(fact.known, fact.paid) <= n]
    money = [fact for fact in told if fact.bounced is None]
    gone = {fact.bounced for fact in told if fact.bounced is not None}
    return [
        (worlds.START + timedelta(days=fact.paid), fact.amount)
        for number, fact in enumerate(money)
        if number not in gone
    ]


def open_cases(world: worlds.World) -> set[str]:
    """The cases that are open."""
    return {case for case, row in world.cases.items() if row["state"] == "open"}


@brief
@given(seed=SEEDS, plan=st.sampled_from(PLANS))
def test_no_notice_twice(seed: int, plan: Strategy) -> None:
    """No channel carries an occurrence twice, no occurrence starts before the last one's days are over, and a
    person gets one notice a day of a creditor.
    """
    days = weeks(seed, plan)
    left = [row for row in days[-1].world.known.values() if row["outcome"] in {"accepted", "unsure"}]
    assert left
    notice = [
        (row["person"], row["creditor"], row["brand"], row["stage"], row["occurrence"], row["channel"])
        for row in left
    ]
    by_day: dict[tuple[str, str, str, date], set[tuple[str, int]]] = defaultdict(set)
    occurrences: dict[tuple[str, str, str, str], set[int]] = defaultdict(set)
    for row in left:
        owner = (row["person"], row["creditor"], row["brand"])
        by_day[*owner, row["sent_on"]].add((row["stage"], row["occurrence"]))
        occurrences[*owner, row["stage"]].add(row["occurrence"])

    assert len(notice) == len(set(notice))
    assert all(len(told) == 1 for told in by_day.values())
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in occurrences.values())


@brief
@given(seed=SEEDS, plan=st.sampled_from(PLANS))
def test_paying_stops_everything(seed: int, plan: Strategy) -> None:
    """Nothing is due on a case of which nothing is overdue, and all its stages have ended."""
    for day in histories.live(seed, plan, 24):
        cured = {row["account"] for row in day.world.rows(day.on) if row["cured"]}
        for notice in day.handed:
            for case in notice["cases"]:
                account, _, due = case.partition("/")
                ahead = f"{day.on:%Y%m%d}" < due
                assert account not in cured or ahead
        for file in day.world.stages.values():
            if day.world.cases[file["case"]]["state"] in {"cured", "closed"}:
                assert file["state"] not in {"open", "served"}


@brief
@given(seed=SEEDS, plan=st.sampled_from(PLANS))
def test_plan_is_a_function(seed: int, plan: Strategy) -> None:
    """The same input gives the same answer, in whatever order its files and messages stand."""
    day = weeks(seed, plan)[-1]
    world, on = day.world, day.on + timedelta(days=1)
    asked = [
        worlds.advance(
            world.rows(on),
            on,
            plan,
            cases=order(world.cases.values()),
            stages=order(world.stages.values()),
            known=order(world.known.values()),
            channels=world.channels,
        )
        for order in (list, list, lambda rows: list(reversed(list(rows))))
    ]

    for other in asked[1:]:
        assert_frame_equal(asked[0].turns, other.turns)
        assert_frame_equal(asked[0].case_moves, other.case_moves)
        assert_frame_equal(asked[0].stage_moves, other.stage_moves)
        assert_frame_equal(asked[0].new_cases, other.new_cases)


@brief
@given(seed=SEEDS, plan=st.sampled_from(PLANS))
def test_planning_twice_changes_nothing(seed: int, plan: Strategy) -> None:
    """Once its moves are written down, the same day's plan moves nothing more and says the same."""
    world = weeks(seed, plan)[-1].world
    on = START_AGAIN
    first = world.plan(on)

    again = world.plan(on)

    assert again.new_cases.is_empty()
    assert again.case_moves.is_empty()
    assert again.stage_moves.is_empty()
    keep = [name for name in columns.TURN if name != "code"]
    assert_frame_equal(again.turns.select(keep), first.turns.select(keep))


START_AGAIN = worlds.START + timedelta(days=60)


@pytest.mark.parametrize("missed", [0, 1, 2, 5, 9])
def test_missed_days_are_caught_up_with_one_notice_of_the_right_stage(missed: int) -> None:
    """After days without a run, the next run says one notice: the one that was next, however late it is."""
    plan = PLANS[0]
    world = worlds.World(plan, [worlds.Debt("A1", [worlds.START])])
    for n in range(1, 4):
        on = worlds.START + timedelta(days=n)
        for notice in world.due(world.plan(on)):
            world.carry(notice, on, arrival="delivered")
    on = worlds.START + timedelta(days=4 + missed)

    due = world.due(world.plan(on))

    # `first` was said on day 1 and closes after day 6; its repeat was due on day 4, `firm` opens from day 8.
    expected = [("first", 2)] if on <= worlds.START + timedelta(days=6) else []
    expected = [("firm", 1)] if on >= worlds.START + timedelta(days=8) else expected
    assert [(notice["stage"], notice["occurrence"]) for notice in due] == expected
