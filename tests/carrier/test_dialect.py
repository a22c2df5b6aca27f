"""Carriers that each speak SMPP their own way: what is theirs is data on both sides, and both sides meet."""

import asyncio

import pytest

from duly import errors
from duly.carrier import debtors, mix
from duly.carrier.mix import Form
from duly.channels import answer, base, inbound, smpp, smpp_coding, smpp_reference
from duly.channels.smpp_settings import LongTexts
from duly.model import notice
from duly.wire import remote_id, sms
from duly.wire.remote_id import Habit
from duly.wire.smpp import codec, event, pdu, receipt, status
from duly.wire.smpp.pdu import Command, Tag
from duly.wire.smpp.receipt import State
from tests.carrier.test_carrier import ALL, LONG, World, world
from tests.channels.bench import NOW, Gate, Inbox, Peer, Stage, key, message, run, settings, until

TAG = 0x1501
OWN = receipt.Style(
    layout=receipt.layout("MsgID={id};State={state};Done={done};Err={error}"), words={"OK": State.DELIVERED}
)


async def one_receipt(w: World) -> tuple[answer.Accepted, inbound.ReceiptEvent]:
    """A message accepted, and its receipt."""
    (given,) = await w.send(1)
    assert isinstance(given, answer.Accepted)
    await until(lambda: w.receipts)
    return given, w.receipts[0]


def looked_for(given: answer.Accepted, heard: inbound.ReceiptEvent) -> bool:
    """Whether the receipt's forms hold the id that was answered."""
    return remote_id.fold(given.remote_ids[0]) in heard.normal_ids


@pytest.mark.parametrize(
    ("answers", "receipts", "habit"),
    [
        (Form.PADDED, Form.DECIMAL, Habit.SAME),
        (Form.DECIMAL, Form.PADDED, Habit.SAME),
        (Form.HEX, Form.LOWER_HEX, Habit.SAME),
        (Form.HEX, Form.DECIMAL, Habit.HEX_ANSWERS),
        (Form.LOWER_HEX, Form.PADDED, Habit.HEX_ANSWERS),
        (Form.DECIMAL, Form.HEX, Habit.DECIMAL_ANSWERS),
        (Form.HEX, Form.DECIMAL, Habit.ANY),
        (Form.PADDED, Form.LOWER_HEX, Habit.ANY),
    ],
)
def test_an_id_is_met_in_the_form_that_the_carrier_is_known_to_write(
    answers: Form, receipts: Form, habit: Habit
) -> None:
    """Zeros, case and base differ; a known habit leaves one form, and it is the right one."""

    async def story() -> None:
        knobs = {"answer_ids": answers, "receipt_ids": receipts}
        async with world(knobs=knobs, route={"ids": habit}, files={"first_id": 0xABCDEF}) as w:
            given, heard = await one_receipt(w)
            assert looked_for(given, heard)
            assert habit is Habit.ANY or len(heard.normal_ids) == 1

    run(story())


def test_a_habit_that_is_not_the_carriers_meets_nothing() -> None:
    """It is data, not a guess: said wrong, it finds no message rather than another's."""

    async def story() -> None:
        knobs = {"answer_ids": Form.HEX, "receipt_ids": Form.DECIMAL}
        async with world(knobs=knobs, route={"ids": Habit.SAME}, files={"first_id": 0xABCDEF}) as w:
            assert not looked_for(*await one_receipt(w))

    run(story())


def test_receipts_in_a_layout_and_with_words_of_the_carriers_own_are_read() -> None:
    """Without parameters there is only the text to go by."""

    async def story() -> None:
        knobs = {
            "receipt_tlvs": False,
            "receipt_layout": "MsgID={id};State={state};Done={done};Err={error}",
            "receipt_words": {State.DELIVERED: "OK"},
        }
        async with world(knobs=knobs, route={"receipts": OWN}) as w:
            given, heard = await one_receipt(w)
            assert looked_for(given, heard)
            assert (heard.state, heard.word, heard.code) == (notice.Arrival.DELIVERED, "OK", "000")
            assert heard.at is not None
        async with world(knobs=knobs) as w:  # who was not told of the layout keeps it unread
            await w.send(1)
            await until(lambda: w.inbox.of(inbound.Unread))

    run(story())


@pytest.mark.parametrize("alphabet", list(sms.Alphabet))
@pytest.mark.parametrize("text", ["Pay 12.50 @ once", "Zahlung für Müller", "您的贷款已逾期"])
def test_a_text_is_read_alike_whatever_data_coding_0_means(alphabet: sms.Alphabet, text: str) -> None:
    """The same setting on both sides; a text is never sent under a number that the carrier reads otherwise."""

    async def story() -> None:
        read: list[str] = []

        def behave(_: str, said: str, __: int) -> debtors.Behaviour:
            read.append(said)
            return debtors.SILENT

        knobs, route = {"default_alphabet": alphabet}, {"default_alphabet": alphabet}
        async with world(behave=behave, knobs=knobs, route=route) as w:
            assert isinstance((await w.send(1, text=text))[0], answer.Accepted)
            assert read == [text]

    run(story())


def test_receipts_and_replies_may_come_by_data_sm() -> None:
    """They are read, committed and acknowledged like any other."""

    async def story() -> None:
        async with world(knobs={"data_sm": True}) as w:
            given, heard = await one_receipt(w)
            assert looked_for(given, heard)
            assert heard.state is notice.Arrival.DELIVERED
            assert codec.decode(heard.raw).body.__class__ is pdu.DataSm
            assert w.channel.decode(heard.raw) == (heard,)
            w.carrier.reply("8613800000001", "退订", to="10690000")
            await until(lambda: w.inbox.of(inbound.ReplyEvent))
            assert w.inbox.of(inbound.ReplyEvent)[0].text == "退订"
            await asyncio.sleep(0.1)
            assert w.carrier.brought_again == 0

    run(story())


def test_a_delivery_by_data_sm_that_was_not_kept_comes_again() -> None:
    """The carrier hears a refusal of its data_sm, and brings it again."""

    async def story() -> None:
        async with world(knobs={"data_sm": True}) as w:
            fails = 1

            async def before(_: object) -> None:
                nonlocal fails
                if fails:
                    fails -= 1
                    raise ConnectionError

            w.inbox.before = before
            await w.send(1)
            await until(lambda: w.receipts)
            assert w.carrier.brought_again == 1

    run(story())


def test_an_alert_is_taken_without_an_answer_and_without_harm() -> None:
    """alert_notification says that a handset is there again; there is nothing to do and nothing to answer."""

    async def story() -> None:
        async with world(knobs={"alert_ppm": ALL}) as w:
            assert isinstance((await w.send(1))[0], answer.Accepted)
            assert isinstance((await w.send(2))[0], answer.Accepted)
            await until(lambda: len(w.receipts) == 2)
            assert w.carrier.counts["alerts"] == 2
            assert w.carrier.bound == 1

    run(story())


def test_an_outbind_is_refused_and_the_bind_goes_its_way() -> None:
    """Whoever connects to us, or asks us to bind, is not thereby our carrier: only our own bind counts."""

    async def story() -> None:
        async with world(knobs={"outbind": True}) as w:
            assert isinstance((await w.send(1))[0], answer.Accepted)

    run(story())


def test_a_carrier_that_insists_on_outbind_is_told_why_and_named() -> None:
    """It gets a status for its outbind; when it hangs up then, the reason stands in what is said of it."""

    async def story() -> None:
        def script(peer: Peer, heard: event.Requested) -> int | None:
            if isinstance(heard.body, pdu.Bind):
                peer.say(peer.session.send(pdu.Outbind(system_id="smsc", password="x"), 0))
                asyncio.get_running_loop().call_later(0.1, peer.hang_up)
            return None

        async with Stage(script) as stage:
            channel = smpp.Smpp(settings(stage.port), turnstile=Gate().turnstile, on_inbound=Inbox())
            with pytest.raises(errors.CarrierAway, match=r"asked us to bind \(outbind\), was refused"):
                await channel.start()
            refusals = [heard for heard in stage.log if isinstance(heard, event.Stray)]
            assert refusals == [event.Stray(command=Command.GENERIC_NACK, status=status.WRONG_BIND_STATE)]
            await channel.stop()

    run(story())


def test_a_long_text_may_leave_whole_for_the_carrier_to_cut() -> None:
    """One submission, one id, one receipt; the pace still counts what the phone gets."""

    async def story() -> None:
        read: list[str] = []

        def behave(_: str, said: str, __: int) -> debtors.Behaviour:
            read.append(said)
            return debtors.SILENT

        async with world(behave=behave, route={"long_texts": LongTexts.PAYLOAD, "window": 1}) as w:
            encoded = w.channel.encode(message(1, LONG))
            assert (encoded.count, encoded.segments) == (1, 2)
            (given,) = await w.send(1, text=LONG)
            assert isinstance(given, answer.Accepted)
            assert read == [LONG]
            await until(lambda: w.receipts)
            assert looked_for(given, w.receipts[0])
            # a short one has no use for it
            body = codec.decode_body(Command.SUBMIT_SM, w.channel.encode(message(2)).parts[0])
            assert isinstance(body, pdu.SubmitSm)
            assert body.tlv(Tag.MESSAGE_PAYLOAD) is None

    run(story())


def test_a_payload_past_the_most_segments_is_unsendable() -> None:
    """The limit is of the price and the reader, not of the protocol."""
    channel_settings = settings(1, long_texts=LongTexts.PAYLOAD, max_parts=2)

    assert smpp_coding.encode(channel_settings, message(1, "款" * 134)).segments == 2
    with pytest.raises(base.Unsendable, match="takes 3 segments of at most 2"):
        smpp_coding.encode(channel_settings, message(1, "款" * 135))


@pytest.mark.parametrize(
    ("route", "echoed"),
    [
        ({}, True),
        ({"reference": False}, False),
        ({"reference": False, "reference_tag": TAG}, True),
        ({"reference_tag": TAG}, True),
    ],
)
def test_our_reference_comes_back_by_whichever_parameter_carries_it(
    route: dict[str, object], echoed: bool
) -> None:
    """The short one, our own of the vendor's range, both, or neither."""

    async def story() -> None:
        async with world(route=route) as w:
            _, heard = await one_receipt(w)
            expected = base.reference(key(1), NOW.date(), 0)
            assert heard.reference == (expected if echoed else None)
            assert w.channel.can.echoes_reference is echoed

    run(story())


def test_what_stands_in_our_parameter_and_is_not_ours_is_no_reference() -> None:
    """Another's text, a day that is none, half of it: the short reference counts then, if there is one."""
    own = settings(1, reference_tag=TAG)

    def read(value: bytes) -> int | None:
        body = pdu.DeliverSm(
            source=pdu.Address("1"), destination=pdu.Address("2"), tlvs=(pdu.Tlv(TAG, value),)
        )
        return smpp_reference.read(own, body, 77)

    good = b"20261123" + key(1).hex().encode() + b"02"
    assert read(good) == read(good + b"\0") == base.reference(key(1), NOW.date(), 2)
    for value in (b"", b"x", good[:-1], good + b"0", b"20261399" + good[8:], good.replace(b"01", b"g1")):
        assert read(value) == 77


@pytest.mark.parametrize("code", [status.THROTTLED, status.QUEUE_FULL])
def test_both_ways_of_saying_not_so_fast_slow_the_route_down(code: int) -> None:
    """Halved at once, in segments; what was refused may be tried again; the rate climbs back by itself."""

    async def story() -> None:
        async with world(knobs={"rate": 5, "throttle_code": code}, route={"rate": 400.0}) as w:
            given = await w.send(*range(1, 21))
            refused = [one for one in given if isinstance(one, answer.Refused)]
            assert refused
            assert all(one.retry and one.throttled for one in refused)
            out = w.channel._out
            assert out is not None
            slowed = out.pace.current
            assert slowed < 250
            await asyncio.sleep(0.3)
            out.pace.room(asyncio.get_running_loop().time())
            assert slowed < out.pace.current < 400

    run(story())


@pytest.mark.parametrize(
    ("route", "retry"),
    [({}, False), ({"codes": {0x401: status.Class.REFUSED_RETRY}}, True)],
)
def test_a_code_of_the_carriers_own_means_what_the_settings_say(
    route: dict[str, object], retry: bool
) -> None:
    """Unknown, it is final; said to be for now, the message goes back to the queue."""

    async def story() -> None:
        async with world(knobs={"refuse_ppm": ALL, "refuse_codes": (0x401,)}, route=route) as w:
            (given,) = await w.send(1)
            assert isinstance(given, answer.Refused)
            assert given.retry is retry

    run(story())


def test_every_form_writes_another_id() -> None:
    """Otherwise the tests above would show less than they say."""
    assert len({form.write(0xABCDEF) for form in Form}) == len(Form)
    assert mix.Mix().answer_ids is Form.PADDED
