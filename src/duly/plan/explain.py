"""A recorded decision in sentences, in Chinese or English: what was done, or not, why, and what follows.

Takes one row of `decision.DECISION` and nothing else: no database, no book, no pack. What was decided years ago
is told as it was decided, by the words that were recorded with it.
Refuses to add anything: a fact that the row does not hold is not mentioned, and amounts only when asked for, but
for the two figures of a break with the lender's ledger, which are its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from duly.law import facts
from duly.plan import beside
from duly.plan.code import Code
from duly.text import fields

Words = tuple[str, str]  # zh, en

SENTENCES: Mapping[Code, Words] = {
    Code.FIRST_NOTICE: (
        "「{stage}」阶段的第{occurrence}次通知计划今日发出（{channels}）。",
        "Notice {occurrence} of the stage “{stage}” is planned for today, by {channels}.",
    ),
    Code.REPEAT: (
        "「{stage}」阶段的第{occurrence}次通知（重复提醒）计划今日发出（{channels}）。",
        "Notice {occurrence} of the stage “{stage}”, a repeat, is planned for today, by {channels}.",
    ),
    Code.FALLBACK: (
        "此前的渠道均未送达，「{stage}」阶段的第{occurrence}次通知计划改由{channels}发出。",
        "What was tried before did not arrive; notice {occurrence} of the stage “{stage}” is planned by {channels}.",
    ),
    Code.REST_OF_STEP: (
        "「{stage}」阶段的第{occurrence}次通知还缺的渠道计划今日补发（{channels}）。",
        "Notice {occurrence} of the stage “{stage}” is planned by {channels} too, by which it has not left yet.",
    ),
    Code.RECEIPT_OUTSTANDING: (
        "「{stage}」阶段的通知已发出，正在等待送达回执。",
        "A notice of the stage “{stage}” has left; its receipt is awaited.",
    ),
    Code.HANDOVER_UNSURE: (
        "「{stage}」阶段的一次发送结果不明，查明之前不再发送，以免重复。",
        "It is not known whether a message of the stage “{stage}” left; nothing is sent again until it is.",
    ),
    Code.REPEAT_NOT_DUE: (
        "「{stage}」阶段已于{last_on}通知过，下一次提醒尚未到期。",
        "The stage “{stage}” was last told on {last_on}; the next reminder is not due yet.",
    ),
    Code.DEADLINE_RUNNING: (
        "「{stage}」阶段已通知，所给期限尚未届满。",
        "The stage “{stage}” has been told, and the deadline it gave is still running.",
    ),
    Code.SAID_ONCE: (
        "「{stage}」阶段的通知只发一次，已经发出。",
        "The notice of the stage “{stage}” is sent once, and it was.",
    ),
    Code.JOINS_NEXT_OCCURRENCE: (
        "该案件将并入「{stage}」阶段的下一次通知：同一债务人不会因多笔账户多次收到同类通知。",
        "The case joins the next notice of the stage “{stage}”: nobody gets the same notice once for each account.",
    ),
    Code.ONE_NOTICE_A_DAY: (
        "今日已就同一债权人和品牌发出过另一通知，同一天不再发送。",
        "Another notice of this creditor and brand left today; no second one leaves on the same day.",
    ),
    Code.TRIED_TODAY: (
        "今日各渠道均已尝试而未能发出，明日再试。",
        "Every channel was tried today and nothing left; it is tried again tomorrow.",
    ),
    Code.HIGHER_STAGE_TODAY: (
        "该债务人今日收到更高阶段的通知，「{stage}」阶段的通知顺延，仍应发出。",
        "The person gets a notice of a higher stage today; that of the stage “{stage}” stays due.",
    ),
    Code.STAGE_NOT_REACHED: (
        "逾期{dpd}天，尚未到「{stage}」阶段。",
        "{dpd} days past due, the stage “{stage}” is not reached yet.",
    ),
    Code.NOT_ON_LIST: (
        "该账户不在「{stage}」阶段要求的名单上。",
        "The account is not on the list that the stage “{stage}” asks for.",
    ),
    Code.LIMIT_NOT_NEAR: (
        "「{stage}」阶段用于保全债权：时效或者保证期间尚早，暂不发送。",
        "The stage “{stage}” keeps the claim alive; its limitation or guarantee period is not near its end.",
    ),
    Code.EARLIER_NOT_SERVED: (
        "「{stage}」阶段须待此前的通知确已送达，目前没有送达的证明。",
        "The stage “{stage}” waits until an earlier notice is shown to have arrived; none is.",
    ),
    Code.EARLIER_DEADLINE_OPEN: (
        "「{stage}」阶段须待此前通知所给期限届满，该期限未届满或其通知未送达。",
        "The stage “{stage}” waits for an earlier deadline, which has not passed, or was never served.",
    ),
    Code.LAST_STAGE_DONE: (
        "各阶段均已完成，没有其他通知。",
        "All stages are done; there is no further notice.",
    ),
    Code.ACTION_DUE: (
        "案件已到「{stage}」阶段：准备诉讼材料，不再发送通知。",
        "The case has come to the stage “{stage}”: its file is to be made; no notice is sent.",
    ),
    Code.WITH_COUNSEL: (
        "「{stage}」阶段的通知多次未能送达，案件已转交法务。",
        "The notices of the stage “{stage}” did not arrive, and the case went to counsel.",
    ),
    Code.NEXT_WINDOW: (
        "「{stage}」阶段的通知今日已无合法的发送时间。",
        "No instant of today is left at which the notice of the stage “{stage}” may lawfully leave.",
    ),
    Code.NO_ROOM_TODAY: (
        "发送通道今日容量已满，「{stage}」阶段的通知顺延至明日。",
        "The route is full for today; the notice of the stage “{stage}” is planned again tomorrow.",
    ),
    Code.NO_SEGMENT: (
        "策略中没有适用于该账户的分组，因此没有发送。",
        "No segment of the strategy fits this account, so nothing was sent.",
    ),
    Code.NO_CONTACT_POINT: (
        "「{stage}」阶段的各渠道均没有可用的联系方式，因此没有发送。",
        "There is no usable contact point on any channel of the stage “{stage}”, so nothing was sent.",
    ),
    Code.NO_ROUTE: (
        "没有可用于该品牌和渠道的发送通道，因此没有发送。",
        "There is no route for this brand and channel, so nothing was sent.",
    ),
    Code.NO_TEMPLATE: (
        "该通知没有相应语言和渠道的模板，因此没有发送。",
        "The notice has no template in this language for this channel, so nothing was sent.",
    ),
    Code.NO_NAME: (
        "没有债务人的姓名，因此没有发送。",
        "The person's name is not known, so nothing was sent.",
    ),
    Code.TEXT_REFUSED: (
        "通知文字未通过检查（{fact}），因此没有发送。",
        "The text did not pass the check ({fact}), so nothing was sent.",
    ),
    Code.APPROVAL_MISSING: (
        "「{stage}」阶段的通知须经两人批准，尚未批准。",
        "The notices of the stage “{stage}” wait for the approval of two people.",
    ),
    Code.LAW_HOLDS: (
        "按规则暂停，没有发送。",
        "A rule holds it; nothing was sent.",
    ),
    Code.LAW_FORBIDS: (
        "按规则禁止，没有发送。",
        "A rule forbids it; nothing was sent.",
    ),
    Code.FACT_MISSING: (
        "缺少规则所需的事实「{fact}」；有疑即停，没有发送。",
        "A rule asks for a fact that is missing ({fact}); doubt holds, and nothing was sent.",
    ),
    Code.BELOW_STAGE: (
        "部分还款后逾期{dpd}天，低于「{stage}」阶段的起点：暂停提醒，阶段不退回。",
        "After a part payment it is {dpd} days past due, below the stage “{stage}”: reminders rest.",
    ),
    Code.COOLING_OFF: (
        "该账户不久前刚还清上一次逾期，仍在冷静期内：暂不提醒，法律要求的通知和保全权利的通知除外。",
        "The account was cured of arrears a few days ago: it cools off, and is told only what must be said.",
    ),
    Code.PAID: (
        "逾期款项已还清，今日结案，不再发送。",
        "What was overdue has been paid; the case ended today and nothing more is sent.",
    ),
    Code.NOTHING_OVERDUE: (
        "没有逾期款项，没有应发的通知。",
        "Nothing is overdue, and no notice is due.",
    ),
    Code.BELOW_TOLERANCE: (
        "逾期金额在设定的容差之内，视为未逾期。",
        "What is overdue is within the set tolerance and counts as nothing.",
    ),
    Code.ACCOUNT_CLOSED: (
        "账户状态为「{status}」，不再以通知方式催收。",
        "The account is {status}: it is no longer pursued by notices.",
    ),
    Code.CASE_CLOSED: (
        "该次逾期的案件已经关闭。",
        "The case of these arrears is closed.",
    ),
    Code.NOT_LIABLE: (
        "此人（{role}）对该债务不承担已记录的责任，不得告知其债务情况。",
        "This person ({role}) has no recorded liability for the debt and is told nothing of it.",
    ),
}

_CHANNELS: Mapping[str, Words] = {
    "sms": ("短信", "SMS"),
    "email": ("电子邮件", "e-mail"),
    "letter": ("信函", "letter"),
    "voice": ("电话", "telephone"),
}
_STATUSES: Mapping[str, Words] = {
    "settled": ("已结清", "settled"),
    "written_off": ("已核销", "written off"),
    "assigned_out": ("已转让", "assigned to another creditor"),
    "filed": ("已起诉", "before the court"),
    "judged": ("已判决", "judged"),
    "discharged": ("已免除", "discharged"),
}
_READINGS: Mapping[str, Words] = {
    "verified": ("条文已由合格人员核读", "a qualified person has read the official text"),
    "draft": ("条文尚未由合格人员核读", "the official text has not yet been read by a qualified person"),
}
_HOUSE = "duly."
_AMOUNTS = (
    ("overdue_minor", "共{}", "{} in all"),
    ("principal_minor", "本金{}", "principal {}"),
    ("interest_minor", "利息{}", "interest {}"),
    ("fee_minor", "费用{}", "fees {}"),
    ("penalty_minor", "罚息{}", "overdue interest {}"),
)


def sentences(
    row: Mapping[str, Any], locale: str, *, zone: str = "UTC", amounts: bool = False
) -> tuple[str, ...]:
    """The decision told to a person: what and why, the rule, the facts, and what comes next.

    `locale` is zh-CN or en, `zone` the zone in which instants are told. Raises ValueError for another locale.
    """
    if locale not in fields.LOCALES:
        raise ValueError(f"no words for the locale {locale!r}")
    chosen = 0 if locale == "zh-CN" else 1
    told = [
        SENTENCES[Code(row["code"])][chosen].format(**_values(row, locale, chosen)),
        _rule(row, chosen),
        _fact(row, chosen),
        _holds(row, chosen),
        *beside.sentences(row, locale),
        _standing(row, locale, chosen, amounts=amounts),
        _when(row, locale, zone, chosen),
    ]
    return tuple(sentence for sentence in told if sentence)


def _values(row: Mapping[str, Any], locale: str, chosen: int) -> dict[str, str]:
    channels = [_word(_CHANNELS, channel, chosen) for channel in row["channels"] or ()]
    roles = facts.FACTS["recipient_role"].values
    return {
        "stage": row["stage"] or "",
        "occurrence": str(row["occurrence"] or ""),
        "channels": ("、" if chosen == 0 else ", ").join(channels),
        "last_on": _day(row["last_on"], row["day"], locale),
        "dpd": str(row["dpd"] if row["dpd"] is not None else ""),
        "fact": _fact_name(row["fact"], chosen),
        "status": _word(_STATUSES, row["status_of_account"], chosen),
        "role": _word(roles, row["role"], chosen),
    }


def _rule(row: Mapping[str, Any], chosen: int) -> str:
    if row["rule"] is None:
        return ""
    says, cite = (row["says_zh"], row["says_en"])[chosen] or "", row["cite"] or ""
    # A rule of our own has no official text that anybody could have read.
    own = row["rule"].startswith(_HOUSE)
    reading = "" if own or row["reading"] is None else _word(_READINGS, row["reading"], chosen)
    name = f"{row['rule']}@{row['version']}" if row["version"] else row["rule"]
    if chosen == 0:
        rest = "；".join(part for part in (cite, reading) if part)
        return f"规则 {name}：{says}" + (f"（{rest}）" if rest else "")
    rest = "; ".join(part for part in (cite, reading) if part)
    return f"Rule {name}: {says}" + (f" ({rest})" if rest else "")


def _fact(row: Mapping[str, Any], chosen: int) -> str:
    """What is missing, and who is to supply it."""
    known = facts.FACTS.get(row["fact"] or "")
    if row["code"] != Code.FACT_MISSING.value or known is None:
        return ""
    return f"由 {known.supplier} 提供。" if chosen == 0 else f"To be supplied by {known.supplier}."


def _holds(row: Mapping[str, Any], chosen: int) -> str:
    kinds = [_word(facts.FACTS["holds"].values, kind, chosen) for kind in row["holds"] or ()]
    if not kinds:
        return ""
    return (
        f"账户状态：{'、'.join(kinds)}。" if chosen == 0 else f"Recorded on the account: {', '.join(kinds)}."
    )


def _standing(row: Mapping[str, Any], locale: str, chosen: int, *, amounts: bool) -> str:
    dpd, parts = row["dpd"], []
    if dpd is not None and dpd > 0:
        days = "1 day" if dpd == 1 else f"{dpd} days"
        parts.append(f"逾期{dpd}天" if chosen == 0 else f"{days} past due")
        if row.get("reaged_dpd") is not None:
            anew = row["reaged_dpd"]
            parts.append(
                f"展期重组后机构自行计为{anew}天"
                if chosen == 0
                else f"{anew} as the lender counts since it re-aged it"
            )
    elif row["next_due_on"] is not None:
        day = _day(row["next_due_on"], row["day"], locale)
        parts.append(f"下一还款日{day}" if chosen == 0 else f"next due on {day}")
    if amounts:
        for name, zh, en in _AMOUNTS:
            said = fields.amount_in_words(row[name], row["currency"], locale)
            if said:
                parts.append((zh, en)[chosen].format(said))
    if parts and amounts and row.get("figures") == "ledger":
        day = _day(row["stated_on"], row["day"], locale)
        parts.append(f"以上金额以机构{day}的账目为准" if chosen == 0 else f"by the lender's ledger of {day}")
    if row["ledger_difference_minor"] and amounts:
        said = fields.amount_in_words(row["ledger_difference_minor"], row["currency"], locale)
        parts.append(f"与机构账目相差{said}" if chosen == 0 else f"{said} off the lender's ledger")
    if not parts:
        return ""
    told = ", ".join(parts)
    return f"{'，'.join(parts)}。" if chosen == 0 else f"{told[0].upper()}{told[1:]}."


def _when(row: Mapping[str, Any], locale: str, zone: str, chosen: int) -> str:
    if row["not_before"] is not None:
        at = _instant(row["not_before"], row["day"], locale, zone)
        return f"最早发送时间：{at}。" if chosen == 0 else f"Not before {at}."
    if row["until"] is not None:
        at = _instant(row["until"], row["day"], locale, zone)
        return f"下一合法时间：{at}。" if chosen == 0 else f"Next lawful instant: {at}."
    if row["next_on"] is not None:
        day = _day(row["next_on"], row["day"], locale)
        return f"下次判断：{day}。" if chosen == 0 else f"The answer can change on {day}."
    return ""


def _fact_name(fact: str | None, chosen: int) -> str:
    if fact is None:
        return ""
    if fact.startswith("policy."):
        rule = fact.removeprefix("policy.")
        return f"{rule} 的数值须由机构设定" if chosen == 0 else f"the number the lender must set for {rule}"
    known = facts.FACTS.get(fact)
    return known.words[chosen] if known else fact


def _word(table: Mapping[str, Words], key: str | None, chosen: int) -> str:
    return table[key][chosen] if key is not None and key in table else (key or "")


def _day(day: date | None, as_of: date, locale: str) -> str:
    return fields.day_in_words(day, as_of, locale)


def _instant(at: datetime, as_of: date, locale: str, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{_day(local.date(), as_of, locale)} {local:%H:%M} ({zone})"
