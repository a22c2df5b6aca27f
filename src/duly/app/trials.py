"""Run a project's own cases (`duly test`): what was expected, and what the plan decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from duly.app import rehearsal
from duly.errors import ProjectRefused
from duly.model import money
from duly.model.party import Actor, Channel
from duly.model.said import say
from duly.plan.code import Outcome
from duly.project import folder
from duly.project.cases import Case, Expected, Told
from duly.project.folder import Project

NOTHING = say("nothing")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that came out otherwise."""

    place: str
    what: str
    expected: str
    got: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """One case that was run; it passed if nothing differs."""

    name: str
    file: str
    line: int
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def as_json(self) -> dict[str, object]:
        """The result as plain values."""
        return {**asdict(self), "passed": self.passed}


def run(actor: Actor, start: Path, *, words: Sequence[str] = ()) -> tuple[Result, ...]:
    """Every case of the project around `start` whose name or file holds one of `words` (all without words).

    Raises ProjectRefused.
    """
    del actor  # anybody may try
    project, problems = folder.load(folder.find(start))
    if project is None:
        raise ProjectRefused(problems)
    chosen = [
        case
        for case in project.cases
        if not words or any(word in case.name or word in case.file for word in words)
    ]
    return tuple(try_one(project, case) for case in chosen)


def try_one(project: Project, case: Case) -> Result:
    """Live through one case and compare its last day, and what was told on the way if the case says so."""
    days = list(rehearsal.live(project, case))
    decided = {(row["person"], row["account"]): row for row in days[-1].plan.decisions.iter_rows(named=True)}
    found = [*_decided(case, decided, project.settings.currency)]
    if case.told is not None:
        found += _told(case, case.told, _sent(days))
    return Result(name=case.name, file=case.file, line=case.line, differences=tuple(found))


def _decided(
    case: Case, decided: Mapping[tuple[str, str], Mapping[str, Any]], currency: str
) -> Iterator[Difference]:
    expected = {(each.person, each.account) for each in case.expected}
    for each in case.expected:
        got = decided.get((each.person, each.account))
        if got is None:
            what = say("{person} on {account}", person=each.person, account=each.account)
            yield _difference(case, each.line, what, each.outcome.value, NOTHING)
        else:
            yield from _compare(case, each, got, currency)
    for person, account in sorted(set(decided) - expected):
        what = say("{person} on {account}, of whom nothing is expected", person=person, account=account)
        yield _difference(case, case.line, what, NOTHING, _reason(decided[person, account]))


def _compare(case: Case, each: Expected, got: Mapping[str, Any], currency: str) -> Iterator[Difference]:
    if got["outcome"] != each.outcome.value:
        # What follows from another outcome would only be noise.
        yield _difference(case, each.line, say("outcome"), each.outcome.value, _reason(got))
        return
    rules = {str(got["rule"]), *(str(rule).partition("@")[0] for rule in got["rules"] or ())}
    wanted: tuple[tuple[str, str | None, str, bool], ...] = (
        (
            say("why"),
            each.why and each.why.value,
            str(got["code"]),
            each.why is None or got["code"] == each.why.value,
        ),
        (say("rule"), each.rule, ", ".join(sorted(rules - {"None"})) or NOTHING, each.rule in {None, *rules}),
        (say("stage"), each.stage, str(got["stage"]), each.stage in {None, got["stage"]}),
        (
            say("by"),
            _channels(each.by),
            ", ".join(sorted(got["channels"] or ())),
            _by(each.by, got["channels"] or ()),
        ),
        (
            say("total"),
            _amount(each.total_minor, currency),
            _amount(got["overdue_minor"], currency) or NOTHING,
            each.total_minor in {None, got["overdue_minor"]},
        ),
    )
    for what, expected, came, agrees in wanted:
        if not agrees:
            yield _difference(case, each.line, what, expected or "", came)


def _sent(days: Iterable[rehearsal.Day]) -> list[Told]:
    """What was said on each day to each person, by which channels."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for day in days:
        for row in day.plan.messages.iter_rows(named=True):
            found.setdefault((day.on, row["person"], row["stage"]), set()).add(row["channel"])
    return [
        Told(
            on=on, person=person, stage=stage, by=tuple(sorted(map(Channel, by), key=lambda each: each.value))
        )
        for (on, person, stage), by in sorted(found.items())
    ]


def _told(case: Case, expected: Sequence[Told], sent: Sequence[Told]) -> Iterator[Difference]:
    def key(told: Told) -> tuple[object, ...]:
        return (told.on, told.person, told.stage)

    by_key = {key(told): told for told in sent}
    for told in expected:
        got = by_key.pop(key(told), None)
        if got is None or not _by(told.by, [channel.value for channel in got.by]):
            came = NOTHING if got is None else _one(got)
            yield _difference(case, case.line, say("told"), _one(told), came)
    for told in by_key.values():
        yield _difference(case, case.line, say("told"), NOTHING, _one(told))


def _one(told: Told) -> str:
    return f"{told.on.isoformat()} {told.person} {told.stage} {_channels(told.by)}".strip()


def _by(wanted: Sequence[Channel], got: Sequence[str]) -> bool:
    return not wanted or {channel.value for channel in wanted} == set(got)


def _channels(channels: Sequence[Channel]) -> str:
    return ", ".join(sorted(channel.value for channel in channels))


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else money.Money(minor=minor, currency=currency).plain()


def _reason(got: Mapping[str, Any]) -> str:
    # On what is sent, the rule is only the one that set its hour.
    held = got["outcome"] == Outcome.HOLD.value
    parts = (got["outcome"], got["code"], got["stage"], got["rule"] if held else None, got["fact"])
    return " ".join(str(part) for part in parts if part is not None)


def _difference(case: Case, line: int, what: str, expected: str, got: str) -> Difference:
    return Difference(place=f"{case.file}:{line}", what=what, expected=expected, got=got)
