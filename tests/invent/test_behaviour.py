"""Invented debtors do the same in every run, and their money reaches the book."""

from __future__ import annotations

import hmac
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import duly.invent
from duly.book import arrears, mapping, read
from duly.book.columns import Book
from duly.carrier.debtors import ABSENT, SILENT, WORDS, Mood
from duly.invent import behaviour, book, cashier
from duly.invent.behaviour import Debtor, Habit
from duly.invent.cashier import Paid

ON = date(2026, 11, 23)
ASKS = "【晨曦消金】您的账户已逾期,请还款1,230.00元"


def load(root: Path, on: date = ON) -> read.Loaded:
    """The book in the folder."""
    text = (Path(duly.invent.__file__).parent / "folder" / "cn" / "book.yaml").read_text("utf-8")
    terms, _ = mapping.load(text, "book.yaml")
    assert terms is not None
    loaded, problems = read.load(
        root, terms, as_of=on, blind=lambda value: hmac.digest(b"key", value.encode(), "sha256").hex()
    )
    assert problems == []
    assert loaded is not None
    return loaded


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with 300 accounts."""
    book.make(tmp_path / "data", accounts=300, seed=7, on=ON)
    return tmp_path


def test_a_person_is_the_same_in_every_run_and_another_with_another_seed() -> None:
    """Whoever is asked first."""
    people = [f"P{n:06}" for n in range(500)]

    assert [behaviour.of(person, 1) for person in people] == [behaviour.of(person, 1) for person in people]
    assert [behaviour.of(person, 1) for person in people] != [behaviour.of(person, 2) for person in people]


def test_every_habit_occurs_and_most_are_silent_or_pay() -> None:
    """Among two thousand people."""
    habits = Counter(behaviour.of(f"P{n:06}", 1).habit for n in range(2_000))

    assert set(habits) == set(Habit)
    assert habits[Habit.SILENT] > 600
    assert 500 < habits[Habit.PAYS] < 900


@pytest.mark.parametrize(
    ("habit", "at", "earlier", "pays", "says"),
    [
        (Habit.PAYS, 2, 0, False, None),
        (Habit.PAYS, 2, 1, True, None),
        (Habit.PAYS, 2, 2, False, None),
        (Habit.SAYS_PAID, 1, 0, True, Mood.PAID),
        (Habit.PROMISES, 1, 0, False, Mood.PROMISE),
        (Habit.PROMISES, 1, 1, True, None),
        (Habit.BREAKS_PROMISE, 1, 0, False, Mood.PROMISE),
        (Habit.BREAKS_PROMISE, 1, 1, False, None),
        (Habit.STOPS, 1, 0, False, Mood.STOP),
        (Habit.STOPS, 1, 1, False, None),
        (Habit.SILENT, 1, 0, False, None),
    ],
)  # fmt: skip
def test_a_habit_moves_at_its_message_and_once(
    habit: Habit, at: int, earlier: int, *, pays: bool, says: Mood | None
) -> None:
    """Not one message sooner or later."""
    done = Debtor(person="P1", habit=habit, at=at).on_message(ASKS, earlier)

    reply = "" if says is None else WORDS[says]["zh"][0]
    assert (done.pays, done.reply, done.arrives) == (pays, reply, True)


def test_an_answer_is_in_the_language_of_the_message() -> None:
    """English to English."""
    stops = Debtor(person="P1", habit=Habit.STOPS)

    assert stops.on_message("Please pay CNY 5.00", 0).reply == WORDS[Mood.STOP]["en"][0]
    assert Debtor(person="P1", habit=Habit.AWAY).on_message(ASKS, 0) == ABSENT


def test_the_cast_stands_behind_the_numbers_of_the_book(root: Path) -> None:
    """Behind a wrong number a stranger, behind a dead one nobody, behind an unknown one silence."""
    loaded = load(root)
    cast = behaviour.cast(root / "data", seed=1)
    phones = loaded.book.contacts.join(loaded.personal.values.select("point", "value"), on="point").filter(
        pl.col("channel").is_in(["sms", "voice"])
    )

    assert set(cast.debtors) == {value.removeprefix("+") for value in phones["value"]}
    own = phones.filter(~pl.col("shared"))
    for state, habit in (("wrong_number", Habit.WRONG_NUMBER), ("unreachable", Habit.AWAY)):
        numbers = own.filter(pl.col("state") == state)["value"].to_list()
        assert numbers
        assert {cast.debtors[number.removeprefix("+")].habit for number in numbers} == {habit}
    owners = dict(own.select("value", "person").rows())
    assert all(cast.person(number) == person for number, person in owners.items())
    assert cast("8613800138000", ASKS, 0) == SILENT


def overdue(known: Book) -> list[tuple[str, str, int]]:
    """Borrowers' accounts with what is overdue, the longest first."""
    borrowers = known.accounts.filter(pl.col("role") == "borrower").select("person", "account")
    found = arrears.standing(known, ON).join(borrowers, on=["person", "account"]).filter(pl.col("dpd") > 0)
    return found.sort("dpd", descending=True).select("person", "account", "overdue_minor").rows()


def test_money_paid_reaches_the_book_by_the_payments_feed(root: Path) -> None:
    """Loaded again the next day, the debt is gone, and the control file still agrees."""
    known = load(root).book
    alone = [row for row in overdue(known) if known.accounts.filter(pl.col("person") == row[0]).height == 1]
    (person, account, owed), (other, second, much) = alone[:2]
    payments = [Paid(person=person, minor=None, ref="1"), Paid(person=other, minor=much - 1, ref="2")]

    rows = cashier.book(root / "data", payments, known, on=ON)

    assert rows == 2
    again = load(root, ON + timedelta(days=1))
    after = dict(arrears.standing(again.book, ON).select("account", "overdue_minor").rows())
    assert owed > 0
    assert (after[account], after[second]) == (0, 1)
    assert {feed.watermark for feed in again.feeds} == {ON}


def test_a_transfer_is_booked_once(root: Path) -> None:
    """Told twice, it is the same transfer."""
    known = load(root).book
    paid = [Paid(person=overdue(known)[0][0], minor=100, ref="1")]

    assert cashier.book(root / "data", paid, known, on=ON) == 1
    before = (root / "data" / "payments.csv").read_bytes()
    assert cashier.book(root / "data", paid, known, on=ON) == 0
    assert (root / "data" / "payments.csv").read_bytes() == before


def test_money_goes_to_the_longest_overdue_account_first(root: Path) -> None:
    """What is left over goes to the other one."""
    known = load(root).book
    found = overdue(known)
    counts = Counter(person for person, *_ in found)
    person = next(name for name, count in counts.items() if count > 1)
    (first, owed), (second, _) = [(account, minor) for name, account, minor in found if name == person][:2]

    cashier.book(root / "data", [Paid(person=person, minor=owed + 7, ref="1")], known, on=ON)

    added = load(root, ON + timedelta(days=1)).book.payments.filter(pl.col("payment").str.starts_with("T"))
    assert dict(added.select("account", "amount_minor").rows()) == {first: owed, second: 7}
