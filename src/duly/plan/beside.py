"""A disagreement with the lender's own ledger in words: which component, both figures, and of which day.

Takes one recorded decision, like `explain`. Refuses to say who is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from duly.text import fields

Words = tuple[str, str]  # zh, en

COMPONENTS: Mapping[str, Words] = {
    "principal": ("逾期本金", "overdue principal"),
    "interest": ("逾期利息", "overdue interest of the contract"),
    "fee": ("逾期费用", "overdue fees"),
    "penalty": ("罚息", "interest on overdue principal"),
    "overdue": ("逾期总额", "all that is overdue"),
    "balance": ("欠款总余额", "the whole balance"),
}
_UNFIT: Mapping[str, Words] = {
    "ledger_silent": (
        "机构选择在通知中使用其账目的金额，但账目没有给出全部金额。",
        "The lender states its own ledger's figures, and the ledger does not give all of them.",
    ),
    "ledger_later": (
        "机构选择在通知中使用其账目的金额，但账目的日期晚于今日。",
        "The lender states its own ledger's figures, and they are of a day yet to come.",
    ),
    "ledger_nothing": (
        "机构选择在通知中使用其账目的金额，而按账目没有逾期款项。",
        "The lender states its own ledger's figures, and by them nothing is overdue.",
    ),
    "ledger_sum": (
        "机构选择在通知中使用其账目的金额，但账目各项之和不等于其总额。",
        "The lender states its own ledger's figures, and their parts do not add up to their sum.",
    ),
    "paid_since": (
        "机构选择在通知中使用其账目的金额，但{day}之后另有还款或冲正，账目金额已不适用。",
        "The lender states its own ledger's figures, and something was paid or taken back since {day}.",
    ),
    "outside_charges": (
        "综合成本有上限，但不知道他处是否另收费用。",
        "All costs together have a ceiling, and nobody said what was charged elsewhere.",
    ),
    "contract_on": (
        "综合成本有上限，但合同日期未知。",
        "All costs together have a ceiling, and the day of the contract is not known.",
    ),
    "card_costs": (
        "综合成本有上限，但账单不能说明每日未还本金。",
        "All costs together have a ceiling, and statements do not tell the principal of each day.",
    ),
    "beyond_bounds": (
        "计收复利的金额超过可计算的范围。",
        "Interest would bear interest on more than can be reckoned with.",
    ),
    "due_since": (
        "机构选择在通知中使用其账目的金额，但{day}之后又有一期逾期，账目金额已不适用。",
        "The lender states its own ledger's figures, and an instalment went overdue since {day}.",
    ),
}


def sentences(row: Mapping[str, Any], locale: str) -> Iterator[str]:
    """Why the amounts of this decision may not be stated, if they may not."""
    chosen = 0 if locale == "zh-CN" else 1
    parts = [_both(one, row["currency"], locale) for one in row.get("beside") or () if one["beyond"]]
    day = fields.day_in_words(row["ledger_as_of"], row["day"], locale)
    if parts and chosen == 0:
        yield f"与机构{day}的账目不符：{'；'.join(parts)}。"
    elif parts:
        yield f"It differs from the lender's ledger of {day}: {'; '.join(parts)}."
    if row.get("unfit") is not None:
        yield _UNFIT[row["unfit"]][chosen].format(day=day)


def _both(one: Mapping[str, Any], currency: str, locale: str) -> str:
    ours, theirs = (_amount(one[name], currency, locale) for name in ("ours_minor", "theirs_minor"))
    zh, en = COMPONENTS[one["component"]]
    return (
        f"{zh}：我方{ours}，账目{theirs}"
        if locale == "zh-CN"
        else f"{en} is {ours} by us, {theirs} by the ledger"
    )


def _amount(minor: int, currency: str, locale: str) -> str:
    # A notice is silent about nothing; a comparison with nothing must say so.
    return fields.amount_in_words(minor, currency, locale) or "0"
