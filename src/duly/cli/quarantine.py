"""`duly quarantine`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def quarantine(
    *,
    values: Annotated[
        bool, typer.Option("--values", help=tr("Show what was found too; for those who mend it."))
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FILE",
            help=tr("Write the rows of one feed to a CSV file to be corrected, for `duly load --corrected`."),
        ),
    ] = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="NAME", help=tr("The feed whose rows are written."))
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show the rows that were left out of the book, or write them to a file to be corrected."""
    from duly.app import people
    from duly.app import quarantine as app

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if export is not None:
            made = app.export(actor, folder, export, feed=feed, environ=os.environ)
            screen.facts(
                "exported",
                {
                    "file": (tr("File"), export),
                    "feed": (tr("Feed"), made.feed),
                    "rows": (tr("Rows"), made.rows),
                    "left": (tr("Rows to be mended where they came from"), made.left),
                },
            )
            return
        found = app.listed(actor, folder, values=values, environ=os.environ)
        columns = [
            show.Column(key="row", title=tr("Row"), right=True),
            show.Column(key="feed", title=tr("Feed")),
            show.Column(key="file", title=tr("File")),
            show.Column(key="line", title=tr("Line"), right=True),
            show.Column(key="column", title=tr("Column")),
            *([show.Column(key="value", title=tr("Value"))] if values else []),
            show.Column(key="what", title=tr("What is wrong")),
            show.Column(key="remedy", title=tr("What to do")),
            show.Column(key="code", title=tr("Code")),
        ]
        screen.table(
            "quarantine",
            columns,
            [
                [row.number, row.feed, row.file, row.line, row.column]
                + ([row.value] if values else [])
                + [row.what, row.remedy, row.code]
                for row in found.rows
            ],
            title=tr("Rows in quarantine"),
        )
        if found.mended:
            screen.table(
                "mended",
                [
                    show.Column(key="feed", title=tr("Feed")),
                    show.Column(key="file", title=tr("File")),
                    show.Column(key="line", title=tr("Line"), right=True),
                    show.Column(key="by", title=tr("By")),
                    show.Column(key="at", title=tr("At")),
                ],
                [[row.feed, row.file, row.line, row.by, row.at] for row in found.mended],
                title=tr("Mended rows"),
            )
