"""SMS over SMPP 3.4: the binds of one route, kept alive, mended when they break.

A released message is written once, whole and over one bind, into a free window and at the route's pace, or not at
all. Whatever was written and has no answer when its time is up or the connection ends is `Unsure`; nothing is ever
written again from here. Refuses to send while the route is deaf: without its receiver a pair would not hear a STOP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

from duly import errors
from duly.channels import (
    answer,
    base,
    delay,
    inbound,
    inflow,
    outflow,
    pace,
    smpp_bind,
    smpp_coding,
    smpp_link,
    smpp_question,
)
from duly.channels.answer import Fate, Segment
from duly.channels.smpp_settings import Settings
from duly.model import notice
from duly.wire.smpp import event, pdu, status
from duly.wire.smpp.state import State

__all__ = ["Settings", "Smpp"]

_STRAGGLERS = 1.0  # seconds that receipts still arriving at the end are waited for


class Smpp:
    """One route over its binds; see `channels.base.Channel`.

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
        self._binds: list[smpp_bind.Bind] = []
        self._delay = delay.Delay()
        self._out: outflow.Outflow | None = None
        self._in: inflow.Inflow[_Origin] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._starting = False
        self._stopping = False

    # --- the contract

    @property
    def free_window(self) -> int:
        """Segments that could be written at once right now."""
        out = self._out
        if out is None or self._stopping:
            return 0
        free = sum(link.session.free for link in self._senders()) - out.waiting_segments
        return max(0, min(free, out.pace.room(self._now())))

    @property
    def away(self) -> errors.CarrierAway | None:
        """Why nothing can be handed over: what came of the last attempt to get a connection back."""
        if self._whole:
            return None
        troubles = [bind.away for bind in self._binds if bind.away is not None]
        refused = [one for one in troubles if isinstance(one, base.BindRefused)]
        return next(iter(refused or troubles), None)

    @property
    def delay(self) -> timedelta | None:
        """See `delay.Delay`; it is measured anew by each process."""
        return self._delay.usual

    def encode(self, message: base.Message) -> base.Encoded:
        """See `smpp_coding.encode`."""
        return smpp_coding.encode(self.settings, message)

    def decode(self, raw: bytes) -> tuple[inbound.Event, ...]:
        """See `smpp_coding.decode`."""
        return smpp_coding.decode(self.settings, raw)

    async def start(self) -> None:
        """Connect and bind; from then on losses mend themselves. Raises CarrierAway when this first try
        fails: of several binds, one in each direction must be there.
        """
        if any(bind.link is not None for bind in self._binds):
            return
        self._stopping = False
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
        wanted = self.settings.bind.commands * self.settings.binds
        self._binds = [smpp_bind.Bind(self.settings, command, self) for command in wanted]
        self._starting = True
        try:
            await asyncio.gather(*(bind.open() for bind in self._binds), return_exceptions=True)
        finally:
            self._starting = False
            away = self.away
            if not self._whole:
                for bind in self._binds:
                    bind.drop()
        if away is not None:
            raise away
        for bind in self._binds:
            if bind.link is None:
                self._keep(bind.mend(self.on_change))
        self._changed.set()

    async def room(self) -> int:
        """Wait until segments may be written. Raises CarrierAway while not started or refused at the bind."""
        while (free := self.free_window) == 0:
            if isinstance(away := self.away, base.BindRefused):
                raise away
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
        out = self._out
        if out is None or self._stopping or not self._whole:
            given = [answer.never_written("the carrier is not connected", one.encoded.count) for one in batch]
            for place, one in enumerate(given):
                if heard is not None:
                    heard(place, one)
            return list(given)
        future = out.offer(batch, self._now(), heard)
        self._pump()
        return await future

    async def ask(self, remote_id: str, *, sender: str = "") -> inbound.ReceiptEvent | None:
        """What became of a segment; see `smpp_question`."""
        link = next(iter(self._senders()), None)
        if link is None or not self.settings.queries:
            return None
        question = smpp_question.ask(self.settings, remote_id, sender=sender)
        return smpp_question.read(question, await link.ask(question))

    async def stop(self) -> None:
        """Write nothing more, wait for answers as long as answers may take, unbind, disconnect."""
        self._stopping = True
        self._changed.set()
        if self._out is not None:
            self._out.abandon("the route is stopping")
        while self._out is not None and self._out.in_flight and any(bind.link for bind in self._binds):
            self._changed.clear()
            await self._changed.wait()
        links = [bind.link for bind in self._binds if bind.link is not None]
        if links and self._in is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._in.drain(), _STRAGGLERS)
        await asyncio.gather(*(link.unbind() for link in links))
        if self._in is not None:
            await self._in.drain()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for bind in self._binds:
            bind.drop()  # one that came back while we were leaving
        if self._alarm is not None:
            self._alarm.cancel()
        self._binds, self._out, self._in = [], None, None

    # --- what the link tells

    def on_answer(self, link: smpp_link.Link, heard: event.Answered) -> None:
        """A segment is taken or refused."""
        token = heard.token
        if self._out is None or not isinstance(token, outflow.Token):
            return
        segment, throttled = self._fate(heard)
        if segment.fate is Fate.ACCEPTED and segment.remote_id:
            self._delay.sent(inbound.folded_id(segment.remote_id), token.at)
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
            if link.session.state is State.CLOSED
            else f"the carrier did not answer within {self.settings.answer_within:g} s"
        )
        self._out.settle(token, Segment(fate=Fate.UNANSWERED, reason=reason), self._now())

    def on_request(self, link: smpp_link.Link, asked: event.Requested | event.Wrong) -> None:
        """Something arrived."""
        if self._in is None:
            return
        known: tuple[inbound.Event, ...] | None = None
        if isinstance(asked, event.Requested) and isinstance(asked.body, (pdu.DeliverSm, pdu.DataSm)):
            known = smpp_coding.read(self.settings, asked.body, asked.raw)
            for one in known:
                if isinstance(one, inbound.ReceiptEvent) and one.state is notice.Arrival.DELIVERED:
                    self._delay.arrived(one.normal_ids, self._now())
        if not self._in.put((link, asked), asked.raw, known):
            link.acknowledge([(asked, False)])

    def on_change(self) -> None:
        """There may be room again."""
        self._pump()
        self._changed.set()

    def on_lost(self, link: smpp_link.Link) -> None:
        """A connection is gone. While there is none left, nothing waits: it goes back through the gate."""
        lost = next((bind for bind in self._binds if bind.link is link), None)
        if lost is None:
            return
        lost.lose(why=None if self._stopping else link.lost())
        if self._out is not None and not self._whole:
            self._out.abandon("the connection to the carrier was lost")
        self._changed.set()
        if not self._stopping and not self._starting:
            self._keep(lost.mend(self.on_change))

    # --- inside

    @property
    def _whole(self) -> bool:
        """Whether there is a bind in each direction that the route has."""
        up = {bind.command for bind in self._binds if bind.link is not None}
        return up == set(self.settings.bind.commands)

    def _senders(self) -> list[smpp_link.Link]:
        """The connections that may be written to now, the emptiest first."""
        if self._stopping or not self._whole:
            return []
        links = [bind.link for bind in self._binds if bind.link is not None and bind.link.writable]
        return sorted(links, key=lambda link: -link.session.free)

    def _pump(self) -> None:
        out = self._out
        if out is None:
            return
        now = self._now()
        for link in self._senders():
            bodies = out.take(link.session.free, now)
            if bodies:
                link.submit(bodies)
        out.take(0, now)  # what waited too long ends, also while nothing can be written
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
