"""`duly test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def trial(
    *,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD]…", help=tr("Run only the cases whose name or file holds one of these.")
        ),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Run the project's own cases: these rows, on this day, these notices."""
    from duly.app import people, trials

    with show.Screen(as_json=as_json) as screen:
        actor = people.recognise(folder, options.who(name))
        results = trials.run(actor, folder, words=words or ())
        failed = [result for result in results if not result.passed]
        screen.put("cases", [result.as_json() for result in results])
        for result in results:
            mark = tr("ok") if result.passed else tr("FAILED")
            screen.say(
                f"{mark:>6}  {result.place}  {result.name}", style="green" if result.passed else "bold red"
            )
            for difference in result.differences:
                screen.say(f"        {difference.place}: " + tr(difference.what))
                screen.say("          " + tr("expected: {value}", value=difference.expected))
                screen.say("          " + tr("got:      {value}", value=difference.got))
        screen.gap()
        screen.say(
            tr("{passed} passed, {failed} failed", passed=len(results) - len(failed), failed=len(failed))
        )
        if failed:
            raise typer.Exit(1)
