"""How the simulated carrier misbehaves: the knobs, and the draws that turn them.

Every draw is keyed by the seed, the knob, the message and how often that message has come, so the same run
meets the same faults in whatever order its messages arrive, and a message that was refused once may be taken
the next time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

from duly.wire.smpp import status

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Knobs. Shares are parts per million of the messages (segments) they concern, times are seconds.

    `rate` is the segments a second past which the carrier throttles (0: never). `refuse_ppm` are refused with
    one of `refuse_codes`. `lose_ppm` vanish before the carrier has them, `drop_ppm` are taken and never
    answered, `cut_ppm` are taken and the connection is cut instead of an answer. Receipts come after
    `receipt_after`, are lost, come twice, or come before the answer. With `hex_ids` submissions are answered
    in hexadecimal and receipts written in decimal; without `echoes` receipts leave out the client's own reference
    (user_message_reference), as the protocol allows. What the bound client does not acknowledge is brought
    again after `again_after`.
    """

    seed: int = 1
    latency: float = 0.02
    latency_spread: float = 0.5
    rate: int = 0
    refuse_ppm: int = 0
    refuse_codes: tuple[int, ...] = (status.SYSTEM_ERROR, 0x45)
    lose_ppm: int = 0
    drop_ppm: int = 0
    cut_ppm: int = 0
    receipt_after: float = 0.2
    receipt_spread: float = 0.5
    receipt_loss_ppm: int = 0
    receipt_twice_ppm: int = 0
    receipt_early_ppm: int = 0
    hex_ids: bool = False
    echoes: bool = True
    again_after: float = 0.5

    def __post_init__(self) -> None:
        for knob in fields(self):
            value = getattr(self, knob.name)
            if knob.name.endswith("_ppm") and not 0 <= value <= MILLION:
                raise ValueError(f"{knob.name} is a share of a million")
            if isinstance(value, (int, float)) and knob.name != "seed" and value < 0:
                raise ValueError(f"{knob.name} is not negative")
        if max(self.latency_spread, self.receipt_spread) > 1:
            raise ValueError("a spread is at most the time itself")


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """The dice of one message at one of its arrivals; `message` is whatever tells it from others."""

    seed: int
    message: bytes
    arrival: int

    def number(self, knob: str) -> int:
        """A number below 2^64 for this knob."""
        framed = b"%d|%d|%s|%s" % (self.seed, self.arrival, knob.encode(), self.message)
        return int.from_bytes(hashlib.blake2b(framed, digest_size=8).digest(), "big")

    def happens(self, knob: str, ppm: int) -> bool:
        """Whether it happens to this message."""
        return ppm > 0 and self.number(knob) % MILLION < ppm

    def spread(self, knob: str, middle: float, share: float) -> float:
        """A time around `middle`, up to `share` of it shorter or longer."""
        if not middle or not share:
            return middle
        return middle * (1 + share * (self.number(knob) % 2001 - 1000) / 1000)
