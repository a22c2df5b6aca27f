"""What an account owes on a day: both sides of each boundary, and what late news changes."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from duly.book import arrears, columns
from duly.model import account
from tests.book import books

DUE = date(2026, 3, 10)


def stand(
    *rows: dict[str, object],
    paid: list[dict[str, object]] | None = None,
    on: date,
    cure_minor: int = 0,
    cure_days: int = 0,
) -> dict[str, object]:
    """The one account's row on `on`."""
    found = arrears.standing(
        books.book([books.account()], rows, paid or []), on, cure_minor=cure_minor, cure_days=cure_days
    )
    return found.to_dicts()[0]


@pytest.mark.parametrize(
    ("days", "dpd", "overdue", "bucket"),
    [
        (-3, -3, 0, "current"),
        (0, 0, 0, "current"),
        (1, 1, 100_050, "M1"),  # 1,000.00 at 18.25 % a year is 0.50 a day
        (30, 30, 101_500, "M1"),
        (31, 31, 101_550, "M2"),
        (200, 200, 110_000, "M7+"),
    ],
)
def test_an_instalment_is_overdue_from_the_day_after_its_due_date(
    days: int, dpd: int, overdue: int, bucket: str
) -> None:
    """Reminded before, due on the day, overdue one day later, each day of interest counted once."""
    row = stand(books.instalment(DUE), on=DUE + timedelta(days=days))

    assert (row["dpd"], row["overdue_minor"], row["dpd_bucket"]) == (dpd, overdue, bucket)
    assert row["first_unpaid_on"] == (DUE if days > 0 else None)
    assert row["next_due_on"] == (None if days > 0 else DUE)
    assert row["next_due_minor"] == (0 if days > 0 else 100_000)


def test_the_buckets_are_those_of_the_trade() -> None:
    """The columnar bucket equals the model's for every day up to a year and for null."""
    days = list(range(-40, 366))
    frame = pl.DataFrame({"dpd": [*days, None]}, schema={"dpd": pl.Int32})

    found = frame.select(arrears.bucket_of(pl.col("dpd"))).to_series().to_list()

    assert found == [account.bucket_of_dpd(day) for day in days] + ["current"]


def test_nothing_further_due_has_no_days() -> None:
    """A paid account stands at null days and zero amounts, and is cured."""
    row = stand(books.instalment(DUE), paid=[books.payment(DUE, 100_000)], on=DUE + timedelta(days=1))

    assert (row["dpd"], row["overdue_minor"], row["next_due_on"], row["cured"]) == (None, 0, None, True)


def test_within_an_instalment_fees_go_first_then_interest_then_overdue_interest_then_principal() -> None:
    """Civil Code art. 561, one cent on either side of each part."""
    on = DUE + timedelta(days=10)
    owed = {"fee": 300, "interest": 700, "penalty": 500, "principal": 100_000}

    def left(amount: int) -> tuple[object, ...]:
        row = stand(books.instalment(DUE, 100_000, 700, 300), paid=[books.payment(on, amount)], on=on)
        return tuple(row[f"{part}_minor"] for part in owed)

    assert left(299) == (1, 700, 500, 100_000)
    assert left(301) == (0, 699, 500, 100_000)
    assert left(1_499) == (0, 0, 1, 100_000)
    assert left(1_501) == (0, 0, 0, 99_999)


def test_the_oldest_instalment_is_settled_first_and_the_rest_pays_ahead() -> None:
    """What is left after the first goes to the second, also before it is due."""
    second = DUE + timedelta(days=30)
    rows = [books.instalment(DUE), books.instalment(second, seq=2)]

    row = stand(*rows, paid=[books.payment(DUE, 130_000)], on=DUE + timedelta(days=1))

    assert (row["overdue_minor"], row["next_due_on"], row["next_due_minor"]) == (0, second, 70_000)


def test_a_payment_on_the_due_date_is_in_time_and_one_day_later_is_not() -> None:
    """The day's money counts on that day; the next day's owes one day of interest."""
    in_time = stand(books.instalment(DUE), paid=[books.payment(DUE, 100_000)], on=DUE + timedelta(days=9))
    late = stand(
        books.instalment(DUE),
        paid=[books.payment(DUE + timedelta(days=1), 100_000)],
        on=DUE + timedelta(days=9),
    )

    assert in_time["overdue_minor"] == 0
    assert late["principal_minor"] == 50  # the payment settled 0.50 of interest before principal


def test_money_of_tomorrow_does_not_count_today() -> None:
    """A payment dated after the day asked for changes nothing."""
    on = DUE + timedelta(days=5)
    paid = [books.payment(on + timedelta(days=1), 100_000)]

    assert stand(books.instalment(DUE), paid=paid, on=on) == stand(books.instalment(DUE), on=on)


def test_a_back_dated_payment_counts_as_if_it_had_always_been_known() -> None:
    """The order in which payments became known does not matter, only their dates."""
    on = DUE + timedelta(days=40)
    early, late = books.payment(DUE + timedelta(days=3), 30_000, "y9"), books.payment(on, 20_000, "y1")

    assert stand(books.instalment(DUE), paid=[early, late], on=on) == stand(
        books.instalment(DUE), paid=[late, early], on=on
    )


@pytest.mark.parametrize("name", ["y1", "bounce-7"])
def test_a_bounced_payment_was_never_paid(name: str) -> None:
    """Whether the reversal names its payment or not: the debt, its age and its episode are as before."""
    on = DUE + timedelta(days=20)
    paid = [
        books.payment(DUE + timedelta(days=5), 100_000),
        books.payment(DUE + timedelta(days=8), 100_000, name, "reversal"),
    ]

    assert stand(books.instalment(DUE), paid=paid, on=on) == stand(books.instalment(DUE), on=on)
    before = stand(books.instalment(DUE), paid=paid, on=DUE + timedelta(days=7))
    assert before["principal_minor"] == 250, "the day before the reversal the payment still stands"


def test_a_named_reversal_undoes_its_own_payment_and_an_unnamed_one_the_latest() -> None:
    """They differ in the days of interest."""
    on = DUE + timedelta(days=30)
    first = books.payment(DUE + timedelta(days=1), 50_000, "first")
    second = books.payment(DUE + timedelta(days=29), 50_000, "second")

    def owed(name: str) -> object:
        back = books.payment(DUE + timedelta(days=30), 50_000, name, "reversal")
        return stand(books.instalment(DUE), paid=[first, second, back], on=on)["overdue_minor"]

    assert owed("unknown") == owed("second")
    # 29 days on 1,000.00 are 14.50, the payment leaves 514.50, and one day on that is 0.25725
    assert owed("first") == 51_450 + 26
    # one day on 1,000.00 is 0.50, the payment leaves 500.50, and 29 days on that are 7.25725
    assert owed("second") == 50_050 + 726


def test_a_waiver_settles_like_money() -> None:
    """What the lender forgives is gone in the same order."""
    on = DUE + timedelta(days=10)
    forgiven = [books.payment(on, 500, kind="waiver")]

    row = stand(books.instalment(DUE), paid=forgiven, on=on)

    assert (row["penalty_minor"], row["principal_minor"]) == (0, 100_000)


def test_each_receipt_closes_a_segment_and_each_segment_is_rounded_once() -> None:
    """0.5 cent a day: one segment of two days is one cent, two segments of one day are two."""
    rows = [books.instalment(DUE, 1_000)]  # 10.00 at 18.25 % is half a cent a day
    on = DUE + timedelta(days=2)

    whole = stand(*rows, on=on)
    split = stand(*rows, paid=[books.payment(DUE + timedelta(days=1), 1)], on=on)

    assert whole["penalty_minor"] == 1
    # the first half cent rounds up to one, the payment settles it, the second rounds up again
    assert (split["penalty_minor"], split["principal_minor"]) == (1, 1_000)


@pytest.mark.parametrize(("tolerance", "cured"), [(99_999, False), (100_000, True)])
def test_the_cure_tolerance_is_inclusive(tolerance: int, cured: bool) -> None:
    """An agreed amount equal to the tolerance is cured, one cent more is an episode; overdue interest opens none."""
    row = stand(books.instalment(DUE), on=DUE + timedelta(days=10), cure_minor=tolerance)

    assert (row["cured"], row["overdue_minor"]) == (cured, 100_500)
    assert row["episode_on"] == (None if cured else DUE)


@pytest.mark.parametrize(("days", "cured"), [(2, True), (3, False)])
def test_an_overdue_amount_within_the_days_of_grace_opens_no_episode(days: int, cured: bool) -> None:
    """With two days of grace the third day opens the episode, dated at the due date."""
    row = stand(books.instalment(DUE), on=DUE + timedelta(days=days), cure_days=2)

    assert (row["cured"], row["dpd"]) == (cured, days)
    assert row["episode_on"] == (None if cured else DUE)


def test_a_partial_payment_moves_the_oldest_instalment_but_not_the_episode() -> None:
    """The episode keeps the day it opened on, so a case keeps its name and its stage."""
    rows = [books.instalment(DUE), books.instalment(DUE + timedelta(days=30), seq=2)]
    paid = [books.payment(DUE + timedelta(days=40), 103_000)]

    row = stand(*rows, paid=paid, on=DUE + timedelta(days=41))

    assert row["first_unpaid_on"] == DUE + timedelta(days=30)
    assert (row["episode_on"], row["dpd"]) == (DUE, 11)


def test_after_a_cure_the_next_lateness_is_a_new_episode() -> None:
    """A residue below the tolerance does not keep the old episode alive, nor date the new one."""
    second = DUE + timedelta(days=30)
    rows = [books.instalment(DUE), books.instalment(second, seq=2)]
    paid = [books.payment(DUE + timedelta(days=2), 100_000)]  # leaves 1.00 of principal

    row = stand(*rows, paid=paid, on=second + timedelta(days=5), cure_minor=200)

    assert row["episode_on"] == second
    assert row["first_unpaid_on"] == DUE


def test_a_reversal_reopens_the_same_episode() -> None:
    """Once the bounced payment is gone, the episode that it had cured stands again under its old name."""
    rows = [books.instalment(DUE), books.instalment(DUE + timedelta(days=30), seq=2)]
    on = DUE + timedelta(days=50)
    paid = [books.payment(DUE + timedelta(days=5), 100_250)]
    back = books.payment(DUE + timedelta(days=45), 100_250, "y1", "reversal")

    assert stand(*rows, paid=paid, on=on)["episode_on"] == DUE + timedelta(days=30)
    assert stand(*rows, paid=[*paid, back], on=on)["episode_on"] == DUE


@pytest.mark.parametrize(
    ("theirs", "difference", "agrees"),
    [(100_400, 100, True), (100_399, 101, False), (100_600, -100, True), (100_601, -101, False)],
)
def test_the_ledger_may_differ_by_the_tolerance_either_way(
    theirs: int, difference: int, agrees: bool
) -> None:
    """One cent beyond the tolerance does not agree."""
    as_of = DUE + timedelta(days=10)
    accounts = [books.account(ledger_overdue_minor=theirs, ledger_as_of=as_of)]

    (row,) = arrears.standing(
        books.book(accounts, [books.instalment(DUE)]), as_of, tolerance_minor=100
    ).to_dicts()

    assert (row["ledger_difference_minor"], row["agrees"]) == (difference, agrees)


def test_the_ledger_is_compared_on_its_own_day() -> None:
    """A figure of five days ago is held against ours of five days ago, payments since then left out."""
    as_of, on = DUE + timedelta(days=10), DUE + timedelta(days=15)
    accounts = [books.account(ledger_overdue_minor=100_500, ledger_as_of=as_of)]
    paid = [books.payment(as_of + timedelta(days=1), 50_000)]

    (row,) = arrears.standing(books.book(accounts, [books.instalment(DUE)], paid), on).to_dicts()

    assert (row["ledger_difference_minor"], row["agrees"]) == (0, True)
    assert row["overdue_minor"] == 50_550 + 101  # 4 days on 505.50: 1.0110


def test_without_a_ledger_figure_nothing_agrees_or_differs() -> None:
    """Silence of the ledger is null, not zero."""
    row = stand(books.instalment(DUE), on=DUE + timedelta(days=1))

    assert (row["ledger_difference_minor"], row["agrees"]) == (None, None)


def test_every_person_on_the_account_stands_alike() -> None:
    """Borrower and co-borrower get the same figures, each in a row of his own, in the book's order."""
    accounts = [books.account("P1"), books.account("P2", role="co_borrower")]
    rows = [books.instalment(DUE), books.instalment(DUE) | {"person": "P2"}]
    book = books.book(accounts, rows)

    found = arrears.standing(book, DUE + timedelta(days=1))

    assert found["person"].to_list() == book.accounts["person"].to_list()
    assert found["overdue_minor"].to_list() == [100_050, 100_050]


def test_an_empty_book_stands_nowhere() -> None:
    """No accounts, no rows, and every column all the same."""
    found = arrears.standing(columns.empty(), DUE)

    assert (found.height, found.schema) == (0, pl.Schema(columns.ARREARS))


def test_the_lines_add_up_to_the_sums() -> None:
    """`unpaid` shows the instalments behind `standing`, those to come included."""
    rows = [books.instalment(DUE), books.instalment(DUE + timedelta(days=30), seq=2)]
    book = books.book([books.account()], rows, [books.payment(DUE, 40_000)])
    on = DUE + timedelta(days=10)

    lines = arrears.unpaid(book, on).to_dicts()

    assert [(line["seq"], line["principal_minor"], line["penalty_minor"]) for line in lines] == [
        (1, 60_000, 300),
        (2, 100_000, 0),
    ]


def test_the_lines_of_several_accounts_stand_in_the_order_of_the_accounts() -> None:
    """By the book's own order of persons, which is that of their buckets and not of their names."""
    names = [f"P{number}" for number in range(8)]
    owners = [{"person": name, "account": f"A-{name}"} for name in names]
    rows = [
        books.instalment(DUE + timedelta(days=30 * n), seq=n + 1) | owner for owner in owners for n in (1, 0)
    ]
    book = books.book([books.account(**owner) for owner in owners], rows)

    lines = arrears.unpaid(book, DUE + timedelta(days=1))

    assert book.accounts["person"].to_list() != names
    assert lines["person"].to_list() == [name for name in book.accounts["person"] for _ in range(2)]
    assert lines["seq"].to_list() == [1, 2] * len(names)
