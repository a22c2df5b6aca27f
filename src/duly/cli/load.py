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
        bool, typer.Option("--strict", help=tr("Fail where any row goes to the quarantine."))
    ] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Read the book's files and put them in force; the same files twice change nothing."""
    from duly.app import books as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        done = app.load(actor, folder, as_of=None if as_of is None else as_of.date(), environ=os.environ)
        screen.facts(
            "loaded",
            {
                "changed": (tr("Changed"), done.changed),
                "as_of": (tr("As of"), done.as_of),
                "accounts": (tr("Accounts"), done.accounts),
                "persons": (tr("Persons"), done.persons),
                "payments": (tr("New payments"), done.payments),
                "quarantined": (tr("Rows in quarantine"), done.quarantined),
                "manifest": (tr("Snapshot"), done.manifest),
            },
        )
        if done.warnings:
            screen.gap()
            screen.problems(done.warnings)
        if strict and done.quarantined:
            raise typer.Exit(4)
