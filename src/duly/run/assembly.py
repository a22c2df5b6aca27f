"""A worker put together from a project: its channels, senders, inbox, sequencer and planner of wakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import psycopg

from duly.channels import base, inbound
from duly.project.channels import Kind
from duly.run import (
    clock,
    doubts,
    gate,
    installation,
    known,
    orphans,
    outfit,
    planned,
    rendering,
    routes,
    seeds,
    sender,
    sequencer,
    watch,
    worker,
)

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

    wearing = outfit.outfit(opened.project, opened.code_key, opened.shelf)
    phones = {opened.blind(phone): phone for phone in opened.project.settings.bounds.trial.phones}
    rules = outfit.rules(opened.project, tuple(phones))
    windows = {
        route.name: route.places if route.kind is Kind.SMPP else _FOLDER_WINDOW
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

        def encode(row: planned.Planned, name: str, to: str) -> base.Encoded | None:
            return renderer.encode_sample(row, name=name, to=to)

        return sender.Sender(
            channel=channel,
            open_connection=lambda: opened.connect("duly_worker"),
            prepare=renderer.prepare,
            gate_for=gate_for,
            recorder=opened.recorder,
            time=opened.time,
            zone=opened.project.settings.zone,
            window=windows[channel.route],
            sower=seeds.Sower(
                channel=channel,
                phones=phones,
                encode=encode,
                time=opened.time,
                permit_key=opened.gate_keys.permit,
            )
            if phones and channel.route in rules.seeded
            else None,
        )

    made.append(
        worker.Worker(
            channels=routes.channels(opened, on_inbound=on_inbound, environ=environ),
            sender_for=sender_for,
            open_connection=opened.connect,
            listener=outfit.listener(opened),
            recorder=opened.recorder,
            reader=known.Reader(rules),
            watching=watch.Watch(
                routes=[route.name for route in opened.project.routes],
                alarms=opened.project.settings.bounds.alarms,
                trial=opened.project.settings.bounds.trial,
                recorder=opened.recorder,
                zone=opened.project.settings.zone,
            ),
            sequencing=sequencer.Sequencer(opened.log()) if sequencing else None,
            plan_wakes=plan_wakes,
            stragglers=orphans.Stragglers(opened.recorder),
            brands=wearing.senders,
            closing=doubts.Closing(
                recorder=opened.recorder,
                gave=opened.gate_keys.gave,
                margin=timedelta(hours=opened.project.settings.limits.doubt_margin_hours),
            ),
            zone=opened.project.settings.zone,
        )
    )
    return made[0]
