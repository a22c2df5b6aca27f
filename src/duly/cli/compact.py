"""`duly compact`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def compact(
    *,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help=tr("Show which old snapshots nothing asks for any more; with --yes remove them.")
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help=tr("Remove what --prune shows."))] = False,
    keep_days: Annotated[
        int,
        typer.Option(
            "--keep-days", min=1, help=tr("For how many days a plan can be made again from its snapshot.")
        ),
    ] = 90,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Fold what was told since the last load into the next snapshot, while sending goes on."""
    from duly.app import compaction as app
    from duly.app import people

    if yes and not prune:
        raise typer.BadParameter(tr("--yes goes with --prune"))
    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        if prune:
            _prune(screen, actor, folder, yes=yes, keep_days=keep_days)
            return
        done = app.compact(actor, folder, environ=os.environ)
        screen.put("changed", done is not None)
        if done is None:
            screen.say(tr("Nothing was told since; the snapshot in force is whole."))
            return
        screen.facts(
            "folded",
            {
                "events": (tr("Events folded"), done.events),
                "as_of_event": (tr("Last event"), done.as_of_event),
                "folded_from": (tr("Folded from"), done.folded_from),
                "manifest": (tr("Snapshot"), done.manifest),
            },
        )


def _prune(screen: show.Screen, actor: object, folder: Path, *, yes: bool, keep_days: int) -> None:
    from duly.app import compaction as app
    from duly.model.party import Actor

    if not isinstance(actor, Actor):
        raise TypeError("somebody asks")
    if yes:
        gone = app.prune(actor, folder, keep_days=keep_days, environ=os.environ)
        _list(screen, "removed", gone, title=tr("Removed: {count}", count=len(gone)))
        return
    kept = app.old(actor, folder, keep_days=keep_days, environ=os.environ)
    going = [one for one in kept if one.kept_for is None]
    _list(
        screen,
        "kept",
        [one for one in kept if one.kept_for is not None],
        title=tr("Kept: {count}", count=len(kept) - len(going)),
    )
    _list(screen, "removable", going, title=tr("Nothing asks for: {count}", count=len(going)))
    if going:
        screen.say(tr("Nothing was removed yet; add --yes."))


def _list(screen: show.Screen, key: str, rows: Sequence[object], *, title: str) -> None:
    from duly.app.compaction import Old

    screen.table(
        key,
        (
            show.Column(key="manifest", title=tr("Snapshot")),
            show.Column(key="loaded_at", title=tr("In force from")),
            show.Column(key="bytes", title=tr("Bytes"), right=True),
            show.Column(key="kept_for", title=tr("Kept, because")),
        ),
        [(one.manifest, one.loaded_at, one.bytes, one.kept_for) for one in rows if isinstance(one, Old)],
        title=title,
    )
