"""What a notice demanded is reckoned again years later from a bundle alone: no snapshot, no database, no project."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from duly.app import amounts, proofs
from duly.cli import commands
from duly.errors import EvidenceBroken, WrongUsage
from duly.evidence import verify
from duly.model.party import Actor, Duty
from duly.run import papers, planned
from tests.app import calculator
from tests.run.house import ON, House

COUNSEL = Actor(name="counsel", duties=frozenset({Duty.COUNSEL}))


def overdue(house: House) -> planned.Planned:
    """A message about one account that demands what is overdue, with interest in it."""
    return next(row for row in house.waiting() if len(row.accounts) == 1 and row.fields["penalty_minor"])


def proved(house: House, row: planned.Planned) -> proofs.Bundle:
    """The message leaves, and its account is proved; then everything but the bundle is lost."""
    house.accept({row.key: "1"}, row)
    house.sequence()
    out = house.folder.parent / "bundle"
    made = proofs.prove(COUNSEL, house.folder, account=row.accounts[0], out=out, environ=house.environ)
    shutil.rmtree(house.folder / ".duly" / "book")
    shutil.rmtree(house.folder / ".duly" / "decisions")
    return made


def explained(*words: str) -> tuple[int, Any]:
    """What `duly explain --amounts --json` answers."""
    ran = CliRunner().invoke(commands.app, ["explain", "--amounts", "--json", *words])
    return ran.exit_code, json.loads(ran.stdout)


def test_a_bundle_explains_its_amounts_to_the_same_cents_when_all_else_is_gone(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an empty folder: each figure that the permit's entry committed to comes out, and so does every line."""
    row = overdue(house)
    made = proved(house, row)
    empty = tmp_path / "years later"
    empty.mkdir()
    monkeypatch.chdir(empty)

    code, answer = explained("--from", str(made.path), "--trust", made.fingerprint)

    assert (code, answer["result"], answer["lost"]) == (0, "verified", 0)
    (sheet,) = answer["sheets"]
    (stated,) = sheet["stated"]
    assert (sheet["account"], sheet["on"], stated["same"]) == (row.accounts[0], ON.isoformat(), True)
    assert stated["stated"]["overdue_minor"] == row.fields["overdue_minor"] == sheet["sums"]["overdue"]
    assert sheet["sums"]["penalty"] == row.fields["penalty_minor"]
    assert sheet["sums"]["penalty"] > 0
    calculator.recompute(sheet)
    paper = CliRunner().invoke(commands.app, ["explain", "--amounts", "--from", str(made.path)])
    assert paper.exit_code == 0
    assert "the same to the cent" in paper.stdout


def test_of_another_day_or_of_no_bundle_nothing_is_reckoned(house: House, tmp_path: Path) -> None:
    """Said in words."""
    made = proved(house, overdue(house))

    with pytest.raises(WrongUsage, match="no notice of the bundle"):
        amounts.of_bundle(made.path, trusted=(), on=ON.replace(day=1))
    with pytest.raises(WrongUsage, match="is no bundle"):
        amounts.of_bundle(tmp_path, trusted=(), on=None)


def test_rows_that_were_changed_are_refused_and_rows_left_out_are_missed(house: House) -> None:
    """By the list of files, and by the SHA-256 in the entry even where the lists were made anew."""
    made = proved(house, overdue(house))
    (document,) = (made.path / "data" / "documents").glob("facts-*.json")
    whole = document.read_bytes()

    document.write_bytes(whole.replace(b'"overdue_ppm"', b'"overdue_ppm" ', 1))
    with pytest.raises(EvidenceBroken, match="does not hold"):
        amounts.of_bundle(made.path, trusted=(), on=None)
    told = {check["check"]: check for check in verify.check(made.path).checks}
    assert "an entry names it by its SHA-256" in told["openings"]["detail"]

    document.write_bytes(whole)
    assert amounts.of_bundle(made.path, trusted=(), on=None).report.facts["amounts"].startswith("1 of 1")
    document.rename(document.with_name("facts-" + "0" * 64 + ".json"))
    told = {check["check"]: check for check in verify.check(made.path).checks}
    assert "is named by no entry" in told["openings"]["detail"]


def test_what_was_stated_and_does_not_come_out_is_told_and_fails(house: House) -> None:
    """A notice that demanded a cent more than the rows sealed with it give: the command says so and ends with 1."""
    row = overdue(house)
    said: Any = row.fields
    ((case, figures),) = said["figures"].items()
    dearer = {name: said[name] + 1 for name in ("overdue_minor", "penalty_minor")}
    kept = figures | {name: figures[name] + 1 for name in dearer}
    (wrong,) = house.put(
        replace(row, version=row.version + 1, fields={**said, **dearer, "figures": {case: kept}})
    )
    made = proved(house, wrong)

    code, answer = explained("--from", str(made.path))

    (stated,) = answer["sheets"][0]["stated"]
    assert (code, stated["same"]) == (1, False)
    assert stated["stated"]["overdue_minor"] == stated["reckoned"]["overdue_minor"] + 1
    paper = CliRunner().invoke(commands.app, ["explain", "--amounts", "--from", str(made.path)])
    assert "this does NOT come out" in paper.stdout


def test_of_somebody_who_was_erased_the_rows_are_gone_and_the_bundle_still_holds(house: House) -> None:
    """The rows are sealed under the key of the person told; without it they are nobody's."""
    row = overdue(house)
    said: Any = row.fields
    digests = {figures["facts"] for figures in said["figures"].values()}
    assert papers.find(house.connect(), house.opened.vault, digests).keys() == digests

    house.opened.keys.destroy([row.person])
    house.opened.vault._ciphers.clear()

    assert papers.find(house.connect(), house.opened.vault, digests) == {}


def test_the_facts_of_a_notice_cannot_be_changed_or_deleted(house: House) -> None:
    """Not by whoever may write to the database: the table only grows."""
    ((count,),) = house.ask("select count(*) from vault.account_facts")
    assert count > 0
    for statement in ("delete from vault.account_facts", "update vault.account_facts set day = day"):
        with pytest.raises(Exception, match="append"):
            house.ask(statement)


def test_the_account_of_today_is_explained_with_what_the_plan_recorded(house: House) -> None:
    """From the book in force, with the recorded figures beside it; a payment since then shows as such."""
    row = overdue(house)
    account = row.accounts[0]

    before = amounts.of_book(COUNSEL, house.folder, account=account, on=None, environ=house.environ)
    (check,) = before.checks
    assert check.same
    assert before.reckoned.overdue == row.fields["overdue_minor"]

    house.pay(account, 100)
    after = amounts.of_book(COUNSEL, house.folder, account=account, on=ON, environ=house.environ)
    assert not after.checks[0].same
    assert after.reckoned.overdue == before.reckoned.overdue - 100
    assert check.whose == "ours"
