"""Signs checkpoints and other notes with Ed25519: c2sp.org/signed-note and c2sp.org/tlog-checkpoint.

A log must never sign two checkpoints that disagree; `log` sees to that, this module only writes and reads
them. Reading is `note`'s, strict, and foreign errors never leak: what does not hold is EvidenceBroken.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duly.errors import EvidenceBroken
from duly.evidence import note, proof
from duly.evidence.note import Checkpoint, Key

REMEDY = "Keep the files as they are, restore the log directory from a backup, and find out who changed it."


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key that signs notes under a name; for a log, the name is its origin."""

    name: str
    private: Ed25519PrivateKey

    def __post_init__(self) -> None:
        if not note.is_key_name(self.name):
            raise ValueError(f"{self.name!r} cannot name a key: no spaces, no plus, not empty")

    @property
    def key(self) -> Key:
        """The public half."""
        return Key(name=self.name, public=self.private.public_key().public_bytes_raw())

    def line(self, text: bytes) -> bytes:
        """The signature line over a note's text."""
        signature = self.key.number + self.private.sign(text)
        return f"\u2014 {self.name} {base64.b64encode(signature).decode()}\n".encode()

    def note(self, text: str) -> bytes:
        """The signed note of a text that ends with a line feed."""
        raw = text.encode()
        if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
            raise ValueError("a note's text ends with a line feed and holds no other control character")
        return raw + b"\n" + self.line(raw)


def sign(signer: Signer, *, size: int, root: bytes) -> bytes:
    """The signed checkpoint of the signer's log. Ed25519 is deterministic: same tree, same bytes."""
    return signer.note(f"{signer.name}\n{size}\n{base64.b64encode(root).decode()}\n")


def cosign(raw: bytes, signer: Signer) -> bytes:
    """The note with one more signature line, over the same text."""
    return raw + signer.line(_read(raw).text)


def read(raw: bytes, key: Key) -> Checkpoint:
    """The checkpoint, if `key` signed it and it is of that key's log. Raises EvidenceBroken."""
    found_note = _read(raw)
    try:
        note.signed_by(found_note, key, "the checkpoint")
        found = note.read_checkpoint(found_note.text, "the checkpoint")
    except proof.Refused as error:
        raise EvidenceBroken(f"The log's checkpoint does not hold: {error}.", remedy=REMEDY) from error
    if found.origin != key.name:
        raise EvidenceBroken(
            f"The checkpoint is of the log {found.origin}, the key of {key.name}.", remedy=REMEDY
        )
    return found


def _read(raw: bytes) -> note.Note:
    try:
        return note.read_note(raw, "the checkpoint")
    except proof.Refused as error:
        raise EvidenceBroken(f"The log's checkpoint does not hold: {error}.", remedy=REMEDY) from error
