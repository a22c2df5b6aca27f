"""Of which earlier episode of arrears an account was cured, and on which day.

Reckoned like the episode of today, by the days on which money was paid and by all that is known now: a payment
entered late, a reversal and a day on which nobody looked change nothing but what they say.
An episode ends on the day of a payment and on no other, so it is enough to ask on the evening before each of them.
Refuses to look at accounts that are in no episode now, and at anything that nobody asked how far back to look for.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from duly.book import arrears, columns, receipts
from duly.book.columns import Book
from duly.book.ledger import Terms

_OWNER = ("person", "account")
_OF_PERSONS = ("contacts", "holds")


def before(
    book: Book, standing: pl.DataFrame, on: date, *, terms: Terms, today: int, begun: int
) -> pl.DataFrame:
    """`account`, `earlier_on`, `cured_on`: the last episode before the one that an account is in.

    `standing` is ARREARS on `on`. Looked for are cures of the last `today` days and those of the `begun` days before
    the episode of today began.
    """
    in_one = standing.filter(pl.col("episode_on").is_not_null()).unique(
        "account", keep="first", maintain_order=True
    )
    since = pl.min_horizontal(
        pl.lit(on) - timedelta(days=max(today, 0)), pl.col("episode_on") - timedelta(days=max(begun, 0))
    )
    # When it was cured of an earlier one, what the episode of today began with was not late yet, or not for long.
    grace = book.accounts.select(*_OWNER, grace=pl.col("grace_days").fill_null(0) + terms.cure_days)
    until = pl.col("episode_on") + pl.duration(days="grace")
    spans = in_one.join(grace, on=_OWNER).select(*_OWNER, "episode_on", since=since, until=until)
    asked = (
        book.payments.filter((pl.col("kind") != "reversal") & (pl.col("paid_on") <= on))
        .join(spans, on=_OWNER)
        .filter(pl.col("paid_on").is_between("since", "until"))
        .select(*_OWNER, "episode_on", "paid_on")
        .unique()
        .sort(*_OWNER, "paid_on")
        .with_row_index("number")
        .with_columns(evening=pl.format("{}#{}", "account", "number"))
    )
    evenings = asked.select("person", account="evening", on=pl.col("paid_on") - timedelta(days=1))
    known = arrears.episodes(_at_evenings(book, asked, on), evenings, terms)
    found = asked.join(
        known.select("person", evening="account", earlier_on="episode_on"), on=["person", "evening"]
    )
    return (
        found.filter(pl.col("earlier_on") != pl.col("episode_on"))
        .group_by("account")
        .agg(pl.col("earlier_on", "paid_on").sort_by("paid_on").last())
        .select("account", "earlier_on", cured_on="paid_on")
        .sort("account")
    )


def _at_evenings(book: Book, asked: pl.DataFrame, on: date) -> Book:
    """The book with each account once for every evening that is asked for, under a name of its own."""
    mine = asked.select(*_OWNER, "evening")
    # A reversal of a later day undoes all the same: what is asked for is what was so, and not what was known then.
    owners = asked.select(_OWNER).unique(maintain_order=True).with_row_index("key")
    paid = book.payments.join(owners, on=_OWNER).filter(pl.col("paid_on") <= on)
    frames = book.frames() | {"payments": receipts.stayed(paid).select(book.payments.columns)}
    copies = {
        name: frame.join(mine, on=_OWNER).with_columns(account="evening").select(frame.columns)
        if name not in _OF_PERSONS
        else frame.clear()
        for name, frame in frames.items()
    }
    return columns.arrange(Book(**copies))
