"""Rules and verdicts in sentences, in Chinese and English, each with its citation and how well it was read.

Written for a person who is asked "why was this not sent?" and has neither the pack nor the code at hand.
The lines are plain text; nothing here formats or prints.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from duly.law import phrases, rules, terms, values
from duly.law.pack import Pack

EFFECTS: dict[rules.Effect, phrases.Both] = {
    rules.Effect.DENY: (
        "禁止性规定，机构不得自行决定放行。",
        "A bar: no decision of the lender's own lifts it.",
    ),
    rules.Effect.REQUIRE: (
        "强制性要求，机构不得自行决定免除。",
        "A duty: no decision of the lender's own waives it.",
    ),
    rules.Effect.PRESUME: (
        "推定违规：除非两人记录在案另有决定，一律阻止。",
        "A presumption: it blocks unless two people have decided otherwise, on record.",
    ),
    rules.Effect.ADVISE: (
        "指导性规定：除非两人记录在案另有决定，一律阻止。",
        "Guidance: it blocks unless two people have decided otherwise, on record.",
    ),
}
AUTHORITIES: dict[rules.Authority, phrases.Both] = {
    rules.Authority.STATUTE: ("法律", "Statute"),
    rules.Authority.REGULATION: ("行政法规", "Regulation"),
    rules.Authority.RULE: ("部门规章", "Rule of a regulator"),
    rules.Authority.COURT: ("司法解释", "Court"),
    rules.Authority.GUIDANCE: ("规范性文件或推荐性标准", "Guidance or recommended standard"),
    rules.Authority.CODE: ("行业自律", "Self-regulation"),
    rules.Authority.PLATFORM: ("平台规则", "Platform's terms"),
    rules.Authority.POLICY: ("机构自定规则，非法律规定", "The house's own policy, not law"),
}
STATUSES: dict[rules.Status, phrases.Both] = {
    rules.Status.IN_FORCE: ("有效", "in force"),
    rules.Status.FUTURE: ("尚待生效", "not yet in force when written"),
    rules.Status.DEFERRED: ("推迟生效", "deferred"),
    rules.Status.PROPOSED: ("征求意见，不执行", "proposed only, never enforced"),
    rules.Status.WITHDRAWN: ("已撤回，不执行", "withdrawn, never enforced"),
}
TIERS: dict[str, phrases.Both] = {
    "src": ("已读原文副本", "the text was read in a copy of the official one"),
    "text": ("已读原文", "the official text was read"),
    "quoted": ("见于他处逐字引用", "seen quoted word for word elsewhere"),
    "sec": ("仅见于二手资料", "seen in secondary sources only"),
    "secondary": ("仅见于二手资料", "seen in secondary sources only"),
    "weak": ("仅见于一处薄弱来源", "seen in one weak source only"),
    "mem": ("凭记忆，未见原文", "from memory, not seen"),
    "memory": ("凭记忆，未见原文", "from memory, not seen"),
    "infer": ("由已读条文推论", "reasoned from text that was read"),
    "unseen": ("未见任何数值", "no value seen anywhere"),
    "house": ("机构自定", "set by the house"),
}


def language(locale: str) -> str:
    """`zh` for any Chinese locale, else `en`."""
    return "zh" if locale.startswith("zh") else "en"


def reason_of(rule: rules.Rule, version: rules.Version, locale: str) -> values.Reason:
    """A text of a rule as a reason of a verdict."""
    return values.Reason(
        rule=rule.id,
        version=version.name,
        cite=version.cite.brief(),
        effect=rule.effect.value,
        status=version.status.value,
        reading=version.reading.value,
        says=rule.title[language(locale)],
    )


def reason(pack: Pack, rule: str, version: str, locale: str) -> values.Reason:
    """The reason that a row of the columnar answer names. KeyError if the pack has no such text."""
    found = pack.rule(rule)
    for text in found.versions:
        if text.name == version and text.status in rules.ENFORCED:
            return reason_of(found, text, locale)
    raise KeyError(f"{rule} has no version {version}")


def rule_in_words(rule: rules.Rule, day: date, locale: str) -> tuple[str, ...]:
    """The rule as it binds on the day, a sentence a line; if none does, as it will next or did last."""
    chosen = language(locale)
    version = rule.binding(day) or nearest(rule, day)
    head = f"{rule.id}：{rule.title['zh']}" if chosen == "zh" else f"{rule.id}: {rule.title['en']}"
    lines = [head, phrases.term(version.term, chosen)]
    scope = phrases.scope(version.applies, chosen)
    if scope:
        lines.append(scope)
    if rule.lifted_by:
        lifts = phrases.listed((phrases.fact(name, chosen) for name in rule.lifted_by), chosen)
        lines.append(f"{lifts}可解除。" if chosen == "zh" else f"It is lifted by {lifts}.")
    if rule.disapplied_by:
        stands_back = phrases.listed((phrases.fact(name, chosen) for name in rule.disapplied_by), chosen)
        lines.append(
            f"遇有{stands_back}则不适用。"
            if chosen == "zh"
            else f"It does not apply where there is {stands_back}."
        )
    if not isinstance(version.term, terms.Silent):
        lines.append(phrases.pick(EFFECTS[rule.effect], chosen))
    lines += [_source(rule, version, chosen), _standing(version, day, chosen)]
    if version.note:
        lines.append(f"注：{version.note}" if chosen == "zh" else f"Note: {version.note}")
    return tuple(lines)


def verdict_in_words(pack: Pack, verdict: values.Verdict, locale: str) -> tuple[str, ...]:
    """The answer first, then every reason and every doubt, a line each. Times are the pack's own."""
    chosen = language(locale)
    lines = [_answer(pack, verdict, chosen)]
    lines += [_reason_line(pack, one, chosen) for one in (*verdict.blocked_by, *verdict.because)]
    lines += [doubt_in_words(pack, one, locale) for one in verdict.in_doubt]
    return tuple(lines)


def doubt_in_words(pack: Pack, doubt: values.Doubt, locale: str) -> str:
    """What is not known, and what it keeps from being decided."""
    chosen = language(locale)
    if doubt.rule == values.SILENCE and doubt.fact == values.NO_PERMISSION:
        return (
            "法规包中没有任何规则允许此行为；沉默不等于许可。（duly.silence）"
            if chosen == "zh"
            else "No rule of the pack allows this act, and silence is not permission. (duly.silence)"
        )
    if doubt.rule == values.SILENCE:
        known = ", ".join(sorted(pack.jurisdictions - {"*"}))
        return (
            f"所涉法域不在法规包内（仅含{known}），无从判断。（duly.silence）"
            if chosen == "zh"
            else f"The act stands under a law that is not in the pack, which holds {known}. (duly.silence)"
        )
    title, lacking = pack.rule(doubt.rule).title[chosen], phrases.fact(doubt.fact, chosen)
    if chosen == "zh":
        return f"缺少“{lacking}”，无法判断：{title}（{doubt.rule}）"
    return f"Not known: {lacking}. Without it this cannot be decided: {title} ({doubt.rule})"


def moment_in_words(moment: datetime, zone: str) -> str:
    """A moment on the zone's clock: `2026-11-24 08:00:00 (Asia/Shanghai)`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} ({zone})"


def _answer(pack: Pack, verdict: values.Verdict, chosen: str) -> str:
    if verdict.kind is values.Kind.PERMIT:
        return "允许。" if chosen == "zh" else "Allowed."
    if verdict.kind is values.Kind.FORBID:
        return "禁止。" if chosen == "zh" else "Forbidden."
    if verdict.until is None:
        return "暂缓。" if chosen == "zh" else "Held."
    until = moment_in_words(verdict.until, pack.zone)
    return f"暂缓，最早可在{until}进行。" if chosen == "zh" else f"Held; lawful again from {until}."


def _reason_line(pack: Pack, one: values.Reason, chosen: str) -> str:
    rule = pack.rule(one.rule)
    reading = phrases.pick(
        {"draft": ("草稿", "draft"), "verified": ("已核", "verified")}[one.reading], chosen
    )
    if rule.authority is rules.Authority.POLICY:
        own = phrases.pick(AUTHORITIES[rule.authority], chosen)
        return f"{one.says}（{own}；{one.rule}）" if chosen == "zh" else f"{one.says} ({own}; {one.rule})"
    if chosen == "zh":
        return f"{one.says}（{one.cite}；{one.rule}，自{one.version}起，{reading}）"
    return f"{one.says} ({one.cite}; {one.rule}, from {one.version}, {reading})"


def _source(rule: rules.Rule, version: rules.Version, chosen: str) -> str:
    whose = phrases.pick(AUTHORITIES[rule.authority], chosen)
    if rule.authority is rules.Authority.POLICY:
        near = "、".join(rule.see) if chosen == "zh" else ", ".join(rule.see)
        if chosen == "zh":
            return f"依据：{whose}。" + (f"另见：{near}。" if near else "")
        return f"Source: {whose}." + (f" See {near}." if near else "")
    cite = version.cite
    parts = [cite.brief(), *([cite.link] if cite.link else []), *([f"“{cite.quote}”"] if cite.quote else [])]
    return (
        f"依据（{whose}）：{'，'.join(parts)}。"
        if chosen == "zh"
        else f"Source ({whose}): {', '.join(parts)}."
    )


def _standing(version: rules.Version, day: date, chosen: str) -> str:
    tier = phrases.pick(TIERS[version.cite.tier], chosen)
    status = phrases.pick(STATUSES[version.status], chosen)
    verified = version.reading is rules.Reading.VERIFIED
    late = version.since is not None and day < version.since
    over = version.until is not None and version.until < day
    if chosen == "zh":
        since = f"自{version.name}" if version.since else "未定日期"
        span = f"{since}至{version.until}" if version.until else f"{since}起"
        now = "，尚未开始" if late else "，已终止" if over else ""
        return f"{status}：{span}{now}。核读：{'已核' if verified else '草稿'}（{tier}）。"
    since = f"from {version.name}" if version.since else "without a first day"
    span = f"{since} to {version.until}" if version.until else since
    now = ", not yet begun" if late else ", over" if over else ""
    return f"Status: {status}, {span}{now}. Reading: {'verified' if verified else 'draft'} ({tier})."


def nearest(rule: rules.Rule, day: date) -> rules.Version:
    """Of a rule that binds nobody on the day: its next text, or else its last."""
    ahead = [version for version in rule.versions if version.since and version.since > day]
    return ahead[0] if ahead else rule.versions[-1]
