"""The answer to a question that was read from JSON: judged by the plain reading, and written as plain values.

A question carries what it carries: a rule that it gives no means to tell whether it applies does not apply to it,
with no text there is nothing for the rules of wording to look at, and while no day of a calendar is known its
holidays close nothing. Everything else is `decide` as it stands, where a rule that applies and lacks a fact holds
and names it. Plan and gate know nothing of this: for them every fact is one that is carried.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from duly.law import decide, document, facts, hours, predicates, rules, terms, values, weigh
from duly.law.calendars import UNKNOWN, Calendars
from duly.law.pack import Pack


def answer(pack: Pack, question: document.Question, *, locale: str = "en") -> dict[str, object]:
    """The verdict as JSON has it; `until` carries the offset of the question's own instant."""
    verdict = decide.decide(addressed(pack, question), question.act, locale=locale)
    return {
        "verdict": verdict.kind.value,
        "until": verdict.until.isoformat() if verdict.until is not None else None,
        "because": [_reason(one) for one in verdict.because],
        "blocked_by": [_reason(one) for one in verdict.blocked_by],
        "in_doubt": [{"rule": one.rule, "fact": one.fact} for one in verdict.in_doubt],
        "facts": {name: _plain(value) for name, value in sorted(verdict.facts.items())},
    }


def addressed(pack: Pack, question: document.Question) -> Pack:
    """The pack without the texts that do not apply to the question, for want of what it does not carry."""
    kept = []
    known = pack.calendars(question.act.policy)
    for rule in pack.rules:
        texts = tuple(
            one
            for one in rule.versions
            if not _is_beside(one, question) and not _waits_for_days(one.term, known)
        )
        if texts:
            kept.append(
                dataclasses.replace(rule, versions=texts) if len(texts) < len(rule.versions) else rule
            )
    return dataclasses.replace(pack, rules=tuple(kept))


def _is_beside(version: rules.Version, question: document.Question) -> bool:
    scope = weigh.unknown(version.applies, question.act)
    if scope and not any(_is_carried(name, question) for name in scope):
        return True
    wording = _undecided(version.term, question.act)
    return bool(wording) and all(
        name in document.TEXT_FACTS and not _is_carried(name, question) for name in wording
    )


def _waits_for_days(term: terms.Term, known: Calendars) -> bool:
    """Whether the text closes nothing but the holidays of a calendar of which no day is known.

    Whether the day is a holiday is then a fact that the question does not carry.
    """
    if not isinstance(term, terms.Window) or term.calendar is None or known.get(term.calendar, UNKNOWN).parts:
        return False
    whole = [span.weekdays for span in term.spans if (span.first, span.end) == (0, terms.DAY_SECONDS)]
    return len(frozenset().union(*whole)) == len(hours.DAYS)


def _is_carried(name: str, question: document.Question) -> bool:
    """Whether the question carries the fact, or the one by which it is known where nobody says otherwise."""
    otherwise = facts.FACTS[name].otherwise
    return name in question.carried or (otherwise is not None and _is_carried(otherwise.by, question))


def _undecided(term: terms.Term, act: values.Act) -> frozenset[str]:
    """The facts for want of which what the term tests is undecided, whatever the instant."""
    match term:
        case terms.Forbid():
            return weigh.unknown(term.when, act)
        case terms.Content() if act.elements is None:
            return frozenset({"elements"})
        case terms.Stop():
            return weigh.unknown(
                predicates.All((term.state, predicates.Not(term.exception)))
                if term.exception
                else term.state,
                act,
            )
        case _:
            return frozenset()


def _reason(one: values.Reason) -> dict[str, object]:
    return {
        "rule": one.rule,
        "version": one.version,
        "cite": one.cite,
        "effect": one.effect,
        "status": one.status,
        "reading": one.reading,
    }


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item) for item in value)  # type: ignore[type-var]
    return value
