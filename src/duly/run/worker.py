"""A worker: the channels, their senders, the inbox, the sequencer and the wakes, in one process.

Any number may run; each owns what it claimed and shows by a session lock that it lives.
Refuses to end in the middle: told to stop, it takes nothing more, waits for what is in flight, writes it down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.channels import base, inbound
from duly.evidence import log
from duly.run import clock, doubts, inbox, inquiry, known, orphans, record, sender, sequencer, waiting, watch
from duly.store import connect, sql

_SQL = sql.load()

_BEAT = 0.5  # seconds between two steps of the sequencer
_GATHER = 0.02  # seconds in which what arrives is gathered into one commit
_WATCH_EVERY = 1.0  # seconds between two looks whether something is wrong
_ASK_EVERY = 30.0  # seconds between two rounds of questions to carriers
_WAKE_EVERY = 5.0  # seconds between two plans for those who are woken, unless there is nothing else to do


@dataclass(kw_only=True)
class Worker:
    """One process's part of the work.

    `open_connection` opens a connection as a named role. `plan_wakes` plans again for whoever is to be woken
    now and returns how many persons that were; None when another process does it. `closing` closes doubts whose time is
    up, `stragglers` finds the messages of very late receipts, `brands` are the senders by route and brand. `reader`
    reads what the gate would hold messages against, and `left` is what a drain ended without having sent.
    """

    channels: Sequence[base.Channel]
    sender_for: Callable[[base.Channel], sender.Sender]
    open_connection: Callable[[str], psycopg.Connection[Any]]
    listener: inbox.Listener
    recorder: record.Recorder
    reader: known.Reader
    sequencing: sequencer.Sequencer | None
    plan_wakes: Callable[[psycopg.Connection[Any]], int] | None
    closing: doubts.Closing
    stragglers: orphans.Stragglers
    brands: Mapping[tuple[str, str], str]
    zone: str
    watching: watch.Watch | None = None
    senders: list[sender.Sender] = field(default_factory=list)
    heard: int = 0
    left: tuple[waiting.Left, ...] = ()
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _quiet: asyncio.Event = field(default_factory=asyncio.Event)  # nothing more is sent or heard
    _idle: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # nothing is left to do but to plan for the woken
    _inbox_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _arriving: list[tuple[Sequence[inbound.Inbound], asyncio.Future[None]]] = field(default_factory=list)
    _commits: set[asyncio.Task[None]] = field(default_factory=set)
    _inbox: psycopg.Connection[Any] | None = None
    _ensured: set[object] = field(default_factory=set)
    _vigil: waiting.Vigil = field(default_factory=lambda: waiting.Vigil(away_for=0, leaping=False))

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
        away_for: float = 5.0,
        progress: Callable[[int], None] | None = None,
        tell: Callable[[tuple[waiting.Left, ...]], None] | None = None,
    ) -> None:
        """Work until the outbox of the day is empty, receipts have come or stopped coming, and nobody is to be woken.

        `leap` moves a virtual clock to the next instant at which something may leave; without it the worker
        waits for that instant. `patience` is how long to wait for receipts that do not come, in seconds.
        It ends too when nothing of what is left can move: at once where only people can change that, after `away_for`
        seconds where a carrier is away. `tell` is told what is waited for meanwhile, and `left` says it afterwards.
        """
        self._vigil = waiting.Vigil(away_for=away_for, leaping=leap is not None, tell=tell)
        async with self._working():
            watch = await asyncio.to_thread(self.open_connection, "duly_worker")
            try:
                await self._until_quiet(watch, leap=leap, patience=patience, progress=progress)
                self.left = await asyncio.to_thread(self._what_is_left, watch)
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
        sending = [asyncio.create_task(one.run()) for one in self.senders]
        tasks = [
            asyncio.create_task(one())
            for one in (self._sequence, self._wake, self._keep_watch, self._inquire)
        ]
        for task in (*tasks, *sending):
            task.add_done_callback(self._watch)
        try:
            yield
        finally:
            self.stop()
            await asyncio.gather(*sending, return_exceptions=True)
            await asyncio.gather(*(channel.stop() for channel in self.channels), return_exceptions=True)
            self._quiet.set()
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

    async def _pause(self, seconds: float, *, until: asyncio.Event | None = None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for((until or self._stop).wait(), seconds)

    async def _sequence(self) -> None:
        if self.sequencing is None:
            return
        connection: psycopg.Connection[Any] | None = None
        while True:
            # Once more after the last answer and the last receipt: what crossed at the end must not wait for the
            # next worker, and nothing that was recorded may be left out of the log.
            last = self._quiet.is_set()
            try:
                if connection is None or connection.closed:
                    connection = await asyncio.to_thread(self.open_connection, "duly_worker")
                with connect.translated():
                    await asyncio.to_thread(self._look_again, connection)
                    await asyncio.to_thread(self.sequencing.drain, connection)
            except log.LogBusy:
                pass  # another worker keeps the evidence; when it is gone this one takes over
            except errors.DatabaseAway:
                if connection is not None:
                    connection.close()
                connection = None
            if last:
                break
            await self._pause(_BEAT, until=self._quiet)
        self.sequencing.close()
        if connection is not None:
            connection.close()

    async def _wake(self) -> None:
        if self.plan_wakes is None:
            return
        connection: psycopg.Connection[Any] | None = None
        while not self._stop.is_set():
            # A plan costs much the same for one person as for fifty: those who are woken meanwhile wait for each other,
            # as long as there is something else to do.
            await self._either(self._stop, self._idle, seconds=_WAKE_EVERY)
            self._idle.clear()
            try:
                if connection is None or connection.closed:
                    connection = await asyncio.to_thread(self.open_connection, "duly_planner")
                with connect.translated():
                    await asyncio.to_thread(self.plan_wakes, connection)
            except errors.DatabaseAway:
                connection = None
        if connection is not None:
            connection.close()

    async def _keep_watch(self) -> None:
        """The machine's own brake, for as long as anything may leave."""
        connection: psycopg.Connection[Any] | None = None
        while self.watching is not None and not self._stop.is_set():
            try:
                if connection is None or connection.closed:
                    connection = await asyncio.to_thread(self.open_connection, "duly_worker")
                with connect.translated():
                    await asyncio.to_thread(self.watching.look, connection)
            except errors.DatabaseAway:
                connection = None
            await self._pause(_WATCH_EVERY)
        if connection is not None:
            connection.close()

    async def _inquire(self) -> None:
        """Ask the carriers of our own routes about what they do not tell by themselves."""
        while not self._stop.is_set():
            await self._pause(_ASK_EVERY)
            for one in self.senders:
                if self._stop.is_set() or not (one.tenure.holds and one.channel.can.queries):
                    continue
                with contextlib.suppress(errors.DatabaseAway):
                    wanted = await asyncio.to_thread(self._to_ask, one.channel.route)
                    await inquiry.ask(one.channel, wanted, self.on_inbound)

    def _to_ask(self, route: str) -> tuple[inquiry.Wanted, ...]:
        with connect.translated(), contextlib.closing(self.open_connection("duly_worker")) as connection:
            return inquiry.due(connection, route=route, senders=self.brands, now=clock.instant_of(connection))

    def _look_again(self, connection: psycopg.Connection[Any]) -> None:
        """At what came before it could be understood, and at what waits for a rest that does not come."""
        orphans.adopt(connection, self.recorder)
        inbox.finish(connection, listener=self.listener, recorder=self.recorder)
        self.stragglers.adopt(connection)
        self.closing.close(connection, clock.instant_of(connection))

    @staticmethod
    async def _either(*events: asyncio.Event, seconds: float) -> None:
        """Wait for one of the events, or for so long."""
        waits = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()

    # --- what arrives

    async def on_inbound(self, things: Sequence[inbound.Inbound]) -> None:
        """Commit what a carrier brought; the channel acknowledges it when this returns, and not before."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arriving.append((things, committed))
        commit = asyncio.create_task(self._commit_all())
        self._commits.add(commit)
        commit.add_done_callback(self._commits.discard)
        await committed
        self.heard += len(things)

    async def _commit_all(self) -> None:
        async with self._inbox_lock:
            # Whatever comes within a moment, or came while the last commit was on its way, goes into one.
            if self._arriving:
                await asyncio.sleep(_GATHER)
            together, self._arriving = self._arriving, []
            if together:
                await self._commit(together)

    async def _commit(
        self, together: Sequence[tuple[Sequence[inbound.Inbound], asyncio.Future[None]]]
    ) -> None:
        """Take them in one transaction; where that fails for one of them, each in its own."""
        try:
            await asyncio.to_thread(self._take, [thing for things, _ in together for thing in things])
        except Exception as trouble:  # noqa: BLE001 - every caller is told
            if len(together) > 1 and not isinstance(trouble, errors.DatabaseAway):
                for one in together:
                    await self._commit([one])
                return
            for _, committed in together:
                if not committed.cancelled():
                    committed.set_exception(trouble)
        else:
            for _, committed in together:
                if not committed.cancelled():
                    committed.set_result(None)

    def _take(self, things: Sequence[inbound.Inbound]) -> None:
        with connect.translated():
            if self._inbox is None or self._inbox.closed:
                self._inbox = self.open_connection("duly_worker")
                self._ensured.clear()
            day = clock.local_day(clock.instant_of(self._inbox), self.zone)
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
        loop = asyncio.get_running_loop()
        quiet_since, last_heard, given_up = loop.time(), -1, 0
        while not self._stop.is_set():
            state = await self._weighed(watch, await asyncio.to_thread(self._look, watch))
            if progress is not None:
                progress(
                    sum(one.tally.accepted + one.tally.unsure + one.tally.refused for one in self.senders)
                )
            if self.heard != last_heard:
                last_heard, quiet_since = self.heard, loop.time()
            if state["claimed"] or state["due"]:
                quiet_since = loop.time()
            elif state["queued"] and not state["wakes"] and leap is not None:
                await asyncio.to_thread(leap, state["next_at"])
                quiet_since = loop.time()
            elif state["outstanding"] > given_up and loop.time() - quiet_since <= patience:
                pass  # receipts are on their way, and may wake somebody
            else:
                given_up = state["outstanding"]
                if state["wakes"]:
                    self._idle.set()
                elif not state["queued"]:
                    return
            await asyncio.sleep(0.05)

    def _look(self, watch: psycopg.Connection[Any]) -> dict[str, Any]:
        now = clock.instant_of(watch)
        with watch.cursor(row_factory=dict_row) as cursor:
            since = (now - timedelta(days=1)).date()
            state = cursor.execute(_SQL["outbox_state"], {"since": since}).fetchone() or {}
            awaited = {
                "day": clock.local_day(now, self.zone),
                "routes": [channel.route for channel in self.channels if channel.can.receipts is not None],
            }
            waits = cursor.execute(_SQL["still_awaited"], awaited).fetchone() or {}
        return {**state, **waits}

    async def _weighed(self, watch: psycopg.Connection[Any], state: dict[str, Any]) -> dict[str, Any]:
        """The state without what cannot move; what keeps it is found out and told when nothing moved for a while."""
        loop, held = asyncio.get_running_loop(), state["queued"] + state["claimed"]
        if not held:
            return state
        begun, moved = loop.time(), sum(one.tally.moved for one in self.senders)
        if self._vigil.is_due((held, self.heard, moved), begun):
            left = await asyncio.to_thread(self._what_is_left, watch)
            self._vigil.see(left, at=loop.time(), cost=loop.time() - begun)
        return self._vigil.weigh(state, loop.time())

    def _what_is_left(self, watch: psycopg.Connection[Any]) -> tuple[waiting.Left, ...]:
        now = clock.instant_of(watch)
        return waiting.read(
            watch,
            reader=self.reader,
            ways={
                one.channel.route: waiting.Way(
                    holds=one.tenure.holds, bound=one.tenure.bound, trouble=one.tenure.trouble
                )
                for one in self.senders
            },
            deferred=[delay for one in self.senders for delay in one.delays],
            since=(now - timedelta(days=1)).date(),
        )
