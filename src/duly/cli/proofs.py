"""`duly prove`, `duly verify` and `duly genuine`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def prove(
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=tr("The lender's id of the account."))],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help=tr("The folder to make."))],
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Write the evidence about an account as a bundle that anybody can check without duly."""
    from duly.app import people
    from duly.app import proofs as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        made = app.prove(actor, folder, account=account, out=out, environ=os.environ)
        screen.facts(
            "bundle",
            {
                "path": (tr("Bundle"), str(made.path)),
                "account": (tr("Account"), made.account),
                "cases": (tr("Cases"), made.cases),
                "entries": (tr("Entries"), made.entries),
                "fingerprint": (tr("Fingerprint of the log's key"), made.fingerprint),
            },
        )


def verify(
    *,
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help=tr("A bundle or a log folder; left out, this project's log.")),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            "--trust", metavar="FINGERPRINT", help=tr("The fingerprint of the log's key, from the lender.")
        ),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--known",
            metavar="CHECKPOINT",
            help=tr("A checkpoint you kept from before; it must be continued."),
        ),
    ] = None,
    folder: options.Folder = Path(),
    as_json: options.Json = False,
) -> None:
    """Check evidence; without a trusted fingerprint only its integrity, and it says so."""
    from duly.app import proofs as app

    with show.Screen(as_json=as_json) as screen:
        report = app.check(
            path if path is not None else app.log_of(folder),
            trusted=tuple(trust or ()),
            known=tuple(known or ()),
        )
        screen.table(
            "checks",
            (
                show.Column(key="check", title=tr("Check")),
                show.Column(key="holds", title=tr("Holds")),
                show.Column(key="detail", title=tr("Detail")),
            ),
            [(check["check"], check["holds"], check["detail"]) for check in report.checks],
        )
        screen.put("result", report.result)
        screen.put("facts", report.facts)
        style = {"verified": "green", "integrity only": "yellow"}.get(report.result, "red")
        screen.say(tr(app.WORDS[report.result]), style=style)
        if app.EXIT[report.result]:
            raise typer.Exit(app.EXIT[report.result])


def genuine(
    *,
    code: Annotated[str, typer.Argument(metavar="CODE", help=tr("The code that stands in the notice."))],
    folder: options.Folder = Path(),
    as_json: options.Json = False,
) -> None:
    """Say whether a notice with this code was sent by this lender."""
    from duly.app import proofs as app

    with show.Screen(as_json=as_json) as screen:
        found = app.genuine(folder, code, environ=os.environ)
        screen.put("genuine", found is not None)
        if found is None:
            screen.say(
                tr("No notice of this lender has that code. Do not pay on its word."), style="bold red"
            )
            raise typer.Exit(1)
        screen.facts(
            "notice",
            {
                "brand": (tr("Sent in the name of"), found.brand),
                "creditor": (tr("On behalf of"), found.creditor),
                "sent_on": (tr("On"), found.sent_on),
            },
        )
