"""Stages, told day by day: when each opens, what is said, when it closes, and what never happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from tests.plan import worlds
from tests.plan.strategies import FULL, PLAIN
from tests.plan.worlds import START, Debt, World

PLAN = worlds.loaded(PLAIN)
WHOLE = worlds.loaded(FULL)


def day(n: int) -> date:
    """The n-th day after the due date."""
    return START + timedelta(days=n)


def said(world: World, on: date, **outcome: str | None) -> list[tuple[str, int, str]]:
    """What is due on the day, handed over with this outcome: stage, occurrence, channel."""
    due = world.due(world.plan(on))
    for notice in due:
        world.carry(notice, on, **({"arrival": "delivered"} | outcome))
    return [(notice["stage"], notice["occurrence"], notice["channel"]) for notice in due]


def code(world: World, on: date, account: str = "A1", person: str = "P1") -> str:
    """Why something is due, or not, for one person and account."""
    turns = world.plan(on).turns.rows(named=True)
    return next(str(turn["code"]) for turn in turns if (turn["person"], turn["account"]) == (person, account))


def live(world: World, days: Sequence[int], **outcome: str | None) -> dict[int, list[tuple[str, int, str]]]:
    """What was said on each of the days on which anything was."""
    story = {n: said(world, day(n), **outcome) for n in days}
    return {n: told for n, told in story.items() if told}


def one() -> World:
    """A debtor with one instalment that fell due on START."""
    return World(PLAN, [Debt("A1", [START])])


def events(world: World, stage_name: str) -> list[str]:
    """What happened to a stage."""
    return [event for _, _, _, name, event, _ in world.log if name == stage_name]


def test_an_unpaid_debtor_hears_each_stage_in_turn() -> None:
    """From three days before the due date to the last notice, each stage is said when its day and its turn come."""
    world = one()

    story = live(world, range(-5, 60))

    assert story == {
        -3: [("due_soon", 1, "sms")],
        1: [("first", 1, "sms")],
        4: [("first", 2, "sms")],
        8: [("firm", 1, "sms")],
        13: [("firm", 2, "sms")],
        18: [("firm", 3, "sms")],
        31: [("last", 1, "sms"), ("last", 1, "email")],
    }


@pytest.mark.parametrize(("dpd", "expected"), [(0, []), (1, [("first", 1, "sms")])])
def test_a_stage_opens_on_its_day_and_not_before(dpd: int, expected: list[object]) -> None:
    """On the due date nothing is overdue; the first stage opens on the day after."""
    assert said(one(), day(dpd)) == expected


def test_an_account_first_seen_at_200_days_starts_at_the_first_stage() -> None:
    """Nothing is skipped however late we see it: each stage waits for the deadline of the one before it."""
    world = one()

    story = live(world, range(200, 240))

    assert [told[0][:2] for told in story.values()] == [
        ("first", 1),
        ("first", 2),
        ("firm", 1),
        ("firm", 2),
        ("firm", 3),
        ("last", 1),
    ]
    assert min(story) == 200
    assert story[206] == [("firm", 1, "sms")]  # said on 200 with a deadline of five days


@pytest.mark.parametrize(("passed", "event"), [(5, False), (6, True)])
def test_a_deadline_passes_on_the_day_after_its_last_day(passed: int, event: bool) -> None:
    """Served on day 1 with five days: day 6 is still the debtor's, day 7 is not."""
    world = one()
    live(world, [1, 1 + passed])

    assert ("deadline_passed" in events(world, "first")) is event


def test_a_deadline_counts_from_the_arrival_and_not_from_the_sending() -> None:
    """A notice that took three days to arrive gives the debtor three days more."""
    world = one()
    said(world, day(1), arrival=None)
    message = next(iter(world.known.values()))
    message |= {"arrival": "delivered", "grade": "delivered", "arrived_on": day(4), "deadline_on": None}

    assert "deadline_passed" not in events_after(world, day(9))
    assert "deadline_passed" in events_after(world, day(10))


def events_after(world: World, on: date) -> list[str]:
    """Run a day and say what has happened to the first stage by then."""
    world.plan(on)
    return events(world, "first")


def test_a_stage_never_closes_before_the_day_its_notices_named() -> None:
    """A late receipt may show an early arrival; the last day that the debtor was told still holds."""
    world = one()
    said(world, day(1), arrival=None)  # names day 6
    said(world, day(3), arrival=None)  # the fallback after the missing receipt names day 8
    for message in world.known.values():
        message |= {"arrival": "delivered", "grade": "delivered", "arrived_on": day(1)}

    assert {message["deadline_on"] for message in world.known.values()} == {day(6), day(8)}
    assert "deadline_passed" not in events_after(world, day(8))
    assert "deadline_passed" in events_after(world, day(9))


@pytest.mark.parametrize(("gap", "expected"), [(2, []), (3, [("first", 2, "sms")])])
def test_a_repeat_waits_its_days(gap: int, expected: list[object]) -> None:
    """`every: 3d` is three days after the last one left, not two."""
    world = one()
    said(world, day(1))

    assert said(world, day(1 + gap)) == expected


def test_a_scheduler_that_runs_often_says_it_once() -> None:
    """Ten runs on one day hand over one notice (invoiceninja #1693)."""
    world = one()

    assert [said(world, day(1)) for _ in range(10)] == [[("first", 1, "sms")], *[[]] * 9]


def test_a_part_payment_neither_skips_nor_undoes_a_stage() -> None:
    """Paying the oldest of three lowers the days past due: repeats rest, no stage is lost (killbill #2297)."""
    world = World(PLAN, [Debt("A1", [START, day(10), day(20)])])
    story = live(world, range(1, 15))
    assert story[8] == [("firm", 1, "sms")]
    world.debts[0].paid.append((day(15), 100))

    assert code(world, day(15)) == "below_stage"
    assert live(world, range(15, 18)) == {}
    assert said(world, day(18)) == [("firm", 3, "sms")]  # eight days past due again
    assert events(world, "first").count("reached") == 1
    assert len([case for case in world.cases.values() if case["state"] == "open"]) == 1


def test_a_stage_whose_notice_never_left_is_not_done() -> None:
    """A carrier that is away for a month closes no stage: the next one does not open (OCA #447, #467)."""
    world = one()
    live(world, range(1, 40), outcome="expired", arrival=None)

    assert events(world, "first") == ["reached"]
    assert events(world, "firm") == []
    assert code(world, day(40)) in {"first_notice", "fallback"}


def test_what_never_left_is_tried_on_every_channel_in_turn_and_again() -> None:
    """The same occurrence goes from SMS to e-mail and back, one try a day, until something leaves."""
    world = one()

    story = live(world, range(1, 5), outcome="refused", arrival=None)

    assert [told for n in story for told in story[n]] == [
        ("first", 1, c) for c in ("sms", "email", "sms", "email")
    ]


def test_when_everything_was_refused_today_it_is_tried_again_tomorrow() -> None:
    """A refusal at nine is not repeated at ten."""
    world = one()
    assert said(world, day(1), outcome="refused", arrival=None) == [("first", 1, "sms")]
    assert said(world, day(1), outcome="refused", arrival=None) == [("first", 1, "email")]

    assert code(world, day(1)) == "tried_today"
    assert said(world, day(2)) == [("first", 1, "sms")]


@pytest.mark.parametrize(("waited", "expected"), [(1, "receipt_outstanding"), (2, "fallback")])
def test_a_missing_receipt_is_waited_for_before_the_fallback(waited: int, expected: str) -> None:
    """A day after the hand-over the receipt is still awaited; the day after that, the next channel is tried."""
    world = one()
    said(world, day(1), arrival=None)

    assert code(world, day(1 + waited)) == expected


def test_a_failed_message_falls_back_at_once() -> None:
    """The carrier's word that it did not arrive is enough."""
    world = one()
    said(world, day(1), arrival="failed")

    assert said(world, day(1)) == [("first", 1, "email")]


def test_a_doubtful_hand_over_is_never_followed_by_another() -> None:
    """Unsure is waited for without an end, and falls back only once somebody says what became of it."""
    world = one()
    said(world, day(1), outcome="unsure", arrival=None)
    assert [code(world, day(n)) for n in (2, 9, 30)] == ["handover_unsure"] * 3

    next(iter(world.known.values()))["arrival"] = "unknown"

    assert code(world, day(31)) == "fallback"


def test_paying_ends_the_case_and_its_stages() -> None:
    """Cured: the case and its open stage end the same day, and nothing is due."""
    world = one()
    live(world, range(1, 4))
    world.debts[0].paid.append((day(4), 100))

    assert code(world, day(4)) == "paid"
    assert world.cases[worlds.case_of("A1", START)]["state"] == "cured"
    assert events(world, "first") == ["reached", "service", "cure"]
    assert code(world, day(5)) == "nothing_overdue"


def test_a_bounced_payment_reopens_the_case_and_the_stage_that_the_cure_had_ended() -> None:
    """The same case goes on, and its stage is said anew before the next one may open."""
    world = one()
    live(world, range(1, 4))
    world.debts[0].paid.append((day(4), 100))
    world.plan(day(4))
    world.debts[0].paid.clear()

    story = live(world, range(6, 20))

    assert list(world.cases) == [worlds.case_of("A1", START)]
    assert world.cases[worlds.case_of("A1", START)]["state"] == "open"
    assert story[6] == [("first", 2, "sms")]
    assert story[12] == [("firm", 1, "sms")]  # five days after the new notice, though firm begins at day 8


def test_a_payment_entered_late_begins_a_new_episode() -> None:
    """It was cured on day 3, before the second instalment fell due: that one is warned of from the start."""
    world = World(PLAN, [Debt("A1", [START, day(10)])])
    live(world, range(1, 13))
    world.debts[0].paid.append((day(3), 100))  # entered on day 13

    story = live(world, range(13, 20))

    assert {case: row["state"] for case, row in world.cases.items()} == {
        worlds.case_of("A1", START): "cured",
        worlds.case_of("A1", day(10)): "open",
    }
    # The person was told of this stage before, so the number of the notice goes on counting.
    assert story[13] == [("first", 3, "sms")]


def test_a_reminder_is_never_owed_after_the_due_date() -> None:
    """What was not said before the due date is not said afterwards."""
    world = one()
    said(world, day(-1), outcome="expired", arrival=None)

    assert said(world, day(0)) == []
    assert events(world, "due_soon") == ["reached", "due_date"]


def test_paying_early_ends_the_reminder() -> None:
    """Nothing is left to be reminded of."""
    world = one()
    said(world, day(-3))
    world.debts[0].paid.append((day(-2), 100))
    world.plan(day(-2))

    assert events(world, "due_soon") == ["reached", "cure"]
    assert world.cases[worlds.case_of("A1", START)]["state"] == "none"


def test_a_corrected_receipt_takes_the_service_back() -> None:
    """Delivered, then failed after all: the deadline stops, and the fallback is tried."""
    world = one()
    said(world, day(1))
    world.plan(day(2))
    next(iter(world.known.values())).update({"arrival": "failed", "grade": None})

    assert code(world, day(3)) == "fallback"
    assert events(world, "first") == ["reached", "service", "retracted"]


def test_without_service_a_stage_closes_after_deadline_and_every_fallback() -> None:
    """SMS and e-mail both failed: the stage closes unserved when its deadline is over, and says so."""
    world = one()
    live(world, range(1, 7), arrival="failed")
    assert "unserved" not in events(world, "first")

    live(world, range(7, 12), arrival="failed")

    assert "unserved" in events(world, "first")


def test_an_unserved_stage_can_go_to_counsel_instead_of_on() -> None:
    """`then: counsel` ends the notices of the case."""
    world = World(WHOLE, [Debt("A1", [START], changes={"product": "card"})], {"P1": ["email"]})
    live(world, range(1, 30), arrival="failed")

    assert events(world, "mid") == ["reached", "unserved"]
    assert code(world, day(31)) == "with_counsel"
    assert events(world, "suit") == []


@pytest.mark.parametrize(
    ("changes", "arrived", "expected"),
    [
        ({"suit_list": False}, True, "not_on_list"),
        ({"suit_list": True}, False, "earlier_not_served"),
        ({"suit_list": True}, True, "suit"),
    ],
)
def test_a_stage_waits_for_its_list_and_for_proof_of_service(
    changes: dict[str, Any], arrived: bool, expected: str
) -> None:
    """The pre-litigation stage opens for a listed account of which the first notice is shown to have arrived."""
    debt = Debt("A1", [START], changes={"product": "card", **changes})
    world = World(WHOLE, [debt], {"P1": ["sms", "letter"]})
    case = worlds.case_of("A1", START)
    world.plan(day(1))
    world.stages["P1", case, "first"].update(state="closed", served_on=day(1), closed_on=day(7))
    world.stages["P1", case, "mid"] = {
        **world.stages["P1", case, "first"],
        "stage": "mid",
        "opened_on": day(7),
    }
    first = worlds.message(
        stage="first", day=day(1), cases=[case], arrival="delivered" if arrived else "failed"
    )
    world.known[first["key"]] = first

    turn = world.plan(day(9)).turns.row(0, named=True)

    assert expected in {turn["code"], turn["stage"] if turn["state"] else None}


def test_an_action_comes_after_the_last_deadline() -> None:
    """When the deadline of the pre-litigation notice has passed, the file is to be made; no notice is sent."""
    debt = Debt("A1", [START], changes={"product": "card", "suit_list": True})
    world = World(WHOLE, [debt], {"P1": ["email", "sms", "letter"]})
    live(world, range(1, 40))

    assert events(world, "suit") == ["reached", "service", "deadline_passed"]
    assert code(world, day(41)) == "action_due"


def test_each_liable_person_has_a_track_of_his_own() -> None:
    """The co-borrower whose phone is dead hears nothing, and only his stage stays open."""
    world = World(PLAN, [Debt("A1", [START], persons=["P1", "P2"])])
    for n in range(1, 10):
        for notice in world.due(world.plan(day(n))):
            lost = notice["person"] == "P2"
            world.carry(notice, day(n), "expired" if lost else "accepted", None if lost else "delivered")

    assert world.stages["P1", worlds.case_of("A1", START), "firm"]["state"] == "served"
    assert ("P2", worlds.case_of("A1", START), "firm") not in world.stages


def test_somebody_who_is_not_liable_is_told_nothing() -> None:
    """A general guarantor without recorded liability has no track."""
    rows = [worlds.overdue(day(5), 5, liable=False, role="guarantor_general")]

    turns = worlds.advance(rows, day(5), PLAN).turns

    assert turns["code"].to_list() == ["not_liable"]


@pytest.mark.parametrize("changes", [{"liable": False}, {"product": "boat"}])
def test_an_episode_is_written_down_though_nobody_can_be_told_of_it(changes: dict[str, Any]) -> None:
    """The case is the account's: it opens whoever is liable, and whatever segment the account falls into."""
    plan = worlds.loaded(
        PLAIN.replace("name: default", "name: default\n    when: {product: [card, cash_loan]}")
    )
    row = worlds.overdue(day(5), 5, **changes)

    found = worlds.advance([row], day(5), plan)

    assert (
        found.new_cases["case"].to_list()
        == found.case_moves["case"].to_list()
        == [worlds.case_of("A1", START)]
    )
    assert found.turns["code"].to_list() == ["not_liable" if "liable" in changes else "no_segment"]


def test_one_notice_covers_the_cases_of_the_same_stage() -> None:
    """Two accounts that fall due together are told of together (erpnext #12429)."""
    world = World(PLAN, [Debt("A1", [START]), Debt("A2", [START])])

    due = world.due(world.plan(day(1)))

    assert [notice["cases"] for notice in due] == [[worlds.case_of("A1", START), worlds.case_of("A2", START)]]


def test_a_case_that_joins_later_waits_for_the_next_occurrence() -> None:
    """The second account, a day later, is told of with the repeat of the first."""
    world = World(PLAN, [Debt("A1", [START]), Debt("A2", [day(1)])])
    said(world, day(1))

    assert code(world, day(2), "A2") == "joins_next_occurrence"
    assert live(world, [2, 3]) == {}
    due = world.due(world.plan(day(4)))
    assert [(notice["occurrence"], len(notice["cases"])) for notice in due] == [(2, 2)]


def test_a_person_due_at_two_stages_gets_the_highest_and_the_lower_stays_due() -> None:
    """Only the highest today (OCA #22); the lower one on the next day."""
    world = World(PLAN, [Debt("A1", [START]), Debt("A2", [day(7)])])
    live(world, range(1, 8))

    assert said(world, day(8)) == [("firm", 1, "sms")]
    assert code(world, day(8), "A2") == "one_notice_a_day"
    # The first stage was last told on day 4, and leaves its three days between two notices.
    assert said(world, day(9)) == [("first", 3, "sms")]


def test_a_case_stays_on_the_strategy_it_began_with() -> None:
    """A new strategy is for new episodes; the old case goes on as it began."""
    world = one()
    live(world, range(1, 3))

    answer = worlds.advance(
        world.rows(day(4)),
        day(4),
        WHOLE,
        cases=world.cases.values(),
        stages=world.stages.values(),
        known=world.known.values(),
        strategies={PLAN.digest: PLAN},
    )

    assert answer.turns["strategy_digest"].to_list() == [PLAN.digest]
    assert answer.turns["code"].to_list() == ["repeat"]


def test_a_strategy_that_is_not_at_hand_is_not_replaced_by_another() -> None:
    """Without the strategy that a case began with nothing is decided."""
    world = one()
    live(world, range(1, 3))

    with pytest.raises(ValueError, match="not at hand"):
        worlds.advance(world.rows(day(4)), day(4), WHOLE, cases=world.cases.values())


def test_a_closed_account_closes_its_case() -> None:
    """Settled, assigned or before the court: no more notices, and the stages end."""
    world = one()
    live(world, range(1, 3))
    world.debts[0].changes["status"] = "assigned_out"

    assert code(world, day(3)) == "account_closed"
    assert world.cases[worlds.case_of("A1", START)]["state"] == "closed"
    assert events(world, "first")[-1] == "cure"


def test_a_known_key_that_stands_twice_is_refused() -> None:
    """KNOWN holds one row a message; two would be counted twice."""
    row = worlds.message(stage="first", day=day(1), cases=["A1/20260302"])

    with pytest.raises(ValueError, match="stands twice"):
        worlds.advance([worlds.overdue(day(2), 2)], day(2), PLAN, known=[row, row])
