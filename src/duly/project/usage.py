"""Which rows of the law are in use: those that can speak about an act which this project's strategy makes.

A rule can speak about an act when it binds on the day, holds where the lender works, and nothing that is known of
the act shuts it out. Known are what we are there, the action, the channel, the stage and its class, and the
products and classes of debt that a segment names; whatever the book, the text or a person may add is left open, and
what is open shuts nothing out. A parameter is in use when a rule in use counts by it: a calendar, so far.
Refuses to call a row unused on a guess: with a fact missing, it is in use.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from duly.law import jurisdictions, needs, rules, terms, values, weigh
from duly.plan.act import CONTACT
from duly.plan.ladder import Segment, Strategy
from duly.project.settings import Settings

_EVERYWHERE = "*"
_NOON = datetime(2000, 1, 1, 12, tzinfo=UTC)  # no instant is looked at here; an act must have one


@dataclass(frozen=True, kw_only=True)
class Used:
    """A rule in use with the version that binds. `by` are the rules that count by it; empty: it speaks itself."""

    rule: rules.Rule
    version: rules.Version
    by: tuple[str, ...] = ()


def of_day(found: Iterable[rules.Rule], settings: Settings, strategy: Strategy, on: date) -> tuple[Used, ...]:
    """Every rule in use on a day, in the order given."""
    every = [(rule, rule.binding(on)) for rule in found]
    made = acts(settings, strategy)
    counted: dict[str, list[str]] = {}
    speaking: set[str] = set()
    for rule, version in every:
        if version is not None and can_speak(rule, version, made):
            speaking.add(rule.id)
            for name in needs.calendars_of(version.term):
                counted.setdefault(name, []).append(rule.id)
    return tuple(
        Used(rule=rule, version=version, by=tuple(counted.get(rule.id, ())))
        for rule, version in every
        if version is not None and (rule.id in speaking or rule.id in counted)
    )


def can_speak(rule: rules.Rule, version: rules.Version, made: Iterable[values.Act]) -> bool:
    """Whether a text of the rule can speak about any of these acts, the day left aside."""
    if isinstance(version.term, terms.Silent):
        return False
    return any(_holds_there(rule, act) and weigh.holds(version.applies, act) is not False for act in made)


def acts(settings: Settings, strategy: Strategy) -> tuple[values.Act, ...]:
    """Every way in which the strategy contacts anybody, as far as the project's files know it."""
    return tuple(_acts(settings, strategy))


def _acts(settings: Settings, strategy: Strategy) -> Iterator[values.Act]:
    for code, licence in settings.licences.items():
        chain = jurisdictions.chain(code) if jurisdictions.is_known(code) else (code,)
        for segment in strategy.segments:
            for stage in segment.stages:
                channels = sorted({one.value for step in stage.steps for one in step})
                for channel, product, debt_class in itertools.product(
                    channels, _named(segment, "product"), _named(segment, "debt_class")
                ):
                    yield values.Act(
                        at=_NOON,
                        jurisdictions=chain,
                        person="-",
                        actor=licence.actor,
                        action=CONTACT,
                        channel=channel,
                        stage=stage.name,
                        notice_class=stage.notice_class.value,
                        product=product,
                        debt_class=debt_class,
                    )


def _named(segment: Segment, attribute: str) -> list[str | None]:
    return [*sorted(segment.when.get(attribute, ()))] or [None]


def _holds_there(rule: rules.Rule, act: values.Act) -> bool:
    """Whether the rule holds where the act is done, or in a part of it: an account may lie in a part."""
    if rule.jurisdiction == _EVERYWHERE or rule.jurisdiction in act.jurisdictions:
        return True
    known = jurisdictions.is_known(rule.jurisdiction)
    return known and act.jurisdictions[-1] in jurisdictions.chain(rule.jurisdiction)
