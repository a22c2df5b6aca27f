"""A plan put to work beside everything else that happens: it blocks nobody for ever, and forgets nobody."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from duly.app import story
from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.model.party import Actor
from duly.run import day, planned
from duly.store import sql as statements
from tests.run.house import ON, House, instant

_SQL = statements.load()
ANYBODY = Actor(name="anybody", duties=frozenset())


def test_a_plan_takes_the_cases_in_the_order_in_which_everybody_does(house: House) -> None:
    """While an answer holds the first of its cases, the plan holds none of the others: nobody waits in a circle."""
    house.move_to(instant(9, on=ON + timedelta(days=1)))
    planner = house.connect("duly_planner")
    made = day.make(house.opened, planner)
    cases = sorted({*made.plan.case_moves["case"].to_list(), *made.plan.stage_moves["case"].to_list()})
    known = [
        case for (case,) in house.ask('select "case" from case_file where "case" = any(%s) order by 1', cases)
    ]
    assert len(known) > 1
    recorded: list[day.Recorded] = []
    recording = threading.Thread(
        target=lambda: recorded.append(day.record_plan(house.opened, planner, made, reason="day"))
    )
    other = house.connect("duly_worker")
    with other.transaction():
        other.execute(_SQL["take_chains"], {"cases": known[:1]})
        recording.start()
        while not house.someone_waits():
            assert recording.is_alive()
        other.execute("set local lock_timeout = '5s'")
        other.execute(_SQL["take_chains"], {"cases": known[1:]})
    recording.join(30)

    assert len(recorded) == 1


def test_who_is_woken_while_the_day_is_planned_is_planned_for_again(house: House) -> None:
    """A refusal comes after the plan has looked and before it is put to work: the wake stays."""
    row = next(one for one in house.waiting() if one.stage == "first")
    (going,) = house.open_gate().judge(house.ready(row)).released
    planner = house.connect("duly_planner")
    made = day.make(house.opened, planner)
    refused = [Segment(fate=Fate.REFUSED_FINAL, code="X", reason="no")] * going.released.encoded.count
    house.settle((going, answer.settle(refused)))

    day.record_plan(house.opened, planner, made, reason="day")

    assert house.wakes() == [(row.person, "fallback")]
    again = day.make(house.opened, planner)
    day.record_plan(house.opened, planner, again, reason="day")
    assert house.wakes() == []


# --- what a later plan puts an end to


def single(house: House) -> planned.Planned:
    """The first message of a person who is written to about one account."""
    return next(one for one in house.waiting() if one.stage == "first" and len(one.accounts) == 1)


def told(house: House, row: planned.Planned) -> list[str]:
    """What `duly explain` says of the messages about an account."""
    lines = story.tell(
        ANYBODY, house.folder, account=row.accounts[0], locale="en", environ=house.environ
    ).lines
    return [str(line.says) for line in lines if line.kind == "message"]


ENDS = [
    # the share of the debt that is paid, why the version ends, how that is told
    (0, "planned_again", "a later plan says it in another way"),
    (1, "withdrawn", "a later plan withdrew it"),
]


@pytest.mark.parametrize(("whole", "code", "words"), ENDS)
def test_a_version_that_a_plan_ends_has_its_entry_and_is_told_once(
    house: House, whole: int, code: str, words: str
) -> None:
    """One fen was paid, or everything: the end of the old version stands in the evidence of its case, by that plan."""
    row = single(house)
    owed = row.fields["overdue_minor"]
    assert isinstance(owed, int)
    house.pay(row.accounts[0], owed if whole else 1)
    house.plan(persons=[row.person])

    assert house.ended(row) == ("superseded", code)
    (entry,) = house.entries("expiry")
    assert (entry.committed["message"]["message"], entry.committed["reason"]) == (row.key.hex(), code)
    assert entry.open["because"] == house.entries("decisions")[-1].entry_id.hex()
    assert [said["account"] for said in entry.about.values()] == list(row.accounts)
    assert told(house, row) == [f"Not handed over: {row.notice} by sms; {words}."]


def test_what_ended_by_a_plan_does_not_end_again_at_the_gate(house: House) -> None:
    """A worker had read the old version before: it drops it, and neither a second end nor a second entry is written."""
    row = single(house)
    old = house.ready(row)
    house.pay(row.accounts[0], 1)
    house.plan(persons=[row.person])

    word = house.open_gate().judge(old)

    assert [(drop.outcome, drop.code) for drop in word.dropped] == [("superseded", "planned_again")]
    assert len(house.entries("expiry")) == 1
    assert house.ask("select count(*) from disposition where key = %s", row.key) == [(1,)]


def test_what_ended_once_is_told_once_however_often_it_had_been_given_back(house: House) -> None:
    """Two hand-overs that the carrier refused for now, then a later plan: two are told as made, one end."""
    row = single(house)
    house.keep_only(row)
    for _ in range(2):
        (going,) = house.open_gate().judge(house.ready(row)).released
        refused = [Segment(fate=Fate.REFUSED, code="X", reason="not now")] * going.released.encoded.count
        house.settle((going, answer.settle(refused)))
    house.pay(row.accounts[0], 1)
    house.plan(persons=[row.person])

    said = told(house, row)

    assert [one.partition(":")[0] for one in said] == ["Handed over", "Handed over", "Not handed over"]


def test_a_plan_ends_a_forged_version_as_a_forgery(house: House) -> None:
    """Beside the planner's own version lies one of somebody else's: the plan is put to work, and says what it was."""
    row = single(house)
    fake = replace(row, version=7, cases=("A-nobody/20311101",), accounts=("A-nobody",))
    house.put(fake, mark=b"x" * 32)
    house.pay(row.accounts[0], 1)
    house.plan(persons=[row.person])

    assert house.ended(row) == ("superseded", "planned_again")
    assert house.ended(fake) == ("dropped", "forged")
    assert sorted(entry.committed["reason"] for entry in house.entries("expiry")) == [
        "forged",
        "planned_again",
    ]


def test_the_cases_of_what_a_plan_ends_are_taken_in_that_order_too(house: House) -> None:
    """One message is said otherwise, and a later case is cured: the plan does not hold this while it waits for that."""
    first, *_, last = sorted(
        (one for one in house.waiting() if one.stage == "first" and len(one.cases) == 1),
        key=lambda one: one.cases,
    )
    owed = last.fields["overdue_minor"]
    assert isinstance(owed, int)
    house.pay(first.accounts[0], 1, payment="T-first")
    house.pay(last.accounts[0], owed, payment="T-last")
    planner = house.connect("duly_planner")
    made = day.make(house.opened, planner, persons=[first.person, last.person])
    assert last.cases[0] in made.plan.case_moves["case"].to_list()
    assert first.cases[0] not in {*made.plan.case_moves["case"], *made.plan.stage_moves["case"]}
    recorded: list[day.Recorded] = []
    recording = threading.Thread(
        target=lambda: recorded.append(day.record_plan(house.opened, planner, made, reason="again"))
    )
    other = house.connect("duly_worker")
    with other.transaction():
        other.execute(_SQL["take_chains"], {"cases": list(first.cases)})
        recording.start()
        while not house.someone_waits():
            assert recording.is_alive()
        other.execute("set local lock_timeout = '5s'")
        other.execute(_SQL["take_chains"], {"cases": list(last.cases)})
    recording.join(30)

    assert len(recorded) == 1
    assert house.ended(first) == ("superseded", "planned_again")
    assert house.ended(last) == ("superseded", "withdrawn")
