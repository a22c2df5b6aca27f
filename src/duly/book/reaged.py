"""Days past due as the lender counts them since it re-aged an account, beside those of the contract.

A lender that restructures, defers or extends a debt may begin to count anew: of the due dates it considers only those
from a day on. Nothing that is owed changes by it. The count serves the lender's own treatment of the debtor and
nothing else: no episode, no clock of limitation or guarantee and no credit record follows from it, which is why it is
a frame of its own and no column of ARREARS.
Refuses to count more days than the contract does.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from duly.book import arrears
from duly.book.columns import Book, Schema
from duly.model.money import Rounding

REAGED: Schema = {"person": pl.String(), "account": pl.String(), "reaged_dpd": pl.Int32()}
_OWNER = ("person", "account")


def days(book: Book, on: date, *, rounding: Rounding = Rounding.HALF_UP) -> pl.DataFrame:
    """REAGED of the accounts that were re-aged by `on`: negative before the next due date, null if nothing is left.

    The last re-ageing counts.
    """
    last = (
        book.reages.filter(pl.col("reaged_on") <= on)
        .group_by(_OWNER)
        .agg(pl.col("counts_from").sort_by("reaged_on").last())
    )
    if last.is_empty():
        return pl.DataFrame(schema=dict(REAGED))
    theirs = Book(
        **{
            name: frame.join(last, on=list(_OWNER), how="semi", maintain_order="left")
            if set(_OWNER) <= set(frame.columns) and name != "holds"
            else frame.clear()
            for name, frame in book.frames().items()
        }
    )
    unpaid = arrears.unpaid(theirs, on, rounding=rounding).join(last, on=list(_OWNER))
    oldest = (
        unpaid.filter(pl.col("due_on") >= pl.col("counts_from")).group_by(_OWNER).agg(pl.col("due_on").min())
    )
    return (
        last.join(oldest, on=list(_OWNER), how="left")
        .select(*_OWNER, reaged_dpd=(pl.lit(on) - pl.col("due_on")).dt.total_days().cast(pl.Int32))
        .sort(_OWNER)
    )
