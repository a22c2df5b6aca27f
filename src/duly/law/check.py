"""A pack's own tests, run through both readings; and the lender's policy, checked against the pack.

`run_tests` runs them. A case fails when either reading answers otherwise than the
sentence says, so the two are also held equal on every case a lawyer wrote.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from duly.errors import Problem
from duly.law import calendars, cases, columnar, deadlines, decide, duties, hours, needs, rules, terms, values
from duly.law import pack as law_pack
from duly.law.pack import Pack


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One test that was run. `differences` is empty when it passed."""

    name: str
    rules: tuple[str, ...]
    file: str
    line: int
    differences: tuple[str, ...]


def run_tests(pack: Pack) -> tuple[Tried, ...]:
    """Every test of the pack, in the order of its files."""
    whole = beside(pack)
    acts = [case.act for case in pack.cases if case.act is not None]
    answers = iter(columnar.judge_acts(whole, acts))
    found: list[Tried] = []
    for case in pack.cases:
        if case.act is None or case.expected is None:
            differences = list(_silent(whole, case))
        else:
            plain, columns = _of_plain(decide.decide(whole, case.act)), _of_row(next(answers))
            differences = [f"plain: {said}" for said in _differences(case.expected, plain)]
            differences += [f"columnar: {said}" for said in _differences(case.expected, columns)]
        found.append(
            Tried(
                name=case.name,
                rules=case.rules,
                file=case.file,
                line=case.line,
                differences=tuple(differences),
            )
        )
    return tuple(found)


def beside(pack: Pack) -> Pack:
    """The pack joined with the shipped packs its tests stand on."""
    others = [law_pack.load(law_pack.shipped(name))[0] for name in pack.tested_with]
    if None in others:
        raise LookupError(f"a pack of {pack.tested_with} has problems of its own")
    found = [other for other in others if other is not None]
    return law_pack.join(found[0], *found[1:], pack) if found else pack


def policy_problems(pack: Pack, policy: values.Policy, file: str) -> list[Problem]:
    """What is wrong with the lender's numbers and lifts, and which numbers are still to be set."""
    found: list[Problem] = []
    known = {rule.id: rule for rule in pack.rules}
    for name, value in policy.items():
        rule = known.get(name)
        if rule is None:
            found.append(
                _wrong(file, "law.policy.unknown", f"{name} is no rule of {pack.name}", "Correct the id.")
            )
        elif isinstance(value, values.Lift) and rule.effect not in rules.LIFTABLE:
            found.append(
                _wrong(
                    file,
                    "law.policy.bar",
                    f"{name} is a bar, which no decision lifts",
                    "Remove the decision.",
                )
            )
        elif isinstance(value, int) and (isinstance(value, bool) or value < 0):
            found.append(
                _wrong(file, "law.policy.number", f"{name} is {value}", "Set a whole number from 0.")
            )
        elif rule.is_open and not hours.of_lender(value):
            found.append(
                _wrong(
                    file,
                    "law.policy.hours",
                    f"{name} is {value!r}, and that states no hours",
                    "Write them as mon,tue 09:00-17:30; sat 10:00-12:00.",
                )
            )
    found += _days_unset(pack, policy, file)
    for name in sorted(pack.needs()):
        rule_id = name.removeprefix("policy.")
        if (
            rule_id != name
            and not isinstance(policy.get(rule_id), str if known[rule_id].is_open else int)
            and known[rule_id].type != "parameter"
        ):
            what = f"{rule_id}: the law gives no number and none is set, so every act under it is held"
            found.append(_wrong(file, "law.policy.unset", what, f"Set a number for {rule_id}."))
    return found


def _days_unset(pack: Pack, policy: values.Policy, file: str) -> Iterator[Problem]:
    """Calendars for want of which a rule holds every act: neither the law nor the lender says a day of them.

    A deadline counts by one too, and so does the time in which a revocation is honoured; neither holds an act.
    """
    counting: dict[str, list[str]] = {}
    for rule in pack.rules:
        enforced = [version.term for version in rule.versions if version.status in rules.ENFORCED]
        holding = [term for term in enforced if isinstance(term, terms.Window | terms.Precedence)]
        for name in frozenset().union(*map(needs.calendars_of, holding)):
            counting.setdefault(name, []).append(rule.id)
    known = pack.calendars(policy)
    for name, by in sorted(counting.items()):
        if not known.get(name, calendars.UNKNOWN).parts:
            what = f"{name}: no day of this calendar is known, so {', '.join(by)} hold every act"
            yield _wrong(file, "law.policy.calendar", what, f"Write its days into law/calendars/{name}.yaml.")


def _wrong(file: str, code: str, what: str, remedy: str) -> Problem:
    return Problem(code=code, file=file, what=what, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class _Short:
    """A verdict of either reading, reduced to what a case can expect."""

    kind: str
    until: datetime | None
    because: tuple[str, ...]
    blocked_by: tuple[str, ...]
    in_doubt: tuple[tuple[str, str], ...]


def _of_plain(verdict: values.Verdict) -> _Short:
    return _Short(
        kind=verdict.kind.value,
        until=verdict.until,
        because=tuple(reason.rule for reason in verdict.because),
        blocked_by=tuple(reason.rule for reason in verdict.blocked_by),
        in_doubt=tuple((doubt.rule, doubt.fact) for doubt in verdict.in_doubt),
    )


def _of_row(row: columnar.Answer) -> _Short:
    return _Short(
        kind=row["verdict"],
        until=row["until"],
        because=tuple(reason["rule"] for reason in row["because"]),
        blocked_by=tuple(reason["rule"] for reason in row["blocked_by"]),
        in_doubt=tuple((doubt["rule"], doubt["fact"]) for doubt in row["in_doubt"]),
    )


def _differences(expected: cases.Expected, found: _Short) -> Iterator[str]:
    if found.kind != expected.kind.value:
        yield f"{found.kind}, expected {expected.kind.value}"
    if expected.says_until and found.until != expected.until:
        yield f"until {found.until}, expected {expected.until}"
    unsaid = [name for name in expected.because if name not in found.because]
    if unsaid:
        yield f"not among the reasons: {', '.join(unsaid)}"
    if found.blocked_by != expected.blocked_by:
        yield f"blocked by {list(found.blocked_by)}, expected {list(expected.blocked_by)}"
    if found.in_doubt != expected.in_doubt:
        yield f"in doubt {list(found.in_doubt)}, expected {list(expected.in_doubt)}"


def _silent(pack: Pack, case: cases.Case) -> Iterator[str]:
    for name in case.rules:
        found = _answer(pack, case, name)
        if found != case.value:
            yield f"{name} is {found!r}, expected {case.value!r}"


def _answer(pack: Pack, case: cases.Case, name: str) -> object:
    """What the silent rule answers to what the case asks."""
    version = pack.rule(name).binding(case.day)
    term, known = version.term if version else None, pack.calendars({})
    match term:
        case terms.Parameter() if case.asked == "value":
            return term.on(case.day)
        case duties.Retain() if case.asked == "kept_until":
            last = deadlines.day(term.length, case.day, known) if term.length else None
            return last.isoformat() if last else None
        case duties.Deadline() if case.asked == "due" and isinstance(case.value, tuple):
            if case.at and term.within:
                return (f"{deadlines.moment(term.within, case.at):%Y-%m-%d %H:%M:%S}",)
            found = deadlines.due(term, case.day, known, through=date.max)
            return tuple(_shown(one) for one in itertools.islice(found, len(case.value)))
        case _:
            return "no answer"


def _shown(due: deadlines.Due) -> str | None:
    last = due.last.isoformat() if due.last else None
    return f"{due.first}/{last}" if due.first else last
