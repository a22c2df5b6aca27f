"""Rules and verdicts in sentences a person can read, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from duly.law import check, decide, explain, rules, values
from tests.law import samples

DAY = date(2026, 11, 23)
PACK = samples.shipped("cn", "house")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("name", [rule.id for rule in PACK.rules])
def test_every_rule_can_be_said(name: str, locale: str) -> None:
    """With its source, its standing and how well it was read; a house rule is never presented as law."""
    rule = PACK.rule(name)
    text = "\n".join(explain.rule_in_words(rule, DAY, locale))

    assert rule.title[explain.language(locale)] in text
    policy = {"zh": "非法律规定", "en": "not law"}[explain.language(locale)]
    assert (policy in text) == (rule.authority is rules.Authority.POLICY)
    if rule.authority is not rules.Authority.POLICY:
        assert rule.versions[-1].cite.instrument in text
    verified = rule.versions[-1].reading is rules.Reading.VERIFIED
    assert ({"zh": "核读：已核", "en": "Reading: verified"}[explain.language(locale)] in text) == verified
    # No code of ours shows: no fact's name, no class, no unnamed value.
    without_note = "\n".join(line for line in text.split("\n") if not re.match("Note|注", line))
    assert not re.search(
        r"_|None|True|False|frozenset", without_note.replace(name, "").replace("credit_card", "")
    )


def test_quiet_hours_read_as_sentences() -> None:
    """Word for word, so that a change of wording is seen."""
    assert explain.rule_in_words(PACK.rule("cn-time-02"), DAY, "en")[:-1] == (
        (
            "cn-time-02: Collection by telephone, visit or any other means is strictly forbidden from 22:00 to 08:00 "
            "without the debtor's consent."
        ),
        "Allowed only from 08:00:00 to 21:59:59, both seconds included (Asia/Shanghai time; the start counts).",
        "It applies to a contact where the class of debt is consumer.",
        "It is lifted by a recorded consent to be contacted at night.",
        "A bar: no decision of the lender's own lifts it.",
        (
            "Source (Self-regulation): 中国银行业协会 金融机构个人消费类贷款催收工作指引（试行）(2026) "
            "ch. 3 (article number not seen)."
        ),
        "Status: in force, from 2026-01-30. Reading: draft (seen in secondary sources only).",
    )


def test_a_cap_without_a_number_says_whose_number_it_is() -> None:
    """The lender's, not the law's."""
    text = " ".join(explain.rule_in_words(PACK.rule("cn-freq-04"), DAY, "en"))

    assert "as many contacts or attempts as the lender has set" in text
    assert "The house's own policy, not law." in text


def test_a_rule_that_is_over_or_not_yet_begun_says_so() -> None:
    """By the day that is asked about."""
    ended, ahead = PACK.rule("cn-freq-02"), PACK.rule("cn-sms-12")

    assert any("2025-02-27, over" in line for line in explain.rule_in_words(ended, DAY, "en"))
    assert any("not yet begun" in line for line in explain.rule_in_words(ahead, date(2026, 9, 29), "en"))
    assert not any("not yet begun" in line for line in explain.rule_in_words(ahead, date(2026, 9, 30), "en"))


def _act(**changed: object) -> values.Act:
    return samples.act(jurisdictions=("CN",), **changed)


@pytest.mark.parametrize(
    ("changed", "zh", "en"),
    [
        ({}, "允许。", "Allowed."),
        (
            {"at": datetime(2026, 11, 23, 23, tzinfo=samples.SHANGHAI)},
            "暂缓，最早可在2026-11-24 08:00:00 (Asia/Shanghai)进行。",
            "Held; lawful again from 2026-11-24 08:00:00 (Asia/Shanghai).",
        ),
        ({"claims": None}, "暂缓。", "Held."),
        ({"claims": frozenset({"threat"})}, "禁止。", "Forbidden."),
    ],
)
def test_a_verdict_is_said_first_and_then_its_reasons(changed: dict[str, object], zh: str, en: str) -> None:
    """Every reason with its citation and rule, every doubt with the fact that is missing."""
    verdict = decide.decide(PACK, _act(**changed))
    chinese, english = (explain.verdict_in_words(PACK, verdict, locale) for locale in ("zh-CN", "en"))

    assert (chinese[0], english[0]) == (zh, en)
    assert len(english) == len(chinese)
    names = [reason.rule for reason in (*verdict.blocked_by, *verdict.because)]
    names += [doubt.rule for doubt in verdict.in_doubt]
    for name, line in zip(names, english[1:], strict=True):
        assert name in line


def test_a_missing_fact_is_named_in_words() -> None:
    """The lender's own number, and the wording nobody examined."""
    doubts = decide.decide(PACK, _act(policy={}, claims=None)).in_doubt
    said = [explain.doubt_in_words(PACK, doubt, "en") for doubt in doubts]

    assert any(line.startswith("Not known: the lender's own number for cn-freq-04.") for line in said)
    assert any(line.startswith("Not known: wording.") for line in said)


def test_silence_is_said_too() -> None:
    """Where no law of the pack speaks."""
    verdict = decide.decide(PACK, replace(_act(), jurisdictions=("SG",)))
    english = "\n".join(explain.verdict_in_words(PACK, verdict, "en"))
    chinese = "\n".join(explain.verdict_in_words(PACK, verdict, "zh"))

    assert "silence is not permission" in english
    assert "which holds CN, CN-44-Shenzhen" in english
    assert "沉默不等于许可" in chinese


def test_a_row_of_the_columnar_answer_is_turned_into_a_reason() -> None:
    """Rule and version are enough to find all the rest."""
    reason = explain.reason(PACK, "cn-time-02", "2026-01-30", "zh-CN")

    assert reason.says.startswith("未经债务人同意")
    assert (reason.effect, reason.status, reason.reading) == ("deny", "in_force", "draft")
    assert decide.decide(PACK, _act(), locale="zh-CN").because.count(reason) == 1
    with pytest.raises(KeyError):
        explain.reason(PACK, "cn-time-02", "2020-01-01", "en")


def test_the_lenders_policy_is_checked_against_the_pack() -> None:
    """Unknown rules, bars nobody lifts, impossible numbers, and numbers still to be set."""
    lift = values.Lift(people=("Li", "Wang"), on=DAY, why="a reason")
    wrong: dict[str, int | str | values.Lift] = {
        "cn-frq-01": 1,
        "cn-time-02": lift,
        "cn-freq-01": -1,
        "cn-time-01": lift,
    }
    codes = [problem.code for problem in check.policy_problems(PACK, wrong, "duly.toml")]

    assert codes == ["law.policy.unknown", "law.policy.bar", "law.policy.number", "law.policy.unset"]
    assert (
        check.policy_problems(PACK, {"cn-freq-04": 1, "cn-freq-01": 2, "cn-time-01": lift}, "duly.toml") == []
    )
