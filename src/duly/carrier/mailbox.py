"""What the carrier has for one client: receipts and replies, brought until they are acknowledged.

They wait while nobody is bound, and come again when they were refused or the connection ended before the
answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from duly.wire.smpp import pdu


class Mailbox:
    """The waiting deliveries of one system_id. `bound` are the sessions that may take some."""

    def __init__(self, *, again_after: float) -> None:
        self._again_after = again_after
        self._waiting: deque[pdu.Delivery] = deque()
        self._timers: set[asyncio.TimerHandle] = set()
        self._bound: list[Callable[[pdu.Delivery], bool]] = []
        self.brought = 0
        self.again = 0

    def put(self, message: pdu.Delivery, after: float = 0.0) -> None:
        """Bring it, after some seconds."""
        if after <= 0:
            self._waiting.append(message)
            self.pump()
            return
        handle: asyncio.TimerHandle

        def due() -> None:
            self._timers.discard(handle)
            self.put(message)

        handle = asyncio.get_running_loop().call_later(after, due)
        self._timers.add(handle)

    def put_again(self, message: pdu.Delivery) -> None:
        """It was not acknowledged."""
        self.again += 1
        self.put(message, self._again_after)

    def join(self, bring: Callable[[pdu.Delivery], bool]) -> None:
        """A session was bound; `bring` says whether it had room."""
        self._bound.append(bring)
        self.pump()

    def leave(self, bring: Callable[[pdu.Delivery], bool]) -> None:
        """It ended."""
        if bring in self._bound:
            self._bound.remove(bring)

    def pump(self) -> None:
        """Bring what there is room for."""
        for bring in self._bound:
            while self._waiting and bring(self._waiting[0]):
                self._waiting.popleft()
                self.brought += 1

    def close(self) -> None:
        """Forget everything."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        """How many wait, timers not counted."""
        return len(self._waiting)
