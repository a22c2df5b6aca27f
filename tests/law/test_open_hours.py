"""Windows whose text gives no hours: the lender sets them, and until then nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from duly.law import check, columnar, compiled, decide, explain, values
from tests.law import samples

LONDON = ZoneInfo("Europe/London")
PACK = samples.written(
    samples.rule(
        "x.hours",
        "time_window",
        "allow: null, zone: {basis: debtor, unknown: hold}, preference: override,",
        head="applies: {action: [contact]}",
    ),
    zone="Europe/London",
)


def act(hour: int, **changed: object) -> values.Act:
    """A contact on a Monday in London."""
    at = datetime(2026, 11, 23, hour, tzinfo=LONDON)
    return samples.act(at=at, zones=("Europe/London",), **({"policy": {}} | changed))


def judged(one: values.Act) -> tuple[values.Kind, datetime | None, list[str]]:
    """What all three readings say: the verdict, until when, and the facts that are wanting."""
    plain = decide.decide(PACK, one)
    (row,) = columnar.judge_acts(PACK, [one])
    assert (row["verdict"], row["until"]) == (plain.kind.value, plain.until)
    assert [doubt["fact"] for doubt in row["in_doubt"]] == [doubt.fact for doubt in plain.in_doubt]
    assert compiled.Reading(PACK).decide(one) == plain
    return plain.kind, plain.until, [doubt.fact for doubt in plain.in_doubt]


@pytest.mark.parametrize("own", [None, 3, "", "in the morning", "20:00-08:00", "08:00-20:00;"])
def test_until_the_lender_has_stated_hours_every_contact_is_held(own: int | str | None) -> None:
    """A number, or words that state no hours, are none; and no hours are made up, of the day neither."""
    one = act(14, policy={} if own is None else {"x.hours": own})

    assert judged(one) == (values.Kind.HOLD, None, ["policy.x.hours"])


def test_the_lenders_hours_are_kept_to_the_second() -> None:
    """The first is in, the last is out; the next lawful instant is the first of the next stretch."""
    own = {"x.hours": "mon,tue,wed,thu,fri 08:00-20:00; sat 09:00-17:00"}

    assert judged(act(8, policy=own))[0] is values.Kind.PERMIT
    assert judged(act(20, policy=own)) == (
        values.Kind.HOLD, datetime(2026, 11, 24, 8, tzinfo=LONDON), [],
    )  # fmt: skip
    sunday = replace(act(14, policy=own), at=datetime(2026, 11, 22, 14, tzinfo=LONDON))
    assert judged(sunday) == (values.Kind.HOLD, datetime(2026, 11, 23, 8, tzinfo=LONDON), [])


def test_the_debtors_own_hours_stand_in_the_place_of_the_lenders_but_not_of_none() -> None:
    """He narrows or moves what was set; where nothing was set his wish alone opens nothing."""
    night = ("22:00-23:00",)

    assert judged(act(22, policy={"x.hours": "08:00-20:00"}, preferred=night))[0] is values.Kind.PERMIT
    assert judged(act(22, preferred=night)) == (values.Kind.HOLD, None, ["policy.x.hours"])


def test_the_pack_itself_stays_as_it_was_read() -> None:
    """Hours are put into a copy, and where there are none to put the pack is the same."""
    assert PACK.settled({}) is PACK
    assert PACK.settled({"x.hours": "in the morning"}) is PACK
    assert not PACK.settled({"x.hours": "08:00-20:00"}).rule("x.hours").is_open
    assert PACK.rule("x.hours").is_open


def test_hours_that_are_none_are_shown_before_anything_is_sent() -> None:
    """So are hours that were not set at all."""
    assert [one.code for one in check.policy_problems(PACK, {}, "duly.toml")] == ["law.policy.unset"]
    wrong = check.policy_problems(PACK, {"x.hours": "in the morning"}, "duly.toml")
    assert [one.code for one in wrong] == ["law.policy.hours"]
    assert check.policy_problems(PACK, {"x.hours": "08:00-20:00"}, "duly.toml") == []


def test_the_sentence_says_that_the_law_gives_no_hours() -> None:
    """In both languages."""
    rule = PACK.rule("x.hours")

    english = "\n".join(explain.rule_in_words(rule, PACK.as_of, "en"))
    chinese = "\n".join(explain.rule_in_words(rule, PACK.as_of, "zh-CN"))
    assert "The law gives no hours; the lender sets them" in english
    assert "法律未给出时段，由机构设定" in chinese
