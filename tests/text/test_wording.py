"""Forbidden words are found however they are written, and lawful sentences are let through."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.law import facts
from duly.text import wordfile, wording
from duly.text.wording import Action
from tests.text import material

# Sentences that a debtor must never be sent, and why. Written for this table.
UNLAWFUL: list[tuple[str, set[str]]] = [
    (
        "【法务中心】您的案件已立案，公安将上门传唤，后果自负。",
        {"impersonate_authority", "fake_filing", "threat"},
    ),
    ("你再不还就通知你单位和通讯录所有人。", {"expose"}),
    ("您涉嫌贷款诈骗，今日18点前不还将追究刑事责任。", {"criminal_threat"}),
    ("您将被列入终身黑名单，影响子女上学。", {"false_credit"}),
    ("可先在XX平台借款还清本笔，点击领取新额度。", {"new_loan", "marketing"}),
    ("请加催收员微信并转账至个人账户，另付催收费200元。", {"private_channel", "false_amount"}),
    ("转告张某某：其欠我司8,156元，请督促还款。", {"expose"}),
    ("你这个老赖，不要脸", {"insult"}),
    ("将限制出境并冻结社保", {"false_legal_effect"}),
    ("今天还一半就结清，包消征信", {"false_promise"}),
    ("法院必判你还", {"time_barred"}),
    ("您的身份证号和工作单位我们都有", {"over_disclosure"}),
    (
        "We have filed a lawsuit and the police will arrest you",
        {"fake_filing", "impersonate_authority", "criminal_threat"},
    ),
    ("Pay now or else. We will tell your family and your employer.", {"threat", "expose"}),
    ("You are a deadbeat and will be blacklisted", {"insult", "false_credit"}),
    ("Add me on WeChat and transfer to me", {"private_channel"}),
    ("Take out another loan to repay, special offer inside", {"new_loan", "marketing"}),
    ("A collection fee of CNY 200 applies", {"false_amount"}),
    ("Your wages will be taken and an exit ban imposed", {"false_legal_effect"}),
    ("Settle for half and we clear your credit", {"false_promise"}),
    ("The court will order you to pay, debt never expires", {"time_barred"}),
    ("Please send your ID number", {"over_disclosure"}),
]

# The same word written by somebody who knows that it is looked for.
DISGUISES = [
    "已立案", "已 立 案", "已-立-案", "已。立。案", "已\u200b立\u200d案",
    "已１立２案", "【已】立【案】", "已立案".replace("已", "已\n"),
    "ＡＲＲＥＳＴ", "a.r.r.e.s.t", "A R R E S T E D", "аrrеst", "arr\u00adest",
    "arrést", "ᴀrrest", "𝓪𝓻𝓻𝓮𝓼𝓽", "Ａｒｒｅｓｔｉｎｇ",
    "後果自負", "涉嫌詐騙", "移送⽴案，正式立案", "强制執行", "強制執⾏",
]  # fmt: skip

LAWFUL = [
    (
        "due_soon",
        """【甲银行】张*先生，您尾号1234信用卡本期应还1,230.00元，还款日11月20日。
        如已还款请忽略。查询请用本行App。""",
    ),
    (
        "overdue_first",
        """【甲消费金融】张*先生，您合同尾号5678的借款本期应还1,230.00元，已于11月20日到期。
        截至11月23日共欠1,236.15元（含罚息6.15元）。明细和还款见本公司App。
        有异议或还款困难请致电官方客服400-000-0000。已还请忽略。""",
    ),
    (
        "last_notice",
        """【甲消费金融】张*先生，合同尾号5678，截至11月23日欠本金8,000.00元、利息120.00元、
        罚息36.20元，共8,156.20元。请于12月8日前还款或与我公司协商。到期未处理，我公司可能依法起诉。
        对金额有异议请致电400-000-0000。""",
    ),
    ("overdue_first", "【甲银行】您合同尾号5678的逾期欠款自11月25日起由乙公司代为联系，可在本行官网核对。"),
    ("overdue_first", "我们不会要求您向个人账户付款。请勿向任何个人账户付款。"),
    ("overdue_first", "We never ask you to pay into a personal account."),
    ("last_notice", "Otherwise the creditor may take legal action as the law allows."),
    ("overdue_first", "The therapist restored a courtesy warranted by nobody; suet pudding was served."),
]


@pytest.mark.parametrize(("text", "categories"), UNLAWFUL)
def test_unlawful_sentences_are_blocked(text: str, categories: set[str]) -> None:
    """Each with at least the categories it falls under, and rows of the law pack."""
    found = wording.find(text, material.lists())

    assert categories <= wording.claims(found)
    assert all(one.basis and all(row.startswith("CN-") for row in one.basis) for one in found)


@pytest.mark.parametrize("text", DISGUISES)
def test_disguises_do_not_help(text: str) -> None:
    """Neither width nor script, blanks, invisible characters, look-alikes or letters spelled out."""
    assert wording.claims(wording.find(f"您好，{text}，谢谢", material.lists()))


@pytest.mark.parametrize(("notice", "text"), LAWFUL)
def test_lawful_sentences_pass(notice: str, text: str) -> None:
    """Nothing blocks; what only a person can judge is the only thing that may be left."""
    assert [
        one for one in wording.find(text, material.lists(), notice=notice) if one.action is Action.BLOCK
    ] == []


@pytest.mark.parametrize(
    ("text", "notice", "actions"),
    [
        ("到期未处理，我公司可能依法起诉", "last_notice", []),
        ("到期未处理，我公司可能依法起诉", "overdue_first", [("fake_filing", Action.REVIEW)]),
        ("我公司将起诉您", "last_notice", [("fake_filing", Action.REVIEW)]),
        ("我公司可能依法起诉，起诉！", "last_notice", [("fake_filing", Action.REVIEW)]),
        ("我公司已起诉，也可能依法起诉", "last_notice", [("fake_filing", Action.BLOCK)]),
        ("请加违约金", "overdue_first", [("false_amount", Action.REVIEW)]),
        ("向个人账户付款", "overdue_first", [("private_channel", Action.BLOCK)]),
        ("不会要求您向个人账户付款", "overdue_first", []),
        ("不会要求您只向个人账户付款", "overdue_first", [("private_channel", Action.BLOCK)]),
    ],
)
def test_a_phrase_is_excused_by_its_own_wording_alone(
    text: str, notice: str, actions: list[tuple[str, Action]]
) -> None:
    """In the notices it is allowed for, where it stands, and nowhere else in the same text."""
    found = wording.find(text, material.lists(), notice=notice)

    assert [(one.category, one.action) for one in found] == actions


def test_a_finding_says_where_it_is() -> None:
    """In the text as it was written, however it was disguised."""
    (found,) = wording.find("张先生，已 立\u200b案。", material.lists())

    assert (found.phrase, found.start, found.basis) == (
        "已立案",
        4,
        ("CN-WORD-03", "CN-WORD-04", "CN-PRE-05"),
    )


def test_the_law_knows_the_same_categories() -> None:
    """What is found here is the fact the rules speak of."""
    assert set(wording.CATEGORIES) == set(facts.FACTS["claims"].values)
    assert {entry.category for entry in material.lists().entries} == set(wording.CATEGORIES)


TRICKY = [
    "已立案", "起诉", "可能依法起诉", "可能依法", "起", "诉", "個人账户", "个人账户",
    "请勿向任何个人账户付款", "加v", "加", "police", "ar", "rest", "s.u.e", "sue", "legal", "訴",
    "已", "don't", "，",
]  # fmt: skip
TRICKY += [
    "s u e d x y",
    "may take legal action as the law allows",
    "legal action",
    " ",
    "\u200b",
    "a r r e s t",
]
pieces = st.one_of(st.sampled_from(TRICKY), st.text(material.characters, max_size=3))
texts = st.lists(st.lists(pieces, max_size=6).map("".join), min_size=1, max_size=8)


@settings(max_examples=300)
@given(texts, st.sampled_from([None, "last_notice", "overdue_first"]))
def test_columns_find_what_the_plain_reading_finds(written: list[str], notice: str | None) -> None:
    """Every finding of every text, with its place, and nothing else."""
    found = wording.columnar(pl.Series(written), material.lists(), notice=notice)

    assert found.rows() == [
        (row, one.category, one.phrase, one.action.value, list(one.basis), one.start)
        for row, text in enumerate(written)
        for one in wording.find(text, material.lists(), notice=notice)
    ]


def test_an_ordinary_batch_is_cleared_by_columns() -> None:
    """Texts without a finding never reach the plain reading, last notices included."""
    for notice, text in LAWFUL[:3]:
        assert wording.suspects(pl.Series([text] * 3), material.lists(), notice=notice).len() == 0


CATEGORY = """
  {name}:
    says: {{zh: 甲, en: a}}
    basis: [CN-WORD-01]
    block: [坏话, bad words]
"""
HEAD = "lists: wording\njurisdiction: CN\nas_of: 2026-11-23\ncategories:\n"
WHOLE = HEAD + "".join(CATEGORY.format(name=name) for name in wording.CATEGORIES)

# (what is changed, into what, code, line, words)
BROKEN = [
    ("lists: wording", "lists: intents", "lists", 1, "not a wording file"),
    ("as_of: 2026-11-23", "as_of: soon", "date", 3, "a day is expected"),
    ("as_of: 2026-11-23", "as_of: 2026-11-23\nas_off: 1", "key.unknown", 4, "`as_off` is not known"),
    ("  insult:", "  insults:", "key.unknown", 26, "`insults` is not known"),
    ("  insult:", "  insults:", "category.missing", 4, "`insult` is missing"),
    ("  insult:", "  threat:", "key.twice", 26, "`threat` is written twice"),
    ("basis: [CN-WORD-01]", "basis: []", "basis.missing", 8, "names no row"),
    ("block: [坏话, bad words]", "block: 坏话", "list", 9, "a list is expected"),
    ("block: [坏话, bad words]", "block: [坏]", "phrase.short", 9, "too short"),
    ("block: [坏话, bad words]", "block: [。。]", "phrase.short", 9, "too short"),
    ("block: [坏话, bad words]", "block: [坏话, 坏 話]", "phrase.twice", 9, "stands in"),
    ("block: [坏话, bad words]", "block: [坏话]\n    review: [坏话]", "phrase.twice", 10, "stands in"),
    ("block: [坏话, bad words]", "block: [{phrase: 坏话, alow: [不说坏话]}]", "key.unknown", 9, "Did you mean `allow`"),
    ("block: [坏话, bad words]", "block: [{phrase: 坏话, allow: [好话]}]", "allow.apart", 9, "does not hold it"),
    ("block: [坏话, bad words]", "block: [{phrase: 坏话, allow: [坏话]}]", "allow.apart", 9, "does not hold it"),
    ("says: {zh: 甲, en: a}", "says: {zh: 甲}", "text", 7, "text is expected"),
    ("categories:", "categories: [", "syntax", None, "not YAML"),
    ("basis: [CN-WORD-01]", "basis: &b [CN-WORD-01]\n    review: *b", "alias", 9, "an anchor"),
]  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[2]}-{case[1][:20]}")
def test_a_broken_list_is_shown_at_its_line(case: tuple[str, str, str, int | None, str]) -> None:
    """The whole file is refused, at the line, with what is wrong."""
    old, new, code, line, words = case
    assert old in WHOLE
    lists, problems = wordfile.load(WHOLE.replace(old, new, 1), "wording.yaml")
    problem = next(problem for problem in problems if problem.code == f"wording.{code}")

    assert lists is None
    assert words in problem.what + problem.remedy
    if line is not None:
        assert problem.line == line
        assert problem.excerpt == WHOLE.replace(old, new, 1).splitlines()[line - 1]


def test_a_whole_list_is_accepted() -> None:
    """The file that the broken ones were made from; its digest changes with every byte."""
    lists, problems = wordfile.load(WHOLE, "wording.yaml")
    again, _ = wordfile.load(WHOLE + "# x\n", "wording.yaml")

    assert problems == ()
    assert lists is not None
    assert again is not None
    assert len(lists.entries) == 2 * len(wording.CATEGORIES)
    assert lists.digest != again.digest
