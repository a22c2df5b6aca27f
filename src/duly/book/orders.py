"""In which order money settles what is owed: a dated table by product, days past due, and clause of the contract.

The order of the law stands here because it is the one without any agreement; a contract's own order stands beside
it because the law gives way to it (Civil Code art. 561: 「除当事人另有约定外」). `by_part` says how several overdue
instalments are gone through: each whole, the oldest first (art. 560: what fell due first), or one part of all of them
before the next part of any.
Refuses to choose where nothing fits: every product on every day has the order of the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.model import money

PARTS = ("fee", "interest", "penalty", "principal")


@dataclass(frozen=True, kw_only=True)
class Order:
    """One row: `rule` and `since` name its version; null in `clause` or `product` means any account without another."""

    rule: str
    since: date
    parts: tuple[str, ...]
    cite: str
    by_part: bool = False
    clause: str | None = None
    product: str | None = None
    from_dpd: int = 0

    def __post_init__(self) -> None:
        if sorted(self.parts) != sorted(PARTS):
            raise ValueError(f"{self.rule}: an order names each part once: {', '.join(PARTS)}")
        if not 0 <= self.from_dpd <= money.MAX_DAYS:
            raise ValueError(f"{self.rule}: days past due of {self.from_dpd}")


_PRINCIPAL_FIRST = ("principal", "fee", "interest", "penalty")

TABLE: tuple[Order, ...] = (
    Order(
        rule="usual-order",
        since=date(1, 1, 1),
        parts=PARTS,
        cite="as the Civil Code art. 561 has had it since; before 2021 by the usage of contracts",
    ),
    Order(rule="cn-cont-04", since=date(2021, 1, 1), parts=PARTS, cite="民法典 art. 561"),
    Order(
        rule="contract-principal-first",
        since=date(1, 1, 1),
        parts=_PRINCIPAL_FIRST,
        by_part=True,
        clause="principal_first",
        cite="the contract; 民法典 art. 561 gives way to what was agreed",
    ),
    Order(
        rule="contract-principal-first-from-91",
        since=date(1, 1, 1),
        parts=_PRINCIPAL_FIRST,
        by_part=True,
        clause="principal_first_from_91",
        from_dpd=91,
        cite="the contract; 民法典 art. 561 gives way to what was agreed",
    ),
)


def chosen(table: Sequence[Order], *, clause: str | None, product: str, dpd: int, day: date) -> Order:
    """The row that counts: the contract's clause before none, the product before any, the most days, the latest."""
    fits = [
        order
        for order in table
        if order.clause in (None, clause)
        and order.product in (None, product)
        and order.from_dpd <= dpd
        and order.since <= day
    ]
    return max(fits, key=_weight)


def columns(table: Sequence[Order], *, dpd: pl.Expr, day: pl.Expr) -> pl.Expr:
    """`chosen` over columns `clause` and `product`: the place of the row in `table`, Int32."""
    found: pl.Expr = pl.lit(None, pl.Int32)
    for place in sorted(range(len(table)), key=lambda one: _weight(table[one])):
        order = table[place]
        fits = (dpd >= order.from_dpd) & (day >= order.since)
        if order.clause is not None:
            fits &= pl.col("clause").eq_missing(pl.lit(order.clause))
        if order.product is not None:
            fits &= pl.col("product") == order.product
        found = pl.when(fits).then(pl.lit(place, pl.Int32)).otherwise(found)
    return found


def _weight(order: Order) -> tuple[bool, bool, int, date, str]:
    return order.clause is not None, order.product is not None, order.from_dpd, order.since, order.rule
