"""The federal law of the United States as an expert asks it: one collector's call, and what changes with one fact.

The questions carry what a question carries and no more, so they also hold that no rule is in doubt about what
the act has nothing to do with.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from duly.law import calendars, check, deadlines, duties, rules
from tests.packs import asking

Question = dict[str, Any]
CALL: Question = {
    "pack": "us",
    "jurisdictions": ["US"],
    "at": "2026-11-23T14:00:00-05:00",
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
    "debtor": {
        "id": "d1",
        "zones": ["America/New_York"],
        "states": [],
        "consents": [],
        "preferences": [],
    },
    "debt": {"id": "a1", "account": "a1"},
    "history": [],
    "facts": {},
    "text": None,
}
DAYS = [f"2026-11-{day}T10:00:00-05:00" for day in range(17, 24)]
DIRECT = {"basis": "direct", "given": "2026-11-01T12:00:00-05:00"}
LENDER = {"actor": "first_party"}
RECORDED = {**LENDER, "act__technology": "prerecorded", "facts": {"line": "residential"}}


def ask(**changed: Any) -> asking.Said:
    """What the pack says of the call with some of it changed."""
    return asking.ask(asking.shipped("us"), CALL, **changed)


def call(at: str, kind: str = "attempt", **more: Any) -> Question:
    """Something that happened on the telephone."""
    return {"at": at, "kind": kind, "channel": "voice", "debt": "a1", "number": "n1", **more}


SEVEN = [call(day) for day in DAYS]
OPT_OUT = {"at": "2026-11-20T12:00:00-05:00", "kind": "opt_out", "channel": "email"}


@pytest.mark.parametrize(
    ("changed", "verdict", "until", "blocks"),
    [
        ({}, "permit", None, []),
        ({"history": SEVEN[:6]}, "permit", None, []),
        ({"history": SEVEN}, "hold", "2026-11-24T08:00:01-05:00", ["us.regf.calls.cap"]),
        (
            {"history": [call(DAYS[3], "conversation")]},
            "hold",
            "2026-11-27T08:00:01-05:00",
            ["us.regf.calls.cooldown"],
        ),
        ({"at": "2026-11-23T08:00:00-05:00"}, "hold", "2026-11-23T08:00:01-05:00", ["us.regf.hours"]),
        ({"at": "2026-11-23T20:59:59-05:00"}, "permit", None, []),
        ({"at": "2026-11-23T21:00:00-05:00"}, "hold", "2026-11-24T08:00:01-05:00", ["us.regf.hours"]),
        (
            {"at": "2026-11-23T09:00:00-05:00", "facts": {"number_zones": ["America/Los_Angeles"]}},
            "hold",
            "2026-11-23T11:00:01-05:00",
            ["us.regf.hours"],
        ),
        (
            {
                "at": "2026-11-23T09:00:00-05:00",
                "debtor__zones": ["America/New_York", "America/Los_Angeles"],
            },
            "hold",
            "2026-11-23T11:00:01-05:00",
            ["us.regf.hours"],
        ),
        (
            {"act__recipient__place": "workplace", "facts": {"employer_prohibits": True}},
            "forbid",
            None,
            ["us.regf.work"],
        ),
        (
            {"act__recipient__place": "workplace", "facts": {"employer_prohibits": False}},
            "permit",
            None,
            [],
        ),
        ({"debtor__states": ["attorney_represented"]}, "hold", None, ["us.regf.attorney"]),
        (
            {"debtor__states": ["attorney_represented"], "act__recipient__role": "attorney"},
            "permit",
            None,
            [],
        ),
        (
            {"debtor__states": ["cease_requested"], "act__channel": "letter"},
            "hold",
            None,
            ["us.regf.cease"],
        ),
        (
            {
                "debtor__states": ["cease_requested"],
                "act__channel": "letter",
                "facts": {"purpose": "efforts_end"},
            },
            "permit",
            None,
            [],
        ),
        ({"act__channel": "email"}, "hold", None, ["us.regf.email.a"]),
        ({"act__channel": "email", "debtor__consents": [DIRECT]}, "permit", None, []),
        (
            {"act__channel": "email", "debtor__consents": [DIRECT], "history": [OPT_OUT]},
            "hold",
            None,
            ["us.regf.medium.stop"],
        ),
        ({"act__channel": "sms"}, "hold", None, ["us.regf.sms", "us.regf.sms.basis"]),
        (
            {"act__channel": "sms", "act__technology": "autodialled", "debtor__consents": [DIRECT]},
            "permit",
            None,
            [],
        ),
        (
            {
                "act__channel": "sms",
                "debtor__consents": [{"basis": "direct", "given": "2026-08-01T12:00:00-04:00"}],
            },
            "hold",
            None,
            ["us.regf.sms"],
        ),
        ({"debtor__states": ["validation_period"]}, "permit", None, []),
        (
            {"debtor__states": ["validation_period"], "facts": {"conduct": ["overshadowing"]}},
            "forbid",
            None,
            ["us.regf.overshadow"],
        ),
        ({"facts": {"message_class": "limited_content"}, "history": SEVEN[:6]}, "permit", None, []),
        (
            {"facts": {"message_class": "limited_content"}, "history": SEVEN},
            "hold",
            "2026-11-24T08:00:01-05:00",
            ["us.regf.calls.cap"],
        ),
        ({"debtor__states": ["time_barred"]}, "permit", None, []),
        (
            {"act__action": "threaten_suit", "debtor__states": ["time_barred"]},
            "forbid",
            None,
            ["us.regf.timebarred"],
        ),
        ({"debtor__states": ["disputed"]}, "hold", None, ["us.regf.dispute"]),
        ({"act__recipient__role": "family"}, "forbid", None, ["us.regf.thirdparty"]),
        ({"act__channel": "letter", "facts": {"format": "postcard"}}, "forbid", None, ["us.fdcpa.postcard"]),
        ({**LENDER, "at": "2026-11-23T22:00:00-05:00", "history": SEVEN}, "permit", None, []),
        ({**LENDER, "debtor__states": ["bankrupt"]}, "hold", None, ["us.bk.stay"]),
        ({**RECORDED, "history": SEVEN[:2]}, "permit", None, []),
        (
            {**RECORDED, "history": SEVEN[:3]},
            "hold",
            "2026-12-17T00:00:00-05:00",
            ["us.tcpa.res.3in30"],
        ),
        ({**RECORDED, "history": SEVEN[:3], "debtor__consents": [DIRECT]}, "permit", None, []),
        ({**RECORDED, "facts": {"line": "wireless"}}, "hold", None, ["us.tcpa.consent"]),
    ],
)
def test_a_question_is_answered_with_no_doubt_about_what_it_does_not_concern(
    changed: Question, verdict: str, until: str | None, blocks: list[str]
) -> None:
    """The rules that block, and the second from which it is lawful."""
    assert ask(**changed) == (verdict, until, blocks, [])


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        ({"act__recipient__place": "workplace"}, [("us.regf.work", "employer_prohibits")]),
        ({"debtor__states": ["cease"]}, [("us.regf.cease", "written_holds")]),
        ({"act__channel": "social"}, [("us.regf.social", "visibility")]),
        ({**RECORDED, "facts": {}}, [("us.tcpa.consent", "line")]),
        ({"debt_class": "business"}, [("duly.silence", "permission")]),
    ],
)
def test_a_question_that_leaves_open_what_decides_is_held_for_it(
    changed: Question, doubts: list[tuple[str, str]]
) -> None:
    """And for nothing else."""
    assert ask(**changed) == ("hold", None, [], doubts)


def test_a_consent_to_be_called_frees_one_call_of_the_seven_and_of_the_wait() -> None:
    """Given on the seventh day back it does, on the eighth no more."""
    talked = [*SEVEN[:6], call("2026-11-23T10:00:00-05:00", "conversation")]

    def asked(given: str) -> tuple[str, list[str]]:
        found = ask(
            history=talked, debtor__consents=[{"basis": "direct", "given": given, "channel": "voice"}]
        )
        return found[0], found[2]

    assert asked("2026-11-17T00:00:00-05:00") == ("permit", [])
    assert asked("2026-11-16T23:59:59-05:00") == ("hold", ["us.regf.calls.cap", "us.regf.calls.cooldown"])


def test_business_days_pass_over_the_holidays_that_the_lender_named() -> None:
    """Thanksgiving of 2026 is Thursday 26 November; the day of the trigger is not counted, weekends are not."""
    days = calendars.Days(
        since=date(2026, 11, 1),
        until=date(2026, 12, 31),
        weekend=frozenset({5, 6}),
        holidays=frozenset({date(2026, 11, 26)}),
        working=frozenset(),
    )
    known = asking.shipped("us").calendars({"us.cal.federal": days})

    def due(name: str, trigger: date) -> deadlines.Due:
        version = asking.shipped("us").rule(name).binding(trigger)
        assert version is not None
        assert isinstance(version.term, duties.Deadline)
        return next(deadlines.due(version.term, trigger, known, through=trigger))

    monday = date(2026, 11, 23)
    assert due("us.tcpa.revoke.by", monday).last == date(2026, 12, 8)
    assert due("us.regf.val.receipt", monday).last == date(2026, 12, 1)
    cheque = due("us.fdcpa.postdated", date(2026, 12, 1))
    assert (cheque.first, cheque.last) == (date(2026, 11, 16), date(2026, 11, 25))


def test_no_calendar_holds_an_act() -> None:
    """Only deadlines count by business days here, so a lender that names no holiday is held by none."""
    assert check.policy_problems(asking.shipped("us"), {}, "duly.toml") == []


def test_most_of_it_asks_first_who_collects() -> None:
    """Every rule of FDCPA and Regulation F that speaks to an act names whom it binds; the lender alone is out."""
    bound = {"third_party", "debt_buyer", "creditor_other_name"}
    for rule in asking.shipped("us").rules:
        if not rule.id.startswith(("us.regf.", "us.fdcpa.")) or rule.id == "us.regf.scope":
            continue
        for version in rule.versions:
            if rule.type not in {"parameter", "deadline", "retain", "duty"}:
                assert all(word in repr(version.applies) for word in bound), rule.id
                assert "first_party" not in repr(version.applies), rule.id


def test_the_deferred_text_is_one_and_says_until_when() -> None:
    """Revoke-all: adopted, deferred, and bound to its day like any other adopted text."""
    deferred = {
        (rule.id, version.since.isoformat())
        for rule in asking.shipped("us").rules
        for version in rule.versions
        if version.status is rules.Status.DEFERRED and version.since is not None
    }

    assert deferred == {("us.tcpa.revoke.all", "2027-01-31")}
    begins = asking.shipped("us").rule("us.tcpa.revoke.all").versions[0].since
    assert begins is not None
    assert asking.shipped("us").reviewed_until < begins
