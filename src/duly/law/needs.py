"""What a term stands on: the calendars it counts by, the facts it tests, and those for want of which it is in doubt."""

from __future__ import annotations

from collections.abc import Iterator

from duly.law import duties, terms
from duly.law.predicates import facts_of


def calendars_of(term: terms.Term) -> frozenset[str]:
    """The calendars a term counts by."""
    match term:
        case terms.Window():
            return frozenset({term.calendar} if term.calendar else ())
        case terms.Precedence():
            return term.calendars
        case terms.Consent():
            within = term.revocation.honour_within
            return frozenset([within.calendar] if within and within.calendar else [])
        case duties.Deadline():
            lengths = (term.within, term.least, term.repeat_every)
            return frozenset(one.calendar for one in lengths if one and one.calendar)
        case duties.Retain() if term.length and term.length.calendar:
            return frozenset({term.length.calendar})
        case _:
            return frozenset()


def tested_by(term: terms.Term) -> Iterator[str]:
    """The facts of the closed table that the term itself tests."""
    match term:
        case terms.Stop():
            yield from facts_of(term.state)
            if term.exception is not None:
                yield from facts_of(term.exception)
        case terms.Forbid():
            yield from facts_of(term.when)
        case terms.Content():
            yield "elements"
        case terms.Consent():
            yield "channel"


def needs_of(rule: str, term: terms.Term) -> Iterator[str]:
    """The facts for want of which the term cannot be decided; `policy.<rule>` is the lender's own number."""
    clock = terms.clock_of(term)
    if clock is not None and clock.basis is not terms.ZoneBasis.FIXED:
        yield "zones"
    if isinstance(term, terms.Cap | terms.Precedence):
        yield "history"
        yield from (_SCOPE_FACT[scope] for scope in term.scope)
    match term:
        case terms.Window():
            yield "at"
            yield from [] if term.spans else [f"policy.{rule}"]
            yield from ["transit_seconds"] if term.moment is terms.Moment.ARRIVAL else []
            yield from [f"policy.{term.calendar}"] if term.calendar else []
        case terms.Cap():
            yield from [] if term.pool else ["channel"]
            yield from [f"policy.{rule}"] if term.most is None else []
        case terms.Stop() | terms.Forbid() | terms.Content():
            yield from tested_by(term)
            if isinstance(term, terms.Stop) and (term.spent or term.expiry):
                yield "history"
        case terms.Precedence():
            dated = term.wait is not None and term.wait.since is terms.Since.DOCUMENT_DATE
            yield from ["document_date"] if dated else []
            yield from (f"policy.{name}" for name in sorted(term.calendars))
        case terms.Consent():
            yield from ("consents", "channel")
        case terms.Parameter() if term.value is None:
            yield f"policy.{rule}"


_SCOPE_FACT = {terms.Scope.PERSON: "person", terms.Scope.ACCOUNT: "accounts", terms.Scope.NUMBER: "number"}
