"""The whole of a project checked: what it holds, what it lacks, what production asks."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from duly import __main__ as program
from duly.app import check
from duly.book import columns, snapshot
from duly.errors import ProjectRefused
from duly.law import pack
from duly.project import folder, wants
from tests.app.folders import LIN, adopt, fresh, replace

DAY = date(2026, 11, 23)
SECRETS = {
    "DULY_SMPP_SYSTEM_ID": "duly",
    "DULY_SMPP_PASSWORD": "secret",
    "DATABASE_URL": "postgresql:///duly",
}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One new project."""
    return fresh(tmp_path_factory.mktemp("check") / "project")


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(pristine, tmp_path / "project"))


def report(project: Path, *, ready: bool = False, environ: dict[str, str] | None = None) -> check.Report:
    """What `duly check` says."""
    return check.check(LIN, project, on=DAY, environ=environ or {}, ready=ready)


def digests(project: Path) -> dict[str, str]:
    """The digest of each part."""
    found, problems = folder.load(project)
    assert problems == []
    assert found is not None
    return asdict(found.digests)


def test_a_new_project_is_sound_and_lacks_no_fact(pristine: Path) -> None:
    """No problem, no fact that the law would ask for in vain, and a digest of each part."""
    found = report(pristine)
    assert found.problems == ()
    assert found.wants == ()
    assert set(found.digests) == {
        "settings", "packs", "destinations", "book", "strategy", "channels", "templates",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("duly.toml", "settings"),
        ("strategy.yaml", "strategy"),
        ("destinations.yaml", "destinations"),
        ("channels.yaml", "channels"),
        ("book.yaml", "book"),
        ("templates/due_soon/en/sms.txt", "templates"),
    ],
)
def test_one_byte_changes_the_digest_of_its_part_alone(
    file: str, part: str, pristine: Path, project: Path
) -> None:
    """So an approval of one part says nothing of another, and nothing can be edited afterwards."""
    before = digests(pristine)
    (project / file).write_bytes((project / file).read_bytes() + b"\n")
    after = digests(project)
    assert {name for name in before if before[name] != after[name]} == {part}


def test_a_digest_can_be_computed_without_duly(pristine: Path) -> None:
    """As docs/reference/project.md says."""
    found = digests(pristine)
    for part, command in {
        "strategy": "sha256sum strategy.yaml | sha256sum",
        "templates": "find templates -type f | LC_ALL=C sort | xargs sha256sum | sha256sum",
    }.items():
        shown = subprocess.run(
            ["sh", "-c", command], cwd=pristine, capture_output=True, text=True, check=True
        )
        assert shown.stdout.split()[0] == found[part]
        assert command in Path("docs/reference/project.md").read_text(encoding="utf-8")


def test_a_rule_of_our_own_is_part_of_the_law(project: Path, pristine: Path) -> None:
    """A pack in law/ is joined to the others, must be locked, and changes the digest of the packs."""
    own = project / "law"
    shutil.copytree(pack.shipped("house"), own, dirs_exist_ok=True)
    for file in own.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("duly.", "acme.")
        file.write_text(text.replace("pack: house", "pack: acme"), encoding="utf-8")
    assert {each.code for each in report(project).problems} == {"lock.differs"}
    check.accept_packs(LIN, project)
    found, problems = folder.load(project)
    assert problems == []
    assert found is not None
    assert found.law.rule("acme.stop.dispute").file
    assert found.law.rule("duly.stop.dispute").file
    assert found.digests.packs != report(pristine).digests["packs"]


def test_a_broken_rule_of_our_own_names_its_file(project: Path) -> None:
    """Below law/, with its line."""
    (project / "law" / "pack.yaml").write_text("pack: acme\n", encoding="utf-8")
    problems = report(project).problems
    assert problems
    assert {each.file.partition("/")[0] for each in problems} == {"law"}


def test_a_fact_that_nobody_supplies_is_named_with_the_accounts_it_holds(pristine: Path) -> None:
    """The law is asked about accounts as they are; the missing fact is counted, not guessed."""
    found, _ = folder.load(pristine)
    assert found is not None
    row = {
        "person": "P1",
        "bucket": 1,
        "role": "borrower",
        "liable": True,
        "creditor": "chenxi",
        "servicer": "chenxi",
        "brand": "晨曦消金",
        "product": "cash_loan",
        "currency": "CNY",
        "jurisdiction": "CN",
        "debt_class": "consumer",
        "locale": "zh-CN",
        "zones": ["Asia/Shanghai"],
        "status": "overdue",
        "status_since": DAY,
        "tail": "0001",
        "rate_ppm": 0,
        "overdue_ppm": 0,
        "year_days": 360,
        "suit_list": False,
    }
    # What the lender is in China it is in Shenzhen, so nothing is wanted for A4 but for A2 and A3.
    rows = [
        {**row, "account": "A4", "jurisdiction": "CN-44-Shenzhen"},
        {**row, "account": "A1"},
        {**row, "account": "A2", "role": "guarantor_general", "liable": None},
        {**row, "account": "A3", "role": "heir", "liable": None, "person": "P3"},
    ]
    accounts = pl.DataFrame(
        {name: [one.get(name) for one in rows] for name in columns.ACCOUNT}, schema=dict(columns.ACCOUNT)
    )
    book = columns.Book(**{**columns.empty().frames(), "accounts": accounts})
    (want,) = wants.find(found, book, on=DAY)
    assert (want.fact, want.accounts) == ("liable", 2)
    assert want.rules
    assert "liable" in want.supplier.lower()


@pytest.mark.parametrize(
    ("name", "code"),
    [("us", "US"), ("gb", "GB"), ("in", "IN"), ("eu", "EU"), ("hk", "HK"), ("sg", "SG"), ("au", "AU")],
)
def test_a_project_of_any_country_is_asked_for_nothing_but_its_own_decisions(
    project: Path, name: str, code: str
) -> None:
    """Rules, word lists and replies are there; what is left are its numbers, where the law gives none, and the lock."""
    settings = project / "duly.toml"
    text = settings.read_text("utf-8").replace("[jurisdiction.CN]", f"[jurisdiction.{code}]")
    head, *policies = text.split("[policy.")
    last = policies[-1].partition("\n\n")[2]
    known, _ = pack.load(pack.shipped(name))
    assert known is not None
    settings.write_text(head.replace('cn = "2026-11-23"', f'{name} = "{known.as_of}"') + last, "utf-8")

    _, problems = folder.load(project)

    assert {one.code for one in problems} <= {"settings.policy.unset", "lock.differs", "lock.extra"}


def test_the_newest_loaded_book_is_asked_about(project: Path) -> None:
    """Where a snapshot lies on this machine, its accounts are counted."""
    found, _ = folder.load(project)
    assert found is not None
    assert check.newest_book(found) is None
    snapshot.write(columns.empty(), found.state / "book", as_of=DAY, as_of_event=0)
    book = check.newest_book(found)
    assert book is not None
    assert book.accounts.is_empty()
    assert report(project).wants == ()


def test_the_lock_is_written_anew_on_request(project: Path) -> None:
    """And is the same file when nothing changed."""
    lock = project / "duly.lock"
    before = lock.read_bytes()
    lock.unlink()
    assert {each.code for each in report(project).problems} == {"lock.differs"}
    assert program.run(["check", "--lock", "-p", str(project), "--as", "lin.yue"]) == 0
    assert lock.read_bytes() == before


def test_packs_that_cannot_be_read_are_not_locked(project: Path) -> None:
    """Nothing is accepted unseen."""
    before = (project / "duly.lock").read_bytes()
    replace(project / "duly.toml", 'cn = "2026-11-23"', 'cn = "1999-01-01"')
    with pytest.raises(ProjectRefused):
        check.accept_packs(LIN, project)
    assert (project / "duly.lock").read_bytes() == before


# Whoever goes live says whether another system had collected before.
FIRST = '[takeover]\nhistory = "none"\nby = "zhao.min"\non = 2026-11-20\nwhy = "A new portfolio."\n'


def live(project: Path) -> None:
    """The project as a real one, which nobody had before."""
    replace(project / "duly.toml", "invented = true", 'database = "$DATABASE_URL"')
    first(project)


def first(project: Path) -> None:
    """Nobody had it before."""
    settings = project / "duly.toml"
    settings.write_text(settings.read_text("utf-8") + "\n" + FIRST, "utf-8")


def codes(project: Path, environ: dict[str, str]) -> set[str]:
    """What production finds."""
    return {each.code for each in report(project, ready=True, environ=environ).problems}


def test_production_asks_for_more(project: Path) -> None:
    """An invented project and its own database are refused; a real one with its secrets passes."""
    adopt(project, on=DAY)
    first(project)
    assert codes(project, SECRETS) == {"settings.invented", "settings.database.own"}
    replace(project / "duly.toml", "invented = true", 'database = "$DATABASE_URL"')
    assert codes(project, SECRETS) == set()
    assert codes(project, {**SECRETS, "DULY_SMPP_PASSWORD": ""}) == {"production.variable"}


def test_production_asks_for_two_people_who_did_not_write_it(project: Path) -> None:
    """One who may approve is not enough."""
    adopt(project, on=DAY)
    live(project)
    replace(project / "duly.toml", 'duties = ["operations", "compliance"]', 'duties = ["auditor"]')
    assert codes(project, SECRETS) == {"settings.people.few"}


def test_production_asks_for_law_that_was_reviewed(project: Path) -> None:
    """Both sides of the day until which a pack was reviewed."""
    live(project)
    adopt(project, on=DAY)
    found, _ = folder.load(project)
    assert found is not None
    until = min(one.reviewed_until for one in found.packs.values())
    for day, expected in (
        (until, set()),
        (date.fromordinal(until.toordinal() + 1), {"settings.packs.stale"}),
    ):
        said = check.check(LIN, project, on=day, environ=SECRETS, ready=True).problems
        assert {each.code for each in said} == expected


def test_the_command_answers_in_json(pristine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, the same exit code."""
    assert program.run(["check", "--json", "-p", str(pristine), "--as", "lin.yue"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["problems"] == []
    assert len(said["digests"]["strategy"]) == 64


def test_problems_in_json_have_every_field(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Code, file, line, column, excerpt, what, remedy."""
    replace(project / "duly.toml", "Asia/Shanghai", "Asia/Peking")
    assert program.run(["check", "--json", "-p", str(project), "--as", "lin.yue"]) == 1
    (said,) = json.loads(capsys.readouterr().out)["problems"]
    assert said == {
        "code": "settings.zone",
        "file": "duly.toml",
        "line": 23,
        "column": 1,
        "excerpt": 'zone = "Asia/Peking"',
        "what": "`Asia/Peking` is not a time zone",
        "remedy": "Write a name of the IANA time zone database, such as Asia/Shanghai.",
    }
