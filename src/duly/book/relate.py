"""Rows that are fine one by one are held against each other, and become the book.

Pure. Takes the typed rows of every feed (each with `file` and `line`), leaves out what contradicts or hangs
in the air, holds every account of which a row was left out, and repeats the rest for each person (DESIGN D4).
Refuses to choose between two rows with one id: the first stands, the later is left out, the account is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from duly.book import assemble, columns, convert, points, quarantine
from duly.book.columns import Book
from duly.book.mapping import Mapping as BookMapping
from duly.book.mapping import Unit
from duly.model import money
from duly.model.party import Channel, Role

MAX_INSTALMENTS = 1_200  # a hundred years of months; keeps sums over an account far inside an int64

PEOPLE: columns.Schema = {"person": pl.String(), "name": pl.String(), "id_number": pl.String()}
VALUES: columns.Schema = {
    "point": pl.String(),
    "person": pl.String(),
    "channel": pl.String(),
    "value": pl.String(),
}


@dataclass(frozen=True, kw_only=True)
class Personal:
    """What goes to the vault and nowhere else: `PEOPLE`, a row a person, `VALUES`, a row a contact point."""

    people: pl.DataFrame
    values: pl.DataFrame


@dataclass
class _Rows:
    """The feeds as they thin out, and what was left out of them."""

    mapping: BookMapping
    frames: dict[str, pl.DataFrame]
    bad: list[pl.DataFrame] = field(default_factory=list)

    def leave_out(self, feed: str, wrong: pl.Expr, code: str, ours: str | None) -> None:
        """Move the rows for which `wrong` is true to the quarantine, blaming our column `ours`."""
        frame = self.frames[feed]
        rows = frame.filter(wrong)
        if rows.is_empty():
            return
        theirs = {name: column for column, name in self.mapping.feeds[feed].columns.items()}
        blamed = theirs.get(ours, ours) if ours else None
        self.bad.append(quarantine.note(rows, feed=feed, code=code, field=blamed, value=ours))
        self.frames[feed] = frame.filter(~wrong)

    def first_only(self, feed: str, *identity: str | pl.Expr, blame: str) -> None:
        """Leave out every row whose identity stood in a row before it."""
        order = pl.int_range(pl.len()).over(list(identity)) > 0
        self.frames[feed] = self.frames[feed].with_columns(again=order)
        self.leave_out(feed, pl.col("again"), "duplicate", blame)
        self.frames[feed] = self.frames[feed].drop("again")

    def known_only(self, feed: str, key: str, known: pl.Series, code: str) -> None:
        """Leave out every row whose `key` is given and not among `known`."""
        self.leave_out(feed, pl.col(key).is_in(known.implode()).not_().fill_null(value=False), code, key)


def book(
    frames: Mapping[str, pl.DataFrame],
    bad: pl.DataFrame,
    mapping: BookMapping,
    *,
    as_of: date,
    blind: Callable[[str], str],
) -> tuple[Book, Personal, pl.DataFrame]:
    """The book, what is personal in it, and all rows that are in neither (`bad` among them).

    `frames` has each feed as `convert.typed` gives it; `blind` is the keyed blind index of a normal value.
    """
    rows = _Rows(mapping=mapping, frames=dict(frames), bad=[bad])
    _relate_accounts(rows)
    _relate_debts(rows, as_of)
    _relate_contacts(rows)
    _relate_holds(rows)
    _scale_to_currency(rows)
    left_out = _sorted(rows.bad)
    parties = rows.frames["parties"]
    holds = pl.concat(
        [assemble.holds(rows.frames["holds"], parties), assemble.protecting(left_out, parties, as_of)]
    ).unique()
    made = Book(
        accounts=assemble.accounts(rows.frames["accounts"], parties),
        instalments=assemble.instalments(rows.frames["instalments"], parties),
        payments=assemble.payments(rows.frames["payments"], parties),
        contacts=assemble.contacts(rows.frames["contacts"], blind),
        holds=holds,
    )
    people = parties.unique("person", keep="first", maintain_order=True).select(list(PEOPLE)).sort("person")
    values = rows.frames["contacts"].select(list(VALUES)).sort("point")
    return columns.arrange(made), Personal(people=people, values=values), left_out


def _relate_accounts(rows: _Rows) -> None:
    rows.first_only("accounts", "account", blame="account")
    undated = pl.col("ledger_overdue").is_not_null() & pl.col("ledger_as_of").is_null()
    rows.leave_out("accounts", undated, "ledger_undated", "ledger_as_of")
    rows.first_only("parties", "person", "account", blame="person")
    first = [
        pl.col(name).first().over("person").ne_missing(pl.col(name))
        for name in ("name", "id_number", "locale")
    ]
    zones = pl.col("zones").list.join(";")
    rows.leave_out(
        "parties", pl.any_horizontal(*first, zones.first().over("person") != zones), "contradicts", "person"
    )
    rows.known_only("parties", "account", rows.frames["accounts"]["account"], "account_unknown")
    borrowed = rows.frames["parties"].filter(pl.col("role") == Role.BORROWER.value)["account"].unique()
    rows.leave_out("accounts", ~pl.col("account").is_in(borrowed.implode()), "no_borrower", "account")
    # A party of an account that had to go goes with it.
    rows.known_only("parties", "account", rows.frames["accounts"]["account"], "account_unknown")


def payments(
    rows: pl.DataFrame, bad: pl.DataFrame, book: Book, mapping: BookMapping, *, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Payments that arrived since `book`, and those left out (`bad` among them).

    `rows` is as `convert.typed` gives it. Answers `payment`, `account`, `paid_on`, `amount_minor` and `kind`,
    and the quarantine. A reversal may undo a payment of the book, so its name is not looked for here.
    """
    accounts = book.accounts.select("account", "currency", ledger_overdue=pl.lit(None, pl.Int64)).unique(
        "account"
    )
    one = _Rows(mapping=mapping, frames={"accounts": accounts, "payments": rows}, bad=[bad])
    _relate_payments(one, as_of)
    _scale_to_currency(one)
    found = one.frames["payments"].with_columns(amount_minor="amount").sort("payment", "kind")
    wanted = [name for name in columns.PAYMENT if name != "person"]
    return found.select(wanted), _sorted(one.bad)


def _sorted(bad: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(bad).sort("feed", "file", "line", "field", "code")


def _relate_debts(rows: _Rows, as_of: date) -> None:
    accounts = rows.frames["accounts"]["account"]
    rows.known_only("instalments", "account", accounts, "account_unknown")
    rows.first_only("instalments", "account", "seq", blame="seq")
    many = pl.int_range(pl.len()).over("account") >= MAX_INSTALMENTS
    rows.leave_out("instalments", many, "too_many", "account")
    _relate_payments(rows, as_of)
    _relate_reversals(rows)


def _relate_payments(rows: _Rows, as_of: date) -> None:
    rows.known_only("payments", "account", rows.frames["accounts"]["account"], "account_unknown")
    undoes = pl.col("kind") == "reversal"
    # A reversal goes by the name of what it undoes, so a second one of the same payment is a repetition.
    name = pl.when(undoes).then(pl.coalesce("reverses", "payment")).otherwise("payment").alias("payment")
    rows.frames["payments"] = rows.frames["payments"].with_columns(name)
    rows.first_only("payments", "payment", undoes, blame="payment")
    rows.leave_out("payments", pl.col("paid_on") > as_of, "future", "paid_on")


def _relate_reversals(rows: _Rows) -> None:
    """A reversal that names a payment names one of its own account, and undoes no more than that."""
    paid = rows.frames["payments"].filter(pl.col("kind") != "reversal")
    undone = paid.select("account", reverses="payment", paid="amount")
    matched = rows.frames["payments"].join(
        undone, on=["account", "reverses"], how="left", maintain_order="left"
    )
    named = (pl.col("kind") == "reversal") & pl.col("reverses").is_not_null()
    rows.frames["payments"] = matched
    rows.leave_out("payments", named & pl.col("paid").is_null(), "reverses_unknown", "reverses")
    rows.leave_out("payments", (named & (pl.col("amount") > pl.col("paid"))).fill_null(value=False),
                   "reverses_more", "amount")  # fmt: skip
    rows.frames["payments"] = rows.frames["payments"].drop("paid")


def _relate_contacts(rows: _Rows) -> None:
    code = rows.mapping.calling_code
    found = rows.frames["contacts"]
    normal = [
        points.normal(Channel(channel), value, calling_code=code)
        for channel, value in found.select("channel", "value").iter_rows()
    ]
    rows.frames["contacts"] = found.with_columns(pl.Series("normal", normal, pl.String))
    rows.leave_out("contacts", pl.col("normal").is_null(), "value", "value")
    rows.known_only("contacts", "person", rows.frames["parties"]["person"].unique(), "person_unknown")
    rows.first_only("contacts", "point", blame="point")
    rows.frames["contacts"] = rows.frames["contacts"].with_columns(value="normal").drop("normal")


def _relate_holds(rows: _Rows) -> None:
    rows.leave_out("holds", pl.col("person").is_null() & pl.col("account").is_null(), "nobody", None)
    rows.leave_out("holds", (pl.col("until") <= pl.col("since")).fill_null(value=False), "until", "until")
    rows.known_only("holds", "account", rows.frames["accounts"]["account"], "account_unknown")
    rows.known_only("holds", "person", rows.frames["parties"]["person"].unique(), "person_unknown")
    rows.known_only("holds", "point", rows.frames["contacts"]["point"], "point_unknown")


_MONEY = {
    "accounts": ("ledger_overdue",),
    "instalments": ("principal", "interest", "fee"),
    "payments": ("amount",),
}


def _scale_to_currency(rows: _Rows) -> None:
    """Amounts read with two decimals become minor units of a currency that has fewer."""
    fewer = {code: 10 ** (convert.SCALE - places) for code, places in money.EXPONENT.items()}
    currencies = rows.frames["accounts"].select("account", "currency")
    for feed, amounts in _MONEY.items():
        present = feed in rows.frames and feed in rows.mapping.feeds
        if not present or rows.mapping.feeds[feed].money is not Unit.DECIMAL:
            continue
        if currencies["currency"].replace_strict(fewer).le(1).all():
            continue
        frame = rows.frames[feed]
        known = (
            frame
            if "currency" in frame.columns
            else frame.join(currencies, on="account", maintain_order="left")
        )
        rows.frames[feed] = known.with_columns(unit=pl.col("currency").replace_strict(fewer))
        for amount in amounts:
            finer = (pl.col(amount) % pl.col("unit") != 0).fill_null(value=False)
            rows.leave_out(feed, finer, "decimals", amount)
        rows.frames[feed] = rows.frames[feed].with_columns(
            pl.col(amount) // pl.col("unit") for amount in amounts
        )
