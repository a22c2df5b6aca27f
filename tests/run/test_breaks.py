"""The break report over a real installation: both sides, since when, sums, and what was recorded on an earlier day."""

from __future__ import annotations

import contextlib
import csv
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from duly.app import breaks
from duly.book import likely
from duly.book.likely import Kind
from duly.errors import WrongUsage
from duly.model.party import Actor
from duly.run import books, day, load
from tests.run.house import ON, House, instant

LIN = Actor(name="lin.yue", duties=frozenset())


def rewrite(folder: Path, figures: dict[str, int], days: int) -> None:
    """The core system's export of a later day: of some accounts it says what stood at the end of the day before."""
    file, control = folder / "data" / "accounts.csv", folder / "data" / "control.csv"
    eve = ON + timedelta(days=days - 1)
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    for row in rows:
        if (minor := figures.get(row["acct_no"])) is not None:
            row |= {"od_amt": f"{minor // 100}.{minor % 100:02d}", "od_date": eve.isoformat()}
    write(file, rows)
    total = sum(round(float(row["od_amt"]) * 100) for row in rows)
    feeds = list(csv.DictReader(control.read_text("utf-8").splitlines()))
    for line in feeds:
        line["watermark"] = eve.isoformat()
        if line["feed"] == "accounts":
            line["control_total"] = f"{total // 100}.{total % 100:02d}"
    write(control, feeds)


def write(file: Path, rows: list[dict[str, str]]) -> None:
    """Rows as a file of the lender's."""
    with file.open("w", encoding="utf-8", newline="") as into:
        writer = csv.DictWriter(into, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def next_day(house: House, days: int, off: dict[str, int]) -> None:
    """So many days after ON the export is loaded and the day planned; of some accounts it is so much off ours."""
    house.move_to(instant(10, on=ON + timedelta(days=days)))
    eve = ON + timedelta(days=days - 1)
    with contextlib.closing(house.opened.connect()) as connection:
        figures = {
            account: likely.ours(books.of_account(connection, account).book, eve)[account]["overdue"] + minor
            for account, minor in off.items()
        }
        rewrite(house.folder, figures, days)
        load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core")
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        day.record_plan(house.opened, connection, day.make(house.opened, connection), reason="day")


def overdue(house: House) -> list[str]:
    """Accounts that are overdue and agree, by what they owe."""
    rows = house.ask("select distinct f.account from case_file f where f.state = 'open' order by f.account")
    broken = {one.account for one in report(house).breaks}
    return [account for (account,) in rows if account not in broken]


def report(house: House, on: int | None = None) -> breaks.Report:
    """Today's report, or that of so many days after ON."""
    when = None if on is None else ON + timedelta(days=on)
    return breaks.report(LIN, house.folder, on=when, environ=house.environ)


def test_a_break_is_shown_with_its_age_until_the_ledger_is_mended(house: House) -> None:
    """It begins with the ledger's day, grows older with each plan, and an earlier day's report stays as it was."""
    first, second, *_ = overdue(house)
    before = {one.account for one in report(house).breaks}

    next_day(house, 1, {first: 5_000, second: -150})
    found = {one.account: one for one in report(house).breaks}
    assert found.keys() == before | {first, second}
    assert (found[first].as_of, found[first].since, found[first].days) == (ON, ON, 1)
    (line,) = found[first].lines
    assert (line.component, line.difference_minor, line.beyond) == ("overdue", -5_000, True)
    assert line.ours_minor + 5_000 == line.theirs_minor
    assert [one.account for one in report(house).breaks] == sorted(
        found, key=lambda name: (-abs(found[name].lines[0].difference_minor), name)
    )

    next_day(house, 2, {first: 4_000, second: 100})
    later = {one.account: one for one in report(house).breaks}
    assert later.keys() == before | {first}, "one hundred fen is within the tolerance"
    assert (later[first].as_of, later[first].since, later[first].days) == (ON + timedelta(days=1), ON, 2)
    assert {one.account for one in report(house, 1).breaks} == found.keys()
    assert {one.account: one for one in report(house, 1).breaks}[first].days == 1

    next_day(house, 3, {first: 0})
    assert {one.account for one in report(house).breaks} == before
    next_day(house, 4, {first: 3_000})
    again = {one.account: one for one in report(house).breaks}
    assert again[first].since == ON + timedelta(days=3), "it was mended in between"
    with pytest.raises(WrongUsage, match="no plan was recorded"):
        report(house, -3)


def test_the_sums_are_by_creditor_and_component_netted_and_without_signs(house: House) -> None:
    """Two that cancel out in the net do not in the gross; and the counts say of how many the ledger speaks."""
    first, second, *_ = overdue(house)
    before = report(house)

    next_day(house, 1, {first: 5_000, second: -5_000})

    after = report(house)
    assert (after.accounts, after.compared) == (before.accounts, before.compared)
    gross = sum(one.gross_minor for one in after.sums) - sum(one.gross_minor for one in before.sums)
    net = sum(one.net_minor for one in after.sums) - sum(one.net_minor for one in before.sums)
    assert (gross, net) == (10_000, 0)
    assert sum(one.accounts for one in after.sums) == len(after.breaks)
    assert {one.component for one in after.sums} == {"overdue"}


def test_one_account_is_shown_in_full_with_what_explains_it_to_the_cent(house: House) -> None:
    """The ledger that is one instalment further says so, and the account that agrees has no cause."""
    first, second, *_ = overdue(house)
    with contextlib.closing(house.opened.connect()) as connection:
        book = books.of_account(connection, first).book
    line = book.instalments.sort("due_on").row(0, named=True)
    whole = line["principal_minor"] + line["interest_minor"] + line["fee_minor"]

    next_day(house, 1, {first: whole})

    told = breaks.beside(LIN, house.folder, account=first, environ=house.environ)
    assert [one.component for one in told.lines] == ["overdue"]
    assert (told.lines[0].difference_minor, told.lines[0].beyond) == (-whole, True)
    assert (Kind.INSTALMENT_PAID.value, str(line["seq"])) in {(one.kind, one.name) for one in told.causes}
    agreed = breaks.beside(LIN, house.folder, account=second, environ=house.environ)
    assert (agreed.lines[0].difference_minor, agreed.causes) == (0, ())
    with pytest.raises(WrongUsage, match="is not in the book"):
        breaks.beside(LIN, house.folder, account="A-nobody", environ=house.environ)


def test_nobody_is_written_to_about_an_account_that_breaks(house: House) -> None:
    """It is held with the rule, and the decision names the component and both figures."""
    first, *_ = overdue(house)

    next_day(house, 1, {first: 5_000})

    ((path,),) = house.ask("select decisions_path from day_plan order by id desc limit 1")

    rows = pl.read_parquet(path).filter(account=first)
    assert set(rows["outcome"]) <= {"hold", "not_liable", "cured", "closed"}
    for row in rows.iter_rows(named=True):
        assert [one["component"] for one in row["beside"] if one["beyond"]] == ["overdue"]
    assert not house.ask(
        "select 1 from message m where %s = any(m.accounts) and m.day = %s", first, ON + timedelta(days=1)
    )
