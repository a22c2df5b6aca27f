"""Where our figures and the ledger's part: likely causes of a break, each of which explains it to the cent.

A cause is a change of one fact of the book (a payment that is missing, an instalment, a day, a rate): the account is
reckoned again with that change, and the cause is told only if every figure that the ledger gives comes out then.
Refuses to say what is probable: what explains a part of a difference, or nearly all of it, is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

import polars as pl

from duly.book import agree, arrears, columns
from duly.book.columns import Book

Figures = Mapping[str, int]  # by agree.COMPONENTS


class Kind(Enum):
    """What sort of change explains a break."""

    DAY_LATER = "day_later"  # theirs are our figures of the day after
    DAY_EARLIER = "day_earlier"
    PAYMENT_MISSING = "payment_missing"  # the ledger does not have a payment, waiver or reversal
    PAYMENT_TWICE = "payment_twice"
    INSTALMENT_MISSING = "instalment_missing"  # the ledger does not count an instalment
    INSTALMENT_PAID = "instalment_paid"  # the difference is one instalment, whole
    NO_OVERDUE_INTEREST = "no_overdue_interest"
    CONTRACT_RATE = "contract_rate"  # the ledger goes on at the contract's own rate
    OTHER_YEAR = "other_year"  # 360 days where we have 365, or the other way round
    OTHER_ORDER = "other_order"  # the same sum, divided otherwise among its parts
    ONE_CENT = "one_cent"  # one minor unit, in one part


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause; `name` is the payment or instalment, `on` its day and `amount_minor` its amount, where it has one."""

    kind: Kind
    name: str = ""
    on: date | None = None
    amount_minor: int | None = None


def ours(book: Book, on: date) -> dict[str, Figures]:
    """By account, what we reckon of every component on a day."""
    # What a person reads must not depend on whether the ledger has spoken.
    silent = book.accounts.with_columns(
        *(pl.lit(None, pl.Int64).alias(each.theirs) for each in agree.COMPONENTS),
        ledger_as_of=pl.lit(None, pl.Date),
    )
    found = arrears.standing(replace(book, accounts=silent), on)
    return {
        row["account"]: {part: row[f"{part}_minor"] for part in agree.PARTS}
        | {"overdue": row["overdue_minor"], "balance": row["total_minor"]}
        for row in found.iter_rows(named=True)
    }


def causes(book: Book, on: date, theirs: Figures) -> tuple[Cause, ...]:
    """What explains the ledger's figures of an account to the cent; `book` holds the account once, `on` is their day.

    Empty where nothing does, or where the two agree.
    """
    (account,) = book.accounts["account"]
    mine = ours(book, on)[account]
    if _same(mine, theirs):
        return ()
    found = [
        Cause(kind=kind, on=day)
        for kind, day in (
            (Kind.DAY_LATER, on + timedelta(days=1)),
            (Kind.DAY_EARLIER, on - timedelta(days=1)),
        )
        if _same(ours(book, day)[account], theirs)
    ]
    changes = list(_changes(book, on))
    if changes:
        reckoned = ours(_together([changed for _, changed in changes]), on)
        found += [cause for place, (cause, _) in enumerate(changes) if _same(reckoned[_name(place)], theirs)]
    return (*found, *_plain(book, on, mine, theirs))


def _same(mine: Figures, theirs: Figures) -> bool:
    return all(mine[component] == minor for component, minor in theirs.items())


def _changes(book: Book, on: date) -> Iterator[tuple[Cause, Book]]:
    """The book with one fact changed, and what that would be called."""
    paid = book.payments.with_row_index("row")
    for row in paid.filter(pl.col("paid_on") <= on).iter_rows(named=True):
        told = {"name": row["payment"], "on": row["paid_on"], "amount_minor": row["amount_minor"]}
        rest = paid.filter(pl.col("row") != row["row"]).drop("row")
        yield Cause(kind=Kind.PAYMENT_MISSING, **told), replace(book, payments=rest)
        again = book.payments[row["row"]].with_columns(payment=pl.col("payment") + "+")
        yield (
            Cause(kind=Kind.PAYMENT_TWICE, **told),
            replace(book, payments=pl.concat([book.payments, again])),
        )
    lines = book.instalments.with_row_index("row")
    for row in lines.filter(pl.col("due_on") < on).iter_rows(named=True):
        rest = lines.filter(pl.col("row") != row["row"]).drop("row")
        told = {"name": str(row["seq"]), "on": row["due_on"], "amount_minor": _whole(row)}
        yield Cause(kind=Kind.INSTALMENT_MISSING, **told), replace(book, instalments=rest)
    head = book.accounts
    terms = (
        (Kind.NO_OVERDUE_INTEREST, pl.lit(0, pl.Int64).alias("overdue_ppm")),
        (Kind.CONTRACT_RATE, pl.col("rate_ppm").alias("overdue_ppm")),
        (Kind.OTHER_YEAR, (725 - pl.col("year_days")).cast(pl.Int32).alias("year_days")),
    )
    for kind, changed in terms:
        yield Cause(kind=kind), replace(book, accounts=head.with_columns(changed))


def _whole(row: Mapping[str, int]) -> int:
    return row["principal_minor"] + row["interest_minor"] + row["fee_minor"]


def _name(place: int) -> str:
    return f"variant {place:06}"


def _together(books: list[Book]) -> Book:
    """Many books of one account as one book of many accounts: they are reckoned in one go."""
    frames = {}
    for name in columns.FRAMES:
        parts = [
            book.frames()[name].with_columns(account=pl.lit(_name(place)))
            for place, book in enumerate(books)
            if "account" in columns.FRAMES[name]
        ]
        frames[name] = pl.concat(parts) if parts else books[0].frames()[name].clear()
    return columns.arrange(Book(**frames))


def _plain(book: Book, on: date, mine: Figures, theirs: Figures) -> Iterator[Cause]:
    """Causes that are seen by comparing the figures alone."""
    gaps = {name: mine[name] - minor for name, minor in theirs.items() if mine[name] != minor}
    parts = {name: gap for name, gap in gaps.items() if name in agree.PARTS}
    complete = set(agree.PARTS) <= theirs.keys()
    if complete and parts and not sum(parts.values()) and not gaps.get("overdue"):
        yield Cause(kind=Kind.OTHER_ORDER)
    if set(map(abs, gaps.values())) == {1} and len(parts) == 1:
        yield Cause(kind=Kind.ONE_CENT)
    if "overdue" not in gaps:
        return
    for row in book.instalments.filter(pl.col("due_on") <= on).iter_rows(named=True):
        whole = {part: row[f"{part}_minor"] for part in ("principal", "interest", "fee")}
        given = {name: whole.get(name, 0) for name in agree.PARTS if name in theirs}
        signs = [sign for sign in (1, -1) if gaps["overdue"] == sign * _whole(row)]
        if any(all(gaps.get(n, 0) == sign * minor for n, minor in given.items()) for sign in signs):
            told = {"name": str(row["seq"]), "on": row["due_on"], "amount_minor": _whole(row)}
            yield Cause(kind=Kind.INSTALMENT_PAID, **told)
