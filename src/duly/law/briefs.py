"""What the facts of an act settle before its instant and its history are looked at: the texts that can speak to it,
each settled or with the gauge that is left to read.

A brief is the plain reading stopped half way: it holds for every act that shares all the facts some text of the pack
asks about, and for no other. What it settles it has from `weigh`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from duly.law import decide, explain, faces, gauges, needs, predicates, rules, terms, values, weigh
from duly.law.calendars import Calendars
from duly.law.counts import Met
from duly.law.pack import Pack

Shown = tuple[weigh.Finding, object]  # what a rule says of an act, and the value its gauge read


@dataclass(frozen=True, slots=True)
class Text:
    """One text that may speak to the acts of the brief: what the facts alone say of it, or the gauge to read.

    Of a verdict that it has part in, it shows `facts`, the value of its gauge under the name `shown_as`, and the
    clocks of `clocks`, each with the seconds from the act to the moment that counts.
    """

    rule: rules.Rule
    version: rules.Version
    applies: weigh.Truth
    settled: weigh.Finding | None
    gauge: gauges.Gauge | None
    reason: values.Reason
    facts: Mapping[str, object]
    shown_as: str | None
    clocks: Mapping[str, int]

    def say(self, act: values.Act, at: int, contacts: Sequence[Met]) -> Shown | None:
        """The rule's word on the act, were it done at the instant; None if it is silent."""
        if self.gauge is None:
            return None if self.settled is None else (self.settled, None)
        broken, missing, value = self.gauge(act, at, contacts)
        finding = weigh.conclude(self.rule, self.version, act, self.applies, (broken, missing))
        return None if finding is None else (finding, value)

    def bars(self, act: values.Act, at: int, contacts: Sequence[Met]) -> bool:
        """Whether the rule stands in the way of the act at the instant."""
        word = self.say(act, at, contacts)
        return word is not None and word[0].outcome is not weigh.Outcome.KEPT


@dataclass(frozen=True, slots=True)
class Gauged:
    """A gauge that may keep the act from being permitted, unless its rule is lifted. `shown_as` names its value."""

    gauge: gauges.Gauge
    lifted: bool
    shown_as: str | None


@dataclass(frozen=True, slots=True)
class Brief:
    """What is left to ask of the acts that share one set of facts.

    `calm`: nothing that is settled stands in the way, so the gauges decide. `because`, `facts` and `clocks` are then
    those of a permit, the values of the gauges left empty. `channels` are those whose contacts are counted.
    """

    texts: tuple[Text, ...]
    calm: bool
    gauged: tuple[Gauged, ...]
    because: tuple[values.Reason, ...]
    facts: Mapping[str, object]
    clocks: tuple[tuple[faces.Face, int], ...]
    channels: frozenset[str]

    @classmethod
    def of(cls, pack: Pack, act: values.Act, day: date, *, calendars: Calendars, locale: str) -> Brief:
        """Of the texts that bind on the day, for acts that share the facts of this one."""
        found = (_text(rule, act, day, calendars=calendars, locale=locale) for rule in pack.asked)
        texts = tuple(text for text in found if text is not None)
        # Of a text of which it is not known whether it applies, a permit says nothing.
        spoken = [text for text in texts if text.applies]
        settled = [text.settled for text in texts if text.settled is not None]
        return cls(
            texts=texts,
            calm=all(finding.outcome is weigh.Outcome.KEPT for finding in settled)
            and decide.is_covered(pack, act)
            and any(text.rule.permits for text in spoken),
            gauged=tuple(
                Gauged(text.gauge, weigh.is_lifted(text.rule, act), text.shown_as if text.applies else None)
                for text in texts
                if text.gauge is not None
            ),
            because=tuple(text.reason for text in spoken),
            facts=facts_of((text, None) for text in spoken),
            clocks=clocks_of(spoken),
            channels=frozenset().union(*(_counted(text.version.term, act) for text in texts)),
        )


def facts_of(told: Iterable[tuple[Text, object]]) -> dict[str, object]:
    """The facts that texts show, in the order of the texts, with the values that their gauges read."""
    used: dict[str, object] = {}
    for text, value in told:
        used.update(text.facts)
        if text.shown_as is not None:
            used[text.shown_as] = value
    return used


def clocks_of(texts: Iterable[Text]) -> tuple[tuple[faces.Face, int], ...]:
    """The clocks that texts look at; where two look at one, the last of them is shown."""
    found: dict[str, int] = {}
    for text in texts:
        found.update(text.clocks)
    return tuple((faces.face(zone), delay) for zone, delay in found.items())


def _text(rule: rules.Rule, act: values.Act, day: date, *, calendars: Calendars, locale: str) -> Text | None:
    """None where the rule is silent whatever the instant of the day and whatever happened before."""
    if rule.jurisdiction not in act.jurisdictions and rule.jurisdiction != "*":
        return None
    version = rule.binding(day)
    if version is None or isinstance(version.term, terms.Silent):
        return None
    applies = weigh.holds(version.applies, act)
    if applies is False or any(act.fact(name) is True for name in rule.disapplied_by):
        return None
    gauge, settled = gauges.gauge(rule, version.term, act, calendars), None
    if gauge is None:
        found = weigh.is_broken(rule, version.term, act, (), 0, calendars=calendars)
        settled = weigh.conclude(rule, version, act, applies, found)
        if settled is None:
            return None
    return Text(
        rule=rule,
        version=version,
        applies=applies,
        settled=settled,
        gauge=gauge,
        reason=explain.reason_of(rule, version, locale),
        facts=_facts(rule, version, act),
        shown_as=_shown_as(rule, version.term),
        clocks=_clocks(version.term, act),
    )


def _facts(rule: rules.Rule, version: rules.Version, act: values.Act) -> dict[str, object]:
    """The facts that the text tests, as a verdict shows them; what its gauge will read stands empty."""
    used: dict[str, object] = {}
    for name in (*predicates.facts_of(version.applies), *needs.tested_by(version.term)):
        value = act.fact(name)
        used[name] = sorted(value) if isinstance(value, frozenset) else value
    shown_as = _shown_as(rule, version.term)
    if shown_as is not None:
        used[shown_as] = None
    if isinstance(version.term, terms.Cap):
        used[f"max.{rule.id}"] = weigh.most_allowed(rule, version.term, act)
    return used


def _shown_as(rule: rules.Rule, term: terms.Term) -> str | None:
    match term:
        case terms.Cap():
            return f"count.{rule.id}"
        case terms.Precedence():
            return f"events.{rule.id}"
        case terms.Consent():
            return f"consents.{rule.id}"
        case _:
            return None


def _clocks(term: terms.Term, act: values.Act) -> dict[str, int]:
    if not isinstance(term, terms.Window):
        return {}
    return dict.fromkeys(weigh.zones_of(term.clock, act), weigh.delay_of(term, act) or 0)


def _counted(term: terms.Term, act: values.Act) -> frozenset[str]:
    """The channels whose contacts the term counts."""
    if not isinstance(term, terms.Cap):
        return frozenset()
    return term.pool or frozenset({act.channel} if act.channel else ())
