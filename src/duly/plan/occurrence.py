"""How far a notice has come: what left, what arrived, what is still under way, and which channel is next.

A notice is known by person, creditor, brand, stage and occurrence (DESIGN D17). An occurrence counts only once
something of it was Accepted or Unsure; until then it is the same one, tried again.
Refuses to guess in doubt: a hand-over that is Unsure is under way until somebody knows, and nothing else of its
occurrence is tried meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from duly.model.notice import COUNTED, Arrival, Grade, Outcome
from duly.plan import tables

# Notices of these are counted together (D17 without the occurrence).
NOTICE = ("person", "creditor", "brand", "stage")

_COUNTED = [outcome.value for outcome in COUNTED]
# Shown to have arrived. The other grades say that something left, or what the law makes of it.
_ARRIVED = [Grade.DELIVERED.value, Grade.ACKNOWLEDGED.value]
# What was tried on these is over; null and `dropped` mean that it may still be said.
_SPENT = [*_COUNTED, Outcome.REFUSED.value, Outcome.EXPIRED.value]

_NOTHING = pl.lit([], pl.List(pl.String))
# What `progress` adds, and what it is where there is no notice.
_NONE: Mapping[str, pl.Expr] = {
    "occurrence": pl.lit(0, pl.Int32),
    "sent_last": pl.lit(None, pl.Date),
    "got": pl.lit(value=False),
    "unsure": pl.lit(value=False),
    "outstanding": pl.lit(value=False),
    "answer_by": pl.lit(None, pl.Date),
    "step_now": pl.lit(None, pl.Int32),
    "told": pl.lit(0, pl.UInt32),
    "told_first": pl.lit(None, pl.Date),
    "told_last": pl.lit(None, pl.Date),
    "told_until": pl.lit(None, pl.Date),
    "live": pl.lit(value=False),
    "rest": _NOTHING,
    "next_step": pl.lit(None, pl.Int32),
    "next_channels": _NOTHING,
    "again_step": pl.lit(None, pl.Int32),
    "again_channels": _NOTHING,
    "first_step": pl.lit(None, pl.Int32),
    "wrapped_on": pl.lit(None, pl.Date),
}
PROGRESS = tuple(_NONE)


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known on the day: `messages` as `read` gives them, the `steps` of the strategies, `reach` (REACH).

    `left` is what left, by case, and `notices` how far each notice has come: both of the messages, made once (`view`).
    """

    messages: pl.DataFrame
    left: pl.DataFrame
    notices: pl.DataFrame
    steps: tables.Tables
    reach: pl.DataFrame
    on: date
    receipt_wait: int


def view(
    messages: pl.DataFrame, steps: tables.Tables, reach: pl.DataFrame, on: date, receipt_wait: int
) -> View:
    """What is known on `on` of `messages`, as `read` gives them."""
    return View(
        messages=messages,
        left=_covering(messages),
        notices=_whole(messages, on, receipt_wait),
        steps=steps,
        reach=reach,
        on=on,
        receipt_wait=receipt_wait,
    )


def read(known: pl.DataFrame) -> pl.DataFrame:
    """KNOWN with what the rest asks of it: `counted`, `spent`, `sent_on` of what counts, the best `grade`."""
    counted = pl.col("outcome").is_in(_COUNTED).fill_null(value=False)
    delivered = pl.col("arrival") == Arrival.DELIVERED.value
    return known.with_columns(
        counted=counted,
        spent=pl.col("outcome").is_in(_SPENT).fill_null(value=False),
        sent_on=pl.when(counted).then(pl.coalesce("sent_on", "day")),
        grade=pl.coalesce("grade", pl.when(delivered).then(pl.lit(Grade.DELIVERED.value))),
    )


def _covering(messages: pl.DataFrame) -> pl.DataFrame:
    """What left, one row for each case that it covered."""
    return (
        messages.filter("counted")
        .select(
            *NOTICE, "occurrence", "channel", "grade", "sent_on", "arrived_on", "deadline_on", case="cases"
        )
        .explode("case")
    )


def progress(cases: pl.DataFrame, view: View, anew: pl.Series | None = None) -> pl.DataFrame:
    """`cases` with where the notice of their stage has come to: of those that are asked for `anew`, or of all.

    The others keep what was found of them before; a case that is in no stage has no notice.

    Takes rows with `person`, `creditor`, `brand`, `case`, `strategy_digest`, `segment`, `stage` and the
    stage's `opened_on`. Adds

    of the notice as a whole: `occurrence` (the last that counts, 0 for none), `sent_last`, `got`, `unsure`,
    `outstanding`, `answer_by`;
    of this case since its stage opened: `told` (in how many occurrences), `told_first`, `told_last`,
    `told_until` (the latest deadline named), `live` (whether the last occurrence covers it);
    of the last occurrence: `step_now` and `rest` (the channels of that step that have not left), `next_step`
    and `next_channels`; of the one after it: `again_step`, `again_channels`, `first_step`, and `wrapped_on`
    (the day of the last try, where every step was tried in vain and it begins anew).
    """
    none = [name for name in PROGRESS if name not in cases.columns]
    held = cases.with_columns(_NONE[name].alias(name) for name in none) if none else cases
    asked = cases["stage"].is_not_null() if anew is None else anew
    if not asked.any():
        return held
    found = _found(cases.filter(asked).drop(PROGRESS, strict=False), view)
    if not asked.all():
        places = pl.concat([(~asked).arg_true(), asked.arg_true()]).arg_sort()
        found = pl.concat([held.filter(~asked).select(PROGRESS), found])[places]
    return held.with_columns(found.get_columns())


def _found(cases: pl.DataFrame, view: View) -> pl.DataFrame:
    """PROGRESS of these cases, in their order."""
    rows = (
        cases.with_row_index("row")
        .join(view.notices, on=NOTICE, how="left", maintain_order="left")
        .with_columns(
            pl.col("occurrence").fill_null(0),
            *(pl.col(name).fill_null(value=False) for name in ("got", "unsure", "outstanding")),
        )
    )
    rows = rows.join(_told(rows, view), on="row", how="left", maintain_order="left").with_columns(
        pl.col("told").fill_null(0),
        pl.col("live").fill_null(value=False),
        got=pl.col("got") | pl.col("counts").fill_null(value=False),
    )
    ways = (
        rows.select("row", "person", *tables.KEY, "step_now", "spent_now", "step_again", "spent_again")
        .join(view.steps.ways, on=tables.KEY, maintain_order="left_right")
        .join(view.reach, on=["person", "channel"], how="semi", maintain_order="left")
    )
    return _with_steps(rows, ways).select(PROGRESS)


def _whole(messages: pl.DataFrame, on: date, receipt_wait: int) -> pl.DataFrame:
    """One row a notice: its last occurrence that counts, and what is being tried after it."""
    last = messages.group_by(NOTICE).agg(
        occurrence=pl.col("occurrence").filter("counted").max().fill_null(0),
        sent_last=pl.col("sent_on").max(),
    )
    placed = messages.join(last.select(*NOTICE, last="occurrence"), on=NOTICE)
    got = pl.col("grade").is_in(_ARRIVED).fill_null(value=False)
    unanswered = pl.col("counted") & pl.col("arrival").is_null() & ~got
    unsure = unanswered & (pl.col("outcome") == Outcome.UNSURE.value)
    answer_by = pl.col("sent_on") + timedelta(days=receipt_wait)
    waiting = unanswered & ~unsure & (answer_by >= on)
    now = (
        placed.filter(pl.col("occurrence") == pl.col("last"))
        .group_by(NOTICE)
        .agg(
            got=got.any(),
            unsure=unsure.any(),
            outstanding=(unsure | waiting).any(),
            answer_by=answer_by.filter(waiting).max(),
            step_now=_latest("step"),
            spent_now=_spent_at_latest(),
        )
    )
    again = (
        placed.filter(pl.col("occurrence") > pl.col("last"))
        .group_by(NOTICE)
        .agg(step_again=_latest("step"), spent_again=_spent_at_latest(), day_again=pl.col("day").max())
    )
    return last.join(now, on=NOTICE, how="left").join(again, on=NOTICE, how="left")


def _latest(column: str) -> pl.Expr:
    """The value of the row that was planned last."""
    return pl.col(column).sort_by("day", "step").last()


def _spent_at_latest() -> pl.Expr:
    return pl.col("channel").filter(pl.col("spent") & (pl.col("step") == _latest("step"))).unique().sort()


def _told(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """What this case was told at its stage. What left before the stage was opened (again) says nothing of it.

    `counts`: something of the last occurrence has a grade from which the stage's deadline runs.
    """
    own = (
        rows.select("row", *NOTICE, "strategy_digest", "segment", "case", "opened_on", last="occurrence")
        .join(view.left, on=[*NOTICE, "case"])
        .filter(pl.col("sent_on") >= pl.col("opened_on"))
    )
    accepted = view.steps.accepted.with_columns(accepted=pl.lit(value=True))
    own = own.join(accepted, on=[*tables.KEY, "channel", "grade"], how="left")
    last = pl.col("occurrence") == pl.col("last")
    return own.group_by("row").agg(
        told=pl.col("occurrence").n_unique(),
        told_first=pl.col("sent_on").min(),
        told_last=pl.col("sent_on").max(),
        told_until=pl.col("deadline_on").max(),
        live=last.any(),
        counts=(last & pl.col("accepted").fill_null(value=False)).any(),
    )


def _with_steps(rows: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """The rows with the steps that could follow, by channels on which the person can be reached."""
    step, channel = pl.col("step"), pl.col("channel")
    steps = ways.group_by("row", maintain_order=True).agg(
        rest=channel.filter((step == pl.col("step_now")) & ~_in("spent_now")),
        next_step=step.filter(step > pl.col("step_now")).min(),
        rest_again=channel.filter((step == pl.col("step_again")) & ~_in("spent_again")),
        later_again=step.filter(step > pl.col("step_again")).min(),
        first_step=step.min(),
    )
    placed = rows.join(steps, on="row", how="left", maintain_order="left").with_columns(
        pl.col("rest", "rest_again").fill_null([])
    )
    untried, unfinished = pl.col("step_again").is_null(), pl.col("rest_again").list.len() > 0
    again = (
        pl.when(untried)
        .then("first_step")
        .when(unfinished)
        .then("step_again")
        .otherwise(pl.coalesce("later_again", "first_step"))
    )
    reachable = pl.col("first_step").is_not_null()
    wrapped = reachable & ~untried & ~unfinished & pl.col("later_again").is_null()
    placed = placed.with_columns(again_step=again, wrapped_on=pl.when(wrapped).then("day_again"))
    placed = _channels_at(placed, ways, "next_step", "next_channels")
    placed = _channels_at(placed, ways, "again_step", "again_channels")
    resumed = pl.when(unfinished).then("rest_again").otherwise("again_channels")
    return placed.with_columns(again_channels=resumed).drop("rest_again", "later_again")


def _in(listed: str) -> pl.Expr:
    return pl.col(listed).list.contains(pl.col("channel")).fill_null(value=False)


def _channels_at(rows: pl.DataFrame, ways: pl.DataFrame, step: str, name: str) -> pl.DataFrame:
    if rows[step].null_count() == rows.height:
        return rows.with_columns(_NOTHING.alias(name))
    found = (
        ways.join(rows.select("row", step), on="row", maintain_order="left")
        .filter(pl.col("step") == pl.col(step))
        .group_by("row", maintain_order=True)
        .agg(pl.col("channel").alias(name))
    )
    return rows.join(found, on="row", how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null([])
    )
