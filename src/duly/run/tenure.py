"""A worker's tenure of a route: the lock that makes it the only one, and the bind that goes with it.

A route's rate, its window and its bind are for one worker at a time. Whoever holds the session lock of the route
hands over; the others stand by, and one of them takes over when the holder's connection to the database ends.
Refuses to bind without the lock, and to wait for a carrier without saying that it does.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import psycopg

from duly import errors
from duly.channels import base
from duly.run import locks
from duly.store import sql

_SQL = sql.load()

_STAND_BY = 0.5  # seconds between two looks whether the route is free
_GLANCE = 0.5  # seconds that room is waited for before it is looked whether the carrier is there at all
_ASK_AGAIN = 1.0  # seconds before a carrier that could not be reached is tried again
_ASK_SELDOM = 30.0  # likewise one that refused us: it must not lock us out


@dataclass(kw_only=True)
class Tenure:
    """One route for one worker.

    `holds` says whether the route is ours, `trouble` what keeps us from handing over now, None if nothing does.
    """

    channel: base.Channel
    holds: bool = False
    trouble: errors.DulyError | None = None
    _bound: bool = False
    _ask_at: float = 0.0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bound(self) -> bool:
        """Whether the carrier was reached, and is not away again."""
        return self._bound and self.channel.away is None

    def end(self) -> None:
        """Nothing here is waited for any more."""
        self._over.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    # --- the lock

    def take(self, connection: psycopg.Connection[Any]) -> bool:
        """Take the route if nobody has it, for as long as the connection lasts; says whether it became ours now."""
        if self.holds:
            return False
        row = connection.execute(_SQL["own_route"], {"lock": locks.route(self.channel.route)}).fetchone()
        self.holds = row is not None and bool(row[0])
        return self.holds

    def lose(self) -> None:
        """The connection is gone, and with it the lock."""
        self.holds = False

    async def stand_by(self) -> None:
        """Somebody else has the route: unbind, and wait a moment."""
        # Two binds of one route would share its receipts, and a carrier may refuse the holder the second one.
        if self._bound:
            self._bound = False
            await self.channel.stop()
        self.trouble = None
        await self.pause(_STAND_BY)

    # --- the carrier

    async def bind(self) -> bool:
        """Whether the carrier was reached once; from then on the channel mends its losses itself."""
        loop = asyncio.get_running_loop()
        if self._bound:
            return True
        if loop.time() < self._ask_at:
            await self.pause(min(_GLANCE, self._ask_at - loop.time()))
            return False
        starting, over = (asyncio.ensure_future(one) for one in (self.channel.start(), self._over.wait()))
        await asyncio.wait({starting, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return False
        try:
            starting.result()
        except errors.CarrierAway as error:
            self.trouble = error
            refused = isinstance(error, base.BindRefused)
            self._ask_at = loop.time() + (_ASK_SELDOM if refused else _ASK_AGAIN)
            return False
        self._bound = True
        return True

    async def has_room(self) -> bool:
        """Whether something may be written now; if not, a moment was waited for it."""
        try:
            room = await self.room()
        except errors.CarrierAway as error:
            self.trouble = error
            await self.pause(_GLANCE)
            return False
        if room or isinstance(self.trouble, errors.CarrierAway):
            self.trouble = None
        return room > 0

    async def room(self) -> int:
        """The channel's room, waited for no longer than a glance takes. Raises CarrierAway where there is none."""
        if (free := self.channel.free_window) > 0:
            return free
        if self.channel.away is not None:
            # A new one each time: an error that is raised again and again would keep every place it passed.
            raise _again(self.channel.away)
        try:
            async with asyncio.timeout(_GLANCE):
                return await self.channel.room()
        except TimeoutError:
            return 0


def _again(error: errors.CarrierAway) -> errors.CarrierAway:
    return type(error)(*error.args, remedy=error.remedy)
