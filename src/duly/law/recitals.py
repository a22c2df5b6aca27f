"""What looks back, what is due and what is kept, as sentences in Chinese and English; the rest is `phrases`' work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from duly.law import calendars, duties, facts, terms, vocabulary

Both = tuple[str, str]  # zh, en
_EVENTS: Mapping[str, Both] = {
    "attempt": ("联系（含未接通）", "an attempt to reach the debtor"),
    "conversation": ("通话", "a conversation"),
    "contact_made": ("有效接通", "contact made"),
    "message_sent": ("发出信息", "a message sent"),
    "delivered": ("信息送达", "a message delivered"),
    "opt_out": ("退订", "an opt-out"),
    "dispute": ("提出异议", "a dispute"),
    "cease": ("要求停止联系", "a request to cease contact"),
    "payment": ("还款", "a payment"),
    "promise": ("还款承诺", "a promise to pay"),
}
_PERIODS: Mapping[duties.Period, Both] = {
    duties.Period.MINUTES: ("分钟", "minutes"),
    duties.Period.HOURS: ("小时", "hours"),
    duties.Period.DAYS: ("日", "days"),
    duties.Period.BUSINESS_DAYS: ("个工作日", "business days"),
    duties.Period.MONTHS: ("个月", "months"),
    duties.Period.YEARS: ("年", "years"),
}
_SINCE: Mapping[terms.Since, Both] = {
    terms.Since.SENT: ("自其发生之日起", "from the day of the event"),
    terms.Since.RECEIVED_ASSUMED: ("自推定收到之日起", "from the day it is assumed to be received"),
    terms.Since.DOCUMENT_DATE: ("自文书所载日期起", "from the date on the document"),
}


DAY_CLASSES: Mapping[terms.DayClass, Both] = {
    terms.DayClass.WORKDAY: ("工作日", "on working days "),
    terms.DayClass.DAY_OFF: ("休息日", "on days off "),
}
_HOLIDAYS: Mapping[terms.HolidayPolicy, Both] = {
    terms.HolidayPolicy.CLOSED: ("节假日全天不得进行。", "Never on a holiday."),
    terms.HolidayPolicy.AS_SUNDAY: ("节假日按周日办理。", "A holiday is read as a Sunday."),
}
_PREFERENCES: Mapping[terms.Preference, Both] = {
    terms.Preference.OVERRIDE: (
        "债务人指定时段的，以其指定为准。",
        "Hours that the debtor has stated stand in the place of these.",
    ),
    terms.Preference.NARROW: (
        "债务人指定时段的，须同时符合。",
        "Hours that the debtor has stated must be kept as well.",
    ),
}


def window(said: terms.Window, language: str) -> str:
    """What holidays and the debtor's own hours do to a window; nothing where the text says nothing."""
    holidays = _pick(_HOLIDAYS[said.holidays], language) if said.holidays else ""
    own = _pick(_PREFERENCES[said.preference], language) if said.preference else ""
    return ("" if language == "zh" else " ").join(part for part in (holidays, own) if part)


def stop(said: terms.Stop, language: str) -> str:
    """How often a stop's exception may be used, when the stop ends, and whom to turn to instead."""
    parts: list[Both] = []
    if said.spent is not None:
        used = [_either((event(kind, one) for kind in sorted(said.spent.event)), one) for one in ("zh", "en")]
        most = said.spent.most
        parts.append((f"该例外以{used[0]}{most}次为限。", f" Of these, at most {most} ({used[1]})."))
    if said.expiry is not None:
        since = [
            _either((event(kind, one) for kind in sorted(said.expiry.event)), one) for one in ("zh", "en")
        ]
        n, own = said.expiry.days, said.expiry.event_day_counts
        parts.append(
            (
                f"自最近一次{since[0]}之日起满{n}日失效（当日{'计入' if own else '不计'}）。",
                f" It ends {n} days after the last of {since[1]} (that day {'counted' if own else 'not counted'}).",
            )
        )
    if said.redirect is not None:
        whom = facts.FACTS["recipient_role"].values[said.redirect]
        parts.append((f"应改为联系{whom[0]}。", f" Turn to {whom[1]} instead."))
    return "".join(_pick(part, language) for part in parts)


def event(kind: str, language: str) -> str:
    """A kind of event; a notice by its name."""
    if kind in _EVENTS:
        return _pick(_EVENTS[kind], language)
    name = kind.removeprefix("notice:").replace("_", " ")
    return f"“{name}”通知" if language == "zh" else f"the notice “{name}”"


def precedence(said: terms.Precedence, language: str, *, zone: str, of_what: Iterable[str]) -> str:
    """What must have happened first, or how long nothing may have."""
    events = _either((event(kind, language) for kind in sorted(said.event)), language)
    whom, wait = list(of_what), said.wait
    channels = [_pick(facts.FACTS["channel"].values[name], language) for name in sorted(said.channels)]
    if language == "zh":
        by = f"（{'、'.join(channels)}）" if channels else ""
        scope = f"对{'、'.join(whom)}，" if whom else ""
        if wait is None:
            return f"{scope}须先有{events}{by}。" if said.must_exist else f"{scope}{events}{by}之后不得进行。"
        days = _wait(wait, language)
        lead = f"{scope}须先有{events}{by}，且" if said.must_exist else f"{scope}{events}{by}之后，"
        tail = "届满后方可进行" if said.must_exist else "内不得进行"
        return f"{lead}{days}{tail}（{zone}）。"
    by = f" by {_either(channels, language)}" if channels else ""
    scope = f" for the same {' and '.join(whom)}" if whom else ""
    if wait is None:
        if said.must_exist:
            return f"Allowed only after {events}{by}{scope}."
        return f"Barred after {events}{by}{scope}, without an end."
    days = _wait(wait, language)
    if said.must_exist:
        return f"Allowed only after {events}{by}{scope}, once {days} have run out ({zone})."
    return f"Barred after {events}{by}{scope} until {days} have run out ({zone})."


def _wait(wait: terms.Wait, language: str) -> str:
    days = _counted(wait.days, language)
    since = _pick(_SINCE[wait.since], language)
    receipt = _counted(wait.receipt, language) if wait.receipt else ""
    if language == "zh":
        own = "当日计入" if wait.event_day_counts else "当日不计"
        assumed = f"，推定发出后{receipt}收到" if receipt else ""
        return f"{since}{days}（{own}{assumed}）"
    own = "which is the first of them" if wait.event_day_counts else "which is not counted"
    assumed = f"; receipt is assumed {receipt} after sending" if receipt else ""
    return f"{days} {since} ({own}{assumed})"


def _counted(count: terms.Count, language: str) -> str:
    business = count.day_type is terms.DayType.BUSINESS
    if language == "zh":
        return f"{count.n}个工作日" if business else f"{count.n}日"
    return f"{count.n} business days" if business else f"{count.n} days"


def consent(said: terms.Consent, language: str, *, zone: str) -> str:
    """Which consent must stand."""
    bases = _either((_pick(vocabulary.BASES[name], language) for name in sorted(said.basis)), language)
    forms = _either((_pick(vocabulary.FORMS[name], language) for name in sorted(said.forms)), language)
    everything = said.revocation.scope is terms.RevocationScope.ALL
    if language == "zh":
        form = f"，以{forms}形式作出" if forms else ""
        own = "当日计入" if said.event_day_counts else "当日不计"
        whose = f"其中{_ageing(said, language)}" if said.ageing != said.basis else "且"
        fresh = f"，{whose}不早于{said.fresh_days}日前（{own}，{zone}）" if said.fresh_days else ""
        ends = "一经撤回，此前的同意全部失效" if everything else "一经撤回即失效"
        return f"须有在案依据：{bases}{form}{fresh}；{ends}。"
    form = f", given {forms}" if forms else ""
    own = "that day being the first" if said.event_day_counts else "that day not counted"
    whose = f", {_ageing(said, language)}" if said.ageing != said.basis else ","
    fresh = f"{whose} at most {said.fresh_days} days ago ({own}; {zone})" if said.fresh_days else ""
    ends = "A revocation ends every earlier consent" if everything else "It ends with its revocation"
    return f"Allowed only on record of {bases}{form}{fresh}. {ends}."


def _ageing(said: terms.Consent, language: str) -> str:
    """The bases that must be fresh."""
    return _either((_pick(vocabulary.BASES[name], language) for name in sorted(said.ageing)), language)


def silent(said: duties.Deadline | duties.Retain | duties.Duty, language: str) -> str:
    """What is asked of nobody's act: due, kept, or owed."""
    match said:
        case duties.Deadline():
            return deadline(said, language)
        case duties.Retain():
            return retain(said, language)
        case duties.Duty():
            return duty(said, language)


def deadline(said: duties.Deadline, language: str) -> str:
    """What is to be done by when."""
    chosen = "zh" if language == "zh" else "en"
    what, trigger = said.what[chosen], said.trigger[chosen]
    until = said.until[chosen] if said.until else ""
    within, least = _length(said.within, language), _length(said.least, language)
    repeat = _length(said.repeat_every, language)
    if language == "zh":
        if not within:
            return f"{trigger}后须{what}；法规未给出期限。"
        if said.before:
            return f"{trigger}前{within}内{f'、至少{least}前' if least else ''}须{what}。"
        again = f"，此后每{repeat}一次" if repeat else ""
        counted = "（当日计入）" if said.trigger_day_counts else ""
        return f"{trigger}后{within}内{counted}须{what}{again}{f'，直至{until}' if until else ''}。"
    if not within:
        return f"After {trigger}: {what}. No text gives a time."
    if said.before:
        return f"Before {trigger}, by {within} at most{f' and {least} at least' if least else ''}: {what}."
    again = f", then again every {repeat}" if repeat else ""
    after = "beginning with the day on which" if said.trigger_day_counts else "after"
    return f"Within {within} {after} {trigger}: {what}{again}{f', until {until}' if until else ''}."


def retain(said: duties.Retain, language: str) -> str:
    """What is kept how long."""
    chosen = "zh" if language == "zh" else "en"
    kept, start, span = said.object[chosen], said.start[chosen], _length(said.length, language)
    if language == "zh":
        return f"须保存{kept}：自{start}起{f'至少{span}' if span else '，法规未给出期限'}。"
    return f"Keep {kept} {f'for at least {span}' if span else '(no text says how long)'} from {start}."


def duty(said: duties.Duty, language: str) -> str:
    """What the organisation owes, which no act can show."""
    expected = said.evidence_expected["zh" if language == "zh" else "en"]
    if language == "zh":
        return f"机构义务，不因任何行为而视为履行；应有证明：{expected}。"
    return f"A duty of the organisation, which no act fulfils. Evidence of it: {expected}."


def calendar(days: calendars.Days, language: str) -> str:
    """What a calendar holds, in numbers."""
    holidays, working = len(days.holidays), len(days.working)
    if language == "zh":
        return f"日历：{holidays}个假日，{working}个调休工作日。"
    return f"A calendar of {holidays} holidays and {working} days worked in exchange."


def _length(length: duties.Length | None, language: str) -> str:
    if length is None:
        return ""
    unit = _pick(_PERIODS[length.period], language)
    return f"{length.n}{unit}" if language == "zh" else f"{length.n} {unit}"


def _either(words: Iterable[str], language: str) -> str:
    *most, last = [*words] or [""]
    if not most:
        return last
    return "、".join(most) + "或" + last if language == "zh" else ", ".join(most) + " or " + last


def _pick(both: Both, language: str) -> str:
    return both[0] if language == "zh" else both[1]
