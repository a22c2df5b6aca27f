"""The sequencer: entries get places in the order they waited, and nothing is signed that is not committed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duly.evidence import checkpoint, keystore, log, vault, verify
from duly.run import record, sequencer
from duly.store import connect
from tests.conftest import Database

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)


class House:
    """A database, a log and a recorder of a lender who does not exist."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.connection: psycopg.Connection[Any] = database.connect()
        self.connection.execute("select ensure_day(%s)", [DAY])
        store = keystore.KeyStore(folder / "keystore", kek=bytes(32))
        store.create(["P1"])
        self.recorder = record.Recorder(safe=vault.Vault(store), day_of=lambda instant: instant.date())
        self.signer = checkpoint.Signer(name="invented.example/duly", private=Ed25519PrivateKey.generate())
        self.folder = folder / "log"

    def sequencer(self) -> sequencer.Sequencer:
        """A sequencer over this log."""
        return sequencer.Sequencer(log.Log(self.folder, signer=self.signer))

    def open_case(self, case: str, number: int) -> None:
        """A file for a case."""
        self.connection.execute(
            'insert into case_file ("case", account, opened_on, strategy_digest, pseudonym)'
            " values (%s, 'A1', '2026-11-01', '', %s)",
            [case, bytes([number]) * 16],
        )

    def record(self, count: int, cases: tuple[str, ...] = ("A1/20261101",)) -> None:
        """So many wakes of one person, each in its own transaction."""
        for _ in range(count):
            with connect.transaction(self.connection):
                fact = record.Fact(
                    kind="wake",
                    at=AT,
                    person="P1",
                    committed={"person": "P1", "due": AT, "why": "promise"},
                    about={case: {"account": "A1"} for case in cases},
                )
                self.recorder.write(self.connection, [fact])

    def report(self) -> str:
        """What a stranger finds in the log."""
        found: str = verify.check(self.folder, trusted=[self.signer.key.fingerprint]).result
        return found


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A house with one case."""
    made = House(database, tmp_path)
    made.open_case("A1/20261101", 1)
    yield made
    made.connection.close()


def test_every_entry_gets_one_place_and_the_log_verifies(house: House) -> None:
    """Three hundred entries stand in the tree, each once, and a stranger's check holds."""
    house.record(300)
    placing = house.sequencer()

    placed = placing.drain(house.connection)

    assert placed == 300
    row = house.connection.execute(
        "select count(*), min(tree_index), max(tree_index) from entry_place"
    ).fetchone()
    assert row == (300, 0, 299)
    assert house.connection.execute("select count(*) from entry_waiting").fetchone() == (0,)
    assert house.report() == "verified"


def test_the_entries_of_a_case_stand_in_the_tree_in_their_own_order(house: House) -> None:
    """Within a case a later number never has an earlier place."""
    house.open_case("A1/20261102", 2)
    house.record(5, ("A1/20261101", "A1/20261102"))
    house.record(5)
    house.sequencer().drain(house.connection)

    rows = house.connection.execute(
        'select c.seq, p.tree_index from entry_case c join entry_place p using (id) where "case" = %s order by c.seq',
        ["A1/20261101"],
    ).fetchall()

    assert [seq for seq, _ in rows] == list(range(1, 11))
    assert [place for _, place in rows] == sorted(place for _, place in rows)


def test_an_entry_is_not_written_outside_the_transaction_of_its_fact(house: House) -> None:
    """A recorder without a transaction refuses: the fact and its entry could part."""
    fact = record.Fact(kind="halt", at=AT, open={"scope": "all"}, committed={"reason": "drill", "by": "ops"})

    with pytest.raises(RuntimeError, match="in the transaction of its fact"):
        house.recorder.write(house.connection, [fact])


def test_a_fact_that_is_rolled_back_leaves_no_entry_and_no_gap(house: House) -> None:
    """The chain goes on where the last committed entry left it."""
    house.record(1)
    fact = record.Fact(
        kind="wake",
        at=AT,
        person="P1",
        committed={"person": "P1", "due": AT, "why": "lost"},
        about={"A1/20261101": {"account": "A1"}},
    )
    with house.connection.transaction(force_rollback=True):
        house.recorder.write(house.connection, [fact])
    house.record(1)
    house.sequencer().drain(house.connection)

    seqs = house.connection.execute("select seq from entry_case order by seq").fetchall()
    assert seqs == [(1,), (2,)]
    assert house.report() == "verified"


def test_two_sequencers_do_not_write_one_log(house: House) -> None:
    """The second is told that the log is busy, and takes it up when the first lets go."""
    first, second = house.sequencer(), house.sequencer()
    first.start(house.connection)

    with pytest.raises(log.LogBusy):
        second.start(house.connection)
    first.close()

    house.record(2)
    assert second.drain(house.connection) == 2


def test_files_that_were_lost_are_made_again_from_the_rows(house: House) -> None:
    """The truth is in the database: an empty log folder is rebuilt to the same root."""
    house.record(40)
    first = house.sequencer()
    first.drain(house.connection)
    first.close()
    before = (house.folder / "checkpoint").read_bytes()
    shutil.rmtree(house.folder)

    again = house.sequencer()
    found = again.start(house.connection)

    assert found.standing is log.Standing.REBUILT
    assert (house.folder / "checkpoint").read_bytes() == before
    assert house.report() == "verified"


def test_a_database_older_than_the_files_opens_in_recovering(house: House) -> None:
    """A restored backup does not know what was signed since: the sequencer says so and writes nothing."""
    house.record(3)
    first = house.sequencer()
    first.drain(house.connection)
    first.close()
    house.connection.execute("alter table entry disable trigger all")
    house.connection.execute("delete from entry_place where tree_index = 2")
    leaf_hashes = [
        verify_leaf(row[0])
        for row in house.connection.execute(
            "select e.leaf from entry_place p join entry e using (id) order by p.tree_index"
        ).fetchall()
    ]
    house.connection.execute("update log_head set size = 2, root = %s", [root_of(leaf_hashes)])

    found = house.sequencer().start(house.connection)

    assert found.standing is log.Standing.RECOVERING
    assert found.files.size == 3
    assert found.database.size == 2


def test_a_database_that_was_rewritten_is_a_fork_and_stops_everything(house: House) -> None:
    """Two trees of one size with different roots cannot both be the log."""
    house.record(3)
    first = house.sequencer()
    first.drain(house.connection)
    first.close()
    house.connection.execute("update log_head set root = %s", [bytes(32)])

    with pytest.raises(Exception, match="not the same log"):
        house.sequencer().start(house.connection)


def verify_leaf(leaf: bytes) -> bytes:
    """RFC 6962: SHA-256 over a zero byte and the leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 6962, by the definition, for two leaves."""
    left, right = hashes
    return hashlib.sha256(b"\1" + left + right).digest()
