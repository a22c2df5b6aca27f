"""What `duly plan --list` and `duly plan --replay` show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from duly import errors
from duly.cli import show
from duly.cli.language import tr

if TYPE_CHECKING:
    from duly.model.party import Actor

_MOST = 20


def list_plans(screen: show.Screen, actor: Actor, folder: Path) -> None:
    """Every plan that was recorded, with the number by which it is made again."""
    from duly.app import replays

    screen.table(
        "plans",
        (
            show.Column(key="plan", title=tr("Plan"), right=True),
            show.Column(key="day", title=tr("Day")),
            show.Column(key="at", title=tr("Recorded")),
            show.Column(key="reason", title=tr("Made for")),
            show.Column(key="manifest", title=tr("Snapshot")),
            show.Column(key="horizon", title=tr("Last event"), right=True),
        ),
        [
            (one.number, one.day, one.at, one.reason, one.manifest, one.horizon)
            for one in replays.made(actor, folder, environ=os.environ)
        ],
    )


def replay(screen: show.Screen, actor: Actor, folder: Path, *, number: int) -> None:
    """Make a plan again and tell whether it is the same; fails where it is not, or cannot be made."""
    from duly.app import replays

    with screen.progress(tr("Files of buckets"), 0) as step:
        found = replays.again(actor, folder, number=number, environ=os.environ, progress=step.reach)
    screen.facts(
        "replay",
        {
            "plan": (tr("Plan"), found.plan),
            "day": (tr("Day"), found.day),
            "manifest": (tr("Snapshot"), found.manifest),
            "horizon": (tr("Last event"), found.horizon),
            "rows": (tr("Decisions"), found.rows),
            "root_recorded": (tr("Root as recorded"), found.root_recorded),
            "root_now": (tr("Root now"), found.root_now),
            "same": (tr("The same"), found.same),
        },
    )
    for one in found.missing:
        screen.say(one, style="yellow")
    screen.put("missing", [tr(one) for one in found.missing])
    if found.differing:
        screen.table(
            "differing",
            (
                show.Column(key="account", title=tr("Account")),
                show.Column(key="person", title=tr("Person")),
                show.Column(key="was", title=tr("Recorded")),
                show.Column(key="now", title=tr("Now")),
                show.Column(key="erased", title=tr("Erased")),
            ),
            [
                (one.account, one.person, one.was, one.now, one.erased)
                for one in found.differing[: None if screen.as_json else _MOST]
            ],
            title=tr("Decided otherwise: {count}", count=len(found.differing)),
        )
    if not found.same:
        raise typer.Exit(errors.EvidenceBroken.exit_code)
