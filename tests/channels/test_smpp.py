"""SMPP as a channel: the contract against our simulated carrier, and every fault against a scripted one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly import errors
from duly.carrier import mix, server
from duly.channels import answer, base, inbound, smpp, smpp_coding
from duly.channels.answer import Fate
from duly.model import notice
from duly.wire import sms
from duly.wire.smpp import codec, event, pdu, status
from duly.wire.smpp.pdu import Address, Command, Tag, Tlv
from tests.channels.bench import NOW, Gate, Inbox, Peer, Stage, key, message, run, settings, submits, until
from tests.channels.contract import ChannelContract, World

LONG = "您的贷款已逾期,请尽快还款。" * 8  # two segments
SILENT = submits(lambda _, __: None)


class SmppWorld(World):
    def __init__(self, port: int, taken: list[bytes]) -> None:
        self.gate = Gate()
        self.port = port
        self.taken = taken

    def make(self) -> smpp.Smpp:
        return smpp.Smpp(settings(self.port), turnstile=self.gate.turnstile, on_inbound=Inbox())

    def arrived(self) -> list[bytes]:
        return self.taken


class TestContract(ChannelContract):
    def world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[World]:
            taken: list[bytes] = []

            def script(_: Peer, heard: event.Requested) -> int:
                if isinstance(heard.body, pdu.SubmitSm):
                    taken.append(heard.raw[16:])
                return 0

            async with Stage(script) as stage:
                yield SmppWorld(stage.port, taken)

        return opened()


@asynccontextmanager
async def connected(
    port: int, inbox: Inbox | None = None, **other: object
) -> AsyncIterator[tuple[Gate, smpp.Smpp]]:
    """A started channel to this port."""
    gate = Gate()
    channel = smpp.Smpp(
        settings(port, **other), turnstile=gate.turnstile, on_inbound=inbox if inbox is not None else Inbox()
    )
    await channel.start()
    try:
        yield gate, channel
    finally:
        await channel.stop()


# --- what leaves


def test_a_submission_says_what_the_carrier_must_know() -> None:
    """Validity to the end of life, receipts on, our reference with the day in it, UCS-2, E.164 without the
    plus.
    """
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    (part,) = channel.encode(message(300)).parts
    body = codec.decode(codec.frame(Command.SUBMIT_SM, 1, part)).body
    assert isinstance(body, pdu.SubmitSm)
    assert body.destination == Address("8613800000300", 1, 1)
    assert body.source == Address("10690000", 0, 1)
    assert body.validity_period == "261123180000000+"
    assert body.registered_delivery == 1
    assert (body.data_coding, body.esm_class) == (8, 0)
    assert body.short_message.decode("utf-16-be") == "您的贷款已逾期"
    reference = body.number(Tag.USER_MESSAGE_REFERENCE)
    assert reference == base.reference(key(300), message(300).day)
    for later in range(32):
        assert base.reference_day(reference, message(300).day + timedelta(days=later)) == message(300).day


def test_a_long_text_is_cut_into_segments_with_a_reference_from_the_key() -> None:
    """The same message gives the same bytes in any process."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    parts = channel.encode(message(0x1234, LONG)).parts
    bodies = [codec.decode(codec.frame(Command.SUBMIT_SM, 1, part)).body for part in parts]
    heads = [body.short_message[:6] for body in bodies if isinstance(body, pdu.SubmitSm)]
    assert heads == [bytes((5, 0, 3, 0x34, 2, 1)), bytes((5, 0, 3, 0x34, 2, 2))]


@pytest.mark.parametrize("first", [0x34, 0x7FF])
def test_each_segment_has_a_reference_of_its_own(first: int) -> None:
    """So that its receipt says which one it is about; all of the same day, also where the count comes round."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    sent = message(1, LONG, key=first.to_bytes(2, "big") + bytes(14))
    bodies = [
        codec.decode(codec.frame(Command.SUBMIT_SM, 1, part)).body for part in channel.encode(sent).parts
    ]
    found = [body.number(Tag.USER_MESSAGE_REFERENCE) for body in bodies if isinstance(body, pdu.SubmitSm)]

    assert found == [base.reference(sent.key, sent.day, part) for part in range(2)]
    assert [one & 0x7FF for one in found if one is not None] == [first, (first + 1) % 0x800]
    assert {base.reference_day(one, sent.day) for one in found if one is not None} == {sent.day}


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"to": "13800000001"}, "number"),
        ({"to": "+861380000000x"}, "number"),
        ({"to": "+8613800000001\n"}, "number"),
        ({"text": "\ud83d"}, "text"),
        ({"text": "期" * (67 * 8 + 1)}, "too_long"),
        ({"text": "a" * 100_000}, "too_long"),
        ({"sender": "1" * 21}, "sender"),
    ],
)
def test_what_smpp_cannot_carry_is_unsendable(other: dict[str, str], code: str) -> None:
    """With a stable code, and without the number or the text."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    with pytest.raises(base.Unsendable) as caught:
        channel.encode(message(1, **other))
    assert caught.value.code == code
    assert "1380000000" not in str(caught.value)
    assert caught.value.__cause__ is None or code == "sender"


def test_where_data_coding_0_is_latin_1_every_alphabet_is_named() -> None:
    """Latin-1 where it fits, else UCS-2; never the carrier's own default."""
    channel = smpp.Smpp(
        settings(1, default_alphabet=sms.Alphabet.LATIN_1), turnstile=Gate().turnstile, on_inbound=Inbox()
    )
    for text, coding, raw in (("@é", 3, b"@\xe9"), ("期", 8, b"\x67\x1f")):
        (part,) = channel.encode(message(1, text)).parts
        body = codec.decode(codec.frame(Command.SUBMIT_SM, 1, part)).body
        assert isinstance(body, pdu.SubmitSm)
        assert (body.data_coding, body.short_message) == (coding, raw)


@pytest.mark.parametrize(
    "other",
    [
        {"window": 0},
        {"max_parts": 0},
        {"rate": 0},
        {"answer_within": -1},
        {"retry_last": 0.001},
    ],
)
def test_settings_that_cannot_work_are_refused(other: dict[str, object]) -> None:
    """By what is wrong with them."""
    with pytest.raises(ValueError, match=r"at least one segment|positive"):
        settings(1, **other)


def test_a_message_leaves_whole_so_it_must_fit_the_window() -> None:
    """A narrow window makes the longest message shorter."""
    channel = smpp.Smpp(settings(1, window=2), turnstile=Gate().turnstile, on_inbound=Inbox())
    assert channel.can.max_parts == 2
    assert channel.encode(message(1, "期" * 134)).count == 2
    with pytest.raises(base.Unsendable, match="3 segments of at most 2"):
        channel.encode(message(1, "期" * 135))


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("", Address("10690000", 0, 1)),
        ("10691111", Address("10691111", 0, 1)),
        ("+442071838750", Address("442071838750", 1, 1)),
        ("Duly Bank", Address("Duly Bank", 5, 0)),
    ],
)
def test_the_sender_has_the_type_that_its_form_says(sender: str, address: Address) -> None:
    """A number of the carrier's, an international one, or a name."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    (part,) = channel.encode(message(1, sender=sender)).parts
    body = codec.decode(codec.frame(Command.SUBMIT_SM, 1, part)).body
    assert isinstance(body, pdu.SubmitSm)
    assert body.source == address


# --- answers


def test_written_and_unanswered_is_unsure_and_never_written_again() -> None:
    """After the carrier's time, not before; the window's place is free again."""

    async def story() -> None:
        async with Stage(SILENT) as stage, connected(stage.port, answer_within=0.2) as (gate, channel):
            began = asyncio.get_running_loop().time()
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert asyncio.get_running_loop().time() - began >= 0.2
            assert isinstance(given, answer.Unsure)
            assert given.reason == "the carrier did not answer within 0.2 s"
            assert channel.free_window == 16
            assert len(stage.submitted) == 1

    run(story())


def test_a_connection_lost_with_messages_in_flight_makes_them_unsure() -> None:
    """What comes while it is down was never written; then the bind comes back by itself, and nothing is
    resent.
    """

    async def story() -> None:
        def answer_first(peer: Peer, _: event.Requested) -> int | None:
            if len(peer.stage.submitted) == 3:
                peer.hang_up()
            return 0 if len(peer.stage.submitted) in {1, 4} else None

        async with Stage(submits(answer_first)) as stage, connected(stage.port) as (gate, channel):
            given = await channel.send([gate.release(channel, message(number)) for number in (1, 2, 3)])
            assert [type(one) for one in given] == [answer.Accepted, answer.Unsure, answer.Unsure]
            assert isinstance(given[1], answer.Unsure)
            assert given[1].reason == "the connection ended before the carrier answered"

            (down,) = await channel.send([gate.release(channel, message(4))])
            assert isinstance(down, answer.Refused)
            assert (down.retry, down.written) == (True, False)

            assert await channel.room() == 16
            (again,) = await channel.send([gate.release(channel, message(5))])
            assert isinstance(again, answer.Accepted)
            assert [body.destination.number[-1] for body in stage.submitted] == ["1", "2", "3", "5"]
            assert len(stage.peers) == 2

    run(story())


@pytest.mark.parametrize(
    ("code", "retry", "throttled", "name"),
    [
        (status.THROTTLED, True, True, "ESME_RTHROTTLED"),
        (status.QUEUE_FULL, True, True, "ESME_RMSGQFUL"),
        (status.SYSTEM_ERROR, True, False, "ESME_RSYSERR"),
        (status.INVALID_DESTINATION, False, False, "ESME_RINVDSTADR"),
        (0x0401, False, False, "0x00000401"),
        (0x0402, True, False, "0x00000402"),
    ],
)
def test_a_refusal_is_definite(code: int, retry: bool, throttled: bool, name: str) -> None:
    """Retry or final by the table, unless the route says otherwise about the carrier's own codes."""

    async def story() -> None:
        codes = {0x0402: status.Class.REFUSED_RETRY}
        async with (
            Stage(submits(lambda _, __: code)) as stage,
            connected(stage.port, codes=codes) as (gate, channel),
        ):
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Refused)
            assert (given.retry, given.throttled, given.written, given.code) == (retry, throttled, True, name)
            assert given.fault is None

    run(story())


@pytest.mark.parametrize(
    ("codes", "kind", "fates"),
    [
        ([0, 0], answer.Accepted, [Fate.ACCEPTED, Fate.ACCEPTED]),
        ([0, None], answer.Unsure, [Fate.ACCEPTED, Fate.UNANSWERED]),
        ([None, 0x0B], answer.Unsure, [Fate.UNANSWERED, Fate.REFUSED_FINAL]),
        ([0, 0x0B], answer.Unsure, [Fate.ACCEPTED, Fate.REFUSED_FINAL]),
        ([0x08, 0x0B], answer.Refused, [Fate.REFUSED, Fate.REFUSED_FINAL]),
        ([0x08, 0x08], answer.Refused, [Fate.REFUSED, Fate.REFUSED]),
    ],
)
def test_a_message_of_several_segments_has_one_answer(
    codes: list[int | None], kind: type[answer.Answer], fates: list[Fate]
) -> None:
    """Unsure as soon as one segment is written and unanswered, or some were taken and others not."""

    async def story() -> None:
        def script(peer: Peer, _: event.Requested) -> int | None:
            return codes[len(peer.stage.submitted) - 1]

        async with (
            Stage(submits(script)) as stage,
            connected(stage.port, answer_within=0.1) as (gate, channel),
        ):
            (given,) = await channel.send([gate.release(channel, message(1, LONG))])
            assert type(given) is kind
            assert [segment.fate for segment in given.segments] == fates
            if isinstance(given, answer.Refused):
                assert given.retry is (0x0B not in codes)

    run(story())


def test_a_late_answer_settles_the_doubt() -> None:
    """It is handed over like anything that arrives, under the message's key."""

    async def story() -> None:
        inbox, held = Inbox(), list[event.Requested]()
        hold = submits(lambda _, heard: held.append(heard))
        async with (
            Stage(hold) as stage,
            connected(stage.port, inbox, answer_within=0.1) as (gate, channel),
        ):
            (given,) = await channel.send([gate.release(channel, message(1, LONG))])
            assert isinstance(given, answer.Unsure)
            stage.peers[0].answer(held[0])
            await asyncio.sleep(0.05)
            assert inbox.events == []  # the other segment is still unanswered
            stage.peers[0].answer(held[1])
            await until(lambda: inbox.events)
            (late,) = inbox.of(inbound.LateAnswer)
            assert late.message_key == key(1)
            assert isinstance(late.answer, answer.Accepted)
            assert late.answer.remote_ids == ("1", "2")

    run(story())


def test_a_generic_nack_refuses_and_one_without_a_reason_settles_nothing() -> None:
    """A nack is never taken for acceptance."""

    async def story() -> None:
        def nack(peer: Peer, heard: event.Requested) -> None:
            code = (status.INVALID_COMMAND_LENGTH, status.OK)[len(peer.stage.submitted) - 1]
            peer.say(codec.encode(pdu.Pdu(sequence=heard.sequence, status=code, body=pdu.GenericNack())))

        async with Stage(submits(nack)) as stage, connected(stage.port) as (gate, channel):
            (refused,) = await channel.send([gate.release(channel, message(1))])
            (doubtful,) = await channel.send([gate.release(channel, message(2))])
            assert isinstance(refused, answer.Refused)
            assert not refused.retry
            assert isinstance(doubtful, answer.Unsure)

    run(story())


# --- window, pace, permits in time


def test_no_more_than_the_window_is_ever_unanswered() -> None:
    """And free_window counts down what is in flight."""

    async def story() -> None:
        waiting: list[event.Requested] = []
        most = 0

        def script(peer: Peer, heard: event.Requested) -> None:
            nonlocal most
            waiting.append(heard)
            most = max(most, len(waiting))
            asyncio.get_running_loop().call_later(0.01, lambda: peer.answer(waiting.pop(0)))

        async with (
            Stage(submits(script)) as stage,
            connected(stage.port, window=4, max_parts=4) as (gate, channel),
        ):
            assert channel.free_window == 4
            sending = asyncio.create_task(
                channel.send([gate.release(channel, message(number)) for number in range(20)])
            )
            await asyncio.sleep(0)
            assert channel.free_window == 0
            given = await sending
            assert all(isinstance(one, answer.Accepted) for one in given)
            assert most == 4
            assert channel.free_window == 4

    run(story())


def test_a_message_leaves_whole_or_waits() -> None:
    """Two places left and three segments: it waits for the third place, and its permit is not used up
    meanwhile.
    """

    async def story() -> None:
        held: list[event.Requested] = []
        hold = submits(lambda _, heard: held.append(heard))
        three = "期" * 150
        async with Stage(hold) as stage, connected(stage.port, window=4, max_parts=4) as (gate, channel):
            first = asyncio.create_task(channel.send([gate.release(channel, message(n)) for n in (1, 2)]))
            await until(lambda: len(held) == 2)
            second = asyncio.create_task(channel.send([gate.release(channel, message(3, three))]))
            await asyncio.sleep(0.05)
            assert len(held) == 2
            assert channel.free_window == 0
            stage.peers[0].answer(held.pop(0))
            await until(lambda: len(held) == 4)
            while held:
                stage.peers[0].answer(held.pop(0))
            assert all(isinstance(one, answer.Accepted) for one in [*await first, *await second])

    run(story())


def test_what_finds_no_room_within_a_permits_life_was_never_written() -> None:
    """It goes back through the gate; the carrier never saw it."""

    async def story() -> None:
        async with (
            Stage(SILENT) as stage,
            connected(stage.port, window=1, max_parts=1, answer_within=2.5) as (gate, channel),
        ):
            given = await channel.send([gate.release(channel, message(number)) for number in (1, 2)])
            assert isinstance(given[0], answer.Unsure)
            assert isinstance(given[1], answer.Refused)
            assert (given[1].retry, given[1].written) == (True, False)
            assert len(stage.submitted) == 1

    run(story())


def test_a_permit_that_grew_stale_while_waiting_is_not_written() -> None:
    """The turnstile looks at the instant of writing, not of asking."""

    async def story() -> None:
        held: list[event.Requested] = []
        hold = submits(lambda _, heard: held.append(heard))
        async with Stage(hold) as stage, connected(stage.port, window=1, max_parts=1) as (gate, channel):
            sending = asyncio.create_task(channel.send([gate.release(channel, message(n)) for n in (1, 2)]))
            await until(lambda: held)
            gate.now += timedelta(seconds=2, microseconds=1)
            stage.peers[0].answer(held[0])
            first, second = await sending
            assert isinstance(first, answer.Accepted)
            assert isinstance(second, answer.Refused)
            assert (second.code, second.retry) == ("permit.stale", True)
            assert len(stage.submitted) == 1

    run(story())


def test_throttling_halves_the_pace_and_the_room_waits_for_it() -> None:
    """The carrier's word counts once a second; afterwards a twentieth of the rate comes back each second."""

    async def story() -> None:
        async with (
            Stage(submits(lambda _, __: status.THROTTLED)) as stage,
            connected(stage.port, rate=100.0) as (gate, channel),
        ):
            await channel.send([gate.release(channel, message(number)) for number in range(4)])
            assert channel._out is not None
            assert 50 <= channel._out.pace.current < 60
            assert channel.free_window == 0
            began = asyncio.get_running_loop().time()
            await channel.room()
            assert 0.005 < asyncio.get_running_loop().time() - began < 1

    run(story())


def test_a_batch_is_paced_in_segments() -> None:
    """Thirty segments at a hundred a second, ten of them at once: at least a fifth of a second."""

    async def story() -> None:
        async with Stage() as stage, connected(stage.port, rate=100.0, window=64) as (gate, channel):
            assert channel.free_window == 10
            began = asyncio.get_running_loop().time()
            batch = [gate.release(channel, message(number, LONG)) for number in range(15)]
            given = await channel.send(batch)
            assert all(isinstance(one, answer.Accepted) for one in given)
            assert asyncio.get_running_loop().time() - began > 0.18

    run(story())


# --- the link


def test_a_wrong_password_is_refused_for_good() -> None:
    """With the carrier's word and a remedy, and without the password."""

    async def story() -> None:
        carrier = await server.serve(server.Settings(port=0), clock=lambda: NOW)
        try:
            with pytest.raises(base.BindRefused, match="ESME_RINVPASWD") as caught:
                async with connected(carrier.port, password="wrong"):
                    pass
            assert "password" in caught.value.remedy
            assert "wrong" not in str(caught.value)
            assert "wrong" not in repr(settings(1, password="wrong"))
        finally:
            await carrier.stop()

    run(story())


def test_a_password_that_smpp_cannot_carry_is_said_before_connecting() -> None:
    """Eight characters at most, and not shown."""

    async def story() -> None:
        with pytest.raises(base.BindRefused, match="password has at most 8 characters") as caught:
            async with connected(1, password="longer-than-eight"):
                pass
        assert "longer" not in str(caught.value)

    run(story())


def test_only_the_named_peer_is_spoken_to() -> None:
    """An invented book goes to the simulated carrier and nowhere else."""

    async def story() -> None:
        carrier = await server.serve(server.Settings(port=0), clock=lambda: NOW)
        async with Stage() as stage:
            async with connected(carrier.port, peer=server.NAME):
                pass
            with pytest.raises(base.BindRefused, match="'stage', not 'duly-carrier'"):
                async with connected(stage.port, peer=server.NAME):
                    pass
        await carrier.stop()

    run(story())


def test_a_carrier_that_is_not_there_is_away() -> None:
    """The address is named."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with pytest.raises(errors.CarrierAway, match=f"127.0.0.1:{port} cannot be reached"):
            async with connected(port):
                pass

    run(story())


def test_a_carrier_that_hangs_at_the_bind_is_away() -> None:
    """Within link_within."""

    async def story() -> None:
        async with Stage(lambda _, __: None) as stage:
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.CarrierAway, match="hung up before the bind was answered"):
                async with connected(stage.port, link_within=0.2):
                    pass
            assert asyncio.get_running_loop().time() - began < 2

    run(story())


def test_a_link_that_falls_silent_is_asked_then_dropped_and_mended() -> None:
    """What was in flight on it is Unsure at once, without waiting for its own time-out."""

    async def story() -> None:
        def deaf(peer: Peer, heard: event.Requested) -> int | None:
            return 0 if isinstance(heard.body, pdu.Bind) or len(peer.stage.peers) > 1 else None

        async with (
            Stage(deaf) as stage,
            connected(stage.port, enquire_after=0.1, link_within=0.1) as (gate, channel),
        ):
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Unsure)
            assert any(isinstance(h, event.Requested) and h.body == pdu.EnquireLink() for h in stage.log)
            assert await channel.room() == 16
            assert len(stage.peers) == 2

    run(story())


def test_enquire_link_is_answered() -> None:
    """Whoever asks."""

    async def story() -> None:
        async with Stage() as stage, connected(stage.port):
            peer = stage.peers[0]
            peer.say(peer.session.send(pdu.EnquireLink(), 0))
            await until(lambda: any(one.command is Command.ENQUIRE_LINK for one in stage.answered))

    run(story())


def test_a_carrier_that_unbinds_is_answered_and_bound_again() -> None:
    """It may be restarting."""

    async def story() -> None:
        async with Stage() as stage, connected(stage.port) as (_, channel):
            peer = stage.peers[0]
            peer.say(peer.session.send(pdu.Unbind(), 0))
            await until(lambda: any(one.command is Command.UNBIND for one in stage.answered))
            await until(lambda: len(stage.peers) == 2)
            assert await channel.room() == 16

    run(story())


def test_garbage_from_the_carrier_ends_the_link_and_what_was_in_flight_is_unsure() -> None:
    """A length that lies cannot be recovered from."""

    async def story() -> None:
        def lie(peer: Peer, _: event.Requested) -> None:
            peer.say(b"\xff\xff\xff\xff")

        async with Stage(submits(lie)) as stage, connected(stage.port) as (gate, channel):
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Unsure)
            await until(lambda: len(stage.peers) == 2)

    run(story())


def test_a_refusal_while_mending_is_told_and_asked_again_seldom() -> None:
    """Whoever waits for room hears the reason; when the password is good again, so is the route."""

    async def story() -> None:
        refusing = True

        def changed(peer: Peer, heard: event.Requested) -> int:
            again = isinstance(heard.body, pdu.Bind) and len(peer.stage.peers) > 1
            return status.INVALID_PASSWORD if again and refusing else 0

        async with Stage(changed) as stage, connected(stage.port) as (gate, channel):
            stage.peers[0].hang_up()
            await until(lambda: not channel.free_window)
            with pytest.raises(base.BindRefused, match="ESME_RINVPASWD"):
                await channel.room()
            assert isinstance(channel.away, base.BindRefused)
            (given,) = await channel.send([gate.release(channel, message(1))])
            assert isinstance(given, answer.Refused)
            assert not given.written
            refusing = False
            await until(lambda: channel.free_window)
            assert await channel.room() == 16
            assert channel.away is None

    run(story())


def test_a_carrier_that_is_gone_is_told_from_one_that_refuses() -> None:
    """From the moment the line is cut it is said that it is away, and why; and no longer when it is back."""

    async def story() -> None:
        async with Stage() as stage, connected(stage.port) as (_, channel):
            assert channel.away is None
            stage.peers[0].hang_up()
            await until(lambda: channel.away is not None)
            assert "hung up" in str(channel.away)
            assert not isinstance(channel.away, base.BindRefused)
            await until(lambda: channel.free_window)
            assert channel.away is None

    run(story())


def test_stopping_says_good_bye_after_the_last_answer() -> None:
    """The unbind is the last thing the carrier hears."""

    async def story() -> None:
        def slow(peer: Peer, heard: event.Requested) -> None:
            asyncio.get_running_loop().call_later(0.1, lambda: peer.answer(heard))

        async with Stage(submits(slow)) as stage:
            async with connected(stage.port) as (gate, channel):
                sending = asyncio.create_task(channel.send([gate.release(channel, message(1))]))
                await until(lambda: stage.submitted)
                await channel.stop()
                (given,) = await sending
            assert isinstance(given, answer.Accepted)
            assert isinstance(stage.log[-1], event.Requested)
            assert stage.log[-1].body == pdu.Unbind()

    run(story())


def test_the_socket_sends_at_once_and_gives_up_when_we_do() -> None:
    """No Nagle, and the kernel does not deliver after our time-out what a broken network held back."""

    async def story() -> None:
        async with Stage() as stage, connected(stage.port) as (_, channel):
            link = channel._binds[0].link
            assert link is not None
            assert link._transport is not None
            raw = link._transport.get_extra_info("socket")
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000

    run(story())


# --- what arrives


def reply(text: str, sender: str = "8613800000001", **other: object) -> pdu.DeliverSm:
    """A debtor's answer as the carrier brings it."""
    fields: dict[str, object] = {"short_message": text.encode("utf-16-be"), "data_coding": 8}
    return pdu.DeliverSm(source=Address(sender), destination=Address("10690000", 0, 1), **(fields | other))  # type: ignore[arg-type]


def receipt_of(message_id: str, state: int = 2) -> pdu.DeliverSm:
    """A receipt as the carrier brings it."""
    return pdu.DeliverSm(
        source=Address("8613800000001"),
        destination=Address("10690000", 0, 1),
        short_message=f"id:{message_id} stat:X done date:2611231805 err:000 text:".encode(),
        esm_class=pdu.ESM_RECEIPT,
        tlvs=(
            Tlv(Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
            pdu.number(Tag.MESSAGE_STATE, state),
            pdu.number(Tag.USER_MESSAGE_REFERENCE, 77),
        ),
    )


@pytest.mark.parametrize(
    ("state", "arrival", "final"),
    [
        (2, notice.Arrival.DELIVERED, True),
        (3, notice.Arrival.FAILED, True),
        (4, notice.Arrival.FAILED, True),
        (5, notice.Arrival.FAILED, True),
        (8, notice.Arrival.FAILED, True),
        (7, notice.Arrival.UNKNOWN, True),
        (1, notice.Arrival.UNKNOWN, False),
        (6, notice.Arrival.UNKNOWN, False),
        (99, notice.Arrival.UNKNOWN, False),
    ],
)
def test_a_receipt_is_read_with_its_provenance(state: int, arrival: notice.Arrival, final: bool) -> None:
    """The carrier's word as ours, its clock in its zone, every normal form of the id, and the number it is
    about.
    """
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    raw = codec.encode(pdu.Pdu(sequence=1, body=receipt_of("00FF", state)))
    (found,) = channel.decode(raw)
    assert isinstance(found, inbound.ReceiptEvent)
    assert (found.state, found.final) == (arrival, final)
    assert (found.remote_id, found.normal_ids) == ("00FF", ("ff", "255"))
    assert found.destination == "+8613800000001"
    assert found.reference == 77
    assert found.provenance is inbound.Provenance.SESSION
    assert found.at is not None
    assert found.at.isoformat() == "2026-11-23T18:05:00+08:00"
    assert found.raw == raw
    assert "13800000001" not in repr(found)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (reply("退订"), "退订"),
        (reply("", short_message=b"STOP \x00 \x1b\x65", data_coding=0), "STOP @ €"),
        (reply("", short_message=b"caf\xe9", data_coding=3), "café"),
        (reply("", short_message=b"stop", data_coding=1), "stop"),
        (reply("", short_message=b"stop", data_coding=0xF1), "stop"),
        (reply("", short_message="停".encode("utf-16-be"), data_coding=0x18), "停"),
        (reply("", short_message=b"", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, "长".encode("utf-16-be")),)), "长"),
        (
            reply("", short_message=b"\x05\x00\x03\x07\x01\x01" + "单".encode("utf-16-be"), esm_class=0x40),
            "单",
        ),
        (reply("id:1 stat:DELIVRD err:000"), "id:1 stat:DELIVRD err:000"),
    ],
)
def test_a_reply_is_read_in_every_alphabet(body: pdu.DeliverSm, text: str) -> None:
    """Also one that pretends to be a receipt."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    (found,) = channel.decode(codec.encode(pdu.Pdu(sequence=1, body=body)))
    assert isinstance(found, inbound.ReplyEvent)
    assert (found.source, found.to, found.text) == ("+8613800000001", "10690000", text)
    assert text not in repr(found)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (reply("", short_message=b"\x01\x02", data_coding=4), "data_coding 4 is no text"),
        (reply("", short_message=b"\x09\x00", esm_class=0x40), "header runs past the message"),
        (pdu.DeliverSm(source=Address("1"), destination=Address("2"), esm_class=4), "names no message"),
        (pdu.EnquireLink(), "a EnquireLink brings nothing"),
    ],
)
def test_what_cannot_be_read_is_unread_and_kept(body: pdu.Body, reason: str) -> None:
    """With the reason and the raw original."""
    channel = smpp.Smpp(settings(1), turnstile=Gate().turnstile, on_inbound=Inbox())
    raw = codec.encode(pdu.Pdu(sequence=1, body=body))
    (found,) = channel.decode(raw)
    assert isinstance(found, inbound.Unread)
    assert reason in found.reason
    assert found.raw == raw


@given(
    message=st.binary(max_size=120),
    coding=st.integers(0, 255),
    esm_class=st.integers(0, 255),
    at=st.integers(0, 400),
    octet=st.integers(0, 255),
)
def test_no_delivery_however_broken_stops_the_route(
    message: bytes, coding: int, esm_class: int, at: int, octet: int
) -> None:
    """Any bytes in any coding, and any octet of the whole changed: there are events, and they hold the raw."""
    body = reply("", short_message=message, data_coding=coding, esm_class=esm_class)
    raw = bytearray(codec.encode(pdu.Pdu(sequence=1, body=body)))
    for broken in (False, True):
        if broken:
            raw[at % len(raw)] = octet
        events = smpp_coding.decode(settings(1), bytes(raw))
        assert events
        assert all(found.raw == bytes(raw) for found in events)


def test_the_carrier_is_answered_after_the_commit_and_not_before() -> None:
    """What arrives meanwhile forms the next batch."""

    async def story() -> None:
        stage = Stage()
        committing, commit = asyncio.Event(), asyncio.Event()

        async def slow(_: Sequence[inbound.Inbound]) -> None:
            committing.set()
            await commit.wait()

        inbox = Inbox(before=slow)
        async with stage, connected(stage.port, inbox):
            peer = stage.peers[0]
            peer.deliver(reply("一"))
            await committing.wait()
            peer.deliver(reply("二"))
            peer.deliver(reply("三"))
            await asyncio.sleep(0.05)
            assert stage.answered == []
            assert inbox.things == []
            commit.set()
            await until(lambda: len(stage.answered) == 3)
            assert [one.status for one in stage.answered] == [0, 0, 0]
            assert [found.text for found in inbox.of(inbound.ReplyEvent)] == ["一", "二", "三"]

    run(story())


def test_a_failed_commit_makes_the_carrier_bring_it_again() -> None:
    """ESME_RX_T_APPN for what could not be kept, OK for its neighbours, and in the end everything is kept
    once.
    """

    async def story() -> None:
        failing = True

        async def poison(things: Sequence[inbound.Inbound]) -> None:
            await asyncio.sleep(0.01)
            texts = [e.text for thing in things for e in thing.events if isinstance(e, inbound.ReplyEvent)]
            if failing and "毒" in texts:
                raise ConnectionError("the database is away")

        inbox = Inbox(before=poison)
        knobs = mix.Mix(again_after=0.1)
        carrier = await server.serve(server.Settings(port=0, mix=knobs), clock=lambda: NOW)
        try:
            async with connected(carrier.port, inbox):
                for text in ("一", "毒", "三"):
                    carrier.reply("8613800000001", text, to="10690000")
                await until(lambda: carrier.brought_again >= 2)
                assert sorted(found.text for found in inbox.of(inbound.ReplyEvent)) == ["一", "三"]
                failing = False
                await until(lambda: len(inbox.of(inbound.ReplyEvent)) == 3)
                assert inbox.of(inbound.ReplyEvent)[-1].text == "毒"
        finally:
            await carrier.stop()

    run(story())


def test_a_database_that_is_away_is_not_asked_for_each_of_a_batch() -> None:
    """After three failures in a row the rest is refused without trying."""

    async def story() -> None:
        calls: list[int] = []
        begin = asyncio.Event()

        async def away(things: Sequence[inbound.Inbound]) -> None:
            await begin.wait()
            calls.append(len(things))
            raise ConnectionError

        async with Stage() as stage, connected(stage.port, Inbox(before=away)):
            for _ in range(51):
                stage.peers[0].deliver(reply("一"))
            await asyncio.sleep(0.05)
            begin.set()
            await until(lambda: len(stage.answered) == 51)
            assert {one.status for one in stage.answered} == {status.TEMPORARY_RECEIVER_ERROR}
            assert len(calls) <= 8

    run(story())


def test_a_malformed_delivery_is_kept_as_it_came_and_not_brought_for_ever() -> None:
    """Unread, with the raw bytes; the carrier hears OK."""

    async def story() -> None:
        inbox = Inbox()
        async with Stage() as stage, connected(stage.port, inbox):
            peer = stage.peers[0]
            good = peer.session.send(reply("一"), 0)
            sequence = codec.decode(good).sequence
            bad = codec.frame(Command.DELIVER_SM, sequence, b"nonsense")
            peer.say(bad)
            await until(lambda: stage.answered)
            assert stage.answered[0].status == status.OK
            (found,) = inbox.of(inbound.Unread)
            assert found.raw == bad

    run(story())


def test_a_long_reply_is_handed_over_part_by_part() -> None:
    """Each with its place among the others, told by the header or by optional parameters, and readable by itself."""

    async def story() -> None:
        inbox = Inbox()
        text = "我已经还了," * 30
        parts = long_reply(text)
        async with Stage() as stage, connected(stage.port, inbox):
            for part in reversed(parts):
                stage.peers[0].deliver(part)
            await until(lambda: len(stage.answered) == len(parts))
            found = inbox.of(inbound.ReplyPart)
            assert [(part.reference, part.number, part.total) for part in found] == [
                (9, 3, 3),
                (9, 2, 3),
                (9, 1, 3),
            ]
            assert "".join(part.text for part in reversed(found)) == text
            assert sms.join({part.number: part.piece for part in found}, 3, found[0].alphabet) == text
            place = (
                pdu.number(Tag.SAR_MSG_REF_NUM, 7),
                pdu.number(Tag.SAR_TOTAL_SEGMENTS, 2),
                pdu.number(Tag.SAR_SEGMENT_SEQNUM, 1),
            )
            stage.peers[0].deliver(reply("前", tlvs=place))
            await until(lambda: len(stage.answered) == len(parts) + 1)
            last = inbox.of(inbound.ReplyPart)[-1]
            assert (last.reference, last.number, last.total, last.text) == (7, 1, 2, "前")
            assert inbox.of(inbound.ReplyEvent) == []

    run(story())


def long_reply(text: str) -> list[pdu.DeliverSm]:
    """The segments of a long reply, always with the same reference."""
    return [
        reply("", short_message=part.payload, esm_class=pdu.ESM_HEADER)
        for part in sms.split(text, reference=9)
    ]


def test_what_arrives_at_the_last_moment_is_committed_before_good_bye() -> None:
    """A receipt in the pipe when we stop is not lost, and is acknowledged."""

    async def story() -> None:
        async def slow(_: Sequence[inbound.Inbound]) -> None:
            await asyncio.sleep(0.1)

        inbox = Inbox(before=slow)
        async with Stage() as stage:
            async with connected(stage.port, inbox):
                stage.peers[0].deliver(receipt_of("5"))
                await asyncio.sleep(0.02)
            assert len(inbox.of(inbound.ReceiptEvent)) == 1
            assert [one.status for one in stage.answered] == [0]

    run(story())
