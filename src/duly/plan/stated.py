"""Whose figures a notice states: ours, reckoned for its day, or those of the lender's own ledger.

The ledger speaks of the end of one day. Its figures are stated as of that day, whole or not at all, and only where
nothing happened since that they do not know of: a payment, or an instalment that went overdue. Where they cannot be
stated the account is held and the reason recorded, because a lender who chose the ledger did not choose us.
What is due when, and how late it is, is reckoned by us in either case. Refuses to mix the two in one account.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

import polars as pl

from duly.book import agree
from duly.book.columns import Book
from duly.book.mapping import Figures

_OWNER = ("person", "account")
_AMOUNTS = (*(f"{part}_minor" for part in agree.PARTS), "overdue_minor")


class Unfit(Enum):
    """Why the ledger's figures of an account cannot be stated."""

    SILENT = "ledger_silent"  # it does not give every part and the sum
    LATER = "ledger_later"  # it speaks of a day that is yet to come
    NOTHING = "ledger_nothing"  # by it nothing is overdue
    SUM = "ledger_sum"  # its parts are not its sum
    PAID = "paid_since"  # something was paid, or taken back, since its day
    DUE = "due_since"  # an instalment went overdue since its day


def state(standing: pl.DataFrame, book: Book, on: date, whose: Figures) -> pl.DataFrame:
    """ACCOUNT with ARREARS, its overdue amounts those that may be stated.

    Added are `figures` (mapping.Figures), `stated_on` (as of which day the amounts are) and `unfit` (Unfit: why the
    ledger's cannot be stated though the lender chose them, or what our own lack (`columns.LACKS`); then the amounts are
    ours, and nothing may be said).
    """
    if whose is Figures.OURS:
        return standing.with_columns(figures=pl.lit(Figures.OURS.value), stated_on=pl.lit(on), unfit="lacks")
    late = pl.col("overdue_minor") > 0
    unfit = pl.when(late).then(pl.coalesce("lacks", _unfit(on)))
    seen = _since(standing, book, on).with_columns(unfit=unfit)
    ledger = late & pl.col("unfit").is_null()
    return seen.with_columns(
        *(pl.when(ledger).then(f"ledger_{name}").otherwise(name).alias(name) for name in _AMOUNTS),
        figures=pl.when(ledger).then(pl.lit(Figures.LEDGER.value)).otherwise(pl.lit(Figures.OURS.value)),
        stated_on=pl.when(ledger).then("ledger_as_of").otherwise(pl.lit(on)),
    ).drop("paid_since", "due_since")


def _since(standing: pl.DataFrame, book: Book, on: date) -> pl.DataFrame:
    """The rows with `paid_since` and `due_since`: whether the ledger's day was overtaken."""
    days = standing.select(*_OWNER, "ledger_as_of").drop_nulls("ledger_as_of")
    paid = book.payments.join(days, on=_OWNER).filter(
        (pl.col("paid_on") > pl.col("ledger_as_of")) & (pl.col("paid_on") <= on)
    )
    due = book.instalments.join(days, on=_OWNER).filter(
        (pl.col("due_on") >= pl.col("ledger_as_of")) & (pl.col("due_on") < on)
    )
    for rows, name in ((paid, "paid_since"), (due, "due_since")):
        owners = rows.select(*_OWNER).unique().with_columns(pl.lit(value=True).alias(name))
        standing = standing.join(owners, on=_OWNER, how="left", maintain_order="left")
    return standing


def _unfit(on: date) -> pl.Expr:
    given = [pl.col(f"ledger_{name}") for name in _AMOUNTS]
    silent = pl.any_horizontal(one.is_null() for one in given) | pl.col("ledger_as_of").is_null()
    reasons = (
        (silent, Unfit.SILENT),
        (pl.col("ledger_as_of") > on, Unfit.LATER),
        (pl.col("ledger_overdue_minor") <= 0, Unfit.NOTHING),
        (pl.sum_horizontal(given[:-1]) != given[-1], Unfit.SUM),
        (pl.col("paid_since").is_not_null(), Unfit.PAID),
        (pl.col("due_since").is_not_null(), Unfit.DUE),
    )
    found = pl.lit(None, pl.String)
    for wrong, why in reversed(reasons):
        found = pl.when(wrong).then(pl.lit(why.value)).otherwise(found)
    return found
