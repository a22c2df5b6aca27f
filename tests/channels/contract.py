"""The suite that every channel passes: one body, a world for each channel (see `channels.base` for the
rules).
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from duly import errors
from duly.channels import answer, base
from duly.model import notice, permit
from tests.channels.bench import KEY, Gate, key, message, run


class World(ABC):
    """A channel with its far side."""

    gate: Gate

    @abstractmethod
    def make(self) -> base.Channel:
        """A new channel to the same far side, not started."""

    @abstractmethod
    def arrived(self) -> list[bytes]:
        """The encoded bytes, joined, of every message that reached the far side."""


class ChannelContract(ABC):
    """Subclass it, and open a world of your channel."""

    @abstractmethod
    def world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        """An async context manager of a world."""

    @asynccontextmanager
    async def started(self, folder: Path) -> AsyncIterator[tuple[World, base.Channel]]:
        async with self.world(folder) as world:
            channel = world.make()
            await channel.start()
            try:
                yield world, channel
            finally:
                await channel.stop()

    # --- encoding

    def test_encoding_is_pure(self, tmp_path: Path) -> None:
        """Two channels, before and after starting, give the same bytes for the same message."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                first = world.make().encode(message(1))
                assert channel.encode(message(1)) == first
                assert first.sha256 == base.digest(first.parts)
                assert 1 <= first.count <= channel.can.max_parts

        run(story())

    def test_every_word_of_a_message_is_in_its_digest(self, tmp_path: Path) -> None:
        """A permit for one message is none for the same text to somebody else, or for another text."""

        async def story() -> None:
            async with self.world(tmp_path) as world:
                channel = world.make()
                whole = message(1)
                others = [
                    replace(whole, to="+8613900000000"),
                    replace(whole, text=whole.text + "。"),
                    replace(whole, not_after=whole.not_after + timedelta(seconds=1)),
                    replace(whole, sender="10691111"),
                ]
                digests = {channel.encode(one).sha256 for one in (whole, *others)}
                assert len(digests) == len(others) + 1

        run(story())

    @pytest.mark.parametrize(("field", "value"), [("text", ""), ("to", "")])
    def test_what_cannot_be_sent_is_said_before_the_gate(
        self, field: str, value: str, tmp_path: Path
    ) -> None:
        """Unsendable has a code and a remedy, and does not repeat what the person may read."""

        async def story() -> None:
            async with self.world(tmp_path) as world:
                with pytest.raises(base.Unsendable) as caught:
                    world.make().encode(message(1, **{field: value}))
                assert caught.value.code in {"number", "empty"}
                assert caught.value.remedy

        run(story())

    # --- permits

    def test_a_permitted_message_arrives_once(self, tmp_path: Path) -> None:
        """Accepted, with the carrier's id of every segment; the bytes are the permitted ones."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                released = world.gate.release(channel, message(1))
                (given,) = await channel.send([released])
                assert isinstance(given, answer.Accepted)
                assert given.outcome is notice.Outcome.ACCEPTED
                assert len(given.remote_ids) == released.encoded.count
                assert all(given.remote_ids)
                assert world.arrived() == [b"".join(released.encoded.parts)]

        run(story())

    @pytest.mark.parametrize(
        "found",
        [fault for fault in permit.Fault if fault is not permit.Fault.USED],
        ids=lambda fault: fault.value,
    )
    def test_without_a_permit_that_fits_nothing_is_written(self, found: permit.Fault, tmp_path: Path) -> None:
        """Whatever is wrong with it is named; only a permit that grew old may be asked for again."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                (given,) = await channel.send([faulty(world.gate, channel, found)])
                assert isinstance(given, answer.Refused)
                assert (given.fault, given.written) == (found, False)
                assert given.retry is (found in {permit.Fault.STALE, permit.Fault.EXPIRED})
                assert given.code == f"permit.{found.value}"
                assert world.arrived() == []

        run(story())

    def test_a_permit_is_used_once(self, tmp_path: Path) -> None:
        """Twice in a batch, or again later: one message leaves."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                released = world.gate.release(channel, message(1))
                first, second = await channel.send([released, released])
                (third,) = await channel.send([released])
                assert isinstance(first, answer.Accepted)
                for again in (second, third):
                    assert isinstance(again, answer.Refused)
                    assert (again.fault, again.retry, again.written) == (permit.Fault.USED, False, False)
                assert len(world.arrived()) == 1

        run(story())

    def test_a_permit_is_fresh_for_two_seconds(self, tmp_path: Path) -> None:
        """At two seconds it holds, a microsecond later it does not; the same for the end of the message's
        life.
        """

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                gate = world.gate
                kept, late = gate.release(channel, message(1)), gate.release(channel, message(2))
                ending = message(3, not_after=gate.now + timedelta(seconds=1))
                over = message(4, not_after=gate.now + timedelta(seconds=1))
                last, past = gate.release(channel, ending), gate.release(channel, over)
                gate.now += timedelta(seconds=1)
                (on_the_dot,) = await channel.send([last])
                gate.now += timedelta(seconds=1)
                (fresh,) = await channel.send([kept])
                gate.now += timedelta(microseconds=1)
                stale, expired = await channel.send([late, past])
                assert isinstance(on_the_dot, answer.Accepted)
                assert isinstance(fresh, answer.Accepted)
                assert isinstance(stale, answer.Refused)
                assert isinstance(expired, answer.Refused)
                assert (stale.fault, expired.fault) == (permit.Fault.STALE, permit.Fault.EXPIRED)
                assert len(world.arrived()) == 2

        run(story())

    # --- batches

    def test_answers_stand_in_the_order_of_the_batch(self, tmp_path: Path) -> None:
        """Good and bad mixed, more than a window of them; each is heard once, as it comes."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                window = channel.free_window
                batch = [world.gate.release(channel, message(number)) for number in range(1, window + 8)]
                batch[3] = faulty(world.gate, channel, permit.Fault.FORGED)
                heard: dict[int, answer.Answer] = {}
                given = await channel.send(batch, heard=lambda place, one: heard.update({place: one}))
                assert [isinstance(one, answer.Accepted) for one in given] == [
                    place != 3 for place in range(len(batch))
                ]
                assert [heard[place] for place in range(len(batch))] == given
                assert sorted(world.arrived()) == sorted(
                    b"".join(one.encoded.parts) for place, one in enumerate(batch) if place != 3
                )

        run(story())

    def test_an_empty_batch_is_answered_by_nothing(self, tmp_path: Path) -> None:
        """And at once."""

        async def story() -> None:
            async with self.started(tmp_path) as (_, channel):
                assert await channel.send([]) == []

        run(story())

    def test_the_callers_own_failure_comes_back_to_the_caller(self, tmp_path: Path) -> None:
        """What `heard` raises is raised by `send`, and the channel goes on."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):

                def heard(_: int, __: answer.Answer) -> None:
                    raise LookupError("mine")

                with pytest.raises(LookupError, match="mine"):
                    await channel.send([world.gate.release(channel, message(1))], heard=heard)
                (given,) = await channel.send([world.gate.release(channel, message(2))])
                assert isinstance(given, answer.Accepted)

        run(story())

    # --- life

    def test_before_the_start_and_after_the_end_nothing_is_written(self, tmp_path: Path) -> None:
        """It was never written, so it may go another way."""

        async def story() -> None:
            async with self.world(tmp_path) as world:
                channel = world.make()
                for _ in range(2):
                    assert channel.free_window == 0
                    heard: dict[int, answer.Answer] = {}
                    (given,) = await channel.send(
                        [world.gate.release(channel, message(1))], heard=heard.__setitem__
                    )
                    assert isinstance(given, answer.Refused)
                    assert (given.retry, given.written, given.fault) == (True, False, None)
                    assert heard == {0: given}
                    with pytest.raises(errors.CarrierAway, match="not started"):
                        await channel.room()
                    await channel.start()
                    assert await channel.room() == channel.free_window > 0
                    assert channel.away is None
                    await channel.stop()
                    assert channel.away is None
                assert world.arrived() == []

        run(story())

    def test_starting_and_stopping_twice_is_harmless(self, tmp_path: Path) -> None:
        """And a stopped channel starts again."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                await channel.start()
                await channel.stop()
                await channel.stop()
                await channel.start()
                (given,) = await channel.send([world.gate.release(channel, message(1))])
                assert isinstance(given, answer.Accepted)

        run(story())

    def test_stopping_waits_for_what_is_in_flight(self, tmp_path: Path) -> None:
        """Nothing becomes doubtful because we close up."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                batch = [world.gate.release(channel, message(number)) for number in range(1, 6)]
                sending = asyncio.create_task(channel.send(batch))
                await asyncio.sleep(0)
                await channel.stop()
                given = await sending
                unsure = [one for one in given if isinstance(one, answer.Unsure)]
                taken = [one for one in given if isinstance(one, answer.Accepted)]
                assert unsure == []
                assert len(world.arrived()) == len(taken)

        run(story())

    # --- what must not be repeated, and what must not be seen

    def test_a_carrier_that_recognises_a_message_keeps_it_once(self, tmp_path: Path) -> None:
        """Where the capabilities say so: a second permitted hand-over gives the same id."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                if not channel.can.idempotent:
                    return
                (first,) = await channel.send([world.gate.release(channel, message(1))])
                world.gate.now += timedelta(seconds=1)
                (second,) = await channel.send([world.gate.release(world.make(), message(1))])
                assert isinstance(first, answer.Accepted)
                assert isinstance(second, answer.Accepted)
                assert first.remote_ids == second.remote_ids
                assert len(world.arrived()) == 1

        run(story())

    def test_nothing_that_can_be_printed_holds_a_persons_words_or_number(self, tmp_path: Path) -> None:
        """Messages, encoded bytes, released ones and answers may reach a log."""

        async def story() -> None:
            async with self.started(tmp_path) as (world, channel):
                canary = message(7, text="堃先生 canary", to="+8613877777777")
                released = world.gate.release(channel, canary)
                given = await channel.send([released])
                for shown in (repr(canary), repr(released), repr(given), repr(channel)):
                    assert "canary" not in shown
                    assert "13877777777" not in shown

        run(story())

    @pytest.mark.parametrize("raw", [b"", b"\0" * 16, b"\xff" * 40, b"hello"])
    def test_anything_that_arrives_can_be_decoded(self, raw: bytes, tmp_path: Path) -> None:
        """Into events that hold the raw original."""

        async def story() -> None:
            async with self.world(tmp_path) as world:
                events = world.make().decode(raw)
                assert events
                assert all(found.raw == raw for found in events)

        run(story())


def faulty(gate: Gate, channel: base.Channel, found: permit.Fault) -> base.Released:
    """A release whose permit has just this fault."""
    own, other = message(91), message(92)
    encoded = channel.encode(own)
    good = gate.permit(own, encoded)
    at = gate.now
    bad = {
        permit.Fault.OTHER_ROUTE: lambda: gate.permit(own, encoded, route="elsewhere"),
        permit.Fault.OTHER_MESSAGE: lambda: gate.permit(other, encoded),
        permit.Fault.OTHER_BYTES: lambda: gate.permit(own, channel.encode(other)),
        permit.Fault.FORGED: lambda: permit.issue(
            bytes(reversed(KEY)),
            message_key=key(91),
            encoded_sha256=encoded.sha256,
            route=gate.route,
            at=at,
            not_after=own.not_after,
        ),
        permit.Fault.AHEAD: lambda: gate.permit(own, encoded, at=at + timedelta(seconds=2, microseconds=1)),
        permit.Fault.STALE: lambda: gate.permit(own, encoded, at=at - timedelta(seconds=2, microseconds=1)),
        permit.Fault.EXPIRED: lambda: gate.permit(
            own, encoded, at=at - timedelta(seconds=1), not_after=at - timedelta(microseconds=1)
        ),
        permit.Fault.USED: lambda: good,
    }[found]()
    return base.Released(message_key=own.key, encoded=encoded, permit=bad)
