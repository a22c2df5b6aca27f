"""An invented loan book, written as the files a lender's core system would export.

    book.make(folder / "data", accounts=2000, seed=1, on=day)

Every file is made from the seed, the size and the day alone, in pieces of 50,000 accounts, so a book of a
million needs no more memory than one piece. The files speak the core system's language (its column names,
its codes); `invent/folder/cn/book.yaml` translates them.
Refuses to look like anybody: see `people` for why no number or address in it can be a real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import polars as pl

from duly.invent import debts, people
from duly.model import progress
from duly.model.said import say

PIECE = 50_000  # a multiple of 50, so that a piece begins with somebody's own account (see debts)

CONTROL = "control.csv"
_INVENTING = say("Inventing accounts")


@dataclass
class _File:
    """One feed's file while it is written, and what its control line will say."""

    stream: BinaryIO
    rows: int = 0
    total: int | None = None

    def add(self, frame: pl.DataFrame, amounts: tuple[str, ...]) -> None:
        frame.write_csv(self.stream, include_header=self.rows == 0)
        self.rows += frame.height
        if amounts:
            cents = (pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64) for name in amounts)
            self.total = (self.total or 0) + int(frame.select(pl.sum_horizontal(cents).sum()).item() or 0)


@dataclass(frozen=True, kw_only=True)
class Made:
    """The files written, and how many rows each holds."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)


_AMOUNTS = {
    "accounts": ("od_amt",),
    "instalments": ("prin_amt", "int_amt", "fee_amt"),
    "payments": ("txn_amt",),
}


def make(
    folder: Path,
    *,
    accounts: int,
    seed: int,
    on: date,
    terms: Sequence[int] = debts.TERMS,
    tell: progress.Tell = progress.silent,
) -> Made:
    """Write the six feeds and their control file into `folder`, as of the evening before `on`.

    Raises OSError when the disk refuses. The same arguments write the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files: dict[str, _File] = {}
        for piece in pieces(accounts=accounts, seed=seed, on=on, terms=terms):
            for name, frame in piece.items():
                if name not in files:
                    files[name] = _File(stack.enter_context((folder / f"{name}.csv").open("wb")))
                files[name].add(frame, _AMOUNTS.get(name, ()))
            tell(_INVENTING, files["accounts"].rows, accounts)
    watermark = on - timedelta(days=1)
    lines = [f"{name},{watermark},{file.rows},{_decimal(file.total)}" for name, file in files.items()]
    control = "\n".join(["feed,watermark,rows,control_total", *lines, ""])
    (folder / CONTROL).write_text(control, "utf-8", newline="\n")
    return Made(folder=folder, rows={name: file.rows for name, file in files.items()})


def pieces(
    *, accounts: int, seed: int, on: date, terms: Sequence[int] = debts.TERMS
) -> Iterator[dict[str, pl.DataFrame]]:
    """The feeds by name, in the core system's columns, a piece of the accounts at a time."""
    for first in range(0, accounts, PIECE):
        made = debts.make(first, min(first + PIECE, accounts), seed=seed, on=on, terms=terms)
        everybody = people.named(made.people, seed)
        yield {
            "accounts": _accounts(made.accounts),
            "parties": _parties(made.parties, everybody),
            "instalments": _instalments(made.instalments),
            "payments": payments(made.payments),
            "contacts": _contacts(people.contacts(everybody, seed)),
            "holds": _holds(made.holds),
        }


def payments(rows: pl.DataFrame) -> pl.DataFrame:
    """Payments as the core system exports them.

    Takes `payment`, `account`, `paid_on`, `amount` in fen, `kind` (PAY, REV or WVR) and `reverses`.
    """
    return rows.select(
        txn_no="payment",
        acct_no="account",
        txn_date="paid_on",
        txn_amt=_yuan("amount"),
        txn_type="kind",
        orig_txn_no="reverses",
    )


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        acct_no="account",
        contract_no="contract",
        creditor="creditor",
        brand="brand",
        product="product",
        acct_status="status",
        status_date="status_since",
        open_date="contract_on",
        year_rate=_percent("rate"),
        od_rate=_percent("overdue_rate"),
        day_basis="year_days",
        od_amt=_yuan("ledger_overdue"),
        od_date="ledger_as_of",
        suit_flag="suit",
    )


def _parties(rows: pl.DataFrame, everybody: pl.DataFrame) -> pl.DataFrame:
    named = rows.join(everybody, on="n", maintain_order="left")
    return named.select(
        cust_no="person",
        acct_no="account",
        cust_role="role",
        lang="locale",
        timezones="zones",
        cust_name="name",
        id_no="id_number",
    )


def _instalments(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        acct_no="account",
        period_no="seq",
        due_date="due_on",
        prin_amt=_yuan("principal"),
        int_amt=_yuan("interest"),
        fee_amt=_yuan("fee"),
    )


def _contacts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        contact_no="point",
        cust_no="person",
        contact_type="channel",
        contact_value="value",
        source="source",
        contact_status="state",
        consent_flag="consent",
        verify_date="verified_on",
        service_addr="agreed",
        priority="rank",
    )


def _holds(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        cust_no="person", acct_no="account", stop_code="kind", start_date="since", end_date="until"
    )


def _yuan(fen: str) -> pl.Expr:
    """123000 as 1230.00, by digits alone."""
    return _shifted(pl.col(fen), 2)


def _percent(ppm: str) -> pl.Expr:
    """182500 as 18.2500."""
    return _shifted(pl.col(ppm), 4)


def _shifted(number: pl.Expr, places: int) -> pl.Expr:
    digits = number.cast(pl.String).str.zfill(places + 1)
    whole = digits.str.slice(0, digits.str.len_chars() - places)
    return pl.format("{}.{}", whole, digits.str.slice(-places))


def _decimal(total: int | None) -> str:
    return "" if total is None else f"{total // 100}.{total % 100:02}"
