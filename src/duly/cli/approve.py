"""`duly approve`."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.approval import NONCE_BYTES, Limits, Subject
from duly.model.said import say

Keys = Annotated[
    Path,
    typer.Option(
        "--keys",
        metavar="DIR",
        envvar="DULY_KEYS",
        help=tr("Where your personal key is kept; never inside the project."),
    ),
]
DEFAULT_KEYS = Path("~/.config/duly/keys")


def approve(
    *,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[PART]",
            help=tr("What to approve, also run and stage:NAME; left out, shows where each part stands."),
        ),
    ] = None,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help=tr("Make your personal key, and have its public half registered.")),
    ] = False,
    registers: Annotated[
        bool, typer.Option("--register", help=tr("Have the public half of the key you have registered."))
    ] = False,
    days: Annotated[
        int, typer.Option("--days", min=1, max=400, help=tr("For how many days the approval holds."))
    ] = 365,
    messages: Annotated[
        int | None,
        typer.Option("--messages", min=1, help=tr("The most messages of a run or a stage that it covers.")),
    ] = None,
    minor: Annotated[
        int | None,
        typer.Option("--minor", min=1, help=tr("The largest sum overdue that it covers, in minor units.")),
    ] = None,
    keys: Keys = DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Approve a part of the project with your own key."""
    from duly.app import approvals as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen, app.opened(actor, folder, environ=os.environ) as desk:
        if new_key or registers:
            take = app.make_key if new_key else app.find_key
            made = take(actor, keys.expanduser(), passphrase=passphrase(twice=new_key))
            desk.kept.register(actor.name, made.public_key, actor.duties)
            screen.facts(
                "key",
                {
                    "name": (tr("Name"), made.name),
                    "path": (tr("File"), str(made.path)),
                    "fingerprint": (tr("Fingerprint"), made.fingerprint),
                },
            )
            return
        if what is None:
            _standing(screen, app.standing(actor, folder, desk))
            return
        subject, stage = _subject(what)
        left = app.approve(
            actor,
            folder,
            subject,
            desk,
            keys=keys.expanduser(),
            passphrase=passphrase(twice=False),
            nonce=secrets.token_bytes(NONCE_BYTES),
            lifetime=timedelta(days=days),
            limits=Limits(messages=messages, overdue_minor=minor),
            stage=stage,
        )
        _standing(screen, (left,))


def _subject(word: str) -> tuple[Subject, str]:
    """What is meant, and which stage if it is one."""
    from duly.app import approvals as app

    kind, _, stage = word.partition(":")
    if kind == Subject.STAGE.value and stage:
        return Subject.STAGE, stage
    parts = [part.value for part in (*app.PARTS, Subject.RUN)]
    if word not in parts:
        raise WrongUsage(
            say("`{word}` is nothing that is approved here", word=word),
            remedy=say("Write one of {parts}, or stage: and its name.", parts=", ".join(parts)),
        )
    return Subject(word), ""


def _standing(screen: show.Screen, rows: tuple[object, ...]) -> None:
    from duly.app.approvals import Standing

    found = [row for row in rows if isinstance(row, Standing)]
    screen.table(
        "approvals",
        (
            show.Column(key="part", title=tr("Part")),
            show.Column(key="digest", title=tr("Digest")),
            show.Column(key="author", title=tr("Author")),
            show.Column(key="lacking", title=tr("Still lacking")),
        ),
        [
            (row.part, row.digest, row.author, tuple(each.says for each in row.lacking) or None)
            for row in found
        ],
    )
    asked = [row.asked for row in found if row.asked is not None]
    if asked:
        releases(screen, asked)


def releases(screen: show.Screen, lists: Sequence[object]) -> None:
    """Lists that two people are asked to release: what they would sign, and how much it is."""
    from duly.app.lists import Asked

    screen.table(
        "releases",
        (
            show.Column(key="stage", title=tr("Stage")),
            show.Column(key="digest", title=tr("Digest")),
            show.Column(key="messages", title=tr("Accounts and people"), right=True),
            show.Column(key="overdue", title=tr("Overdue"), right=True),
        ),
        [(one.stage, one.digest, one.messages, one.overdue) for one in lists if isinstance(one, Asked)],
        title=tr("To be released by two people"),
    )


def passphrase(*, twice: bool) -> bytes:
    """Typed unseen; from a pipe, its first line. Never an option: those stand in process lists."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n").encode()
    typed = getpass.getpass(tr("Passphrase: "))
    if twice and getpass.getpass(tr("Again: ")) != typed:
        raise WrongUsage(say("the two are not the same"), remedy=say("Repeat the command and type it again."))
    return typed.encode()
