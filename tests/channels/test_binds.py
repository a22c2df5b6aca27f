"""The ways a route may be bound: each kind alone, a pair as one route, several binds side by side."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from duly import errors
from duly.carrier import mix, server
from duly.channels import answer, base, inbound, smpp
from duly.channels.smpp_settings import Binding
from duly.wire.smpp import event, pdu, status
from duly.wire.smpp.pdu import Command
from tests.channels.bench import NOW, Gate, Inbox, Peer, Stage, message, run, settings, submits, until


@asynccontextmanager
async def carried(
    binding: Binding, **other: object
) -> AsyncIterator[tuple[server.Server, smpp.Smpp, Gate, Inbox]]:
    """A carrier and a started route of this kind."""
    carrier = await server.serve(
        server.Settings(port=0, mix=mix.Mix(latency=0, receipt_after=0.01, again_after=0.02)),
        clock=lambda: NOW,
    )
    gate, inbox = Gate(), Inbox()
    channel = smpp.Smpp(
        settings(carrier.port, bind=binding, peer=server.NAME, **other),
        turnstile=gate.turnstile,
        on_inbound=inbox,
    )
    await channel.start()
    try:
        yield carrier, channel, gate, inbox
    finally:
        await channel.stop()
        await carrier.stop()


async def send(channel: smpp.Smpp, gate: Gate, *numbers: int) -> list[answer.Answer]:
    """These messages, in one batch."""
    return await channel.send([gate.release(channel, message(number)) for number in numbers])


@pytest.mark.parametrize("binding", [Binding.TRANSCEIVER, Binding.PAIR])
def test_a_route_that_hears_brings_receipts_and_replies(binding: Binding) -> None:
    """Over one connection or over two, it is one route."""

    async def story() -> None:
        async with carried(binding) as (carrier, channel, gate, inbox):
            assert carrier.bound == len(binding.commands)
            (given,) = await send(channel, gate, 1)
            assert isinstance(given, answer.Accepted)
            carrier.reply("8613800000001", "退订", to="10690000")
            await until(lambda: len(inbox.things) == 2)
            assert len(inbox.of(inbound.ReceiptEvent)) == len(inbox.of(inbound.ReplyEvent)) == 1
            assert channel.can.receipts is inbound.Provenance.SESSION
            assert channel.can.replies

    run(story())


def test_a_transmitter_sends_and_asks_for_no_receipt_that_nobody_would_hear() -> None:
    """What it cannot do, its capabilities say."""

    async def story() -> None:
        async with carried(Binding.TRANSMITTER) as (carrier, channel, gate, inbox):
            (given,) = await send(channel, gate, 1)
            assert isinstance(given, answer.Accepted)
            carrier.reply("8613800000001", "退订", to="10690000")
            await asyncio.sleep(0.1)
            assert inbox.things == []
            assert (carrier.counts["receipts"], carrier.waiting) == (0, 1)
            assert (channel.can.receipts, channel.can.replies, channel.can.echoes_reference) == (
                None,
                False,
                False,
            )

    run(story())


def test_a_receiver_hears_and_never_has_room() -> None:
    """What is offered to it was never written."""

    async def story() -> None:
        async with carried(Binding.RECEIVER) as (carrier, channel, gate, inbox):
            assert channel.free_window == 0
            carrier.reply("8613800000001", "退订", to="10690000")
            await until(lambda: inbox.things)
            sending = asyncio.create_task(send(channel, gate, 1))
            await asyncio.sleep(0.05)
            await channel.stop()
            (given,) = await sending
            assert isinstance(given, answer.Refused)
            assert not given.written

    run(story())


def half_deaf(refused: set[Command]) -> Stage:
    """A carrier that refuses these binds and agrees to everything else."""

    def script(_: Peer, heard: event.Requested) -> int:
        return status.BIND_FAILED if isinstance(heard.body, pdu.Bind) and heard.body.command in refused else 0

    return Stage(script)


@pytest.mark.parametrize("refused", [Command.BIND_TRANSMITTER, Command.BIND_RECEIVER])
def test_half_a_pair_is_no_route(refused: Command) -> None:
    """Without its receiver it hears no STOP, without its transmitter nothing leaves; nothing stays bound."""

    async def story() -> None:
        async with half_deaf({refused}) as stage:
            gate = Gate()
            channel = smpp.Smpp(
                settings(stage.port, bind=Binding.PAIR), turnstile=gate.turnstile, on_inbound=Inbox()
            )
            with pytest.raises(errors.CarrierAway, match="ESME_RBINDFAIL"):
                await channel.start()
            assert channel.free_window == 0
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Refused)
            await until(lambda: stage.lost == 2)
            await channel.stop()

    run(story())


def test_a_pair_that_loses_its_receiver_sends_nothing_until_it_is_back() -> None:
    """The transmitter still stands, but the route is deaf."""

    async def story() -> None:
        refused: set[Command] = set()
        async with half_deaf(refused) as stage:
            gate = Gate()
            channel = smpp.Smpp(
                settings(stage.port, bind=Binding.PAIR), turnstile=gate.turnstile, on_inbound=Inbox()
            )
            await channel.start()
            assert channel.free_window > 0
            refused.add(Command.BIND_RECEIVER)
            ear = next(peer for peer in stage.peers if peer.session.state.value == "bound_rx")
            ear.hang_up()
            await until(lambda: channel.away is not None)
            assert channel.free_window == 0
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Refused)
            assert not given.written
            refused.clear()
            assert await channel.room() > 0
            assert channel.away is None
            await channel.stop()

    run(story())


def test_several_binds_have_each_a_window_and_share_the_work() -> None:
    """Three binds of four places hold twelve unanswered segments and not one more."""

    async def story() -> None:
        async with Stage(submits(lambda _, __: None)) as stage:
            gate = Gate()
            channel = smpp.Smpp(
                settings(stage.port, binds=3, window=4, answer_within=30.0),
                turnstile=gate.turnstile,
                on_inbound=Inbox(),
            )
            await channel.start()
            assert channel.free_window == 12
            sending = asyncio.create_task(send(channel, gate, *range(1, 14)))
            await until(lambda: len(stage.submitted) == 12)
            await asyncio.sleep(0.05)
            assert len(stage.peers) == 3
            assert len(stage.submitted) == 12
            assert channel.free_window == 0
            for peer in stage.peers:
                peer.hang_up()
            given = await sending
            unsure = [one for one in given if isinstance(one, answer.Unsure)]
            assert len(unsure) == 12
            assert isinstance(given[12], answer.Refused)
            assert not given[12].written
            await channel.stop()

    run(story())


def test_one_bind_lost_of_two_makes_unsure_only_what_was_on_it() -> None:
    """The other goes on, and the lost one is mended beside it."""

    async def story() -> None:
        taken: dict[int, event.Requested] = {}

        def keep(peer: Peer, heard: event.Requested) -> None:
            taken[stage.peers.index(peer)] = heard

        async with Stage(submits(keep)) as stage:
            gate = Gate()
            channel = smpp.Smpp(
                settings(stage.port, binds=2, window=1, answer_within=30.0),
                turnstile=gate.turnstile,
                on_inbound=Inbox(),
            )
            await channel.start()
            sending = asyncio.create_task(send(channel, gate, 1, 2))
            await until(lambda: len(stage.submitted) == 2)
            stage.script = submits(lambda _, __: 0)
            stage.peers[0].hang_up()
            await until(lambda: len(stage.peers) == 3)
            assert channel.away is None
            stage.peers[1].answer(taken[1])
            given = await sending
            assert Counter(type(one).__name__ for one in given) == {"Unsure": 1, "Accepted": 1}
            (after,) = await send(channel, gate, 3)
            assert isinstance(after, answer.Accepted)
            await channel.stop()

    run(story())


def test_a_route_with_one_bind_of_two_works_and_gets_the_other_later() -> None:
    """A carrier that grants fewer binds than asked for is not away."""

    async def story() -> None:
        granted = 1

        def script(_: Peer, heard: event.Requested) -> int:
            nonlocal granted
            if isinstance(heard.body, pdu.Bind):
                granted -= 1
                return 0 if granted >= 0 else status.ALREADY_BOUND
            return 0

        async with Stage(script) as stage:
            gate = Gate()
            channel = smpp.Smpp(
                settings(stage.port, binds=2, window=4), turnstile=gate.turnstile, on_inbound=Inbox()
            )
            await channel.start()
            assert channel.free_window == 4
            assert channel.away is None
            granted = 1
            await until(lambda: channel.free_window == 8)
            await channel.stop()

    run(story())


def test_binds_that_are_all_refused_for_good_say_so() -> None:
    """And `room` raises it, so that somebody looks."""

    async def story() -> None:
        async with Stage(
            lambda _, heard: status.INVALID_PASSWORD if isinstance(heard.body, pdu.Bind) else 0
        ) as stage:
            channel = smpp.Smpp(settings(stage.port, binds=3), turnstile=Gate().turnstile, on_inbound=Inbox())
            with pytest.raises(base.BindRefused, match="ESME_RINVPASWD"):
                await channel.start()
            await until(lambda: stage.lost == 3)
            await channel.stop()

    run(story())


def test_several_carriers_are_several_routes_beside_each_other() -> None:
    """Each has its own pace, window and permits; one that is away does not hold the other."""

    async def story() -> None:
        async with carried(Binding.TRANSCEIVER, binds=2) as (_, one, gate, inbox), Stage() as stage:
            other_gate = Gate(route="other")
            other = smpp.Smpp(
                settings(stage.port, route="other"), turnstile=other_gate.turnstile, on_inbound=Inbox()
            )
            await other.start()
            first, second = await asyncio.gather(
                send(one, gate, *range(1, 31)), send(other, other_gate, *range(1, 31))
            )
            assert {type(given) for given in (*first, *second)} == {answer.Accepted}
            stage.peers[0].hang_up()
            await until(lambda: other.away is not None or len(stage.peers) > 1)
            assert isinstance((await send(one, gate, 31))[0], answer.Accepted)
            await until(lambda: len(inbox.things) == 31)
            await other.stop()

    run(story())
