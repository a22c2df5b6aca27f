"""A pack's own tests: sentences with an act and the verdict expected, that a lawyer can read.

    - name: At 22:00 sharp the night has begun
      rules: [cn-time-01, cn-time-02]
      given: {at: 2026-11-23 22:00:00}
      expect: {verdict: hold, until: 2026-11-24 08:00:00, blocked_by: [cn-time-01, cn-time-02]}

`given` replaces entries of the act in tests/base.yaml; null makes a fact unknown. A time without an offset
is a time of the pack's own zone. `blocked_by` and `in_doubt` (written `rule: fact`) are compared exactly,
`because` names rules that must be among those that spoke. A parameter is asked for its `value`, a deadline for
the days `due`, a time of keeping until when it is `kept_until`, all `on` a day. The lender's own numbers, hours,
lifts and days of a calendar stand under `policy`. Running them is `check`'s work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from duly.errors import Problem
from duly.law import calendars, facts, row_duties, rules, source, values, vocabulary

# What a case may ask of a parameter, a deadline and a time of keeping, and which rule each is asked of.
ASKED = {"value": "parameter", "due": "deadline", "kept_until": "retain"}
_LISTS = ("jurisdictions", "accounts", "zones", "number_zones", "preferred")
_CONTACT_KEYS = ("at", "kind", "channel", "person", "account", "number", "ref", "dated", "marks")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the case expects. None: nothing is said about it."""

    kind: values.Kind
    until: datetime | None
    says_until: bool
    because: tuple[str, ...]
    blocked_by: tuple[str, ...]
    in_doubt: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test: an act with its verdict; or, of a rule that is silent, what it answers on a day when `asked`."""

    name: str
    rules: tuple[str, ...]
    day: date
    file: str
    line: int
    act: values.Act | None = None
    expected: Expected | None = None
    asked: str | None = None
    value: object = None
    at: datetime | None = None


def case(
    opened: source.Source, node: source.Node, *, base: Mapping[str, source.Node], zone: str
) -> Case | None:
    """The case in the node; None when it has problems, which are noted."""
    row = opened.mapping(node, node.line, "a test")
    before = len(opened.problems)
    if row is None or not opened.keys(row, required=("name", "rules", "given", "expect")):
        return None
    name, about = opened.text(row, "name"), opened.words(row, "rules")
    given = opened.mapping(row.entries["given"], row.line_of("given"), "'given'")
    expect = opened.mapping(row.entries["expect"], row.line_of("expect"), "'expect'")
    if not (name and about and given and expect):
        return None
    asked = next((key for key in ASKED if key in expect.entries), None)
    if asked is not None:
        return _silent(opened, row, given, expect, asked=asked, zone=zone, head=(name, about))
    act = _act(opened, source.Mapping({**base, **given.entries}, given.key_lines, row.line), zone)
    expected = _expected(opened, expect, zone)
    if act is None or expected is None or len(opened.problems) > before:
        return None
    day = act.at.astimezone(ZoneInfo(zone)).date()
    return Case(
        name=name,
        rules=about,
        day=day,
        act=act,
        expected=expected,
        file=opened.file,
        line=row.line,
    )


def _silent(
    opened: source.Source,
    row: source.Mapping,
    given: source.Mapping,
    expect: source.Mapping,
    *,
    asked: str,
    zone: str,
    head: tuple[str, tuple[str, ...]],
) -> Case | None:
    """A case of a rule that never speaks to an act: `on` a day, or `at` a moment, it has this value."""
    before = len(opened.problems)
    key = "at" if "at" in given.entries else "on"
    opened.keys(given, required=(key,))
    opened.keys(expect, required=(asked,))
    at = _moment(opened, given.entries["at"], zone) if key == "at" else None
    day = at.date() if at else opened.day(given, "on")
    entry = expect.entries[asked]
    if isinstance(entry, source.Listing) and asked == "due":
        said: object = tuple(item.value for item in entry.items if isinstance(item, source.Scalar))
    elif isinstance(entry, source.Scalar) and asked != "due":
        said = entry.value
    else:
        opened.refuse(
            entry.line,
            "law.test.asked",
            f"{asked!r} has another shape",
            "`due` is a list, the others a value.",
        )
    if day is None or len(opened.problems) > before:
        return None
    name, about = head
    return Case(
        name=name, rules=about, day=day, file=opened.file, line=row.line, asked=asked, value=said, at=at
    )


def _act(opened: source.Source, given: source.Mapping, zone: str) -> values.Act | None:
    taken: dict[str, object] = {}
    further: dict[str, object] = {}
    for key, node in given.entries.items():
        line = given.line_of(key)
        if key == "at":
            taken[key] = _moment(opened, node, zone)
        elif key == "history":
            items = opened.listing(node, line, "'history'") or ()
            taken[key] = tuple(
                c for c in (_contact(opened, item, given, zone) for item in items) if c is not None
            )
        elif key == "consents":
            listed = opened.listing(node, line, "'consents'") if not _is_null(node) else None
            found_consents = [_consent(opened, item, zone) for item in listed or ()]
            taken[key] = None if listed is None else tuple(one for one in found_consents if one is not None)
        elif key == "policy":
            taken[key] = _policy(opened, node)
        elif key in _LISTS:
            taken[key] = tuple(_plain(node) or ())
        elif key in facts.SET_FIELDS:
            found = _plain(node)
            taken[key] = None if found is None else frozenset(found)
        elif key in values.FIELDS:
            taken[key] = node.value if isinstance(node, source.Scalar) else None
        else:
            further[key] = node.value if isinstance(node, source.Scalar) else None
    try:
        return values.Act(**taken, facts=further)  # type: ignore[arg-type]
    except (TypeError, ValueError, AttributeError) as cause:
        opened.refuse(
            given.line, "law.test.act", f"this is no act: {cause}", "Correct `given` or tests/base.yaml."
        )
        return None


def _is_null(node: source.Node) -> bool:
    return isinstance(node, source.Scalar) and node.value is None


def _plain(node: source.Node) -> list[str] | None:
    if not isinstance(node, source.Listing):
        return None
    return [str(item.value) for item in node.items if isinstance(item, source.Scalar)]


def _moment(opened: source.Source, node: source.Node, zone: str) -> datetime | None:
    said = node.value if isinstance(node, source.Scalar) else None
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        opened.refuse(node.line, "law.test.time", f"{said!r} is no time", "Write it as 2026-11-23 21:59:59.")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _contact(
    opened: source.Source, node: source.Node, given: source.Mapping, zone: str
) -> values.Contact | None:
    """A contact towards the act's own person, first account, number and channel unless it says otherwise."""
    row = opened.mapping(node, node.line, "a contact")
    if row is None or not opened.keys(row, required=("at", "kind"), optional=_CONTACT_KEYS[2:]):
        return None
    at = _moment(opened, row.entries["at"], zone)
    own = {key: _word(given.entries.get(key)) for key in ("channel", "person", "number")}
    accounts = _plain(given.entries["accounts"]) if "accounts" in given.entries else None
    own["account"] = accounts[0] if accounts else ""
    said = {key: _word(row.entries[key]) for key in _CONTACT_KEYS[1:-2] if key in row.entries}
    dated = opened.day(row, "dated") if "dated" in row.entries else None
    marks = opened.words(row, "marks", vocabulary.MARKS) if "marks" in row.entries else ()
    if at is None:
        return None
    try:
        return values.Contact(at=at, dated=dated, marks=frozenset(marks or ()), **{**own, **said})
    except (TypeError, ValueError) as cause:
        opened.refuse(row.line, "law.test.contact", f"this is no contact: {cause}", "Correct the entry.")
        return None


def _consent(opened: source.Source, node: source.Node, zone: str) -> values.Consent | None:
    row = opened.mapping(node, node.line, "a consent")
    if row is None or not opened.keys(
        row, required=("basis", "given"), optional=("form", "channel", "revoked")
    ):
        return None
    given = _moment(opened, row.entries["given"], zone)
    revoked = _moment(opened, row.entries["revoked"], zone) if row.get("revoked") is not None else None
    if given is None:
        return None
    said = {key: _word(row.entries.get(key)) for key in ("basis", "form", "channel")}
    try:
        return values.Consent(given=given, revoked=revoked, **said)
    except ValueError as cause:
        opened.refuse(row.line, "law.test.consent", f"this is no consent: {cause}", "Correct the entry.")
        return None


def _word(node: source.Node | None) -> str:
    return str(node.value) if isinstance(node, source.Scalar) and node.value is not None else ""


def _policy(opened: source.Source, node: source.Node) -> dict[str, int | str | values.Lift | calendars.Days]:
    row = opened.mapping(node, node.line, "'policy'")
    found: dict[str, int | str | values.Lift | calendars.Days] = {}
    for key, entry in row.entries.items() if row else ():
        if isinstance(entry, source.Scalar) and isinstance(entry.value, int | str):
            found[key] = entry.value
        elif isinstance(entry, source.Mapping) and "days" in entry.entries:
            known = _calendar(opened, entry)
            if known is not None:
                found[key] = known
        elif isinstance(entry, source.Mapping) and opened.keys(entry, required=("people", "on", "why")):
            people = opened.words(entry, "people") or ()
            on, why = opened.day(entry, "on"), opened.text(entry, "why")
            if len(people) == 2 and on and why:
                found[key] = values.Lift(people=(people[0], people[1]), on=on, why=why)
            else:
                opened.refuse(
                    entry.line, "law.test.lift", "this lifts nothing", "Name two people, a day and a reason."
                )
    return found


def _calendar(opened: source.Source, entry: source.Mapping) -> calendars.Days | None:
    """Days of a calendar that the lender supplies, as a version of one has them under its own days."""
    if not opened.keys(entry, required=("from", "until", "days")):
        return None
    days = opened.mapping(entry.entries["days"], entry.line_of("days"), "'days'")
    return row_duties.days_off(opened, entry, days) if days is not None else None


def _expected(opened: source.Source, row: source.Mapping, zone: str) -> Expected | None:
    if not opened.keys(row, required=("verdict",), optional=("until", "because", "blocked_by", "in_doubt")):
        return None
    word = opened.word(row, "verdict", (kind.value for kind in values.Kind))
    until = row.get("until")
    lists = {
        key: opened.words(row, key) or ()
        for key in ("because", "blocked_by", "in_doubt")
        if key in row.entries
    }
    doubts = [tuple(entry.split(": ", 1)) for entry in lists.get("in_doubt", ())]
    if any(len(doubt) != 2 for doubt in doubts):
        opened.refuse(
            row.line_of("in_doubt"), "law.test.doubt", "a doubt is a rule and a fact", 'Write "rule: fact".'
        )
        return None
    if word is None:
        return None
    return Expected(
        kind=values.Kind(word),
        until=_moment(opened, until, zone) if until else None,
        says_until="until" in row.entries,
        because=lists.get("because", ()),
        blocked_by=lists.get("blocked_by", ()),
        in_doubt=tuple((rule, fact) for rule, fact in doubts),
    )


# --- coverage --------------------------------------------------------------------------------------


def uncovered(found: Sequence[rules.Rule], tried: Sequence[Case]) -> Iterator[Problem]:
    """Every rule that its pack does not test on both sides, and every dated change likewise."""
    for rule in found:
        about = [case for case in tried if rule.id in case.rules]
        yield from _untested(rule, about)
        if rule.type == "duty":
            continue
        for version in rule.versions:
            if version.status not in rules.ENFORCED or version.until is None:
                continue
            if not any(version.binds_on(case.day) for case in about):
                yield _lacking(rule, "before", f"no test while the text of {version.name} holds")
            if not any(case.day > version.until for case in about):
                yield _lacking(rule, "after", f"no test after {version.until}, when the text changes")


def _untested(rule: rules.Rule, about: Sequence[Case]) -> Iterator[Problem]:
    if rule.type == "duty":
        return
    if rule.type in ASKED.values():
        if not any(case.asked and ASKED[case.asked] == rule.type for case in about):
            yield _lacking(rule, "value", "no test of what it answers")
        return
    expected = [case.expected for case in about if case.expected is not None]
    if not any(one.kind is values.Kind.PERMIT and rule.id in one.because for one in expected):
        yield _lacking(rule, "permitting", "no test in which it permits")
    if not any(rule.id in one.blocked_by or rule.id in dict(one.in_doubt) for one in expected):
        yield _lacking(rule, "holding", "no test in which it holds or forbids")


def _lacking(rule: rules.Rule, side: str, what: str) -> Problem:
    return Problem(
        code=f"law.test.{side}",
        file=rule.file,
        line=rule.line,
        excerpt=f"id: {rule.id}",
        what=f"{rule.id}: {what}",
        remedy="Add one to tests/*.yaml that names the rule in `rules` and in what it expects.",
    )
