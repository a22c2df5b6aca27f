"""`duly recover`."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import approve, options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.approval import NONCE_BYTES
from duly.model.said import say

if TYPE_CHECKING:
    from duly.app import recover as app


def recover(
    *,
    signs: Annotated[
        bool,
        typer.Option("--sign", help=tr("Sign that the log be gone on from; the second signature does it.")),
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help=tr("Sign that those who are held since may be written to again from this day on."),
        ),
    ] = None,
    keys: approve.Keys = approve.DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Say what a database put back from a backup lacks, and go on from the log when two people have signed."""
    from duly.app import people
    from duly.app import recover as app

    actor = people.recognise(folder, options.who(name))
    if signs and since is not None:
        raise WrongUsage(
            say("--sign and --since are two decisions"),
            remedy=say("First sign, then look, then say the day."),
        )
    with show.Screen(as_json=as_json) as screen:
        if not signs and since is None:
            _found(screen, app.look(actor, folder, environ=os.environ))
            return
        secret = approve.passphrase(twice=False)
        nonce = secrets.token_bytes(NONCE_BYTES)
        given = keys.expanduser()
        if since is not None:
            signed = app.free(
                actor,
                folder,
                since=since.date(),
                keys=given,
                passphrase=secret,
                nonce=nonce,
                environ=os.environ,
            )
        else:
            signed = app.go_on(actor, folder, keys=given, passphrase=secret, nonce=nonce, environ=os.environ)
        _signed(screen, signed)


def _signed(screen: show.Screen, signed: app.Signed) -> None:
    screen.put("done", not signed.lacking)
    screen.put("lacking", [each.says for each in signed.lacking])
    screen.put("persons", signed.held)
    screen.put("halt", signed.halt)
    for each in signed.lacking:
        screen.say(each.says, style="yellow")
    if signed.lacking:
        return
    if signed.since is not None:
        screen.say(
            tr("{count} people are held no more from {day} on.", count=signed.held, day=signed.since),
            style="green",
        )
        return
    screen.say(tr("Log and database are one again, and the log goes on where it was."), style="green")
    screen.say(tr("{count} people who may have been written to are held.", count=signed.held))
    screen.say(
        tr(
            "Everything is halted: load the newest book, enter what people told you meanwhile, and lift halt {halt} "
            "by `duly resume {halt}`; it takes two.",
            halt=signed.halt,
        )
    )


def _found(screen: show.Screen, found: app.Found) -> None:
    lapse = found.lapse
    screen.put("recovering", lapse is not None)
    if lapse is not None:
        _lapse(screen, lapse)
        return
    screen.say(tr("Log and database are one."), style="green")
    last = found.last
    if last is None:
        return
    screen.facts(
        "recovery",
        {
            "at": (tr("Last recovery"), last.at),
            "persons": (tr("Held by it"), last.held),
            "everybody": (tr("Everybody, because it could not be told who"), last.everybody),
            "halted": (tr("Its halt still stands"), last.halted),
            "halt": (tr("Halt"), last.halt),
            "free_from": (tr("Held no more from"), last.free_from),
            "earliest": (tr("Earliest day for --since"), found.earliest),
        },
    )


def _lapse(screen: show.Screen, lapse: app.Lapse) -> None:
    from duly.app import recover as app

    screen.say(
        tr("The log is ahead of the database: it is an older one, put back from a backup."), style="bold red"
    )
    screen.say(tr("Nothing leaves. What the newest database knew beyond the log is not known here."))
    sides = (
        (tr("database"), lapse.database, lapse.known_until),
        (tr("log"), lapse.files, lapse.lost_until or lapse.known_until),
    )
    screen.table(
        "sides",
        (
            show.Column(key="side", title=""),
            show.Column(key="size", title=tr("Entries"), right=True),
            show.Column(key="root", title=tr("Root")),
            show.Column(key="epoch", title=tr("Term"), right=True),
            show.Column(key="until", title=tr("Knows until")),
        ),
        [(side, head.size, head.root.hex(), head.epoch, until) for side, head, until in sides],
    )
    screen.table(
        "lost",
        (
            show.Column(key="kind", title=tr("Entries that only the log has")),
            show.Column(key="count", title=tr("Count"), right=True),
        ),
        app.kinds(lapse),
    )
    screen.facts(
        "people",
        {
            "persons": (tr("People who may have been written to"), len(lapse.persons)),
            "everybody": (tr("Everybody, because it could not be told who"), lapse.everybody),
            "strange": (tr("Cases that this database never knew"), lapse.strange),
            "keys": (tr("Personal keys that were replaced meanwhile"), len(lapse.revoked)),
        },
    )
    screen.put("held", sorted(lapse.persons))
    screen.put("digest", lapse.digest)
    screen.say(tr("If the newest database can still be had, put that back instead."))
    screen.say(
        tr(
            "Else two people sign by `duly recover --sign`: what the log kept is taken in, these people are held, and "
            "everything is halted until two people lift it."
        )
    )
