"""The strategies in force as tables, so that a million cases can be joined to their stages.

Several strategies stand side by side, because a case stays on the one it began with.
Refuses to decide anything: each table only says, row by row, what the lender wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from duly.model.party import Channel
from duly.plan.columns import Schema
from duly.plan.ladder import At, By, Segment, Stage, Strategy, Then

# A stage is known by these three; every table begins with them.
KEY = ("strategy_digest", "segment", "stage")
_KEY: Schema = {name: pl.String() for name in KEY}

_STAGE: Schema = {
    **_KEY,
    "rank": pl.Int32(),
    "from_dpd": pl.Int32(),
    "ahead": pl.Boolean(),
    "notice": pl.String(),
    "notice_class": pl.String(),
    "every": pl.Int32(),
    "deadline": pl.Int32(),
    "before_limit": pl.Int32(),
    "unserved_after": pl.Int32(),
    "to_counsel": pl.Boolean(),
    "on_list": pl.Boolean(),
    "after_stage": pl.String(),
    "after_served": pl.Boolean(),
    "after_deadline": pl.Boolean(),
    "approval": pl.Boolean(),
    "experiment": pl.String(),
    "by_reaged": pl.Boolean(),
}
# What a segment says of an account that was cured lately; only segments that say anything.
_SEGMENT: Schema = {
    "strategy_digest": pl.String(),
    "segment": pl.String(),
    "cool_days": pl.Int32(),
    "cool_minor": pl.Int64(),
    "guarded_from": pl.Int32(),
    "within": pl.Int32(),
    "farthest": pl.Int32(),  # the place of the last stage at which a case may begin anew; null: at the first only
}
_WAY: Schema = {**_KEY, "step": pl.Int32(), "channel": pl.String()}
_GRADE: Schema = {**_KEY, "channel": pl.String(), "grade": pl.String()}
_AWAITED: Schema = {**_KEY, "after_stage": pl.String(), "grade": pl.String()}


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The strategies, one row for each thing that they say.

    `stages`, `ways` (the channels of each stage by step), `accepted` (the grades from which a deadline counts)
    and `awaited` (the grades that an earlier stage must have reached). `segments` that treat a relapse in a way of
    their own.
    """

    stages: pl.DataFrame
    ways: pl.DataFrame
    accepted: pl.DataFrame
    awaited: pl.DataFrame
    segments: pl.DataFrame


def build(strategies: Mapping[str, Strategy]) -> Tables:
    """The tables of these strategies, by digest."""
    stages: list[dict[str, Any]] = []
    ways: list[dict[str, Any]] = []
    accepted: list[dict[str, Any]] = []
    awaited: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    for digest, strategy in strategies.items():
        for segment in strategy.segments:
            segments.extend(_relapses(digest, segment))
            for rank, stage in enumerate(segment.stages):
                key = dict(zip(KEY, (digest, segment.name, stage.name), strict=True))
                experiment = strategy.experiment(segment.name, stage.name) if stage.arms else None
                stages.append({**key, **_row(stage), "rank": rank, "experiment": experiment})
                for step, channels in enumerate(stage.steps):
                    ways.extend({**key, "step": step, "channel": channel.value} for channel in channels)
                    accepted.extend(
                        {**key, **each} for channel in channels for each in _grades(stage, channel)
                    )
                if stage.after is not None:
                    awaited.extend(
                        {**key, "after_stage": stage.after.stage, "grade": grade.value}
                        for grade in sorted(stage.after.served, key=lambda each: each.value)
                    )
    return Tables(
        stages=_frame(stages, _STAGE),
        ways=_frame(ways, _WAY),
        accepted=_frame(accepted, _GRADE),
        awaited=_frame(awaited, _AWAITED),
        segments=_frame(segments, _SEGMENT),
    )


def _relapses(digest: str, segment: Segment) -> list[dict[str, Any]]:
    cooling, entry = segment.cooling_off, segment.re_entry
    again = entry is not None and entry.at is At.SAME and segment.farthest_entry is not None
    if cooling is None and not again:
        return []
    row = {
        "strategy_digest": digest,
        "segment": segment.name,
        "cool_days": cooling.days if cooling else None,
        "cool_minor": cooling.up_to_minor if cooling else None,
        "guarded_from": segment.guarded_from,
        "within": entry.within if entry and again else None,
        "farthest": segment.farthest_entry if again else None,
    }
    return [row]


def _row(stage: Stage) -> dict[str, Any]:
    return {
        "from_dpd": stage.from_dpd,
        "ahead": stage.ahead,
        "notice": stage.notice,
        "notice_class": stage.notice_class.value,
        "every": stage.every,
        "deadline": stage.deadline,
        "before_limit": stage.before_limit,
        "unserved_after": stage.unserved.after,
        "to_counsel": stage.unserved.then is Then.COUNSEL,
        "on_list": stage.on_list is not None,
        "after_stage": stage.after.stage if stage.after else None,
        "after_served": bool(stage.after and stage.after.served),
        "after_deadline": bool(stage.after and stage.after.deadline),
        "approval": stage.approval is not None,
        "by_reaged": stage.by is By.REAGED,
    }


def _grades(stage: Stage, channel: Channel) -> list[dict[str, str]]:
    return [
        {"channel": channel.value, "grade": grade} for grade in sorted(g.value for g in stage.grades(channel))
    ]


def _frame(rows: list[dict[str, Any]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


def segment_of(strategy: Strategy) -> pl.Expr:
    """The name of the first segment whose every condition an account's columns meet; null where none does."""
    answer = pl.lit(None, pl.String)
    for segment in reversed(strategy.segments):
        fits = pl.all_horizontal(
            pl.lit(value=True), *(pl.col(key).is_in(sorted(values)) for key, values in segment.when.items())
        )
        answer = pl.when(fits).then(pl.lit(segment.name)).otherwise(answer)
    return answer.alias("segment")


def with_segment(accounts: pl.DataFrame, strategies: Mapping[str, Strategy]) -> pl.DataFrame:
    """`accounts` (with `strategy_digest`) with the `segment` that each belongs to under its own strategy.

    Raises ValueError for a digest that is not among `strategies`: without the strategy that a case began with,
    nothing can be said about it.
    """
    unknown = sorted(set(accounts["strategy_digest"].unique().drop_nulls()) - set(strategies))
    if unknown:
        raise ValueError(f"cases began with strategies that are not at hand: {unknown}")
    segment = pl.lit(None, pl.String)
    for digest, strategy in strategies.items():
        segment = pl.when(pl.col("strategy_digest") == digest).then(segment_of(strategy)).otherwise(segment)
    return accounts.with_columns(segment.alias("segment"))
