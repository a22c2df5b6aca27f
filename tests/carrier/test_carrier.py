"""The simulated carrier: every knob, the same faults every time, and a journal that a drill can trust."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from duly.carrier import debtors, journal, mailbox, mix, phone, server
from duly.channels import answer, base, inbound, smpp
from duly.model import notice
from duly.wire.smpp import pdu, status
from tests.channels.bench import NOW, Gate, Inbox, key, message, run, settings, until

LONG = "您尾号1234的贷款已逾期,应还1,230.00元,请尽快还款。" * 4
ALL = mix.MILLION


class World:
    """A carrier, a channel bound to it, and what came back."""

    def __init__(self, carrier: server.Server, channel: smpp.Smpp, gate: Gate, inbox: Inbox) -> None:
        self.carrier = carrier
        self.channel = channel
        self.gate = gate
        self.inbox = inbox

    async def send(
        self, *numbers: int, text: str = "您的贷款已逾期", sender: str = ""
    ) -> list[answer.Answer]:
        messages = [message(number, text, sender=sender) for number in numbers]
        return await self.channel.send([self.gate.release(self.channel, one) for one in messages])

    @property
    def receipts(self) -> list[inbound.ReceiptEvent]:
        return self.inbox.of(inbound.ReceiptEvent)


@asynccontextmanager
async def world(
    *,
    behave: debtors.Behave | None = None,
    on_payment: debtors.OnPayment | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    files: dict[str, Any] | None = None,
    route: dict[str, Any] | None = None,
    knobs: dict[str, Any] | None = None,
) -> AsyncIterator[World]:
    """A quick carrier with these knobs."""
    mixed = mix.Mix(**({"latency": 0.0, "receipt_after": 0.01, "again_after": 0.02} | (knobs or {})))
    carrier = await server.serve(
        server.Settings(port=0, mix=mixed, **(files or {})), clock=clock, behave=behave, on_payment=on_payment
    )
    gate, inbox = Gate(), Inbox()
    channel = smpp.Smpp(
        settings(carrier.port, **({"answer_within": 0.3, "peer": server.NAME} | (route or {}))),
        turnstile=gate.turnstile,
        on_inbound=inbox,
    )
    await channel.start()
    try:
        yield World(carrier, channel, gate, inbox)
    finally:
        await channel.stop()
        await carrier.stop()


def test_a_message_is_taken_delivered_and_receipted() -> None:
    """Accepted with the carrier's id, then a receipt of that id with our reference."""

    async def story() -> None:
        async with world() as w:
            (given,) = await w.send(1)
            assert isinstance(given, answer.Accepted)
            await until(lambda: w.receipts)
            (found,) = w.receipts
            assert found.state is notice.Arrival.DELIVERED
            assert found.final
            assert inbound.folded_id(given.remote_ids[0]) in found.normal_ids
            assert found.destination == "+8613800000001"
            assert found.reference is not None
            assert w.carrier.counts["taken"] == 1

    run(story())


def test_hexadecimal_answers_and_decimal_receipts_still_meet() -> None:
    """As at many carriers."""

    async def story() -> None:
        async with world(knobs={"answer_ids": mix.Form.HEX}) as w:
            given = await w.send(*range(20))
            await until(lambda: len(w.receipts) == 20)
            for one in given:
                assert isinstance(one, answer.Accepted)
                found = [r for r in w.receipts if inbound.folded_id(one.remote_ids[0]) in r.normal_ids]
                assert found

    run(story())


@pytest.mark.parametrize(
    ("knob", "kind", "count", "journaled"),
    [
        ("refuse_ppm", answer.Refused, "refused", False),
        ("lose_ppm", answer.Unsure, "lost", False),
        ("drop_ppm", answer.Unsure, "dropped", True),
        ("cut_ppm", answer.Unsure, "cut", True),
    ],
)
def test_each_fault_is_what_it_says(
    knob: str, kind: type[answer.Answer], count: str, journaled: bool, tmp_path: Path
) -> None:
    """Refused is definite; lost, dropped and cut are doubts, of which some were taken and some not."""

    async def story() -> None:
        async with world(files={"journal": tmp_path / "journal"}, knobs={knob: ALL}) as w:
            (given,) = await w.send(1)
            assert type(given) is kind
            assert w.carrier.counts[count] == 1
        assert len(journal.read(tmp_path / "journal")) == int(journaled)

    run(story())


def test_past_its_rate_the_carrier_throttles() -> None:
    """And takes the rest in the next second."""

    async def story() -> None:
        async with world(knobs={"rate": 5}) as w:
            given = await w.send(*range(12))
            refused = [one for one in given if isinstance(one, answer.Refused)]
            assert refused
            assert all(one.throttled and one.retry for one in refused)
            assert w.carrier.counts["throttled"] == len(refused)
            assert w.carrier.counts["taken"] + len(refused) == 12

    run(story())


@pytest.mark.parametrize(
    ("knobs", "receipts"),
    [({"receipt_loss_ppm": ALL}, 0), ({"receipt_twice_ppm": ALL}, 2), ({}, 1)],
)
def test_receipts_are_lost_or_come_twice(knobs: dict[str, int], receipts: int) -> None:
    """As carriers do."""

    async def story() -> None:
        async with world(knobs=knobs) as w:
            await w.send(1)
            await asyncio.sleep(0.1)
            assert len(w.receipts) == receipts

    run(story())


def test_a_receipt_can_come_before_the_answer() -> None:
    """Whoever keeps it must match it later."""

    async def story() -> None:
        async with world(knobs={"receipt_early_ppm": ALL, "latency": 0.1, "latency_spread": 0}) as w:
            sending = asyncio.create_task(w.send(1))
            await until(lambda: w.receipts)
            assert not sending.done()
            (given,) = await sending
            assert isinstance(given, answer.Accepted)
            assert inbound.folded_id(given.remote_ids[0]) in w.receipts[0].normal_ids

    run(story())


@pytest.mark.parametrize("echoes", [True, False])
def test_a_receipt_may_carry_our_reference_or_leave_it_out(echoes: bool) -> None:
    """That of its own segment; the protocol leaves it to the carrier."""

    async def story() -> None:
        async with world(knobs={"echoes": echoes}) as w:
            await w.send(1, text=LONG)
            await until(lambda: len(w.receipts) == 2)
            sent = message(1)
            found = [one.reference for one in sorted(w.receipts, key=lambda one: one.remote_id)]
            assert found == [
                base.reference(sent.key, sent.day, part) if echoes else None for part in range(2)
            ]

    run(story())


def test_receipts_wait_for_the_next_bind() -> None:
    """What came while nobody was bound is not lost."""

    async def story() -> None:
        async with world(knobs={"receipt_after": 0.1}) as w:
            await w.send(1)
            await w.channel.stop()
            await until(lambda: w.carrier.waiting == 1)
            await w.channel.start()
            await until(lambda: w.receipts)

    run(story())


def test_a_cut_brings_unacknowledged_deliveries_again() -> None:
    """The connection ended before our answer: it comes again, and is kept twice at most."""

    async def story() -> None:
        async with world() as w:
            hold = asyncio.Event()

            async def wait(_: object) -> None:
                await hold.wait()

            w.inbox.before = wait
            await w.send(1)
            await asyncio.sleep(0.1)
            await w.carrier.cut()
            hold.set()
            await until(lambda: len(w.receipts) == 2)
            assert w.carrier.brought_again == 1
            assert w.receipts[0].remote_id == w.receipts[1].remote_id

    run(story())


def test_a_message_past_its_validity_expires() -> None:
    """It is taken, and its receipt says EXPIRED; nobody reads it."""

    async def story() -> None:
        late = NOW + timedelta(hours=9)
        crowd = debtors.Crowd(known={"8613800000001": debtors.Behaviour(reply="STOP", reply_after=0)})
        async with world(clock=lambda: late, behave=crowd) as w:
            (given,) = await w.send(1)
            assert isinstance(given, answer.Accepted)
            await until(lambda: w.receipts)
            assert (w.receipts[0].word, w.receipts[0].state) == ("EXPIRED", notice.Arrival.FAILED)
            assert w.inbox.of(inbound.ReplyEvent) == []

    run(story())


def test_an_invalid_number_is_refused() -> None:
    """With the status for it; other clients than ours may ask for one."""

    async def story() -> None:
        async with world() as w:
            body = pdu.SubmitSm(source=pdu.Address("1"), destination=pdu.Address("12a"))
            box = mailbox.Mailbox(again_after=1)
            assert w.carrier._exchange.take(body, box) == phone.Ruling(code=status.INVALID_DESTINATION)

    run(story())


# --- debtors


def test_a_debtor_reads_the_whole_message_replies_and_pays_what_it_asks(tmp_path: Path) -> None:
    """Once for a message of several segments; the payment goes to the callback and to the file."""

    async def story() -> None:
        paid: list[debtors.Payment] = []
        person = debtors.Behaviour(reply="已经还了" * 30, reply_after=0.01, pays=True, pay_after=0.02)
        files = {"payments": tmp_path / "payments.csv", "journal": tmp_path / "journal"}
        async with world(
            behave=debtors.Crowd(known={"8613800000001": person}), on_payment=paid.append, files=files
        ) as w:
            await w.send(1, text=LONG)
            await until(lambda: paid and len(w.inbox.of(inbound.ReplyPart)) == 2)
            parts = w.inbox.of(inbound.ReplyPart)
            assert [(part.source, part.to, part.number) for part in parts] == [
                ("+8613800000001", "10690000", 1),
                ("+8613800000001", "10690000", 2),
            ]
            assert "".join(part.text for part in parts) == "已经还了" * 30
            assert [(one.number, one.minor) for one in paid] == [("8613800000001", 123000)]
        with files["payments"].open(encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        assert row == {
            "number": "8613800000001",
            "amount_minor": "123000",
            "paid_at": NOW.isoformat(),
            "remote_id": paid[0].remote_id,
        }
        lines = journal.read(files["journal"])
        assert [(line["part"], line["parts"]) for line in lines] == [(1, 2), (2, 2)]
        assert "".join(str(line["text"]) for line in lines) == LONG

    run(story())


def test_somebody_who_is_away_gets_nothing() -> None:
    """The receipt says so with the behaviour's error."""

    async def story() -> None:
        crowd = debtors.Crowd(absent_ppm=ALL, known={})
        async with world(behave=crowd) as w:
            await w.send(1)
            await until(lambda: w.receipts)
            assert (w.receipts[0].word, w.receipts[0].code) == ("UNDELIV", "001")
            assert w.receipts[0].state is notice.Arrival.FAILED

    run(story())


def test_anybody_may_write_of_his_own_accord() -> None:
    """Without having been written to."""

    async def story() -> None:
        async with world() as w:
            w.carrier.reply("8613812345678", "STOP", to="10690000")
            await until(lambda: w.inbox.of(inbound.ReplyEvent))
            assert w.inbox.of(inbound.ReplyEvent)[0].source == "+8613812345678"

    run(story())


def test_a_crowd_is_its_shares_and_the_same_every_time() -> None:
    """One person's draw holds; after the first message there is patience; known ones do what they do."""
    crowd = debtors.Crowd(
        seed=5,
        known={"1": debtors.ABSENT},
        absent_ppm=100_000,
        pays_ppm=200_000,
        moods_ppm={debtors.Mood.STOP: 50_000, debtors.Mood.DISPUTE: 50_000},
    )
    again = debtors.Crowd(**{field: getattr(crowd, field) for field in crowd.__dataclass_fields__})
    people = [str(number) for number in range(10_000, 14_000)]
    drawn = [crowd(person, "请还款", 0) for person in people]
    assert drawn == [again(person, "请还款", 0) for person in people]
    shares = {
        "absent": sum(not one.arrives for one in drawn),
        "pays": sum(one.pays for one in drawn),
        "stop": sum(one.reply in debtors.WORDS[debtors.Mood.STOP]["zh"] for one in drawn),
        "dispute": sum(one.reply in debtors.WORDS[debtors.Mood.DISPUTE]["zh"] for one in drawn),
    }
    for name, ppm in {"absent": 100_000, "pays": 200_000, "stop": 50_000, "dispute": 50_000}.items():
        assert abs(shares[name] - 4000 * ppm / ALL) < 60, name
    assert crowd("1", "请还款", 0) == debtors.ABSENT
    assert {crowd(person, "请还款", 1) for person in people} == {debtors.SILENT, debtors.ABSENT}


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("应还1,230.00元", 123000),
        ("Pay CNY 1,234,567.89 by 5 Dec.", 123456789),
        ("本金100.00元,利息2.50元,共102.50元", 10250),
        ("0.01", 1),
        ("尾号1234,请还款", None),
        ("版本1.2.34", None),
    ],
)
def test_the_amount_that_is_asked_for_is_the_largest(text: str, minor: int | None) -> None:
    """With two decimals, grouped or not."""
    assert debtors.asked_minor(text) == minor


def test_shares_past_everybody_are_refused() -> None:
    """A crowd is a million at most."""
    with pytest.raises(ValueError, match="at most a million"):
        debtors.Crowd(absent_ppm=600_000, pays_ppm=400_001)


# --- the same faults every time


def test_two_runs_meet_the_same_faults_in_any_order() -> None:
    """The draw is keyed by the message, not by its place."""

    async def once(numbers: list[int]) -> dict[int, str]:
        async with world(
            knobs={"seed": 9, "refuse_ppm": 300_000, "drop_ppm": 100_000}, route={"answer_within": 1.5}
        ) as w:
            given = await w.send(*numbers)
            return {number: type(one).__name__ for number, one in zip(numbers, given, strict=True)}

    first = run(once(list(range(60))))
    second = run(once(list(reversed(range(60)))))
    assert first == second
    assert set(first.values()) == {"Accepted", "Refused", "Unsure"}


def test_a_message_that_was_refused_may_be_taken_the_next_time() -> None:
    """How often it has come is part of the draw."""
    draws = [mix.Draw(seed=1, message=b"m", arrival=n).happens("refuse", 500_000) for n in range(1, 40)]
    assert set(draws) == {True, False}


def test_another_seed_is_another_run() -> None:
    """The shares stay."""
    for seed in (1, 2):
        happened = [
            mix.Draw(seed=seed, message=b"%d" % n, arrival=1).happens("refuse", 250_000) for n in range(2000)
        ]
        assert 430 < sum(happened) < 570
    assert mix.Draw(seed=1, message=b"a", arrival=1).number("x") != mix.Draw(
        seed=2, message=b"a", arrival=1
    ).number("x")


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"drop_ppm": ALL + 1}, "drop_ppm is a share"),
        ({"latency": -1}, "latency is not negative"),
        ({"receipt_spread": 2.0}, "spread is at most"),
    ],
)
def test_knobs_that_cannot_be_are_refused(knobs: dict[str, Any], says: str) -> None:
    """By name."""
    with pytest.raises(ValueError, match=says):
        mix.Mix(**knobs)


# --- the journal


def test_ids_go_on_where_an_earlier_run_ended(tmp_path: Path) -> None:
    """A drill restarts the carrier as well, and its ids must not repeat."""

    async def story() -> None:
        ids: list[str] = []
        for number in (1, 2):
            async with world(files={"journal": tmp_path / "journal"}) as w:
                (given,) = await w.send(number)
                assert isinstance(given, answer.Accepted)
                ids += given.remote_ids
        assert ids == ["0000000001", "0000000002"]
        assert [line["remote_id"] for line in journal.read(tmp_path / "journal")] == ids

    run(story())


@pytest.mark.parametrize("hex_ids", [False, True])
def test_two_runs_never_give_the_same_id(hex_ids: bool) -> None:
    """Also without a journal, whoever plays the carrier twice; decimal and hexadecimal forms of an id still meet."""

    async def story() -> None:
        ids: list[str] = []
        for _ in range(5):
            async with world(
                knobs={"answer_ids": mix.Form.HEX if hex_ids else mix.Form.PADDED, "receipt_spread": 0.0}
            ) as w:
                given = await w.send(*range(20))
                ids += [one.remote_ids[0] for one in given if isinstance(one, answer.Accepted)]
                await until(lambda: len(w.receipts) == 20)
                told = {form for one in w.receipts for form in one.normal_ids}
                assert {inbound.folded_id(one) for one in ids[-20:]} <= told
        assert len(ids) == len(set(ids)) == 100
        assert all(len(one) <= 19 for one in ids)

    run(story())


def test_a_test_may_say_where_the_ids_begin() -> None:
    """Then they are the same each time."""

    async def story() -> None:
        for _ in range(2):
            async with world(files={"first_id": 500}) as w:
                (given,) = await w.send(1)
                assert isinstance(given, answer.Accepted)
                assert given.remote_ids == ("0000000500",)

    run(story())


def test_a_line_is_there_before_the_answer(tmp_path: Path) -> None:
    """Whatever we know was taken stands in the journal: destination, text and our reference."""

    async def story() -> None:
        path = tmp_path / "journal"
        async with world(files={"journal": path}) as w:
            held = w.gate.release(w.channel, message(3, "Pay 5.00", sender="10691"))
            heard: list[int] = []
            await w.channel.send([held], heard=lambda _, __: heard.append(len(journal.read(path))))
            assert heard == [1]
        (line,) = journal.read(path)
        assert (line["destination"], line["source"], line["text"]) == ("8613800000003", "10691", "Pay 5.00")
        assert line["validity"] == "261123180000000+"
        assert isinstance(line["reference"], int)
        assert line["reference"] & 0x7FF == int.from_bytes(key(3)[:2], "big") & 0x7FF

    run(story())


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    """What is whole counts."""
    path = tmp_path / "journal"
    path.write_text(json.dumps({"remote_id": "1"}) + "\n" + '{"remote')
    assert journal.read(path) == [{"remote_id": "1"}]
    assert journal.read(tmp_path / "absent") == []


# --- the door


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::"])
def test_the_carrier_listens_on_this_machine_only(host: str) -> None:
    """Nobody else may send through it."""
    with pytest.raises(ValueError, match="loopback address only"):
        server.Settings(host=host)


@pytest.mark.parametrize(("name", "password"), [("nobody", "loopback"), ("duly", "x")])
def test_only_known_clients_are_bound(name: str, password: str) -> None:
    """By name and password."""

    async def story() -> None:
        async with world() as w:
            stranger = smpp.Smpp(
                settings(w.carrier.port, system_id=name, password=password),
                turnstile=w.gate.turnstile,
                on_inbound=Inbox(),
            )
            with pytest.raises(Exception, match=r"ESME_RINVSYSID|ESME_RINVPASWD"):
                await stranger.start()
            await stranger.stop()
            assert w.carrier.bound == 1

    run(story())
