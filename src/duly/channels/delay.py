"""How long a carrier takes to the handset: measured from what was handed over to the receipt that it arrived.

The middle of the last ones counts: a phone that was off for a night says nothing of the carrier. Refuses to say
anything from a few, and to remember more than it needs: what was sent long ago and never receipted is forgotten.
"""

from __future__ import annotations

import statistics
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import timedelta

ENOUGH = 50  # arrivals before anything is said
_LAST = 501  # arrivals that count
_AWAITED = 20_000  # segments whose receipt is still expected


class Delay:
    """The delays of one route. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, float] = OrderedDict()
        self._took: deque[float] = deque(maxlen=_LAST)
        self._usual: timedelta | None = None

    @property
    def usual(self) -> timedelta | None:
        """The time that half of the last messages took at most; None while there are too few of them."""
        if self._usual is None and len(self._took) >= ENOUGH:
            self._usual = timedelta(seconds=statistics.median(self._took))
        return self._usual

    def sent(self, remote_id: str, at: float) -> None:
        """The carrier has a segment, under this id in its normal form, that was written at `at`."""
        self._sent[remote_id] = at
        if len(self._sent) > _AWAITED:
            self._sent.popitem(last=False)

    def arrived(self, normal_ids: Iterable[str], now: float) -> None:
        """A receipt says that a segment arrived; its forms, the surest first."""
        for one in normal_ids:
            at = self._sent.pop(one, None)
            if at is not None:
                self._took.append(now - at)
                self._usual = None
                return
