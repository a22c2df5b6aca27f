"""How little, or how recent, an overdue amount counts as cured, where a product has a tolerance of its own.

Each product is reckoned by its own terms and put back in its place; a lender with one tolerance for all pays nothing
for it. Refuses to choose by anything but the product: which episode an account is in must not change with a strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from duly.book import arrears
from duly.book.columns import Book
from duly.book.orders import TABLE, Order
from duly.model.money import Rounding

_OWNER = ("person", "account")


@dataclass(frozen=True, kw_only=True)
class Cure:
    """An overdue amount of `minor` or less, and what is `days` past due or less, opens no episode and ends one."""

    minor: int = 0
    days: int = 0


@dataclass(frozen=True, kw_only=True)
class Cures:
    """The tolerance of all products, and of those that have one of their own."""

    general: Cure = Cure()
    own: Mapping[str, Cure] = field(default_factory=dict)

    def of(self, product: str) -> Cure:
        """The tolerance of a product."""
        return self.own.get(product, self.general)

    def parts(self, book: Book) -> list[tuple[Book, Cure]]:
        """The book by tolerance: itself where there is only one."""
        if not self.own:
            return [(book, self.general)]
        products = book.accounts["product"].unique().sort().to_list()
        alike: dict[Cure, list[str]] = {}
        for product in products:
            alike.setdefault(self.of(product), []).append(product)
        if len(alike) < 2:
            return [(book, next(iter(alike), self.general))]
        return [(_of_products(book, names), cure) for cure, names in alike.items()]


def standing(
    book: Book,
    on: date,
    cures: Cures,
    *,
    tolerance_minor: int = 0,
    tolerances_minor: Mapping[str, int] | None = None,
    rounding: Rounding = Rounding.HALF_UP,
    orders: Sequence[Order] = TABLE,
) -> pl.DataFrame:
    """`arrears.standing`, each account by the tolerance of its product."""
    found = [
        arrears.standing(
            part,
            on,
            cure_minor=cure.minor,
            cure_days=cure.days,
            tolerance_minor=tolerance_minor,
            tolerances_minor=tolerances_minor,
            rounding=rounding,
            orders=orders,
        )
        for part, cure in cures.parts(book)
    ]
    if len(found) == 1:
        return found[0]
    order = book.accounts.select(_OWNER)
    return order.join(pl.concat(found), on=_OWNER, how="left", maintain_order="left")


def _of_products(book: Book, products: Sequence[str]) -> Book:
    """The accounts of these products with all that is said of them."""
    accounts = book.accounts.filter(pl.col("product").is_in(list(products)))
    mine = accounts.select(_OWNER)
    rest = {
        name: frame.join(mine, on=_OWNER, how="semi", maintain_order="left")
        for name, frame in book.frames().items()
        if name not in {"accounts", "contacts", "holds"}
    }
    return Book(accounts=accounts, contacts=book.contacts.clear(), holds=book.holds.clear(), **rest)
