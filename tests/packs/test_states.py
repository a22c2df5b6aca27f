"""The packs of the states and the city of New York, asked as anybody may ask them: joined to the federal one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from duly.app import questions
from duly.model.party import Actor

ANYBODY = Actor(name="", duties=frozenset())
CALL: dict[str, Any] = {
    "pack": "us",
    "jurisdictions": ["US", "US-MA"],
    "at": "2026-03-02T07:59:00-05:00",
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
    "debtor": {"id": "d1", "zones": ["America/New_York"], "states": [], "consents": [], "preferences": []},
    "debt": {"id": "a1", "account": "a1"},
    "history": [
        {
            "at": "2026-03-01T10:00:00-05:00",
            "kind": "attempt",
            "channel": "voice",
            "debt": "a1",
            "number": "n1",
        }
    ],
    "facts": {},
    "text": None,
}
CITY = ["US", "US-NY", "US-NY-NYC"]
CODES = ("US-MA", "US-FL", "US-NY", "US-DC", "US-CA", "US-WA")


def asked(*several: dict[str, Any]) -> list[Any]:
    """The answers to calls that differ from the one above by these."""
    found = questions.ask(
        ANYBODY, json.dumps([CALL | one for one in several]).encode(), file="q.json", locale="en"
    )
    assert isinstance(found, list)
    return found


def blocking(answer: Any) -> list[str]:
    """The rules that bar an act."""
    return [one["rule"] for one in answer["blocked_by"]]


def attempts(*days: str, kind: str = "attempt") -> list[dict[str, str]]:
    """What happened on these days at ten."""
    return [CALL["history"][0] | {"at": f"{day}T10:00:00-05:00", "kind": kind} for day in days]


def test_a_minute_before_eight_a_collector_waits_for_the_federal_second() -> None:
    """The federal hours leave out their ends; those of the state add what they say, and end a second earlier."""
    (early,) = asked({})

    assert (early["verdict"], early["until"]) == ("hold", "2026-03-02T08:00:01-05:00")
    assert blocking(early) == ["us.regf.hours", "us-ma.hours"]
    assert early["facts"]["local_time"] == "07:59:00"
    at_eight, after = asked({"at": "2026-03-02T08:00:00-05:00"}, {"at": "2026-03-02T08:00:01-05:00"})
    assert (at_eight["verdict"], blocking(at_eight)) == ("hold", ["us.regf.hours"])
    assert after["verdict"] == "permit"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("actor", ["third_party", "first_party"])
def test_an_ordinary_call_in_the_afternoon_is_lawful_in_every_state(code: str, actor: str) -> None:
    """Whether a collector or the lender itself calls, and whichever of the two packs is named."""
    own = {"policy.us-ca.rosenthal": 3} if code == "US-CA" else {}
    call = {"jurisdictions": ["US", code], "at": "2026-03-02T14:00:00-05:00", "actor": actor, "facts": own}
    for answer in asked(call, call | {"pack": code.lower()}):
        assert answer["verdict"] == "permit", answer


def test_the_city_has_its_own_law_beside_that_of_state_and_country() -> None:
    """Without the whole the act is held."""
    call = {"at": "2026-03-02T14:00:00-05:00"}
    whole, part = asked(
        call | {"jurisdictions": CITY}, call | {"jurisdictions": ["US-NY-NYC"], "pack": "us-ny-nyc"}
    )

    assert whole["verdict"] == "permit"
    assert {"rule": "duly.silence", "fact": "jurisdictions"} in part["in_doubt"]


def test_the_lender_itself_is_bound_in_massachusetts() -> None:
    """A third call in seven days is one too many, and so is one at nine in the evening."""
    third, late, elsewhere = asked(
        {
            "actor": "first_party",
            "at": "2026-02-24T14:00:00-05:00",
            "history": attempts("2026-02-22", "2026-02-23"),
        },
        {"actor": "first_party", "at": "2026-03-02T21:00:00-05:00"},
        {"actor": "first_party", "at": "2026-03-02T21:00:00-05:00", "jurisdictions": ["US", "US-DC"]},
    )

    assert (blocking(third), third["until"]) == (["us-ma.940cmr7.freq"], "2026-03-01T08:00:00-05:00")
    assert blocking(late) == ["us-ma.hours"]
    assert elsewhere["verdict"] == "permit"


def test_the_city_changes_by_itself_with_the_year() -> None:
    """Until then a third contact is presumed excessive, from then on a fourth contact or attempt is barred."""
    tried = attempts("2026-12-29", "2026-12-30", "2026-12-31")
    spoken = attempts("2026-12-30", "2026-12-31", kind="conversation")
    call = {"jurisdictions": CITY, "actor": "first_party", "facts": {"procedures_begun": True}}
    last, first = "2026-12-31T23:59:59-05:00", "2027-01-01T00:00:00-05:00"
    answers = asked(
        call | {"at": last, "history": tried},
        call | {"at": first, "history": tried},
        call | {"at": last, "history": spoken},
        call | {"at": first, "history": spoken},
    )

    assert [blocking(one) for one in answers] == [[], ["us-nyc.freq.2027"], ["us-nyc.freq.now"], []]
    assert answers[2]["until"] == first
    assert answers[1]["blocked_by"][0]["effect"] == "deny"
    assert answers[2]["blocked_by"][0]["effect"] == "presume_violation"


def test_a_number_that_california_leaves_to_the_lender_is_asked_for_by_name() -> None:
    """Until it is set every call is held, and the law invents none."""
    (answer,) = asked(
        {"jurisdictions": ["US", "US-CA"], "at": "2026-03-02T14:00:00-05:00", "actor": "first_party"}
    )

    assert answer["in_doubt"] == [{"rule": "us-ca.rosenthal", "fact": "policy.us-ca.rosenthal"}]
