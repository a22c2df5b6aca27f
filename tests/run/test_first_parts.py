"""What goes first: the lender's own phones, then a small part of the run; the rest waits until they have it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from duly.app import brakes
from duly.carrier import debtors
from duly.model.party import Actor, Duty
from duly.project.bounds import Bounds, Trial
from duly.run import canary, day, seeds, waiting
from tests.run.house import PASSPHRASE, House, run, until

PEOPLE = {
    "zhao.min": frozenset({Duty.COMPLIANCE}),
    "wu.fang": frozenset({Duty.COMPLIANCE}),
}
OURS = "+8613900000001"
FIRST = 3


def tried(house: House, trial: Trial) -> House:
    """The same house, as if the lender had said so in duly.toml."""
    settings = replace(house.opened.project.settings, bounds=Bounds(trial=trial))
    house.opened.project = replace(house.opened.project, settings=settings)
    return house


def planned_with_a_first_part(house: House, percent: int = 70, within: int = 1800) -> list[bytes]:
    """One template's messages, planned anew with a first part; the keys of that part."""
    tried(house, Trial(canary=FIRST, arrived_percent=percent, within=within))
    ((template,),) = house.ask(
        "select template_digest from message where route = 'main' group by 1 order by count(*) desc limit 1"
    )
    rows = [row for row in house.waiting() if row.template_digest == template]
    assert len(rows) >= 2 * FIRST
    heads = house_heads(house, [row.key for row in rows])
    first = canary.choose(heads, house.opened.project.settings.bounds.trial, routes={"main"})
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        canary.keep(connection, rows[0].plan, first)
    house.keep_only(*rows)
    return [bytes(key) for key in first["key"].to_list()]


def house_heads(house: House, keys: list[bytes]) -> Any:
    """What the plan of the morning said of these messages."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        made = day.make(house.opened, connection)
    return made.plan.planned.filter(made.plan.planned["key"].is_in(keys)).select(
        "key", "route", "notice", "template_digest", "not_before"
    )


def going_on(house: House, number: int) -> None:
    """Two people lift a halt."""
    for name, duties in PEOPLE.items():
        brakes.resume(
            Actor(name=name, duties=duties),
            house.folder,
            number,
            keys=house.keys,
            passphrase=PASSPHRASE,
            nonce=os.urandom(16),
            environ=house.environ,
        )


# --- what the receipts of a first part say

NOW = datetime.fromisoformat("2031-11-24T10:00:00+08:00")


@pytest.mark.parametrize(
    ("queued", "gone", "refused", "arrived", "lost", "seconds", "word"),
    [
        (0, 10, 0, 7, 3, 5, canary.Said.PASSED),
        (0, 10, 0, 7, 0, 5, canary.Said.PASSED),
        (0, 10, 0, 6, 3, 5, canary.Said.WAIT),
        (0, 10, 0, 6, 4, 5, canary.Said.FAILED),
        (0, 6, 4, 0, 0, 5, canary.Said.FAILED),
        (0, 7, 3, 6, 0, 5, canary.Said.WAIT),
        (3, 7, 0, 7, 0, 5, canary.Said.WAIT),
        (3, 7, 0, 7, 0, 1801, canary.Said.PASSED),
        (0, 10, 0, 6, 0, 1800, canary.Said.WAIT),
        (0, 10, 0, 6, 0, 1801, canary.Said.FAILED),
        (0, 0, 0, 0, 0, None, canary.Said.PASSED),
        (10, 0, 0, 0, 0, None, canary.Said.WAIT),
    ],
)
def test_the_rest_goes_when_enough_arrived_and_not_before(
    queued: int, gone: int, refused: int, arrived: int, lost: int, seconds: int | None, word: canary.Said
) -> None:
    """Seven of ten must arrive within half an hour; what can no longer come true is not waited for."""
    heard = canary.Heard(
        queued=queued,
        gone=gone,
        refused=refused,
        arrived=arrived,
        lost=lost,
        since=None if seconds is None else NOW - timedelta(seconds=seconds),
    )
    assert canary.says(heard, Trial(canary=10), now=NOW) is word


def test_a_first_part_is_the_earliest_of_each_template_and_route_with_receipts(house: House) -> None:
    """As many as the lender says, of runs twice as long at least; a route without receipts has none."""
    keys = [row.key for row in house.versions()]
    heads = house_heads(house, keys)
    sizes = dict(heads.filter(heads["route"] == "main").group_by("template_digest").len().rows())
    most = max(sizes.values())

    chosen = canary.choose(heads, Trial(canary=most // 2), routes={"main"})
    assert set(chosen["route"]) == {"main"}
    assert {n for (n,) in chosen.group_by("template_digest").len().select("len").rows()} == {most // 2}
    (template, *_) = [one for one, size in sizes.items() if size == most]
    of = heads.filter((heads["route"] == "main") & (heads["template_digest"] == template)).sort(
        "not_before", "key"
    )
    assert (
        chosen.filter(chosen["template_digest"] == template)["key"].to_list()
        == of["key"].to_list()[: most // 2]
    )
    assert canary.choose(heads, Trial(canary=most // 2 + 1), routes={"main"}).is_empty()
    assert canary.choose(heads, Trial(), routes={"main"}).is_empty()


# --- a first part on its way


def drain(house: House, behave: debtors.Behave | None = None) -> tuple[tuple[waiting.Left, ...], list[str]]:
    """A whole worker until nothing can move; what it left, and whom the carrier has."""

    async def story() -> tuple[tuple[waiting.Left, ...], list[str]]:
        async with house.on_air(bound=False, behave=behave, waking=True) as air:
            await air.worker.drain(patience=0.2, away_for=0.5)
            return air.worker.left, air.messages()

    return run(story())


def test_until_it_arrived_only_the_first_part_may_leave(house: House) -> None:
    """Whatever the gate is asked for: the others wait, and for what is said."""
    first = planned_with_a_first_part(house)
    rows = house.waiting()
    word = house.open_gate().judge(house.ready(*rows))
    assert {going.prepared.planned.key for going in word.released} == set(first)
    assert {one.code for one in word.deferred} == {"awaiting_canary"}
    assert len(word.deferred) == len(rows) - FIRST


def test_the_rest_of_a_run_leaves_after_its_first_part(house: House) -> None:
    """By a real carrier: the first numbers are those of the first part, and all have it in the end."""
    first = planned_with_a_first_part(house)
    of = {row.key: house.number(row).removeprefix("+") for row in house.waiting()}

    left, messages = drain(house)

    assert left == ()
    assert sorted(messages) == sorted(of.values())
    assert sorted(messages[:FIRST]) == sorted(of[key] for key in first)
    assert house.ask("select passed_by, halt from canary") == [("receipts", None)]


def test_a_first_part_that_does_not_arrive_halts_its_template(house: House) -> None:
    """The rest stays; the evidence says how many did not arrive; two people lift it, and the rest goes."""
    planned_with_a_first_part(house)
    rows = house.waiting()
    lost = debtors.Behaviour(arrives=False)

    left, messages = drain(house, behave=lambda *_: lost)

    assert len(messages) == FIRST
    assert {one.reason: one.messages for one in left} == {waiting.Reason.HALTED: len(rows) - FIRST}
    ((number, scope, value, by),) = house.ask("select id, scope, value, by from halt")
    assert (scope, value, by) == ("template", rows[0].template_digest, "duly")
    (told,) = house.entries("halt")
    assert f"of the first {FIRST} messages" in str(told.committed["reason"])

    going_on(house, number)
    house.pass_by()
    _, after = drain(house)
    assert len(after) == len(rows) - FIRST
    assert house.ask("select passed_by from canary") == [("people",)]


def test_nobody_lets_the_rest_go_by_hand(house: House) -> None:
    """In the database too it passes by its receipts, or after two people lifted its halt."""
    planned_with_a_first_part(house)
    for statement in (
        "update canary set passed_at = now(), passed_by = 'people'",
        "delete from canary",
        "update canary set rest = 1",
        "delete from canary_message",
    ):
        with pytest.raises(psycopg.errors.RaiseException):
            house.ask(statement)


# --- the lender's own phones


def sending(house: House, behave: debtors.Behave | None = None) -> list[str]:
    """A sender at work for some seconds."""

    async def story() -> list[str]:
        async with house.on_air(behave=behave) as air:
            air.keep_sending()
            await asyncio.sleep(4)
            return air.messages()

    return run(story())


def test_each_template_goes_to_the_lenders_own_phones_first(house: House) -> None:
    """One message of each template, of nobody; then, when its receipt is there, everybody's."""
    tried(house, Trial(phones=(OURS,)))
    rows = house.waiting()
    templates = {row.template_digest for row in rows}
    texts: list[str] = []

    def behave(number: str, text: str, _: int) -> debtors.Behaviour:
        if number == OURS.removeprefix("+"):
            texts.append(text)
        return debtors.Behaviour()

    async def story() -> list[str]:
        async with house.on_air(behave=behave) as air:
            air.keep_sending()
            await until(lambda: len(air.messages()) == len(rows) + len(templates), within=20)
            return air.messages()

    messages = run(story())

    ours = OURS.removeprefix("+")
    assert messages.count(ours) == len(templates)
    assert messages[0] == ours
    people = {house.name(row.person) for row in rows}
    said = "".join(texts)
    assert "测试" in said or "Test" in said
    assert not any(name in said for name in people)
    assert house.ask("select count(*) from seed_answer where outcome = 'accepted'") == [(len(templates),)]
    assert house.ask("select count(*) from reservation r join seed s on s.key = r.key") == [(0,)]


def test_nothing_leaves_while_a_phone_of_ours_has_it_not(house: House) -> None:
    """The receipt says that it did not arrive: debtors wait, and it is said for what."""
    tried(house, Trial(phones=(OURS,)))
    row = house.waiting()[0]
    house.keep_only(row)

    def behave(number: str, _text: str, _n: int) -> debtors.Behaviour:
        return debtors.Behaviour(arrives=number != OURS.removeprefix("+"))

    messages = sending(house, behave)

    assert messages == [OURS.removeprefix("+")]
    assert house.ended(row) is None
    assert house.ask("select count(*) from seed") == [(1,)]
    left = waiting.read(
        house.connect("duly_worker"),
        reader=house.worker().reader,
        ways={"main": waiting.Way(holds=True, bound=True, trouble=None)},
        deferred=[],
        since=row.day,
    )
    assert [(one.reason, one.which) for one in left] == [
        (waiting.Reason.AWAITING_SEEDS, (row.notice, "main"))
    ]


def test_a_phone_of_ours_is_written_to_again_after_ten_minutes_and_not_sooner(house: House) -> None:
    """And five times at the most."""
    row = house.waiting()[0]
    connection = house.connect("duly_worker")
    wanted = {(row.route, row.template_digest)}
    now = house.now()

    def due(at: datetime) -> dict[tuple[str, str, str], int]:
        return seeds.due(connection, wanted, phones=["blind"], now=at)

    assert due(now) == {(row.route, row.template_digest, "blind"): 1}
    for attempt in range(1, 6):
        house.ask(
            "insert into seed values (%s, %s, %s, %s, 'blind', %s, %s, 'w')",
            bytes([attempt]) * 16, row.route, row.template_digest, row.notice, bytes(32), now,
        )  # fmt: skip
        assert due(now + seeds.AGAIN - timedelta(seconds=1)) == {}
        again = due(now + seeds.AGAIN)
        assert again == ({(row.route, row.template_digest, "blind"): attempt + 1} if attempt < 5 else {})


def test_what_a_phone_of_ours_gets_is_of_nobody(house: House) -> None:
    """Neither a name nor a figure nor a code of the message that waits is in its sample."""
    row = house.waiting()[0]
    made = seeds.sample(row, "blind", 1)

    assert (made.person, made.cases, made.accounts, made.code) == ("", (), (), "")
    assert made.key != row.key
    assert {name: made.fields[name] for name in seeds.FIGURES} == dict(seeds.FIGURES)
