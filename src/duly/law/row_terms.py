"""The typed part of a version's YAML, one reader for each type of rule.

A reader notes every problem in the source and returns None rather than half a term.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable

from duly.law import facts, row_predicates, terms
from duly.law.source import Mapping, Node, Scalar, Source

_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SCOPES = {
    "person": terms.Scope.PERSON,
    "account": terms.Scope.ACCOUNT,
    "debt": terms.Scope.ACCOUNT,
    "number": terms.Scope.NUMBER,
}


def _window(source: Source, node: Mapping) -> terms.Window | None:
    items = source.listing(node.entries["allow"], node.line_of("allow"), "'allow'") or ()
    spans = tuple(span for span in (_span(source, item) for item in items) if span is not None)
    clock = _clock(source, node)
    moment = (
        source.word(node, "moment", (one.value for one in terms.Moment))
        if "moment" in node.entries
        else "start"
    )
    if clock is None or moment is None:
        return None
    return terms.Window(spans=spans, clock=clock, moment=terms.Moment(moment))


def _span(source: Source, item: Node) -> terms.Span | None:
    node = source.mapping(item, item.line, "a stretch of 'allow'")
    if node is None or not source.keys(
        node, required=("from", "to", "from_incl", "to_incl"), optional=("days",)
    ):
        return None
    first, end = _second_of_day(source, node, "from"), _second_of_day(source, node, "to")
    from_incl, to_incl = source.flag(node, "from_incl"), source.flag(node, "to_incl")
    days = source.words(node, "days", _DAYS) if "days" in node.entries else _DAYS
    if first is None or end is None or from_incl is None or to_incl is None or days is None:
        return None
    first, end = first + (not from_incl), min(end + to_incl, terms.DAY_SECONDS)
    if first >= end:
        source.refuse(
            node.line, "law.window.empty", "the stretch is empty", "Split a night at midnight into two."
        )
        return None
    return terms.Span(frozenset(_DAYS.index(day) for day in days), first, end)


def _second_of_day(source: Source, node: Mapping, key: str) -> int | None:
    said = source.text(node, key)
    match = _CLOCK.fullmatch(said) if said else None
    seconds = (
        sum(int(part or 0) * size for part, size in zip(match.groups(), (3600, 60, 1), strict=True))
        if match
        else None
    )
    if seconds is None or seconds > terms.DAY_SECONDS:
        source.refuse(
            node.line_of(key), "law.clock", f"{said!r} is no time of day", "Write it as 08:00 or 20:59:59."
        )
        return None
    return seconds


def _clock(source: Source, node: Mapping) -> terms.Clock | None:
    zone = source.mapping(node.entries.get("zone"), node.line, "'zone'")
    if zone is None or not source.keys(zone, required=("basis",), optional=("name", "unknown", "candidates")):
        return None
    basis = source.word(zone, "basis", (one.value for one in terms.ZoneBasis))
    if basis == terms.ZoneBasis.FIXED.value:
        name = source.text(zone, "name")
        return terms.Clock(basis=terms.ZoneBasis.FIXED, name=name) if zones(source, zone, [name]) else None
    if basis is None:
        return None
    unknown = source.word(zone, "unknown", ("hold", "all_candidates"))
    if unknown != "all_candidates":
        return terms.Clock(basis=terms.ZoneBasis.DEBTOR)
    candidates = source.words(zone, "candidates") or ()
    if not zones(source, zone, candidates):
        return None
    return terms.Clock(basis=terms.ZoneBasis.DEBTOR, candidates=tuple(sorted(candidates)))


def zones(source: Source, node: Mapping, names: Iterable[str | None]) -> bool:
    """Whether every name is an IANA time zone; those that are not are noted."""
    good = True
    for name in names:
        try:
            zoneinfo.ZoneInfo(name or "")
        except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError):
            good = False
            source.refuse(
                node.line, "law.zone", f"{name!r} is no time zone", "Use an IANA name, as Asia/Shanghai."
            )
    return good


def _cap(source: Source, node: Mapping) -> terms.Cap | None:
    before = len(source.problems)
    most = None if node.get("max") is None else source.whole(node, "max")
    window = source.mapping(node.entries["window"], node.line_of("window"), "'window'")
    n, unit, event_day = _cap_window(source, window) if window else (None, None, None)
    counts = source.word(node, "counts", (one.value for one in terms.Counted))
    scope = source.words(node, "scope", _SCOPES) or ()
    optional = node.entries
    exclude = (
        source.words(node, "exclude", (one.value for one in terms.Exclusion)) if "exclude" in optional else ()
    )
    channels = facts.FACTS["channel"].values
    pool = source.words(node, "pool_channels", channels) if "pool_channels" in optional else ()
    clock = _clock(source, node)
    if len(source.problems) > before or n is None or unit is None or counts is None or clock is None:
        return None
    return terms.Cap(
        most=most,
        n=n,
        unit=terms.Unit(unit),
        event_day_counts=event_day is not False,
        counts=terms.Counted(counts),
        exclude=frozenset(terms.Exclusion(one) for one in exclude or ()),
        scope=tuple(dict.fromkeys(_SCOPES[one] for one in scope)),
        pool=frozenset(pool or ()),
        clock=clock,
    )


def _cap_window(source: Source, node: Mapping) -> tuple[int | None, str | None, bool | None]:
    if not source.keys(node, required=("n", "unit"), optional=("event_day_counts",)):
        return None, None, None
    n, unit = source.whole(node, "n", least=1), source.word(node, "unit", (one.value for one in terms.Unit))
    days = unit == terms.Unit.CONSECUTIVE_DAYS.value
    if days != ("event_day_counts" in node.entries):
        source.refuse(
            node.line,
            "law.window.event_day",
            "`event_day_counts` belongs to consecutive days, and only there",
            "Say whether the day of the contact is the first of the days.",
        )
    if unit in (terms.Unit.CALENDAR_WEEK.value, terms.Unit.CALENDAR_MONTH.value) and n != 1:
        source.refuse(
            node.line_of("n"), "law.window.calendar", "a calendar window is one week or month", "Write n: 1."
        )
    return (
        n,
        unit,
        source.flag(node, "event_day_counts") if days and "event_day_counts" in node.entries else None,
    )


def _stop(source: Source, node: Mapping) -> terms.Stop | None:
    state = row_predicates.read(source, node.entries["state"], node.line_of("state"))
    exception = (
        row_predicates.read(source, node.entries["except"], node.line_of("except"))
        if "except" in node.entries
        else None
    )
    verdict = source.word(node, "verdict", ("hold", "forbid"))
    return terms.Stop(state=state, exception=exception, holds=verdict == "hold") if state else None


def _forbid(source: Source, node: Mapping) -> terms.Forbid | None:
    when = row_predicates.read(source, node.entries["when"], node.line_of("when"))
    check = source.word(node, "check", ("machine", "human"))
    return terms.Forbid(when=when, check=check) if when and check else None


def _content(source: Source, node: Mapping) -> terms.Content | None:
    elements = source.words(node, "elements", facts.FACTS["elements"].values)
    return terms.Content(elements=elements) if elements else None


def _parameter(source: Source, node: Mapping) -> terms.Parameter | None:
    value, unit = node.entries["value"], node.get("unit")
    if not isinstance(value, Scalar):
        source.refuse(
            value.line,
            "law.shape",
            "a parameter is one value",
            "Write a number, a word, true, false or null.",
        )
        return None
    return terms.Parameter(value=value.value, unit=str(unit.value) if isinstance(unit, Scalar) else None)


_Reader = Callable[[Source, Mapping], terms.Term | None]
TERMS: dict[str, tuple[tuple[str, ...], tuple[str, ...], _Reader]] = {
    "time_window": (("allow", "zone"), ("moment",), _window),
    "rate_limit": (("max", "window", "counts", "scope", "zone"), ("exclude", "pool_channels"), _cap),
    "stop": (("state", "verdict"), ("except",), _stop),
    "forbid": (("when", "check"), (), _forbid),
    "require_content": (("elements",), ("when",), _content),
    "parameter": (("value", "unit"), (), _parameter),
}
