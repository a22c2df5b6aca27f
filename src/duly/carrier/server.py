"""The carrier itself: listens on loopback, takes submissions, and has phones at its other end.

    server = await serve(Settings(port=0), clock=clock)
    ... server.port ...
    await server.stop()

Refuses any address but this machine's: nothing that is sent here reaches anybody, and nobody else may send.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from duly.carrier import client, debtors, journal, mailbox, mix, phone, slip

NAME = "duly-carrier"  # the system_id by which a channel recognises the simulated carrier
DEFAULT_PORT = 2775


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to listen (port 0 chooses one), in plain TCP or with `tls`, who may bind (system_id to password), and how
    to behave.

    `journal` gets a line for each segment taken, `payments` one for each payment. Ids go on from the journal's last
    line; without one no two runs give the same, unless `first_id` says where to begin.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    accounts: Mapping[str, str] = field(default_factory=lambda: {"duly": "loopback"}, repr=False)
    mix: mix.Mix = field(default_factory=mix.Mix)
    journal: Path | None = None
    payments: Path | None = None
    window: int = 100
    first_id: int | None = None
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError("the simulated carrier listens on a loopback address only")


class Server:
    """A running carrier. `counts` tells what it did: taken, refused, throttled, lost, dropped, cut…"""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        behave: debtors.Behave,
        on_payment: debtors.OnPayment | None,
    ) -> None:
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self.port = 0
        self._journal = journal.Journal(settings.journal) if settings.journal is not None else None
        self._payments = journal.Payments(settings.payments) if settings.payments is not None else None
        self._mailboxes = {
            name: mailbox.Mailbox(again_after=settings.mix.again_after) for name in settings.accounts
        }
        self._clients: set[client.Client] = set()
        self._listening: asyncio.Server | None = None
        payees = [one for one in (self._payments, on_payment) if one is not None]

        def pay(payment: debtors.Payment) -> None:
            self.counts["paid"] += 1
            for payee in payees:
                payee(payment)

        self._exchange = phone.Exchange(
            settings.mix,
            clock=clock,
            behave=behave,
            on_payment=pay,
            journal=self._journal,
            counts=self.counts,
            first_id=settings.first_id,
        )

    async def listen(self) -> None:
        """Begin to take connections."""
        loop = asyncio.get_running_loop()
        where = self.settings.host, self.settings.port
        self._listening = await loop.create_server(self._meet, *where, ssl=self.settings.tls)
        self.port = int(self._listening.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and file."""
        if self._listening is not None:
            self._listening.close()
        await self.cut()
        if self._listening is not None:
            await self._listening.wait_closed()
        self._exchange.close()
        for box in self._mailboxes.values():
            box.close()
        for file in (self._journal, self._payments):
            if file is not None:
                file.close()

    async def cut(self) -> None:
        """Cut every connection, as a carrier does that restarts."""
        cut = tuple(self._clients)
        for one in cut:
            one.cut()
        for one in cut:
            await one.gone.wait()

    def reply(self, number: str, text: str, *, to: str, account: str | None = None) -> None:
        """Somebody writes of his own accord: from `number` to our number `to`."""
        name = account if account is not None else next(iter(self.settings.accounts))
        for message in phone.reply(number, to, text):
            self._mailboxes[name].put(slip.wrapped(self.settings.mix, message))

    @property
    def waiting(self) -> int:
        """Receipts and replies that nobody has taken yet."""
        return sum(box.waiting for box in self._mailboxes.values())

    @property
    def brought_again(self) -> int:
        """How often a receipt or reply had to be brought again."""
        return sum(box.again for box in self._mailboxes.values())

    @property
    def bound(self) -> int:
        """How many clients are bound."""
        return sum(one.is_bound for one in self._clients)

    def _meet(self) -> client.Client:
        return client.Client(
            name=NAME,
            accounts=self.settings.accounts,
            mailboxes=self._mailboxes,
            exchange=self._exchange,
            window=self.settings.window,
            clients=self._clients,
            outbind=self.settings.mix.outbind,
        )


async def serve(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    behave: debtors.Behave | None = None,
    on_payment: debtors.OnPayment | None = None,
) -> Server:
    """Start a carrier in this event loop. `clock` dates receipts, `behave` is what people do (default:
    nothing).
    """
    server = Server(
        settings, clock=clock, behave=behave if behave is not None else debtors.Crowd(), on_payment=on_payment
    )
    await server.listen()
    return server


def run(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    behave: debtors.Behave | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Run a carrier until SIGINT or SIGTERM; `ready` is told the port."""

    async def work() -> None:
        server = await serve(settings, clock=clock, behave=behave)
        if ready is not None:
            ready(server.port)
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, over.set)
        try:
            await over.wait()
        finally:
            await server.stop()

    asyncio.run(work())
