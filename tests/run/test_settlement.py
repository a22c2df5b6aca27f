"""What becomes of hand-overs: what a refusal frees, what a doubt keeps, and that a doubt is never sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg.rows import dict_row

from duly.app import doubts, proofs
from duly.carrier import mix
from duly.channels import answer, inbound
from duly.channels.answer import Fate, Segment
from duly.model import notice
from duly.model.party import Actor
from duly.run import gate, planned, ruling
from duly.store import sql as statements
from duly.wire.smpp import status
from tests.run.house import ON, House, handed_over, instant, run, until

_SQL = statements.load()
ALL = mix.MILLION
ANYBODY = Actor(name="anybody", duties=frozenset())


def permitted(house: House) -> gate.Going:
    """One message, permitted and handed over, and nothing else."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    house.keep_only(row)
    (going,) = house.open_gate().judge(house.ready(row)).released
    return going


def of(going: gate.Going, *fates: Fate) -> answer.Answer:
    """An answer to a message of as many segments as it takes; the last fate holds for the rest."""
    count = going.released.encoded.count
    filled = [*fates, *[fates[-1]] * (count - len(fates))]
    return answer.settle(
        [
            Segment(fate=fate, remote_id=str(700 + n) if fate is Fate.ACCEPTED else "", code="X", reason="so")
            for n, fate in enumerate(filled)
        ]
    )


CASES: list[tuple[tuple[Fate, ...], str, str, bool, bool, bool]] = [
    # fates of the segments, what is written, in the evidence, still counted, still handed over, fallback woken
    ((Fate.ACCEPTED,), "accepted", "accepted", True, True, False),
    ((Fate.UNANSWERED,), "unsure", "unsure", True, True, False),
    ((Fate.ACCEPTED, Fate.REFUSED), "unsure", "unsure", True, True, False),
    ((Fate.ACCEPTED, Fate.UNANSWERED), "unsure", "unsure", True, True, False),
    ((Fate.REFUSED_FINAL,), "refused", "refused", False, True, True),
    ((Fate.REFUSED,), "returned", "refused", False, False, False),
    ((Fate.UNWRITTEN,), "returned", "never_written", False, False, False),
]


@pytest.mark.parametrize(("fates", "outcome", "word", "counted", "gone", "wakes"), CASES)
def test_what_an_answer_frees_and_what_it_keeps(
    house: House, fates: tuple[Fate, ...], outcome: str, word: str, counted: bool, gone: bool, wakes: bool
) -> None:
    """Accepted and unsure count against the caps; refused does not; only what surely did not leave goes back."""
    going = permitted(house)
    row = going.prepared.planned
    house.settle((going, of(going, *fates)))

    assert house.ask("select outcome, n from answer") == [(outcome, 1)]
    assert house.ask("select count(*) > 0 from reservation") == [(counted,)]
    assert house.ask("select count(*) > 0 from hand_over") == [(gone,)]
    assert house.wakes() == [(row.person, "fallback")] * wakes
    assert [one.key for one in house.waiting()] == [] if gone else [row.key]
    (told,) = house.entries("answer")
    assert (told.committed["outcome"], told.open["permit"]) == (word, going.entry.hex)


@pytest.mark.parametrize(
    ("fate", "leaves"), [(Fate.ACCEPTED, False), (Fate.UNANSWERED, False), (Fate.REFUSED_FINAL, True)]
)
def test_a_doubt_counts_against_the_cap_like_a_message_that_left(
    house: House, fate: Fate, leaves: bool
) -> None:
    """With a cap of one, the person's second message waits for the first, unless that one was refused."""
    rows = house.waiting()
    one, other = next((a, b) for a in rows for b in rows if a.person == b.person and a.key < b.key)
    capped = house.rules(cn_freq_04=1)
    (going,) = house.open_gate(rules=capped).judge(house.ready(one)).released
    house.settle((going, of(going, fate)))

    found = house.read_at(instant(11), house.ready(other)[0], rules=capped)

    assert isinstance(found, ruling.Release) is leaves
    if isinstance(found, ruling.Defer | ruling.Drop):
        assert found.rule == "cn-freq-04"


@pytest.mark.parametrize(("knob", "reached"), [("drop_ppm", True), ("lose_ppm", False), ("cut_ppm", True)])
def test_without_an_answer_a_message_is_in_doubt_and_stays_so(house: House, knob: str, reached: bool) -> None:
    """Whether it arrived nobody can tell: it is parked, listed with its reason, and never sent again. No receipt names
    it either, because this carrier leaves our reference out.
    """
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)

    taken = house.send(knobs={knob: ALL, "echoes": False}, answer_within_ms=200)
    house.adopt()

    assert bool(taken) is reached
    (doubt,) = doubts.listed(ANYBODY, house.folder, environ=house.environ)
    assert (doubt.message, doubt.person, doubt.route) == (row.key.hex(), row.person, "main")
    assert doubt.reason.startswith("the c")
    house.pass_by(10)
    house.plan(persons=[row.person])
    assert house.send() == []
    assert house.ask("select outcome from answer") == [("unsure",)]
    assert house.ask("select count(*) from permit") == [(1,)]
    assert len(doubts.listed(ANYBODY, house.folder, environ=house.environ)) == 1


def test_a_late_answer_settles_the_doubt(house: House) -> None:
    """The carrier answers after its time was up: the doubt goes, and how it went stands in the evidence."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)

    async def story() -> None:
        async with house.on_air(knobs={"latency": 1.2, "latency_spread": 0}, answer_within_ms=200) as air:
            await air.send()
            await until(lambda: house.ask("select 1 from answer where n = 2"))

    run(story())
    assert house.ask("select n, outcome from answer order by n") == [(1, "unsure"), (2, "accepted")]
    assert listed(house) == []
    (told,) = house.entries("doubt_resolved")
    assert (told.committed["outcome"], told.committed["basis"]) == ("accepted", "the carrier's late answer")
    assert house.ask("select count(*) from reservation") == [(len(row.accounts),)]
    assert house.send() == []


def listed(house: House) -> list[str]:
    """The messages in doubt."""
    return [one.message for one in doubts.listed(ANYBODY, house.folder, environ=house.environ)]


def late(going: gate.Going, given: answer.Answer) -> inbound.Inbound:
    """The carrier's late word as the channel hands it over."""
    assert isinstance(given, answer.Accepted | answer.Refused)
    event = inbound.LateAnswer(message_key=going.released.message_key, answer=given, raw=b"late")
    return inbound.Inbound(route="main", raw=b"late", events=(event,))


def test_a_late_refusal_lets_the_message_leave_again_once(house: House) -> None:
    """The carrier did not take it after all: it goes back to the queue, through the gate, and leaves once."""
    going = permitted(house)
    row = going.prepared.planned
    house.settle((going, of(going, Fate.UNANSWERED)))
    assert house.send() == []

    house.hear(late(going, of(going, Fate.REFUSED)))
    assert listed(house) == []
    assert house.ask("select count(*) from reservation") == [(0,)]
    house.pass_by(4)
    taken = house.send()

    assert {line["destination"] for line in taken} == {house.number(row).removeprefix("+")}
    assert len(taken) == row.parts
    house.pass_by(4)
    assert house.send() == []
    assert house.ask("select attempt, outcome from answer order by attempt, n") == [
        (1, "unsure"),
        (1, "returned"),
        (2, "accepted"),
    ]


def test_a_late_final_refusal_wakes_the_fallback(house: House) -> None:
    """It will never be taken: nothing is sent again by this way, and the person is planned for."""
    going = permitted(house)
    house.settle((going, of(going, Fate.UNANSWERED)))
    house.hear(late(going, of(going, Fate.REFUSED_FINAL)))

    assert house.wakes() == [(going.prepared.planned.person, "fallback")]
    assert listed(house) == []
    house.pass_by(4)
    assert house.send() == []


def test_a_doubt_written_late_does_not_undo_the_carriers_word(house: House) -> None:
    """The late answer was committed before the doubt that it settles: the word stands."""
    going = permitted(house)
    house.hear(late(going, of(going, Fate.ACCEPTED)))
    house.settle((going, of(going, Fate.UNANSWERED)))

    assert listed(house) == []
    assert house.ask("select outcome from answer order by n desc limit 1") == [("accepted",)]


def test_an_answer_written_twice_is_one(house: House) -> None:
    """Its commit was not confirmed, so it is written again: nothing is freed or woken a second time."""
    going = permitted(house)
    for _ in range(2):
        house.settle((going, of(going, Fate.REFUSED_FINAL)))

    assert house.ask("select outcome from answer") == [("refused",)]
    assert len(house.wakes()) == 1
    assert len(house.entries("answer")) == 1


@pytest.mark.parametrize(
    ("code", "outcome"), [(status.SYSTEM_ERROR, "returned"), (status.THROTTLED, "returned"), (0x45, None)]
)
def test_a_message_that_was_given_back_leaves_later_exactly_once(
    house: House, code: int, outcome: str | None
) -> None:
    """A carrier refuses, each in its own words, and then takes it: the message is gated again, and arrives once."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.keep_only(row)
    assert house.send(knobs={"refuse_ppm": ALL, "refuse_codes": (code,)}) == []
    ((first_word,),) = house.ask("select outcome from answer")
    assert outcome in {None, first_word}

    house.pass_by(4)
    taken = house.send()
    house.pass_by(4)
    again = house.send()

    assert again == []
    assert len(taken) == (row.parts if first_word == "returned" else 0)
    assert house.ask("select count(*) from answer where outcome = 'accepted'") == [(int(bool(taken)),)]


def test_under_every_fault_nothing_is_twice_and_nothing_is_without_an_end(house: House) -> None:
    """Refused, lost, unanswered, cut: in the end each is accepted once, refused, or in doubt, and listed so."""
    rows = house.waiting()[:10]
    house.keep_only(*rows)
    knobs: dict[str, Any] = {
        "seed": 3,
        "refuse_ppm": 80_000,
        "refuse_codes": (status.SYSTEM_ERROR,),
        "lose_ppm": 50_000,
        "drop_ppm": 50_000,
        "cut_ppm": 20_000,
        "receipt_early_ppm": 300_000,
    }

    async def story() -> list[dict[str, object]]:
        async with house.on_air(knobs=knobs, answer_within_ms=100) as air:
            while await asyncio.to_thread(waits, house, rows):
                await air.send()
                await asyncio.to_thread(house.pass_by, 3)
            return air.taken()

    taken = run(story())
    segments = [(line["destination"], line["reference"], line["part"]) for line in taken]
    assert len(set(segments)) == len(segments)
    ends = dict(
        house.ask(
            "select distinct on (p.key) p.key, a.outcome from permit p"
            " join answer a on a.key = p.key and a.attempt = p.attempt order by p.key, p.attempt desc, a.n desc"
        )
    )
    assert {row.key for row in rows} == {bytes(key) for key in ends}
    assert {"accepted", "unsure"} <= set(ends.values()) <= {"accepted", "unsure", "refused"}
    assert sorted(listed(house)) == sorted(bytes(key).hex() for key, end in ends.items() if end == "unsure")
    for row in rows:
        there = [part for to, _, part in segments if to == house.number(row).removeprefix("+")]
        if ends[row.key] == "accepted":
            assert len(there) >= row.parts


def waits(house: House, rows: list[planned.Planned]) -> bool:
    """Whether anything of these is still to be sent."""
    return bool({one.key for one in house.waiting()} & {row.key for row in rows})


def test_a_code_is_genuine_once_its_message_left(house: House) -> None:
    """Asked by whoever holds the notice: yes for what left or may have left, no for what waits or was refused."""
    rows = [one for one in house.waiting() if one.stage == "first"][:4]
    accepted, unsure, refused, waiting = rows
    going = dict(
        zip(
            (accepted.key, unsure.key, refused.key),
            house.open_gate().judge(house.ready(*rows[:3])).released,
            strict=True,
        )
    )
    house.settle(
        (going[accepted.key], of(going[accepted.key], Fate.ACCEPTED)),
        (going[unsure.key], of(going[unsure.key], Fate.UNANSWERED)),
        (going[refused.key], of(going[refused.key], Fate.REFUSED_FINAL)),
    )

    told = {row.key: proofs.genuine(house.folder, row.code, environ=house.environ) for row in rows}

    for row in (accepted, unsure):
        found = told[row.key]
        assert found is not None
        assert (found.brand, found.creditor) == (row.brand, row.creditor)
    assert told[refused.key] is None
    assert told[waiting.key] is None
    assert proofs.genuine(house.folder, accepted.code[:-1] + "?", environ=house.environ) is None
    assert handed_over(going[accepted.key]).key == accepted.key


# --- what is waited for


def outstanding(house: House) -> int:
    """How many messages of the day the worker still waits for."""
    with house.connect("duly_worker").cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["still_awaited"], {"day": ON, "routes": ["main"]}).fetchone()
    assert row is not None
    return int(row["outstanding"])


def told(house: House) -> int:
    """The same, counted from what was written down, which takes as long as the day is full."""
    ((count,),) = house.ask(
        "select count(*) from answer a join permit p using (day, key, attempt)"
        " where a.day = %s and a.outcome = 'accepted' and cardinality(a.remote_ids) > 0 and p.route = 'main'"
        " and not exists (select 1 from receipt r where r.key = a.key and r.arrival <> 'unknown')",
        ON,
    )
    return int(count)


def receipt(number: str, arrival: notice.Arrival) -> inbound.Inbound:
    """A receipt as the channel hands it over."""
    raw = f"{number} {arrival.value}".encode()
    event = inbound.ReceiptEvent(
        remote_id=number,
        normal_ids=(number,),
        state=arrival,
        final=arrival is not notice.Arrival.UNKNOWN,
        word=arrival.value,
        code="000",
        at=None,
        destination="",
        reference=None,
        provenance=inbound.Provenance.SESSION,
        raw=raw,
    )
    return inbound.Inbound(route="main", raw=raw, events=(event,))


@pytest.mark.parametrize(
    ("arrival", "left"),
    [(notice.Arrival.DELIVERED, 0), (notice.Arrival.FAILED, 0), (notice.Arrival.UNKNOWN, 1)],
)
def test_a_message_is_waited_for_until_a_receipt_tells_its_end(
    house: House, arrival: notice.Arrival, left: int
) -> None:
    """Any part's will do, and only of what was accepted; a word on the way is none."""
    going = permitted(house)
    assert outstanding(house) == told(house) == 0
    house.settle((going, of(going, Fate.ACCEPTED)))
    assert outstanding(house) == told(house) == 1

    house.hear(receipt("701", arrival))

    assert outstanding(house) == told(house) == left


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.REFUSED, Fate.REFUSED_FINAL])
def test_what_was_not_accepted_is_not_waited_for(house: House, fate: Fate) -> None:
    """It has no receipt to come, or none that is sure to come."""
    going = permitted(house)
    house.settle((going, of(going, Fate.ACCEPTED, fate)))

    assert outstanding(house) == told(house) == 0


def test_a_receipt_that_came_before_its_answer_is_not_waited_for(house: House) -> None:
    """Some parts were accepted and one was not answered: the receipt comes, and the late answer after it."""
    going = permitted(house)
    house.settle((going, of(going, Fate.ACCEPTED, Fate.UNANSWERED)))
    house.hear(receipt("700", notice.Arrival.DELIVERED))
    house.hear(late(going, of(going, Fate.ACCEPTED)))

    assert house.ask("select outcome from answer order by n") == [("unsure",), ("accepted",)]
    assert outstanding(house) == told(house) == 0


def test_a_receipt_that_crossed_with_its_answer_is_not_waited_for(house: House) -> None:
    """It finds its message a moment later, and then nothing is waited for."""
    going = permitted(house)
    house.hear(receipt("700", notice.Arrival.DELIVERED))
    house.settle((going, of(going, Fate.ACCEPTED)))
    assert outstanding(house) == told(house) == 1

    assert house.adopt() == 1
    assert outstanding(house) == told(house) == 0
