"""The plain reading: one act, all rules, the answer with its reasons.

Slow on purpose where slowness is clearer. The columnar and the compiled reading are held equal to it on every case;
where one of them differs, this one is right until shown otherwise.

Three sentences govern the combination, each a named property in the tests:
what forbids trumps what permits; silence is not permission; doubt holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duly.law import (
    clocks,
    explain,
    jurisdictions,
    needs,
    predicates,
    prospects,
    rules,
    sequence,
    terms,
    values,
)
from duly.law.calendars import Calendars
from duly.law.pack import Pack
from duly.law.weigh import Contact, Finding, Outcome, count, delay_of, gather, most_allowed, weigh, zones_of

HORIZON = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class _Question:
    """An act under a pack, with its contacts put together once."""

    pack: Pack
    act: values.Act
    contacts: tuple[Contact, ...]
    calendars: Calendars

    @classmethod
    def of(cls, pack: Pack, act: values.Act) -> _Question:
        """Put them together."""
        return cls(pack.settled(act.policy), act, gather(act.history), pack.calendars(act.policy))

    def day(self, at: int) -> date:
        """The day of the law's calendar at the instant."""
        return clocks.local(at, self.pack.zone).date()

    def findings(self, at: int) -> list[Finding]:
        """What every rule that speaks to the act says of it, were it done at the instant."""
        day = self.day(at)
        found = (
            weigh(rule, self.act, self.contacts, at, day, calendars=self.calendars)
            for rule in self.pack.asked
        )
        return [finding for finding in found if finding is not None]

    def bars(self, rule: rules.Rule, at: int) -> bool:
        """Whether the rule stands in the way at the instant."""
        found = weigh(rule, self.act, self.contacts, at, self.day(at), calendars=self.calendars)
        return found is not None and found.outcome is not Outcome.KEPT

    def judge(self, at: int) -> tuple[bool, rules.Rule | None]:
        """Whether the act is permitted at the instant, and if not, the first rule that stands in the way."""
        findings = self.findings(at)
        barring = (finding.rule for finding in findings if finding.outcome is not Outcome.KEPT)
        return combine(self.pack, self.act, findings)[0] is values.Kind.PERMIT, next(barring, None)

    def next_lawful(self, at: int, horizon: timedelta) -> datetime | None:
        """The first lawful instant from this one on."""
        within = (at, at + int(horizon.total_seconds()))
        found = prospects.first_lawful(self.pack, self.act, within, judge=self.judge, bars=self.bars)
        return None if found is None else clocks.moment(found)


def decide(pack: Pack, act: values.Act, *, locale: str = "en") -> values.Verdict:
    """May the act be done at its instant? `locale` chooses the language of the sentences in the reasons."""
    question = _Question.of(pack, act)
    at = clocks.instant(act.at)
    findings = question.findings(at)
    kind, in_doubt = combine(pack, act, findings)
    until = None
    if kind is values.Kind.HOLD and not in_doubt:
        until = question.next_lawful(at, HORIZON)
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
    if not is_covered(pack, act):
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


def is_covered(pack: Pack, act: values.Act) -> bool:
    """Whether the pack holds the law of every jurisdiction the act stands under, and the act names all of them.

    Of one that is named without what it lies in, the wider law would be passed over.
    """
    named = frozenset(act.jurisdictions)
    return named <= pack.jurisdictions and all(
        named.issuperset(jurisdictions.chain(code)) for code in named if jurisdictions.is_known(code)
    )


def next_lawful(pack: Pack, act: values.Act, horizon: timedelta = HORIZON) -> datetime | None:
    """The first instant from the act's own on at which it would be permitted, all other facts unchanged."""
    found = _Question.of(pack, act).next_lawful(clocks.instant(act.at), horizon)
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
    windows = [rule for rule in question.pack.asked if rule.type == "time_window"]
    for change in prospects.changes(windows, act, (at, day_end), law_zone=pack.zone):
        if any(question.bars(rule, change) for rule in windows):
            return clocks.moment(change - 1).astimezone(act.at.tzinfo)
    return clocks.moment(day_end - 1).astimezone(act.at.tzinfo)


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
