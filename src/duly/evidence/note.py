"""Signed notes, their keys, and checkpoints, read strictly and checked.

c2sp.org/signed-note, c2sp.org/tlog-checkpoint; Ed25519 (RFC 8032) only. Signing is in `checkpoint`. Standard
library and either the package `cryptography` or the command `openssl`; nothing else of duly but `proof`.
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from duly.evidence.proof import Refused, base64_of, read_hash, sha256

ED25519 = b"\x01"  # c2sp.org/signed-note: the signature type
INVENTED = "invented."  # the origin of an installation whose data are made up begins so


@dataclass(frozen=True, kw_only=True)
class Key:
    """A public key that signs notes under a name."""

    name: str
    public: bytes

    @property
    def number(self) -> bytes:
        """c2sp.org/signed-note: the first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
        return sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key as one line of text."""
        return f"{self.name}+{self.number.hex()}+{base64_of(ED25519 + self.public)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of that line, hex: what `sha256sum log.vkey` prints."""
        return sha256(self.vkey.encode()).hexdigest()

    @property
    def pem(self) -> str:
        """RFC 8410 SubjectPublicKeyInfo, for openssl."""
        der = bytes.fromhex("302a300506032b6570032100") + self.public
        return f"-----BEGIN PUBLIC KEY-----\n{base64_of(der)}\n-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A signed note: its text, and (name, number, signature) of each signature, none of them checked yet."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """c2sp.org/tlog-checkpoint: the tree of `origin` had `size` leaves and this root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def is_key_name(name: str) -> bool:
    """c2sp.org/signed-note: not empty, no Unicode space, no plus; nor a control character."""
    return bool(name) and not any(c == "+" or c.isspace() or c < " " for c in name)


def read_vkey(text: str) -> Key:
    """A verifier key, `name+number+base64`."""
    try:
        name, _, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        key = Key(name=name, public=raw[1:])
    except ValueError as error:
        raise Refused("the verifier key is not name+number+base64") from error
    if not is_key_name(name) or len(raw) != 33 or raw[:1] != ED25519 or key.vkey != text:
        raise Refused("the verifier key is not one of Ed25519, or its number does not fit")
    return key


def read_fingerprint(text: str) -> str:
    """A fingerprint as people write it: 64 hex digits, perhaps in groups, perhaps after `sha256:`."""
    digits = text.strip().lower().removeprefix("sha256:").translate({ord(c): None for c in " :-"})
    if len(digits) != 64 or not all(c in "0123456789abcdef" for c in digits):
        raise ValueError(f"{text!r} is not a fingerprint: 64 hexadecimal digits")
    return digits


def read_note(raw: bytes, what: str) -> Note:
    """c2sp.org/signed-note, strictly: text, an empty line, signature lines."""
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"{what} is not UTF-8") from error
    if any(c < " " and c != "\n" for c in whole):
        raise Refused(f"{what} holds a control character")
    text, empty_line, tail = whole.rpartition("\n\n")
    if not empty_line or not tail.endswith("\n") or len(tail) > 1_000_000:
        raise Refused(f"{what} is not a signed note")
    signatures = []
    for line in tail[:-1].split("\n"):
        mark, _, rest = line.partition("\u2014 ")
        name, _, encoded = rest.partition(" ")
        try:
            blob = base64.b64decode(encoded, validate=True)
        except ValueError:
            blob = b""
        if mark or not is_key_name(name) or len(blob) < 5 or base64_of(blob) != encoded:
            raise Refused(f"{what} has a signature line that is not one")
        signatures.append((name, blob[:4], blob[4:]))
    return Note(text=(text + "\n").encode(), signatures=tuple(signatures))


def signed_by(note: Note, key: Key, what: str) -> None:
    """Refuses unless the key signed the note; signatures of other keys are left aside, as they must be."""
    mine = [
        signature for name, number, signature in note.signatures if (name, number) == (key.name, key.number)
    ]
    if not mine:
        raise Refused(f"{what} is not signed by {key.name} ({key.number.hex()})")
    if not all(ed25519_holds(key, signature, note.text) for signature in mine):
        raise Refused(f"{what}: the signature of {key.name} does not fit the text")


def read_checkpoint(text: bytes, what: str) -> Checkpoint:
    """The text of a checkpoint: origin, size, root, and extension lines."""
    lines = text.decode().split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise Refused(f"{what} has not the lines of a checkpoint")
    origin, size, root, *extensions = lines
    if not (size.isascii() and size.isdigit()) or len(size) > 19 or str(int(size)) != size:
        raise Refused(f"{what}: the size is not a whole number")
    return Checkpoint(origin=origin, size=int(size), root=read_hash(root, what), extensions=tuple(extensions))


def ed25519_holds(key: Key, signature: bytes, text: bytes) -> bool:
    """RFC 8032, by the package `cryptography` or, where it is absent, by the command `openssl`."""
    try:
        # Here, not above: without the package the file must still run.
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return _ed25519_by_openssl(key, signature, text)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _ed25519_by_openssl(key: Key, signature: bytes, text: bytes) -> bool:
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place, name) for name in ("key.pem", "signature", "text")]
        for path, content in zip(paths, (key.pem.encode(), signature, text), strict=True):
            path.write_bytes(content)
        inkey, sigfile, file = map(str, paths)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", inkey, "-rawin", "-in", file]
        try:
            run = subprocess.run([*command, "-sigfile", sigfile], capture_output=True, check=False)
        except FileNotFoundError as error:
            raise Refused("neither the package cryptography nor the command openssl is here") from error
        return run.returncode == 0
