"""What is known of some numbered debts, in the order of time: what fell due, what came in, and who ever was late.

Rows stand together by `key`, a debt's instalments by due date and its receipts by day, so that sums within a debt are
running sums and what belongs to a moment is found by its place. Four fifths of a book were never late; for them
the level on each due date says all there is to say, and nothing goes one after another.
Refuses to know people, holds or figures of the lender: it works on numbers, for one day of each debt (`on`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import polars as pl

from duly.book import running
from duly.model.money import Rounding

PARTS = ("fee_minor", "interest_minor", "penalty_minor", "principal_minor")
CONTRACTED = ("fee_minor", "interest_minor", "principal_minor")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How little (`cure_minor`), or how recent (`cure_days`), an overdue amount opens no episode."""

    cure_minor: int
    cure_days: int
    rounding: Rounding


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """`debts` has `key`, `on`, `overdue_ppm`, `year_days`; `received` is what `receipts.of` gives until that day.

    `past` and `coming` are the instalments that fell due before the debt's day, and the others: `key`, `seq`, `due_on`
    and the contracted parts. `past` has `whole`, their sum, and `level`: what the debt owed on the evening of the due
    date, up to this row, if no overdue interest had ever run; it owed nothing where that is not positive. `late` has
    `key` and `late_on`, the due date on whose evening a debt first stood unpaid, of those that ever did. `ahead` has
    `key` and `ahead_minor`: what came in beyond all that fell due, interest again left out.
    All but `debts` are in the order of `place`.
    """

    debts: pl.DataFrame
    past: pl.DataFrame
    coming: pl.DataFrame
    received: pl.DataFrame
    late: pl.DataFrame
    ahead: pl.DataFrame

    @classmethod
    def of(cls, debts: pl.DataFrame, instalments: pl.DataFrame, received: pl.DataFrame) -> Ledger:
        """Put each debt's instalments and receipts together; both are of these debts alone."""
        rows = instalments.with_columns(place("due_on").alias("place"))
        if not increases(rows["place"]):
            rows = rows.sort("key", "due_on", "seq")
        fell = rows["due_on"] < day_of(debts, rows["key"])
        past, coming = rows.filter(fell), rows.drop("place").filter(~fell)
        past = past.with_columns(
            pl.col("place").set_sorted(), whole=contracted(), due=running.up_to(contracted())
        )
        # What came until the evening of each due date: the last receipt whose place is not behind it.
        came = received.select(
            place("paid_on").set_sorted().alias("place"), "key", came=running.up_to(pl.col("amount_minor"))
        )
        met = past.join_asof(came.rename({"key": "payer"}), on="place", check_sortedness=False)
        in_time = pl.when(pl.col("payer") == pl.col("key")).then("came").otherwise(0)
        past = met.select(*coming.columns, "whole", level=pl.col("due") - in_time)
        late = (
            past.lazy().filter(pl.col("level") > 0).select("key", late_on="due_on").filter(running.is_first())
        )
        due, all_came = (frame.filter(running.is_last()) for frame in (met.select("key", "due"), came))
        beyond = all_came["came"] - beside(all_came["key"], due["key"], due["due"], default=0)
        ahead = all_came.select("key", ahead_minor=beyond).filter(pl.col("ahead_minor") > 0)
        return cls(debts=debts, past=past, coming=coming, received=received, late=late.collect(), ahead=ahead)

    def under(self, apart: int) -> Ledger:
        """The same debts under other numbers, `apart` above their own."""
        moved = pl.col("key") + pl.lit(apart, pl.UInt32)
        return Ledger(**{f.name: getattr(self, f.name).with_columns(moved) for f in fields(self)})

    def and_of(self, other: Ledger) -> Ledger:
        """Both; the other's debts have higher numbers."""
        both = {f.name: pl.concat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        return Ledger(**both)

    def without(self, debts: pl.DataFrame) -> Ledger:
        """All but these debts."""
        if debts.is_empty():
            return self
        kept = {
            f.name: getattr(self, f.name).join(debts, on="key", how="anti", maintain_order="left")
            for f in fields(self)
        }
        return Ledger(**kept)


def contracted() -> pl.Expr:
    """All that was agreed for an instalment, or is left of that."""
    return pl.col("fee_minor") + pl.col("interest_minor") + pl.col("principal_minor")


def left() -> list[pl.Expr]:
    """The contracted parts of an instalment of which `unpaid` is left: money takes fees, interest, then principal."""
    unpaid, fee, due = pl.col("unpaid"), pl.col("fee_minor"), pl.col("interest_minor")
    principal = pl.min_horizontal("unpaid", "principal_minor")
    costs = unpaid - principal
    return [
        (costs - pl.min_horizontal(costs, due)).clip(0, fee).alias("fee_minor"),
        pl.min_horizontal(costs, due).alias("interest_minor"),
        principal.alias("principal_minor"),
    ]


def place(day: str) -> pl.Expr:
    """One number for a debt and a day: it compares and sorts like the two."""
    return pl.col("key").cast(pl.Int64) * 2**32 + pl.col(day).cast(pl.Int32)


def increases(places: pl.Series) -> bool:
    """Whether each number is above the one before it."""
    count = len(places)
    return count < 2 or bool((places.slice(1) > places.slice(0, count - 1)).all())


def beside(rows: pl.Series, keys: pl.Series, values: pl.Series, *, default: int | None = None) -> pl.Series:
    """What stands beside each of `rows`, keys again, in `keys` and `values`; `default` where it is not among them.

    Numbers of debts are dense, so what is said of them is looked up by its place, and nothing is hashed.
    """
    size = 1 + max((int(one.max()) for one in (rows, keys) if len(one)), default=0)  # type: ignore[arg-type]
    table = pl.select(pl.repeat(default, size, dtype=values.dtype)).to_series().scatter(keys, values)
    return table.gather(rows).alias(values.name)


def day_of(debts: pl.DataFrame, keys: pl.Series) -> pl.Series:
    """The debt's own day, for each of `keys`; one value where all days are one."""
    days = debts["on"]
    return days.head(1) if days.n_unique() == 1 else beside(keys, debts["key"], days)
