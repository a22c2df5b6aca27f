"""Where the ranges of a big book are planned: in this process one after the other, or on a Ray cluster.

What comes of it is the same, byte for byte. Refuses an engine that is not installed, once it is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Enum

from duly.run import cluster, day


class Engine(Enum):
    """Where a plan is made."""

    LOOP = "loop"
    RAY = "ray"


def drafting(engine: Engine, *, workers: int | None, environ: Mapping[str, str]) -> day.Engine | None:
    """What `day.make` drafts with; None is the loop. `workers` are the processes of a cluster of our own."""
    if engine is Engine.LOOP:
        return None
    return functools.partial(cluster.drafting, environ=environ, workers=workers)
