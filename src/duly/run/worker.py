"""A worker: the channels, their senders, the inbox, the sequencer and the wakes, in one process.

Any number may run; each owns what it claimed and shows by a session lock that it lives.
Refuses to end in the middle: told to stop, it takes nothing more, waits for what is in flight, writes it down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.channels import base, inbound
from duly.evidence import log
from duly.run import clock, inbox, record, sender, sequencer
from duly.store import connect, sql

_SQL = sql.load()

_BEAT = 0.2  # seconds between two steps of the sequencer, and between two looks for wakes
_CONNECT_FOR = 10.0  # seconds a route may take to bind before its sender goes on without it


@dataclass(kw_only=True)
class Worker:
    """One process's part of the work.

    `open_connection` opens a connection as a named role. `plan_wakes` plans again for whoever is to be woken
    now and returns how many persons that were; None when another process does it.
    """

    channels: Sequence[base.Channel]
    sender_for: Callable[[base.Channel], sender.Sender]
    open_connection: Callable[[str], psycopg.Connection[Any]]
    listener: inbox.Listener
    recorder: record.Recorder
    sequencing: sequencer.Sequencer | None
    plan_wakes: Callable[[psycopg.Connection[Any]], int] | None
    zone: str
    senders: list[sender.Sender] = field(default_factory=list)
    heard: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _inbox_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _inbox: psycopg.Connection[Any] | None = None
    _ensured: set[object] = field(default_factory=set)

    # --- the two ways to run

    async def serve(self) -> None:
        """Work until told to stop."""
        async with self._working():
            await self._stop.wait()

    async def drain(
        self,
        *,
        leap: Callable[[datetime], None] | None = None,
        patience: float = 2.0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Work until the outbox of the day is empty, receipts have come or stopped coming, and nobody is to be woken.

        `leap` moves a virtual clock to the next instant at which something may leave; without it the worker
        waits for that instant. `patience` is how long to wait for receipts that do not come, in seconds.
        """
        async with self._working():
            watch = await asyncio.to_thread(self.open_connection, "duly_worker")
            try:
                await self._until_quiet(watch, leap=leap, patience=patience, progress=progress)
            finally:
                await asyncio.to_thread(watch.close)

    def stop(self) -> None:
        """Take nothing more; finish what is in flight."""
        self._stop.set()
        for one in self.senders:
            one.stop()

    # --- what runs beside each other

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        await self._stand()
        self.senders = [self.sender_for(channel) for channel in self.channels]
        tasks = [asyncio.create_task(self._keep_bound(channel)) for channel in self.channels]
        sending = [asyncio.create_task(one.run()) for one in self.senders]
        tasks.append(asyncio.create_task(self._sequence()))
        tasks.append(asyncio.create_task(self._wake()))
        for task in (*tasks, *sending):
            task.add_done_callback(self._watch)
        try:
            yield
        finally:
            self.stop()
            await asyncio.gather(*sending, return_exceptions=True)
            await asyncio.gather(*(channel.stop() for channel in self.channels), return_exceptions=True)
            await asyncio.gather(*tasks, return_exceptions=True)
            for one in self.senders:
                one.close()
            if self._inbox is not None:
                self._inbox.close()
                self._inbox = None
        for task in (*sending, *tasks):
            task.result()  # what ended one of them ends the worker, and is told

    async def _stand(self) -> None:
        """Nothing is sent, and no carrier is bound, before the log and the database are known to be one.

        Raises EvidenceBroken when the database is an older one. Where another worker keeps the log it has looked.
        """
        while self.sequencing is not None and not self._stop.is_set():
            try:
                connection = await asyncio.to_thread(self.open_connection, "duly_worker")
                with contextlib.closing(connection), connect.translated():
                    await asyncio.to_thread(self.sequencing.stand, connection)
            except log.LogBusy:
                return
            except errors.DatabaseAway:
                await self._pause(_BEAT)
            else:
                return

    def _watch(self, task: asyncio.Task[None]) -> None:
        # A worker that lost a part of itself must not look as if it were at work.
        if not task.cancelled() and task.exception() is not None:
            self.stop()

    async def _keep_bound(self, channel: base.Channel) -> None:
        while not self._stop.is_set():
            try:
                await channel.start()
            except errors.CarrierAway:
                await self._pause(1.0)
            else:
                return

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _sequence(self) -> None:
        if self.sequencing is None:
            return
        connection: psycopg.Connection[Any] | None = None
        while True:
            last = self._stop.is_set()
            try:
                if connection is None or connection.closed:
                    connection = await asyncio.to_thread(self.open_connection, "duly_worker")
                with connect.translated():
                    await asyncio.to_thread(inbox.adopt, connection, self.recorder)
                    await asyncio.to_thread(self.sequencing.drain, connection)
            except log.LogBusy:
                pass  # another worker keeps the evidence; when it is gone this one takes over
            except errors.DatabaseAway:
                if connection is not None:
                    connection.close()
                connection = None
            if last:
                break
            await self._pause(_BEAT)
        self.sequencing.close()
        if connection is not None:
            connection.close()

    async def _wake(self) -> None:
        if self.plan_wakes is None:
            return
        connection: psycopg.Connection[Any] | None = None
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            woken = 0
            try:
                if connection is None or connection.closed:
                    connection = await asyncio.to_thread(self.open_connection, "duly_planner")
                with connect.translated():
                    woken = await asyncio.to_thread(self.plan_wakes, connection)
            except errors.DatabaseAway:
                connection = None
            # A plan costs much the same for one person as for fifty: those who are woken meanwhile wait for each other.
            spent = asyncio.get_running_loop().time() - began
            await self._pause(max(_BEAT, 2 * spent) if woken else _BEAT)
        if connection is not None:
            connection.close()

    # --- what arrives

    async def on_inbound(self, things: Sequence[inbound.Inbound]) -> None:
        """Commit what a carrier brought; the channel acknowledges it when this returns, and not before."""
        async with self._inbox_lock:
            await asyncio.to_thread(self._take, things)
        self.heard += len(things)

    def _take(self, things: Sequence[inbound.Inbound]) -> None:
        with connect.translated():
            if self._inbox is None or self._inbox.closed:
                self._inbox = self.open_connection("duly_worker")
                self._ensured.clear()
            row = self._inbox.execute("select duly_clock()").fetchone()
            day = clock.local_day(row[0] if row is not None else clock.wall(), self.zone)
            if day not in self._ensured:
                self._inbox.execute(_SQL["ensure_day"], {"day": day})
                self._ensured.add(day)
            inbox.take(self._inbox, things, listener=self.listener, recorder=self.recorder)

    # --- waiting for quiet

    async def _until_quiet(
        self,
        watch: psycopg.Connection[Any],
        *,
        leap: Callable[[datetime], None] | None,
        patience: float,
        progress: Callable[[int], None] | None,
    ) -> None:
        quiet_since: float | None = None
        last_heard = -1
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            state = await asyncio.to_thread(self._look, watch)
            if progress is not None:
                progress(
                    sum(one.tally.accepted + one.tally.unsure + one.tally.refused for one in self.senders)
                )
            busy = state["claimed"] > 0 or state["due"] > 0 or state["wakes"] > 0
            if self.heard != last_heard:
                last_heard, quiet_since = self.heard, loop.time()
            if busy:
                quiet_since = loop.time()
            elif state["queued"] and leap is not None:
                await asyncio.to_thread(leap, state["next_at"])
                quiet_since = loop.time()
            elif not state["queued"]:
                waited = loop.time() - (quiet_since if quiet_since is not None else loop.time())
                if not state["outstanding"] or waited > patience:
                    return
            await asyncio.sleep(0.05)

    def _look(self, watch: psycopg.Connection[Any]) -> dict[str, Any]:
        with watch.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute("select duly_clock() as now").fetchone()
            now: datetime = row["now"] if row is not None else clock.wall()
            since = (now - timedelta(days=1)).date()
            state = cursor.execute(_SQL["outbox_state"], {"since": since}).fetchone() or {}
            awaited = {
                "day": clock.local_day(now, self.zone),
                "routes": [channel.route for channel in self.channels if channel.can.receipts is not None],
            }
            waits = cursor.execute(_SQL["still_awaited"], awaited).fetchone() or {}
        return {**state, **waits}
