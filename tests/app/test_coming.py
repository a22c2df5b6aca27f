"""`duly law next`: what of the law will change for this project, and what its plan would be then."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from duly import __main__ as program
from duly.app import check
from tests.app import own_law
from tests.app.folders import LIN, adopt
from tests.conftest import Database

Duly = Callable[..., Any]


@pytest.fixture
def project(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """A project with an invented book on a database; nothing is loaded yet."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    folder = tmp_path / "project"
    assert program.run(["init", str(folder), "--accounts", "60", "--as", "wei"]) == 0
    capsys.readouterr()
    return folder


@pytest.fixture
def duly(project: Path, capsys: pytest.CaptureFixture[str]) -> Duly:
    """A command in the project, and what it says."""

    def run(*argv: str, code: int = 0) -> Any:
        assert program.run([*argv, "--project", str(project), "--as", "wei"]) == code
        shown = capsys.readouterr().out
        return json.loads(shown) if "--json" in argv else shown

    return run


def _today(duly: Duly) -> date:
    return date.fromisoformat(duly("law", "next", "--json")["today"])


def _narrower(project: Path, *, since: date) -> None:
    """A window of our own, from nine to six, from a day on."""
    before = since - timedelta(days=1)
    own_law.hours(project, since=since.isoformat(), before=before.isoformat())
    check.accept_packs(LIN, project)


def test_without_a_change_it_says_until_when_the_packs_were_reviewed(duly: Duly) -> None:
    """And that no rule changes which could speak about what the project does."""
    told = duly("law", "next", "--json")
    assert [change["kind"] for change in told["changes"]] == ["review", "review"]
    assert {change["pack"] for change in told["changes"]} == {"cn", "house"}
    assert (told["book"], told["differences"]) == (None, [])
    assert "No change of a rule is coming" in duly("law", "next")


def test_without_a_book_it_says_so(project: Path, duly: Duly) -> None:
    """The change is told in words, with its day and source; of the plan nothing is guessed."""
    day = _today(duly) + timedelta(days=30)
    _narrower(project, since=day)
    told = duly("law", "next", "--json")
    change = told["changes"][0]
    assert (change["on"], change["kind"], change["rule"]) == (day.isoformat(), "begins", "acme.hours")
    assert (change["before"], change["cite"]) == ("", "Acme, rule of our own")
    assert change["after"].startswith("Allowed only from 09:00:00 to 17:59:59")
    assert (told["book"], told["differences"]) == (None, [])
    shown = duly("law", "next")
    assert f"{day}  acme.hours  begins" in shown
    assert "No book is loaded" in shown


def test_the_plan_is_told_before_and_after_the_change(project: Path, duly: Duly) -> None:
    """The same book on the same day: what left at eight leaves at nine, and nothing else is decided otherwise."""
    duly("load", "--json")
    day = _today(duly) + timedelta(days=30)
    _narrower(project, since=day)
    (difference,) = duly("law", "next", "--json")["differences"]
    assert (difference["on"], difference["rules"], difference["proposed"]) == (
        day.isoformat(),
        ["acme.hours"],
        False,
    )
    assert difference["messages_before"] == difference["messages_after"] > 0
    assert sum(one["before"] for one in difference["counts"]) == difference["turned"] > 0
    assert {one["outcome"] for one in difference["counts"]} == {"send"}
    some = difference["some"]
    assert 0 < len(some) <= 5
    for one in some:
        assert one["before"]["at"][11:13] == "08"
        assert (one["after"]["at"][11:13], one["after"]["rule"]) == ("09", "acme.hours")
    # Nothing was done: the plan of the day is the one it was.
    assert duly("plan", "--json")["notices"][0]["not_before"][11:13] != "09"
    shown = duly("law", "next")
    assert f"by the law of {day} (acme.hours)" in shown
    assert some[0]["account"] in shown


def test_a_change_that_cannot_touch_the_project_is_left_out(project: Path, duly: Duly) -> None:
    """Nobody calls here, so a rule about calls is not told of."""
    day = _today(duly) + timedelta(days=30)
    _narrower(project, since=day)
    file = project / "law" / "rules" / "own.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{action: [contact]}", "{action: [contact], channel: [voice]}"), "utf-8")
    check.accept_packs(LIN, project)
    assert {change["kind"] for change in duly("law", "next", "--json")["changes"]} == {"review"}


def test_on_the_day_itself_nothing_is_coming_any_more(project: Path, duly: Duly) -> None:
    """Both sides: the evening before it is, from its first day on it is law."""
    day = _today(duly) + timedelta(days=30)
    _narrower(project, since=day)
    eve = (day - timedelta(days=1)).isoformat()
    assert duly("law", "next", "--on", eve, "--json")["changes"][0]["rule"] == "acme.hours"
    later = duly("law", "next", "--on", day.isoformat(), "--json")["changes"]
    assert {change["kind"] for change in later} == {"review"}


def test_it_is_told_in_chinese(project: Path, duly: Duly, capsys: pytest.CaptureFixture[str]) -> None:
    """What changes, and that no book is loaded."""
    _narrower(project, since=_today(duly) + timedelta(days=30))
    assert program.run(["--lang", "zh-CN", "law", "next", "--project", str(project), "--as", "wei"]) == 0
    shown = capsys.readouterr().out
    assert "acme.hours  开始生效" in shown
    assert "九时至十八时联系。" in shown
    assert "尚未载入账本" in shown


def test_a_hold_tells_whether_its_row_is_adopted(project: Path, duly: Duly) -> None:
    """In the plan of a real book, once adopting has begun; adopting changes the sentence and not the hold."""
    duly("load", "--json")
    before = [one for one in duly("plan", "--json")["held"] if one["rule"] is not None]
    assert before
    assert not any("adopted" in one["why"] for one in before)
    held = {one["rule"] for one in before}
    adopt(project, on=_today(duly), but=sorted(held))
    begun = [one for one in duly("plan", "--json")["held"] if one["rule"] is not None]
    assert all(one["why"].endswith("Nobody of the lender has adopted this row.") for one in begun)
    adopt(project, on=_today(duly))
    after = [one for one in duly("plan", "--json")["held"] if one["rule"] is not None]
    assert all(one["why"].endswith("zhao.min adopted this row on 2026-11-20.") for one in after)
    assert [(one["account"], one["rule"]) for one in after] == [
        (one["account"], one["rule"]) for one in before
    ]
