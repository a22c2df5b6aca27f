"""The typed part of a version's YAML for what looks back: `precedence` and `require_consent`."""

from __future__ import annotations

from duly.law import facts, terms, values, vocabulary
from duly.law.source import Mapping, Scalar, Source

SCOPES = {
    "person": terms.Scope.PERSON,
    "account": terms.Scope.ACCOUNT,
    "debt": terms.Scope.ACCOUNT,
    "number": terms.Scope.NUMBER,
}


def precedence(source: Source, node: Mapping, clock: terms.Clock | None) -> terms.Precedence | None:
    """What must have happened before, or must not have."""
    before = len(source.problems)
    event = kinds(source, node)
    must_exist = source.flag(node, "must_exist")
    scope = source.words(node, "scope", SCOPES) or ()
    channels = (
        source.words(node, "channels", facts.FACTS["channel"].values) if "channels" in node.entries else ()
    )
    wait = _wait(source, node) if node.get("min_elapsed") is not None else None
    if wait is not None and wait.days.n == 0 and not must_exist:
        source.refuse(
            node.line_of("min_elapsed"),
            "law.wait.nothing",
            "a wait of no days keeps nobody away",
            "Give the days, or null where the event bars for good.",
        )
    if len(source.problems) > before or clock is None or must_exist is None:
        return None
    return terms.Precedence(
        event=frozenset(event),
        must_exist=must_exist,
        wait=wait,
        scope=tuple(dict.fromkeys(SCOPES[one] for one in scope)),
        channels=frozenset(channels or ()),
        clock=clock,
    )


def kinds(source: Source, node: Mapping) -> list[str]:
    """The kinds of event named under `event`."""
    items = source.listing(node.entries["event"], node.line_of("event"), "'event'") or ()
    found: list[str] = []
    for item in items:
        said = item.value if isinstance(item, Scalar) else None
        if isinstance(said, str) and (said in values.EVENT_KINDS or values.is_notice(said)):
            found.append(said)
        else:
            source.refuse(
                item.line,
                "law.event",
                f"{said!r} is no kind of event",
                f"Use notice:<name> or one of: {', '.join(sorted(values.EVENT_KINDS))}.",
            )
    if not items:
        source.refuse(node.line_of("event"), "law.list.empty", "'event' is empty", "Name at least one.")
    return found


def _wait(source: Source, node: Mapping) -> terms.Wait | None:
    row = source.mapping(node.entries["min_elapsed"], node.line_of("min_elapsed"), "'min_elapsed'")
    if row is None or not source.keys(
        row, required=("n", "day_type", "event_day_counts", "from"), optional=("calendar", "receipt")
    ):
        return None
    days = count(source, row)
    event_day = source.flag(row, "event_day_counts")
    since = source.word(row, "from", (one.value for one in terms.Since))
    receipt = None
    if (since == terms.Since.RECEIVED_ASSUMED.value) != (row.get("receipt") is not None):
        source.refuse(
            row.line_of("from"),
            "law.wait.receipt",
            "`receipt` belongs to a wait from assumed receipt, and only there",
            "Say after how many days receipt is assumed.",
        )
        return None
    if row.get("receipt") is not None:
        inner = source.mapping(row.entries["receipt"], row.line_of("receipt"), "'receipt'")
        if inner is None or not source.keys(inner, required=("n", "day_type"), optional=("calendar",)):
            return None
        receipt = count(source, inner)
    if days is None or event_day is None or since is None:
        return None
    return terms.Wait(days=days, event_day_counts=event_day, since=terms.Since(since), receipt=receipt)


def count(source: Source, row: Mapping) -> terms.Count | None:
    """`n`, `day_type` and, for business days only, the `calendar` they are days of."""
    n = source.whole(row, "n")
    day_type = source.word(row, "day_type", (one.value for one in terms.DayType))
    business = day_type == terms.DayType.BUSINESS.value
    if day_type is not None and business != (row.get("calendar") is not None):
        source.refuse(
            row.line,
            "law.calendar.missing",
            "business days are days of a calendar, and only they are",
            "Name the rule that holds the calendar under `calendar`.",
        )
        return None
    calendar = source.text(row, "calendar") if business else None
    if n is None or day_type is None:
        return None
    return terms.Count(n=n, day_type=terms.DayType(day_type), calendar=calendar)


def consent(source: Source, node: Mapping, clock: terms.Clock | None) -> terms.Consent | None:
    """The consent that must stand."""
    before = len(source.problems)
    basis = source.words(node, "basis", vocabulary.BASES) or ()
    forms = source.words(node, "form", vocabulary.FORMS) if node.get("form") is not None else ()
    fresh = (
        source.mapping(node.entries["freshness"], node.line, "'freshness'") if node.get("freshness") else None
    )
    days, event_day, ageing = None, True, basis
    if fresh is not None and source.keys(fresh, required=("n", "event_day_counts"), optional=("basis",)):
        days, event_day = (
            source.whole(fresh, "n", least=1),
            source.flag(fresh, "event_day_counts") is not False,
        )
        ageing = (source.words(fresh, "basis", basis) or ()) if "basis" in fresh.entries else basis
    revocation = _revocation(source, node)
    if len(source.problems) > before or clock is None or revocation is None:
        return None
    return terms.Consent(
        basis=frozenset(basis),
        forms=frozenset(forms or ()),
        fresh_days=days,
        event_day_counts=event_day,
        revocation=revocation,
        clock=clock,
        ageing=frozenset(ageing),
    )


def _revocation(source: Source, node: Mapping) -> terms.Revocation | None:
    row = source.mapping(node.entries["revocation"], node.line_of("revocation"), "'revocation'")
    if row is None or not source.keys(
        row, required=("scope",), optional=("keywords", "any_reasonable", "honour_within")
    ):
        return None
    scope = source.word(row, "scope", (one.value for one in terms.RevocationScope))
    keywords = source.words(row, "keywords") if "keywords" in row.entries else ()
    any_reasonable = source.flag(row, "any_reasonable") if "any_reasonable" in row.entries else False
    within = None
    if row.get("honour_within") is not None:
        inner = source.mapping(row.entries["honour_within"], row.line, "'honour_within'")
        if inner is None or not source.keys(inner, required=("n", "day_type"), optional=("calendar",)):
            return None
        within = count(source, inner)
    if scope is None:
        return None
    return terms.Revocation(
        scope=terms.RevocationScope(scope),
        keywords=keywords or (),
        any_reasonable=bool(any_reasonable),
        honour_within=within,
    )
