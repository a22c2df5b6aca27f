"""`duly doctor`."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from duly.cli import options, show
from duly.cli.language import tr


def doctor(
    *, folder: options.Folder = Path(), name: options.Name = None, as_json: options.Json = False
) -> None:
    """Look whether everything that duly leans on is sound, and say what to do where it is not."""
    from duly.app import doctor as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        found = app.look(actor, folder, environ=os.environ)
        screen.table(
            "findings",
            (
                show.Column(key="what", title=tr("What")),
                show.Column(key="sound", title=tr("Sound")),
                show.Column(key="detail", title=tr("Detail")),
                show.Column(key="remedy", title=tr("What to do")),
            ),
            [(one.what, one.sound, one.detail, "" if one.sound else one.remedy) for one in found],
        )
        if not all(one.sound for one in found):
            raise typer.Exit(3)
