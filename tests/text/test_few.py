"""Few texts are read one by one, many in columns: both say the same of the same texts."""

from __future__ import annotations

import polars as pl
import pytest

from duly.text import disclosure, elements, segment, statements
from duly.text.segment import Market
from tests.text import material
from tests.text.test_corpus import corpus

TEXTS = [
    one.text
    for name in ("lawful_zh", "lawful_en", "unlawful_zh", "unlawful_en")
    for one in corpus(name)
    if one.text
]


def test_what_a_text_carries_is_the_same_either_way() -> None:
    """With its fields in some of the texts and not in others."""
    frame = pl.DataFrame(
        {
            "text": [f"【晨曦】{text} 400-000-0000" if n % 3 else text for n, text in enumerate(TEXTS)],
            "brand": ["晨曦" if n % 2 else "" for n in range(len(TEXTS))],
            "hotline": ["400-000-0000"] * len(TEXTS),
        }
    )

    plain = elements.plainly(frame).to_list()

    assert plain == elements.columnar(frame).to_list()
    assert any(plain)
    assert not all(plain)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_what_a_text_states_is_the_same_either_way(locale: str) -> None:
    """Of suit, for one."""
    texts, known = pl.Series(TEXTS), material.lists().statements

    plain = statements.plainly(texts, known, locale).to_list()

    assert plain == statements.columnar(texts, known, locale).to_list()
    assert any("suit_mentioned" in each for each in plain)
    assert not all("suit_mentioned" in each for each in plain)


def test_whether_a_text_tells_of_a_debt_is_the_same_either_way() -> None:
    """And what is no text tells of nothing."""
    texts = pl.Series([*TEXTS, None, "请致电400-000-0000"])

    plain = disclosure.plainly(texts, material.lists())

    assert plain.to_list() == disclosure.columnar(texts, material.lists()).to_list()
    assert set(plain) == {True, False, None}


@pytest.mark.parametrize("market", list(Market))
def test_how_many_parts_a_text_takes_is_the_same_either_way(market: Market) -> None:
    """Short and long, in the GSM alphabet and beyond it."""
    texts = pl.Series([*TEXTS, *(text * 4 for text in TEXTS), "a" * 160, "a" * 161, "{" * 80, "{" * 81])

    plain = segment.plainly(texts, market).to_list()

    assert plain == segment.columnar(texts, market)["billed"].to_list()
    assert len(set(plain)) > 1
