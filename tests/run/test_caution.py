"""For how long what left in the lost time may still count: the longest window of any rule of the packs."""

from __future__ import annotations

import dataclasses

import pytest

from duly.law import pack, rules, terms
from duly.run import caution
from tests.law import samples

PACK = samples.shipped("cn", "house")
CAP = next(one.versions[0].term for one in PACK.rules if one.id == "cn-freq-04")


def with_term(term: terms.Term, status: rules.Status = rules.Status.IN_FORCE) -> pack.Pack:
    """The shipped packs, with this term in place of the lender's own cap."""
    changed = [
        dataclasses.replace(rule, versions=(dataclasses.replace(rule.versions[0], term=term, status=status),))
        if rule.id == "cn-freq-04"
        else rule
        for rule in PACK.rules
    ]
    return dataclasses.replace(PACK, rules=tuple(changed))


def cap(n: int, unit: terms.Unit) -> terms.Cap:
    """A cap over so many of these."""
    assert isinstance(CAP, terms.Cap)
    return dataclasses.replace(CAP, n=n, unit=unit)


def wait(n: int, day_type: terms.DayType, *, must_exist: bool = False) -> terms.Precedence:
    """No act within so many days of another, or only after one."""
    days = terms.Count(n=n, day_type=day_type, calendar=None)
    return terms.Precedence(
        event=frozenset({"message_sent"}),
        must_exist=must_exist,
        wait=terms.Wait(days=days, event_day_counts=True, since=terms.Since.SENT, receipt=None),
        scope=(terms.Scope.PERSON,),
        channels=frozenset(),
        clock=terms.Clock(basis=terms.ZoneBasis.FIXED, name="Asia/Shanghai"),
    )


@pytest.mark.parametrize(
    ("term", "days"),
    [
        (cap(7, terms.Unit.CONSECUTIVE_DAYS), 7),
        (cap(1, terms.Unit.CALENDAR_WEEK), 7),
        (cap(1, terms.Unit.CALENDAR_MONTH), 31),
        (cap(24, terms.Unit.HOURS), 2),
        (cap(25, terms.Unit.HOURS), 3),
        (wait(30, terms.DayType.CALENDAR), 31),
        (wait(10, terms.DayType.BUSINESS), 35),
        (wait(30, terms.DayType.CALENDAR, must_exist=True), 1),
    ],
)
def test_the_longest_window_of_all_rules_decides(term: terms.Term, days: int) -> None:
    """A day more than a text counts is taken where its end is not on a day."""
    assert caution.longest_window(with_term(term)) == days


def test_what_is_never_enforced_lengthens_nothing() -> None:
    """A cap that is only proposed bars nobody; those that the shipped packs enforce count by the day."""
    month = cap(1, terms.Unit.CALENDAR_MONTH)
    assert caution.longest_window(with_term(month, rules.Status.PROPOSED)) == 1
    assert caution.longest_window(PACK) == 1
