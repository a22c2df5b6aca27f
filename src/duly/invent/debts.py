"""Invented debts: accounts, what was contracted, what was paid, and what went wrong.

About one account in five is overdue, over all buckets; some are first seen at 200 days past due. There are
partial and late payments, bounced ones, waivers, payments on their way, disputes and other holds, and a few
accounts on which the lender's ledger says something else than the figures do. Apart from those planted breaks
the ledger's figure is our own, by `book.arrears`: what is tested is that both read the same files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from duly.book import arrears, columns
from duly.book.columns import Book
from duly.invent import chance, repayments

SERVICER = "chenxi"
LOANS = ("chenxi", "晨曦消金")  # creditor, brand
CARDS = ("yunhe", "云鹤银行")

# Days past due, by the draw of 1,000 below which they apply; every bucket is met, and 200 exactly.
_LATE = (
    (80, 1, 30), (120, 31, 60), (145, 61, 90), (160, 91, 120), (170, 121, 150), (180, 151, 180),
    (188, 200, 200), (200, 181, 400),
)  # fmt: skip
_DUE_SOON, _SETTLED = 260, 990
# Of how many months a contract is, each as likely as the others.
TERMS = (6, 12, 18, 24)


@dataclass(frozen=True, kw_only=True)
class Debts:
    """Frames in the lender's columns but with typed values; `people` has `n` and `person` of everybody."""

    accounts: pl.DataFrame
    parties: pl.DataFrame
    instalments: pl.DataFrame
    payments: pl.DataFrame
    holds: pl.DataFrame
    people: pl.DataFrame


def make(first: int, last: int, *, seed: int, on: date, terms: Sequence[int] = TERMS) -> Debts:
    """The accounts number `first` to `last` - 1, as the core system knew them the evening before `on`."""
    accounts = _accounts(first, last, seed, on, terms)
    instalments = _instalments(accounts)
    payments = repayments.make(accounts, instalments, seed=seed, on=on)
    parties = _parties(accounts, seed)
    return Debts(
        accounts=_with_ledger(accounts, instalments, payments, seed, on),
        parties=parties.select("person", "account", "role", "n"),
        instalments=instalments.select("account", "seq", "due_on", "principal", "interest", "fee"),
        payments=payments,
        holds=_holds(accounts, seed, on),
        people=parties.select("n", "person").unique().sort("n"),
    )


def _accounts(first: int, last: int, seed: int, on: date, terms: Sequence[int]) -> pl.DataFrame:
    i = pl.col("i")
    story = chance.below(i, seed, "story", 1_000)
    is_card = chance.below(i, seed, "product", 100) < 35
    base = pl.DataFrame({"i": pl.int_range(first, last, eager=True)}).with_columns(
        story=story, card=is_card, dpd=_dpd(story, seed), owner=_owner(i)
    )
    overdue, settled = pl.col("story") < repayments.OVERDUE, pl.col("story") >= _SETTLED
    ahead = (
        pl.when(pl.col("story") < _DUE_SOON)
        .then(chance.between(i, seed, "due soon", 0, 3))
        .otherwise(chance.between(i, seed, "due later", 4, 27))
    )
    term = chance.pick(i, seed, "term", [str(term) for term in terms]).cast(pl.Int64)
    rate = pl.lit(72_000) + chance.below(i, seed, "rate", 8) * 12_000
    return (
        base.with_columns(
            account=pl.format("A{}", (i + 1).cast(pl.String).str.zfill(6)),
            person=pl.format("P{}", (pl.col("owner") + 1).cast(pl.String).str.zfill(6)),
            pivot=pl.lit(on).dt.offset_by(
                pl.format("{}d", pl.when(overdue).then(-pl.col("dpd")).otherwise(ahead))
            ),
            term=term,
            rate=rate,
            overdue_rate=rate
            * 3
            // 2,  # half as much again, the ceiling for overdue loans of PBC Yinfa 2003/251
            year_days=pl.when("card").then(360).otherwise(365),
        )
        .with_columns(
            paid=pl.when(settled)
            .then("term")
            .otherwise(chance.draw(i, seed, "paid") // 2**24 % pl.col("term")),
            principal=pl.when("card")
            .then(chance.between(i, seed, "card principal", 8_000, 250_000))
            .otherwise(chance.between(i, seed, "loan principal", 20_000, 400_000)),
            fee=pl.when(chance.one_in(i, seed, "fee", 10)).then(500).otherwise(0),
        )
        .with_columns(pl.col("paid").cast(pl.Int64))
    )


def _owner(i: pl.Expr) -> pl.Expr:
    """Whose account it is: one in five is somebody's second, and some people have three."""
    return pl.when(i % 50 >= 48).then(i - (i % 50 - 47)).when(i % 5 == 4).then(i - 1).otherwise(i)


def _dpd(story: pl.Expr, seed: int) -> pl.Expr:
    days = pl.lit(0, pl.Int64)
    for below, least, most in reversed(_LATE):
        days = (
            pl.when(story < below)
            .then(chance.between(pl.col("i"), seed, f"dpd {below}", least, most))
            .otherwise(days)
        )
    return pl.when(story < repayments.OVERDUE).then(days).otherwise(0)


def _instalments(accounts: pl.DataFrame) -> pl.DataFrame:
    """Equal principal, interest on what is left, by months around the pivot: the first that is not paid."""
    left = pl.col("term") - pl.col("k")
    return (
        accounts.select(
            "i",
            "account",
            "person",
            "term",
            "paid",
            "pivot",
            "principal",
            "rate",
            "fee",
            "overdue_rate",
            "year_days",
        )
        .with_columns(k=pl.int_ranges(0, "term"))
        .explode("k")
        .with_columns(
            seq=(pl.col("k") + 1).cast(pl.Int32),
            due_on=pl.col("pivot").dt.offset_by(pl.format("{}mo", pl.col("k") - pl.col("paid"))),
            interest=pl.col("principal") * left * pl.col("rate") // (12 * 1_000_000),
        )
    )


def _parties(accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Borrowers, and for one account in eleven somebody else. A person's number `n` is even for borrowers."""
    draw = chance.below(pl.col("i"), seed, "party", 100)
    role = (
        pl.when(draw < 6)
        .then(pl.lit("CB"))
        .when(draw < 8)
        .then(pl.lit("GJ"))
        .when(draw < 9)
        .then(pl.lit("GG"))
    )
    borrowers = accounts.select("person", "account", role=pl.lit("B"), n=pl.col("owner") * 2)
    others = accounts.with_columns(role=role).filter(pl.col("role").is_not_null())
    return pl.concat(
        [
            borrowers,
            others.select(
                pl.col("account").str.replace("A", "C").alias("person"),
                "account",
                "role",
                n=pl.col("i") * 2 + 1,
            ),
        ]
    ).sort("account", "n")


def _holds(accounts: pl.DataFrame, seed: int, on: date) -> pl.DataFrame:
    """Holds on about one overdue account in eleven, on the account or on its borrower."""
    i = pl.col("i")
    draw = chance.below(i, seed, "hold", 1_000)
    kinds = (
        (25, "DISPUTE"), (45, "HARDSHIP"), (55, "COMPLAINT"), (75, "IN_FLIGHT"), (80, "LAWYER"),
        (84, "CEASE"), (87, "BANKRUPT"), (89, "DECEASED"),
    )  # fmt: skip
    kind = pl.lit(None, pl.String)
    for below, word in reversed(kinds):
        kind = pl.when(draw < below).then(pl.lit(word)).otherwise(kind)
    of_account = pl.col("kind").is_in(["DISPUTE", "IN_FLIGHT"])
    since = pl.lit(on).dt.offset_by(pl.format("-{}d", chance.between(i, seed, "hold since", 1, 12)))
    in_flight = pl.col("kind") == "IN_FLIGHT"
    return (
        accounts.filter(pl.col("story") < repayments.OVERDUE)
        .with_columns(kind=kind)
        .filter(pl.col("kind").is_not_null())
        .select(
            "person",
            account=pl.when(of_account).then("account"),
            kind="kind",
            since=pl.when(in_flight).then(pl.lit(on - timedelta(days=1))).otherwise(since),
            until=pl.when(in_flight).then(pl.lit(on + timedelta(days=3))),
        )
        .unique(["person", "account", "kind"], keep="first", maintain_order=True)
        .sort("person", "account", "kind")
    )


def _with_ledger(
    accounts: pl.DataFrame, instalments: pl.DataFrame, payments: pl.DataFrame, seed: int, on: date
) -> pl.DataFrame:
    """The accounts as the core system exports them, with its own overdue figure of the evening before."""
    i = pl.col("i")
    eve = on - timedelta(days=1)
    found = arrears.standing(_book(accounts, instalments, payments), eve)
    owed = accounts.join(
        found.select("account", "overdue_minor", "first_unpaid_on"), on="account", maintain_order="left"
    )
    broken = chance.one_in(i, seed, "break", 200)
    step = chance.between(i, seed, "break by", 500, 5_000)
    creditor = pl.when("card").then(pl.lit(CARDS[0])).otherwise(pl.lit(LOANS[0]))
    brand = pl.when("card").then(pl.lit(CARDS[1])).otherwise(pl.lit(LOANS[1]))
    overdue, settled = pl.col("first_unpaid_on").is_not_null(), pl.col("story") >= _SETTLED
    began = pl.col("pivot").dt.offset_by(pl.format("-{}mo", pl.col("paid") + 1))
    return owed.select(
        "account",
        contract=pl.format(
            "{}20260{}",
            pl.when("card").then(pl.lit("K")).otherwise(pl.lit("D")),
            chance.below(i, seed, "contract", 10**8).cast(pl.String).str.zfill(8),
        ),
        creditor=creditor,
        brand=brand,
        product=pl.when("card").then(pl.lit("CC")).otherwise(pl.lit("CL")),
        status=pl.when(settled)
        .then(pl.lit("SET"))
        .when(overdue)
        .then(pl.lit("OVD"))
        .otherwise(pl.lit("NOR")),
        status_since=pl.when(overdue).then(pl.col("first_unpaid_on").dt.offset_by("1d")).otherwise(began),
        contract_on=began,
        rate="rate",
        overdue_rate="overdue_rate",
        year_days="year_days",
        ledger_overdue=pl.when(broken).then(pl.col("overdue_minor") + step).otherwise("overdue_minor"),
        ledger_as_of=pl.lit(eve),
        suit=pl.when((pl.col("dpd") > 90) & chance.one_in(i, seed, "suit", 2))
        .then(pl.lit("Y"))
        .otherwise(pl.lit("N")),
    )


def _book(accounts: pl.DataFrame, instalments: pl.DataFrame, payments: pl.DataFrame) -> Book:
    """Just enough of a book to reckon with: every account under its borrower."""
    owner = accounts.select("account", "person")
    heads = accounts.with_columns(overdue_ppm="overdue_rate")
    lines = instalments.with_columns(principal_minor="principal", interest_minor="interest", fee_minor="fee")
    undoes = pl.col("kind") == "REV"
    word = pl.col("kind").replace_strict({"PAY": "payment", "REV": "reversal", "WVR": "waiver"})
    paid = payments.join(owner, on="account").with_columns(
        word, payment=pl.when(undoes).then("reverses").otherwise("payment"), amount_minor="amount"
    )
    made = {"accounts": heads, "instalments": lines, "payments": paid}
    return Book(**{name: _shaped(made.get(name), schema) for name, schema in columns.FRAMES.items()})


def _shaped(frame: pl.DataFrame | None, schema: columns.Schema) -> pl.DataFrame:
    """The frame's columns that the schema has, the others null."""
    if frame is None:
        return pl.DataFrame(schema=dict(schema))
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )
