"""The machine halts a route by itself: by what its last messages came to, on both sides of every number."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from duly.carrier import debtors
from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.project.bounds import Alarms, Trial
from duly.run import gate, halt, watch
from tests.run.house import ON, ZONE, House, run, until
from tests.run.test_first_parts import going_on

ALARMS = Alarms(sample=10, arrived_percent=50, stopped_percent=10, refused_percent=30, throttled_percent=50)
QUIET = watch.Lately(answered=20, accepted=20, arrived=20, lost=0, throttled=0, stopped=0)


@pytest.mark.parametrize(
    ("lately", "says"),
    [
        (QUIET, None),
        (replace(QUIET, arrived=10, lost=10), None),
        (replace(QUIET, arrived=9, lost=10), "of the last 19 receipts 9 say delivered, 50 percent must"),
        (replace(QUIET, arrived=0, lost=9), None),
        (replace(QUIET, arrived=0, lost=10), "of the last 10 receipts 0 say delivered"),
        (replace(QUIET, stopped=2), None),
        (replace(QUIET, stopped=3), "3 people answered the last 20 messages with stop or a complaint"),
        (replace(QUIET, accepted=9, stopped=9), None),
        (replace(QUIET, refused={"A": 6, "B": 6}), None),
        (replace(QUIET, refused={"A": 6, "B": 7}), "7 of the last 20 messages were refused with B"),
        (replace(QUIET, answered=9, accepted=0, refused={"B": 9}), None),
        (replace(QUIET, throttled=10), None),
        (replace(QUIET, throttled=11), "the carrier asked for less at 11 of the last 20 messages"),
    ],
)
def test_each_number_alarms_beyond_itself_and_not_at_it(lately: watch.Lately, says: str | None) -> None:
    """And fewer messages than the sample say nothing."""
    found = watch.alarm(lately, ALARMS)
    assert found == says if says is None else found is not None and found.startswith(says)


def guard(house: House, *, sample: int) -> watch.Watch:
    """A watch of the route to the carrier."""
    return watch.Watch(
        routes=["main"],
        alarms=replace(ALARMS, sample=sample),
        trial=Trial(),
        recorder=house.opened.recorder,
        zone=ZONE,
    )


def gone(house: House, count: int, fate: Fate = Fate.ACCEPTED, code: str = "") -> list[gate.Going]:
    """So many messages permitted, and answered so by the carrier."""
    rows = list({row.person: row for row in house.waiting()}.values())[:count]
    word = house.open_gate().judge(house.ready(*rows))
    assert len(word.released) == count
    for n, going in enumerate(word.released):
        segments = [
            Segment(fate=fate, remote_id=f"r{n}", code=code, reason=code)
        ] * going.released.encoded.count
        house.settle((going, answer.settle(segments)))
    return list(word.released)


def halted(house: House) -> list[tuple[str, str, str]]:
    """What stands halted, and by whom."""
    rows = halt.in_force(house.connect())
    return [(row["scope"], row["value"], row["by"]) for row in rows]


@pytest.mark.parametrize(
    ("fate", "code"),
    [(Fate.REFUSED_FINAL, "ESME_RINVDSTADR"), (Fate.REFUSED, "ESME_RTHROTTLED")],
    ids=["refusals of one kind", "a carrier that asks for less"],
)
def test_what_a_carrier_says_again_and_again_halts_its_route(house: House, fate: Fate, code: str) -> None:
    """Its own word for it stands in the evidence; below the sample nothing is said."""
    gone(house, 4, fate, code)
    guard(house, sample=5).look(house.connect("duly_worker"))
    assert halted(house) == []

    guard(house, sample=4).look(house.connect("duly_worker"))

    assert halted(house) == [("route", "main", "duly")]
    (told,) = house.entries("halt")
    assert told.open == {"scope": "carrier"}
    assert told.committed["by"] == "duly"
    assert code in str(told.committed["reason"]) or "asked for less" in str(told.committed["reason"])
    guard(house, sample=4).look(house.connect("duly_worker"))
    assert len(halted(house)) == 1


def test_people_who_answer_stop_halt_the_route(house: House) -> None:
    """One of ten may; two of ten are more than one in ten."""
    going = gone(house, 10)
    watching = guard(house, sample=10)

    house.reply(going[0].prepared.planned, "退订")
    watching.look(house.connect("duly_worker"))
    assert halted(house) == []
    house.reply(going[1].prepared.planned, "我要投诉你们")
    watching.look(house.connect("duly_worker"))

    assert halted(house) == [("route", "main", "duly")]


def test_after_two_people_lifted_it_only_what_left_since_counts(house: House) -> None:
    """The failures for which it was halted do not halt it again; new ones do."""
    gone(house, 4, Fate.REFUSED_FINAL, "ESME_RINVDSTADR")
    watching = guard(house, sample=4)
    watching.look(house.connect("duly_worker"))
    ((number,),) = house.ask("select id from halt")

    going_on(house, number)
    watching.look(house.connect("duly_worker"))
    assert halted(house) == []

    house.pass_by()
    gone(house, 4, Fate.REFUSED_FINAL, "ESME_RINVDSTADR")
    watching.look(house.connect("duly_worker"))
    assert halted(house) == [("route", "main", "duly")]


def test_a_worker_halts_a_route_whose_messages_do_not_arrive(house: House) -> None:
    """By a real carrier whose receipts say failed: after the sample it stops, and the rest stays."""
    rows = house.waiting()
    settings = house.opened.project.settings
    bounds = replace(settings.bounds, alarms=replace(ALARMS, sample=10, stopped_percent=100))
    house.opened.project = replace(house.opened.project, settings=replace(settings, bounds=bounds))

    async def story() -> int:
        lost = debtors.Behaviour(arrives=False)
        async with house.on_air(bound=False, behave=lambda *_: lost, rate=8) as air:
            working = asyncio.create_task(air.worker.serve())
            await until(lambda: house.ask("select 1 from halt"), within=20)
            await asyncio.sleep(1)
            before = len(air.messages())
            await asyncio.sleep(1)
            assert len(air.messages()) == before
            air.worker.stop()
            await working
            return before

    sent = run(story())

    assert halted(house) == [("route", "main", "duly")]
    assert 10 <= sent < len(rows)


def test_the_days_ahead_are_there_before_anybody_needs_them(house: House) -> None:
    """Today's partitions and those of the next three days, made by whoever looks."""
    guard(house, sample=10).look(house.connect("duly_worker"))

    for ahead in range(watch.AHEAD + 1):
        name = f"message_{(ON + timedelta(days=ahead)).strftime('%Y%m%d')}"
        assert house.ask("select to_regclass(%s) is not null", f"public.{name}") == [(True,)]
    name = f"message_{(ON + timedelta(days=watch.AHEAD + 1)).strftime('%Y%m%d')}"
    assert house.ask("select to_regclass(%s) is null", f"public.{name}") == [(True,)]


def test_one_process_looks_at_a_time(house: House) -> None:
    """Whoever finds another at it does nothing, and does not wait."""
    gone(house, 4, Fate.REFUSED_FINAL, "ESME_RINVDSTADR")
    other = house.connect()
    with other.transaction():
        other.execute("select pg_advisory_xact_lock(%s)", [watch.LOCK])
        guard(house, sample=4).look(house.connect("duly_worker"))
        assert halted(house) == []
    guard(house, sample=4).look(house.connect("duly_worker"))
    assert len(halted(house)) == 1
