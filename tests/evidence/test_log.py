"""The log's one writer: what is signed is never lost, never contradicted, and never ahead of the database."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.errors import EvidenceBroken
from duly.evidence import checkpoint, files, log, treecheck
from tests.evidence import disk, made

SIGNER = made.signer()
PLACE = disk.ROOT / "log"


@dataclass
class Rows:
    """The database's part: leaves with their places, and the head, changed only together."""

    leaves: list[bytes] = field(default_factory=list)
    head: log.Head = log.EMPTY

    def __call__(self, start: int, stop: int) -> Sequence[bytes]:
        return self.leaves[start:stop]

    def commit(self, expected: log.Head, head: log.Head, leaves: Sequence[bytes] = ()) -> None:
        """Compare and set, with the rows that get their places."""
        assert self.head == expected
        self.leaves = [*self.leaves, *leaves]
        self.head = head

    def copy(self) -> Rows:
        """A backup."""
        return Rows(list(self.leaves), self.head)


def _write(writer: log.Log, rows: Rows, leaves: Sequence[bytes]) -> bytes:
    head = writer.append(leaves)
    rows.commit(writer.head, head, leaves)
    return writer.publish()


def _leaves(count: int, name: str = "leaf") -> list[bytes]:
    return [f"{name} {number}".encode() for number in range(count)]


def _opened(place: Path | None = None, store: files.Files | None = None) -> tuple[log.Log, Rows]:
    writer, rows = log.Log(place or PLACE, signer=SIGNER, disk=store), Rows()
    writer.recover(rows.head, rows)
    rows.commit(writer.head, writer.claim())
    writer.publish()
    return writer, rows


def test_an_empty_log_is_signed_too() -> None:
    """A log that never had an entry can be told from one that lost them."""
    store = disk.Disk()
    writer, _ = _opened(store=store)
    signed = checkpoint.read(store.read(PLACE / "checkpoint") or b"", SIGNER.key)

    assert (signed.size, signed.root) == log.EMPTY[:2]
    assert writer.head.epoch == 1


@pytest.mark.parametrize("power", [False, True])
@given(
    sizes=st.lists(st.sampled_from([1, 2, 130, 256, 300]), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=60)
def test_the_power_may_go_at_any_instant(power: bool, sizes: list[int], cuts: list[int], seed: int) -> None:
    """Again and again, also while recovering: each checkpoint that was ever shown is continued by the log.

    `power` loses or tears whatever was not synced; without it only the process dies.
    """
    batches = [_leaves(size, f"batch {number}") for number, size in enumerate(sizes)]
    pending = list(batches)
    store, rows = disk.Disk(), Rows()
    shown: list[bytes] = []
    promised = -1
    for number, cut in enumerate([*cuts, None]):
        store.cut = None if cut is None else store.operations + cut
        writer = log.Log(PLACE, signer=SIGNER, disk=store)
        try:
            found = writer.recover(rows.head, rows)
            assert found.standing in (log.Standing.EQUAL, log.Standing.REBUILT)
            rows.commit(writer.head, writer.claim())
            writer.publish()
            while pending:
                head = writer.append(pending[0])
                rows.commit(writer.head, head, pending.pop(0))
                shown.append(writer.publish())
                promised = rows.head.size
        except disk.PowerCut:
            # Somebody may have read what was visible, even if the disk then forgets it.
            shown += filter(None, [store.read(PLACE / "checkpoint")])
            store = store.crash(seed + number, power=power)
            assert _size(store.read(PLACE / "checkpoint")) >= promised
    whole = log.read(PLACE, key=SIGNER.key, disk=store)

    assert list(whole.leaves()) == rows.leaves == [leaf for batch in batches for leaf in batch]
    for raw in shown:
        signed = checkpoint.read(raw, SIGNER.key)
        assert whole.root(signed.size) == signed.root


def _size(raw: bytes | None) -> int:
    return checkpoint.read(raw, SIGNER.key).size if raw else -1


def test_every_single_operation_of_a_cycle_is_a_place_to_die() -> None:
    """One opening and two batches over a full tile, the power going before each operation in turn."""
    cut = 0
    while True:
        store, rows = disk.Disk(cut), Rows()
        writer = log.Log(PLACE, signer=SIGNER, disk=store)
        try:
            writer.recover(rows.head, rows)
            for batch in (_leaves(200, "one"), _leaves(200, "two")):
                _write(writer, rows, batch)
        except disk.PowerCut:
            after = store.crash(cut, power=True)
            again = log.Log(PLACE, signer=SIGNER, disk=after)
            again.recover(rows.head, rows)
            assert list(log.read(PLACE, key=SIGNER.key, disk=after).leaves()) == rows.leaves
            cut += 1
        else:
            break

    assert cut > 60


TWO = [_leaves(100, "one"), _leaves(300, "two")]


def _standing(rows: Rows, store: files.Files) -> log.Recovery:
    return log.Log(PLACE, signer=SIGNER, disk=store).recover(rows.head, rows)


def _history() -> tuple[disk.Disk, log.Log, list[Rows]]:
    """A log of two batches and the database as it was after each step."""
    store = disk.Disk()
    writer, rows = _opened(store=store)
    copies = [rows.copy()]
    for batch in TWO:
        _write(writer, rows, batch)
        copies.append(rows.copy())
    return store, writer, copies


def test_files_and_database_that_agree_are_equal() -> None:
    """The usual start."""
    store, _, copies = _history()

    assert _standing(copies[-1], store).standing is log.Standing.EQUAL


@pytest.mark.parametrize("backup", [0, 1])
def test_a_database_older_than_the_files_is_a_restored_backup_and_nothing_is_written(backup: int) -> None:
    """Its head is a true earlier state of the log: RECOVERING, the log stays shut, the leaves are there."""
    store, _, copies = _history()
    before = store.read(PLACE / "checkpoint")
    writer = log.Log(PLACE, signer=SIGNER, disk=store)
    found = writer.recover(copies[backup].head, copies[backup])

    assert found.standing is log.Standing.RECOVERING
    assert (found.files.size, found.database.size) == (400, copies[backup].head.size)
    with pytest.raises(EvidenceBroken, match="not open for writing"):
        writer.append([b"x"])
    with pytest.raises(EvidenceBroken, match="not open for writing"):
        writer.publish()
    assert store.read(PLACE / "checkpoint") == before
    lost = list(log.read(PLACE, key=SIGNER.key, disk=store).leaves(found.database.size))
    assert lost == copies[-1].leaves[found.database.size :]


def test_a_database_of_an_earlier_term_is_a_restored_backup_even_with_the_same_tree() -> None:
    """Nothing was appended since, but other rows may have been lost with it."""
    store, _, copies = _history()
    rows = copies[-1]
    writer = log.Log(PLACE, signer=SIGNER, disk=store)
    writer.recover(rows.head, rows)
    writer.claim()
    writer.publish()

    assert _standing(rows, store).standing is log.Standing.RECOVERING


def test_files_behind_the_database_are_written_again_from_the_rows() -> None:
    """The process died between the database's commit and the publishing."""
    store, writer, copies = _history()
    rows = copies[-1]
    more = _leaves(700, "more")
    rows.commit(rows.head, writer.append(more), more)

    assert _standing(rows, store).standing is log.Standing.REBUILT
    assert list(log.read(PLACE, key=SIGNER.key, disk=store).leaves()) == rows.leaves


@pytest.mark.parametrize(
    "lost", ["tile/0/001.p/144", "tile/1/000.p/1", "tile/entries/001.p/144", "everything"]
)
def test_lost_files_are_written_again_from_the_rows(lost: str) -> None:
    """The log is a copy of the database's rows; signing them again gives the same bytes."""
    store, _, copies = _history()
    before = store.read(PLACE / "checkpoint")
    if lost == "everything":
        store = disk.Disk()
    else:
        store.remove(PLACE / lost)
    found = _standing(copies[-1], store)

    assert found.standing is log.Standing.REBUILT
    assert store.read(PLACE / "checkpoint") == before
    assert list(log.read(PLACE, key=SIGNER.key, disk=store).leaves()) == copies[-1].leaves


def test_damaged_tiles_are_mended_only_if_the_rows_give_the_signed_root() -> None:
    """Rows that were changed as well do not pass for the truth."""
    store, _, copies = _history()
    store.write(PLACE / "tile/0/001.p/144", bytes(144 * 32))
    rows = copies[-1]
    rows.leaves[50] = b"changed"

    with pytest.raises(EvidenceBroken, match="not the same log"):
        _standing(rows, store)
    rows.leaves[50] = TWO[0][50]
    assert _standing(rows, store).standing is log.Standing.REBUILT


def test_rows_that_are_missing_are_named() -> None:
    """The database cannot say what the head says it has."""
    store, _, copies = _history()
    rows = copies[-1]
    rows.leaves = rows.leaves[:350]
    store.remove(PLACE / "tile/0/001.p/144")

    with pytest.raises(EvidenceBroken, match="no row for entry 350 of 400"):
        _standing(rows, store)


@pytest.mark.parametrize(
    "head",
    [
        log.Head(400, b"x" * 32, 1),  # another tree of the same size
        log.Head(100, b"x" * 32, 1),  # another tree that is older
        log.Head(900, b"x" * 32, 0),  # a newer tree of an older term
        log.Head(0, b"x" * 32, 1),
    ],
)
def test_two_trees_that_disagree_are_a_fork(head: log.Head) -> None:
    """Nothing is signed, nothing is overwritten."""
    store, _, _ = _history()
    before = store.read(PLACE / "checkpoint")

    with pytest.raises(EvidenceBroken, match="not the same log"):
        _standing(Rows([b"y"] * head.size, head), store)
    assert store.read(PLACE / "checkpoint") == before


def test_a_longer_tree_that_does_not_continue_the_files_is_a_fork() -> None:
    """The database's rows are honest about themselves, but not the log that was signed."""
    store, _, _ = _history()
    other = disk.Disk()
    writer, rows = _opened(store=other)
    _write(writer, rows, _leaves(900, "another"))

    with pytest.raises(EvidenceBroken, match="not the same log"):
        _standing(rows, store)


def test_database_and_head_file_changed_together_still_meet_the_signature() -> None:
    """Whoever can write both cannot take back what was signed before: it would contradict the checkpoint."""
    store, _, _ = _history()
    other = disk.Disk()
    writer, rows = _opened(store=other)
    _write(writer, rows, _leaves(900, "another"))
    signed = store.read(PLACE / "checkpoint") or b""
    other.write(PLACE / "checkpoint", signed)

    with pytest.raises(EvidenceBroken, match="not the same log"):
        _standing(rows, other)


def test_a_removed_head_file_does_not_hide_what_was_signed() -> None:
    """The checkpoint counts then: the older database is still found to be older."""
    store, _, copies = _history()
    store.remove(PLACE / "head")

    assert _standing(copies[1], store).standing is log.Standing.RECOVERING


def test_a_head_file_at_odds_with_the_checkpoint_is_refused() -> None:
    """Same size, another root: one of them was changed."""
    store, _, copies = _history()
    head = store.read(PLACE / "head") or b""
    store.write(PLACE / "head", head.replace(copies[-1].head.root.hex().encode(), b"00" * 32))
    with pytest.raises(EvidenceBroken, match="head file and its signed checkpoint disagree"):
        _standing(copies[-1], store)
    store.write(PLACE / "head", b"{}")
    with pytest.raises(EvidenceBroken, match="head file cannot be read"):
        _standing(copies[-1], store)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    """A log is not carried on under a key that did not sign it."""
    store, _, copies = _history()
    writer = log.Log(PLACE, signer=made.signer("invented.test/other"), disk=store)

    with pytest.raises(EvidenceBroken, match="is not signed by invented"):
        writer.recover(copies[-1].head, copies[-1])


def test_a_sequencer_that_slept_through_another_term_cannot_commit() -> None:
    """Its compare-and-set fails on the epoch; abandoning and recovering, it sees the new one."""
    store = disk.Disk()
    old, rows = _opened(store=store)
    new = log.Log(PLACE, signer=SIGNER, disk=store)
    new.recover(rows.head, rows)
    rows.commit(new.head, new.claim())
    new.publish()
    staged = old.append(_leaves(3))

    with pytest.raises(AssertionError):
        rows.commit(old.head, staged, _leaves(3))
    old.abandon()
    with pytest.raises(EvidenceBroken, match="not open for writing"):
        old.append([b"x"])
    # What the sleeper wrote beyond the head is overwritten, not believed.
    _write(new, rows, _leaves(3, "right"))
    assert list(log.read(PLACE, key=SIGNER.key, disk=store).leaves()) == _leaves(3, "right")


def test_only_one_process_writes_a_log(tmp_path: Path) -> None:
    """The second is told so, and gets it when the first has ended."""
    writer, rows = _opened(tmp_path / "log", files.Files())
    second = log.Log(tmp_path / "log", signer=SIGNER)

    with pytest.raises(log.LogBusy, match="Another process is writing"):
        second.recover(rows.head, rows)
    writer.close()
    assert second.recover(rows.head, rows).standing is log.Standing.EQUAL
    second.close()


def test_several_batches_may_be_published_at_once() -> None:
    """Staged ones add up; nothing is signed in between."""
    store = disk.Disk()
    writer, _ = _opened(store=store)
    writer.append(_leaves(10, "one"))
    head = writer.append(_leaves(10, "two"))

    assert _size(store.read(PLACE / "checkpoint")) == 0
    assert _size(writer.publish()) == head.size == writer.head.size == 20


class _Full(files.Files):
    """A disk with room for so many files."""

    room = 10**6

    def write(self, path: Path, data: bytes, *, mode: int = files.PUBLIC) -> None:
        if self.room == 0:
            raise OSError(28, "No space left on device")
        self.room -= 1
        super().write(path, data, mode=mode)


def _write_thrice(writer: log.Log, rows: Rows) -> None:
    for number in range(3):
        _write(writer, rows, _leaves(30, f"more {number}"))


@pytest.mark.parametrize("room", range(8))
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, room: int) -> None:
    """Whichever write it is that fails; with room again, the log goes on."""
    store = _Full()
    writer, rows = _opened(tmp_path / "log", store)
    _write(writer, rows, TWO[0])
    store.room = room
    with pytest.raises(files.DiskRefused, match="No space left"):
        _write_thrice(writer, rows)
    writer.close()
    store.room = 10**6
    writer.recover(rows.head, rows)
    _write(writer, rows, TWO[1])
    writer.close()

    assert list(log.read(tmp_path / "log", key=SIGNER.key).leaves()) == rows.leaves


CHILD = """
import sys, pathlib
from tests.evidence import disk, made, test_log
test_log.child(pathlib.Path(sys.argv[1]))
"""


def child(place: Path) -> None:
    """Writes batches for ever; the database is a file that is replaced whole."""
    database = place / "database"
    rows = Rows()
    if database.exists():
        size, root, epoch, *kept = database.read_text().split("\n")
        head = log.Head(int(size), bytes.fromhex(root), int(epoch))
        rows = Rows([leaf.encode() for leaf in kept if leaf], head)

    def commit(expected: log.Head, head: log.Head, leaves: Sequence[bytes] = ()) -> None:
        rows.commit(expected, head, leaves)
        told = [str(head.size), head.root.hex(), str(head.epoch), *(leaf.decode() for leaf in rows.leaves)]
        files.replace(files.Files(), database, "\n".join(told).encode())

    writer = log.Log(place / "log", signer=SIGNER)
    writer.recover(rows.head, rows)
    commit(writer.head, writer.claim())
    writer.publish()
    while True:
        leaves = _leaves(37, f"{rows.head.size}")
        head = writer.append(leaves)
        commit(writer.head, head, leaves)
        signed = writer.publish()
        sys.stdout.write(signed.decode().split("\n")[1] + " " + signed.decode().split("\n")[2] + "\n")
        sys.stdout.flush()


def test_kill_9_of_a_real_process_loses_nothing_it_told(tmp_path: Path) -> None:
    """Killed again and again at random instants on a real disk: every head that it printed is in the log."""
    chance = random.Random(7)
    told: list[tuple[int, str]] = []
    for _ in range(6):
        running = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        first = running.stdout.readline()
        time.sleep(chance.random() / 4)
        running.kill()
        for line in [first, *running.stdout.read().splitlines()]:
            size_told, _, root_told = line.strip().partition(" ")
            if len(root_told) == 44:
                told.append((int(size_told), root_told))
        running.wait()
        running.stdout.close()
    whole = log.read(tmp_path / "log", key=SIGNER.key)

    assert len(told) > 10
    assert told == sorted(told)
    for size, root in told:
        assert base64.b64encode(whole.root(size)).decode() == root


def test_the_whole_log_checks_with_every_head_that_was_kept(tmp_path: Path) -> None:
    """The checker for strangers agrees with the writer."""
    world = made.world(tmp_path / "log")
    kept = []
    for number, raw in enumerate(world.notes):
        (tmp_path / f"head {number}").write_bytes(raw)
        kept.append(tmp_path / f"head {number}")
    report = treecheck.check_log(tmp_path / "log", trusted=[world.signer.key.fingerprint], known=kept)

    assert report.result == "verified", list(report.lines())
