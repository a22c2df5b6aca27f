"""The plain reading: one act, all rules, the answer with its reasons.

Slow on purpose where slowness is clearer. The columnar reading is held equal to it on every case; where
the two differ, this one is right until shown otherwise.

Three sentences govern the combination, each a named property in the tests:
what forbids trumps what permits; silence is not permission; doubt holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duly.law import clocks, explain, hours, jurisdictions, needs, predicates, rules, sequence, terms, values
from duly.law.calendars import Calendars
from duly.law.pack import Pack
from duly.law.weigh import Contact, Finding, Outcome, count, delay_of, gather, most_allowed, weigh, zones_of

HORIZON = timedelta(days=92)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Question:
    """An act under a pack, with its contacts put together once."""

    pack: Pack
    act: values.Act
    contacts: tuple[Contact, ...]
    calendars: Calendars

    @classmethod
    def of(cls, pack: Pack, act: values.Act) -> _Question:
        return cls(pack, act, gather(act.history), pack.calendars(act.policy))

    def day(self, at: int) -> date:
        return clocks.local(at, self.pack.zone).date()

    def findings(self, at: int) -> list[Finding]:
        day = self.day(at)
        found = (
            weigh(rule, self.act, self.contacts, at, day, calendars=self.calendars)
            for rule in self.pack.rules
        )
        return [finding for finding in found if finding is not None]

    def bars(self, rule: rules.Rule, at: int) -> bool:
        found = weigh(rule, self.act, self.contacts, at, self.day(at), calendars=self.calendars)
        return found is not None and found.outcome is not Outcome.KEPT


def decide(pack: Pack, act: values.Act, *, locale: str = "en") -> values.Verdict:
    """May the act be done at its instant? `locale` chooses the language of the sentences in the reasons."""
    question = _Question.of(pack, act)
    at = clocks.instant(act.at)
    findings = question.findings(at)
    kind, in_doubt = combine(pack, act, findings)
    until = None
    if kind is values.Kind.HOLD and not in_doubt:
        until = _next(question, at, HORIZON)
    return values.Verdict(
        kind=kind,
        until=until.astimezone(act.at.tzinfo) if until else None,
        because=_reasons(findings, Outcome.KEPT, locale) if kind is values.Kind.PERMIT else (),
        blocked_by=_reasons(findings, Outcome.BROKEN, locale),
        in_doubt=in_doubt,
        facts=_facts_used(question, findings, at),
    )


def combine(
    pack: Pack, act: values.Act, findings: Sequence[Finding]
) -> tuple[values.Kind, tuple[values.Doubt, ...]]:
    """The answer that follows from the findings, and every doubt that stands against a permit."""
    doubts = [
        values.Doubt(rule=finding.rule.id, fact=fact)
        for finding in findings
        if finding.outcome is Outcome.DOUBT
        for fact in sorted(finding.missing)
    ]
    # Silence is not permission: neither a jurisdiction whose law the pack does not hold, nor an act to
    # which none of its permitting rules speaks.
    # Nor one that is named without what it lies in: the wider law would be passed over.
    whole = {
        wider
        for code in act.jurisdictions
        if jurisdictions.is_known(code)
        for wider in jurisdictions.chain(code)
    }
    if not pack.jurisdictions.issuperset(act.jurisdictions) or not whole.issubset(act.jurisdictions):
        doubts.append(values.Doubt(rule=values.SILENCE, fact="jurisdictions"))
    if not any(finding.rule.permits for finding in findings):
        doubts.append(values.Doubt(rule=values.SILENCE, fact=values.NO_PERMISSION))
    broken = [finding for finding in findings if finding.outcome is Outcome.BROKEN]
    # Forbid trumps permit, and trumps hold.
    if any(terms.forbids(finding.version.term) for finding in broken):
        return values.Kind.FORBID, tuple(doubts)
    if broken or doubts:
        return values.Kind.HOLD, tuple(doubts)
    return values.Kind.PERMIT, ()


def next_lawful(pack: Pack, act: values.Act, horizon: timedelta = HORIZON) -> datetime | None:
    """The first instant from the act's own on at which it would be permitted, all other facts unchanged."""
    question = _Question.of(pack, act)
    found = _next(question, clocks.instant(act.at), horizon)
    return found.astimezone(act.at.tzinfo) if found else None


def latest_lawful(pack: Pack, act: values.Act) -> datetime | None:
    """The last second until which a permitted act stays within every window, at most its legal day's end.

    None when the act is not permitted at all. Caps are not looked ahead: the gate counts again.
    """
    question = _Question.of(pack, act)
    at = clocks.instant(act.at)
    if combine(pack, act, question.findings(at))[0] is not values.Kind.PERMIT:
        return None
    day_end = clocks.day_start(question.day(at) + timedelta(days=1), pack.zone)
    for change in _changes(question, at, day_end - at):
        if any(
            finding.outcome is not Outcome.KEPT and isinstance(finding.version.term, terms.Window)
            for finding in question.findings(change)
        ):
            return clocks.moment(change - 1).astimezone(act.at.tzinfo)
    return clocks.moment(day_end - 1).astimezone(act.at.tzinfo)


def _next(question: _Question, at: int, horizon: timedelta) -> datetime | None:
    """Between two changes nothing changes, so the first lawful instant is `at` or one of the changes."""
    standing: rules.Rule | None = None
    for instant in itertools.chain((at,), _changes(question, at, int(horizon.total_seconds()))):
        # While the rule that stood in the way still does, the others need not be asked.
        if standing is not None and question.bars(standing, instant):
            continue
        findings = question.findings(instant)
        if combine(question.pack, question.act, findings)[0] is values.Kind.PERMIT:
            return clocks.moment(instant)
        barring = (finding.rule for finding in findings if finding.outcome is not Outcome.KEPT)
        standing = next(barring, None)
    return None


def _changes(question: _Question, at: int, ahead: int) -> Iterator[int]:
    """Every instant in (at, at + ahead] at which some rule may come out differently, in order."""
    edges, gaps = _edges(question)
    turns = set(_turns(question.act))
    last = at + ahead
    for start in range(at, last, _DAY):
        end = min(start + _DAY, last)
        found = {contact.at + gap for contact in question.contacts for gap in gaps} | turns
        for (zone, delay), seconds in edges.items():
            found.update(instant - delay for instant in clocks.shift(start + delay, end + delay, zone))
            first_day = clocks.local(start + delay, zone).date()
            for days in range(3):
                day = first_day + timedelta(days=days)
                found.update(
                    instant - delay for second in seconds for instant in clocks.wall(day, second, zone)
                )
        yield from sorted(instant for instant in found if start < instant <= end)


def _edges(question: _Question) -> tuple[Mapping[tuple[str, int], set[int]], set[int]]:
    """For each clock the seconds of the day at which something may change, and the distances from a contact.

    A clock is a zone and the seconds between the act and the moment that counts.
    """
    # At the law's midnight versions begin and end.
    edges: dict[tuple[str, int], set[int]] = {(question.pack.zone, 0): {0}}
    gaps: set[int] = set()
    for rule in question.pack.rules:
        for version in rule.versions:
            term = version.term
            if isinstance(term, terms.Window):
                delay = delay_of(term, question.act) or 0
                stated = [hours.span(text) for text in question.act.preferred]
                sides = {side for span in (*term.spans, *stated) for side in (span.first, span.end)}
                for zone in zones_of(term.clock, question.act):
                    edges.setdefault((zone, delay), {0}).update(sides)
            elif isinstance(term, terms.Precedence | terms.Consent | terms.Stop):
                clock = terms.clock_of(term)
                for zone in zones_of(clock, question.act) if clock else ():
                    edges.setdefault((zone, 0), {0})
            elif isinstance(term, terms.Cap):
                if term.unit is terms.Unit.HOURS:
                    gaps.update((term.n * 3600, 1 - term.n * 3600))
                for zone in zones_of(term.clock, question.act):
                    edges.setdefault((zone, 0), {0})
    return edges, gaps


def _turns(act: values.Act) -> Iterator[int]:
    """The instants at which something happens that is on record."""
    for event in act.history:
        yield clocks.instant(event.at)
    for consent in act.consents or ():
        yield clocks.instant(consent.given)
        if consent.revoked is not None:
            yield clocks.instant(consent.revoked)


def _reasons(findings: Sequence[Finding], outcome: Outcome, locale: str) -> tuple[values.Reason, ...]:
    return tuple(
        explain.reason_of(finding.rule, finding.version, locale)
        for finding in findings
        if finding.outcome is outcome
    )


def _facts_used(question: _Question, findings: Sequence[Finding], at: int) -> dict[str, object]:
    """What the rules that spoke looked at: local times, counts, and the facts their predicates tested."""
    used: dict[str, object] = {}
    times: dict[str, str] = {}
    for finding in findings:
        term = finding.version.term
        for name in (*predicates.facts_of(finding.version.applies), *needs.tested_by(term)):
            if name not in used:
                value = question.act.fact(name)
                used[name] = sorted(value) if isinstance(value, frozenset) else value
        if isinstance(term, terms.Window):
            delay = delay_of(term, question.act) or 0
            times |= {
                zone: f"{clocks.local(at + delay, zone):%H:%M:%S}"
                for zone in zones_of(term.clock, question.act)
            }
        elif isinstance(term, terms.Cap):
            used[f"count.{finding.rule.id}"] = count(term, question.act, question.contacts, at)
            used[f"max.{finding.rule.id}"] = most_allowed(finding.rule, term, question.act)
        elif isinstance(term, terms.Precedence):
            happened = sequence.happened(term, question.act, at)
            used[f"events.{finding.rule.id}"] = [clocks.moment(one).isoformat() for one in happened]
        elif isinstance(term, terms.Consent):
            standing = sequence.standing(term, question.act, at, zones_of(term.clock, question.act))
            used[f"consents.{finding.rule.id}"] = [consent.basis for consent in standing]
    if times:
        shown = set(times.values())
        used["local_time"] = shown.pop() if len(shown) == 1 else times
    return used
