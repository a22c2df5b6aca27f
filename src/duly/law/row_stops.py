"""The typed part of a stop's YAML that is more than its state: evidence, a limited exception, an end."""

from __future__ import annotations

from collections.abc import Callable

from duly.law import predicates, row_predicates, row_sequences, terms
from duly.law.source import Mapping, Source

_HELD, _WRITTEN = "holds", "written_holds"


def in_writing(state: predicates.Predicate) -> predicates.Predicate:
    """The state, where every hold it names was evidenced in writing as well."""
    match state:
        case predicates.Test():
            if state.fact != _HELD:
                return state
            return predicates.All((state, predicates.Test(_WRITTEN, state.values)))
        case predicates.Not():
            return predicates.Not(in_writing(state.part))
        case predicates.All():
            return predicates.All(tuple(in_writing(part) for part in state.parts))
        case predicates.AnyOf():
            return predicates.AnyOf(tuple(in_writing(part) for part in state.parts))


def exception(source: Source, node: Mapping) -> tuple[predicates.Predicate | None, terms.Spent | None]:
    """What `except` spares: a predicate, or `{when, max, event}` where it is spared so many times only."""
    if node.get("except") is None:
        return None, None
    line = node.line_of("except")
    row = source.mapping(node.entries["except"], line, "'except'")
    if row is None or "max" not in row.entries:
        return row_predicates.read(source, node.entries["except"], line), None
    if not source.keys(row, required=("when", "max", "event")):
        return None, None
    when = row_predicates.read(source, row.entries["when"], row.line_of("when"))
    most, event = source.whole(row, "max", least=1), row_sequences.kinds(source, row)
    return when, terms.Spent(most=most, event=frozenset(event)) if most else None


def expiry(
    source: Source, node: Mapping, clock: Callable[[Source, Mapping], terms.Clock | None]
) -> terms.Expiry | None:
    """`expires: {event, n, event_day_counts, zone}`."""
    row = source.mapping(node.entries["expires"], node.line_of("expires"), "'expires'")
    if row is None or not source.keys(row, required=("event", "n", "event_day_counts", "zone")):
        return None
    event = row_sequences.kinds(source, row)
    n, event_day = source.whole(row, "n", least=1), source.flag(row, "event_day_counts")
    zone = clock(source, row)
    if n is None or event_day is None or zone is None:
        return None
    return terms.Expiry(event=frozenset(event), days=n, event_day_counts=event_day, clock=zone)
