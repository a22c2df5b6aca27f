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

from duly.book import agree, assemble, columns, convert, feeds, numbers, quarantine
from duly.book.columns import Book
from duly.book.mapping import Mapping as BookMapping
from duly.book.mapping import Unit
from duly.book.sources import Sources
from duly.model import money
from duly.model.party import Role

MAX_INSTALMENTS = 1_200  # a hundred years of months; keeps sums over an account far inside an int64

_STRETCH = 1 << 20  # rows that are looked at together, where all would need much memory

MAX_GRACE = 60  # days; more is another due date

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
        if not _repeats(self.frames[feed].select(*identity)):
            return
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
) -> tuple[Sources, Personal, pl.DataFrame]:
    """What the book is made of, what is personal in it, and all rows that are in neither (`bad` among them).

    `frames` has each feed as `convert.typed` gives it; `blind` is the keyed blind index of a normal value.
    """
    rows = _Rows(mapping=mapping, frames=dict(frames), bad=[bad])
    _relate_accounts(rows)
    _relate_debts(rows, as_of)
    _relate_contacts(rows)
    _relate_holds(rows)
    _relate_contracts(rows, as_of)
    _scale_to_currency(rows)
    left_out = _sorted(rows.bad)
    parties = rows.frames["parties"]
    holds = pl.concat(
        [assemble.holds(rows.frames["holds"], parties), assemble.protecting(left_out, parties, as_of)]
    ).unique()
    people = parties.unique("person", keep="first", maintain_order=True).select(list(PEOPLE)).sort("person")
    values = rows.frames["contacts"].select(list(VALUES)).sort("point")
    made = Sources(
        contacts=assemble.contacts(rows.frames["contacts"], blind),
        holds=holds,
        buckets=assemble.buckets(parties),
        frames={name: frame.drop("file", "line") for name, frame in rows.frames.items()},
    )
    return made, Personal(people=people, values=values), left_out


def _repeats(identities: pl.DataFrame) -> bool:
    """Whether a row stands twice. Most files are in the order of their ids, and then one look at each row tells."""
    if all(
        _in_order(identities[max(at - 1, 0) : at + _STRETCH]) for at in range(0, identities.height, _STRETCH)
    ):
        return False
    # Rows that differ in their hashes differ; only where two have one hash are they compared themselves.
    differ = identities.hash_rows().n_unique() == identities.height
    return not differ and identities.n_unique() < identities.height


def _in_order(identities: pl.DataFrame) -> bool:
    """Whether each row is above the one before it."""
    above = pl.lit(value=False)
    for name in reversed(identities.columns):
        cell, before = pl.col(name), pl.col(name).shift()
        above = (cell > before) | ((cell == before) & above)
    return bool(identities.select(above.slice(1).all(ignore_nulls=False)).item())


def _relate_accounts(rows: _Rows) -> None:
    rows.first_only("accounts", "account", blame="account")
    _relate_rates(rows, "accounts")
    rows.leave_out("accounts", pl.col("compound_months") == 0, "compound", "compound_months")
    rows.leave_out("accounts", pl.col("grace_days") > MAX_GRACE, "grace", "grace_days")
    figures = [pl.col(each.fed).is_not_null() for each in agree.COMPONENTS]
    undated = pl.any_horizontal(figures) & pl.col("ledger_as_of").is_null()
    rows.leave_out("accounts", undated, "ledger_undated", "ledger_as_of")
    rows.first_only("parties", "person", "account", blame="person")
    _relate_people(rows)
    rows.known_only("parties", "account", rows.frames["accounts"]["account"], "account_unknown")
    borrowed = rows.frames["parties"].filter(pl.col("role") == Role.BORROWER.value)["account"].unique()
    rows.leave_out("accounts", ~pl.col("account").is_in(borrowed.implode()), "no_borrower", "account")
    # A party of an account that had to go goes with it.
    rows.known_only("parties", "account", rows.frames["accounts"]["account"], "account_unknown")


def _relate_people(rows: _Rows) -> None:
    """Whoever has several roles is the same person in each."""
    said = ("name", "id_number", "locale", "zones")
    parties = rows.frames["parties"].with_columns(pl.col("zones").list.join(";"))
    several = parties.filter(pl.col("person").is_duplicated()).select("person", "account", *said)
    differs = [pl.col(name).first().over("person").ne_missing(pl.col(name)) for name in said]
    wrong = several.filter(pl.any_horizontal(differs)).select("person", "account")
    if wrong.is_empty():
        return
    wrong = wrong.with_columns(contradicts=pl.lit(value=True))
    rows.frames["parties"] = rows.frames["parties"].join(
        wrong, on=["person", "account"], how="left", maintain_order="left"
    )
    rows.leave_out("parties", pl.col("contradicts").fill_null(value=False), "contradicts", "person")
    rows.frames["parties"] = rows.frames["parties"].drop("contradicts")


def payments(
    rows: pl.DataFrame, bad: pl.DataFrame, book: Book, mapping: BookMapping, *, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Payments that arrived since `book`, and those left out (`bad` among them).

    `rows` is as `convert.typed` gives it. Answers `payment`, `account`, `paid_on`, `amount_minor` and `kind`,
    and the quarantine. A reversal may undo a payment of the book, so its name is not looked for here.
    """
    nothing = {each.fed: pl.lit(None, pl.Int64) for each in agree.COMPONENTS}
    accounts = book.accounts.select("account", "currency", **nothing).unique("account")
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
    most = rows.frames["instalments"].group_by("account").len()["len"].max()
    if isinstance(most, int) and most > MAX_INSTALMENTS:
        many = pl.int_range(pl.len()).over("account") >= MAX_INSTALMENTS
        rows.leave_out("instalments", many, "too_many", "account")
    _relate_payments(rows, as_of)
    _relate_reversals(rows)
    _relate_statements(rows)
    _relate_designations(rows)


def _relate_designations(rows: _Rows) -> None:
    """A payment that names an instalment names one of its own account."""
    if rows.frames["payments"]["toward"].is_null().all():
        return
    schedule = pl.concat(
        [rows.frames["instalments"], assemble.asked_for(rows.frames["statements"])], how="diagonal"
    )
    known = schedule.select("account", toward="seq", known=pl.lit(value=True))
    rows.frames["payments"] = rows.frames["payments"].join(
        known, on=["account", "toward"], how="left", maintain_order="left"
    )
    unknown = pl.col("toward").is_not_null() & pl.col("known").is_null()
    rows.leave_out("payments", unknown, "toward_unknown", "toward")
    rows.frames["payments"] = rows.frames["payments"].drop("known")


def _relate_rates(rows: _Rows, feed: str) -> None:
    """The overdue rate is given, or follows from the contract's by the uplift, in whole millionths."""
    # Rounded down, so that nobody is charged a rate above the one agreed.
    raised = pl.col("rate") * (money.PPM + pl.col("uplift")) // money.PPM
    frame = rows.frames[feed]
    rows.frames[feed] = frame.with_columns(overdue_rate=pl.coalesce("overdue_rate", raised))
    rows.leave_out(feed, pl.col("overdue_rate").is_null(), "no_overdue_rate", "overdue_rate")
    rows.leave_out(feed, pl.col("overdue_rate") > money.MAX_PPM, "rate_beyond", "overdue_rate")


def _relate_statements(rows: _Rows) -> None:
    rows.known_only("statements", "account", rows.frames["accounts"]["account"], "account_unknown")
    rows.first_only("statements", "account", "statement_on", blame="statement_on")
    asked = rows.frames["statements"].select("account").unique()
    planned = rows.frames["instalments"].join(asked, on="account", how="semi")["account"].unique()
    rows.leave_out("statements", pl.col("account").is_in(planned.implode()), "two_schedules", "account")
    parts = pl.sum_horizontal("past_due", "interest", "fee")
    wrong = (parts > pl.col("minimum")) | (pl.col("minimum") > pl.col("balance"))
    rows.leave_out("statements", wrong, "minimum", "minimum")


def _relate_contracts(rows: _Rows, as_of: date) -> None:
    """What a contract became over time, and what it cost elsewhere."""
    accounts = rows.frames["accounts"]["account"]
    for feed in ("terms", "statuses", "charges", "reages"):
        rows.known_only(feed, "account", accounts, "account_unknown")
    rows.first_only("terms", "account", "since", blame="since")
    _relate_rates(rows, "terms")
    rows.first_only("statuses", "account", "since", blame="since")
    rows.first_only("reages", "account", "reaged_on", blame="reaged_on")
    rows.first_only("charges", "charge", blame="charge")
    rows.leave_out("charges", pl.col("charged_on") > as_of, "future", "charged_on")


def _relate_payments(rows: _Rows, as_of: date) -> None:
    rows.known_only("payments", "account", rows.frames["accounts"]["account"], "account_unknown")
    bounced = pl.col("kind") == feeds.BOUNCED
    rows.leave_out("payments", bounced & pl.col("reverses").is_null(), "bounced_what", "reverses")
    rows.leave_out("payments", bounced & pl.col("reason").is_null(), "bounced_why", "reason")
    undone = bounced | (pl.col("kind") == "reversal")
    rows.leave_out("payments", ~undone & pl.col("reason").is_not_null(), "reason_alone", "reason")
    kind = pl.when(bounced).then(pl.lit("reversal")).otherwise("kind").alias("kind")
    rows.frames["payments"] = rows.frames["payments"].with_columns(kind)
    undoes = pl.col("kind") == "reversal"
    # A reversal goes by the name of what it undoes, so a second one of the same payment is a repetition.
    name = pl.when(undoes).then(pl.coalesce("reverses", "payment")).otherwise("payment").alias("payment")
    rows.frames["payments"] = rows.frames["payments"].with_columns(name)
    rows.first_only("payments", "payment", undoes, blame="payment")
    rows.leave_out("payments", pl.col("paid_on") > as_of, "future", "paid_on")


def _relate_reversals(rows: _Rows) -> None:
    """A reversal that names a payment names one of its own account, and undoes no more than that."""
    named = (pl.col("kind") == "reversal") & pl.col("reverses").is_not_null()
    undone_here = rows.frames["payments"].filter(named).select("account", payment="reverses")
    paid = rows.frames["payments"].filter(pl.col("kind") != "reversal")
    paid = paid.join(undone_here, on=["account", "payment"], how="semi")
    undone = paid.select("account", reverses="payment", paid="amount")
    matched = rows.frames["payments"].join(
        undone, on=["account", "reverses"], how="left", maintain_order="left"
    )
    rows.frames["payments"] = matched
    rows.leave_out("payments", named & pl.col("paid").is_null(), "reverses_unknown", "reverses")
    rows.leave_out("payments", (named & (pl.col("amount") > pl.col("paid"))).fill_null(value=False),
                   "reverses_more", "amount")  # fmt: skip
    rows.frames["payments"] = rows.frames["payments"].drop("paid")


def _relate_contacts(rows: _Rows) -> None:
    code = rows.mapping.calling_code
    found = rows.frames["contacts"]
    normal = numbers.normal(found.select("channel", "value"), calling_code=code)
    rows.frames["contacts"] = found.with_columns(normal=normal)
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
    "accounts": tuple(each.fed for each in agree.COMPONENTS),
    "instalments": ("principal", "interest", "fee"),
    "payments": ("amount",),
    "charges": ("amount",),
    "statements": ("balance", "minimum", "past_due", "interest", "fee"),
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
