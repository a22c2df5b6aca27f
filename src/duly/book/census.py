"""What a book comes to: how many of what, how much is overdue, of whom and for how long.

A pure function of a book and how its accounts stand. An account counts once, whoever stands on it, and sums are of
one currency each. Ranges of buckets are counted apart and put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from duly.book.columns import Book

_BY = ("creditor", "product", "currency", "dpd_bucket", "status")
_PPM = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Group:
    """Accounts that have something in common: how many, how many of them overdue, and how much is."""

    by: str
    value: str
    currency: str
    accounts: int
    overdue: int
    overdue_minor: int


@dataclass(frozen=True, kw_only=True)
class Census:
    """`rows` by frame; `groups` by creditor, product, bucket and status, each within its currency."""

    accounts: int
    persons: int
    overdue: int
    overdue_minor: Mapping[str, int]
    rows: Mapping[str, int]
    groups: tuple[Group, ...]

    @property
    def overdue_ppm(self) -> int:
        """The share of the accounts of which anything is overdue, in parts per million."""
        return self.overdue * _PPM // self.accounts if self.accounts else 0


def heads(book: Book, standing: pl.DataFrame) -> pl.DataFrame:
    """One row for each (person, account), as few columns as `count` needs."""
    stands = standing.select("person", "account", "dpd_bucket", "overdue_minor")
    return book.accounts.join(stands, on=["person", "account"], how="left", maintain_order="left").select(
        "person", "account", *_BY, "overdue_minor"
    )


def rows(book: Book) -> dict[str, int]:
    """How many rows each frame has."""
    return {name: frame.height for name, frame in book.frames().items()}


def count(parts: Sequence[tuple[pl.DataFrame, Mapping[str, int]]]) -> Census:
    """The census of ranges of buckets, each as (`heads`, `rows`)."""
    everybody = pl.concat([part for part, _ in parts])
    accounts = everybody.unique("account", keep="first", maintain_order=True)
    late = accounts.filter(pl.col("overdue_minor") > 0)
    sums = late.group_by("currency").agg(pl.col("overdue_minor").sum()).sort("currency")
    names = dict.fromkeys(name for _, counted in parts for name in counted)
    return Census(
        accounts=accounts.height,
        persons=everybody["person"].n_unique(),
        overdue=late.height,
        overdue_minor=dict(sums.iter_rows()),
        rows={name: sum(counted[name] for _, counted in parts) for name in names},
        groups=tuple(group for by in _BY if by != "currency" for group in _groups(accounts, by)),
    )


def _groups(accounts: pl.DataFrame, by: str) -> list[Group]:
    late = pl.col("overdue_minor") > 0
    found = (
        accounts.group_by(pl.col(by).fill_null("").alias("value"), "currency")
        .agg(
            accounts=pl.len(),
            overdue=late.sum(),
            overdue_minor=pl.col("overdue_minor").filter(late).sum(),
        )
        .sort("value", "currency")
    )
    return [Group(by=by, **row) for row in found.iter_rows(named=True)]
