"""`duly status`."""

from __future__ import annotations

import os
from pathlib import Path

from duly.cli import options, show
from duly.cli.language import tr


def status(
    *, folder: options.Folder = Path(), name: options.Name = None, as_json: options.Json = False
) -> None:
    """Show what holds sending back, or is about to: halts, runs to be released, first parts, ceilings, carriers."""
    from duly.app import people
    from duly.app import status as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        found = app.look(actor, folder, environ=os.environ)
        screen.table(
            "halts",
            (
                show.Column(key="number", title=tr("Halt"), right=True),
                show.Column(key="scope", title=tr("Scope")),
                show.Column(key="value", title=tr("Which")),
                show.Column(key="reason", title=tr("Reason")),
                show.Column(key="by", title=tr("By")),
                show.Column(key="at", title=tr("Since")),
            ),
            [(one.number, one.scope, one.value, one.reason, one.by, one.at) for one in found.halts],
            title=tr("Halted: {count}", count=len(found.halts)),
        )
        if found.stale:
            screen.say(tr("Feeds that are late: {feeds}", feeds=", ".join(found.stale)), style="yellow")
        screen.put("stale_feeds", list(found.stale))
        _waiting(screen, found)
        screen.table(
            "ceilings",
            (
                show.Column(key="what", title=tr("Ceiling")),
                show.Column(key="route", title=tr("Route")),
                show.Column(key="used", title=tr("Used"), right=True),
                show.Column(key="most", title=tr("Of"), right=True),
                show.Column(key="until", title=tr("Until")),
            ),
            [(one.what, one.route, one.used, one.most, one.until) for one in found.ceilings],
        )
        screen.table(
            "carriers",
            (
                show.Column(key="route", title=tr("Route")),
                show.Column(key="answered", title=tr("Answered"), right=True),
                show.Column(key="accepted", title=tr("Accepted"), right=True),
                show.Column(key="arrived", title=tr("Arrived"), right=True),
                show.Column(key="lost", title=tr("Did not arrive"), right=True),
                show.Column(key="throttled", title=tr("Asked for less"), right=True),
                show.Column(key="stopped", title=tr("Stop or complaint"), right=True),
                show.Column(key="alarm", title=tr("Alarm")),
            ),
            [
                (
                    one.route,
                    one.lately.answered,
                    one.lately.accepted,
                    one.lately.arrived,
                    one.lately.lost,
                    one.lately.throttled,
                    one.lately.stopped,
                    one.alarm,
                )
                for one in found.carriers
            ],
            title=tr("The last messages of each route"),
        )
        screen.facts("days", {"until": (tr("Days made ahead, until"), found.days_until)})


def _waiting(screen: show.Screen, found: object) -> None:
    from duly.app.status import Status

    if not isinstance(found, Status):
        raise TypeError("a status is shown")
    if found.runs:
        screen.table(
            "runs",
            (
                show.Column(key="number", title=tr("Run"), right=True),
                show.Column(key="messages", title=tr("Messages"), right=True),
                show.Column(key="persons", title=tr("People"), right=True),
                show.Column(key="overdue", title=tr("Overdue"), right=True),
                show.Column(key="beyond", title=tr("Out of the ordinary by")),
                show.Column(key="released", title=tr("Released")),
            ),
            [
                (one.number, one.messages, one.persons, one.overdue, list(one.beyond), one.released)
                for one in found.runs
            ],
            title=tr("Runs that two people release: `duly approve run`"),
        )
    if found.first_parts:
        screen.table(
            "first_parts",
            (
                show.Column(key="notice", title=tr("Notice")),
                show.Column(key="route", title=tr("Route")),
                show.Column(key="messages", title=tr("First part"), right=True),
                show.Column(key="gone", title=tr("Left"), right=True),
                show.Column(key="arrived", title=tr("Arrived"), right=True),
                show.Column(key="lost", title=tr("Did not arrive"), right=True),
                show.Column(key="refused", title=tr("Refused"), right=True),
                show.Column(key="rest", title=tr("Wait for it"), right=True),
                show.Column(key="halt", title=tr("Halt"), right=True),
            ),
            [
                (
                    one.notice,
                    one.route,
                    one.messages,
                    one.gone,
                    one.arrived,
                    one.lost,
                    one.refused,
                    one.rest,
                    one.halt,
                )
                for one in found.first_parts
            ],
            title=tr("First parts of runs that are waited for"),
        )
    if found.phones:
        screen.table(
            "phones",
            (
                show.Column(key="notice", title=tr("Notice")),
                show.Column(key="route", title=tr("Route")),
                show.Column(key="received", title=tr("Received"), right=True),
                show.Column(key="phones", title=tr("Of"), right=True),
                show.Column(key="attempts", title=tr("Attempts"), right=True),
            ),
            [(one.notice, one.route, one.received, one.phones, one.attempts) for one in found.phones],
            title=tr("Our own phones"),
        )
