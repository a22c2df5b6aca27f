"""What the channel tests share: a gate of our own, a clock that can be moved, messages, and a scripted
carrier.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self, TypeVar, cast

from duly.channels import base, inbound, smpp
from duly.model import party, permit
from duly.wire.smpp import event, pdu, session
from duly.wire.smpp.pdu import Command
from duly.wire.smpp.state import Role

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's story, at most twenty seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await work

    return asyncio.run(bounded())


@dataclass
class Gate:
    """Makes permits with the key that the turnstile holds, at a time that tests move."""

    route: str = "route"
    now: datetime = NOW
    turnstile: base.Turnstile = field(init=False)

    def __post_init__(self) -> None:
        self.turnstile = base.Turnstile(key=KEY, clock=lambda: self.now)

    def permit(self, message: base.Message, encoded: base.Encoded, **other: object) -> permit.Permit:
        fields: dict[str, Any] = {
            "message_key": message.key,
            "encoded_sha256": encoded.sha256,
            "route": self.route,
            "at": self.now,
            "not_after": message.not_after,
        }
        return permit.issue(KEY, **(fields | other))

    def release(self, channel: base.Channel, message: base.Message) -> base.Released:
        encoded = channel.encode(message)
        return base.Released(message_key=message.key, encoded=encoded, permit=self.permit(message, encoded))


def key(number: int) -> bytes:
    """The key of message `number`."""
    return bytes([number % 256]) + number.to_bytes(15, "big")


def message(number: int = 1, text: str = "您的贷款已逾期", **other: object) -> base.Message:
    """Message `number`, to its own person."""
    fields: dict[str, Any] = {
        "key": key(number),
        "channel": party.Channel.SMS,
        "to": f"+86138{number:08d}",
        "text": text,
        "day": date(2026, 11, 23),
        "not_after": NOW + timedelta(hours=8),
    }
    return base.Message(**(fields | other))


async def until(true: Callable[[], object], within: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.005)


@dataclass
class Inbox:
    """Keeps what a channel hands over; `before` runs first and may raise."""

    things: list[inbound.Inbound] = field(default_factory=list)
    before: Callable[[Sequence[inbound.Inbound]], Awaitable[None]] | None = None

    async def __call__(self, things: Sequence[inbound.Inbound]) -> None:
        if self.before is not None:
            await self.before(things)
        self.things += things

    @property
    def events(self) -> list[inbound.Event]:
        return [found for thing in self.things for found in thing.events]

    def of(self, kind: type[T]) -> list[T]:
        return [found for found in self.events if isinstance(found, kind)]


def settings(port: int, **other: object) -> smpp.Settings:
    """A route to a carrier on loopback, quick to give up and to come back."""
    fields: dict[str, Any] = {
        "route": "route",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "duly",
        "password": "loopback",
        "source": "10690000",
        "rate": 10_000.0,
        "answer_within": 5.0,
        "link_within": 1.0,
        "retry_first": 0.02,
        "retry_last": 0.1,
    }
    return smpp.Settings(**(fields | other))


# Says what to do with a request; None leaves it unanswered, a number is the status of the plain answer.
Script = Callable[["Peer", event.Requested], int | None]


def agree(_: "Peer", __: event.Requested) -> int | None:
    """Answer everything with OK."""
    return 0


class Peer(asyncio.Protocol):
    """A carrier that follows a script: our own session from the other side, on a real socket."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        self.session = session.Session(Role.SMSC, now=0, window=1000)
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.stage.peers.append(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.stage.lost += 1

    def data_received(self, data: bytes) -> None:
        self.session.receive_data(data, 0)
        while (heard := self.session.next_event()) is not None:
            self.stage.log.append(heard)
            if isinstance(heard, event.Requested):
                code = self.stage.script(self, heard)
                if code is not None:
                    self.answer(heard, code)

    def answer(self, heard: event.Requested, code: int = 0) -> None:
        self.say(self.session.answer(heard, self.stage.response(heard), code))

    def say(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def deliver(self, message: pdu.DeliverSm, token: object = None) -> None:
        self.say(self.session.send(message, 0, token=token))

    def hang_up(self) -> None:
        assert self.transport is not None
        self.transport.abort()


@dataclass
class Stage:
    """Listens, and lets each connection follow the script."""

    script: Script = agree
    peers: list[Peer] = field(default_factory=list)
    log: list[event.Event] = field(default_factory=list)
    lost: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _ids: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: Peer(self), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for peer in self.peers:
            peer.hang_up()
        await self._server.wait_closed()
        await until(lambda: self.lost == len(self.peers))

    @property
    def submitted(self) -> list[pdu.SubmitSm]:
        return [
            heard.body
            for heard in self.log
            if isinstance(heard, event.Requested) and isinstance(heard.body, pdu.SubmitSm)
        ]

    @property
    def answered(self) -> list[event.Answered]:
        return [heard for heard in self.log if isinstance(heard, event.Answered)]

    def response(self, heard: event.Requested) -> pdu.Response:
        match heard.body:
            case pdu.Bind(command=command):
                return pdu.BindResp(command=Command(command | pdu.RESPONSE), system_id="stage")
            case pdu.SubmitSm():
                self._ids += 1
                return pdu.SubmitSmResp(message_id=str(self._ids))
            case pdu.EnquireLink():
                return pdu.EnquireLinkResp()
            case _:
                return pdu.UnbindResp()


def submits(answer: Callable[[Peer, event.Requested], int | None]) -> Script:
    """A script for submissions; everything else is agreed to."""

    def script(peer: Peer, heard: event.Requested) -> int | None:
        return answer(peer, heard) if isinstance(heard.body, pdu.SubmitSm) else 0

    return script
