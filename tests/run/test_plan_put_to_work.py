"""A plan put to work beside everything else that happens: it blocks nobody for ever, and forgets nobody."""

from __future__ import annotations

import threading
from datetime import timedelta

from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.run import day
from duly.store import sql as statements
from tests.run.house import ON, House, instant

_SQL = statements.load()


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
