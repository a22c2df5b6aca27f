"""A lender who has its own ledger's figures printed: text, sums, permit, evidence and explanation all state them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from duly.app import amounts, proofs
from duly.book import likely, mapping, read
from duly.model.party import Actor, Duty
from duly.store import launcher
from tests.run import house as houses
from tests.run.house import ON, House

COUNSEL = Actor(name="counsel", duties=frozenset({Duty.COUNSEL}))
EVE = ON - timedelta(days=1)
PARTS = ("principal", "interest", "fee", "penalty")


def state_the_ledger(folder: Path) -> None:
    """The core system exports every part, a cent more of interest on what is overdue than we reckon."""
    text = (folder / "book.yaml").read_text("utf-8")
    ours = figures(folder, text)
    columns = "".join(f"      od_{part}: ledger_{part}\n" for part in PARTS)
    told = text.replace("      od_amt: ledger_overdue\n", f"      od_amt: ledger_overdue\n{columns}")
    (folder / "book.yaml").write_text(f"{told}\nfigures: ledger\n", "utf-8")
    file = folder / "data" / "accounts.csv"
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    for row in rows:
        mine = dict(ours[row["acct_no"]])
        more = 1 if mine["penalty"] else 0
        said = {part: mine[part] + more * (part == "penalty") for part in PARTS}
        row |= {f"od_{part}": decimal(minor) for part, minor in said.items()}
        row |= {"od_amt": decimal(sum(said.values())), "od_date": EVE.isoformat()}
    write(file, rows)
    control = folder / "data" / "control.csv"
    feeds = list(csv.DictReader(control.read_text("utf-8").splitlines()))
    total = sum(
        round(float(row[name]) * 100)
        for row in rows
        for name in row
        if name.startswith("od_") and name not in ("od_date", "od_rate")
    )
    for line in feeds:
        if line["feed"] == "accounts":
            line["control_total"] = decimal(total)
    write(control, feeds)


def figures(folder: Path, text: str) -> dict[str, likely.Figures]:
    """What we reckon of every account of the folder's files on the eve of ON."""
    mapped, problems = mapping.load(text, "book.yaml")
    assert mapped is not None, problems
    loaded, problems = read.load(folder, mapped, as_of=ON, blind=lambda value: value)
    assert loaded is not None, problems
    once = loaded.book.accounts.filter(pl.col("role") == "borrower").select("person", "account")
    mine = {
        name: frame.join(once, on=["person", "account"], how="semi") if "account" in frame.columns else frame
        for name, frame in loaded.book.frames().items()
    }
    return likely.ours(type(loaded.book)(**mine), EVE)


def decimal(minor: int) -> str:
    """Fen as yuan."""
    return f"{minor // 100}.{minor % 100:02d}"


def write(file: Path, rows: list[dict[str, str]]) -> None:
    """Rows as a file of the lender's."""
    with file.open("w", encoding="utf-8", newline="") as into:
        writer = csv.DictWriter(into, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def house(
    server: launcher.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house of such a lender on the morning of its day."""
    model = houses.build(tmp_path_factory.mktemp("ledger"), server, template, alter=state_the_ledger)
    with houses.moved_in(model, tmp_path_factory.mktemp("house")) as made:
        yield made
    houses.drop(server, model.database)


def test_text_permit_and_evidence_state_the_ledgers_figures_of_its_own_day(house: House) -> None:
    """The message says the ledger's sum as of the eve, the gate lets it leave, and the bundle confirms it as sealed."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.fields["penalty_minor"])
    account = row.accounts[0]
    said: Any = row.fields
    as_of, theirs = date.fromisoformat(said["as_of"]), said["overdue_minor"]
    (ready,) = house.ready(row)

    assert as_of == EVE
    (kept,) = said["figures"].values()
    assert (kept["whose"], kept["as_of"], kept["overdue_minor"]) == ("ledger", EVE.isoformat(), theirs)
    yuan = f"{theirs // 100:,}.{theirs % 100:02d}"
    assert yuan in ready.text
    assert f"{EVE.month}月{EVE.day}日" in ready.text
    assert not ready.findings

    house.accept({row.key: "1"}, row)
    house.sequence()
    out = house.folder.parent / "bundle"
    made = proofs.prove(COUNSEL, house.folder, account=account, out=out, environ=house.environ)
    (told,) = house.entries("permit")
    (about,) = told.about.values()
    assert (about["whose"], about["overdue_minor"]) == ("ledger", theirs)

    (sheet,) = amounts.of_bundle(made.path, trusted=[made.fingerprint], on=None).sheets
    (check,) = sheet.checks
    assert (check.whose, check.on, check.same) == ("ledger", EVE, True)
    beside = {one.component: one.difference_minor for one in sheet.beside}
    assert (beside["overdue"], beside["penalty"], beside["principal"]) == (-1, -1, 0)


def test_what_the_run_comes_to_is_counted_in_the_ledgers_figures(house: House) -> None:
    """The sum that two people may limit is the sum of what is demanded."""
    ((counted,),) = house.ask("select sum_minor from day_plan order by id limit 1")

    assert counted == sum(int(str(row.fields["overdue_minor"])) for row in house.versions())


def test_an_account_whose_ledger_cannot_be_stated_is_not_written_to(house: House) -> None:
    """An instalment that went overdue on the eve: the ledger's evening did not count it yet."""
    ((path,),) = house.ask("select decisions_path from day_plan order by id limit 1")
    rows = pl.read_parquet(path).filter(pl.col("unfit").is_not_null())

    assert set(rows["unfit"]) <= {"due_since", "paid_since", "ledger_nothing"}
    assert rows.height > 0
    assert rows["messages"].list.len().fill_null(0).sum() == 0
