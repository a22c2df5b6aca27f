"""`law/calendars/*.yaml`: which days are off, by the name of a calendar that the packs' rules count by.

    calendar: us-cal-federal        # the id of the rule that is the calendar
    from: 2027-01-01                # both days inclusive: outside them the calendar stays unknown
    until: 2027-12-31
    weekend: [sat, sun]
    holidays: [2027-01-01]
    working: []                     # days of the weekend that are worked in exchange
    by: zhao.min                    # who set it, when, and where it is written down
    on: 2026-11-27
    source: the list of the authority that sets the holidays

Where a pack's own calendar knows a day, it speaks; the lender's speaks of the days that the pack leaves open.
Refuses a calendar that no rule names, two files for one, a day outside the days they hold for, and a day that is
both off and worked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from duly.errors import Problem
from duly.law import calendars, hours
from duly.model.said import say
from duly.project import document
from duly.project.contents import Contents
from duly.project.table import Table

FOLDER = "law/calendars"

_KEYS = ("calendar", "from", "until", "weekend", "holidays", "working", "by", "on", "source")


@dataclass(frozen=True, kw_only=True)
class OwnCalendar:
    """A calendar that the lender set: its days, who set them, when, and after what."""

    name: str
    days: calendars.Days
    by: str
    on: date
    source: str


def read(contents: Contents, known: Iterable[str]) -> tuple[dict[str, OwnCalendar], list[Problem]]:
    """Every calendar of the folder by name; `known` are the names that the law has."""
    found: dict[str, OwnCalendar] = {}
    problems: list[Problem] = []
    names = sorted(known)
    for path in sorted(contents.under(FOLDER)):
        if not path.endswith((".yaml", ".yml")):
            continue
        text, wrong = contents.text(path)
        problems += wrong
        if text is None:
            continue
        read_as, wrong = document.read_yaml(text, kind="calendar", file=path)
        problems += wrong
        if read_as is None:
            continue
        table = Table(read_as, (), problems, known=_KEYS)
        one = _calendar(table)
        if one is None:
            continue
        if one.name not in names:
            remedy = (
                say("Write one of {names}.", names=", ".join(names))
                if names
                else say("Remove the file: no pinned pack counts by a calendar.")
            )
            table.refuse(
                "calendar", "unknown", say("no rule is a calendar named {name}", name=one.name), remedy
            )
        elif one.name in found:
            table.refuse(
                "calendar",
                "twice",
                say("two files hold the calendar {name}", name=one.name),
                say("Write all its days into one of them."),
            )
        found.setdefault(one.name, one)
    return found, problems


def _calendar(table: Table) -> OwnCalendar | None:
    before = len(table.problems)
    name, by, source = table.text("calendar"), table.text("by"), table.text("source")
    since, until, on = table.day("from"), table.day("until"), table.day("on")
    weekend = table.texts("weekend", required=True, among=hours.DAYS) if table.value.get("weekend") else ()
    holidays, working = _days(table, "holidays"), _days(table, "working")
    if since is not None and until is not None:
        if until < since:
            table.refuse("until", "reversed", say("it ends before it begins"), say("Correct the days."))
            return None
        for key, days in (("holidays", holidays), ("working", working)):
            for day in sorted(days):
                if not since <= day <= until:
                    what = say("{day} lies outside the days that the calendar holds for", day=day.isoformat())
                    table.refuse(key, "outside", what, say("Move `from` or `until`, or remove the day."))
    for day in sorted(holidays & working):
        what = say("{day} cannot be both a holiday and a working day", day=day.isoformat())
        table.refuse("working", "both", what, say("Keep it in one of the two lists."))
    if len(table.problems) > before or name is None or by is None or source is None:
        return None
    if since is None or until is None or on is None:
        return None
    whole = calendars.Days(
        since=since,
        until=until,
        weekend=frozenset(hours.DAYS.index(day) for day in weekend),
        holidays=holidays,
        working=working,
    )
    return OwnCalendar(name=name, days=whole, by=by, on=on, source=source)


def _days(table: Table, key: str) -> frozenset[date]:
    value = table.value.get(key)
    if value is None:
        if key not in table.value:
            what, remedy = (
                say("`{key}` is missing", key=key),
                say("Add `{key}` here, [] where there is none.", key=key),
            )
            table.refuse(key, "key.missing", what, remedy)
        return frozenset()
    # A moment is a date too in Python; here a day is meant.
    if not isinstance(value, list) or not all(type(day) is date for day in value):
        table.refuse(
            key,
            "days",
            say("`{key}` must be a list of days", key=key),
            say("Write [2027-01-01, 2027-05-01], and [] where there is none."),
        )
        return frozenset()
    return frozenset(value)


def policies(found: Mapping[str, OwnCalendar]) -> dict[str, calendars.Days]:
    """The calendars as the law takes them."""
    return {name: one.days for name, one in found.items()}
