"""One connection, TCP or TLS, with its SMPP session, from the bind to the last byte.

Turns what the session hears into calls of its owner, and time into the session's time-outs. Writes are one
call to the transport per batch, without Nagle's delay; a full socket buffer stops further writing instead of
piling it up. Refuses to reconnect, to queue and to interpret: the owner does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol, cast

from duly import errors
from duly.channels import base
from duly.channels.smpp_settings import Settings
from duly.wire.smpp import codec, event, fault, pdu, session, status
from duly.wire.smpp.pdu import Command
from duly.wire.smpp.state import Role, State

_SENDS = frozenset({State.BOUND_TX, State.BOUND_TRX})
_HEARS = frozenset({State.BOUND_RX, State.BOUND_TRX})


class Owner(Protocol):
    """Who is told. Nothing of this may raise."""

    def on_answer(self, link: Link, heard: event.Answered) -> None:
        """Our message was answered, in time or late."""

    def on_unanswered(self, link: Link, token: object) -> None:
        """Our message was not answered in its time, or the connection ended before it was."""

    def on_request(self, link: Link, asked: event.Requested | event.Wrong) -> None:
        """The carrier brings a deliver_sm or data_sm, readable or not."""

    def on_change(self) -> None:
        """There may be more room than before."""

    def on_lost(self, link: Link) -> None:
        """The connection is gone; what was in flight was told before."""


class Link(asyncio.Protocol):
    """A connection to the carrier, bound as `command` says. `bound` resolves to the carrier's system_id, or to
    CarrierAway.
    """

    def __init__(self, settings: Settings, owner: Owner, command: Command) -> None:
        self._settings = settings
        self._owner = owner
        self._command = command
        self._outbound = False
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
    def hears(self) -> bool:
        """Whether receipts and replies can come here."""
        return self.session.state in _HEARS

    @property
    def writable(self) -> bool:
        """Whether bytes written now leave now."""
        return (
            self.session.state in _SENDS
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
        """Answer deliver_sm and data_sm in one go: kept, or to be brought again."""
        if self.session.state not in _HEARS | {State.UNBINDING}:
            return
        said: list[bytes] = []
        for asked, kept in answers:
            code = status.OK if kept else status.TEMPORARY_RECEIVER_ERROR
            if isinstance(asked, event.Wrong):
                # Kept as it came, it need not come again; a refusal would bring it back for ever.
                said.append(self.session.respond(asked, code))
            elif isinstance(asked.body, pdu.DataSm):
                said.append(self.session.answer(asked, pdu.DataSmResp(), code))
            else:
                said.append(self.session.answer(asked, pdu.DeliverSmResp(), code))
        self._write(b"".join(said))

    async def ask(self, question: pdu.QuerySm) -> event.Answered | None:
        """What the carrier answers to a question about a message; None where it does not, or cannot be asked."""
        if not self.writable:
            return None
        told: asyncio.Future[event.Answered | None] = self._loop.create_future()
        self._write(self.session.send(question, self._loop.time(), told))
        self._set_alarm()
        return await told

    async def unbind(self) -> None:
        """Say good-bye and wait until the connection has ended, or end it."""
        if self.session.state in _SENDS | _HEARS:
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
        self._write(self.session.send(self._settings.bind_as(self._command), self._loop.time()))
        self._set_alarm()

    def data_received(self, data: bytes) -> None:
        """Hear everything that is complete."""
        self.session.receive_data(data, self._loop.time())
        self._listen()

    def connection_lost(self, why: Exception | None) -> None:
        """Tell what was written and never answered, then that it is over."""
        if self._alarm is not None:
            self._alarm.cancel()
        for token in self.session.close():
            self._ended(event.Unanswered(token=token))
        if not self.bound.done():
            self.bound.set_exception(self._unbound(why))
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
            case (
                event.Requested(body=pdu.DeliverSm() | pdu.DataSm())
                | event.Wrong(command=Command.DELIVER_SM | Command.DATA_SM)
            ):
                self._owner.on_request(self, heard)
            case event.Unanswered() | event.Answered(token=asyncio.Future()):
                self._ended(heard)
            case event.Requested(body=pdu.EnquireLink()):
                self._write(self.session.answer(heard, pdu.EnquireLinkResp()))
            case event.Requested(body=pdu.Unbind()):
                self._write(self.session.answer(heard, pdu.UnbindResp()))
                self._close()
            case event.Requested(body=pdu.Outbind()):
                # We opened this connection and bind by ourselves; who else asks us to is not believed.
                self._outbound = True
                self._write(self.session.answer(heard, pdu.GenericNack(), status.WRONG_BIND_STATE))
            case event.Wrong():
                self._write(self.session.refuse(heard))
            case event.Answered(command=Command.UNBIND):
                self._close()
            case event.Answered(command=command) if command == self._command:
                self._greet(heard)
            case event.Silent():
                self.hang_up()
            case _:  # an alert, an enquire_link's answer, or an answer to nothing
                pass

    def _ended(self, heard: event.Unanswered | event.Answered) -> None:
        """A message that stays without an answer, or a question that has one or never will."""
        if not isinstance(heard.token, asyncio.Future):
            self._owner.on_unanswered(self, heard.token)
        elif not heard.token.done():
            heard.token.set_result(heard if isinstance(heard, event.Answered) else None)

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

    def _unbound(self, why: Exception | None) -> errors.CarrierAway:
        """What is to be said of a connection that ended before the bind was answered."""
        if isinstance(why, ssl.SSLError):
            return _untrusted(self._settings, why)
        if self._outbound:
            return _away(self._settings, "asked us to bind (outbind), was refused, and hung up")
        # Not every server says that it does not take a certificate; some just go.
        doubt = "; over TLS that may mean that it does not take our certificate" if self._settings.tls else ""
        return _away(self._settings, f"hung up before the bind was answered{doubt}")

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


def _away(settings: Settings, what: str) -> errors.CarrierAway:
    return errors.CarrierAway(
        f"route {settings.route}: the carrier at {settings.host}:{settings.port} {what}",
        remedy="Look at the address in channels.yaml and whether the carrier is up.",
    )


def _refused(settings: Settings, row: status.Status) -> errors.CarrierAway:
    what = f"refused the bind: {row.name} ({row.means})"
    if row.outcome is not status.Class.REFUSED_FINAL:
        return _away(settings, what)
    return base.BindRefused(
        f"route {settings.route}: the carrier at {settings.host}:{settings.port} {what}",
        remedy="Look at the route's system_id and password.",
    )


def _untrusted(settings: Settings, why: ssl.SSLError) -> errors.CarrierAway:
    # What OpenSSL says of it names no person and no key.
    what = (
        why.verify_message if isinstance(why, ssl.SSLCertVerificationError) else (why.reason or "TLS failed")
    )
    return base.BindRefused(
        f"route {settings.route}: no TLS with the carrier at {settings.host}:{settings.port}: {what}",
        remedy="Look at the route's tls in channels.yaml, and at the certificates on both sides.",
    )


async def connect(settings: Settings, owner: Owner, command: Command) -> Link:
    """Connect and bind. Raises CarrierAway; BindRefused when trying again is of no use."""
    loop = asyncio.get_running_loop()
    try:
        codec.encode_body(settings.bind_as(command))
    except fault.LocalProtocolError as error:
        raise base.BindRefused(
            f"route {settings.route}: {error}",
            remedy="Look at the route's system_id, password and system_type.",
        ) from None
    try:
        async with asyncio.timeout(settings.link_within):
            _, link = await loop.create_connection(
                lambda: Link(settings, owner, command),
                settings.host,
                settings.port,
                ssl=settings.tls,
                server_hostname=(settings.server_name or None) if settings.tls else None,
            )
    except ssl.SSLError as error:
        raise _untrusted(settings, error) from error
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
