"""`duly archive`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def archive(
    *,
    yes: Annotated[bool, typer.Option("--yes", help=tr("Put away what is shown without it."))] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show which old days of sending may go into Parquet files and out of the database; with --yes put them there."""
    from duly.app import archive as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if yes:
            gone = app.put_away(actor, folder, environ=os.environ)
            screen.table(
                "put_away",
                (
                    show.Column(key="day", title=tr("Day")),
                    show.Column(key="rows", title=tr("Rows"), right=True),
                    show.Column(key="folder", title=tr("Lies in")),
                    show.Column(key="waits", title=tr("Waits for a report that is open")),
                ),
                [(one.day, one.rows, one.folder, one.waits) for one in gone],
                title=tr("Put away: {count}", count=len(gone)),
            )
            return
        found = app.days(actor, folder, environ=os.environ)
        going = [one for one in found if one.kept_for is None]
        for key, rows, title in (
            (
                "kept",
                [one for one in found if one.kept_for is not None],
                tr("Kept: {count}", count=len(found) - len(going)),
            ),
            ("going", going, tr("Nothing asks for: {count}", count=len(going))),
        ):
            screen.table(
                key,
                (
                    show.Column(key="day", title=tr("Day")),
                    show.Column(key="bytes", title=tr("Bytes"), right=True),
                    show.Column(key="kept_for", title=tr("Kept, because")),
                ),
                [(one.day, one.bytes, one.kept_for) for one in rows],
                title=title,
            )
        if going:
            screen.say(tr("Nothing was put away yet; add --yes."))
