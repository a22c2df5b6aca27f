"""How fast a route may write: a token bucket in segments, that slows down when the carrier says so.

The rate halves at each throttling answer, at most once a second, and climbs back by a twentieth of the set
rate in each second without one (additive increase, multiplicative decrease). Refuses to read a clock: `now`
is seconds of any steady clock.
"""

from __future__ import annotations

_BURST = 0.1  # seconds of the rate that may leave at once: carriers count in whole seconds
_CLIMB = 20  # a twentieth of the set rate a second
_FLOOR = 20  # never below a twentieth of it


class Pace:
    """`rate` is the most segments a second; `current` is what is used now."""

    def __init__(self, rate: float, *, now: float) -> None:
        if rate <= 0:
            raise ValueError("a route writes at least some segments a second")
        self.rate = rate
        self.current = rate
        self._tokens = self._most()
        self._at = now
        self._slowed = -1.0

    def room(self, now: float) -> int:
        """How many segments may be written at once; a message of more may still begin when one may."""
        self._flow(now)
        return max(0, int(self._tokens))

    def spend(self, segments: int, now: float) -> bool:
        """Take the segments of one message, all or none. It may go into debt, which later ones wait out."""
        self._flow(now)
        if self._tokens < 1:
            return False
        self._tokens -= segments
        return True

    def ready_at(self, now: float) -> float:
        """When the next message may be written; `now` if it may be at once."""
        self._flow(now)
        return now + max(0.0, (1 - self._tokens) / self.current)

    def slow_down(self, now: float) -> None:
        """The carrier said that we are too fast. One burst of such answers counts once."""
        self._flow(now)
        self._tokens = min(self._tokens, 0.0)
        if now - self._slowed < 1:
            return
        self._slowed = now
        self.current = max(self.current / 2, self.rate / _FLOOR)

    def _most(self) -> float:
        return max(1.0, self.current * _BURST)

    def _flow(self, now: float) -> None:
        passed = max(0.0, now - self._at)
        self._at = now
        self.current = min(self.rate, self.current + passed * self.rate / _CLIMB)
        self._tokens = min(self._most(), self._tokens + passed * self.current)
