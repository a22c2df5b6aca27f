"""The accounts whose contract or history asks for more than the plain reckoning, and what happened to them.

Most accounts have one rate, one order of settling, and money that says nothing: `allocation` reckons those in few
steps. The rest is sorted out here and goes through `course`, thing by thing.
Refuses to send an account there for a clause that could not have mattered: one that was never late is plain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from duly.book import daycount, receipts
from duly.model.account import Status

RATE, STATUS, COMPOUND, MONEY = range(4)

# What of ACCOUNT only matters once something was late.
_CLAUSES = ("rounds", "compound_months", "grace_days", "clause", "all_in_cap_ppm")


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """`accounts` is the number of all accounts, plain ones too, and the first key that is none's.

    `heads` has `key`, the terms of each account that has any, and `hard`: they matter though nothing was late.

    `happened` has `key`, `day`, `why` and what belongs to it; `charges` and `statements` have `key` for the owner.
    """

    accounts: int
    heads: pl.DataFrame
    happened: pl.DataFrame
    charges: pl.DataFrame
    statements: pl.DataFrame

    def under(self, debts: pl.DataFrame) -> Particulars:
        """The same under each `key` of `debts` that stands for the account `of`, and of no other account."""
        numbers = debts.select("key", "of")
        frames = (self.heads, self.happened, self.charges, self.statements)
        heads, happened, charges, statements = (
            frame.rename({"key": "of"}).join(numbers, on="of").drop("of") for frame in frames
        )
        return replace(self, heads=heads, happened=happened, charges=charges, statements=statements)


def of(heads: pl.DataFrame, keyed: dict[str, pl.DataFrame]) -> Particulars:
    """What is particular. `heads` is ACCOUNT with `key`, `keyed` the other frames with `key` for their owner."""
    turns = _turns(heads, keyed["statuses"])
    accelerated = turns.filter(pl.col("status") == Status.ACCELERATED.value).select("key").unique()
    names = keyed["payments"]["toward"].is_not_null() | keyed["payments"]["part"].is_not_null()
    named = keyed["payments"]["key"].filter(names).unique().to_frame() if names.any() else _nobody()
    on_cards = keyed["statements"].select("key").unique()
    changed = pl.concat([keyed["terms"].select("key"), turns.select("key")]).unique()
    months = pl.col("day_count").is_in([daycount.BOND, daycount.EUROPEAN]).fill_null(value=False)
    has_clauses = heads.select(
        pl.any_horizontal(months, *(pl.col(name).is_not_null() for name in _CLAUSES))
    ).to_series()
    if not has_clauses.any() and all(one.is_empty() for one in (named, on_cards, changed)):
        return _none(heads.height)
    hard = pl.concat([accelerated, named, on_cards]).unique()["key"].implode()
    # A ceiling on all costs may want a fact, late or not; principal first shapes what is paid ahead.
    at_once = pl.col("all_in_cap_ppm").is_not_null() | (pl.col("clause") == "principal_first").fill_null(
        value=False
    )
    found = heads.filter(has_clauses).select("key", hard=at_once)
    soft = pl.concat([named, on_cards, changed]).select("key", hard=pl.lit(value=False))
    keys = (
        pl.concat([found, soft])
        .group_by("key")
        .agg(pl.col("hard").any())
        .with_columns(hard=pl.col("hard") | pl.col("key").is_in(hard))
    )
    theirs = heads.join(keys, on="key", maintain_order="left")
    only = theirs.select("key")
    return Particulars(
        accounts=heads.height,
        heads=_terms(theirs, on_cards),
        happened=_happened(keyed["terms"], turns, on_cards),
        charges=keyed["charges"].join(only, on="key", how="semi").select("key", "charged_on", "amount_minor"),
        statements=keyed["statements"].select("key", "seq", "statement_on", "balance_minor", "minimum_minor"),
    )


def _none(accounts: int) -> Particulars:
    """Nothing, of so many accounts."""
    empty = _nobody()
    heads = empty.with_columns(hard=pl.lit(value=False))
    return Particulars(accounts=accounts, heads=heads, happened=empty, charges=empty, statements=empty)


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={"key": pl.UInt32})


def _turns(heads: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """`key`, `day`, `status`: the statuses by day. Of the accounts' own only that they are accelerated counts."""
    told = statuses.select("key", day="since", status="status")
    is_accelerated = (pl.col("status") == Status.ACCELERATED.value) & pl.col("status_since").is_not_null()
    own = heads.filter(is_accelerated).select("key", day="status_since", status="status")
    return pl.concat([told, own.join(told, on=["key", "day"], how="anti")])


def _terms(heads: pl.DataFrame, on_cards: pl.DataFrame) -> pl.DataFrame:
    """The terms of an account as the course needs them."""
    basis = pl.coalesce("day_count", pl.concat_str(pl.lit("actual/"), pl.col("year_days").cast(pl.String)))
    by_statement = pl.col("key").is_in(on_cards["key"].implode())
    caps = pl.col("all_in_cap_ppm").is_not_null()
    missing = (
        pl.when(caps & pl.col("outside_charges").is_null())
        .then(pl.lit("outside_charges"))
        .when(caps & pl.col("contract_on").is_null())
        .then(pl.lit("contract_on"))
        .when(caps & by_statement)
        .then(pl.lit("card_costs"))
    )
    return heads.select(
        "key",
        "hard",
        "product",
        "clause",
        "contract_on",
        "cap_ppm",
        "compound_months",
        basis=basis,
        ppm=pl.col("overdue_ppm"),
        on_total=(pl.col("rounds") == "total").fill_null(value=False),
        grace_days=pl.col("grace_days").fill_null(0),
        all_in=pl.when(missing.is_null()).then("all_in_cap_ppm"),
        missing=missing.cast(pl.String),
        by_statement=by_statement,
    ).with_columns(denominator=daycount.year(pl.col("basis")) * 1_000_000)


def _happened(terms: pl.DataFrame, turns: pl.DataFrame, on_cards: pl.DataFrame) -> pl.DataFrame:
    """Changes of rate and status: `key`, `day`, `why`, `ppm`, `accelerates`."""
    rates = terms.select(
        "key", day="since", why=pl.lit(RATE, pl.Int8), ppm="overdue_ppm", accelerates=pl.lit(value=False)
    )
    is_first = (pl.col("status") == Status.ACCELERATED.value) & (
        pl.col("day") == pl.col("day").filter(pl.col("status") == Status.ACCELERATED.value).min().over("key")
    )
    termed = ~pl.col("key").is_in(on_cards["key"].implode())
    statuses = turns.select(
        "key",
        "day",
        why=pl.lit(STATUS, pl.Int8),
        ppm=pl.lit(None, pl.Int64),
        accelerates=(is_first & termed).fill_null(value=False),
    )
    return pl.concat([rates, statuses])


def money(payments: pl.DataFrame) -> pl.DataFrame:
    """What came in, as it settles: `key`, `day`, `names`, `kind`, `minor`, `toward`, `part`, `payment`."""
    stayed = receipts.stayed(payments)
    names = pl.col("toward").is_not_null() | pl.col("part").is_not_null()
    own = stayed.filter(names).select(
        "key", "kind", "toward", "part", "payment", day="paid_on", minor="amount_minor",
        names=pl.lit(value=True),
    )  # fmt: skip
    rest = (
        stayed.filter(~names)
        .group_by("key", "paid_on")
        .agg(pl.sum("amount_minor"))
        .select(
            "key",
            kind=pl.lit("payment"),
            toward=pl.lit(None, pl.Int32),
            part=pl.lit(None, pl.String),
            payment=pl.lit(""),
            day="paid_on",
            minor="amount_minor",
            names=pl.lit(value=False),
        )
    )
    return pl.concat([own, rest])


def compounding(heads: pl.DataFrame, instalments: pl.DataFrame, debts: pl.DataFrame) -> pl.DataFrame:
    """`key`, `day`: the days on which unpaid interest begins to bear interest, up to each debt's day."""
    agreed = heads.filter(pl.col("compound_months") > 0).select("key", "compound_months")
    if agreed.is_empty():
        return pl.DataFrame(schema={"key": debts.schema["key"], "day": pl.Date()})
    first = (
        instalments.join(agreed, on="key").group_by("key").agg(pl.min("due_on"), pl.first("compound_months"))
    )
    dated = first.join(debts.select("key", "on"), on="key")
    spans = (pl.col("on").dt.year() - pl.col("due_on").dt.year()) * 12 + (
        pl.col("on").dt.month().cast(pl.Int32) - pl.col("due_on").dt.month().cast(pl.Int32)
    )
    steps = dated.with_columns(
        step=pl.int_ranges(pl.col("compound_months"), spans + 1, step=1).list.eval(pl.element())
    ).explode("step")
    due = steps.filter(pl.col("step").is_not_null() & (pl.col("step") % pl.col("compound_months") == 0))
    return (
        due.select("key", "on", day=pl.col("due_on").dt.offset_by(pl.format("{}mo", pl.col("step"))))
        .filter(pl.col("day") <= pl.col("on"))
        .select("key", "day")
    )
