"""What words alone make present counts in the language of the notice, in columns as in plain."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.law import facts
from duly.text import elements, statements, wordfile
from tests.text import material, test_wording

KNOWN = material.lists().statements
FIRST = "This is an attempt to collect a debt and any information obtained will be used for that purpose."
CASES = [
    (FIRST, "en", {"collector_disclosure_first"}),
    ("This communication is from a debt collector.", "en", {"collector_disclosure_later"}),
    ("This is an attempt to collect a debt.", "en", set()),
    ("The call may be recorded.", "en", {"recording_notice"}),
    ("Our grievance officer answers at 400-000-0000.", "en", {"grievance_officer"}),
    ("本通知来自债务催收机构。", "zh-CN", {"collector_disclosure_later"}),
    (
        "本机构是债务催收机构，获得的任何信息都将用于该目的。",
        "zh-CN",
        {"collector_disclosure_first", "collector_disclosure_later"},
    ),
    ("通话将被录音。", "zh-CN", {"recording_notice"}),
    (FIRST, "zh-CN", set()),
    ("本通知来自债务催收机构。", "en", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "locale", "wanted"), CASES)
def test_a_statement_counts_in_its_own_language(text: str, locale: str, wanted: set[str]) -> None:
    """All pieces of one way to say it, in the language the debtor is written to."""
    assert statements.present(text, KNOWN, locale) == wanted


pieces = st.sampled_from(
    [text for text, _, _ in CASES] + ["录音", "is recorded", "call", " ", "，", "debt collector"]
)


@given(st.lists(st.lists(pieces, max_size=3).map("".join), max_size=6), st.sampled_from(["zh-CN", "en"]))
def test_columns_state_what_the_plain_reading_states(texts: list[str], locale: str) -> None:
    """For every text."""
    found = statements.columnar(pl.Series(texts, dtype=pl.String), KNOWN, locale)

    assert found.to_list() == [sorted(statements.present(text, KNOWN, locale)) for text in texts]


def test_every_element_of_the_text_is_one_of_the_law() -> None:
    """What is found here is the fact that rules of content ask for."""
    assert set(KNOWN) | elements.ELEMENTS <= set(facts.FACTS["elements"].values)


def test_a_statement_in_one_language_only_is_refused() -> None:
    """A debtor is told in the language he is written to, so both are written, at the line of the element."""
    source = test_wording.WHOLE + "elements:\n  recording_notice: {en: [call is recorded]}\n"
    lists, problems = wordfile.load(source, "wording.yaml")

    assert lists is None
    assert [(one.code, one.line) for one in problems] == [
        ("wording.statement.missing", len(source.splitlines()))
    ]
    assert "`recording_notice` is not said in zh" in problems[0].what
