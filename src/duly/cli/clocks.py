"""`duly clocks`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def clocks(
    *,
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help=tr("The lender's id of the account."))
    ] = None,
    within: Annotated[
        int | None,
        typer.Option(
            "--within",
            metavar="DAYS",
            min=0,
            help=tr("Only those that end within so many days, or have ended."),
        ),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show until when each claim can be raised, until when each guarantor is bound, and what restarted the time."""
    from duly.app import clocks as app
    from duly.app import people, words

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        on, found = app.listed(actor, folder, account=account, within=within, environ=os.environ)
        screen.put("on", on)
        screen.table(
            "clocks",
            (
                show.Column(key="account", title=tr("Account")),
                show.Column(key="person", title=tr("Person")),
                show.Column(key="role", title=tr("Role")),
                show.Column(key="kind", title=tr("Clock")),
                show.Column(key="state", title=tr("State")),
                show.Column(key="ends", title=tr("Last day")),
                show.Column(key="perhaps", title=tr("With drafts")),
                show.Column(key="left", title=tr("Days left"), right=True),
                show.Column(key="event", title=tr("Restarted by")),
                show.Column(key="event_on", title=tr("On")),
                show.Column(key="proof", title=tr("Proof")),
                show.Column(key="rules", title=tr("Rules")),
            ),
            [
                (
                    one.account,
                    one.person,
                    one.role if as_json else words.said(one.role),
                    one.kind if as_json else words.said(one.kind),
                    one.state if as_json else words.said(one.state),
                    one.ends,
                    None if one.perhaps == one.ends and not as_json else one.perhaps,
                    one.left,
                    one.event if as_json or one.event is None else words.said(one.event),
                    one.event_on,
                    one.proof,
                    list(one.rules) if as_json else ", ".join(one.rules),
                )
                for one in found
            ],
        )
        if not found:
            screen.say(tr("No clock runs out in that time."), style="green")
