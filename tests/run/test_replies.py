"""What is not understood waits for a person: listed, read with a reason that is recorded first, and put aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from duly import errors
from duly.app import replies as app
from duly.channels import inbound
from duly.model.party import Actor, Duty
from duly.run import planned
from tests.run.house import ON, House, instant, said

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS}))
LIN = Actor(name="lin.yue", duties=frozenset({Duty.STRATEGIST}))


def listed(house: House, *, everything: bool = False) -> list[tuple[str, int]]:
    """What waits: what it was read as, and how surely."""
    found = app.listed(CHEN, house.folder, everything=everything, environ=house.environ)
    return [(one.meaning, one.confidence) for one in found]


def first(house: House) -> int:
    """The number of the reply that waits longest."""
    return app.listed(CHEN, house.folder, everything=True, environ=house.environ)[0].number


def told(house: House) -> planned.Planned:
    """A message that left."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    return row


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("嗯嗯好的呢今天天气", [("unknown", 0)]),
        ("I dispute this debt", [("dispute", 80)]),
        ("我要投诉", [("complaint", 80)]),
        ("失业了，实在还不起", [("hardship", 80)]),
        ("联系我的律师", [("lawyer", 80)]),
        ("HELP", [("help", 100)]),
        ("STOP", []),
        ("退订", []),
        ("已经还了", []),
        ("stop, I have already paid", [("stop", 50)]),
    ],
)
def test_what_needs_a_person_waits_for_one(house: House, text: str, waits: list[tuple[str, int]]) -> None:
    """What was not understood, what asks for an answer, and what says several things; a plain stop is done with."""
    house.reply(told(house), text)

    assert listed(house) == waits
    assert len(listed(house, everything=True)) == 1


def test_a_stranger_waits_for_a_person_too(house: House) -> None:
    """Nobody we know has this number: what it says is done to nobody."""
    house.hear(said("+8613000000009", "STOP"))

    (one,) = app.listed(CHEN, house.folder, everything=False, environ=house.environ)
    assert (one.person, one.meaning, one.done) == (None, "stop", "nobody")
    assert app.read(CHEN, house.folder, number=one.number, reason="who is it", environ=house.environ).text
    assert house.entries("access") == []


def test_who_reads_a_reply_says_why_and_it_is_evidence_first(house: House) -> None:
    """The text is sealed; the list does not show it."""
    row = told(house)
    house.reply(row, "我下周一定还清，请别再打我妈电话")
    number = first(house)
    ((kept,),) = house.ask("select said from reply")
    assert "下周".encode() not in bytes(kept)
    assert app.listed(CHEN, house.folder, everything=True, environ=house.environ)[0].text == ""

    one = app.read(CHEN, house.folder, number=number, reason="it is a promise", environ=house.environ)

    assert one.text == "我下周一定还清，请别再打我妈电话"
    (fact,) = house.entries("access")
    assert fact.committed["person"] == row.person
    assert (fact.committed["reason"], fact.committed["by"]) == ("it is a promise", "chen.hao")
    assert fact.committed["opened"] == [f"reply {number}"]


@pytest.mark.parametrize(
    ("who", "reason", "error"),
    [(LIN, "curious", errors.NotAllowed), (CHEN, " ", errors.WrongUsage)],
    ids=["a strategist", "no reason"],
)
def test_nothing_is_opened_otherwise(
    house: House, who: Actor, reason: str, error: type[errors.DulyError]
) -> None:
    """Nor recorded."""
    house.reply(told(house), "abc")
    with pytest.raises(error):
        app.read(who, house.folder, number=first(house), reason=reason, environ=house.environ)
    assert house.entries("access") == []


def test_what_somebody_has_seen_to_waits_no_more_and_stays_written(house: House) -> None:
    """With what came of it; the second who sees to it is told who was first."""
    house.reply(told(house), "我要投诉")
    number = first(house)

    app.see_to(CHEN, house.folder, number=number, reason="called back, settled", environ=house.environ)

    assert listed(house) == []
    with pytest.raises(errors.WrongUsage, match=r"chen\.hao"):
        app.see_to(CHEN, house.folder, number=number, reason="again", environ=house.environ)
    for change in ("update reply_seen set reason = 'x'", "delete from reply_seen"):
        with pytest.raises(psycopg.Error, match="reply_seen"):
            house.ask(change)
    with pytest.raises(errors.WrongUsage):
        app.see_to(CHEN, house.folder, number=number + 1, reason="no such", environ=house.environ)


def test_a_reply_says_how_we_know_it(house: House) -> None:
    """Its provenance stands in its row and in its evidence."""
    row = told(house)
    (event,) = said(house.number(row), "HELP").events
    assert isinstance(event, inbound.ReplyEvent)
    signed = replace(event, provenance=inbound.Provenance.SIGNED)
    house.hear(inbound.Inbound(route="main", raw=event.raw, events=(signed,)))

    assert house.ask("select provenance from reply") == [("signed",)]
    assert [one.committed["provenance"] for one in house.entries("reply")] == ["signed"]


@pytest.mark.parametrize(
    ("text", "days"),
    [("I will pay on Friday", 5), ("明天还款", 2), ("I will pay", None)],
    ids=["on a weekday", "tomorrow", "some day"],
)
def test_a_promise_on_a_day_wakes_on_the_morning_after_it(house: House, text: str, days: int | None) -> None:
    """Then the same plan looks whether it was kept; a promise without a day wakes nobody, and is no less evidence."""
    row = told(house)
    house.reply(row, text)

    wakes = house.ask("select at from wake where why = 'promise' and person = %s", row.person)

    assert wakes == ([] if days is None else [(instant(7, 30, on=ON + timedelta(days=days)),)])
    (promise,) = house.entries("promise")
    assert promise.committed["state"] == "made"
    assert ("pay_by" in promise.committed) is (days is not None)
