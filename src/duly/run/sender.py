"""One route's outbox: own the route, claim a batch, gate it chunk by chunk, hand over, write down what came of it.

A route has one owner, by a session lock: its rate, its window and its bind are not for two. The other workers stand
by, and one of them takes over when the owner is gone.
The chunk is never larger than the channel's free window, less the answers that are not written down yet: what is in
doubt after a crash is never more than a window. Bytes follow the gate's commit at once; what could not be written in
time is gated again.
Refuses to hold anything in memory that the database does not know, but the answers that are being written down.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.channels import answer, base
from duly.run import (
    brakes,
    clock,
    gate,
    outbox,
    planned,
    quotas,
    record,
    recovery,
    ruling,
    seeds,
    settlement,
    tallies,
    tenure,
)
from duly.store import connect, sql

_SQL = sql.load()

T = TypeVar("T")

IDLE = 0.05  # seconds between two looks for a batch
_PATIENCE = 0.05  # seconds that a larger chunk is waited for
_FAREWELL = 30.0  # seconds that the database is waited for at the end, while there are answers to write down

# For so long after a word that kept something back the brakes are asked first; then the gate is asked everything again,
# since what became known meanwhile may have ended what waits.
_BRAKED_FOR = timedelta(seconds=10)
_LOOK_EVERY = timedelta(seconds=2)  # how often a worker looks for others that are gone


@dataclass(kw_only=True)
class Sender:
    """Drives one channel from the outbox on one database connection.

    `open_connection` opens a connection as the worker role; `prepare` renders and encodes rows (it may end some of
    them at once, as drops); `gate_for` builds the gate on a connection; `sower` writes to the lender's own phones.
    """

    channel: base.Channel
    open_connection: Callable[[], psycopg.Connection[Any]]
    prepare: Callable[
        [psycopg.Connection[Any], Sequence[planned.Planned]], list[ruling.Prepared | ruling.Drop]
    ]
    gate_for: Callable[[psycopg.Connection[Any], clock.Clock, str], gate.Gate]
    recorder: record.Recorder
    time: clock.Clock
    zone: str
    window: int
    sower: seeds.Sower | None = None
    tally: tallies.Tally = field(default_factory=tallies.Tally)
    tenure: tenure.Tenure = field(init=False)
    connection: psycopg.Connection[Any] | None = None
    worker: str = ""
    stopping: bool = False
    _days: set[object] = field(default_factory=set)
    _unsaved: list[settlement.Answered] = field(default_factory=list)
    _flying: dict[bytes, settlement.HandedOver] = field(default_factory=dict)
    _flights: set[asyncio.Task[list[answer.Answer]]] = field(default_factory=set)
    _open: dict[bytes, int] = field(default_factory=dict)  # segments of each message without a written answer
    _memory: recovery.Memory = field(default_factory=recovery.Memory)
    _looked_at: datetime | None = None
    _delays: dict[bytes, tuple[brakes.Lot, datetime]] = field(default_factory=dict)
    _braked_until: datetime | None = None  # till when it is asked first what is kept back
    _full_until: datetime | None = None  # when it is looked again whether the day has room
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.tenure = tenure.Tenure(channel=self.channel)

    # --- life

    async def run(self, *, until_idle: bool = False) -> None:
        """Send until told to stop; with `until_idle`, until no batch of the route is due."""
        while not self.stopping:
            try:
                if not await self._database(self._settle_in):
                    await self.tenure.stand_by()
                    continue
                if not (await self.tenure.bind() and await self.tenure.has_room()):
                    continue  # nothing is claimed while the carrier is away
                batch = await self._database(self._next_batch)
                if batch is None:
                    if until_idle:
                        return
                    await self.tenure.pause(IDLE)
                    continue
                await self._send_batch(batch)
            except errors.DatabaseAway as error:
                await self._lose(error)
                await self.tenure.pause(0.2)
            except errors.ClockAstray as error:
                await self._lose(error)  # what was claimed goes back when the clocks agree again
                await self.tenure.pause(1)
        await self._finish()

    @property
    def delays(self) -> tuple[tuple[brakes.Lot, datetime], ...]:
        """What the gate, by the law, put off to a later instant."""
        return tuple(self._delays.values())

    def stop(self) -> None:
        """Take no further batch; what is in flight is waited for and written down."""
        self.stopping = True
        self.tenure.end()

    async def _finish(self) -> None:
        # What this process knows of its hand-overs nobody else does: without it they would be doubts.
        until = asyncio.get_running_loop().time() + _FAREWELL
        while self._unsaved or (self.connection is None and self._memory.never_left):
            try:
                await self._database(self._ready)
                await self._database(self._save)
            except (errors.DatabaseAway, errors.ClockAstray) as error:
                await self._lose(error)
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(0.2)

    def close(self) -> None:
        """Give the connection back; with it goes the lock that says this worker lives."""
        self._memory.end()
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.tenure.lose()

    async def _database(self, work: Callable[[], T]) -> T:
        async with self._lock:
            with connect.translated():
                return await asyncio.to_thread(work)

    async def _lose(self, why: errors.DulyError) -> None:
        self.tenure.trouble = why
        # The session lock went with the connection: from here on we are a new worker, and what the old one
        # left behind is ours to settle, with what this process still knows. So its answers are awaited first.
        if self._flights:
            await asyncio.gather(*self._flights, return_exceptions=True)
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.tenure.lose()

    def _ready(self) -> None:
        if self.connection is not None and not self.connection.closed:
            return
        connection = self.open_connection()
        try:
            self.worker = self._memory.begin()
            connection.execute(_SQL["heed_silence"])
            connection.execute(_SQL["hold_worker"], {"lock": recovery.worker_lock(self.worker)})
            now = self.time.read(connection)
        except BaseException:
            connection.close()
            raise
        self.connection = connection
        self.tenure.lose()
        self._days.clear()
        self._ensure(clock.local_day(now, self.zone))
        self._save()
        self._look_around(connection)

    def _look_around(self, connection: psycopg.Connection[Any]) -> None:
        recovery.recover(
            connection,
            recorder=self.recorder,
            now=self.time.now(),
            memory=self._memory,
            gave=self.gate_for(connection, self.time, self.worker).gave,
        )
        self._looked_at = clock.wall()

    def _live(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            raise errors.DatabaseAway("the connection is lost", remedy="It is opened again by itself.")
        return self.connection

    def _ensure(self, day: object) -> None:
        if day not in self._days:
            self._live().execute(_SQL["ensure_day"], {"day": day})
            self._days.add(day)

    # --- one batch

    def _settle_in(self) -> bool:
        """Connected, the route ours, and what others left behind put in order; False where the route is another's."""
        self._ready()
        if not self._own():
            return False
        self._tidy()
        return True

    def _own(self) -> bool:
        if self.tenure.take(self._live()):
            self._looked_at = (
                None  # whoever had the route before us may be gone, and have left something in hand
            )
        return self.tenure.holds

    def _tidy(self) -> None:
        """What is left by those who are gone, and what outlived itself, ends whether or not the carrier is there."""
        connection = self._live()
        if self._looked_at is None or clock.wall() - self._looked_at > _LOOK_EVERY:
            self._look_around(connection)
        self.gate_for(connection, self.time, self.worker).expire()

    def _is_full(self) -> bool:
        """Whether the day has its fill: then nothing is claimed, since to no purpose would it be rendered."""
        if self._full_until is None:
            return False
        now = self.time.now()
        if now >= self._full_until:
            self._full_until = self.gate_for(self._live(), self.time, self.worker).full(self.channel.route)
        return self._full_until is not None

    def _next_batch(self) -> dict[str, Any] | None:
        return None if self._is_full() else self._claim()

    def _claim(self) -> dict[str, Any] | None:
        with self._live().cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                _SQL["claim_batch"], {"route": self.channel.route, "worker": self.worker}
            ).fetchone()

    def _rows(self, batch: dict[str, Any]) -> list[planned.Planned]:
        self._ensure(batch["day"])
        return outbox.waiting(self._live(), batch=batch["id"], day=batch["day"])

    async def _send_batch(self, batch: dict[str, Any]) -> None:
        waiting = deque(await self._database(lambda: self._rows(batch)))
        later: list[datetime] = []
        while waiting and not self.stopping:
            room = await self._room(waiting)
            if not room:
                break  # the carrier is away, or we are told to stop: the batch goes back as it is
            chunk: list[planned.Planned] = []
            while waiting and (not chunk or sum(row.parts for row in chunk) + waiting[0].parts <= room):
                chunk.append(waiting.popleft())
            word = await self._database(functools.partial(self._judge, tuple(chunk)))
            later += [item.until for item in word.deferred]
            self._full_until = max(
                (item.until for item in word.deferred if item.code in quotas.CODES), default=None
            )
            self.tally.dropped += len(word.dropped)
            self.tally.deferred += len(word.deferred)
            if word.released:
                self._hand_over(word)
                await asyncio.sleep(0)  # the flight writes before the next chunk is gated
            if self.sower is not None:
                await self.sower.sow(self._database, self._live, word.deferred)
            if self._full_until is not None:
                break
        if self._flights:
            await asyncio.gather(*self._flights)
        if self._unsaved:
            returned = any(settlement.outcome_of(item.answer) == "returned" for item in self._unsaved)
            if returned:
                later.append(self.time.now() + settlement.RETRY_AFTER)
            await self._database(self._save)
        await self._database(lambda: self._close_batch(batch, later))

    async def _room(self, waiting: Sequence[planned.Planned]) -> int:
        """Wait for a window worth gating for, half of it or all that is waiting, but not for long; 0 for none at all.

        What left and has no answer in the database takes its part of the window; answers are written down when they
        take too much of it.
        """
        first = waiting[0].parts
        enough = max(first, min(self.window // 2, sum(row.parts for row in waiting)))
        loop = asyncio.get_running_loop()
        patience = loop.time() + _PATIENCE
        while True:
            free = self.window - sum(self._open.values())
            try:
                room = min(free, await self.tenure.room())
            except errors.CarrierAway:
                return 0
            if self.stopping:
                return 0
            if room >= enough or (loop.time() > patience and room > 0 and (free >= first or not self._open)):
                return room
            if free < enough and self._unsaved:
                await self._database(self._save)
            else:
                await asyncio.sleep(0.002)

    def _judge(self, rows: Sequence[planned.Planned]) -> gate.Word:
        connection = self._live()
        judging = self.gate_for(connection, self.time, self.worker)
        ours, ended = judging.recognise(rows)
        kept: list[ruling.Defer] = []
        if self._braked_until is not None and clock.wall() < self._braked_until:
            # What is kept back whatever it says is not rendered for that, again and again.
            ours, kept = judging.keep(ours)
        prepared = self.prepare(connection, ours) if ours else []
        ended += [item for item in prepared if isinstance(item, ruling.Drop)]
        ready = [item for item in prepared if isinstance(item, ruling.Prepared)]
        asked = {(self.worker, item.planned.key) for item in ready}
        self._memory.never_left |= asked  # until the commit is confirmed, and for ever if it never is
        try:
            word = judging.judge(ready, ended=ended)
        except errors.ClockAstray:
            self._memory.never_left -= asked  # nothing was to be committed
            raise
        self._memory.never_left -= asked
        if any(delay.code in ruling.BRAKED for delay in word.deferred):
            self._braked_until = clock.wall() + _BRAKED_FOR
        for item in ready:
            self._delays.pop(item.planned.key, None)
        for delay in word.deferred:
            if delay.code == "law":
                self._delays[delay.planned.key] = brakes.lot(delay.planned), delay.until
        return replace(word, deferred=(*word.deferred, *kept))

    def _hand_over(self, word: gate.Word) -> None:
        handed = []
        for prepared, released, attempt, entry in word.released:
            row = prepared.planned
            what = settlement.HandedOver(
                day=row.day,
                key=row.key,
                attempt=attempt,
                person=row.person,
                cases=row.cases,
                route=row.route,
                entry=entry,
            )
            handed.append(what)
            self._flying[row.key] = what
            self._open[row.key] = released.encoded.count
        self.tally.parts += sum(released.encoded.count for _, released, _, _ in word.released)

        def heard(n: int, given: answer.Answer) -> None:
            self._hear(handed[n], given)

        sending = self.channel.send([released for _, released, _, _ in word.released], heard=heard)
        flight = asyncio.create_task(sending)
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    def _hear(self, what: settlement.HandedOver, given: answer.Answer) -> None:
        if self._flying.pop(what.key, None) is None:
            return
        self._unsaved.append(settlement.Answered(what=what, answer=given))
        word = settlement.outcome_of(given)
        setattr(self.tally, word, getattr(self.tally, word) + 1)

    def _save(self) -> None:
        if not self._unsaved:
            return
        saving = list(self._unsaved)
        settlement.settle(self._live(), saving, recorder=self.recorder, now=self.time.now())
        del self._unsaved[: len(saving)]
        for item in saving:
            self._open.pop(item.what.key, None)

    def _close_batch(self, batch: dict[str, Any], later: Sequence[datetime]) -> None:
        connection = self._live()
        with connection.transaction():
            # Whoever gives a message back to its batch is either seen here, or finds the batch done and opens it again.
            connection.execute(_SQL["hold_batch"], {"batch": batch["id"]})
            left = self._rows(batch)
            connection.execute(
                _SQL["finish_batch"],
                {
                    "batch": batch["id"],
                    "worker": self.worker,
                    "state": "queued" if left else "done",
                    "not_before": min(later) if left and later else None,
                },
            )
