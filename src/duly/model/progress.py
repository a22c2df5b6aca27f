"""How far something long has come, told to whoever waits for it; what a door makes of it is the door's business.

Refuses to know of terminals, and to be waited for: whoever is told answers at once.
"""

from __future__ import annotations

from collections.abc import Callable

from duly.model.said import Said

# Told the step, how much of it is done, and of how much.
Tell = Callable[[Said, int, int], None]


def silent(step: Said, done: int, of: int) -> None:
    """Told where nobody waits."""
