"""Sending measured: one worker, from the commit of the plan until every message is answered and every receipt is in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Any

import psycopg

from benches.lender import ON, Lender
from duly.channels import base
from duly.run import assembly, day, wakes, worker

_PATIENCE = 120.0  # seconds without anything new after which the bench gives up
_BETWEEN = 0.05  # seconds between two looks

# What is answered, and what has all its receipts: one for each segment of the SMS, none for what goes elsewhere.
_SETTLED = """
select
    (select count(*) from answer a where a.day = %(day)s)
    + (select count(*) from disposition d where d.day = %(day)s) as ended,
    (select coalesce(sum(p.parts), 0) from permit p where p.day = %(day)s and p.route = %(route)s)
    - (select count(*) from receipt r where r.day = %(day)s) as awaited
"""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many messages left, how many seconds that took, and how many CPU seconds of ours and PostgreSQL's."""

    messages: int
    seconds: float
    cpu_s: float


def measure(lender: Lender) -> Sent:
    """Plan the day of this lender and send it. Raises RuntimeError where it does not come to its end."""
    return asyncio.run(_measure(lender))


async def _measure(lender: Lender) -> Sent:
    opened = lender.opened
    sending = assembly.build(opened, environ=lender.environ, plan_wakes=wakes.Waker(opened).plan)
    serving = asyncio.create_task(sending.serve())
    try:
        with (
            contextlib.closing(opened.connect("duly_planner", patient=True)) as planner,
            contextlib.closing(opened.connect()) as watch,
        ):
            await asyncio.gather(*(_bound(channel) for channel in sending.channels))
            made = await asyncio.to_thread(day.make, opened, planner)
            recorded = await asyncio.to_thread(day.record_plan, opened, planner, made, reason="day")
            begun, spent = time.perf_counter(), lender.cpu_s()
            await _until_settled(sending, watch, recorded.messages)
            seconds = time.perf_counter() - begun
    finally:
        sending.stop()
        await serving  # the entries that still wait get their places before the CPU is read
    return Sent(messages=recorded.messages, seconds=seconds, cpu_s=lender.cpu_s() - spent)


async def _bound(channel: base.Channel) -> None:
    for _ in range(int(_PATIENCE / _BETWEEN)):
        if channel.free_window:
            return
        await asyncio.sleep(_BETWEEN)
    raise RuntimeError(f"the route {channel.route} is not bound")


async def _until_settled(sending: worker.Worker, watch: psycopg.Connection[Any], messages: int) -> None:
    route = sending.channels[0].route
    last, since = (-1, -1), time.monotonic()
    while True:
        row = await asyncio.to_thread(_look, watch, route)
        ended, awaited = row
        if ended >= messages and awaited <= 0:
            return
        if row != last:
            last, since = row, time.monotonic()
        if time.monotonic() > since + _PATIENCE:
            raise RuntimeError(f"{ended} of {messages} messages ended, {awaited} receipts are awaited")
        await asyncio.sleep(_BETWEEN)


def _look(watch: psycopg.Connection[Any], route: str) -> tuple[int, int]:
    row = watch.execute(_SETTLED, {"day": ON, "route": route}).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))
