"""What the invented debtors write is what people write: the shipped lists read it as it is meant."""

from pathlib import Path

import pytest

import duly
from duly.carrier import debtors
from duly.text import intent

PATH = Path(duly.__file__).parent / "packs" / "cn" / "intents.yaml"
LISTS, PROBLEMS = intent.load(PATH.read_text(encoding="utf-8"), str(PATH))


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (mood, words)
        for mood, by_language in debtors.WORDS.items()
        for said in by_language.values()
        for words in said
    ],
)
def test_what_a_debtor_writes_is_read_as_it_is_meant(mood: debtors.Mood, words: str) -> None:
    """In Chinese and in English."""
    assert LISTS is not None, PROBLEMS
    assert intent.read(words, LISTS).kind.value == mood.value
