"""One account by itself: what was contracted, what it became, what was paid, as plain values.

    facts = contract.of(book, "A1")

This is what `reckoning` walks through; the book in columns holds the same. Refuses an account that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.book.columns import Book
from duly.model.account import Status


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """What falls due on `due_on`, as contracted. Money of `opens_on` and before cannot settle it, if that is set."""

    seq: int
    due_on: date
    principal: int
    interest: int = 0
    fee: int = 0
    opens_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the payments feed (`columns.PAYMENT`)."""

    payment: str
    paid_on: date
    amount: int
    kind: str = "payment"
    toward: int | None = None
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The yearly rate on what is overdue, in ppm, from a day on."""

    since: date
    overdue_ppm: int


@dataclass(frozen=True, kw_only=True)
class Charge:
    """An amount charged elsewhere for the same credit."""

    charged_on: date
    amount: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A card's statement: all that was owed, and what it asked to be paid at least."""

    statement_on: date
    balance: int
    minimum: int


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The facts of one account. Each field is the column of the same name in `columns.ACCOUNT`, or a feed's rows.

    `turns` are the statuses with their days, `rates` what followed `overdue_ppm`.
    """

    overdue_ppm: int
    year_days: int
    product: str = "cash_loan"
    contract_on: date | None = None
    day_count: str | None = None
    rounds: str | None = None
    compound_months: int | None = None
    grace_days: int | None = None
    clause: str | None = None
    cap_ppm: int | None = None
    all_in_cap_ppm: int | None = None
    outside_charges: str | None = None
    instalments: tuple[Instalment, ...] = ()
    entries: tuple[Entry, ...] = ()
    rates: tuple[Rate, ...] = ()
    turns: tuple[tuple[date, str], ...] = ()
    charges: tuple[Charge, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def basis(self) -> str:
        """How days are counted; plain actual days where the contract says nothing."""
        return self.day_count or f"actual/{self.year_days}"


_HEAD = (
    "overdue_ppm", "year_days", "product", "contract_on", "day_count", "rounds", "compound_months", "grace_days",
    "clause", "cap_ppm", "all_in_cap_ppm", "outside_charges",
)  # fmt: skip


def of(book: Book, account: str) -> Contract:
    """The facts of `account`, whoever is liable for it. Raises KeyError where the book does not have it."""
    heads = book.accounts.filter(pl.col("account") == account)
    if heads.is_empty():
        raise KeyError(account)
    head = heads.row(0, named=True)
    rows = {
        name: frame.filter((pl.col("account") == account) & (pl.col("person") == head["person"])).to_dicts()
        for name, frame in book.frames().items()
        if name in ("instalments", "payments", "terms", "statuses", "charges", "statements")
    }
    opens = {row["seq"]: row["statement_on"] for row in rows["statements"]}
    return Contract(
        **{name: head[name] for name in _HEAD},
        instalments=tuple(_instalment(row, opens.get(row["seq"])) for row in rows["instalments"]),
        entries=tuple(_entry(row) for row in rows["payments"]),
        rates=tuple(Rate(since=row["since"], overdue_ppm=row["overdue_ppm"]) for row in rows["terms"]),
        turns=_turns(rows["statuses"], head["status_since"], head["status"]),
        charges=tuple(
            Charge(charged_on=row["charged_on"], amount=row["amount_minor"]) for row in rows["charges"]
        ),
        statements=tuple(
            Statement(
                statement_on=row["statement_on"], balance=row["balance_minor"], minimum=row["minimum_minor"]
            )
            for row in rows["statements"]
        ),
    )


def _instalment(row: dict[str, object], opens_on: date | None) -> Instalment:
    amounts = {part: row[f"{part}_minor"] for part in ("principal", "interest", "fee")}
    return Instalment(seq=row["seq"], due_on=row["due_on"], opens_on=opens_on, **amounts)  # type: ignore[arg-type]


def _entry(row: dict[str, object]) -> Entry:
    same = {name: row[name] for name in ("payment", "paid_on", "kind", "toward", "part")}
    return Entry(amount=row["amount_minor"], **same)  # type: ignore[arg-type]


def _turns(rows: Sequence[dict[str, object]], since: date, status: str) -> tuple[tuple[date, str], ...]:
    """The statuses by day. The account's own is no history, but that it is accelerated counts without one."""
    told = {row["since"]: row["status"] for row in rows}
    turns = {since: status} | told if status == Status.ACCELERATED.value else told
    return tuple(sorted((day, str(word)) for day, word in turns.items()))  # type: ignore[misc]
