"""A run that cannot go on says what it waits for and ends; what it left leaves once when the reason is gone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from duly.app import brakes
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from duly.run import clock, locks, planned, waiting
from duly.run.waiting import Left, Reason
from tests.run import house as houses
from tests.run.house import ON, Air, House, instant, run

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))
AT_ONCE = 3.0  # seconds in which a run has ended that waits for people alone; starting and ending it included


@dataclass(kw_only=True)
class Drained:
    """What a drain left, what it said meanwhile, how long it took, and what the carrier has."""

    left: tuple[Left, ...]
    told: list[tuple[Left, ...]]
    took: float
    messages: list[str]
    reasons: set[Reason] = field(init=False)

    def __post_init__(self) -> None:
        self.reasons = {one.reason for one in self.left}


async def drained(air: Air, *, away_for: float = 0.5, leap: bool = False) -> Drained:
    """A whole worker at work until nothing is left to do or nothing can move."""
    told: list[tuple[Left, ...]] = []

    def jump(moment: datetime) -> None:
        with contextlib.closing(air.house.opened.connect()) as connection:
            clock.advance_to(connection, moment)

    begun = time.monotonic()
    await air.worker.drain(leap=jump if leap else None, patience=0.2, away_for=away_for, tell=told.append)
    took = time.monotonic() - begun
    return Drained(left=air.worker.left, told=told, took=took, messages=air.messages())


def drain(house: House, *, away_for: float = 0.5, leap: bool = False, **air: Any) -> Drained:
    """A drain with a carrier that is there."""

    async def story() -> Drained:
        async with house.on_air(bound=False, **air) as on:
            return await drained(on, away_for=away_for, leap=leap)

    return run(story())


def only_sms(house: House) -> list[planned.Planned]:
    """The messages of the route to the carrier, and nothing else."""
    rows = house.waiting()
    house.keep_only(*rows)
    return rows


def numbers(house: House, rows: list[planned.Planned]) -> list[str]:
    """To whom they go, as the carrier sees it."""
    return sorted(house.number(row).removeprefix("+") for row in rows)


def halt(house: House, scope: str = "all", value: str = "") -> int:
    """Chen stops something."""
    made = brakes.stop(CHEN, house.folder, scope=scope, value=value, reason="drill", environ=house.environ)
    return made.number


# --- what only people can change


def halted(house: House) -> tuple[Left, Callable[[House], None]]:
    """Everything is halted, and then resumed."""
    number = halt(house)

    def resume(of: House) -> None:
        of.ask("update halt set resumed_at = now(), resumed_by = '{a,b}' where id = %s", number)

    return Left(reason=Reason.HALTED, which=(str(number),), messages=0, why="drill"), resume


def unapproved(house: House) -> tuple[Left, Callable[[House], None]]:
    """The second yes to the settings and to the templates is missing, and then given."""
    house.ask("alter table approval disable trigger approval_is_append_only")
    house.ask("delete from approval where subject in ('settings', 'templates') and name = 'chen.hao'")

    def approve(of: House) -> None:
        parts = [Subject.SETTINGS, Subject.TEMPLATES]
        houses.approve_all(of.folder, of.opened, of.keys, people=["wu.fang"], parts=parts)

    return Left(reason=Reason.AWAITING_APPROVAL, which=("templates", "settings"), messages=0), approve


def stale(house: House) -> tuple[Left, Callable[[House], None]]:
    """The payments reach back further than they may, and then newer ones are there."""
    house.ask("update feed_mark set as_of = as_of - 30 where feed = 'payments'")

    def load(of: House) -> None:
        of.ask("update feed_mark set as_of = as_of + 30 where feed = 'payments'")

    return Left(reason=Reason.FEED_STALE, which=("payments",), messages=0), load


@pytest.mark.parametrize("cause", [halted, unapproved, stale], ids=lambda one: one.__name__)
@pytest.mark.parametrize("leap", [False, True], ids=["real clock", "virtual clock"])
def test_what_waits_for_people_is_named_at_once_and_leaves_once_afterwards(
    house: House, cause: Callable[[House], tuple[Left, Callable[[House], None]]], leap: bool
) -> None:
    """The run ends by itself, says for what and for whom, loses nothing, and does not let the day pass meanwhile."""
    rows = only_sms(house)
    expected, mend = cause(house)
    before = house.now()

    found = drain(house, away_for=60, leap=leap)

    assert found.left == (replace(expected, messages=len(rows)),)
    assert found.told == [found.left]
    assert found.took < AT_ONCE
    assert found.messages == []
    assert house.now() - before < timedelta(seconds=60)
    assert [house.ended(row) for row in rows] == [None] * len(rows)
    mend(house)
    house.pass_by()
    again = drain(house)
    assert (again.left, again.told) == ((), [])
    assert sorted(again.messages) == numbers(house, rows)


def test_what_is_halted_does_not_keep_the_rest(house: House) -> None:
    """One stage is halted: the others leave, and what is left is that stage's and no more."""
    rows = only_sms(house)
    halted_rows = [row for row in rows if row.stage == "first"]
    assert 0 < len(halted_rows) < len(rows)
    number = halt(house, "stage", "first")

    found = drain(house)

    assert [(one.reason, one.which, one.messages) for one in found.left] == [
        (Reason.HALTED, (str(number),), len(halted_rows))
    ]
    assert sorted(found.messages) == numbers(house, [row for row in rows if row.stage != "first"])


def test_a_virtual_clock_goes_on_past_what_is_halted(house: House) -> None:
    """What may leave at two o'clock leaves then, and not after four hours of seconds; what is halted stays."""
    rows = only_sms(house)
    one = next(row for row in rows if row.stage == "first")
    other = next(row for row in rows if row.stage != "first")
    house.keep_only(one)
    (later,) = house.put(replace(other, version=other.version + 1, not_before=instant(14)))
    halt(house, "stage", "first")

    found = drain(house, leap=True)

    assert [(left.reason, left.messages) for left in found.left] == [(Reason.HALTED, 1)]
    assert found.messages == numbers(house, [later])
    assert instant(14) <= house.now() < instant(14, 5)
    assert found.took < 2 * AT_ONCE


def test_what_the_law_puts_off_is_not_taken_for_what_moves(house: House) -> None:
    """In one batch with what is halted, so looked at every second: the run says from when on it may leave."""
    rows = only_sms(house)
    one = next(row for row in rows if row.stage == "first")
    other = next(row for row in rows if row.stage != "first" and row.person != one.person)
    house.keep_only()
    noon = instant(12, on=ON + timedelta(days=1))
    house.put(*(replace(row, version=row.version + 1, not_after=noon) for row in (one, other)))
    halt(house, "stage", "first")
    house.move_to(instant(22, 30))

    async def story() -> Drained:
        async with house.on_air(bound=False) as air:
            asyncio.get_running_loop().call_later(3, air.worker.stop)
            return await drained(air)

    found = run(story())
    morning = instant(8, on=ON + timedelta(days=1))
    assert [(left.reason, left.messages, left.until) for left in found.left] == [
        (Reason.HALTED, 1, None),
        (Reason.NOT_YET, 1, morning),
    ]
    assert {left.reason for left in found.told[-1]} == {Reason.HALTED, Reason.NOT_YET}


def test_when_the_day_has_its_fill_the_run_says_so(house: House) -> None:
    """Three may leave today and three do; the others are left because of the number in duly.toml."""
    rows = only_sms(house)
    houses.change(house.folder / "duly.toml", "messages_per_day = 10000", "messages_per_day = 3")
    with houses.reopened(house) as edited:
        houses.approve_all(edited.folder, edited.opened, edited.keys, parts=[Subject.SETTINGS])
        found = drain(edited, away_for=60)

    assert len(found.messages) == 3
    assert found.left == (Left(reason=Reason.DAILY_LIMIT, which=(), messages=len(rows) - 3),)
    assert found.took < 6


def test_a_route_that_is_no_more_is_named(house: House) -> None:
    """Messages were planned for it, and channels.yaml lost it."""
    (row, *_) = only_sms(house)
    house.put(replace(row, version=row.version + 1, route="gone"))
    house.keep_only()
    (row,) = house.put(replace(row, version=row.version + 2, route="gone"))

    found = drain(house, away_for=60)

    assert found.left == (Left(reason=Reason.NO_ROUTE, which=("gone",), messages=1),)
    assert found.took < AT_ONCE


# --- the carrier


@contextlib.asynccontextmanager
async def gone(air: Air) -> AsyncIterator[None]:
    """Nobody listens where the carrier was."""
    await air.go_away()
    yield


@contextlib.asynccontextmanager
async def silent(air: Air) -> AsyncIterator[None]:
    """Somebody takes the call and says nothing."""
    port = air.carrier.port
    await air.go_away()
    with socket.create_server(("127.0.0.1", port)):
        yield


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(gone, "cannot be reached: ConnectionRefusedError"), (silent, "")],
    ids=["gone", "silent"],
)
@pytest.mark.parametrize("leap", [False, True], ids=["real clock", "virtual clock"])
def test_a_carrier_that_is_away_is_waited_for_a_little_and_named(
    house: House, trouble: Callable[[Air], contextlib.AbstractAsyncContextManager[None]], why: str, leap: bool
) -> None:
    """With the route and the last error; everything stays queued, and leaves once when the carrier is back."""
    rows = only_sms(house)
    before = house.now()

    async def story() -> Drained:
        async with house.on_air(bound=False) as air, trouble(air):
            return await drained(air, away_for=1.5, leap=leap)

    found = run(story())

    (left,) = found.left
    assert (left.reason, left.which, left.messages) == (Reason.CARRIER_AWAY, ("main",), len(rows))
    assert why in left.why
    assert [[one.reason for one in said] for said in found.told] == [[Reason.CARRIER_AWAY]]
    assert 1.5 <= found.took < 1.5 + AT_ONCE
    assert house.now() - before < timedelta(seconds=60)
    assert house.ask("select count(*) from permit") == [(0,)]
    assert sorted(drain(house).messages) == numbers(house, rows)


def test_a_carrier_that_refuses_us_is_told_from_one_that_is_away(house: House) -> None:
    """A wrong password is for a person to mend: the run ends at once, however long it would wait for a carrier."""
    rows = only_sms(house)
    right = house.environ
    house.environ = {**right, "DULY_SMPP_PASSWORD": "wrong"}

    found = drain(house, away_for=60)

    (left,) = found.left
    assert (left.reason, left.which, left.messages) == (Reason.CARRIER_REFUSES, ("main",), len(rows))
    assert "ESME_RINVPASWD" in left.why
    assert found.told == [found.left]
    assert found.took < AT_ONCE
    house.environ = right
    assert sorted(drain(house).messages) == numbers(house, rows)


def test_a_carrier_that_goes_away_in_the_middle_is_named(house: House) -> None:
    """What had left is not left; what was in the air is in doubt, and what waits is named and leaves once."""
    rows = only_sms(house)

    async def story() -> Drained:
        async with house.on_air(bound=False, rate=30) as air:

            async def leave() -> None:
                await houses.until(lambda: len(air.messages()) >= 3)
                await air.go_away()

            leaving = asyncio.create_task(leave())
            found = await drained(air)
            await leaving
            return found

    found = run(story())
    (left,) = found.left
    ((doubts,),) = house.ask("select count(*) from answer where outcome = 'unsure'")
    assert left.reason is Reason.CARRIER_AWAY
    assert left.messages + len(set(found.messages)) >= len({house.number(row) for row in rows}) - doubts
    assert 0 < left.messages < len(rows)
    assert house.ask("select count(*) from batch where state = 'claimed'") == [(0,)]
    again = drain(house)
    assert again.left == ()
    assert len(again.messages) == left.messages


def test_a_carrier_that_comes_back_in_time_is_not_given_up(house: House) -> None:
    """Away for a second, waited for longer: everything leaves, and it was said that it was waited for."""
    rows = only_sms(house)

    async def story() -> Drained:
        async with house.on_air(bound=False) as air:
            port = air.carrier.port
            await air.go_away()

            async def come_back() -> None:
                await asyncio.sleep(1.5)
                air.carrier.settings = replace(air.carrier.settings, port=port)
                await air.carrier.listen()

            coming = asyncio.create_task(come_back())
            found = await drained(air, away_for=20)
            await coming
            return found

    found = run(story())
    assert found.left == ()
    assert [[one.reason for one in said] for said in found.told] == [[Reason.CARRIER_AWAY]]
    assert sorted(found.messages) == numbers(house, rows)


# --- other workers, and time


def test_a_route_that_another_worker_keeps_idle_is_named(house: House) -> None:
    """Somebody else owns it and sends nothing: the run waits a little and says whose it is not."""
    rows = only_sms(house)
    holder = house.connect("duly_worker")
    holder.execute("select pg_advisory_lock(%s)", [locks.route("main")])

    found = drain(house, away_for=1.0)

    assert found.left == (Left(reason=Reason.OTHER_WORKER, which=("main",), messages=len(rows)),)
    assert found.messages == []
    holder.close()
    assert sorted(drain(house).messages) == numbers(house, rows)


def test_while_another_worker_sends_the_run_waits_for_it(house: House) -> None:
    """It sends for longer than a carrier would be waited for, and every message is a move: nothing is left."""
    rows = only_sms(house)

    async def story() -> tuple[Drained, int]:
        async with house.on_air(rate=25) as air:
            other = air.keep_sending()
            await houses.until(lambda: other.tenure.holds)
            run_ = house.worker()
            begun = time.monotonic()
            await run_.drain(patience=0.2, away_for=1.0)
            return Drained(
                left=run_.left, told=[], took=time.monotonic() - begun, messages=air.messages()
            ), sum(one.tally.accepted for one in run_.senders)

    found, ours = run(story())
    assert found.left == ()
    assert found.took > 1.5
    assert ours == 0
    assert sorted(found.messages) == numbers(house, rows)


def test_by_a_real_clock_what_comes_later_is_waited_for_and_said(house: House) -> None:
    """Three seconds from now something may leave: the run says from when on, and sends it then."""
    (row, *_) = [one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first"]
    house.keep_only()
    at = (house.now() + timedelta(seconds=3)).replace(microsecond=0)
    (later,) = house.put(replace(row, version=row.version + 1, not_before=at))

    found = drain(house)

    assert [[(one.reason, one.until) for one in said] for said in found.told] == [[(Reason.NOT_YET, at)]]
    assert found.left == ()
    assert found.messages == numbers(house, [later])


def test_told_to_stop_a_run_says_what_it_has_not_got_to(house: House) -> None:
    """What may not leave yet, with its instant; the run ends at once."""
    (row, *_) = [one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first"]
    house.keep_only()
    house.put(replace(row, version=row.version + 1, not_before=instant(14)))

    async def story() -> Drained:
        async with house.on_air(bound=False) as air:
            asyncio.get_running_loop().call_later(1, air.worker.stop)
            return await drained(air)

    found = run(story())
    assert found.left == (Left(reason=Reason.NOT_YET, which=(), messages=1, until=instant(14)),)
    assert found.took < 1 + AT_ONCE


def test_what_is_looked_at_costs_little_where_it_is_dear() -> None:
    """A look that takes long is not repeated at once: at most a fifth of the time goes into looking."""
    vigil = waiting.Vigil(away_for=5, leaping=False)
    assert not vigil.is_due("a", 0.0)
    assert vigil.is_due("a", 1.0)
    vigil.see((Left(reason=Reason.HALTED, which=("1",), messages=1),), at=2.0, cost=1.0)

    assert not vigil.is_due("a", 5.9)
    assert vigil.is_due("a", 6.0)
    assert not vigil.is_due("b", 6.1)
    assert vigil.left == ()
