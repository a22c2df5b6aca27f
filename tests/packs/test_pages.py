"""What the pages say of the packs in numbers is so: the generated table, and each pack's own README."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import yaml

from docs.reference import packs as page
from duly.law import pack
from duly.law.pack import Pack

NAMES = page.names()
# A number of rules, tests, rows or drafts, or one in brackets that stands alone.
NUMBER = re.compile(r"\b\d+ (?:rules?|tests?|rows?|drafts?|of them)\b|(?<= )\(\d+\)")


def _of_type(*names: str) -> Callable[[Pack], list[int]]:
    return lambda one: [sum(rule.type in names for rule in one.rules)]


def _read(one: Pack) -> list[int]:
    verified = sum(page.is_verified(rule) for rule in one.rules)
    return [verified, len(one.rules) - verified]


def _rows(part: str) -> Callable[[Pack], list[int]]:
    def count(one: Pack) -> list[int]:
        text = (pack.shipped("rows") / f"{one.name}.yaml").read_text("utf-8")
        listed = yaml.safe_load(text)
        listed["given"] = {**listed["landed"], **listed["not_rules"]}
        return [len(listed[part])]

    return count


# What a README says in numbers, and what they must be.
SAID: tuple[tuple[str, Callable[[Pack], list[int]]], ...] = (
    (r"^(\d+) rules, (\d+) tests, as of", lambda one: [len(one.rules), len(one.cases)]),
    (r"\((\d+) rules?\), and `draft` otherwise \((\d+) rules?\)", _read),
    (r"^No rule is called `verified`.*\((\d+) drafts\)", lambda one: [len(one.rules)]),
    (r"^(?:All )?(\d+) rules? speaks? to an act", lambda one: [sum(map(page.speaks, one.rules))]),
    (r"named values? \((\d+)\)", _of_type("parameter")),
    (r"times? of keeping \((\d+)\)", _of_type("retain")),
    (r"deadlines? \((\d+)\)", _of_type("deadline")),
    (r"(?:duty|duties) \((\d+)\)", _of_type("duty")),
    (r"^`packs/rows/.*?, (\d+) of them", _rows("given")),
    (r": (\d+) are rules, and .* have a reason why not", _rows("landed")),
    (r"^(\d+) rules? (?:are|were|stand)[^.]*`added`", _rows("added")),
)


def claims(text: str) -> Iterator[tuple[str, list[int], Callable[[Pack], list[int]]]]:
    """Every sentence in numbers, with its numbers and what they are counted from."""
    for pattern, counted in SAID:
        for found in re.finditer(pattern, text, re.MULTILINE):
            yield found[0], [int(number) for number in found.groups()], counted


def readme(name: str) -> str:
    """The README of a pack."""
    return (pack.shipped(name) / "README.md").read_text("utf-8")


def test_the_table_of_packs_is_what_the_packs_say() -> None:
    """docs/reference/packs.md is what `python docs/reference/packs.py` writes."""
    assert page.PAGE.read_text("utf-8") == page.written()


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_a_readme_is_counted(name: str) -> None:
    """Rules, tests, rows, how many were read, how many speak: none is kept by hand alone."""
    wrong = {
        sentence: counted(page.load(name))
        for sentence, said, counted in claims(readme(name))
        if said != counted(page.load(name))
    }

    assert wrong == {}


@pytest.mark.parametrize("name", NAMES)
def test_no_number_in_a_readme_escapes_the_count(name: str) -> None:
    """One that is written in other words would go stale unseen."""
    text = readme(name)
    sentences = [sentence for sentence, _, _ in claims(text)]
    free = [
        found[0] for found in NUMBER.finditer(text) if not any(found[0] in sentence for sentence in sentences)
    ]

    assert free == []


def test_a_number_that_is_wrong_is_seen() -> None:
    """As one written in words that nobody counts is."""
    sentence = "4 rules speak to an act; the others are named values (7)."
    numbers = [(said, counted(page.load("sg"))) for _, said, counted in claims(sentence)]

    assert numbers == [([4], [1]), ([7], [0])]
    assert NUMBER.findall("Of 5 rules each (3) and article 35(1)") == ["5 rules", "(3)"]


def test_what_a_pack_leaves_open_is_on_the_page() -> None:
    """A number, hours, the days of a calendar and a value: one of each, and no rule that leaves nothing open."""
    opened = page.left_open([page.load(name) for name in NAMES])

    for rule, what in (
        ("cn-freq-04", "a number"),
        ("uk.conc.7.9.4", "hours"),
        ("ie.cal.public", "the days of a calendar"),
        ("cn-pre-02", "a value"),
    ):
        assert f"| `{rule}` | {what} |" in opened
    assert "`au.dcg.freq`" not in opened
