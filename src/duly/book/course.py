"""The course of the accounts with particulars: one thing after another, all accounts at once.

The loop is over the ordinal of what happened: the first thing of every account, then the second, and so on, so it is
as long as the longest history and each round works on columns. `reckoning` is the same for one account, in plain
steps and with the rules; read that first.
Refuses to know people: it works on numbered debts (`key`) for one day each (`on`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from duly.book import daycount, interest, particulars, running, spending
from duly.book.allocation import APART, Settled
from duly.book.ledger import PARTS, Terms
from duly.book.orders import Order
from duly.book.particulars import COMPOUND, MONEY, RATE, STATUS, Particulars
from duly.model import money
from duly.model.money import Rounding

_ZERO = pl.lit(0, pl.Int64)
_NO_BAR = [_ZERO.alias(f"barred_{part}") for part in PARTS]


def settle(
    found: Particulars,
    *,
    debts: pl.DataFrame,
    instalments: pl.DataFrame,
    payments: pl.DataFrame,
    terms: Terms,
    table: Sequence[Order],
) -> Settled:
    """What is unpaid of each debt on its day.

    `debts` has `key` and `on`, `instalments` and `payments` `key` for their owner, no payment later than `on`.
    """
    steps = _timetable(found, debts, instalments, payments)
    state = _opened(found, debts, instalments)
    parked, surplus = [], [spending.NO_SURPLUS.clone()]
    for step in steps:
        parked.append(state.join(step, on="key", how="anti", maintain_order="left"))
        moved, left = _take(state, step, terms, table)
        state = _unsettled(moved)
        surplus.append(left)
    ended = pl.concat([*parked, state]).sort("key", "due_on", "seq")
    outside = _outside(found, debts.select("key", day="on"))
    closing = ended.with_columns(day="on").join(outside, on="key", how="left", maintain_order="left")
    closed = spending.opened(spending.barred(_ran(closing, terms)), terms)
    return _settled(closed, found, debts, pl.concat(surplus))


def _timetable(
    found: Particulars, debts: pl.DataFrame, instalments: pl.DataFrame, payments: pl.DataFrame
) -> list[pl.DataFrame]:
    """What happened, by its ordinal within each account: `timetable` in columns."""
    own = particulars.compounding(found.heads, instalments, debts)
    happened = pl.concat(
        [
            found.happened,
            own.with_columns(why=pl.lit(COMPOUND, pl.Int8)),
            particulars.money(payments).with_columns(why=pl.lit(MONEY, pl.Int8)),
        ],
        how="diagonal",
    )
    known = (
        happened.join(debts.select("key", "on"), on="key").filter(pl.col("day") <= pl.col("on")).drop("on")
    )
    last = pl.col("kind") != "waiver"
    ordered = known.sort("key", "day", "why", ~pl.col("names"), last, "payment", nulls_last=False)
    seen = ordered.join(_outside(found, ordered.select("key", "day").unique()), on=["key", "day"], how="left",
                        maintain_order="left")  # fmt: skip
    rank = pl.int_range(pl.len(), dtype=pl.UInt32).over("key").alias("rank")
    by_rank = seen.with_columns(rank).partition_by("rank", as_dict=True, include_key=False)
    return [by_rank[(index,)] for index in range(len(by_rank))]


def _outside(found: Particulars, days: pl.DataFrame) -> pl.DataFrame:
    """`days` (`key`, `day`) with what was charged elsewhere until then, of accounts that have any."""
    dated = days.join(found.charges, on="key").filter(pl.col("charged_on") <= pl.col("day"))
    return dated.group_by("key", "day").agg(outside=pl.sum("amount_minor"))


def _opened(found: Particulars, debts: pl.DataFrame, instalments: pl.DataFrame) -> pl.DataFrame:
    """Every instalment as contracted, in due order, with the terms of its account."""
    opens = found.statements.select("key", "seq", opens_on="statement_on")
    first = found.happened.filter("accelerates").group_by("key").agg(accelerated_on=pl.min("day"))
    heads = found.heads.drop("hard", "compound_months").join(first, on="key", how="left")
    past = (
        instalments.join(first, on="key")
        .filter(pl.col("due_on") <= pl.col("accelerated_on"))
        .group_by("key")
        .agg(began=pl.max("due_on"))
    )
    running_on = (
        instalments.join(first, on="key")
        .filter(pl.col("due_on") > pl.col("accelerated_on"))
        .group_by("key")
        .agg(running_on=pl.min("due_on"))
    )
    return (
        instalments.join(debts.select("key", "on"), on="key")
        .join(heads, on="key")
        .join(opens, on=["key", "seq"], how="left")
        .join(past, on="key", how="left")
        .join(running_on, on="key", how="left")
        .with_columns(
            grace_until=pl.col("due_on").dt.offset_by(pl.format("{}d", pl.col("grace_days"))),
            contracted_interest="interest_minor",
            contracted_fee="fee_minor",
            penalty_minor=_ZERO,
            pending=_ZERO,
            exact=pl.lit(0, pl.Int128),
            booked=_ZERO,
            joined=_ZERO,
            forgiven=_ZERO,
            allowed=pl.lit(0, pl.Int128),
            beyond=pl.lit(value=False),
            began=pl.coalesce("began", "contract_on"),
            reached="contract_on",
            since="due_on",
            opened=pl.lit(None, pl.Date),
            # Settled instalments still count where all costs, or what had run at an acceleration, are asked for.
            # And a card's debt is more than what its statements ask for.
            kept=pl.col("all_in").is_not_null()
            | pl.col("accelerated_on").is_not_null()
            | pl.col("by_statement"),
        )
        .drop("grace_days", "accelerated_on")
        .sort("key", "due_on", "seq")
    )


def _unsettled(state: pl.DataFrame) -> pl.DataFrame:
    return state.filter((spending.owed() > 0) | pl.col("kept"))


def _take(
    state: pl.DataFrame, step: pl.DataFrame, terms: Terms, table: Sequence[Order]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One thing of each account that it happened to, and what money settled nothing."""
    moved, lefts = [], []
    for (why,), some in step.partition_by("why", as_dict=True).items():
        ran = _ran(state.join(some, on="key", maintain_order="left"), terms)
        if why == RATE:
            after = ran.with_columns(ppm=pl.coalesce("ppm_right", "ppm"))
        elif why == COMPOUND:
            unpaid = pl.col("interest_minor") + pl.col("penalty_minor")
            joins = spending.late() & (unpaid > 0)
            after = ran.with_columns(joined=pl.when(joins).then(unpaid).otherwise("joined"))
        elif why == STATUS:
            after, left = _accelerated(ran, terms, table)
            lefts.append(left)
        else:
            after, left = spending.received(ran, terms, table)
            lefts.append(left)
        moved.append(after.select(state.columns))
    return pl.concat(moved), pl.concat([spending.NO_SURPLUS, *lefts])


def _ran(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """End each instalment's running segment on the evening of `day`, and let the ceiling of all costs grow."""
    if state["all_in"].null_count() < state.height:
        state = state.with_columns(_ceiling_grown())
    ends = (pl.col("day") > pl.col("since")) & (spending.owed() > 0)
    room = money.MAX_MINOR - pl.col("principal_minor")
    joined = pl.min_horizontal("joined", room)
    days = daycount.days(pl.col("since"), pl.col("day"), pl.col("basis"))
    rate = pl.min_horizontal("ppm", "cap_ppm")
    grown = interest.product(pl.col("principal_minor") + joined, rate, pl.when(ends).then(days).otherwise(0))
    exact = pl.when("on_total").then(pl.col("exact") + grown).otherwise("exact")
    state = state.with_columns(
        ends=ends, grown=grown, exact=exact, beyond=pl.col("beyond") | (ends & (joined < pl.col("joined")))
    )
    # An expression is reckoned for every row, so the two ways of rounding share one division.
    numerator = pl.when("on_total").then("exact").otherwise("grown")
    rounded = interest.divided(numerator, pl.col("denominator").cast(pl.Int128), terms.rounding).cast(
        pl.Int64
    )
    minor = pl.when("on_total").then(rounded - pl.col("booked")).otherwise(rounded)
    state = state.with_columns(booking=pl.when("ends").then(minor).otherwise(0))
    counts = pl.col("ends") & spending.late()
    whole = pl.col("pending") + pl.col("booking")
    return state.with_columns(
        booked=pl.col("booked") + pl.col("booking"),
        penalty_minor=pl.when(counts).then(pl.col("penalty_minor") + whole).otherwise("penalty_minor"),
        pending=pl.when(counts).then(0).otherwise(whole),
        since=pl.when("ends").then("day").otherwise("since"),
    ).drop("ends", "grown", "booking")


def _ceiling_grown() -> list[pl.Expr]:
    later = (pl.col("day") > pl.col("reached")) & pl.col("all_in").is_not_null()
    days = daycount.days(pl.col("reached"), pl.col("day"), pl.col("basis"))
    outstanding = running.whole(pl.col("principal_minor"))
    more = interest.product(outstanding, pl.col("all_in"), days)
    return [
        pl.when(later).then(pl.col("allowed") + more).otherwise("allowed").alias("allowed"),
        pl.when(later).then("day").otherwise("reached").alias("reached"),
    ]


def _accelerated(
    ran: pl.DataFrame, terms: Terms, table: Sequence[Order]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Statuses: a first acceleration makes all principal fall due, with what interest the running period has earned."""
    others, falls = ran.filter(~pl.col("accelerates")), ran.filter("accelerates")
    if falls.is_empty():
        return others, spending.NO_SURPLUS
    coming = pl.col("due_on") > pl.col("day")
    is_running = pl.col("due_on") == pl.col("running_on")
    days = pl.when(pl.col("day") > pl.col("began")).then(
        daycount.days(pl.col("began"), pl.col("day"), pl.col("basis"))
    )
    of_days = daycount.days(pl.col("began"), pl.col("running_on"), pl.col("basis")).fill_null(0)
    share = interest.product(
        pl.col("contracted_interest"), pl.lit(1, pl.Int64), pl.when(is_running).then(days).fill_null(0)
    )
    part = interest.divided(
        share, pl.max_horizontal(of_days, pl.lit(1, pl.Int64)).cast(pl.Int128), Rounding.HALF_UP
    ).cast(pl.Int64)
    earned = {
        "interest": pl.when(of_days > 0).then(part).otherwise(0),
        "fee": pl.when(is_running).then("contracted_fee").otherwise(0),
    }
    fallen = falls.with_columns(coming=coming, **{f"earned_{one}": amount for one, amount in earned.items()})
    freed = _ZERO
    changed: list[pl.Expr] = []
    for one in earned:
        paid, due = pl.col(f"contracted_{one}") - pl.col(f"{one}_minor"), pl.col(f"earned_{one}")
        freed += pl.when("coming").then((paid - due).clip(0)).otherwise(0)
        rest = pl.when("coming").then((due - paid).clip(0)).otherwise(f"{one}_minor")
        whole = pl.when("coming").then(due).otherwise(f"contracted_{one}")
        changed += [rest.alias(f"{one}_minor"), whole.alias(f"contracted_{one}")]
    now = [
        pl.when("coming").then("day").otherwise(one).alias(one) for one in ("due_on", "grace_until", "since")
    ]
    fallen = fallen.with_columns(freed=running.whole(freed)).with_columns(*changed, *now)
    fallen = fallen.sort("key", "due_on", "seq")
    set_free = fallen.filter(pl.col("freed") > 0).with_columns(
        minor="freed", kind=pl.lit("payment"), names=pl.lit(value=False)
    )
    spent, left = spending.received(set_free, terms, table)
    columns = ran.columns
    quiet = fallen.filter(pl.col("freed") == 0)
    return pl.concat([others, quiet.select(columns), spent.select(columns)]), left


def _settled(closed: pl.DataFrame, found: Particulars, debts: pl.DataFrame, surplus: pl.DataFrame) -> Settled:
    """What is left on each debt's day, less what is barred of it."""
    amounts = [(pl.col(part) - pl.col(f"barred_{part}")).alias(part) for part in PARTS]
    told = pl.col("opens_on").is_null() | (pl.col("opens_on") <= pl.col("day"))
    left = closed.filter(told & (spending.claimable() > 0)).with_columns(amounts)
    late = spending.late()
    contracted = [part for part in PARTS if part != "penalty_minor"]
    apart = closed.group_by("key").agg(
        barred_minor=pl.sum_horizontal(f"barred_{part}" for part in PARTS).sum(),
        beyond=pl.col("beyond").any(),
    )
    said = (
        debts.select("key")
        .join(found.heads.select("key", "missing"), on="key")
        .join(apart, on="key", how="left")
        .join(_rest(found, debts, surplus), on="key", how="left")
    )
    over = pl.when(pl.col("beyond").fill_null(value=False)).then(pl.lit("beyond_bounds"))
    said = said.with_columns(
        pl.col("rest_minor", "barred_minor").fill_null(0), lacks=pl.coalesce("missing", over)
    )
    return Settled(
        overdue=left.filter(late).select("key", "seq", "due_on", *PARTS, episode_on="opened"),
        coming=left.filter(~late).select("key", "seq", "due_on", *contracted),
        apart=said.select(pl.col(name).cast(kind) for name, kind in APART.items()),
    )


def _rest(found: Particulars, debts: pl.DataFrame, surplus: pl.DataFrame) -> pl.DataFrame:
    """What a card's latest statement shows beyond what is asked for, less what came in since."""
    known = found.statements.join(debts.select("key", "on"), on="key").filter(
        pl.col("statement_on") <= pl.col("on")
    )
    last = known.sort("key", "statement_on").group_by("key").agg(pl.all().last())
    since = surplus.join(last.select("key", "statement_on"), on="key").filter(
        pl.col("day") > pl.col("statement_on")
    )
    came = since.group_by("key").agg(came=pl.sum("left"))
    beyond = pl.col("balance_minor") - pl.col("minimum_minor") - pl.col("came").fill_null(0)
    return last.join(came, on="key", how="left").select("key", rest_minor=beyond.clip(0))
