"""`duly keys`."""

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


def keys(
    *,
    person: Annotated[
        str, typer.Argument(metavar="[PERSON]", help=tr("Whose key is replaced; left out, shows the keys."))
    ] = "",
    key: Annotated[
        str,
        typer.Argument(metavar="[KEY]", help=tr("The public half of the person's new key, as he tells it.")),
    ] = "",
    place: approve.Keys = approve.DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show whose keys count, or sign that a lost one be replaced; two others than its owner have to."""
    from duly.app import keys as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if not person:
            _table(screen, app.listed(actor, folder, environ=os.environ))
            return
        if not key:
            raise WrongUsage(
                say("the new key of {person} is missing", person=person),
                remedy=say("Its owner makes it by `duly approve --new-key`, and tells its public half."),
            )
        change = app.replace(
            actor,
            folder,
            name=person,
            key=key,
            keys=place.expanduser(),
            passphrase=approve.passphrase(twice=False),
            nonce=secrets.token_bytes(NONCE_BYTES),
            environ=os.environ,
        )
        screen.put("person", change.name)
        screen.put("fingerprint", change.fingerprint)
        screen.put("replaced", change.replaced)
        screen.put("lacking", [each.says for each in change.lacking])
        for each in change.lacking:
            screen.say(each.says, style="yellow")
        if change.replaced:
            screen.say(
                tr(
                    "{person} has another key now, {fingerprint}; the old one signs nothing more.",
                    person=change.name,
                    fingerprint=change.fingerprint,
                ),
                style="green",
            )
            screen.say(
                tr(
                    "What {person} approved with the old key is approved anew: `duly approve`.",
                    person=change.name,
                )
            )


def _table(screen: show.Screen, found: tuple[object, ...]) -> None:
    from duly.app.keys import Key

    rows = [one for one in found if isinstance(one, Key)]
    screen.table(
        "keys",
        (
            show.Column(key="person", title=tr("Name")),
            show.Column(key="fingerprint", title=tr("Fingerprint")),
            show.Column(key="since", title=tr("Since")),
            show.Column(key="until", title=tr("Until")),
            show.Column(key="replaced_by", title=tr("Replaced by the word of")),
        ),
        [(one.name, one.fingerprint, one.since, one.until, one.replaced_by or None) for one in rows],
    )
    if not rows:
        screen.say(tr("Nobody has a key yet."))
