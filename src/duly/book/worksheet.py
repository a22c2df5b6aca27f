"""The lines of a reckoning that a person repeats with a pocket calculator: what ran, what was settled, what was barred.

Every figure is a whole number of minor units, every rate one of parts per million. The lines stand in the order in
which they happened, and add up to the figures of `reckoning.Reckoned`.
Refuses to reckon: it only holds what was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from duly.model.money import Rounding


class Why(Enum):
    """What ended a segment."""

    MONEY = "money"  # money was received or something was waived
    RATE = "rate"  # the contract's rate changed
    STATUS = "status"  # the account's status changed
    COMPOUND = "compound"  # unpaid interest began to bear interest
    DAY = "day"  # the day that was asked for


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Days of one instalment without a change: `base_minor` × `rate_ppm` × `days` over `year_days` × 1,000,000.

    `base_minor` is `principal_minor` and what of unpaid interest bears interest (`joined_minor`). `product_minor` is
    the numerator. Rounded on the total, `before` is what earlier segments left in the numerator, and `minor` the
    rounded total less what was booked before. In grace (`in_grace`) it counts only if the grace is not kept.
    """

    seq: int
    start: date
    end: date
    days: int
    day_count: str
    principal_minor: int
    joined_minor: int
    base_minor: int
    rate_ppm: int
    product: int
    before: int
    denominator: int
    rounding: Rounding
    minor: int
    in_grace: bool
    why: Why


@dataclass(frozen=True, kw_only=True)
class Took:
    """So much of one part of one instalment was settled."""

    seq: int
    part: str
    minor: int


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What money, or a waiver, settled. `payments` are the ids; `rule` and `since` the order it went by, and `cite`.

    `toward` and `part` are what the payer named or the waiver is of; `left_minor` settled nothing: money paid ahead of
    everything, or the rest of a waiver, which lapses. `freed` is money set free by an acceleration.
    """

    day: date
    payments: tuple[str, ...]
    kind: str
    minor: int
    toward: int | None
    part: str | None
    dpd: int
    rule: str
    since: date
    cite: str
    took: tuple[Took, ...]
    left_minor: int
    freed: bool = False


@dataclass(frozen=True, kw_only=True)
class Joined:
    """From `day` on the unpaid interest of an instalment bears interest itself, by agreement."""

    day: date
    seq: int
    minor: int


@dataclass(frozen=True, kw_only=True)
class Fell:
    """On `day` an instalment that was to come fell due at once, with the interest of the days that had run."""

    day: date
    seq: int
    was_due_on: date
    interest_minor: int
    of_interest_minor: int
    days: int
    of_days: int
    fee_minor: int


@dataclass(frozen=True, kw_only=True)
class Turned:
    """On `day` a rate or a status became another; `detail` is the rate in ppm that counts, or the status."""

    day: date
    why: Why
    detail: str


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """On `day`: what all costs may come to, what they come to, and what is barred of the unpaid ones for it."""

    day: date
    allowed_minor: int
    charged_minor: int
    barred_minor: int


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the ceiling of all costs grew by: `principal_minor` outstanding × `rate_ppm` × `days` (`product`)."""

    start: date
    end: date
    days: int
    principal_minor: int
    rate_ppm: int
    product: int
    denominator: int


Line = Segment | Settlement | Joined | Fell | Turned | Ceiling | Room
