"""What the lender has decided in duly.toml: policies, lifted rules, limits, and which people do what.

The law leaves some numbers to the lender; each of his is kept with the person who set it and the day.
Refuses a decision of nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from duly.model.approval import Subject
from duly.model.party import Duty
from duly.model.said import say
from duly.project import bounds
from duly.project.table import Table
from duly.text import wording
from duly.text.offers import Offer

# The parts of a project that have an author and are approved.
PARTS = (
    Subject.STRATEGY, Subject.TEMPLATES, Subject.PACKS, Subject.DESTINATIONS, Subject.CHANNELS,
    Subject.SETTINGS,
)  # fmt: skip

# What most locked screens show besides the sender, when the lender says nothing else.
PREVIEW = 12

# Hours in which receipts of what was delivered in the last minute still come.
MARGIN = 72

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A value where the law gives a duty and no number; `by` a person, `on` a day, `why` in his words."""

    rule: str
    value: int | str
    by: str
    on: date
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Two people's recorded decision that a presumption or a piece of guidance shall not block (D7)."""

    rule: str
    people: tuple[str, str]
    on: date
    why: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run and one day may not exceed: beyond a run's bound it waits for release; a day's is hard.

    `parts_per_message` is the longest SMS, in billed parts; a longer text is held. `preview_characters` of an SMS are
    what a locked screen shows, and tell of no debt. A contact point that nobody verified within
    `verified_within_days` gets neutral texts only; without that number, age bars nothing. What became of hand-overs in
    doubt one person may say alone if they are about no more than `doubt_alone_minor`, without it nobody; a doubt is
    closed as unknown `doubt_margin_hours` after the carrier may deliver its message no more.
    """

    messages_per_run: int
    messages_per_day: int
    overdue_per_run_minor: int
    parts_per_message: int
    preview_characters: int = PREVIEW
    verified_within_days: int | None = None
    doubt_alone_minor: int | None = None
    doubt_margin_hours: int = MARGIN


def policies(table: Table | None) -> dict[str, Policy]:
    """Every policy by the id of its rule."""
    found: dict[str, Policy] = {}
    if table is None:
        return found
    for rule, entry in table.named(("value", "by", "on", "why")):
        value = entry.value.get("value")
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
            entry.refuse(
                "value",
                "policy.value",
                say("a policy needs a `value`: a whole number or a word"),
                say("Write the number that you decided."),
            )
        by, on, why = entry.text("by"), entry.day("on"), entry.text("why", required=False)
        if isinstance(value, (int, str)) and by is not None and on is not None:
            found[rule] = Policy(rule=rule, value=value, by=by, on=on, why=why)
    return found


def lifts(table: Table | None, people: Mapping[str, frozenset[Duty]]) -> dict[str, Lift]:
    """Every lifted rule by its id."""
    found: dict[str, Lift] = {}
    if table is None:
        return found
    for rule, entry in table.named(("people", "on", "why")):
        names = entry.texts("people", required=True, among=sorted(people))
        on, why = entry.day("on"), entry.text("why")
        if names and (len(names) != 2 or names[0] == names[1]):
            what = say("lifting a rule takes two different people")
            entry.refuse("people", "lift.people", what, say("Write [one, another]."))
        elif names and on is not None and why is not None:
            found[rule] = Lift(rule=rule, people=(names[0], names[1]), on=on, why=why)
    return found


def limits(top: Table, currency: str | None) -> Limits | None:
    """The limits, or None."""
    table = top.table(
        "limits",
        (
            *("messages_per_run", "messages_per_day", "overdue_per_run", "parts_per_message"),
            *("preview_characters", "verified_within_days", "doubt_decided_alone", "doubt_margin_hours"),
            *bounds.LIMITS,
        ),
    )
    if table is None:
        return None
    run = table.integer("messages_per_run", 1, 10**8)
    day = table.integer("messages_per_day", 1, 10**8)
    overdue = table.amount("overdue_per_run", currency) if currency is not None else None
    parts = table.integer("parts_per_message", 1, 20)
    preview = table.integer("preview_characters", 0, 200, required=False)
    verified = table.integer("verified_within_days", 1, 3_660, required=False)
    alone = table.amount("doubt_decided_alone", currency, required=False) if currency is not None else None
    margin = table.integer("doubt_margin_hours", 1, 24 * 60, required=False)
    if run is None or day is None or overdue is None or parts is None:
        return None
    return Limits(
        messages_per_run=run,
        messages_per_day=day,
        overdue_per_run_minor=overdue,
        parts_per_message=parts,
        preview_characters=PREVIEW if preview is None else preview,
        verified_within_days=verified,
        doubt_alone_minor=alone,
        doubt_margin_hours=MARGIN if margin is None else margin,
    )


def offers(table: Table | None, creditors: Iterable[str]) -> tuple[Offer, ...]:
    """The offers on record, each with its days; only they let a notice promise anything."""
    found: list[Offer] = []
    known = sorted(creditors)
    if table is None:
        return ()
    for name, entry in table.named(("kind", "since", "until", "creditors")):
        kind, since, until = entry.word("kind", wording.OFFERS), entry.day("since"), entry.day("until")
        of = entry.texts("creditors", required=False, among=known)
        if since is not None and until is not None and until < since:
            what = say("the offer `{name}` ends before it begins", name=name)
            entry.refuse("until", "offer.days", what, say("Correct one of the two days."))
        elif kind is not None and since is not None and until is not None:
            found.append(Offer(name=name, kind=kind, since=since, until=until, creditors=frozenset(of)))
    return tuple(found)


def people(table: Table | None) -> dict[str, frozenset[Duty]]:
    """The duties of each person by name. A machine is no person."""
    found: dict[str, frozenset[Duty]] = {}
    if table is None:
        return found
    people_duties = [duty.value for duty in Duty if duty is not Duty.MACHINE]
    for name, entry in table.named(("duties",)):
        if not re.fullmatch(_NAME, name):
            table.refuse(
                name,
                "people.name",
                say("`{name}` cannot be a person's name here", name=name),
                say("Use letters, digits and . _ - @, at most 64."),
            )
        found[name] = frozenset(
            Duty(word) for word in entry.texts("duties", required=True, among=people_duties)
        )
    return found


def authors(table: Table | None, people: Mapping[str, frozenset[Duty]]) -> dict[Subject, str]:
    """Who answers for each part; each must be among `people`."""
    found: dict[Subject, str] = {}
    if table is None:
        return found
    for part in PARTS:
        name = table.text(part.value)
        if name is None:
            continue
        if name not in people:
            table.refuse(
                part.value,
                "authors.unknown",
                say("`{name}` is not among the people of this file", name=name),
                say("Write a name that has a table under [people]."),
            )
        found[part] = name
    return found
