"""book.yaml: everything wrong with it is told at once, each at its line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import duly.invent
from duly.book import feeds, mapping
from duly.book.snapshot import Feed
from duly.book.tolerance import Cure, Cures
from tests.book import lender


def test_a_good_file_says_what_each_column_is() -> None:
    """Theirs to ours, words to words, amounts in minor units."""
    found = lender.mapped()

    assert found.feeds["accounts"].columns["type"] == "product"
    assert found.feeds["accounts"].values == {"product": {"L": "cash_loan", "C": "card"}}
    assert (found.tolerance_minor, found.cures) == (100, Cures(general=Cure(minor=100)))
    assert found.calling_code == "86"


def test_a_product_may_have_a_tolerance_of_its_own() -> None:
    """What it does not say of itself is that of all."""
    own = lender.YAML.replace("cure_minor: 100", "cure_minor: 100\ncure_days: 1\ncures: {card: {minor: 500}}")

    found, problems = mapping.load(own, "book.yaml")

    assert problems == []
    assert found is not None
    assert found.cures.of("cash_loan") == Cure(minor=100, days=1)
    assert found.cures.of("card") == Cure(minor=500, days=1)


def test_whose_figures_count_and_how_far_they_may_differ_is_the_lenders_choice() -> None:
    """Ours and one tolerance for all, unless said otherwise."""
    plain = lender.mapped()
    assert (plain.figures, plain.tolerances_minor) == (mapping.Figures.OURS, {})

    text = lender.YAML.replace(
        "cure_minor: 100", "cure_minor: 100\nfigures: ledger\ntolerances_minor: {penalty: 5, balance: 0}"
    )
    found, problems = mapping.load(text, "book.yaml")

    assert problems == []
    assert found is not None
    assert (found.figures, found.tolerances_minor) == (mapping.Figures.LEDGER, {"penalty": 5, "balance": 0})


def test_the_shipped_book_yaml_has_no_problems() -> None:
    """The mapping of the invented book names every feed that a lender must speak of."""
    shipped = Path(duly.invent.__file__).parent / "folder" / "cn" / "book.yaml"

    found, problems = mapping.load(shipped.read_text("utf-8"), "book.yaml")

    assert problems == []
    assert found is not None
    assert set(found.feeds) == set(feeds.FEEDS) - feeds.OPTIONAL


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "says"),
    [
        ("no: account\n      con", "no: acount\n      con", 8, "book.column.unknown", "mean `account`?"),
        ("cure_minor: 100", "cure_minor: 1.00", 2, "book.number", "without a decimal point"),
        ("cure_minor: 100", "cure_minor: 100\ncures: {boat: {minor: 1}}", 3, "book.key.unknown", "card, cash_loan"),
        ("cure_minor: 100", "cure_minor: 100\ncures: {card: {days: 31}}", 3, "book.number", "digits"),
        ("tolerance_minor: 100", "tolerence_minor: 100", 1, "book.key.unknown", "mean `tolerance_minor`?"),
        ("cure_minor: 100", "tolerances_minor: {penality: 5}", 2, "book.key.unknown", "mean `penalty`?"),
        ("cure_minor: 100", "tolerances_minor: {penalty: 0.05}", 2, "book.number", "without a decimal point"),
        ("cure_minor: 100", "figures: theirs", 2, "book.figures", "ledger"),
        ("L: cash_loan", "L: loan", 18, "book.value.unknown", "Did you mean `cash_loan`?"),
        ("year_days: 365", "year_days: 366", 19, "book.value.unknown", "365"),
        ("contract: tail", "contract: account", 9, "book.column.twice", "ignore"),
        ("cur: currency\n", "cur: brand\n", 19, "book.column.twice", "Remove one"),
        ("      contract: tail\n", "", 6, "book.column.missing", "fixed"),
        ("data/payments.csv", "../payments.csv", 28, "book.path", "inside"),
        ("data/payments.csv", "/payments.csv", 28, "book.path", "inside"),
        ("  holds:\n", "  holds:\n    max_age_days: 3\n", 35, "book.control.missing", "control"),
        ("  payments:\n", "  payments:\n    format: xml\n", 28, "book.format", "csv"),
        ("  payments:\n", "  payments:\n    dates: '%d/%m'\n", 28, "book.dates", "%Y"),
        ("  payments:\n", "  payments:\n    files: x\n", 29, "book.key.twice", "Remove one"),
        ("cure_minor: 100", "calling_code: +86", 2, "book.calling_code", "digits"),
        ("{kind: {P: payment, R: reversal}}", "{kind: *x}", 30, "book.syntax", "Mend"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_where_it_stands(old: str, new: str, line: int, code: str, says: str) -> None:
    """The line, a stable code, and what to do."""
    text = lender.YAML.replace(old, new, 1)
    assert text != lender.YAML

    found, problems = mapping.load(text, "book.yaml")

    assert found is None
    told = {problem.code: problem for problem in problems}
    assert code in told, problems
    assert (told[code].file, told[code].line) == ("book.yaml", line)
    assert told[code].excerpt == text.splitlines()[line - 1]
    assert says in told[code].remedy


def test_every_mistake_is_told_at_once() -> None:
    """Three mistakes in three feeds are three problems."""
    text = (
        lender.YAML.replace("no: account", "no: acount", 1)
        .replace("data/holds.csv", "/etc/holds.csv")
        .replace("{P: payment,", "{P: paid,")
    )

    _, problems = mapping.load(text, "book.yaml")

    codes = [problem.code for problem in problems]
    assert codes == ["book.column.unknown", "book.column.missing", "book.value.unknown", "book.path"]


@pytest.mark.parametrize("feed", sorted(feeds.OPTIONAL))
def test_most_lenders_need_not_speak_of_a_feed(feed: str) -> None:
    """What few contracts have may be left out, or said not to exist."""
    none = f"{lender.YAML}  {feed}: none\n"

    found = [mapping.load(text, "book.yaml") for text in (lender.YAML, none)]

    assert all(one is not None and feed not in one.feeds for one, _ in found)
    assert [problems for _, problems in found] == [[], []]


@pytest.mark.parametrize("feed", sorted(set(feeds.FEEDS) - feeds.OPTIONAL))
def test_a_feed_is_described_or_said_not_to_exist(feed: str) -> None:
    """Left out it is a problem; `none` is accepted, but not for what a book cannot be without."""
    lines = lender.YAML.splitlines(keepends=True)
    start = lines.index(f"  {feed}:\n")
    after = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith("   ")), len(lines))
    without = "".join(lines[:start] + lines[after:])
    none = "".join([*lines[:start], f"  {feed}: none\n", *lines[after:]])

    _, problems = mapping.load(without, "book.yaml")
    found, refused = mapping.load(none, "book.yaml")

    assert [problem.code for problem in problems] == ["book.feed.missing"]
    if feed in feeds.NEVER_EMPTY:
        assert [problem.code for problem in refused] == ["book.feed.missing"]
    else:
        assert found is not None
        assert feed not in found.feeds


@pytest.mark.parametrize("text", ["", "- a\n", "feeds: [", "a: !!python/object:os.system x\n", "\t"])
def test_what_is_no_mapping_at_all_is_one_problem(text: str) -> None:
    """Empty, a list, broken, with a tag: never an exception."""
    found, problems = mapping.load(text, "book.yaml")

    assert found is None
    assert len(problems) == 1


def test_a_feed_is_stale_one_day_after_its_limit() -> None:
    """At the limit it is fresh; without a watermark nobody knows, so it is stale."""
    text = "control: data/control.csv\n" + lender.YAML.replace(
        "  payments:\n", "  payments:\n    max_age_days: 2\n"
    )
    found = lender.mapped(text)
    day = date(2026, 3, 10)

    def stale(watermark: date | None) -> list[str]:
        feed = Feed(name="payments", files=(), rows=0, quarantined=0, watermark=watermark)
        return found.stale([feed], day)

    assert stale(day - timedelta(days=2)) == []
    assert stale(day - timedelta(days=3)) == ["payments"]
    assert stale(None) == ["payments"]
    assert found.stale([], day) == ["payments"]
