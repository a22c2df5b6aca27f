"""What happened since the snapshot changes the book once, in the order it was recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.book import events
from duly.book.columns import Book
from tests.book import books

D1, D2, D3 = date(2026, 3, 1), date(2026, 3, 5), date(2026, 3, 9)


def plain() -> Book:
    """Two persons on one account, the second with another one; a point each; one hold and one payment."""
    return books.book(
        [books.account("P1", "A1"), books.account("P2", "A1"), books.account("P2", "A2")],
        [],
        [books.payment(D1, 500, "y1"), books.payment(D1, 500, "y1", person="P2")],
        [books.contact("P1", "P1-s1"), books.contact("P2", "P2-s1")],
        [books.hold("P1", since=D1)],
    )


def after(*rows: dict[str, object], book: Book | None = None) -> Book:
    """The book, the plain one unless given, after these events."""
    return events.fold(book or plain(), books.events(*rows))


def same(one: Book, other: Book) -> bool:
    """Equal in every frame."""
    return all(frame.equals(other.frames()[name]) for name, frame in one.frames().items())


PAYMENT = books.event(1, "payment", account="A1", amount_minor=700, on_date=D2, ref="y2")


def test_a_payment_reaches_every_person_on_the_account() -> None:
    """One fact, one row per person; the other account of the second person is left alone."""
    found = after(PAYMENT).payments.filter(pl.col("payment") == "y2")

    assert found.select("person", "account", "paid_on", "amount_minor", "kind").rows() == [
        ("P1", "A1", D2, 700, "payment"),
        ("P2", "A1", D2, 700, "payment"),
    ]


def test_a_payment_known_already_is_not_counted_again() -> None:
    """Neither when the snapshot holds it nor when the event arrives twice."""
    known = books.event(1, "payment", account="A1", amount_minor=500, on_date=D1, ref="y1")

    assert same(after(known), plain())
    assert same(after(PAYMENT, PAYMENT | {"seq": 2}), after(PAYMENT))


def test_a_reversal_may_carry_the_name_of_the_payment_it_undoes() -> None:
    """It is not taken for a repetition of the payment, but a repeated reversal is."""
    back = books.event(2, "reversal", account="A1", amount_minor=500, on_date=D2, ref="y1")

    found = after(back, back | {"seq": 3}).payments.filter(pl.col("kind") == "reversal")

    assert found["person"].to_list() == ["P1", "P2"]


def test_a_waiver_is_told_from_money() -> None:
    """The event's detail becomes the row's kind."""
    found = after(PAYMENT | {"detail": "waiver"}).payments.filter(pl.col("payment") == "y2")

    assert set(found["kind"]) == {"waiver"}


@pytest.mark.parametrize(
    ("kind", "fields", "column", "value"),
    [
        ("contact_state", {"point": "P1-s1", "detail": "wrong_number"}, "state", "wrong_number"),
        ("consent", {"point": "P1-s1", "detail": "withdrawn"}, "consent", "withdrawn"),
        ("status", {"account": "A2", "detail": "settled", "on_date": D2}, "status", "settled"),
        ("status", {"account": "A2", "detail": "settled", "on_date": D2}, "status_since", D2),
        ("balance", {"account": "A2", "amount_minor": 9, "on_date": D2}, "ledger_overdue_minor", 9),
        ("balance", {"account": "A2", "amount_minor": 9, "on_date": D2}, "ledger_as_of", D2),
        ("suit_list", {"account": "A2", "detail": "on"}, "suit_list", True),
    ],
)
def test_a_state_is_set_on_the_one_meant_and_nowhere_else(
    kind: str, fields: dict[str, object], column: str, value: object
) -> None:
    """The row named has the new value; every other row is as it was."""
    frame, key = ("contacts", "point") if "point" in fields else ("accounts", "account")
    old, new = plain().frames()[frame], after(books.event(1, kind) | fields).frames()[frame]
    meant = pl.col(key) == fields[key]

    assert new.filter(meant)[column].to_list() == [value]
    assert new.filter(~meant).equals(old.filter(~meant))


def test_the_last_word_recorded_is_the_one_that_holds() -> None:
    """Also when it is dated earlier: a settlement found out late must not be overruled by older news."""
    overdue = books.event(1, "status", account="A2", detail="overdue", on_date=D3)
    settled = books.event(2, "status", account="A2", detail="settled", on_date=D2)

    found = after(settled, overdue).accounts.filter(pl.col("account") == "A2")

    assert found.select("status", "status_since").rows() == [("settled", D2)]


def hold(seq: int, kind: str, day: date, **of: object) -> dict[str, object]:
    """An event about a dispute."""
    return books.event(seq, kind, on_date=day, detail="dispute") | of


@pytest.mark.parametrize(
    ("rows", "spans"),
    [
        ([], [(D1, None)]),
        ([("hold_set", D2)], [(D1, None)]),
        ([("hold_lifted", D2)], [(D1, D2)]),
        ([("hold_lifted", D2), ("hold_set", D3)], [(D1, D2), (D3, None)]),
        ([("hold_lifted", D3), ("hold_lifted", D2)], [(D1, D2)]),
        ([("hold_lifted", D2), ("hold_lifted", D3)], [(D1, D2)]),
        ([("hold_lifted", D3), ("hold_set", D1), ("hold_lifted", D2)], [(D1, D2), (D1, D3)]),
        ([("hold_lifted", D1)], []),
    ],
)
def test_a_hold_stands_once_and_ends_when_lifted(
    rows: list[tuple[str, date]], spans: list[tuple[date, date | None]]
) -> None:
    """Set twice is set once; lifted and set again is a second span, which does not shorten the first."""
    told = [hold(seq, kind, day, person="P1") for seq, (kind, day) in enumerate(rows)]

    assert after(*told).holds.select("since", "until").rows() == spans


def test_a_hold_on_an_account_bars_everybody_on_it() -> None:
    """Without a person it falls on both; with one it falls on that one."""
    both = after(hold(1, "hold_set", D2, account="A1")).holds.filter(pl.col("account") == "A1")
    one = after(hold(1, "hold_set", D2, account="A1", person="P2")).holds.filter(pl.col("account") == "A1")

    assert both["person"].to_list() == ["P1", "P2"]
    assert one["person"].to_list() == ["P2"]


def test_a_narrower_hold_is_another_hold() -> None:
    """Lifting the hold on an account leaves the one on the person."""
    found = after(
        hold(1, "hold_set", D2, person="P1", account="A1"), hold(2, "hold_lifted", D3, account="A1")
    )

    assert found.holds.select("account", "since", "until").rows() == [(None, D1, None), ("A1", D2, D3)]


def test_news_of_somebody_else_is_passed_over() -> None:
    """A book of some buckets is not disturbed by the events of the others."""
    rows = [
        PAYMENT | {"account": "A99"},
        books.event(2, "consent", point="P9-s1", detail="withdrawn"),
        hold(3, "hold_set", D2, person="P9"),
        books.event(4, "status", account="A99", detail="settled", on_date=D2),
    ]

    assert same(after(*rows), plain())


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (books.event(7, "fax"), "unknown kind: ['fax']"),
        (PAYMENT | {"seq": 7, "ref": None}, "event 7: a payment needs account"),
        (hold(7, "hold_set", D2), "event 7: a hold needs a person or an account"),
    ],
)
def test_a_malformed_event_is_our_own_defect(event: dict[str, object], says: str) -> None:
    """It stops everything, naming the event."""
    with pytest.raises(ValueError, match=re.escape(says)):
        after(event)


KINDS: dict[str, Callable[[int, date], dict[str, object]]] = {
    "payment": lambda n, day: {"account": "A1", "amount_minor": 7, "on_date": day, "ref": f"y{n % 3}"},
    "reversal": lambda n, day: {"account": "A1", "amount_minor": 7, "on_date": day, "ref": f"y{n % 3}"},
    "hold_set": lambda n, day: {"person": f"P{n % 2 + 1}", "on_date": day, "detail": "dispute"},
    "hold_lifted": lambda n, day: {"person": f"P{n % 2 + 1}", "on_date": day, "detail": "dispute"},
    "contact_state": lambda n, _: {"point": "P1-s1", "detail": ["ok", "wrong_number"][n % 2]},
    "consent": lambda n, _: {"point": "P1-s1", "detail": ["given", "withdrawn"][n % 2]},
    "balance": lambda n, day: {"account": "A2", "amount_minor": n, "on_date": day},
    "status": lambda n, day: {"account": "A2", "detail": ["overdue", "settled"][n % 2], "on_date": day},
    "suit_list": lambda n, _: {"account": "A2", "detail": ["on", "off"][n % 2]},
}
HAPPENED = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 5), st.sampled_from([D1, D2, D3])), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(HAPPENED, st.integers(0, 8))
def test_folding_in_two_parts_is_folding_at_once(happened: list[tuple[str, int, date]], cut: int) -> None:
    """So a snapshot may be made at any event, and the rest folded on top of it."""
    rows = [books.event(seq, kind) | KINDS[kind](n, day) for seq, (kind, n, day) in enumerate(happened)]

    at_once = after(*rows)

    assert same(after(*rows[cut:], book=after(*rows[:cut])), at_once)
