"""The day's ceiling: messages_per_day is never passed, whoever asks, and what did not leave is no part of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.model.approval import Subject
from duly.run import ceiling, gate, known, planned, ruling
from tests.run import house as houses
from tests.run.house import ON, ZONE, House, instant, run


def few(house: House, count: int) -> list[planned.Planned]:
    """So many messages to as many people, and nothing else."""
    rows = list({row.person: row for row in house.waiting() if row.stage == "first"}.values())[:count]
    assert len(rows) == count
    house.keep_only(*rows)
    return rows


def limited(house: House, most: int) -> known.Rules:
    """What the gate holds messages against, with so many a day."""
    return replace(house.rules(), messages_per_day=most)


def counted(house: House) -> list[tuple[object, ...]]:
    """The count of each day."""
    return house.ask("select day, messages from sent_of_day order by day")


def told(word: gate.Word) -> tuple[int, list[str]]:
    """How many were released, and why the others were put off."""
    return len(word.released), [one.code for one in word.deferred]


@pytest.mark.parametrize(("most", "left"), [(3, 3), (4, 3), (2, 2), (1, 1)])
def test_at_the_ceiling_nothing_more_leaves(house: House, most: int, left: int) -> None:
    """As many as the lender allows, in the chunk's order; the rest waits, with its reason, and is not ended."""
    rows = few(house, 3)
    word = house.open_gate(rules=limited(house, most)).judge(house.ready(*rows))

    assert told(word) == (left, ["daily_limit"] * (3 - left))
    assert [going.prepared.planned.key for going in word.released] == [row.key for row in rows[:left]]
    assert {delay.until - house.now() <= ceiling.PATIENCE for delay in word.deferred} <= {True}
    assert house.ask("select count(*) from permit") == [(left,)]
    assert [house.ended(row) for row in rows] == [None] * 3
    assert counted(house) == [(ON, left)]


def test_the_ceiling_is_over_all_chunks_of_the_day_and_begins_anew_with_the_next(house: House) -> None:
    """Yesterday's messages are yesterday's."""
    rows = few(house, 3)
    longer = [
        replace(row, version=row.version + 1, not_after=instant(12, on=ON + timedelta(days=1)))
        for row in rows
    ]
    first, second, third = house.ready(*house.put(*longer))
    rules = limited(house, 2)

    assert told(house.open_gate(rules=rules).judge([first])) == (1, [])
    assert told(house.open_gate(rules=rules).judge([second])) == (1, [])
    assert told(house.open_gate(rules=rules).judge([third])) == (0, ["daily_limit"])
    house.move_to(instant(8, on=ON + timedelta(days=1)))
    house.ask("select ensure_day(%s)", ON + timedelta(days=1))  # as the sender does it
    assert told(house.open_gate(rules=rules).judge([third])) == (1, [])
    assert counted(house) == [(ON, 2), (ON + timedelta(days=1), 1)]


FATES: list[tuple[Fate, bool]] = [
    (Fate.ACCEPTED, False),
    (Fate.UNANSWERED, False),
    (Fate.REFUSED, True),
    (Fate.REFUSED_FINAL, True),
    (Fate.UNWRITTEN, True),
]


@pytest.mark.parametrize(("fate", "free"), FATES, ids=lambda value: getattr(value, "value", ""))
def test_what_did_not_leave_makes_room(house: House, fate: Fate, free: bool) -> None:
    """Refused, or surely never written: another may leave instead. Accepted, or in doubt: none."""
    one, other = few(house, 2)
    rules = limited(house, 1)
    (going,) = house.open_gate(rules=rules).judge(house.ready(one)).released
    segments = [Segment(fate=fate, remote_id="r", code="X", reason="no")] * going.released.encoded.count
    house.settle((going, answer.settle(segments)))

    word = house.open_gate(rules=rules).judge(house.ready(other))

    assert told(word) == ((1, []) if free else (0, ["daily_limit"]))
    assert counted(house) == [(ON, 1)]


def test_a_doubt_that_a_later_answer_settles_as_refused_makes_room(house: House) -> None:
    """As long as it is in doubt it counts."""
    one, other = few(house, 2)
    rules = limited(house, 1)
    (going,) = house.open_gate(rules=rules).judge(house.ready(one)).released
    count = going.released.encoded.count
    house.settle((going, answer.settle([Segment(fate=Fate.UNANSWERED, reason="silence")] * count)))
    assert told(house.open_gate(rules=rules).judge(house.ready(other))) == (0, ["daily_limit"])

    house.settle((going, answer.settle([Segment(fate=Fate.REFUSED_FINAL, code="X", reason="no")] * count)))

    assert told(house.open_gate(rules=rules).judge(house.ready(other))) == (1, [])


def test_a_day_that_nobody_counted_is_counted_from_its_permits(house: House) -> None:
    """A database that comes from a version without a count, or whose row somebody removed, allows no message more."""
    one, other = few(house, 2)
    house.open_gate().judge(house.ready(one))
    house.ask("delete from sent_of_day")

    assert told(house.open_gate(rules=limited(house, 1)).judge(house.ready(other))) == (0, ["daily_limit"])
    assert counted(house) == [(ON, 1)]


# --- several at once


def test_a_gate_that_comes_second_is_told_no(house: House) -> None:
    """Both have read that there is room for one; the second finds it taken when it counts, and judges again."""
    one, other = few(house, 2)
    rules = limited(house, 1)
    house.open_gate(rules=limited(house, 9)).judge(())  # nothing to judge: the day is not begun by that
    ceiling.recount(house.connect("duly_worker"), day=ON, zone=ZONE)
    (left,), (right,) = house.ready(one), house.ready(other)
    connection = house.connect("duly_worker")
    words: list[gate.Word] = []

    def judge() -> None:
        words.append(house.open_gate(rules=rules, name="worker-2").judge([right]))

    second = threading.Thread(target=judge)
    with connection.transaction():
        first = house.open_gate(connection, rules=rules).judge([left])
        second.start()
        while not house.someone_waits():
            assert second.is_alive()
        assert words == []
    second.join(10)

    assert told(first) == (1, [])
    assert told(words[0]) == (0, ["daily_limit"])
    assert house.ask("select key from permit") == [(one.key,)]
    assert house.ask("select key from hand_over") == [(one.key,)]
    assert len(house.entries("permit")) == 1


@pytest.mark.parametrize("most", [5, 9])
def test_two_gates_at_once_never_pass_it_together(house: House, most: int) -> None:
    """Two workers with eight messages each, two at a time: exactly as many leave as may."""
    rows = few(house, 16)
    ready = house.ready(*rows)
    rules = limited(house, most)
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

    assert len(words) == 8
    assert sum(len(word.released) for word in words) == most
    assert {delay.code for word in words for delay in word.deferred} == {"daily_limit"}
    assert house.ask("select count(*) from permit") == [(most,)]
    assert counted(house) == [(ON, most)]


# --- the whole way


def test_two_workers_on_two_routes_stop_at_the_number_in_duly_toml(house: House) -> None:
    """By SMS and by the folder at once, five in all; the rest waits, expires with its day, and the log says so."""
    rows = few(house, 8)
    apart = house.put(*(replace(row, version=row.version + 1, route="second") for row in rows[4:]))
    kept = [*rows[:4], *apart]
    houses.change(house.folder / "duly.toml", "messages_per_day = 10000", "messages_per_day = 5")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        edited.add_route("second")

        async def story() -> list[str]:
            async with edited.on_air() as air:
                await asyncio.gather(air.send(), air.send("second"))
                return air.messages()

        assert len(run(story())) == 5
        edited.pass_by(int(ceiling.PATIENCE.total_seconds()) + 1)
        assert edited.send() == []
        assert [edited.ended(row) for row in kept] == [None] * 8
        edited.move_to(max(row.not_after for row in kept) + timedelta(seconds=1))
        assert edited.send() == []
        ends = [edited.ended(row) for row in kept]
        assert ends.count(("expired", "not_after_passed")) == 3
        assert ends.count(None) == 5
    assert counted(house)[0] == (ON, 5)


def test_when_the_day_has_its_fill_nothing_is_claimed_until_room_is_looked_for_again(house: House) -> None:
    """A refusal gives room back, and within half a minute it is used."""
    one, other = few(house, 2)
    houses.change(house.folder / "duly.toml", "messages_per_day = 10000", "messages_per_day = 1")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        (going,) = edited.open_gate().judge(edited.ready(one)).released

        async def story() -> list[str]:
            async with edited.on_air() as air:
                sending = air.keep_sending()
                await houses.until(lambda: sending.tally.deferred == 1)
                refused = Segment(fate=Fate.REFUSED_FINAL, code="X", reason="no")
                edited.settle((going, answer.settle([refused] * going.released.encoded.count)))
                await asyncio.sleep(0.3)
                assert air.messages() == []
                edited.pass_by(int(ceiling.PATIENCE.total_seconds()) + 1)
                await houses.until(air.messages)
                assert sending.tally.deferred == 1
                return air.messages()

        assert run(story()) == [edited.number(other).removeprefix("+")]
