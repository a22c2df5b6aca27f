"""The compiled reading: the plain one for a few acts at a time, with nothing worked out that was worked out before.

The gate judges by it. Messages of one stage share most of their facts, and what these settle is written down once,
in a brief; of an act are then asked only its hours, its contacts and what else depends on its instant or its history.
No verdict is ever kept: two acts share a brief only where every fact that any text asks about is the same.

When an act is held until an hour comes, the instant is sought among the same changes as the plain reading seeks it.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from duly.law import (
    briefs,
    clocks,
    counts,
    decide,
    faces,
    facts,
    needs,
    predicates,
    prospects,
    rules,
    values,
    weigh,
)
from duly.law.calendars import Calendars
from duly.law.pack import Pack

MOST_BRIEFS = 4096  # so many different sets of facts are remembered; a lender's day has some dozens
_ORDINAL = date(1970, 1, 1).toordinal()

# What decides of an act without being a fact that a predicate tests.
_ALWAYS = ("jurisdictions", "channel", "zones", "number_zones", "preferred")


@dataclass(frozen=True, slots=True)
class _Under:
    """The pack under one policy, and the briefs of it."""

    policy: values.Policy
    pack: Pack
    calendars: Calendars
    briefs: dict[tuple[object, ...], briefs.Brief]

    @classmethod
    def of(cls, pack: Pack, policy: values.Policy) -> _Under:
        return cls(dict(policy), pack.settled(policy), pack.calendars(policy), {})


class Reading:
    """The compiled reading of one pack. `most_briefs` bounds what it remembers, and changes no answer."""

    def __init__(self, pack: Pack, *, locale: str = "en", most_briefs: int = MOST_BRIEFS) -> None:
        self.pack = pack
        self._most_briefs = most_briefs
        self._locale = locale
        asked = _asked(pack)
        self._fields = operator.attrgetter(*_ALWAYS, *sorted(asked & values.FIELDS - {*_ALWAYS}))
        self._further = tuple(sorted(asked - values.FIELDS))
        self._face = faces.face(pack.zone)
        self._turns = _turns(pack)
        self._under = _Under.of(pack, {})

    def judge(self, acts: Iterable[values.Act]) -> list[values.Verdict]:
        """The verdict on each act, as `decide.decide` gives it."""
        return [self.decide(act) for act in acts]

    def decide(self, act: values.Act) -> values.Verdict:
        """May the act be done at its instant?"""
        at = clocks.instant(act.at)
        brief = self._brief(act, at)
        contacts = counts.gather(act.history, brief.channels) if brief.channels else []
        shown = _readings(brief, act, at, contacts) if brief.calm else None
        if shown is not None:
            return _permit(brief, at, shown)
        return self._no(brief, act, at, contacts)

    def _no(
        self, brief: briefs.Brief, act: values.Act, at: int, contacts: Sequence[counts.Met]
    ) -> values.Verdict:
        said = [(text, word) for text in brief.texts if (word := text.say(act, at, contacts)) is not None]
        kind, in_doubt = decide.combine(self.pack, act, [finding for _, (finding, _) in said])
        used = _copied(briefs.facts_of((text, value) for text, (_, value) in said))
        until = self._mended(act, at) if kind is values.Kind.HOLD and not in_doubt else None
        return values.Verdict(
            kind=kind,
            until=until.astimezone(act.at.tzinfo) if until else None,
            because=(),
            blocked_by=tuple(
                text.reason for text, (finding, _) in said if finding.outcome is weigh.Outcome.BROKEN
            ),
            in_doubt=in_doubt,
            facts=_with_time(used, briefs.clocks_of(text for text, _ in said), at),
        )

    def _mended(self, act: values.Act, at: int) -> datetime | None:
        """The first of the instants at which anything may change at which the act is permitted."""
        within = (at, at + int(decide.HORIZON.total_seconds()))
        if not any(self._brief(act, instant).calm for instant in (at, *self._turns_within(*within))):
            return None  # what stands in the way is no matter of time
        contacts = counts.gather(act.history, {row.channel for row in act.history})

        def judge(instant: int) -> tuple[bool, rules.Rule | None]:
            brief = self._brief(act, instant)
            barring = (text.rule for text in brief.texts if text.bars(act, instant, contacts))
            standing = next(barring, None)
            return standing is None and brief.calm, standing

        def bars(rule: rules.Rule, instant: int) -> bool:
            texts = self._brief(act, instant).texts
            return any(text.rule is rule and text.bars(act, instant, contacts) for text in texts)

        found = prospects.first_lawful(self._under.pack, act, within, judge=judge, bars=bars)
        return None if found is None else clocks.moment(found)

    def _turns_within(self, at: int, last: int) -> list[int]:
        """The instants after `at`, up to the last, at which a text begins to bind, or binds no more."""
        first, last = (self._face.shown(instant)[0] + _ORDINAL for instant in (at, last))
        days = self._turns[bisect_right(self._turns, first) : bisect_right(self._turns, last)]
        return [clocks.day_start(date.fromordinal(day), self._face.zone) for day in days]

    def _brief(self, act: values.Act, at: int) -> briefs.Brief:
        under = self._under
        if act.policy != under.policy:
            under = self._under = _Under.of(self.pack, act.policy)
        day = self._face.shown(at)[0] + _ORDINAL
        further = act.facts
        key = (
            bisect_right(self._turns, day),
            *self._fields(act),
            *([further.get(name) for name in self._further] if further else ()),
        )
        brief = under.briefs.get(key)
        if brief is None:
            if len(under.briefs) >= self._most_briefs:
                under.briefs.clear()
            brief = under.briefs[key] = briefs.Brief.of(
                under.pack, act, date.fromordinal(day), calendars=under.calendars, locale=self._locale
            )
        return brief


def _readings(
    brief: briefs.Brief, act: values.Act, at: int, contacts: Sequence[counts.Met]
) -> list[tuple[str, object]] | None:
    """The values of the gauges that a verdict shows; None when one of them stands in the way."""
    shown = []
    for one in brief.gauged:
        broken, _, value = one.gauge(act, at, contacts)
        if broken is not False and not one.lifted:
            return None
        if one.shown_as is not None:
            shown.append((one.shown_as, value))
    return shown


def _permit(brief: briefs.Brief, at: int, shown: Iterable[tuple[str, object]]) -> values.Verdict:
    used = _copied(brief.facts)
    used.update(shown)
    return values.Verdict(
        kind=values.Kind.PERMIT,
        until=None,
        because=brief.because,
        blocked_by=(),
        in_doubt=(),
        facts=_with_time(used, brief.clocks, at),
    )


def _copied(used: Mapping[str, object]) -> dict[str, object]:
    """Each verdict has lists of its own: whoever changes one changes no other."""
    return {name: [*value] if isinstance(value, list) else value for name, value in used.items()}


def _with_time(
    used: dict[str, object], seen: Iterable[tuple[faces.Face, int]], at: int
) -> Mapping[str, object]:
    """The facts with what the clocks show, which is said once where they all show the same."""
    times = {face.zone: faces.clock_time(face.shown(at + delay)[1]) for face, delay in seen}
    if times:
        different = set(times.values())
        used["local_time"] = different.pop() if len(different) == 1 else times
    return used


def _asked(pack: Pack) -> frozenset[str]:
    """Every fact that decides what a brief settles, those included by which others are presumed."""
    asked = {"transit_seconds"}
    for rule in pack.rules:
        asked.update(rule.lifted_by, rule.disapplied_by)
        for version in rule.versions:
            asked.update(predicates.facts_of(version.applies), needs.tested_by(version.term))
    for name in tuple(asked):
        otherwise = facts.FACTS[name].otherwise
        while otherwise is not None:
            asked.add(otherwise.by)
            otherwise = facts.FACTS[otherwise.by].otherwise
    return frozenset(asked)


def _turns(pack: Pack) -> list[int]:
    """The days on which a text of the pack begins to bind, or binds no more."""
    texts = [version for rule in pack.rules for version in rule.versions]
    begins = {version.since.toordinal() for version in texts if version.since is not None}
    ends = {version.until.toordinal() + 1 for version in texts if version.until is not None}
    return sorted(begins | ends)
