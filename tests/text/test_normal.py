"""Words are compared in forms that see through how they were written, in columns as in plain."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.text import normal, variants
from duly.text.normal import Form
from tests.text import material

CASES = [
    (Form.HAN, "已立案", "已立案"),
    (Form.HAN, "已 立,案。", "已立案"),
    (Form.HAN, "已a立1案", "已立案"),
    (Form.HAN, "已\u200b立\u2060案", "已立案"),
    (Form.HAN, "已起訴", "已起诉"),
    (Form.HAN, "⼀切後果", "一切后果"),
    (Form.HAN, "公安⻋", "公安车"),
    (Form.HAN, "STOP", ""),
    (Form.COMPACT, "加 V：ABC", "加vabc"),
    (Form.COMPACT, "加Ｖ①", "加v1"),
    (Form.WORDS, "You will be ARRESTED!", " you will be arrested "),
    (Form.WORDS, "ar\u200brest", " arrest "),
    (Form.WORDS, "аrrеst", " arrest "),  # Cyrillic а and е
    (Form.WORDS, "Αrrest", " arrest "),  # Greek capital alpha
    (Form.WORDS, "arrést", " arrest "),
    (Form.WORDS, "𝐚𝐫𝐫𝐞𝐬𝐭", " arrest "),
    (Form.WORDS, "don’t", " dont "),
    (Form.WORDS, "don't", " dont "),
    (Form.WORDS, "pay.now", " pay now "),
    (Form.WORDS, "请stop谢谢", " stop "),
    (Form.WORDS, "已还", " "),
    (Form.WORDS, "", " "),
]


@pytest.mark.parametrize(("form", "text", "wanted"), CASES)
def test_forms_see_through_the_writing(form: Form, text: str, wanted: str) -> None:
    """Width, script, marks, look-alikes, blanks and invisible characters change nothing."""
    assert normal.normalise(text, form) == wanted


tricky = st.sampled_from([*variants.STANDS_FOR, *"abc '’`S.T \u200b\u0301１Ａ㈱ﬁ⼀ſKİΣς\t\x85\x1f"])
texts = st.lists(st.text(material.characters | tricky, max_size=20), min_size=1, max_size=10)


@given(texts, st.sampled_from(list(Form)))
def test_columns_give_the_same_forms(written: list[str], form: Form) -> None:
    """Whatever characters Python and Polars both know."""
    column = pl.DataFrame({"text": written}).select(form=normal.column(pl.col("text"), form))["form"]

    assert column.to_list() == [normal.normalise(text, form) for text in written]


ordinary = st.text(st.sampled_from("aZ9 .,:()\n已还款，。（）【】：；！？“”·—…￥张三AA"), max_size=20)


@given(st.lists(ordinary, min_size=1, max_size=10), st.sampled_from(list(Form)))
def test_the_short_cut_for_ordinary_texts_is_the_same(written: list[str], form: Form) -> None:
    """Where nothing needs to be replaced, leaving that out changes nothing."""
    frame = pl.DataFrame({"text": written})

    assert frame.select(normal.is_ordinary(pl.col("text")).all()).item()
    short = frame.select(form=normal.ordinary_column(pl.col("text"), form))["form"]
    assert short.to_list() == [normal.normalise(text, form) for text in written]


@given(texts)
def test_what_is_called_ordinary_is(written: list[str]) -> None:
    """The short cut is never taken where it would see something else."""
    frame = pl.DataFrame({"text": written}).filter(normal.is_ordinary(pl.col("text")))

    for form in Form:
        short = frame.select(form=normal.ordinary_column(pl.col("text"), form))["form"]
        assert short.to_list() == [normal.normalise(text, form) for text in frame["text"]]


@given(st.text(material.characters | tricky, max_size=30), st.sampled_from(list(Form)))
def test_every_character_knows_where_it_came_from(text: str, form: Form) -> None:
    """As many origins as characters, in order, each giving its character by itself."""
    normalised, origins = normal.normalise(text, form), normal.origins(text, form)

    assert len(origins) == len(normalised)
    assert origins == sorted(origins)
    for char, origin in zip(normalised, origins, strict=True):
        assert char == " " or char in normal.normalise(text[origin], form)


def test_letters_written_one_by_one_are_found() -> None:
    """From three on: two single letters occur in honest text."""
    assert normal.spelled(normal.normalise("please s.t.o.p it", Form.WORDS)) == [(8, "stop")]
    assert normal.spelled(normal.normalise("plan a b", Form.WORDS)) == []
    assert normal.spelled(normal.normalise("a b c", Form.WORDS)) == [(1, "abc")]


def test_every_simplified_character_of_the_lists_has_its_traditional_form() -> None:
    """A character that GB 2312 has and Big5 has not is a simplified one; some other character stands for it."""
    phrases = [entry.phrase.text for entry in material.lists().entries]
    phrases += [phrase.text for phrase in material.intents().index.phrases]
    simplified = {
        char for phrase in phrases for char in phrase if not _in(char, "big5") and _in(char, "gb2312")
    }
    covered = set(variants.TRADITIONAL.values())

    assert len(simplified) > 150
    assert simplified - covered - {"着"} == set()


def test_the_table_replaces_nothing_twice() -> None:
    """What stands for another character is never itself a replacement, so one pass suffices."""
    assert (
        set(variants.STANDS_FOR) & {char for value in variants.STANDS_FOR.values() for char in value} == set()
    )


def _in(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
