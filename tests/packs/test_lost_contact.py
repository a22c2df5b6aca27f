"""Loss of contact is recorded, and by itself opens no way to anybody else."""

from __future__ import annotations

import functools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from duly.law import decide, pack, values
from duly.law.pack import Pack


@functools.cache
def law() -> Pack:
    """The law of mainland China, with the house's own stops."""
    found = [pack.load(pack.shipped(name))[0] for name in ("cn", "house")]
    whole = [one for one in found if one is not None]
    assert len(whole) == 2
    return pack.join(*whole)


def asked(role: str, *, lost: bool | None, liable: bool | None = None) -> values.Verdict:
    """A neutral message to somebody in this role, on a debt whose debtor is lost or is not."""
    return decide.decide(
        law(),
        values.Act(
            at=datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai")),
            jurisdictions=("CN",),
            person="P1",
            accounts=("A1",),
            actor="first_party",
            debt_class="consumer",
            product="cash_loan",
            channel="sms",
            action="contact",
            stage="first",
            notice_class="nudge",
            number="n1",
            recipient_role=role,
            liable=liable,
            zones=("Asia/Shanghai",),
            holds=frozenset(),
            consent="unknown",
            point_state="ok",
            shared=False,
            claims=frozenset(),
            elements=frozenset({"sender_name_first", "official_contact", "verify_code"}),
            policy={"cn-freq-04": 2},
            facts={
                "first_notice": True,
                "debt_disclosed": False,
                "at_work": False,
                "verification_lapsed": False,
                "contact_lost": lost,
            },
        ),
    )


@pytest.mark.parametrize("role", ["contact", "family", "friend", "employer", "third_party"])
@pytest.mark.parametrize("lost", [True, False, None])
def test_nobody_else_is_contacted_because_the_debtor_is_lost(role: str, *, lost: bool | None) -> None:
    """The named values say what the texts allow; no rule on recipients is lifted by them."""
    verdict = asked(role, lost=lost)

    assert verdict.kind is values.Kind.FORBID
    assert "cn-target-01" in {one.rule for one in verdict.blocked_by}
    assert all("contact_lost" not in rule.lifted_by for rule in law().rules)


def test_the_debtor_himself_may_be() -> None:
    """The same message, to the borrower."""
    assert asked("borrower", lost=True, liable=True).kind is values.Kind.PERMIT
