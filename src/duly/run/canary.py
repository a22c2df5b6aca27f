"""The first part of a run: so many messages of each template on each route go, and it is looked how they arrive.

The rest waits meanwhile. Enough receipts that say delivered let it go on; too few halt the template, and only the two
people who lift that halt say that it may. Nobody is asked twice: what passed has passed for its run.
Refuses to judge by what is not there yet: a receipt that may still come is waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly.project.bounds import Trial
from duly.run import halt, record, statement
from duly.store import sql

_SQL = sql.load()

_REACH = timedelta(days=3)


class Said(Enum):
    """What the receipts of a first part say."""

    WAIT = "wait"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came of a first part so far.

    `gone` were accepted or may have been, `refused` were not; `queued` may still leave; of those that went, `arrived`
    and `lost` have receipts. `since` is when the first of them left.
    """

    queued: int
    gone: int
    refused: int
    arrived: int
    lost: int
    since: datetime | None


def choose(messages: pl.DataFrame, trial: Trial, *, routes: Collection[str]) -> pl.DataFrame:
    """Of a plan's messages (`Plan.heads`) those that go first, on the routes that have receipts.

    A run that is not at least twice as long as its first part has none.
    """
    if trial.canary is None:
        return messages.clear()
    of = ("route", "template_digest")
    return (
        messages.filter(pl.col("route").is_in(sorted(routes)))
        .filter(pl.len().over(of) >= 2 * trial.canary)
        .with_columns(rest=pl.len().over(of) - trial.canary)
        .sort("not_before", "key")
        .group_by(of, maintain_order=True)
        .head(trial.canary)
    )


def keep(connection: psycopg.Connection[Any], plan: int, first: pl.DataFrame) -> None:
    """Write down what goes first, in the plan's own commit."""
    if not first.height:
        return
    of = first.group_by("route", "template_digest", maintain_order=True).agg(
        pl.col("notice").first(), pl.col("rest").first(), messages=pl.len()
    )
    connection.execute(
        _SQL["keep_canaries"],
        {
            "plan": plan,
            **{
                name: of[name].to_list()
                for name in ("route", "template_digest", "notice", "messages", "rest")
            },
        },
    )
    connection.execute(
        _SQL["keep_canary_messages"],
        {"plan": plan, **{name: first[name].to_list() for name in ("key", "route", "template_digest")}},
    )


def look(
    connection: psycopg.Connection[Any], *, trial: Trial, recorder: record.Recorder, now: datetime
) -> int:
    """Let those go on, and halt those, of which that can be said by now; returns how many that were."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["canaries_open"], {"since": (now - _REACH).date()}).fetchall()
    return sum(_settle(connection, row, trial=trial, recorder=recorder, now=now) for row in rows)


def says(heard: Heard, trial: Trial, *, now: datetime) -> Said:
    """What follows from what was heard. Whatever was refused did not arrive."""
    went = heard.gone + heard.refused
    total = went + heard.queued
    if not total:
        return Said.PASSED  # all of them paid, or were held, meanwhile: there is nothing to look at
    may_arrive = heard.gone - heard.lost + heard.queued
    if may_arrive < _needed(total, trial):
        return Said.FAILED
    if not heard.queued and heard.arrived >= _needed(total, trial):
        return Said.PASSED
    if heard.since is not None and now - heard.since > timedelta(seconds=trial.within):
        # What is still queued by then is kept back by something else, which says so itself.
        return Said.PASSED if went and heard.arrived >= _needed(went, trial) else Said.FAILED
    return Said.WAIT


def _needed(messages: int, trial: Trial) -> int:
    return -(-trial.arrived_percent * messages // 100)


def _settle(
    connection: psycopg.Connection[Any],
    row: Mapping[str, Any],
    *,
    trial: Trial,
    recorder: record.Recorder,
    now: datetime,
) -> bool:
    which = {name: row[name] for name in ("plan", "route", "template_digest")}
    if row["halt"] is not None:
        if row["resumed"]:
            connection.execute(_SQL["canary_passed"], {**which, "by": "people"})
        return bool(row["resumed"])
    heard = Heard(**{name: row[name] for name in Heard.__dataclass_fields__})
    word = says(heard, trial, now=now)
    if word is Said.PASSED:
        connection.execute(_SQL["canary_passed"], {**which, "by": "receipts"})
        return True
    if word is Said.WAIT:
        return False
    made = halt.stop(
        connection,
        recorder=recorder,
        scope="template",
        value=str(row["template_digest"]),
        reason=(
            f"of the first {heard.gone + heard.refused} messages of {row['notice']} on route {row['route']} "
            f"{heard.arrived} arrived, {heard.lost} did not, {heard.refused} were refused; "
            f"{trial.arrived_percent} percent must arrive"
        ),
        by=statement.MACHINE,
    )
    connection.execute(_SQL["canary_halted"], {**which, "halt": made["id"]})
    return True
