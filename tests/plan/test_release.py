"""Lists that two people release: exactly what they saw is said, and nothing that came later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.plan import columns, release
from duly.plan.plan import Plan
from tests.plan import plans, strategies, worlds
from tests.plan.plans import ON, account, instalment, late, payment, point

KEY = b"r" * 32
HELD = worlds.loaded(strategies.PLAIN.replace("every: 3d", "approval: two_people, every: 3d"))
TWO: dict[str, Any] = {
    "accounts": [account(), account("B1", "P2")],
    "instalments": [instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "B1", "P2")],
    "contacts": [point(), point("sms", "P2")],
}


def asked(found: Plan) -> release.Release:
    """The one list that a plan holds back."""
    (one,) = release.waiting(found.decisions, key=KEY)
    return one


def said(found: Plan) -> list[str]:
    """The accounts of which something is said, by message."""
    return sorted(account for accounts in found.planned["accounts"].to_list() for account in accounts)


def test_what_waits_for_release_is_one_list_with_its_sum() -> None:
    """Everybody who is due at the stage, with the sum; nothing is said, and each decision tells why."""
    found = plans.decide(late(1, **TWO), strategy=HELD)
    waiting = asked(found)

    assert (waiting.stage, waiting.strategy, waiting.currency) == ("first", HELD.digest, "CNY")
    assert waiting.items == (("P1", "A1", 1, 123_080), ("P2", "B1", 1, 123_080))
    assert waiting.overdue_minor == 246_160
    assert said(found) == []
    for who, of in (("P1", "A1"), ("P2", "B1")):
        assert plans.decision(found, of, who)["code"] == "approval_missing"


def test_what_was_released_goes_on_to_the_law() -> None:
    """Every message says by which list; of a stage that asks for none it says nothing."""
    waiting = asked(plans.decide(late(1, **TWO), strategy=HELD))
    found = plans.decide(late(1, **TWO), strategy=HELD, released=release.frame([waiting]))
    plain = plans.decide(late(1, **TWO), released=release.frame([waiting]))

    assert said(found) == ["A1", "B1"]
    assert set(found.planned["release"]) == {waiting.digest}
    assert release.waiting(found.decisions, key=KEY) == ()
    assert set(plain.planned["release"]) == {""}


def test_an_account_that_came_after_the_release_is_not_said() -> None:
    """What two people saw is said, the other waits in a list of its own."""
    waiting = asked(plans.decide(late(1), strategy=HELD))
    found = plans.decide(late(1, **TWO), strategy=HELD, released=release.frame([waiting]))

    assert said(found) == ["A1"]
    assert asked(found).items == (("P2", "B1", 1, 123_080),)
    assert asked(found).digest != waiting.digest


@pytest.mark.parametrize(("paid", "held"), [(0, False), (1, True)])
def test_another_sum_is_another_thing(paid: int, held: bool) -> None:
    """One fen was paid since: what they saw is not what would be said, so it is asked for again."""
    waiting = asked(plans.decide(late(1), strategy=HELD))
    payments = [payment(ON, paid)] if paid else []
    found = plans.decide(late(1, payments=payments), strategy=HELD, released=release.frame([waiting]))

    assert said(found) == ([] if held else ["A1"])
    if held:
        assert asked(found).items == (("P1", "A1", 1, 123_079),)


def test_the_next_notice_of_the_stage_is_asked_for_again() -> None:
    """Two people released the first notice, not every one to come."""
    waiting = asked(plans.decide(late(1), strategy=HELD))
    repeat = replace(waiting, items=(("P1", "A1", 2, 123_080),))
    found = plans.decide(late(1), strategy=HELD, released=release.frame([repeat]))

    assert said(found) == []


@pytest.mark.parametrize(
    "other", [{"strategy": "0" * 64}, {"stage": "firm"}], ids=["another strategy", "another stage"]
)
def test_a_list_is_of_one_strategy_and_one_stage(other: dict[str, Any]) -> None:
    """What was released under other words, or for another stage, releases nothing here."""
    waiting = replace(asked(plans.decide(late(1), strategy=HELD)), **other)

    assert said(plans.decide(late(1), strategy=HELD, released=release.frame([waiting]))) == []


def test_an_account_of_two_people_counts_once_in_the_sum() -> None:
    """Both are told, and both stand in the list; what is overdue is owed once."""
    given = late(
        1,
        accounts=[account(), account("A1", "P2", role="co_borrower")],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "A1", "P2")],
        contacts=TWO["contacts"],
    )
    waiting = asked(plans.decide(given, strategy=HELD))

    assert [who for who, _, _, _ in waiting.items] == ["P1", "P2"]
    assert waiting.overdue_minor == 123_080


def test_money_of_two_currencies_stands_in_two_lists() -> None:
    """No sum is over both."""
    given = late(
        1,
        accounts=[account(), account("B1", "P2", currency="HKD")],
        instalments=TWO["instalments"],
        contacts=TWO["contacts"],
    )
    found = release.waiting(plans.decide(given, strategy=HELD).decisions, key=KEY)

    assert [(one.currency, one.overdue_minor) for one in found] == [("CNY", 123_080), ("HKD", 123_080)]


def test_a_notice_over_accounts_of_two_lists_speaks_of_one_of_them() -> None:
    """A message rests on one release; the other account waits for the next occurrence."""
    given = late(
        1,
        accounts=[account(), account("A2")],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "A2")],
    )
    whole = asked(plans.decide(given, strategy=HELD))
    one, other = (replace(whole, items=(item,)) for item in whole.items)
    found = plans.decide(given, strategy=HELD, released=release.frame([one, other]))

    assert len(said(found)) == 1
    assert found.planned["release"].item() in {one.digest, other.digest}
    codes = {plans.decision(found, of)["code"] for of in ("A1", "A2")}
    assert codes == {"first_notice", "joins_next_occurrence"}


# --- the digest


def test_the_digest_is_sha256_over_salt_and_list() -> None:
    """Anybody who is given both can compute it."""
    waiting = asked(plans.decide(late(1), strategy=HELD))

    assert json.loads(waiting.said)["items"] == [["P1", "A1", 1, 123_080]]
    assert waiting.digest == hashlib.sha256(waiting.salt + waiting.said.encode()).hexdigest()
    assert release.read(waiting.said, salt=waiting.salt, digest=waiting.digest) == waiting


def test_a_plan_made_twice_asks_for_the_same() -> None:
    """Who comes later signs what the first one signed; without the key nobody guesses what it is."""
    one, other = (asked(plans.decide(late(1, **TWO), strategy=HELD)) for _ in range(2))
    (elsewhere,) = release.waiting(plans.decide(late(1, **TWO), strategy=HELD).decisions, key=b"s" * 32)

    assert one == other
    assert one.said == elsewhere.said
    assert one.digest != elsewhere.digest


ALTERED: list[Callable[[dict[str, Any]], object]] = [
    lambda told: told["items"].append(["P9", "A9", 1, 5]),
    lambda told: told["items"][0].__setitem__(3, 1),
    lambda told: told.update(stage="firm"),
    lambda told: told.pop("items"),
]


@pytest.mark.parametrize("alter", ALTERED)
def test_a_list_that_was_altered_is_none(alter: Callable[[dict[str, Any]], object]) -> None:
    """Its digest no longer says what is in it."""
    waiting = asked(plans.decide(late(1), strategy=HELD))
    told = json.loads(waiting.said)
    alter(told)

    with pytest.raises(ValueError, match="list"):
        release.read(json.dumps(told), salt=waiting.salt, digest=waiting.digest)


def test_nothing_is_released_by_nothing() -> None:
    """No list, no row."""
    assert release.frame([]).equals(columns.empty(release.RELEASED))
    with pytest.raises(ValueError, match="at least one"):
        release.Release(strategy="s", stage="first", currency="CNY", items=(), salt=bytes(32))
