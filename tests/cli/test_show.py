"""How answers look, and that nobody's data can command a terminal."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.cli import show
from duly.errors import DatabaseAway, Problem, ProjectRefused
from duly.model.money import Money
from duly.model.party import Channel
from duly.model.said import say


def problem(**changes: object) -> Problem:
    """A problem in the middle of a strategy."""
    plain: dict[str, object] = {
        "code": "strategy.stage.unknown",
        "file": "strategy.yaml",
        "line": 14,
        "column": 15,
        "excerpt": "      - {name: firts}",
        "what": "there is no stage `firts`",
        "remedy": "Did you mean `first`?",
    }
    return Problem(**(plain | changes))  # type: ignore[arg-type]


def screen(*, as_json: bool = False) -> tuple[show.Screen, io.StringIO]:
    """A screen that nobody looks at, and what was written on it."""
    out = io.StringIO()
    return show.Screen(as_json=as_json, out=out, err=io.StringIO()), out


def test_a_problem_has_one_form() -> None:
    """Place and what, the line with a caret under the column, what to do."""
    where, out = screen()
    where.problems([problem()])
    assert out.getvalue() == (
        "strategy.yaml:14:15: there is no stage `firts`  [strategy.stage.unknown]\n"
        "   14 |       - {name: firts}\n"
        "      |               ^\n"
        "      Did you mean `first`?\n"
        "\n"
        "1 problem\n"
    )


def test_the_caret_stands_under_chinese_text() -> None:
    """A Chinese character is two cells wide."""
    _, _, caret, _ = show.form(problem(excerpt="名: 值", column=4))
    assert str(caret) == "      |     ^"


@pytest.mark.parametrize(("column", "caret"), [(None, None), (1, 0), (300, 50)])
def test_a_long_line_is_cut_around_the_place(column: int | None, caret: int | None) -> None:
    """What matters of a line of 500 characters is shown, with the caret still under it."""
    lines = [str(line) for line in show.form(problem(excerpt="x" * 299 + "!" + "x" * 200, column=column))]
    assert len(lines[1]) < 120
    if caret is None:
        assert len(lines) == 3
    else:
        assert lines[2].index("^") - len("      | ") == caret
        assert (lines[1][len("   14 | ") + caret] == "!") == (column == 300)


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    """Nothing is made up."""
    assert [str(line) for line in show.form(problem(line=None, column=None, excerpt=""))] == [
        "strategy.yaml: there is no stage `firts`  [strategy.stage.unknown]",
        "      Did you mean `first`?",
    ]


@given(st.text())
def test_nothing_that_is_shown_commands_a_terminal(text: str) -> None:
    """Controls, directional marks, separators and private characters come out as text."""
    shown = show.clean(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("晨曦", "晨曦"),
        ("line\nbreak", "line\\nbreak"),
        ("𠮷", "𠮷"),
    ],
)
def test_what_is_neutralised_can_still_be_read(text: str, shown: str) -> None:
    """It is written as Python would write it; rare characters of names stay."""
    assert show.clean(text) == shown


def test_every_way_onto_the_screen_is_neutralised() -> None:
    """Lines, facts, tables and problems alike; markup of the drawing library is only text."""
    evil = "\x1b]0;owned\x07[red]x[/red]"
    where, out = screen()
    where.say(evil)
    where.facts("f", {"a": (evil, evil)})
    where.table("t", [show.Column(key="a", title=evil)], [[evil]], title=evil)
    where.problems([problem(what=evil, remedy=evil, excerpt=evil, file=evil)])
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert out.getvalue().count("[red]x[/red]") >= 7


def test_one_answer_two_forms() -> None:
    """The same table as columns and as JSON with exact values."""
    columns = [show.Column(key="who", title="Who"), show.Column(key="owed", title="Owed", right=True)]
    rows: list[list[object]] = [["P1", Money(minor=123_000, currency="CNY")], ["P2", None]]
    where, out = screen()
    where.table("owed", columns, rows)
    assert "CNY 1,230.00" in out.getvalue()
    where, out = screen(as_json=True)
    with where:
        where.say("not for machines")
        where.table("owed", columns, rows)
        where.put("channel", Channel.SMS)
        where.put("on", date(2026, 11, 20))
        where.put("at", datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert json.loads(out.getvalue()) == {
        "owed": [{"who": "P1", "owed": {"minor": 123_000, "currency": "CNY"}}, {"who": "P2", "owed": None}],
        "channel": "sms",
        "on": "2026-11-20",
        "at": "2026-11-20T09:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (Money(minor=-5, currency="CNY"), "CNY -0.05"),
        (Money(minor=-123_456, currency="CNY"), "CNY -1,234.56"),
        (Money(minor=1500, currency="JPY"), "JPY 1,500"),
        (date(2026, 11, 20), "2026-11-20"),
        (("a", "b"), "a, b"),
        (Channel.SMS, "sms"),
    ],
)
def test_a_cell_shows_its_value_plainly(value: object, shown: str) -> None:
    """Money with its currency and exact to the cent, days in ISO 8601."""
    assert show.plain(value) == shown


def test_a_failure_says_what_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error for a person, as an object for a machine; no traceback."""
    error = DatabaseAway("the database does not answer", remedy="Start it.")
    show.failure(error, as_json=False)
    assert capsys.readouterr().err == "the database does not answer\n  Start it.\n"
    show.failure(error, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "error": {"kind": "DatabaseAway", "what": "the database does not answer", "remedy": "Start it."}
    }


def test_a_refused_project_shows_its_problems(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that needs a project shows what `duly check` would."""
    show.failure(ProjectRefused([problem()]), as_json=False)
    assert "strategy.yaml:14:15" in capsys.readouterr().out


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def shown_steps(err: io.StringIO, *, as_json: bool) -> str:
    """What waits on standard error while two steps are told, and what stands on standard output."""
    out = io.StringIO()
    with show.Screen(as_json=as_json, out=out, err=err) as screen, screen.steps() as tell:
        tell(say("Writing the snapshot"), 1, 16)
        tell(say("Sealing what is personal (people)"), 0, 7)
        tell(say("Writing the snapshot"), 16, 16)
    assert out.getvalue().strip() in ("", "{}")
    return err.getvalue()


def test_each_step_of_something_long_has_a_bar_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, on standard error, with how much of how much is done."""
    monkeypatch.setenv("TERM", "xterm")
    drawn = shown_steps(Terminal(), as_json=False)

    assert "Writing the snapshot" in drawn
    assert "16/16" in drawn
    assert "0/7" in drawn


@pytest.mark.parametrize(("err", "as_json"), [(io.StringIO(), False), (Terminal(), True)])
def test_where_nobody_looks_no_step_is_shown(err: io.StringIO, as_json: bool) -> None:
    """Neither in a pipe nor beside JSON."""
    assert shown_steps(err, as_json=as_json) == ""
