"""One random key per person, kept outside the database and its backups (DESIGN D18).

Erasing a person is destroying the key: whatever was sealed under it, wherever a copy of it lies, is noise
from then on, and the log stands as it is. So the store never belongs in the database's backup; its own copies
are few, short lived and known.

    store        the master secret, encrypted under the key-encryption key
    00 ... 3f    a shard each: records sorted by the person's keyed hash, replaced whole, never in place

A record is 16 bytes of keyed hash and the key encrypted under a key made from the master secret (AES-256-GCM,
the hash as associated data); a destroyed key leaves the hash and zeros, so that the next load cannot bring
the person back unseen. The files name nobody. A shard that does not fit its checksum is refused whole, never
half read.
"""

from __future__ import annotations

import array
import bisect
import functools
import hashlib
import hmac
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from duly.errors import KeyMissing
from duly.evidence import files

KEY = 32
_IDENT, _NONCE, _TAG = 16, 12, 16
_RECORD = _IDENT + _NONCE + KEY + _TAG
_ERASED = bytes(_RECORD - _IDENT)
_SHARDS = 64
_CACHED = 4096  # open keys kept in memory per shard
_HEAD = struct.Struct(">Q")
_HEADER = struct.Struct(">8sII")  # mark, number of records, CRC-32 of the records
_SHARD_MARK = b"DULYKEY1"
_STORE_MARK = b"DULYSTO1"


class KeyStore:
    """The keys in one directory, for several processes at once: a key destroyed by one is gone for all."""

    def __init__(self, directory: Path, *, kek: bytes, disk: files.Files | None = None) -> None:
        """Open the store, or make it. Raises KeyMissing when `kek` is not the one it was made with."""
        self._directory = directory
        self._disk = disk if disk is not None else files.Files()
        with files.refusals("Opening the key store"):
            files.make_directories(self._disk, directory, private=True)
            master = self._master(kek)
        self._wrapping = AESGCM(_derive(master, b"person keys"))
        self._ident_key = _derive(master, b"person hashes")
        self._derived = _derive(master, b"secrets")
        self._shards: dict[int, _Shard] = {}

    def secret(self, label: str) -> bytes:
        """A 32-byte secret of the installation for one purpose, always the same, not in the database."""
        return _derive(self._derived, label.encode())

    def create(self, persons: Iterable[str]) -> frozenset[str]:
        """Make a key for each person who has none; durable on return.

        Returns those refused because their key was destroyed on purpose: they were erased, and stay so.
        """
        wanted: dict[int, dict[bytes, str]] = {}
        for person in persons:
            ident = self._ident(person)
            wanted.setdefault(ident[0] % _SHARDS, {})[ident] = person
        refused: list[str] = []
        with files.refusals("Writing the key store"), self._exclusive():
            contents = {}
            for number, idents in wanted.items():
                shard = self._shard(number)
                known = len(shard) > 0
                fresh = []
                for ident, person in idents.items():
                    found = shard.find(ident) if known else None
                    if found is None:
                        fresh.append(ident + self._wrap(ident, os.urandom(KEY)))
                    elif found == _ERASED:
                        refused.append(person)
                if fresh:
                    contents[self._path(number)] = _write_shard([*shard.records(), *fresh])
            files.replace_all(self._disk, contents, mode=files.PRIVATE)
        return frozenset(refused)

    def get(self, person: str) -> bytes:
        """The person's key. Raises KeyMissing: never made, destroyed on purpose, or damaged."""
        ident = self._ident(person)
        shard = self._shard(ident[0] % _SHARDS)
        key = shard.open.get(ident)
        if key is None:
            key = self._unwrap(ident, shard.find(ident))
            if len(shard.open) >= _CACHED:
                shard.open.clear()
            shard.open[ident] = key
        return key

    def get_many(self, persons: Iterable[str]) -> dict[str, bytes]:
        """The keys of many persons, each shard looked at once. Raises KeyMissing as `get`; keeps no key in memory."""
        idents = [(self._ident(person), person) for person in persons]
        numbers = {ident[0] % _SHARDS for ident, _ in idents}
        shards = {number: self._shard(number) for number in sorted(numbers)}
        return {
            person: self._unwrap(ident, shards[ident[0] % _SHARDS].find(ident)) for ident, person in idents
        }

    def get_there(self, persons: Iterable[str]) -> dict[str, bytes]:
        """`get_many` of those who still have a key. Raises KeyMissing where one is damaged."""
        wanted: dict[int, list[tuple[str, bytes]]] = {}
        for person in persons:
            ident = self._ident(person)
            wanted.setdefault(ident[0] % _SHARDS, []).append((person, ident))
        found: dict[str, bytes] = {}
        for number, idents in wanted.items():
            shard = self._shard(number)
            for person, ident in idents:
                record = shard.find(ident)
                if record is not None and record != _ERASED:
                    found[person] = self._unwrap(ident, record)
        return found

    def destroy(self, persons: Iterable[str]) -> int:
        """Destroy keys for ever; durable on return. Repeating it changes nothing; returns how many there
        were.

        The old shard's blocks may outlive this on the disk, as on every file system; they hold the keys only
        in encrypted form.
        """
        wanted: dict[int, set[bytes]] = {}
        for person in persons:
            ident = self._ident(person)
            wanted.setdefault(ident[0] % _SHARDS, set()).add(ident)
        gone = 0
        with files.refusals("Writing the key store"), self._exclusive():
            contents = {}
            for number, idents in wanted.items():
                shard = self._shard(number)
                erased = {ident for ident in idents if shard.find(ident) == _ERASED}
                if erased == idents:
                    continue
                kept = [record for record in shard.records() if record[:_IDENT] not in idents]
                gone += len(shard) - len(kept) - len(erased)
                contents[self._path(number)] = _write_shard([*kept, *(ident + _ERASED for ident in idents)])
            files.replace_all(self._disk, contents, mode=files.PRIVATE)
        return gone

    def rewrap(self, *, kek: bytes, new_kek: bytes) -> None:
        """Put the store under another key-encryption key; no person's key changes."""
        with files.refusals("Writing the key store"), self._exclusive():
            master = _open_store(self._disk.read(self._directory / "store"), kek)
            files.replace(
                self._disk, self._directory / "store", _write_store(master, new_kek), mode=files.PRIVATE
            )

    def _exclusive(self) -> files.Lock:
        return self._disk.lock(self._directory / "lock", wait=True)

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:02x}"

    def _ident(self, person: str) -> bytes:
        return hashlib.blake2b(person.encode(), key=self._ident_key, digest_size=_IDENT).digest()

    def _master(self, kek: bytes) -> bytes:
        path = self._directory / "store"
        raw = self._disk.read(path)
        if raw is None:
            with self._exclusive():
                raw = self._disk.read(path)
                if raw is None:
                    if any(f"{number:02x}" in self._disk.list(self._directory) for number in range(_SHARDS)):
                        raise KeyMissing(
                            f"{path} is not there, but keys are.",
                            remedy="Restore it from the key store's copy.",
                        )
                    raw = _write_store(os.urandom(KEY), kek)
                    files.replace(self._disk, path, raw, mode=files.PRIVATE)
        return _open_store(raw, kek)

    def _shard(self, number: int) -> _Shard:
        stamp = self._disk.stamp(self._path(number))
        shard = self._shards.get(number)
        if shard is None or shard.stamp != stamp:
            # Read after the stamp: a change in between shows as another stamp next time.
            shard = _Shard(self._disk.read(self._path(number)), stamp, f"{self._path(number)}")
            self._shards[number] = shard
        return shard

    def _wrap(self, ident: bytes, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._wrapping.encrypt(nonce, key, ident)

    def _unwrap(self, ident: bytes, record: bytes | None) -> bytes:
        if record is None:
            raise KeyMissing(
                "This person has no key: nothing was ever sealed for them here.",
                remedy="Load the person first; if there are sealed data, the key store is older than the "
                "database: restore its newest copy.",
            )
        if record == _ERASED:
            raise KeyMissing(
                "This person's key was destroyed on purpose: the person was erased.",
                remedy="Nothing brings the data back. The erasure entry in the log says when and why.",
            )
        try:
            return self._wrapping.decrypt(record[:_NONCE], record[_NONCE:], ident)
        except InvalidTag as error:
            raise KeyMissing(
                "This person's key is damaged.", remedy="Restore the key store's newest copy."
            ) from error


class _Shard:
    """One shard as read: records sorted by hash, and the keys opened from it so far."""

    def __init__(self, raw: bytes | None, stamp: object, name: str) -> None:
        self.stamp = stamp
        self.open: dict[bytes, bytes] = {}
        self._raw = b""
        if raw is None:
            return
        self._raw = raw[_HEADER.size :]
        mark, count, checksum = _HEADER.unpack(raw[: _HEADER.size].ljust(_HEADER.size))
        if mark != _SHARD_MARK or len(self._raw) != count * _RECORD or zlib.crc32(self._raw) != checksum:
            raise KeyMissing(
                f"{name} in the key store is damaged.", remedy="Restore the key store's newest copy."
            )

    def __len__(self) -> int:
        return len(self._raw) // _RECORD

    def records(self) -> list[bytes]:
        return [self._raw[at : at + _RECORD] for at in range(0, len(self._raw), _RECORD)]

    def find(self, ident: bytes) -> bytes | None:
        """What follows the hash in its record, or None."""
        raw, heads = self._raw, self._heads
        (head,) = _HEAD.unpack_from(ident)
        place = bisect.bisect_left(heads, head)
        while place < len(heads) and heads[place] == head:
            at = place * _RECORD
            if raw.startswith(ident, at):
                return raw[at + _IDENT : at + _RECORD]
            place += 1
        return None

    @functools.cached_property
    def _heads(self) -> array.array[int]:
        """The beginning of each hash as a number: what is sorted is found without cutting a million pieces."""
        return array.array(
            "Q", [head for (head,) in struct.iter_unpack(f">Q{_RECORD - _HEAD.size}x", self._raw)]
        )


def _write_shard(records: list[bytes]) -> bytes:
    joined = b"".join(sorted(records))
    return _HEADER.pack(_SHARD_MARK, len(records), zlib.crc32(joined)) + joined


def _write_store(master: bytes, kek: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return _STORE_MARK + nonce + AESGCM(kek).encrypt(nonce, master, _STORE_MARK)


def _open_store(raw: bytes | None, kek: bytes) -> bytes:
    raw = raw or b""
    try:
        start = len(_STORE_MARK)
        return AESGCM(kek).decrypt(raw[start : start + _NONCE], raw[start + _NONCE :], _STORE_MARK)
    except (InvalidTag, ValueError) as error:
        raise KeyMissing(
            "The key-encryption key does not open the key store.",
            remedy="It is not the one the store was made with, or the file `store` is damaged.",
        ) from error


def _derive(secret: bytes, label: bytes) -> bytes:
    # RFC 5869 2.3, HKDF-Expand, first block; the secret is uniform already, so there is nothing to extract.
    return hmac.digest(secret, b"duly." + label + b"\x01", "sha256")
