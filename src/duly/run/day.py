"""A plan made and put to work: the same pure decision for a whole day, or for the few who are to be woken.

What was decided goes into one Parquet file whose root is in the evidence; cases move, messages wait in batches,
all in one commit under the book lock.
Refuses to plan a key again that left meanwhile, and to release a run beyond the bounds that the lender set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from duly import errors
from duly.plan import draft, release
from duly.plan import plan as plans
from duly.plan.inputs import Inputs
from duly.run import (
    canary,
    clock,
    decisions,
    ending,
    gate,
    inputs,
    installation,
    known,
    locks,
    night,
    outbox,
    outfit,
    papers,
    planned,
    record,
    releases,
    ruling,
    sources,
    standing,
    statement,
    unusual,
)
from duly.store import connect, sql

_SQL = sql.load()
MOST = 500  # messages in a batch
# Of so many messages the texts of a plan are in memory at once while it is recorded.
_STRETCH = 20_000
# From so many ranges on, a book is planned one after the other.
_SEVERAL = 2
# When the virtual day of a preview begins, if it is not today.
_MORNING = time(7, 30)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A plan, what it was made from, and the numbers of the wakes that were due when it began to look."""

    plan: plans.Plan
    standing: standing.Standing
    rules: Inputs
    persons: frozenset[str] | None
    stale: frozenset[str]
    day: date
    wakes: tuple[int, ...]
    desk: night.Desk | None = None  # where a big plan lies while it is used


# Makes the drafting of what was seen, such as `cluster.drafting`.
Engine = Callable[[installation.Installation, psycopg.Connection[Any], inputs.Sight], night.Drafting]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A plan that was put to work: its number, how many messages wait, whether it is released."""

    number: int
    messages: int
    released: bool
    decisions: Path
    root: bytes


def make(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    on: date | None = None,
    persons: Collection[str] | None = None,
    seen: night.Seen | None = None,
    engine: Engine | None = None,
) -> Made:
    """The plan of a day (today's if none is given); nothing is written.

    `seen` is told how many of how many ranges of the book are done. `engine` drafts the ranges in another place than
    this process; what comes of it is the same.
    """
    now = clock.instant_of(connection)
    today = opened.local_day(now)
    day = on if on is not None else today
    at = now if day == today else _morning(opened, day)
    # Read before the rest: whatever woke somebody by now is seen below, and what wakes later is not answered here.
    due = connection.execute(_SQL["wakes_due"]).fetchall()
    sight = inputs.look(opened, connection, on=day, at=at, persons=persons)
    names = inputs.naming(opened, connection)
    spans, desk = sight.strides(), None
    if engine is not None:
        desk = night.Desk(opened.project.state)
        plan = night.plan(sight.spans(), engine(opened, connection, sight), sight.rules, desk=desk, seen=seen)
    elif persons is not None or len(spans) < _SEVERAL:
        given = sight.of(None, persons)
        drafted = draft.draft(given, names=names)
        plan = plans.of_draft(drafted, given)
    else:
        desk = night.Desk(opened.project.state)
        plan = night.plan(spans, night.at_hand(sight.of, names), sight.rules, desk=desk, seen=seen)
    return Made(
        plan=plan,
        standing=sight.standing,
        rules=sight.rules,
        persons=None if persons is None else frozenset(persons),
        stale=sight.rules.stale,
        day=day,
        wakes=tuple(row[0] for row in due),
        desk=desk,
    )


def record_plan(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    made: Made,
    *,
    reason: str,
    wakes: Sequence[int] = (),
) -> Recorded:
    """Put a plan to work, in one commit. `wakes` are the numbers of the wakes that it answers.

    A plan of the whole day answers every wake that was due when it was made.
    """
    plan = made.plan
    kept = decisions.keep(opened.project.state / "decisions", made.day, plan)
    source = sources.keep(opened, made.rules, made.persons)
    digests = opened.project.digests
    with connect.transaction(connection):
        locks.take_book(connection)
        now = clock.instant_of(connection)
        if reason == "day":
            wakes = made.wakes
        for day in sorted({made.day, opened.local_day(now)}):
            connection.execute(_SQL["ensure_day"], {"day": day})
        waiting = _still_unsent(connection, plan.heads(), now)
        size = unusual.size(opened.project, waiting)
        beyond = unusual.beyond(opened.project, connection, size, on=made.day)
        number = _number(
            connection,
            {
                "day": made.day,
                "reason": reason,
                "manifest": made.standing.manifest,
                "horizon": made.standing.horizon,
                "strategy_digest": digests.strategy,
                "templates_digest": digests.templates,
                "packs_digest": digests.packs,
                "destinations_digest": digests.destinations,
                "settings_digest": digests.settings,
                "channels_digest": digests.channels,
                "decisions_path": str(kept.path),
                "decisions_root": kept.root,
                "messages": size.messages,
                "sum_minor": size.overdue_minor,
                "at": now,
                "released": not beyond,
                "beyond": list(beyond),
                "persons": size.persons,
                "cost_micro": size.cost_micro,
            },
        )
        sources.note(connection, number, source)
        trial = opened.project.settings.bounds.trial
        first = canary.choose(waiting, trial, routes=outfit.heard_back(opened.project))
        canary.keep(connection, number, first)
        gone = _gone(opened, connection, plan, waiting, now)
        _move(connection, plan, number, gone)
        gone = ending.dispose(connection, gone, now)
        for stretch in plan.stretches(_STRETCH):
            messages = stretch.join(waiting, on="key", how="semi", maintain_order="left")
            papers.keep(connection, opened.vault, made.day, messages)
            _put(opened, connection, made, messages, number)
        if reason != "wake":  # who is woken is a part of the day; the day's own plan asks for all of them
            releases.keep(connection, number, asked(opened, plan))
        if wakes:
            connection.execute(_SQL["wakes_done"], {"plan": number, "ids": list(wakes)})
        gate.wake_rows(connection, _deadlines(opened, waiting), now)
        fact = record.Fact(
            kind="decisions",
            at=now,
            open={"strategy": digests.strategy, "packs": digests.packs},
            committed={
                "day": made.day,
                "root": kept.root.hex(),
                "file": kept.digest,
                "rows": kept.rows,
                "totals": dict(plan.totals.outcomes),
            },
        )
        ends = [statement.ended(drop, at=now, because=fact.entry) for drop in gone]
        opened.recorder.write(connection, [fact, *ends])
    return Recorded(
        number=number, messages=waiting.height, released=not beyond, decisions=kept.path, root=kept.root
    )


def asked(opened: installation.Installation, plan: plans.Plan) -> tuple[release.Release, ...]:
    """What a plan holds back until two people release it."""
    return release.waiting(plan.withheld(), key=opened.release_key)


def _morning(opened: installation.Installation, day: date) -> datetime:
    zone = ZoneInfo(opened.project.settings.zone)
    return datetime.combine(day, _MORNING, zone).astimezone(UTC)


def _still_unsent(connection: psycopg.Connection[Any], messages: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The messages without those that left while the plan was made."""
    keys = messages["key"].to_list()
    left = {bytes(row[0]) for row in connection.execute(_SQL["already_left"], {"keys": keys}).fetchall()}
    unsent = messages.filter(pl.col("not_after") >= now)
    return unsent.filter(~pl.col("key").is_in(sorted(left))) if left else unsent


def _deadlines(
    opened: installation.Installation, messages: pl.DataFrame
) -> list[tuple[str, datetime, str, bytes | None]]:
    """A timer for each deadline that a message names: the day after it the same plan looks at the person again."""
    due = messages.filter(pl.col("deadline_on").is_not_null()).select("person", "deadline_on").unique()
    return [
        (person, _morning(opened, deadline + timedelta(days=1)), "deadline", None)
        for person, deadline in due.sort("person", "deadline_on").iter_rows()
    ]


def _number(connection: psycopg.Connection[Any], values: dict[str, Any]) -> int:
    row = connection.execute(_SQL["record_plan"], values).fetchone()
    if row is None:
        raise errors.DatabaseRefused("the plan was not recorded", remedy="Look at the PostgreSQL log.")
    return int(row[0])


def _gone(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    plan: plans.Plan,
    messages: pl.DataFrame,
    now: datetime,
) -> list[ruling.Drop]:
    """The earlier versions that this plan says otherwise or not any more, as they end; the book is ours alone."""
    codes = dict.fromkeys(messages.filter("supersedes")["key"].to_list(), "planned_again")
    codes |= dict.fromkeys(plan.withdrawn["key"].to_list(), "withdrawn")
    if not codes:
        return []
    mark = opened.gate_keys.mark
    return [
        ending.superseded(one, codes[one.key], is_marked=lambda row: row.is_marked(mark))
        for one in outbox.unsent(connection, sorted(codes), since=(now - known.REACH).date())
    ]


def _move(
    connection: psycopg.Connection[Any], plan: plans.Plan, number: int, gone: Sequence[ruling.Drop]
) -> None:
    cases = plan.new_cases.unique("case", keep="first", maintain_order=True)
    if cases.height:
        connection.execute(
            _SQL["open_case_files"],
            {
                "cases": cases["case"].to_list(),
                "accounts": cases["account"].to_list(),
                "opened": cases["opened_on"].to_list(),
                "digests": cases["strategy_digest"].to_list(),
                "pseudonyms": [os.urandom(16) for _ in range(cases.height)],
            },
        )
    moves = plan.case_moves.unique(["case", "event"], keep="first", maintain_order=True)
    # Everybody takes cases in one order, so that nobody waits in a circle with those who write entries.
    touched = {*moves["case"], *plan.stage_moves["case"]}
    touched |= {case for drop in gone if drop.code != ruling.FORGED for case in drop.planned.cases}
    connection.execute(_SQL["take_chains"], {"cases": sorted(touched)})
    if moves.height:
        connection.execute(
            _SQL["move_cases"],
            {
                "plan": number,
                "cases": moves["case"].to_list(),
                "events": moves["event"].to_list(),
                "from_states": moves["from_state"].to_list(),
                "to_states": moves["to_state"].to_list(),
                "days": moves["on"].to_list(),
            },
        )
    steps = plan.stage_moves
    if steps.height:
        connection.execute(
            _SQL["move_stages"],
            {
                "plan": number,
                "persons": steps["person"].to_list(),
                "cases": steps["case"].to_list(),
                "stages": steps["stage"].to_list(),
                "events": steps["event"].to_list(),
                "from_states": steps["from_state"].to_list(),
                "to_states": steps["to_state"].to_list(),
                "days": steps["on"].to_list(),
                "whys": steps["why"].to_list(),
            },
        )
    arms = plan.arms
    if arms.height:
        connection.execute(
            _SQL["draw_arms"],
            {
                "persons": arms["person"].to_list(),
                "experiments": arms["experiment"].to_list(),
                "arms": arms["arm"].to_list(),
                "day": plan.on,
            },
        )


def _put(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    made: Made,
    messages: pl.DataFrame,
    number: int,
) -> None:
    """Lay the messages into batches of one route that may leave from one second on."""
    versions = made.standing.versions
    mark = opened.gate_keys.mark
    says = outbox.plan_says(connection, [number])[number]
    ordered = messages.sort("route", "not_before", "key")
    for group in ordered.partition_by("route", "not_before", maintain_order=True):
        for start in range(0, group.height, MOST):
            part = group.slice(start, MOST)
            first = part.row(0, named=True)
            row = connection.execute(
                _SQL["new_batch"],
                {
                    "day": made.day,
                    "route": first["route"],
                    "not_before": first["not_before"],
                    "not_after": part["not_after"].max(),
                    "messages": part.height,
                },
            ).fetchone()
            batch = int(row[0]) if row is not None else 0
            marked = [
                replace(
                    planned.of_plan(
                        one,
                        plan=number,
                        version=versions.get(one["key"], 0) + 1,
                        manifest=made.standing.manifest,
                        horizon=made.standing.horizon,
                    ),
                    plan_says=says,
                ).marked_with(mark)
                for one in part.iter_rows(named=True)
            ]
            outbox.copy(connection, marked, batch=batch, costs=part["cost_micro"].to_list())
