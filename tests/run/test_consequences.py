"""A load that says otherwise than was known says what follows: figures, cases, and notices that already left."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest

from duly.book import changes
from duly.run import consequences, load
from tests.book import lender
from tests.run.house import ON, House, change

FIVE = date(2026, 3, 15)


def altered(tmp_path_factory: pytest.TempPathFactory, **files: str) -> pl.DataFrame:
    """What the lender's book says otherwise, once some of its files are other ones."""
    before = lender.loaded(tmp_path_factory.mktemp("before")).book
    after = lender.loaded(tmp_path_factory.mktemp("after"), **files).book
    return changes.between(before, after, known_until=FIVE)


PAID, SPLIT = lender.FILES["payments"], lender.FILES["instalments"]


@pytest.mark.parametrize(
    ("feed", "content", "told"),
    [
        ("payments", PAID, []),
        ("payments", PAID + "y4,A1,2026-03-15,5,P,\n", []),
        ("payments", PAID + "y4,A1,2026-03-14,5,P,\n", [("payment_back_dated", "y4", None, 500)]),
        ("payments", PAID + "y4,A2,2026-03-16,1,R,y3\n", [("payment_undone", "y3", None, 100)]),
        ("payments", PAID.replace("y3,A2,2026-03-01,1,P,\n", ""), [("payment_gone", "y3", 100, None)]),
        (
            "payments",
            PAID.replace("y2,A1,2026-03-14,200.00,R,y1\n", ""),
            [("reversal_gone", "y1", 20_000, None)],
        ),
        ("payments", PAID.replace("03-01,1,P", "03-01,2,P"), [("payment_changed", "y3", 100, 200)]),
        ("payments", PAID.replace("2026-03-01,1", "2026-03-02,1"), [("payment_changed", "y3", 100, 100)]),
        ("instalments", SPLIT + "A1,3,2026-05-10,1,0\n", []),
        ("instalments", SPLIT + "A1,3,2026-03-15,1,0\n", [("instalment_back_dated", "3", None, 100)]),
        (
            "instalments",
            SPLIT.replace("A1,2,2026-04-10,1000.00,12.5\n", ""),
            [("instalment_gone", "2", 101_250, None)],
        ),
        (
            "instalments",
            SPLIT.replace("1000.00,12.5", "1000.00,13"),
            [("instalment_changed", "2", 101_250, 101_300)],
        ),
        (
            "instalments",
            SPLIT.replace("2026-04-10", "2026-04-11"),
            [("instalment_changed", "2", 101_250, 101_250)],
        ),
    ],
)
def test_what_contradicts_what_was_known_is_told_and_news_is_not(
    tmp_path_factory: pytest.TempPathFactory, feed: str, content: str, told: list[tuple[object, ...]]
) -> None:
    """A payment of the day of the book before is news, for that day was not over; one of the day before it is late."""
    found = altered(tmp_path_factory, **{feed: content})

    assert found.select("kind", "what", "before_minor", "after_minor").rows() == told


def test_an_account_and_a_person_that_are_gone_are_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each by itself: of an account that is gone nothing else is."""
    gone = {
        name: "".join(
            line for line in text.splitlines(keepends=True) if "A2" not in line and "P3" not in line
        )
        for name, text in lender.FILES.items()
    }
    one_person = lender.FILES["parties"].replace('P2,A1,guarantor_general,,"李, 四"\n', "")

    assert altered(tmp_path_factory, **gone).rows() == [("A2", "account_gone", None, None, None, None, None)]
    assert altered(tmp_path_factory, parties=one_person).rows() == [
        ("A1", "party_gone", "P2", None, None, None, None)
    ]


# --- after a notice left


def rows_of(house: House, feed: str) -> list[list[str]]:
    """A file of the lender's, row by row, with its header."""
    return list(csv.reader((house.folder / "data" / f"{feed}.csv").read_text("utf-8").splitlines()))


def write(house: House, feed: str, rows: Sequence[Sequence[str]]) -> None:
    """The file with these rows; its line in the control file promises nothing any more."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    (house.folder / "data" / f"{feed}.csv").write_text(text.getvalue(), "utf-8")
    control = house.folder / "data" / "control.csv"
    lines = [line.split(",") for line in control.read_text("utf-8").splitlines()]
    told = [[*line[:2], "", ""] if line[0] == feed else line for line in lines]
    control.write_text("".join(",".join(line) + "\n" for line in told), "utf-8")


def loaded(house: House, *, days: int = 1) -> load.Outcome:
    """The files as they are, put in force."""
    with contextlib.closing(house.opened.connect()) as connection:
        return load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core")


def told(house: House) -> tuple[str, int]:
    """An overdue account of which one notice left, and the amount that it named."""
    row = next(row for row in house.waiting() if row.fields.get("overdue_minor") and len(row.accounts) == 1)
    house.accept({row.key: "a-1"}, row)
    named = row.fields["overdue_minor"]
    assert isinstance(named, int)
    return row.accounts[0], named


def test_a_back_dated_payment_says_what_a_notice_would_have_named(house: House) -> None:
    """By how much too much was asked for, of whom and when; and the evidence keeps it."""
    account, named = told(house)
    rows = rows_of(house, "payments")
    write(
        house,
        "payments",
        [*rows, ["LATE-1", account, (ON - timedelta(days=1)).isoformat(), "1.00", "PAY", ""]],
    )

    done = loaded(house)

    (one,) = done.consequences
    assert one.account == account
    assert [change["kind"] for change in one.changes] == ["payment_back_dated"]
    (notice,) = one.notices
    assert notice.named_minor == named
    assert 0 < named - notice.would_minor <= 101  # the payment, and the overdue interest that it spared
    assert one.after is not None
    assert one.after.overdue_minor < one.before.overdue_minor
    assert [owes for _, owes in one.cases] == [True]
    ((kind, facts),) = house.ask("select kind, facts from load_consequence where account = %s", account)
    assert (kind, facts["notices"][0]["would_minor"]) == ("payment_back_dated", notice.would_minor)
    said = consequences.fact(done.consequences)
    assert (said["accounts"], said["notices"], said["kinds"]) == (1, 1, {"payment_back_dated": 1})


def test_a_payment_that_cures_says_that_the_case_is_without_arrears(house: House) -> None:
    """Whoever was told of a debt that was none is to be found at once."""
    account, named = told(house)
    rows = rows_of(house, "payments")
    paid_on = (ON - timedelta(days=400)).isoformat()
    write(house, "payments", [*rows, ["LATE-1", account, paid_on, f"{named // 100 + 1}.00", "PAY", ""]])

    (one,) = loaded(house).consequences

    assert [owes for _, owes in one.cases] == [False]
    assert one.after is not None
    assert (one.after.overdue_minor, one.after.dpd <= 0) == (0, True)
    assert [notice.would_minor for notice in one.notices] == [0]


def test_a_payment_that_bounced_says_that_too_little_was_named(house: House) -> None:
    """It is undone whatever day it is told on, and says why it bounced."""
    account, _ = told(house)
    rows = rows_of(house, "payments")
    payment = next(row for row in rows[1:] if row[1] == account and row[4] == "PAY")
    bounced = ["B-1", account, ON.isoformat(), payment[3], "REV", payment[0]]
    write(house, "payments", [*rows, bounced])

    (one,) = loaded(house).consequences

    assert [(change["kind"], change["what"]) for change in one.changes] == [("payment_undone", payment[0])]
    assert one.after is not None
    assert one.after.overdue_minor > one.before.overdue_minor
    assert all(notice.would_minor > notice.named_minor for notice in one.notices)


def test_an_account_that_is_gone_says_which_case_and_notice_it_leaves(house: House) -> None:
    """It is in the book no more, and what was said of it was."""
    account, named = told(house)
    for feed in ("accounts", "parties", "instalments", "payments", "holds"):
        header, *rows = rows_of(house, feed)
        write(house, feed, [header, *(row for row in rows if account not in row)])
    change(house.folder / "book.yaml", "quarantine_percent: 1", "quarantine_percent: 50")

    found = {one.account: one for one in loaded(house).consequences}

    one = found[account]
    assert "account_gone" in [change["kind"] for change in one.changes]
    assert (one.after, [notice.named_minor for notice in one.notices]) == (None, [named])


def test_what_was_told_as_it_happened_is_no_correction(house: House) -> None:
    """A payment that the inbox knew of is in tomorrow's file: nothing follows from that."""
    account, _ = told(house)
    day = ON - timedelta(days=1)
    house.ask(
        "insert into book_event (at, kind, account, amount_minor, on_date, ref, source)"
        " values (duly_clock(), 'payment', %s, 100, %s, 'LATE-1', 'tests')",
        account,
        day,
    )
    rows = rows_of(house, "payments")
    write(house, "payments", [*rows, ["LATE-1", account, day.isoformat(), "1.00", "PAY", ""]])

    assert loaded(house).consequences == ()


def test_the_same_book_on_another_day_has_no_consequences(house: House) -> None:
    """Amounts age; that is no contradiction."""
    told(house)

    assert loaded(house).consequences == ()
    assert house.ask("select count(*) from load_consequence") == [(0,)]
