"""Whole sentences, lawful and not, plain and disguised: every unlawful one is found and no lawful one is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from duly.text import wording
from duly.text.wording import Action
from tests.text import material

FOLDER = Path(__file__).parent / "corpus"
# How many of the lawful sentences may ask a person; how many of the unlawful ones may be found under another name.
REVIEWED, MISNAMED = 0.20, 0.12


class Sentence(NamedTuple):
    """One line of a corpus: its notice, where it is lawful, else the category it falls under."""

    kind: str
    text: str


def corpus(name: str) -> list[Sentence]:
    """The sentences of a file; a backslash and an n in one stand for a line break."""
    lines = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    parted = (line.split(" | ", 1) for line in lines if line and not line.startswith("#"))
    return [Sentence(kind.strip(), text.replace("\\n", "\n")) for kind, text in parted]


def stopped(sentence: Sentence, *, notice: str | None = None) -> list[wording.Finding]:
    """What holds the sentence; a promise does, where no offer is on record."""
    found = wording.find(sentence.text, material.lists(), notice=notice)
    return [one for one in found if one.action is Action.BLOCK or one.offer]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_lawful_sentence_passes(language: str) -> None:
    """None of a hundred and fifty and more is held, and few ask a person."""
    told = corpus(f"lawful_{language}")
    held = [(one.text, [f.phrase for f in stopped(one, notice=one.kind)]) for one in told]
    asked = [one for one in told if wording.find(one.text, material.lists(), notice=one.kind)]
    rate = f"{len(asked) / len(told):.1%} ask a person"
    print(f"lawful {language}: {len(told)} sentences, none held, {rate}")  # noqa: T201 - the rates are shown

    assert len(told) >= 150
    assert [one for one in held if one[1]] == []
    assert len(asked) / len(told) < REVIEWED


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_unlawful_sentence_is_found(language: str) -> None:
    """Plain or disguised; and nearly always under the category that a reader would name."""
    said = corpus(f"unlawful_{language}")
    found = [(one, {finding.category for finding in stopped(one)}) for one in said]
    named = [one for one, categories in found if one.kind in categories]
    rate = f"{len(named) / len(said):.1%} under the category a reader would name"
    print(f"unlawful {language}: {len(said)} sentences, all found, {rate}")  # noqa: T201 - the rates are shown

    assert len(said) >= 250
    assert {one.kind for one in said} == set(wording.CATEGORIES)
    assert [one.text for one, categories in found if not categories] == []
    assert len(named) / len(said) > 1 - MISNAMED


@pytest.mark.parametrize("name", ["lawful_zh", "lawful_en", "unlawful_zh", "unlawful_en"])
def test_columns_agree_on_every_sentence(name: str) -> None:
    """A whole batch is judged as each text alone is."""
    texts = [one.text for one in corpus(name)]
    found = wording.columnar(pl.Series(texts), material.lists())

    assert found.select("row", "category", "phrase", "start").rows() == [
        (row, one.category, one.phrase, one.start)
        for row, text in enumerate(texts)
        for one in wording.find(text, material.lists())
    ]


# English words as somebody writes them who knows that they are looked for.
WRITTEN = [
    "arr est", "arr-est", "ar.rest", "arr*est", "arr🔥est", "4rrest", "@rrest", "arr3st", "ARR3ST", "аrrest",
    "a r r e s t",
    "🅰🆁🆁🅴🆂🆃", "arre\u200bst", "arre\nst", "arrеst", "a-r-r-e-s-t", "arr3sted",
]  # fmt: skip
HONEST = [
    "the rest of it", "barrister", "unrest", "a restaurant", "4 rest days", "carrestor", "interest", "array estimate",
    "policy", "a familiar number", "sail 2 July", "A4 paper", "5 sent", "10 else",
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_word_is_found_however_its_letters_are_written(written: str) -> None:
    """Parted by anything, swapped for digits, signs or letters of other scripts."""
    found = wording.find(f"You will be {written} soon", material.lists())

    assert ("criminal_threat", "arrest*", 12) in [(one.category, one.phrase, one.start) for one in found]


@pytest.mark.parametrize("honest", HONEST)
def test_honest_words_do_not_form_a_phrase_by_chance(honest: str) -> None:
    """Not within a word, and not of figures alone."""
    assert wording.find(f"Please note {honest} today.", material.lists()) == ()
