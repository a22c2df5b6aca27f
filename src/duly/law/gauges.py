"""What each text asks of an instant and of what happened before, with all else filled in beforehand.

The compiled reading's half that knows the terms. A gauge is made once for a text and the facts of an act, with its
zones, numbers and stretches laid out; it is then read for one act at one instant, and answers what `weigh.is_broken`
answers, beside the value that a verdict shows of it. Hours and caps are read here in a way of their own; waits,
consents and stops that end are asked of the plain reading, which is quick where so little is left to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from duly.law import clocks, counts, faces, facts, hours, rules, sequence, terms, values, weigh
from duly.law.calendars import UNKNOWN, Calendar, Calendars

_DAY = terms.DAY_SECONDS
_ORDINAL = date(1970, 1, 1).toordinal()
_SUNDAY = 6

Stretches = tuple[tuple[int, int], ...]


# Whether the term is broken, the facts missing when that is not known, and the value to show.
Answer = tuple[weigh.Truth, weigh.Missing, object]
Gauge = Callable[[values.Act, int, Sequence[counts.Met]], Answer]

_KEPT: Answer = (False, weigh.NONE_MISSING, None)
_BROKEN: Answer = (True, weigh.NONE_MISSING, None)


def gauge(rule: rules.Rule, term: terms.Asked, act: values.Act, calendars: Calendars) -> Gauge | None:
    """The gauge of the term for acts that share the facts of this one; None if the facts alone settle the term."""
    match term:
        case terms.Window() if term.spans:
            return _window(term, act, calendars.get(term.calendar or "", UNKNOWN))
        case terms.Cap():
            return _cap(rule, term, act)
        case terms.Precedence():
            return _precedence(term, act, calendars)
        case terms.Consent():
            return _consent(term, act)
        case terms.Stop() if (term.spent or term.expiry) and weigh.holds(term.state, act) is not False:
            return _stop(rule, term)
        case _:
            return None


# --- what happened before -------------------------------------------------------------------------------


def _precedence(term: terms.Precedence, act: values.Act, calendars: Calendars) -> Gauge:
    zones = weigh.zones_of(term.clock, act)

    def read(act: values.Act, at: int, _: Sequence[counts.Met]) -> Answer:
        broken, missing = sequence.is_broken(term, act, at, zones, calendars)
        return broken, missing, [clocks.moment(one).isoformat() for one in sequence.happened(term, act, at)]

    return read


def _consent(term: terms.Consent, act: values.Act) -> Gauge:
    zones = weigh.zones_of(term.clock, act)

    def read(act: values.Act, at: int, _: Sequence[counts.Met]) -> Answer:
        broken, missing = sequence.is_without(term, act, at, zones)
        return broken, missing, [one.basis for one in sequence.standing(term, act, at, zones)]

    return read


def _stop(rule: rules.Rule, term: terms.Stop) -> Gauge:
    def read(act: values.Act, at: int, _: Sequence[counts.Met]) -> Answer:
        return *weigh.is_broken(rule, term, act, (), at, calendars={}), None

    return read


# --- hours ----------------------------------------------------------------------------------------------


def _window(window: terms.Window, act: values.Act, calendar: Calendar) -> Gauge:
    zones, delay = weigh.zones_of(window.clock, act), weigh.delay_of(window, act)
    lacking = ({"zones"} if not zones else set()) | ({"transit_seconds"} if delay is None else set())
    if lacking or delay is None:
        unknown: Answer = (None, frozenset(lacking), None)
        return lambda _act, _at, _contacts: unknown
    shown = [faces.face(zone).shown for zone in zones]
    days = _Days(window, act.preferred, calendar)
    later = delay

    def read(_act: values.Act, at: int, _: Sequence[counts.Met]) -> Answer:
        doubt = False
        for local in shown:
            inside = days.inside(*local(at + later))
            if inside is False:
                return _BROKEN
            doubt = doubt or inside is None
        return (None, frozenset({facts.policy_fact(str(window.calendar))}), None) if doubt else _KEPT

    return read


# --- caps -----------------------------------------------------------------------------------------------


def _cap(rule: rules.Rule, cap: terms.Cap, act: values.Act) -> Gauge:
    zones, most = weigh.zones_of(cap.clock, act), weigh.most_allowed(rule, cap, act)
    counted = counts.Count(cap, zones).so_far
    unset = frozenset({facts.policy_fact(rule.id)} if most is None else ())
    unstated = {name for name, value in (("zones", zones), ("channel", cap.pool or act.channel)) if not value}
    per_account, per_number = terms.Scope.ACCOUNT in cap.scope, terms.Scope.NUMBER in cap.scope

    def read(act: values.Act, at: int, contacts: Sequence[counts.Met]) -> Answer:
        if unstated or (per_account and not act.accounts) or (per_number and not act.number):
            accounts = {"accounts"} if per_account and not act.accounts else set()
            number = {"number"} if per_number and not act.number else set()
            return None, unset | unstated | accounts | number, None
        so_far = counted(act, at, contacts)
        if most is None:
            return None, unset, so_far
        return so_far >= most, weigh.NONE_MISSING, so_far

    return read


class _Days:
    """A window's stretches by day, each day laid out when it is first asked about."""

    def __init__(self, window: terms.Window, preferred: Iterable[str], calendar: Calendar) -> None:
        self._window = window
        self._calendar = calendar
        self._stated = [hours.span(text) for text in preferred] if window.preference else []
        self._laid: dict[int, tuple[Stretches | None, Stretches | None]] = {}

    def inside(self, day: int, second: int) -> weigh.Truth:
        """Whether the second of the day lies within the hours; None when no calendar knows the day."""
        laid = self._laid.get(day)
        if laid is None:
            laid = self._laid[day] = self._lay_out(date.fromordinal(day + _ORDINAL))
        allowed, wished = laid
        if wished is not None and not _within(wished, second):
            return False
        return None if allowed is None else _within(allowed, second)

    def _lay_out(self, day: date) -> tuple[Stretches | None, Stretches | None]:
        """What the text allows, None where nobody knows; and what the debtor asked for, None where he did not ask."""
        if not self._stated:
            return self._allowed(day), None
        wished = tuple((span.first, span.end) for span in self._stated if day.weekday() in span.weekdays)
        override = self._window.preference is terms.Preference.OVERRIDE
        return ((0, _DAY),) if override else self._allowed(day), wished

    def _allowed(self, day: date) -> Stretches | None:
        weekday, off = day.weekday(), False
        if self._window.calendar is not None:
            part = self._calendar.part(day)
            if part is None:
                return None
            off = day in part.holidays or (weekday in part.weekend and day not in part.working)
            if day in part.holidays:
                if self._window.holidays is terms.HolidayPolicy.CLOSED:
                    return ()
                weekday = _SUNDAY
        today = terms.DayClass.DAY_OFF if off else terms.DayClass.WORKDAY
        return tuple(
            (span.first, span.end)
            for span in self._window.spans
            if weekday in span.weekdays or span.on_class is today
        )


def _within(stretches: Stretches, second: int) -> bool:
    return any(first <= second < end for first, end in stretches)
