"""The typed part of a version's YAML, one reader for each type of rule.

A reader notes every problem in the source and returns None rather than half a term.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable

from duly.law import facts, hours, row_duties, row_predicates, row_sequences, row_stops, terms, vocabulary
from duly.law.source import Mapping, Node, Source

_DAYS, _SCOPES = hours.DAYS, row_sequences.SCOPES
_CLASSES = tuple(one.value for one in terms.DayClass)


def _window(source: Source, node: Mapping) -> terms.Window | None:
    # Null where the text gives no hours: the lender must set them.
    given = node.get("allow") is not None
    items = (source.listing(node.entries["allow"], node.line_of("allow"), "'allow'") or ()) if given else ()
    if given and not items:
        source.refuse(
            node.line_of("allow"),
            "law.window.empty",
            "nothing is ever allowed",
            "Give the stretches, or null where the text gives no hours.",
        )
    spans = tuple(span for span in (_span(source, item) for item in items) if span is not None)
    clock = _clock(source, node)
    moment = (
        source.word(node, "moment", (one.value for one in terms.Moment))
        if "moment" in node.entries
        else "start"
    )
    preference = (
        source.word(node, "preference", (one.value for one in terms.Preference))
        if node.get("preference") is not None
        else None
    )
    calendar, policy = _holidays(source, node)
    if any(span.on_class for span in spans) and calendar is None:
        source.refuse(
            node.line_of("allow"),
            "law.calendar.missing",
            "working days and days off are days of a calendar",
            "Name the rule that holds it: `holidays: {calendar, policy}`.",
        )
    if clock is None or moment is None:
        return None
    return terms.Window(
        spans=spans,
        clock=clock,
        moment=terms.Moment(moment),
        calendar=calendar,
        holidays=policy,
        preference=terms.Preference(preference) if preference else None,
    )


def _holidays(source: Source, node: Mapping) -> tuple[str | None, terms.HolidayPolicy | None]:
    if node.get("holidays") is None:
        return None, None
    row = source.mapping(node.entries["holidays"], node.line_of("holidays"), "'holidays'")
    if row is None or not source.keys(row, required=("calendar", "policy")):
        return None, None
    policy = source.word(row, "policy", (one.value for one in terms.HolidayPolicy))
    calendar = source.text(row, "calendar")
    return (calendar, terms.HolidayPolicy(policy)) if calendar and policy else (None, None)


def _span(source: Source, item: Node) -> terms.Span | None:
    node = source.mapping(item, item.line, "a stretch of 'allow'")
    if node is None or not source.keys(
        node, required=("from", "to", "from_incl", "to_incl"), optional=("days",)
    ):
        return None
    first, end = _second_of_day(source, node, "from"), _second_of_day(source, node, "to")
    from_incl, to_incl = source.flag(node, "from_incl"), source.flag(node, "to_incl")
    days = source.words(node, "days", (*_DAYS, *_CLASSES)) if "days" in node.entries else _DAYS
    if first is None or end is None or from_incl is None or to_incl is None or days is None:
        return None
    first, end = first + (not from_incl), min(end + to_incl, terms.DAY_SECONDS)
    if first >= end:
        source.refuse(
            node.line, "law.window.empty", "the stretch is empty", "Split a night at midnight into two."
        )
        return None
    classes = [day for day in days if day in _CLASSES]
    if classes and len(days) > 1:
        source.refuse(
            node.line_of("days"),
            "law.window.days",
            f"{classes[0]} stands alone",
            "Write one stretch for the class of days and another for the weekdays.",
        )
        return None
    if classes:
        return terms.Span(frozenset(), first, end, terms.DayClass(classes[0]))
    return terms.Span(frozenset(_DAYS.index(day) for day in days), first, end)


def _second_of_day(source: Source, node: Mapping, key: str) -> int | None:
    said = source.text(node, key)
    seconds = hours.second_of_day(said) if said else None
    if seconds is None:
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
    whose = terms.ZoneBasis(basis)
    if unknown != "all_candidates":
        return terms.Clock(basis=whose)
    candidates = source.words(zone, "candidates") or ()
    if not zones(source, zone, candidates):
        return None
    return terms.Clock(basis=whose, candidates=tuple(sorted(candidates)))


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
    exclude = source.words(node, "exclude", vocabulary.MARKS) if "exclude" in optional else ()
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
        exclude=frozenset(exclude or ()),
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
    if state is not None and node.get("evidence") is not None:
        evidence = source.word(node, "evidence", ("any", "written"))
        state = row_stops.in_writing(state) if evidence == "written" else state
    exception, spent = row_stops.exception(source, node)
    verdict = source.word(node, "verdict", ("hold", "forbid"))
    expiry = row_stops.expiry(source, node, _clock) if node.get("expires") is not None else None
    roles = facts.FACTS["recipient_role"].values
    redirect = source.word(node, "redirect", roles) if node.get("redirect") is not None else None
    if state is None:
        return None
    return terms.Stop(
        state=state,
        exception=exception,
        holds=verdict == "hold",
        spent=spent,
        expiry=expiry,
        redirect=redirect,
    )


def _forbid(source: Source, node: Mapping) -> terms.Forbid | None:
    when = row_predicates.read(source, node.entries["when"], node.line_of("when"))
    check = source.word(node, "check", ("machine", "human"))
    return terms.Forbid(when=when, check=check) if when and check else None


def _content(source: Source, node: Mapping) -> terms.Content | None:
    elements = source.words(node, "elements", facts.FACTS["elements"].values)
    return terms.Content(elements=elements) if elements else None


def _precedence(source: Source, node: Mapping) -> terms.Precedence | None:
    return row_sequences.precedence(source, node, _clock(source, node))


def _consent(source: Source, node: Mapping) -> terms.Consent | None:
    return row_sequences.consent(source, node, _clock(source, node))


_Reader = Callable[[Source, Mapping], terms.Term | None]
TERMS: dict[str, tuple[tuple[str, ...], tuple[str, ...], _Reader]] = {
    "time_window": (("allow", "zone"), ("moment", "holidays", "preference"), _window),
    "rate_limit": (("max", "window", "counts", "scope", "zone"), ("exclude", "pool_channels"), _cap),
    "precedence": (
        ("event", "must_exist", "min_elapsed", "scope", "zone", "blocks"),
        ("channels",),
        _precedence,
    ),
    "deadline": (
        ("trigger", "do", "within"),
        ("side", "least", "repeat_every", "until_event", "trigger_day_counts"),
        row_duties.deadline,
    ),
    "stop": (
        ("state", "verdict"),
        ("except", "blocks", "evidence", "expires", "redirect"),
        _stop,
    ),
    "require_consent": (("basis", "form", "freshness", "revocation", "zone"), (), _consent),
    "require_content": (("elements",), ("when",), _content),
    "forbid": (("when", "check"), (), _forbid),
    "retain": (("object", "start", "for"), (), row_duties.retain),
    "parameter": (("value", "unit"), (), row_duties.parameter),
    "duty": (("evidence_expected",), (), row_duties.duty),
}
