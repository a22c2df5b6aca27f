"""The inbox: what carriers and debtors say is committed before it is acknowledged, and acts before anything leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from duly.carrier import debtors, mix
from duly.channels import inbound, smpp_coding
from duly.channels.smpp import Smpp
from duly.model import notice
from duly.run import planned
from duly.store import sql as statements
from duly.wire.smpp import codec, pdu
from tests.run.house import ON, Air, House, instant, run, said, until

ALL = mix.MILLION
_SQL = statements.load()


# --- receipts


def receipted(house: House, **knobs: Any) -> list[dict[str, object]]:
    """Send everything, wait until the carrier has nothing more to bring, and tell what it took."""

    async def story() -> list[dict[str, object]]:
        async with house.on_air(knobs=knobs) as air:
            await air.send()
            await until(lambda: house.ask("select count(*) from receipt") == [(len(air.taken()),)])
            await until(lambda: not air.carrier.waiting)
            return air.taken()

    taken: list[dict[str, object]] = run(story())
    return taken


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"receipt_twice_ppm": ALL},
        {"receipt_early_ppm": ALL, "latency": 0.05},
        {"answer_ids": mix.Form.HEX},
        {"answer_ids": mix.Form.HEX, "receipt_early_ppm": ALL, "latency": 0.05},
    ],
    ids=["plain", "twice", "before the answer", "in another form", "early and in another form"],
)
def test_every_receipt_finds_its_own_segment_once(house: House, knobs: dict[str, Any]) -> None:
    """Whenever it comes, however often and in whatever form of the id: one row and one entry for each segment."""
    taken = receipted(house, **knobs)
    early = house.adopt()

    rows = house.ask(
        "select r.key, r.part, r.destination, m.value_key from receipt r left join message m on m.key = r.key"
        " where r.arrival = 'delivered'"
    )
    segments = house.ask("select key, generate_series(0, parts - 1) from permit")
    assert sorted((bytes(key), part) for key, part, _, _ in rows if key) == sorted(
        (bytes(key), part) for key, part in segments
    )
    assert len(rows) == len(taken)
    assert {destination == number for _, _, destination, number in rows} == {True}
    told = [one for one in house.entries("receipt") if one.committed.get("person")]
    assert len(told) == len(taken)
    assert {(one.open["permit"], one.links != ()) for one in told} == {
        (number.hex, True) for (number,) in house.ask("select entry from permit")
    }
    assert len(house.entries("receipt")) == len(taken) + early


def test_a_receipt_that_names_nobody_is_kept(house: House) -> None:
    """An id that we never got: the receipt and its entry are there, nobody is woken, and nothing else changes."""
    house.hear(receipt("4711", "+8613800000000", notice.Arrival.FAILED))

    assert house.ask("select remote_id, key, arrival from receipt") == [("4711", None, "failed")]
    (told,) = house.entries("receipt")
    assert (told.open, "person" in told.committed) == ({}, False)
    assert house.wakes() == []


def test_another_messages_receipt_is_not_taken_for_our_own(house: House) -> None:
    """A decimal id that is the other's id in hexadecimal is somebody else's receipt, as the number shows."""
    one, other = answered(house, "16", "10")
    house.hear(receipt("10", house.number(other), notice.Arrival.DELIVERED))

    assert house.ask("select key from receipt") == [(other.key,)]
    house.hear(receipt("99", house.number(one), notice.Arrival.FAILED))
    assert house.ask("select key from receipt where remote_id = '99'") == [(None,)]


def test_an_early_receipt_is_not_given_to_another_message(house: House) -> None:
    """It came before its own answer, and the first id that fits another form of it belongs to somebody else."""
    one, other = [row for row in house.waiting() if row.stage == "first"][:2]
    house.hear(receipt("10", house.number(other), notice.Arrival.DELIVERED))
    answered(house, "16", "10")
    assert house.adopt() == 1

    assert house.ask("select key from receipt") == [(other.key,)]
    assert one.key != other.key


def answered(house: House, *ids: str) -> list[planned.Planned]:
    """So many messages were permitted, and accepted by the carrier under these ids."""
    rows = [row for row in house.waiting() if row.stage == "first"][: len(ids)]
    house.accept(dict(zip([row.key for row in rows], ids, strict=True)), *rows)
    return rows


def receipt(number: str, destination: str, arrival: notice.Arrival, *, final: bool = True) -> inbound.Inbound:
    """A receipt as the SMPP channel hands it over."""
    word = {"delivered": "DELIVRD", "failed": "UNDELIV", "unknown": "ACCEPTD"}[arrival.value]
    raw = f"id:{number} stat:{word}".encode()
    event = inbound.ReceiptEvent(
        remote_id=number,
        normal_ids=inbound_forms(number),
        state=arrival,
        final=final,
        word=word,
        code="000",
        at=None,
        destination=destination,
        reference=None,
        provenance=inbound.Provenance.SESSION,
        raw=raw,
    )
    return inbound.Inbound(route="main", raw=raw, events=(event,))


def inbound_forms(number: str) -> tuple[str, ...]:
    """The forms that the channel reads out of an id."""
    return tuple(dict.fromkeys([number, f"{int(number):x}", str(int(number, 16))]))


@pytest.mark.parametrize(
    ("arrival", "final", "wakes"),
    [
        (notice.Arrival.FAILED, True, 1),
        (notice.Arrival.FAILED, False, 0),
        (notice.Arrival.UNKNOWN, False, 0),
        (notice.Arrival.DELIVERED, True, 0),
    ],
)
def test_only_a_failed_delivery_wakes_the_fallback(
    house: House, arrival: notice.Arrival, final: bool, wakes: int
) -> None:
    """Once, however often the carrier says so; what is on its way, or arrived, wakes nobody."""
    (row,) = answered(house, "10")
    for _ in range(2):
        house.hear(receipt("10", house.number(row), arrival, final=final))

    assert house.wakes() == [(row.person, "fallback")] * wakes
    (told,) = house.entries("receipt")
    assert told.committed["arrival"] == arrival.value
    assert told.committed["person"] == row.person


def test_what_is_not_delivered_by_sms_goes_by_mail(house: House) -> None:
    """The whole way: the phone is away, the receipt fails, the person is woken, and the e-mail lies in its folder."""
    rows = {row.person: row for row in house.waiting() if row.stage == "first"}
    mails = {
        person
        for person, channel in house.ask("select person, channel from vault.contact")
        if channel == "email" and person in rows
    }
    person = min(mails)
    house.keep_only(rows[person])

    async def story() -> None:
        everybody = debtors.Crowd(absent_ppm=ALL)
        async with house.on_air(behave=everybody) as air:
            await air.send()
            await until(lambda: house.ask("select count(*) from receipt") == [(len(air.taken()),)])
        house.adopt()
        assert set(house.wakes()) == {(person, "fallback")}
        house.plan(persons=[person])
        async with house.on_air() as air:
            await air.send("mailbox")

    run(story())
    (mail,) = [row for row in house.versions() if row.person == person and row.channel == "email"]
    assert mail.step > rows[person].step
    assert mail.notice_key == rows[person].notice_key
    assert (house.folder / "outgoing-email" / f"{mail.key.hex()}.json").exists()


# --- replies

REPLIES: list[tuple[str, str, str, str, str]] = [
    # what is said, the event that follows, and the kind of entry with what it says
    ("退订", "consent", "withdrawn", "stop", "stop"),
    ("STOP", "consent", "withdrawn", "stop", "stop"),
    ("打错了,我不认识这个人", "contact_state", "wrong_number", "stop", "stop"),
    ("You have the wrong person", "contact_state", "wrong_number", "stop", "stop"),
    ("昨天已还清", "hold_set", "payment_in_flight", "hold", "set"),
    ("I already paid", "hold_set", "payment_in_flight", "hold", "set"),
    ("金额不对", "hold_set", "dispute", "dispute", "opened"),
    ("This is not my debt", "hold_set", "dispute", "dispute", "opened"),
    ("我失业了,还不上", "hold_set", "hardship", "hold", "set"),
    ("I lost my job", "hold_set", "hardship", "hold", "set"),
    ("我的律师会联系你们", "hold_set", "represented", "hold", "set"),
    ("我要投诉你们", "hold_set", "complaint", "dispute", "opened"),
]
HARMLESS = [
    ("明天还款", "promise"),
    ("I will pay on Friday", "promise"),
    ("你是谁", "help"),
    ("嗯嗯", "unknown"),
]


def test_each_reply_has_its_effect_before_anything_else_leaves(house: House) -> None:
    """In both languages: who said something that bars us is not written to, and everybody else is."""
    rows = list(one_each(house))
    barred = dict(zip([row.key for row in rows], REPLIES, strict=False))
    harmless = dict(zip([row.key for row in rows[len(REPLIES) :]], HARMLESS, strict=False))
    assert (len(barred), len(harmless)) == (len(REPLIES), len(HARMLESS))
    for row in rows:
        words = barred.get(row.key) or harmless.get(row.key)
        if words is not None:
            house.reply(row, words[0])

    taken = {line["destination"] for line in house.send()}

    by_key = {row.key: row for row in rows}
    for key, (text, kind, detail, entry_kind, change) in barred.items():
        row = by_key[key]
        assert house.number(row).removeprefix("+") not in taken, text
        assert (kind, detail) in events(house, row), text
        told = [one for one in house.entries(entry_kind) if one.committed["person"] == row.person]
        assert [one.committed.get("change", one.committed.get("state")) for one in told] == [change], text
        assert told[0].open["because"] in {str(one.entry_id.hex()) for one in house.entries("reply")} | {
            one.open.get("because") for one in told
        }
    for key, (text, _) in harmless.items():
        assert house.number(by_key[key]).removeprefix("+") in taken, text
    meanings = dict(house.ask("select person, intent from reply"))
    for key, (_, meaning) in harmless.items():
        assert meanings[by_key[key].person] == meaning
    assert len(house.entries("reply")) == len(REPLIES) + len(HARMLESS)


def one_each(house: House) -> list[planned.Planned]:
    """The messages of those who get only one."""
    rows = house.waiting()
    people = [row.person for row in rows]
    return [row for row in rows if people.count(row.person) == 1]


def events(house: House, row: planned.Planned) -> set[tuple[str, str]]:
    """What became known of a person: kind and detail."""
    return {
        (kind, detail)
        for kind, detail in house.ask("select kind, detail from book_event where person = %s", row.person)
    }


def test_a_reply_that_says_two_things_does_both(house: House) -> None:
    """A wrong amount and a stop in one reply: the dispute is opened and the number is left alone."""
    row = one_each(house)[0]
    house.reply(row, "金额不对，别再发短信了")

    assert events(house, row) == {("consent", "withdrawn"), ("hold_set", "dispute")}
    assert house.ask("select intent, acted from reply") == [("stop", "withdrawn,dispute")]


def share(house: House, row: planned.Planned, other: str) -> None:
    """A later load brought another person with the same number."""
    point = f"{other}-shared"
    sealed = house.opened.vault.seal(other, b"+0", kind="contact", ref=point)
    house.connect().execute(
        "insert into vault.contact (point, person, channel, value_key, sealed) values (%s, %s, 'sms', %s, %s)",
        (point, other, row.value_key, sealed),
    )


def test_what_is_said_of_a_shared_number_holds_for_everybody_there(house: House) -> None:
    """STOP stops the number, whoever's it is; but "I have paid" is said by the one who was written to."""
    row, other = one_each(house)[:2]
    house.keep_only(row)
    share(house, row, other.person)
    assert house.send() != []

    house.reply(row, "已经还了")
    assert house.ask("select distinct person from book_event") == [(row.person,)]
    house.reply(row, "退订")
    stopped = house.ask("select person, point from book_event where kind = 'consent'")
    there = house.ask("select person, point from vault.contact where value_key = %s", row.value_key)
    assert sorted(stopped) == sorted(there)
    assert {person for person, _ in there} == {row.person, other.person}
    assert sorted(one.committed["person"] for one in house.entries("stop")) == sorted(
        [row.person, other.person]
    )


def test_what_is_said_of_a_debt_at_a_number_where_nobody_was_written_to_is_for_a_person(house: House) -> None:
    """Two people are reached there and neither was contacted: nothing is guessed, and nothing is claimed to be done."""
    row, other = one_each(house)[:2]
    share(house, row, other.person)
    house.reply(row, "已经还了")

    assert house.ask("select person, intent, acted from reply") == [(None, "paid", "")]
    assert house.ask("select count(*) from book_event") == [(0,)]


def test_a_stranger_who_writes_is_kept_and_nobody_is_touched(house: House) -> None:
    """A number that is nobody's: the words are kept and in the evidence, without a person."""
    house.hear(said("+8613900000001", "退订"))

    assert house.ask("select person, point, intent, acted from reply") == [(None, None, "stop", "nobody")]
    assert house.ask("select count(*) from book_event") == [(0,)]
    (told,) = house.entries("reply")
    assert "person" not in told.committed
    assert house.ask("select count(*) from vault.raw") == [(1,)]


# --- brought again


def frame(house: House, row: planned.Planned, text: str, sequence: int) -> inbound.Inbound:
    """A reply in an SMPP frame, read by the channel."""
    channel = house.channel()
    assert isinstance(channel, Smpp)
    body = pdu.DeliverSm(
        source=pdu.Address(house.number(row).removeprefix("+")),
        destination=pdu.Address("1069000000000001", 0, 1),
        short_message=text.encode("utf-16-be"),
        data_coding=8,
    )
    raw = codec.encode(pdu.Pdu(sequence=sequence, body=body))
    return inbound.Inbound(route="main", raw=raw, events=smpp_coding.decode(channel.settings, raw))


def test_a_reply_that_is_brought_again_is_written_once(house: House) -> None:
    """In the same frame or, over a new connection, in another one."""
    row = one_each(house)[0]
    for sequence in (1, 1, 2, 7):
        house.hear(frame(house, row, "TD", sequence))
    house.hear(frame(house, row, "TD", 8), frame(house, row, "TD", 9))

    assert house.ask("select count(*) from reply") == [(1,)]
    assert house.ask("select max(n) from (select count(*) as n from book_event group by point) x") == [(1,)]
    assert len(house.entries("reply")) == 1


def test_stop_after_start_is_heard_again_and_an_echo_of_start_is_not(house: House) -> None:
    """The same word after another one is no echo, if it bars us; what would allow us to write is not believed twice."""
    row = one_each(house)[0]
    for sequence, text in enumerate(["退订", "START", "退订", "START"]):
        house.hear(frame(house, row, text, sequence))

    said_so = house.ask("select detail from book_event where point = %s order by seq", row.point)
    assert said_so == [("withdrawn",), ("given",), ("withdrawn",)]


def test_a_long_reply_is_read_whole_and_its_stop_at_once(house: House) -> None:
    """Cut in two by the phone: the part with STOP acts by itself, and the whole says that the amount is wrong."""
    row = one_each(house)[0]
    text = "你们的金额不对，我已经打过很多次电话了，没有人给我一个说法。" * 3 + "别再发短信了"

    async def story() -> None:
        async with house.on_air() as air:
            air.carrier.reply(house.number(row).removeprefix("+"), text, to="1069000000000001")
            await until(lambda: house.ask("select 1 from reply") and air.carrier.waiting == 0)

    run(story())
    assert events(house, row) >= {("consent", "withdrawn"), ("hold_set", "dispute")}


# --- commit, then acknowledge


def end_connections(house: House) -> None:
    """Every connection to this database is cut by the server."""
    house.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )


def test_what_cannot_be_committed_is_not_acknowledged_and_comes_again(house: House) -> None:
    """The connection is cut under the inbox: the carrier hears no, brings it again, and then it is kept, once."""
    row = one_each(house)[0]

    async def story(air: Air) -> None:
        air.carrier.reply("8613900000009", "你好", to="1069000000000001")
        await until(lambda: house.ask("select 1 from reply") and air.carrier.waiting == 0)
        await asyncio.to_thread(end_connections, house)
        air.carrier.reply(house.number(row).removeprefix("+"), "退订", to="1069000000000001")
        await until(lambda: house.ask("select 1 from reply where intent = 'stop'"))
        assert air.carrier.brought_again >= 1

    run(aired(house, story))
    assert house.ask("select count(*) from reply where intent = 'stop'") == [(1,)]
    assert events(house, row) == {("consent", "withdrawn")}


def test_while_the_database_is_away_everything_waits_at_the_carrier(house: House) -> None:
    """Nobody can connect: the STOP stays where it is, and is kept as soon as the database is back."""
    row = one_each(house)[0]
    number = house.number(row).removeprefix("+")
    name = house.url.partition("?")[0].rpartition("/")[2]

    async def story(air: Air) -> None:
        with psycopg.connect(house.url.replace(name, "postgres"), autocommit=True) as outside:
            await asyncio.to_thread(outside.execute, f"alter database {name} allow_connections false")
            end_all = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
            await asyncio.to_thread(outside.execute, end_all)
            air.carrier.reply(number, "退订", to="1069000000000001")
            await until(lambda: air.carrier.brought_again >= 2)
            await asyncio.to_thread(outside.execute, f"alter database {name} allow_connections true")
        await until(lambda: house.ask("select 1 from reply"))

    run(aired(house, story))
    assert house.ask("select count(*) from reply") == [(1,)]
    assert events(house, row) == {("consent", "withdrawn")}


def test_a_worker_that_runs_for_days_still_hears(house: House) -> None:
    """Each day has its own partitions and its own key for what carriers send; nobody has to prepare them."""
    row = one_each(house)[0]
    reply = said(house.number(row), "退订")

    async def story(air: Air) -> None:
        for days in (1, 4, 5):
            await asyncio.to_thread(house.move_to, instant(9, on=ON + timedelta(days=days)))
            await air.worker.on_inbound([reply])

    run(aired(house, story))
    assert house.ask("select day - %s from vault.raw order by id", ON) == [(1,), (4,), (5,)]
    assert house.ask("select day - %s from reply order by id", ON) == [(1,), (4,), (5,)]


def test_everybody_may_make_a_new_day_ready_at_once(house: House) -> None:
    """At midnight the senders, the inbox and the sequencer do: whoever comes second waits, and finds it made."""
    tomorrow = ON + timedelta(days=1)
    mine, theirs = house.connect("duly_worker"), house.connect("duly_worker")

    async def story() -> None:
        with mine.transaction():
            mine.execute(_SQL["ensure_day"], {"day": tomorrow})
            other = asyncio.create_task(
                asyncio.to_thread(theirs.execute, _SQL["ensure_day"], {"day": tomorrow})
            )
            await until(house.someone_waits)
        await other

    run(story())
    made = house.ask("select to_regclass('public.entry_20311125') is not null")
    assert made == [(True,)]


async def aired(house: House, story: Any) -> None:
    """Tell a story on the air."""
    async with house.on_air() as air:
        await story(air)
