"""How far the reading of the lender's files has come, for whoever waits.

Refuses to guess: what a database will answer is not known before it has, and is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from duly.model import progress
from duly.model.said import say

READING, COMPARING = say("Reading the files (MB)"), say("Holding the rows against each other")
_MB = 1 << 20


@dataclass(kw_only=True)
class Pace:
    """Of `total` bytes; `before` is what the files that were read so far had."""

    tell: progress.Tell
    total: int
    before: int = 0

    def at(self, place: int) -> None:
        """So far in the file that is being read."""
        done, of = self.before + place, max(self.total // _MB, 1)
        self.tell(READING, of if done >= self.total else done // _MB, of)

    def end(self, place: int) -> None:
        """That file has been read."""
        self.before += place
        self.at(0)
