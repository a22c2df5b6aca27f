"""Commands as a person meets them: help, exit codes, and the page that describes them."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from duly import __main__ as program
from duly import errors
from duly.cli import commands, exits
from duly.evidence import verify

ROOT = Path(__file__).resolve().parents[2]


def run(*argv: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A process of its own, as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "duly", *argv],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONUTF8": "1"} | (environ or {}),
    )


def test_help_names_every_command_with_what_it_does() -> None:
    """And each has a page of its own."""
    pages = {group: run(*group.split(), "--help") for group in ("", *commands.GROUPS)}
    assert {page.returncode for page in pages.values()} == {0}
    for name, _, _, says in commands.COMMANDS:
        group, _, word = name.rpartition(" ")
        assert f" {word} " in pages[group].stdout
        assert says.split(":")[0].split(",")[0] in pages[group].stdout
    for group, says in commands.GROUPS.items():
        assert f" {group} " in pages[""].stdout
        assert says in pages[""].stdout


def test_help_is_quick() -> None:
    """Nothing heavy is loaded before it is needed; the best of three, for a busy machine."""
    heavy = "polars psycopg cryptography yaml babel duly.app duly.project duly.plan"
    loaded = (
        "import sys, duly.__main__ as m; m.run(['--help']);"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        run("--help")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.6


@pytest.mark.parametrize(
    "argv", [["chekc"], ["check", "--nonsense"], ["init"], ["init", "x", "--accounts", "0"]]
)
def test_wrong_usage_is_exit_code_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And says what was wrong."""
    assert program.run(argv) == 2
    assert capsys.readouterr().err


def test_outside_a_project_the_way_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one sentence, one remedy, no traceback; the same as JSON."""
    monkeypatch.chdir(tmp_path)
    assert program.run(["check"]) == 2
    said = capsys.readouterr().err
    assert "there is no duly.toml" in said
    assert "duly init DIR" in said
    assert "Traceback" not in said
    assert program.run(["check", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "WrongUsage"


def test_a_defect_is_a_traceback_and_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our own mistakes are not dressed up as the world's."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands, "app", broken)
    assert program.run(["check"]) == 70
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "a defect of duly" in said


def test_a_full_disk_is_the_worlds_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said in one sentence, exit code 3."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/data/x")

    monkeypatch.setattr(commands, "app", full)
    assert program.run(["check"]) == 3
    said = capsys.readouterr().err
    assert "No space left on device /data/x" in said
    assert "Traceback" not in said


def returned() -> set[int]:
    """Every exit code that the program can return, read from its code."""
    codes = {0, program.STOPPED, program.DEFECT, verify.VERIFIED, verify.REFUSED, verify.INTEGRITY_ONLY}
    kinds: list[type[errors.DulyError]] = [errors.DulyError, *errors.DulyError.__subclasses__()]
    codes |= {kind.exit_code for kind in kinds}
    for path in sorted((ROOT / "src" / "duly" / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Exit":
                (code,) = node.args
                if ast.unparse(code) != "app.EXIT[report.result]":  # the three of `verify`, above
                    module = importlib.import_module(f"duly.cli.{path.stem}")
                    number = eval(ast.unparse(code), dict(vars(module)))
                    assert isinstance(number, int), f"{path.name}:{node.lineno}"
                    codes.add(number)
    return codes


def test_every_exit_code_is_told_in_one_place() -> None:
    """No code is returned that the page does not explain, and none is explained that is never returned."""
    assert set(exits.MEANS) == returned()
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == sorted(returned())


def test_the_version_is_said() -> None:
    """The one of the installed package."""
    shown = run("--version")
    assert shown.returncode == 0
    assert shown.stdout.strip()[0].isdigit()


def test_the_page_of_commands_is_the_commands() -> None:
    """docs/reference/commands.md is what `python docs/reference/commands.py` writes."""
    name = ROOT / "docs" / "reference" / "commands.py"
    made: dict[str, object] = {"__name__": "page", "__file__": str(name)}
    exec(compile(name.read_text(encoding="utf-8"), str(name), "exec"), made)
    page = made["page"]
    assert callable(page)
    assert (name.with_suffix(".md")).read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(
    ("environ", "kept"),
    [
        ({}, None),
        ({"POLARS_MAX_THREADS": "2"}, None),
        ({"POLARS_MAX_THREADS": "1"}, "narenas:1"),
        ({"POLARS_MAX_THREADS": "1", program.ALLOCATION: "mine"}, "mine"),
    ],
)
def test_one_thread_keeps_its_memory_in_one_place(environ: dict[str, str], kept: str | None) -> None:
    """Only where Polars was told to use one thread, and never against what the user chose."""
    program.allocate(environ)

    assert (environ.get(program.ALLOCATION) or "").split(",")[0] == (kept or "")
