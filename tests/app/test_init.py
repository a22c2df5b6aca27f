"""`duly init`: a project that can be used at once, or nothing at all."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from duly import __main__ as program
from duly.app import init
from duly.errors import WrongUsage
from duly.model.party import Actor, Duty
from duly.project import folder

ME = Actor(name="ada", duties=frozenset({Duty.ENGINEER}))
DAY = date(2026, 11, 23)


def make(target: Path, *, actor: Actor = ME, pack: str = "cn", accounts: int = 60) -> init.Made:
    """A small one."""
    return init.init(actor, target, pack=pack, accounts=accounts, seed=1, on=DAY)


def test_what_is_made_has_no_problem_and_an_invented_book(tmp_path: Path) -> None:
    """The folder is complete, its packs are locked, its book is beside it, and who made it may operate it."""
    made = make(tmp_path / "acme")
    project, problems = folder.load(tmp_path / "acme")
    assert problems == []
    assert project is not None
    assert project.settings.invented
    assert project.settings.actor("ada").duties == {Duty.ENGINEER, Duty.OPERATIONS}
    assert made.rows["accounts"] == 60
    assert (tmp_path / "acme" / "data" / "accounts.csv").stat().st_size > 0
    assert (tmp_path / "acme" / ".gitignore").read_text(encoding="utf-8").endswith(".duly/\n")
    assert project.cases


def test_the_same_words_make_the_same_folder(tmp_path: Path) -> None:
    """Byte for byte."""
    make(tmp_path / "one")
    make(tmp_path / "two")
    one, two = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """As `git init` leaves none, but `mkdir` does."""
    (tmp_path / "acme").mkdir()
    make(tmp_path / "acme")
    assert (tmp_path / "acme" / "duly.toml").is_file()


@pytest.mark.parametrize("kind", ["file", "full", "link"])
def test_nothing_is_ever_written_over(kind: str, tmp_path: Path) -> None:
    """Not a file, not a folder with something in it, not a link."""
    target = tmp_path / "acme"
    (tmp_path / "elsewhere").mkdir()
    if kind == "file":
        target.write_text("mine")
    elif kind == "link":
        target.symlink_to(tmp_path / "elsewhere")
    else:
        target.mkdir()
        (target / "notes").write_text("mine")
    with pytest.raises(WrongUsage, match="there and not empty"):
        make(target)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """No room for the book: one sentence, exit code 3, no folder, and no half of one beside it."""
    shown = subprocess.run(
        [sys.executable, "-m", "duly", "init", str(tmp_path / "acme"), "--accounts", "500"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert shown.returncode == 3
    assert "File too large" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pack", ["mars", "../cn", "house", ""])
def test_a_pack_without_a_folder_to_begin_with_is_refused(pack: str, tmp_path: Path) -> None:
    """And nothing is made."""
    with pytest.raises(WrongUsage, match="no folder to begin with"):
        make(tmp_path / "acme", pack=pack)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["lin.yue", 'o"brien', "domain\\user", "two words"])
def test_a_name_that_is_there_or_cannot_be_written_changes_nothing(name: str, tmp_path: Path) -> None:
    """The file stays one that can be read."""
    make(tmp_path / "acme", actor=Actor(name=name, duties=frozenset()))
    assert folder.load(tmp_path / "acme")[1] == []


def test_the_command_says_what_it_made_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a person and for a machine."""
    words = ["--accounts", "60", "--on", "2026-11-23", "--as", "ada"]
    assert program.run(["init", str(tmp_path / "one"), *words]) == 0
    said = capsys.readouterr().out
    assert "60" in said
    assert "duly check" in said
    assert program.run(["init", str(tmp_path / "two"), *words, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["made"]
    assert made["accounts"] == 60
    assert made["on"] == "2026-11-23"


def test_a_folder_that_is_not_empty_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason and the remedy."""
    (tmp_path / "x").write_text("mine")
    assert program.run(["init", str(tmp_path), "--accounts", "60"]) == 2
    assert "not empty" in capsys.readouterr().err
