"""How the simulated carrier misbehaves: the knobs, and the draws that turn them.

Every draw is keyed by the seed, the knob, the message and how often that message has come, so the same run
meets the same faults in whatever order its messages arrive, and a message that was refused once may be taken
the next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum

from duly.wire import sms
from duly.wire.smpp import receipt, status

MILLION = 1_000_000


class Form(Enum):
    """How a carrier writes the number of a message as an id."""

    PADDED = "{:010d}"
    DECIMAL = "{:d}"
    HEX = "{:08X}"
    LOWER_HEX = "{:x}"

    def write(self, number: int) -> str:
        """The id."""
        return self.value.format(number)


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Knobs. Shares are parts per million of the messages (segments) they concern, times are seconds.

    `rate` is the segments a second past which the carrier throttles (0: never), by `throttle_code`. `refuse_ppm` are
    refused with one of `refuse_codes`. `lose_ppm` vanish before the carrier has them, `drop_ppm` are taken and never
    answered, `cut_ppm` are taken and the connection is cut instead of an answer. Receipts come after
    `receipt_after`, are lost, come twice, or come before the answer. Without `echoes` receipts leave out the client's
    own references (user_message_reference and the vendor's range), as the protocol allows; with `heads` they repeat
    how the text begins. What the bound client does not acknowledge is brought again after `again_after`.

    The dialect: ids are written as `answer_ids` in answers and as `receipt_ids` in receipts; without `receipt_tlvs` a
    receipt is its text alone, laid out as `receipt_layout` says where it is set, with `receipt_words` for the states;
    `default_alphabet` is what data_coding 0 means. With `data_sm` receipts and replies come by data_sm, with `outbind`
    whoever connects is asked to bind, and for `alert_ppm` an alert_notification follows the answer.
    """

    seed: int = 1
    latency: float = 0.02
    latency_spread: float = 0.5
    rate: int = 0
    throttle_code: int = status.THROTTLED
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
    echoes: bool = True
    heads: bool = False
    queries: bool = False
    again_after: float = 0.5
    answer_ids: Form = Form.PADDED
    receipt_ids: Form = Form.PADDED
    receipt_tlvs: bool = True
    receipt_layout: str = ""
    receipt_words: Mapping[receipt.State, str] = field(default_factory=dict)
    default_alphabet: sms.Alphabet = sms.Alphabet.GSM
    data_sm: bool = False
    outbind: bool = False
    alert_ppm: int = 0

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
