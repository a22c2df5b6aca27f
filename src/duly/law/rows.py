"""One row of a pack's YAML, read strictly into a `Rule`.

Refuses what it does not know, a value without a citation, a reading called verified on a source nobody
read, versions that overlap or leave a gap, and facts or words outside `facts.FACTS`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from duly.errors import Problem
from duly.law import facts, fingerprint, predicates, row_duties, row_predicates, row_terms, rules, terms
from duly.law.source import Mapping, Node, Scalar, Source

LANGUAGES = row_duties.LANGUAGES

_ID = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_VERSION_KEYS = ("from", "until", "status", "reading", "cite")


def rule(source: Source, node: Node) -> rules.Rule | None:
    """The row as a rule; None when it has problems, which are noted in the source."""
    row = source.mapping(node, node.line, "a rule")
    if row is None:
        return None
    before = len(source.problems)
    source.keys(
        row,
        required=("id", "type", "jurisdiction", "authority", "effect", "title", "versions"),
        optional=("applies", "lifted_by", "disapplied_by", "permits", "see"),
    )
    if len(source.problems) > before:
        return None
    name = _identity(source, row)
    kind = source.word(row, "type", terms.TYPES)
    jurisdiction = source.text(row, "jurisdiction")
    authority = source.word(row, "authority", (one.value for one in rules.Authority))
    effect = source.word(row, "effect", (one.value for one in rules.Effect))
    words = title(source, row)
    applies = (
        row_predicates.read(source, row.entries["applies"], row.line)
        if "applies" in row.entries
        else predicates.ALWAYS
    )
    lifted_by, disapplied_by = _lifts(source, row, "lifted_by"), _lifts(source, row, "disapplied_by")
    see = (source.words(row, "see") or ()) if "see" in row.entries else ()
    if len(source.problems) > before or name is None or kind is None or jurisdiction is None:
        return None
    if authority is None or effect is None or words is None or applies is None:
        return None
    whose = rules.Authority(authority)
    if jurisdiction == "*" and whose is not rules.Authority.POLICY:
        source.refuse(
            row.line_of("jurisdiction"),
            "law.jurisdiction",
            "only a house rule is everywhere",
            "Name a jurisdiction.",
        )
    versions = _versions(source, row, kind, whose, applies)
    permits = _permits(source, row, kind, whose)
    if len(source.problems) > before:
        return None
    return rules.Rule(
        id=name,
        type=kind,
        jurisdiction=jurisdiction,
        authority=whose,
        effect=rules.Effect(effect),
        title=words,
        lifted_by=lifted_by,
        disapplied_by=disapplied_by,
        permits=permits,
        see=see,
        versions=versions,
        file=source.file,
        line=row.line,
    )


def _identity(source: Source, row: Mapping) -> str | None:
    name = source.text(row, "id")
    if name is not None and not _ID.fullmatch(name):
        source.refuse(
            row.line_of("id"),
            "law.id",
            f"{name!r} is no rule id",
            "Use lower-case letters, digits, `-`, `_` and `.`.",
        )
        return None
    return name


def title(source: Source, row: Mapping) -> dict[str, str] | None:
    """The `title` of a rule or a pack, in every language."""
    node = source.mapping(row.entries["title"], row.line_of("title"), "'title'")
    if node is None or not source.keys(node, required=LANGUAGES):
        return None
    texts = {language: source.text(node, language) for language in LANGUAGES}
    return {language: text for language, text in texts.items() if text}


def _lifts(source: Source, row: Mapping, key: str) -> tuple[str, ...]:
    if key not in row.entries:
        return ()
    flags = [fact.name for fact in facts.FACTS.values() if fact.kind is facts.FactKind.FLAG]
    return source.words(row, key, flags) or ()


def _permits(source: Source, row: Mapping, kind: str, authority: rules.Authority) -> bool:
    house = authority is rules.Authority.POLICY
    if "permits" not in row.entries:
        return issubclass(terms.TYPES[kind], terms.PERMITTING) and not house
    said = source.flag(row, "permits")
    if said and house:
        # A house rule can only take away: else the lender could permit himself anything.
        source.refuse(
            row.line_of("permits"), "law.house.permits", "a house rule permits nothing", "Remove `permits`."
        )
    return bool(said)


# --- versions --------------------------------------------------------------------------------------


def _versions(
    source: Source, row: Mapping, kind: str, authority: rules.Authority, applies: predicates.Predicate
) -> tuple[rules.Version, ...]:
    items = source.listing(row.entries["versions"], row.line_of("versions"), "'versions'") or ()
    if not items:
        source.refuse(row.line_of("versions"), "law.version.none", "the rule has no version", "Add one.")
    found: list[rules.Version] = []
    previous: rules.Version | None = None
    for item in items:
        node = source.mapping(item, item.line, "a version")
        version = _version(source, node, kind, authority, applies) if node else None
        if version is None or node is None:
            continue
        version = replace(version, fingerprint=fingerprint.of(row, node))
        found.append(version)
        if version.status is not rules.Status.PROPOSED:
            if previous is not None:
                _follows(source, item.line, previous, version)
            previous = version
    return tuple(found)


def _follows(source: Source, line: int, earlier: rules.Version, later: rules.Version) -> None:
    if earlier.until is None or later.since is None or later.since <= earlier.until:
        source.refuse(
            line,
            "law.version.overlap",
            f"version {later.name} overlaps {earlier.name}",
            "End the earlier one the day before.",
        )
    elif later.since != earlier.until + timedelta(days=1):
        source.refuse(
            line,
            "law.version.gap",
            f"nothing is said between {earlier.until} and {later.since}",
            "State the time between as a version of its own, withdrawn if nothing held.",
        )


def _version(
    source: Source, node: Mapping, kind: str, authority: rules.Authority, applies: predicates.Predicate
) -> rules.Version | None:
    before = len(source.problems)
    if "cite" not in node.entries:
        source.refuse(
            node.line,
            "law.citation.missing",
            "a value stands here without a citation",
            "Add `cite` with its instrument.",
        )
        return None
    required, optional, read = row_terms.TERMS[kind]
    source.keys(node, required=(*_VERSION_KEYS, *required), optional=("applies", "note", *optional))
    if len(source.problems) > before:
        return None
    since, until = source.day(node, "from"), source.day(node, "until")
    status = source.word(node, "status", (one.value for one in rules.Status))
    reading = source.word(node, "reading", (one.value for one in rules.Reading))
    cite = _citation(source, node)
    note = node.get("note")
    if "applies" in node.entries:
        applies = row_predicates.read(source, node.entries["applies"], node.line) or predicates.ALWAYS
    term = read(source, node)
    if isinstance(term, terms.Content) and "when" in node.entries:
        applies = _occasion(source, node, applies)
    if "blocks" in node.entries:
        applies = _blocked(source, node, applies)
    if since is None and authority is not rules.Authority.POLICY and note is None:
        # A text whose first day nobody saw binds whenever it is asked; that this is so must stand beside it.
        source.refuse(
            node.line_of("from"),
            "law.version.undated",
            "a text of law has no first day",
            "Give its day, or say in `note` that none was seen: it is then taken to bind from ever.",
        )
    if since and until and until < since:
        source.refuse(
            node.line_of("until"), "law.version.reversed", "it ends before it begins", "Correct the days."
        )
    if cite and reading == rules.Reading.VERIFIED.value and cite.tier not in rules.READ_TIERS:
        source.refuse(
            node.line_of("reading"),
            "law.reading.unearned",
            f"verified, on a source graded {cite.tier!r}",
            "Call it draft until the official text was read.",
        )
    if cite and (cite.tier == "house") != (authority is rules.Authority.POLICY) and cite.tier != "unseen":
        source.refuse(
            node.line_of("cite"),
            "law.house.tier",
            "a house rule cites the house, and law never does",
            "Correct the tier.",
        )
    if len(source.problems) > before or term is None or cite is None or not status or not reading:
        return None
    return rules.Version(
        since=since,
        until=until,
        status=rules.Status(status),
        reading=rules.Reading(reading),
        cite=cite,
        applies=applies,
        term=term,
        note=str(note.value) if isinstance(note, Scalar) else "",
    )


def _citation(source: Source, node: Mapping) -> rules.Citation | None:
    cite = source.mapping(node.entries["cite"], node.line_of("cite"), "'cite'")
    if cite is None or not source.keys(
        cite, required=("instrument", "tier"), optional=("article", "link", "quote", "read_on")
    ):
        return None
    instrument = source.text(cite, "instrument")
    tier = source.word(cite, "tier", rules.TIERS)
    if instrument is None or tier is None:
        return None
    further = {
        key: source.text(cite, key) for key in ("article", "link", "quote") if cite.get(key) is not None
    }
    return rules.Citation(
        instrument=instrument,
        tier=tier,
        article=further.get("article"),
        link=further.get("link"),
        quote=further.get("quote"),
        read_on=source.day(cite, "read_on"),
    )


def _blocked(source: Source, node: Mapping, applies: predicates.Predicate) -> predicates.Predicate:
    """The actions a version bars are a test like any other."""
    actions = source.words(node, "blocks", facts.FACTS["action"].values)
    blocked = predicates.Test("action", frozenset(actions or ()))
    if not isinstance(applies, predicates.All):
        return predicates.All((blocked, applies))
    return predicates.All((blocked, *(part for part in applies.parts if part != blocked)))


def _occasion(source: Source, node: Mapping, applies: predicates.Predicate) -> predicates.Predicate:
    occasion = source.word(node, "when", ("each", "first", "subsequent"))
    if occasion in (None, "each"):
        return applies
    first = predicates.Test("first_notice", frozenset({occasion == "first"}))
    return predicates.All((applies, first))


def foreign(found: Iterable[rules.Rule], codes: Collection[str]) -> Iterator[Problem]:
    """A rule of a jurisdiction that its pack does not name would be found by nobody who asks for it."""
    for one in found:
        if one.jurisdiction not in codes:
            yield Problem(
                code="law.jurisdiction.foreign",
                file=one.file,
                line=one.line,
                excerpt=f"id: {one.id}",
                what=f"{one.jurisdiction} is not among the pack's jurisdictions",
                remedy="Name it in pack.yaml, or move the rule to its own pack.",
            )
