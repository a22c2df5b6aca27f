"""The rendered text is held for every fault, each with its category, and for nothing else."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.text import elements, lint, render, sweep
from duly.text.escape import Sink
from duly.text.segment import Market
from duly.text.wording import Action
from tests.text import material

ALLOWED = frozenset(material.FIGURES.values())
SOURCE = (material.FOLDER / "templates" / "overdue_first" / "zh-CN" / "sms.txt").read_text("utf-8")
VALUES = material.values("zh-CN")
TEXT = render.plain(material.parsed(SOURCE), VALUES)


def findings(text: str, **changed: object) -> tuple[lint.Finding, ...]:
    """The lint of a first notice."""
    return lint.lint(text, material.measure(**changed), allowed=ALLOWED, values=VALUES)  # type: ignore[arg-type]


# (what is changed, into what, code, what is found, category)
FAULTS = [
    ("8,156.20元", "8,156.21元", "amount", "8,156.21元", "false_amount"),
    ("8,156.20元", "18,156.20元", "amount", "18,156.20元", "false_amount"),
    ("8,156.20元", "八千一百五十六元", "amount", "八千一百五十六元", "false_amount"),
    ("8,156.20元", "8,156.20美元", "currency", "8,156.20美元", "false_amount"),
    ("已还请忽略", "另付200元", "amount", "200元", "false_amount"),
    ("已还请忽略", "另付5.00", "amount", "5.00", "false_amount"),
    (" https://chenxi.example", " https://chenxi.example.cn", "link", "https://chenxi.example.cn", "private_channel"),
    ("https://chenxi.example", "https://t.cn/A6x", "link.short", "https://t.cn/A6x", "private_channel"),
    ("已还请忽略", "或写信至me@evil.cn", "link", "me@evil.cn", "private_channel"),
    ("400-000-0000", "400-000-0001", "phone", "400-000-0001", "private_channel"),
    ("已还请忽略", "致电一三八零零一三八零零零", "phone", "一三八零零一三八零零零", "private_channel"),
    ("已还请忽略", "汇至6222020200112233445", "account", "6222020200112233445", "private_channel"),
    ("已还请忽略", "证号11010519491231002X", "identity", "11010519491231002X", "over_disclosure"),
    ("已还请忽略", "已立案", "wording", "已立案", "fake_filing"),
    ("已还请忽略", "【甲银行】", "signature", "【甲银行】", None),
    ("已还请忽略", "已还\u202e请忽略", "hidden", "U+202E", None),
    ("已还请忽略", "已还\t请忽略", "hidden", "U+0009", None),
    ("【晨曦消金】", "", "element", "sender_name_first", None),
    ("8,156.20元", "若干", "element", "amount", None),
    ("11月23日", "今日", "element", "as_of", None),
    ("晨曦消费金融有限公司", "我司", "element", "creditor_name", None),
    ("请通过官方App或原还款账户还款", "请还款", "element", "pay_route", None),
    ("如有异议请致电400-000-0000", "如有疑问请致电400-000-0000", "element", "objection_route", None),
]  # fmt: skip


def test_the_text_itself_is_clean() -> None:
    """What the faults below are made from."""
    assert findings(TEXT) == ()


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[2]}-{case[3]}")
def test_a_fault_is_found(case: tuple[str, str, str, str, str | None]) -> None:
    """With its code, what was found, where, and the category under which the law forbids it."""
    old, new, code, found, category = case
    assert old in TEXT
    text = TEXT.replace(old, new)
    finding = next(one for one in findings(text) if one.code == f"text.lint.{code}" and one.found == found)

    assert (finding.category, finding.action) == (category, Action.BLOCK)
    assert lint.blocks([finding])
    if code not in {"element", "hidden"}:
        assert text[finding.start :].startswith(found[:1])
    assert category is None or category in lint.claims(findings(text))


def test_a_word_to_review_does_not_block() -> None:
    """It asks a person, who answers by approving the template."""
    found = findings(TEXT.replace("已还请忽略", "含违约金"))

    assert [(one.code, one.category) for one in found] == [("text.lint.review", "false_amount")]
    assert not lint.blocks(found)
    assert lint.claims(found) == frozenset()


@pytest.mark.parametrize("text", ["", " \n", "\u3000"])
def test_an_empty_text_is_held(text: str) -> None:
    """It is the one fault there is then."""
    assert [one.code for one in findings(text)] == ["text.lint.empty"]


def test_length_is_held_to_the_part() -> None:
    """At the limit it may leave, one character beyond it may not; without a limit it may."""
    room = "好" * (67 * 4 - len(TEXT))

    assert findings(TEXT + room, max_parts=4) == ()
    assert [one.code for one in findings(TEXT + room + "好", max_parts=4)] == ["text.lint.length"]
    assert findings(TEXT + room + "好", max_parts=None) == ()
    assert findings(TEXT + room + "好", market=Market.GSM, max_parts=5) == ()


def test_a_text_may_name_only_its_own_code() -> None:
    """The digits of the row's verification code are no telephone number; those of another are."""
    digits = {**VALUES, "verify_code": "12345-67890"}
    text = TEXT.replace(VALUES["verify_code"], "12345-67890")

    assert lint.lint(text, material.measure(), allowed=ALLOWED, values=digits) == ()
    assert "text.lint.phone" in {one.code for one in findings(text)}


def test_a_page_is_read_as_a_person_would() -> None:
    """Its words, and where its links lead, whatever the tags between."""
    measure = material.measure(sink=Sink.HTML, required=frozenset())
    page = """<p>共<b>8,156</b>.20元</p><a href="https://evil.cn/x">https://chenxi.example</a><!-- 已立案 -->
    <img alt="致电13800138000" src="https://chenxi.example/">"""
    found = lint.lint(page, measure, allowed=ALLOWED, values={})

    assert {(one.code, one.found) for one in found} == {
        ("text.lint.link", "https://evil.cn/x"),
        ("text.lint.wording", "已立案"),
        ("text.lint.phone", "13800138000"),
    }


PIECES = [
    "8,156.20元", "8,156.21元", "CNY 8,156.20", "8156.20元", "1,2", ".20", "元", "5千", "一千元", "-", "USD ", "$", "%",
    "https://chenxi.example", "chenxi.example", "https://", ".evil.cn", "/", "@", "service@chenxi.example", "t.cn",
    "400-000-0000", "400 000 0000", "1",
    "12345", "-2", "一二三四五", "11010519491231002X", "7K3M9-QX0WD", "AA111-22222",
    "已立案", "起诉", "可能依法起诉", "【", "】",
    "\u202e", "\t", "\n", "１", "．", "，", "。", " ", "A", "张", "訴", "𠮷", "😀", "don't",
    "'", "\x01", "万", "百", "million yuan",
    "k", "日", "①", "²", ":", "：", "·", "*", "+86", "回T退订", "￥", "¥", "₹", "(", ")",
]  # fmt: skip
tails = st.lists(st.sampled_from(PIECES) | st.text(material.characters, max_size=2), max_size=6).map("".join)
codes = st.sampled_from(["7K3M9-QX0WD", "12345-67890", "AA111-22222", ""])
wholes = st.one_of(
    tails, tails.map(TEXT.__add__), st.tuples(tails, tails).map(lambda two: two[0] + TEXT + two[1])
)


@settings(max_examples=400)
@given(
    st.lists(st.tuples(wholes, codes), min_size=1, max_size=6),
    st.sampled_from([Sink.SMS, Sink.EMAIL_TEXT, Sink.HTML]),
    st.sampled_from(["overdue_first", "last_notice"]),
    st.booleans(),
)
def test_the_sweep_finds_what_the_lint_finds(
    rows: list[tuple[str, str]], sink: Sink, notice: str, bare: bool
) -> None:
    """Every finding of every text, and nothing else: columns clear only what the plain reading would clear."""
    required = frozenset() if bare else elements.required(notice, sink)
    measure = material.measure(notice, sink, required=required, max_parts=5 if sink is Sink.SMS else None)
    records = [
        {**VALUES, "verify_code": code, "text": text, "figures": sorted(ALLOWED)} for text, code in rows
    ]

    swept = sweep.sweep(pl.DataFrame(records), measure, few=0)

    assert swept.rows() == [
        (row, one.code, one.what, one.found, one.start, one.category, one.action.value)
        for row, (text, code) in enumerate(rows)
        for one in lint.lint(text, measure, allowed=ALLOWED, values={**VALUES, "verify_code": code})
    ]


def test_an_empty_batch_has_no_findings() -> None:
    """With the columns that a full one has."""
    frame = pl.DataFrame(schema={"text": pl.String, "figures": pl.List(pl.Int64)})

    assert sweep.sweep(frame, material.measure(), few=0).schema == pl.Schema(sweep.SCHEMA)
