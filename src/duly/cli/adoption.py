"""`duly law adopt` and `duly law next`: what a lender makes of the law, and what the law will make of him."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import approve, language, options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.said import say

if TYPE_CHECKING:
    from duly.app import coming, outlook


def adopt(
    *,
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help=tr("The ids of the rules to adopt."))
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=tr("Every rule that is in use here."))] = False,
    verified: Annotated[
        bool,
        typer.Option(
            "--verified", help=tr("With --all: only rules whose official text was read, no drafts.")
        ),
    ] = False,
    keys: approve.Keys = approve.DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Put your name to rows of the law as they are, with your own key; law/adopted.yaml keeps it."""
    from duly.app import adoption as app
    from duly.app import law, people

    if bool(rules) == every or (verified and not every):
        raise WrongUsage(
            say("either name the rules, or say --all, which alone may be narrowed by --verified"),
            remedy=say("`duly law status` lists what is in use and not adopted."),
        )
    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        done = app.adopt(
            actor,
            folder,
            rules or (),
            keys=keys.expanduser(),
            passphrase=approve.passphrase(twice=False),
            environ=os.environ,
            locale=language.chosen(),
            verified=verified,
        )
        screen.put("by", done.by)
        screen.put("at", done.at)
        screen.put("already", done.already)
        screen.table(
            "adopted",
            (
                show.Column(key="rule", title=tr("Rule")),
                show.Column(key="version", title=tr("Version")),
                show.Column(key="says", title=tr("What it says")),
                show.Column(key="reading", title=tr("Reading")),
                show.Column(key="text", title=tr("Fingerprint of the text")),
                show.Column(key="changed", title=tr("Changed since it was adopted before")),
            ),
            [
                (one.rule, one.version, one.says, law.reading(one.reading), one.text, one.changed)
                for one in done.rows
            ],
        )
        screen.say(
            tr(
                "{count} adopted by {name}; {already} were already. Commit law/adopted.yaml.",
                count=len(done.rows),
                name=done.by,
                already=done.already,
            )
        )


def coming_up(
    *,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help=tr("The day; today if left out.")),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show the changes of the law that are coming for this project, and what its plan would be then."""
    from duly.app import coming as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        day = None if on is None else on.date()
        found = app.look(actor, folder, on=day, locale=language.chosen(), environ=os.environ)
        screen.put("today", found.today)
        screen.put("book", found.book)
        screen.put("changes", [asdict(one) for one in found.changes])
        screen.put("differences", [asdict(one) for one in found.differences])
        for change in found.changes:
            _change(screen, change)
        if not any(change.rule for change in found.changes):
            screen.say(tr("No change of a rule is coming that could speak about what this project does."))
        elif found.book is None:
            screen.say(
                tr("No book is loaded, so nobody can say what the plan would be then. Load one: `duly load`.")
            )
        for difference in found.differences:
            _difference(screen, difference)


def _change(screen: show.Screen, change: coming.Change) -> None:
    from duly.app import law

    what = {
        "begins": tr("begins"),
        "ends": tr("ends, and nothing follows"),
        "proposed": tr("is proposed, and does not bind"),
        "review": tr("review"),
    }[change.kind]
    day = change.on.isoformat() if change.on else tr("without a day")
    screen.say(f"{day}  {change.rule or change.pack}  {what}", style="bold")
    screen.say(f"  {tr(change.says)}")
    if change.rule is None:
        screen.gap()
        return
    if change.cite:
        source = tr(
            "Source: {cite}. Reading: {reading}.", cite=change.cite, reading=tr(law.reading(change.reading))
        )
        screen.say(f"  {source}")
    lines = []
    if change.before:
        lines.append(tr("Before: {text}", text=change.before))
    if change.after:
        lines.append(tr("From then: {text}", text=change.after))
    if change.adopted is not None:
        lines.append(tr("Adopted: {state}", state=tr(change.adopted)))
    for line in lines:
        screen.say(f"  {line}")
    screen.gap()


def _difference(screen: show.Screen, found: outlook.Difference) -> None:
    day = found.on.isoformat() if found.on else tr("without a day")
    named = ", ".join(found.rules)
    head = (
        tr("The plan of {day}, if {rules} were law", day=found.day, rules=named)
        if found.proposed
        else tr("The plan of {day} by the law of {on} ({rules})", day=found.day, on=day, rules=named)
    )
    screen.say(head, style="bold")
    if not found.turned:
        nothing = tr("Nothing would be decided otherwise.")
        screen.say(f"  {nothing}")
        screen.gap()
        return
    screen.say(
        "  "
        + tr(
            "{count} accounts would be decided otherwise; messages {before} before, {after} after.",
            count=found.turned,
            before=found.messages_before,
            after=found.messages_after,
        )
    )
    if not screen.as_json:
        _tables(screen, found)


def _tables(screen: show.Screen, found: outlook.Difference) -> None:
    screen.table(
        "counts",
        (
            show.Column(key="stage", title=tr("Stage")),
            show.Column(key="outcome", title=tr("Outcome")),
            show.Column(key="code", title=tr("Reason")),
            show.Column(key="before", title=tr("Before"), right=True),
            show.Column(key="after", title=tr("After"), right=True),
        ),
        [(one.stage, one.outcome, one.code, one.before, one.after) for one in found.counts],
    )
    screen.table(
        "some",
        (
            show.Column(key="account", title=tr("Account")),
            show.Column(key="person", title=tr("Person")),
            show.Column(key="before", title=tr("Before")),
            show.Column(key="after", title=tr("After")),
        ),
        [(one.account, one.person, _decided(one.before), _decided(one.after)) for one in found.some],
    )


def _decided(one: outlook.Decided | None) -> tuple[object, ...] | None:
    if one is None:
        return None
    said = (one.stage, one.outcome, one.code, one.rule, one.fact, one.at)
    return tuple(part for part in said if part is not None)
