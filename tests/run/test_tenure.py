"""A route belongs to one worker at a time: nobody doubles its rate, and when its worker is gone another takes over."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from duly.errors import CarrierAway, DatabaseAway
from duly.run import locks, sender
from tests.run.house import House, run, until

SOON = 1.5  # seconds within which a worker that stands by has noticed


def backend(house: House, route: str) -> int:
    """The server process of the session that owns a route."""
    ((pid,),) = house.ask(
        "select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1 and"
        " (classid::bigint << 32 | objid::bigint) = %s::bigint & (-1)::bigint"
        " and database = (select oid from pg_database where datname = current_database())",
        locks.route(route),
    )
    return int(pid)


@contextlib.asynccontextmanager
async def another(house: House) -> AsyncIterator[sender.Sender]:
    """A second worker's sender of the same route, at work, with a channel of its own."""
    made = house.worker()
    channel = next(one for one in made.channels if one.route == "main")
    second = made.sender_for(channel)
    working = asyncio.create_task(second.run())
    try:
        yield second
    finally:
        second.stop()
        await working
        await channel.stop()
        second.close()
        if made._inbox is not None:
            made._inbox.close()


async def cut_off(house: House, one: sender.Sender) -> None:
    """A worker's connection to the database ends, and it gets no other."""

    def nobody() -> None:
        raise DatabaseAway("cut off", remedy="none")

    one.open_connection = nobody  # type: ignore[assignment]  # it never returns
    pid = await asyncio.to_thread(backend, house, one.channel.route)
    await asyncio.to_thread(house.ask, "select pg_terminate_backend(%s)", pid)


@pytest.mark.parametrize("route", ["main", "mailbox"])
def test_while_another_has_the_route_nothing_is_handed_over(house: House, route: str) -> None:
    """Not bound, not claimed, not sent, over SMPP and into the folder; when it is free, all of it."""
    rows = house.waiting(route=route)
    holder = house.connect("duly_worker")
    holder.execute("select pg_advisory_lock(%s)", [locks.route(route)])

    async def story() -> float:
        async with house.on_air(bound=False) as air:
            made = air.keep_sending(route)
            await asyncio.sleep(SOON)
            assert not made.tenure.holds
            assert not made.tenure.bound
            assert await asyncio.to_thread(house.ask, "select 1 from permit limit 1") == []
            begun = time.monotonic()
            await asyncio.to_thread(holder.close)
            await until(lambda: made.tenure.holds)
            taken_over = time.monotonic() - begun
            await until(lambda: made.tally.accepted == len(rows))
            return taken_over

    assert run(story()) < SOON


def test_two_workers_do_not_double_the_rate(house: House) -> None:
    """Twenty segments a second are twenty, however many workers: the carrier's journal has no second of more."""
    house.waiting()

    async def story() -> list[dict[str, object]]:
        async with house.on_air(rate=20) as air, another(house) as second:
            first = air.keep_sending()
            await until(lambda: len(air.taken()) >= 50)
            assert {first.tenure.holds, second.tenure.holds} == {True, False}
            assert 0 in {first.tally.accepted, second.tally.accepted}
            return air.taken()

    at = sorted(datetime.fromisoformat(str(line["at"])) for line in run(story()))
    fullest = max(sum(one <= other < one + timedelta(seconds=1) for other in at) for one in at)
    assert fullest <= 20 + 2 + 7  # the rate, its burst of a tenth, and a last message of up to eight segments


def test_when_the_owner_is_gone_another_takes_over_within_a_second(house: House) -> None:
    """Everything leaves once, a part by each; the one that lost the route is bound no longer when it is back."""
    rows = house.waiting()

    async def story() -> tuple[float, list[dict[str, object]]]:
        async with house.on_air(rate=40) as air:
            first = air.keep_sending()
            await until(lambda: len(air.messages()) >= 3)
            async with another(house) as second:
                opening = first.open_connection
                await asyncio.sleep(0.2)
                begun = time.monotonic()
                await cut_off(house, first)
                await until(lambda: second.tenure.holds)
                taken_over = time.monotonic() - begun
                first.open_connection = opening
                await until(lambda: air.carrier.bound == 1 and second.tenure.bound, within=15)
                assert not first.tenure.holds
                await until(lambda: len(air.messages()) == len(rows), within=20)
                assert first.tally.accepted + first.tally.unsure > 0
                assert second.tally.accepted > 0
                await until(
                    lambda: not house.ask("select 1 from batch where state <> 'done' and route = 'main'")
                )
            return taken_over, air.taken()

    taken_over, taken = run(story())
    assert taken_over < SOON
    segments = [(line["destination"], line["reference"], line["part"]) for line in taken]
    assert len(set(segments)) == len(segments) == sum(row.parts for row in rows)


def test_the_route_is_given_back_at_the_end(house: House) -> None:
    """A worker that ends in good order keeps nobody waiting."""

    async def story() -> None:
        async with house.on_air() as air:
            await air.send()
            async with another(house) as second:
                await until(lambda: second.tenure.holds, within=SOON)

    run(story())


# --- the carrier


def test_told_to_stop_while_the_carrier_is_gone_it_stops(house: House) -> None:
    """The line is lost, nobody answers any more: the worker does not wait for that to change."""

    async def story() -> float:
        async with house.on_air(rate=20) as air:
            made = air.keep_sending()
            await until(lambda: len(air.messages()) >= 2)
            await air.go_away()
            await until(lambda: isinstance(made.tenure.trouble, CarrierAway))
            begun = time.monotonic()
            made.stop()
            await air.running[0]
            return time.monotonic() - begun

    assert run(story()) < 1.5
    assert house.ask("select count(*) from batch where state = 'claimed'") == [(0,)]


def test_told_to_stop_while_the_bind_is_not_answered_it_stops(house: House) -> None:
    """Somebody listens there and says nothing."""

    async def story() -> float:
        async with house.on_air(bound=False) as air:
            port = air.carrier.port
            await air.go_away()
            with socket.create_server(
                ("127.0.0.1", port)
            ):  # the kernel takes the call, and nobody answers it
                made = air.keep_sending()
                await asyncio.sleep(0.5)
                assert not made.tenure.bound
                begun = time.monotonic()
                made.stop()
                await air.running[0]
                return time.monotonic() - begun

    assert run(story()) < 1


def test_a_batch_goes_back_while_the_carrier_is_away_and_leaves_when_it_returns(house: House) -> None:
    """It is nobody's meanwhile, and what was not written in the cut leaves once."""
    rows = house.waiting()

    async def story() -> list[dict[str, object]]:
        async with house.on_air(rate=40) as air:
            made = air.keep_sending()
            await until(lambda: len(air.messages()) >= 3)
            await air.carrier.cut()
            await until(lambda: made.tenure.trouble is not None)
            await until(lambda: made.tenure.trouble is None)
            await until(
                lambda: not house.ask("select 1 from batch where state <> 'done' and route = 'main'"),
                within=20,
            )
            return air.taken()

    told = Counter(str(line["destination"]) for line in run(story()) if line["part"] == 1)
    planned = Counter(house.number(row).removeprefix("+") for row in rows)
    ((doubts,),) = house.ask("select count(*) from answer where outcome = 'unsure'")
    assert told <= planned
    assert planned.total() - doubts <= told.total()


def test_what_outlives_itself_ends_although_the_carrier_is_away(house: House) -> None:
    """Nobody has to be bound for that."""
    rows = house.waiting()

    async def story() -> None:
        async with house.on_air(bound=False) as air:
            await air.go_away()
            air.keep_sending()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(house.move_to, max(row.not_after for row in rows) + timedelta(seconds=1))
            await until(lambda: house.ended(rows[0]) is not None)

    run(story())
    assert {house.ended(row) for row in rows} == {("expired", "not_after_passed")}
