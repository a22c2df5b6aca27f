"""A promise is true only while such an offer is on record."""

from __future__ import annotations

from datetime import date

import pytest

from duly.text import lint, offers
from duly.text.offers import Offer
from duly.text.wording import OFFERS, Action
from tests.text import material

SPRING = Offer(name="spring", kind="waiver", since=date(2026, 11, 1), until=date(2026, 11, 30))
PROMISES = [
    ("您的罚息可减免", "waiver"),
    ("现在还款享优惠", "discount"),
    ("还款打折", "discount"),
    ("我们已为您分期", "plan"),
    ("We waive the interest", "waiver"),
    ("You get 20 percent off", "discount"),
    ("Your plan is approved", "plan"),
]


def promised(text: str, *kinds: str) -> list[tuple[str, str | None, Action]]:
    """What is found in a text while offers of these kinds stand."""
    measure = material.measure(required=frozenset(), offers=frozenset(kinds))
    found = lint.lint(text, measure, allowed=(), values={})
    return [(one.code, one.category, one.action) for one in found if one.category == "false_promise"]


@pytest.mark.parametrize(("text", "kind"), PROMISES)
def test_a_promise_without_an_offer_is_false(text: str, kind: str) -> None:
    """It blocks, as a false promise; an offer of another kind does not help; one of its own asks a person."""
    others = set(OFFERS) - {kind}

    assert set(promised(text)) == {("text.lint.offer", "false_promise", Action.BLOCK)}
    assert set(promised(text, *others)) == {("text.lint.offer", "false_promise", Action.BLOCK)}
    assert set(promised(text, kind)) == {("text.lint.review", "false_promise", Action.REVIEW)}


@pytest.mark.parametrize(
    "text",
    ["我们不提供减免", "申请减免须提供材料", "We do not offer discounts.", "This does not waive any right."],
)
def test_to_promise_nothing_is_no_promise(text: str) -> None:
    """Lawful sentences with the same words."""
    assert promised(text) == []


def test_an_offer_does_not_excuse_what_nobody_may_promise() -> None:
    """To wipe a credit record is in nobody's gift."""
    assert promised("交钱后包消征信", *OFFERS) == [("text.lint.wording", "false_promise", Action.BLOCK)]


@pytest.mark.parametrize(
    ("on", "stands"),
    [
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2026, 11, 30), True),
        (date(2026, 12, 1), False),
    ],
)
def test_an_offer_stands_from_its_first_to_its_last_day(on: date, *, stands: bool) -> None:
    """Both included."""
    assert offers.standing([SPRING], on=on, creditor="chenxi") == (frozenset({"waiver"}) if stands else set())


def test_an_offer_of_one_creditor_is_not_anothers() -> None:
    """It stands for its own debtors alone; one that names nobody stands for all."""
    own = Offer(
        name="own", kind="plan", since=SPRING.since, until=SPRING.until, creditors=frozenset({"yunhe"})
    )

    assert offers.standing([own], on=SPRING.since, creditor="yunhe") == {"plan"}
    assert offers.standing([own], on=SPRING.since, creditor="chenxi") == frozenset()
    assert offers.standing([SPRING], on=SPRING.since, creditor="anybody") == {"waiver"}
