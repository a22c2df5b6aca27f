"""The columnar reckoning equals the plain slow one, column by column, on whatever Hypothesis invents."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import arrears
from duly.model import money
from tests.book import books, reference

Row = dict[str, object]
LEAP = date(2028, 2, 29)
START = date(2027, 12, 20)

# Small and round figures make exact payments, ties and zeros frequent; the last is a bound of DESIGN D5.
AMOUNT = st.one_of(st.integers(0, 40), st.sampled_from([0, 3_650, 36_500, 100_000, 10**10, money.MAX_MINOR]))
RATE = st.sampled_from([0, 1, 50_000, 100_000, 182_500, 240_000, 365_000, money.MAX_PPM])
DAY = st.integers(0, 120).map(lambda days: START + timedelta(days=days))


@st.composite
def instalments(draw: st.DrawFn) -> list[Row]:
    """Up to five instalments, some due on one day."""
    count = draw(st.integers(1, 5))
    return [
        books.instalment(draw(DAY), draw(AMOUNT), draw(AMOUNT), draw(AMOUNT), seq=seq)
        for seq in range(1, count + 1)
    ]


@st.composite
def payments(draw: st.DrawFn) -> list[Row]:
    """Up to six payments and waivers, and reversals that name one of them or nobody."""
    count = draw(st.integers(0, 6))
    paid = [
        books.payment(draw(DAY), max(draw(AMOUNT), 1), f"y{n}", draw(st.sampled_from(["payment", "waiver"])))
        for n in range(count)
    ]
    named = draw(st.lists(st.sampled_from([f"y{n}" for n in range(8)]), unique=True, max_size=3))
    undone = [books.payment(draw(DAY), max(draw(AMOUNT), 1), name, "reversal") for name in named]
    return paid + undone


def slowly(rows: list[Row], paid: list[Row], **terms: object) -> reference.Sum:
    """The plain reckoning of one account."""
    lines = [
        reference.Line(r["seq"], r["due_on"], r["principal_minor"], r["interest_minor"], r["fee_minor"])  # type: ignore[arg-type]
        for r in rows
    ]
    entries = [
        reference.Entry(r["payment"], r["paid_on"], r["amount_minor"], r["kind"])  # type: ignore[arg-type]
        for r in paid
    ]
    return reference.stand(lines, entries, **terms)  # type: ignore[arg-type]


def read(row: dict[str, object]) -> reference.Sum:
    """The same figures out of a row of ARREARS."""
    return reference.Sum(
        dpd=row["dpd"],  # type: ignore[arg-type]
        first_unpaid_on=row["first_unpaid_on"],  # type: ignore[arg-type]
        episode_on=row["episode_on"],  # type: ignore[arg-type]
        next_due_on=row["next_due_on"],  # type: ignore[arg-type]
        next_due=row["next_due_minor"],  # type: ignore[arg-type]
        principal=row["principal_minor"],  # type: ignore[arg-type]
        interest=row["interest_minor"],  # type: ignore[arg-type]
        fee=row["fee_minor"],  # type: ignore[arg-type]
        penalty=row["penalty_minor"],  # type: ignore[arg-type]
        overdue=row["overdue_minor"],  # type: ignore[arg-type]
        cured=row["cured"],  # type: ignore[arg-type]
    )


CASE = st.tuples(instalments(), payments(), RATE, st.sampled_from([360, 365]))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cases=st.lists(CASE, min_size=1, max_size=6),
    on=DAY,
    cure_minor=st.sampled_from([0, 1, 20, 100_000]),
    cure_days=st.sampled_from([0, 1, 10]),
)
def test_every_column_equals_the_plain_reckoning(
    cases: list[tuple[list[Row], list[Row], int, int]],
    on: date,
    cure_minor: int,
    cure_days: int,
) -> None:
    """Instalments, payments, waivers, named and unnamed reversals, over leap days, ties and bounds."""
    accounts, due, paid, expected = [], [], [], []
    for number, (lines, entries, ppm, year_days) in enumerate(cases):
        owner = {"person": f"P{number}", "account": f"A{number}"}
        accounts.append(books.account(**owner, overdue_ppm=ppm, year_days=year_days))
        due += [line | owner for line in lines]
        paid += [entry | owner for entry in entries]
        expected.append(
            slowly(
                lines,
                entries,
                on=on,
                ppm=ppm,
                year_days=year_days,
                cure_minor=cure_minor,
                cure_days=cure_days,
            )
        )

    found = arrears.standing(books.book(accounts, due, paid), on, cure_minor=cure_minor, cure_days=cure_days)

    by_account = {row["account"]: read(row) for row in found.to_dicts()}
    assert by_account == {f"A{number}": answer for number, answer in enumerate(expected)}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cases=st.lists(st.tuples(CASE, DAY, st.integers(0, 50)), min_size=1, max_size=4),
    on=DAY,
    tolerance=st.sampled_from([0, 10, 1_000]),
)
def test_the_ledger_is_held_against_the_plain_reckoning_of_its_own_day(
    cases: list[tuple[tuple[list[Row], list[Row], int, int], date, int]], on: date, tolerance: int
) -> None:
    """Whether that day is before, on or after the day asked for."""
    accounts, due, paid, expected = [], [], [], {}
    for number, ((lines, entries, ppm, year_days), as_of, theirs) in enumerate(cases):
        owner = {"person": f"P{number}", "account": f"A{number}"}
        ledger = {"ledger_overdue_minor": theirs, "ledger_as_of": as_of}
        terms = {"overdue_ppm": ppm, "year_days": year_days}
        accounts.append(books.account(f"P{number}", f"A{number}", **terms, **ledger))
        due += [line | owner for line in lines]
        paid += [entry | owner for entry in entries]
        ours = slowly(lines, entries, on=as_of, ppm=ppm, year_days=year_days).overdue
        expected[f"A{number}"] = (ours - theirs, abs(ours - theirs) <= tolerance)

    found = arrears.standing(books.book(accounts, due, paid), on, tolerance_minor=tolerance)

    told = found.select("account", "ledger_difference_minor", "agrees").iter_rows()
    assert {account: (difference, agrees) for account, difference, agrees in told} == expected


def test_the_longest_debt_at_the_highest_rate_is_exact() -> None:
    """1e13 minor units at 1e6 ppm over 36,600 days, where int64 would have wrapped long before."""
    due, on = date(1950, 1, 1), date(1950, 1, 1) + timedelta(days=money.MAX_DAYS)
    rows = [books.instalment(due, money.MAX_MINOR)]
    accounts = [books.account(overdue_ppm=money.MAX_PPM, year_days=360)]

    (found,) = arrears.standing(books.book(accounts, rows), on).to_dicts()

    exact = money.divide(
        money.MAX_MINOR * money.MAX_PPM * money.MAX_DAYS, 360 * money.PPM, money.Rounding.HALF_UP
    )
    assert (found["dpd"], found["penalty_minor"]) == (money.MAX_DAYS, exact)
    assert read(found) == slowly(rows, [], on=on, ppm=money.MAX_PPM, year_days=360)


def test_the_order_of_the_rows_does_not_matter() -> None:
    """The book is a set of facts: shuffling its rows changes no figure."""
    due = [books.instalment(LEAP - timedelta(days=30 * n), 10_007 * (n + 1), 33, 7, seq=n) for n in range(6)]
    paid = [books.payment(LEAP - timedelta(days=11 * n), 3_001 * (n + 1), f"y{n}") for n in range(9)]
    book = books.book([books.account()], due, paid)

    shuffled = {
        name: frame.sample(fraction=1.0, shuffle=True, seed=3) for name, frame in book.frames().items()
    }
    straight = arrears.standing(book, LEAP)

    assert straight.equals(arrears.standing(type(book)(**shuffled), LEAP))
    assert straight["overdue_minor"].item() > 0
