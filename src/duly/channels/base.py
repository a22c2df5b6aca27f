"""The contract every channel keeps: what goes in, what comes back, and what it is called.

A message is encoded by a pure function, the gate permits the digest of exactly those bytes, and `send` writes
them only after the process's one `Turnstile` let the permit through. What came of it is `Accepted`, `Refused`
or `Unsure`. Refuses to decide: a channel holds no rule, looks up no debtor, and never sends anything again by
itself.

The rules that every channel obeys, and that `tests/channels/contract.py` shows for each:
1. Without a permit that fits, nothing is written.
2. Whatever was written and not answered is `Unsure`; only what was refused or never written may be tried
   again.
3. Receipts and replies are handed over raw and read, and acknowledged to the carrier only after that
   hand-over returned: the caller commits first.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from duly import errors
from duly.channels import answer, inbound
from duly.model import notice, party, permit

# How long a used permit is remembered: longer than any permit can live.
_MEMORY = permit.LIFE + permit.SKEW + timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a channel can do; the feature matrix in the docs is generated from this.

    `max_parts` and `max_bytes` bound one message (segments; bytes of content), `unit` is what throttling and
    cost count, `idempotent` means that the carrier itself recognises a repeated hand-over, `echoes_reference`
    that receipts may carry our own reference, `queries` that the carrier can be asked what became of a message
    (`Inquirer`), and `refuses` lists content the carrier turns away, in its own words.
    """

    name: str
    carries: frozenset[party.Channel]
    unit: str
    max_parts: int
    max_bytes: int
    receipts: inbound.Provenance | None
    replies: bool
    idempotent: bool
    echoes_reference: bool
    queries: bool = False
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One rendering for one contact point, as the worker hands it to `encode`.

    `key` is `model.notice.message_key`. `to` is `+` and digits (E.164) for a phone, an address otherwise.
    `day` is the message's planned day and goes into our carrier reference. `not_after` (aware) is the end of
    its life: the carrier is told to drop it then. `sender` overrides the route's own sender. The person's own
    words and numbers stay out of `repr`, so that no log line can carry them.
    """

    key: bytes
    channel: party.Channel
    to: str = field(repr=False)
    text: str = field(repr=False)
    day: date
    not_after: datetime
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    sender: str = ""

    def __post_init__(self) -> None:
        if len(self.key) != notice.KEY_BYTES:
            raise ValueError(f"a message key has {notice.KEY_BYTES} bytes")
        if self.not_after.tzinfo is None:
            raise ValueError("the end of a message's life carries a zone")


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """The bytes of one message, one element a submission, without what changes from one writing to the next.

    A submission is a segment, unless the carrier itself cuts a long text: then `cut_into` says how many it makes.
    """

    parts: tuple[bytes, ...] = field(repr=False)
    sha256: bytes
    cut_into: int | None = None

    @classmethod
    def of(cls, parts: Iterable[bytes], *, cut_into: int | None = None) -> Encoded:
        """Bind the submissions to their digest."""
        frozen = tuple(parts)
        if not frozen:
            raise ValueError("a message has at least one segment")
        return cls(parts=frozen, sha256=digest(frozen), cut_into=cut_into)

    @property
    def count(self) -> int:
        """How many submissions leave, which is also what they take of the window."""
        return len(self.parts)

    @property
    def segments(self) -> int:
        """How many segments the phone gets, which is what carriers count against the rate."""
        return self.cut_into or len(self.parts)


def digest(parts: Sequence[bytes]) -> bytes:
    """SHA-256 over the segments, each preceded by its length: moving a byte across a border changes it."""
    return hashlib.sha256(b"".join([len(part).to_bytes(4, "big") + part for part in parts])).digest()


class Unsendable(errors.DulyError):
    """This channel cannot carry this message at all (a number that is none, too many segments).

    Raised by `encode`, before anything is permitted. `code` is stable: `number`, `too_long`, `empty`,
    `sender`.
    """

    def __init__(self, code: str, what: str, *, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.code = code


class BindRefused(errors.CarrierAway):
    """The carrier was reached and refused us, by an answer that trying again will not mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """What the gate released. Anybody can build one; only a permit by the gate's key lets it through."""

    message_key: bytes
    encoded: Encoded
    permit: permit.Permit


class Turnstile:
    """Lets each permit through once, for the bytes it was made for, while it is fresh.

    One per process, given to every channel. `clock` returns the gate's instant as this process sees it
    (aware): the same clock that dated the permits, virtual or not.
    """

    def __init__(self, *, key: bytes, clock: Callable[[], datetime]) -> None:
        if len(key) < permit.KEY_BYTES:
            raise ValueError(f"the permit key has at least {permit.KEY_BYTES} bytes")
        self._key = key
        self._clock = clock
        self._since = clock()
        self._lock = threading.Lock()  # a channel that writes files does so in threads
        self._used: set[bytes] = set()
        self._by_age: deque[tuple[datetime, bytes]] = deque()

    def admit(self, released: Released, *, route: str) -> permit.Fault | None:
        """Use up the permit. None means: write these bytes now.

        The digest is computed here, from the bytes. A permit older than this turnstile is stale: another
        process, now dead, may have used it.
        """
        now = self._clock()
        held = released.permit
        found = permit.fault(
            self._key,
            held,
            message_key=released.message_key,
            encoded_sha256=digest(released.encoded.parts),
            route=route,
            now=now,
        )
        if found is not None:
            return found
        if held.at < self._since:
            return permit.Fault.STALE
        with self._lock:
            self._forget(now)
            if held.mac in self._used:
                return permit.Fault.USED
            self._used.add(held.mac)
            self._by_age.append((now, held.mac))
        return None

    def _forget(self, now: datetime) -> None:
        # A permit may be `SKEW` ahead of us and then lives for `LIFE`; after both it is stale anyway.
        while self._by_age and now - self._by_age[0][0] > _MEMORY:
            self._used.discard(self._by_age.popleft()[1])


# Called for each answer as soon as it is known, with the message's place in the batch.
Heard = Callable[[int, answer.Answer], None]


class Channel(Protocol):
    """A route to a carrier. `route` is its name in channels.yaml, and the permits are made for that name."""

    can: Capabilities
    route: str

    @property
    def free_window(self) -> int:
        """How many segments could be written at once right now; 0 while disconnected or throttled."""

    @property
    def away(self) -> errors.CarrierAway | None:
        """Why nothing can be handed over since the connection was lost; None while there is one, and before `start`."""

    @property
    def delay(self) -> timedelta | None:
        """How long the carrier takes to the handset, as measured; None where that is not known."""

    def encode(self, message: Message) -> Encoded:
        """Pure: the same message and settings give the same bytes. Raises Unsendable."""

    def decode(self, raw: bytes) -> tuple[inbound.Event, ...]:
        """Pure: what a raw inbound thing says; never raises for what a carrier may send."""

    async def start(self) -> None:
        """Connect, and from then on mend every loss.

        Raises CarrierAway when the carrier cannot be reached now, BindRefused when it refuses us.
        """

    async def room(self) -> int:
        """Wait until `free_window` is positive and return it. The gate runs for no more than this."""

    async def send(self, batch: Sequence[Released], *, heard: Heard | None = None) -> list[answer.Answer]:
        """Write what is permitted and wait for the answers, in the order of the batch."""

    async def stop(self) -> None:
        """Take nothing more, wait for what is in flight (then it is Unsure), say good-bye, disconnect."""


@runtime_checkable
class Inquirer(Protocol):
    """A channel that can ask its carrier what became of a segment that the carrier has named."""

    async def ask(self, remote_id: str, *, sender: str = "") -> inbound.ReceiptEvent | None:
        """The carrier's word, confirmed by query; None where it gives none, or cannot be asked now."""


def reference(key: bytes, day: date, part: int = 0) -> int:
    """Our 16-bit reference of a segment: five bits of the day (so its partition), eleven of key and place.

    `part` counts from 0. The segments of one message have references that follow each other, so that each
    receipt says whose it is. Too short to name a message by itself: whoever reads one back also compares the
    number and the route.
    """
    return (day.toordinal() % 32) << 11 | (int.from_bytes(key[:2], "big") + part) & 0x7FF


def reference_day(found: int, near: date) -> date:
    """The day inside a reference: the latest not after `near` that fits, within the last 32 days."""
    return near - timedelta(days=(near.toordinal() - (found >> 11)) % 32)
