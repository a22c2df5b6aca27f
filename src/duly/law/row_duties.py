"""The typed part of a version's YAML for what never speaks to an act: parameters, deadlines, keeping, duties."""

from __future__ import annotations

from datetime import date

from duly.law import calendars, duties, hours, terms
from duly.law.source import Listing, Mapping, Scalar, Source

LANGUAGES = ("zh", "en")


def parameter(source: Source, node: Mapping) -> terms.Parameter | None:
    """A value, or the calendar that stands in the place of one."""
    value, unit = node.entries["value"], node.get("unit")
    said = str(unit.value) if isinstance(unit, Scalar) else None
    if isinstance(value, Mapping) and said == terms.CALENDAR:
        days = days_off(source, node, value)
        return terms.Parameter(value=days, unit=said) if days else None
    if not isinstance(value, Scalar) or (said == terms.CALENDAR and value.value is not None):
        source.refuse(
            value.line,
            "law.shape",
            "a parameter is one value",
            "Write a number, a word, true, false or null; of a calendar its weekend and its days.",
        )
        return None
    return terms.Parameter(value=value.value, unit=said)


def days_off(source: Source, version: Mapping, value: Mapping) -> calendars.Days | None:
    """The days off of a calendar. Each lies within the days of its version, which say how far it is known."""
    before = len(source.problems)
    if not source.keys(value, required=("weekend", "holidays"), optional=("working",)):
        return None
    weekend = _list(source, value, "weekend", hours.DAYS)
    since, until = source.day(version, "from"), source.day(version, "until")
    named: dict[str, frozenset[date]] = {}
    for key in ("holidays", "working"):
        found = set()
        for word in _list(source, value, key, None) if key in value.entries else ():
            day = _day(source, value, key, word)
            if day and ((since and day < since) or (until and until < day)):
                source.refuse(
                    value.line_of(key),
                    "law.calendar.outside",
                    f"{day} does not lie within the version's days",
                    "Give each year a version of its own.",
                )
            elif day:
                found.add(day)
        named[key] = frozenset(found)
    both = named["holidays"] & named["working"]
    if both:
        source.refuse(
            value.line_of("working"),
            "law.calendar.both",
            f"{min(both)} is a holiday and a working day",
            "Strike it from one of the lists.",
        )
    if len(source.problems) > before:
        return None
    return calendars.Days(
        since=since,
        until=until,
        weekend=frozenset(hours.DAYS.index(day) for day in weekend),
        holidays=named["holidays"],
        working=named["working"],
    )


def _list(source: Source, node: Mapping, key: str, allowed: tuple[str, ...] | None) -> tuple[str, ...]:
    """A list of different words that may be empty: a country may have no weekend."""
    entry = node.entries[key]
    if isinstance(entry, Listing) and not entry.items:
        return ()
    return source.words(node, key, allowed) or ()


def _day(source: Source, node: Mapping, key: str, word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        source.refuse(node.line_of(key), "law.date", f"{word!r} is not a day", "Write it as 2026-01-30.")
        return None


def deadline(source: Source, node: Mapping) -> duties.Deadline | None:
    """What must be done by when."""
    before = len(source.problems)
    trigger, what = both(source, node, "trigger"), both(source, node, "do")
    within, least, repeat = (length(source, node, key) for key in ("within", "least", "repeat_every"))
    side = source.word(node, "side", ("after", "before")) if "side" in node.entries else "after"
    until = both(source, node, "until_event") if "until_event" in node.entries else None
    counted = source.flag(node, "trigger_day_counts") if "trigger_day_counts" in node.entries else False
    if side == "before" and (within is None or repeat is not None):
        source.refuse(
            node.line,
            "law.deadline.before",
            "days before an event are counted once, and must be given",
            "Give `within`, and no `repeat_every`.",
        )
    if counted and (within is None or side == "before"):
        source.refuse(
            node.line_of("trigger_day_counts"),
            "law.deadline.first_day",
            "the day of the trigger is counted among days that follow it",
            "Remove it, or give `within` and no `side: before`.",
        )
    if least is not None and side != "before":
        source.refuse(
            node.line_of("least"), "law.deadline.least", "`least` belongs to `side: before`", "Remove it."
        )
    if len(source.problems) > before or trigger is None or what is None:
        return None
    return duties.Deadline(
        trigger=trigger,
        what=what,
        within=within,
        least=least,
        before=side == "before",
        repeat_every=repeat,
        until=until,
        trigger_day_counts=bool(counted),
    )


def retain(source: Source, node: Mapping) -> duties.Retain | None:
    """What is kept how long."""
    before = len(source.problems)
    kept, start, span = both(source, node, "object"), both(source, node, "start"), length(source, node, "for")
    if len(source.problems) > before or kept is None or start is None:
        return None
    return duties.Retain(object=kept, start=start, length=span)


def duty(source: Source, node: Mapping) -> duties.Duty | None:
    """What an organisation owes."""
    expected = both(source, node, "evidence_expected")
    return duties.Duty(evidence_expected=expected) if expected else None


def both(source: Source, node: Mapping, key: str) -> dict[str, str] | None:
    """A text in every language."""
    row = source.mapping(node.entries.get(key), node.line_of(key), repr(key))
    if row is None or not source.keys(row, required=LANGUAGES):
        return None
    texts = {language: source.text(row, language) for language in LANGUAGES}
    found = {language: text for language, text in texts.items() if text}
    return found if len(found) == len(LANGUAGES) else None


def length(source: Source, node: Mapping, key: str) -> duties.Length | None:
    """A length of time as `{n, unit}`, with the `calendar` of business days; None when null or absent."""
    if node.get(key) is None:
        return None
    row = source.mapping(node.entries[key], node.line_of(key), repr(key))
    if row is None or not source.keys(row, required=("n", "unit"), optional=("calendar",)):
        return None
    n, unit = source.whole(row, "n"), source.word(row, "unit", (one.value for one in duties.Period))
    business = unit == duties.Period.BUSINESS_DAYS.value
    if unit is not None and business != (row.get("calendar") is not None):
        source.refuse(
            row.line,
            "law.calendar.missing",
            "business days are days of a calendar, and only they are",
            "Name the rule that holds the calendar under `calendar`.",
        )
        return None
    if n is None or unit is None:
        return None
    return duties.Length(
        n=n, period=duties.Period(unit), calendar=source.text(row, "calendar") if business else None
    )
