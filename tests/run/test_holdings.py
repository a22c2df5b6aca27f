"""What the book holds is shown; what is personal only for a reason that stands in the evidence first."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from duly import errors
from duly.app import holdings, people
from duly.cli import commands
from duly.model.money import Money
from duly.model.party import Actor, Duty
from duly.run import compaction, load, planned
from tests.run.house import ON, House

CHEN = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS}))


def single(house: House) -> planned.Planned:
    """A message about one account."""
    return next(one for one in house.waiting() if len(one.accounts) == 1)


def show(house: House, account: str, *, reason: str | None = None, by: Actor = CHEN) -> holdings.Holding:
    """Look at an account."""
    return holdings.show(by, house.folder, account=account, reason=reason, environ=house.environ)


def compact(house: House) -> None:
    """Fold what was told."""
    with contextlib.closing(house.opened.connect(patient=True)) as connection:
        compaction.compact(house.opened, connection, by="chen.hao")


def test_without_a_reason_nothing_personal_is_opened(house: House) -> None:
    """Ids, terms, payments and states are shown; a name and a number are three dots, and no entry is made."""
    row = single(house)
    house.pay(row.accounts[0], 4321, payment="T-9")

    held = show(house, row.accounts[0])

    assert (held.account, held.opened) == (row.accounts[0], False)
    assert {one.name for one in held.parties} == {holdings.SEALED}
    assert {one.value for one in held.points} == {holdings.SEALED}
    assert row.person in {one.person for one in held.parties}
    assert row.point in {one.facts["point"] for one in held.points}
    assert held.terms["currency"] == "CNY"
    paid = [one for one in held.tables["payments"] if one["payment"] == "T-9"]
    assert [one["amount_minor"] for one in paid] == [Money(minor=4321, currency="CNY")]
    assert held.tables["instalments"]
    assert house.entries("access") == []
    told = json.dumps([str(held)], ensure_ascii=False)
    assert house.name(row.person) not in told
    assert house.number(row) not in told


def test_with_a_reason_it_is_opened_and_the_reason_is_in_the_evidence(house: House) -> None:
    """One entry for each person, in the chain of the case, with what was opened, why and by whom."""
    row = single(house)

    held = show(house, row.accounts[0], reason=" The debtor asks which number we have. ")

    assert house.name(row.person) in {one.name for one in held.parties}
    assert house.number(row) in {one.value for one in held.points}
    told = house.entries("access")
    assert {one.committed["person"] for one in told} == {one.person for one in held.parties}
    (mine,) = (one for one in told if one.committed["person"] == row.person)
    assert mine.committed["reason"] == "The debtor asks which number we have."
    assert mine.committed["by"] == "chen.hao"
    assert mine.committed["opened"] == [
        "name",
        *(one.facts["point"] for one in held.points if one.facts["person"] == row.person),
    ]
    chained = house.ask(
        'select count(*) from entry_case c join entry e on e.id = c.id where e.kind = %s and c."case" = any(%s)',
        "access",
        list(row.cases),
    )
    assert chained == [(len(told),)]


def test_who_was_erased_stays_erased(house: House) -> None:
    """The key is gone: nobody opens the name again, whatever the reason."""
    row = single(house)
    house.opened.keys.destroy([row.person])

    held = show(house, row.accounts[0], reason="Looking.")

    assert [one.name for one in held.parties if one.person == row.person] == [holdings.ERASED]
    assert {one.value for one in held.points if one.facts["person"] == row.person} == {holdings.ERASED}


@pytest.mark.parametrize(
    ("duties", "reason", "refused"),
    [
        ({Duty.AUDITOR}, None, None),
        ({Duty.AUDITOR}, "Audit.", errors.NotAllowed),
        ({Duty.ENGINEER}, "Debugging.", errors.NotAllowed),
        ({Duty.COMPLIANCE}, "Complaint.", None),
        ({Duty.COMPLIANCE}, "  ", errors.WrongUsage),
        ({Duty.STRATEGIST}, None, errors.NotAllowed),
    ],
)
def test_only_some_duties_open_and_only_with_words(
    house: House, duties: set[Duty], reason: str | None, refused: type[Exception] | None
) -> None:
    """An auditor sees what is held and opens nothing; whoever may open says why."""
    account = single(house).accounts[0]
    who = Actor(name="somebody", duties=frozenset(duties))
    if refused is None:
        show(house, account, reason=reason, by=who)
    else:
        with pytest.raises(refused):
            show(house, account, reason=reason, by=who)

    assert bool(house.entries("access")) is (refused is None and reason is not None)


def test_an_account_that_is_not_in_the_book_is_said_so(house: House) -> None:
    """Nothing is opened, nothing is recorded."""
    with pytest.raises(errors.WrongUsage):
        show(house, "nobody", reason="Looking.")
    assert house.entries("access") == []


def test_the_command_shows_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tables and as JSON, sealed and opened; nothing personal without the reason."""
    row = single(house)
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    words = ["book", "show", row.accounts[0], "-p", str(house.folder), "--as", "chen.hao"]
    sealed = CliRunner().invoke(commands.app, words)
    opened = CliRunner().invoke(commands.app, [*words, "--reason", "Complaint.", "--json"])

    assert sealed.exit_code == 0, sealed.output
    assert row.accounts[0] in sealed.output
    assert house.number(row) not in sealed.output
    told = json.loads(opened.output)
    assert house.number(row) in {one["value"] for one in told["contacts"]}
    assert told["opened"]


def stats(house: House) -> tuple[holdings.Counted, holdings.Counted | None]:
    """Count the book."""
    return holdings.count(CHEN, house.folder, environ=house.environ)


def test_the_book_is_counted_with_what_was_told_since(house: House) -> None:
    """Accounts once whoever stands on them, sums of one currency, each group adds up; feeds with their watermark."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    first, before = stats(house)
    minor = row.fields["overdue_minor"]
    assert isinstance(minor, int)
    house.pay(row.accounts[0], minor)

    now, _ = stats(house)

    ((accounts,),) = house.ask("select count(distinct account) from account_party")
    assert (before, now.census.accounts, now.events) == (None, accounts, 1)
    assert now.census.overdue == first.census.overdue - 1
    assert now.census.overdue_minor["CNY"] == first.census.overdue_minor["CNY"] - minor
    assert now.census.overdue_ppm == now.census.overdue * 1_000_000 // accounts
    for by in ("creditor", "product", "dpd_bucket", "status"):
        groups = [one for one in now.census.groups if one.by == by]
        assert sum(one.accounts for one in groups) == accounts, by
        assert sum(one.overdue for one in groups) == now.census.overdue, by
        assert sum(one.overdue_minor for one in groups) == now.census.overdue_minor["CNY"], by
    assert {one.name for one in now.feeds} >= {"accounts", "payments"}
    assert all(one.watermark for one in now.feeds)


def test_the_book_is_counted_beside_the_one_before(house: House) -> None:
    """The snapshot before as it was on its own day; a command shows both."""
    first, _ = stats(house)
    with contextlib.closing(house.opened.connect()) as connection:
        load.load(house.opened, connection, as_of=ON + timedelta(days=1), by="core")

    now, before = stats(house)

    assert before is not None
    assert (before.manifest, before.census) == (first.manifest, first.census)
    assert now.manifest != before.manifest


def test_what_a_fold_changed_is_what_was_told(house: House) -> None:
    """One payment, one hold, and a contact point: added and changed, nothing removed, whoever stands on the account."""
    first, second = house.waiting()[:2]
    house.pay(first.accounts[0], 700, payment="T-3")
    house.hold(second.accounts[0])
    compact(house)

    found = holdings.compare(CHEN, house.folder, before="before", after="now", environ=house.environ)

    assert found.folded
    told = {one.frame: one for one in found.differences}
    assert told["payments"].counts == (1, 0, 0)
    assert told["payments"].added[0].named == {
        "account": first.accounts[0],
        "payment": "T-3",
        "undoes": False,
    }
    assert told["payments"].added[0].now["amount_minor"] == 700
    assert told["holds"].counts[1:] == (0, 0)
    assert {one.named["account"] for one in told["holds"].added} == {second.accounts[0]}
    assert all(one.counts == (0, 0, 0) for name, one in told.items() if name not in {"payments", "holds"})
    back = holdings.compare(CHEN, house.folder, before="now", after="before", environ=house.environ)
    assert {one.frame: one for one in back.differences}["payments"].counts == (0, 1, 0)


def test_a_snapshot_is_named_so_that_one_is_meant(house: House) -> None:
    """None and several are refused; one whose files were removed says how to have it again."""
    with pytest.raises(errors.WrongUsage, match="0 snapshots are meant by zz"):
        holdings.compare(CHEN, house.folder, before="zz", after="now", environ=house.environ)
    house.hold(house.waiting()[0].accounts[0])
    compact(house)
    house.ask("update manifest set removed_at = duly_clock() where folded_from is null")
    with pytest.raises(errors.DulyError, match="were removed on") as raised:
        holdings.compare(CHEN, house.folder, before="before", after="now", environ=house.environ)
    assert "Load the same files" in raised.value.remedy
    assert people.recognise(house.folder, "chen.hao").has(Duty.OPERATIONS)
