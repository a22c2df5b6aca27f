"""Seals personal data under the person's own key, and makes the blind index of contact values (DESIGN D18).

AES-256-GCM with a random nonce; person, kind and reference are associated data, so a sealed payload opens
only in its own place: moved to another row or another person it is refused. Holds no data and knows no
database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from duly.errors import EvidenceBroken
from duly.evidence.keystore import KeyStore

_FORM = b"\x01"  # the form of a sealed payload, so that another one can be told from it
_NONCE = 12
_CACHED = 65_536
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_HOUSE = "\0house"  # cannot be anybody's id: PostgreSQL has no text with NUL in it


class Vault:
    """Seals and opens. `person` None is the house itself: what is secret but about nobody."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._ciphers: dict[bytes, AESGCM] = {}
        self._index = _keyed(store.secret("contact value"))
        self._mark = _keyed(store.secret("sealed payload"))
        store.create([_HOUSE])

    def seal(self, person: str | None, payload: bytes, *, kind: str, ref: str) -> bytes:
        """The payload sealed; 29 bytes longer. `kind` and `ref` name its place and must be given to open it.

        Raises KeyMissing when the person has no key, or no longer.
        """
        nonce = os.urandom(_NONCE)
        return _FORM + nonce + self._cipher(person).encrypt(nonce, payload, _place(person, kind, ref))

    def seal_many(self, items: Iterable[tuple[str | None, bytes, str]], *, kind: str) -> list[bytes]:
        """`seal` for (person, payload, ref) after (person, payload, ref), all of one kind."""
        wanted = list(items)
        return self.sealer({person for person, _, _ in wanted}).seal(wanted, kind=kind)

    def sealer(self, persons: Iterable[str | None]) -> Sealer:
        """Whoever seals much for these persons. No key of theirs is kept beyond it: of millions everybody comes once.

        Raises KeyMissing when one of them has no key, or no longer.
        """
        names = {_HOUSE if person is None else person: person for person in persons}
        return Sealer({names[name]: AESGCM(key) for name, key in self._store.get_many(names).items()})

    def open(self, person: str | None, sealed: bytes, *, kind: str, ref: str) -> bytes:
        """The payload. Raises KeyMissing when the key is gone, EvidenceBroken if it does not belong here."""
        return _opened(self._cipher(person), sealed, person, kind, ref)

    def open_many(self, items: Iterable[tuple[str, bytes]], *, kind: str) -> dict[str, bytes]:
        """`open` for many persons, whose payloads stand under their own names; who has no key any more is left out."""
        sealed = dict(items)
        keys = self._store.get_there(sealed)
        return {
            person: _opened(AESGCM(key), sealed[person], person, kind, person) for person, key in keys.items()
        }

    def blind(self, value: str) -> str:
        """The blind index of a contact value in its normal form: 32 hex digits, equal for equal values.

        HMAC-SHA256 cut to 16 bytes, under a key that is not in the database: with a plain hash all numbers of
        a country can be tried in minutes.
        """
        return self._index(value.encode())[:16].hex()

    def mark(self, payload: bytes, sealed_sha256: bytes) -> bytes:
        """16 bytes by which a payload and its sealed form are known again, without opening it."""
        return self._mark(sealed_sha256 + payload)[:16]

    def is_mark(self, mark: bytes, payload: bytes, sealed_sha256: bytes) -> bool:
        """Whether it is the mark of this payload in that sealed form (32 bytes, its SHA-256)."""
        return hmac.compare_digest(mark, self.mark(payload, sealed_sha256))

    def _cipher(self, person: str | None) -> AESGCM:
        key = self._store.get(_HOUSE if person is None else person)
        cipher = self._ciphers.get(key)
        if cipher is None:
            if len(self._ciphers) >= _CACHED:
                self._ciphers.clear()
            cipher = self._ciphers[key] = AESGCM(key)
        return cipher


class Sealer:
    """Seals for some persons, whose keys were opened together."""

    def __init__(self, ciphers: Mapping[str | None, AESGCM]) -> None:
        self._ciphers = ciphers

    def seal(self, items: Sequence[tuple[str | None, bytes, str]], *, kind: str) -> list[bytes]:
        """As `Vault.seal`, for (person, payload, ref) after (person, payload, ref), all of one kind."""
        nonces, ciphers = os.urandom(_NONCE * len(items)), self._ciphers
        sealed = []
        for number, (person, payload, ref) in enumerate(items):
            nonce = nonces[number * _NONCE : (number + 1) * _NONCE]
            sealed.append(_FORM + nonce + ciphers[person].encrypt(nonce, payload, _place(person, kind, ref)))
        return sealed


def _keyed(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 under `key`, with the states after its two padded keys kept (RFC 2104 4): millions are asked for."""
    block = key.ljust(hashlib.sha256().block_size, b"\0")
    inner, outer = hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))

    def digest(message: bytes) -> bytes:
        inside, outside = inner.copy(), outer.copy()
        inside.update(message)
        outside.update(inside.digest())
        return outside.digest()

    return digest


def _opened(cipher: AESGCM, sealed: bytes, person: str | None, kind: str, ref: str) -> bytes:
    form, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    place = _place(person, kind, ref)
    try:
        return cipher.decrypt(nonce, rest if form == _FORM else b"", place)
    except (InvalidTag, ValueError) as error:
        raise EvidenceBroken(
            f"A sealed {kind} was changed, or stands in another place than where it was sealed.",
            remedy="Restore the row from a backup, and find out who changed it.",
        ) from error


def _place(person: str | None, kind: str, ref: str) -> bytes:
    if "\n" in kind or "\n" in ref:
        raise ValueError("a kind and a reference are one line each")
    return f"duly.vault.1\n{kind}\n{ref}\n{_HOUSE if person is None else person}".encode()
