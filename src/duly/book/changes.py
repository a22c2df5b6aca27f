"""What a book says otherwise than the one before it: payments that are gone, other or earlier than was known.

Pure. News is no change: a payment of today, an instalment that is added at the end. What is told here contradicts
what was known on the day of the book before, so whoever was written to on that ground was told something else.
Refuses to weigh a change: an account whose figures stay the same is told all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from duly.book.columns import Book

# What changed, of what, on which day it counts, and the figure before and after, in minor units.
SCHEMA: Mapping[str, pl.DataType] = {
    "account": pl.String(),
    "kind": pl.String(),  # KINDS
    "what": pl.String(),  # a payment, a reversal of it, an instalment's number, a person
    "day": pl.Date(),
    "why": pl.String(),  # why a payment was undone
    "before_minor": pl.Int64(),
    "after_minor": pl.Int64(),
}
KINDS = (
    "payment_back_dated", "payment_gone", "payment_changed", "payment_undone", "reversal_gone",
    "instalment_changed", "instalment_gone", "instalment_back_dated", "party_gone", "account_gone",
)  # fmt: skip
_PAYMENT = ["account", "payment", "kind"]
_INSTALMENT = ["account", "seq"]


def between(before: Book, after: Book, *, known_until: date) -> pl.DataFrame:
    """Every change from `before`, a book of the day `known_until`, to `after`, in the columns of `SCHEMA`."""
    left = before.accounts.select("account").unique()
    here = after.accounts.select("account").unique()
    both = left.join(here, on="account", how="semi")
    found = [
        *_payments(before.payments, after.payments, both, known_until),
        *_instalments(before.instalments, after.instalments, both, known_until),
        _told(left.join(here, on="account", how="anti"), "account_gone"),
        _parties(before, after, both),
    ]
    made = pl.concat([pl.DataFrame(schema=dict(SCHEMA)), *found])
    return made.sort("account", "day", "kind", "what", nulls_last=True)


def _told(rows: pl.DataFrame, kind: str, **columns: str) -> pl.DataFrame:
    """`rows` as changes of a kind; `columns` names the columns of `SCHEMA` that they fill."""
    told = {
        name: pl.col(columns[name]).cast(held) if name in columns else pl.lit(None, held)
        for name, held in SCHEMA.items()
        if name not in {"account", "kind"}
    }
    return rows.select("account", kind=pl.lit(kind), **told)


def _parties(before: Book, after: Book, both: pl.DataFrame) -> pl.DataFrame:
    pairs = before.accounts.select("account", "person").join(both, on="account", how="semi")
    gone = pairs.join(after.accounts, on=["account", "person"], how="anti")
    return _told(gone, "party_gone", what="person")


def _payments(
    before: pl.DataFrame, after: pl.DataFrame, both: pl.DataFrame, known_until: date
) -> list[pl.DataFrame]:
    old, new = (_of_account(rows, both, _PAYMENT) for rows in (before, after))
    fresh, gone = new.join(old, on=_PAYMENT, how="anti"), old.join(new, on=_PAYMENT, how="anti")
    undoes = pl.col("kind") == "reversal"
    # The day of the book before was not over when it was loaded: what was paid on it is news.
    late = ~undoes & (pl.col("paid_on") < known_until)
    same = old.join(new, on=_PAYMENT, suffix="_after")
    other = (pl.col("amount_minor") != pl.col("amount_minor_after")) | (
        pl.col("paid_on") != pl.col("paid_on_after")
    )
    earlier = same.filter(other).with_columns(day=pl.min_horizontal("paid_on", "paid_on_after"))
    places = {"what": "payment", "day": "paid_on"}
    return [
        _told(fresh.filter(late), "payment_back_dated", after_minor="amount_minor", **places),
        _told(fresh.filter(undoes), "payment_undone", after_minor="amount_minor", why="reason", **places),
        _told(gone.filter(~undoes), "payment_gone", before_minor="amount_minor", **places),
        _told(gone.filter(undoes), "reversal_gone", before_minor="amount_minor", **places),
        _told(
            earlier,
            "payment_changed",
            what="payment",
            day="day",
            before_minor="amount_minor",
            after_minor="amount_minor_after",
        ),
    ]


def _instalments(
    before: pl.DataFrame, after: pl.DataFrame, both: pl.DataFrame, known_until: date
) -> list[pl.DataFrame]:
    parts = pl.sum_horizontal("principal_minor", "interest_minor", "fee_minor")
    old, new = (
        _of_account(rows, both, _INSTALMENT).with_columns(due_minor=parts) for rows in (before, after)
    )
    same = old.join(new, on=_INSTALMENT, suffix="_after")
    compared = ("due_on", "principal_minor", "interest_minor", "fee_minor")
    other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_after") for name in compared)
    changed = same.filter(other).with_columns(day=pl.min_horizontal("due_on", "due_on_after"))
    late = new.join(old, on=_INSTALMENT, how="anti").filter(pl.col("due_on") <= known_until)
    gone = old.join(new, on=_INSTALMENT, how="anti")
    return [
        _told(
            changed,
            "instalment_changed",
            what="seq",
            day="day",
            before_minor="due_minor",
            after_minor="due_minor_after",
        ),
        _told(late, "instalment_back_dated", what="seq", day="due_on", after_minor="due_minor"),
        _told(gone, "instalment_gone", what="seq", day="due_on", before_minor="due_minor"),
    ]


def _of_account(rows: pl.DataFrame, both: pl.DataFrame, identity: list[str]) -> pl.DataFrame:
    """Each row once, whoever it is repeated for, of the accounts that both books have."""
    return rows.join(both, on="account", how="semi").unique(identity, keep="first", maintain_order=True)
