"""Which rows of the law are in use: those that can speak about what the strategy does."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from duly.app import check
from duly.law import predicates, rules
from duly.model.party import Channel
from duly.project import folder, usage
from duly.project.folder import Project
from tests.app import own_law
from tests.app.folders import LIN, fresh, replace

DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A new project: notices by SMS and e-mail, with a window of its own that counts by a calendar."""
    place = fresh(tmp_path_factory.mktemp("usage") / "project")
    own_law.write(place, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    return loaded(place)


def loaded(place: Path) -> Project:
    """The project, locked as it is."""
    check.accept_packs(LIN, place)
    found, problems = folder.load(place)
    assert found is not None, problems
    return found


def used(project: Project, on: date = DAY) -> dict[str, usage.Used]:
    """Every rule in use on a day."""
    found = usage.of_day(project.law.rules, project.settings, project.strategy, on)
    return {one.rule.id: one for one in found}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("cn-time-02", True),  # every contact
        ("cn-sms-03", True),  # a commercial SMS, which only the text can show
        ("cn-target-01", True),  # about the role of the recipient, which the book says
        ("duly.stop.dispute", True),  # everywhere
        ("acme.workdays", True),
        ("cn-freq-01", False),  # calls, and nobody calls here
        ("cn-freq-06", False),  # visits
        ("cn-cont-01", False),  # letters
        ("cn-cont-02", False),  # a duty speaks to no act
        ("cn-lim-01", False),  # a parameter that no rule counts by
    ],
)
def test_a_rule_is_in_use_when_it_can_speak_about_an_act_of_the_strategy(
    project: Project, rule: str, *, expected: bool
) -> None:
    """What the files know shuts rules out; what only book, text or a person can add shuts nothing out."""
    assert project.law.rule(rule).binding(DAY) is not None
    assert (rule in used(project)) == expected


def test_a_calendar_is_in_use_where_a_rule_in_use_counts_by_it(project: Project) -> None:
    """It is named with the rules that do."""
    assert used(project)["acme.cal"].by == ("acme.workdays",)
    assert used(project)["acme.workdays"].by == ()


def test_the_day_decides(project: Project) -> None:
    """A text that has not begun is not in use, and from its first day on it is."""
    assert "cn-sms-12" not in used(project, date(2026, 9, 29))
    assert used(project, date(2026, 9, 30))["cn-sms-12"].version.name == "2026-09-30"


def test_another_channel_brings_its_rules_into_use(tmp_path: Path) -> None:
    """With letters in the strategy, what is said of letters is in use."""
    place = fresh(tmp_path / "project")
    found = loaded(place)
    assert "cn-cont-01" not in used(found)
    segment = found.strategy.segments[0]
    stage = dataclasses.replace(segment.stages[0], steps=((Channel.LETTER,),))
    strategy = dataclasses.replace(
        found.strategy, segments=(dataclasses.replace(segment, stages=(stage,)), *found.strategy.segments[1:])
    )
    with_letters = usage.of_day(found.law.rules, found.settings, strategy, DAY)
    assert "cn-cont-01" in {one.rule.id for one in with_letters}


def test_what_we_are_decides_which_rules_are_ours(tmp_path: Path) -> None:
    """A rule for agencies is none of a lender's own collectors, and the other way round."""
    place = fresh(tmp_path / "project")
    found = loaded(place)
    rule = found.law.rule("cn-time-02")
    text = rule.versions[-1]
    only = dataclasses.replace(text, applies=predicates.Test("actor", frozenset({"third_party"})))
    assert not usage.can_speak(rule, only, usage.acts(found.settings, found.strategy))
    replace(place / "duly.toml", 'actor = "first_party"', 'actor = "third_party"')
    agency = loaded(place)
    assert usage.can_speak(rule, only, usage.acts(agency.settings, agency.strategy))


@pytest.mark.parametrize(
    ("code", "expected"),
    [("CN", True), ("CN-44-Shenzhen", True), ("*", True), ("US", False), ("US-NY", False)],
)
def test_the_law_of_a_part_is_in_use_and_that_of_another_country_is_not(
    project: Project, code: str, *, expected: bool
) -> None:
    """An account may lie in a part of the country that the lender works in."""
    rule = dataclasses.replace(project.law.rule("cn-time-02"), jurisdiction=code)
    made = usage.acts(project.settings, project.strategy)
    assert usage.can_speak(rule, rule.versions[-1], made) == expected


def test_a_rule_without_a_text_on_the_day_is_not_in_use(project: Project) -> None:
    """A proposal binds nobody."""
    rule = project.law.rule("cn-time-02")
    proposed = dataclasses.replace(rule.versions[-1], status=rules.Status.PROPOSED)
    only = dataclasses.replace(rule, versions=(proposed,))
    assert usage.of_day([only], project.settings, project.strategy, DAY) == ()
