"""`duly replies`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.said import say

if TYPE_CHECKING:
    from duly.app import replies as app


def replies(
    *,
    number: Annotated[
        int | None, typer.Argument(metavar="[REPLY]", help=tr("The number of a reply; left out, shows them."))
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help=tr("Why its text is read; it goes into the evidence."))
    ] = "",
    done: Annotated[str, typer.Option("--done", help=tr("Put it aside, and say what came of it."))] = "",
    everything: Annotated[bool, typer.Option("--all", help=tr("Show also those that need nobody."))] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show the replies that a person has to see to, read one, or put it aside."""
    from duly.app import people
    from duly.app import replies as app

    actor = people.recognise(folder, options.who(name))
    if number is None and (reason or done):
        raise WrongUsage(
            say("--reason and --done are about one reply"),
            remedy=say("Write its number, as `duly replies` shows it."),
        )
    with show.Screen(as_json=as_json) as screen:
        if number is None:
            _listed(screen, app.listed(actor, folder, everything=everything, environ=os.environ))
            return
        if done:
            seen = app.see_to(actor, folder, number=number, reason=done, environ=os.environ)
            screen.put("seen", seen.number)
            screen.say(tr("Reply {number} is put aside.", number=seen.number), style="green")
            return
        one = app.read(actor, folder, number=number, reason=reason, environ=os.environ)
        screen.facts(
            "reply",
            {
                "number": (tr("Reply"), one.number),
                "at": (tr("At"), one.at),
                "person": (tr("Person"), one.person),
                "meaning": (tr("Read as"), one.meaning),
                "confidence": (tr("Confidence"), one.confidence),
                "done": (tr("Done by itself"), one.done),
                "text": (tr("Text"), one.text),
            },
        )


def _listed(screen: show.Screen, found: tuple[app.Reply, ...]) -> None:
    screen.table(
        "replies",
        (
            show.Column(key="number", title=tr("Reply"), right=True),
            show.Column(key="at", title=tr("At")),
            show.Column(key="route", title=tr("Route")),
            show.Column(key="person", title=tr("Person")),
            show.Column(key="meaning", title=tr("Read as")),
            show.Column(key="confidence", title=tr("Confidence"), right=True),
            show.Column(key="done", title=tr("Done by itself")),
        ),
        [(one.number, one.at, one.route, one.person, one.meaning, one.confidence, one.done) for one in found],
    )
    if not found:
        screen.say(tr("No reply waits for anybody."), style="green")
