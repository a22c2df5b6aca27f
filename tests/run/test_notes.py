"""What a person tells of an account or of a debtor; and every hold that was set can be ended."""

from __future__ import annotations

import pytest

from duly.app import notes
from duly.errors import WrongUsage
from duly.model.account import HoldKind
from duly.model.party import Actor, Duty
from duly.run.planned import Planned
from tests.run.house import ON, House

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}))


def told(house: House, whom: str, *, lift: bool, person: bool = False) -> notes.Held:
    """Somebody sets or lifts a dispute."""
    return notes.hold(
        CHEN,
        house.folder,
        account=whom,
        kind=HoldKind.DISPUTE,
        on=ON,
        lift=lift,
        environ=house.environ,
        person=person,
    )


def planned(house: House, about: Planned) -> int:
    """How many messages to its person about its accounts a new plan has."""
    house.plan(persons=[about.person])
    left = [row for row in house.waiting() if row.person == about.person]
    return sum(1 for row in left if set(row.accounts) & set(about.accounts))


def test_what_a_debtor_answered_holds_him_until_it_is_ended_for_him(house: House) -> None:
    """A dispute by reply is the person's: ended on one account it is told to go on, ended for him it is over."""
    row = next(one for one in house.waiting() if one.channel == "sms")
    house.reply(row, "我有异议")
    assert planned(house, row) == 0

    still = told(house, row.accounts[0], lift=True)
    assert still.persons == (row.person,)
    assert planned(house, row) == 0

    assert told(house, row.person, lift=True, person=True).persons == ()
    assert planned(house, row) >= 1
    assert [one.committed["change"] for one in house.entries("hold")] == ["lifted", "lifted"]


def test_a_hold_on_a_person_holds_all_his_accounts(house: House) -> None:
    """Set and ended by hand, like one on an account."""
    row = next(one for one in house.waiting() if one.channel == "sms")
    told(house, row.person, lift=False, person=True)
    assert planned(house, row) == 0
    told(house, row.person, lift=True, person=True)
    assert planned(house, row) >= 1


def test_a_hold_on_an_account_is_ended_on_the_account(house: House) -> None:
    """And nobody is said to be held beyond it."""
    row = next(one for one in house.waiting() if one.channel == "sms")
    for account in row.accounts:
        told(house, account, lift=False)
    assert planned(house, row) == 0
    assert [told(house, account, lift=True).persons for account in row.accounts] == [()] * len(row.accounts)
    assert planned(house, row) >= 1


def test_an_unknown_person_is_not_held(house: House) -> None:
    """A slip of the pen holds nobody."""
    with pytest.raises(WrongUsage, match="no person P-nobody"):
        told(house, "P-nobody", lift=False, person=True)
