"""The way in that every channel shares: hand over what arrived, and acknowledge it only when that returned.

What arrives while a batch is being committed forms the next one. When the hand-over of a batch fails, its
members are tried one by one, so that one that cannot be kept does not stop the others; those that fail again
are refused, and the carrier brings them again later. Refuses to drop anything: what cannot be read is handed
over too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from duly.channels import inbound
from duly.wire import sms

MAX_BATCH = 500
# More than this unacknowledged means that the carrier ignores every window: it is told to wait.
MAX_WAITING = 10_000
_MAX_UNJOINED = 1000
_ENOUGH = 3  # failures in a row: it is not the message but the database

Origin = TypeVar("Origin")


class Joiner:
    """Long replies of which not every segment has come; the oldest give way past a thousand."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str, int, int], dict[int, inbound.ReplyPart]] = OrderedDict()

    def add(self, part: inbound.ReplyPart) -> inbound.ReplyEvent | None:
        """The whole reply, when this segment completes it. It stays known until `forget`."""
        held = self._held.setdefault(_name(part), {})
        known = held.get(part.number)
        if known is not None and known.piece != part.piece:
            held.clear()  # the phone has come round to this reference again
        held[part.number] = part
        self._held.move_to_end(_name(part))
        if len(self._held) > _MAX_UNJOINED:
            self._held.popitem(last=False)
        text = sms.join({number: one.piece for number, one in held.items()}, part.total, part.alphabet)
        if text is None:
            return None
        return inbound.ReplyEvent(source=part.source, to=part.to, text=text, at=part.at, raw=part.raw)

    def forget(self, part: inbound.ReplyPart) -> None:
        """The whole was committed: the next message may use its reference."""
        self._held.pop(_name(part), None)


def _name(part: inbound.ReplyPart) -> tuple[str, str, int, int]:
    return part.source, part.to, part.reference, part.total


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
        self._joiner = Joiner()
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

    def remember(self, raws: Iterable[bytes]) -> None:
        """Take up segments that were committed before."""
        for raw in raws:
            for found in self._decode(raw):
                if isinstance(found, inbound.ReplyPart):
                    self._joiner.add(found)

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
            self._commit(batch, things, kept=True)
            return
        failures = 0 if len(batch) > 1 else _ENOUGH
        for one, thing in zip(batch, things, strict=True):
            kept = failures < _ENOUGH and await self._kept([thing])
            failures = 0 if kept else failures + 1
            self._commit([one], [thing], kept=kept)

    async def _kept(self, things: Sequence[inbound.Inbound]) -> bool:
        # Whatever went wrong while committing, the carrier must bring it again; who raised knows why.
        with contextlib.suppress(Exception):
            await self._on_inbound(things)
            return True
        return False

    def _read(self, one: _Arrival[Origin]) -> inbound.Inbound:
        events = self._decode(one.raw) if one.events is None else one.events
        wholes = [self._joiner.add(event) for event in events if isinstance(event, inbound.ReplyPart)]
        return inbound.Inbound(
            route=self._route,
            raw=one.raw,
            events=(*events, *(whole for whole in wholes if whole is not None)),
        )

    def _commit(
        self, batch: Sequence[_Arrival[Origin]], things: Sequence[inbound.Inbound], *, kept: bool
    ) -> None:
        if kept:
            for thing in things:
                if any(isinstance(event, inbound.ReplyEvent) for event in thing.events):
                    for event in thing.events:
                        if isinstance(event, inbound.ReplyPart):
                            self._joiner.forget(event)
        self._acknowledge([(one.origin, kept) for one in batch])
