"""The packs that come with duly: every test in them, in both readings, and what they must hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from duly.law import check, compiled, decide, facts, pack, predicates, rules, terms, values
from duly.law.pack import Pack

SHIPPED = tuple(sorted(path.parent.name for path in pack.shipped(".").glob("*/pack.yaml")))


def load(name: str) -> Pack:
    """A shipped pack, in order."""
    found, problems = pack.load(pack.shipped(name))
    assert problems == []
    assert found is not None
    return found


def whole() -> list[str]:
    """The packs that can be read; one that cannot fails a test of its own and not the gathering of all others."""
    return [name for name in SHIPPED if pack.load(pack.shipped(name))[0] is not None]


TRIED = [(name, tried) for name in whole() for tried in check.run_tests(load(name))]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_pack_can_be_read(name: str) -> None:
    """With no problem in any of its files."""
    assert pack.load(pack.shipped(name))[1] == []


@pytest.mark.parametrize(("name", "tried"), TRIED, ids=[f"{name}: {tried.name}" for name, tried in TRIED])
def test_a_packs_own_test_holds_in_both_readings(name: str, tried: check.Tried) -> None:
    """The sentence is the test's name; what either reading said otherwise is shown."""
    assert tried.differences == (), f"{tried.file}:{tried.line}"


@pytest.mark.parametrize("name", whole())
def test_the_compiled_reading_answers_a_packs_own_tests_alike(name: str) -> None:
    """To the last fact shown: what the gate asks is what the tests were written against."""
    found = load(name)
    law = check.beside(found)
    reading = compiled.Reading(law)
    for case in found.cases:
        if case.act is not None:
            assert reading.decide(case.act) == decide.decide(law, case.act), case.name


def test_a_test_that_does_not_hold_is_reported_with_both_readings(tmp_path: Path) -> None:
    """A wrong expectation is found by both, and says what was expected."""
    folder = tmp_path / "wrong"
    for path in pack.shipped("cn").rglob("*.yaml"):
        target = folder / path.relative_to(pack.shipped("cn"))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        target.write_text(
            text.replace("{at: 2026-11-23 07:59:59}", "{at: 2026-11-23 08:00:00}"), encoding="utf-8"
        )
    found, problems = pack.load(folder)
    assert problems == []
    assert found is not None
    (failed,) = [tried for tried in check.run_tests(found) if tried.differences]

    assert failed.name.startswith("At 07:59:59 it is still night")
    assert "plain: permit, expected hold" in failed.differences
    assert "columnar: permit, expected hold" in failed.differences


@pytest.mark.parametrize("name", SHIPPED)
def test_only_what_was_read_is_called_verified(name: str) -> None:
    """`draft` unless the row's confidence is `src` or `text`."""
    for rule in load(name).rules:
        for version in rule.versions:
            read = version.cite.tier in rules.READ_TIERS
            assert (version.reading is rules.Reading.VERIFIED) == read, rule.id


def test_every_kind_of_forbidden_wording_is_forbidden_by_a_rule() -> None:
    """A category that `text` finds and no rule forbids would be found for nothing."""
    forbidden: set[str] = set()
    for rule in load("cn").rules:
        for version in rule.versions:
            if isinstance(version.term, terms.Forbid):
                forbidden |= {str(word) for word in _claims(version.term.when)}

    assert forbidden == set(facts.FACTS["claims"].values)


def _claims(predicate: predicates.Predicate) -> set[str | bool | int]:
    match predicate:
        case predicates.Test():
            return set(predicate.values) if predicate.fact == "claims" else set()
        case predicates.Not():
            return set()
        case predicates.All() | predicates.AnyOf():
            return set().union(*(_claims(part) for part in predicate.parts))


def test_every_kind_of_hold_is_a_stop_of_the_house() -> None:
    """And every house stop is named for what it stops at, and says that it is policy."""
    house = load("house")
    assert {f"duly.stop.{kind}" for kind in facts.FACTS["holds"].values} <= {rule.id for rule in house.rules}
    for rule in house.rules:
        assert rule.authority is rules.Authority.POLICY
        assert rule.id.startswith("duly.")
        assert rule.jurisdiction == "*"
        assert not rule.permits
        assert all(version.cite.tier == "house" for version in rule.versions)


def test_the_rules_of_a_jurisdiction_carry_its_rows_ids() -> None:
    """cn-time-01 is row CN-TIME-01; the house's own are only those for which no text was found at all."""
    policy = [rule.id for rule in load("cn").rules if rule.authority is rules.Authority.POLICY]

    assert all(rule.id.startswith("cn-") for rule in load("cn").rules)
    assert set(policy) == {"cn-freq-04", "cn-rec-05", "cn-cont-03", "cn-disp-05"}


def test_law_that_gives_no_number_has_none_here() -> None:
    """A null stays a null: nothing is invented."""
    cn = load("cn")
    day = cn.as_of
    cap = cn.rule("cn-freq-04").binding(day)

    assert cap is not None
    assert isinstance(cap.term, terms.Cap)
    assert cap.term.most is None
    assert cn.parameter("cn-pre-02", day).value is None
    assert {"policy.cn-freq-04", "policy.cn-pre-02"} <= cn.needs()


def test_a_parameter_is_never_guessed() -> None:
    """Before its first day, and of a rule that is none, there is no value."""
    cn = load("cn")
    with pytest.raises(KeyError):
        cn.parameter("cn-lim-01", cn.as_of.replace(year=2020))
    with pytest.raises(KeyError):
        cn.parameter("cn-time-01", cn.as_of)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_pack_says_what_it_holds(name: str) -> None:
    """Its readme counts its tests, its sources and its changes are written down."""
    folder, found = pack.shipped(name), load(name)
    readme = (folder / "README.md").read_text(encoding="utf-8")

    assert f"{len(found.cases)} tests" in readme
    assert f"{len(found.rules)} rules" in readme
    assert str(found.as_of) in readme
    assert str(found.reviewed_until) in readme
    assert (folder / "SOURCES.md").is_file()
    assert (folder / "CHANGELOG.md").is_file()


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "house"])
def test_every_instrument_cited_is_among_the_sources(name: str) -> None:
    """SOURCES.md and the rules do not drift apart."""
    sources = (pack.shipped(name) / "SOURCES.md").read_text(encoding="utf-8")
    for rule in load(name).rules:
        for version in rule.versions:
            assert f"`{rule.id}`" in sources, rule.id
            assert version.cite.tier in sources


def test_a_pack_is_read_quickly() -> None:
    """Every command reads it, so it must not be felt: well under 300 ms of processor time."""
    begun = time.process_time()
    load("cn")

    assert time.process_time() - begun < 0.3


def test_what_needs_a_policy_is_held_until_it_is_set() -> None:
    """A lender that sets nothing sends no reminder, and is told why before it tries."""
    problems = check.policy_problems(load("cn"), {}, "duly.toml")

    assert [(problem.code, "cn-freq-04" in problem.what) for problem in problems] == [
        ("law.policy.unset", True)
    ]
    assert values.NO_PERMISSION in facts.FACTS
