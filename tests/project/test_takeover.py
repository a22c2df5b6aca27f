"""`[takeover]`: nobody goes live blind, and nothing counts as done but what the strategy can say was done."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from duly.app import check
from duly.errors import Problem
from duly.model.past import ACCEPTED_BY_DEFAULT, Proof
from duly.plan.takeover import StartAt
from duly.project import folder
from duly.project.takeover import Takeover
from tests.app.folders import LIN, fresh, replace

ON = date(2026, 11, 27)
FEED = """
  history:
    files: data/history.csv
    columns: {id: reference, day: day, who: person, no: account, via: channel}
    fixed: {source: old, kind: attempt}
"""
NONE = '[takeover]\nhistory = "none"\nby = "zhao.min"\non = 2026-11-20\nwhy = "A new portfolio."\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project."""
    return fresh(tmp_path / "acme")


def say_of(project: Path, text: str) -> None:
    """Write this at the end of duly.toml."""
    with (project / "duly.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n" + text)


def contacted(project: Path, *days: date) -> None:
    """A history with one call on each of these days."""
    with (project / "book.yaml").open("a", encoding="utf-8") as book:
        book.write(FEED)
    rows = [f"c{n},{day.isoformat()},P{n},A{n},voice" for n, day in enumerate(days)]
    (project / "data").mkdir(exist_ok=True)
    (project / "data" / "history.csv").write_text("\n".join(["id,day,who,no,via", *rows]) + "\n", "utf-8")


def lacking(project: Path) -> list[Problem]:
    """What production says of history."""
    report = check.check(LIN, project, on=ON, environ={}, ready=True)
    return [problem for problem in report.problems if problem.code.endswith("_history")]


def taken(project: Path) -> Takeover:
    """What duly.toml says, where nothing is wrong with it."""
    found, problems = folder.load(project)
    assert found is not None, problems
    return found.settings.taken_over


@pytest.mark.parametrize(("days", "enough"), [(89, False), (90, True), (200, True)])
def test_it_takes_ninety_days_of_history_to_go_live(project: Path, days: int, *, enough: bool) -> None:
    """Ninety days before today there was a row, or the caps of the first days would start blind."""
    contacted(project, ON - timedelta(days=days), ON - timedelta(days=1))

    found = lacking(project)

    assert (found == []) is enough
    if not enough:
        (short,) = found
        assert short.code == "production.short_history"
        assert (
            short.what
            == f"the imported history begins on {ON - timedelta(days=89)}, 89 days ago; it takes 90"
        )


def test_without_a_history_nobody_goes_live_unless_somebody_says_that_there_was_none(project: Path) -> None:
    """By name, with day and reason; the word is approved with the settings."""
    assert [problem.code for problem in lacking(project)] == ["production.no_history"]

    say_of(project, NONE)

    assert lacking(project) == []


def test_a_history_without_rows_is_none(project: Path) -> None:
    """A file with a header alone remembers nobody."""
    contacted(project)

    assert [problem.code for problem in lacking(project)] == ["production.no_history"]


@pytest.mark.parametrize("key", ["by", "on", "why"])
def test_nobodys_word_is_no_word(project: Path, key: str) -> None:
    """That there was no history is somebody's decision, of a day, for a reason."""
    say_of(
        project, "".join(line for line in NONE.splitlines(keepends=True) if not line.startswith(f"{key} ="))
    )

    _, problems = folder.load(project)

    assert [(problem.code, problem.what) for problem in problems] == [
        ("settings.key.missing", f"`{key}` is missing")
    ]


def test_without_the_table_every_case_begins_with_its_first_stage(project: Path) -> None:
    """Promise 8 is the default."""
    policy = taken(project).policy

    assert policy.start_at is StartAt.FIRST
    assert policy.proofs == ACCEPTED_BY_DEFAULT
    assert Proof.ASSERTED not in policy.proofs


def test_what_counts_as_done_is_what_the_lender_wrote(project: Path) -> None:
    """The other system's notices, our stages, and the proofs he accepts."""
    say_of(
        project,
        '[takeover]\nstart_at = "proven"\nproofs = ["acknowledged"]\n'
        '[takeover.stages]\n"短信-1" = "first"\nT2 = "firm"\n',
    )

    policy = taken(project).policy

    assert policy.start_at is StartAt.PROVEN
    assert policy.stages == {"短信-1": "first", "T2": "firm"}
    assert policy.proofs == {Proof.ACKNOWLEDGED}


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("first", None),
        ("fist", "settings.takeover.stage_unknown"),
        ("due_soon", "settings.takeover.stage_beyond"),
        ("last", "settings.takeover.stage_beyond"),
    ],
)
def test_a_notice_is_mapped_to_a_stage_that_can_be_done(project: Path, stage: str, code: str | None) -> None:
    """To one of the strategy that asks for nothing but its day; what takes two people takes them from us."""
    replace(
        project / "strategy.yaml",
        "      - name: last\n",
        "      - name: last\n        approval: two_people\n",
    )
    say_of(project, f'[takeover]\nstart_at = "proven"\n[takeover.stages]\nT1 = "{stage}"\n')

    _, problems = folder.load(project)

    assert [problem.code for problem in problems] == ([] if code is None else [code])
