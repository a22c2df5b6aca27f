"""The stretches in which a debt stands unpaid, and what of the money its overdue interest took between them."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from duly.book import arrears
from tests.book import books

FIRST = date(2026, 3, 1)
# 100,000 at 18.25% a year bear 50 a day.
SIZE, A_DAY = 100_000, 50


def due(number: int) -> date:
    """Instalments fall due every thirty days."""
    return FIRST + timedelta(days=30 * number)


def standing(paid: list[tuple[date, int]], on: date, instalments: int = 4) -> dict[str, object]:
    """How a debt of some equal instalments stands after these payments."""
    rows = [books.instalment(due(number), SIZE, seq=number + 1) for number in range(instalments)]
    payments = [books.payment(day, amount, f"y{number}") for number, (day, amount) in enumerate(paid)]
    (row,) = arrears.standing(books.book([books.account()], rows, payments), on).to_dicts()
    return row


@pytest.mark.parametrize("short", [0, 1])
def test_what_the_interest_took_is_missing_from_what_falls_due_next(short: int) -> None:
    """Ten days late cost 500: whoever pays the next instalment to the cent is late again only if he forgot them."""
    paid = [(due(0) + timedelta(days=10), SIZE + 10 * A_DAY), (due(1), SIZE - short)]

    row = standing(paid, due(1) + timedelta(days=20))

    assert (row["overdue_minor"], row["first_unpaid_on"]) == ((short, due(1)) if short else (0, None))


def test_a_second_stretch_begins_with_what_the_first_left_of_the_money_paid_ahead() -> None:
    """400 beyond the first instalment and its interest are there when the second falls due, and bear no interest."""
    ahead, late = 400, timedelta(days=10)
    paid = [(due(0) + late, SIZE + 10 * A_DAY + ahead)]

    row = standing(paid, due(1) + late)

    assert (row["principal_minor"], row["penalty_minor"]) == (SIZE - ahead, 498)
    assert (row["first_unpaid_on"], row["episode_on"]) == (due(1), due(1))


def test_receipts_between_two_stretches_count_as_one() -> None:
    """Paid in three parts before the due date, or at once on it: the second stretch is the same to the cent."""
    clears = (due(0) + timedelta(days=10), SIZE + 10 * A_DAY)
    parts = [(due(1) - timedelta(days=days), 20_000) for days in (9, 5, 0)]
    on = due(1) + timedelta(days=30)

    in_parts, at_once = standing([clears, *parts], on), standing([clears, (due(1), 60_000)], on)

    assert in_parts == at_once
    assert (in_parts["principal_minor"], in_parts["penalty_minor"]) == (40_000, 600)


def test_each_receipt_within_a_stretch_closes_a_segment() -> None:
    """Half of it after ten days: interest runs on the whole for ten and on the half for ten, each rounded once."""
    paid = [(due(0) + timedelta(days=10), 50_000)]

    row = standing(paid, due(0) + timedelta(days=20), instalments=1)

    # 500 of interest are settled before the principal: 50,500 are left, and bear 252.5 in ten days.
    assert (row["principal_minor"], row["penalty_minor"]) == (50_500, 253)


def test_money_beyond_a_stretch_settles_what_is_yet_to_fall_due_less_what_the_interest_took() -> None:
    """The next instalment is shown with what is left of it."""
    late = due(0) + timedelta(days=10)

    row = standing([(late, SIZE + 30_000)], late + timedelta(days=5))

    assert (row["overdue_minor"], row["next_due_on"], row["next_due_minor"]) == (0, due(1), SIZE - 29_500)


def test_many_debts_at_different_turns_are_walked_together() -> None:
    """Each stands as it does alone: punctual, late once, late twice, still late, paid ahead."""
    late = timedelta(days=10)
    histories = {
        "punctual": [(due(number), SIZE) for number in range(3)],
        "once": [(due(0) + late, SIZE + 500), (due(1), SIZE), (due(2), SIZE)],
        "twice": [(due(0) + late, SIZE + 500), (due(1) + late, SIZE + 500), (due(2), SIZE)],
        "still": [(due(0) + late, 1_000), (due(1) + late, 1_000), (due(2) + late, 1_000)],
        "ahead": [(due(0) + late, 3 * SIZE + 500)],
    }
    on = due(3) - timedelta(days=1)
    owners = {name: {"person": f"P{name}", "account": name} for name in histories}
    together = arrears.standing(
        books.book(
            [books.account(**owner) for owner in owners.values()],
            [
                books.instalment(due(n), SIZE, seq=n + 1) | owner
                for owner in owners.values()
                for n in range(4)
            ],
            [
                books.payment(day, amount, f"y{n}") | owners[name]
                for name, paid in histories.items()
                for n, (day, amount) in enumerate(paid)
            ],
        ),
        on,
    )

    alone = {name: standing(paid, on) for name, paid in histories.items()}

    for row in together.to_dicts():
        assert row | {"person": "P1", "account": "A1"} == alone[row["account"]], row["account"]
    assert dict(together.select("account", pl.col("overdue_minor") > 0).iter_rows()) == {
        "punctual": False, "once": False, "twice": False, "still": True, "ahead": False,
    }  # fmt: skip
