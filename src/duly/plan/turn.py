"""What is due to whom today, or what is being waited for: one answer for each person and account.

Missed days are caught up without doubling, because nothing here counts days that were missed: what is due follows
from what left and what arrived. A person gets one notice a day of a creditor and brand, and a case that joins
later waits for the next occurrence of the notice (DESIGN D17).
Refuses to know the law, the text or the route: something that is due may still have to be held.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from duly.model.case import CaseEvent, CaseState, StageState
from duly.model.notice import NoticeClass
from duly.plan import columns, occurrence, tables
from duly.plan.code import Code

_OPEN, _SERVED = StageState.OPEN.value, StageState.SERVED.value
_DUE = ("occurrence", "step", "channels", "may_fall_back", "deadline_on")


def take(
    standing: pl.DataFrame, accounts: pl.DataFrame, placed: pl.DataFrame, view: occurrence.View
) -> pl.DataFrame:
    """TURN, one row for each (person, account) of `standing`, in its order.

    `accounts` as `episode.Episodes` holds them, `placed` the tracks as `opening.follow` leaves them.
    """
    rows = _at_stage(placed, view)
    rows = _due(occurrence.progress(rows, view, rows["moved"]), view.on)
    rows = _one_a_day(rows, view)
    of_track = [name for name in columns.TURN if name not in {"person", "account", "case", "segment", "code"}]
    heads = (
        standing.select("person", "account", "liable", "overdue_minor")
        .join(
            accounts.select("account", "case", "due_on", "shut", "ended", "again_state", "segment"),
            on="account",
            how="left",
            maintain_order="left",
        )
        .join(
            rows.select("person", "account", "code", *of_track, file="case"),
            on=["person", "account"],
            how="left",
            maintain_order="left",
        )
        .with_columns(own=_own())
    )
    answered = heads.with_columns(
        *(pl.when("own").then(name).alias(name) for name in of_track if name != "next_on"),
        case=pl.when("own").then("file"),
        code=_code(),
    )
    return columns.shaped(answered, columns.TURN)


def _at_stage(placed: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """The tracks at the stage they are in after today's moves; `state` null where they wait for the next one.

    `moved` tells those whose stage is not the one that their progress was found of.
    """
    opens, inside = pl.col("opens"), pl.col("now").is_in([_OPEN, _SERVED])
    served = inside & pl.col("served_on").is_not_null()
    rows = placed.drop("deadline", "unserved_after").with_columns(
        moved=(opens | ~inside).fill_null(value=True),
        state=pl.when(opens)
        .then(pl.lit(_OPEN))
        .when(served)
        .then(pl.lit(_SERVED))
        .when(inside)
        .then(pl.lit(_OPEN)),
        stage=pl.when(inside).then("stage").otherwise(pl.coalesce("to_stage", "stage")),
        rank=pl.when(inside).then("rank").otherwise(pl.coalesce("to_rank", "rank")),
        opened_on=pl.when(opens).then(pl.lit(view.on)).otherwise("opened_on"),
        served_on=pl.when(served).then("served_on"),
    )
    terms = view.steps.stages.select(
        *tables.KEY,
        "notice",
        "notice_class",
        "every",
        "deadline",
        "from_dpd",
        "before_limit",
        "unserved_after",
        "by_reaged",
    )
    return rows.join(terms, on=tables.KEY, how="left", maintain_order="left")


def _due(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """Adds `code`, and what is due: `occurrence`, `step`, `channels`; else `next_on`."""
    inside = pl.col("state").is_not_null()
    delay = pl.when("by_reaged").then("lender_delay").otherwise("delay")
    below = delay < pl.col("from_dpd")
    paused = inside & pl.when("by_reaged").then(below.fill_null(value=True)).otherwise(
        below.fill_null(value=False)
    )
    acts = inside & pl.col("notice").is_null()
    far = inside & pl.col("before_limit").is_not_null()
    far = far & (pl.col("limit_left") > pl.col("before_limit")).fill_null(value=True)
    cool = inside & ~acts & pl.col("cool_until").is_not_null()
    cool = cool & (pl.col("notice_class") == NoticeClass.NUDGE.value)
    able = inside & ~paused & ~acts & ~far & ~cool
    rows = rows.with_columns(able=able, paused=paused, acts=acts, far=far, cool=cool, counted=delay)
    under_way = pl.col("outstanding") | (pl.col("rest").list.len() > 0) | pl.col("next_step").is_not_null()
    rows = rows.with_columns(current=pl.col("able") & pl.col("live") & ~pl.col("got") & under_way)
    owners = rows.filter("current").select(occurrence.NOTICE).unique().with_columns(busy=pl.lit(value=True))
    rows = rows.join(owners, on=occurrence.NOTICE, how="left", nulls_equal=True, maintain_order="left")
    rows = rows.with_columns(pl.col("busy").fill_null(value=False))
    gap = pl.duration(days=pl.max_horizontal(pl.col("every").fill_null(1), 1))
    until = pl.max_horizontal(
        pl.coalesce("served_on", "told_first") + pl.duration(days="deadline"),
        pl.when(pl.col("deadline").is_not_null()).then("told_until"),
    )
    rows = rows.with_columns(ready_on=pl.col("sent_last") + gap, until=until, untold=pl.col("told") == 0)
    rows = rows.with_columns(code=_turn_code(on))
    return _with_answer(rows, on)


def _turn_code(on: date) -> pl.Expr:
    """What the turn is, for a track at a stage; `wait_code` for one that is at none."""
    rest, untold = pl.col("rest").list.len() > 0, pl.col("untold")
    going = (
        pl.when(rest)
        .then(pl.lit(Code.REST_OF_STEP.value))
        .when("unsure")
        .then(pl.lit(Code.HANDOVER_UNSURE.value))
        .when("outstanding")
        .then(pl.lit(Code.RECEIPT_OUTSTANDING.value))
        .otherwise(pl.lit(Code.FALLBACK.value))
    )
    done = pl.when(pl.col("until").is_not_null()).then(pl.lit(Code.DEADLINE_RUNNING.value))
    early = pl.when(untold).then(pl.lit(Code.JOINS_NEXT_OCCURRENCE.value))
    again = pl.when(untold).then(pl.lit(Code.FIRST_NOTICE.value)).otherwise(pl.lit(Code.REPEAT.value))
    return (
        pl.when("paused")
        .then(pl.lit(Code.BELOW_STAGE.value))
        .when("far")
        .then(pl.lit(Code.LIMIT_NOT_NEAR.value))
        .when("acts")
        .then(pl.lit(Code.ACTION_DUE.value))
        .when("cool")
        .then(pl.lit(Code.COOLING_OFF.value))
        .when(pl.col("state").is_null())
        .then("wait_code")
        .when("current")
        .then(going)
        .when("busy")
        .then(early.otherwise(pl.lit(Code.RECEIPT_OUTSTANDING.value)))
        .when(~untold & pl.col("every").is_null())
        .then(done.otherwise(pl.lit(Code.SAID_ONCE.value)))
        .when((pl.col("ready_on") > on).fill_null(value=False))
        .then(early.otherwise(pl.lit(Code.REPEAT_NOT_DUE.value)))
        .when((pl.col("wrapped_on") >= on).fill_null(value=False))
        .then(pl.lit(Code.TRIED_TODAY.value))
        .when((pl.col("again_step") > pl.col("first_step")).fill_null(value=False))
        .then(pl.lit(Code.FALLBACK.value))
        .otherwise(again)
    )


def _with_answer(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """Adds what the code means in numbers."""
    code = pl.col("code")
    due = code.is_in(
        [each.value for each in (Code.FIRST_NOTICE, Code.REPEAT, Code.FALLBACK, Code.REST_OF_STEP)]
    )
    rest = code == Code.REST_OF_STEP.value
    going, fresh = due & pl.col("current"), due & ~pl.col("current")
    next_on = (
        pl.when(code == Code.RECEIPT_OUTSTANDING.value)
        .then(pl.col("answer_by") + timedelta(days=1))
        .when(code.is_in([Code.REPEAT_NOT_DUE.value, Code.JOINS_NEXT_OCCURRENCE.value]))
        .then(pl.when(~pl.col("busy")).then("ready_on"))
        .when(code.is_in([Code.DEADLINE_RUNNING.value]))
        .then(pl.when(pl.col("until") >= on).then(pl.col("until") + timedelta(days=1)))
        .when(code == Code.BELOW_STAGE.value)
        .then(pl.lit(on) + pl.duration(days=pl.col("from_dpd") - pl.col("counted")))
        .when(pl.col("cool") & (code == Code.COOLING_OFF.value))
        .then(pl.col("cool_until") + timedelta(days=1))
        .when(code == Code.TRIED_TODAY.value)
        .then(pl.lit(on) + timedelta(days=1))
        .otherwise("wait_on")
    )
    # Each try that is to prove service gives the debtor the full time. Later notices of the stage name the day
    # that was named before, so that a stage of which no receipt ever comes back ends all the same.
    anew = pl.lit(on) + pl.duration(days="deadline")
    trial = pl.col("told") + pl.when("current").then(0).otherwise(1) <= pl.col("unserved_after")
    stands = (pl.col("until") >= on).fill_null(value=False)
    named = (
        pl.when(pl.col("state") == _SERVED).then("until").when(trial | ~stands).then(anew).otherwise("until")
    )
    return rows.with_columns(
        due=due,
        occurrence=pl.when(going).then("occurrence").when(fresh).then(pl.col("occurrence") + 1),
        step=pl.when(going & rest)
        .then("step_now")
        .when(going)
        .then("next_step")
        .when(fresh)
        .then(pl.col("again_step").fill_null(0)),
        channels=pl.when(going & rest)
        .then("rest")
        .when(going)
        .then("next_channels")
        .when(fresh)
        .then("again_channels"),
        may_fall_back=due & ~(going & pl.col("outstanding")),
        deadline_on=pl.when(due & pl.col("deadline").is_not_null()).then(named),
        last_on="told_last",
        next_on=next_on,
    )


def _one_a_day(rows: pl.DataFrame, view: occurrence.View) -> pl.DataFrame:
    """What is due waits until tomorrow if the person was told something else of this creditor and brand today."""
    owner = ["person", "creditor", "brand"]
    today = view.messages.filter(pl.col("counted") & (pl.col("sent_on") == view.on)).select(
        *owner, told_stage="stage", told_occurrence="occurrence"
    )
    other = (
        rows.filter("due")
        .select(*owner, "account", "stage", "occurrence")
        .join(today, on=owner)
        .filter(
            (pl.col("stage") != pl.col("told_stage")) | (pl.col("occurrence") != pl.col("told_occurrence"))
        )
        .select("person", "account")
        .unique()
        .with_columns(other=pl.lit(True))
    )
    rows = rows.join(other, on=["person", "account"], how="left", maintain_order="left")
    waits = pl.col("other").fill_null(value=False)
    return rows.with_columns(
        *(pl.when(~waits).then(name).alias(name) for name in _DUE),
        code=pl.when(waits).then(pl.lit(Code.ONE_NOTICE_A_DAY.value)).otherwise("code"),
        next_on=pl.when(waits).then(pl.lit(view.on) + timedelta(days=1)).otherwise("next_on"),
    )


def _own() -> pl.Expr:
    """Whether the answer is the track's: its case is open, or it is reminded of ahead of the due date."""
    outside = [Code.STAGE_NOT_REACHED.value, Code.LAST_STAGE_DONE.value]
    return pl.col("code").is_not_null() & (pl.col("case").is_not_null() | ~pl.col("code").is_in(outside))


def _code() -> pl.Expr:
    """The answer for each person and account: the track's, or why there is no track."""
    shut = [CaseState.CLOSED.value]
    return (
        pl.when(~pl.col("liable"))
        .then(pl.lit(Code.NOT_LIABLE.value))
        .when("shut")
        .then(pl.lit(Code.ACCOUNT_CLOSED.value))
        .when(pl.col("case").is_not_null() & pl.col("segment").is_null())
        .then(pl.lit(Code.NO_SEGMENT.value))
        .when("own")
        .then("code")
        .when((pl.col("ended") == CaseEvent.CURE.value).fill_null(value=False))
        .then(pl.lit(Code.PAID.value))
        .when(pl.col("again_state").is_in(shut).fill_null(value=False))
        .then(pl.lit(Code.CASE_CLOSED.value))
        .when(pl.col("overdue_minor") > 0)
        .then(pl.lit(Code.BELOW_TOLERANCE.value))
        .otherwise(pl.lit(Code.NOTHING_OVERDUE.value))
    )
