"""`duly test`: the project's own cases, through the plan that the real days are planned with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from duly import __main__ as program
from duly.app import trials
from duly.errors import ProjectRefused
from tests.app.folders import LIN, fresh, replace

CASE = """\
cases:
  - name: tried here
    on: 2026-11-24
    given:
      accounts: [{account: A1}]
      instalments: [{account: A1, due_on: 2026-11-23, principal: "500.00", interest: "12.00"}]
      contacts: [{channel: sms}]
    expect:
      - %s
"""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One new project."""
    return fresh(tmp_path_factory.mktemp("trials") / "project")


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A copy without the shipped cases."""
    folder = Path(shutil.copytree(pristine, tmp_path / "project"))
    shutil.rmtree(folder / "tests")
    (folder / "tests").mkdir()
    return folder


def differences(project: Path, expect: str, *, text: str = CASE) -> list[tuple[str, str, str]]:
    """What comes out otherwise when `expect` is expected."""
    (project / "tests" / "one.yaml").write_text(text % expect, encoding="utf-8")
    (result,) = trials.run(LIN, project)
    assert result.passed == (not result.differences)
    return [(each.what, each.expected, each.got) for each in result.differences]


def test_every_shipped_case_passes(pristine: Path) -> None:
    """The folder that `duly init` makes keeps its own promises."""
    results = trials.run(LIN, pristine)
    assert len(results) >= 14
    assert [result for result in results if not result.passed] == []


@pytest.mark.parametrize(
    ("expect", "differs"),
    [
        ("{account: A1, outcome: send}", []),
        ("{account: A1, outcome: send, why: first_notice, stage: first, by: [sms], total: '512.00'}", []),
        ("{account: A1, outcome: send, stage: firm}", [("stage", "firm", "first")]),
        ("{account: A1, outcome: send, by: [email]}", [("by", "email", "sms")]),
        ("{account: A1, outcome: send, by: [sms, email]}", [("by", "email, sms", "sms")]),
        ("{account: A1, outcome: send, total: '512.01'}", [("total", "512.01", "512.00")]),
        ("{account: A1, outcome: send, why: repeat}", [("why", "repeat", "first_notice")]),
        ("{account: A1, outcome: hold}", [("outcome", "hold", "send first_notice first")]),
        (
            "{account: A1, outcome: wait, why: deadline_running}",
            [("outcome", "wait", "send first_notice first")],
        ),
    ],
)
def test_what_came_out_otherwise_is_named(
    expect: str, differs: list[tuple[str, str, str]], project: Path
) -> None:
    """Each thing with what was expected and what was got, and nothing that only follows from it."""
    assert differences(project, expect) == differs


def test_the_rule_that_holds_is_compared(project: Path) -> None:
    """A hold for another reason is not the hold that was expected."""
    text = CASE.replace("    expect:", "      holds: [{kind: dispute, since: 2026-11-23}]\n    expect:")
    assert differences(project, "{account: A1, outcome: hold, rule: duly.stop.dispute}", text=text) == []
    (found,) = differences(project, "{account: A1, outcome: hold, rule: duly.stop.complaint}", text=text)
    assert found[:2] == ("rule", "duly.stop.complaint")
    assert "duly.stop.dispute" in found[2]


def test_a_decision_nobody_expected_is_a_difference(project: Path) -> None:
    """Silence about somebody who is told something would be a test that cannot fail."""
    text = CASE.replace("{account: A1}]", "{account: A1}, {account: A1, person: P2, role: co_borrower}]")
    found = differences(project, "{account: A1, outcome: send}", text=text)
    assert found == [("P2 on A1, of whom nothing is expected", "nothing", "hold no_contact_point first")]


def test_an_expectation_of_a_stranger_is_a_difference(project: Path) -> None:
    """A slip in the name does not pass for nothing due."""
    found = differences(project, "{account: A1, person: P9, outcome: nothing_due}")
    assert ("P9 on A1", "nothing_due", "nothing") in found


def test_what_was_told_on_the_way_is_compared_whole(project: Path) -> None:
    """One notice too many, one too few, one on another day."""
    told = "    told:\n      - {on: 2026-11-24, stage: %s}\n    expect:"
    text = CASE.replace("on: 2026-11-24", "from: 2026-11-24\n    on: 2026-11-25", 1)
    for stage, count in (("first", 0), ("firm", 2)):
        found = differences(
            project, "{account: A1, outcome: wait}", text=text.replace("    expect:", told % stage)
        )
        assert len(found) == count
    assert [each[0] for each in found] == ["told", "told"]


def test_only_the_cases_asked_for_are_run(pristine: Path) -> None:
    """By a word of the name or of the file."""
    assert {result.file for result in trials.run(LIN, pristine, words=["holds"])} == {"tests/holds.yaml"}
    assert [result.name for result in trials.run(LIN, pristine, words=["e-mail follows"])] == [
        "where no SMS arrives, the e-mail follows"
    ]


def test_a_project_with_problems_is_not_tried(project: Path) -> None:
    """A case that runs on half a project proves nothing."""
    replace(project / "duly.toml", "Asia/Shanghai", "Asia/Peking")
    with pytest.raises(ProjectRefused):
        trials.run(LIN, project)


def test_the_command_names_the_line_of_a_failing_case(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Like any test runner, with exit code 1; the same as JSON."""
    (project / "tests" / "one.yaml").write_text(
        CASE % "{account: A1, outcome: send, stage: firm}", encoding="utf-8"
    )
    assert program.run(["test", "-p", str(project), "--as", "lin.yue"]) == 1
    assert capsys.readouterr().out == (
        "FAILED  tests/one.yaml:2  tried here\n"
        "        tests/one.yaml:9: stage\n"
        "          expected: firm\n"
        "          got:      first\n"
        "\n"
        "0 passed, 1 failed\n"
    )
    assert program.run(["test", "--json", "-p", str(project), "--as", "lin.yue"]) == 1
    (said,) = json.loads(capsys.readouterr().out)["cases"]
    assert said["passed"] is False
    assert said["differences"][0]["got"] == "first"


def test_the_command_is_quiet_about_what_passes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a case, and exit code 0."""
    (project / "tests" / "one.yaml").write_text(CASE % "{account: A1, outcome: send}", encoding="utf-8")
    assert program.run(["test", "-p", str(project), "--as", "lin.yue"]) == 0
    assert capsys.readouterr().out == "    ok  tests/one.yaml:2  tried here\n\n1 passed, 0 failed\n"
