"""A doubt is closed when its time is up, or settled by people who signed; the carrier's word still counts after it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import psycopg
import pytest

from duly import errors
from duly.app import doubts as app
from duly.app import story
from duly.channels import answer
from duly.model.party import Actor
from duly.run import day, doubts, planned
from tests.run import house as houses
from tests.run.house import ON, PASSPHRASE, House, instant
from tests.run.test_receipts import doubted, in_doubt, permitted, receipt, standing_of, unanswered

_HOUR = timedelta(hours=1)
_MARGIN = timedelta(hours=72)


def closing(house: House, *, gave: doubts.Gave | None = None) -> doubts.Closing:
    """What the worker closes doubts with."""
    return doubts.Closing(
        recorder=house.opened.recorder, gave=gave or house.opened.gate_keys.gave, margin=_MARGIN
    )


def close(house: House) -> int:
    """Close what is to be closed by now."""
    return closing(house).close(house.connect("duly_worker"), house.now())


def end_of(house: House, row: planned.Planned) -> Any:
    """The instant from which the carrier may deliver a message no more."""
    ((end,),) = house.ask("select not_after from permit where key = %s", row.key)
    return end


def actor(house: House, name: str) -> Actor:
    """One of those who may decide."""
    return Actor(name=name, duties=house.opened.project.settings.people[name])


def decide(
    house: House, *rows: planned.Planned, by: str = "zhao.min", outcome: str = "refused", **said: Any
) -> app.Decision:
    """Somebody says what became of these."""
    asked: Mapping[str, Any] = {"reason": "the carrier's own list of the day", "route": None} | said
    return app.decide(
        actor(house, by),
        house.folder,
        messages=asked.get("messages", [row.key.hex() for row in rows]),
        outcome=outcome,
        reason=asked["reason"],
        route=asked["route"],
        keys=house.keys,
        passphrase=PASSPHRASE,
        nonce=os.urandom(16),
        environ=house.environ,
    )


def sign(house: House, decision: app.Decision, by: str = "chen.hao") -> app.Decision:
    """Another signs it."""
    return app.sign(
        actor(house, by),
        house.folder,
        digest=decision.digest[:12],
        keys=house.keys,
        passphrase=PASSPHRASE,
        nonce=os.urandom(16),
        environ=house.environ,
    )


def let_one_decide(house: House, minor: int) -> None:
    """The lender leaves decisions over so much to one person; the two who approve the settings are not asked."""
    houses.change(
        house.folder / "duly.toml", "[limits]\n", f'[limits]\ndoubt_decided_alone = "{minor / 100:.2f}"\n'
    )


# --- when their time is up


@pytest.mark.parametrize(("late", "closes"), [(0, False), (1, True)], ids=["at the end", "after it"])
def test_a_doubt_is_closed_as_unknown_when_its_life_and_the_margin_are_over(
    house: House, late: int, closes: bool
) -> None:
    """Until then a receipt may come; then it is waited for no more, the person is planned for, and it still counts."""
    (row,) = doubted(house)
    end = end_of(house, row) + _MARGIN
    house.move_to(end + _HOUR)

    def close_at(instant: datetime) -> int:
        return closing(house).close(house.connect("duly_worker"), instant)

    assert close_at(end + timedelta(seconds=late)) == int(closes)

    assert (in_doubt(house) == []) is closes
    assert standing_of(house, row) == ("unsure", "unknown" if closes else None)
    assert [one.committed["outcome"] for one in house.entries("doubt_resolved")] == ["unknown"] * closes
    assert [one for one in house.wakes() if one[1] == "fallback"] == [(row.person, "fallback")] * closes
    assert house.ask("select count(*) from reservation where key = %s", row.key) == [(len(row.accounts),)]
    assert house.ask("select outcome from answer") == [("unsure",)]
    assert close_at(end + timedelta(seconds=late)) == 0


def test_what_was_closed_is_no_longer_in_the_plans_way(house: House) -> None:
    """While it is in doubt nothing else of its occurrence is tried; once closed the plan goes on to the law's word."""
    row = next(one for one in house.waiting() if one.stage == "first")
    (going,) = house.open_gate().judge(house.ready(row)).released
    house.settle((going, unanswered(going)))
    house.keep_only(row)
    house.move_to(max(end_of(house, row) + _MARGIN, instant(10, on=ON + timedelta(days=4))) + _HOUR)

    def why() -> tuple[str, str | None]:
        with house.opened.connect("duly_planner") as connection:
            made = day.make(house.opened, connection, persons=[row.person])
        mine = made.plan.decisions.filter(pl.col("account").is_in(list(row.accounts)))
        ((code, rule),) = mine.select("code", "rule").unique().rows()
        return code, rule

    assert why() == ("handover_unsure", None)
    assert close(house) == 1
    assert why() == ("law_holds", "duly.stop.feed_stale")
    assert house.ask("select outcome from answer where key = %s", row.key) == [("unsure",)]


def test_what_was_closed_as_unknown_can_still_become_delivered(house: House) -> None:
    """A receipt by our reference comes a week later: it is believed, the answer stands corrected, the service too."""
    (row,) = doubted(house)
    number = house.number(row)
    house.move_to(end_of(house, row) + _MARGIN + _HOUR)
    assert close(house) == 1
    house.ask("select ensure_day(%s)", house.opened.local_day(house.now()))

    house.hear(*(receipt(row, number, part=part, remote_id=str(70 + part)) for part in range(row.parts)))

    assert standing_of(house, row) == ("accepted", "delivered")
    assert [one.committed["outcome"] for one in house.entries("doubt_resolved")] == ["unknown", "accepted"]
    assert house.ask("select n, outcome from answer order by n") == [(1, "unsure"), (2, "accepted")]
    assert house.ask("select count(*) from doubt_closed") == [(1,)]


def test_what_is_settled_before_is_not_closed(house: House) -> None:
    """The late answer came: there is nothing to close, and nothing is looked at again."""
    (going,) = permitted(house)
    row = going.prepared.planned
    house.settle((going, unanswered(going)))
    assert house.ask("select count(*) from doubt") == [(1,)]
    house.settle((going, answer.accepted([str(n) for n in range(row.parts)])))
    assert house.ask("select count(*) from doubt") == [(0,)]
    house.move_to(end_of(house, row) + _MARGIN + _HOUR)

    assert close(house) == 0
    assert house.entries("doubt_resolved") == []


def test_a_permit_that_the_gate_did_not_give_is_not_closed(house: House) -> None:
    """Nothing was in doubt: it stays on the list by its own name."""
    (row,) = doubted(house)
    house.move_to(end_of(house, row) + _MARGIN + _HOUR)

    assert closing(house, gave=lambda _: False).close(house.connect("duly_worker"), house.now()) == 0
    assert in_doubt(house) == [row.key.hex()]
    assert house.ask("select count(*) from doubt_closed") == [(0,)]


def test_a_worker_closes_by_itself(house: House) -> None:
    """Whoever looks again at what came late does it too."""
    (row,) = doubted(house)
    house.keep_only(row)
    house.move_to(end_of(house, row) + _MARGIN + _HOUR)

    async def story() -> None:
        async with house.on_air() as air:
            await air.worker.drain(patience=0.1)

    houses.run(story())
    assert in_doubt(house) == []


def test_what_was_closed_stays_written(house: House) -> None:
    """The database keeps it against its own programs."""
    doubted(house)
    ((key, attempt, day),) = house.ask("select key, attempt, day from doubt")
    house.ask(
        "insert into doubt_closed (key, attempt, day, at, basis, entry) values (%s, %s, %s, now(), 'time', %s)",
        key,
        attempt,
        day,
        "00000000-0000-0000-0000-000000000000",
    )
    for change in ("update doubt_closed set at = now()", "delete from doubt_closed", "truncate doubt_closed"):
        with pytest.raises(psycopg.Error, match="doubt_closed"):
            house.ask(change)


# --- as people decide


@pytest.mark.parametrize(
    ("outcome", "stands", "reserved", "wakes"),
    [
        ("accepted", ("accepted", None), True, []),
        ("refused", ("refused", None), False, ["fallback"]),
        ("unknown", ("unsure", "unknown"), True, ["fallback"]),
    ],
)
def test_two_people_say_what_became_of_it(
    house: House, outcome: str, stands: object, reserved: bool, wakes: list[str]
) -> None:
    """With the reason they give, in the evidence: it counts on, or frees its place and goes another way."""
    (row,) = doubted(house)

    first = decide(house, row, outcome=outcome)
    assert [each.lack.value for each in first.lacking] == ["people"]
    assert in_doubt(house) == [row.key.hex()]

    second = sign(house, first)

    assert (second.lacking, second.settled) == ((), 1)
    assert in_doubt(house) == []
    assert standing_of(house, row) == stands
    assert bool(house.ask("select 1 from reservation where key = %s", row.key)) is reserved
    assert [why for _, why in house.wakes()] == wakes
    (told,) = house.entries("doubt_resolved")
    assert told.committed["outcome"] == outcome
    assert told.committed["by"] == "chen.hao + zhao.min"
    assert "the carrier's own list" in str(told.committed["basis"])
    assert app.undecided(actor(house, "zhao.min"), house.folder, environ=house.environ) == ()
    assert house.send() == [] or row.key.hex() not in in_doubt(house)


def test_nobody_signs_for_two(house: House) -> None:
    """The same person again is still one."""
    (row,) = doubted(house)
    first = decide(house, row)

    again = sign(house, first, by="zhao.min")

    assert [each.lack.value for each in again.lacking] == ["people"]
    assert in_doubt(house) == [row.key.hex()]


def test_a_database_that_is_told_of_one_does_not_take_it_for_two(house: House) -> None:
    """It asks by itself for as many names as the decision takes, and for different ones."""
    (row,) = doubted(house)
    decide(house, row)
    for names in (["zhao.min"], ["zhao.min", "zhao.min"]):
        with pytest.raises(psycopg.errors.CheckViolation):
            house.ask("update doubt_decision set done_at = now(), approved_by = %s", names)
    with pytest.raises(psycopg.errors.RaiseException, match="says once"):
        house.ask("update doubt_decision set people = 1")


@pytest.mark.parametrize(("below", "alone"), [(0, True), (1, False)], ids=["at the limit", "above it"])
def test_up_to_the_limit_that_the_lender_set_one_is_enough(house: House, below: int, alone: bool) -> None:
    """The sum of what all the messages of the decision are about."""
    rows = doubted(house, 2)
    found = doubts.of(
        house.connect(), [row.key for row in rows], gave=house.opened.gate_keys.gave, now=house.now()
    )
    together = sum(one.overdue_minor for one in found)
    assert all(one.overdue_minor > 0 for one in found)
    let_one_decide(house, together - below)

    told = decide(house, *rows, outcome="unknown")

    assert told.overdue.minor == together
    assert (told.settled, bool(told.lacking)) == ((2, False) if alone else (0, True))
    assert (in_doubt(house) == []) is alone


def test_what_the_carrier_said_meanwhile_goes_before_what_people_say(house: House) -> None:
    """Between the two signatures its answer came: it stands."""
    (going,) = permitted(house)
    row = going.prepared.planned
    house.settle((going, unanswered(going)))
    first = decide(house, row, outcome="refused")
    house.settle((going, answer.accepted([str(n) for n in range(row.parts)])))

    second = sign(house, first)

    assert (second.lacking, second.settled) == ((), 0)
    assert standing_of(house, row)[0] == "accepted"
    assert standing_of(house, row)[1] is None
    assert house.entries("doubt_resolved") == []


def test_people_may_err_and_a_receipt_puts_it_right(house: House) -> None:
    """They said that the carrier has nothing of it, and it was delivered: it counts against the caps again."""
    (row,) = doubted(house)
    before = house.ask("select at, person, account, number, channel, kind from reservation order by account")
    sign(house, decide(house, row, outcome="refused"))
    assert house.ask("select 1 from reservation") == []

    number = house.number(row)
    house.hear(*(receipt(row, number, part=part, remote_id=str(70 + part)) for part in range(row.parts)))

    assert standing_of(house, row) == ("accepted", "delivered")
    after = house.ask("select at, person, account, number, channel, kind from reservation order by account")
    assert after == before
    assert house.ask("select n, outcome, code from answer order by n") == [
        (1, "unsure", None),
        (2, "refused", "decided"),
        (3, "accepted", None),
    ]


def test_a_refusal_by_the_carrier_itself_is_not_put_right(house: House) -> None:
    """Only a person's word may err: what the carrier refused stays refused."""
    (going,) = permitted(house)
    row = going.prepared.planned
    segment = answer.Segment(fate=answer.Fate.REFUSED_FINAL, code="ESME_RINVDSTADR", reason="no such number")
    house.settle((going, answer.settle([segment] * row.parts)))
    house.settle((going, answer.accepted([str(n) for n in range(row.parts)])))

    assert house.ask("select n, outcome from answer") == [(1, "refused")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"reason": " "}, errors.WrongUsage),
        ({"messages": ["00"]}, errors.WrongUsage),
        ({"messages": ["ffffffffffff"]}, errors.WrongUsage),
        ({"messages": ["all"], "route": "nowhere"}, errors.WrongUsage),
        ({"by": "lin.yue"}, errors.NotAllowed),
    ],
    ids=["without a reason", "too short a name", "what is not in doubt", "no such route", "a strategist"],
)
def test_what_is_no_decision_is_refused(
    house: House, said: dict[str, Any], error: type[errors.DulyError]
) -> None:
    """Nothing is kept of it."""
    (row,) = doubted(house)
    with pytest.raises(error):
        decide(house, row, **said)
    assert house.ask("select 1 from doubt_decision") == []


def test_all_of_a_route_are_decided_at_once(house: House) -> None:
    """After a crash one cause stands behind a whole window."""
    rows = doubted(house, 3)
    told = sign(house, decide(house, messages=["all"], route="main", outcome="unknown"))
    assert told.settled == len(rows)
    assert in_doubt(house) == []


# --- as they are listed


def test_a_doubt_is_listed_with_its_age_and_how_long_it_is_waited_for(house: House) -> None:
    """Oldest first, by route."""
    (row,) = doubted(house)
    house.pass_by(3 * 3600 + 5)

    (one,) = app.listed(actor(house, "zhao.min"), house.folder, environ=house.environ)

    assert timedelta(hours=3) <= one.age <= timedelta(hours=3, minutes=1)
    assert one.closes_at == end_of(house, row) + _MARGIN
    assert one.route == "main"
    assert one.reason == "the carrier did not answer"
    assert app.listed(actor(house, "zhao.min"), house.folder, environ=house.environ, route="elsewhere") == ()


@pytest.mark.parametrize(
    ("by_time", "says"),
    [
        (True, "Nobody said in time what became of"),
        (False, "as chen.hao + zhao.min decided: the carrier's own list of the day."),
    ],
    ids=["by time", "by people"],
)
def test_the_account_is_told_that_nothing_is_waited_for(house: House, by_time: bool, says: str) -> None:
    """Whoever asks why an account went on finds it, and on what it rests."""
    (row,) = doubted(house)
    if by_time:
        house.move_to(end_of(house, row) + _MARGIN + _HOUR)
        close(house)
    else:
        sign(house, decide(house, row, outcome="unknown"))

    told = story.tell(
        actor(house, "zhao.min"), house.folder, account=row.accounts[0], locale="en", environ=house.environ
    )

    assert sum(says in str(line.says) for line in told.lines) == 1
