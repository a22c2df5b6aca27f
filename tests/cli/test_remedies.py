"""What duly tells a person to type exists: every command and option that is named anywhere is one of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from duly.app import approvals
from duly.cli import commands
from duly.model.approval import Subject
from tests.cli import catalogue

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "duly"

# `duly explain A1`, (duly explain A1), and a line of its own: in a page between fences, or a whole string.
_QUOTED = (re.compile(r"`duly ([^`]+)`"), re.compile(r"\(duly ([a-z][^)\n]*)\)"))
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^\s*(?:\$ )?(?:\.venv/bin/)?duly ((?:--lang|[a-z])[^\n|>$]*)", re.MULTILINE)
_PLACEHOLDER = re.compile(r"[A-Z_…]+|\{\w*\}|\[.*|<.*")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and what follows them; None for one that does not exist."""
    found: Any = typer.main.get_command(commands.app)
    rest = list(words)
    while rest and hasattr(found, "commands"):
        found = found.commands.get(rest.pop(0))
    return found, rest


def wrong(typed: str) -> str:
    """Why a command line could not be typed; empty for one that could."""
    words = typed.replace("=", " ").split()
    while words[:1] == ["--lang"]:
        words = words[2:]
    if not words or words == ["--version"] or _PLACEHOLDER.fullmatch(words[0]):
        return ""
    command, rest = command_of(words)
    if command is None or hasattr(command, "commands"):
        return f"there is no command {typed!r}"
    known = {name for param in command.params for name in param.opts} | {"--help", "-h"}
    for word in rest:
        # A - by itself is standard input.
        if word.startswith("-") and word != "-" and word.rstrip(".,;:") not in known:
            return f"{command.name} has no option {word}"
    if command.name == "approve" and rest and not _PLACEHOLDER.fullmatch(rest[0]) and rest[0][0] != "-":
        if rest[0].startswith(f"{Subject.STAGE.value}:"):
            return ""
        parts = {part.value for part in (*approvals.PARTS, Subject.RUN)}
        return "" if rest[0].rstrip(".,;:") in parts else f"nothing called {rest[0]} is approved"
    return ""


def named() -> Iterator[tuple[str, str]]:
    """Every command line that a person may read, and where it stands."""
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in strings(ast.parse(path.read_text(encoding="utf-8"))):
            whole = _LINE.match(text)
            for typed in [*quoted(text), *([whole[1]] if whole else [])]:
                yield f"{path.relative_to(ROOT)}:{line}", typed.strip()
    shipped = [path for kind in ("md", "toml", "yaml", "po") for path in SOURCE.rglob(f"*.{kind}")]
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    for path in sorted([*shipped, *pages]):
        text = path.read_text(encoding="utf-8")
        fenced = [found[1] for block in _FENCED.findall(text) for found in _LINE.finditer(block)]
        for typed in [*quoted(text), *fenced]:
            yield str(path.relative_to(ROOT)), typed.strip()


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of a module; a value that is put into one is `{}`."""
    # How a connection calls itself is no command.
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    names = [node.value for node in keywords if node.arg == "application"]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in names:
            yield node.lineno, node.value


def quoted(text: str) -> list[str]:
    """The command lines that stand in a sentence."""
    return [found[1] for pattern in _QUOTED for found in pattern.finditer(text)]


def test_every_command_that_is_named_can_be_typed() -> None:
    """In a remedy, a help text, a translation, the README or a page."""
    found = list(named())
    assert len(found) > 150  # the scan does find them
    assert {f"{place}: {wrong(typed)}" for place, typed in found if wrong(typed)} == set()


def test_every_option_that_a_sentence_names_is_one_of_ours() -> None:
    """Also where the command stands elsewhere: `name one with --project`."""
    group: Any = typer.main.get_command(commands.app)
    known = {name for param in group.params for name in param.opts}
    for name, *_ in commands.COMMANDS:
        command, _ = command_of(name.split())
        known |= {option for param in command.params for option in param.opts}
    said = {text: places for text, places in catalogue.patterns().items() if _OPTION.search(text)}
    assert len(said) > 10
    assert {text: places for text, places in said.items() if not set(_OPTION.findall(text)) <= known} == {}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("law show cn-time-01 --on 2026-11-23", ""),
        ("law show", ""),
        ("halt --list", ""),
        ("--lang zh-CN doctor", ""),
        ("COMMAND --help", ""),
        ("approve {part}", ""),
        ("approve strategy", ""),
        ("law", "no command"),
        ("law nest", "no command"),
        ("law next", ""),
        ("law adopt {rule}", ""),
        ("law test cn", ""),
        ("law ask -", ""),
        ("migrate", "no command"),
        ("halt --everything", "no option --everything"),
        ("approve everything", "nothing called everything"),
    ],
)
def test_a_command_that_does_not_exist_is_found_out(typed: str, why: str) -> None:
    """The check itself, on both sides."""
    assert why in wrong(typed)
    assert bool(wrong(typed)) == bool(why)
