"""What money settles of the accounts with particulars, and what is barred from being settled.

Rows are the instalments of some debts, together by `key` and in due order, as they stand on the evening of `day`.
The orders are few, so the rows are parted by the order that counts for them, and each part is reckoned in columns.
Refuses to let interest run: that has happened before.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from duly.book import orders, running
from duly.book.ledger import PARTS, Terms
from duly.book.orders import Order

NO_SURPLUS = pl.DataFrame(schema={"key": pl.UInt32(), "day": pl.Date(), "left": pl.Int64()})
_ZERO = pl.lit(0, pl.Int64)


def owed() -> pl.Expr:
    """All that is left of an instalment."""
    return pl.sum_horizontal(*PARTS)


def claimable() -> pl.Expr:
    """That, less what is barred."""
    return owed() - pl.sum_horizontal(f"barred_{part}" for part in PARTS)


def late() -> pl.Expr:
    """Whether the instalment is overdue on the evening of `day`, when its grace is over."""
    return pl.col("day") > pl.col("grace_until")


def barred(state: pl.DataFrame) -> pl.DataFrame:
    """The rows with what of their unpaid costs lies beyond the ceiling: overdue interest first, the newest first."""
    none = [_ZERO.alias(f"barred_{part}") for part in PARTS]
    if state["all_in"].null_count() == state.height:
        return state.with_columns(none)
    fallen = pl.col("due_on") <= pl.col("day")
    costs = (
        pl.col("contracted_interest")
        + pl.col("contracted_fee")
        + pl.col("booked")
        - pl.col("pending")
        - pl.col("forgiven")
    )
    charged = running.whole(pl.when(fallen).then(costs).otherwise(0)) + pl.col("outside").fill_null(0)
    allowed = (pl.col("allowed") // pl.col("denominator").cast(pl.Int128)).cast(pl.Int64)
    excess = pl.when(pl.col("all_in").is_not_null()).then((charged - allowed).clip(0)).otherwise(0)
    state = state.with_columns(excess=excess, earlier=_ZERO, barred_principal_minor=_ZERO)
    for part in ("penalty_minor", "fee_minor", "interest_minor"):
        amount = pl.when(pl.col("due_on") <= pl.col("day")).then(part).otherwise(0)
        newer = pl.col("earlier") + running.whole(amount) - running.up_to(amount)
        state = state.with_columns(
            (pl.col("excess") - newer).clip(0, amount).alias(f"barred_{part}"),
            earlier=pl.col("earlier") + running.whole(amount),
        )
    return state.drop("excess", "earlier")


def received(state: pl.DataFrame, terms: Terms, table: Sequence[Order]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows after money of `day` (`minor`, `kind`, `names`, `toward`, `part`), and what of it settled nothing."""
    if state.is_empty():
        return barred(state), NO_SURPLUS
    standing = opened(barred(state), terms)
    oldest = running.earliest(pl.when(late() & (claimable() > 0)).then("due_on"))
    dpd = (pl.col("day") - oldest).dt.total_days().fill_null(0)
    placed = standing.with_columns(
        order=orders.columns(table, dpd=dpd, day=pl.col("day")),
        reach=pl.col("opens_on").is_null() | (pl.col("opens_on") < pl.col("day")),
        due=pl.col("due_on") < pl.col("day"),
    )
    kept = (*standing.columns, "counts")
    by_order = placed.partition_by("order", as_dict=True).items()
    spent = pl.concat([_spent(rows, table[place]).select(kept) for (place,), rows in by_order])
    left = spent.filter(running.is_first() & (pl.col("minor") > 0) & pl.col("counts")).select(
        pl.col("key").cast(pl.UInt32), "day", left="minor"
    )
    return _cured(spent, terms), left


def opened(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The rows with the episode's first day: as recorded, else the due date at which the limit was passed.

    By what was agreed alone, as `allocation` has it.
    """
    of_interest = pl.col("penalty_minor") - pl.col("barred_penalty_minor")
    agreed = pl.when(_counts(terms)).then(claimable() - of_interest).otherwise(0)
    passed = (running.up_to(agreed) > terms.cure_minor) & (agreed > 0)
    return state.with_columns(opened=pl.coalesce("opened", running.earliest(pl.when(passed).then("due_on"))))


def _cured(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The rows without an episode where what is overdue is within the limit."""
    overdue = running.whole(pl.when(_counts(terms)).then(claimable()).otherwise(0))
    return state.with_columns(opened=pl.when(overdue > terms.cure_minor).then("opened"))


def _counts(terms: Terms) -> pl.Expr:
    return late() & ((pl.col("day") - pl.col("due_on")).dt.total_days() > terms.cure_days)


def _spent(rows: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Spend by one order: first on what is named, then on what is due, then on what is to come."""
    parts = [f"{part}_minor" for part in order.parts]
    open_to = pl.col("kind") == "payment"
    if rows["names"].any():
        meant = pl.when(pl.col("toward").is_null()).then("due").otherwise(pl.col("toward") == pl.col("seq"))
        mine = pl.col("names") & pl.col("reach") & meant
        named = {
            part: pl.col("part").is_null() | (pl.col("part") == part.removesuffix("_minor")) for part in parts
        }
        rows = _by_line(rows, parts, {part: mine & wanted for part, wanted in named.items()})
    rows = rows.with_columns(counts=~pl.col("names") | open_to)
    free = pl.col("reach") & pl.col("counts")
    if order.by_part:
        rows = _by_part(rows, parts, free & pl.col("due"))
    return _by_line(rows, parts, dict.fromkeys(parts, free))


def _by_line(rows: pl.DataFrame, parts: Sequence[str], mask: dict[str, pl.Expr]) -> pl.DataFrame:
    """Each instalment whole, the oldest first, its `parts` in turn; `minor` becomes what is left."""
    rows = rows.with_columns(
        pl.when(mask[part]).then(pl.col(part) - pl.col(f"barred_{part}")).otherwise(0).alias(f"open_{part}")
        for part in parts
    )
    line = pl.sum_horizontal(f"open_{part}" for part in parts)
    rows = rows.with_columns(take=(pl.col("minor") - (running.up_to(line) - line)).clip(0, line))
    spent_before, takes = _ZERO, []
    for part in parts:
        takes.append((pl.col("take") - spent_before).clip(0, pl.col(f"open_{part}")).alias(f"take_{part}"))
        spent_before += pl.col(f"open_{part}")
    return _paid(rows.with_columns(takes), parts)


def _by_part(rows: pl.DataFrame, parts: Sequence[str], mask: pl.Expr) -> pl.DataFrame:
    """One part of all instalments, the oldest first, before the next part of any."""
    rows = rows.with_columns(
        pl.when(mask).then(pl.col(part) - pl.col(f"barred_{part}")).otherwise(0).alias(f"open_{part}")
        for part in parts
    )
    before, takes = _ZERO, []
    for part in parts:
        amount = pl.col(f"open_{part}")
        earlier = before + running.up_to(amount) - amount
        takes.append((pl.col("minor") - earlier).clip(0, amount).alias(f"take_{part}"))
        before += running.whole(amount)
    return _paid(rows.with_columns(takes), parts)


def _paid(rows: pl.DataFrame, parts: Sequence[str]) -> pl.DataFrame:
    """The rows less what was taken of them. What bears interest among unpaid interest is settled first."""
    costs = pl.col("take_interest_minor") + pl.col("take_penalty_minor")
    forgiven = pl.col("kind") == "waiver"
    taken = running.whole(pl.sum_horizontal(f"take_{part}" for part in parts))

    def let_off(part: str) -> pl.Expr:
        return pl.when(forgiven).then(f"take_{part}").otherwise(0)

    return rows.with_columns(
        *(pl.col(part) - pl.col(f"take_{part}") for part in parts),
        joined=(pl.col("joined") - costs).clip(0),
        forgiven=pl.col("forgiven") + let_off("penalty_minor"),
        contracted_interest=pl.col("contracted_interest") - let_off("interest_minor"),
        contracted_fee=pl.col("contracted_fee") - let_off("fee_minor"),
        minor=pl.col("minor") - taken,
    )
