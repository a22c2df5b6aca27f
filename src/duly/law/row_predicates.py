"""The predicates of a rule's YAML, checked against the closed table of facts."""

from __future__ import annotations

from collections.abc import Iterable

from duly.law import facts, predicates
from duly.law.source import Listing, Node, Scalar, Source


def read(source: Source, node: Node, line: int) -> predicates.Predicate | None:
    """A mapping of facts to the values they may have; `all`, `any` and `not` combine mappings."""
    asked = source.mapping(node, line, "a predicate")
    if asked is None:
        return None
    parts: list[predicates.Predicate] = []
    for key, value in asked.entries.items():
        part = _part(source, key, value, asked.line_of(key))
        if part is not None:
            parts.append(part)
    return parts[0] if len(parts) == 1 else predicates.All(tuple(parts))


def _part(source: Source, key: str, value: Node, line: int) -> predicates.Predicate | None:
    if key == "not":
        inner = read(source, value, line)
        return predicates.Not(inner) if inner is not None else None
    if key in ("all", "any"):
        items = source.listing(value, line, repr(key)) or ()
        found = [read(source, item, item.line) for item in items]
        inner_parts = tuple(part for part in found if part is not None)
        return predicates.All(inner_parts) if key == "all" else predicates.AnyOf(inner_parts)
    if key not in facts.PREDICATES:
        source.refuse(
            line,
            "law.fact.unknown",
            f"{key!r} is not a fact",
            f"Use one of: {', '.join(sorted(facts.PREDICATES))}.",
        )
        return None
    return _test(source, facts.FACTS[key], value, line)


def _test(source: Source, fact: facts.Fact, value: Node, line: int) -> predicates.Test | None:
    items: Iterable[Node] = value.items if isinstance(value, Listing) else (value,)
    found: set[str | bool | int] = set()
    for item in items:
        given = item.value if isinstance(item, Scalar) else None
        fits = {
            facts.FactKind.WORD: isinstance(given, str) and (not fact.values or given in fact.values),
            facts.FactKind.WORDS: isinstance(given, str) and given in fact.values,
            facts.FactKind.FLAG: isinstance(given, bool),
            facts.FactKind.NUMBER: type(given) is int,
        }[fact.kind]
        if not fits or given is None:
            known = ", ".join(fact.values) or {"flag": "true, false"}.get(fact.kind.value, "words")
            source.refuse(
                item.line, "law.fact.value", f"{given!r} is not a value of {fact.name}", f"Use: {known}."
            )
        else:
            found.add(given)
    if not found:
        source.refuse(line, "law.list.empty", f"no value of {fact.name} is named", "Name at least one.")
        return None
    return predicates.Test(fact.name, frozenset(found))
