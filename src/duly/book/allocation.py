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

from dataclasses import dataclass, field, fields

import polars as pl

from duly.book import interest, running
from duly.model.money import Rounding

PARTS = ("fee_minor", "interest_minor", "penalty_minor", "principal_minor")
APART: dict[str, pl.DataType] = {
    "key": pl.UInt32(),
    "rest_minor": pl.Int64(),
    "barred_minor": pl.Int64(),
    "lacks": pl.String(),
}
# Short queries are not worth the time that making them better takes.
_AS_WRITTEN = pl.QueryOptFlags.none()
_CONTRACTED = ("fee_minor", "interest_minor", "principal_minor")


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
    `due_on` and the contracted parts. `apart` has `key`, `rest_minor` (owed, and in no instalment), `barred_minor`
    and `lacks`, of the debts of which there is anything to say.
    """

    overdue: pl.DataFrame
    coming: pl.DataFrame
    apart: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=APART))

    def and_of(self, other: Settled) -> Settled:
        """Both; no debt is in the two."""
        both = {f.name: pl.concat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        return Settled(**both)


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

    def without(self, debts: pl.DataFrame) -> Ledger:
        """All but these debts."""
        kept = {f.name: getattr(self, f.name).join(debts, on="key", how="anti") for f in fields(self)}
        return Ledger(**kept)


def settle(known: Ledger, terms: Terms, earlier: pl.DataFrame | None = None) -> Settled:
    """What is unpaid of each debt on its day.

    `earlier` has `key`, `day` (before the debt's own, and nothing came in since), `other` (the number under which
    that day is answered) and `whole` (whether what was yet to fall due is answered too).
    """
    left, taken = _one_by_one(known, terms)
    closed = _opened(_accrued(left.with_columns(day="on"), terms), terms)
    punctual = known.past.join(known.late, on="key", how="anti")
    paid = punctual.group_by("key").agg(_contracted().sum().alias("taken"))
    credit = (
        known.received.group_by("key")
        .agg(pl.sum("amount_minor").alias("credit"))
        .join(pl.concat([paid, taken]).group_by("key").agg(pl.sum("taken")), on="key", how="left")
        .select("key", credit=pl.col("credit") - pl.col("taken").fill_null(0))
        .filter(pl.col("credit") > 0)
    )
    found = Settled(
        overdue=closed.select("key", "seq", "due_on", *PARTS, episode_on="opened"),
        coming=_paid_ahead(known.coming, credit),
    )
    return found if earlier is None else found.and_of(_earlier(left, found.coming, earlier, terms))


def _earlier(left: pl.DataFrame, coming: pl.DataFrame, earlier: pl.DataFrame, terms: Terms) -> Settled:
    """The same debts on a day since which nothing came in: as they were left, less what fell due and grew since."""
    then = left.join(earlier, on="key", maintain_order="left").with_columns(key="other")
    fallen = pl.col("due_on") < pl.col("day")
    lines = ("key", "seq", "due_on", *_CONTRACTED)
    whole = coming.join(earlier.filter("whole"), on="key").with_columns(key="other")
    return Settled(
        overdue=_accrued(then.filter(fallen), terms).select(
            "key", "seq", "due_on", *PARTS, episode_on=pl.lit(None, pl.Date)
        ),
        coming=pl.concat([then.filter(~fallen).select(lines), whole.select(lines)]),
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
    level = timeline.sort(place).with_columns(level=running.up_to(pl.col("change")))
    return level.filter(pl.col("due") & (pl.col("level") > 0)).group_by("key").agg(late_on=pl.min("day"))


def _one_by_one(known: Ledger, terms: Terms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the debts that ever were late: what the last money left, and what they took of the money (`taken`)."""
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
        reached = _opened(_accrued(state.join(step, on="key", maintain_order="left"), terms), terms)
        spent = reached.lazy().with_columns(take=_take()).with_columns(_paid_down())
        moved = spent.collect(optimizations=_AS_WRITTEN)
        taken.append(_taken(moved))
        state = _unsettled(_cured(moved, terms))
    finished.append(state)
    return pl.concat(finished).sort("key", "due_on", "seq"), pl.concat(taken)


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


def _accrued(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Close each instalment's running segment on the evening of `day`."""
    days = (pl.col("day") - pl.col("since")).dt.total_days()
    grown = interest.accrued(
        pl.col("principal_minor"), pl.col("overdue_ppm"), days, pl.col("year_days"), terms.rounding
    )
    # Most instalments are not overdue yet, and a product of 128 bits has its price.
    places = state.select((days > 0).arg_true()).to_series()
    booked = state[places].select(pl.col("penalty_minor") + grown).to_series()
    penalty = state["penalty_minor"].clone().scatter(places, booked)
    return state.with_columns(penalty, since=pl.max_horizontal("since", "day"))


def _owed() -> pl.Expr:
    return pl.sum_horizontal(*PARTS)


def _take() -> pl.Expr:
    """What each instalment takes of its debt's `receipt_minor`, oldest first. Rows stand in due order."""
    before = running.up_to(_owed()) - _owed()
    return (pl.col("receipt_minor") - before).clip(0, _owed())


def _taken(state: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([state["key"], state["take"].alias("taken")])


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
    kept = state.lazy().filter(_owed() > 0).drop("take", "receipt_minor", "day", strict=False)
    return kept.collect(optimizations=_AS_WRITTEN)


def _paid_ahead(coming: pl.DataFrame, credit: pl.DataFrame) -> pl.DataFrame:
    """What is yet to fall due, less what was paid beyond everything that did."""
    ahead = coming.join(credit, on="key").sort("key", "due_on", "seq")
    spent_before = running.up_to(_contracted()) - _contracted()
    left = []
    for part in _CONTRACTED:
        left.append(pl.col(part) - (pl.col("credit") - spent_before).clip(0, pl.col(part)))
        spent_before = spent_before + pl.col(part)
    paid = ahead.with_columns(left).drop("credit")
    untouched = coming.join(credit, on="key", how="anti")
    return pl.concat([paid, untouched]).filter(_contracted() > 0).select("key", "seq", "due_on", *_CONTRACTED)


def _late(terms: Terms) -> pl.Expr:
    return (pl.col("day") - pl.col("due_on")).dt.total_days() > terms.cure_days


def _opened(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The rows with the episode's first day: as recorded, else the due date at which the limit was passed.

    By what was agreed alone: overdue interest grows from day to day, and would move the due date with the day on
    which somebody looks.
    """
    # Asked only of what is overdue, which is little.
    if state["opened"].null_count() == 0:
        return state
    late = state.filter(pl.col("opened").is_null() & _late(terms) & (_contracted() > 0))
    passed = late.filter(running.up_to(_contracted()) > terms.cure_minor)
    if passed.is_empty():
        return state
    begun = passed.unique("key", keep="first", maintain_order=True).select("key", begun="due_on")
    told = state.join(begun, on="key", how="left", maintain_order="left")
    return told.with_columns(opened=pl.coalesce("opened", "begun")).drop("begun")


def _cured(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The rows without an episode where what is overdue is within the limit."""
    if state["opened"].null_count() == state.height:
        return state
    late = state.filter(pl.col("opened").is_not_null() & _late(terms))
    still = late.group_by("key").agg(owed=_owed().sum()).filter(pl.col("owed") > terms.cure_minor)["key"]
    return state.with_columns(opened=pl.when(pl.col("key").is_in(still.implode())).then("opened"))
