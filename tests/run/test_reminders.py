"""A reminder before the due date is about what falls due then; every later notice about what is overdue."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from duly.app import plans, story
from duly.model.money import Money
from duly.model.party import Actor
from duly.run.planned import Planned
from duly.text import fields
from tests.run.house import ON, House

NEXT = ON + timedelta(days=1)
LIN = Actor(name="lin.yue", duties=frozenset())


def first(house: House, *, reminder: bool) -> Planned:
    """A message by SMS before the due date, which is not tomorrow, or one after it."""
    return next(
        row
        for row in house.waiting()
        if row.channel == "sms"
        and (row.notice in fields.REMINDERS) is reminder
        and (not reminder or date.fromisoformat(str(row.fields["next_due_on"])) > NEXT)
    )


def minor(row: Planned, name: str) -> int:
    """A sum of a message, in minor units."""
    found = row.fields[name]
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("reminder", [True, False])
def test_the_text_names_the_sum_that_is_due_and_its_day(house: House, reminder: bool) -> None:
    """To the cent as the book has it; a reminder names nothing overdue, for nothing is."""
    row = first(house, reminder=reminder)
    amount, day = ("next_due_minor", "next_due_on") if reminder else ("overdue_minor", "first_unpaid_on")
    due_on = date.fromisoformat(str(row.fields[day]))
    (ready,) = house.ready(row)

    assert fields.amount_in_words(row.fields[amount], "CNY", row.locale) in ready.text
    assert fields.day_in_words(due_on, ON, row.locale) in ready.text
    assert (due_on > ON) is reminder
    assert (row.fields["overdue_minor"] == 0) is reminder
    assert not re.search(r"(?<![\d,.])0\.00", ready.text)
    assert ready.findings == ()


@pytest.mark.parametrize("reminder", [True, False])
def test_the_plan_shows_what_the_text_says(house: House, reminder: bool) -> None:
    """The sum and the day that a notice is about, not nothing for a reminder."""
    row = first(house, reminder=reminder)
    day = "next_due_on" if reminder else "first_unpaid_on"

    shown = plans.preview(LIN, house.folder, on=NEXT, locale="en", environ=house.environ).notices

    (notice,) = [one for one in shown if (one.person, one.notice) == (row.person, row.notice)]
    assert notice.due_on == date.fromisoformat(str(row.fields[day]))
    if reminder:
        assert notice.amount == Money(minor=minor(row, "next_due_minor"), currency="CNY")
    else:
        assert notice.amount.minor >= minor(row, "overdue_minor")  # a day's interest more


@pytest.mark.parametrize("reminder", [True, False])
def test_what_left_is_told_with_its_sum_and_day(house: House, reminder: bool) -> None:
    """In the story of the account."""
    row = first(house, reminder=reminder)
    house.keep_only(row)
    amount, day = ("next_due_minor", "next_due_on") if reminder else ("overdue_minor", "first_unpaid_on")
    money = Money(minor=minor(row, amount), currency="CNY")

    assert house.send()

    told = story.tell(LIN, house.folder, account=row.accounts[0], locale="en", environ=house.environ)
    said = [str(line.says) for line in told.lines if str(line.says).startswith("Handed over")]
    assert [f"over CNY {money.plain()}, due on {row.fields[day]};" in one for one in said] == [True]
