"""The law of the United Kingdom as an expert asks it: a collector's call, a default notice, a letter of claim."""

from __future__ import annotations

from typing import Any

import pytest

from duly.law import rules
from tests.packs import asking

HOURS = {"policy.uk.conc.7.9.4": "08:00-20:00"}
CALL: dict[str, Any] = {
    "pack": "gb",
    "jurisdictions": ["GB"],
    "at": "2026-11-23T14:00:00+00:00",
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
    "debtor": {"id": "d1", "zones": ["Europe/London"], "states": [], "consents": [], "preferences": []},
    "debt": {"id": "a1", "account": "a1"},
    "history": [],
    "facts": HOURS,
    "text": None,
}


def ask(**changed: Any) -> asking.Said:
    """What the pack says of the call with some of it changed."""
    return asking.ask(asking.shipped("gb"), CALL, **changed)


def letter(name: str, day: str) -> dict[str, object]:
    """A notice on paper, dated the day it went."""
    return {
        "at": f"{day}T10:00:00+00:00",
        "kind": f"notice:{name}",
        "channel": "letter",
        "number": "n1",
        "dated": day,
    }


PERMIT: asking.Said = ("permit", None, [], [])


def test_an_ordinary_call_in_the_lenders_hours_is_permitted() -> None:
    """CONC binds lender and collector alike; nothing is in doubt about what a call has nothing to do with."""
    assert ask() == PERMIT
    assert ask(actor="first_party") == PERMIT
    assert ask(act__channel="sms") == PERMIT
    assert ask(act__channel="letter") == PERMIT


def test_no_clock_times_are_made_up() -> None:
    """Without the lender's hours every contact is held, at noon and at midnight, and for that alone."""
    wanting = [("uk.conc.7.9.4", "policy.uk.conc.7.9.4")]
    for hour in ("00", "12", "14"):
        assert ask(at=f"2026-11-23T{hour}:00:00+00:00", facts={}) == ("hold", None, [], wanting)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("07:59:59", ("hold", "2026-11-23T08:00:00+00:00", ["uk.mcob.13.5.4"], [])),
        ("08:00:00", PERMIT),
        ("20:59:59", PERMIT),
        ("21:00:00", ("hold", "2026-11-24T08:00:00+00:00", ["uk.mcob.13.5.4"], [])),
    ],
)
def test_a_reasonable_hour_for_a_mortgage_is_guidance(at: str, expected: asking.Said) -> None:
    """Between 8 am and 9 pm, for the mortgage lender's calls; the collector of a loan is not asked about it."""
    own = {"policy.uk.conc.7.9.4": "00:00-24:00", "policy.uk.mcob.13.5.3": 3}
    asked = {"at": f"2026-11-23T{at}+00:00", "facts": own}

    assert ask(**asked, actor="first_party", product="mortgage") == expected
    assert ask(**asked) == PERMIT
    assert asking.shipped("gb").rule("uk.mcob.13.5.4").effect is rules.Effect.ADVISE


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ("disputed", "uk.conc.7.14.1"),
        ("dispute", "uk.conc.7.14.1"),
        ("mental_capacity", "uk.conc.7.10"),
        ("plan_in_progress", "uk.conc.7.3.11"),
        ("breathing_space", "uk.breathing"),
        ("mental_health_moratorium", "uk.breathing.mh"),
    ],
)
def test_what_suspends_recovery_suspends_a_call_and_a_suit(state: str, rule: str) -> None:
    """While it lasts, whoever acts, and a notice that a statute requires too."""
    ready = {"history": [letter("letter_of_claim", "2026-10-01")], "act__action": "sue"}

    assert ask(debtor__states=[state]) == ("hold", None, [rule], [])
    assert ask(debtor__states=[state], act__mandatory=True, act__channel="letter")[2] == [rule]
    assert ask(**ready) == PERMIT
    assert ask(**ready, debtor__states=[state]) == ("hold", None, [rule], [])


def test_only_the_customer_and_who_acts_for_him_is_told() -> None:
    """A guarantor is a customer; the household, the employer and the occupier are not."""
    for role in ("guarantor", "attorney", "debt_adviser", "executor"):
        assert ask(act__recipient__role=role) == PERMIT, role
    for role in ("household", "spouse", "employer", "occupier", "friend"):
        assert ask(act__recipient__role=role) == ("forbid", None, ["uk.conc.7.9.6"], []), role


@pytest.mark.parametrize("action", ["terminate", "accelerate", "repossess", "enforce_security"])
def test_a_default_notice_and_fourteen_days_after_its_service(action: str) -> None:
    """Served on the 1st: held through the 15th, lawful on the 16th, by the law's own midnight."""
    served = {
        "act__action": action,
        "actor": "first_party",
        "history": [letter("default_notice", "2026-11-01")],
    }

    assert ask(act__action=action) == ("hold", None, ["uk.cca.87", "uk.cca.88"], [])
    early = ask(**served, at="2026-11-15T23:59:59+00:00")
    assert early == ("hold", "2026-11-16T00:00:00+00:00", ["uk.cca.88"], [])
    assert ask(**served, at="2026-11-16T00:00:00+00:00") == PERMIT


def test_thirty_days_after_the_date_of_the_letter_of_claim() -> None:
    """Dated 1 October: no suit through the 31st; and none at all where no letter went."""
    went = {"act__action": "sue", "history": [letter("letter_of_claim", "2026-10-01")]}

    assert ask(act__action="sue") == ("hold", None, ["uk.pap.letter"], [])
    early = ask(**went, at="2026-10-31T23:59:59+00:00")
    assert early == ("hold", "2026-11-01T00:00:00+00:00", ["uk.pap.letter"], [])
    assert ask(**went, at="2026-11-01T00:00:00+00:00") == PERMIT


def test_a_barred_debt() -> None:
    """Asked for where the customer was in contact in the period, not after his refusal; suit is never threatened."""
    known = HOURS | {"contacted_in_period": True}

    assert ask(debtor__states=["time_barred"])[3] == [("uk.conc.7.15.contact", "contacted_in_period")]
    assert ask(debtor__states=["time_barred"], facts=known) == PERMIT
    refused = ask(debtor__states=["time_barred", "refused_as_barred"], facts=known)
    assert refused == ("forbid", None, ["uk.conc.7.15"], [])
    threat = ask(debtor__states=["time_barred"], facts=known, act__action="threaten_suit")
    assert threat == ("forbid", None, ["uk.conc.7.15.suit"], [])


def test_the_treasurys_plan_binds_nothing() -> None:
    """It is a proposal without a day, and the sections that it would repeal stand beside it."""
    (plan,) = asking.shipped("gb").rule("uk.cca.reform").versions

    assert plan.status is rules.Status.PROPOSED
    assert plan.since is None
    for name in ("uk.cca.86a", "uk.cca.86b", "uk.cca.86c", "uk.cca.86d", "uk.cca.87", "uk.cca.88"):
        assert asking.shipped("gb").rule(name).versions[-1].until is None, name
