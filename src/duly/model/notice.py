"""Who is told what, and how a notice and a message are recognised again (DESIGN D17).

The single source of truth for identity: nothing else in the project builds these keys, so their form
cannot drift and silently send twice. No date, amount, text or covered case is hashed: a notice planned
again tomorrow for the same purpose has the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from duly.model.account import BUCKETS
from duly.model.party import Channel

KEY_BYTES = 16


class NoticeClass(Enum):
    """Why a notice exists (D22)."""

    REQUIRED_BY_LAW = "required_by_law"
    RIGHTS_PRESERVING = "rights_preserving"
    NUDGE = "nudge"


class Outcome(Enum):
    """What became of a hand-over."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNSURE = "unsure"
    EXPIRED = "expired"
    DROPPED = "dropped"


# These keep their contact reservation and count as an occurrence.
COUNTED = frozenset({Outcome.ACCEPTED, Outcome.UNSURE})


class Arrival(Enum):
    """What a receipt says of a message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Grade(Enum):
    """The grade of service; a stage lists those it accepts."""

    ATTEMPTED = "attempted"
    DELIVERED = "delivered"
    AGREED_ADDRESS = "agreed_address"
    DEEMED_BY_RULE = "deemed_by_rule"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, kw_only=True)
class NoticeId:
    """What is said to whom: one per person, creditor, brand, stage and occurrence.

    `occurrence` counts from 1 the notices that were Accepted or Unsure, not days.
    """

    person: str
    creditor: str
    brand: str
    stage: str
    occurrence: int

    def __post_init__(self) -> None:
        if self.occurrence < 1:
            raise ValueError("occurrence counts from 1")


def message_key(notice: NoticeId, *, point: str, channel: Channel, step: int) -> bytes:
    """The 16-byte key of one rendering of a notice to one contact point on one channel step."""
    parts = (
        "duly.message.1",
        notice.person,
        notice.creditor,
        notice.brand,
        notice.stage,
        str(notice.occurrence),
        point,
        channel.value,
        str(step),
    )
    return _digest(parts, KEY_BYTES)


def notice_key(notice: NoticeId) -> bytes:
    """The 16-byte key of the notice itself, shared by its messages on several channels."""
    parts = (
        "duly.notice.1",
        notice.person,
        notice.creditor,
        notice.brand,
        notice.stage,
        str(notice.occurrence),
    )
    return _digest(parts, KEY_BYTES)


def bucket(person: str) -> int:
    """The person's virtual bucket, 0 to 1023 (D15); stable for ever."""
    return int.from_bytes(_digest(("duly.bucket.1", person), 8), "big") % BUCKETS


def buckets(persons: Iterable[str]) -> list[int]:
    """`bucket` of each of many: the same bytes hashed, with what is common to all hashed once."""
    begun = hashlib.blake2b(_framed(("duly.bucket.1",)), digest_size=8)
    found = []
    for person in persons:
        one, raw = begun.copy(), person.encode()
        one.update(len(raw).to_bytes(4, "big") + raw)
        found.append(int.from_bytes(one.digest(), "big") % BUCKETS)
    return found


def _digest(parts: tuple[str, ...], size: int) -> bytes:
    return hashlib.blake2b(_framed(parts), digest_size=size).digest()


def _framed(parts: tuple[str, ...]) -> bytes:
    # Each part is preceded by its length, so ("ab", "c") and ("a", "bc") differ.
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
