"""Acts, contacts and lifts that make no sense cannot be built; and the table of facts is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from duly.law import facts, values
from duly.model import account, notice, party
from tests.law import samples

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: samples.act(at=datetime(2026, 11, 23, 12)), "no zone"),  # noqa: DTZ001 - the mistake under test
        (lambda: samples.act(at=NOON.replace(microsecond=1)), "whole second"),
        (lambda: samples.act(person=""), "towards a person"),
        (lambda: samples.act(jurisdictions=()), "jurisdiction"),
        (lambda: samples.act(channel="pigeon"), "'pigeon' is not a value of the fact channel"),
        (lambda: samples.act(claims=frozenset({"rudeness"})), "not a value of the fact claims"),
        (lambda: samples.act(facts={"mood": "good"}), "'mood' is not a further fact"),
        (lambda: samples.act(facts={"channel": "sms"}), "'channel' is not a further fact"),
        (lambda: samples.act(facts={"zones": "x"}), "'zones' is not a further fact"),
        (lambda: samples.act(facts={"night_consent": "yes"}), "not a value of the fact night_consent"),
        (lambda: samples.act(facts={"transit_seconds": True}), "not a value of the fact transit_seconds"),
        (lambda: samples.contact(NOON, "shout"), "unknown kind"),
        (lambda: samples.contact(NOON.replace(microsecond=5)), "whole second"),
        (lambda: samples.contact(NOON, number=""), "its number"),
        (lambda: samples.contact(NOON, account=""), "its account"),
        (lambda: values.Lift(people=("Li", "Li"), on=date(2026, 1, 1), why="x"), "two different people"),
        (lambda: values.Lift(people=("Li", ""), on=date(2026, 1, 1), why="x"), "two different people"),
        (lambda: values.Lift(people=("Li", "Wang"), on=date(2026, 1, 1), why=""), "a reason"),
    ],
)
def test_what_makes_no_sense_cannot_be_built(make: Callable[[], object], said: str) -> None:
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=said):
        make()


def test_an_empty_word_is_unknown() -> None:
    """Not a word of its own, and never a no."""
    assert samples.act(channel="").fact("channel") is None
    assert samples.act(stage=None).fact("stage") is None


@pytest.mark.parametrize(
    ("role", "said", "liable"),
    [
        ("borrower", None, True),
        ("co_borrower", None, True),
        ("guarantor_joint", None, True),
        ("guarantor_general", None, None),
        ("heir", None, None),
        ("guardian", None, None),
        ("family", None, False),
        ("none", None, False),
        ("borrower", False, False),
        ("guarantor_general", True, True),
        (None, None, None),
    ],
)
def test_liability_follows_from_the_role_only_where_the_role_decides_it(
    role: str | None, said: bool | None, liable: bool | None
) -> None:
    """And what was recorded comes first."""
    assert samples.act(recipient_role=role, liable=said).fact("liable") is liable


def test_the_words_of_the_table_are_those_of_the_model() -> None:
    """A hold, role, consent, state or class that the book knows is one the law can speak of."""
    assert set(facts.FACTS["holds"].values) == {kind.value for kind in account.HoldKind}
    assert set(facts.FACTS["recipient_role"].values) >= {role.value for role in party.Role}
    assert set(facts.FACTS["consent"].values) == {consent.value for consent in party.Consent}
    assert set(facts.FACTS["point_state"].values) == {state.value for state in party.PointState}
    assert set(facts.FACTS["notice_class"].values) == {one.value for one in notice.NoticeClass}
    assert set(facts.FACTS["channel"].values) >= {channel.value for channel in party.Channel}


def test_every_fact_has_its_supplier_and_its_words_in_both_languages() -> None:
    """A table a person can read."""
    for fact in facts.FACTS.values():
        assert fact.supplier
        assert all(fact.words)
        assert all(zh and en for zh, en in fact.values.values())
        if fact.otherwise is not None:
            assert set(fact.otherwise.values) <= set(facts.FACTS[fact.otherwise.by].values)


def test_every_fact_an_act_carries_is_in_the_table() -> None:
    """No field of an act escapes the closed table, and no predicate asks for what an act cannot carry."""
    assert values.FIELDS - {"facts"} <= set(facts.FACTS)
    assert values.FIELDS | set(facts.FURTHER) >= facts.PREDICATES
