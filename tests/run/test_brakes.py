"""What is halted, by whatever it is called; and runs out of the ordinary, which wait for two people."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from duly.app import brakes as app
from duly.errors import WrongUsage
from duly.model.party import Actor, Duty
from duly.project.bounds import Bounds, Unusual
from duly.run import halt, planned, ruling, statement, unusual, waiting
from tests.run.house import ON, House, run

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))

SCOPES: dict[str, Callable[[planned.Planned], str]] = {
    "creditor": lambda row: row.creditor,
    "brand": lambda row: row.brand,
    "channel": lambda row: row.channel,
    "carrier": lambda row: row.route,
    "stage": lambda row: row.stage,
    "template": lambda row: row.template_digest,
    "person": lambda row: row.person,
    "account": lambda row: row.accounts[0],
}


def stop(house: House, scope: str, value: str) -> app.Halt:
    """Chen stops something."""
    return app.stop(CHEN, house.folder, scope=scope, value=value, reason="drill", environ=house.environ)


def bounded(house: House, **bounds: int) -> House:
    """The same house, as if the lender had set these bounds of a run."""
    settings = house.opened.project.settings
    found = replace(settings, bounds=Bounds(unusual=Unusual(**bounds)))
    house.opened.project = replace(house.opened.project, settings=found)
    return house


# --- halts by scope


@pytest.mark.parametrize("scope", SCOPES)
def test_a_halt_keeps_back_what_lies_within_it_and_nothing_else(house: House, scope: str) -> None:
    """Whoever has another creditor, brand, route or stage leaves as before; the evidence says what was halted."""
    rows = house.waiting()
    ready = house.ready(*rows)
    of = SCOPES[scope]
    value = of(rows[0])

    stop(house, scope, value)
    word = house.open_gate().judge(ready)

    kept = {one.planned.key for one in word.deferred if one.code == "halted"}
    within = {row.key for row in rows if value == of(row) or (scope == "account" and value in row.accounts)}
    assert rows[0].key in kept
    assert kept == within
    assert {going.prepared.planned.key for going in word.released}.isdisjoint(within)
    (told,) = house.entries("halt")
    assert told.open == {"scope": scope}
    assert told.committed["which"] == value


@pytest.mark.parametrize("scope", sorted({*SCOPES, "route"} - {"carrier"}))
def test_a_halt_of_something_else_keeps_nothing_back(house: House, scope: str) -> None:
    """The other side of it: the same scope with another value."""
    (row, *_) = house.waiting()
    connection = house.connect()
    with connection.transaction():
        halt.stop(
            connection,
            recorder=house.opened.recorder,
            scope=scope,
            value="another",
            reason="drill",
            by=statement.MACHINE,
        )

    assert len(house.open_gate().judge(house.ready(row)).released) == 1


@pytest.mark.parametrize("scope", sorted({*SCOPES, "route"}))
def test_a_halt_of_something_that_is_not_there_is_refused(house: House, scope: str) -> None:
    """A slip of the pen must not look like a halt: it is said what there is, and nothing is written."""
    with pytest.raises(WrongUsage, match="would stop nothing"):
        stop(house, scope, "nobdy")
    assert halt.in_force(house.connect()) == []


def test_who_is_halted_is_said_where_it_is_said_what_waits(house: House) -> None:
    """Two accounts' messages are halted, each by its own halt; the others only had not their turn."""
    one, other, *rest = {row.accounts: row for row in house.waiting()}.values()
    house.keep_only(one, other, rest[0])
    first, second = stop(house, "person", one.person), stop(house, "account", other.accounts[0])

    left = waiting.read(
        house.connect("duly_worker"),
        reader=house.open_gate()._reader,
        ways={"main": waiting.Way(holds=True, bound=True, trouble=None)},
        deferred=[],
        since=ON - timedelta(days=1),
    )

    told = {(found.reason, found.which): found.messages for found in left}
    assert told == {
        (waiting.Reason.HALTED, (str(first.number),)): 1,
        (waiting.Reason.HALTED, (str(second.number),)): 1,
        (waiting.Reason.SENDING, ()): 1,
    }


def test_what_is_halted_is_not_rendered_again_and_again(house: House) -> None:
    """After a word that kept all back it is asked first; what nothing keeps is judged as ever."""
    rows = house.waiting()[:3]
    judging = house.open_gate()
    assert judging.keep(rows) == (list(rows), [])

    stop(house, "person", rows[1].person)
    free, kept = judging.keep(rows)

    assert [row.key for row in free] == [row.key for row in rows if row.person != rows[1].person]
    assert {one.code for one in kept} == {"halted"} <= ruling.BRAKED


def test_what_is_kept_back_beside_what_may_leave_is_put_off_as_ever(house: House) -> None:
    """Asked first or not, each message of a chunk gets its word: a sender that forgot one would ask for it for ever."""
    one, *others = house.waiting()[:3]
    stop(house, "person", one.person)

    async def story() -> list[list[str]]:
        async with house.on_air() as air:
            sending = air.make_sender()
            assert await sending._database(sending._settle_in)
            words = [await sending._database(functools.partial(sending._judge, (one, row))) for row in others]
            return [[delay.planned.key.hex() for delay in word.deferred] for word in words]

    assert run(story()) == [[one.key.hex()]] * 2
    assert house.ask("select count(*) from permit") == [(2,)]


# --- runs out of the ordinary


@pytest.mark.parametrize(
    ("messages", "days", "many"),
    [
        (301, [100, 100, 100], True),
        (300, [100, 100, 100], False),
        (301, [100, 100], False),
        (3000, [], False),
        (100, [1, 1, 1], False),
        (101, [1, 1, 1], True),
        (301, [1, 100, 9000], True),
    ],
)
def test_many_more_than_lately_is_measured_at_the_median(messages: int, days: list[int], many: bool) -> None:
    """Three times as many as on the middle one of the last days; a few are never many, two days tell nothing."""
    assert unusual.is_many(messages, days, times=3) is many


def test_each_bound_is_the_largest_that_is_usual(house: House) -> None:
    """At the bound a run is as ever, one above it is not; without a bound nothing is asked."""
    ((known,),) = house.ask("select count(distinct person) from account_party")
    half = known // 2
    percent = 100 * half // known
    connection = house.connect("duly_planner")
    at = unusual.Size(messages=1, overdue_minor=1, persons=percent * known // 100, cost_micro=500)
    bound = bounded(house, persons_percent=percent, cost_micro=500).opened.project

    assert unusual.beyond(bound, connection, at, on=ON) == ()
    assert unusual.beyond(bound, connection, replace(at, persons=at.persons + 1), on=ON) == ("persons",)
    assert unusual.beyond(bound, connection, replace(at, cost_micro=501), on=ON) == ("cost",)
    free = bounded(house).opened.project
    assert unusual.beyond(free, connection, replace(at, persons=known, cost_micro=10**9), on=ON) == ()
    limits = free.settings.limits
    most = replace(at, messages=limits.messages_per_run, overdue_minor=limits.overdue_per_run_minor)
    assert unusual.beyond(free, connection, most, on=ON) == ()
    assert unusual.beyond(free, connection, replace(most, messages=most.messages + 1), on=ON) == ("messages",)
    assert unusual.beyond(free, connection, replace(most, overdue_minor=most.overdue_minor + 1), on=ON) == (
        "overdue",
    )


def test_lately_are_the_days_before_that_had_a_run(house: House) -> None:
    """The largest run of each of the last days, none of today, and none that was made for those who were woken."""
    copied = (
        "insert into day_plan (day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest,"
        " destinations_digest, settings_digest, channels_digest, decisions_path, decisions_root, messages, sum_minor,"
        " at)"
        " select %s, %s, manifest, horizon, strategy_digest, templates_digest, packs_digest, destinations_digest,"
        " settings_digest, channels_digest, decisions_path, decisions_root, %s, 0, at from day_plan limit 1"
    )
    for ago, reason, messages in [
        (1, "day", 7), (1, "day", 9), (2, "wake", 50), (3, "day", 0), (4, "day", 5), (70, "day", 99),
    ]:  # fmt: skip
        house.ask(copied, ON - timedelta(days=ago), reason, messages)

    assert unusual.lately(house.connect("duly_planner"), on=ON) == [9, 5]


def test_a_run_for_too_many_people_is_planned_and_not_released(house: House) -> None:
    """It says why, and nothing of it leaves; the same plan within the bound is released."""
    row = house.waiting()[0]
    house.pay(row.accounts[0], 1)
    other = next(one for one in house.versions() if one.person != row.person)
    house.pay(other.accounts[0], 1, payment="T-2")

    made = bounded(house, persons_percent=1).plan()

    assert made.messages > 1
    assert not made.released
    assert house.ask("select released, beyond from day_plan where id = %s", made.number) == [
        (False, ["persons"])
    ]
    new = [one for one in house.waiting() if one.plan == made.number]
    house.keep_only(*new)
    word = house.open_gate().judge(house.ready(*new))
    assert {one.code for one in word.deferred} == {"awaiting_approval"}
    assert word.released == ()
