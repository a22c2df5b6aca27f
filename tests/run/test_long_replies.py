"""Long replies: put together over restarts and processes, and read as far as they go when the rest never comes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from duly.carrier import phone
from duly.channels import inbound, smpp_coding
from duly.channels.smpp import Smpp
from duly.run import inbox, long_replies, outfit, planned
from duly.wire import sms
from duly.wire.smpp import codec, pdu
from tests.run.house import Air, House, run, until

US = "1069000000000001"
DISPUTE = "你们的金额不对，我已经打过很多次电话了，没有人给我一个说法。" * 3
HARMLESS = "今天天气很好，我在外面走了很久，晚上才能看手机。" * 5


def someone(house: House) -> planned.Planned:
    """A message to somebody who gets only one."""
    rows = house.waiting()
    people = [row.person for row in rows]
    return next(row for row in rows if people.count(row.person) == 1)


def parts_of(house: House, row: planned.Planned, text: str, *, reference: int = 9) -> list[inbound.Inbound]:
    """A long reply as the channel hands it over, part by part."""
    channel = house.channel()
    assert isinstance(channel, Smpp)
    found = []
    for number, part in enumerate(sms.split(text, reference=reference), start=1):
        body = pdu.DeliverSm(
            source=pdu.Address(house.number(row).removeprefix("+")),
            destination=pdu.Address(US, 0, 1),
            short_message=part.payload,
            esm_class=pdu.ESM_HEADER,
            data_coding=part.data_coding,
        )
        raw = codec.encode(pdu.Pdu(sequence=number, body=body))
        found.append(inbound.Inbound(route="main", raw=raw, events=smpp_coding.decode(channel.settings, raw)))
    assert len(found) >= 2
    return found


def finish(house: House) -> int:
    """What a worker does all the time: read what was incomplete for too long."""
    return inbox.finish(
        house.connect("duly_worker"),
        listener=outfit.listener(house.opened),
        recorder=house.opened.recorder,
    )


def heard(house: House) -> list[tuple[str, str]]:
    """What was understood, and what was done."""
    return [(intent, acted) for intent, acted in house.ask("select intent, acted from reply order by id")]


# --- the whole


def test_a_reply_is_put_together_over_a_restart_between_its_parts(house: House) -> None:
    """The first part was acknowledged, so the carrier brings it no more; another worker hears the rest, and knows."""
    row = someone(house)
    segments = phone.reply(house.number(row).removeprefix("+"), US, DISPUTE)
    assert len(segments) == 2

    async def story(number: int) -> None:
        async with house.on_air() as air:
            (box,) = air.carrier._mailboxes.values()
            box.put(segments[number])
            await until(lambda: house.ask("select count(*) from vault.reply_part") == [(number + 1,)])
            await until(lambda: not air.carrier.waiting)
            assert air.carrier.brought_again == 0

    run(story(0))
    assert heard(house) == []
    run(story(1))

    assert heard(house) == [("dispute", "dispute")]
    (told,) = house.entries("reply")
    assert told.committed["meaning"] == "dispute"
    assert len(house.entries("dispute")) == 1
    house.pass_by(int(long_replies.PATIENCE.total_seconds()) + 10)
    assert finish(house) == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 2, 0, 0)])
def test_in_any_order_and_however_often_the_parts_come(house: House, order: tuple[int, ...]) -> None:
    """Each in a transaction of its own, or all in one: one reply, of the whole text."""
    row, other = [one for one in house.waiting() if one.stage == "first"][:2]
    parts = parts_of(house, row, DISPUTE + HARMLESS[:60])
    assert len(parts) == 3
    for number in order:
        house.hear(parts[number])
    others = parts_of(house, other, DISPUTE + HARMLESS[:60])
    house.hear(*(others[number] for number in order))

    assert heard(house) == [("dispute", "dispute")] * 2
    house.pass_by(int(long_replies.PATIENCE.total_seconds()) + 10)
    assert finish(house) == 0
    assert house.ask("select count(*) from vault.reply_part where read_at is null") == [(0,)]


def test_two_processes_that_hear_a_part_each_at_once_read_the_whole_once(house: House) -> None:
    """Neither sees the other's part before it commits; the second waits for the number, and then it sees the first."""
    one, two = parts_of(house, someone(house), DISPUTE)
    mine = house.connect("duly_worker")

    async def story() -> None:
        with mine.transaction():
            inbox.take(mine, [one], listener=outfit.listener(house.opened), recorder=house.opened.recorder)
            other = asyncio.create_task(asyncio.to_thread(house.hear, two))
            await until(house.someone_waits)
        await other

    run(story())
    assert heard(house) == [("dispute", "dispute")]


def test_a_whole_that_is_brought_again_is_one_reply(house: House) -> None:
    """The carrier did not hear our acknowledgement: of both parts, or of one, of which nothing is left to be read."""
    parts = parts_of(house, someone(house), DISPUTE)
    for part in (*parts, *parts, parts[1]):
        house.hear(part)
    house.pass_by(int(long_replies.PATIENCE.total_seconds()) + 10)

    assert finish(house) == 0
    assert heard(house) == [("dispute", "dispute")]
    assert len(house.entries("reply")) == 1
    assert house.ask("select count(*) from vault.reply_part where read_at is null") == [(0,)]


def test_a_phone_that_comes_round_to_a_reference_mixes_nothing(house: House) -> None:
    """The first part of another text contradicts the one we have: that one is read as far as it goes, at once."""
    row = someone(house)
    first, _ = parts_of(house, row, DISPUTE)
    other = parts_of(house, row, HARMLESS)
    house.hear(first)
    assert heard(house) == []
    house.hear(other[0])
    assert heard(house) == [("dispute", "dispute")]
    house.hear(*other[1:])

    assert [meaning for meaning, _ in heard(house)] == ["dispute", "unknown"]


def test_another_text_that_begins_like_the_last_one_is_read_whole(house: House) -> None:
    """The phone uses the same reference, and the first part is the same: it still belongs to the second text."""
    row = someone(house)
    begins = HARMLESS[:67]
    for ends in ("但是我已经还清了", "不过金额不对"):
        for part in parts_of(house, row, begins + ends):
            house.hear(part)

    assert heard(house) == [("paid", "payment_in_flight"), ("dispute", "dispute")]


# --- what never comes whole


def test_what_never_comes_whole_is_read_as_far_as_it_goes(house: House) -> None:
    """Not before its time is up, then once; what it says acts, and is in the evidence."""
    row = someone(house)
    first, second = parts_of(house, row, DISPUTE)
    patience = int(long_replies.PATIENCE.total_seconds())
    house.hear(first)
    house.pass_by(patience - 30)
    assert finish(house) == 0
    assert heard(house) == []

    house.pass_by(31)
    assert finish(house) == 1
    assert finish(house) == 0
    assert heard(house) == [("dispute", "dispute")]
    (told,) = house.entries("reply")
    assert (told.committed["person"], told.committed["meaning"]) == (row.person, "dispute")
    assert house.ask("select detail from book_event where person = %s", row.person) == [("dispute",)]
    ((raw,),) = house.ask("select raw from reply")
    assert house.ask("select min(id) from vault.raw") == [(raw,)]
    assert house.number(row).removeprefix("+") not in {line["destination"] for line in house.send()}

    house.hear(second)  # the rest comes after all: now the whole is read
    assert len(house.entries("reply")) == 2
    assert finish(house) == 0


def test_a_reply_that_misses_its_beginning_is_read_too(house: House) -> None:
    """And goes to a person where it says nothing that is listed."""
    _, *rest = parts_of(house, someone(house), HARMLESS)
    house.hear(*rest)
    house.pass_by(int(long_replies.PATIENCE.total_seconds()) + 1)

    assert finish(house) == 1
    assert heard(house) == [("unknown", "")]


def test_half_a_reply_may_bar_us_but_allows_nothing(house: House) -> None:
    """A word that would let us write again may have had a "not" before it: the STOP stands, and a person reads it."""
    row = someone(house)
    house.reply(row, "退订")
    first, _ = parts_of(house, row, "请恢复发送" + HARMLESS)[:2]
    house.hear(first)
    house.pass_by(int(long_replies.PATIENCE.total_seconds()) + 1)

    assert finish(house) == 1
    assert heard(house) == [("stop", "withdrawn"), ("start", "")]
    assert house.ask("select distinct detail from book_event where kind = 'consent'") == [("withdrawn",)]
    assert {one.committed["change"] for one in house.entries("stop")} == {"stop"}


def test_a_whole_reply_may_allow_again(house: House) -> None:
    """The same words, complete."""
    row = someone(house)
    house.reply(row, "退订")
    house.hear(*parts_of(house, row, "请恢复发送" + HARMLESS))

    assert heard(house) == [("stop", "withdrawn"), ("start", "given")]


def test_a_stop_in_a_part_waits_for_nothing(house: House) -> None:
    """It acts with the part that says it."""
    row = someone(house)
    first, _ = parts_of(house, row, "别再发短信了" + HARMLESS)[:2]
    house.hear(first)

    assert heard(house) == [("stop", "withdrawn")]


def test_a_worker_reads_what_was_left_open_by_itself(house: House) -> None:
    """Days later, although nothing else comes on that day."""
    row = someone(house)
    house.keep_only(row)
    house.hear(parts_of(house, row, DISPUTE)[0])

    async def story(air: Air) -> None:
        working = asyncio.create_task(air.worker.serve())
        await asyncio.to_thread(house.pass_by, int(timedelta(days=3).total_seconds()))
        await until(lambda: heard(house) == [("dispute", "dispute")])
        air.worker.stop()
        await working

    async def aired() -> None:
        async with house.on_air() as air:
            await story(air)

    run(aired())


def test_no_word_and_no_number_of_a_part_stands_open(house: House) -> None:
    """They are sealed under the key of their day, like everything that a carrier sends."""
    row = someone(house)
    first, _ = parts_of(house, row, DISPUTE)
    house.hear(first)

    ((line,),) = house.ask("select p::text from vault.reply_part p")
    piece = sms.split(DISPUTE, reference=9)[0].data
    for told in (house.number(row).removeprefix("+"), "金额不对", piece.hex(), piece[:8].hex()):
        assert told not in line
