"""`duly demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import language, options, show, story
from duly.cli.language import tr

if TYPE_CHECKING:
    from duly.app.story import Story

_LINES = 14  # of a story, in the demo
_SMALL = 10_000  # accounts: dividing the work of so few among threads costs more than it brings
_STEPS = {
    "making": tr("Making a project folder with an invented loan book …"),
    "opening": tr("Starting PostgreSQL and making its tables …"),
    "approving": tr(
        "Two people approve strategy, templates, law packs, destinations, channels and settings …"
    ),
    "carrier": tr("Starting the simulated carrier: real SMPP, invented people …"),
    "days": tr("Living two virtual weeks, day by day:"),
    "evidence": tr("Checking the evidence as a stranger would …"),
}


def demo(
    *,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help=tr("The folder to make."))] = Path("demo"),
    days: Annotated[int, typer.Option("--days", min=1, max=60, help=tr("How many virtual days."))] = 14,
    accounts: Annotated[
        int, typer.Option("--accounts", min=50, max=100_000, help=tr("How many accounts to invent."))
    ] = 2000,
    as_json: options.Json = False,
) -> None:
    """Live two virtual weeks of an invented lender, and look at what can be proven of them."""
    if accounts <= _SMALL:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when Polars is first imported, just below
    from duly.app import demo as app

    with show.Screen(as_json=as_json) as screen:
        screen.say(
            tr("duly, a lawful overdue-notice engine: a demonstration. Nobody in it exists."), style="bold"
        )
        with screen.progress(tr("Days"), days) as bar, screen.progress(tr("Today's messages"), 1) as today:

            def lived(_: object) -> None:
                bar.advance()

            shown = app.run(
                folder,
                days=days,
                accounts=accounts,
                locale=language.chosen(),
                environ=os.environ,
                say=lambda step: screen.say(_STEPS[step]),
                done=lived,
                progress=today.reach,
            )
        _days(screen, shown)
        _tell(screen, shown)
        _evidence(screen, shown)
        _next(screen, folder, shown)


def _days(screen: show.Screen, shown: object) -> None:
    from duly.app.demo import Shown

    if not isinstance(shown, Shown):
        raise TypeError("a demo is shown")
    screen.table(
        "days",
        (
            show.Column(key="day", title=tr("Day")),
            show.Column(key="payments", title=tr("Payments booked"), right=True),
            show.Column(key="cured", title=tr("Cured"), right=True),
            show.Column(key="waiting", title=tr("Waiting"), right=True),
            show.Column(key="held", title=tr("Held"), right=True),
            show.Column(key="planned", title=tr("Planned"), right=True),
            show.Column(key="accepted", title=tr("Accepted"), right=True),
            show.Column(key="delivered", title=tr("Delivered"), right=True),
            show.Column(key="failed", title=tr("Failed"), right=True),
            show.Column(key="again", title=tr("Other channel"), right=True),
            show.Column(key="replies", title=tr("Replies"), right=True),
            show.Column(key="dropped", title=tr("Stopped at the gate"), right=True),
        ),
        [
            (
                one.day,
                one.payments,
                one.outcomes.get("cured", 0),
                one.outcomes.get("wait", 0),
                one.outcomes.get("hold", 0),
                one.planned,
                one.totals.get("accepted", 0),
                one.totals.get("delivered", 0),
                one.totals.get("failed", 0),
                one.again,
                one.totals.get("replies", 0),
                one.totals.get("dropped", 0),
            )
            for one in shown.days
        ],
        title=tr("Two weeks of {accounts} accounts", accounts=shown.days[0].accounts if shown.days else 0),
    )


def _tell(screen: show.Screen, shown: object) -> None:
    from duly.app.demo import Shown

    if not isinstance(shown, Shown):
        raise TypeError("a demo is shown")
    for told, title in (
        (
            shown.contacted,
            tr("An account that was written to: duly explain {account}", account=_account(shown.contacted)),
        ),
        (
            shown.held,
            tr(
                "An account that is held since its debtor answered: duly explain {account}",
                account=_account(shown.held),
            ),
        ),
    ):
        if told is not None and not screen.as_json:
            screen.gap()
            screen.say(title, style="bold cyan")
            story.narrate(screen, told, most=_LINES)


def _account(told: Story | None) -> str:
    return "" if told is None else told.account


def _evidence(screen: show.Screen, shown: object) -> None:
    from duly.app import words
    from duly.app.demo import Shown

    if not isinstance(shown, Shown):
        raise TypeError("a demo is shown")
    screen.gap()
    screen.say(tr("Evidence"), style="bold cyan")
    screen.facts(
        "evidence",
        {
            "entries": (tr("Entries in the log"), shown.entries),
            "result": (tr("A stranger's check"), words.said(shown.report.result)),
            "fingerprint": (tr("Fingerprint of the log's key"), shown.fingerprint),
            "doubts": (tr("Hand-overs in doubt"), shown.doubts),
        },
    )


def _next(screen: show.Screen, folder: Path, shown: object) -> None:
    from duly.app.demo import Shown

    if not isinstance(shown, Shown):
        raise TypeError("a demo is shown")
    screen.gap()
    screen.say(tr("What to try next, in {folder}:", folder=str(folder)), style="bold cyan")
    for line in (
        "duly explain " + _account(shown.contacted),
        "duly prove " + _account(shown.contacted) + " -o bundle",
        "duly verify bundle --trust " + shown.fingerprint,
        "duly plan",
        "duly doubts",
        "duly halt all --reason drill",
    ):
        screen.say("  " + line)
