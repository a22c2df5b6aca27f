"""The gate's word that exact bytes may leave on one route at one instant (DESIGN D3).

A permit names the message, the SHA-256 of the encoded bytes, the route, the instant of the gate and the end
of the message's life, and carries a MAC over all of them whose key is never in the database: a row inserted
by hand, a text changed after the gate, or an old permit copied to another message is no permit. Refuses to
decide anything: `fault` says what is wrong with a permit, and `None` means that nothing is.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from duly.model import notice

# Bytes follow the gate's commit within two seconds, else the chunk is gated again (D3).
LIFE = timedelta(seconds=2)
# The gate holds when two clocks differ by more than this (D21); a permit from further ahead is not ours.
SKEW = timedelta(seconds=2)
KEY_BYTES = 32
SHA256_BYTES = 32
MAX_ROUTE_BYTES = 255

_DOMAIN = b"duly.permit.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fault(Enum):
    """Why a permit does not let its bytes through."""

    OTHER_ROUTE = "other_route"
    OTHER_MESSAGE = "other_message"
    OTHER_BYTES = "other_bytes"
    FORGED = "forged"
    AHEAD = "ahead"
    STALE = "stale"
    EXPIRED = "expired"
    USED = "used"


# After these the gate may be asked again; the others mean that somebody tried to go round it.
INNOCENT = frozenset({Fault.STALE, Fault.EXPIRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Permit:
    """One message, these bytes, this route, now.

    `message_key` is `model.notice.message_key`, `encoded_sha256` the digest of the encoded message, `at` the
    gate's instant and `not_after` the end of the message's life (both aware, microseconds), `mac` 32 bytes by
    `issue`.
    """

    message_key: bytes
    encoded_sha256: bytes
    route: str
    at: datetime
    not_after: datetime
    mac: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.not_after.tzinfo is None:
            raise ValueError("a permit's instants carry a zone")


def issue(
    key: bytes, *, message_key: bytes, encoded_sha256: bytes, route: str, at: datetime, not_after: datetime
) -> Permit:
    """Make the permit; only the gate calls this, after its checks and inside its transaction.

    Raises ValueError for a key shorter than 32 bytes, digests of the wrong length, a naive instant, an empty
    or overlong route, and for a message whose life is already over: the gate never releases one.
    """
    if len(message_key) != notice.KEY_BYTES or len(encoded_sha256) != SHA256_BYTES:
        raise ValueError(f"a permit names a key of {notice.KEY_BYTES} bytes and a digest of {SHA256_BYTES}")
    if at.tzinfo is None or not_after.tzinfo is None:
        raise ValueError("a permit's instants carry a zone")
    if at > not_after:
        raise ValueError("a permit is never issued for a message whose life is over")
    mac = _mac(key, message_key, encoded_sha256, route, at, not_after)
    return Permit(
        message_key=message_key,
        encoded_sha256=encoded_sha256,
        route=route,
        at=at,
        not_after=not_after,
        mac=mac,
    )


def fault(
    key: bytes, permit: Permit, *, message_key: bytes, encoded_sha256: bytes, route: str, now: datetime
) -> Fault | None:
    """What is wrong with the permit for these bytes at `now`; None when they may leave.

    `encoded_sha256` must have been computed from the bytes about to be written, never copied from a row or
    from the permit itself. A permit still holds at exactly `at + LIFE` and at exactly `not_after`.
    """
    if permit.route != route:
        return Fault.OTHER_ROUTE
    if permit.message_key != message_key:
        return Fault.OTHER_MESSAGE
    if not hmac.compare_digest(permit.encoded_sha256, encoded_sha256):
        return Fault.OTHER_BYTES
    expected = _mac(key, message_key, encoded_sha256, route, permit.at, permit.not_after)
    if not hmac.compare_digest(permit.mac, expected):
        return Fault.FORGED
    if now > permit.not_after:
        return Fault.EXPIRED
    if now - permit.at > LIFE:
        return Fault.STALE
    if permit.at - now > SKEW:
        return Fault.AHEAD
    return None


def _mac(  # noqa: PLR0917 - private, and the order is the MAC's own
    key: bytes, message_key: bytes, encoded_sha256: bytes, route: str, at: datetime, not_after: datetime
) -> bytes:
    if len(key) < KEY_BYTES:
        raise ValueError(f"the permit key has at least {KEY_BYTES} bytes")
    name = route.encode()
    if not 0 < len(name) <= MAX_ROUTE_BYTES:
        raise ValueError(f"a route's name has 1 to {MAX_ROUTE_BYTES} bytes")
    # Every field but the last has a fixed length, so two different permits are never the same bytes.
    framed = b"".join((_DOMAIN, message_key, encoded_sha256, _micros(at), _micros(not_after), name))
    return hmac.digest(key, framed, hashlib.sha256)


def _micros(instant: datetime) -> bytes:
    return ((instant - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)
