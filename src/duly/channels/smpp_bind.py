"""One bind of a route, kept: connected, and connected again whenever it is lost.

Refuses to know what is sent: its owner hears of every answer and of every loss.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from duly import errors
from duly.channels import base, smpp_link
from duly.channels.smpp_settings import Settings
from duly.wire.smpp.pdu import Command


class Bind:
    """A place for one connection, bound as `command`; `link` while it is there, else `away` says why it is not."""

    def __init__(self, settings: Settings, command: Command, owner: smpp_link.Owner) -> None:
        self.command = command
        self.link: smpp_link.Link | None = None
        self.away: errors.CarrierAway | None = None
        self._settings = settings
        self._owner = owner

    async def open(self) -> None:
        """Connect and bind. Raises CarrierAway, or BindRefused where trying again is of no use."""
        try:
            self.link = await smpp_link.connect(self._settings, self._owner, self.command)
        except errors.CarrierAway as error:
            self.away = error
            raise
        self.away = None

    async def mend(self, changed: Callable[[], None]) -> None:
        """Try until it is there again, ever more seldom; `changed` is called after each attempt."""
        wait = self._settings.retry_first
        while self.link is None:
            # Not all binds of a carrier that comes back at the same instant.
            await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - spreads load, guards nothing
            try:
                await self.open()
            except base.BindRefused:
                # Somebody must look; meanwhile it is asked seldom enough not to be locked out.
                wait = self._settings.retry_last
            except errors.CarrierAway:
                wait = min(wait * 2, self._settings.retry_last)
            changed()

    def lose(self, *, why: errors.CarrierAway | None) -> None:
        """The connection is gone."""
        self.link = None
        self.away = why

    def drop(self) -> None:
        """End the connection at once, if there is one."""
        if self.link is not None:
            self.link.hang_up()
            self.link = None
