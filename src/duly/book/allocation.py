"""What each payment settled: money meets instalments, oldest first.

The rules, in the order in which they apply (the first two are those of `receipts`):

3. A receipt settles instalments in the order of their due dates; within one instalment fees, then interest,
   then overdue interest, then principal.
   Civil Code art. 561: 「(一)实现债权的有关费用；(二)利息；(三)主债务」.
   What is left over is kept for the instalments that follow.
4. Overdue interest runs on the unpaid principal from the day after the due date. Each receipt closes the
   running segment of every overdue instalment, and each segment is rounded once.

Only debts that ever were late need their receipts one after another; for all others, and for everything that
is yet to fall due, sums are enough. Refuses to know people, holds or ledgers: it works on numbered debts
(`key`) for one day each (`on`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import polars as pl

from duly.book import interest
from duly.model.money import Rounding

PARTS = ("fee_minor", "interest_minor", "penalty_minor", "principal_minor")
_CONTRACTED = ("fee_minor", "interest_minor", "principal_minor")
_NEVER = date(1, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How little (`cure_minor`), or how recent (`cure_days`), an overdue amount opens no episode."""

    cure_minor: int
    cure_days: int
    rounding: Rounding


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What is unpaid on each debt's day, one row an instalment, nothing of those that are settled.

    `overdue` has `key`, `seq`, `due_on`, the four `PARTS` and `episode_on`: the due date from which the debt
    has been overdue beyond the terms without a break, null where it is not. `coming` has `key`, `seq`,
    `due_on` and the contracted parts.
    """

    overdue: pl.DataFrame
    coming: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What is known of some debts, each on its day.

    `debts` has `key`, `on`, `overdue_ppm`, `year_days`; `past` and `coming` instalments have `key`, `seq`, `due_on`
    and the contracted parts; `received` is what `receipts.of` gives; `late` has `key` and `late_on`, the due date on
    whose evening a debt first stood unpaid, of the debts that ever did.
    """

    debts: pl.DataFrame
    past: pl.DataFrame
    coming: pl.DataFrame
    received: pl.DataFrame
    late: pl.DataFrame

    @classmethod
    def of(cls, debts: pl.DataFrame, instalments: pl.DataFrame, received: pl.DataFrame) -> Ledger:
        """Put each debt's instalments and receipts together."""
        dated = instalments.join(debts.select("key", "on"), on="key")
        fell_due = pl.col("due_on") < pl.col("on")
        past, coming = dated.filter(fell_due).drop("on"), dated.filter(~fell_due).drop("on")
        return cls(debts=debts, past=past, coming=coming, received=received, late=_first_late(past, received))

    def and_of(self, other: Ledger) -> Ledger:
        """Both; no debt is in the two."""
        both = {f.name: pl.concat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        return Ledger(**both)


def settle(known: Ledger, terms: Terms) -> Settled:
    """What is unpaid of each debt on its day."""
    state, taken = _one_by_one(known, terms)
    punctual = known.past.join(known.late, on="key", how="anti")
    paid = punctual.group_by("key").agg(_contracted().sum().alias("taken"))
    credit = (
        known.received.group_by("key")
        .agg(pl.sum("amount_minor").alias("credit"))
        .join(pl.concat([paid, taken]).group_by("key").agg(pl.sum("taken")), on="key", how="left")
        .select("key", credit=pl.col("credit") - pl.col("taken").fill_null(0))
        .filter(pl.col("credit") > 0)
    )
    return Settled(
        overdue=state.select("key", "seq", "due_on", *PARTS, "episode_on"),
        coming=_paid_ahead(known.coming, credit),
    )


def _contracted() -> pl.Expr:
    return pl.sum_horizontal(*_CONTRACTED)


def _first_late(past: pl.DataFrame, received: pl.DataFrame) -> pl.DataFrame:
    """`key`, `late_on`: the due date on whose evening a debt first stood unpaid, of the debts that ever did.

    Until then no overdue interest can have run, so everything received settles in one step.
    """
    # One integer sorts faster than three columns; a day's money counts before what falls due on it.
    day = pl.col("day").cast(pl.Int32).cast(pl.Int64)
    place = (pl.col("key").cast(pl.Int64) * 2**32 + day * 2 + pl.col("due")).alias("place")
    timeline = pl.concat(
        [
            received.select("key", day="paid_on", due=pl.lit(False), change=-pl.col("amount_minor")),
            past.select("key", day="due_on", due=pl.lit(True), change=_contracted()),
        ]
    )
    level = timeline.sort(place).with_columns(level=_running(pl.col("change")))
    return level.filter(pl.col("due") & (pl.col("level") > 0)).group_by("key").agg(late_on=pl.min("day"))


def _running(amount: pl.Expr) -> pl.Expr:
    """The running sum within each `key`, of rows that stand together by key.

    The sum over all rows less what it was before the key's first row, in 128 bits, because all debts together
    may be more than 64 bits hold.
    """
    total = amount.cast(pl.Int128).cum_sum()
    before = pl.when(_is_first()).then(total - amount).forward_fill()
    return (total - before).cast(pl.Int64)


def _is_first() -> pl.Expr:
    return pl.col("key").ne_missing(pl.col("key").shift())


def _whole(amount: pl.Expr) -> pl.Expr:
    """The sum of each `key`, in every row of it, of rows that stand together by key."""
    is_last = pl.col("key").ne_missing(pl.col("key").shift(-1))
    return pl.when(is_last).then(_running(amount)).backward_fill()


def _earliest(day: pl.Expr) -> pl.Expr:
    """The first `day` of each `key` that is not null, in every row of it; null where there is none."""
    following, owner = day.backward_fill(), pl.when(day.is_not_null()).then("key").backward_fill()
    own = pl.when(owner == pl.col("key")).then(following).fill_null(_NEVER)
    told = pl.when(_is_first()).then(own).forward_fill()
    return pl.when(told != _NEVER).then(told)


def _one_by_one(known: Ledger, terms: Terms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the debts that ever were late: what is unpaid, and what they took of the money (`taken`)."""
    theirs = known.received.join(known.late, on="key")
    before = pl.col("paid_on") <= pl.col("late_on")
    first = theirs.filter(before).group_by("key").agg(pl.sum("amount_minor").alias("receipt_minor"))
    state = _state(known.debts, known.past, known.late, first)
    taken = [_taken(state)]
    state = _unsettled(state.with_columns(_paid_down()))
    later = (
        theirs.filter(~before).select("key", day="paid_on", receipt_minor="amount_minor").sort("key", "day")
    )
    rank = pl.int_range(pl.len(), dtype=pl.UInt32).over("key").alias("rank")
    steps = later.with_columns(rank).partition_by("rank", as_dict=True, include_key=False)
    finished: list[pl.DataFrame] = []
    for index in range(len(steps)):
        step = steps[(index,)]
        finished.append(state.join(step, on="key", how="anti", maintain_order="left"))
        # One query for each receipt: a book has few rows in the later ones, and each query has its price.
        moved = (
            state.lazy()
            .join(step.lazy(), on="key", maintain_order="left")
            .with_columns(_accrued(terms))
            .with_columns(opened=_opened(terms), take=_take())
            .with_columns(_paid_down())
            .with_columns(opened=pl.when(~_cured(terms)).then("opened"))
            .drop("day")
            .collect()
        )
        taken.append(_taken(moved))
        state = _unsettled(moved)
    finished.append(state)
    final = pl.concat(finished).with_columns(day="on").sort("key", "due_on", "seq").lazy()
    found = final.with_columns(_accrued(terms)).with_columns(episode_on=_opened(terms))
    return found.collect(), pl.concat(taken)


def _state(debts: pl.DataFrame, past: pl.DataFrame, late: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """The instalments in due order, and what each takes of all that came until the debt was first late."""
    return (
        past.join(late.select("key"), on="key", how="semi")
        .sort("key", "due_on", "seq")
        .join(debts, on="key", maintain_order="left")
        .join(first, on="key", how="left", maintain_order="left")
        .with_columns(
            pl.col("receipt_minor").fill_null(0),
            penalty_minor=pl.lit(0, pl.Int64),
            since="due_on",
            opened=pl.lit(None, pl.Date),
        )
        .with_columns(take=_take())
    )


def _accrued(terms: Terms) -> list[pl.Expr]:
    """Close each instalment's running segment on the evening of `day`."""
    days = (pl.col("day") - pl.col("since")).dt.total_days().clip(0)
    grown = interest.accrued(
        pl.col("principal_minor"), pl.col("overdue_ppm"), days, pl.col("year_days"), terms.rounding
    )
    return [pl.col("penalty_minor") + grown, pl.max_horizontal("since", "day").alias("since")]


def _owed() -> pl.Expr:
    return pl.sum_horizontal(*PARTS)


def _take() -> pl.Expr:
    """What each instalment takes of its debt's `receipt_minor`, oldest first. Rows stand in due order."""
    before = _running(_owed()) - _owed()
    return (pl.col("receipt_minor") - before).clip(0, _owed())


def _taken(state: pl.DataFrame) -> pl.DataFrame:
    return state.group_by("key").agg(taken=pl.sum("take"))


def _paid_down() -> list[pl.Expr]:
    """Spend `take` on fees, interest, overdue interest, principal."""
    spent_before = pl.lit(0, pl.Int64)
    left = []
    for part in PARTS:
        amount = pl.col(part)
        left.append(amount - (pl.col("take") - spent_before).clip(0, amount))
        spent_before = spent_before + amount
    return left


def _unsettled(state: pl.DataFrame) -> pl.DataFrame:
    return state.lazy().filter(_owed() > 0).drop("take", "receipt_minor").collect()


def _paid_ahead(coming: pl.DataFrame, credit: pl.DataFrame) -> pl.DataFrame:
    """What is yet to fall due, less what was paid beyond everything that did."""
    ahead = coming.join(credit, on="key").sort("key", "due_on", "seq")
    spent_before = _running(_contracted()) - _contracted()
    left = []
    for part in _CONTRACTED:
        left.append(pl.col(part) - (pl.col("credit") - spent_before).clip(0, pl.col(part)))
        spent_before = spent_before + pl.col(part)
    paid = ahead.with_columns(left).drop("credit")
    untouched = coming.join(credit, on="key", how="anti")
    return pl.concat([paid, untouched]).filter(_contracted() > 0).select("key", "seq", "due_on", *_CONTRACTED)


def _overdue(terms: Terms) -> pl.Expr:
    late = (pl.col("day") - pl.col("due_on")).dt.total_days() > terms.cure_days
    return pl.when(late).then(_owed()).otherwise(0)


def _opened(terms: Terms) -> pl.Expr:
    """The episode's first day: as recorded, else the due date at which the limit was passed."""
    passed = _running(_overdue(terms)) > terms.cure_minor
    return pl.coalesce("opened", _earliest(pl.when(passed & (_overdue(terms) > 0)).then("due_on")))


def _cured(terms: Terms) -> pl.Expr:
    """Whether what is overdue is within the limit."""
    return _whole(_overdue(terms)) <= terms.cure_minor
