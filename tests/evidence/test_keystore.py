"""One key per person: kept, shared by processes, and gone for good when destroyed."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.errors import KeyMissing
from duly.evidence import files, keystore
from tests.evidence import disk

KEK = bytes(range(32))
PERSONS = [f"P{number:06d}" for number in range(300)]


def _store(place: Path, store: files.Files | None = None) -> keystore.KeyStore:
    return keystore.KeyStore(place / "persons", kek=KEK, disk=store)


def test_each_person_has_a_key_of_their_own_and_keeps_it(tmp_path: Path) -> None:
    """Making them again changes nothing, and the store opened again gives the same."""
    store = _store(tmp_path)
    assert store.create(PERSONS) == frozenset()
    keys = [store.get(person) for person in PERSONS]
    store.create([*PERSONS, "another"])
    again = _store(tmp_path)

    assert len(set(keys)) == len(PERSONS)
    assert {len(key) for key in keys} == {32}
    assert [again.get(person) for person in PERSONS] == keys
    assert again.get("another") not in keys


def test_the_files_name_nobody_and_show_no_key(tmp_path: Path) -> None:
    """Neither ids nor keys in any file; only the owner may read them."""
    store = _store(tmp_path)
    store.create(PERSONS)
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in found)

    assert not [person for person in PERSONS if person.encode() in content]
    assert not [person for person in PERSONS if store.get(person) in content]
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    assert (tmp_path / "persons").stat().st_mode & 0o777 == 0o700


def test_a_destroyed_key_is_gone_for_every_reader(tmp_path: Path) -> None:
    """Also for a process that had it in memory; the others keep theirs; repeating it changes nothing."""
    store, other = _store(tmp_path), _store(tmp_path)
    store.create(PERSONS)
    kept = {person: other.get(person) for person in PERSONS}
    assert store.destroy(PERSONS[:2]) == 2
    assert store.destroy(PERSONS[:2]) == 0

    for reader in (store, other, _store(tmp_path)):
        for person in PERSONS[:2]:
            with pytest.raises(KeyMissing, match="destroyed on purpose: the person was erased"):
                reader.get(person)
        assert {person: reader.get(person) for person in PERSONS[2:]} == {
            person: kept[person] for person in PERSONS[2:]
        }
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert kept[PERSONS[0]] not in content


def test_destroying_many_in_quick_succession_is_seen_each_time(tmp_path: Path) -> None:
    """Inode numbers are used again and clocks tick coarsely: a reader must not take the new file for the old."""
    store, reader = _store(tmp_path), _store(tmp_path)
    store.create(PERSONS)
    for person in PERSONS[:100]:
        reader.get(person)
        store.destroy([person])
        with pytest.raises(KeyMissing):
            reader.get(person)


def test_an_erased_person_is_not_brought_back_by_the_next_load(tmp_path: Path) -> None:
    """`create` names who was refused, and makes the others; also for one erased before they ever came."""
    store = _store(tmp_path)
    store.create(PERSONS[:2])
    store.destroy([PERSONS[0], "never seen"])

    assert store.create([*PERSONS[:3], "never seen"]) == {PERSONS[0], "never seen"}
    assert len(store.get(PERSONS[2])) == 32
    with pytest.raises(KeyMissing):
        store.get(PERSONS[0])


def test_a_person_without_a_key_is_told_from_an_erased_one(tmp_path: Path) -> None:
    """The remedies differ: load, or nothing."""
    with pytest.raises(KeyMissing, match="nothing was ever sealed for them"):
        _store(tmp_path).get("P999999")


def test_another_key_encryption_key_does_not_open_the_store(tmp_path: Path) -> None:
    """It is said at once, not when the first person is read."""
    _store(tmp_path).create(PERSONS)

    with pytest.raises(KeyMissing, match="does not open the key store"):
        keystore.KeyStore(tmp_path / "persons", kek=bytes(32))


def test_the_key_encryption_key_can_be_exchanged(tmp_path: Path) -> None:
    """No person's key changes, and the old one opens nothing any more."""
    store = _store(tmp_path)
    store.create(PERSONS)
    key, secret = store.get(PERSONS[0]), store.secret("x")
    store.rewrap(kek=KEK, new_kek=bytes(32))
    again = keystore.KeyStore(tmp_path / "persons", kek=bytes(32))

    assert (again.get(PERSONS[0]), again.secret("x")) == (key, secret)
    with pytest.raises(KeyMissing, match="does not open the key store"):
        _store(tmp_path)
    with pytest.raises(KeyMissing, match="does not open the key store"):
        again.rewrap(kek=KEK, new_kek=KEK)


def test_secrets_differ_by_purpose_and_installation(tmp_path: Path) -> None:
    """The permits' MAC key tells nothing of the index key."""
    store, other = _store(tmp_path / "one"), _store(tmp_path / "two")

    assert store.secret("permit mac") == _store(tmp_path / "one").secret("permit mac")
    assert len({store.secret("permit mac"), store.secret("contact index"), other.secret("permit mac")}) == 3


@pytest.mark.parametrize("damage", ["cut", "bit", "empty"])
def test_a_damaged_shard_is_refused_whole(tmp_path: Path, damage: str) -> None:
    """Reading half of it would make new keys for the other half, and lose what was sealed under the old."""
    store = _store(tmp_path)
    store.create(PERSONS)
    shards = [path for path in (tmp_path / "persons").iterdir() if path.name not in ("lock", "store")]
    for path in shards:
        raw = path.read_bytes()
        broken = {"cut": raw[:-1], "bit": raw[:50] + bytes([raw[50] ^ 1]) + raw[51:], "empty": b""}[damage]
        path.write_bytes(broken)
    reader = _store(tmp_path)

    with pytest.raises(KeyMissing, match="is damaged"):
        reader.get(PERSONS[0])
    with pytest.raises(KeyMissing, match="is damaged"):
        reader.create(PERSONS)
    with pytest.raises(KeyMissing, match="is damaged"):
        reader.destroy(PERSONS)


def test_a_store_without_its_master_secret_is_not_begun_anew(tmp_path: Path) -> None:
    """Keys without the secret that opens them mean a lost file, not a new installation."""
    _store(tmp_path).create(PERSONS)
    (tmp_path / "persons" / "store").unlink()

    with pytest.raises(KeyMissing, match="is not there, but keys are"):
        _store(tmp_path)


def _create(place: Path, numbers: range) -> None:
    store = _store(place)
    for number in numbers:
        store.create([PERSONS[number]])


def test_two_processes_may_create_at_once(tmp_path: Path) -> None:
    """Every person ends with exactly one key, whoever made it."""
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=_create, args=(tmp_path, range(60))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    store = _store(tmp_path)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len({store.get(person) for person in PERSONS[:60]}) == 60


@given(cut=st.integers(0, 80), seed=st.integers(0, 10**6))
@settings(max_examples=120)
def test_the_power_may_go_while_keys_are_made_or_destroyed(cut: int, seed: int) -> None:
    """A key that was promised is there; one whose destruction was promised is not; nothing is damaged."""
    store = disk.Disk(cut)
    place = disk.ROOT
    made: set[str] = set()
    gone: set[str] = set()
    kept: dict[str, bytes] = {}
    try:
        keys = _store(place, store)
        for start in range(0, 40, 8):
            batch = PERSONS[start : start + 8]
            keys.create(batch)
            made.update(batch)
            kept |= {person: keys.get(person) for person in batch}
            keys.destroy(batch[:1])
            gone.add(batch[0])
    except disk.PowerCut:
        store = store.crash(seed, power=True)
    again = _store(place, store)

    for person in gone:
        with pytest.raises(KeyMissing, match="destroyed on purpose"):
            again.get(person)
    for person in sorted(made - gone - {PERSONS[start] for start in range(0, 40, 8)}):
        assert again.get(person) == kept.get(person, again.get(person))
    again.create(PERSONS[:40])


def test_a_full_disk_is_said_and_nothing_is_half_made(tmp_path: Path) -> None:
    """The refusal is duly's own, and the store is as before."""

    class Full(files.Files):
        def write(self, path: Path, data: bytes, *, mode: int = files.PUBLIC) -> None:
            raise OSError(28, os.strerror(28))

    _store(tmp_path).create(PERSONS[:5])
    full = _store(tmp_path, Full())
    with pytest.raises(files.DiskRefused, match="No space left on device"):
        full.create(PERSONS)

    assert len(_store(tmp_path).get(PERSONS[4])) == 32
