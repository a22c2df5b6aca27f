"""The brake: anybody on duty stops everything within a second, and it takes two people to go on."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta

import psycopg
import pytest

from duly.app import brakes
from duly.errors import NotAllowed, WrongUsage
from duly.model.approval import MAY_APPROVE, Lack, Subject
from duly.model.party import Actor, Duty
from duly.run import halt
from tests.run.house import PASSPHRASE, House, change, run, until

PEOPLE = {
    "chen.hao": frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}),
    "zhao.min": frozenset({Duty.COMPLIANCE}),
    "wu.fang": frozenset({Duty.COMPLIANCE}),
    "lin.yue": frozenset({Duty.STRATEGIST}),
}


def stop(house: House, name: str = "chen.hao") -> brakes.Halt:
    """Somebody stops everything."""
    who = Actor(name=name, duties=PEOPLE[name])
    return brakes.stop(who, house.folder, scope="all", value="", reason="drill", environ=house.environ)


def go_on(house: House, number: int, name: str) -> list[Lack]:
    """Somebody signs that it may go on; what is still lacking."""
    left = brakes.resume(
        Actor(name=name, duties=PEOPLE[name]),
        house.folder,
        number,
        keys=house.keys,
        passphrase=PASSPHRASE,
        nonce=os.urandom(16),
        environ=house.environ,
    )
    return [one.lack for one in left]


def test_going_on_takes_two_people(house: House) -> None:
    """Not one person twice, but two; both names stand in the evidence."""
    halted = stop(house)

    assert go_on(house, halted.number, "zhao.min") == [Lack.PEOPLE]
    assert go_on(house, halted.number, "zhao.min") == [Lack.PEOPLE]
    assert house.send() == []
    assert go_on(house, halted.number, "wu.fang") == []

    assert brakes.in_force(Actor(name="x", duties=frozenset()), house.folder, environ=house.environ) == ()
    (told,) = house.entries("resume")
    assert told.committed["approved_by"] == ["wu.fang", "zhao.min"]
    assert told.open["halt"] == house.entries("halt")[0].entry_id.hex()
    house.pass_by()
    assert house.send() != []


@pytest.mark.parametrize("order", [("chen.hao", "zhao.min"), ("zhao.min", "chen.hao")])
def test_whoever_stopped_may_be_one_of_the_two(house: House, order: tuple[str, str]) -> None:
    """A sample project has two people who may, and one of them calls the halt: they are enough, and he alone is not."""
    may = MAY_APPROVE[Subject.RESUME]
    sample = {name for name, duties in house.opened.project.settings.people.items() if duties & may}
    assert sample - {"wu.fang"} == set(order)  # the third person of these tests is not in the sample
    halted = stop(house, "chen.hao")

    assert go_on(house, halted.number, order[0]) == [Lack.PEOPLE]
    assert go_on(house, halted.number, order[0]) == [Lack.PEOPLE]
    assert go_on(house, halted.number, order[1]) == []

    (told,) = house.entries("resume")
    assert told.committed["approved_by"] == ["chen.hao", "zhao.min"]


def test_who_may_not_lift_a_halt_is_refused_though_he_called_it(house: House) -> None:
    """A strategist stops; going on is for compliance and operations."""
    strategist = Actor(name="lin.yue", duties=frozenset({Duty.STRATEGIST}))
    halted = brakes.stop(
        strategist, house.folder, scope="all", value="", reason="drill", environ=house.environ
    )

    with pytest.raises(NotAllowed, match="no duty that may approve this"):
        go_on(house, halted.number, "lin.yue")


def test_only_those_whose_word_counts_stand_in_the_evidence(house: House) -> None:
    """Somebody who signed and has no such duty any more is not named as one who lifted it."""
    halted = stop(house)
    go_on(house, halted.number, "wu.fang")
    change(
        house.folder / "duly.toml",
        '[people."wu.fang"]\nduties = ["compliance"]',
        '[people."wu.fang"]\nduties = ["auditor"]',
    )
    assert Lack.PEOPLE in go_on(house, halted.number, "zhao.min")
    go_on(house, halted.number, "chen.hao")

    (told,) = house.entries("resume")
    assert told.committed["approved_by"] == ["chen.hao", "zhao.min"]


def test_a_signature_for_one_halt_lifts_no_other(house: House) -> None:
    """What was signed names exactly this halt: the same words an hour later are another."""
    one = stop(house)
    go_on(house, one.number, "zhao.min")
    other = stop(house)

    assert go_on(house, other.number, "wu.fang") == [Lack.PEOPLE]
    assert {row["id"] for row in halt.in_force(house.connect())} == {one.number, other.number}


def test_the_database_lifts_no_halt_for_one_person(house: House) -> None:
    """Whoever goes round the commands still needs two names, and they must differ."""
    halted = stop(house)
    for names in (["zhao.min"], ["zhao.min", "zhao.min"], []):
        with pytest.raises(psycopg.errors.CheckViolation):
            house.ask(
                "update halt set resumed_at = now(), resumed_by = %s where id = %s", names, halted.number
            )
    with pytest.raises(NotAllowed, match="two different people"):
        halt.resume(house.connect(), halted.number, by=("zhao.min", "zhao.min"))


@pytest.mark.parametrize(
    ("scope", "value", "reason", "says"),
    [
        ("everything", "", "drill", "no scope"),
        ("all", "main", "drill", "no scope"),
        ("route", "", "drill", "no scope"),
        ("route", "main", " ", "needs a reason"),
    ],
)
def test_a_halt_says_what_and_why(house: House, scope: str, value: str, reason: str, says: str) -> None:
    """An unknown scope, a scope without its value and a missing reason are refused, and nothing is written."""
    with pytest.raises(WrongUsage, match=says):
        brakes.stop(
            Actor(name="chen.hao", duties=PEOPLE["chen.hao"]),
            house.folder,
            scope=scope,
            value=value,
            reason=reason,
            environ=house.environ,
        )
    assert halt.in_force(house.connect()) == []


def test_who_has_no_duty_here_stops_nothing(house: House) -> None:
    """An auditor looks; he does not act."""
    with pytest.raises(NotAllowed, match="holds none of the duties"):
        brakes.stop(
            Actor(name="eve", duties=frozenset({Duty.AUDITOR})),
            house.folder,
            scope="all",
            value="",
            reason="drill",
            environ=house.environ,
        )


def test_a_halt_is_obeyed_in_the_middle_of_a_run_within_a_second(house: House) -> None:
    """A sender at work, messages in its window: after a second nothing more leaves, and what was left leaves after."""
    rows = house.waiting()

    async def story() -> tuple[datetime, list[dict[str, object]], list[dict[str, object]]]:
        async with house.on_air(rate=20) as air:
            air.keep_sending()
            await until(lambda: len(air.messages()) >= 4)
            halted = await asyncio.to_thread(stop, house)
            await asyncio.sleep(1.5)
            before = air.taken()
            await asyncio.sleep(0.5)
            assert air.taken() == before
            assert len(air.messages()) < len(rows)
            for name in ("zhao.min", "wu.fang"):
                await asyncio.to_thread(go_on, house, halted.number, name)
            await until(lambda: len(air.messages()) == len(rows))
            return halted.at, before, air.taken()

    at, before, after = run(story())
    last = max(datetime.fromisoformat(str(line["at"])) for line in before)
    assert last - at < timedelta(seconds=1)
    segments = [(line["destination"], line["reference"], line["part"]) for line in after]
    assert len(set(segments)) == len(segments) == sum(row.parts for row in rows)
