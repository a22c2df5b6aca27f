"""Ceilings of an hour, of a route and of what a day may cost: at the number a message leaves, above it none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.project.bounds import Ceiling, Span
from duly.run import gate, known, planned, quotas, ruling
from tests.run.house import ON, House, instant, run

HOUR, DAY = Span.HOUR, Span.DAY
PRICE = 45_000  # millionths for a part


def few(house: House, count: int) -> list[planned.Planned]:
    """So many messages to as many people, and nothing else."""
    rows = list({row.person: row for row in house.waiting() if row.stage == "first"}.values())[:count]
    assert len(rows) == count
    house.keep_only(*rows)
    return rows


def under(house: House, *ceilings: Ceiling) -> known.Rules:
    """What the gate holds messages against, with these ceilings."""
    return replace(house.rules(), ceilings=ceilings, costs={"main": PRICE})


def told(word: gate.Word) -> tuple[int, list[str]]:
    """How many were released, and why the others were put off."""
    return len(word.released), [one.code for one in word.deferred]


@pytest.mark.parametrize(
    ("ceiling", "code"),
    [
        (Ceiling(span=HOUR, messages=2), "hourly_limit"),
        (Ceiling(span=HOUR, messages=2, route="main"), "hourly_limit"),
        (Ceiling(span=DAY, messages=2, route="main"), "route_limit"),
    ],
    ids=["of an hour", "of a route's hour", "of a route's day"],
)
def test_at_the_ceiling_nothing_more_leaves(house: House, ceiling: Ceiling, code: str) -> None:
    """Two leave and the third waits with its reason; with room for three all leave."""
    rows = few(house, 3)
    word = house.open_gate(rules=under(house, ceiling)).judge(house.ready(*rows))

    assert told(word) == (2, [code])
    assert house.ask("select messages from quota") == [(2,)]
    assert told(
        house.open_gate(rules=under(house, replace(ceiling, messages=3))).judge(house.ready(rows[2]))
    ) == (1, [])


def test_what_a_day_may_cost_is_counted_in_billed_parts(house: House) -> None:
    """A ceiling of exactly what two cost lets two leave, one millionth less lets one."""
    one, other = few(house, 2)
    both = PRICE * (one.billed + other.billed)

    less = under(house, Ceiling(span=DAY, cost_micro=both - 1))
    assert told(house.open_gate(rules=less).judge(house.ready(one, other))) == (1, ["cost_limit"])
    enough = under(house, Ceiling(span=DAY, cost_micro=both))
    assert told(house.open_gate(rules=enough).judge(house.ready(other))) == (1, [])
    assert house.ask("select scope, messages, cost_micro from quota") == [("day", 2, both)]


def test_another_routes_ceiling_is_no_ceiling(house: House) -> None:
    """It counts what leaves by it, and nothing else."""
    rows = few(house, 2)
    word = house.open_gate(rules=under(house, Ceiling(span=DAY, messages=1, route="second"))).judge(
        house.ready(*rows)
    )

    assert told(word) == (2, [])


def test_the_next_hour_has_its_own_count(house: House) -> None:
    """Who waits is told the instant at which it begins."""
    one, other = few(house, 2)
    rules = under(house, Ceiling(span=HOUR, messages=1))
    house.move_to(instant(10, 59))
    (waits,) = house.open_gate(rules=rules).judge(house.ready(one, other)).deferred

    assert waits.until == instant(11)
    house.move_to(instant(11))
    assert told(house.open_gate(rules=rules).judge(house.ready(other))) == (1, [])
    assert [row[0] for row in house.ask("select messages from quota order by begins")] == [1, 1]


@pytest.mark.parametrize(
    ("fate", "free"), [(Fate.REFUSED_FINAL, True), (Fate.UNWRITTEN, True), (Fate.UNANSWERED, False)]
)
def test_what_did_not_leave_makes_room(house: House, fate: Fate, free: bool) -> None:
    """Refused or never written: another may leave instead. In doubt: none."""
    one, other = few(house, 2)
    rules = under(house, Ceiling(span=DAY, messages=1, route="main"))
    (going,) = house.open_gate(rules=rules).judge(house.ready(one)).released
    segments = [Segment(fate=fate, remote_id="r", code="X", reason="no")] * going.released.encoded.count
    house.settle((going, answer.settle(segments)))

    word = house.open_gate(rules=rules).judge(house.ready(other))

    assert told(word) == ((1, []) if free else (0, ["route_limit"]))


def test_two_gates_at_once_never_pass_it_together(house: House) -> None:
    """Two workers with six messages each, two at a time: exactly as many leave as may."""
    ready = house.ready(*few(house, 12))
    rules = under(house, Ceiling(span=HOUR, messages=7), Ceiling(span=DAY, cost_micro=10**12))
    begin = threading.Barrier(2)
    words: list[gate.Word] = []

    def work(mine: Sequence[ruling.Prepared], name: str) -> None:
        judging = house.open_gate(rules=rules, name=name)
        begin.wait(10)
        words.extend(judging.judge(mine[start : start + 2]) for start in range(0, len(mine), 2))

    workers = [threading.Thread(target=work, args=(ready[n::2], f"worker-{n}")) for n in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)

    assert sum(len(word.released) for word in words) == 7
    assert {delay.code for word in words for delay in word.deferred} == {"hourly_limit"}
    assert house.ask("select count(*) from permit") == [(7,)]


def test_a_sender_stops_at_the_hours_ceiling_and_goes_on_with_the_next(house: House) -> None:
    """By a real carrier: two of four leave; an hour later the others do."""
    rows = few(house, 4)
    settings = house.opened.project.settings
    bounds = replace(settings.bounds, ceilings=(Ceiling(span=HOUR, messages=2),))
    house.opened.project = replace(house.opened.project, settings=replace(settings, bounds=bounds))

    async def story() -> tuple[int, int]:
        async with house.on_air() as air:
            await air.send()
            first = len(air.messages())
            await asyncio.to_thread(house.move_to, instant(11))
            await air.send()
            return first, len(air.messages())

    assert run(story()) == (2, 4)
    assert [house.ended(row) for row in rows] == [None] * 4


def test_a_span_is_the_lenders_own(house: House) -> None:
    """Hours begin with the hour and days with the local day."""
    counts = quotas.spans(
        [Ceiling(span=DAY, messages=1, route="main"), Ceiling(span=HOUR, messages=1)],
        now=instant(10, 30),
        zone="Asia/Shanghai",
    )

    assert [(one.scope, one.begins, one.ends) for one in counts] == [
        ("day main", instant(0), instant(0, on=ON + timedelta(days=1))),
        ("hour", instant(10), instant(11)),
    ]
