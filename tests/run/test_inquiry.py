"""A carrier that brings no receipt is asked, by the ids that it gave; what it says counts as confirmed by query."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.carrier import debtors
from duly.channels import answer, smpp_question
from duly.channels.answer import Fate, Segment
from duly.channels.smpp_settings import Settings
from duly.model import notice
from duly.run import inquiry
from duly.wire.smpp import event, pdu, status
from duly.wire.smpp.pdu import Command
from tests.run.house import Air, House, run
from tests.run.test_receipts import ALL, in_doubt, permitted, standing_of

_HOUR = timedelta(hours=1)


def let_ask(house: House, *, queries: bool = True) -> None:
    """The route's dialect says whether its carrier answers query_sm."""
    house.opened.project = replace(
        house.opened.project,
        routes=tuple(
            one
            if one.smpp is None
            else replace(one, smpp=replace(one.smpp, dialect=replace(one.smpp.dialect, queries=queries)))
            for one in house.opened.project.routes
        ),
    )


def due(house: House, air: Air) -> tuple[inquiry.Wanted, ...]:
    """What is to be asked now."""
    return inquiry.due(house.connect("duly_worker"), route="main", senders=air.worker.brands, now=house.now())


def told(house: House, *, arrives: bool = True, after: timedelta = 2 * _HOUR, **knobs: Any) -> Any:
    """A message is taken, its receipts are lost, and after a while the carrier is asked."""
    let_ask(house)
    row = next(one for one in house.waiting() if one.stage == "first" and one.parts >= 2)
    house.keep_only(row)

    async def story() -> int:
        crowd = debtors.Crowd(absent_ppm=0 if arrives else ALL)
        mixed = {"receipt_loss_ppm": ALL, "queries": True} | knobs
        async with house.on_air(knobs=mixed, behave=crowd) as air:
            await air.send()
            await asyncio.to_thread(house.pass_by, int(after.total_seconds()))
            wanted = await asyncio.to_thread(due, house, air)
            return await inquiry.ask(air.sms, wanted, air.worker.on_inbound)

    return row, run(story())


@pytest.mark.parametrize(
    ("arrives", "arrival", "wakes"),
    [(True, "delivered", set()), (False, "failed", {"fallback"})],
    ids=["arrived", "did not arrive"],
)
def test_what_no_receipt_told_the_carrier_tells_when_it_is_asked(
    house: House, arrives: bool, arrival: str, wakes: set[str]
) -> None:
    """Over a real socket, by our own sender; the stage is served, or the next channel has its turn."""
    row, count = told(house, arrives=arrives)

    assert count == row.parts
    assert standing_of(house, row) == ("accepted", arrival)
    assert house.ask("select distinct provenance from receipt") == [("confirmed",)]
    assert {one.committed["provenance"] for one in house.entries("receipt")} == {"query"}
    assert house.ask("select count(*) from vault.raw") == [(row.parts,)]
    assert {why for _, why in house.wakes()} == wakes


@pytest.mark.parametrize(
    ("after", "count"), [(_HOUR - timedelta(seconds=5), 0), (_HOUR + timedelta(seconds=5), 2)]
)
def test_it_is_asked_when_most_receipts_have_come(house: House, after: timedelta, count: int) -> None:
    """An hour after the message left, and not before."""
    row, found = told(house, after=after)
    assert found == (row.parts if count else 0)


def test_it_is_not_asked_again_soon(house: House) -> None:
    """A carrier that does not say is asked every six hours."""
    row, count = told(house, queries=False)
    assert count == 0
    assert standing_of(house, row)[0] == "accepted"
    assert standing_of(house, row)[1] is None

    def again() -> int:
        return len(inquiry.due(house.connect("duly_worker"), route="main", senders={}, now=house.now()))

    assert again() == 0
    house.pass_by(int(inquiry.AGAIN.total_seconds()) - 60)
    assert again() == 0
    house.pass_by(120)
    assert again() == 1


def test_a_doubt_is_asked_after_by_what_the_carrier_named_of_it(house: House) -> None:
    """One part was taken, the other was not answered: the known one is asked after. The doubt is about the other."""
    let_ask(house)
    (going,) = permitted(house)
    row = going.prepared.planned
    known = [Segment(fate=Fate.ACCEPTED, remote_id=f"A{part}") for part in range(row.parts - 1)]
    house.settle((going, answer.settle([*known, Segment(fate=Fate.UNANSWERED, reason="so")])))
    house.pass_by(2 * 3600)

    (wanted,) = inquiry.due(
        house.connect("duly_worker"), route="main", senders={("main", row.brand): "1069"}, now=house.now()
    )

    assert wanted == inquiry.Wanted(
        key=row.key, remote_ids=tuple(one.remote_id for one in known), sender="1069"
    )
    assert in_doubt(house) == [row.key.hex()]


def test_what_was_never_named_cannot_be_asked_after(house: House) -> None:
    """The answer was lost, and with it the id: by SMPP there is nothing to ask with."""
    (going,) = permitted(house)
    lost = Segment(fate=Fate.UNANSWERED, reason="the carrier did not answer")
    house.settle((going, answer.settle([lost] * going.released.encoded.count)))
    house.pass_by(2 * 3600)
    assert inquiry.due(house.connect("duly_worker"), route="main", senders={}, now=house.now()) == ()


def test_a_route_that_does_not_say_so_is_not_asked(house: House) -> None:
    """Most carriers refuse the command; the dialect of channels.yaml names those that answer."""
    let_ask(house, queries=False)

    async def story() -> tuple[bool, object]:
        async with house.on_air(knobs={"queries": True}) as air:
            return air.sms.can.queries, await air.sms.ask("1")

    assert run(story()) == (False, None)


def test_a_carrier_that_is_gone_leaves_no_question_open(house: House) -> None:
    """The connection is cut while a question waits: it has no answer, and nothing hangs."""
    let_ask(house)

    async def story() -> object:
        async with house.on_air(knobs={"queries": True}) as air:
            asking = asyncio.create_task(air.sms.ask("1"))
            await air.carrier.cut()
            return await asking

    assert run(story()) is None


SETTINGS = Settings(route="main", host="h", port=1, system_id="a", password="b", source="10690000")
QUESTION = smpp_question.ask(SETTINGS, "0A1", sender="")


def heard(code: int = status.OK, **says: Any) -> event.Answered:
    """What the carrier answers."""
    told: dict[str, Any] = {"message_id": "0A1", "message_state": 2} | says
    body = pdu.QuerySmResp(**told)
    return event.Answered(token=None, command=Command.QUERY_SM, status=code, body=body, raw=b"raw")


@pytest.mark.parametrize(
    ("told", "arrival"),
    [
        (heard(), notice.Arrival.DELIVERED),
        (heard(message_id="a1"), notice.Arrival.DELIVERED),
        (heard(message_id=""), notice.Arrival.DELIVERED),
        (heard(message_state=5), notice.Arrival.FAILED),
        (heard(message_state=1), notice.Arrival.UNKNOWN),
        (heard(message_state=77), notice.Arrival.UNKNOWN),
        (heard(message_id="0B2"), None),
        (heard(status.QUERY_FAILED), None),
        (None, None),
    ],
    ids=[
        "arrived",
        "id folded",
        "no id",
        "failed",
        "on its way",
        "no such state",
        "of another",
        "refused",
        "silent",
    ],
)
def test_an_answer_is_a_receipt_or_nothing(
    told: event.Answered | None, arrival: notice.Arrival | None
) -> None:
    """A refusal is no news, and what is said of another message is not believed."""
    found = smpp_question.read(QUESTION, told)
    assert (None if found is None else found.state) is arrival
    if found is not None:
        assert (found.remote_id, found.final) == ("0A1", arrival is not notice.Arrival.UNKNOWN)


def test_the_question_names_our_sender() -> None:
    """The carrier compares it with that of the submission."""
    assert smpp_question.ask(SETTINGS, "1", sender="").source.number == "10690000"
    assert smpp_question.ask(SETTINGS, "1", sender="+8610").source == pdu.Address("8610", 1, 1)
