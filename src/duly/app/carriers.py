"""The simulated carrier, to send to while no real one is connected: real SMPP on loopback, invented people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from duly import errors
from duly.app import premises
from duly.carrier import server
from duly.carrier.mix import Mix
from duly.invent import behaviour
from duly.model.said import say
from duly.project.channels import Kind
from duly.run import clock

__all__ = ["Mix", "run"]


def run(
    folder: Path,
    *,
    port: int | None,
    seed: int,
    knobs: Mix,
    journal: Path | None,
    payments: Path | None,
    environ: Mapping[str, str],
    ready: Callable[[int], None],
) -> None:
    """Listen until interrupted, as the carrier of the project around `folder`; `ready` is told the port.

    The people at the other end do what was drawn for them from `seed`; whoever pays is written to `payments`.
    Raises KeyMissing where the route's system id or password is not in the environment.
    """
    project = premises.project(folder)
    found = [one.smpp for one in project.routes if one.kind is Kind.SMPP and one.smpp is not None]
    if not found:
        raise errors.WrongUsage(
            say("no route of this project speaks SMPP"),
            remedy=say("Add one to channels.yaml, with host 127.0.0.1."),
        )
    carrier = found[0]
    settings = server.Settings(
        host="127.0.0.1" if carrier.host == "localhost" else carrier.host,
        port=carrier.port if port is None else port,
        accounts={
            one.system_id.resolve(environ): one.password.resolve(environ)
            for one in found
            if (one.host, one.port) == (carrier.host, carrier.port)
        },
        mix=knobs,
        journal=journal,
        payments=payments,
    )
    zone = ZoneInfo(project.settings.zone)
    server.run(
        settings,
        clock=lambda: clock.wall().astimezone(zone),
        behave=behaviour.cast(project.root / "data", seed=seed),
        ready=ready,
    )
