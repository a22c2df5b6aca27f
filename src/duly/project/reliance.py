"""What production asks of the law in use: that every row was adopted as it is, and every calendar is known.

Refuses nothing else: a row that nobody adopted blocks all the same, here and everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from duly.errors import Problem
from duly.law import needs
from duly.law.calendars import UNKNOWN
from duly.model.said import Said, say
from duly.project import adoption, calendars, law, own, usage
from duly.project.adoption import Standing, State
from duly.project.folder import Project


def problems(project: Project, on: date) -> Iterator[Problem]:
    """Each row in use on the day that nobody adopted as it is, and each calendar in use that does not know the day."""
    written = law.written_here(project.packs)
    used = usage.of_day(project.law.rules, project.settings, project.strategy, on)
    for one in used:
        stands = adoption.standing(
            one.rule,
            one.version,
            project.adoptions,
            own=one.rule.id in written,
            duties=project.settings.people,
        )
        says = lacks(one, stands)
        if says is not None:
            yield Problem(
                code="production.unadopted", file=adoption.FILE, what=says, remedy=remedy(one.rule.id)
            )
    yield from _unknown_days(project, used, on)


def lacks(used: usage.Used, stands: Standing) -> Said | None:
    """What stands between a row in use and production; None where nothing does."""
    if stands.state in {State.OWN, State.ADOPTED}:
        return None
    whose = {"rule": used.rule.id, "version": used.version.name, "title": used.rule.title["en"]}
    by = stands.adoption.by if stands.adoption else ""
    match stands.state:
        case State.CHANGED:
            return say("{rule} ({version}) changed since {by} adopted it: {title}", by=by, **whose)
        case State.WITHOUT_DUTY:
            return say("{rule} ({version}) was adopted by {by}, who may not: {title}", by=by, **whose)
        case _:
            return say("{rule} ({version}) is in use and nobody adopted it: {title}", **whose)


def remedy(rule: str) -> Said:
    """How a row is adopted."""
    return say("Have counsel read it, `duly law show {rule}`, and sign: `duly law adopt {rule}`.", rule=rule)


def _unknown_days(project: Project, used: tuple[usage.Used, ...], on: date) -> Iterator[Problem]:
    known = project.law.calendars(project.policy)
    counted = {name for one in used for name in needs.calendars_of(one.version.term)}
    for name in sorted(counted & own.calendar_names(project.law.rules)):
        if known.get(name, UNKNOWN).part(on) is None:
            by = ", ".join(one.rule.id for one in used if name in needs.calendars_of(one.version.term))
            yield Problem(
                code="production.calendar",
                file=calendars.FOLDER,
                what=say(
                    "nobody says which days of {day} on are working days of {name}, and {rules} count by it",
                    day=on.isoformat(),
                    name=name,
                    rules=by,
                ),
                remedy=say("Write its days into {folder}/{name}.yaml.", folder=calendars.FOLDER, name=name),
            )
