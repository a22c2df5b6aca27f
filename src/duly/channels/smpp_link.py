"""One TCP connection with its SMPP session, from the bind to the last byte.

Turns what the session hears into calls of its owner, and time into the session's time-outs. Writes are one
call to the transport per batch, without Nagle's delay; a full socket buffer stops further writing instead of
piling it up. Refuses to reconnect, to queue and to interpret: the owner does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Protocol, cast

from duly import errors
from duly.channels import base, smpp_coding
from duly.wire.smpp import codec, event, fault, pdu, session, status
from duly.wire.smpp.pdu import Command
from duly.wire.smpp.state import Role, State


class Owner(Protocol):
    """Who is told. Nothing of this may raise."""

    def on_answer(self, link: Link, heard: event.Answered) -> None:
        """Our message was answered, in time or late."""

    def on_unanswered(self, link: Link, token: object) -> None:
        """Our message was not answered in its time, or the connection ended before it was."""

    def on_request(self, link: Link, asked: event.Requested | event.Wrong) -> None:
        """The carrier brings a deliver_sm, readable or not."""

    def on_change(self) -> None:
        """There may be more room than before."""

    def on_lost(self, link: Link) -> None:
        """The connection is gone; what was in flight was told before."""


class Link(asyncio.Protocol):
    """A connection to the carrier. `bound` resolves to the carrier's system_id, or to CarrierAway."""

    def __init__(self, settings: smpp_coding.Settings, owner: Owner) -> None:
        self._settings = settings
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._paused = False
        timers = session.Timers(
            answer_within=settings.answer_within,
            link_within=settings.link_within,
            enquire_after=settings.enquire_after,
        )
        self.session = session.Session(
            Role.ESME, now=self._loop.time(), window=settings.window, timers=timers
        )
        self.bound: asyncio.Future[str] = self._loop.create_future()
        self.closed = asyncio.Event()

    @property
    def writable(self) -> bool:
        """Whether bytes written now leave now."""
        return (
            self.session.state is State.BOUND_TRX
            and not self._paused
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def submit(self, bodies: Sequence[tuple[object, bytes]]) -> None:
        """Write encoded submit_sm bodies, each under its token, in one go. Only while `writable`."""
        now = self._loop.time()
        said = [self.session.send_encoded(Command.SUBMIT_SM, body, now, token) for token, body in bodies]
        self._write(b"".join(said))
        self._set_alarm()

    def acknowledge(self, answers: Sequence[tuple[event.Requested | event.Wrong, bool]]) -> None:
        """Answer deliver_sm in one go: kept, or to be brought again."""
        if self.session.state not in {State.BOUND_TRX, State.UNBINDING}:
            return
        said: list[bytes] = []
        for asked, kept in answers:
            code = status.OK if kept else status.TEMPORARY_RECEIVER_ERROR
            if isinstance(asked, event.Wrong):
                # Kept as it came, it need not come again; a refusal would bring it back for ever.
                said.append(self.session.respond(asked, code))
            else:
                said.append(self.session.answer(asked, pdu.DeliverSmResp(), code))
        self._write(b"".join(said))

    async def unbind(self) -> None:
        """Say good-bye and wait until the connection has ended, or end it."""
        if self.writable:
            self._write(self.session.send(pdu.Unbind(), self._loop.time()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closed.wait(), self._settings.link_within)
        self.hang_up()
        await self.closed.wait()

    def lost(self) -> errors.CarrierAway:
        """What is to be said of a connection that has ended by itself."""
        return _away(self._settings, "hung up")

    def hang_up(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind at once."""
        self._transport = cast("asyncio.Transport", transport)
        # Nothing may wait in our buffer: a permit covers bytes that leave now.
        self._transport.set_write_buffer_limits(high=0)
        _tune(transport.get_extra_info("socket"), self._settings.answer_within)
        self._write(self.session.send(self._settings.bind(), self._loop.time()))
        self._set_alarm()

    def data_received(self, data: bytes) -> None:
        """Hear everything that is complete."""
        self.session.receive_data(data, self._loop.time())
        self._listen()

    def connection_lost(self, _: Exception | None) -> None:
        """Tell what was written and never answered, then that it is over."""
        if self._alarm is not None:
            self._alarm.cancel()
        for token in self.session.close():
            self._owner.on_unanswered(self, token)
        if not self.bound.done():
            self.bound.set_exception(_away(self._settings, "hung up before the bind was answered"))
        self.closed.set()
        self._owner.on_lost(self)

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        self._paused = True

    def resume_writing(self) -> None:
        """It does again."""
        self._paused = False
        self._owner.on_change()

    # --- inside

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def _listen(self) -> None:
        try:
            while (heard := self.session.next_event()) is not None:
                self._hear(heard)
        except fault.RemoteProtocolError:
            # Nothing after this can be understood; what is in flight is told by connection_lost.
            self.hang_up()
            return
        self._owner.on_change()
        self._set_alarm()

    def _hear(self, heard: event.Event) -> None:
        match heard:
            case event.Answered(command=Command.SUBMIT_SM):
                self._owner.on_answer(self, heard)
            case event.Requested(body=pdu.DeliverSm()) | event.Wrong(command=Command.DELIVER_SM):
                self._owner.on_request(self, heard)
            case event.Unanswered():
                self._owner.on_unanswered(self, heard.token)
            case event.Requested(body=pdu.EnquireLink()):
                self._write(self.session.answer(heard, pdu.EnquireLinkResp()))
            case event.Requested(body=pdu.Unbind()):
                self._write(self.session.answer(heard, pdu.UnbindResp()))
                self._close()
            case event.Wrong():
                self._write(self.session.refuse(heard))
            case event.Answered(command=Command.UNBIND):
                self._close()
            case event.Answered(command=Command.BIND_TRANSCEIVER):
                self._greet(heard)
            case event.Silent():
                self.hang_up()
            case _:  # an enquire_link's answer, or an answer to nothing
                pass

    def _greet(self, heard: event.Answered) -> None:
        if self.bound.done():
            return
        if heard.status != status.OK:
            row = status.look_up(heard.status)
            self.bound.set_exception(_refused(self._settings, row))
            self.hang_up()
            return
        name = heard.body.system_id if isinstance(heard.body, pdu.BindResp) else ""
        if self._settings.peer and name != self._settings.peer:
            self.bound.set_exception(
                base.BindRefused(
                    f"route {self._settings.route}: the peer is {name!r}, not {self._settings.peer!r}",
                    remedy="Only the simulated carrier may be spoken to here; run `duly carrier`.",
                )
            )
            self.hang_up()
            return
        self.bound.set_result(name)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _set_alarm(self) -> None:
        at = self.session.next_deadline()
        if at is None or at == float("inf"):
            return
        if self._alarm is not None and self._alarm.when() <= at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._write(self.session.on_time(self._loop.time()))
        self._listen()


def _away(settings: smpp_coding.Settings, what: str) -> errors.CarrierAway:
    return errors.CarrierAway(
        f"route {settings.route}: the carrier at {settings.host}:{settings.port} {what}",
        remedy="Look at the address in channels.yaml and whether the carrier is up.",
    )


def _refused(settings: smpp_coding.Settings, row: status.Status) -> errors.CarrierAway:
    what = f"refused the bind: {row.name} ({row.means})"
    if row.outcome is not status.Class.REFUSED_FINAL:
        return _away(settings, what)
    return base.BindRefused(
        f"route {settings.route}: the carrier at {settings.host}:{settings.port} {what}",
        remedy="Look at the route's system_id and password.",
    )


async def connect(settings: smpp_coding.Settings, owner: Owner) -> Link:
    """Connect and bind. Raises CarrierAway; BindRefused when trying again is of no use."""
    loop = asyncio.get_running_loop()
    try:
        codec.encode_body(settings.bind())
    except fault.LocalProtocolError as error:
        raise base.BindRefused(
            f"route {settings.route}: {error}",
            remedy="Look at the route's system_id, password and system_type.",
        ) from None
    try:
        async with asyncio.timeout(settings.link_within):
            _, link = await loop.create_connection(
                lambda: Link(settings, owner), settings.host, settings.port, ssl=settings.tls
            )
    except (OSError, TimeoutError) as error:
        raise _away(settings, f"cannot be reached: {type(error).__name__}") from error
    try:
        await link.bound
    except BaseException:
        link.hang_up()
        await link.closed.wait()
        raise
    if link.closed.is_set():
        raise _away(settings, "hung up right after the bind")
    return link


def _tune(raw: socket.socket | None, within: float) -> None:
    if raw is None or raw.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A partitioned network must not deliver in an hour what we write now: the kernel gives up when we do.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(within * 1000))
