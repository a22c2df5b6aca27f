"""`duly halt` and `duly resume`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import approve, options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.approval import NONCE_BYTES
from duly.model.said import say


def halt(
    *,
    scope: Annotated[
        str,
        typer.Argument(
            metavar="[SCOPE]",
            help=tr(
                "all, or creditor=…, brand=…, channel=…, route=…, stage=…, template=…, person=…, account=…; left out, "
                "shows the halts."
            ),
        ),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help=tr("Why; it goes into the evidence."))] = "",
    shows: Annotated[
        bool, typer.Option("--list", help=tr("Show the halts that are in force, and stop nothing."))
    ] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Stop sending at once, everywhere or within a scope."""
    from duly.app import brakes, people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if scope and shows:
            raise WrongUsage(
                say("--list stops nothing, and {scope} says what to stop", scope=scope),
                remedy=say("Leave out one of the two."),
            )
        if scope:
            kind, _, value = scope.partition("=")
            brakes.stop(actor, folder, scope=kind, value=value, reason=reason, environ=os.environ)
        _halts(screen, brakes.in_force(actor, folder, environ=os.environ))


def resume(
    *,
    number: Annotated[int, typer.Argument(metavar="HALT", help=tr("The number that `duly halt` shows."))],
    keys: approve.Keys = approve.DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Sign that a halt be lifted; the second signature lifts it."""
    from duly.app import brakes, people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        lacking = brakes.resume(
            actor,
            folder,
            number,
            keys=keys.expanduser(),
            passphrase=approve.passphrase(twice=False),
            nonce=secrets.token_bytes(NONCE_BYTES),
            environ=os.environ,
        )
        screen.put("lifted", not lacking)
        screen.put("lacking", [each.says for each in lacking])
        if lacking:
            for each in lacking:
                screen.say(each.says, style="yellow")
        else:
            screen.say(tr("Halt {number} is lifted.", number=number), style="green")


def _halts(screen: show.Screen, halts: tuple[object, ...]) -> None:
    from duly.app.brakes import Halt

    found = [one for one in halts if isinstance(one, Halt)]
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
        [(one.number, one.scope, one.value, one.reason, one.by, one.at) for one in found],
    )
    if not found:
        screen.say(tr("Nothing is halted."))
