"""What of the law will change for this project, and what its plan would be then: told, never done.

Refuses to guess: where no book is loaded there is no difference to show, and a proposal is called one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from duly.app import adoption as adopting
from duly.app import outlook, premises
from duly.law import coming, portrait, rules, terms
from duly.law.coming import Kind
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.project import usage
from duly.project.folder import Project
from duly.run import inputs
from duly.store import sql

_SQL = sql.load()
_MORNING = time(7, 30)  # the plan is made as if the day had just begun


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: a rule that begins, ends or is proposed, or the end of a pack's review (then without a rule)."""

    on: date | None
    kind: str
    pack: str
    rule: str | None
    says: str
    cite: str
    status: str
    reading: str
    before: str
    after: str
    adopted: Said | None


@dataclass(frozen=True, kw_only=True)
class Coming:
    """Everything that is to change after `today`; `book` is the day of the book that was planned, None without one."""

    today: date
    changes: tuple[Change, ...]
    book: date | None
    differences: tuple[outlook.Difference, ...]


def look(actor: Actor, folder: Path, *, on: date | None, locale: str, environ: Mapping[str, str]) -> Coming:
    """What changes after a day (today if none is given) for the project around `folder`. Writes and sends nothing."""
    del actor  # anybody may look
    with (
        premises.opened(folder, environ) as home,
        home.connect("duly_planner", patient=True) as connection,
    ):
        today = on if on is not None else home.local_day(home.time.now())
        project = home.project
        found = list(changes(project, today))
        told = [*_told(project, found, locale), *_reviews(project, today)]
        loaded = connection.execute(_SQL["manifest_in_force"]).fetchone()
        differences: tuple[outlook.Difference, ...] = ()
        if loaded is not None and found:
            at = datetime.combine(today, _MORNING, ZoneInfo(project.settings.zone)).astimezone(UTC)
            made = inputs.gather(home, connection, on=today, at=at)
            differences = tuple(outlook.differences(project.law, made.inputs, found))
    last = date.max
    return Coming(
        today=today,
        changes=tuple(sorted(told, key=lambda each: (each.on or last, each.pack, each.rule or ""))),
        book=None if loaded is None else loaded[1],
        differences=differences,
    )


def changes(project: Project, today: date) -> Iterator[coming.Change]:
    """Every coming change of a rule that can speak about what the project does, before it or after."""
    made = usage.acts(project.settings, project.strategy)
    every = [(rule, change) for rule in project.law.rules for change in coming.changes(rule, today)]
    days = {today} | {change.on for _, change in every if change.on is not None}
    used = {
        one.rule.id
        for day in days
        for one in usage.of_day(project.law.rules, project.settings, project.strategy, day)
    }
    for rule, change in every:
        sides = [version for version in (change.before, change.after) if version is not None]
        silent = any(isinstance(version.term, terms.Silent) for version in sides)
        if (silent and rule.id in used) or any(usage.can_speak(rule, version, made) for version in sides):
            yield change


def _told(project: Project, found: Sequence[coming.Change], locale: str) -> Iterator[Change]:
    packs = {rule.id: name for name, one in project.packs.items() for rule in one.rules}
    for change in found:
        whole = portrait.of(change.rule, change.on or date.max, locale)
        text = change.after or change.before
        if text is None:
            continue
        yield Change(
            on=change.on,
            kind=change.kind.value,
            pack=packs[change.rule.id],
            rule=change.rule.id,
            says=whole.title,
            cite=text.cite.brief(),
            status=text.status.value,
            reading=text.reading.value,
            before=_in_words(change.rule, change.before, whole),
            after=_in_words(change.rule, change.after, whole),
            adopted=(
                None
                if change.after is None or change.kind is Kind.PROPOSED
                else adopting.state(adopting.stands(project, change.rule, change.after))
            ),
        )


def _in_words(rule: rules.Rule, version: rules.Version | None, whole: portrait.Portrait) -> str:
    """What a text demands and of whom; nothing where there is no text."""
    if version is None:
        return ""
    text = whole.texts[rule.versions.index(version)]
    return " ".join(part for part in (text.demands, text.applies) if part)


def _reviews(project: Project, today: date) -> Iterator[Change]:
    for name, one in project.packs.items():
        if one.reviewed_until >= today:
            yield Change(
                on=one.reviewed_until,
                kind="review",
                pack=name,
                rule=None,
                says=say(
                    "The review of the pack {pack} ends; what the law changes later is not in it.", pack=name
                ),
                cite="",
                status="",
                reading="",
                before="",
                after="",
                adopted=None,
            )
