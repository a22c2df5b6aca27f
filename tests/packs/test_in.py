"""The rules of the Reserve Bank of India as an expert asks them, and their change on 2027-01-01."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.packs import asking

LAST, FIRST = date(2026, 12, 31), date(2027, 1, 1)
CALL: dict[str, Any] = {
    "pack": "in",
    "jurisdictions": ["IN"],
    "at": "2026-12-31T14:00:00+05:30",
    "actor": "third_party",
    "debt_class": "consumer",
    "product": "personal_loan",
    "act": {
        "channel": "voice",
        "action": "contact",
        "stage": "first",
        "mandatory": False,
        "technology": "manual",
        "recipient": {"role": "debtor", "place": "home", "shared": False, "verified_days": 3},
    },
    "debtor": {"id": "d1", "zones": ["Asia/Kolkata"], "states": [], "consents": [], "preferences": []},
    "debt": {"id": "a1", "account": "a1"},
    "history": [
        {
            "at": "2026-12-01T10:00:00+05:30",
            "kind": "notice:agency_details",
            "channel": "email",
            "number": "n1",
        }
    ],
    "facts": {"policy.in.freq": 3},
    "text": None,
}
PERMIT: asking.Said = ("permit", None, [], [])
NEXT = {"at": "2027-01-01T14:00:00+05:30"}


def ask(**changed: Any) -> asking.Said:
    """What the pack says of the call with some of it changed."""
    return asking.ask(asking.shipped("in"), CALL, **changed)


def test_an_ordinary_call_is_permitted_on_both_days() -> None:
    """By an agency of which the borrower was told, and by the bank itself, with the lender's number set."""
    assert ask() == PERMIT
    assert ask(**NEXT) == PERMIT
    assert ask(actor="first_party", history=[]) == PERMIT
    assert ask(**NEXT, history=[]) == PERMIT


def test_no_number_of_calls_is_made_up() -> None:
    """Under the old rules and the new ones it is the lender's."""
    assert ask(facts={}) == ("hold", None, [], [("in.freq", "policy.in.freq")])
    assert ask(**NEXT, facts={}) == ("hold", None, [], [("in.freq", "policy.in.freq")])


def test_the_rules_change_by_themselves() -> None:
    """Which of them bind on the last day and not on the next, and the other way round."""
    before = {rule.id for rule in asking.shipped("in").rules if rule.binding(LAST)}
    after = {rule.id for rule in asking.shipped("in").rules if rule.binding(FIRST)}

    assert before - after == {
        "in.rbc.445.hours", "in.rbc.410.mfi", "in.record.442", "in.agency.442-3", "in.grievance.442-6",
        "in.2022.privacy", "in.2022.practices",
    }  # fmt: skip
    assert after - before == {
        "in.amd4.454y4", "in.agency.454l", "in.454y1", "in.454y6", "in.454z", "in.454z.exposure", "in.454z.conduct",
        "in.454aa", "in.record.454p", "in.record.454p.notice", "in.nbfc",
    }  # fmt: skip
    assert before & after == {"in.freq", "in.dl.8v", "in.2022.scope"}
    old, new = (asking.shipped("in").rule("in.freq").binding(day) for day in (LAST, FIRST))
    assert [one.cite.article for one in (old, new) if one] == ["para 445", "para 454Z(4)"]


@pytest.mark.parametrize(
    ("at", "changed", "expected"),
    [
        ("2026-12-31T19:00:00+05:30", {}, PERMIT),
        ("2026-12-31T19:00:01+05:30", {}, ("hold", "2027-01-01T08:00:00+05:30", ["in.rbc.445.hours"], [])),
        ("2027-01-01T07:59:59+05:30", {}, ("hold", "2027-01-01T08:00:00+05:30", ["in.amd4.454y4"], [])),
        ("2027-01-01T08:00:00+05:30", {}, PERMIT),
        ("2027-01-01T19:00:00+05:30", {}, PERMIT),
        ("2027-01-01T19:00:01+05:30", {}, ("hold", "2027-01-02T08:00:00+05:30", ["in.amd4.454y4"], [])),
        # Messages are bound from the first second of the new year in India, half past six in Greenwich.
        ("2026-12-31T18:29:59+00:00", {"act__channel": "sms"}, PERMIT),
        (
            "2026-12-31T18:30:00+00:00",
            {"act__channel": "sms"},
            ("hold", "2027-01-01T02:30:00+00:00", ["in.amd4.454y4"], []),
        ),
        (
            "2026-12-31T08:30:00+05:30",
            {"product": "microfinance"},
            ("hold", "2026-12-31T09:00:00+05:30", ["in.rbc.410.mfi"], []),
        ),
        ("2027-01-01T08:30:00+05:30", {"product": "microfinance"}, PERMIT),
        ("2027-01-01T18:30:00+05:30", {"product": "microfinance"}, PERMIT),
    ],
)
def test_the_hours_to_the_second_on_either_side(
    at: str, changed: dict[str, Any], expected: asking.Said
) -> None:
    """Both ends of a window are in; microfinance is as all other loans from the new year on."""
    assert ask(at=at, **changed) == expected


def test_another_time_only_at_the_borrowers_own_wish_and_only_from_the_new_year_on() -> None:
    """His request lifts the new hours; of the old ones it lifts nothing."""
    wished = {"policy.in.freq": 3, "express_request": True}

    assert ask(at="2027-01-01T20:30:00+05:30", facts=wished) == PERMIT
    assert ask(at="2026-12-30T20:30:00+05:30", facts=wished)[2] == ["in.rbc.445.hours"]
    evening = {"debtor__preferences": ["20:00-21:00"]}
    assert ask(at="2027-01-01T20:30:00+05:30", **evening) == PERMIT
    assert ask(**NEXT, **evening) == ("hold", "2027-01-01T20:00:00+05:30", ["in.amd4.454y4"], [])


def test_who_may_be_told() -> None:
    """From the new year on the borrower and the guarantor; before, a call to anybody else is allowed by no row."""
    assert ask(**NEXT, act__recipient__role="guarantor") == PERMIT
    for role in ("spouse", "employer", "referee", "friend", "attorney"):
        assert ask(**NEXT, act__recipient__role=role) == ("forbid", None, ["in.454y1"], []), role
    assert ask(act__recipient__role="spouse")[2] == ["in.2022.privacy"]
    assert ask(act__recipient__role="employer") == ("hold", None, [], [("duly.silence", "permission")])


def test_a_grievance_keeps_the_case_with_the_bank_until_the_new_year() -> None:
    """It bars the forwarding and no call; afterwards no row speaks of it."""
    pending = {"act__action": "refer_agency", "debtor__states": ["grievance_open"]}

    assert ask(**pending) == ("hold", None, ["in.grievance.442-6"], [])
    assert ask(**pending, facts={"frivolous": True}) == PERMIT
    assert ask(debtor__states=["grievance_open"]) == PERMIT
    assert ask(**NEXT, **pending)[2] == []


def test_an_agent_at_the_door_was_announced_the_day_before() -> None:
    """Under the new rules; on the day itself it is too early."""
    door = {"act__channel": "visit", "at": "2027-01-05T12:00:00+05:30"}
    told = {"kind": "notice:agency_details", "channel": "sms", "number": "n1"}

    assert ask(**door, history=[]) == ("hold", None, ["in.agency.454l"], [])
    today = ask(**door, history=[told | {"at": "2027-01-05T00:00:00+05:30"}])
    assert today == ("hold", "2027-01-06T08:00:00+05:30", ["in.agency.454l"], [])
    assert ask(**door, history=[told | {"at": "2027-01-04T23:59:59+05:30"}]) == PERMIT
