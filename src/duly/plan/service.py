"""Whether a stage was served, from which day its deadline counts, and whether it closes today.

An escalation clock starts from proven service: the first notice of the stage that arrived with a grade the stage
accepts. It is never over before the last day that any of its notices named to the debtor.
A receipt that is corrected takes its service back. Refuses to close a stage of which nothing ever left.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from duly.model.case import StageEvent, StageState
from duly.plan import occurrence, tables

_OPEN, _SERVED = StageState.OPEN.value, StageState.SERVED.value
_TRACK = ("person", "case")


def follow(tracks: pl.DataFrame, begun: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """The tracks with the stage they are in (`stage` … null where none was begun) and how it moves today.

    Adds `state`, `opened_on`, `served_on` as recorded, and `retracts`, `serves_on`, `closes` (the closing event).
    """
    last = (
        begun.filter(pl.col("ahead") == pl.col("early"))
        .group_by(_TRACK)
        .agg(pl.col("stage", "state", "opened_on", "served_on", "rank").sort_by("rank").last())
    )
    rows = tracks.join(last, on=_TRACK, how="left", maintain_order="left").join(
        view.steps.stages.select(*tables.KEY, "deadline", "unserved_after", "to_counsel"),
        on=tables.KEY,
        how="left",
        maintain_order="left",
    )
    rows = occurrence.progress(rows, view)
    rows = rows.join(_served(rows, view), on=_TRACK, how="left", maintain_order="left")
    state, found = pl.col("state"), pl.col("found_on")
    retracts = (state == _SERVED) & (found.is_null() | (found > pl.col("served_on")))
    rows = rows.with_columns(retracts=retracts.fill_null(value=False))
    opened = (state == _OPEN) | pl.col("retracts")
    serves_on = pl.when(opened).then(found)
    served_on = pl.coalesce(serves_on, pl.when((state == _SERVED) & ~pl.col("retracts")).then("served_on"))
    rows = rows.with_columns(serves_on=serves_on, served_on=served_on)
    return rows.with_columns(closes=_closing(view.on)).drop("found_on")


def _served(rows: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """`found_on`: when the first notice of the stage arrived with an accepted grade, by what is known today."""
    # A carrier's clock may run behind ours: nothing arrives before it was sent.
    arrived = pl.max_horizontal(pl.coalesce("arrived_on", "sent_on"), "sent_on")
    return (
        rows.select(*_TRACK, *tables.KEY, "creditor", "brand", "opened_on")
        .join(view.left, on=[*_TRACK, "creditor", "brand", "stage"])
        .filter(pl.col("sent_on") >= pl.col("opened_on"))
        .join(view.steps.accepted, on=[*tables.KEY, "channel", "grade"], how="semi")
        .group_by(_TRACK)
        .agg(found_on=arrived.min())
    )


def _closing(on: date) -> pl.Expr:
    """The event by which the stage closes today, or null."""
    days = pl.duration(days="deadline")
    served = pl.col("served_on")
    waited = pl.max_horizontal(served + days, "told_until") < on
    live = pl.col("state").is_in([_OPEN, _SERVED])
    under_way = pl.col("outstanding") | (pl.col("rest").list.len() > 0) | pl.col("next_step").is_not_null()
    tried = ~(pl.col("live") & ~pl.col("got") & under_way) & (pl.col("told") >= pl.col("unserved_after"))
    given = pl.max_horizontal(pl.col("told_first") + days, "told_until") < on
    return (
        pl.when(live & served.is_not_null() & waited & pl.col("deadline").is_not_null())
        .then(pl.lit(StageEvent.DEADLINE_PASSED.value))
        .when((pl.col("state") == _OPEN) | pl.col("retracts"))
        .then(
            pl.when(served.is_null() & tried & given & pl.col("deadline").is_not_null()).then(
                pl.lit(StageEvent.UNSERVED.value)
            )
        )
    )
