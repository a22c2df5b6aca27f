"""The page on amounts says what the code does, and its worked example comes out to the cent."""

from __future__ import annotations

import re
from datetime import date, datetime

from docs.reference import amounts as page
from duly.book import arrears, contract, reckoning
from duly.book.worksheet import Segment, Settlement
from tests.book import books

TEXT = page.PAGE.read_text("utf-8")


def minor(text: str) -> int:
    """1,027.42 as 102742."""
    return int(text.replace(",", "").replace(".", ""))


def day(text: str) -> date:
    """A day of the example's year."""
    return datetime.strptime(f"{text} 2026", "%d %B %Y").date()  # noqa: DTZ007  (a date has no zone)


def test_the_tables_are_those_of_the_code() -> None:
    """`python docs/reference/amounts.py` writes them anew."""
    assert page.filled(TEXT) == TEXT
    assert TEXT.count("<!-- generated: ") == 2


def test_the_worked_example_comes_out_line_by_line() -> None:
    """Each segment of the page is one of the reckoning, and so are what was settled and the sums."""
    lines = [
        books.instalment(date(2026, 1, 10), 100_000, 3_000, seq=1),
        books.instalment(date(2026, 2, 10), 100_000, 2_000, seq=2),
    ]
    paid = [
        books.payment(date(2026, 3, 1), 60_000, "y1"),
        books.payment(date(2026, 4, 15), 50_000, "y2"),
    ]
    dear = books.of_account(since=date(2026, 4, 1), rate_ppm=0, overdue_ppm=365_000, uplift_ppm=None)
    head = books.account(product="card", clause="principal_first_from_91")
    book = books.book([head], lines, paid, terms=[dear])
    on = date(2026, 4, 15)

    found = reckoning.reckon(contract.of(book, "A1"), on)

    cell = (
        r"\| (\d)\w\w \| (\d+ \w+) \| (\d+ \w+) \| (\d+) \| ([\d,.]+) \| ([\d.]+) % \| [\d.]+ \| ([\d.]+) \|"
    )
    printed = [
        (int(seq), day(start), day(end), int(days), minor(base), round(float(rate) * 10_000), minor(rounded))
        for seq, start, end, days, base, rate, rounded in re.findall(cell, TEXT)
    ]
    runs = [line for line in found.lines if isinstance(line, Segment)]
    assert printed == [
        (run.seq, run.start, run.end, run.days, run.base_minor, run.rate_ppm, run.minor) for run in runs
    ]
    first, second = (line for line in found.lines if isinstance(line, Settlement))
    assert (first.dpd, second.dpd, second.rule) == (50, 95, "contract-principal-first-from-91")
    assert [(took.seq, took.part, took.minor) for took in (*first.took, *second.took)] == [
        (1, "interest", 3_000), (1, "penalty", 2_500), (1, "principal", 54_500),
        (1, "principal", 45_500), (2, "principal", 4_500),
    ]  # fmt: skip
    (row,) = arrears.standing(book, on).to_dicts()
    sums = [row[f"{name}_minor"] for name in ("principal", "interest", "penalty", "overdue")]
    said = re.search(r"On 15 April ([\d,.]+) of principal, ([\d.]+) of interest and ([\d.]+) of overdue interest are owed, together ([\d,.]+),", TEXT)  # fmt: skip  # noqa: E501
    assert said is not None
    assert sums == [minor(text) for text in said.groups()]
    assert row["dpd"] == 95
