"""Planning and sending: a day looked at, a day run, a worker that goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import people, premises
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import assembly, clock, day, installation, wakes
from duly.store import sql

_SQL = sql.load()
# When a day of the virtual clock begins: before anybody may be written to, so that the first lawful instant shows.
MORNING = time(7, 30)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run came to."""

    day: date
    planned: int
    released: bool
    again: int
    totals: Mapping[str, int]
    outcomes: Mapping[str, int] = field(default_factory=dict)


def run(
    actor: Actor,
    folder: Path,
    *,
    on: date | None,
    environ: Mapping[str, str],
    patience: float = 2.0,
    progress: Callable[[int, int], None] | None = None,
) -> Ran:
    """Plan a day, release it, send until the outbox is empty and nobody is to be woken.

    `on` moves the virtual clock of an invented installation forward to that day. Raises NotAllowed where the day
    is not today and the installation is real.
    """
    people.require(actor, Duty.OPERATIONS, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as opened:
        return run_opened(opened, on=on, environ=environ, patience=patience, progress=progress)


def run_opened(
    opened: installation.Installation,
    *,
    on: date | None,
    environ: Mapping[str, str],
    patience: float = 2.0,
    progress: Callable[[int, int], None] | None = None,
) -> Ran:
    """`run` in an installation that is open already."""
    today = _reach(opened, on)
    with opened.connect("duly_planner", patient=True) as connection:
        made = day.make(opened, connection)
        recorded = day.record_plan(opened, connection, made, reason="day")
    waking = wakes.Waker(opened)
    worker = assembly.build(opened, environ=environ, plan_wakes=waking.plan)
    leap = _leaper(opened) if opened.project.settings.invented else None
    asyncio.run(
        worker.drain(
            leap=leap,
            patience=patience,
            progress=None if progress is None else lambda done: progress(done, recorded.messages),
        )
    )
    with opened.connect() as connection:
        return Ran(
            day=today,
            planned=recorded.messages,
            released=recorded.released,
            again=waking.planned,
            totals=totals(connection, today),
            outcomes=made.plan.totals.outcomes,
        )


def _reach(opened: installation.Installation, on: date | None) -> date:
    with opened.connect() as connection:
        row = connection.execute("select duly_clock()").fetchone()
        now: datetime = row[0] if row is not None else clock.wall()
        today = opened.local_day(now)
        if on is None or on == today:
            return today
        if not opened.project.settings.invented:
            raise errors.NotAllowed(
                say("today is {day}", day=today),
                remedy=say("With real accounts the day is today; leave out --on."),
            )
        if on < today:
            raise errors.WrongUsage(
                say("the virtual clock stands at {day} already", day=today),
                remedy=say("It only moves forward."),
            )
        morning = datetime.combine(on, MORNING, ZoneInfo(opened.project.settings.zone)).astimezone(UTC)
        clock.advance_to(connection, morning)
        opened.raw_key(on)
        return on


def _leaper(opened: installation.Installation) -> Callable[[datetime], None]:
    def leap(instant: datetime) -> None:
        with opened.connect() as connection:
            clock.advance_to(connection, instant)

    return leap


def totals(connection: psycopg.Connection[Any], on: date) -> dict[str, int]:
    """What a day came to so far: permitted, accepted, refused, delivered, failed, replies, dropped, expired."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return dict(cursor.execute(_SQL["totals_of_day"], {"day": on}).fetchone() or {})


def work(actor: Actor, folder: Path, *, environ: Mapping[str, str], ready: Callable[[], None]) -> None:
    """Work until SIGTERM or SIGINT; then finish what is in flight and stop."""
    people.require(actor, Duty.OPERATIONS, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as opened:
        waking = wakes.Waker(opened, daily=MORNING)
        worker = assembly.build(opened, environ=environ, plan_wakes=waking.plan)

        async def serve() -> None:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, worker.stop)
            ready()
            await worker.serve()

        asyncio.run(serve())
