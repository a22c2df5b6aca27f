"""The page on the book says what the code does."""

from __future__ import annotations

import re
from datetime import date

from docs.reference import book as page
from duly.book import arrears, mapping
from tests.book import books


def test_the_tables_are_those_of_the_code() -> None:
    """Columns, reasons and frames; `python docs/reference/book.py` writes them anew."""
    text = page.PAGE.read_text("utf-8")

    assert page.filled(text) == text
    assert text.count("<!-- generated: ") == 4


def test_the_example_comes_out_as_the_page_says() -> None:
    """The pocket calculator's 608.03."""
    due = [books.instalment(date(2026, 3, 10))]
    paid = [books.payment(date(2026, 3, 20), 40_000)]

    (row,) = arrears.standing(books.book([books.account()], due, paid), date(2026, 3, 30)).to_dicts()

    found = (row["principal_minor"], row["penalty_minor"], row["overdue_minor"], row["dpd"])
    assert found == (60_500, 303, 60_803, 20)


def test_the_book_yaml_of_the_page_is_one() -> None:
    """As far as it goes: only the feeds it leaves out are missing."""
    (example,) = re.findall(r"```yaml\n(.*?)```", page.PAGE.read_text("utf-8"), re.DOTALL)

    _, problems = mapping.load(example, "book.yaml")

    assert {problem.code for problem in problems} == {"book.feed.missing"}
    assert len(problems) == 4
