"""Predicates and terms as phrases in Chinese and English. Whole sentences are `explain`'s work."""

from __future__ import annotations

from collections.abc import Iterable

from duly.law import calendars, duties, facts, predicates, recitals, terms, vocabulary
from duly.law.facts import FactKind

Both = tuple[str, str]  # zh, en
_WEEKDAYS: tuple[Both, ...] = (
    ("周一", "Monday"),
    ("周二", "Tuesday"),
    ("周三", "Wednesday"),
    ("周四", "Thursday"),
    ("周五", "Friday"),
    ("周六", "Saturday"),
    ("周日", "Sunday"),
)
_COUNTED: dict[terms.Counted, Both] = {
    terms.Counted.ATTEMPT: ("次联系（含未接通）", "contacts or attempts"),
    terms.Counted.CONTACT_MADE: ("次有效接通", "conversations"),
    terms.Counted.MESSAGE_SENT: ("条信息", "messages"),
}
_SCOPES: dict[terms.Scope, Both] = {
    terms.Scope.PERSON: ("同一债务人", "person"),
    terms.Scope.ACCOUNT: ("同一账户", "account"),
    terms.Scope.NUMBER: ("同一号码", "number"),
}
_UNITS: dict[str, Both] = {
    "years": ("{}年", "{} years"),
    "months": ("{}个月", "{} months"),
    "days": ("{}日", "{} days"),
    "days (min)": ("至少{}日", "at least {} days"),
}

# How a set of words is spoken of: when it holds one of them, and when it holds none.
_THERE_IS: tuple[Both, Both] = (("存在", "there is "), ("没有", "there is no "))
_HAS: dict[str, tuple[Both, Both]] = {
    "claims": (("文字含有", "the text holds "), ("文字不含", "the text does not hold ")),
    "elements": (("文字载有", "the text carries "), ("文字未载", "the text does not carry ")),
    "written_holds": (("书面载明", "there is in writing "), ("没有书面载明", "there is not in writing ")),
    "memberships": (
        ("会员资格为", "the lender is a member of "),
        ("并非会员：", "the lender is no member of "),
    ),
}
_A_CONTACT = predicates.Test("action", frozenset({"contact"}))


def pick(both: Both, language: str) -> str:
    """The text in the language (`zh` or `en`)."""
    return both[0] if language == "zh" else both[1]


def fact(name: str, language: str) -> str:
    """A fact by its words; `policy.<rule>` is the lender's own number for the rule."""
    if name in facts.FACTS:
        return pick(facts.FACTS[name].words, language)
    own = pick(facts.FACTS["policy"].words, language)
    return (
        f"{own}（{name.removeprefix('policy.')}）"
        if language == "zh"
        else f"{own} for {name.removeprefix('policy.')}"
    )


def listed(words: Iterable[str], language: str) -> str:
    """Alternatives: `a, b or c`."""
    *most, last = words
    if not most:
        return last
    return "、".join(most) + "或" + last if language == "zh" else ", ".join(most) + " or " + last


def predicate(asked: predicates.Predicate, language: str, *, negated: bool = False) -> str:
    """A predicate, or its opposite, as a clause: `the channel is SMS or e-mail`."""
    match asked:
        case predicates.Test():
            return _test(asked, language, negated=negated)
        case predicates.Not():
            return predicate(asked.part, language, negated=not negated)
        case predicates.All() | predicates.AnyOf():
            both = isinstance(asked, predicates.All) is not negated
            joint = ("且" if both else "，或") if language == "zh" else (" and " if both else ", or ")
            return joint.join(predicate(part, language, negated=negated) for part in asked.parts)


def scope(applies: predicates.Predicate, language: str) -> str:
    """To which acts a rule applies, as a sentence. That the act is a contact is said by the noun."""
    parts = applies.parts if isinstance(applies, predicates.All) else (applies,)
    rest = predicates.All(tuple(part for part in parts if part != _A_CONTACT))
    if not parts:
        return ""
    contact = _A_CONTACT in parts
    if not rest.parts:
        return "适用于一切联系。" if language == "zh" else "It applies to every contact."
    clause = predicate(rest, language)
    if language == "zh":
        return f"适用于{clause}的{'联系' if contact else '行为'}。"
    return f"It applies to {'a contact' if contact else 'an act'} where {clause}."


def _test(asked: predicates.Test, language: str, *, negated: bool) -> str:
    known = facts.FACTS[asked.fact]
    name = pick(known.words, language)
    if known.kind is FactKind.FLAG:
        yes = (True in asked.values) is not negated
        return f"{name}：{'是' if yes else '否'}" if language == "zh" else f"{name}: {'yes' if yes else 'no'}"
    # In the order of the table, so that the same rule always reads the same.
    order = [value for value in known.values if value in asked.values] or sorted(map(str, asked.values))
    words = [pick(known.values[value], language) if value in known.values else str(value) for value in order]
    if known.kind is FactKind.WORDS:
        has, lacks = _HAS.get(asked.fact, _THERE_IS)
        lead = pick(lacks if negated else has, language)
        return lead + listed(words, language)
    if language == "zh":
        return f"{name}{'不是' if negated else '为'}{listed(words, language)}"
    subject = name if name.startswith(("the ", "who ")) else f"the {name}"
    return f"{subject} is {'not ' if negated else ''}{listed(words, language)}"


def term(said: terms.Term, language: str) -> str:
    """What the term asks, exactly."""
    match said:
        case terms.Window():
            return _window(said, language)
        case terms.Cap():
            return _cap(said, language)
        case terms.Stop():
            text = predicate(said.state, language)
            spared = predicate(said.exception, language) if said.exception else None
            more = recitals.stop(said, language)
            if language == "zh":
                return f"{text}时，不得进行" + (f"；但{spared}的除外。" if spared else "。") + more
            return f"Barred while {text}" + (f", except where {spared}." if spared else ".") + more
        case terms.Forbid():
            text = predicate(said.when, language)
            return f"{text}的，禁止。" if language == "zh" else f"Barred when {text}."
        case terms.Content():
            elements = facts.FACTS["elements"].values
            words = [pick(elements[name], language) for name in said.elements]
            return (
                f"须载明：{'、'.join(words)}。"
                if language == "zh"
                else f"The message carries {', '.join(words)}."
            )
        case terms.Precedence() | terms.Consent():
            return _looking_back(said, language)
        case terms.Parameter():
            return _parameter(said, language)
        case duties.Deadline() | duties.Retain() | duties.Duty():
            return recitals.silent(said, language)


def _looking_back(said: terms.Precedence | terms.Consent, language: str) -> str:
    zone = _zone(said.clock, language)
    if isinstance(said, terms.Consent):
        return recitals.consent(said, language, zone=zone)
    of_what = [pick(_SCOPES[one], language) for one in said.scope]
    return recitals.precedence(said, language, zone=zone, of_what=of_what)


def _parameter(said: terms.Parameter, language: str) -> str:
    if isinstance(said.value, calendars.Days):
        return recitals.calendar(said.value, language)
    if said.value is None:
        return (
            "法律未给出数值，由机构设定。"
            if language == "zh"
            else "The law gives no value; the lender sets one."
        )
    value = _measured(said, language)
    return f"数值：{value}。" if language == "zh" else f"The value is {value}."


def clock(second: int) -> str:
    """A second of the day as a clock shows it."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _measured(said: terms.Parameter, language: str) -> str:
    unit = said.unit or ""
    pattern = _UNITS.get(unit, (f"{{}} {unit}".rstrip(), f"{{}} {unit}".rstrip()))
    return pick(pattern, language).format(said.value)


def _window(window: terms.Window, language: str) -> str:
    if not window.spans:
        zone, rest = _zone(window.clock, language), recitals.window(window, language)
        if language == "zh":
            return f"法律未给出时段，由机构设定（{zone}）。{rest}"
        return f"The law gives no hours; the lender sets them ({zone}). {rest}".rstrip()
    stretches = []
    for span in window.spans:
        days = "" if len(span.weekdays) == len(_WEEKDAYS) else _days(span, language)
        first, last = clock(span.first), clock(span.end - 1)
        stretches.append(f"{days}{first}至{last}" if language == "zh" else f"{days}from {first} to {last}")
    arrives = window.moment is terms.Moment.ARRIVAL
    if language == "zh":
        counted = "以到达时间为准" if arrives else "以发起时间为准"
        said = f"仅可在{'、'.join(stretches)}进行（{_zone(window.clock, language)}，{counted}）。"
        return said + recitals.window(window, language)
    counted = "the arrival counts" if arrives else "the start counts"
    zone = _zone(window.clock, language)
    said = f"Allowed only {' and '.join(stretches)}, both seconds included ({zone}; {counted})."
    return " ".join(part for part in (said, recitals.window(window, language)) if part)


def _days(span: terms.Span, language: str) -> str:
    if span.on_class is not None:
        return pick(recitals.DAY_CLASSES[span.on_class], language)
    names = [pick(_WEEKDAYS[day], language) for day in sorted(span.weekdays)]
    return "、".join(names) if language == "zh" else "on " + ", ".join(names) + " "


def _zone(basis: terms.Clock, language: str) -> str:
    if basis.basis is terms.ZoneBasis.FIXED:
        return f"{basis.name}时间" if language == "zh" else f"{basis.name} time"
    if basis.basis is terms.ZoneBasis.AREA_CODE:
        return (
            "债务人所在地时间，所在地未知的按号码归属地推定，各可能时区均须符合"
            if language == "zh"
            else "the debtor's time, where he is not known to be that of the number's area code, in every such zone"
        )
    if basis.basis is terms.ZoneBasis.BOTH:
        return (
            "债务人所在地及号码归属地时间，各可能时区均须符合"
            if language == "zh"
            else "the debtor's time, in every zone of his address and of his number"
        )
    return (
        "债务人所在地时间，各可能时区均须符合"
        if language == "zh"
        else "the debtor's time, in every zone he may be in"
    )


def _cap(cap: terms.Cap, language: str) -> str:
    of_what = [pick(_SCOPES[one], language) for one in cap.scope]
    counted, period = pick(_COUNTED[cap.counts], language), _period(cap, language)
    named = [
        pick(words, language) for name, words in facts.FACTS["channel"].values.items() if name in cap.pool
    ]
    left_out = (
        listed(
            (pick(vocabulary.MARKS[name], language) for name in vocabulary.MARKS if name in cap.exclude),
            language,
        )
        if cap.exclude
        else ""
    )
    if language == "zh":
        most = "机构自定数目的" if cap.most is None else str(cap.most)
        extra = (f"，{left_out}不计" if left_out else "") + (f"，{'、'.join(named)}合并计算" if named else "")
        return f"对{'、'.join(of_what)}，{period}最多{most}{counted}{extra}（{_zone(cap.clock, language)}）。"
    most = f"as many {counted} as the lender has set" if cap.most is None else f"{cap.most} {counted}"
    extra = f", {left_out} not counted" if left_out else ""
    extra += f", with {', '.join(named)} counted together" if named else ""
    zone = _zone(cap.clock, language)
    return f"At most {most}, for each {' and '.join(of_what)} {period}{extra} ({zone})."


def _period(cap: terms.Cap, language: str) -> str:
    n = cap.day_span if cap.unit is terms.Unit.CONSECUTIVE_DAYS else cap.n
    if cap.unit is terms.Unit.CONSECUTIVE_DAYS and n == 1:
        return pick(("每日", "a day"), language)
    return {
        terms.Unit.CONSECUTIVE_DAYS: (f"任意连续{n}日内", f"in any {n} consecutive days"),
        terms.Unit.CALENDAR_WEEK: ("每一自然周", "a calendar week"),
        terms.Unit.CALENDAR_MONTH: ("每一自然月", "a calendar month"),
        terms.Unit.HOURS: (f"任意{n}小时内", f"in any {n} hours"),
    }[cap.unit][0 if language == "zh" else 1]
