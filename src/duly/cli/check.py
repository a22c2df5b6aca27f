"""`duly check`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def check(
    *,
    folder: options.Folder = Path(),
    production: Annotated[
        bool, typer.Option("--production", help=tr("Ask also for what a real carrier and real debtors need."))
    ] = False,
    lock: Annotated[
        bool, typer.Option("--lock", help=tr("Accept the packs as they are now, and write duly.lock."))
    ] = False,
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Say everything that is wrong with the project, with file and line."""
    from duly.app import check as app
    from duly.app import people

    with show.Screen(as_json=as_json) as screen:
        actor = people.recognise(folder, options.who(name))
        if lock:
            pinned = app.accept_packs(actor, folder)
            screen.put("locked", {pack: asdict(one) for pack, one in pinned.items()})
            for pack, one in pinned.items():
                screen.say(tr("locked {name} of {version}", name=pack, version=one.version))
        today = datetime.now().astimezone().date()
        report = app.check(actor, folder, on=today, environ=os.environ, ready=production)
        screen.problems(report.problems)
        if report.wants:
            screen.table(
                "facts",
                (
                    show.Column(key="fact", title=tr("Fact the law asks for")),
                    show.Column(key="rules", title=tr("Rules that need it")),
                    show.Column(key="accounts", title=tr("Accounts it holds"), right=True),
                ),
                [(want.fact, want.rules, want.accounts) for want in report.wants],
                title=tr("The book does not supply these facts; what needs them is held"),
            )
        if report.problems:
            raise typer.Exit(1)
        screen.put("digests", report.digests)
        screen.say(tr("No problem found in {count} files.", count=report.files), style="green")
