"""`duly explain`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duly import errors
from duly.cli import amounts as figures
from duly.cli import language, options, show
from duly.cli.language import tr
from duly.model.said import say


def explain(
    *,
    account: Annotated[
        str | None,
        typer.Argument(
            metavar="[ACCOUNT]", help=tr("The lender's id of the account; a bundle knows it by itself.")
        ),
    ] = None,
    amounts: Annotated[
        bool,
        typer.Option("--amounts", help=tr("Its amounts line by line, for a pocket calculator, instead.")),
    ] = False,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help=tr("With --amounts: of which day; today's if left out."),
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="BUNDLE",
            help=tr("With --amounts: from a bundle of `duly prove` alone; no project is needed."),
        ),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            "--trust", metavar="FINGERPRINT", help=tr("The fingerprint of the log's key, from the lender.")
        ),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Tell, day by day, what was done about an account or not done, and why; or its amounts, line by line."""
    from duly.app import people
    from duly.app import story as app

    day = None if on is None else on.date()
    if amounts and bundle is not None:
        with show.Screen(as_json=as_json) as screen:
            figures.of_bundle(screen, bundle, trusted=tuple(trust or ()), on=day)
        return
    if account is None:
        raise errors.WrongUsage(
            say("no account was named"),
            remedy=say("Name one: `duly explain ACCOUNT`, or a bundle with --amounts."),
        )
    if amounts:
        with show.Screen(as_json=as_json) as screen:
            figures.of_book(screen, folder, account=account, on=day, name=name)
        return
    if on is not None or bundle is not None or trust:
        raise errors.WrongUsage(
            say("--on, --from and --trust are for --amounts"), remedy=say("Add --amounts, or leave them out.")
        )
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
