"""Whether a run is out of the ordinary: then two people release it before anything of it leaves.

Many messages, a large sum, much of the book, dear, or many more than lately: one wrong column of a file looks like
that, and whoever knows the book sees at once whether it may be true.
Refuses to know better: it measures, and people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

import polars as pl
import psycopg

from duly.project.folder import Project
from duly.store import sql

_SQL = sql.load()

_BACK = timedelta(days=62)  # how far back the last days are looked for
_LATELY = 14  # days with a run, at the most
_FEWEST = 3  # days, before anything can be called usual
_SMALL = 100  # messages: so few are never many more than usual


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a run comes to: `cost_micro` of the routes that are priced in the lender's own currency."""

    messages: int
    overdue_minor: int
    persons: int
    cost_micro: int


def size(project: Project, messages: pl.DataFrame) -> Size:
    """Of a plan's messages, as they are in `Plan.heads`."""
    ours = [route.name for route in project.routes if route.currency == project.settings.currency]
    return Size(
        messages=messages.height,
        overdue_minor=int(messages["overdue_minor"].sum()),
        persons=messages["person"].n_unique(),
        cost_micro=int(messages.filter(pl.col("route").is_in(ours))["cost_micro"].sum()),
    )


def beyond(project: Project, connection: psycopg.Connection[Any], run: Size, *, on: date) -> tuple[str, ...]:
    """In what the run of a day is out of the ordinary: `messages`, `overdue`, `persons`, `cost`, `usual`."""
    limits, bounds = project.settings.limits, project.settings.bounds.unusual
    found = []
    if run.messages > limits.messages_per_run:
        found.append("messages")
    if run.overdue_minor > limits.overdue_per_run_minor:
        found.append("overdue")
    if bounds.persons_percent is not None:
        row = connection.execute(_SQL["how_many_persons"]).fetchone()
        if row is not None and 100 * run.persons > bounds.persons_percent * row[0]:
            found.append("persons")
    if bounds.cost_micro is not None and run.cost_micro > bounds.cost_micro:
        found.append("cost")
    if bounds.times is not None and is_many(run.messages, lately(connection, on=on), times=bounds.times):
        found.append("usual")
    return tuple(found)


def lately(connection: psycopg.Connection[Any], *, on: date) -> list[int]:
    """How many messages the runs of the last days had, of each day that had any."""
    rows = connection.execute(
        _SQL["runs_lately"], {"since": on - _BACK, "on": on, "most": _LATELY}
    ).fetchall()
    return [int(row[0]) for row in rows]


def is_many(messages: int, days: Sequence[int], *, times: int) -> bool:
    """Whether so many are more than so many times the median of the days."""
    return len(days) >= _FEWEST and messages > _SMALL and messages > times * median(days)
