"""`duly carrier`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr


def carrier(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help=tr("Where to listen; 0 chooses; channels.yaml's if left out.")
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help=tr("The same seed, the same people and faults."))
    ] = 1,
    latency_ms: Annotated[int, typer.Option("--latency-ms", min=0, help=tr("The time to an answer."))] = 5,
    rate: Annotated[
        int, typer.Option("--rate", min=0, help=tr("Segments a second past which it throttles; 0 for never."))
    ] = 0,
    refuse_ppm: Annotated[
        int, typer.Option("--refuse-ppm", min=0, max=1_000_000, help=tr("Refused, of a million."))
    ] = 0,
    drop_ppm: Annotated[
        int,
        typer.Option("--drop-ppm", min=0, max=1_000_000, help=tr("Taken and never answered, of a million.")),
    ] = 0,
    cut_ppm: Annotated[
        int, typer.Option("--cut-ppm", min=0, max=1_000_000, help=tr("Taken and then cut off, of a million."))
    ] = 0,
    receipt_ms: Annotated[int, typer.Option("--receipt-ms", min=0, help=tr("The time to a receipt."))] = 100,
    receipt_loss_ppm: Annotated[
        int,
        typer.Option(
            "--receipt-loss-ppm", min=0, max=1_000_000, help=tr("Receipts that never come, of a million.")
        ),
    ] = 0,
    journal: Annotated[
        Path | None, typer.Option("--journal", help=tr("A file that gets a line for each segment taken."))
    ] = None,
    payments: Annotated[
        Path | None, typer.Option("--payments", help=tr("A file that gets a line for each payment made."))
    ] = None,
    folder: options.Folder = Path(),
) -> None:
    """Play the carrier: real SMPP on this machine, with the invented debtors at the other end."""
    from duly.app import carriers as app
    from duly.app.carriers import Mix

    with show.Screen() as screen:
        app.run(
            folder,
            port=port,
            seed=seed,
            knobs=Mix(
                seed=seed,
                latency=latency_ms / 1000,
                rate=rate,
                refuse_ppm=refuse_ppm,
                drop_ppm=drop_ppm,
                cut_ppm=cut_ppm,
                receipt_after=receipt_ms / 1000,
                receipt_loss_ppm=receipt_loss_ppm,
            ),
            journal=journal,
            payments=payments,
            environ=os.environ,
            ready=lambda found: _ready(screen, found),
        )


def _ready(screen: show.Screen, port: int) -> None:
    screen.say(tr("The simulated carrier listens on 127.0.0.1:{port}. Stop it with Ctrl-C.", port=str(port)))
    screen.out.file.flush()
