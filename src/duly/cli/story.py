"""`duly explain`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import language, options, show
from duly.cli.language import tr


def explain(
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=tr("The lender's id of the account."))],
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Tell, day by day, what was done about an account or not done, and why."""
    from duly.app import people
    from duly.app import story as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        told = app.tell(actor, folder, account=account, locale=language.chosen(), environ=os.environ)
        screen.put("account", told.account)
        screen.put(
            "story",
            [
                {
                    "day": line.day,
                    "at": line.at,
                    "kind": line.kind,
                    "person": line.person,
                    "says": tr(line.says),
                }
                for line in told.lines
            ],
        )
        narrate(screen, told)


def narrate(screen: show.Screen, told: object, *, most: int | None = None) -> None:
    """The story for a person: a heading for each day, a line for each thing; at most so many lines of it."""
    from duly.app.story import Story

    if not isinstance(told, Story):
        raise TypeError("a story is told")
    day = None
    for line in told.lines[:most]:
        if line.day != day:
            day = line.day
            screen.gap()
            screen.say(day.isoformat(), style="bold")
        at = line.at.strftime("%H:%M:%S") if line.at is not None else " " * 8
        screen.say(f"  {at}  {line.person}  {tr(line.says)}" if line.person else f"  {at}  {tr(line.says)}")
    left = 0 if most is None else len(told.lines) - most
    if left > 0:
        screen.say(tr("  … and {count} more", count=left), style="dim")
