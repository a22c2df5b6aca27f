"""The pages: their links lead somewhere, their prose can be compared line by line, and every target is
explained.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from strangers.roll import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TARGET = re.compile(r"^([a-z-]+):.*?(?:## (.+))?$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
ASIDE = re.compile(r" {4}|\s*(?:[|>*-]|\d+\.)")
# A full stop, a space and a capital: a second sentence on the line. Abbreviations and initials do not count.
SECOND = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\b[A-Z])[a-z0-9)`\]][.!?] (?=[A-Z])")


def _prose(page: str) -> list[tuple[int, str]]:
    """Lines with their numbers, without code, tables and lists: an item may hold two sentences on a point."""
    bare = FENCE.sub(lambda found: "\n" * found[0].count("\n"), page)
    lines = enumerate(bare.splitlines(), start=1)
    return [(number, line) for number, line in lines if not ASIDE.match(line)]


def _bare(page: str) -> str:
    """Without code, in which nothing is a link."""
    return CODE.sub("``", FENCE.sub("", page))


def _links(page: str) -> list[str]:
    """What is linked to within the tree, without its anchor."""
    found = LINK.findall(_bare(page))
    return [link.partition("#")[0] for link in found if not re.match(r"[a-z]+:|#", link)]


def _anchors(page: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file or folder that is there."""
    missing = [link for link in _links(page.read_text("utf-8")) if not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_anchor_is_there(page: Path) -> None:
    """A link to a heading names one that the page has."""
    text = page.read_text("utf-8")
    missing = []
    for link in LINK.findall(_bare(text)):
        name, _, anchor = link.partition("#")
        if anchor and not re.match(r"[a-z]+:", link) and (not name or name.endswith(".md")):
            target = (page.parent / name).read_text("utf-8") if name else text
            if anchor not in _anchors(target):
                missing.append(link)

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_is_one_sentence_a_line(page: Path) -> None:
    """So that a changed sentence is a changed line."""
    crowded = [f"{number}: {line}" for number, line in _prose(page.read_text("utf-8")) if SECOND.search(line)]

    assert crowded == []


def test_the_checks_of_pages_see_what_they_look_for() -> None:
    """A broken link, a crowded line and an anchor that is not there are found; code and addresses are left
    alone.
    """
    page = "# A head, here\n\nOne. Two.\n\n```\nIn code. It may.\n[x](gone.md)\n```\n[y](gone.md#a) [z](https://x.org/a.md)\n"

    assert [number for number, line in _prose(page) if SECOND.search(line)] == [3]
    assert _links(page) == ["gone.md"]
    assert _anchors(page) == {"a-head-here"}


def test_every_target_has_help_and_a_line_in_contributing() -> None:
    """`make` alone lists each target with what it does, and CONTRIBUTING.md explains it."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split())
    helped = {name: says for name, says in TARGET.findall(makefile) if says}
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert set(helped) == phony
    assert [name for name, says in helped.items() if says not in listed] == []
    assert [name for name in phony - {"help"} if f"`make {name}`" not in contributing] == []


def test_every_decision_is_in_the_index_and_has_its_headings() -> None:
    """Numbered without a gap, with the five parts in their order."""
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "index.md").read_text("utf-8")

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text("utf-8")
        assert f"({page.name})" in index, page.name
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert re.search(
            r"^Status: (proposed|accepted on \d{4}-\d\d-\d\d|replaced by \[)", text, re.MULTILINE
        ), page.name
        heads = ["Context", "Decision", "Reasons", "Consequences"]
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == heads, page.name


def test_every_ignored_lint_rule_has_its_reason() -> None:
    """An exception without a reason is a rule that somebody found inconvenient."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    ruff = tomllib.loads(text)["tool"]["ruff"]["lint"]
    ignored = [*ruff["ignore"], *(code for codes in ruff["per-file-ignores"].values() for code in codes)]
    bare = [
        line
        for line in text.splitlines()
        if re.fullmatch(r'\s*(?:"[^"]+" = \[)?"[A-Z]+\d*"(?:, "[A-Z]+\d*")*\]?,?', line)
    ]

    assert len(ignored) > 20
    # The one without a comment of its own stands under the comment that explains it.
    assert [line.strip() for line in bare] == ['"src/duly/run/**" = ["TID251"]', '"TID251",']
