"""SMS over SMPP 3.4: one bind as transceiver, kept alive, mended when it breaks.

A released message is written once, into a free window and at the route's pace, or not at all. Whatever was
written and has no answer when its time is up or the connection ends is `Unsure`; nothing is ever written
again from here. Refuses to start a second bind: more throughput is another route.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Sequence
from typing import Any

from duly import errors
from duly.channels import answer, base, inbound, inflow, outflow, pace, smpp_coding, smpp_link
from duly.channels.answer import Fate, Segment
from duly.channels.smpp_coding import Settings
from duly.wire.smpp import event, pdu, status

__all__ = ["Settings", "Smpp"]

_STRAGGLERS = 1.0  # seconds that receipts still arriving at the end are waited for


class Smpp:
    """One route over one bind; see `channels.base.Channel`.

    `on_inbound` must return only when what it got is committed: the carrier is answered after that.
    """

    def __init__(
        self, settings: Settings, *, turnstile: base.Turnstile, on_inbound: inbound.OnInbound
    ) -> None:
        self.settings = settings
        self.can = settings.capabilities()
        self.route = settings.route
        self._turnstile = turnstile
        self._on_inbound = on_inbound
        self._link: smpp_link.Link | None = None
        self._out: outflow.Outflow | None = None
        self._in: inflow.Inflow[_Origin] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._stopping = False
        self._away: errors.CarrierAway | None = None

    # --- the contract

    @property
    def free_window(self) -> int:
        """Segments that could be written at once right now."""
        link, out = self._link, self._out
        if link is None or out is None or self._stopping or not link.writable:
            return 0
        free = link.session.free - out.waiting_segments
        return max(0, min(free, out.pace.room(self._now())))

    @property
    def away(self) -> errors.CarrierAway | None:
        """What came of the last attempt to get the connection back."""
        return self._away

    def encode(self, message: base.Message) -> base.Encoded:
        """See `smpp_coding.encode`."""
        return smpp_coding.encode(self.settings, message)

    def decode(self, raw: bytes) -> tuple[inbound.Event, ...]:
        """See `smpp_coding.decode`."""
        return smpp_coding.decode(self.settings, raw)

    async def start(self) -> None:
        """Connect and bind; from then on losses mend themselves. Raises CarrierAway when this first try
        fails.
        """
        if self._link is not None:
            return
        self._stopping = False
        self._away = None
        if self._out is None or self._in is None:
            self._out = outflow.Outflow(
                route=self.route,
                turnstile=self._turnstile,
                rate=pace.Pace(self.settings.rate, now=self._now()),
            )
            self._in = inflow.Inflow(
                route=self.route, decode=self.decode, on_inbound=self._on_inbound, acknowledge=_acknowledge
            )
            self._keep(self._in.run())
        self._link = await smpp_link.connect(self.settings, self)
        self._changed.set()

    async def room(self) -> int:
        """Wait until segments may be written. Raises CarrierAway while not started or refused at the bind."""
        while (free := self.free_window) == 0:
            if isinstance(self._away, base.BindRefused):
                raise self._away
            if self._stopping or self._out is None:
                raise errors.CarrierAway(
                    f"route {self.route} is not started", remedy="Start the channel first."
                )
            self._changed.clear()
            wait = max(0.0, self._out.pace.ready_at(self._now()) - self._now())
            with contextlib.suppress(TimeoutError):
                # Paced: until the next token; else until something changes.
                await asyncio.wait_for(self._changed.wait(), wait or None)
        return free

    async def send(
        self, batch: Sequence[base.Released], *, heard: base.Heard | None = None
    ) -> list[answer.Answer]:
        """Write what the turnstile lets through, and wait for the answers in the batch's order."""
        out, link = self._out, self._link
        if out is None or link is None or self._stopping:
            given = [answer.never_written("the carrier is not connected", one.encoded.count) for one in batch]
            for place, one in enumerate(given):
                if heard is not None:
                    heard(place, one)
            return list(given)
        future = out.offer(batch, self._now(), heard)
        self._pump()
        return await future

    async def stop(self) -> None:
        """Write nothing more, wait for answers as long as answers may take, unbind, disconnect."""
        self._stopping = True
        self._changed.set()
        if self._out is not None:
            self._out.abandon("the route is stopping")
        while self._link is not None and self._out is not None and self._out.in_flight:
            self._changed.clear()
            await self._changed.wait()
        if self._link is not None:
            if self._in is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._in.drain(), _STRAGGLERS)
            await self._link.unbind()
        if self._in is not None:
            await self._in.drain()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._alarm is not None:
            self._alarm.cancel()
        self._link = self._out = self._in = None

    # --- what the link tells

    def on_answer(self, link: smpp_link.Link, heard: event.Answered) -> None:
        """A segment is taken or refused."""
        token = heard.token
        if self._out is None or not isinstance(token, outflow.Token):
            return
        segment, throttled = self._fate(heard)
        if not heard.late:
            self._out.settle(token, segment, self._now(), throttled=throttled)
            return
        settled = self._out.settle_late(token, segment)
        if settled is not None and self._in is not None:
            late = inbound.LateAnswer(
                message_key=token.job.released.message_key, answer=settled, raw=heard.raw
            )
            self._in.put((link, None), heard.raw, (late,))

    def on_unanswered(self, link: smpp_link.Link, token: object) -> None:
        """A written segment stays without an answer."""
        if self._out is None or not isinstance(token, outflow.Token):
            return
        reason = (
            "the connection ended before the carrier answered"
            if link is not self._link or not link.writable
            else f"the carrier did not answer within {self.settings.answer_within:g} s"
        )
        self._out.settle(token, Segment(fate=Fate.UNANSWERED, reason=reason), self._now())

    def on_request(self, link: smpp_link.Link, asked: event.Requested | event.Wrong) -> None:
        """Something arrived."""
        if self._in is None:
            return
        known: tuple[inbound.Event, ...] | None = None
        if isinstance(asked, event.Requested) and isinstance(asked.body, pdu.DeliverSm):
            known = smpp_coding.read(self.settings, asked.body, asked.raw)
        if not self._in.put((link, asked), asked.raw, known):
            link.acknowledge([(asked, False)])

    def on_change(self) -> None:
        """There may be room again."""
        self._pump()
        self._changed.set()

    def on_lost(self, link: smpp_link.Link) -> None:
        """Nothing waits for a connection: what was not written goes back through the gate."""
        if self._link is not link:
            return
        self._link = None
        self._away = None if self._stopping else link.lost()
        if self._out is not None:
            self._out.abandon("the connection to the carrier was lost")
        self._changed.set()
        if not self._stopping:
            self._keep(self._mend())

    # --- inside

    async def _mend(self) -> None:
        wait = self.settings.retry_first
        while not self._stopping:
            # Not all routes of a carrier that comes back at the same instant.
            await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - spreads load, guards nothing
            try:
                self._link = await smpp_link.connect(self.settings, self)
            except base.BindRefused as error:
                # Somebody must look, and is told by `room`; meanwhile ask seldom enough not to be locked out.
                self._away = error
                wait = self.settings.retry_last
            except errors.CarrierAway as error:
                self._away = error
                wait = min(wait * 2, self.settings.retry_last)
            else:
                self._away = None
            self._changed.set()
            if self._link is not None:
                return

    def _pump(self) -> None:
        link, out = self._link, self._out
        if link is None or out is None:
            return
        now = self._now()
        free = link.session.free if link.writable and not self._stopping else 0
        bodies = out.take(free, now)
        if bodies:
            link.submit(bodies)
        self._set_alarm(out.next_deadline(now))

    def _set_alarm(self, at: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if at is not None:
            self._alarm = asyncio.get_running_loop().call_at(at, self._pump)

    def _fate(self, heard: event.Answered) -> tuple[Segment, bool]:
        row = status.look_up(heard.status)
        outcome = self.settings.codes.get(heard.status, row.outcome)
        if heard.status == status.OK:
            if isinstance(heard.body, pdu.SubmitSmResp):
                return Segment(fate=Fate.ACCEPTED, remote_id=heard.body.message_id), False
            # A generic_nack refuses, its status says that all is well: nobody can say which is true.
            return Segment(
                fate=Fate.UNANSWERED, reason="the carrier answered by a nack without a reason"
            ), False
        fate = Fate.REFUSED_FINAL if outcome is status.Class.REFUSED_FINAL else Fate.REFUSED
        segment = Segment(fate=fate, code=row.name, reason=f"{row.name}: {row.means}")
        return segment, outcome is status.Class.THROTTLED

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_Origin = tuple[smpp_link.Link, event.Requested | event.Wrong | None]


def _acknowledge(answers: Sequence[tuple[_Origin, bool]]) -> None:
    by_link: dict[smpp_link.Link, list[tuple[event.Requested | event.Wrong, bool]]] = {}
    for (link, asked), kept in answers:
        if asked is not None:
            by_link.setdefault(link, []).append((asked, kept))
    for link, asked_of in by_link.items():
        link.acknowledge(asked_of)
