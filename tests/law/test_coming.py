"""What the law will be: the changes that versions say, and the law of a later day as if it were today's."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest

from duly.law import coming, decide, pack, rules, values
from duly.law.coming import Kind

CN, _ = pack.load(pack.shipped("cn"))
TODAY = date(2026, 11, 23)


def rule(*texts: dict[str, Any]) -> rules.Rule:
    """A rule with these versions, each as the last one of a real rule but for what is given."""
    assert CN is not None
    one = CN.rule("cn-time-02")
    bare = dataclasses.replace(one.versions[-1], since=None, until=None)
    return dataclasses.replace(one, versions=tuple(dataclasses.replace(bare, **text) for text in texts))


def found(one: rules.Rule, today: date = TODAY) -> list[tuple[str, str, str | None, str | None]]:
    """Each change: day, kind, the text before and the text after by their first days."""
    return [
        (
            str(change.on),
            change.kind.value,
            change.before.name if change.before else None,
            change.after.name if change.after else None,
        )
        for change in coming.changes(one, today)
    ]


FIRST, LAST, NEXT = date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)


@pytest.mark.parametrize("status", [rules.Status.IN_FORCE, rules.Status.FUTURE, rules.Status.DEFERRED])
def test_an_adopted_text_begins_on_its_day_whatever_it_is_called(status: rules.Status) -> None:
    """One change, of the text before into the text after; on the day itself it is none any more."""
    one = rule({"since": FIRST, "until": LAST}, {"since": NEXT, "status": status})
    assert found(one) == [("2027-01-01", "begins", "2026-01-01", "2027-01-01")]
    assert found(one, LAST) == [("2027-01-01", "begins", "2026-01-01", "2027-01-01")]
    assert found(one, NEXT) == []


def test_a_text_that_ends_with_none_after_it_is_told() -> None:
    """Also where the time after it stands as withdrawn; up to and on its last day, not on the day after."""
    for one in (
        rule({"since": FIRST, "until": LAST}),
        rule({"since": FIRST, "until": LAST}, {"since": NEXT, "status": rules.Status.WITHDRAWN}),
    ):
        assert found(one) == [("2027-01-01", "ends", "2026-01-01", None)]
        assert found(one, LAST) == [("2027-01-01", "ends", "2026-01-01", None)]
        assert found(one, NEXT) == []


def test_a_proposal_is_told_as_one() -> None:
    """Beside the text that binds then; without a day, beside the one that binds now."""
    proposed = rules.Status.PROPOSED
    assert found(rule({"since": FIRST}, {"since": NEXT, "status": proposed})) == [
        ("2027-01-01", "proposed", "2026-01-01", "2027-01-01")
    ]
    assert found(rule({"since": FIRST}, {"status": proposed})) == [
        ("None", "proposed", "2026-01-01", "undated")
    ]
    assert found(rule({"since": FIRST}, {"since": TODAY, "status": proposed})) == []


def test_what_has_begun_and_does_not_end_changes_nothing() -> None:
    """Nor does what was over before."""
    assert found(rule({"since": FIRST})) == []
    assert found(rule({"since": FIRST, "until": date(2026, 6, 30)}, {"since": date(2026, 7, 1)})) == []


def _asked(law: pack.Pack, rule_id: str, at: datetime) -> bool:
    """Whether the rule stands in the way of a message by night."""
    act = values.Act(
        at=at,
        jurisdictions=("CN",),
        person="P1",
        action="contact",
        channel="sms",
        debt_class="consumer",
        notice_class="rights_preserving",
    )
    return rule_id in [reason.rule for reason in decide.decide(law, act).blocked_by]


@pytest.mark.parametrize("day", [LAST, NEXT])
def test_the_law_of_a_later_day_can_be_asked_today(day: date) -> None:
    """It answers today as the real one will on that day; both sides of the change."""
    assert CN is not None
    night = datetime(2026, 11, 23, 15, tzinfo=UTC)
    one = dataclasses.replace(rule({"since": FIRST, "until": LAST}), id="xx.night")
    law = dataclasses.replace(CN, rules=(*CN.rules, one))
    then = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    assert _asked(coming.as_of(law, day), "xx.night", night) == _asked(law, "xx.night", then)
    assert _asked(coming.as_of(law, day), "xx.night", night) == (day == LAST)


def test_a_proposal_can_be_put_in_the_place_of_what_binds() -> None:
    """In the preview alone; the law itself does not know it."""
    assert CN is not None
    one = dataclasses.replace(rule({"since": NEXT, "status": rules.Status.PROPOSED}), id="xx.night")
    law = dataclasses.replace(CN, rules=(*CN.rules, one))
    (change,) = coming.changes(one, TODAY)
    assert change.kind is Kind.PROPOSED
    assert change.after is not None
    night = datetime(2027, 1, 1, 15, tzinfo=UTC)
    assert not _asked(law, "xx.night", night)
    assert not _asked(coming.as_of(law, NEXT), "xx.night", night)
    assert _asked(coming.as_of(law, NEXT, instead={"xx.night": change.after}), "xx.night", night)
