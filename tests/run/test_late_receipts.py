"""A receipt that comes late, or says little, still finds its message: by its day, by its beginning, or slowly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from duly.channels import inbound
from duly.model import notice
from duly.run import heads, orphans, planned, references
from duly.store import sql
from duly.wire import sms
from duly.wire.smpp import receipt_head
from tests.run.house import ON, House, instant, run, until
from tests.run.test_receipts import ALL, doubted, in_doubt, permitted, standing_of, unanswered
from tests.run.test_receipts import receipt as receipt_of

_SQL = sql.load()


def segments(house: House, row: planned.Planned) -> list[str]:
    """What was said, segment by segment."""
    ((person, sealed),) = house.ask("select person, sealed from vault.message_text where key = %s", row.key)
    text = house.opened.recorder.open_text(person, row.key, bytes(sealed))
    return [sms.decode(part.data, part.alphabet) for part in sms.split(text, reference=0)]


def permitted_at(house: House, row: planned.Planned) -> datetime:
    """When the gate let it go."""
    ((at,),) = house.ask("select at from permit where key = %s", row.key)
    assert isinstance(at, datetime)
    return at


def saying(
    thing: inbound.Inbound, *, head: bytes = b"", submitted_at: datetime | None = None
) -> inbound.Inbound:
    """The same receipt without our reference, with what a carrier may say instead."""
    (event,) = thing.events
    assert isinstance(event, inbound.ReceiptEvent)
    changed = replace(event, reference=None, head=head, submitted_at=submitted_at)
    return replace(thing, events=(changed,))


# --- by number, time, and how the text begins


@pytest.mark.parametrize("knob", ["drop_ppm", "cut_ppm"])
def test_a_carrier_that_echoes_nothing_ends_the_doubt_by_the_beginning_of_the_text(
    house: House, knob: str
) -> None:
    """Over a real socket: number, time and head fit each segment, so the carrier has them all."""
    row = next(one for one in house.waiting() if one.stage == "first" and one.parts >= 2)
    house.keep_only(row)

    async def story() -> None:
        knobs = {knob: ALL, "echoes": False, "heads": True, "receipt_after": 0.01, "receipt_spread": 0.0}
        async with house.on_air(knobs=knobs, answer_within_ms=300) as air:
            await air.send()
            await until(lambda: house.ask("select count(*) from receipt") == [(row.parts,)])
            await until(lambda: house.adopt() == 0 and in_doubt(house) == [])

    run(story())
    assert standing_of(house, row) == ("accepted", "delivered")
    (told,) = house.entries("doubt_resolved")
    assert told.committed["basis"] == references.BY_HEAD
    assert house.ask("select part, arrival from receipt order by part") == [
        (part, "delivered") for part in range(row.parts)
    ]
    assert house.send() == []


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("shift", "fits"),
    [(-2 * MINUTE, True), (-3 * MINUTE, False), (15 * MINUTE, True), (16 * MINUTE, False), (None, False)],
    ids=["two before", "three before", "a quarter after", "more after", "no time given"],
)
def test_the_time_must_fit(house: House, shift: timedelta | None, fits: bool) -> None:
    """The carrier's clock is another, and without seconds; a quarter of an hour is another message."""
    (row,) = doubted(house)
    said = segments(house, row)
    at = None if shift is None else permitted_at(house, row) + shift
    house.hear(
        *(
            saying(
                receipt_of(row, house.number(row), part=part, remote_id=str(70 + part)),
                head=said[part].encode("utf-16-be")[:20],
                submitted_at=at,
            )
            for part in range(row.parts)
        )
    )
    assert (in_doubt(house) == []) is fits


def test_a_text_that_begins_otherwise_ends_no_doubt(house: House) -> None:
    """Number and time alone may be another sender's message."""
    (row,) = doubted(house)
    thing = saying(
        receipt_of(row, house.number(row)),
        head="您的验证码是314159".encode("utf-16-be")[:20],
        submitted_at=permitted_at(house, row),
    )
    house.hear(thing)
    house.adopt()
    assert house.ask("select key from receipt") == [(None,)]
    assert in_doubt(house) == [row.key.hex()]


def test_a_receipt_that_carries_a_reference_is_never_asked_by_its_text(house: House) -> None:
    """It names a message; that the text begins alike makes it no other's."""
    one, other = doubted(house, 2)
    thing = receipt_of(other, house.number(one))
    (event,) = thing.events
    assert isinstance(event, inbound.ReceiptEvent)
    head = segments(house, one)[0].encode("utf-16-be")[:20]
    house.hear(replace(thing, events=(replace(event, head=head, submitted_at=permitted_at(house, one)),)))
    assert house.ask("select key from receipt") == [(None,)]


def test_while_the_answer_may_come_what_begins_alike_waits_sealed(house: House) -> None:
    """It is kept until the doubt is there; no word of the text stands open meanwhile."""
    (going,) = permitted(house)
    row = going.prepared.planned
    said = segments(house, row)
    house.hear(
        *(
            saying(
                receipt_of(row, house.number(row), part=part, remote_id=str(70 + part)),
                head=said[part].encode("utf-16-be")[:20],
                submitted_at=permitted_at(house, row),
            )
            for part in range(row.parts)
        )
    )
    assert house.adopt() == 0
    for (kept,) in house.ask("select head from receipt"):
        assert said[0][:6].encode("utf-16-be") not in bytes(kept)

    house.settle((going, unanswered(going)))

    assert house.adopt() == row.parts
    assert in_doubt(house) == []


@pytest.mark.parametrize(
    ("segment", "head", "fits"),
    [
        ("【晨曦】您的贷款已逾期3天", "【晨曦】您的贷款已逾".encode("utf-16-be"), True),
        ("【晨曦】您的贷款已逾期3天", "【晨曦】您的贷款已逾".encode()[:20], True),
        ("【晨曦】您的贷款已逾期3天", "【晨曦】您的贷款已逾".encode("gb18030"), True),
        ("Pay 300.00 by Friday", b"Pay 300.00", True),
        ("Pay 300.00 by Friday", b"Pay 300.01", False),
        ("【晨曦】Loan 3321 is due", b"????Loan 33", True),
        ("【晨曦】您的贷款已逾期3天", b"?????????", False),  # it tells nothing
        ("Pay 300.00 by Friday", b"Pay 3", False),  # too little
        ("Pay 300.00 by Friday", b"", False),
    ],
)
def test_a_beginning_fits_in_whatever_alphabet_it_is_written(segment: str, head: bytes, fits: bool) -> None:
    """As the carrier had it, in another encoding, or with question marks; but it must say enough."""
    assert receipt_head.begins(segment, head) is fits


def test_two_messages_that_begin_alike_are_not_told_apart(house: House) -> None:
    """To one number at one time: it may be either, so it is neither."""
    (row,) = doubted(house)
    question = references.Question.put(
        house.connect("duly_worker"), {("main", row.value_key)}, now=house.now()
    )
    clue = heads.Clue(
        route="main",
        number=row.value_key,
        submitted_at=permitted_at(house, row),
        head=segments(house, row)[0].encode("utf-16-be")[:20],
    )

    def find(asked: references.Question) -> Any:
        return heads.find(house.connect("duly_worker"), asked, clue, recorder=house.opened.recorder)

    assert find(question) is not None
    assert find(replace(question, rows=[*question.rows, *question.rows])) is None


# --- late


def test_the_carriers_own_day_of_submission_selects_the_partition(house: House) -> None:
    """The day, the one before and the one after: three partitions are read, and no other."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    for n in range(1, 30):
        house.ask("select ensure_day(%s)", ON + timedelta(days=n))

    def read(statement: str, **asked: object) -> int:
        with house.opened.connect("duly_worker") as connection:
            told = connection.execute(
                "explain " + statement, {"route": "main", "normal_ids": ["4711"]} | asked
            )
            return sum("on remote_2" in line for (line,) in told.fetchall())

    days = [ON - timedelta(days=1), ON, ON + timedelta(days=1)]
    assert read(_SQL["match_remote_on"], days=days) <= 3
    assert read(_SQL["match_remote"], since=ON) >= 30


@pytest.mark.parametrize("told", [0, -1, 1, 9, None], ids=str)
def test_a_receipt_is_found_whatever_day_the_carrier_says(house: House, told: int | None) -> None:
    """On its day or beside it at once, on a wrong one or without one by the horizon."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    submitted = None if told is None else instant(23, 59, on=ON + timedelta(days=told))
    house.hear(
        *(
            saying(
                receipt_of(row, house.number(row), part=part, remote_id="4711" + f"-{part}" * bool(part)),
                submitted_at=submitted,
            )
            for part in range(row.parts)
        )
    )
    assert standing_of(house, row) == ("accepted", "delivered")


@pytest.mark.parametrize(("hours", "wakes"), [(11, []), (13, ["receipt"])])
def test_what_arrives_late_wakes_its_person(house: House, hours: int, wakes: list[str]) -> None:
    """Plans were made meanwhile that took it for not served; on the same day the next plan sees it by itself."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    house.move_to(permitted_at(house, row) + timedelta(hours=hours))
    house.ask("select ensure_day(%s)", house.opened.local_day(house.now()))

    house.hear(receipt_of(row, house.number(row), remote_id="4711"))

    assert [why for _, why in house.wakes()] == wakes


@pytest.mark.parametrize(
    ("days", "at_once"), [(35, True), (36, False)], ids=["within the horizon", "past it"]
)
def test_an_older_one_is_found_by_the_slow_job(house: House, days: int, at_once: bool) -> None:
    """Past the horizon it is kept without a message, until it is looked for among all that ever left."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    house.move_to(instant(12, on=ON + timedelta(days=days)))
    house.ask("select ensure_day(%s)", ON + timedelta(days=days))
    house.hear(
        *(
            receipt_of(row, house.number(row), part=part, remote_id="4711" + f"-{part}" * bool(part))
            for part in range(row.parts)
        )
    )
    assert standing_of(house, row) == ("accepted", "delivered" if at_once else None)
    assert house.adopt() == 0

    slowly = orphans.Stragglers(house.opened.recorder)
    connection = house.connect("duly_worker")
    assert slowly.adopt(connection) == (0 if at_once else row.parts)
    assert slowly.adopt(connection) == 0

    assert standing_of(house, row) == ("accepted", "delivered")
    assert {who for who, why in house.wakes() if why == "receipt"} == {row.person}


def test_a_late_receipt_never_revives_a_stage_that_is_closed(house: House) -> None:
    """The plan that it wakes knows of the service; what was closed stays closed, and nothing is said twice."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    house.keep_only(row)
    (case,) = row.cases
    closed = (
        'insert into stage_event (person, "case", stage, event, from_state, to_state, on_day, why, plan)'
        " select %s, %s, %s, 'unserved', s.state, 'closed_unserved', %s, 'unserved', (select max(id) from day_plan)"
        ' from stage_file s where s.person = %s and s."case" = %s and s.stage = %s'
    )
    house.ask(closed, row.person, case, row.stage, ON, row.person, case, row.stage)
    before = house.ask(
        'select state, closed_on from stage_file where person = %s and "case" = %s and stage = %s',
        row.person, case, row.stage,
    )  # fmt: skip
    house.move_to(instant(12, on=ON + timedelta(days=1)))
    house.ask("select ensure_day(%s)", ON + timedelta(days=1))
    house.hear(receipt_of(row, house.number(row), remote_id="4711", arrival=notice.Arrival.DELIVERED))
    assert (row.person, "receipt") in house.wakes()

    house.plan(persons=[row.person], reason="wake")

    after = house.ask(
        'select state, closed_on from stage_file where person = %s and "case" = %s and stage = %s',
        row.person, case, row.stage,
    )  # fmt: skip
    assert after == before == [("closed_unserved", ON)]
    assert (
        house.ask(
            "select 1 from message where stage = %s and person = %s and day > %s", row.stage, row.person, ON
        )
        == []
    )
