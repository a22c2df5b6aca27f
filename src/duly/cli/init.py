"""`duly init`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr
from duly.model.party import Actor, Duty


def init(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=tr("The folder to make; it must not exist, or be empty."))
    ],
    pack: Annotated[str, typer.Option("--pack", help=tr("Whose law to begin with."))] = "cn",
    accounts: Annotated[
        int, typer.Option("--accounts", min=1, max=10_000_000, help=tr("How many accounts to invent."))
    ] = 2000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help=tr("The same seed and day invent the same book."))
    ] = 1,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help=tr("The day the book is as of; today if left out."),
        ),
    ] = None,
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Make a project folder with an invented loan book."""
    from duly.app import init as app

    actor = Actor(name=options.who(name), duties=frozenset({Duty.ENGINEER}))
    day = (on or datetime.now().astimezone()).date()
    with show.Screen(as_json=as_json) as screen:
        with screen.steps() as tell:
            made = app.init(actor, folder, pack=pack, accounts=accounts, seed=seed, on=day, tell=tell)
        screen.facts(
            "made",
            {
                "folder": (tr("Folder"), made.folder),
                "files": (tr("Files"), made.files),
                "accounts": (tr("Accounts"), made.rows["accounts"]),
                "instalments": (tr("Instalments"), made.rows["instalments"]),
                "payments": (tr("Payments"), made.rows["payments"]),
                "on": (tr("As of"), made.on),
            },
        )
        screen.gap()
        screen.say(tr("Next: cd {folder}, then duly check, duly test, duly load.", folder=folder))
