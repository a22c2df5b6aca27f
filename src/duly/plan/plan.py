"""The day's plan: from what is owed and what was said so far to what is to be said, and every reason.

    plan = decide(Inputs(...))
    plan.messages      # what is to be written into the outbox
    plan.decisions     # one row for each person and account: done or not done, and why

A pure function of its inputs, for whole persons of any set of buckets: the same inputs give the same bytes, and a
plan made twice changes nothing. Refuses to send, to keep a text, and to look anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from duly.book import arrears
from duly.law import columnar
from duly.plan import (
    act,
    answers,
    bars,
    columns,
    contact,
    decision,
    limitation,
    message,
    notices,
    occurrence,
    spread,
    stage,
    tables,
    waves,
)
from duly.plan.code import Code
from duly.plan.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a plan comes to. Sums are in minor units and never across currencies; each account counts once."""

    outcomes: Mapping[str, int]
    codes: Mapping[str, int]
    messages: int
    persons: int
    parts: int
    billed: int
    by_channel: Mapping[str, int]
    by_stage: Mapping[str, int]
    overdue_minor: Mapping[str, int]
    cost_micro: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Frames: `messages` (message.MESSAGE) to be written, `withdrawn` (`key`) unsent ones nobody wants any more,
    `decisions` (decision.DECISION), and the moves to be recorded before them as `stage.Advance` holds them.

    `planned` are all messages wanted today, those that stand unsent already included; `arms` the ARM rows drawn
    now; `totals` of the planned messages.
    """

    on: date
    messages: pl.DataFrame
    planned: pl.DataFrame
    withdrawn: pl.DataFrame
    decisions: pl.DataFrame
    new_cases: pl.DataFrame
    case_moves: pl.DataFrame
    stage_moves: pl.DataFrame
    arms: pl.DataFrame
    totals: Totals


def decide(inputs: Inputs) -> Plan:
    """The plan of `inputs.on`. Raises ValueError where the inputs contradict each other."""
    at, bench = _instant(inputs), _bench(inputs)
    reckoned = arrears.standing(
        inputs.book,
        inputs.on,
        cure_minor=inputs.reckoning.cure_minor,
        cure_days=inputs.reckoning.cure_days,
        tolerance_minor=inputs.reckoning.tolerance_minor,
        rounding=inputs.reckoning.rounding,
    )
    channels = {route.channel for route in inputs.routes}
    points = contact.known(
        inputs.book.contacts, inputs.book.holds, channels, inputs.on, within=inputs.verified_within
    )
    reach = contact.reach(points)
    moved = stage.advance(
        accounts=inputs.book.accounts,
        arrears=reckoned,
        cases=inputs.cases,
        stages=inputs.stages,
        known=inputs.known,
        reach=reach,
        strategies=inputs.strategies,
        current=inputs.current,
        on=inputs.on,
        receipt_wait=inputs.receipt_wait,
        limits=_limits(inputs, reckoned),
    )
    standing = bars.with_holds(
        inputs.book.accounts.join(reckoned, on=["person", "account"], maintain_order="left"), inputs
    )
    steps = tables.build(inputs.strategies)
    due = notices.due(moved.turns, standing, steps)
    refused = answers.before_the_law(due, inputs)
    due = due.join(refused, on=["person", "account"], how="anti", maintain_order="left")
    others = standing.join(
        moved.turns.filter(pl.col("code") == Code.NOT_LIABLE.value), on=["person", "account"], how="semi"
    ).filter(pl.col("overdue_minor") > 0)
    barred, untold = bars.found(due, others, at, bench, inputs)
    due = due.join(barred, on=["person", "account"], how="anti", maintain_order="left")
    due, arms = notices.with_arms(due, inputs)
    told = _told(inputs.known)
    wanted, covered = notices.gather(due, told, inputs)
    around = waves.world(inputs, bench, at, contact.best(points), reach, steps)
    found = waves.run(wanted, around)
    laid = spread.lay_out(message.build(found, wanted, inputs), inputs.routes)
    planned = columns.shaped(laid.filter("fits"), message.MESSAGE)
    message.refuse_sent(planned, inputs.known)
    fresh, withdrawn = message.against(planned, inputs.known, inputs.on)
    said = answers.gather(
        refused=refused,
        barred=pl.concat([barred, untold]),
        covered=covered,
        found=found,
        laid=laid,
        inputs=inputs,
    )
    decisions = decision.build(standing, moved.turns, said, inputs.law, inputs.on)
    return Plan(
        on=inputs.on,
        messages=fresh.sort("not_before", "route", "key"),
        planned=planned.sort("not_before", "route", "key"),
        withdrawn=withdrawn,
        decisions=decisions,
        new_cases=moved.new_cases,
        case_moves=moved.case_moves,
        stage_moves=moved.stage_moves,
        arms=_drawn(arms, inputs.arms, planned),
        totals=_totals(planned, decisions),
    )


def _instant(inputs: Inputs) -> datetime:
    """The first instant at which anything may be planned: `at`, but never before the day begins."""
    if inputs.at.tzinfo is None or inputs.at.microsecond:
        raise ValueError("the instant of a plan carries a zone and has whole seconds")
    begins = datetime.combine(inputs.on, time(), ZoneInfo(inputs.zone))
    return max(inputs.at, begins).astimezone(UTC)


def _bench(inputs: Inputs) -> act.Bench:
    ends = datetime.combine(inputs.on + timedelta(days=1), time(), ZoneInfo(inputs.zone)).astimezone(UTC)
    reading = inputs.reading or columnar.Reading(inputs.law, inputs.policy)
    if (reading.pack, reading.policy) != (inputs.law, inputs.policy):
        raise ValueError("the law was laid out for other rules than the plan is made by")
    return act.Bench(law=reading, actors=inputs.actors, day_end=ends)


def _limits(inputs: Inputs, reckoned: pl.DataFrame) -> pl.DataFrame | None:
    """How long the claims that are overdue may still be raised; not asked where no stage waits for it."""
    waits = any(
        stage.before_limit is not None
        for strategy in inputs.strategies.values()
        for segment in strategy.segments
        for stage in segment.stages
    )
    return limitation.left(inputs, reckoned.filter(pl.col("overdue_minor") > 0)) if waits else None


def _told(known: pl.DataFrame) -> pl.DataFrame:
    """Each case of which anything ever left."""
    left = occurrence.read(known).filter("counted")
    return left.select(case="cases").explode("case").unique().sort("case")


def _drawn(arms: pl.DataFrame, known: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """The arms drawn now, of persons to whom something is said."""
    new = arms.join(known, on=["person", "experiment"], how="anti")
    return new.join(planned, on="person", how="semi").sort("person", "experiment")


def _totals(planned: pl.DataFrame, decisions: pl.DataFrame) -> Totals:
    sent = decisions.filter(pl.col("messages").list.len() > 0).unique(
        "account", keep="first", maintain_order=True
    )
    return Totals(
        outcomes=_counts(decisions, "outcome"),
        codes=_counts(decisions, "code"),
        messages=planned.height,
        persons=planned["person"].n_unique(),
        parts=int(planned["parts"].sum()),
        billed=int(planned["billed"].sum()),
        by_channel=_counts(planned, "channel"),
        by_stage=_counts(planned, "stage"),
        overdue_minor=_sums(sent, "currency", "overdue_minor"),
        cost_micro=_sums(planned, "cost_currency", "cost_micro"),
    )


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(frame.group_by(column).len().sort(column).iter_rows())


def _sums(frame: pl.DataFrame, by: str, column: str) -> dict[str, int]:
    return dict(frame.group_by(by).agg(pl.col(column).sum()).sort(by).iter_rows())
