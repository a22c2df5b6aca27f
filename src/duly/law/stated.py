"""The `facts` of a question: further facts by their names in the closed table, put where the law looks for them.

A number that the lender sets is stated under the name by which a verdict asks for it: `policy.cn-freq-04`;
hours that it sets are stated there as a text or a list of texts, days of a calendar as an object.
Refuses a fact that has its own place in the question, for two places could contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from duly.law import calendars, facts, hours, jsontext, values
from duly.law.facts import FactKind
from duly.model import notice
from duly.model.said import say

POLICY = facts.policy_fact("")
# Where a question says what is not stated under `facts`.
PLACES = {
    "at": "at",
    "jurisdictions": "jurisdictions",
    "actor": "actor",
    "debt_class": "debt_class",
    "product": "product",
    "channel": "act.channel",
    "action": "act.action",
    "stage": "act.stage",
    "technology": "act.technology",
    "recipient_role": "act.recipient.role",
    "place": "act.recipient.place",
    "shared": "act.recipient.shared",
    "person": "debtor.id",
    "zones": "debtor.zones",
    "states": "debtor.states",
    "consents": "debtor.consents",
    "preferred": "debtor.preferences",
    "history": "history",
    "document_date": "history[].dated",
    "policy": f"facts.{POLICY}<rule>",
}
_TEXTS = ("accounts",)  # facts that no predicate tests, and their shapes
_ZONES = ("number_zones",)
_NAMES = ("number",)
CALENDAR = (("from", "until", "weekend", "holidays"), ("working",))
NAMES = tuple(
    name
    for name, fact in facts.FACTS.items()
    if name not in PLACES and (fact.kind is not FactKind.BARE or name in {*_TEXTS, *_ZONES, *_NAMES})
)


@dataclass
class Stated:
    """What was stated: fields of an act, further facts, the lender's numbers; `carried` are all their names."""

    fields: dict[str, object] = field(default_factory=dict)
    further: dict[str, object] = field(default_factory=dict)
    policy: dict[str, int | str | calendars.Days] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)


def read(top: jsontext.Place, *, mandatory: bool | None) -> Stated:
    """The facts under `facts`; wrong ones are noted."""
    found = Stated()
    if top.entries.get("facts") is None:
        return found
    place = top.inner("facts", ())
    for name in place.entries:
        if name.startswith(POLICY) and name != POLICY:
            said = _policy(place, name)
            found.carried.add(name)
            if said is not None:
                found.policy[name.removeprefix(POLICY)] = said
        elif name in PLACES:
            place.refuse(
                name,
                "law.ask.fact.placed",
                say("`{name}` has its own place in a question", name=name),
                say("Write it as `{place}`.", place=PLACES[name]),
            )
        elif name not in NAMES:
            place.refuse(
                name,
                "law.ask.fact.unknown",
                say("`{name}` is no fact of the law's table", name=name),
                say("docs/reference/law.md lists them all."),
            )
        else:
            found.carried.add(name)
            value = _value(place, name)
            if value is not None:
                (found.fields if name in values.FIELDS else found.further)[name] = value
    _agree(place, found, mandatory=mandatory)
    return found


def _policy(place: jsontext.Place, name: str) -> int | str | calendars.Days | None:
    """A number of the lender's own, hours of its own, or days of a calendar."""
    value = place.entries[name]
    if isinstance(value, jsontext.Pairs):
        return _calendar(place.inner(name, *CALENDAR))
    if isinstance(value, list):
        return "; ".join(place.hours(name)) or None
    if not isinstance(value, str):
        return place.whole(name)
    try:
        hours.spans(value)
    except ValueError:
        place.wrong(name, say("hours, as `mon,tue 09:00-17:30`"))
        return None
    return value


def _calendar(place: jsontext.Place) -> calendars.Days | None:
    """Days off from one day to another, both inclusive; of days outside them nothing is said."""
    lists = [key for key in ("weekend", "holidays", "working") if key in place.entries]
    for key in ("from", "until", *lists):
        if place.entries.get(key, ...) is None:
            place.wrong(key, say("an array") if key in lists else say("a day, as 2026-03-02"))
    since, until, weekend = place.day("from"), place.day("until"), place.words("weekend", hours.DAYS)
    holidays, working = _dates(place, "holidays"), _dates(place, "working")
    if holidays & working:
        place.wrong("working", say("days that are no holidays"))
        return None
    return calendars.Days(
        since=since,
        until=until,
        weekend=frozenset(hours.DAYS.index(day) for day in weekend or ()),
        holidays=holidays,
        working=working,
    )


def _dates(place: jsontext.Place, key: str) -> frozenset[date]:
    found = set()
    for number, text in enumerate(place.texts(key) or ()):
        try:
            found.add(date.fromisoformat(text if jsontext.DAY.fullmatch(text) else ""))
        except ValueError:
            place.wrong(f"{key}[{number}]", say("a day, as 2026-03-02"))
    return frozenset(found)


def _value(place: jsontext.Place, name: str) -> object | None:
    if name in _TEXTS:
        named = place.texts(name)
        return None if named is None else tuple(named)
    if name in _ZONES:
        return place.zones(name)
    if name in _NAMES:
        return place.text(name, nullable=True)
    return place.fact(name, name)


def _agree(place: jsontext.Place, found: Stated, *, mandatory: bool | None) -> None:
    """Whether a law demands the act is said by `act.mandatory`; the class of notice may not say otherwise."""
    stated = found.fields.get("notice_class")
    if stated is None or mandatory is None:
        return
    if (stated == notice.NoticeClass.REQUIRED_BY_LAW.value) != mandatory:
        place.refuse(
            "notice_class",
            "law.ask.fact.contradicts",
            say("`notice_class` contradicts `act.mandatory`"),
            say("An act is required_by_law if, and only if, `act.mandatory` is true."),
        )
