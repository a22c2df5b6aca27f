"""The stages of each case, moved on to where they stand today, for each liable person.

Rule 1: stages are neither skipped nor jumped. A stage opens when its day is reached and the one before it has
closed; however late an account is first seen, it begins with the first stage.
Rule 2: a stage closes by its deadline only after proof of service, counted from the day of arrival, and never
before the last day that a notice named. A stage whose notice never left does not close.
Rule 3: a case never goes back a stage. A part payment that lowers the days past due rests the notices of a
stage and undoes nothing; after a bounced payment the stage that the cure had ended is opened again. A case that is
joined to an older one ends its stage: what the older one stood in is said.
Every move is one of `model.case.STAGE_TRANSITIONS`; all that is written here is when each happens.
Refuses to look at any clock: the day is given, and days that were missed change nothing but the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.model.case import CaseState, StageEvent, StageState
from duly.plan import (
    columns,
    episode,
    limitation,
    occurrence,
    opening,
    relapse,
    service,
    tables,
    takeover,
    turn,
)
from duly.plan.ladder import Strategy

_OPEN, _SERVED = StageState.OPEN.value, StageState.SERVED.value
_CLOSED, _UNSERVED, _LAPSED = (
    StageState.CLOSED.value,
    StageState.CLOSED_UNSERVED.value,
    StageState.LAPSED.value,
)
_TRACK = ("person", "case")
_MOVE = ("person", "case", "account", "stage", "event", "from_state", "to_state", "on", "why", "order")


@dataclass(frozen=True, kw_only=True)
class Advance:
    """Where everything stands on the day: `new_cases`, `case_moves` and `stage_moves` to be recorded in this order,
    and the `turns`, one row for each (person, account). The frames are those of `columns`.

    Case moves are the account's: where co-borrowers stand in two buckets, both answers hold the same move.
    """

    new_cases: pl.DataFrame
    case_moves: pl.DataFrame
    stage_moves: pl.DataFrame
    turns: pl.DataFrame


def advance(
    *,
    standing: pl.DataFrame,
    cases: pl.DataFrame,
    stages: pl.DataFrame,
    known: pl.DataFrame,
    reach: pl.DataFrame,
    strategies: Mapping[str, Strategy],
    current: str,
    on: date,
    receipt_wait: int = 1,
    limits: pl.DataFrame | None = None,
    earlier: pl.DataFrame | None = None,
    reaged: pl.DataFrame | None = None,
    past: pl.DataFrame | None = None,
    taken_over: takeover.Policy | None = None,
) -> Advance:
    """Move cases and stages to `on`, and say whose turn it is.

    `standing` is ACCOUNT with ARREARS of whole persons; the other frames are CASE, STAGE, KNOWN and
    REACH of `columns`. `strategies` by digest, `current` the digest for new episodes. `receipt_wait` is how many
    days after a hand-over its receipt is waited for; `limits` is `limitation.LEFT`, for stages that wait for it, and
    `earlier` is `relapse.EARLIER` and `reaged` `book.reaged.REAGED`, for strategies that ask for them.
    `past` (PAST) and `taken_over` say which stages the system before had done (`takeover`).
    Raises ValueError where the frames contradict each other.
    """
    refuse_doubles(known)
    steps = tables.build(strategies)
    episodes = episode.follow(standing, cases, strategies, current, on)
    tracks = _tracks(standing, episodes).join(
        columns.empty(limitation.LEFT) if limits is None else limits,
        on=["person", "account"],
        how="left",
        maintain_order="left",
    )
    mine = stages.join(standing.select("person", "account"), on=["person", "account"], how="semi")
    tracks = _counted(relapse.follow(tracks, mine, cases, earlier, steps, on), reaged)
    done = takeover.begin(
        tracks,
        mine,
        columns.empty(columns.PAST) if past is None else past,
        steps=steps,
        policy=taken_over or takeover.Policy(),
        on=on,
    )
    begun = _begun(pl.concat([mine, done.stages]), tracks, steps)
    said = occurrence.read(pl.concat([known, done.known]))
    view = occurrence.view(said, steps, reach, on, receipt_wait)
    lapses = _lapses(mine, begun, episodes, on)
    within = service.follow(tracks, begun, view)
    placed = opening.follow(within, begun, view)
    moves = pl.concat([lapses, done.moves.select(_MOVE), _within(placed, on), _opening(placed, on)])
    return Advance(
        new_cases=_new_cases(cases, episodes, pl.concat([episodes.moves["case"], moves["case"]])),
        case_moves=episodes.moves,
        stage_moves=columns.shaped(moves.sort("person", "case", "order", "stage"), columns.STAGE_MOVE),
        turns=turn.take(standing, episodes.accounts, placed, view),
    )


def refuse_doubles(known: pl.DataFrame) -> None:
    """Raise ValueError where KNOWN holds a message twice."""
    if known["key"].is_duplicated().any():
        raise ValueError("a message key stands twice: KNOWN holds the newest version of each")


def _tracks(standing: pl.DataFrame, episodes: episode.Episodes) -> pl.DataFrame:
    """One row for each liable person and case that is open or may open at the next due date."""
    files = episodes.accounts.select(
        "account",
        "delay",
        "strategy_digest",
        "segment",
        "suit_list",
        "due_on",
        "overdue_minor",
        case_on="opened_on",
        early=pl.col("case").is_null(),
        case=pl.coalesce("case", "ahead"),
    ).filter(pl.col("case").is_not_null() & pl.col("segment").is_not_null())
    return (
        standing.filter("liable")
        .select("person", "account", "creditor", "brand")
        .join(files, on="account", maintain_order="left")
    )


def _counted(tracks: pl.DataFrame, reaged: pl.DataFrame | None) -> pl.DataFrame:
    """The tracks with `lender_delay`: the days since the due date from which the lender counts, null where none is."""
    if reaged is None or reaged.is_empty():
        return tracks.with_columns(lender_delay="delay")
    known = reaged.with_columns(anew=pl.lit(value=True))
    rows = tracks.join(known, on=["person", "account"], how="left", maintain_order="left")
    return rows.with_columns(
        lender_delay=pl.when(pl.col("anew").fill_null(value=False))
        .then(pl.min_horizontal("reaged_dpd", pl.when(pl.col("reaged_dpd").is_not_null()).then("delay")))
        .otherwise("delay")
    ).drop("anew", "reaged_dpd")


def _begun(mine: pl.DataFrame, tracks: pl.DataFrame, steps: tables.Tables) -> pl.DataFrame:
    """The stages that were begun of the tracks' cases, each with its place in the list."""
    keyed = mine.join(tracks.select(*_TRACK, "strategy_digest", "segment", "early"), on=_TRACK)
    return keyed.join(steps.stages.select(*tables.KEY, "rank", "ahead"), on=tables.KEY)


def _lapses(mine: pl.DataFrame, begun: pl.DataFrame, episodes: episode.Episodes, on: date) -> pl.DataFrame:
    """Stages that end because there is nothing to be paid any more, or because the due date has come."""
    states = episodes.cases.select("case", "opened_on", case_state="state")
    ahead = episodes.accounts.filter(pl.col("ahead").is_not_null()).select(case="ahead", awaited=pl.lit(True))
    reminder = begun.filter(pl.col("ahead")).select(*_TRACK, "stage", reminder=pl.lit(True))
    rows = (
        mine.filter(pl.col("state").is_in([_OPEN, _SERVED]))
        .drop("opened_on")
        .join(states, on="case", how="left")
        .join(ahead, on="case", how="left")
        .join(reminder, on=[*_TRACK, "stage"], how="left")
    )
    state, shut = pl.col("case_state"), pl.col("case_state") == CaseState.CLOSED.value
    unborn = (state.fill_null(CaseState.NONE.value) == CaseState.NONE.value) & pl.col("awaited").is_null()
    came = unborn & (pl.col("opened_on") <= on)
    passed = (state == CaseState.OPEN.value) & pl.col("reminder").fill_null(value=False)
    why = (
        pl.when(shut)
        .then(pl.lit("account_closed"))
        .when(state == CaseState.CURED.value)
        .then(pl.lit("cured"))
        .when(state == CaseState.JOINED.value)
        .then(pl.lit("joined"))
        .when(passed | came)
        .then(pl.lit("due_date"))
        .when(unborn)
        .then(pl.lit("paid_early"))
    )
    event = pl.when(pl.col("why") == "due_date").then(pl.lit(StageEvent.DUE_DATE.value))
    return (
        rows.with_columns(why=why)
        .filter(pl.col("why").is_not_null())
        .with_columns(
            event=event.otherwise(pl.lit(StageEvent.CURE.value)),
            from_state="state",
            to_state=pl.lit(_LAPSED),
            on=pl.lit(on),
            order=pl.lit(0),
        )
        .select(_MOVE)
    )


def _within(placed: pl.DataFrame, on: date) -> pl.DataFrame:
    """The moves of the stage that a track is in, in order."""
    served = pl.col("serves_on").is_not_null()
    retracted = pl.col("retracts")
    closing_from = pl.when(pl.col("served_on").is_not_null()).then(pl.lit(_SERVED)).otherwise(pl.lit(_OPEN))
    closing_to = (
        pl.when(pl.col("closes") == StageEvent.UNSERVED.value)
        .then(pl.lit(_UNSERVED))
        .otherwise(pl.lit(_CLOSED))
    )
    day = pl.lit(on)
    return pl.concat(
        [
            _moves(
                placed.filter(retracted),
                StageEvent.RETRACTED.value,
                _SERVED,
                _OPEN,
                day,
                "receipt_corrected",
                1,
            ),
            _moves(
                placed.filter(served),
                StageEvent.SERVICE.value,
                _OPEN,
                _SERVED,
                pl.col("serves_on"),
                "arrived",
                2,
            ),
            _moves(
                placed.filter(pl.col("closes").is_not_null()),
                pl.col("closes"),
                closing_from,
                closing_to,
                day,
                pl.col("closes"),
                3,
            ),
        ]
    )


def _opening(placed: pl.DataFrame, on: date) -> pl.DataFrame:
    rows = placed.filter("opens").with_columns(stage="to_stage")
    again = pl.col("again")
    from_state = pl.when(again).then(pl.lit(_LAPSED)).otherwise(pl.lit(StageState.WAITING.value))
    why = (
        pl.when(again)
        .then(pl.lit("reversal"))
        .when("enters")
        .then(pl.lit("re_entry"))
        .otherwise(pl.lit("reached"))
    )
    return _moves(rows, StageEvent.REACHED.value, from_state, _OPEN, pl.lit(on), why, 4)


def _moves(  # noqa: PLR0917 - one row of a table
    rows: pl.DataFrame,
    event: str | pl.Expr,
    from_state: str | pl.Expr,
    to_state: str | pl.Expr,
    day: pl.Expr,
    why: str | pl.Expr,
    order: int,
) -> pl.DataFrame:
    def said(word: str | pl.Expr) -> pl.Expr:
        return pl.lit(word) if isinstance(word, str) else word

    return rows.with_columns(
        event=said(event),
        from_state=said(from_state),
        to_state=said(to_state),
        on=day,
        why=said(why),
        order=pl.lit(order),
    ).select(_MOVE)


def _new_cases(cases: pl.DataFrame, episodes: episode.Episodes, moved: pl.Series) -> pl.DataFrame:
    """The cases that move, or of which a stage moves, and that nothing was written down of before.

    Also of accounts on which nobody here is liable: the case is the account's.
    """
    named = episodes.accounts.select(
        "account", "opened_on", "strategy_digest", case=pl.coalesce("case", "ahead")
    )
    fresh = named.join(moved.to_frame(), on="case", how="semi").join(cases, on="case", how="anti")
    return columns.shaped(fresh.sort("case"), columns.NEW_CASE)
