"""`duly breaks`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr
from duly.model import money

if TYPE_CHECKING:
    from duly.app import breaks as app


def breaks(
    *,
    account: Annotated[
        str | None,
        typer.Argument(
            metavar="[ACCOUNT]",
            help=tr("One account: both sides in full, and what explains the difference to the cent."),
        ),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help=tr("The breaks recorded on an earlier day; today's if left out."),
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help=tr("How many accounts to show; JSON has all."))
    ] = 50,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show where our figures and the lender's own ledger differ beyond the tolerance; nobody there is written to."""
    from duly.app import breaks as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if account is not None:
            _beside(screen, app.beside(actor, folder, account=account, environ=os.environ))
            return
        day = None if on is None else on.date()
        _report(screen, app.report(actor, folder, on=day, environ=os.environ), most=most)


def _report(screen: show.Screen, found: app.Report, *, most: int) -> None:
    from duly.app import breaks as app

    screen.put("on", found.on)
    screen.put("accounts", found.accounts)
    screen.put("compared", found.compared)
    if screen.as_json:
        screen.put("breaks", [_jsonable(one) for one in found.breaks])
        screen.put("sums", [vars(one) for one in found.sums])
        return
    if found.breaks:
        screen.table(
            "breaks",
            (
                show.Column(key="account", title=tr("Account")),
                show.Column(key="creditor", title=tr("Creditor")),
                show.Column(key="component", title=tr("What")),
                show.Column(key="ours", title=tr("By us"), right=True),
                show.Column(key="theirs", title=tr("By the ledger"), right=True),
                show.Column(key="difference", title=tr("Difference"), right=True),
                show.Column(key="as_of", title=tr("Ledger's day")),
                show.Column(key="since", title=tr("Since")),
                show.Column(key="days", title=tr("Days"), right=True),
            ),
            [row for one in found.breaks[:most] for row in _rows(one)],
        )
        if len(found.breaks) > most:
            screen.say(tr("  … and {count} more", count=len(found.breaks) - most), style="dim")
        screen.table(
            "sums",
            (
                show.Column(key="creditor", title=tr("Creditor")),
                show.Column(key="component", title=tr("What")),
                show.Column(key="accounts", title=tr("Accounts"), right=True),
                show.Column(key="gross", title=tr("Differences"), right=True),
                show.Column(key="net", title=tr("Ours less theirs"), right=True),
            ),
            [
                (
                    one.creditor,
                    app.COMPONENTS[one.component],
                    one.accounts,
                    money.grouped(one.gross_minor, one.currency),
                    money.grouped(one.net_minor, one.currency),
                )
                for one in found.sums
            ],
            title=tr("In all"),
        )
    screen.say(
        tr(
            "{day}: {breaks} of {compared} accounts of which the ledger says something differ beyond the tolerance; "
            "of {silent} it says nothing.",
            day=found.on,
            breaks=len(found.breaks),
            compared=found.compared,
            silent=found.accounts - found.compared,
        ),
        style="yellow" if found.breaks else "green",
    )
    if found.breaks:
        screen.say(
            tr("Nobody is written to about them. For the causes: `duly breaks {account}`.",
               account=found.breaks[0].account)
        )  # fmt: skip


def _rows(one: app.Break) -> list[tuple[object, ...]]:
    """The components that break; the account is named once."""
    from duly.app import breaks as app

    rows: list[tuple[object, ...]] = []
    for line in (line for line in one.lines if line.beyond):
        head = ("", "") if rows else (one.account, one.creditor)
        rest = ("", "", "") if rows else (one.as_of, one.since, one.days)
        rows.append((*head, app.COMPONENTS[line.component], *figures(line), *rest))
    return rows


def figures(line: app.Line) -> tuple[str, str, str]:
    """Ours, theirs and the difference as they stand in cells."""
    ours, theirs, gap = (
        money.grouped(minor, line.currency)
        for minor in (line.ours_minor, line.theirs_minor, line.difference_minor)
    )
    return ours, theirs, gap


def _jsonable(one: app.Break) -> dict[str, object]:
    return {**vars(one), "lines": [vars(line) for line in one.lines]}


def _beside(screen: show.Screen, found: app.Beside) -> None:
    from duly.app import breaks as app

    screen.put("account", found.account)
    screen.put("as_of", found.as_of)
    if screen.as_json:
        screen.put("lines", [vars(line) for line in found.lines])
        screen.put("causes", [vars(cause) for cause in found.causes])
        return
    screen.say(
        tr("Account {account} at the end of {day}", account=found.account, day=found.as_of), style="bold"
    )
    screen.table(
        "lines",
        (
            show.Column(key="component", title=tr("What")),
            show.Column(key="ours", title=tr("By us"), right=True),
            show.Column(key="theirs", title=tr("By the ledger"), right=True),
            show.Column(key="difference", title=tr("Difference"), right=True),
            show.Column(key="beyond", title=tr("Beyond the tolerance")),
        ),
        [(app.COMPONENTS[line.component], *figures(line), line.beyond) for line in found.lines],
    )
    if all(not line.difference_minor for line in found.lines):
        screen.say(tr("The two agree to the cent."), style="green")
        return
    if found.causes:
        screen.say(tr("What explains it to the cent:"))
        for cause in found.causes:
            screen.say(f"  - {tr(cause.says)}")
    else:
        screen.say(tr("No single payment, instalment, day or rate explains it to the cent."), style="yellow")
    screen.say(
        tr(
            "Line by line, as we reckon it: `duly explain {account} --amounts --on {day}`.",
            account=found.account,
            day=found.as_of,
        )
    )
