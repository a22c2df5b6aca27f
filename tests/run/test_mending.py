"""Rows of the quarantine are listed, corrected in a file, loaded again, and stay mended."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from duly import __main__ as program
from duly import errors
from duly.app import books, quarantine
from duly.book import snapshot
from duly.model.party import Actor, Duty
from duly.run import load, mending, record
from tests.run.house import ON, House, change

HE = Actor(name="he.jing", duties=frozenset({Duty.OPERATIONS}))
MACHINE = Actor(name="core", duties=frozenset({Duty.MACHINE}))
DAY = ON + timedelta(days=1)


def payments(house: House) -> list[list[str]]:
    """The rows of the payments, without the header."""
    return list(csv.reader((house.folder / "data" / "payments.csv").read_text("utf-8").splitlines()))[1:]


def spoil(house: House, *, column: int = 3, into: str = "12.3.4", row: int = 0) -> list[str]:
    """One payment is written wrongly; nothing else of the files changes. Answers it as it was."""
    rows = payments(house)
    before = list(rows[row])
    rows[row][column] = into
    path = house.folder / "data" / "payments.csv"
    header = path.read_text("utf-8").splitlines()[0]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(","), *rows])
    path.write_text(text.getvalue(), "utf-8")
    control = house.folder / "data" / "control.csv"
    lines = [line.split(",") for line in control.read_text("utf-8").splitlines()]
    control.write_text(
        "".join(",".join([*line[:3], ""] if line[0] == "payments" else line) + "\n" for line in lines),
        "utf-8",
    )
    # A book of eighty accounts has few payments: one of them is more than the usual share.
    change(house.folder / "book.yaml", "quarantine_percent: 1", "quarantine_percent: 50")
    return before


def loaded(
    house: House, *, day: date = DAY, actor: Actor = HE, corrected: Path | None = None, strict: bool = False
) -> load.Outcome:
    """A load as the door does it."""
    return books.load(
        actor, house.folder, as_of=day, environ=house.environ, corrected=corrected, strict=strict
    )


def listed(house: House, *, values: bool = True) -> quarantine.Listing:
    """The quarantine as its mender sees it."""
    return quarantine.listed(HE, house.folder, values=values, environ=house.environ)


def exported(house: House, target: Path) -> list[dict[str, str]]:
    """What is written to be corrected."""
    quarantine.export(HE, house.folder, target, feed=None, environ=house.environ)
    return list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))


def rewrite(target: Path, rows: list[dict[str, str]]) -> None:
    """The file as a spreadsheet saves it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    target.write_text("\ufeff" + text.getvalue(), "utf-8")


def paid(house: House, payment: str) -> list[int]:
    """What the book in force has of a payment."""
    manifest = load.in_force(house.connect())
    assert manifest is not None
    found = snapshot.read(manifest).payments.filter(payment=payment)
    return sorted(set(found["amount_minor"].to_list()))


def held(house: House, account: str) -> set[str]:
    """Why an account is held in the book in force."""
    manifest = load.in_force(house.connect())
    assert manifest is not None
    return set(snapshot.read(manifest).holds.filter(account=account)["kind"].to_list())


def test_a_bad_row_is_listed_with_its_place_and_reason(house: House) -> None:
    """What was found in it is shown to those who mend it, and to nobody else."""
    spoil(house)
    loaded(house)

    (row,) = listed(house).rows
    assert (row.feed, row.file, row.line, row.column) == ("payments", "data/payments.csv", 2, "txn_amt")
    assert (row.code, row.value) == ("book.row.amount", "12.3.4")
    assert [one.value for one in listed(house, values=False).rows] == [None]
    with pytest.raises(errors.NotAllowed):
        quarantine.listed(MACHINE, house.folder, values=True, environ=house.environ)


def test_a_row_that_was_corrected_is_loaded_and_its_account_released(house: House, tmp_path: Path) -> None:
    """And is marked as mended, by whom and when."""
    was = spoil(house)
    loaded(house)
    assert (paid(house, was[0]), "amount_disagrees" in held(house, was[1])) == ([], True)
    target = tmp_path / "payments.csv"
    rows = exported(house, target)
    assert [row["txn_amt"] for row in rows] == ["12.3.4"]
    assert {"txn_no": was[0], "acct_no": was[1]}.items() <= rows[0].items()
    assert target.stat().st_mode & 0o077 == 0

    rows[0]["txn_amt"] = was[3]
    rewrite(target, rows)
    done = loaded(house, corrected=target)

    assert (done.changed, done.quarantined) == (True, 0)
    assert paid(house, was[0]) == [int(was[3].replace(".", ""))]
    assert "amount_disagrees" not in held(house, was[1])
    found = listed(house)
    assert found.rows == ()
    assert [(one.file, one.line, one.by) for one in found.mended] == [("data/payments.csv", 2, HE.name)]
    assert found.mended[0].at.date() == ON


def test_what_was_mended_stays_mended_while_the_core_system_says_the_same(
    house: House, tmp_path: Path
) -> None:
    """Wherever the row stands tomorrow; and not any more when it says something else."""
    was = spoil(house)
    loaded(house)
    target = tmp_path / "payments.csv"
    rows = exported(house, target)
    rows[0]["txn_amt"] = was[3]
    rewrite(target, rows)
    loaded(house, corrected=target)

    path = house.folder / "data" / "payments.csv"
    header, first, *others = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([header, *others, first]), "utf-8")
    assert loaded(house, day=DAY + timedelta(days=1)).quarantined == 0
    assert paid(house, was[0]) == [int(was[3].replace(".", ""))]

    path.write_text("".join([header, *others, first.replace("12.3.4", "12.3.5")]), "utf-8")
    assert loaded(house, day=DAY + timedelta(days=2)).quarantined == 1


def test_a_correction_that_is_wrong_itself_stays_in_quarantine(house: House, tmp_path: Path) -> None:
    """It goes the way of all rows, and may be corrected once more."""
    was = spoil(house)
    loaded(house)
    target = tmp_path / "payments.csv"
    rows = exported(house, target)
    rows[0]["txn_amt"] = "-5"
    rewrite(target, rows)

    assert loaded(house, corrected=target).quarantined == 1
    (row,) = listed(house).rows
    assert (row.code, row.value, row.by) == ("book.row.negative", "-5", HE.name)
    rows = exported(house, target)
    rows[0]["txn_amt"] = was[3]
    rewrite(target, rows)
    assert loaded(house, corrected=target).quarantined == 0


def test_what_a_spreadsheet_would_compute_is_disarmed_and_comes_back_as_it_was(
    house: House, tmp_path: Path
) -> None:
    """The file that is opened in a spreadsheet runs nothing."""
    was = spoil(house, column=0, into='=HYPERLINK("http://a.example/", A1)')
    loaded(house)
    target = tmp_path / "payments.csv"
    (row,) = exported(house, target)
    assert row["txn_no"].startswith("'=HYPERLINK")

    with pytest.raises(errors.ProjectRefused) as refused:
        loaded(house, corrected=target)
    assert [problem.code for problem in refused.value.problems] == ["corrected.same"]
    row["txn_no"] = was[0]
    rewrite(target, [row])
    assert loaded(house, corrected=target).quarantined == 0
    assert paid(house, was[0]) != []


@pytest.mark.parametrize(
    ("alter", "code"),
    [
        ({"duly_row": "99999"}, "row"),
        ({"duly_row": "x"}, "row"),
        ({"extra": "1"}, "columns"),
    ],
)
def test_a_corrected_file_speaks_of_rows_that_are_there(
    house: House, tmp_path: Path, alter: Mapping[str, str], code: str
) -> None:
    """And of their own columns; else nothing is loaded."""
    spoil(house)
    loaded(house)
    target = tmp_path / "payments.csv"
    rows = exported(house, target)
    rewrite(target, [{**rows[0], "txn_amt": "1", **alter}])

    with pytest.raises(errors.ProjectRefused) as refused:
        loaded(house, corrected=target)

    assert [problem.code for problem in refused.value.problems] == [f"corrected.{code}"]
    assert len(listed(house).rows) == 1


def test_only_who_mends_may_export_and_correct(house: House, tmp_path: Path) -> None:
    """The rows hold names and numbers."""
    spoil(house)
    loaded(house)
    target = tmp_path / "payments.csv"
    exported(house, target)

    with pytest.raises(errors.NotAllowed):
        quarantine.export(MACHINE, house.folder, tmp_path / "a.csv", feed=None, environ=house.environ)
    with pytest.raises(errors.NotAllowed):
        loaded(house, actor=MACHINE, corrected=target)


def test_strict_puts_nothing_in_force_where_a_row_would_be_left_out(house: House) -> None:
    """Neither the book nor the quarantine knows of it; without a bad row it is a load like any other."""
    before = load.in_force(house.connect())
    assert loaded(house, strict=True).changed
    whole = load.in_force(house.connect())
    spoil(house)

    done = loaded(house, day=DAY + timedelta(days=1), strict=True)

    assert (done.held, done.changed, done.quarantined) == (True, False, 1)
    after = load.in_force(house.connect())
    assert before is not None
    assert whole is not None
    assert after is not None
    assert (before.digest != whole.digest, after.digest) == (True, whole.digest)
    assert house.ask("select count(*) from quarantine") == [(0,)]


def test_what_expired_is_destroyed_and_mends_no_more(house: House, tmp_path: Path) -> None:
    """The key of the day goes by rule; the row is in quarantine again, and its cells can be read by nobody."""
    was = spoil(house)
    loaded(house)
    target = tmp_path / "payments.csv"
    rows = exported(house, target)
    rows[0]["txn_amt"] = was[3]
    rewrite(target, rows)
    loaded(house, corrected=target)

    house.opened.keys.destroy([record.raw_owner(DAY)])

    assert mending.Mender(house.opened, house.connect()).corrected("x") is None
    assert loaded(house, day=DAY + timedelta(days=1)).quarantined == 1
    assert house.ask("select count(*) from vault.mended_row") == [(1,)]


def test_nothing_of_a_row_lies_open_in_the_database(house: House) -> None:
    """Neither what was found nor the row; its name there is keyed."""
    was = spoil(house, into="secret-12.3")
    loaded(house)

    text = json.dumps(house.ask("select to_jsonb(q)::text from quarantine q"))

    assert "secret-12.3" not in text
    assert was[0] not in text


def test_the_commands_show_export_correct_and_refuse(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a person types them: what is wrong and where, the file, the load; and exit code 4 where `--strict` forbids."""
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    asked = ["-p", str(house.folder), "--as", "he.jing"]
    day = ["--as-of", DAY.isoformat()]
    target = tmp_path / "payments.csv"
    was = spoil(house)

    assert program.run(["load", *asked, *day, "--strict", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["loaded"]["changed"] is False
    assert program.run(["load", *asked, *day]) == 0
    said = capsys.readouterr().out
    assert "The book says otherwise than was known (1 accounts)" in said
    assert f"is gone: CNY {float(was[3]):,.2f} ({was[0]})" in " ".join(said.split())
    assert program.run(["quarantine", *asked]) == 0
    shown = capsys.readouterr().out
    assert ("data/payments.csv" in shown, "12.3.4" in shown) == (True, False)
    assert program.run(["quarantine", *asked, "--values", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["quarantine"][0]["value"] == "12.3.4"
    assert program.run(["quarantine", *asked, "--export", str(target)]) == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    rewrite(target, [{**rows[0], "txn_amt": was[3]}])
    assert program.run(["load", *asked, *day, "--corrected", str(target)]) == 0
    capsys.readouterr()
    assert program.run(["quarantine", *asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["quarantine"], [one["by"] for one in answer["mended"]]) == ([], ["he.jing"])
