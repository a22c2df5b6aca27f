"""What comes back from a carrier: receipts, replies, and what could not be read, each with the raw original.

Refuses to interpret a reply or to match a receipt: that is the inbox's work, from what is said here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from duly.channels import answer
from duly.model import notice
from duly.wire import remote_id, sms


class Provenance(Enum):
    """How sure it is that a receipt comes from the carrier; a pack says which it accepts as proof."""

    SIGNED = "signed"
    SESSION = "session"  # over the connection that we opened and that the carrier's password protects
    ADDRESS_ONLY = "address_only"
    FILE = "file"
    CONFIRMED = "confirmed"  # we asked the provider and it answered


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptEvent:
    """The carrier's word on one segment.

    `remote_id` is the id as it stands there, `normal_ids` the forms (`folded_id`) to look for, the surest
    first; compare the `destination` too (digits only, empty when the carrier leaves it out). `word` and
    `code` are the carrier's own; `final` is False for "on its way". `at` is the carrier's clock (aware), None
    when it gave none that can be read. `reference` is our own of that segment (`base.reference`), None when the
    carrier does not echo it. `submitted_at` is when the carrier took it, by its own clock, and `head` how the text of
    the segment begins, in bytes of whatever alphabet the carrier writes; None and empty where it does not say.
    Idempotent on (route, remote id, state).
    """

    remote_id: str
    normal_ids: tuple[str, ...]
    state: notice.Arrival
    final: bool
    word: str
    code: str
    at: datetime | None
    destination: str = field(repr=False)
    reference: int | None
    provenance: Provenance
    raw: bytes = field(repr=False)
    submitted_at: datetime | None = None
    head: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyEvent:
    """What a debtor answered: `text` from `source` (written as `Message.to`) to our number `to`."""

    source: str = field(repr=False)
    to: str
    text: str = field(repr=False)
    at: datetime | None
    raw: bytes = field(repr=False)
    provenance: Provenance = Provenance.SESSION


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyPart:
    """One segment of a long reply, readable by itself: `piece` in `alphabet`, number `number` of `total`.

    Whoever keeps it puts the whole together, because the next part may come to another process. Whoever acts
    on STOP reads the parts as well, because the rest may never come.
    """

    source: str = field(repr=False)
    to: str
    text: str = field(repr=False)
    piece: bytes = field(repr=False)
    alphabet: sms.Alphabet
    reference: int
    number: int
    total: int
    at: datetime | None
    raw: bytes = field(repr=False)
    provenance: Provenance = Provenance.SESSION


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Something arrived that cannot be read. Keep it; it will not come again."""

    reason: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class LateAnswer:
    """The carrier answered after the time in which it should have: the doubt about this message is settled.

    `answer` is what `send` would have said, Accepted or Refused; it follows an Unsure for the same key.
    """

    message_key: bytes
    answer: answer.Accepted | answer.Refused
    raw: bytes = field(repr=False)


Event = ReceiptEvent | ReplyEvent | ReplyPart | Unread | LateAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One raw thing from a carrier with what was read from it; acknowledged once it is committed."""

    route: str
    raw: bytes = field(repr=False)
    events: tuple[Event, ...]


# Returns only when everything handed over is committed. When it raises, the channel hands the same over again
# one by one, and tells the carrier to bring back later those that fail again.
OnInbound = Callable[[Sequence[Inbound]], Awaitable[None]]


def folded_id(raw: str) -> str:
    """The one normal form under which a carrier's id is kept and looked for."""
    return remote_id.fold(raw)
