"""The way in that every channel shares: hand over what arrived, and acknowledge it only when that returned.

What arrives while a batch is being committed forms the next one. When the hand-over of a batch fails, its
members are tried one by one, so that one that cannot be kept does not stop the others; those that fail again
are refused, and the carrier brings them again later. Refuses to drop anything: what cannot be read is handed
over too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from duly.channels import inbound

MAX_BATCH = 500
# More than this unacknowledged means that the carrier ignores every window: it is told to wait.
MAX_WAITING = 10_000
_ENOUGH = 3  # failures in a row: it is not the message but the database

Origin = TypeVar("Origin")


@dataclass(slots=True, kw_only=True)
class _Arrival(Generic[Origin]):
    origin: Origin
    raw: bytes = field(repr=False)
    events: tuple[inbound.Event, ...] | None = None


class Inflow(Generic[Origin]):
    """What arrived on one route and is not acknowledged yet.

    `acknowledge` is called with each origin and whether it was kept, as soon as that is known.
    """

    def __init__(
        self,
        *,
        route: str,
        decode: Callable[[bytes], tuple[inbound.Event, ...]],
        on_inbound: inbound.OnInbound,
        acknowledge: Callable[[Sequence[tuple[Origin, bool]]], None],
    ) -> None:
        self._route = route
        self._decode = decode
        self._on_inbound = on_inbound
        self._acknowledge = acknowledge
        self._waiting: deque[_Arrival[Origin]] = deque()
        self._more = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def put(self, origin: Origin, raw: bytes, events: tuple[inbound.Event, ...] | None = None) -> bool:
        """Something arrived. False when too much is waiting: refuse it. `events` are given where already
        known.
        """
        if len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append(_Arrival(origin=origin, raw=raw, events=events))
        self._more.set()
        self._quiet.clear()
        return True

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await self._more.wait()
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            await self._hand_over(batch)
            if not self._waiting:
                self._more.clear()
                self._quiet.set()

    async def drain(self) -> None:
        """Wait until everything that arrived was handed over; `run` must be running."""
        await self._quiet.wait()

    async def _hand_over(self, batch: Sequence[_Arrival[Origin]]) -> None:
        things = [self._read(one) for one in batch]
        if await self._kept(things):
            self._acknowledge([(one.origin, True) for one in batch])
            return
        failures = 0 if len(batch) > 1 else _ENOUGH
        for one, thing in zip(batch, things, strict=True):
            kept = failures < _ENOUGH and await self._kept([thing])
            failures = 0 if kept else failures + 1
            self._acknowledge([(one.origin, kept)])

    async def _kept(self, things: Sequence[inbound.Inbound]) -> bool:
        # Whatever went wrong while committing, the carrier must bring it again; who raised knows why.
        with contextlib.suppress(Exception):
            await self._on_inbound(things)
            return True
        return False

    def _read(self, one: _Arrival[Origin]) -> inbound.Inbound:
        events = self._decode(one.raw) if one.events is None else one.events
        return inbound.Inbound(route=self._route, raw=one.raw, events=events)
