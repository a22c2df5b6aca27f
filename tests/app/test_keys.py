"""A lost key: two others replace it, and what it signed counts no more until it is signed anew."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from duly.app import approvals, keys, premises
from duly.errors import NotAllowed, WrongUsage
from duly.evidence import entry
from duly.model.approval import Lack, Subject
from duly.model.party import Actor, Duty
from duly.run import installation, register
from tests.app.folders import fresh
from tests.conftest import Database

WORDS = b"correct horse battery staple"
DUTIES = {
    "lin.yue": frozenset({Duty.STRATEGIST}),
    "zhao.min": frozenset({Duty.COMPLIANCE}),
    "chen.hao": frozenset({Duty.OPERATIONS, Duty.COMPLIANCE}),
    "he.jun": frozenset({Duty.ENGINEER}),
}
FIFTH = '\n[people."he.jun"]\nduties = ["engineer"]\n'


def who(name: str) -> Actor:
    """One of the people of the project."""
    return Actor(name=name, duties=DUTIES[name])


class Desk:
    """A project whose people have keys, on a database of its own."""

    def __init__(self, folder: Path, url: str, opened: installation.Installation) -> None:
        self.folder = folder
        self.environ = {installation.DATABASE_URL: url}
        self.opened = opened
        self.keys = folder.parent / "keys"
        self.connection = opened.connect()
        self.kept = register.Register(self.connection, opened.recorder)
        for name, duties in DUTIES.items():
            made = approvals.make_key(who(name), self.keys, passphrase=WORDS)
            self.kept.register(name, made.public_key, duties)

    def lose(self, name: str) -> str:
        """Somebody's key is gone; he makes a new one and tells its public half, which he cannot register himself."""
        (self.keys / f"{name}.pem").rename(self.keys / f"{name}.lost.{os.urandom(4).hex()}")
        made = approvals.make_key(who(name), self.keys, passphrase=WORDS)
        with pytest.raises(NotAllowed, match="another key is registered") as refused:
            self.kept.register(name, made.public_key, DUTIES[name])
        assert f"`duly keys {name} {made.public_key.hex()}`" in refused.value.remedy
        return made.public_key.hex()

    def sign(self, by: str, name: str, key: str) -> keys.Change:
        """Somebody signs that a key takes the place of the one that somebody has."""
        return keys.replace(
            who(by),
            self.folder,
            name=name,
            key=key,
            keys=self.keys,
            passphrase=WORDS,
            nonce=os.urandom(16),
            environ=self.environ,
        )

    def approve(self, by: str, subject: Subject = Subject.STRATEGY) -> list[Lack]:
        """Somebody approves a part; what is still lacking."""
        now = self.opened.time.read(self.connection).replace(microsecond=0)
        desk = approvals.Desk(kept=self.kept, now=now)
        left = approvals.approve(
            who(by), self.folder, subject, desk, keys=self.keys, passphrase=WORDS, nonce=os.urandom(16)
        )
        return [each.lack for each in left.lacking]

    def standing(self, subject: Subject = Subject.STRATEGY) -> list[Lack]:
        """What the approval of a part lacks."""
        now = self.opened.time.read(self.connection).replace(microsecond=0)
        rows = approvals.standing(who("lin.yue"), self.folder, approvals.Desk(kept=self.kept, now=now))
        return [each.lack for row in rows if row.subject is subject for each in row.lacking]

    def evidence(self, kind: str) -> list[entry.Facts]:
        """The entries of a kind, opened."""
        rows = self.connection.execute(
            "select e.leaf, o.sealed, e.id from entry e join vault.opening o on o.entry = e.id and o.day = e.day"
            " where e.kind = %s order by e.at, e.id",
            [kind],
        ).fetchall()
        return [
            entry.reveal(
                bytes(leaf), self.opened.vault.open(None, bytes(sealed), kind="opening", ref=id_.hex)
            )
            for leaf, sealed, id_ in rows
        ]


@pytest.fixture
def desk(tmp_path: Path, database: Database) -> Iterator[Desk]:
    """A project with four people, each with a key."""
    folder = fresh(tmp_path / "project")
    with (folder / "duly.toml").open("a", encoding="utf-8") as settings:
        settings.write(FIFTH)
    with premises.opened(folder, {installation.DATABASE_URL: database.url}) as opened:
        made = Desk(folder, database.url, opened)
        with contextlib.closing(made.connection):
            yield made


def test_two_others_replace_a_lost_key_and_from_then_on_the_new_one_signs(desk: Desk) -> None:
    """One signature changes nothing; with the second the new key counts, and the evidence says by whose word."""
    new = desk.lose("chen.hao")
    old = desk.kept.public_key("chen.hao")

    one = desk.sign("zhao.min", "chen.hao", new)
    assert [each.lack for each in one.lacking] == [Lack.PEOPLE]
    assert desk.kept.public_key("chen.hao") == old
    with pytest.raises(NotAllowed, match="not the one that is registered"):
        desk.approve("chen.hao")
    two = desk.sign("he.jun", "chen.hao", new)

    assert two.replaced
    assert desk.kept.public_key("chen.hao") == bytes.fromhex(new)
    assert desk.approve("chen.hao") == [Lack.PEOPLE]
    told = desk.evidence("key")[-1]
    assert told.open["change"] == "rotated"
    assert told.open["purpose"] == "person"
    assert told.committed == {"holder": "chen.hao", "by": "he.jun + zhao.min"}
    assert {one.open["what"] for one in desk.evidence("approval")} == {"key", "strategy"}


def test_what_the_old_key_signed_counts_no_more_until_it_is_signed_anew(desk: Desk) -> None:
    """It stays as history: the rows are there, and the old key still fits them."""
    desk.approve("zhao.min")
    assert desk.approve("chen.hao") == []
    old = desk.kept.public_key("chen.hao")
    digest = desk.opened.project.digests.strategy
    new = desk.lose("chen.hao")
    assert desk.standing() == []  # a key that is lost, and not yet replaced, has still signed what it signed

    desk.sign("zhao.min", "chen.hao", new)
    desk.sign("he.jun", "chen.hao", new)

    assert desk.standing() == [Lack.FORGED, Lack.PEOPLE]
    (before,) = [one for one in desk.kept.for_digest(digest) if one.by == "chen.hao"]
    assert approvals.verify(before, old)
    assert desk.approve("chen.hao") == []
    assert desk.standing() == []


def test_a_stolen_key_signs_nothing_after_it_was_replaced(desk: Desk) -> None:
    """Not an approval, and not its own return."""
    new = desk.lose("zhao.min")
    desk.sign("chen.hao", "zhao.min", new)
    desk.sign("he.jun", "zhao.min", new)
    (lost,) = desk.keys.glob("zhao.min.lost.*")
    thief = desk.keys.parent / "thief"
    thief.mkdir()
    lost.rename(thief / "zhao.min.pem")
    stolen = approvals.find_key(who("zhao.min"), thief, passphrase=WORDS).public_key

    desk.keys = thief
    with pytest.raises(NotAllowed, match="not the one that is registered"):
        desk.approve("zhao.min")
    with pytest.raises(NotAllowed, match="is or was somebody's"):
        desk.kept.register("zhao.min", stolen, DUTIES["zhao.min"])
    with pytest.raises(NotAllowed, match="is or was somebody's"):
        desk.kept.register("wei.lan", stolen, frozenset())


def test_nobody_replaces_his_own_key(desk: Desk) -> None:
    """Not even as one of two: the old key may be in other hands."""
    new = desk.lose("chen.hao")
    with pytest.raises(NotAllowed, match="nobody replaces his own key"):
        desk.sign("chen.hao", "chen.hao", new)


def test_one_person_twice_is_one_person(desk: Desk) -> None:
    """The second of two is another."""
    new = desk.lose("chen.hao")
    desk.sign("zhao.min", "chen.hao", new)
    assert [each.lack for each in desk.sign("zhao.min", "chen.hao", new).lacking] == [Lack.PEOPLE]


def test_one_of_the_two_is_of_compliance(desk: Desk) -> None:
    """A strategist and an engineer are two, and not enough; a third who is of compliance makes it so."""
    new = desk.lose("chen.hao")
    desk.sign("lin.yue", "chen.hao", new)
    two = desk.sign("he.jun", "chen.hao", new)
    assert [str(each.says) for each in two.lacking] == ["one of those who sign has to be of compliance"]
    assert desk.sign("zhao.min", "chen.hao", new).replaced


def test_two_signatures_for_different_keys_replace_nothing(desk: Desk) -> None:
    """What is signed is one exact change."""
    first = desk.lose("chen.hao")
    desk.sign("zhao.min", "chen.hao", first)
    second = desk.lose("chen.hao")
    assert [each.lack for each in desk.sign("he.jun", "chen.hao", second).lacking] == [Lack.PEOPLE]


@pytest.mark.parametrize(
    ("name", "key", "says"),
    [
        ("chen.hao", "abc", "64 hexadecimal digits"),
        ("chen.hao", "g" * 64, "64 hexadecimal digits"),
        ("wei.lan", "0" * 64, "has no key that could be replaced"),
    ],
)
def test_what_cannot_be_replaced_is_told(desk: Desk, name: str, key: str, says: str) -> None:
    """Before anybody signs."""
    with pytest.raises(WrongUsage, match=says):
        desk.sign("zhao.min", name, key)


def test_a_key_that_is_somebodys_is_given_to_nobody(desk: Desk) -> None:
    """Neither another's, nor the one that is to be replaced."""
    for name in ("zhao.min", "chen.hao"):
        taken = desk.kept.public_key(name)
        assert taken is not None
        with pytest.raises(WrongUsage, match="is or was somebody's"):
            desk.sign("he.jun", "chen.hao", taken.hex())


def test_the_database_gives_nobody_another_key_without_two_signatures(desk: Desk) -> None:
    """Whoever goes round the commands, and writes the rows himself, still lacks them."""
    old, new = desk.kept.public_key("chen.hao"), os.urandom(32)
    row = "insert into key_replacement (name, old_key, new_key, digest, approved_by, at, entry) values"
    values = [old, new, keys.digest("chen.hao", old or b"", new), ["zhao.min", "he.jun"]]
    for statement, given in (
        ("update person_key set public_key = %s where name = 'chen.hao'", [new]),
        ("delete from person_key where name = 'chen.hao'", []),
        (f"{row} ('chen.hao', %s, %s, %s, %s, now(), gen_random_uuid())", values),
    ):
        with pytest.raises(psycopg.errors.RaiseException):
            desk.connection.execute(statement, given)
    assert desk.kept.public_key("chen.hao") == old


def test_the_keys_are_listed_with_those_that_count_no_more(desk: Desk) -> None:
    """Name, fingerprint, and by whose word a key went."""
    new = desk.lose("chen.hao")
    desk.sign("zhao.min", "chen.hao", new)
    desk.sign("he.jun", "chen.hao", new)

    found = keys.listed(who("lin.yue"), desk.folder, environ=desk.environ)

    assert [one.name for one in found] == ["chen.hao", "chen.hao", "he.jun", "lin.yue", "zhao.min"]
    past, present = found[:2]
    assert past.replaced_by == ("he.jun", "zhao.min")
    assert past.until is not None
    assert present.fingerprint == keys.fingerprint(bytes.fromhex(new))
    assert present.until is None
