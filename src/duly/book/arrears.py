"""How an account stands on a day: what is overdue, since when, what falls due next, and whether we agree.

A pure function of the book and a date: payments that arrive late with an earlier date, reversals and
corrections change the answer as if they had always been known.
Days past due are contractual, counted from the oldest instalment with anything unpaid; nothing re-ages them.
An instalment is overdue from the day after its due date.
Refuses to say what should follow: that is the plan's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from duly.book import agree, allocation, course, particulars, receipts
from duly.book.allocation import Ledger, Settled, Terms
from duly.book.columns import ARREARS, Book
from duly.book.orders import TABLE, Order
from duly.book.particulars import Particulars
from duly.model.money import Rounding

_OWNER = ("person", "account")
_MOVED = ("instalments", "payments")
_FEEDS = (*_MOVED, "terms", "statuses", "charges", "statements")
_PAID = ("key", "payment", "paid_on", "amount_minor", "kind")
_ABSENT = ("overdue_minor", "next_due_minor", "ahead_minor", "rest_minor", "barred_minor")
_AMOUNTS = ("principal_minor", "interest_minor", "fee_minor", "penalty_minor")


def standing(
    book: Book,
    on: date,
    *,
    cure_minor: int = 0,
    cure_days: int = 0,
    tolerance_minor: int = 0,
    tolerances_minor: Mapping[str, int] | None = None,
    rounding: Rounding = Rounding.HALF_UP,
    orders: Sequence[Order] = TABLE,
) -> pl.DataFrame:
    """One `ARREARS` row per (person, account) of the book, in the order of its accounts.

    `cure_minor` and `cure_days` say how little or how recent an overdue amount counts as cured,
    `tolerance_minor` by how much we and the lender's ledger may differ, `tolerances_minor` by how much where a
    component (`agree.COMPONENTS`) has its own. Money is in minor units. `orders` is the dated table by which money
    settles the accounts of which a contract or a history says something particular.
    """
    terms = Terms(cure_minor=cure_minor, cure_days=cure_days, rounding=rounding)
    heads = book.accounts.with_row_index("key")
    feeds = _feeds(book, heads)
    odd = particulars.of(heads, feeds)
    today = _known(_debts(heads, pl.lit(on)), feeds)
    then = _at_ledger(heads, on, pl.concat([today.late["key"], odd.heads.filter("hard")["key"]]))
    # Both days of an account are reckoned in one go; the second under a number of its own.
    apart = pl.col("key") + heads.height
    quiet = _quiet(then, today, odd, feeds["payments"], on)
    noisy = then.join(quiet, on="key", how="anti")
    asked = {name: feeds[name].join(noisy, on="key", how="semi").with_columns(apart) for name in _MOVED}
    known = today.and_of(_known(noisy.with_columns(apart), asked))
    earlier = quiet.join(heads, on="key").select(
        "key", day="on", other=apart, whole=pl.col("ledger_balance_minor").is_not_null()
    )
    found = _settled(known, odd, feeds["payments"], terms, orders, earlier=earlier)
    rows = heads
    for sums in (_overdue_sums(found), _next_sums(found), found.apart):
        rows = rows.join(sums, on="key", how="left", maintain_order="left")
    tolerance = agree.Tolerance(each_minor=tolerance_minor, parts=tolerances_minor or {})
    beside = _beside(_dated(rows, on), found, on)
    return (
        agree.compared(beside, tolerance)
        .with_columns(
            cured=pl.col("episode_on").is_null(),
            total_minor=pl.sum_horizontal("overdue_minor", "ahead_minor", "rest_minor"),
        )
        .select(pl.col(name).cast(kind) for name, kind in ARREARS.items())
    )


def unpaid(
    book: Book, on: date, *, rounding: Rounding = Rounding.HALF_UP, orders: Sequence[Order] = TABLE
) -> pl.DataFrame:
    """Each instalment with anything unpaid on `on`, past and to come, in due order.

    Columns: `person`, `account`, `seq`, `due_on`, `fee_minor`, `interest_minor`, `penalty_minor`,
    `principal_minor`. The lines behind the sums of `standing`.
    """
    heads = book.accounts.with_row_index("key")
    terms = Terms(cure_minor=0, cure_days=0, rounding=rounding)
    feeds = _feeds(book, heads)
    known = _known(_debts(heads, pl.lit(on)), feeds)
    found = _settled(known, particulars.of(heads, feeds), feeds["payments"], terms, orders)
    lines = ("key", "seq", "due_on", *allocation.PARTS)
    coming = found.coming.with_columns(penalty_minor=pl.lit(0, pl.Int64))
    rows = pl.concat([found.overdue.select(lines), coming.select(lines)]).sort("key", "due_on", "seq")
    return heads.select("key", *_OWNER).join(rows, on="key", maintain_order="right").drop("key")


def episodes(
    book: Book, evenings: pl.DataFrame, terms: Terms, orders: Sequence[Order] = TABLE
) -> pl.DataFrame:
    """`person`, `account`, `episode_on` of each account that is in an episode on the evening `on` of its own.

    `evenings` has `person`, `account`, `on`, once for each of some accounts of the book.
    """
    heads = book.accounts.join(evenings, on=_OWNER, maintain_order="left").with_row_index("key")
    feeds = _feeds(book, heads)
    known = _known(_debts(heads, pl.col("on")), feeds)
    odd = particulars.of(heads.drop("on"), feeds)
    found = _overdue_sums(_settled(known, odd, feeds["payments"], terms, orders))
    ours = heads.select("key", *_OWNER).join(
        found.select("key", "episode_on"), on="key", maintain_order="left"
    )
    return ours.drop("key").filter(pl.col("episode_on").is_not_null())


def bucket_of(dpd: pl.Expr) -> pl.Expr:
    """`model.account.bucket_of_dpd` over a column; a null, where nothing is due any more, is `current`."""
    number = (dpd - 1) // 30 + 1
    named = pl.concat_str(pl.lit("M"), number.cast(pl.String))
    return (
        pl.when(dpd.fill_null(0) <= 0)
        .then(pl.lit("current"))
        .when(number <= 6)
        .then(named)
        .otherwise(pl.lit("M7+"))
    )


def _keyed(frame: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the number of its (person, account) instead of the two names."""
    # Rows of one account stand together in an arranged book, so each run of them is looked up once, and
    # names are compared with their neighbours instead of being hashed a million times. In a book that is
    # not arranged there are more runs, and the answer is the same.
    person, account = pl.col("person"), pl.col("account")
    begins = person.ne_missing(person.shift()) | account.ne_missing(account.shift())
    runs = frame.select(begins=begins, run=begins.cum_sum())
    owners = (
        frame.filter(runs["begins"])
        .select(_OWNER)
        .join(heads.select("key", *_OWNER), on=_OWNER, how="left", maintain_order="left")
    )
    # The key of a run stands where the run is counted.
    keys = owners["key"].gather(runs["run"] - 1)
    keyed = frame.drop(_OWNER).with_columns(keys)
    return keyed if keys.null_count() == 0 else keyed.filter(pl.col("key").is_not_null())


def _feeds(book: Book, heads: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {name: _keyed(getattr(book, name), heads) for name in _FEEDS}


def _debts(heads: pl.DataFrame, on: pl.Expr) -> pl.DataFrame:
    """The debts with the terms that the plain reckoning knows."""
    year = pl.when(pl.col("day_count") == "actual/360").then(360).when(pl.col("day_count") == "actual/365")
    return heads.select(
        "key",
        overdue_ppm=pl.min_horizontal("overdue_ppm", "cap_ppm"),
        year_days=year.then(365).otherwise("year_days").cast(pl.Int32),
        on=on,
    )


def _settled(
    known: Ledger,
    odd: Particulars,
    payments: pl.DataFrame,
    terms: Terms,
    orders: Sequence[Order],
    *,
    earlier: pl.DataFrame | None = None,
) -> Settled:
    """What is unpaid: by the plain reckoning, and by the full course where something particular matters."""
    if odd.heads.is_empty():
        return allocation.settle(known, terms, earlier)
    accounts = odd.heads.select(of="key", hard="hard")
    # A debt of the ledger's day goes under a number of its own, above those of all accounts.
    numbers = known.debts.select("key", "on", of=pl.col("key") % odd.accounts)
    special = (
        numbers.join(accounts, on="of")
        .filter(pl.col("hard") | pl.col("key").is_in(known.late["key"].implode()))
        .drop("hard")
    )
    owed = pl.concat([known.past, known.coming]).join(special, on="key", how="semi")
    paid = payments.rename({"key": "of"}).join(special, on="of").filter(pl.col("paid_on") <= pl.col("on"))
    full = course.settle(
        odd.under(special),
        debts=special.drop("of"),
        instalments=owed,
        payments=paid.drop("of", "on"),
        terms=terms,
        table=orders,
    )
    return allocation.settle(known.without(special), terms, earlier).and_of(full)


def _at_ledger(heads: pl.DataFrame, on: date, late: pl.Series) -> pl.DataFrame:
    """The debts to be computed once more, for the day of the lender's figures.

    A debt that has never been late until `on` had nothing overdue on any day before; what was still to fall due
    then is asked only where the lender says what it was.
    """
    other = heads.filter(_spoken() & (pl.col("ledger_as_of") != on))
    matters = (
        pl.col("key").is_in(late.implode())
        | (pl.col("ledger_as_of") > on)
        | pl.col("ledger_balance_minor").is_not_null()
    )
    return _debts(other.filter(matters), pl.col("ledger_as_of"))


def _quiet(
    then: pl.DataFrame, today: Ledger, odd: Particulars, payments: pl.DataFrame, on: date
) -> pl.DataFrame:
    """Those of `then` whose day lies before `on` with nothing between, so that one walk serves both days."""
    news = payments.filter(pl.col("paid_on").is_between(then["on"].min(), on, closed="right"))
    moved = news.join(then.select("key", "on"), on="key").filter(pl.col("paid_on") > pl.col("on"))
    late = then.filter(pl.col("on") < on).join(today.late, on="key", how="semi")
    for others in (moved, odd.heads):
        late = late.join(others, on="key", how="anti")
    return late


def _known(debts: pl.DataFrame, feeds: Mapping[str, pl.DataFrame]) -> Ledger:
    paid = (
        feeds["payments"]
        .select(_PAID)
        .join(debts.select("key", "on"), on="key")
        .filter(pl.col("paid_on") <= pl.col("on"))
    )
    return Ledger.of(debts, feeds["instalments"], receipts.of(paid.drop("on")))


def _overdue_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the overdue parts, their sum, the oldest unpaid due date and the episode."""
    return found.overdue.group_by("key").agg(
        *(pl.col(part).sum() for part in _AMOUNTS),
        pl.sum_horizontal(*_AMOUNTS).sum().alias("overdue_minor"),
        pl.col("due_on").min().alias("first_unpaid_on"),
        pl.col("episode_on").first(),
    )


def _next_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the next due date, what falls due on it, and the principal that is yet to fall due."""
    soonest = found.coming.group_by("key").agg(pl.min("due_on"), ahead_minor=pl.sum("principal_minor"))
    owed = pl.sum_horizontal("fee_minor", "interest_minor", "principal_minor")
    return (
        found.coming.join(soonest, on=["key", "due_on"])
        .group_by("key")
        .agg(
            pl.first("due_on").alias("next_due_on"),
            pl.first("ahead_minor"),
            owed.sum().alias("next_due_minor"),
        )
    )


def _dated(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """The rows with days past due and their bucket, and zeros where nothing is unpaid."""
    zeros = [pl.col(name).fill_null(0) for name in (*_AMOUNTS, *_ABSENT)]
    late = (pl.lit(on) - pl.col("first_unpaid_on")).dt.total_days()
    early = (pl.lit(on) - pl.col("next_due_on")).dt.total_days()
    # Within its grace an instalment is past its due date and not past due.
    dated = rows.with_columns(*zeros, dpd=pl.coalesce(late, early.clip(upper_bound=0)).cast(pl.Int32))
    return dated.with_columns(dpd_bucket=bucket_of(pl.col("dpd")))


def _spoken() -> pl.Expr:
    return pl.any_horizontal(pl.col(each.theirs).is_not_null() for each in agree.COMPONENTS)


def _beside(rows: pl.DataFrame, found: Settled, on: date) -> pl.DataFrame:
    """The rows with our own figures for the ledger's day, where the ledger speaks."""
    spoken = rows.filter(_spoken()).select(
        "key", then=pl.col("key") + pl.when(pl.col("ledger_as_of") == on).then(0).otherwise(rows.height)
    )
    lines = (
        frame.join(spoken, left_on="key", right_on="then", how="semi")
        for frame in (found.overdue, found.coming)
    )
    ours = spoken.join(agree.own(*lines), left_on="then", right_on="key", how="left", maintain_order="left")
    rest = found.apart.select(then="key", rest_then="rest_minor")
    ours = ours.join(rest, on="then", how="left", maintain_order="left").with_columns(
        ours_balance_minor=pl.sum_horizontal("ours_balance_minor", "rest_then")
    )
    zeros = ours.drop("then", "rest_then").with_columns(
        pl.col(each.ours).fill_null(0) for each in agree.COMPONENTS
    )
    return rows.join(zeros, on="key", how="left", maintain_order="left")
