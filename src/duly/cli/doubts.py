"""`duly doubts`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import approve, options, show
from duly.cli.language import tr
from duly.errors import WrongUsage
from duly.model.approval import NONCE_BYTES
from duly.model.said import say

if TYPE_CHECKING:
    from datetime import timedelta

    from duly.app import doubts as app

_OUTCOMES = ("accepted", "refused", "unknown")


def doubts(
    *,
    messages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MESSAGE…]",
            help=tr(
                "Keys of messages or their first letters, or all: what is decided about. Left out, shows them."
            ),
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            metavar="OUTCOME",
            help=tr("What became of them: accepted, refused, or unknown, which waits for nothing any more."),
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help=tr("What that rests on; it goes into the evidence."))
    ] = "",
    signs: Annotated[
        str | None,
        typer.Option(
            "--sign",
            metavar="DIGEST",
            help=tr("Sign what another decided, by the first letters of its digest."),
        ),
    ] = None,
    route: Annotated[
        str | None, typer.Option("--route", metavar="NAME", help=tr("Only those of this route."))
    ] = None,
    keys: approve.Keys = approve.DEFAULT_KEYS,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show every hand-over of which nobody knows whether it arrived, or decide what became of it."""
    from duly.app import doubts as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    if (outcome is None) != (not messages) or (signs is not None and messages):
        raise WrongUsage(
            say("a decision names messages and, by --outcome, what became of them; --sign names a decision"),
            remedy=say("Write for instance: duly doubts a1b2c3 --outcome refused --reason …"),
        )
    if outcome is not None and outcome not in _OUTCOMES:
        raise WrongUsage(
            say("`{word}` is no outcome of a hand-over", word=outcome),
            remedy=say("Write one of {words}.", words=", ".join(_OUTCOMES)),
        )
    with show.Screen(as_json=as_json) as screen:
        if messages and outcome is not None:
            decided = app.decide(
                actor,
                folder,
                messages=messages,
                outcome=outcome,
                reason=reason,
                route=route,
                keys=keys.expanduser(),
                passphrase=approve.passphrase(twice=False),
                nonce=secrets.token_bytes(NONCE_BYTES),
                environ=os.environ,
            )
            _decided(screen, decided)
        elif signs is not None:
            signed = app.sign(
                actor,
                folder,
                digest=signs,
                keys=keys.expanduser(),
                passphrase=approve.passphrase(twice=False),
                nonce=secrets.token_bytes(NONCE_BYTES),
                environ=os.environ,
            )
            _decided(screen, signed)
        else:
            _listed(screen, app.listed(actor, folder, environ=os.environ, route=route))
            _undecided(screen, app.undecided(actor, folder, environ=os.environ))


def _listed(screen: show.Screen, found: tuple[app.Doubt, ...]) -> None:
    screen.table(
        "doubts",
        (
            show.Column(key="day", title=tr("Day")),
            show.Column(key="message", title=tr("Message")),
            show.Column(key="person", title=tr("Person")),
            show.Column(key="route", title=tr("Route")),
            show.Column(key="at", title=tr("Released")),
            show.Column(key="age", title=tr("Age"), right=True),
            show.Column(key="closes_at", title=tr("Waited for until")),
            show.Column(key="reason", title=tr("Why it is in doubt")),
        ),
        [
            (one.day, one.message, one.person, one.route, one.at, _age(one.age), one.closes_at, one.reason)
            for one in found
        ],
    )
    if not found:
        screen.say(tr("No hand-over is in doubt."), style="green")


def _undecided(screen: show.Screen, found: tuple[app.Decision, ...]) -> None:
    if not found:
        return
    screen.table(
        "decisions",
        (
            show.Column(key="digest", title=tr("Digest")),
            show.Column(key="outcome", title=tr("Outcome")),
            show.Column(key="messages", title=tr("Messages"), right=True),
            show.Column(key="overdue", title=tr("Overdue"), right=True),
            show.Column(key="reason", title=tr("Reason")),
            show.Column(key="by", title=tr("By")),
            show.Column(key="lacking", title=tr("Still lacking")),
        ),
        [
            (
                one.digest,
                one.outcome,
                one.messages,
                one.overdue,
                one.reason,
                one.by,
                tuple(each.says for each in one.lacking) or None,
            )
            for one in found
        ],
        title=tr("Decided, and not signed by enough people yet"),
    )


def _decided(screen: show.Screen, decided: app.Decision) -> None:
    screen.put("done", not decided.lacking)
    screen.put("digest", decided.digest)
    screen.put("messages", decided.messages)
    screen.put("settled", decided.settled)
    screen.put("lacking", [each.says for each in decided.lacking])
    for each in decided.lacking:
        screen.say(each.says, style="yellow")
    if decided.lacking:
        screen.say(
            tr("Another person signs it by `duly doubts --sign {digest}`.", digest=decided.digest[:12])
        )
    else:
        screen.say(tr("{count} hand-overs are in doubt no more.", count=decided.settled), style="green")


def _age(age: timedelta) -> str:
    hours, minutes = divmod(int(age.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02d}:{minutes:02d}" if days else f"{hours:02d}:{minutes:02d}"
