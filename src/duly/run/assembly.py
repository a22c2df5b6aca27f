"""A worker put together from a project: its channels, senders, inbox, sequencer and planner of wakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from duly.channels import base, inbound
from duly.project.channels import Kind
from duly.run import clock, gate, installation, known, outfit, rendering, routes, sender, sequencer, worker

_FOLDER_WINDOW = 64


def build(
    opened: installation.Installation,
    *,
    environ: Mapping[str, str],
    plan_wakes: Callable[[psycopg.Connection[Any]], int] | None,
    sequencing: bool = True,
) -> worker.Worker:
    """A worker over every route of the project. Raises KeyMissing when a route's secret is not set."""
    made: list[worker.Worker] = []

    async def on_inbound(things: Sequence[inbound.Inbound]) -> None:
        await made[0].on_inbound(things)

    wearing = outfit.outfit(opened.project, opened.code_key)
    rules = outfit.rules(opened.project)
    windows = {
        route.name: route.window if route.kind is Kind.SMPP else _FOLDER_WINDOW
        for route in opened.project.routes
    }

    def sender_for(channel: base.Channel) -> sender.Sender:
        reader = known.Reader(rules)
        renderer = rendering.Renderer(wearing, safe=opened.vault, channel=channel)

        def gate_for(connection: psycopg.Connection[Any], time: clock.Clock, name: str) -> gate.Gate:
            return gate.Gate(
                connection,
                reader=reader,
                keys=opened.gate_keys,
                time=time,
                recorder=opened.recorder,
                worker=name,
            )

        return sender.Sender(
            channel=channel,
            open_connection=lambda: opened.connect("duly_worker"),
            prepare=renderer.prepare,
            gate_for=gate_for,
            recorder=opened.recorder,
            time=opened.time,
            zone=opened.project.settings.zone,
            window=windows[channel.route],
        )

    made.append(
        worker.Worker(
            channels=routes.channels(opened, on_inbound=on_inbound, environ=environ),
            sender_for=sender_for,
            open_connection=opened.connect,
            listener=outfit.listener(opened),
            recorder=opened.recorder,
            reader=known.Reader(rules),
            sequencing=sequencer.Sequencer(opened.log()) if sequencing else None,
            plan_wakes=plan_wakes,
            zone=opened.project.settings.zone,
        )
    )
    return made[0]
