"""Which episode of arrears each account is in, and how its case moves today.

Rule 1: an episode is known by the due date that was first left unpaid (`episode_on` of the book's standing),
reckoned by the dates on which money was paid and not by the days on which we looked. A day that was missed, or a
payment entered late with an earlier date, gives the same case as if it had been known in time.
Rule 2: a case that is open stays the same one until there was a break: the part payment that moves the oldest
unpaid instalment moves nothing here.
Rule 3: where the money that had made a break came back, there was none: the case is joined to the older one, which
stands again where it stood. Should there have been two after all, the younger one parts from it again.
Refuses to look at people: a case is the account's, whoever is liable for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.model.account import CLOSED_TO_NOTICES
from duly.model.case import CaseEvent, CaseState
from duly.plan import columns, ladder, tables
from duly.plan.ladder import Strategy

_NONE, _OPEN, _CURED, _CLOSED, _JOINED = (state.value for state in CaseState)


@dataclass(frozen=True, kw_only=True)
class Episodes:
    """`accounts` holds one row an account: `case` (open after today's moves, else null) or `ahead` (the case
    that may open next, else null), with its `opened_on`, `strategy_digest`, `segment` and `delay`: the days
    since the oldest unpaid due date, or, negative, until the one ahead; and why there is neither: `shut`,
    `ended` (how a case ended today), `again_state`. `cases` holds `case`, `opened_on` and `state` of every case
    after the `moves`.
    """

    accounts: pl.DataFrame
    cases: pl.DataFrame
    moves: pl.DataFrame


def follow(
    standing: pl.DataFrame,
    cases: pl.DataFrame,
    strategies: Mapping[str, Strategy],
    current: str,
    on: date,
) -> Episodes:
    """Move the cases of these accounts to where they stand on `on`.

    `standing` is ACCOUNT joined with ARREARS (an account may stand there once for each person), `cases` is CASE,
    `current` the digest of the strategy with which new episodes begin.
    """
    rows = _placed(_one_each(standing, on), cases)
    moves = pl.concat([_ended(rows, on), _begun(rows, on)]).sort("account", "order", "case")
    after = _after(rows, moves, on)
    accounts = tables.with_segment(
        after.with_columns(pl.col("strategy_digest").fill_null(current)), strategies
    )
    return Episodes(
        accounts=accounts.drop("open", "open_on", "again", "breaks", "joins"),
        cases=_states(cases, moves),
        moves=columns.shaped(moves, columns.CASE_MOVE),
    )


def _one_each(standing: pl.DataFrame, on: date) -> pl.DataFrame:
    """One row an account, with the names of the case it is in and of the case it may come into next."""
    closed = [status.value for status in CLOSED_TO_NOTICES]
    rows = standing.select(
        "account",
        *ladder.ATTRIBUTES,
        "suit_list",
        "dpd",
        "episode_on",
        "overdue_minor",
        due_on="next_due_on",
        shut=pl.col("status").is_in(closed),
    ).unique("account", keep="first", maintain_order=True)
    soon = pl.col("episode_on").is_null() & ~pl.col("shut") & (pl.col("due_on") > on)
    return rows.with_columns(
        again=_case_id("episode_on"),
        ahead=pl.when(soon).then(_case_id("due_on")),
    )


def _case_id(day: str) -> pl.Expr:
    """`model.case.case_id` over two columns; null where the day is."""
    written = (
        pl.col(day).dt.year() * 10_000 + pl.col(day).dt.month().cast(pl.Int32) * 100 + pl.col(day).dt.day()
    )
    return pl.format("{}/{}", "account", written)


def _placed(rows: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """The rows with the case that is `open`, and with the state in which the case of today's arrears is known."""
    standing_open = cases.filter(pl.col("state") == _OPEN).select(
        "account", "strategy_digest", open="case", open_on="opened_on"
    )
    if standing_open["account"].is_duplicated().any():
        raise ValueError("an account has two open cases")
    known = cases.select(again="case", again_state="state", again_digest="strategy_digest")
    ahead = cases.select(ahead="case", ahead_state="state", ahead_digest="strategy_digest")
    placed = (
        rows.join(standing_open, on="account", how="left", maintain_order="left")
        .join(known, on="again", how="left", maintain_order="left")
        .join(ahead, on="ahead", how="left", maintain_order="left")
    )
    spent = pl.col("ahead_state").fill_null(_NONE) != _NONE
    return placed.with_columns(
        pl.when(~spent).then("ahead").alias("ahead"),
        # There was a day without arrears since the open case began: what is unpaid now is another episode.
        breaks=(pl.col("episode_on") > pl.col("open_on")).fill_null(value=False),
        # There was none before it either. A case that was closed for good takes nothing in.
        joins=(pl.col("episode_on") < pl.col("open_on")).fill_null(value=False)
        & (pl.col("again_state").fill_null(_NONE) != _CLOSED),
    )


def _ended(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    over = pl.col("episode_on").is_null() | pl.col("breaks")
    event = (
        pl.when("shut")
        .then(pl.lit(CaseEvent.ACCOUNT_CLOSED.value))
        .when(over)
        .then(pl.lit(CaseEvent.CURE.value))
        .when("joins")
        .then(pl.lit(CaseEvent.JOIN.value))
    )
    to_state = (
        pl.when("shut").then(pl.lit(_CLOSED)).when("joins").then(pl.lit(_JOINED)).otherwise(pl.lit(_CURED))
    )
    return (
        rows.filter(pl.col("open").is_not_null())
        .select("account", pl.lit(on).alias("on"), case="open", event=event, to_state=to_state)
        .filter(pl.col("event").is_not_null())
        .with_columns(from_state=pl.lit(_OPEN), order=pl.lit(0))
        .select("account", "case", "event", "from_state", "to_state", "on", "order")
    )


def _begun(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    moved = pl.col("open").is_null() | pl.col("breaks") | pl.col("joins")
    free = moved & ~pl.col("shut") & pl.col("again").is_not_null()
    before = pl.col("again_state").fill_null(_NONE)
    event = (
        pl.when(before == _NONE)
        .then(pl.lit(CaseEvent.FIRST_UNPAID.value))
        .when(before == _CURED)
        .then(pl.lit(CaseEvent.REVERSAL.value))
        .when(before == _JOINED)
        .then(pl.lit(CaseEvent.PART.value))
    )
    return (
        rows.filter(free)
        .select("account", pl.lit(on).alias("on"), case="again", event=event, from_state=before)
        .filter(pl.col("event").is_not_null())
        .with_columns(to_state=pl.lit(_OPEN), order=pl.lit(1))
        .select("account", "case", "event", "from_state", "to_state", "on", "order")
    )


def _after(rows: pl.DataFrame, moves: pl.DataFrame, on: date) -> pl.DataFrame:
    """The rows with the `case` that is open after the moves, its first day and its strategy."""
    ended = moves.filter(pl.col("order") == 0).select("account", ended=pl.col("event"))
    begun = moves.filter(pl.col("order") == 1).select("account", begun="case")
    moved = rows.join(ended, on="account", how="left", maintain_order="left").join(
        begun, on="account", how="left", maintain_order="left"
    )
    stays = pl.col("open").is_not_null() & pl.col("ended").is_null()
    fresh = pl.col("begun").is_not_null()
    early = (pl.lit(on) - pl.col("due_on")).dt.total_days().cast(pl.Int32)
    return moved.with_columns(
        delay=pl.when(fresh | stays).then("dpd").otherwise(early),
        case=pl.coalesce("begun", pl.when(stays).then("open")),
        opened_on=pl.when(fresh).then("episode_on").when(stays).then("open_on").otherwise("due_on"),
        strategy_digest=pl.when(fresh)
        .then("again_digest")
        .when(stays)
        .then("strategy_digest")
        .otherwise("ahead_digest"),
    ).drop("again_digest", "ahead_digest", "ahead_state", "begun")


def _states(cases: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """`case`, `state` of every case after the moves."""
    last = moves.group_by("case").agg(pl.col("to_state").sort_by("order").last())
    return (
        cases.select("case", "state", "opened_on")
        .join(last, on="case", how="full", coalesce=True)
        .select("case", "opened_on", state=pl.coalesce("to_state", "state"))
    )
