"""Which stage a case comes into next, whether it opens today, and else what it waits for.

A stage opens when its day is reached, the stage before it has closed, and what it asks of earlier stages and of
lists is there. Only the stage after the one a case is in can open: none is skipped.
Refuses to open two on one day, because a stage that opened today has not been told of yet.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from duly.model.case import StageEvent, StageState
from duly.model.notice import NoticeClass
from duly.plan import occurrence, tables
from duly.plan.code import Code

_OPEN, _SERVED = StageState.OPEN.value, StageState.SERVED.value
_CLOSED, _UNSERVED, _LAPSED = (
    StageState.CLOSED.value,
    StageState.CLOSED_UNSERVED.value,
    StageState.LAPSED.value,
)
_TRACK = ("person", "case")


def follow(within: pl.DataFrame, begun: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """The rows with the stage that may follow (`to_stage` …), whether it `opens`, and else what it waits for."""
    unserved = pl.col("closes") == StageEvent.UNSERVED.value
    now = (
        pl.when(unserved)
        .then(pl.lit(_UNSERVED))
        .when(pl.col("closes").is_not_null())
        .then(pl.lit(_CLOSED))
        .otherwise("state")
    )
    rows = within.with_columns(now=now)
    counsel = (pl.col("now") == _UNSERVED) & pl.col("to_counsel")
    closed = pl.col("now").is_in([_CLOSED, _UNSERVED]) & ~counsel
    again = (pl.col("now") == _LAPSED) & ~pl.col("early")
    first = view.steps.stages.group_by("strategy_digest", "segment", early="ahead").agg(
        first_rank=pl.col("rank").min()
    )
    rows = rows.join(first, on=["strategy_digest", "segment", "early"], how="left", maintain_order="left")
    begins = pl.col("stage").is_null()
    target = (
        pl.when(begins)
        .then(pl.max_horizontal("first_rank", "enter_rank"))
        .when(closed)
        .then(pl.col("rank") + 1)
        .when(again)
        .then("rank")
    )
    names = (
        "from_dpd", "on_list", "before_limit", "after_stage", "after_served", "after_deadline", "notice",
        "notice_class", "by_reaged",
    )  # fmt: skip
    to = view.steps.stages.select(
        "strategy_digest", "segment", pl.col("ahead").alias("early"), to_rank="rank", to_stage="stage",
        **{f"to_{name}": pl.col(name) for name in names},
    )  # fmt: skip
    enters = begins & (pl.col("enter_rank") > pl.col("first_rank")).fill_null(value=False)
    rows = rows.with_columns(to_rank=target.cast(pl.Int32), counsel=counsel, again=again, enters=enters).join(
        to, on=["strategy_digest", "segment", "early", "to_rank"], how="left", maintain_order="left"
    )
    rows = rows.join(_awaited(rows, begun, view), on=_TRACK, how="left", maintain_order="left")
    rows = rows.join(_earlier(rows, begun), on=_TRACK, how="left", maintain_order="left")
    return _decided(rows, view.on)


def _awaited(rows: pl.DataFrame, begun: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """`was_served`: a notice of the awaited earlier stage arrived with one of the grades asked for."""
    opened = begun.select(*_TRACK, after_stage="stage", after_opened="opened_on")
    asked = rows.filter("to_after_served").select(
        *_TRACK,
        "creditor",
        "brand",
        "strategy_digest",
        "segment",
        stage="to_stage",
        after_stage="to_after_stage",
    )
    sent = view.left.rename({"stage": "after_stage"})
    return (
        asked.join(opened, on=[*_TRACK, "after_stage"])
        .join(sent, on=[*_TRACK, "creditor", "brand", "after_stage"])
        .filter(pl.col("sent_on") >= pl.col("after_opened"))
        .join(view.steps.awaited, on=[*tables.KEY, "after_stage", "grade"], how="semi")
        .select(_TRACK)
        .unique()
        .with_columns(was_served=pl.lit(True))
    )


def _earlier(rows: pl.DataFrame, begun: pl.DataFrame) -> pl.DataFrame:
    """`was_passed`: the awaited earlier stage has closed by its deadline, today's moves included."""
    recorded = begun.filter(pl.col("state") == _CLOSED).select(*_TRACK, to_after_stage="stage")
    today = rows.filter(pl.col("now") == _CLOSED).select(*_TRACK, to_after_stage="stage")
    return (
        rows.filter("to_after_deadline")
        .select(*_TRACK, "to_after_stage")
        .join(pl.concat([recorded, today]), on=[*_TRACK, "to_after_stage"], how="semi")
        .select(_TRACK)
        .with_columns(was_passed=pl.lit(True))
    )


def _decided(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """Adds `opens`, and for a case that is in no stage `wait_code` and `wait_on`."""
    exists, start = pl.col("to_stage").is_not_null(), pl.col("to_from_dpd")
    # As the lender counts, nothing may be unpaid at all.
    delay = pl.when("to_by_reaged").then("lender_delay").otherwise("delay")
    reached = start.is_null() | (delay >= start).fill_null(value=False)
    near = pl.col("to_before_limit").is_null() | (pl.col("limit_left") <= pl.col("to_before_limit"))
    listed = ~pl.col("to_on_list") | pl.col("suit_list")
    served = ~pl.col("to_after_served") | pl.col("was_served").fill_null(value=False)
    passed = ~pl.col("to_after_deadline") | pl.col("was_passed").fill_null(value=False)
    inside = pl.col("now").is_in([_OPEN, _SERVED]).fill_null(value=False)
    near = near.fill_null(value=False)
    rests = pl.col("cool_until").is_not_null() & (pl.col("to_notice_class") == NoticeClass.NUDGE.value)
    rests = rests & pl.col("to_notice").is_not_null()
    opens = (exists & reached & near & listed & served & passed & ~rests).fill_null(value=False)
    waits = (
        pl.when(inside | opens)
        .then(None)
        .when("counsel")
        .then(pl.lit(Code.WITH_COUNSEL.value))
        .when(~exists)
        .then(pl.lit(Code.LAST_STAGE_DONE.value))
        .when(~reached)
        .then(pl.lit(Code.STAGE_NOT_REACHED.value))
        .when(~near)
        .then(pl.lit(Code.LIMIT_NOT_NEAR.value))
        .when(~listed)
        .then(pl.lit(Code.NOT_ON_LIST.value))
        .when(~served)
        .then(pl.lit(Code.EARLIER_NOT_SERVED.value))
        .when(~passed)
        .then(pl.lit(Code.EARLIER_DEADLINE_OPEN.value))
        .otherwise(pl.lit(Code.COOLING_OFF.value))
    )
    day = pl.lit(on) + pl.duration(days=start - delay)
    unreached = pl.col("wait_code") == Code.STAGE_NOT_REACHED.value
    cools = pl.col("wait_code") == Code.COOLING_OFF.value
    return rows.with_columns(opens=opens, wait_code=waits).with_columns(
        wait_on=pl.when(unreached).then(day).when(cools).then(pl.col("cool_until") + pl.duration(days=1))
    )
