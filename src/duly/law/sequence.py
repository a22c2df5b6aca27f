"""What happened before the act: required events, waits that must have run out, consents that must stand.

The plain reading's part for `precedence` and `require_consent`, used by `weigh`. Each wait is walked day by
day as a person with a wall calendar would; the columnar reading computes it otherwise, in `sequences`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from duly.law import clocks, facts, terms, values
from duly.law.calendars import UNKNOWN, Calendars

_ONE = timedelta(days=1)
Missing = frozenset[str]
_NOTHING: Missing = frozenset()


@dataclass(frozen=True, slots=True)
class _Unknown:
    """The instant from which an act is free cannot be told, for want of this fact."""

    fact: str


# --- events ----------------------------------------------------------------------------------------


def is_broken(
    term: terms.Precedence, act: values.Act, at: int, zones: tuple[str, ...], calendars: Calendars
) -> tuple[bool | None, Missing]:
    """Whether an act at the instant comes too early, or too soon after what it must keep away from."""
    missing = _unsaid(term, act, zones)
    if missing:
        return None, missing
    found: set[bool | None] = set()
    wanting: set[str] = set()
    for account in act.accounts if terms.Scope.ACCOUNT in term.scope else (None,):
        before = [event for event in _events(term, act, account) if clocks.instant(event.at) <= at]
        for zone in zones:
            frees = [_free(term, event, zone, calendars) for event in before]
            wanting.update(free.fact for free in frees if isinstance(free, _Unknown))
            found.add(_too_early(frees, at) if term.must_exist else _too_soon(frees, at))
    if True in found:
        return True, _NOTHING
    return (None, frozenset(wanting)) if None in found else (False, _NOTHING)


def _unsaid(term: terms.Precedence, act: values.Act, zones: tuple[str, ...]) -> Missing:
    needed: list[tuple[str, object]] = [("zones", zones)]
    if terms.Scope.ACCOUNT in term.scope:
        needed.append(("accounts", act.accounts))
    if terms.Scope.NUMBER in term.scope:
        needed.append(("number", act.number))
    return frozenset(name for name, value in needed if not value)


def happened(term: terms.Precedence, act: values.Act, at: int) -> list[int]:
    """The instants of the events that count, up to `at`, for any of the act's accounts."""
    accounts = act.accounts if terms.Scope.ACCOUNT in term.scope else (None,)
    events = (event for account in accounts for event in _events(term, act, account))
    return sorted({clocks.instant(event.at) for event in events if clocks.instant(event.at) <= at})


def _events(term: terms.Precedence, act: values.Act, account: str | None) -> Iterator[values.Contact]:
    for event in act.history:
        if (
            event.kind in term.event
            and (not term.channels or event.channel in term.channels)
            and (account is None or event.account == account)
            and (terms.Scope.PERSON not in term.scope or event.person == act.person)
            and (terms.Scope.NUMBER not in term.scope or event.number == act.number)
        ):
            yield event


def _too_early(frees: Iterable[int | _Unknown | None], at: int) -> bool | None:
    """Nothing required has happened, or not long enough ago."""
    found = list(frees)
    if any(isinstance(free, int) and free <= at for free in found):
        return False
    return None if any(isinstance(free, _Unknown) for free in found) else True


def _too_soon(frees: Iterable[int | _Unknown | None], at: int) -> bool | None:
    """Something happened, and its wait still runs; None in `frees` is a wait without an end."""
    found = list(frees)
    if any(free is None or (isinstance(free, int) and at < free) for free in found):
        return True
    return None if any(isinstance(free, _Unknown) for free in found) else False


def _free(
    term: terms.Precedence, event: values.Contact, zone: str, calendars: Calendars
) -> int | _Unknown | None:
    """The first second after the event's wait in the zone. None: it never ends."""
    happened = clocks.instant(event.at)
    wait = term.wait
    if wait is None:
        return happened if term.must_exist else None
    from_day: date | _Unknown = clocks.local(happened, zone).date()
    if wait.since is terms.Since.DOCUMENT_DATE:
        from_day = event.dated or _Unknown("document_date")
    elif wait.receipt is not None and isinstance(from_day, date):
        from_day = _nth(wait.receipt, from_day + _ONE, calendars)
    if isinstance(from_day, _Unknown):
        return from_day
    if wait.days.n == 0:
        return max(happened, clocks.day_start(from_day, zone))
    last = _nth(wait.days, from_day if wait.event_day_counts else from_day + _ONE, calendars)
    if isinstance(last, _Unknown):
        return last
    # A document may bear a date before it was sent: nothing runs before it has happened.
    return max(happened, clocks.day_start(last + _ONE, zone))


def _nth(count: terms.Count, first: date, calendars: Calendars) -> date | _Unknown:
    """The last of the days counted, of which `first` is the first if it is a day of the kind."""
    if count.n == 0:
        return first - _ONE
    if count.calendar is None:
        return first + timedelta(days=count.n - 1)
    day = calendars.get(count.calendar, UNKNOWN).nth_working(first, count.n)
    return day if day is not None else _Unknown(facts.policy_fact(count.calendar))


# --- stops -----------------------------------------------------------------------------------------


def is_spent(spent: terms.Spent, act: values.Act) -> bool:
    """Whether the exception was made use of as often as it may be. What is reserved for later counts as well."""
    same = {(event.ref or event.at) for event in act.history if _towards(act, event, spent.event)}
    return len(same) >= spent.most


def has_expired(expiry: terms.Expiry, act: values.Act, at: int, zones: tuple[str, ...]) -> bool:
    """Whether the days after the last event, in every zone, have run out; without an event they never begin."""
    before = [clocks.instant(event.at) for event in act.history if _towards(act, event, expiry.event)]
    last = max((instant for instant in before if instant <= at), default=None)
    if last is None:
        return False
    days = timedelta(days=expiry.day_span)
    return all(clocks.day_start(clocks.local(last, zone).date() + days, zone) <= at for zone in zones)


def _towards(act: values.Act, event: values.Contact, kinds: frozenset[str]) -> bool:
    return event.kind in kinds and event.person == act.person


# --- consents --------------------------------------------------------------------------------------


def is_without(
    term: terms.Consent, act: values.Act, at: int, zones: tuple[str, ...]
) -> tuple[bool | None, Missing]:
    """Whether no consent of the kind asked for stands at the instant."""
    needed: list[tuple[str, object]] = [("zones", zones), ("channel", act.channel)]
    missing = {name for name, value in needed if not value} | (
        {"consents"} if act.consents is None else set()
    )
    if missing or act.consents is None:
        return None, frozenset(missing)
    return not standing(term, act, at, zones), _NOTHING


def standing(term: terms.Consent, act: values.Act, at: int, zones: tuple[str, ...]) -> list[values.Consent]:
    """The consents that serve the act at the instant."""
    return [consent for consent in act.consents or () if stands(term, consent, act, at, zones)]


def stands(
    term: terms.Consent, consent: values.Consent, act: values.Act, at: int, zones: tuple[str, ...]
) -> bool:
    """Whether this consent serves the act at the instant."""
    serves = (
        consent.basis in term.basis
        and (not term.forms or consent.form in term.forms)
        and consent.channel in ("", act.channel)
    )
    given = clocks.instant(consent.given)
    if not serves or given > at or _is_revoked(term, consent, act, at):
        return False
    if term.day_span is None or consent.basis not in term.ageing:
        return True
    return all(
        (clocks.local(at, zone).date() - clocks.local(given, zone).date()).days < term.day_span
        for zone in zones
    )


def _is_revoked(term: terms.Consent, consent: values.Consent, act: values.Act, at: int) -> bool:
    others = act.consents or ()
    reaching = others if term.revocation.scope is terms.RevocationScope.ALL else (consent,)
    given = clocks.instant(consent.given)
    return any(
        given <= clocks.instant(other.revoked) <= at for other in reaching if other.revoked is not None
    )
