"""Invented payments: in time, late, in part, bounced, forgiven.

Late payments carry the overdue interest of their days, as a core system would have charged it, so whoever
paid late owes nothing afterwards.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from duly.book import interest
from duly.invent import chance
from duly.model.money import Rounding

OVERDUE = 200  # accounts whose story, of a thousand, is below this are overdue


def make(accounts: pl.DataFrame, instalments: pl.DataFrame, *, seed: int, on: date) -> pl.DataFrame:
    """What was paid on `accounts` before `on`: `payment`, `account`, `paid_on`, `amount`, `kind`, `reverses`.

    `accounts` and `instalments` are as `debts` draws them; amounts are in fen.
    """
    paid = [
        _in_time(instalments, seed, on),
        _in_part(accounts, instalments, seed, on),
        _bounced(accounts, instalments, seed, on),
        _waived(accounts, seed, on),
    ]
    return pl.concat(paid).sort("account", "paid_on", "payment")


def _owed() -> pl.Expr:
    return pl.col("principal") + pl.col("interest") + pl.col("fee")


_PAYMENT = ("payment", "account", "paid_on", "amount", "kind", "reverses")


def _payment(
    rows: pl.DataFrame,
    suffix: str,
    *,
    on: pl.Expr,
    amount: pl.Expr,
    kind: str = "PAY",
    reverses: pl.Expr | None = None,
) -> pl.DataFrame:
    """One payment for each of `rows`, named by its account, instalment and `suffix`."""
    return rows.with_columns(
        payment=pl.format("{}-{}{}", pl.col("account").str.replace("A", "Y"), "seq", pl.lit(suffix)),
        paid_on=on,
        amount=amount,
        kind=pl.lit(kind),
        reverses=reverses if reverses is not None else pl.lit(None, pl.String),
    ).select(_PAYMENT)


def _in_time(instalments: pl.DataFrame, seed: int, on: date) -> pl.DataFrame:
    """Those before the pivot: up to two days early, one in twenty-five some days late and with interest."""
    line = pl.col("i") * 32 + pl.col("k")
    late = chance.one_in(line, seed, "late", 25)
    shift = (
        pl.when(late)
        .then(chance.between(line, seed, "late by", 1, 5))
        .otherwise(-chance.below(line, seed, "early by", 3))
    )
    latest = (pl.lit(on - timedelta(days=1)) - pl.col("due_on")).dt.total_days()
    rows = instalments.filter(pl.col("k") < pl.col("paid")).with_columns(
        shift=pl.min_horizontal(shift, latest)
    )
    charged = interest.accrued(
        pl.col("principal"),
        pl.col("overdue_rate"),
        pl.col("shift").clip(0),
        pl.col("year_days"),
        Rounding.HALF_UP,
    )
    day = pl.col("due_on").dt.offset_by(pl.format("{}d", "shift"))
    return _payment(rows, "", on=day, amount=_owed() + charged)


def _pivotal(accounts: pl.DataFrame, instalments: pl.DataFrame) -> pl.DataFrame:
    """The oldest unpaid instalment of each overdue account."""
    overdue = accounts.filter(pl.col("story") < OVERDUE).select("i", "dpd")
    return instalments.filter(pl.col("k") == pl.col("paid")).join(overdue, on="i", maintain_order="left")


def _in_part(accounts: pl.DataFrame, instalments: pl.DataFrame, seed: int, on: date) -> pl.DataFrame:
    """One overdue account in eight paid something, some days after the due date."""
    i = pl.col("i")
    day = pl.col("due_on").dt.offset_by(pl.format("{}d", (pl.col("dpd") + 1) // 2))
    rows = _pivotal(accounts, instalments).filter(chance.one_in(i, seed, "in part", 8) & (day < on))
    return _payment(rows, "p", on=day, amount=_owed() * chance.between(i, seed, "part", 1, 9) // 10)


def _bounced(accounts: pl.DataFrame, instalments: pl.DataFrame, seed: int, on: date) -> pl.DataFrame:
    """One overdue account in thirty had paid in time, and the payment came back after three days."""
    back = pl.col("due_on").dt.offset_by("3d")
    rows = _pivotal(accounts, instalments).filter(
        chance.one_in(pl.col("i"), seed, "bounced", 30) & (back < on)
    )
    named = pl.format("{}-{}b", pl.col("account").str.replace("A", "Y"), "seq")
    return pl.concat(
        [
            _payment(rows, "b", on=pl.col("due_on"), amount=_owed()),
            _payment(rows, "r", on=back, amount=_owed(), kind="REV", reverses=named),
        ]
    )


def _waived(accounts: pl.DataFrame, seed: int, on: date) -> pl.DataFrame:
    """One overdue account in fifty was forgiven ten yuan the evening before."""
    rows = accounts.filter(
        (pl.col("story") < OVERDUE) & chance.one_in(pl.col("i"), seed, "waived", 50)
    ).with_columns(seq=pl.lit(0))
    return _payment(rows, "w", on=pl.lit(on - timedelta(days=1)), amount=pl.lit(1_000, pl.Int64), kind="WVR")
