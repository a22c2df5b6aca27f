"""Money is an integer of minor units with a currency; rates are integer parts per million.

Refuses: floats, sums across currencies, and rounding without a name.
Bounds (checked where figures enter): amount ≤ 1e13 minor units, rate ≤ 1e6 ppm, days ≤ 36,600.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MAX_MINOR = 10**13
MAX_PPM = 10**6
MAX_DAYS = 36_600
PPM = 1_000_000

# ISO 4217 minor-unit exponents of the currencies the shipped packs use.
EXPONENT = {"CNY": 2, "USD": 2, "GBP": 2, "EUR": 2, "INR": 2, "HKD": 2, "SGD": 2, "AUD": 2, "JPY": 0}


class Rounding(Enum):
    """How the last cent falls."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Exact integer division of a non-negative numerator, rounded by the named rule."""
    if denominator <= 0 or numerator < 0:
        raise ValueError("divide() takes a non-negative numerator and a positive denominator")
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    up = {
        Rounding.DOWN: False,
        Rounding.UP: remainder > 0,
        Rounding.HALF_UP: twice >= denominator,
        Rounding.HALF_EVEN: twice > denominator or (twice == denominator and quotient % 2 == 1),
    }[rounding]
    return quotient + (1 if up else 0)


@dataclass(frozen=True, kw_only=True, order=False)
class Money:
    """An amount: `minor` units of `currency` (ISO 4217). 1,230.00 yuan is `Money(minor=123000, currency="CNY")`."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError("money is an integer number of minor units")
        if abs(self.minor) > MAX_MINOR:
            raise ValueError(f"amount beyond {MAX_MINOR} minor units")
        if self.currency not in EXPONENT:
            raise ValueError(f"unknown currency {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other).minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other).minor, currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} are never added or compared")
        return other

    def plain(self) -> str:
        """Digits with the currency's decimals and no grouping: `1230.00`."""
        exponent = EXPONENT[self.currency]
        if exponent == 0:
            return str(self.minor)
        whole, cents = divmod(abs(self.minor), 10**exponent)
        return f"{'-' if self.minor < 0 else ''}{whole}.{cents:0{exponent}d}"


def grouped(minor: int, currency: str) -> str:
    """As a person reads it: `CNY 1,230.00`. A sum over many accounts may be larger than any single amount may."""
    unit = int("1" + "0" * EXPONENT[currency])
    whole, cents = divmod(abs(minor), unit)
    decimals = f".{cents:0{EXPONENT[currency]}d}" if unit > 1 else ""
    return f"{currency} {'-' if minor < 0 else ''}{whole:,}{decimals}"
