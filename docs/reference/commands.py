"""Write docs/reference/commands.md from the commands themselves: `python docs/reference/commands.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import typer

from duly.cli import commands, exits


class Parameter(Protocol):
    """What typer knows of an argument or an option."""

    name: str
    opts: list[str]
    help: str
    metavar: str | None
    default: object
    envvar: str | None
    required: bool
    is_flag: bool
    param_type_name: str


class Command(Protocol):
    """What typer knows of a command."""

    help: str
    params: list[Parameter]


PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# Commands

Every command that prints a table prints the same as one JSON object with `--json`.
`--lang zh-CN` or `--lang en` before the command chooses the language; else `DULY_LANG` or the locale does.

{codes}

This page is generated from the commands; `duly COMMAND --help` says the same.
"""


def page() -> str:
    """The whole page."""
    group: Any = typer.main.get_command(commands.app)
    codes = "\n".join(f"| {code} | {means} |" for code, means in exits.MEANS.items())
    parts = [HEAD.format(codes=f"| exit code | means |\n| --- | --- |\n{codes}")]
    panel = ""
    for name, under, _, _ in commands.COMMANDS:
        if under != panel:
            panel = under
            parts.append(f"## {panel}\n")
        command = group
        for word in name.split():
            command = command.commands[word]
        parts.append(_command(name, command))
    return "\n".join(parts)


def _command(name: str, command: Command) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    words = " ".join([f"duly {name}", *(param.metavar or param.name.upper() for param in arguments)])
    lines = [f"### `{words}`", "", command.help, "", "| | |", "| --- | --- |"]
    lines += [f"| `{param.metavar or param.name.upper()}` | {param.help} |" for param in arguments]
    lines += [f"| `{_spelled(param)}` | {_told(param)} |" for param in options if "--help" not in param.opts]
    return "\n".join([*lines, ""])


def _spelled(param: Parameter) -> str:
    names = ", ".join(param.opts)
    return names if param.is_flag else f"{names} {param.metavar or param.name.upper()}"


def _told(param: Parameter) -> str:
    told = param.help
    if not param.is_flag and param.default is not None and not param.required:
        told += f" Default: `{param.default}`."
    if param.envvar:
        told += f" Environment: `{param.envvar}`."
    return told


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
