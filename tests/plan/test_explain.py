"""A recorded decision is told in words, in both languages, from nothing but its row."""

from __future__ import annotations

import io
import string
from collections.abc import Mapping
from datetime import time
from typing import Any

import polars as pl
import pytest

from duly.plan import decision, explain
from duly.plan.code import OUTCOME, Code, Outcome
from tests.plan import plans
from tests.plan.plans import hold, late


def told(row: Mapping[str, Any], locale: str, *, amounts: bool = False) -> str:
    """All sentences of a decision."""
    return "\n".join(explain.sentences(row, locale, zone=plans.ZONE, amounts=amounts))


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence_in_both_languages_with_the_same_facts(code: Code) -> None:
    """No reason without words, and no language that knows more than the other."""
    zh, en = explain.SENTENCES[code]
    facts = [{name for _, name, _, _ in string.Formatter().parse(words) if name} for words in (zh, en)]

    assert facts[0] == facts[1]
    assert zh.endswith("。")
    assert en.endswith(".")


def test_every_code_has_an_outcome_and_every_outcome_a_code() -> None:
    """The table is whole."""
    assert set(OUTCOME) == set(Code)
    assert set(OUTCOME.values()) == set(Outcome)


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_code_can_be_told_of_a_row_with_few_facts(code: Code, locale: str) -> None:
    """Nothing that a row leaves out makes telling it fail."""
    row: dict[str, Any] = dict.fromkeys(decision.DECISION) | {
        "code": code.value,
        "day": plans.ON,
        "currency": "CNY",
    }

    assert "{" not in told(row, locale)


def test_a_held_notice_names_the_rule_its_source_and_what_stands_on_the_account() -> None:
    """Why it was not sent, in the words of the rule."""
    row = plans.decision(plans.decide(late(1, holds=[hold("dispute", "A1")])))

    assert told(row, "en") == (
        "A rule holds it; nothing was sent.\n"
        "Rule duly.stop.dispute@undated: A disputed debt is not chased until the dispute is settled. "
        "(duly, the house's own rule)\n"
        "Recorded on the account: a dispute.\n"
        "1 day past due."
    )
    assert told(row, "zh-CN") == (
        "按规则暂停，没有发送。\n"
        "规则 duly.stop.dispute@undated：有异议的欠款，核实完毕前暂停催收。（duly, the house's own rule）\n"
        "账户状态：有异议。\n"
        "逾期1天。"
    )


def test_a_closed_window_names_the_next_lawful_instant_and_how_sure_the_reading_is() -> None:
    """The rule of the night, that nobody has read its official text yet, and eight in the morning."""
    row = plans.decision(plans.decide(late(1), at=time(23)))

    assert "cn-time-01@2025-02-28" in told(row, "en")
    assert "has not yet been read by a qualified person" in told(row, "en")
    assert "Next lawful instant: 21 November 2026 08:00 (Asia/Shanghai)." in told(row, "en")
    assert "下一合法时间：11月21日 08:00 (Asia/Shanghai)。" in told(row, "zh-CN")


def test_a_missing_fact_is_named_with_who_supplies_it() -> None:
    """The lender must set a number."""
    row = plans.decision(plans.decide(late(1), policy={}))

    assert "the number the lender must set for cn-freq-04" in told(row, "en")


def test_amounts_are_told_only_when_asked_for() -> None:
    """Whoever may see that an account is late need not see how much it owes."""
    row = plans.decision(plans.decide(late(1)))

    assert "1,230.80" not in told(row, "en")
    assert "CNY 1,230.80 in all, principal CNY 1,200.00" in told(row, "en", amounts=True)
    assert "共1,230.80元，本金1,200.00元" in told(row, "zh-CN", amounts=True)


def test_a_decision_is_told_the_same_after_years_in_a_file() -> None:
    """Written to Parquet and read back, it says the same: nothing of today is needed."""
    found = plans.decide(late(1, holds=[hold("dispute", "A1")]))
    again = pl.read_parquet(io.BytesIO(decision.parquet(found.decisions))).row(0, named=True)

    assert told(again, "en", amounts=True) == told(plans.decision(found), "en", amounts=True)


def test_a_language_that_is_not_known_is_refused() -> None:
    """Rather than a language the reader did not ask for."""
    with pytest.raises(ValueError, match="no words for the locale"):
        told(plans.decision(plans.decide(late(1))), "fr")
