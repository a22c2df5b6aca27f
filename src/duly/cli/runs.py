"""`duly plan`, `duly run` and `duly work`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly import errors
from duly.cli import approve, language, options, replay, show
from duly.cli.language import tr

if TYPE_CHECKING:
    from duly.app.engines import Engine

_STOPPED = 130  # as for every command that Ctrl-C ends

Day = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        formats=["%Y-%m-%d"],
        metavar="DAY",
        help=tr("The day; today if left out. With real accounts only today."),
    ),
]

EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="loop|ray",
        help=tr("Where the files of a big book are planned: here one by one, or on a Ray cluster."),
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help=tr("How many processes a Ray of our own has; RAY_ADDRESS names a cluster that runs already."),
    ),
]


def plan(
    *,
    on: Day = None,
    most: Annotated[
        int,
        typer.Option("--most", min=1, help=tr("How many notices and how many holds to show; JSON has all.")),
    ] = 20,
    engine: EngineName = "loop",
    workers: Workers = None,
    again: Annotated[
        int | None,
        typer.Option(
            "--replay",
            metavar="NUMBER",
            help=tr("Make a recorded plan again from what was recorded, and say whether it is the same."),
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help=tr("Show every recorded plan with its number."))
    ] = False,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show what would be done on a day and why; nothing is written, nothing is sent."""
    from duly.app import people
    from duly.app import plans as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if listed:
            replay.list_plans(screen, actor, folder)
            return
        if again is not None:
            replay.replay(screen, actor, folder, number=again)
            return
        with screen.steps() as tell:
            shown = app.preview(
                actor,
                folder,
                on=None if on is None else on.date(),
                locale=language.chosen(),
                environ=os.environ,
                engine=_engine(engine),
                workers=workers,
                tell=tell,
            )
        _show_plan(screen, shown, most=most if not as_json else None)


def run(
    *,
    on: Day = None,
    strict: Annotated[
        bool, typer.Option("--strict", help=tr("Fail where anything is left that was to be sent."))
    ] = False,
    engine: EngineName = "loop",
    workers: Workers = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Plan a day, send what may leave, listen, and go on until nothing is left to do or nothing can move."""
    from duly.app import people
    from duly.app import runs as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen, screen.progress(tr("Handed over"), 0) as step:
        done = app.run(
            actor,
            folder,
            on=None if on is None else on.date(),
            environ=os.environ,
            progress=step.reach,
            tell=lambda waits: _tell(screen, waits),
            engine=_engine(engine),
            workers=workers,
        )
        show_run(screen, done)
    if done.stopped:
        raise typer.Exit(_STOPPED)
    if strict and done.left:
        raise typer.Exit(errors.Held.exit_code)


def work(*, folder: options.Folder = Path(), name: options.Name = None) -> None:
    """Work until told to stop: plan the day when it comes, send, listen, keep the evidence."""
    from duly.app import people
    from duly.app import runs as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen() as screen:
        app.work(
            actor,
            folder,
            environ=os.environ,
            ready=lambda: screen.say(tr("Working. Stop with Ctrl-C; what is in flight is finished first.")),
        )


def _engine(name: str) -> Engine:
    from duly.app.engines import Engine

    try:
        return Engine(name)
    except ValueError:
        raise typer.BadParameter(tr("an engine is loop or ray")) from None


def show_run(screen: show.Screen, done: object) -> None:
    """What a run came to."""
    from duly.app.runs import Ran

    if not isinstance(done, Ran):
        raise TypeError("a run is shown")
    screen.facts(
        "run",
        {
            "day": (tr("Day"), done.day),
            "planned": (tr("Planned"), done.planned),
            "released": (tr("Released"), done.released),
            "again": (tr("Planned again during the day"), done.again),
            "accepted": (tr("Accepted by carriers"), done.totals.get("accepted", 0)),
            "refused": (tr("Refused by carriers"), done.totals.get("refused", 0)),
            "delivered": (tr("Receipts: delivered"), done.totals.get("delivered", 0)),
            "failed": (tr("Receipts: failed"), done.totals.get("failed", 0)),
            "replies": (tr("Replies"), done.totals.get("replies", 0)),
            "dropped": (tr("Stopped at the gate"), done.totals.get("dropped", 0)),
            "expired": (tr("Expired"), done.totals.get("expired", 0)),
        },
    )
    _show_left(screen, done.left)


def _show_left(screen: show.Screen, left: Sequence[object]) -> None:
    """What did not leave, why, and what to do; with more for a machine than a person wants to read."""
    from duly.app.remains import Remains

    kept = [one for one in left if isinstance(one, Remains)]
    if kept:
        screen.gap()
        screen.table(
            "left",
            (
                show.Column(key="count", title=tr("Left"), right=True),
                show.Column(key="of", title=""),
                show.Column(key="says", title=tr("Why")),
                show.Column(key="remedy", title=tr("What to do")),
            ),
            [(one.count, one.of, one.says, one.remedy) for one in kept],
        )
    screen.put("left", [asdict(one) for one in kept])


def _tell(screen: show.Screen, waits: Sequence[object]) -> None:
    """What a run waits for, while it waits."""
    from duly.app.remains import Remains

    for one in waits:
        if isinstance(one, Remains):
            screen.note(
                tr(
                    "Waiting: {count} {of}: {says}. {remedy}",
                    count=one.count,
                    of=one.of,
                    says=one.says,
                    remedy=one.remedy,
                )
            )


def _show_plan(screen: show.Screen, shown: object, *, most: int | None) -> None:
    from duly.app.plans import Shown

    if not isinstance(shown, Shown):
        raise TypeError("a plan is shown")
    screen.put("day", shown.day)
    screen.say(tr("Plan for {day}", day=shown.day), style="bold")
    screen.table(
        "notices",
        (
            show.Column(key="not_before", title=tr("Not before, the debtor's time")),
            show.Column(key="person", title=tr("Person")),
            show.Column(key="notice", title=tr("Notice")),
            show.Column(key="occurrence", title=tr("No."), right=True),
            show.Column(key="channel", title=tr("Channel")),
            show.Column(key="amount", title=tr("Amount"), right=True),
            show.Column(key="due_on", title=tr("Due")),
            show.Column(key="deadline", title=tr("Deadline")),
            show.Column(key="parts", title=tr("Parts"), right=True),
        ),
        [
            (
                one.not_before,
                one.person,
                one.notice,
                one.occurrence,
                one.channel,
                one.amount,
                one.due_on,
                one.deadline,
                one.parts,
            )
            for one in shown.notices[:most]
        ],
        title=tr("To be sent: {count}", count=len(shown.notices)),
    )
    screen.table(
        "held",
        (
            show.Column(key="account", title=tr("Account")),
            show.Column(key="person", title=tr("Person")),
            show.Column(key="rule", title=tr("Rule")),
            show.Column(key="reading", title=tr("Reading")),
            show.Column(key="fact", title=tr("Fact")),
            show.Column(key="until", title=tr("Next lawful instant")),
            show.Column(key="why", title=tr("Why")),
        ),
        [
            (one.account, one.person, one.rule, one.reading, one.fact, one.until, one.why)
            for one in shown.held[:most]
        ],
        title=tr("Held: {count}", count=len(shown.held)),
    )
    if shown.releases:
        approve.releases(screen, shown.releases)
        screen.say(
            tr("Two people sign a list with `duly approve stage:NAME`, once `duly run` has asked for it.")
        )
    screen.table(
        "outcomes",
        (
            show.Column(key="outcome", title=tr("Outcome")),
            show.Column(key="code", title=tr("Reason")),
            show.Column(key="count", title=tr("Accounts and people"), right=True),
        ),
        shown.outcomes,
        title=tr("Everybody, by reason"),
    )
    screen.facts(
        "cost",
        {
            "parts": (tr("Parts to be billed"), shown.billed),
            "cost": (tr("Cost"), [f"{currency} {amount}" for currency, amount in shown.costs.items()]),
        },
    )
