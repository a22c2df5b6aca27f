"""Accounts taken over in mid-episode: which stages the system before had done already, as far as that is shown.

By default none: a case begins with its first stage, however late it is first seen (promise 8). Under `proven` a stage
counts as done where the imported history shows a notice of a name that the lender mapped to it, with a proof that he
accepts, arrived with a grade from which the stage's deadline runs, and no sooner than the stage could have opened:
when its day was reached and the stage before it was over. Each such stage then goes through its own moves on its own
days, so nothing is skipped; where its deadline still runs, the case stands in it.
Refuses to count anything beyond what is asked of a stage besides its day: approval, a list, an earlier stage's
service, a period that ends, or an action. Those are asked of us, and not of a system that we never saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum

import polars as pl

from duly.model.case import StageEvent, StageState
from duly.model.notice import Arrival, Grade, Outcome
from duly.model.past import ACCEPTED_BY_DEFAULT, PastKind, Proof
from duly.plan import columns, tables

_OPEN, _SERVED, _CLOSED = StageState.OPEN.value, StageState.SERVED.value, StageState.CLOSED.value
_TRACK = ("person", "case")
_ARRIVED = [Grade.DELIVERED.value, Grade.ACKNOWLEDGED.value]
WHY = "earlier_system"  # stands before what shows it, in the `why` of a stage's moves

_TOLD: columns.Schema = {
    "key": pl.Binary(),
    "person": pl.String(),
    "account": pl.String(),
    "stage": pl.String(),
    "channel": pl.String(),
    "grade": pl.String(),
    "day": pl.Date(),
    "arrived_on": pl.Date(),
    "shows": pl.String(),
}
_DONE: columns.Schema = {
    **{name: pl.String() for name in (*_TRACK, "account", "stage")},
    "rank": pl.Int32(),
    "day": pl.Date(),
    "arrived_on": pl.Date(),
    "shows": pl.String(),
    "over": pl.Boolean(),
}


class StartAt(Enum):
    """Where a case begins that the system before had begun."""

    FIRST = "first"
    PROVEN = "proven"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the lender decided: `stages` is the other system's notice to our stage, `proofs` what he lets count."""

    start_at: StartAt = StartAt.FIRST
    stages: Mapping[str, str] = field(default_factory=dict)
    proofs: frozenset[Proof] = ACCEPTED_BY_DEFAULT


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What counts as done: `stages` (STAGE) begun now, their `moves` (STAGE_MOVE with `order`), and as KNOWN the
    notices that did it, of these stages and of those that were begun so before.
    """

    stages: pl.DataFrame
    moves: pl.DataFrame
    known: pl.DataFrame


def begin(
    tracks: pl.DataFrame,
    mine: pl.DataFrame,
    past: pl.DataFrame,
    *,
    steps: tables.Tables,
    policy: Policy,
    on: date,
) -> Taken:
    """Begin the tracks of which no stage was begun, as far as `past` (PAST) shows stages to be done on `on`.

    `tracks` as `stage.advance` makes them, with the `case_on` of their case, `mine` the stages (STAGE) begun so far.
    """
    told = _told(past, policy)
    if told.is_empty():
        return Taken(
            stages=columns.empty(columns.STAGE),
            moves=columns.empty({**columns.STAGE_MOVE, "order": pl.Int32()}),
            known=columns.empty(columns.KNOWN),
        )
    open_tracks = tracks.filter(~pl.col("early")).join(
        told.select("person", "account").unique(), on=["person", "account"], how="semi"
    )
    # A reminder ahead of the due date is no stage of what is overdue.
    reminders = open_tracks.select(*_TRACK, "strategy_digest", "segment").join(
        steps.stages.filter("ahead").select(*tables.KEY), on=["strategy_digest", "segment"]
    )
    begun_by_us = mine.join(reminders, on=[*_TRACK, "stage"], how="anti")
    fresh = open_tracks.join(
        begun_by_us.select(_TRACK).unique(), on=_TRACK, how="anti", maintain_order="left"
    )
    done = _done(fresh, told, steps, on)
    begun = done.select(
        *_TRACK,
        "account",
        "stage",
        state=pl.when("over").then(pl.lit(_CLOSED)).otherwise(pl.lit(_SERVED)),
        opened_on="day",
        served_on="arrived_on",
        closed_on=pl.when("over").then(pl.lit(on)),
    )
    stages = columns.shaped(begun, columns.STAGE)
    return Taken(
        stages=stages,
        moves=_moves(done, on),
        known=_known(told, pl.concat([mine.select(stages.columns), stages]), open_tracks, steps),
    )


def _told(past: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The notices that may show a stage to be done."""
    if policy.start_at is StartAt.FIRST or not policy.stages:
        return columns.empty(_TOLD)
    proofs = sorted(proof.value for proof in policy.proofs)
    named = past.filter(
        pl.col("kind").is_in([PastKind.NOTICE.value, PastKind.DEMAND.value])
        & pl.col("notice").is_in(list(policy.stages))
        & pl.col("proof").is_in(proofs)
    )
    return columns.shaped(
        named.with_columns(
            stage=pl.col("notice").replace_strict(dict(policy.stages), return_dtype=pl.String),
            grade="shown",
            arrived_on=pl.coalesce("arrived_on", "day"),
            shows=pl.format("{}:{}:{}/{}", pl.lit(WHY), "proof", "source", "reference"),
        ),
        _TOLD,
    )


def _done(tracks: pl.DataFrame, told: pl.DataFrame, steps: tables.Tables, on: date) -> pl.DataFrame:
    """_DONE: the stages of these tracks that were done, from the first on and without a gap."""
    asks_for_more = (
        pl.col("approval")
        | pl.col("on_list")
        | pl.col("after_stage").is_not_null()
        | pl.col("before_limit").is_not_null()
        | pl.col("notice").is_null()
    )
    ladder = steps.stages.filter(~pl.col("ahead")).with_columns(
        place=pl.int_range(pl.len()).over("strategy_digest", "segment", order_by="rank"),
        beyond=asks_for_more,
    )
    counts = told.join(steps.accepted, on=["stage", "channel", "grade"])
    front = tracks.with_columns(free_on="case_on")
    found = [columns.empty(_DONE)]
    most = ladder.select(pl.col("place").max()).item() or 0
    for place in range(most + 1):
        step = ladder.filter((pl.col("place") == place) & ~pl.col("beyond")).select(
            *tables.KEY, "rank", "from_dpd", "deadline"
        )
        soonest = pl.max_horizontal(
            "free_on", pl.col("case_on") + pl.duration(days=pl.col("from_dpd").fill_null(0))
        )
        # The first that arrived is the one from which the deadline runs.
        here = (
            front.join(step, on=["strategy_digest", "segment"])
            .join(counts, on=["person", "account", *tables.KEY])
            .filter(pl.col("day") >= soonest)
            .sort(*_TRACK, "arrived_on", "day", "key")
            .unique(_TRACK, keep="first", maintain_order=True)
            .with_columns(ends=pl.col("arrived_on") + pl.duration(days="deadline"))
            .with_columns(over=(pl.col("ends") < on).fill_null(value=False))
        )
        found.append(columns.shaped(here, _DONE))
        front = here.filter("over").select(
            *[name for name in front.columns if name != "free_on"],
            free_on=pl.col("ends") + timedelta(days=1),
        )
    return pl.concat(found).sort(*_TRACK, "rank")


def _moves(done: pl.DataFrame, on: date) -> pl.DataFrame:
    """The moves that each stage goes through, on the days on which it did, all before whatever moves today."""
    waiting = StageState.WAITING.value
    steps = (
        (StageEvent.REACHED.value, waiting, _OPEN, pl.col("day"), 0),
        (StageEvent.SERVICE.value, _OPEN, _SERVED, pl.col("arrived_on"), 1),
        (StageEvent.DEADLINE_PASSED.value, _SERVED, _CLOSED, pl.lit(on), 2),
    )
    parts = [
        (done if event != StageEvent.DEADLINE_PASSED.value else done.filter("over")).select(
            *_TRACK,
            "account",
            "stage",
            event=pl.lit(event),
            from_state=pl.lit(before),
            to_state=pl.lit(after),
            on=day,
            why="shows",
            # A stage is over before the next one opens; today's own moves come after them all.
            order=(pl.col("rank") * 3 + place - 1_000_000).cast(pl.Int32),
        )
        for event, before, after, day, place in steps
    ]
    return pl.concat(parts)


def _known(
    told: pl.DataFrame, stages: pl.DataFrame, tracks: pl.DataFrame, steps: tables.Tables
) -> pl.DataFrame:
    """The notices of stages begun by then, as KNOWN. They are none of our occurrences, so ours begin with the first."""
    rows = (
        told.join(
            tracks.select(*_TRACK, "account", "creditor", "brand", "strategy_digest", "segment"),
            on=["person", "account"],
        )
        .join(stages.select(*_TRACK, "stage", "opened_on"), on=[*_TRACK, "stage"])
        .filter(pl.col("day") >= pl.col("opened_on"))
        .join(steps.accepted, on=[*tables.KEY, "channel", "grade"], how="semi")
        .sort("key")
    )
    arrived = pl.col("grade").is_in(_ARRIVED)
    return columns.shaped(
        rows.with_columns(
            occurrence=pl.lit(0),
            step=pl.lit(0),
            point=pl.lit(""),
            cases=pl.concat_list("case"),
            deadline_on=pl.lit(None, pl.Date),
            content=pl.lit(""),
            outcome=pl.lit(Outcome.ACCEPTED.value),
            sent_on="day",
            arrival=pl.when(arrived)
            .then(pl.lit(Arrival.DELIVERED.value))
            .otherwise(pl.lit(Arrival.UNKNOWN.value)),
        ),
        columns.KNOWN,
    )
