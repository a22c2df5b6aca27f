"""`duly doubts`."""

from __future__ import annotations

import os
from pathlib import Path

from duly.cli import options, show
from duly.cli.language import tr


def doubts(
    *, folder: options.Folder = Path(), name: options.Name = None, as_json: options.Json = False
) -> None:
    """Show every hand-over of which nobody knows whether it arrived."""
    from duly.app import doubts as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        found = app.listed(actor, folder, environ=os.environ)
        screen.table(
            "doubts",
            (
                show.Column(key="day", title=tr("Day")),
                show.Column(key="message", title=tr("Message")),
                show.Column(key="person", title=tr("Person")),
                show.Column(key="route", title=tr("Route")),
                show.Column(key="at", title=tr("Released")),
                show.Column(key="reason", title=tr("Why it is in doubt")),
            ),
            [(one.day, one.message, one.person, one.route, one.at, one.reason) for one in found],
        )
        if not found:
            screen.say(tr("No hand-over is in doubt."), style="green")
