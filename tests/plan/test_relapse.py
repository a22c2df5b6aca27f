"""Who was cured lately: left alone for a while, back where he stood, and one case where there was one episode."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from duly.plan import explain, relapse
from tests.plan import plans, worlds
from tests.plan.plans import ON
from tests.plan.worlds import START, Debt, World

STAGES = """
    stages:
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], every: 3d, deadline: 5d}
      - {name: firm, from_dpd: 4, notice: overdue_firm, channel: [sms], deadline: 10d}
      - {name: demand, from_dpd: 12, notice: last_notice, channel: [email], class: rights_preserving, deadline: 5d}
      - {name: last, from_dpd: 40, notice: last_notice, channel: [sms]}
"""


def strategy(rule: str, stages: str = STAGES, when: str = "{currency: [CNY]}") -> str:
    """A strategy of one segment with this rule for those who were cured."""
    rest = "  - name: rest\n    stages: [{name: first, from_dpd: 1, notice: n, channel: [sms]}]\n"
    return f"strategy: s\nsegments:\n  - name: default\n    when: {when}\n    {rule}{stages}{rest}"


def day(n: int) -> date:
    """The n-th day after the first due date."""
    return START + timedelta(days=n)


def twice(rule: str, *, second: int = 30, stages: str = STAGES) -> World:
    """A debtor who was two days late with his first instalment, and is late again with the second."""
    world = World(worlds.loaded(strategy(rule, stages)), [Debt("A1", [START, day(second)])])
    speak(world, 1)
    world.debts[0].paid.append((day(2), 100))
    world.plan(day(2))
    return world


def speak(world: World, n: int, arrival: str = "delivered") -> list[str]:
    """What is said on the n-th day, handed over."""
    due = world.due(world.plan(day(n)))
    for notice in due:
        world.carry(notice, day(n), arrival=arrival)
    return [notice["stage"] for notice in due]


def turn(world: World, n: int) -> tuple[str, date | None]:
    """The answer of the n-th day, and when it can be another."""
    row = world.plan(day(n)).turns.row(0, named=True)
    return row["code"], row["next_on"]


def states(world: World) -> dict[str, str]:
    """Every case and its state."""
    return {case: row["state"] for case, row in world.cases.items()}


FIRST, SECOND = worlds.case_of("A1", START), worlds.case_of("A1", day(5))


# -- cooling-off --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "told"), [(5, ["first"]), (6, []), (7, [])], ids=["ended yesterday", "last", "inside"]
)
def test_a_lapse_within_the_cooling_off_is_left_alone(days: int, told: list[str]) -> None:
    """Cured on day 2: six days last through day 8, and five end on day 7. The lapse of day 7 is a day old on day 8."""
    world = twice(f"cooling_off: {{days: {days}d}}", second=7)

    assert speak(world, 8) == told
    assert states(world)[worlds.case_of("A1", day(7))] == "open"  # the episode is one, whoever is told of it
    assert not told or ("A1", "first") in {(row["account"], row["stage"]) for row in world.stages.values()}


def test_the_answer_names_the_cooling_off_and_the_day_on_which_it_ends() -> None:
    """Cured on day 2 with ten days: through day 12 nothing is said, and on day 13 the first stage opens."""
    world = twice("cooling_off: {days: 10d}", second=5)

    assert [turn(world, n) for n in (6, 12)] == [("cooling_off", day(13))] * 2
    assert speak(world, 13) == ["first"]


@pytest.mark.parametrize(("amount", "code"), [(100, "cooling_off"), (99, "first_notice")])
def test_a_lapse_above_the_sum_is_not_left_alone(amount: int, code: str) -> None:
    """What is overdue may be the sum that is named, and not one cent more."""
    world = twice(f"cooling_off: {{days: 10d, up_to_minor: {amount}}}", second=5)

    assert turn(world, 6)[0] == code


@pytest.mark.parametrize(
    ("paid", "answer"),
    [(START, ("repeat", None)), (day(3), ("cooling_off", day(14)))],
    ids=["in time", "late"],
)
def test_the_stage_in_which_a_case_stands_rests_too(paid: date, answer: tuple[str, date | None]) -> None:
    """Told once already when it is learnt that the payment before came late: its repeat waits for the day after."""
    debt = Debt("A1", [START, day(5)], paid=[(START, 100)])
    world = World(worlds.loaded(strategy("cooling_off: {days: 10d}")), [debt])
    assert speak(world, 6) == ["first"]

    debt.paid[0] = (paid, 100)

    assert turn(world, 9) == answer


@pytest.mark.parametrize("class_", ["rights_preserving", "required_by_law"])
def test_what_the_law_asks_for_or_keeps_a_right_is_not_silenced(class_: str) -> None:
    """The demand comes of day at DPD 4, in the middle of the cooling-off: it is said, and a nudge is not."""
    stages = """
    stages:
      - {name: first, from_dpd: 1, notice: n, channel: [sms], deadline: 1d}
      - {name: demand, from_dpd: 4, notice: d, channel: [email], class: CLASS, every: 1d}
""".replace("CLASS", class_)
    world = twice("cooling_off: {days: 20d}", second=5, stages=stages)

    assert turn(world, 8) == (
        "cooling_off",
        day(9),
    )  # the day of the demand, and not the end of the cooling-off
    # No stage is passed over: the one before it is said first, and then it.
    story = {n: said for n in range(9, 16) if (said := speak(world, n))}
    assert list(story.values())[:2] == [["first"], ["demand"]]


def test_a_reminder_before_the_due_date_is_not_a_lapse() -> None:
    """Nothing is overdue when it is said, and it keeps the debtor from the next lapse."""
    stages = STAGES.replace(
        "    stages:\n", "    stages:\n      - {name: soon, from_dpd: -3, notice: n, channel: [sms]}\n"
    )
    world = twice("cooling_off: {days: 20d}", second=8, stages=stages)

    assert speak(world, 5) == ["soon"]
    assert turn(world, 9)[0] == "cooling_off"


def test_a_reversal_in_the_cooling_off_ends_it() -> None:
    """The payment that had cured it bounced: there was no cure, and the stage is said anew."""
    world = twice("cooling_off: {days: 20d}")
    assert states(world) == {FIRST: "cured"}

    world.debts[0].paid.clear()

    assert speak(world, 4) == ["first"]
    assert states(world) == {FIRST: "open"}


def test_an_episode_that_nobody_saw_cools_off_as_one_that_was_seen() -> None:
    """Days that were missed change nothing: what counts are the days of the payments."""
    plan = worlds.loaded(strategy("cooling_off: {days: 10d}"))
    world = World(plan, [Debt("A1", [START, day(5)], paid=[(day(2), 100)])])

    assert turn(world, 6) == ("cooling_off", day(13))


# -- re-entry -----------------------------------------------------------------------------------------------------


def firm_again(rule: str, *, second: int = 30, arrival: str = "delivered", stages: str = STAGES) -> World:
    """A debtor who was told twice, cured on day 10, and lapses again."""
    world = World(worlds.loaded(strategy(rule, stages)), [Debt("A1", [START, day(second)])])
    for n in range(1, 10):
        speak(world, n, arrival)
    world.debts[0].paid.append((day(10), 100))
    world.plan(day(10))
    return world


def opened(world: World, account: str = "A1") -> list[tuple[str, str, str]]:
    """Each stage that was opened: its case, its name and why."""
    return [(case, stage, why) for _, _, case, stage, event, why in world.log if event == "reached"]


@pytest.mark.parametrize(("within", "why", "stage"), [(20, "re_entry", "firm"), (19, "reached", "first")])
def test_a_case_that_follows_soon_begins_where_the_earlier_one_stood(
    within: int, why: str, stage: str
) -> None:
    """Cured on day 10, due again on day 30: twenty days, and with nineteen it is too late for it."""
    world = firm_again(f"re_entry: {{within: {within}d, at: same}}")

    for n in range(31, 36):
        world.plan(day(n))

    case = worlds.case_of("A1", day(30))
    assert opened(world)[-1] == (case, stage, why)


def test_a_case_that_goes_on_waits_for_the_day_of_its_stage_and_gives_the_whole_deadline() -> None:
    """It is said anew with its number, not before its own days past due, and with as many days as ever."""
    world = firm_again("re_entry: {within: 30d, at: same}")

    assert turn(world, 31) == ("stage_not_reached", day(34))
    due = world.due(world.plan(day(34)))

    assert [(each["stage"], each["occurrence"], each["deadline_on"]) for each in due] == [
        ("firm", 2, day(44))
    ]


def test_a_policy_that_says_first_begins_with_the_first_stage() -> None:
    """And so does a strategy that says nothing."""
    for rule in ("re_entry: {within: 30d, at: first}", "# nothing"):
        world = firm_again(rule)

        assert speak(world, 31) == ["first"]


@pytest.mark.parametrize("arrival", ["failed", "unknown"])
def test_a_notice_that_is_not_shown_to_have_arrived_does_not_count(arrival: str) -> None:
    """Then he was not told: the case begins with the stage of which nothing is proven."""
    world = firm_again("re_entry: {within: 30d, at: same}", arrival=arrival)

    assert speak(world, 31) == ["first"]


def test_a_stage_on_which_a_right_hangs_is_not_passed_over() -> None:
    """The demand of the earlier episode does not count in the next one: it is said again."""
    stages = """
    stages:
      - {name: first, from_dpd: 1, notice: n, channel: [sms], deadline: 1d}
      - {name: demand, from_dpd: 3, notice: d, channel: [email], class: rights_preserving, deadline: 1d}
      - {name: last, from_dpd: 6, notice: l, channel: [sms]}
"""
    world = firm_again("re_entry: {within: 30d, at: same}", stages=stages)
    assert [stage for _, stage, _ in opened(world)] == ["first", "demand", "last"]

    for n in range(31, 40):
        speak(world, n)

    assert [stage for _, stage, _ in opened(world)[3:]] == ["demand", "last"]


def test_no_case_begins_where_two_people_must_release_it() -> None:
    """However far the earlier episode came, a stage that asks for an approval is reached in its turn."""
    stages = """
    stages:
      - {name: first, from_dpd: 1, notice: n, channel: [sms], deadline: 1d}
      - {name: firm, from_dpd: 3, notice: f, channel: [sms], deadline: 1d}
      - {name: prelegal, from_dpd: 6, notice: p, channel: [sms], approval: two_people}
"""
    world = firm_again("re_entry: {within: 30d, at: same}", stages=stages)
    assert [stage for _, stage, _ in opened(world)][-1] == "prelegal"

    for n in range(31, 34):
        speak(world, n)

    assert opened(world)[-1][1:] == ("firm", "re_entry")


def test_another_strategy_begins_with_its_first_stage() -> None:
    """A stage of the same name need not say the same: what was proven of one says nothing of the other."""
    world = firm_again("re_entry: {within: 30d, at: same}")
    world.strategy = worlds.loaded(strategy("re_entry: {within: 31d, at: same}"))
    world.cases = {case: {**row, "strategy_digest": "other"} for case, row in world.cases.items()}

    answer = worlds.advance(
        world.rows(day(31)), day(31), world.strategy,
        cases=world.cases.values(), stages=world.stages.values(), known=world.known.values(),
        strategies={"other": worlds.loaded(strategy("re_entry: {within: 30d, at: same}"))},
        earlier=world.earlier(day(31)),
    )  # fmt: skip

    assert answer.turns["stage"].to_list() == ["first"]


def test_a_lender_who_says_nothing_looks_nowhere() -> None:
    """Without a policy earlier episodes are not even asked for."""
    plain = worlds.loaded(strategy("re_entry: {within: 30d, at: first}"))
    asks = worlds.loaded(strategy("cooling_off: {days: 8d}\n    re_entry: {within: 30d, at: same}"))

    assert relapse.reach({plain.digest: plain}) is None
    assert relapse.reach({plain.digest: plain, asks.digest: asks}) == relapse.Reach(today=8, begun=30)


# -- reversals, and episodes that turn out to be one --------------------------------------------------------------


def test_a_reversal_brings_back_the_stage_the_number_and_the_strategy() -> None:
    """The case stands where it stood: its stage, the next number, a whole deadline, the strategy it began with."""
    world = firm_again("# nothing")
    began_with = world.strategy.digest
    world.strategy = worlds.loaded(strategy("cooling_off: {days: 8d}"))
    world.debts[0].paid.clear()

    answer = worlds.advance(
        world.rows(day(14)), day(14), world.strategy,
        cases=world.cases.values(), stages=world.stages.values(), known=world.known.values(),
        strategies={began_with: worlds.loaded(strategy("# nothing"))},
    )  # fmt: skip
    turn_ = answer.turns.row(0, named=True)

    assert answer.case_moves.select("case", "event", "to_state").rows() == [(FIRST, "reversal", "open")]
    assert (turn_["stage"], turn_["occurrence"], turn_["deadline_on"]) == ("firm", 2, day(24))
    assert turn_["strategy_digest"] == began_with


def test_the_reversal_of_what_cured_the_older_case_joins_the_newer_one_to_it() -> None:
    """There was one episode all along: the older case stands again where it stood, the newer one ends in it."""
    world = twice("# nothing", second=5)
    for n in range(6, 9):
        speak(world, n)
    assert states(world) == {FIRST: "cured", SECOND: "open"}

    world.debts[0].paid.clear()
    said = speak(world, 9)

    assert states(world) == {FIRST: "open", SECOND: "joined"}
    assert world.stages["P1", SECOND, "first"]["state"] == "lapsed"
    assert {entry[2:] for entry in world.log[-2:]} == {
        (SECOND, "first", "cure", "joined"),
        (FIRST, "first", "reached", "reversal"),
    }
    assert said == ["first"]


def test_cases_that_were_joined_part_where_there_were_two_after_all() -> None:
    """The reversal was a mistake of the bank: the older one was cured, and the newer one goes on."""
    world = twice("# nothing", second=5)
    speak(world, 6)
    world.debts[0].paid.clear()
    speak(world, 7)

    world.debts[0].paid.append((day(2), 100))
    speak(world, 8)

    assert states(world) == {FIRST: "cured", SECOND: "open"}
    assert [event for _, _, case, _, event, _ in world.log if case == SECOND] == [
        "reached", "cure", "reached",
    ]  # fmt: skip


def test_an_older_debt_that_nobody_was_told_of_is_told_of_from_the_start() -> None:
    """A payment of weeks ago bounces: the case is that of the older due date, and it skips no warning."""
    world = World(worlds.loaded(strategy("# nothing")), [Debt("A1", [START, day(30)], paid=[(START, 100)])])
    for n in range(31, 36):
        speak(world, n)
    newer = worlds.case_of("A1", day(30))
    assert opened(world)[-1][:2] == (newer, "first")

    world.debts[0].paid.clear()
    for n in range(36, 40):
        speak(world, n)

    assert states(world) == {newer: "joined", FIRST: "open"}
    assert opened(world)[-1] == (FIRST, "first", "reached")


def test_several_reversals_one_after_another_open_and_end_one_case() -> None:
    """Paid and bounced three times: one case, one ladder, and each notice has a number of its own."""
    world = World(worlds.loaded(strategy("cooling_off: {days: 3d}")), [Debt("A1", [START])])
    numbers = []
    for n in (1, 4, 7):
        numbers += [each["occurrence"] for each in world.due(world.plan(day(n)))]
        speak(world, n)
        world.debts[0].paid.append((day(n + 1), 100))
        world.plan(day(n + 1))
        world.debts[0].paid.clear()

    assert numbers == [1, 2, 3]
    assert list(world.cases) == [FIRST]
    assert [event for _, _, _, _, event, _ in world.log].count("reached") == 3


# -- from the book to the decision --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "code", "next_on"), [(10, "cooling_off", ON + timedelta(days=1)), (9, "first_notice", None)]
)
def test_a_plan_finds_the_cure_in_the_book_and_says_so(days: int, code: str, next_on: date | None) -> None:
    """Paid ten days late and ten days ago, late again since the day before yesterday: no case is known yet at all."""
    due = [ON - timedelta(days=20), ON - timedelta(days=2)]
    given = plans.late(
        instalments=[plans.instalment(day, seq=n) for n, day in enumerate(due, 1)],
        accounts=[plans.account(overdue_ppm=0)],
        payments=[plans.payment(ON - timedelta(days=10), 123_000)],
    )

    found = plans.decide(given, strategy=worlds.loaded(strategy(f"cooling_off: {{days: {days}d}}")))
    told = plans.decision(found)

    assert (told["code"], told["next_on"]) == (code, next_on)
    assert found.messages.is_empty() is (code == "cooling_off")
    assert found.new_cases["case"].to_list() == [worlds.case_of("A1", due[1])]
    if code == "cooling_off":
        assert told["outcome"] == "paused"
        assert "it cools off, and is told only what must be said" in explain.sentences(told, "en")[0]
        assert "仍在冷静期内" in explain.sentences(told, "zh-CN")[0]
