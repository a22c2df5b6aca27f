"""Planning and sending: a day looked at, a day run, a worker that goes on."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import engines, people, premises, remains
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import assembly, clock, compaction, day, installation, lapse, waiting, wakes
from duly.run.worker import Worker
from duly.store import sql

_SQL = sql.load()
# When a day of the virtual clock begins: before anybody may be written to, so that the first lawful instant shows.
MORNING = time(7, 30)
AWAY_FOR = 5.0  # seconds that a run waits for a carrier that is away


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run came to, and what it left and why. `stopped` says that a person ended it."""

    day: date
    planned: int
    released: bool
    again: int
    totals: Mapping[str, int]
    outcomes: Mapping[str, int] = field(default_factory=dict)
    left: tuple[remains.Remains, ...] = ()
    stopped: bool = False


# Told what a run waits for, each time that it is something else.
Tell = Callable[[Sequence[remains.Remains]], None]


def run(
    actor: Actor,
    folder: Path,
    *,
    on: date | None,
    environ: Mapping[str, str],
    patience: float = 2.0,
    away_for: float = AWAY_FOR,
    progress: Callable[[int, int], None] | None = None,
    tell: Tell | None = None,
    engine: engines.Engine = engines.Engine.LOOP,
    workers: int | None = None,
) -> Ran:
    """Plan a day, release it, send until the outbox is empty and nobody is to be woken, or nothing of it can move.

    `on` moves the virtual clock of an invented installation forward to that day. `away_for` is how many seconds a
    carrier that is away is waited for, and `tell` is told what is waited for. `engine` says where the day is planned,
    `workers` with how many processes of a cluster of our own. Raises NotAllowed where the day is not
    today and the installation is real.
    """
    people.require(actor, Duty.OPERATIONS, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as opened:
        return run_opened(
            opened,
            on=on,
            environ=environ,
            patience=patience,
            away_for=away_for,
            progress=progress,
            tell=tell,
            drafting=engines.drafting(engine, workers=workers, environ=environ),
        )


def run_opened(
    opened: installation.Installation,
    *,
    on: date | None,
    environ: Mapping[str, str],
    patience: float = 2.0,
    away_for: float = AWAY_FOR,
    progress: Callable[[int, int], None] | None = None,
    tell: Tell | None = None,
    drafting: day.Engine | None = None,
) -> Ran:
    """`run` in an installation that is open already."""
    today = _reach(opened, on)
    compaction.compact_if_many(opened)
    with opened.connect("duly_planner", patient=True) as connection:
        made = day.make(opened, connection, engine=drafting)
        recorded = day.record_plan(opened, connection, made, reason="day")
    waking = wakes.Waker(opened)
    worker = assembly.build(opened, environ=environ, plan_wakes=waking.plan)
    zone, most = opened.project.settings.zone, opened.project.settings.limits.messages_per_day

    def waits(left: Sequence[waiting.Left]) -> None:
        if tell is not None:
            tell(remains.told(left, zone=zone, most=most))

    stopped = asyncio.run(
        _unless_stopped(
            worker,
            worker.drain(
                leap=_leaper(opened) if opened.project.settings.invented else None,
                patience=patience,
                away_for=away_for,
                progress=None if progress is None else lambda done: progress(done, recorded.messages),
                tell=waits,
            ),
        )
    )
    left = remains.told(worker.left, zone=zone, most=most)
    stale = sorted(made.stale)
    with opened.connect() as connection:
        return Ran(
            day=today,
            planned=recorded.messages,
            released=recorded.released,
            again=waking.planned,
            totals=totals(connection, today),
            outcomes=made.plan.totals.outcomes,
            left=left + remains.held(made.plan, stale=stale, lists=day.asked(opened, made.plan)),
            stopped=stopped,
        )


async def _unless_stopped(worker: Worker, draining: Coroutine[Any, Any, None]) -> bool:
    """Drain; Ctrl-C ends it in good order. Says whether that was so."""
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        worker.stop()

    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop)
    await draining
    return stopped


def _reach(opened: installation.Installation, on: date | None) -> date:
    with opened.connect() as connection:
        lapse.refuse(opened, connection)
        now = clock.instant_of(connection)
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
