"""Every row of law that was put together for a jurisdiction is found in its pack, or the reason why it is not."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import pytest
import yaml

from duly.law import pack
from duly.law.duties import Retain
from duly.law.pack import Pack
from duly.law.rules import Authority, Reading
from duly.law.terms import Parameter, Silent

ROWS = pack.shipped("rows")
# How many rows were put together for each jurisdiction that has a pack.
GIVEN = {
    "cn": 116,
    "us": 56,
    "us-ma": 7,
    "us-ny-nyc": 7,
    "us-dc": 4,
    "us-ny": 2,
    "us-ca": 2,
    "us-wa": 2,
    "us-fl": 1,
    "gb": 30,
    "in": 16,
    "eu": 8,
    "ie": 4,
    "hk": 3,
    "sg": 2,
    "au": 8,
}
NAMES = sorted(path.stem for path in ROWS.glob("*.yaml"))
# What has a number in law that no text seen gives, and is left open: no number is made up for it.
OPEN_PERIODS = ("cn-rec-04", "cn-rec-05")


@functools.cache
def load(name: str) -> Pack:
    """A shipped pack."""
    found, problems = pack.load(pack.shipped(name))
    assert problems == []
    assert found is not None
    return found


def cn() -> Pack:
    """The pack of mainland China."""
    return load("cn")


def listed(name: str) -> Mapping[str, Mapping[str, str]]:
    """The list of a pack's rows: `landed`, `not_rules` and `added`."""
    found = yaml.safe_load((ROWS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert set(found) == {"landed", "not_rules", "added"}
    return {str(part): dict(rows) for part, rows in found.items()}


def test_every_pack_of_law_has_a_list() -> None:
    """But the house's own, which stands on no row."""
    packs = {path.parent.name for path in ROWS.parent.glob("*/pack.yaml")}

    assert set(NAMES) == set(GIVEN)
    assert packs - {"house"} == set(NAMES)


@pytest.mark.parametrize("of", NAMES)
def test_every_row_is_a_rule_or_has_a_reason_why_not(of: str) -> None:
    """All are there, each once, and a row that is no rule says why in a sentence."""
    rows = listed(of)

    assert len(rows["landed"]) + len(rows["not_rules"]) == GIVEN[of]
    assert not set(rows["landed"]) & set(rows["not_rules"])
    for name, why in rows["not_rules"].items():
        assert why.endswith("."), name
        assert len(why.split()) > 5, name


@pytest.mark.parametrize("of", NAMES)
def test_a_row_that_landed_is_the_rule_of_its_id_and_type(of: str) -> None:
    """CN-TIME-01 is the rule cn-time-01, and the list says of which type."""
    types = {rule.id: rule.type for rule in load(of).rules}

    for name, kind in {**listed(of)["landed"], **listed(of)["added"]}.items():
        assert types.get(name.lower()) == kind, name


@pytest.mark.parametrize("of", NAMES)
def test_a_row_with_a_reason_why_not_is_no_rule(of: str) -> None:
    """Else the reason is stale."""
    ids = {rule.id for rule in load(of).rules}

    assert not {name.lower() for name in listed(of)["not_rules"]} & ids


@pytest.mark.parametrize("of", NAMES)
def test_no_rule_of_the_pack_is_missing_from_the_list(of: str) -> None:
    """A rule that stands on no row was added on its own, and the list says so."""
    rows = listed(of)

    assert {rule.id for rule in load(of).rules} == {
        name.lower() for name in {**rows["landed"], **rows["added"]}
    }


def test_what_was_added_later_is_a_draft_that_speaks_to_no_act() -> None:
    """It was not read in the official text, so nobody's message is held by it."""
    found = cn()
    for name in listed("cn")["added"]:
        for version in found.rule(name.lower()).versions:
            assert version.reading is Reading.DRAFT, name
            assert isinstance(version.term, Silent), name


def test_a_period_that_no_text_gives_stays_open() -> None:
    """A time of keeping nobody saw has no length, and no other has none."""
    open_ones = [
        rule.id
        for rule in cn().rules
        for version in rule.versions
        if isinstance(version.term, Retain) and version.term.length is None
    ]

    assert tuple(open_ones) == OPEN_PERIODS


def test_a_row_that_could_not_be_held_to_an_act_says_why() -> None:
    """A policy is never law: what the lender must set for itself is marked so, and noted."""
    for rule in cn().rules:
        if rule.authority is Authority.POLICY and rule.id != "cn-freq-04":
            assert all("Policy, never law." in version.note for version in rule.versions), rule.id


def test_the_exceptions_for_a_lost_debtor_are_data_and_open_nothing() -> None:
    """They are named values, and no rule on recipients is lifted by a loss of contact."""
    found = cn()
    for name in ("cn-target-02", "cn-target-03"):
        assert all(isinstance(version.term, Parameter) for version in found.rule(name).versions)
    for name in ("cn-target-01", "cn-target-04", "cn-target-05", "cn-target-06"):
        assert found.rule(name).lifted_by == ()
        assert found.rule(name).disapplied_by == ()
