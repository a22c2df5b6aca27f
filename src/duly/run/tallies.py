"""What a sender has done so far, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Messages by what became of them, and the segments that were handed over."""

    accepted: int = 0
    refused: int = 0
    returned: int = 0
    unsure: int = 0
    dropped: int = 0
    deferred: int = 0
    parts: int = 0

    @property
    def moved(self) -> int:
        """How many messages became something else than waiting: it differs whenever something went on."""
        return self.accepted + self.refused + self.returned + self.unsure + self.dropped
