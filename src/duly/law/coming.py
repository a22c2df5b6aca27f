"""What the law will be: the changes that are written down already, and the law of a later day as if it were today's.

A text that was adopted binds from its day on by itself, `future` and `deferred` likewise; what is only proposed is
shown and never enforced. Refuses to foresee anything that no version says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from duly.law import rules, terms
from duly.law.pack import Pack

_ONE = timedelta(days=1)


class Kind(Enum):
    """What happens on the day."""

    BEGINS = "begins"  # a text comes into force, alone or in the place of another
    ENDS = "ends"  # a text ends, and none follows
    PROPOSED = "proposed"  # somebody proposes a text; it does not bind until it is adopted and dated anew


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one rule: `before` binds on the day before, `after` from the day on; None: no text does.

    `on` is None where a proposal names no day.
    """

    on: date | None
    kind: Kind
    rule: rules.Rule
    before: rules.Version | None
    after: rules.Version | None


def changes(rule: rules.Rule, today: date) -> Iterator[Change]:
    """Every change of the rule after today, in the order of its versions."""
    for version in rule.versions:
        since = version.since
        if version.status is rules.Status.PROPOSED:
            if since is None or since > today:
                before = rule.binding(today if since is None else since - _ONE)
                yield Change(on=since, kind=Kind.PROPOSED, rule=rule, before=before, after=version)
        elif version.status in rules.ENFORCED and since is not None and since > today:
            before = rule.binding(since - _ONE)
            yield Change(on=since, kind=Kind.BEGINS, rule=rule, before=before, after=version)
        if version.status in rules.ENFORCED and version.until is not None and version.until >= today:
            day = version.until + _ONE
            if rule.binding(day) is None:
                yield Change(on=day, kind=Kind.ENDS, rule=rule, before=version, after=None)


def as_of(pack: Pack, day: date, *, instead: Mapping[str, rules.Version] | None = None) -> Pack:
    """The pack as if the law of `day` had always been; `instead` puts texts in the place of those that bind then.

    For a preview alone: what is decided by it is recorded nowhere. Calendars stay as they are, each with its days.
    """
    put = instead or {}
    found = []
    for rule in pack.rules:
        version = put.get(rule.id, rule.binding(day))
        if rule.versions and isinstance(rule.versions[0].term, terms.Silent):
            found.append(rule)
        elif version is not None:
            always = replace(version, since=None, until=None, status=rules.Status.IN_FORCE)
            found.append(replace(rule, versions=(always,)))
    return replace(pack, rules=tuple(found))
