"""`duly pay` and `duly hold`: what a person tells duly of one account."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr
from duly.model.account import HoldKind

Day = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help=tr("The day; today if left out.")),
]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help=tr("The lender's id of the account."))]


def pay(
    *,
    account: Account,
    minor: Annotated[
        int, typer.Option("--minor", min=1, help=tr("The amount in minor units: 123000 is 1,230.00."))
    ],
    payment: Annotated[
        str, typer.Option("--id", help=tr("The lender's id of the payment; told twice, it counts once."))
    ],
    on: Annotated[
        datetime, typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help=tr("The day it was paid."))
    ],
    reversal: Annotated[
        bool, typer.Option("--reversal", help=tr("It undoes the payment of that id."))
    ] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Tell of a payment that no feed has brought yet; nothing more leaves for what it changes."""
    from duly.app import notes as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        new = app.pay(
            actor,
            folder,
            account=account,
            payment=payment,
            minor=minor,
            on=on.date(),
            reversal=reversal,
            environ=os.environ,
        )
        screen.put("new", new)
        screen.say(tr("Recorded.") if new else tr("This payment was known already."))


def hold(
    *,
    account: Account,
    kind: Annotated[
        HoldKind, typer.Argument(metavar="KIND", help=tr("What holds the account, such as dispute."))
    ],
    lift: Annotated[bool, typer.Option("--lift", help=tr("End the hold instead of setting it."))] = False,
    person: Annotated[
        bool,
        typer.Option("--person", help=tr("ACCOUNT is the id of a person; it holds for all his accounts.")),
    ] = False,
    on: Day = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Hold an account, or end a hold."""
    from duly.app import notes as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        held = app.hold(
            actor,
            folder,
            account=account,
            kind=kind,
            on=None if on is None else on.date(),
            lift=lift,
            environ=os.environ,
            person=person,
        )
        screen.put("on", held.day)
        screen.put("still_held", held.persons)
        screen.say(
            tr("No longer held from {day}.", day=held.day) if lift else tr("Held from {day}.", day=held.day)
        )
        for one in held.persons:
            screen.say(
                tr(
                    "But {person} is held for that as a person; it ends by "
                    "`duly hold {person} {kind} --person --lift`.",
                    person=one,
                    kind=kind.value,
                ),
                style="yellow",
            )
