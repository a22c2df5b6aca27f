"""Loading: good rows become the book, bad ones go to quarantine, and a bad file refuses everything."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from duly.book import arrears, columns, mapping, read
from tests.book import lender

FILES = lender.FILES


def more(feed: str, *lines: str) -> str:
    """The feed with these lines added."""
    return FILES[feed] + "".join(f"{line}\n" for line in lines)


def found(loaded: read.Loaded) -> list[tuple[object, ...]]:
    """The quarantine as (file, line, their column, code)."""
    return loaded.quarantine.select("file", "line", "field", "code").rows()


# --- what is loaded


def test_every_row_stands_under_every_person_of_its_account(tmp_path: Path) -> None:
    """Two parties on the first account, one on the second."""
    book = lender.loaded(tmp_path).book

    columns.validate(book)
    assert sorted(book.accounts.select("person", "account", "role", "liable").rows()) == [
        ("P1", "A1", "borrower", True),
        ("P2", "A1", "guarantor_general", False),
        ("P3", "A2", "borrower", True),
    ]
    assert book.instalments.height == 5
    assert book.payments.height == 5


def test_figures_and_words_are_translated_exactly(tmp_path: Path) -> None:
    """Yuan to fen, percent to ppm, their words to ours, blanks to nothing."""
    book = lender.loaded(tmp_path).book
    first, second = (
        book.accounts.filter(pl.col("person") == person).to_dicts()[0] for person in ("P1", "P3")
    )

    assert (first["product"], first["tail"]) == ("cash_loan", "0077")
    assert (first["rate_ppm"], first["overdue_ppm"], first["year_days"]) == (182_500, 273_750, 365)
    assert (first["ledger_overdue_minor"], first["ledger_as_of"]) == (100_050, date(2026, 3, 11))
    assert first["zones"] == ["Asia/Shanghai", "Asia/Urumqi"]
    assert (second["ledger_overdue_minor"], second["rate_ppm"]) == (None, 0)
    lines = book.instalments.filter(pl.col("person") == "P1")
    assert lines.select("principal_minor", "interest_minor", "fee_minor").rows() == [
        (100_000, 0, 0),
        (100_000, 1_250, 0),
    ]


def test_the_book_can_be_reckoned_with(tmp_path: Path) -> None:
    """The bounced payment does not count, and both liable persons stand alike."""
    standing = arrears.standing(lender.loaded(tmp_path).book, lender.AS_OF)

    assert standing.filter(pl.col("account") == "A1")["dpd"].to_list() == [10, 10]
    assert standing.filter(pl.col("account") == "A1")["principal_minor"].to_list() == [100_000, 100_000]


def test_a_reversal_goes_by_the_name_of_what_it_undoes(tmp_path: Path) -> None:
    """So that the reckoning can match them."""
    payments = lender.loaded(tmp_path).book.payments.filter(pl.col("person") == "P1")

    assert payments.select("payment", "kind").rows() == [("y1", "payment"), ("y1", "reversal")]


def test_no_name_or_number_is_in_the_book(tmp_path: Path) -> None:
    """They are in `Personal`, the numbers in their normal form; the book has keyed indexes."""
    loaded = lender.loaded(tmp_path)

    text = "".join(frame.write_ndjson() for frame in loaded.book.frames().values())
    for personal in ("王喆", "李, 四", "Ann", "13800138000", "post.example"):
        assert personal not in text
    assert loaded.personal.people.rows() == [
        ("P1", "王喆", None),
        ("P2", "李, 四", None),
        ("P3", "Ann Lee", None),
    ]
    assert loaded.personal.values["value"].to_list() == [
        "+8613800138000",
        "ann@post.example",
        "+8613800138000",
    ]
    keys = dict(loaded.book.contacts.select("point", "value_key").rows())
    assert keys["P1-s1"] == keys["P3-s1"] == lender.index("+8613800138000")


def test_a_number_of_two_persons_is_shared(tmp_path: Path) -> None:
    """However each of them writes it."""
    contacts = lender.loaded(tmp_path).book.contacts

    assert dict(contacts.select("point", "shared").rows()) == {"P1-s1": True, "P3-s1": True, "P3-e1": False}


def test_a_hold_on_an_account_holds_each_person_on_it(tmp_path: Path) -> None:
    """And one on a person all accounts of that person."""
    holds = lender.loaded(tmp_path).book.holds

    assert holds.select("person", "account", "kind", "since", "until").rows() == [
        ("P1", "A1", "dispute", date(2026, 3, 2), None),
        ("P2", "A1", "dispute", date(2026, 3, 2), None),
        ("P3", None, "hardship", date(2026, 3, 1), date(2026, 6, 1)),
    ]


def test_each_feed_says_where_it_came_from(tmp_path: Path) -> None:
    """The hash of each file's bytes, its rows and the sum of its amounts."""
    loaded = lender.loaded(tmp_path)
    payments = next(feed for feed in loaded.feeds if feed.name == "payments")

    digest = hashlib.sha256(FILES["payments"].encode()).hexdigest()
    assert payments.files == (("data/payments.csv", digest),)
    assert (payments.rows, payments.quarantined, payments.control_total_minor) == (3, 0, 40_100)


def test_a_byte_order_mark_and_windows_line_ends_are_welcome(tmp_path: Path) -> None:
    """As spreadsheets write them."""
    spreadsheet = b"\xef\xbb\xbf" + FILES["accounts"].replace("\n", "\r\n").encode()

    assert lender.loaded(tmp_path, accounts=spreadsheet).book.accounts.height == 3


def test_a_feed_may_come_in_several_files(tmp_path: Path) -> None:
    """All that match the pattern, each with its header."""
    header, first, second = FILES["accounts"].splitlines(keepends=True)
    lender.write(tmp_path, accounts=header + first)
    (tmp_path / "data" / "accounts-2.csv").write_text(header + second)

    loaded, problems = read.load(tmp_path, lender.mapped(), as_of=lender.AS_OF, blind=lender.index)

    assert problems == []
    assert loaded is not None
    assert loaded.book.accounts["account"].n_unique() == 2
    assert [name for name, _ in loaded.feeds[0].files] == ["data/accounts-2.csv", "data/accounts.csv"]


def test_parquet_gives_the_same_book(tmp_path: Path) -> None:
    """With dates, integers and decimals as such."""
    from_csv = lender.loaded(tmp_path).book
    frame = pl.DataFrame(
        {
            "no": ["A1", "A1", "A2"],
            "seq": [1, 2, 1],
            "due": [date(2026, 3, 10), date(2026, 4, 10), date(2026, 4, 1)],
            "prin": [Decimal("1000.00"), Decimal("1000.00"), Decimal("50.00")],
            "int": ["0", "12.5", None],
        }
    )
    frame.write_parquet(tmp_path / "data" / "instalments.parquet")
    text = lender.YAML.replace("data/instalments.csv", "data/instalments.parquet\n    format: parquet")

    from_parquet = lender.loaded(tmp_path, text).book

    assert from_parquet.instalments.equals(from_csv.instalments)


# --- rows that are not


ROWS = [
    ("accounts", "A3,K,L,overdue,2026-02-30,1,1,,,CNY,", "since", "date_impossible"),
    ("accounts", "A3,K,L,overdue,1826-02-03,1,1,,,CNY,", "since", "date_beyond"),
    ("accounts", "A3,K,L,overdue,2026-02-03,1,1,5,,CNY,", "owed_on", "ledger_undated"),
    ("accounts", "A3,K,L,overdue,2026-02-03,100.0001,1,,,CNY,", "rate", "rate_beyond"),
    ("accounts", "A3,K,L,overdue,2026-02-03,1e1,1,,,CNY,", "rate", "rate"),
    ("accounts", "A3,K,L,overdue,2026-02-03,-1,1,,,CNY,", "rate", "rate"),
    ("accounts", "A3,K,X,overdue,2026-02-03,1,1,,,CNY,", "type", "word"),
    ("accounts", "A3,K,L,late,2026-02-03,1,1,,,CNY,", "status", "word"),
    ("accounts", "A3,K,L,overdue,2026-02-03,1,1,,,XXX,", "cur", "word"),
    ("accounts", "A3,K,L,overdue,2026-02-03,1,1,,,,", "cur", "missing"),
    ("accounts", "A 3,K,L,overdue,2026-02-03,1,1,,,CNY,", "no", "id"),
    ("accounts", f"{'A' * 65},K,L,overdue,2026-02-03,1,1,,,CNY,", "no", "id"),
    ("accounts", "A3,K,L,overdue,2026-02-03,1,1,,,CNY,", "no", "no_borrower"),
    ("accounts", "A2,K,L,overdue,2026-02-03,1,1,,,CNY,", "no", "duplicate"),
    ("parties", "P4,A2,friend,,Bo", "role", "word"),
    ("parties", "P4,A9,borrower,,Bo", "no", "account_unknown"),
    ("parties", "P4,A2,co_borrower,Mars/Base,Bo", "zones", "zone"),
    ("parties", "P4,A2,co_borrower,,", "name", "missing"),
    ("parties", "P4,A2,co_borrower,,Bo\u202eb", "name", "text"),
    ("parties", "P1,A2,co_borrower,,Somebody Else", "who", "contradicts"),
    ("parties", "P3,A2,co_borrower,Asia/Shanghai,Ann Lee", "who", "duplicate"),
    ("instalments", "A2,2,2026-05-01,-1,", "prin", "negative"),
    ("instalments", 'A2,2,2026-05-01,"1,000",', "prin", "amount"),
    ("instalments", "A2,2,2026-05-01,1.005,", "prin", "decimals"),
    ("instalments", "A2,2,2026-05-01,100000000000.01,", "prin", "amount_beyond"),
    ("instalments", "A2,2,2026-05-01,99999999999999999999,", "prin", "amount_beyond"),
    ("instalments", "A2,2,2026-05-01,,", "prin", "missing"),
    ("instalments", "A2,2.5,2026-05-01,1,", "seq", "count"),
    ("instalments", "A2,1,2026-05-01,1,", "seq", "duplicate"),
    ("instalments", "A9,1,2026-05-01,1,", "no", "account_unknown"),
    ("payments", "y9,A2,2026-03-21,1,P,", "day", "future"),
    ("payments", "y9,A9,2026-03-20,1,P,", "no", "account_unknown"),
    ("payments", "y3,A2,2026-03-20,1,P,", "id", "duplicate"),
    ("payments", "y9,A1,2026-03-20,1,R,y1", "id", "duplicate"),
    ("payments", "y9,A2,2026-03-20,1,R,y7", "orig", "reverses_unknown"),
    ("payments", "y9,A2,2026-03-20,1,R,y1", "id", "duplicate"),
    ("payments", "y9,A2,2026-03-20,1.01,R,y3", "amount", "reverses_more"),
    ("contacts", "P3-s2,P3,sms,12,", "value", "value"),
    ("contacts", "P3-s2,P3,fax,13800138001,", "via", "word"),
    ("contacts", "P3-e2,P3,email,ann@home,", "value", "value"),
    ("contacts", "P9-s1,P9,sms,13800138001,", "who", "person_unknown"),
    ("contacts", "P3-s1,P3,sms,13800138001,", "point", "duplicate"),
    ("holds", ",,dispute,2026-03-01,", None, "nobody"),
    ("holds", "P9,,dispute,2026-03-01,", "who", "person_unknown"),
    ("holds", ",A9,dispute,2026-03-01,", "no", "account_unknown"),
    ("holds", "P3,,dispute,2026-03-01,2026-03-01", "to", "until"),
    ("holds", "P3,,angry,2026-03-01,", "why", "word"),
    ("payments", "y9,A2,2026-03-20,1,P", None, "ragged"),
    ("payments", "y9,A2,2026-03-20,1,P,,", None, "ragged"),
]


@pytest.mark.parametrize(("feed", "row", "field", "code"), ROWS)
def test_a_bad_row_is_left_out_with_its_place_and_reason(
    tmp_path: Path, feed: str, row: str, field: str | None, code: str
) -> None:
    """Its line, the lender's column and why; every good row is in the book as before."""
    line = FILES[feed].count("\n") + 1
    good = lender.loaded(tmp_path)

    loaded = lender.loaded(tmp_path, **{feed: more(feed, row)})

    assert found(loaded) == [(f"data/{feed}.csv", line, field, code)]
    for name, frame in loaded.book.frames().items():
        if name != "holds":
            assert frame.equals(good.book.frames()[name]), name
    counts = {feed.name: (feed.rows, feed.quarantined) for feed in loaded.feeds}
    assert counts[feed] == (line - 1, 1)


def test_just_inside_the_bounds_is_good(tmp_path: Path) -> None:
    """1e13 minor units, a rate of 100 %, a day a hundred years off, 64 letters, trailing zeros."""
    name = "A" * 64
    loaded = lender.loaded(
        tmp_path,
        accounts=more("accounts", f"{name},K,L,overdue,1926-03-21,100,0.5000,,,CNY,"),
        parties=more("parties", f"P4,{name},borrower,,Bo"),
        instalments=more("instalments", f"{name},999999999,2026-05-01,100000000000.00,000.10000"),
    )

    assert found(loaded) == []
    line = loaded.book.instalments.filter(pl.col("account") == name).to_dicts()[0]
    assert (line["principal_minor"], line["interest_minor"]) == (10**13, 10)


def test_everything_wrong_in_a_row_is_told(tmp_path: Path) -> None:
    """Three cells, three findings, one row."""
    loaded = lender.loaded(tmp_path, instalments=more("instalments", "A2,x,2026-02-30,-1,"))

    assert [(field, code) for _, _, field, code in found(loaded)] == [
        ("due", "date_impossible"),
        ("prin", "negative"),
        ("seq", "count"),
    ]
    assert next(feed.quarantined for feed in loaded.feeds if feed.name == "instalments") == 1


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    """Through a quoted line break and a blank line."""
    rows = 'P4,A2,co_borrower,,"Bo\nLi"\n\nP5,A2,friend,,Cy\n'

    loaded = lender.loaded(tmp_path, parties=FILES["parties"] + rows)

    assert [(line, code) for _, line, _, code in found(loaded)] == [(5, "text"), (8, "word")]


@pytest.mark.parametrize(
    ("feed", "row", "held"),
    [
        ("payments", "y9,A2,2026-02-30,1,P,", [("P3", "A2", "amount_disagrees")]),
        ("payments", "y9,A2,2026-03-20,1,P", [("P3", "A2", "amount_disagrees")]),
        ("instalments", "A2,1,2026-05-01,1,", [("P3", "A2", "amount_disagrees")]),
        ("parties", "P4,A2,friend,,Bo", [("P3", "A2", "amount_disagrees")]),
        ("holds", "P3,,angry,2026-03-01,", [("P3", None, "manual")]),
        ("holds", ",A2,dispute,2026-02-30,", [("P3", "A2", "manual")]),
        ("contacts", "P3-s2,P3,sms,12,", []),
        ("payments", "y9,A9,2026-03-20,1,P,", []),
    ],
)
def test_whatever_a_lost_row_speaks_of_is_held(
    tmp_path: Path, feed: str, row: str, held: list[tuple[object, ...]]
) -> None:
    """A lost payment would make a debt larger than it is; a lost hold is still a hold."""
    loaded = lender.loaded(tmp_path, **{feed: more(feed, row)})

    holds = loaded.book.holds.filter(pl.col("since") == lender.AS_OF)
    assert holds.select("person", "account", "kind").rows() == held


def test_an_account_without_a_borrower_takes_its_rows_with_it(tmp_path: Path) -> None:
    """The account and everything that hangs on it is in quarantine, nothing hangs in the air."""
    loaded = lender.loaded(tmp_path, parties=FILES["parties"].replace("P3,A2,borrower", "P3,A2,guardian"))

    assert set(loaded.book.accounts["account"]) == {"A1"}
    codes = {(file, code) for file, _, _, code in found(loaded)}
    assert ("data/accounts.csv", "no_borrower") in codes
    assert ("data/instalments.csv", "account_unknown") in codes
    assert ("data/contacts.csv", "person_unknown") in codes


def test_an_amount_finer_than_its_currency_is_left_out(tmp_path: Path) -> None:
    """Yen have no decimals: 50.00 is fifty yen, 50.50 is nothing."""
    yen = FILES["accounts"].replace(",,,CNY", ",,,JPY")

    loaded = lender.loaded(tmp_path, accounts=yen, instalments=more("instalments", "A2,2,2026-05-01,50.50,"))

    assert [code for *_, code in found(loaded)] == ["decimals"]
    assert loaded.book.instalments.filter(pl.col("account") == "A2")["principal_minor"].to_list() == [50]
    assert loaded.book.payments.filter(pl.col("account") == "A2")["amount_minor"].to_list() == [1]


def test_the_value_stays_in_the_quarantine(tmp_path: Path) -> None:
    """A warning says where to look, never what stands there: it may be somebody's number."""
    loaded = lender.loaded(tmp_path, contacts=more("contacts", "P3-s2,P3,sms,SECRET-77,", "P3-s3,P3,sms,x,"))

    (warning,) = loaded.warnings()

    assert loaded.quarantine["value"].to_list() == ["SECRET-77", "x"]
    assert (warning.code, warning.place()) == ("book.row.value", "data/contacts.csv:5")
    assert "2 rows" in warning.what
    assert "SECRET" not in repr(warning)


# --- files that are not


@pytest.mark.parametrize(
    ("feed", "content", "line", "because"),
    [
        ("payments", "", None, ("empty", "header")),
        ("payments", FILES["payments"].replace("amount", "betrag", 1), 1, ("column_missing", "payments")),
        ("payments", FILES["payments"].replace("orig", "orig,teller", 1), 1, ("column_unknown", "`ignore`")),
        ("payments", FILES["payments"].replace("orig", "orig,day", 1), 1, ("column_twice", "rename")),
        (
            "parties",
            FILES["parties"].encode("gb18030"),
            2,
            ("encoding", "iconv -f GB18030 -t UTF-8 data/parties"),
        ),
        ("parties", FILES["parties"].encode("utf-16"), 1, ("encoding", "iconv -f UTF-16")),
        ("parties", FILES["parties"].encode() + b"\xff\xff\n", 5, ("encoding", "Save it as UTF-8.")),
        ("parties", FILES["parties"] + 'P4,A2,borrower,,"Bo\nP5,A2,borrower,,Cy\n', 5, ("csv", "quote")),
        ("parties", FILES["parties"] + "x" * (1 << 20), 5, ("line_long", "line break")),
    ],
)
def test_a_file_that_cannot_be_trusted_refuses_the_load(
    tmp_path: Path, feed: str, content: str | bytes, line: int | None, because: tuple[str, str]
) -> None:
    """Its name, the line and what to do; nothing is loaded."""
    lender.write(tmp_path, **{feed: content})

    loaded, problems = read.load(tmp_path, lender.mapped(), as_of=lender.AS_OF, blind=lender.index)

    assert loaded is None
    code, says = because
    told = {problem.code: problem for problem in problems}
    problem = told[f"book.file.{code}"]
    assert (problem.file, problem.line) == (f"data/{feed}.csv", line)
    assert says in problem.remedy


def test_every_bad_file_is_told_at_once(tmp_path: Path) -> None:
    """Three files, three kinds of mistake."""
    _, problems = lender.load(tmp_path, payments="", parties=b"\xff", holds="who\n")
    (tmp_path / "data" / "contacts.csv").unlink()
    lender_problems = read.load(tmp_path, lender.mapped(), as_of=lender.AS_OF, blind=lender.index)[1]

    assert {problem.file for problem in problems} == {
        "data/payments.csv",
        "data/parties.csv",
        "data/holds.csv",
    }
    assert "book.feed.no_file" in {problem.code for problem in lender_problems}


@pytest.mark.parametrize("feed", ["accounts", "parties", "instalments"])
def test_an_empty_feed_that_would_erase_the_book_is_refused(tmp_path: Path, feed: str) -> None:
    """A header alone is no book."""
    loaded, problems = lender.load(tmp_path, **{feed: FILES[feed].splitlines()[0] + "\n"})

    assert loaded is None
    assert [problem.code for problem in problems] == ["book.feed.empty"]


def test_a_header_alone_is_a_quiet_day_for_the_others(tmp_path: Path) -> None:
    """No payments, no contacts and no holds."""
    quiet = {feed: FILES[feed].splitlines()[0] + "\n" for feed in ("payments", "contacts", "holds")}

    book = lender.loaded(tmp_path, **quiet).book

    assert (book.payments.height, book.contacts.height, book.holds.height) == (0, 0, 0)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """And a Parquet file that keeps money as floats."""
    text = lender.YAML.replace("data/instalments.csv", "data/instalments.csv\n    format: parquet")
    _, problems = lender.load(tmp_path, text)
    assert [problem.code for problem in problems] == ["book.file.parquet"]

    frame = pl.DataFrame({"no": ["A1"], "seq": [1], "due": ["2026-03-10"], "prin": [10.5], "int": ["0"]})
    frame.write_parquet(tmp_path / "data" / "instalments.parquet")
    text = text.replace("instalments.csv", "instalments.parquet")
    _, problems = lender.load(tmp_path, text)

    assert [problem.code for problem in problems] == ["book.file.column_type"]
    assert "`prin` holds Float64" in problems[0].what


@pytest.mark.parametrize(("percent", "refused"), [(24, True), (25, False)])
def test_too_many_bad_rows_refuse_the_load(tmp_path: Path, percent: int, refused: bool) -> None:
    """One row of four is 25 %: allowed at 25, refused at 24, and then its reason is told too."""
    text = lender.YAML.replace("quarantine_percent: 100", f"quarantine_percent: {percent}")

    loaded, problems = lender.load(tmp_path, text, payments=more("payments", "y9,A2,2026-02-30,1,P,"))

    assert (loaded is None) is refused
    codes = [problem.code for problem in problems]
    assert codes == (["book.feed.too_many_bad", "book.row.date_impossible"] if refused else [])


# --- the control file

CONTROL = """feed,watermark,rows,control_total
accounts,2026-03-19,2,1000.50
parties,,3,
instalments,2026-03-19,3,2062.50
payments,2026-03-19,3,401.00
contacts,,,
holds,,,
"""
CONTROLLED = "control: data/control.csv\n" + lender.YAML


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("payments,2026-03-19,4,401.00", None),
        ("payments,2026-03-19,5,401.00", "book.feed.rows_differ"),
        ("payments,2026-03-19,,401.00", "book.feed.total_unread"),
        ("payments,2026-03-19,,", None),
    ],
)
def test_a_sum_that_cannot_be_compared_controls_nothing_alone(
    tmp_path: Path, line: str, code: str | None
) -> None:
    """With a row whose amount cannot be read the number of rows still shows whether the feed is whole."""
    lender.write(tmp_path, payments=more("payments", "y9,A2,2026-03-05,1.2.3,P,"))
    told = CONTROL.replace("payments,2026-03-19,3,401.00", line)
    (tmp_path / "data" / "control.csv").write_text(told)

    problems = read.load(tmp_path, lender.mapped(CONTROLLED), as_of=lender.AS_OF, blind=lender.index)[1]

    assert [problem.code for problem in problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("", "", None),
        ("payments,2026-03-19,3", "payments,2026-03-19,4", "book.feed.rows_differ"),
        ("401.00", "401.01", "book.feed.total_differs"),
        ("payments,2026-03-19", "payments,2026-02-30", "book.control.line"),
        ("payments,", "payment,", "book.control.line"),
        ("holds,,,\n", "contacts,,,\n", "book.control.line"),
        ("holds,,,\n", "", "book.control.feed_missing"),
        ("watermark,rows", "rows,watermark", "book.control.columns"),
    ],
)
def test_a_feed_must_be_what_its_control_line_promises(
    tmp_path: Path, old: str, new: str, code: str | None
) -> None:
    """Rows and sum; a control file that is not understood controls nothing and is refused."""
    lender.write(tmp_path)
    (tmp_path / "data" / "control.csv").write_text(CONTROL.replace(old, new) if old else CONTROL)

    loaded, problems = read.load(tmp_path, lender.mapped(CONTROLLED), as_of=lender.AS_OF, blind=lender.index)

    assert [problem.code for problem in problems] == ([code] if code else [])
    if loaded is not None:
        assert {feed.name: feed.watermark for feed in loaded.feeds}["payments"] == date(2026, 3, 19)


def test_an_absent_control_file_is_refused(tmp_path: Path) -> None:
    """Promised in book.yaml, it must be there."""
    lender.write(tmp_path)

    loaded, problems = read.load(tmp_path, lender.mapped(CONTROLLED), as_of=lender.AS_OF, blind=lender.index)

    assert loaded is None
    assert [problem.code for problem in problems] == ["book.control.unreadable"]


# --- payments that come later


def test_later_payments_are_read_by_the_same_mapping(tmp_path: Path) -> None:
    """Known accounts only; a reversal goes by the name of the payment it undoes, which may be an old one."""
    book = lender.loaded(tmp_path).book
    (tmp_path / "data" / "new.csv").write_text(
        "id,no,day,amount,kind,orig\nz1,A2,2026-03-20,12.34,P,\nz2,A2,2026-03-20,1,R,y3\nz3,A9,2026-03-20,1,P,\n"
    )

    incoming, problems = read.payments(tmp_path, "data/new.csv", lender.mapped(), book, as_of=lender.AS_OF)

    assert problems == []
    assert incoming is not None
    assert incoming.rows.select("account", "payment", "paid_on", "amount_minor", "kind").rows() == [
        ("A2", "y3", date(2026, 3, 20), 100, "reversal"),
        ("A2", "z1", date(2026, 3, 20), 1_234, "payment"),
    ]
    assert [warning.place() for warning in incoming.warnings()] == ["data/new.csv:4"]
    assert (incoming.feed.rows, incoming.feed.quarantined) == (3, 1)


def test_later_payments_are_refused_whole_too(tmp_path: Path) -> None:
    """A missing column, or fewer rows than their control file promises."""
    book = lender.loaded(tmp_path).book
    (tmp_path / "data" / "new.csv").write_text("id,no\n")
    _, problems = read.payments(tmp_path, "data/new.csv", lender.mapped(), book, as_of=lender.AS_OF)
    assert {problem.code for problem in problems} == {"book.file.column_missing"}

    (tmp_path / "data" / "new.csv").write_text("id,no,day,amount,kind,orig\n")
    (tmp_path / "data" / "new.control.csv").write_text(
        "feed,watermark,rows,control_total\npayments,2026-03-20,1,5.00\n"
    )
    incoming, problems = read.payments(
        tmp_path,
        "data/new.csv",
        lender.mapped(),
        book,
        as_of=lender.AS_OF,
        control_file="data/new.control.csv",
    )
    assert incoming is None
    assert [problem.code for problem in problems] == ["book.feed.rows_differ", "book.feed.total_differs"]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    """Same files, same book, same feeds: repeating a load changes nothing."""
    one, other = lender.loaded(tmp_path), lender.loaded(tmp_path)

    assert one.feeds == other.feeds
    assert all(frame.equals(other.book.frames()[name]) for name, frame in one.book.frames().items())
    assert isinstance(lender.mapped(), mapping.Mapping)
