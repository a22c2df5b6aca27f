"""Where invented debtors' money is booked: the payments feed grows, and the control file with it.

    cashier.book(folder / "data", [Paid(person="P000123", minor=25000, ref="0000000017")], book, on=day)

Money goes to the person's overdue accounts, the longest overdue first, as a bank books a transfer; what is
left over to the account that is due next. Writing is by rename, so a reader sees the old files or the new.
Refuses to change a row that is there: it only adds, and a `ref` booked before adds nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from duly.book import arrears
from duly.book.columns import Book
from duly.invent import book as invented

PAYMENTS = "payments.csv"


@dataclass(frozen=True, kw_only=True)
class Paid:
    """Somebody paid `minor` units, or with None all that is overdue; `ref` is the transfer's own id."""

    person: str
    minor: int | None
    ref: str


def book(folder: Path, paid: Sequence[Paid], known: Book, *, on: date) -> int:
    """Add the payments made on `on` to the feed in `folder`; how many rows. Its watermark becomes `on`.

    `known` is the book with everything known so far, and says who owes what. Raises OSError when the disk
    refuses; then the files are as they were, or one step away from what the control file says, and the load
    that reads them is refused until this is repeated.
    """
    text = (folder / PAYMENTS).read_text("utf-8")
    booked = _booked(text)
    rows = _spread([one for one in paid if one.ref not in booked], known, on)
    frame = pl.DataFrame(rows, schema=_ROW)
    added = invented.payments(frame).write_csv(include_header=False)
    _put(folder / PAYMENTS, text + added)
    control = folder / invented.CONTROL
    _put(control, _advanced(control.read_text("utf-8"), frame, on))
    return frame.height


_ROW: dict[str, pl.DataType] = {
    "payment": pl.String(),
    "account": pl.String(),
    "paid_on": pl.Date(),
    "amount": pl.Int64(),
    "kind": pl.String(),
    "reverses": pl.String(),
}


def _booked(feed: str) -> set[str]:
    """The refs whose rows are in the feed: all rows of one ref are written together."""
    lines = csv.reader(io.StringIO(feed))
    place = next(lines).index("txn_no")
    return {line[place].removeprefix("T").rpartition("-")[0] for line in lines if line}


def _spread(paid: Sequence[Paid], known: Book, on: date) -> list[dict[str, object]]:
    """One row for each account that a payment reaches."""
    owed = _owed(known, {one.person for one in paid}, on)
    rows: list[dict[str, object]] = []
    for one in paid:
        accounts = owed.get(one.person, [])
        left = sum(minor for _, minor in accounts) if one.minor is None else one.minor
        for place, (account, minor) in enumerate(accounts):
            last = place == len(accounts) - 1
            amount = left if last else min(left, minor)
            if amount > 0:
                rows.append(_row(f"T{one.ref}-{place}", account, amount, on))
                accounts[place] = (account, max(minor - amount, 0))
                left -= amount
    return rows


def _row(payment: str, account: str, amount: int, on: date) -> dict[str, object]:
    return {
        "payment": payment,
        "account": account,
        "paid_on": on,
        "amount": amount,
        "kind": "PAY",
        "reverses": None,
    }


def _owed(known: Book, persons: set[str], on: date) -> dict[str, list[tuple[str, int]]]:
    """By person, the liable accounts and what is overdue on each, the longest overdue first."""
    theirs = {name: frame.filter(pl.col("person").is_in(persons)) for name, frame in known.frames().items()}
    liable = theirs["accounts"].filter(pl.col("liable")).select("person", "account")
    rows = (
        arrears.standing(Book(**theirs), on)
        .join(liable, on=["person", "account"])
        .sort(pl.col("dpd").fill_null(-9_999), "account", descending=[True, False])
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for person, account, overdue in rows.select("person", "account", "overdue_minor").iter_rows():
        found.setdefault(person, []).append((account, overdue))
    return found


def _advanced(control: str, added: pl.DataFrame, on: date) -> str:
    """The control file with the new rows counted and every feed reaching to `on`."""
    header, *lines = csv.reader(io.StringIO(control))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for feed, _, count, total in lines:
        if feed == "payments":
            hundredths = int(total.replace(".", "")) + int(added["amount"].sum())
            writer.writerow(
                [feed, on, int(count) + added.height, f"{hundredths // 100}.{hundredths % 100:02}"]
            )
        else:
            writer.writerow([feed, on, count, total])
    return out.getvalue()


def _put(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, "utf-8", newline="\n")
    beside.replace(file)
