"""`duly load`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def load(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help=tr("The day the files speak of; today if left out."),
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help=tr("Fail where any row would go to the quarantine, and put nothing in force.")
        ),
    ] = False,
    corrected: Annotated[
        Path | None,
        typer.Option(
            "--corrected",
            metavar="FILE",
            help=tr("Rows of the quarantine as they should have been, in the file that was exported."),
        ),
    ] = None,
    older: Annotated[
        bool,
        typer.Option("--older", help=tr("Take a feed that reaches less far than the one in force.")),
    ] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Read the book's files and put them in force; the same files twice change nothing."""
    from duly.app import books as app
    from duly.app import people
    from duly.cli import following

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        with screen.steps() as tell:
            done = app.load(
                actor,
                folder,
                as_of=None if as_of is None else as_of.date(),
                environ=os.environ,
                strict=strict,
                older=older,
                corrected=corrected,
                tell=tell,
            )
        screen.facts(
            "loaded",
            {
                "changed": (tr("Changed"), done.changed),
                "as_of": (tr("As of"), done.as_of),
                "accounts": (tr("Accounts"), done.accounts),
                "persons": (tr("Persons"), done.persons),
                "payments": (tr("New payments"), done.payments),
                **(
                    {}
                    if done.imported is None
                    else {"imported": (tr("New rows of the system before"), done.imported)}
                ),
                "quarantined": (tr("Rows in quarantine"), done.quarantined),
                "manifest": (tr("Snapshot"), done.manifest),
            },
        )
        if done.consequences:
            following.show_all(screen, done.consequences)
        if done.warnings:
            screen.gap()
            screen.problems(done.warnings)
        if strict and done.quarantined:
            raise typer.Exit(4)
