"""What each rule says of an act at an instant: kept, broken, or in doubt for want of named facts.

The plain reading's half that knows the terms; `decide` combines its findings. Written to be read beside
the statute: one short function for each type of rule, three-valued throughout. `None` is "not known".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from duly.law import clocks, facts, hours, predicates, rules, sequence, terms, values
from duly.law.calendars import UNKNOWN, Calendar, Calendars

Truth = bool | None
Missing = frozenset[str]
NONE_MISSING: Missing = frozenset()
NO_CALENDARS: Calendars = {}


class Outcome(Enum):
    """How a rule that spoke to the act came out."""

    KEPT = "kept"
    BROKEN = "broken"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word on the act."""

    rule: rules.Rule
    version: rules.Version
    outcome: Outcome
    missing: Missing


@dataclass(frozen=True, slots=True)
class Contact:
    """All rows of one contact put together: a call that was attempted and answered is one contact."""

    at: int
    channel: str
    person: str
    number: str
    accounts: frozenset[str]
    kinds: frozenset[str]
    marks: frozenset[str]


def weigh(
    rule: rules.Rule,
    act: values.Act,
    contacts: tuple[Contact, ...],
    at: int,
    day: date,
    *,
    calendars: Calendars = NO_CALENDARS,
) -> Finding | None:
    """The rule's finding on the act, were it done at `at`, on `day` of the law's calendar.

    None: the rule is silent.
    """
    if rule.jurisdiction not in act.jurisdictions and rule.jurisdiction != "*":
        return None
    version = rule.binding(day)
    if version is None or isinstance(version.term, terms.Silent):
        return None
    applies = holds(version.applies, act)
    if applies is False or any(act.fact(name) is True for name in rule.disapplied_by):
        return None
    found = is_broken(rule, version.term, act, contacts, at, calendars=calendars)
    return conclude(rule, version, act, applies, found)


def conclude(
    rule: rules.Rule, version: rules.Version, act: values.Act, applies: Truth, found: tuple[Truth, Missing]
) -> Finding | None:
    """The finding that follows from whether the text applies, and from what `is_broken` found of its term."""
    broken, missing = found
    if broken is False or is_lifted(rule, act):
        # A rule that would be kept in any case needs nobody to find out whether it applies.
        return Finding(rule, version, Outcome.KEPT, NONE_MISSING) if applies else None
    if applies and broken:
        return Finding(rule, version, Outcome.BROKEN, NONE_MISSING)
    # Doubt holds: a prohibition that cannot be evaluated is not skipped.
    return Finding(rule, version, Outcome.DOUBT, missing | unknown(version.applies, act))


def is_lifted(rule: rules.Rule, act: values.Act) -> bool:
    """By what the rule's own text allows, on a stored record; or, below a bar, by two people's decision."""
    if any(act.fact(name) is True for name in rule.lifted_by):
        return True
    return rule.effect in rules.LIFTABLE and isinstance(act.policy.get(rule.id), values.Lift)


# --- predicates ------------------------------------------------------------------------------------


def holds(predicate: predicates.Predicate, act: values.Act) -> Truth:
    """Whether the predicate holds of the act."""
    match predicate:
        case predicates.Test():
            value = act.fact(predicate.fact)
            if value is None:
                return None
            if isinstance(value, frozenset):
                return not value.isdisjoint(predicate.values)
            return value in predicate.values
        case predicates.Not():
            inner = holds(predicate.part, act)
            return None if inner is None else not inner
        case predicates.All():
            return _settled_by(predicate.parts, act, decides=False)
        case predicates.AnyOf():
            return _settled_by(predicate.parts, act, decides=True)


def _settled_by(parts: Iterable[predicates.Predicate], act: values.Act, *, decides: bool) -> Truth:
    """One part that is what `decides` decides for all of them; without one, a part that is not known leaves it open."""
    found: Truth = not decides
    for part in parts:
        inner = holds(part, act)
        if inner is decides:
            return decides
        if inner is None:
            found = None
    return found


def unknown(predicate: predicates.Predicate, act: values.Act) -> Missing:
    """The facts for want of which the predicate is undecided; none when it is decided."""
    if holds(predicate, act) is not None:
        return NONE_MISSING
    match predicate:
        case predicates.Test():
            return frozenset({predicate.fact})
        case predicates.Not():
            return unknown(predicate.part, act)
        case predicates.All() | predicates.AnyOf():
            return NONE_MISSING.union(*(unknown(part, act) for part in predicate.parts))


# --- terms -----------------------------------------------------------------------------------------


def is_broken(
    rule: rules.Rule,
    term: terms.Asked,
    act: values.Act,
    contacts: tuple[Contact, ...],
    at: int,
    *,
    calendars: Calendars,
) -> tuple[Truth, Missing]:
    """Whether the act at the instant breaks the term, and the facts missing when that is not known."""
    match term:
        case terms.Window() if not term.spans:
            return None, frozenset({facts.policy_fact(rule.id)})
        case terms.Window():
            return _outside(term, act, at, calendars.get(term.calendar or "", UNKNOWN))
        case terms.Cap():
            return _one_too_many(rule, term, act, contacts, at)
        case terms.Stop():
            return _stopped(term, act, at)
        case terms.Forbid():
            barred = holds(term.when, act)
            return barred, NONE_MISSING if barred is not None else unknown(term.when, act)
        case terms.Content():
            if act.elements is None:
                return None, frozenset({"elements"})
            return not act.elements.issuperset(term.elements), NONE_MISSING
        case terms.Precedence():
            return sequence.is_broken(term, act, at, zones_of(term.clock, act), calendars)
        case terms.Consent():
            return sequence.is_without(term, act, at, zones_of(term.clock, act))


def _stopped(stop: terms.Stop, act: values.Act, at: int) -> tuple[Truth, Missing]:
    spared = stop.exception is not None and not (stop.spent and sequence.is_spent(stop.spent, act))
    barred = (
        predicates.All((stop.state, predicates.Not(stop.exception)))
        if stop.exception and spared
        else stop.state
    )
    state = holds(barred, act)
    missing = NONE_MISSING if state is not None else unknown(barred, act)
    if stop.expiry is None or state is False:
        return state, missing
    zones = zones_of(stop.expiry.clock, act)
    if not zones:
        return None, missing | {"zones"}
    if sequence.has_expired(stop.expiry, act, at, zones):
        return False, NONE_MISSING
    return state, missing


def zones_of(clock: terms.Clock, act: values.Act) -> tuple[str, ...]:
    """The zones in each of which the act must be lawful; empty when nobody knows."""
    if clock.basis is terms.ZoneBasis.FIXED:
        return (clock.name,) if clock.name else ()
    if clock.basis is terms.ZoneBasis.BOTH:
        return tuple(dict.fromkeys((*act.zones, *act.number_zones))) or clock.candidates
    presumed = act.number_zones if clock.basis is terms.ZoneBasis.AREA_CODE else ()
    return act.zones or presumed or clock.candidates


def delay_of(window: terms.Window, act: values.Act) -> int | None:
    """Seconds from the act to the moment the window looks at; None when nobody knows."""
    if window.moment is terms.Moment.START:
        return 0
    seconds = act.fact("transit_seconds")
    return seconds if isinstance(seconds, int) else None


def _outside(window: terms.Window, act: values.Act, at: int, calendar: Calendar) -> tuple[Truth, Missing]:
    zones, delay = zones_of(window.clock, act), delay_of(window, act)
    missing = frozenset({"zones"} if not zones else ()) | frozenset(
        {"transit_seconds"} if delay is None else ()
    )
    if missing or delay is None:
        return None, missing
    found = {inside(window, act, clocks.local(at + delay, zone), calendar) for zone in zones}
    if False in found:
        return True, NONE_MISSING
    return (
        (None, frozenset({facts.policy_fact(str(window.calendar))}))
        if None in found
        else (False, NONE_MISSING)
    )


def inside(window: terms.Window, act: values.Act, shown: datetime, calendar: Calendar) -> Truth:
    """Whether the clock and calendar show a time within one of the window's stretches, and of the debtor's own."""
    if window.preference is None or not act.preferred:
        return _allowed(window, shown, calendar)
    second = clocks.second_of_day(shown)
    stated = [hours.span(text) for text in act.preferred]
    wished = any(shown.weekday() in span.weekdays and span.first <= second < span.end for span in stated)
    if window.preference is terms.Preference.OVERRIDE:
        return wished
    return _allowed(window, shown, calendar) if wished else False


def _allowed(window: terms.Window, shown: datetime, calendar: Calendar) -> Truth:
    weekday, off = shown.weekday(), False
    if window.calendar is not None:
        holiday, known_off = calendar.is_holiday(shown.date()), calendar.is_off(shown.date())
        if holiday is None or known_off is None:
            return None
        if holiday and window.holidays is terms.HolidayPolicy.CLOSED:
            return False
        weekday, off = 6 if holiday else weekday, known_off
    today = terms.DayClass.DAY_OFF if off else terms.DayClass.WORKDAY
    second = clocks.second_of_day(shown)
    return any(
        (weekday in span.weekdays or span.on_class is today) and span.first <= second < span.end
        for span in window.spans
    )


# --- caps ------------------------------------------------------------------------------------------

_ANSWERED = frozenset({"conversation", "contact_made"})
_SENT = frozenset({"message_sent", "delivered"})
_ATTEMPTED = frozenset({"attempt"}) | _ANSWERED | _SENT


def gather(history: Iterable[values.Contact]) -> tuple[Contact, ...]:
    """The contacts in the history, each from all its rows."""
    rows: dict[tuple[str, str, str, object], list[values.Contact]] = {}
    for row in history:
        key = (row.person, row.channel, row.number, row.ref or clocks.instant(row.at))
        # A payment or a stop is no contact, whatever it is noted together with.
        if values.is_contact(row.kind):
            rows.setdefault(key, []).append(row)
    return tuple(
        Contact(
            at=min(clocks.instant(row.at) for row in same),
            channel=channel,
            person=person,
            number=number,
            accounts=frozenset(row.account for row in same),
            marks=frozenset().union(*(row.marks for row in same)),
            kinds=frozenset("message_sent" if row.kind.startswith("notice:") else row.kind for row in same),
        )
        for (person, channel, number, _), same in rows.items()
    )


def counts(cap: terms.Cap, contact: Contact) -> bool:
    """Whether the cap counts a contact of this kind."""
    wanted = {
        terms.Counted.ATTEMPT: _ATTEMPTED,
        terms.Counted.CONTACT_MADE: _ANSWERED,
        terms.Counted.MESSAGE_SENT: _SENT,
    }[cap.counts]
    # Whether somebody was reached shows from what happened, and needs no mark.
    reached = {"answered"} if not contact.kinds.isdisjoint(_ANSWERED) else set()
    if contact.kinds.isdisjoint(_ANSWERED | _SENT):
        reached = {"unanswered"}
    return not contact.kinds.isdisjoint(wanted) and cap.exclude.isdisjoint(contact.marks | reached)


def most_allowed(rule: rules.Rule, cap: terms.Cap, act: values.Act) -> int | None:
    """The number of the law, or the lender's own where the law gives none or a looser one."""
    own = act.policy.get(rule.id)
    numbers = [number for number in (cap.most, own) if isinstance(number, int)]
    return min(numbers) if numbers else None


def _one_too_many(
    rule: rules.Rule, cap: terms.Cap, act: values.Act, contacts: tuple[Contact, ...], at: int
) -> tuple[Truth, Missing]:
    most, so_far = most_allowed(rule, cap, act), count(cap, act, contacts, at)
    missing = _unsaid(cap, act) | frozenset({facts.policy_fact(rule.id)} if most is None else ())
    if most is None or so_far is None:
        return None, missing
    return so_far >= most, NONE_MISSING


def _unsaid(cap: terms.Cap, act: values.Act) -> Missing:
    """The facts without which nobody can say what has been counted so far."""
    needed: list[tuple[str, object]] = [
        ("zones", zones_of(cap.clock, act)),
        ("channel", cap.pool or act.channel),
    ]
    if terms.Scope.ACCOUNT in cap.scope:
        needed.append(("accounts", act.accounts))
    if terms.Scope.NUMBER in cap.scope:
        needed.append(("number", act.number))
    return frozenset(name for name, value in needed if not value)


def count(cap: terms.Cap, act: values.Act, contacts: tuple[Contact, ...], at: int) -> int | None:
    """How many contacts stand in the cap's window: the most of any key and any zone; None when not known."""
    if _unsaid(cap, act):
        return None
    channels = cap.pool or {act.channel}
    counted = [contact for contact in contacts if contact.channel in channels and counts(cap, contact)]
    return max(
        sum(same_window(cap, contact.at, at, zone) for contact in counted if within(contact))
        for within in _keys(cap, act)
        for zone in zones_of(cap.clock, act)
    )


@dataclass(frozen=True, slots=True)
class _Key:
    """One thing a cap is counted for. A person with two accounts has two, where the cap is per account."""

    person: str | None
    account: str | None
    number: str | None

    def __call__(self, contact: Contact) -> bool:
        return (
            self.person in (None, contact.person)
            and self.number in (None, contact.number)
            and (self.account is None or self.account in contact.accounts)
        )


def _keys(cap: terms.Cap, act: values.Act) -> Iterator[_Key]:
    person = act.person if terms.Scope.PERSON in cap.scope else None
    number = act.number if terms.Scope.NUMBER in cap.scope else None
    for account in act.accounts if terms.Scope.ACCOUNT in cap.scope else (None,):
        yield _Key(person, account, number)


def same_window(cap: terms.Cap, then: int, now: int, zone: str) -> bool:
    """Whether a contact at `then` counts against an act at `now`.

    Contacts already reserved for later count as well: two acts within one window are two, whichever of them
    was planned first. Where nothing is planned ahead this is the rolling window of the text, otherwise it
    errs on the strict side.
    """
    if cap.unit is terms.Unit.HOURS:
        return abs(now - then) < cap.n * 3600
    day, event = clocks.local(now, zone).date(), clocks.local(then, zone).date()
    match cap.unit:
        case terms.Unit.CONSECUTIVE_DAYS:
            return abs((day - event).days) < cap.day_span
        case terms.Unit.CALENDAR_WEEK:  # from Monday, as ISO 8601 has it
            return day.isocalendar()[:2] == event.isocalendar()[:2]
        case terms.Unit.CALENDAR_MONTH:
            return (day.year, day.month) == (event.year, event.month)
