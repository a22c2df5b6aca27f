"""A receipt that carries our own reference says whose it is where the carrier's id never came, and ends the doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from duly.app import doubts
from duly.carrier import debtors, mix
from duly.channels import answer, base, inbound
from duly.channels.answer import Fate, Segment
from duly.model import notice
from duly.model.party import Actor
from duly.run import gate, inbox, outfit, planned, references, standing
from tests.run.house import ON, ZONE, House, instant, run, until

ALL = mix.MILLION
ANYBODY = Actor(name="anybody", duties=frozenset())
BASIS = "a receipt that carries our reference"


def in_doubt(house: House) -> list[str]:
    """The messages that are listed as doubts."""
    return [one.message for one in doubts.listed(ANYBODY, house.folder, environ=house.environ)]


def standing_of(house: House, row: planned.Planned) -> tuple[str, str]:
    """What a plan knows of a message: its outcome, and whether it arrived."""
    asking = house.connect("duly_planner")
    with asking.transaction():
        seen = standing.read(
            asking, now=house.now(), zone=ZONE, history=timedelta(days=30), persons=[row.person]
        )
    ((outcome, arrival),) = seen.known.filter(pl.col("key") == row.key).select("outcome", "arrival").rows()
    return outcome, arrival


# --- over a real socket


@pytest.mark.parametrize(
    ("knob", "receipt_after", "early"),
    [("drop_ppm", 0.01, True), ("drop_ppm", 0.6, False), ("cut_ppm", 0.01, False)],
    ids=["receipt before the doubt", "receipt after the doubt", "connection cut"],
)
def test_a_receipt_ends_the_doubt_about_a_lost_answer(
    house: House, knob: str, receipt_after: float, early: bool
) -> None:
    """Taken and never answered: the receipts of all parts show that the carrier has it. It counts as accepted and as
    delivered, keeps its reservation, and is never sent again.
    """
    row = next(one for one in house.waiting() if one.stage == "first" and one.parts >= 2)
    house.keep_only(row)

    async def story() -> list[dict[str, object]]:
        knobs = {knob: ALL, "receipt_after": receipt_after, "receipt_spread": 0.0}
        async with house.on_air(knobs=knobs, answer_within_ms=1500 if early else 200) as air:
            await air.send()
            await until(lambda: house.ask("select count(*) from receipt") == [(len(air.taken()),)])
            if early:
                assert in_doubt(house) == [row.key.hex()]
                assert house.ask("select count(key) from receipt") == [(0,)]
            await until(
                lambda: house.adopt() == 0 and house.ask("select 1 from receipt where key is not null")
            )
            return air.taken()

    taken = run(story())
    assert len(taken) == row.parts
    ids = [str(line["remote_id"]) for line in sorted(taken, key=lambda line: int(str(line["part"])))]
    assert house.ask("select n, outcome, remote_ids from answer order by n") == [
        (1, "unsure", []),
        (2, "accepted", ids),
    ]
    assert house.ask("select part, remote_id, arrival from receipt order by part") == [
        (part, remote_id, "delivered") for part, remote_id in enumerate(ids)
    ]
    assert in_doubt(house) == []
    assert standing_of(house, row) == ("accepted", "delivered")
    assert house.ask("select count(*) from reservation") == [(len(row.accounts),)]
    ((permit,),) = house.ask("select entry from permit")
    (told,) = house.entries("doubt_resolved")
    assert (told.committed["outcome"], told.committed["basis"]) == ("accepted", BASIS)
    assert told.open["permit"] == permit.hex
    owned = [one for one in house.entries("receipt") if one.open.get("permit") == permit.hex]
    assert [one.committed["arrival"] for one in owned] == ["delivered"] * row.parts
    house.pass_by(10)
    house.plan(persons=[row.person])
    assert house.send() == []


def test_without_our_reference_the_doubt_stays(house: House) -> None:
    """The carrier leaves it out: its receipts name ids that we never got, and belong to nobody."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)

    async def story() -> None:
        async with house.on_air(knobs={"drop_ppm": ALL, "echoes": False}, answer_within_ms=200) as air:
            await air.send()
            await until(lambda: house.ask("select count(*) from receipt") == [(row.parts,)])

    run(story())
    assert house.adopt() == 0
    assert in_doubt(house) == [row.key.hex()]
    assert house.ask("select distinct key, reference from receipt") == [(None, None)]
    assert house.entries("doubt_resolved") == []
    assert house.send() == []


def test_what_did_not_arrive_goes_another_way_although_its_answer_was_lost(house: House) -> None:
    """The receipt ends the doubt and says that the phone was away: the person is woken for the next channel."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)

    async def story() -> None:
        everybody = debtors.Crowd(absent_ppm=ALL)
        async with house.on_air(knobs={"drop_ppm": ALL}, behave=everybody, answer_within_ms=200) as air:
            await air.send()
            await until(lambda: house.adopt() == 0 and house.ask("select 1 from answer where n = 2"))

    run(story())
    assert standing_of(house, row) == ("accepted", "failed")
    assert set(house.wakes()) == {(row.person, "fallback")}


def test_what_crosses_at_the_very_end_is_in_its_chain_when_the_worker_has_ended(house: House) -> None:
    """Told to stop between the receipt and the answer: it waits for the answer, gives the receipt its message, and
    leaves nothing without a place in the log.
    """
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)

    async def story() -> None:
        knobs = {"receipt_early_ppm": ALL, "latency": 0.8, "latency_spread": 0.0}
        async with house.on_air(knobs=knobs) as air:
            working = asyncio.create_task(air.worker.serve())
            await until(lambda: house.ask("select count(*) from receipt") == [(row.parts,)])
            air.worker.stop()
            await working

    run(story())
    assert house.ask("select count(*) from answer where outcome = 'accepted'") == [(1,)]
    assert house.ask("select count(*) from receipt where key is null") == [(0,)]
    assert house.ask("select count(*) from entry_waiting") == [(0,)]
    assert house.adopt() == 0


# --- what a reference may mean


def permitted(house: House, count: int = 1) -> list[gate.Going]:
    """So many messages of two parts or more were permitted; nobody knows yet what became of them."""
    rows = [row for row in house.waiting() if row.stage == "first" and row.parts >= 2][:count]
    word = house.open_gate().judge(house.ready(*rows))
    assert len(word.released) == count
    return list(word.released)


def doubted(house: House, count: int = 1) -> list[planned.Planned]:
    """So many messages in doubt, not one of whose parts was answered."""
    going = permitted(house, count)
    for one in going:
        house.settle((one, unanswered(one)))
    return [one.prepared.planned for one in going]


def unanswered(going: gate.Going) -> answer.Answer:
    """No word on any part."""
    lost = Segment(fate=Fate.UNANSWERED, reason="the carrier did not answer")
    return answer.settle([lost] * going.released.encoded.count)


def receipt(
    row: planned.Planned,
    number: str,
    *,
    part: int = 0,
    remote_id: str = "4711",
    route: str = "main",
    arrival: notice.Arrival = notice.Arrival.DELIVERED,
) -> inbound.Inbound:
    """A receipt of one part of a message, for this number, with our reference."""
    raw = f"{remote_id} {arrival.value}".encode()
    event = inbound.ReceiptEvent(
        remote_id=remote_id,
        normal_ids=(remote_id,),
        state=arrival,
        final=arrival is not notice.Arrival.UNKNOWN,
        word=arrival.value,
        code="000",
        at=None,
        destination=number,
        reference=base.reference(row.key, row.day, part),
        provenance=inbound.Provenance.SESSION,
        raw=raw,
    )
    return inbound.Inbound(route=route, raw=raw, events=(event,))


def test_a_reference_that_fits_another_number_ends_no_doubt(house: House) -> None:
    """Sixteen bits are no name: at another number, or on another route, the same reference is somebody else's."""
    row, other = doubted(house, 2)
    house.hear(receipt(row, house.number(other)), receipt(row, house.number(row), remote_id="12", route="b"))
    house.adopt()

    assert in_doubt(house) == [row.key.hex(), other.key.hex()] or in_doubt(house) == [
        other.key.hex(),
        row.key.hex(),
    ]
    assert house.ask("select distinct key from receipt") == [(None,)]
    assert house.entries("doubt_resolved") == []


def test_the_doubt_lasts_until_every_part_is_accounted_for(house: House) -> None:
    """One part's receipt says nothing of the other: its id is noted, and the message stays in doubt until both came."""
    (row,) = doubted(house)
    number, parts = house.number(row), range(row.parts)
    for part in parts:
        assert in_doubt(house) == [row.key.hex()]
        house.hear(receipt(row, number, part=part, remote_id=str(70 + part)))

    assert in_doubt(house) == []
    assert house.ask("select part, normal_id from remote order by part") == [
        (part, str(70 + part)) for part in parts
    ]
    assert house.ask("select remote_ids from answer where n = 2") == [([str(70 + part) for part in parts],)]


def test_of_a_message_taken_in_part_the_lost_part_is_enough(house: House) -> None:
    """The id of the other came with its answer, and stands beside it as the carrier wrote it."""
    (going,) = permitted(house)
    row = going.prepared.planned
    known = [Segment(fate=Fate.ACCEPTED, remote_id=f"00A{part}") for part in range(row.parts - 1)]
    house.settle((going, answer.settle([*known, Segment(fate=Fate.UNANSWERED, reason="so")])))
    assert in_doubt(house) == [row.key.hex()]

    house.hear(receipt(row, house.number(row), part=row.parts - 1, remote_id="00B7"))

    assert in_doubt(house) == []
    ids = [*(one.remote_id for one in known), "00B7"]
    assert house.ask("select remote_ids from answer where n = 2") == [(ids,)]


def test_the_last_two_parts_in_two_processes_at_once_end_the_doubt(house: House) -> None:
    """Neither sees the other's part before it commits; so one waits for the other, and then it sees it."""
    (row,) = doubted(house)
    number = house.number(row)
    for part in range(row.parts - 2):
        house.hear(receipt(row, number, part=part, remote_id=str(70 + part)))
    mine = house.connect("duly_worker")

    async def story() -> None:
        with mine.transaction():
            heard = [receipt(row, number, part=row.parts - 2, remote_id="90")]
            inbox.take(mine, heard, listener=outfit.listener(house.opened), recorder=house.opened.recorder)
            other = asyncio.create_task(
                asyncio.to_thread(house.hear, receipt(row, number, part=row.parts - 1, remote_id="91"))
            )
            await until(house.someone_waits)
        await other

    run(story())
    assert in_doubt(house) == []
    assert len(house.entries("doubt_resolved")) == 1


def test_while_the_answer_may_still_come_a_receipt_waits_for_it(house: House) -> None:
    """The message is in flight: whether the answer comes or not, the receipt finds it afterwards, and once."""
    one, other = permitted(house, 2)
    for going in (one, other):
        row = going.prepared.planned
        house.hear(
            *(
                receipt(row, house.number(row), part=part, remote_id=f"{row.key.hex()[:6]}{part}")
                for part in range(row.parts)
            )
        )
    assert house.adopt() == 0
    assert house.ask("select count(key) from receipt") == [(0,)]

    told = answer.accepted(
        [f"{one.released.message_key.hex()[:6]}{part}" for part in range(one.released.encoded.count)]
    )
    house.settle((one, told), (other, unanswered(other)))
    everything = one.released.encoded.count + other.released.encoded.count

    assert house.adopt() == everything
    assert house.adopt() == 0
    assert in_doubt(house) == []
    assert house.ask("select count(key), count(distinct key) from receipt") == [(everything, 2)]
    assert [one.open["permit"] for one in house.entries("doubt_resolved")] == [other.entry.hex]


def test_what_crossed_before_midnight_finds_its_message_after_it(house: House) -> None:
    """Nothing else has made the new day ready."""
    (going,) = permitted(house)
    row = going.prepared.planned
    ids = [str(70 + part) for part in range(row.parts)]
    house.hear(
        *(receipt(row, house.number(row), part=part, remote_id=ids[part]) for part in range(row.parts))
    )
    house.settle((going, answer.accepted(ids)))
    house.move_to(instant(0, on=ON + timedelta(days=1)))

    assert house.adopt() == row.parts
    assert standing_of(house, row) == ("accepted", "delivered")


def test_on_its_way_and_then_arrived_is_one_segment(house: House) -> None:
    """The second word comes when the doubt is gone: it is found by the id that the first one taught us."""
    (row,) = doubted(house)
    number = house.number(row)
    for arrival in (notice.Arrival.UNKNOWN, notice.Arrival.DELIVERED, notice.Arrival.DELIVERED):
        house.hear(
            *(
                receipt(row, number, part=part, remote_id=str(70 + part), arrival=arrival)
                for part in range(row.parts)
            )
        )

    assert standing_of(house, row) == ("accepted", "delivered")
    assert house.ask("select count(*), count(key) from receipt") == [(2 * row.parts, 2 * row.parts)]
    assert len(house.entries("doubt_resolved")) == 1


@pytest.mark.parametrize(("days", "ends"), [(5, True), (30, True), (31, False)])
def test_a_late_receipt_ends_an_old_doubt_while_its_reference_is_of_one_day_only(
    house: House, days: int, ends: bool
) -> None:
    """The day in a reference comes round after thirty-two; past thirty it is not believed."""
    (row,) = doubted(house)
    number = house.number(row)
    house.move_to(instant(12, on=ON + timedelta(days=days)))
    house.ask("select ensure_day(%s)", ON + timedelta(days=days))
    house.hear(*(receipt(row, number, part=part, remote_id=str(70 + part)) for part in range(row.parts)))

    assert (
        house.ask("select n, outcome from answer order by n") == [(1, "unsure"), (2, "accepted")][: 1 + ends]
    )
    assert house.ask("select count(key) from receipt") == [(row.parts if ends else 0,)]


KEY, TWIN, AFTER = b"\x12\x34" + bytes(14), b"\x12\x34" + bytes(13) + b"\x01", b"\x12\x33" + bytes(14)


def left(
    key: bytes, outcome: str | None, *, number: str = "n", route: str = "main", parts: int = 2
) -> dict[str, Any]:
    """A hand-over in question."""
    return {"key": key, "day": ON, "outcome": outcome, "value_key": number, "route": route, "parts": parts}


QUESTIONS: list[tuple[str, list[dict[str, Any]], dict[int, str], bytes | None]] = [
    # what left, the ids that are known of KEY, and whose the receipt of KEY's first part is
    ("in doubt", [left(KEY, "unsure")], {}, KEY),
    ("in doubt, and the id of this part is known", [left(KEY, "unsure")], {0: "1"}, KEY),
    ("accepted without an id of this part", [left(KEY, "accepted")], {1: "1"}, KEY),
    ("accepted with the id of this part", [left(KEY, "accepted")], {0: "1"}, None),
    ("not answered yet", [left(KEY, None)], {}, None),
    ("to another number", [left(KEY, "unsure", number="m")], {}, None),
    ("by another route", [left(KEY, "unsure", route="b")], {}, None),
    ("two that fit", [left(KEY, "unsure"), left(TWIN, "unsure")], {}, None),
    ("two that fit, one of them not answered yet", [left(KEY, "unsure"), left(TWIN, None)], {}, None),
    (
        "two that fit, one of them to another number",
        [left(KEY, "unsure"), left(TWIN, "unsure", number="m")],
        {},
        KEY,
    ),
    ("the second part of another fits too", [left(KEY, "unsure"), left(AFTER, "unsure")], {}, None),
    ("another that has no second part", [left(KEY, "unsure"), left(AFTER, "unsure", parts=1)], {}, KEY),
    ("nothing", [], {}, None),
]


@pytest.mark.parametrize(
    ("rows", "known", "whose"), [case[1:] for case in QUESTIONS], ids=[case[0] for case in QUESTIONS]
)
def test_a_reference_means_one_segment_or_none(
    rows: Sequence[dict[str, Any]], known: dict[int, str], whose: bytes | None
) -> None:
    """Only together with number and route, only where something is unknown, and only if nothing else fits."""
    question = references.Question(
        rows=rows, known={row["key"]: known if row["key"] == KEY else {} for row in rows}
    )

    found = question.find("main", "n", base.reference(KEY, ON, 0))

    assert (None if found is None else (found.owner["key"], found.part)) == (
        None if whose is None else (whose, 0)
    )
    if found is not None:
        assert found.basis == BASIS


def test_a_reference_of_another_day_means_nothing() -> None:
    """Five of its bits are the day."""
    question = references.Question(rows=[left(KEY, "unsure")], known={KEY: {}})

    assert question.find("main", "n", base.reference(KEY, ON, 1)) is not None
    assert question.find("main", "n", base.reference(KEY, ON - timedelta(days=1), 1)) is None
    assert question.find("main", None, base.reference(KEY, ON, 1)) is None
    assert question.find("main", "n", None) is None
