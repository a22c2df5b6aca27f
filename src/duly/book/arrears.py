"""How an account stands on a day: what is overdue, since when, what falls due next, and whether we agree.

A pure function of the book and a date: payments that arrive late with an earlier date, reversals and
corrections change the answer as if they had always been known.
Days past due are contractual, counted from the oldest instalment with anything unpaid; nothing re-ages them.
An instalment is overdue from the day after its due date.
Refuses to say what should follow: that is the plan's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from duly.book import agree, allocation, course, ledger, particulars, receipts, running, runs
from duly.book.allocation import Settled
from duly.book.columns import ARREARS, Book
from duly.book.ledger import Ledger, Terms
from duly.book.orders import TABLE, Order
from duly.book.particulars import Particulars
from duly.model.money import Rounding

_OWNER = ("person", "account")
_MOVED = ("instalments", "payments")
_FEEDS = (*_MOVED, "terms", "statuses", "charges", "statements")
_PAID = ("key", "payment", "paid_on", "amount_minor", "kind")
_ABSENT = ("overdue_minor", "next_due_minor", "ahead_minor", "rest_minor", "barred_minor")
_BUCKETS = pl.Series("dpd_bucket", ["current", *(f"M{number}" for number in range(1, 7)), "M7+"])
_RATES = ("overdue_ppm", "cap_ppm", "day_count", "year_days")
_THEIRS = ("ledger_as_of", *(each.theirs for each in agree.COMPONENTS))
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
    heads = _numbered(book.accounts, book.runs["instalments"])
    feeds = _feeds(book, heads)
    odd = particulars.of(heads, feeds)
    today = _known(_debts(heads, pl.lit(on)), feeds)
    then = _at_ledger(heads, on, pl.concat([today.late["key"], odd.heads.filter("hard")["key"]]))
    # Both days of an account are reckoned in one go; the second under a number of its own.
    apart = pl.col("key") + heads.height
    quiet = _quiet(then, today, odd, feeds["payments"], on)
    noisy = then.join(quiet, on="key", how="anti", maintain_order="left")
    known = today
    if noisy.height:
        asked = {
            name: feeds[name].join(noisy, on="key", how="semi", maintain_order="left") for name in _MOVED
        }
        known = today.and_of(_known(noisy, asked).under(heads.height))
    whole = heads.select("key", whole=pl.col("ledger_balance_minor").is_not_null())
    earlier = quiet.select("key", day="on", other=apart).join(whole, on="key", maintain_order="left")
    found = _settled(known, odd, feeds["payments"], terms, orders, earlier=earlier)
    sums = _overdue_sums(found), _coming_sums(found), found.apart
    rows = _joined(heads.select("key", *_OWNER, *_THEIRS), sums)
    tolerance = agree.Tolerance(each_minor=tolerance_minor, parts=tolerances_minor or {})
    beside = _beside(_dated(rows, on), sums, on)
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
    heads = _numbered(book.accounts, book.runs["instalments"])
    terms = Terms(cure_minor=0, cure_days=0, rounding=rounding)
    feeds = _feeds(book, heads)
    known = _known(_debts(heads, pl.lit(on)), feeds)
    found = _settled(known, particulars.of(heads, feeds), feeds["payments"], terms, orders)
    lines = ("key", "seq", "due_on", *ledger.PARTS)
    coming = found.coming.with_columns(penalty_minor=pl.lit(0, pl.Int64))
    rows = pl.concat([found.overdue.select(lines), coming.select(lines)]).sort("key", "due_on", "seq")
    return heads.select("key", *_OWNER).join(rows, on="key", maintain_order="left_right").drop("key")


def episodes(
    book: Book, evenings: pl.DataFrame, terms: Terms, orders: Sequence[Order] = TABLE
) -> pl.DataFrame:
    """`person`, `account`, `episode_on` of each account that is in an episode on the evening `on` of its own.

    `evenings` has `person`, `account`, `on`, once for each of some accounts of the book.
    """
    asked = book.accounts.join(evenings, on=_OWNER, maintain_order="left")
    heads = _numbered(asked, book.runs["instalments"])
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
    number = (dpd.fill_null(0) - 1) // 30 + 1
    return pl.lit(_BUCKETS).gather(number.clip(0, 7))


def _numbered(accounts: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The accounts with `key`, their number in the order in which their rows stand in an arranged book.

    `spans` are the runs of the instalments, which stand in that order already where each account has one.
    """
    named = spans.select(_OWNER).with_row_index("key")
    keys = accounts.select(_OWNER).join(named, on=_OWNER, how="left", maintain_order="left")["key"]
    if keys.null_count() or not len(keys) == spans.height == accounts.height:
        keys = accounts.select(pl.arg_sort_by(_OWNER)).to_series().arg_sort()
    return accounts.with_columns(key=keys)


def _feeds(book: Book, heads: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The frames that are reckoned with, by the number of the account instead of the two names."""
    owners = heads.select("key", *_OWNER).sort("key")
    return {name: _keyed(getattr(book, name).drop(_OWNER), book.runs[name], owners) for name in _FEEDS}


def _keyed(frame: pl.DataFrame, spans: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """The frame with `key`, without the rows of anybody else; `spans` are its runs."""
    if frame.is_empty():
        return frame.with_columns(key=pl.lit(None, pl.UInt32))
    run = runs.numbered(spans, frame.height)
    if spans.select(_OWNER).equals(owners.select(_OWNER)):
        return frame.with_columns(key=run)
    keys = spans.join(owners, on=_OWNER, how="left", maintain_order="left")["key"]
    keyed = frame.with_columns(keys.gather(run))
    return keyed if keys.null_count() == 0 else keyed.filter(pl.col("key").is_not_null())


def _debts(heads: pl.DataFrame, on: pl.Expr) -> pl.DataFrame:
    """The debts with the terms that the plain reckoning knows."""
    year = pl.when(pl.col("day_count") == "actual/360").then(360).when(pl.col("day_count") == "actual/365")
    return heads.select(
        "key",
        overdue_ppm=pl.min_horizontal("overdue_ppm", "cap_ppm"),
        year_days=year.then(365).otherwise("year_days").cast(pl.Int32),
        on=on,
    ).sort("key")


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
    lines = ("key", "seq", "due_on", *ledger.CONTRACTED)
    owed = pl.concat(rows.select(lines) for rows in (known.past, known.coming)).join(
        special, on="key", how="semi"
    )
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
    matters = (
        pl.col("key").is_in(late.implode())
        | (pl.col("ledger_as_of") > on)
        | pl.col("ledger_balance_minor").is_not_null()
    )
    other = heads.select(_spoken() & (pl.col("ledger_as_of") != on) & matters).to_series()
    terms = heads.select("key", "ledger_as_of", *_RATES).filter(other)
    return _debts(terms, pl.col("ledger_as_of"))


def _quiet(
    then: pl.DataFrame, today: Ledger, odd: Particulars, payments: pl.DataFrame, on: date
) -> pl.DataFrame:
    """Those of `then` whose day lies before `on` with nothing between, so that one walk serves both days."""
    if then.is_empty():
        return then
    recent = payments.select("key", "paid_on").filter(payments["paid_on"] > then["on"].min())
    news = recent.join(then.select("key", "on"), on="key").filter(pl.col("paid_on") <= on)
    moved = news.filter(pl.col("paid_on") > pl.col("on"))
    late = then.filter(pl.col("on") < on).join(today.late, on="key", how="semi")
    for others in (moved, odd.heads):
        late = late.join(others, on="key", how="anti")
    return late


def _known(debts: pl.DataFrame, feeds: Mapping[str, pl.DataFrame]) -> Ledger:
    """The debts with all their instalments, and with what was paid until their days."""
    payments = feeds["payments"].select(_PAID)
    until = payments["paid_on"] <= ledger.day_of(debts, payments["key"])
    if not until.all():
        payments = payments.filter(until)
    return Ledger.of(debts, feeds["instalments"], receipts.of(payments))


def _overdue_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the overdue parts, their sum, the oldest unpaid due date and the episode."""
    return found.overdue.group_by("key").agg(
        *(pl.col(part).sum() for part in _AMOUNTS),
        pl.sum_horizontal(*_AMOUNTS).sum().alias("overdue_minor"),
        pl.col("due_on").min().alias("first_unpaid_on"),
        pl.col("episode_on").first(),
    )


def _coming_sums(found: Settled) -> pl.DataFrame:
    """By `key`: the next due date, what falls due on it, and the principal that is yet to fall due."""
    soonest = pl.when(running.is_first()).then("due_on").forward_fill()
    soon = pl.when(pl.col("due_on") == soonest).then(ledger.contracted()).otherwise(0)
    first = found.coming.select("key", next_due_on="due_on").filter(running.is_first())
    sums = running.sums(found.coming, next_due_minor=soon, ahead_minor=pl.col("principal_minor"))
    return first.hstack(sums.drop("key"))


def _joined(rows: pl.DataFrame, sums: Iterable[pl.DataFrame]) -> pl.DataFrame:
    for one in sums:
        if one.is_empty():
            none = (pl.lit(None, kind).alias(name) for name, kind in one.schema.items() if name != "key")
            rows = rows.with_columns(none)
        else:
            rows = rows.join(one, on="key", how="left", maintain_order="left")
    return rows


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


def _beside(rows: pl.DataFrame, sums: Iterable[pl.DataFrame], on: date) -> pl.DataFrame:
    """The rows with our own figures for the ledger's day."""
    same = pl.col("ledger_as_of") == on
    then = pl.col("key") + pl.when(same.fill_null(value=True)).then(0).otherwise(rows.height)
    told = {f"{part}_minor" for part in (*agree.PARTS, "overdue", "ahead", "rest")}
    narrow = (one.select("key", *(name for name in one.columns if name in told)) for one in sums)
    ours = _joined(rows.select(key=then.cast(pl.UInt32)), narrow)
    whole = pl.sum_horizontal("overdue_minor", "ahead_minor", "rest_minor")
    parts = (pl.col(f"{part}_minor").fill_null(0) for part in (*agree.PARTS, "overdue"))
    figures = ours.select(*parts, balance_minor=whole)
    return rows.hstack(figures.rename({f"{each.name}_minor": each.ours for each in agree.COMPONENTS}))
