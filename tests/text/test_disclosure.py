"""A text that others may read tells of no debt: in a subject, on a locked screen, at a number they share."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.text import disclosure, lint, sweep
from duly.text.escape import Sink
from tests.text import material

TELLING = [
    ("您的账户已逾期", "逾期"),
    ("您还有欠款", "欠"),
    ("催收通知", "催"),
    ("逾 期提醒", "逾期"),
    ("您有1,230.00元待处理", "元待"),
    ("Your account is overdue", "overdue"),
    ("About your debt", "debt*"),
    ("A message from collections", "collection*"),
    ("OVER\u200bDUE", "overdue"),
    ("Please see to CNY 1230", "CNY 1"),
]
NEUTRAL = [
    "您好，请在方便的时候致电400-000-0000，核验码2345-6789。",
    "账户通知",
    "重要账户通知",
    "Please call 400-000-0000 and quote the code 2345-6789.",
    "A message about your account",
]


@pytest.mark.parametrize(("text", "word"), TELLING)
def test_a_text_tells_of_a_debt_by_a_word_or_a_sum(text: str, word: str) -> None:
    """However it is written."""
    found = disclosure.told(text, material.lists())

    assert found is not None
    assert found == word or word.startswith("元") or found[-1].isdigit()


@pytest.mark.parametrize("text", NEUTRAL)
def test_a_neutral_text_tells_nothing(text: str) -> None:
    """A request to call back, a code, a telephone number."""
    assert disclosure.told(text, material.lists()) is None


pieces = st.one_of(
    st.sampled_from(
        ["逾", "期", "欠", "over", "due", "CNY", "1", "2.50", ",000", " ", "元", "\u200b", "ow", "ed", "，"]
    ),
    st.text(material.characters, max_size=2),
)


@given(st.lists(st.lists(pieces, max_size=6).map("".join), min_size=1, max_size=8))
def test_columns_find_what_the_plain_reading_finds(texts: list[str]) -> None:
    """Whether, for every text."""
    told = disclosure.columnar(pl.Series(texts), material.lists())

    assert told.to_list() == [disclosure.told(text, material.lists()) is not None for text in texts]


def read(text: str, sink: Sink, **changed: object) -> list[tuple[str, str]]:
    """The findings of a text of the invented lender about previews, by code and what was found."""
    measure = material.measure("overdue_first", sink, **changed)
    found = lint.lint(text, measure, allowed=material.sums("en"), values=material.values("zh-CN"))
    return [(one.code, one.found) for one in found if one.code == "text.lint.preview"]


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("【晨曦消金】您的借款已逾期", "逾期"),
        ("【晨曦消金】欠款提醒", "欠"),
        ("【晨曦消金】催收通知", "催"),
        ("【晨曦消金】Your account is overdue", "overdue"),
        ("【晨曦消金】Debt notice", "debt*"),
        ("【晨曦消金】Collection department", "collection*"),
        ("【晨曦消金】Ｏｖｅｒｄｕｅ", "overdue"),
    ],
)
def test_a_subject_with_a_debt_word_is_held(subject: str, word: str) -> None:
    """Others see it in a list of messages; one without is let through."""
    assert read(subject, Sink.EMAIL_SUBJECT) == [("text.lint.preview", word)]
    assert read("【晨曦消金】账户通知", Sink.EMAIL_SUBJECT) == []


def test_the_senders_own_name_is_no_debt_word() -> None:
    """It must be said; the same word elsewhere is held."""
    measure = material.measure("overdue_first", Sink.EMAIL_SUBJECT)
    values = {**material.values("zh-CN"), "brand": "晨曦贷款"}

    own = lint.lint("【晨曦贷款】账户通知", measure, allowed=(), values=values)
    other = lint.lint("【晨曦贷款】贷款通知", measure, allowed=(), values=values)

    assert own == ()
    assert [one.code for one in other] == ["text.lint.preview"]


def test_a_preview_is_held_to_the_character() -> None:
    """The word stands within what is shown, or one character beyond it; the signature does not count."""
    text = "【晨曦消金】张先生您好请看，已逾期"

    assert disclosure.preview(text, 8) == "张先生您好请看，"
    assert read(text, Sink.SMS, preview=11) == [("text.lint.preview", "逾期")]
    assert read(text, Sink.SMS, preview=10) == []
    assert read(text, Sink.SMS, preview=0) == []
    assert disclosure.preview("[Chenxi] Dear Ms Z*, overdue", 14) == " Dear Ms Z*, overdue"


@given(st.lists(st.lists(pieces, max_size=8).map("".join), min_size=1, max_size=6), st.integers(0, 9))
def test_columns_never_clear_a_subject_or_preview_that_tells(texts: list[str], shown: int) -> None:
    """The findings of a batch are those of each text alone."""
    for sink in (Sink.EMAIL_SUBJECT, Sink.SMS):
        measure = material.measure("overdue_first", sink, preview=shown, required=frozenset())
        frame = pl.DataFrame(
            {"text": texts, "figures": [[]] * len(texts), "brand": ["晨曦消金"] * len(texts)},
            schema_overrides={"figures": pl.List(pl.Int64)},
        )
        swept = sweep.sweep(frame, measure, few=0)

        assert [(row["row"], row["code"], row["found"]) for row in swept.iter_rows(named=True)] == [
            (row, one.code, one.found)
            for row, text in enumerate(texts)
            for one in lint.lint(text, measure, allowed=(), values={"brand": "晨曦消金"})
        ]
