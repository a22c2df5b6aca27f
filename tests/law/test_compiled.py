"""The compiled reading remembers what facts settle and nothing else: no verdict of one act reaches another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from duly.law import compiled, decide, facts, values
from tests.law import samples

CN = samples.shipped("cn", "house")
START = samples.act(
    jurisdictions=("CN",),
    elements=frozenset({"sender_name_first", "optout"}),
    written_holds=frozenset(),
    states=frozenset(),
    conduct=frozenset(),
    memberships=frozenset(),
    facts={"debt_disclosed": True, "at_work": False, "verification_lapsed": False},
)


def changed(act: values.Act) -> Iterator[tuple[str, values.Act]]:
    """The act with one fact changed, for every fact a rule may ask about, and unknown as well."""
    for name, fact in facts.FACTS.items():
        if name not in facts.PREDICATES:
            continue
        possible: list[object] = {
            facts.FactKind.WORD: [None, *(fact.values or ("other",))],
            facts.FactKind.WORDS: [None, *(frozenset({word}) for word in fact.values)],
            facts.FactKind.FLAG: [None, True, False],
            facts.FactKind.NUMBER: [None, 0, 7200],
        }[fact.kind]
        for value in possible:
            if name in values.FIELDS:
                yield name, replace(act, **{name: value})  # type: ignore[arg-type]
            else:
                yield name, replace(act, facts={**act.facts, name: value})


def test_an_act_that_differs_in_one_fact_is_judged_by_its_own() -> None:
    """After the act itself was judged, in whatever the other differs, and back again."""
    reading = compiled.Reading(CN)
    plain = decide.decide(CN, START)
    assert plain.kind is values.Kind.PERMIT
    told = set()
    for name, act in changed(START):
        assert reading.decide(START) == plain
        verdict = reading.decide(act)
        assert verdict == decide.decide(CN, act), name
        told.add((name, verdict.kind))

    assert {
        ("holds", values.Kind.HOLD),
        ("claims", values.Kind.FORBID),
        ("channel", values.Kind.PERMIT),
    } <= told


@pytest.mark.parametrize(
    "other",
    [
        {"zones": ("America/New_York",)},
        {"number_zones": ("America/New_York",)},
        {"number_zones": ()},
        {"preferred": ("11:00-12:00",)},
        {"jurisdictions": ("XX-1",)},
        {"facts": {"transit_seconds": 12 * 3600}},
    ],
)
def test_an_act_by_another_clock_is_judged_by_its_own(other: dict[str, object]) -> None:
    """What is no fact of a predicate, and still decides: where the clock hangs, and what the debtor wished."""
    pack = samples.written(
        samples.rule(
            "p.window",
            "time_window",
            "allow: [{from: 08:00, to: 19:00, from_incl: true, to_incl: false}], moment: arrival, "
            "preference: override, zone: {basis: area_code_presumption, unknown: hold}",
        )
    )
    start = samples.act(zones=(), number_zones=("Asia/Shanghai",), facts={"transit_seconds": 0})
    reading = compiled.Reading(pack)
    assert reading.decide(start).kind is values.Kind.PERMIT
    act = replace(start, **other)  # type: ignore[arg-type]

    assert reading.decide(act).kind is values.Kind.HOLD
    assert reading.decide(act) == decide.decide(pack, act)


def test_the_hour_and_the_history_are_asked_of_every_act_anew() -> None:
    """Both sides of the end of the hours and of the cap, by acts that share every fact."""
    reading = compiled.Reading(CN)
    evening = START.at.replace(hour=21, minute=59, second=59)
    sent = tuple(
        samples.contact(START.at - timedelta(hours=hours), "message_sent", channel="sms") for hours in (1, 2)
    )
    late = replace(START, at=evening + timedelta(seconds=1))

    assert reading.decide(replace(START, at=evening)).kind is values.Kind.PERMIT
    assert [one.rule for one in reading.decide(late).blocked_by] == ["cn-time-01", "cn-time-02"]
    assert reading.decide(late).until == START.at.replace(hour=8) + timedelta(days=1)
    assert reading.decide(replace(START, history=sent[:1])).facts["count.cn-freq-04"] == 1
    assert [one.rule for one in reading.decide(replace(START, history=sent)).blocked_by] == ["cn-freq-04"]
    assert reading.decide(START).facts["count.cn-freq-04"] == 0


def test_another_policy_is_another_law() -> None:
    """The lender's number is the act's own, also where acts of two policies come in turn."""
    reading = compiled.Reading(CN)
    sent = (samples.contact(START.at - timedelta(hours=1), "message_sent", channel="sms"),)
    for most, kind in ((1, values.Kind.HOLD), (2, values.Kind.PERMIT), (1, values.Kind.HOLD)):
        act = replace(START, history=sent, policy={"cn-freq-04": most})
        assert reading.decide(act).kind is kind
        assert reading.decide(act) == decide.decide(CN, act)
    unset = reading.decide(replace(START, policy={}))

    assert [(one.rule, one.fact) for one in unset.in_doubt] == [("cn-freq-04", "policy.cn-freq-04")]


def test_a_policy_that_is_changed_in_place_is_another_policy() -> None:
    """Whoever passes a mapping may change it: what was laid out under it is not what it says now."""
    reading, policy = compiled.Reading(CN), {"cn-freq-04": 1}
    sent = (samples.contact(START.at - timedelta(hours=1), "message_sent", channel="sms"),)
    act = replace(START, history=sent, policy=policy)
    assert reading.decide(act).kind is values.Kind.HOLD
    policy["cn-freq-04"] = 2

    assert reading.decide(act).kind is values.Kind.PERMIT


@pytest.mark.parametrize(("day", "binds"), [(date(2026, 1, 29), False), (date(2026, 1, 30), True)])
def test_a_text_binds_from_the_midnight_of_the_law(day: date, *, binds: bool) -> None:
    """The last second before and the first second after, by a reading that has judged on both days."""
    reading, zone = compiled.Reading(CN), ZoneInfo("Asia/Shanghai")
    for other in (date(2026, 1, 29), date(2026, 1, 30)):
        reading.decide(replace(START, at=datetime(other.year, other.month, other.day, 12, tzinfo=zone)))
    last = datetime(2026, 1, 29, 23, 59, 59, tzinfo=zone)
    act = replace(START, at=last + timedelta(seconds=1) if binds else last)

    assert act.at.date() == day
    assert ("cn-time-02" in {one.rule for one in reading.decide(act).blocked_by}) is binds
    assert reading.decide(act) == decide.decide(CN, act)


def test_each_permit_has_lists_of_its_own() -> None:
    """Whoever changes what he was shown changes nobody else's record."""
    reading = compiled.Reading(CN)
    first = reading.decide(START)
    shown = first.facts["elements"]
    assert isinstance(shown, list)
    shown.append("forged")

    assert reading.decide(START).facts["elements"] == ["optout", "sender_name_first"]


def test_what_is_remembered_has_an_end() -> None:
    """More sets of facts than a reading remembers are judged as the first ones are."""
    reading = compiled.Reading(CN, most_briefs=3)
    for act in [act for _, act in changed(START)][:40]:
        assert reading.decide(act) == decide.decide(CN, act)


def test_the_moment_may_be_given_in_any_zone() -> None:
    """The instant counts; the next lawful one is given in the zone that was asked in."""
    reading = compiled.Reading(CN)
    night = replace(START, at=datetime(2026, 11, 23, 15, tzinfo=UTC))

    assert reading.decide(night) == decide.decide(CN, night)
    assert str(reading.decide(night).until) == "2026-11-24 00:00:00+00:00"
