"""When an act that is held becomes lawful: the instants at which anything may change, and the first that is lawful.

Used by the plain reading and the compiled one; the columnar reading finds the instant by itself, in `waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from duly.law import clocks, hours, rules, terms, values
from duly.law.pack import Pack
from duly.law.weigh import delay_of, zones_of

_DAY = terms.DAY_SECONDS

# Whether the act is permitted at an instant, and if not, a rule that stands in the way; None where all are silent.
Judge = Callable[[int], tuple[bool, rules.Rule | None]]
# Whether the rule stands in the way at the instant.
Bars = Callable[[rules.Rule, int], bool]


def first_lawful(
    pack: Pack, act: values.Act, within: tuple[int, int], *, judge: Judge, bars: Bars
) -> int | None:
    """The first lawful instant from the first of the two on, up to the second; None if there is none.

    A rule that stands in the way stands there until something changes for it. So only its own changes are looked
    at until it gives way, and then the others are asked again.
    """
    at, last = within
    permitted, standing = judge(at)
    while not permitted:
        changing = pack.asked if standing is None else (standing,)
        instants = changes(changing, act, (at, last), law_zone=pack.zone)
        freed = next((one for one in instants if standing is None or not bars(standing, one)), None)
        if freed is None:
            return None
        at = freed
        permitted, standing = judge(at)
    return at


def changes(
    asked: Iterable[rules.Rule], act: values.Act, within: tuple[int, int], *, law_zone: str
) -> Iterator[int]:
    """Every instant after the first of the two, up to the second, at which one of the rules may come out
    differently, in order.
    """
    at, last = within
    edges, turns = _edges(asked, act), set(_turns(act))
    begins, ends = (clocks.local(instant, law_zone).date() for instant in within)
    if any(begins <= day <= ends for rule in asked for day in _dated(rule)):
        edges.setdefault((law_zone, 0), {0})
    turns.update(instant + gap for instant in tuple(turns) for gap in _gaps(asked))
    for start in range(at, last, _DAY):
        end = min(start + _DAY, last)
        found = set(turns)
        for (zone, delay), seconds in edges.items():
            found.update(instant - delay for instant in clocks.shift(start + delay, end + delay, zone))
            first_day = clocks.local(start + delay, zone).date()
            for days in range(3):
                day = first_day + timedelta(days=days)
                found.update(
                    instant - delay for second in seconds for instant in clocks.wall(day, second, zone)
                )
        yield from sorted(instant for instant in found if start < instant <= end)


def _edges(asked: Iterable[rules.Rule], act: values.Act) -> dict[tuple[str, int], set[int]]:
    """For each clock the seconds of the day at which something may change.

    A clock is a zone and the seconds between the act and the moment that counts.
    """
    edges: dict[tuple[str, int], set[int]] = {}
    for term in (version.term for rule in asked for version in rule.versions):
        clock = terms.clock_of(term) if _counts_days(term) else None
        for zone in zones_of(clock, act) if clock else ():
            if isinstance(term, terms.Window):
                stated = [hours.span(text) for text in act.preferred]
                sides = {side for span in (*term.spans, *stated) for side in (span.first, span.end)}
                edges.setdefault((zone, delay_of(term, act) or 0), {0}).update(sides)
            else:
                edges.setdefault((zone, 0), {0})
    return edges


def _counts_days(term: terms.Term) -> bool:
    """Whether the term comes out differently from one day or hour to the next, though nothing happens."""
    match term:
        case terms.Precedence():
            return term.wait is not None
        case terms.Consent():
            return term.day_span is not None
        case _:
            return True


def _dated(rule: rules.Rule) -> Iterator[date]:
    """The days at whose midnight a text of the rule begins or is over."""
    for version in rule.versions:
        if version.since is not None:
            yield version.since
        if version.until is not None:
            yield version.until + timedelta(days=1)


def _gaps(asked: Iterable[rules.Rule]) -> set[int]:
    """The distances from a contact at which it begins and ceases to count."""
    caps = [
        version.term for rule in asked for version in rule.versions if isinstance(version.term, terms.Cap)
    ]
    hourly = [cap.n * 3600 for cap in caps if cap.unit is terms.Unit.HOURS]
    return {gap for length in hourly for gap in (length, 1 - length)}


def _turns(act: values.Act) -> Iterator[int]:
    """The instants at which something happens that is on record."""
    for event in act.history:
        yield clocks.instant(event.at)
    for consent in act.consents or ():
        yield clocks.instant(consent.given)
        if consent.revoked is not None:
            yield clocks.instant(consent.revoked)
