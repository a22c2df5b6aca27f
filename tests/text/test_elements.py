"""What a message carries is read from the message, in columns as in plain."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from duly.law import facts
from duly.text import elements
from duly.text.escape import Sink
from tests.text import material

VALUES = {
    "brand": "晨曦消金", "creditor": "晨曦消费金融有限公司", "overdue_total": "1,236.15元", "as_of": "1月2日",
    "hotline": "400-000-0000", "official_url": "https://chenxi.example", "objection_how": "如有异议请来电",
    "pay_how": "请在App还款", "verify_code": "7K3M9-QX0WD", "deadline": "1月20日",
}  # fmt: skip

# (element, texts that carry it, texts that do not)
CASES: list[tuple[str, list[str], list[str]]] = [
    (
        "sender_name_first",
        ["【晨曦消金】您好", "[晨曦消金] hello", "晨曦消金：您好", "晨曦消费金融有限公司，您好", "晨曦消金"],
        ["您好，晨曦消金", "【别家】晨曦消金", "晨曦消金员工贷", " 【晨曦消金】", "【晨曦消金", ""],
    ),
    ("creditor_name", ["…晨曦消费金融有限公司…"], ["晨曦消费金融"]),
    (
        "amount",
        ["欠1,236.15元。", "1,236.15元"],
        ["欠11,236.15元", "欠21,236.15元", "欠1,236.15", "-1,236.15元"],
    ),
    ("as_of", ["截至1月2日欠", "截至1月2日。"], ["截至11月2日", "截至2025年1月2日", "截至1月20日"]),
    (
        "official_contact",
        ["致电400-000-0000", "见https://chenxi.example"],
        ["致电1400-000-0000", "致电400-000-00001"],
    ),
    (
        "objection_route",
        ["如有异议请来电", "有异议致电400-000-0000", "Disagree? 400-000-0000"],
        ["有异议", "400-000-0000"],
    ),
    ("pay_route", ["请在App还款"], ["请还款"]),
    ("verify_code", ["码7K3M9-QX0WD。"], ["码7K3M9-QX0WDA", "码A7K3M9-QX0WD", "码7K3M9"]),
    ("deadline", ["请于1月20日前"], ["请于11月20日前", "请于1月2日前"]),
    (
        "optout",
        ["回T退订", "回复TD", "Reply STOP to end", "unsubscribe here"],
        ["回Text", "unsubscribed", "停止"],
    ),
]


@pytest.mark.parametrize(("element", "carrying", "lacking"), CASES)
def test_an_element_is_there_or_not(element: str, carrying: list[str], lacking: list[str]) -> None:
    """Both sides: the value itself, and what is almost it."""
    assert [element in elements.present(text, VALUES) for text in carrying] == [True] * len(carrying)
    assert [element in elements.present(text, VALUES) for text in lacking] == [False] * len(lacking)


@pytest.mark.parametrize("name", list(VALUES))
def test_an_empty_value_stands_nowhere(name: str) -> None:
    """A field that was empty is not carried by every text."""
    changed = {**VALUES, name: "", "objection_how": ""}

    assert elements.present("", changed) == frozenset()
    assert not elements.stands("", "any")


def test_a_value_is_compared_as_it_was_rendered() -> None:
    """A line break in a value became a blank in the text."""
    assert "pay_route" in elements.present("请 还款", {"pay_how": "请\n还款"})


def test_the_law_knows_these_elements() -> None:
    """Each is a word of the fact `elements`."""
    assert set(facts.FACTS["elements"].values) >= elements.ELEMENTS


def test_every_notice_names_what_it_requires() -> None:
    """A subject names the sender alone; an unknown notice is about an overdue debt."""
    assert elements.required("last_notice", Sink.SMS) - elements.required("overdue_firm", Sink.SMS) == {
        "deadline"
    }
    assert elements.required("due_soon", Sink.EMAIL_SUBJECT) == {"sender_name_first"}
    assert elements.required("our_own", Sink.SMS) == elements.required("overdue_first", Sink.SMS)


PIECES = ["1.00元", "11月2日", "1月2日", "甲", "银行", "400-1", "A1", "Z", "退订", "回T", " ",
          "回TD", "，", "2", "年", ".",
          "reply stop", "【", "】", "[", "]", "-3", "AB", "异议", "\n"]  # fmt: skip
written = st.lists(st.sampled_from(PIECES) | material.hostile, max_size=8).map("".join)
value = st.lists(st.sampled_from(PIECES), max_size=2).map("".join) | material.hostile
records = st.fixed_dictionaries({"text": written, **dict.fromkeys([*VALUES, "next_due_total"], value)})


@settings(max_examples=200)
@given(st.lists(records, min_size=1, max_size=8))
@example(
    [{**VALUES, "next_due_total": "", "text": "reply stop¼"}]
)  # a letter to one engine and not to the other
def test_columns_find_the_same_elements(rows: list[dict[str, str]]) -> None:
    """Every element of every row, in alphabetical order."""
    found = elements.columnar(pl.DataFrame(rows))

    assert found.to_list() == [sorted(elements.present(row["text"], row)) for row in rows]


def test_columns_need_only_the_fields_there_are() -> None:
    """A field without a column is empty."""
    frame = pl.DataFrame({"text": ["【甲】", "乙"], "brand": ["甲", "甲"]})

    assert elements.columnar(frame).to_list() == [["business_name", "sender_name_first"], []]
    assert elements.columnar(frame.clear()).to_list() == []
