"""What each payment settled: money meets instalments, oldest first.

The rules, in the order in which they apply (the first two are those of `receipts`):

3. A receipt settles instalments in the order of their due dates; within one instalment fees, then interest,
   then overdue interest, then principal.
   Civil Code art. 561: 「(一)实现债权的有关费用；(二)利息；(三)主债务」.
   What is left over is kept for the instalments that follow.
4. Overdue interest runs on the unpaid principal from the day after the due date. Each receipt closes the
   running segment of every overdue instalment, and each segment is rounded once.

Only debts that ever were late need their receipts one after another (`stretches`); for all others, and for everything
that is yet to fall due, sums are enough. Refuses to know people, holds or the lender's figures: it works on numbered
debts (`key`) for one day each (`on`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import polars as pl

from duly.book import ledger, running, stretches
from duly.book.ledger import CONTRACTED, PARTS, Ledger, Terms

APART: dict[str, pl.DataType] = {
    "key": pl.UInt32(),
    "rest_minor": pl.Int64(),
    "barred_minor": pl.Int64(),
    "lacks": pl.String(),
}
_LINE = ("key", "seq", "due_on")
_ORDER = ("key", "due_on", "seq")
_ALL = 2**60  # more than ever comes in for a debt: one that is still late has paid nothing ahead


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What is unpaid on each debt's day, one row an instalment, nothing of those that are settled.

    The rows of a debt stand together, in due order. `overdue` has `key`, `seq`, `due_on`, the four `PARTS` and
    `episode_on`: the due date from which the debt has been overdue beyond the terms without a break, null where it is
    not. `coming` has `key`, `seq`, `due_on` and the contracted parts. `apart` has `key`, `rest_minor` (owed, and in no
    instalment), `barred_minor` and `lacks`, of the debts of which there is anything to say.
    """

    overdue: pl.DataFrame
    coming: pl.DataFrame
    apart: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=APART))

    def and_of(self, other: Settled) -> Settled:
        """Both; no debt is in the two."""
        both = {f.name: pl.concat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        return Settled(**both)


def settle(known: Ledger, terms: Terms, earlier: pl.DataFrame | None = None) -> Settled:
    """What is unpaid of each debt on its day.

    `earlier` has `key`, `day` (before the debt's own, and nothing came in since), `other` (the number under which
    that day is answered) and `whole` (whether what was yet to fall due is answered too).
    """
    walked = stretches.walk(known, terms)
    closed = _opened(walked.left.with_columns(stretches.accrued(terms, "on"), day="on"), terms)
    found = Settled(overdue=closed.select(*_LINE, *PARTS, episode_on="opened"), coming=_coming(known, walked))
    return found if earlier is None else found.and_of(_earlier(walked.left, found.coming, earlier, terms))


def _earlier(left: pl.DataFrame, coming: pl.DataFrame, earlier: pl.DataFrame, terms: Terms) -> Settled:
    """The same debts on a day since which nothing came in: as they were left, less what fell due and grew since."""
    then = left.join(earlier, on="key", maintain_order="left").with_columns(key="other")
    fallen = pl.col("due_on") < pl.col("day")
    lines = (*_LINE, *CONTRACTED)
    whole = coming.join(earlier.filter("whole"), on="key", maintain_order="left").with_columns(key="other")
    grown = then.filter(fallen).with_columns(stretches.accrued(terms))
    return Settled(
        overdue=grown.select(*_LINE, *PARTS, episode_on=pl.lit(None, pl.Date)),
        coming=pl.concat([then.filter(~fallen).select(lines), whole.select(lines)]).sort(_ORDER),
    )


def _coming(known: Ledger, walked: stretches.Walked) -> pl.DataFrame:
    """What is yet to fall due, less what was paid beyond everything that did."""
    behind = walked.left.filter(running.is_first()).select("key", worn_minor=pl.lit(_ALL, pl.Int64))
    worn = pl.concat([walked.worn, behind])
    gone = ledger.beside(known.ahead["key"], worn["key"], worn["worn_minor"], default=0)
    ahead = known.ahead.with_columns(pl.col("ahead_minor") - gone).filter(pl.col("ahead_minor") > 0)
    coming = known.coming.select(*_LINE, *CONTRACTED)
    if ahead.height:
        there = ledger.beside(known.coming["key"], ahead["key"], ahead["ahead_minor"], default=0)
        places = (there > 0).arg_true()
        # All that is open up to a line, less what came: no more than the line itself, and no less than nothing.
        whole = ledger.contracted()
        open_minor = (running.up_to(whole) - pl.col("ahead_minor")).clip(0, whole)
        met = known.coming[places].with_columns(there.gather(places)).with_columns(unpaid=open_minor)
        parts = met.select(ledger.left())
        coming = coming.with_columns(coming[part].clone().scatter(places, parts[part]) for part in CONTRACTED)
    return coming.filter(ledger.contracted() > 0)


def _opened(closed: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The lines with the episode's first day: as recorded, else the due date at which the limit was passed.

    By what was agreed alone: overdue interest grows from day to day, and would move the due date with the day on
    which somebody looks.
    """
    agreed = pl.when(stretches.is_late(terms)).then(ledger.contracted()).otherwise(0)
    passed = (running.up_to(agreed) > terms.cure_minor) & (agreed > 0)
    return closed.with_columns(opened=pl.coalesce("opened", running.earliest(pl.when(passed).then("due_on"))))
