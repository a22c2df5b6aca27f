"""What it changes that an account was in arrears before, and was cured of them not long ago.

Cooling-off: for some days after the cure a lapse that is small enough is left alone. Nothing is undone by it: the
case opens, and the stage it has come to keeps its deadline. What the law asks for and what keeps a right is said all
the same, and from the day of the first such notice on so is what stands before it, because no stage is passed over.
Re-entry: a repeated delinquent may begin where the earlier episode stood, as far as each notice before it is shown
to have arrived then. The notice of that stage is said anew, with its whole deadline.
Refuses to find out when an account was cured: that is the book's, by the dates of the payments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.plan import columns, tables
from duly.plan.ladder import Strategy

# The last earlier episode of an account that is in one now: its first day and the day of the payment that ended it.
EARLIER: columns.Schema = {
    "account": pl.String(),
    "earlier_on": pl.Date(),
    "cured_on": pl.Date(),
}
_TRACK = ("person", "case")


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far back earlier episodes matter, in days: before today, and before the episode of today began."""

    today: int
    begun: int


def reach(strategies: Mapping[str, Strategy]) -> Reach | None:
    """How far back these strategies look; None where none of them does."""
    segments = tables.build(strategies).segments
    if segments.is_empty():
        return None
    most = segments.select(pl.col("cool_days", "within").max().fill_null(-1)).row(0)
    return Reach(today=most[0], begun=most[1])


def follow(  # noqa: PLR0917 - the frames that are joined
    tracks: pl.DataFrame,
    mine: pl.DataFrame,
    cases: pl.DataFrame,
    earlier: pl.DataFrame | None,
    steps: tables.Tables,
    on: date,
) -> pl.DataFrame:
    """The tracks with `cool_until`, the last day on which nudges rest (null: they do not), and `enter_rank`, the
    stage with which a case begins that has begun none (null: with the first).

    `mine` are the persons' STAGE rows, `cases` CASE, `earlier` EARLIER.
    """
    plain = (pl.lit(None, pl.Date).alias("cool_until"), pl.lit(None, pl.Int32).alias("enter_rank"))
    if earlier is None or earlier.is_empty() or steps.segments.is_empty():
        return tracks.drop("overdue_minor").with_columns(plain)
    rows = tracks.join(earlier, on="account", how="left", maintain_order="left").join(
        steps.segments, on=["strategy_digest", "segment"], how="left", maintain_order="left"
    )
    rows = rows.with_columns(cool_until=_cool_until(on))
    rows = rows.join(_entered(rows, mine, cases, steps), on=_TRACK, how="left", maintain_order="left")
    return rows.select(*tracks.drop("overdue_minor").columns, "cool_until", "enter_rank")


def _cool_until(on: date) -> pl.Expr:
    """The last day of rest: of the cooling-off, or the day before a notice comes of day that nothing silences."""
    ends = pl.col("cured_on") + pl.duration(days="cool_days")
    to_guarded = pl.col("guarded_from") - pl.col("delay") - 1
    until = pl.min_horizontal(ends, pl.lit(on) + pl.duration(days=to_guarded))
    small = (pl.col("overdue_minor") <= pl.col("cool_minor")).fill_null(value=True)
    rests = ends.is_not_null() & (until >= on) & small & ~pl.col("early")
    return pl.when(rests).then(until)


def _entered(
    rows: pl.DataFrame, mine: pl.DataFrame, cases: pl.DataFrame, steps: tables.Tables
) -> pl.DataFrame:
    """`enter_rank` of the cases that follow soon enough on an earlier one under the same strategy."""
    soon = (pl.col("case_on") - pl.col("cured_on")).dt.total_days() <= pl.col("within")
    before = rows.filter(~pl.col("early") & soon).select(
        *_TRACK,
        "strategy_digest",
        "segment",
        "farthest",
        earlier=pl.format("{}/{}", "account", pl.col("earlier_on").dt.strftime("%Y%m%d")),
    )
    known = cases.select("strategy_digest", earlier="case")
    said = mine.select("person", "stage", "served_on", earlier="case")
    places = steps.stages.filter(~pl.col("ahead")).select(*tables.KEY, "rank")
    unproven = pl.col("rank").filter(pl.col("served_on").is_null()).min()
    return (
        before.join(known, on=["earlier", "strategy_digest"], how="semi")
        .join(said, on=["person", "earlier"])
        .join(places, on=tables.KEY)
        .group_by(_TRACK)
        .agg(
            enter_rank=pl.min_horizontal(
                pl.coalesce(unproven, pl.col("rank").max()), pl.col("farthest").first()
            )
        )
    )
