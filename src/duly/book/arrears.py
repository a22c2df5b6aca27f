"""How an account stands on a day: what is overdue, since when, what falls due next, and whether we agree.

A pure function of the book and a date: payments that arrive late with an earlier date, reversals and
corrections change the answer as if they had always been known.
Days past due are contractual, counted from the oldest instalment with anything unpaid; nothing re-ages them.
An instalment is overdue from the day after its due date.
Refuses to say what should follow: that is the plan's.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from duly.book import agree, allocation, receipts
from duly.book.allocation import Ledger, Settled, Terms
from duly.book.columns import ARREARS, Book
from duly.model.money import Rounding

_OWNER = ("person", "account")
_AMOUNTS = ("principal_minor", "interest_minor", "fee_minor", "penalty_minor")


def standing(
    book: Book,
    on: date,
    *,
    cure_minor: int = 0,
    cure_days: int = 0,
    tolerance_minor: int = 0,
    rounding: Rounding = Rounding.HALF_UP,
) -> pl.DataFrame:
    """One `ARREARS` row per (person, account) of the book, in the order of its accounts.

    `cure_minor` and `cure_days` say how little or how recent an overdue amount counts as cured,
    `tolerance_minor` by how much we and the lender's ledger may differ. Money is in minor units.
    """
    terms = Terms(cure_minor=cure_minor, cure_days=cure_days, rounding=rounding)
    heads = book.accounts.with_row_index("key")
    instalments, payments = _keyed(book.instalments, heads), _keyed(book.payments, heads)
    today = _known(_debts(heads, pl.lit(on)), instalments, payments)
    then = _at_ledger(heads, on, today.late["key"])
    # Both days of an account are reckoned in one go; the second under a number of its own.
    apart = pl.col("key") + heads.height
    before = _known(
        then.with_columns(apart),
        *(rows.join(then, on="key", how="semi").with_columns(apart) for rows in (instalments, payments)),
    )
    found = allocation.settle(today.and_of(before), terms)
    past = found.overdue.filter(pl.col("key") >= heads.height).with_columns(pl.col("key") - heads.height)
    rows = heads
    for sums in (_overdue_sums(found), _next_sums(found)):
        rows = rows.join(sums, on="key", how="left", maintain_order="left")
    return (
        _compared(_dated(rows, on), past, on)
        .with_columns(agree.difference(pl.col("ours_then_minor")))
        .with_columns(agree.within(tolerance_minor), cured=pl.col("episode_on").is_null())
        .select(pl.col(name).cast(kind) for name, kind in ARREARS.items())
    )


def unpaid(book: Book, on: date, *, rounding: Rounding = Rounding.HALF_UP) -> pl.DataFrame:
    """Each instalment with anything unpaid on `on`, past and to come, in due order.

    Columns: `person`, `account`, `seq`, `due_on`, `fee_minor`, `interest_minor`, `penalty_minor`,
    `principal_minor`. The lines behind the sums of `standing`.
    """
    heads = book.accounts.with_row_index("key")
    terms = Terms(cure_minor=0, cure_days=0, rounding=rounding)
    today = _debts(heads, pl.lit(on))
    known = _known(today, _keyed(book.instalments, heads), _keyed(book.payments, heads))
    found = allocation.settle(known, terms)
    lines = ("key", "seq", "due_on", *allocation.PARTS)
    coming = found.coming.with_columns(penalty_minor=pl.lit(0, pl.Int64))
    rows = pl.concat([found.overdue.select(lines), coming.select(lines)]).sort("key", "due_on", "seq")
    return heads.select("key", *_OWNER).join(rows, on="key", maintain_order="right").drop("key")


def bucket_of(dpd: pl.Expr) -> pl.Expr:
    """`model.account.bucket_of_dpd` over a column; a null, where nothing is due any more, is `current`."""
    number = (dpd - 1) // 30 + 1
    named = pl.concat_str(pl.lit("M"), number.cast(pl.String))
    return (
        pl.when(dpd.fill_null(0) <= 0)
        .then(pl.lit("current"))
        .when(number <= 6)
        .then(named)
        .otherwise(pl.lit("M7+"))
    )


def _keyed(frame: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the number of its (person, account) instead of the two names."""
    # Rows of one account stand together in an arranged book, so each run of them is looked up once, and
    # names are compared with their neighbours instead of being hashed a million times. In a book that is
    # not arranged there are more runs, and the answer is the same.
    person, account = pl.col("person"), pl.col("account")
    begins = person.ne_missing(person.shift()) | account.ne_missing(account.shift())
    runs = frame.with_columns(run=begins.cast(pl.UInt32).cum_sum())
    owners = runs.filter(begins).select("run", *_OWNER).join(heads.select("key", *_OWNER), on=_OWNER)
    return runs.drop(_OWNER).join(owners.select("run", "key"), on="run").drop("run")


def _debts(heads: pl.DataFrame, on: pl.Expr) -> pl.DataFrame:
    return heads.select("key", "overdue_ppm", "year_days", on=on)


def _at_ledger(heads: pl.DataFrame, on: date, late: pl.Series) -> pl.DataFrame:
    """The debts to be computed once more, for the day of the lender's figure.

    A debt that has never been late until `on` had nothing overdue on any day before.
    """
    asked = pl.col("ledger_overdue_minor").is_not_null() & (pl.col("ledger_as_of") != on)
    other = heads.filter(asked)
    matters = pl.col("key").is_in(late.implode()) | (pl.col("ledger_as_of") > on)
    return _debts(other.filter(matters), pl.col("ledger_as_of"))


def _known(debts: pl.DataFrame, instalments: pl.DataFrame, payments: pl.DataFrame) -> Ledger:
    paid = payments.join(debts.select("key", "on"), on="key").filter(pl.col("paid_on") <= pl.col("on"))
    return Ledger.of(debts, instalments, receipts.of(paid.drop("on")))


def _overdue_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the overdue parts, their sum, the oldest unpaid due date and the episode."""
    return found.overdue.group_by("key").agg(
        *(pl.col(part).sum() for part in _AMOUNTS),
        pl.sum_horizontal(*_AMOUNTS).sum().alias("overdue_minor"),
        pl.col("due_on").min().alias("first_unpaid_on"),
        pl.col("episode_on").first(),
    )


def _next_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the next due date and what falls due on it."""
    soonest = found.coming.group_by("key").agg(pl.min("due_on"))
    owed = pl.sum_horizontal("fee_minor", "interest_minor", "principal_minor")
    return (
        found.coming.join(soonest, on=["key", "due_on"], how="semi")
        .group_by("key")
        .agg(pl.first("due_on").alias("next_due_on"), owed.sum().alias("next_due_minor"))
    )


def _dated(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """The rows with days past due and their bucket, and zeros where nothing is unpaid."""
    zeros = [pl.col(name).fill_null(0) for name in (*_AMOUNTS, "overdue_minor", "next_due_minor")]
    late = (pl.lit(on) - pl.col("first_unpaid_on")).dt.total_days()
    early = (pl.lit(on) - pl.col("next_due_on")).dt.total_days()
    dated = rows.with_columns(*zeros, dpd=pl.coalesce(late, early).cast(pl.Int32))
    return dated.with_columns(dpd_bucket=bucket_of(pl.col("dpd")))


def _compared(rows: pl.DataFrame, past: pl.DataFrame, on: date) -> pl.DataFrame:
    """The rows with our own figure for the ledger's day."""
    sums = past.group_by("key").agg(pl.sum_horizontal(*_AMOUNTS).sum().alias("ours_then_minor"))
    same_day = pl.col("ledger_as_of") == on
    return rows.join(sums, on="key", how="left", maintain_order="left").with_columns(
        ours_then_minor=pl.when(same_day)
        .then("overdue_minor")
        .otherwise(pl.col("ours_then_minor").fill_null(0))
    )
