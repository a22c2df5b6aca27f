"""A payment that bounced names what bounced and why, and counts as if it had never been made."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from duly.book import arrears, columns, events
from duly.book.columns import Book
from tests.book import lender

YAML = lender.YAML.replace(
    "kind: kind, orig: reverses}\n    values: {kind: {P: payment, R: reversal}}",
    "kind: kind, orig: reverses, why: reason}\n"
    "    values: {kind: {P: payment, R: reversal, B: bounced}, reason: {R01: insufficient_funds}}",
)
HEADER = "id,no,day,amount,kind,orig,why\n"
FIRST = "y1,A1,2026-03-12,200.00,P,,\n"


def book(root: Path, *lines: str) -> Book:
    """The book with these rows of payments, all of them good."""
    loaded = lender.loaded(root, YAML, payments=HEADER + "".join(lines))
    assert loaded.quarantine.is_empty()
    return loaded.book


def owed(made: Book, on: date = lender.AS_OF) -> tuple[int, int]:
    """What is overdue on the first account, and since how many days."""
    row = arrears.standing(made, on).filter(account="A1", person="P1").to_dicts()[0]
    return row["overdue_minor"], row["dpd"]


def test_a_bounced_payment_is_a_reversal_with_its_reason(tmp_path: Path) -> None:
    """It goes by the name of what bounced, in the lender's words or ours."""
    made = book(tmp_path, FIRST, "y2,A1,2026-03-14,200.00,B,y1,R01\n").payments.filter(person="P1")

    assert made.select("payment", "kind", "reason").rows() == [
        ("y1", "payment", None),
        ("y1", "reversal", "insufficient_funds"),
    ]


@pytest.mark.parametrize("kind", ["B,y1,R01", "B,y1,other", "R,y1,recalled", "R,y1,", "R,,"])
def test_what_was_undone_was_never_paid(tmp_path: Path, kind: str) -> None:
    """As if the payment had not been made, with the overdue interest of all days; whatever it is called."""
    nothing, undone = tmp_path / "nothing", tmp_path / "undone"
    nothing.mkdir()
    undone.mkdir()

    assert owed(book(undone, FIRST, f"y2,A1,2026-03-14,200.00,{kind}\n")) == owed(book(nothing))
    assert owed(book(nothing, FIRST))[0] < owed(book(undone, FIRST, f"y2,A1,2026-03-14,200.00,{kind}\n"))[0]


def test_only_the_part_that_bounced_is_undone(tmp_path: Path) -> None:
    """Of 200.00 the bank takes 150.00 back: 50.00 was paid, on its day."""
    part, rest = tmp_path / "part", tmp_path / "rest"
    part.mkdir()
    rest.mkdir()

    bounced = book(part, FIRST, "y2,A1,2026-03-14,150.00,B,y1,R01\n")

    assert owed(bounced) == owed(book(rest, FIRST.replace("200.00", "50.00")))


def test_a_payment_made_again_after_it_bounced_counts_on_its_own_day(tmp_path: Path) -> None:
    """The first attempt stops no interest."""
    again, late = tmp_path / "again", tmp_path / "late"
    again.mkdir()
    late.mkdir()
    second = "y3,A1,2026-03-18,200.00,P,,\n"

    assert owed(book(again, FIRST, "y2,A1,2026-03-14,200.00,B,y1,R01\n", second)) == owed(book(late, second))


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("y2,A1,2026-03-14,200.00,B,,R01", "orig", "bounced_what"),
        ("y2,A1,2026-03-14,200.00,B,y1,", "why", "bounced_why"),
        ("y2,A1,2026-03-14,200.00,B,y1,because", "why", "word"),
        ("y2,A1,2026-03-14,200.00,P,,R01", "why", "reason_alone"),
        ("y2,A1,2026-03-14,200.00,B,y7,R01", "orig", "reverses_unknown"),
        ("y2,A1,2026-03-14,200.01,B,y1,R01", "amount", "reverses_more"),
        ("y2,A2,2026-03-14,200.00,B,y1,R01", "orig", "reverses_unknown"),
        ("y2,A1,2026-03-14,200.00,B,y1,R01\ny3,A1,2026-03-15,1.00,R,y1,", "id", "duplicate"),
    ],
)
def test_a_bounced_payment_that_hangs_in_the_air_goes_to_quarantine(
    tmp_path: Path, row: str, column: str, code: str
) -> None:
    """It names a payment of its account, no more than was paid, once, and a reason; else the account is held."""
    loaded = lender.loaded(tmp_path, YAML, payments=f"{HEADER}{FIRST}{row}\n")

    assert loaded.quarantine.select("field", "code").rows() == [(column, code)]
    account = "A2" if ",A2," in row else "A1"
    kinds = loaded.book.holds.filter(account=account)["kind"].to_list()
    assert "amount_disagrees" in kinds


def test_a_bounce_that_was_told_as_it_happened_is_not_counted_again(tmp_path: Path) -> None:
    """The bank's word came by the inbox first and by the feed on the next day."""
    made = book(tmp_path, FIRST, "y2,A1,2026-03-14,200.00,B,y1,R01\n")
    told = {
        "seq": 1, "at": None, "kind": "reversal", "person": None, "account": "A1", "point": None,
        "amount_minor": 20_000, "on_date": date(2026, 3, 14), "detail": None, "ref": "y1",
    }  # fmt: skip

    folded = events.fold(made, pl.DataFrame([told], schema=dict(columns.EVENT)))

    assert folded.payments.equals(made.payments)
