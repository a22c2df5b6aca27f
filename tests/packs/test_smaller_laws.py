"""The packs of the Union, Ireland, Hong Kong, Singapore and Australia, asked in JSON as anybody may ask them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from duly.app import questions
from duly.law import explain, pack
from duly.law.pack import Pack
from duly.model import party

ANYBODY = party.Actor(name="anybody", duties=frozenset())
ORDINARY: Mapping[str, Any] = {
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
    "debtor": {"id": "d1", "zones": [], "states": [], "consents": [], "preferences": []},
    "debt": {"id": "a1", "account": "a1"},
    "history": [],
    "facts": {},
    "text": None,
}
# Pack, jurisdictions, the debtor's zone, two in the afternoon there, and what the law asks besides.
PLACES: Mapping[str, tuple[list[str], str, str, Mapping[str, object]]] = {
    "ie": (["EU", "IE"], "Europe/Dublin", "2026-11-23T14:00:00+00:00", {}),
    "hk": (["HK"], "Asia/Hong_Kong", "2026-11-23T14:00:00+08:00", {}),
    "sg": (["SG"], "Asia/Singapore", "2026-11-23T14:00:00+08:00", {"licensed": True}),
    "au": (["AU"], "Australia/Sydney", "2026-11-23T14:00:00+11:00", {}),
}


def ask(name: str, *, at: str | None = None, act: Mapping[str, object] | None = None, **said: Any) -> Any:
    """The answer to an ordinary call of a collector at two in the afternoon, but for what is said otherwise."""
    codes, zone, two, facts = PLACES.get(name, (["EU"], "Europe/Berlin", "2026-11-23T14:00:00+01:00", {}))
    asked = copy.deepcopy(dict(ORDINARY)) | {
        "pack": name,
        "jurisdictions": codes,
        "at": at or two,
        "facts": facts,
    }
    asked["debtor"]["zones"] = [zone]
    asked["act"] |= act or {}
    return questions.ask(ANYBODY, json.dumps(asked | said).encode(), file="q.json", locale="en")


def loaded(name: str) -> Pack:
    """A shipped pack."""
    found, problems = pack.load(pack.shipped(name))
    assert problems == []
    assert found is not None
    return found


def blocked(answer: Mapping[str, Any]) -> list[str]:
    """The rules that bar the act."""
    return [one["rule"] for one in answer["blocked_by"]]


def lacks(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What could not be decided, for want of what."""
    return [(one["rule"], one["fact"]) for one in answer["in_doubt"]]


@pytest.mark.parametrize("name", PLACES)
def test_an_ordinary_call_of_a_collector_is_permitted(name: str) -> None:
    """To the debtor at home, at two in the afternoon of his own clock."""
    answer = ask(name)

    assert (answer["verdict"], blocked(answer), lacks(answer)) == ("permit", [], [])


def test_the_union_alone_allows_no_collector_a_call() -> None:
    """It has no clock; the law of the state decides, and silence is no permission."""
    assert lacks(ask("eu")) == [("duly.silence", "permission")]


def test_a_purchaser_who_told_of_the_transfer_may_call() -> None:
    """And one who did not may not."""
    told = {
        "at": "2026-11-02T10:00:00+01:00",
        "kind": "notice:transfer_notice",
        "channel": "letter",
        "number": "n",
    }
    facts = {"lender": "credit_purchaser"}

    assert ask("eu", actor="debt_buyer", facts=facts, history=[told])["verdict"] == "permit"
    assert blocked(ask("eu", actor="debt_buyer", facts=facts)) == ["eu.csd.10.2"]


@pytest.mark.parametrize("name", ["eu", "ie"])
def test_forbearance_comes_before_suit_from_the_day_the_directive_applies(name: str) -> None:
    """2026-11-20, in Ireland at its own midnight, which is one in the morning in Brussels."""
    offset = "+01:00" if name == "eu" else "+00:00"
    said: dict[str, Any] = {"actor": "first_party", "act": {"action": "sue"}}
    before = ask(name, at=f"2026-11-19T23:59:59{offset}", facts={"forbearance_considered": False}, **said)
    after = ask(name, at=f"2026-11-20T00:00:00{offset}", facts={"forbearance_considered": False}, **said)
    considered = ask(name, at=f"2026-11-20T00:00:00{offset}", facts={"forbearance_considered": True}, **said)

    assert "eu.ccd2.35" not in blocked(before)
    assert (after["verdict"], blocked(after)) == ("hold", ["eu.ccd2.35"])
    assert considered["verdict"] == "permit"


@pytest.mark.parametrize(
    ("name", "last", "first", "rule", "until"),
    [
        (
            "ie",
            "2026-11-23T20:59:59+00:00",
            "2026-11-23T21:00:00+00:00",
            "ie.cca46.hours",
            "2026-11-24T09:00:00+00:00",
        ),
        (
            "ie",
            "2026-11-28T20:59:59+00:00",
            "2026-11-29T12:00:00+00:00",
            "ie.cca46.hours",
            "2026-11-30T09:00:00+00:00",
        ),
        (
            "au",
            "2026-11-23T20:59:59+11:00",
            "2026-11-23T21:00:00+11:00",
            "au.dcg.hours.phone",
            "2026-11-24T07:30:00+11:00",
        ),
        (
            "au",
            "2026-11-28T09:00:00+11:00",
            "2026-11-28T08:59:59+11:00",
            "au.dcg.hours.phone",
            "2026-11-28T09:00:00+11:00",
        ),
    ],
)
def test_a_call_outside_the_hours_waits_for_their_first_second(
    name: str, last: str, first: str, rule: str, until: str
) -> None:
    """On either side of the end of an evening, of a Saturday, of a weekend's night."""
    answer = ask(name, at=first)

    assert ask(name, at=last)["verdict"] == "permit"
    assert (answer["verdict"], answer["until"], blocked(answer)) == ("hold", until, [rule])


@pytest.mark.parametrize("name", ["ie", "au"])
def test_holidays_that_nobody_supplied_are_not_asked_of_a_question(name: str) -> None:
    """A question carries no calendar; planning and sending do, and wait for it."""
    assert any(need.startswith(f"policy.{name}.cal.") for need in loaded(name).needs())
    assert lacks(ask(name)) == []


@pytest.mark.parametrize(
    ("name", "zone", "calendar", "rule", "until"),
    [
        ("ie", "+00:00", "ie.cal.public", "ie.cca46.holiday", "2026-12-26T09:00:00+00:00"),
        ("au", "+11:00", "au.cal.national", "au.dcg.holiday", "2026-12-26T09:00:00+11:00"),
    ],
)
def test_a_holiday_that_is_supplied_is_kept(
    name: str, zone: str, calendar: str, rule: str, until: str
) -> None:
    """The whole day, and no other; of a day outside those that were supplied nobody knows."""
    days = {
        "from": "2026-12-01",
        "until": "2026-12-31",
        "weekend": ["sat", "sun"],
        "holidays": ["2026-12-25"],
    }
    said = {"facts": {f"policy.{calendar}": days}}
    answer = ask(name, at=f"2026-12-25T14:00:00{zone}", **said)

    assert (answer["verdict"], answer["until"], blocked(answer)) == ("hold", until, [rule])
    assert ask(name, at=f"2026-12-24T14:00:00{zone}", **said)["verdict"] == "permit"
    assert lacks(ask(name, at=f"2027-01-04T14:00:00{zone}", **said)) == [(rule, f"policy.{calendar}")]


def test_the_irish_code_counts_to_its_last_day_and_then_the_number_is_open() -> None:
    """Three a month until 2026-03-23; of what is in its place the number was not seen."""
    three = [
        {"at": f"2026-03-0{day}T10:00:00+00:00", "kind": "conversation", "channel": "voice", "number": "n"}
        for day in (2, 3, 4)
    ]
    code = ask("ie", at="2026-03-23T14:00:00+00:00", history=three)
    since = ask("ie", at="2026-03-24T14:00:00+00:00", history=three)
    unsolicited = ask("ie", at="2026-03-24T14:00:00+00:00", history=three, facts={"express_request": False})
    own = {"express_request": False, "policy.ie.cpr2025": 4}

    assert blocked(code) == ["ie.cpc.contacts"]
    assert since["verdict"] == "permit"
    assert lacks(unsolicited) == [("ie.cpr2025", "policy.ie.cpr2025")]
    assert ask("ie", at="2026-03-24T14:00:00+00:00", history=three, facts=own)["verdict"] == "permit"


def test_hours_and_a_number_are_asked_of_a_bank_in_hong_kong() -> None:
    """The Code gives neither; what the bank sets is kept."""
    own = {
        "lender": "bank",
        "policy.hk.cobp.43.2.calls": 2,
        "policy.hk.cobp.43.2.hours": "mon,tue,wed,thu,fri 09:00-20:00",
    }
    late = ask("hk", at="2026-11-23T20:00:00+08:00", facts=own)

    assert lacks(ask("hk", facts={"lender": "bank"})) == [
        ("hk.cobp.43.2.calls", "policy.hk.cobp.43.2.calls"),
        ("hk.cobp.43.2.hours", "policy.hk.cobp.43.2.hours"),
    ]
    assert ask("hk", facts=own)["verdict"] == "permit"
    assert (late["until"], blocked(late)) == ("2026-11-24T09:00:00+08:00", ["hk.cobp.43.2.hours"])


def test_whom_the_code_of_hong_kong_binds_is_said_in_words() -> None:
    """A bank, or a member of the association, in either language."""
    rule = loaded("hk").rule("hk.cobp.43.2.calls")
    english, chinese = (
        " ".join(explain.rule_in_words(rule, date(2026, 11, 23), said)) for said in ("en", "zh")
    )

    assert "a bank, or the lender is a member of the Hong Kong Association of Banks" in english
    assert "机构类别为银行，或会员资格为香港银行公会" in chinese


@pytest.mark.parametrize(
    ("name", "role"), [("hk", "referee"), ("hk", "friend"), ("ie", "family"), ("ie", "employer")]
)
def test_nobody_else_is_called_about_the_debt(name: str, role: str) -> None:
    """Forbidden, and no waiting mends it."""
    recipient = {"role": role, "place": "home", "shared": False, "verified_days": 3}

    assert ask(name, act={"recipient": recipient})["verdict"] == "forbid"


def test_no_licence_no_collection_in_singapore() -> None:
    """Unknown, it is named; refused, it forbids."""
    assert lacks(ask("sg", facts={})) == [("sg.dca.licence", "licensed")]
    assert ask("sg", facts={"licensed": False})["verdict"] == "forbid"


@pytest.mark.parametrize(
    ("kind", "verdict"), [("attempt", "permit"), ("conversation", "hold"), ("message_sent", "hold")]
)
def test_in_australia_contacts_that_were_made_are_counted(kind: str, verdict: str) -> None:
    """Three in a week, on any channel; a call that reached nobody is none of them."""
    channel = "sms" if kind == "message_sent" else "voice"
    week = [
        {"at": f"2026-11-2{day}T10:00:00+11:00", "kind": kind, "channel": channel, "number": "n"}
        for day in (3, 4, 5)
    ]

    assert ask("au", at="2026-11-26T14:00:00+11:00", history=week)["verdict"] == verdict


def test_the_days_of_a_part_are_its_own() -> None:
    """Whichever of the two packs is named first, dated texts turn at midnight in the part."""
    eu, ie, cn, house = (loaded(name) for name in ("eu", "ie", "cn", "house"))

    assert pack.join(eu, ie).zone == pack.join(ie, eu).zone == "Europe/Dublin"
    assert pack.join(cn, house).zone == "Asia/Shanghai"
