"""What the pages claim: every promise has its page, every claim of the threat model its test, every command its
entry.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from duly.cli import commands
from strangers.roll import ROOT
from tests.conftest import Database
from tests.docs.walk import FENCED

THREATS = ROOT / "docs" / "security" / "threat-model.md"
WHY = ROOT / "docs" / "why"
NAMES = [name for name, *_ in commands.COMMANDS]
PROMISES = 10

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)\s]*\)")
_TEST = re.compile(r"`(tests/[^`]+)`")
_DIVIDER = re.compile(r"\|(?: --- \|)+")


def _rows(page: str) -> list[list[str]]:
    """The rows of the tables of actors: what, prevented, detected, not covered, shown by."""
    _, _, actors = page.partition("\n## Actors\n")
    lines = [line for line in actors.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        row for row, line in zip(rows, lines, strict=True) if not _DIVIDER.match(line) and row[0] != "what"
    ]


def _unshown(row: list[str]) -> str:
    """What is wrong with a row, or nothing."""
    if len(row) != 5:
        return f"has {len(row)} cells"
    what, prevented, detected, uncovered, shown = row
    tests = _TEST.findall(shown)
    gone = [name for name in tests if not (ROOT / name).is_file()]
    if gone:
        return f"{what}: names {gone}, which are not there"
    if prevented and not tests:
        return f"{what}: claims to prevent something and names no test"
    if detected and not detected.startswith("not by duly") and not tests:
        return f"{what}: claims to detect something and names no test"
    if not (prevented or detected or uncovered):
        return f"{what}: says nothing"
    return ""


def test_every_claim_of_the_threat_model_names_a_test_that_is_there() -> None:
    """Whoever reads "prevented" can run what shows it."""
    rows = _rows(THREATS.read_text("utf-8"))

    assert len(rows) > 30
    assert [wrong for row in rows if (wrong := _unshown(row))] == []
    assert any("socket of its own" in row[0] and not row[1] for row in rows), (
        "the plug-in is prevented by nothing"
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("| a | b | | | `tests/conftest.py` |", ""),
        ("| a | | | c | |", ""),
        ("| a | b | | | |", "a: claims to prevent something and names no test"),
        ("| a | | b | | |", "a: claims to detect something and names no test"),
        ("| a | | not by duly: elsewhere | | |", ""),
        ("| a | b | | | `tests/gone.py` |", "a: names ['tests/gone.py'], which are not there"),
        ("| a | | | | |", "a: says nothing"),
        ("| a | b |", "has 2 cells"),
    ],
)
def test_a_claim_without_its_test_is_seen(line: str, says: str) -> None:
    """Each mistake that a row can have is found, and a sound row is left alone."""
    (row,) = _rows(f"\n## Actors\n\n| what | prevented |\n| --- | --- |\n{line}\n")

    assert _unshown(row) == says


@pytest.mark.parametrize("number", range(1, PROMISES + 1))
def test_each_promise_has_its_page(number: int) -> None:
    """Listed in its place in the index and in the README, with what goes wrong, what is done and what is not."""
    (page,) = WHY.glob(f"{number:02}-*.md")
    text = page.read_text("utf-8")
    table = (ROOT / "README.md").read_text("utf-8")

    assert text.startswith("# Why "), page.name
    assert "## What goes wrong elsewhere" in text, page.name
    assert re.search(r"^## What .*duly does|^## What the plan does", text, re.MULTILINE), page.name
    assert re.search(
        rf"^{number}\. \[[^\]]+\]\({page.name}\)$", (WHY / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert re.search(rf"^\| {number}\. \[[^\]]+\]\(docs/why/{page.name}\) \|", table, re.MULTILINE)


def test_every_command_has_its_entry() -> None:
    """docs/reference/commands.md has a heading for each command, and for nothing else."""
    page = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")

    assert re.findall(r"^### `duly ([a-z]+(?: [a-z]+)*)", page, re.MULTILINE) == NAMES


def _called(page: str) -> set[str]:
    """What follows `duly` where it begins a command: in code within a line, and in blocks."""
    inline = re.findall(r"`duly ([a-z]+)\b", page)
    blocks = "\n".join(FENCED.findall(page))
    return {*inline, *re.findall(r"(?:^(?:[$>] +)?(?:\S*/)?|\| |\$\()duly ([a-z]+)\b", blocks, re.MULTILINE)}


def test_pages_name_no_command_that_is_not_there() -> None:
    """In code, and in the picture, `duly WORD` is a command."""
    pages = {
        page.name: _called(page.read_text("utf-8"))
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    }
    picture = (ROOT / "docs" / "images" / "demo.svg").read_text("utf-8")
    pages["demo.svg"] = set(re.findall(r">duly&#160;([a-z]+)", picture))

    assert len(set.union(*pages.values())) > 15
    words = {name.partition(" ")[0] for name in NAMES}
    assert {name: called - words for name, called in pages.items() if called - words} == {}


def test_the_two_commands_of_the_readme_are_targets() -> None:
    """`make demo` and `make test` stand in the README's first block and in the Makefile."""
    first = FENCED.findall((ROOT / "README.md").read_text("utf-8"))[0]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^make (\w+)", first, re.MULTILINE)

    assert targets == ["demo", "test"]
    assert [name for name in targets if not re.search(rf"^{name}:.*##", makefile, re.MULTILINE)] == []


def test_the_first_steps_of_the_readme_work(tmp_path: Path, database: Database) -> None:
    """The README's second block, as it stands: a folder, no problem, a book, a plan."""
    second = FENCED.findall((ROOT / "README.md").read_text("utf-8"))[1]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {"PATH": path, "LANG": "C.UTF-8", "HOME": str(tmp_path), "DATABASE_URL": database.url}

    done = subprocess.run(
        ["bash", "-e", "-c", second], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No problem found" in done.stdout
    assert re.search(r"^Accounts +2,000 *$", done.stdout, re.MULTILINE)
    assert "Everybody, by reason" in done.stdout


def test_every_page_can_be_reached() -> None:
    """From the README, by links, to each page of docs and each picture; the template is for those who copy it."""
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        if page.suffix == ".md":
            found = [
                (page.parent / link).resolve()
                for link in _LINK.findall(page.read_text("utf-8"))
                if ":" not in link
            ]
            todo += [one for one in found if one.is_file()]
    pages = {*ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/**/*.svg")}

    assert sorted(str(page.relative_to(ROOT)) for page in pages - seen) == []


def test_no_page_knows_where_it_was_written() -> None:
    """No folder of somebody's machine stands in a page or in the picture."""
    own = re.compile(r"(?<![\w.])/(?:tmp|work|root|home|Users)/")
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/**/*.svg")]

    assert [str(page.relative_to(ROOT)) for page in pages if own.search(page.read_text("utf-8"))] == []
