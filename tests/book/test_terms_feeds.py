"""What a contract became is loaded from feeds of its own: rates, statuses, charges made elsewhere, card statements."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from duly.book import arrears
from tests.book import lender

MORE = (
    lender.YAML.replace(
        "owed_on: ledger_as_of", "owed_on: ledger_as_of\n      up: uplift\n      cp: compound_months"
    ).replace("orig: reverses}", "orig: reverses, to: toward, part: part}")
    + """\
  terms:
    files: data/terms.csv
    columns: {no: account, from: since, rate: rate, od: overdue_rate, up: uplift}
  statuses:
    files: data/statuses.csv
    columns: {no: account, from: since, what: status}
  charges:
    files: data/charges.csv
    columns: {id: charge, no: account, day: charged_on, amount: amount}
  statements:
    files: data/statements.csv
    columns: {no: account, day: statement_on, due: due_on, bal: balance, min: minimum, old: past_due, int: interest}
"""
)
ACCOUNTS = (
    "no,contract,type,status,since,rate,od_rate,owed,owed_on,cur,branch,up,cp\n"
    "A1,K-1,L,overdue,2026-03-11,18.25,,,,CNY,x,{uplift},{months}\n"
    "A2,K-2,C,current,2026-01-01,18.25,18.25,,,CNY,y,,\n"
)
FILES = {
    "accounts": ACCOUNTS.format(uplift="50", months="1"),
    "instalments": "no,seq,due,prin,int\nA1,1,2026-03-10,1000.00,0\n",
    "payments": "id,no,day,amount,kind,orig,to,part\ny1,A1,2026-03-12,200.00,P,,1,principal\n",
    "terms": "no,from,rate,od,up\nA1,2026-03-15,10,12,\nA1,2026-03-18,10,,30\n",
    "statuses": "no,from,what\nA1,2026-03-11,overdue\n",
    "charges": "id,no,day,amount\nc1,A1,2026-01-05,12.50\n",
    "statements": (
        "no,day,due,bal,min,old,int\nA2,2026-02-01,2026-02-20,3000.00,300.00,0,20.00\n"
        "A2,2026-03-01,2026-03-19,3100.00,410.00,100.00,30.00\n"
    ),
}


def test_every_feed_reaches_the_book_under_each_person(tmp_path: Path) -> None:
    """Two people stand on A1, so its rows stand twice; rates and amounts are whole numbers."""
    book = lender.loaded(tmp_path, MORE, **FILES).book

    heads = book.accounts.filter(book.accounts["account"] == "A1").select(
        "person", "overdue_ppm", "compound_months"
    )
    assert heads.sort("person").rows() == [("P1", 273_750, 1), ("P2", 273_750, 1)]
    assert book.terms.filter(book.terms["person"] == "P1").rows() == [
        ("P1", "A1", date(2026, 3, 15), 100_000, 120_000, None),
        ("P1", "A1", date(2026, 3, 18), 100_000, 130_000, 300_000),
    ]
    assert book.statuses.height == book.charges.height == 2
    assert book.charges["amount_minor"].to_list() == [1_250, 1_250]
    paid = book.payments.row(0, named=True)
    assert (paid["toward"], paid["part"]) == (1, "principal")


def test_a_statement_is_an_instalment_of_what_it_newly_asks_for(tmp_path: Path) -> None:
    """The second asks for 410.00, of which 100.00 were asked for before; overdue is what no payment met."""
    book = lender.loaded(tmp_path, MORE, **FILES).book

    asked = book.instalments.filter(book.instalments["account"] == "A2").drop("person", "account")
    assert asked.rows() == [
        (1, date(2026, 2, 20), 28_000, 2_000, 0),
        (2, date(2026, 3, 19), 28_000, 3_000, 0),
    ]
    (row,) = arrears.standing(book, lender.AS_OF).filter(account="A2").to_dicts()
    # 28 days and one day of 280.00 at 18.25 %.
    assert (row["dpd"], row["principal_minor"], row["interest_minor"], row["penalty_minor"]) == (
        28,
        56_000,
        5_000,
        406,
    )
    assert row["total_minor"] == row["overdue_minor"] + 310_000 - 41_000


@pytest.mark.parametrize(
    ("feed", "old", "new", "code"),
    [
        ("accounts", ",50,1\n", ",,1\n", "no_overdue_rate"),
        ("accounts", ",50,1\n", ",50,0\n", "compound"),
        ("accounts", "18.25,,,,CNY,x,50", "100,,,,CNY,x,1", "rate_beyond"),
        ("payments", ",1,principal", ",7,principal", "toward_unknown"),
        ("payments", ",1,principal", ",1,all", "word"),
        ("terms", "A1,2026-03-18", "A1,2026-03-15", "duplicate"),
        ("terms", ",10,12,", ",10,,", "no_overdue_rate"),
        ("statuses", "A1", "A9", "account_unknown"),
        ("charges", "2026-01-05", "2026-03-21", "future"),
        ("statements", "300.00,0,20.00", "300.00,290.00,20.00", "minimum"),
        ("statements", "3000.00,300.00", "299.99,300.00", "minimum"),
        ("statements", "A2,2026-02-01", "A1,2026-02-01", "two_schedules"),
        ("statements", "A2,2026-03-01", "A2,2026-02-01", "duplicate"),
    ],
)
def test_a_row_that_cannot_be_reckoned_with_is_left_out_and_says_why(
    feed: str, old: str, new: str, code: str, tmp_path: Path
) -> None:
    """One mistake, one reason; and the account is held."""
    assert FILES[feed].count(old) == 1

    found = lender.loaded(tmp_path, MORE, **(FILES | {feed: FILES[feed].replace(old, new)}))

    assert code in found.quarantine.filter(found.quarantine["feed"] == feed)["code"].to_list()


def test_the_bounds_of_grace_and_of_an_uplift_are_inside(tmp_path: Path) -> None:
    """Sixty days of grace are read and sixty-one are not; an uplift is rounded down to a millionth."""
    text = MORE.replace("cp: compound_months", "cp: grace_days")
    rows = {days: FILES | {"accounts": ACCOUNTS.format(uplift="33.3333", months=days)} for days in (60, 61)}

    for days in rows:
        (tmp_path / str(days)).mkdir()
    kept, beyond = (lender.loaded(tmp_path / str(days), text, **files) for days, files in rows.items())

    assert kept.quarantine.is_empty()
    assert kept.book.accounts.filter(account="A1")["overdue_ppm"].unique().to_list() == [243_333]
    assert set(beyond.quarantine["code"]) >= {"grace"}
