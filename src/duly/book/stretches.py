"""The debts that ever were late, from the due date on which they first stood unpaid: money, one receipt after another.

A stretch begins on a due date on whose evening something stands unpaid, and ends with the receipt that settles all
that fell due before its day. Only within one the order of receipts matters, because each of them closes the running
segments of overdue interest; between two of them sums are enough, and nearly every stretch ends with its first receipt.
So the loop is over the receipts of stretches, of all debts at once, and soon of very few.
Refuses to look at debts that were never late, and at what is yet to fall due.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from duly.book import interest, ledger, running, runs
from duly.book.ledger import PARTS, Ledger, Terms

# Short queries are not worth the time that making them better takes.
_AS_WRITTEN = pl.QueryOptFlags.none()
_DEBT = ("key", "paid", "paid_end", "due", "due_end", "worn", "opened")
_LINE = ("row", "key", "seq", "due_on", *PARTS, "since", "overdue_ppm", "year_days")
_NONE = pl.lit(0, pl.Int64)


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What came of the late debts.

    `left` is what the last money left of what fell due before each debt's day: `key`, `seq`, `due_on`, the four
    `PARTS`, `since` (until when interest was reckoned), `opened` (the episode's first day), and what `debts` has.
    `worn` has `key` and `worn_minor`, what overdue interest took of the money of a debt of which nothing is left.
    """

    left: pl.DataFrame
    worn: pl.DataFrame


def walk(known: Ledger, terms: Terms) -> Walked:
    """Go through all stretches."""
    paths, receipt = _Paths.of(known), _Receipt.of(terms)
    debts, lines, clean = paths.begin(paths.starts)
    through, parked, parked_lines = [clean], [debts.clear()], [lines.clear()]
    while debts.height:
        waits = debts["paid"] < debts["paid_end"]
        goes = waits.gather(_debt_of(lines))
        parked.append(debts.filter(~waits))
        parked_lines.append(lines.filter(~goes))
        debts, lines = debts.filter(waits), lines.filter(goes)
        if debts.height:
            debts, lines, over = paths.receive(debts, lines, receipt)
            # Nothing is due any more: sums are enough until something stands unpaid again.
            begun, first, clean = paths.begin(over)
            through.append(clean)
            debts, lines = pl.concat([debts, begun]).sort("key"), pl.concat([lines, first]).sort("row")
    ended = pl.concat(parked)
    left = pl.concat([*parked_lines, paths.fallen(ended, ended["due_end"])]).sort("row")
    days = known.debts
    return Walked(
        left=left.select(pl.exclude("row")).with_columns(
            _beside(left, ended["key"], ended["opened"]), _beside(left, days["key"], days["on"])
        ),
        worn=pl.concat(through),
    )


def _debt_of(lines: pl.DataFrame) -> pl.Series:
    """For each line the place of its debt among the debts that have any."""
    return lines.select(running.is_first().cum_sum() - 1).to_series()


@dataclass(frozen=True, kw_only=True)
class _Paths:
    """What fell due of the late debts from the first late day on, and what came after it; `starts` has `_DEBT`."""

    starts: pl.DataFrame
    dues: pl.DataFrame
    received: pl.DataFrame

    @classmethod
    def of(cls, known: Ledger) -> _Paths:
        """The paths of all late debts."""
        first, late = known.late["late_on"], known.late["key"]
        dues, came = known.past, known.received
        dues = dues.filter(dues["due_on"] >= _beside(dues, late, first))
        received = came.filter(came["paid_on"] > _beside(came, late, first))
        of_debts = [
            _beside(dues, known.debts["key"], known.debts[name]) for name in ("overdue_ppm", "year_days")
        ]
        dues = dues.with_columns(ledger.place("due_on").alias("place"), *of_debts).with_row_index("row")
        received = received.with_columns(ledger.place("paid_on").alias("place"))
        due_end, paid_end = (frame["key"].search_sorted(late, side="right") for frame in (dues, received))
        starts = known.late.select(
            "key",
            paid=pl.lit(0, pl.UInt32),
            paid_end=paid_end,
            due=due_end.shift(1, fill_value=0),
            due_end=due_end,
            worn=_NONE,
            opened=pl.lit(None, pl.Date),
        )
        return cls(starts=starts, dues=dues, received=received)

    def begin(self, debts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """The debts that stand unpaid again on some due date from `due` on, with the first line of each.

        And `worn` of the others: they never do.
        """
        rows = runs.rows(debts.select("key", "worn", first="due", end="due_end"))
        level = self.dues["level"].gather(rows["row"]) + rows["worn"]
        stood = rows.with_columns(level.alias("unpaid")).filter(level > 0).filter(running.is_first())
        at = self.dues[stood["row"]]
        # What was paid beyond the interest settles a part of the first line; nothing reached those behind it.
        lines = at.with_columns(unpaid=pl.min_horizontal(stood["unpaid"], "whole")).with_columns(
            ledger.left()
        )
        paid = self.received["place"].search_sorted(at["place"], side="right")
        begun = stood.select("key", paid=paid, due=pl.col("row") + 1).join(
            debts.drop("paid", "due"), on="key", maintain_order="left"
        )
        clean = debts.join(stood, on="key", how="anti").select("key", worn_minor="worn")
        return begun.select(_DEBT), _entered(lines), clean

    def fallen(self, debts: pl.DataFrame, until: pl.Series) -> pl.DataFrame:
        """The lines, as contracted, that fell due in a stretch: from `due` on, before the place `until`."""
        rows = runs.rows(debts.select("key", first="due", end=until))
        return _entered(self.dues[rows["row"]].filter(pl.col("whole") > 0))

    def receive(
        self, debts: pl.DataFrame, lines: pl.DataFrame, receipt: _Receipt
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """One receipt of each debt: the debts and lines that stay unpaid, and the debts that do not."""
        paid = self.received[debts["paid"]]
        until = self.dues["place"].search_sorted(paid["place"], side="left")
        lines = pl.concat([lines, self.fallen(debts, until)]).sort("row")
        of = _debt_of(lines)
        told = (paid["paid_on"].alias("day"), paid["amount_minor"].alias("money"), debts["opened"])
        moved = receipt.settle(lines.with_columns(one.gather(of) for one in told))
        after = debts.hstack(receipt.add_up(moved)).with_columns(
            receipt.opened, due=until, paid=pl.col("paid") + 1, worn=pl.col("worn") + pl.col("bore")
        )
        unpaid = after["left"] > 0
        after = after.select(_DEBT)
        return after.filter(unpaid), moved.filter(pl.col("left") > 0).select(_LINE), after.filter(~unpaid)


@dataclass(frozen=True, kw_only=True)
class _Receipt:
    """What one receipt does to the lines of a debt, as expressions that are made once for all of them."""

    accrue: pl.Expr
    place: tuple[pl.Expr, ...]
    spend: tuple[pl.Expr, ...]
    sums: tuple[pl.Expr, ...]
    opened: pl.Expr

    @classmethod
    def of(cls, terms: Terms) -> _Receipt:
        """By these terms."""
        owed, late = pl.col("owed"), is_late(terms)
        agreed = pl.when(late).then(ledger.contracted()).otherwise(0)
        opened = pl.coalesce("opened", "begun")
        return cls(
            accrue=accrued(terms),
            place=(
                # Oldest first: what of the money the lines before it leave.
                (pl.col("money") - running.up_to(owed) + owed).clip(0, owed).alias("take"),
                ((running.up_to(agreed) > terms.cure_minor) & (agreed > 0)).alias("passed"),
            ),
            spend=(*_paid_down(), (owed - pl.col("take")).alias("left")),
            sums=(
                pl.sum("left"),
                (pl.sum("grown") - pl.sum("penalty_minor")).alias("bore"),
                pl.when("passed").then("due_on").min().alias("begun"),
                pl.when(late).then("left").sum().alias("late_left"),
            ),
            opened=pl.when(pl.col("late_left") > terms.cure_minor).then(opened).alias("opened"),
        )

    def settle(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Close the running segments on `day`, see whether an episode opens, and spend `money`."""
        grown = lines.lazy().with_columns(self.accrue, since="day")
        owing = grown.with_columns(grown="penalty_minor", owed=ledger.contracted() + pl.col("penalty_minor"))
        spent = owing.with_columns(self.place).with_columns(self.spend)
        return spent.collect(optimizations=_AS_WRITTEN)

    def add_up(self, moved: pl.DataFrame) -> pl.DataFrame:
        """By debt: what is `left`, what overdue interest `bore` off, and what says whether there is an episode."""
        sums = moved.lazy().group_by("key", maintain_order=True).agg(self.sums)
        return sums.collect(optimizations=_AS_WRITTEN).drop("key")


def is_late(terms: Terms) -> pl.Expr:
    """Whether what is unpaid of a line counts for an episode on the evening of `day`."""
    return (pl.col("day") - pl.col("due_on")).dt.total_days() > terms.cure_days


def accrued(terms: Terms, day: str = "day") -> pl.Expr:
    """`penalty_minor` when the running segment is closed on the evening of `day`, which is no earlier than `since`."""
    days = (pl.col(day) - pl.col("since")).dt.total_days()
    grown = interest.accrued(
        pl.col("principal_minor"), pl.col("overdue_ppm"), days, pl.col("year_days"), terms.rounding
    )
    return (pl.col("penalty_minor") + grown).alias("penalty_minor")


def _paid_down() -> list[pl.Expr]:
    """Spend `take` on fees, interest, overdue interest, principal."""
    before, left = _NONE, []
    for part in PARTS:
        left.append(pl.col(part) - (pl.col("take") - before).clip(0, pl.col(part)))
        before = before + pl.col(part)
    return left


def _entered(dues: pl.DataFrame) -> pl.DataFrame:
    """Dues as lines: no interest has run on them yet."""
    return dues.with_columns(penalty_minor=_NONE, since="due_on").select(_LINE)


def _beside(rows: pl.DataFrame, keys: pl.Series, values: pl.Series) -> pl.Series:
    return ledger.beside(rows["key"], keys, values)
