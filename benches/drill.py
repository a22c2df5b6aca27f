"""The drill of tests/crash as a bench: a send of 3,000 messages, thirty times kill -9. Its three figures must be 0."""

from __future__ import annotations

from pathlib import Path

from tests.crash import drill

MESSAGES, KILLS, SEED = 3000, 30, 1


def measure(place: Path) -> drill.Result:
    """Run the drill in an empty folder. Raises AssertionError when it does not come to its end."""
    return drill.drill(place, messages=MESSAGES, kills=KILLS, seed=SEED)
