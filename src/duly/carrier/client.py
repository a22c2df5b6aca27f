"""One client's connection to the simulated carrier."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping, MutableSet
from typing import cast

from duly.carrier import mailbox, phone
from duly.wire.smpp import event, fault, pdu, session, state, status
from duly.wire.smpp.pdu import Command, Tag
from duly.wire.smpp.state import Role, State

_TAKES_DELIVERIES = frozenset({State.BOUND_RX, State.BOUND_TRX})


class Client(asyncio.Protocol):
    """A connection, bound or not yet. It adds itself to `clients` while it lasts."""

    def __init__(
        self,
        *,
        name: str,
        accounts: Mapping[str, str],
        mailboxes: Mapping[str, mailbox.Mailbox],
        exchange: phone.Exchange,
        window: int,
        clients: MutableSet[Client],
        outbind: bool = False,
    ) -> None:
        self._name = name
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._exchange = exchange
        self._clients = clients
        self._outbind = outbind
        self._loop = asyncio.get_running_loop()
        self._session = session.Session(Role.SMSC, now=self._loop.time(), window=window)
        self._transport: asyncio.Transport | None = None
        self._box: mailbox.Mailbox | None = None
        self._out: list[bytes] = []
        self._flushing = False
        self._alarm: asyncio.TimerHandle | None = None
        self._answers: set[asyncio.TimerHandle] = set()
        self.gone = asyncio.Event()

    @property
    def is_bound(self) -> bool:
        """Whether the client has bound."""
        return self._session.state in state.BOUND

    def cut(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a bind."""
        self._transport = cast("asyncio.Transport", transport)
        self._clients.add(self)
        if self._outbind:
            asks = pdu.Outbind(system_id=self._name, password="")
            self._write(self._session.send(asks, self._loop.time()))
        self._set_alarm()

    def data_received(self, data: bytes) -> None:
        """Hear everything that is complete."""
        self._session.receive_data(data, self._loop.time())
        self._listen()

    def connection_lost(self, _: Exception | None) -> None:
        """What was brought and not acknowledged is brought again."""
        if self._alarm is not None:
            self._alarm.cancel()
        for handle in self._answers:
            handle.cancel()
        if self._box is not None:
            self._box.leave(self._bring)
            for token in self._session.close():
                self._box.put_again(cast("pdu.Delivery", token))
        self._clients.discard(self)
        self.gone.set()

    # --- inside

    def _listen(self) -> None:
        try:
            while (heard := self._session.next_event()) is not None:
                self._hear(heard)
        except fault.RemoteProtocolError:
            self.cut()
            return
        if self._box is not None:
            self._box.pump()
        self._set_alarm()

    def _hear(self, heard: event.Event) -> None:
        match heard:
            case event.Requested(body=pdu.SubmitSm() as body):
                self._submitted(heard, body)
            case event.Requested(body=pdu.Bind() as body):
                self._bind(heard, body)
            case event.Requested(body=pdu.EnquireLink() | pdu.QuerySm() as body):
                self._tell(heard, body)
            case event.Requested(body=pdu.Unbind()):
                self._write(self._session.answer(heard, pdu.UnbindResp()))
                self._flush()
                if self._transport is not None:
                    self._transport.close()
            case event.Wrong():
                self._write(self._session.refuse(heard))
            case event.Answered(command=Command.DELIVER_SM | Command.DATA_SM):
                if heard.status != status.OK and self._box is not None:
                    self._box.put_again(cast("pdu.Delivery", heard.token))
            case event.Unanswered():
                if self._box is not None:
                    self._box.put_again(cast("pdu.Delivery", heard.token))
            case event.Silent():
                self.cut()
            case _:
                pass

    def _bind(self, asked: event.Requested, body: pdu.Bind) -> None:
        command = Command(body.command | pdu.RESPONSE)
        known = self._accounts.get(body.system_id)
        code = status.OK
        if self.is_bound:
            code = status.ALREADY_BOUND
        elif known is None:
            code = status.INVALID_SYSTEM_ID
        elif not hmac.compare_digest(known.encode(), body.password.encode()):
            code = status.INVALID_PASSWORD
        version = pdu.number(Tag.SC_INTERFACE_VERSION, pdu.INTERFACE_VERSION)
        answer = pdu.BindResp(command=command, system_id=self._name, tlvs=(version,))
        self._write(self._session.answer(asked, answer, code))
        if code == status.OK:
            self._box = self._mailboxes[body.system_id]
            if self._session.state in _TAKES_DELIVERIES:
                self._box.join(self._bring)

    def _tell(self, asked: event.Requested, body: pdu.EnquireLink | pdu.QuerySm) -> None:
        if isinstance(body, pdu.EnquireLink):
            self._write(self._session.answer(asked, pdu.EnquireLinkResp()))
            return
        told = self._exchange.tell(body)
        code = status.OK if told is not None else status.QUERY_FAILED
        answer = told or pdu.QuerySmResp(message_id=body.message_id)
        self._write(self._session.answer(asked, answer, code))

    def _submitted(self, asked: event.Requested, body: pdu.SubmitSm) -> None:
        if self._box is None:
            return
        ruling = self._exchange.take(body, self._box)
        if ruling.cut:
            self._flush()
            self.cut()
            return
        code = ruling.code
        if code is None:
            return
        answer = pdu.SubmitSmResp(message_id=ruling.message_id)

        def say() -> None:
            self._write(self._session.answer(asked, answer, code))
            if ruling.alert:
                self._alert(body)

        if ruling.after <= 0:
            say()
        else:
            self._later(ruling.after, say)

    def _alert(self, body: pdu.SubmitSm) -> None:
        alert = pdu.AlertNotification(source=body.destination, esme=body.source)
        if self._session.state in _TAKES_DELIVERIES:
            self._write(self._session.send(alert, self._loop.time()))

    def _later(self, after: float, act: Callable[[], None]) -> None:
        def due() -> None:
            self._answers.discard(handle)
            if self._session.state is not State.CLOSED:
                act()

        handle = self._loop.call_later(after, due)
        self._answers.add(handle)

    def _bring(self, message: pdu.Delivery) -> bool:
        if not self._session.free:
            return False
        self._write(self._session.send(message, self._loop.time(), token=message))
        self._set_alarm()
        return True

    def _write(self, data: bytes) -> None:
        # What is said in one turn of the loop leaves in one write.
        self._out.append(data)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        data, self._out = b"".join(self._out), []
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _set_alarm(self) -> None:
        at = self._session.next_deadline()
        if at is None or at == float("inf"):
            return
        if self._alarm is not None and self._alarm.when() <= at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._write(self._session.on_time(self._loop.time()))
        self._listen()
