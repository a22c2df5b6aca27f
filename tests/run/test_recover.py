"""A database put back from a backup: two people go on from the log, and nobody is told twice."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from duly import __main__ as program
from duly.app import approvals, books, brakes, doctor, keys, notes, recover, runs
from duly.errors import DulyError, EvidenceBroken, NotAllowed, WrongUsage
from duly.evidence import verify
from duly.model.account import HoldKind
from duly.model.approval import Lack
from duly.model.party import Actor, Duty
from duly.run import caution, lapse
from duly.store import launcher
from tests.run import house as houses
from tests.run.house import ON, PASSPHRASE, House, instant

PEOPLE = {
    "chen.hao": frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}),
    "zhao.min": frozenset({Duty.COMPLIANCE}),
    "wu.fang": frozenset({Duty.COMPLIANCE}),
    "lin.yue": frozenset({Duty.STRATEGIST}),
}
NEXT = ON + timedelta(days=1)


def who(name: str) -> Actor:
    """One of the people."""
    return Actor(name=name, duties=PEOPLE[name])


class Backups:
    """Copies of a house's database, and their return."""

    def __init__(self, server: launcher.Server, house: House) -> None:
        self._server = server
        self._house = house
        self._name = urlsplit(house.url).path.lstrip("/")
        self._copy = f"backup_{uuid.uuid4().hex}"

    def make(self) -> None:
        """The database as it is now."""
        self._house.close()
        self._house._connections.clear()
        self._copied(self._name, self._copy)

    def put_back(self) -> None:
        """The database as it was; the folder stays as it is."""
        self._house.close()
        self._house._connections.clear()
        houses.drop(self._server, self._name)
        self._copied(self._copy, self._name)

    def forget(self) -> None:
        """The copy is not needed any more."""
        with contextlib.suppress(psycopg.errors.InvalidCatalogName):
            houses.drop(self._server, self._copy)

    def _copied(self, old: str, new: str) -> None:
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [old]
            )
            names = {"old": sql.Identifier(old), "new": sql.Identifier(new)}
            connection.execute(sql.SQL("create database {new} template {old}").format(**names))


@pytest.fixture
def backups(server: launcher.Server, house: House) -> Iterator[Backups]:
    """Somewhere to keep a copy of the house's database."""
    made = Backups(server, house)
    yield made
    made.forget()


@contextlib.contextmanager
def after(backups: Backups, house: House, lost: Callable[[], object]) -> Iterator[House]:
    """A backup, what happened after it, and the house on the morning on which the backup was put back."""
    house.sequence()
    backups.make()
    lost()
    house.sequence()
    backups.put_back()
    with houses.reopened(house) as restored:
        yield restored


def look(house: House) -> lapse.Lapse:
    """What is lacking."""
    found = recover.look(who("lin.yue"), house.folder, environ=house.environ).lapse
    assert found is not None
    return found


def sign(house: House, name: str) -> list[Lack]:
    """Somebody signs that the log be gone on from; what is still lacking."""
    signed = recover.go_on(
        who(name),
        house.folder,
        keys=house.keys,
        passphrase=PASSPHRASE,
        nonce=os.urandom(16),
        environ=house.environ,
    )
    return [each.lack for each in signed.lacking]


def free(house: House, name: str, days: int) -> recover.Signed:
    """Somebody signs that those who are held may be written to again so many days after the recovery."""
    with contextlib.closing(house.opened.connect()) as connection:
        made = caution.last(connection)
    assert made is not None
    return recover.free(
        who(name),
        house.folder,
        since=house.opened.local_day(made.at) + timedelta(days=days),
        keys=house.keys,
        passphrase=PASSPHRASE,
        nonce=os.urandom(16),
        environ=house.environ,
    )


def lift(house: House) -> None:
    """Two people lift the halt that the recovery called."""
    (halted,) = brakes.in_force(who("lin.yue"), house.folder, environ=house.environ)
    for name in ("zhao.min", "chen.hao"):
        brakes.resume(
            who(name),
            house.folder,
            halted.number,
            keys=house.keys,
            passphrase=PASSPHRASE,
            nonce=os.urandom(16),
            environ=house.environ,
        )


def report(house: House, *known: Path) -> str:
    """What a stranger finds in the log, who kept earlier checkpoints."""
    found: str = verify.check(
        house.opened.log_folder, trusted=[house.opened.signer.key.fingerprint], known=known
    ).result
    return found


def told(house: House) -> set[str]:
    """Who was permitted to be written to, as the database knows."""
    return {row[0] for row in house.ask("select person from permit")}


def held(house: House) -> set[str]:
    """Whom the recovery holds."""
    return {row[0] for row in house.ask("select person from recovery_hold")}


def test_two_people_go_on_from_the_log_and_the_tree_is_the_one_that_was_signed(
    house: House, backups: Backups, tmp_path: Path
) -> None:
    """What was signed before and after the backup is continued; the new term is higher, and both names are kept."""
    kept = tmp_path / "kept"

    def lost() -> None:
        house.send()
        house.sequence()
        shutil.copy(house.opened.log_folder / "checkpoint", kept)

    with after(backups, house, lost) as restored:
        found = look(restored)
        assert found.files.size > found.database.size
        assert found.kinds["permit"] == found.kinds["answer"] > 0
        assert sign(restored, "zhao.min") == [Lack.PEOPLE]
        assert sign(restored, "zhao.min") == [Lack.PEOPLE]
        assert look(restored).digest == found.digest
        assert sign(restored, "chen.hao") == []

        assert recover.look(who("lin.yue"), restored.folder, environ=restored.environ).lapse is None
        ((size, epoch),) = restored.ask("select size, epoch from log_head")
        assert size > found.files.size
        assert epoch > found.files.epoch
        assert report(restored, kept) == "verified"
        assert restored.ask("select count(*) from entry_place") == [(size,)]
        assert restored.ask("select approved_by, everybody from recovery") == [
            (["chen.hao", "zhao.min"], False)
        ]
        assert "put back from a backup" in str(restored.entries("halt")[-1].committed["reason"])
        assert {one.open["what"] for one in restored.entries("approval")[-2:]} == {"recover"}


def test_until_then_nothing_is_built_upon_the_old_state(house: House, backups: Backups) -> None:
    """Neither loaded, planned, paid nor held; afterwards each may be done."""
    account = house.ask("select account from case_file where state = 'open' order by account")[0][0]
    with after(backups, house, house.send) as restored:
        told_of = restored.ask("select count(*) from book_event")
        steps: list[Callable[[], object]] = [
            lambda: books.load(who("chen.hao"), restored.folder, as_of=ON, environ=restored.environ),
            lambda: runs.run(who("chen.hao"), restored.folder, on=None, environ=restored.environ, patience=0.1),
            lambda: notes.pay(
                who("chen.hao"), restored.folder, account=account, payment="T-9", minor=100, on=ON, reversal=False,
                environ=restored.environ,
            ),
            lambda: notes.hold(
                who("chen.hao"), restored.folder, account=account, kind=HoldKind.DISPUTE, on=ON, lift=False,
                environ=restored.environ,
            ),
        ]  # fmt: skip
        for step in steps:
            with pytest.raises(EvidenceBroken, match="ahead of the database"):
                step()
        assert restored.ask("select count(*) from book_event") == told_of
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        for step in (steps[0], *steps[2:]):
            step()


def test_nobody_is_told_again_what_he_was_told_in_the_lost_time(house: House, backups: Backups) -> None:
    """All who were written to are held: planned again and sent again, not one of them hears of it twice."""
    lost: list[dict[str, object]] = []
    with after(backups, house, lambda: lost.extend(house.send())) as restored:
        assert lost
        assert told(restored) == set()
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        assert restored.send() == []  # halted
        lift(restored)
        restored.pass_by()
        restored.plan()
        again = restored.send()

        assert again == []
        assert {restored.ended(row) for row in restored.waiting()} <= {None}
        assert restored.ask("select count(*) from permit") == [(0,)]


def test_who_was_not_written_to_is_not_held(house: House, backups: Backups) -> None:
    """Those for whom no message was planned or waited are told from those who may have been told something."""
    with after(backups, house, house.send) as restored:
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        everybody = {row[0] for row in restored.ask("select person from account_party")}
        assert set() < held(restored) < everybody
        assert held(restored) >= {row[0] for row in restored.ask("select person from message")}


def test_who_was_planned_for_after_the_backup_is_known_from_the_decisions(
    house: House, backups: Backups
) -> None:
    """A plan that the database forgot left its file: nobody whom it had written to escapes."""
    told_then: set[str] = set()

    def lost() -> None:
        house.move_to(instant(10, on=NEXT))
        house.plan(reason="day")
        house.send()
        told_then.update(told(house))

    house.send()
    with after(backups, house, lost) as restored:
        before = told(restored)
        assert told_then - before
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        assert held(restored) >= told_then - before
        assert restored.ask("select everybody from recovery") == [(False,)]


def test_who_said_stop_in_the_lost_time_is_held(house: House, backups: Backups) -> None:
    """The word is lost with the database, but that something was said of his cases stands in the log."""
    sent = house.send()
    assert sent
    row = next(one for one in house.versions() if one.person in told(house))

    with after(backups, house, lambda: house.reply(row, "T")) as restored:
        found = look(restored)
        assert found.kinds["stop"] == 1
        assert row.person in found.persons


def test_the_chain_of_a_case_goes_on_where_the_log_left_it(house: House, backups: Backups) -> None:
    """The next entry of a case that the lost time touched names the last of them; a stranger finds no gap."""
    row = house.versions()[0]
    case, account = row.cases[0], row.accounts[0]

    def lost() -> None:
        house.hold(account)
        house.hold(account, lift=True)

    with after(backups, house, lost) as restored:
        ((before,),) = restored.ask('select chain_seq from case_file where "case" = %s', case)
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        ((now,),) = restored.ask('select chain_seq from case_file where "case" = %s', case)
        assert now >= before + 2
        restored.hold(account, HoldKind.DISPUTE)
        restored.sequence()
        assert restored.ask('select count(*), max(seq) from entry_case where "case" = %s', case) == [
            (now + 1, now + 1)
        ]
        assert report(restored) == "verified"


def test_where_the_decisions_are_gone_everybody_is_held_and_the_book_comes_first(
    house: House, backups: Backups
) -> None:
    """It cannot be told who was written to: the halt stays until the book was loaded, and then holds all in it."""

    def lost() -> None:
        house.send()
        shutil.rmtree(house.folder / ".duly" / "decisions")

    with after(backups, house, lost) as restored:
        assert look(restored).everybody
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        everybody = {row[0] for row in restored.ask("select person from account_party")}
        assert held(restored) == everybody
        with pytest.raises(NotAllowed, match="not known who was written to"):
            lift(restored)
        with pytest.raises(WrongUsage, match="everybody is held, and the halt"):
            free(restored, "zhao.min", 30)
        restored.ask(
            "insert into account_party (account, person, role, liable) values ('A-new', 'P-new', 'borrower', true)"
        )
        books.load(who("chen.hao"), restored.folder, as_of=NEXT, environ=restored.environ)
        lift(restored)
        assert held(restored) == everybody | {"P-new"}


def test_a_database_that_was_written_to_after_its_return_is_put_back_once_more(
    house: House, backups: Backups
) -> None:
    """Two stories of one case cannot both be told; from the untouched backup it goes."""
    account = house.versions()[0].accounts[0]
    with after(backups, house, lambda: house.hold(account)) as restored:
        restored.hold(account, HoldKind.DISPUTE)  # past the command, which refuses
        with pytest.raises(EvidenceBroken, match="written to after it was put back") as refused:
            sign(restored, "zhao.min")
        assert "once more" in refused.value.remedy
        backups.put_back()
        with houses.reopened(restored) as fresh:
            assert sign(fresh, "zhao.min") == [Lack.PEOPLE]


def test_two_people_say_from_which_day_on_they_may_be_written_to(house: House, backups: Backups) -> None:
    """Not before what left in the lost time has ceased to count; then all are free, but for those who were let go."""
    with after(backups, house, house.send) as restored:
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        lift(restored)
        window = caution.longest_window(restored.opened.project.law)
        with pytest.raises(WrongUsage, match="may count against a cap"):
            free(restored, "zhao.min", window - 1)
        assert [each.lack for each in free(restored, "zhao.min", window).lacking] == [Lack.PEOPLE]
        assert [each.lack for each in free(restored, "chen.hao", window + 1).lacking] == [Lack.PEOPLE]
        done = free(restored, "chen.hao", window)
        assert done.lacking == ()
        assert done.held == len(held(restored)) > 0
        with pytest.raises(WrongUsage, match="no recovery holds anybody"):
            free(restored, "wu.fang", window)
        restored.plan()
        assert restored.send() == []  # the day has not come
        restored.move_to(instant(10, on=NEXT))
        restored.plan(reason="day")
        assert restored.send() != []
        assert told(restored) & held(restored)


def test_a_key_that_was_replaced_in_the_lost_time_signs_nothing(
    house: House, backups: Backups, tmp_path: Path
) -> None:
    """Whoever puts back an old database does not get an old key back with it."""
    mine = tmp_path / "keys"
    shutil.copytree(house.keys, mine)
    home = replace(house, keys=mine)
    (mine / "wu.fang.pem").rename(mine / "wu.fang.old")
    fresh = approvals.make_key(who("wu.fang"), mine, passphrase=PASSPHRASE).public_key

    def lost() -> None:
        for name in ("zhao.min", "chen.hao"):
            keys.replace(
                who(name), home.folder, name="wu.fang", key=fresh.hex(), keys=mine, passphrase=PASSPHRASE,
                nonce=os.urandom(16), environ=home.environ,
            )  # fmt: skip

    with after(backups, home, lost) as restored:
        (mine / "wu.fang.pem").unlink()
        (mine / "wu.fang.old").rename(mine / "wu.fang.pem")
        with pytest.raises(NotAllowed, match=r"the key of wu\.fang was replaced"):
            sign(restored, "wu.fang")
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        assert restored.ask("select count(*) from revoked_key") == [(1,)]
        with pytest.raises(NotAllowed, match="not the one that is registered"):
            houses.approve_all(restored.folder, restored.opened, mine, people=["wu.fang"])


def test_the_doctor_calls_it_what_it_is(house: House, backups: Backups) -> None:
    """Recovering, with what it means and the way out; verified before and afterwards."""

    def of_the_log(home: House) -> doctor.Finding:
        found = doctor.look(who("lin.yue"), home.folder, environ=home.environ)
        return next(one for one in found if one.what == "log")

    house.sequence()
    assert of_the_log(house).sound
    with after(backups, house, house.send) as restored:
        behind = of_the_log(restored)
        assert not behind.sound
        assert behind.detail == "recovering: the log is ahead of the database"
        assert "nothing leaves" in behind.remedy
        assert "`duly recover`" in behind.remedy
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        assert of_the_log(restored).sound
        assert of_the_log(restored).detail.startswith("verified")


def test_a_database_that_lacks_nothing_is_not_recovered(house: House) -> None:
    """There is nothing to sign, and nobody is held."""
    house.sequence()
    with pytest.raises(WrongUsage, match="knows all that the log does"):
        sign(house, "zhao.min")
    with pytest.raises(WrongUsage, match="no recovery holds anybody"):
        recover.free(
            who("zhao.min"), house.folder, since=NEXT, keys=house.keys, passphrase=PASSPHRASE, nonce=os.urandom(16),
            environ=house.environ,
        )  # fmt: skip
    assert held(house) == set()


def test_a_term_that_the_database_forgot_is_a_lapse_too(house: House, backups: Backups) -> None:
    """No entry is lacking, but a sequencer was at work after the backup: what it had not yet placed is not known."""
    with after(backups, house, lambda: None) as restored:
        found = look(restored)
        assert found.files.size == found.database.size
        assert found.files.epoch > found.database.epoch
        sign(restored, "zhao.min")
        assert sign(restored, "chen.hao") == []
        assert report(restored) == "verified"


def test_the_command_shows_what_is_lacking_and_takes_the_signatures(
    house: House, backups: Backups, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What two people at two desks type, from the first look to the day from which on nobody is held."""

    def duly(*argv: str, who: str = "lin.yue") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSPHRASE.decode()}\n"))
        place = ["--project", str(house.folder), "--as", who]
        assert program.run([argv[0], *argv[1:], *place]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    with after(backups, house, house.send) as restored:
        for name, value in restored.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DULY_KEYS", str(restored.keys))
        found = json.loads(duly("recover", "--json"))
        assert found["recovering"]
        assert found["people"]["persons"] == len(found["held"]) > 0
        assert [side["size"] for side in found["sides"]] == [
            look(restored).database.size,
            look(restored).files.size,
        ]
        assert "it is an older one, put back from a backup" in duly("recover")
        assert duly("recover", "--sign", who="zhao.min") == "1 of the 2 people it takes approved it\n"
        signed = duly("recover", "--sign", who="chen.hao")
        assert f"{len(found['held'])} people who may have been written to are held." in signed
        assert "duly resume 1" in signed
        assert not json.loads(duly("recover", "--json"))["recovering"]
        day = json.loads(duly("recover", "--json"))["recovery"]["earliest"]
        duly("recover", "--since", day, who="zhao.min")
        assert f"{len(found['held'])} people are held no more from {day} on." in duly(
            "recover", "--since", day, who="wu.fang"
        )


def test_who_may_not_decide_it_is_refused(house: House, backups: Backups) -> None:
    """A strategist looks; going on is for compliance and operations."""
    with after(backups, house, house.send) as restored:
        assert look(restored).kinds
        with pytest.raises(NotAllowed):
            sign(restored, "lin.yue")


def test_the_database_keeps_a_recovery_as_it_was_decided(house: House, backups: Backups) -> None:
    """One name is not enough, and what was decided is neither changed nor removed."""
    with after(backups, house, house.send) as restored:
        sign(restored, "zhao.min")
        sign(restored, "chen.hao")
        for statement, kind in (
            ("delete from recovery_hold", psycopg.errors.RaiseException),
            ("delete from recovery", psycopg.errors.RaiseException),
            ("update recovery set everybody = not everybody", psycopg.errors.RaiseException),
            (
                "update recovery set free_from = current_date, freed_by = '{zhao.min}'",
                psycopg.errors.CheckViolation,
            ),
        ):
            with pytest.raises(kind):
                restored.ask(statement)


def test_a_log_that_is_not_the_databases_is_not_gone_on_from(house: House, backups: Backups) -> None:
    """A longer log of another history is refused, whoever signs."""
    with after(backups, house, house.send) as restored:
        restored.ask("update log_head set root = %s", bytes(32))
        with pytest.raises(DulyError, match="does not continue what the database knows"):
            sign(restored, "zhao.min")
