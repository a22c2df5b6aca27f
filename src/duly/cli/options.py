"""The options that commands share, each with its help in one place."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from duly.cli.language import tr

Folder = Annotated[
    Path,
    typer.Option(
        "--project",
        "-p",
        metavar="DIR",
        help=tr("The project folder, or any folder inside it."),
        envvar="DULY_PROJECT",
    ),
]
Json = Annotated[bool, typer.Option("--json", help=tr("Answer with one JSON object."))]
Name = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help=tr("Who you are, by the name in duly.toml; your login name if left out."),
        envvar="DULY_ACTOR",
    ),
]


def who(name: str | None) -> str:
    """The name given, or the login name of the process."""
    return name if name is not None else getpass.getuser()
