"""The installation's own keys: the Ed25519 key that signs the log, and the key that encrypts other keys.

They live outside the database and its backups, in files only their owner may read, or come by the
environment. An invented installation (demo, tests) says so in the name that stands in every checkpoint: its
origin begins with `invented.`, and a real one may not. Refuses key files that others may read.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duly.errors import KeyMissing
from duly.evidence import files, note
from duly.evidence.checkpoint import Signer

LOG_KEY = "DULY_LOG_KEY"  # path of the private key file, instead of the installation's own
LOG_KEY_PASSPHRASE = "DULY_LOG_KEY_PASSPHRASE"  # noqa: S105 - a name, not a passphrase
KEK = "DULY_KEK"  # base64 of 32 bytes
INVENTED = note.INVENTED


def origin(name: str, *, invented: bool) -> str:
    """The log's origin from the lender's name for it, such as `acme.example/duly`.

    Raises ValueError for one that cannot name a key, or a real one that calls itself invented.
    """
    if not note.is_key_name(name):
        raise ValueError(f"{name!r} cannot name a log: no spaces, no plus, not empty")
    if name.startswith(INVENTED):
        if invented:
            return name
        raise ValueError(f"a real log's name may not begin with {INVENTED!r}")
    return INVENTED + name if invented else name


def is_invented(key: note.Key) -> bool:
    """Whether the key belongs to an invented installation."""
    return key.name.startswith(INVENTED)


def create_log_key(
    directory: Path, *, origin: str, environ: Mapping[str, str], disk: files.Files | None = None
) -> Signer:
    """The log's key, made in `directory` unless it is there already; then as `load_log_key`.

    With DULY_LOG_KEY_PASSPHRASE in `environ` the new file is encrypted under it.
    """
    disk = disk if disk is not None else files.Files()
    with files.refusals("Making the log's key"):
        files.make_directories(disk, directory, private=True)
        with disk.lock(directory / "lock", wait=True):
            if LOG_KEY not in environ and disk.read(directory / "log.pem") is None:
                private = Ed25519PrivateKey.generate()
                files.replace(
                    disk, directory / "log.pem", _write_private(private, environ), mode=files.PRIVATE
                )
    return load_log_key(directory, origin=origin, environ=environ, disk=disk)


def load_log_key(
    directory: Path, *, origin: str, environ: Mapping[str, str], disk: files.Files | None = None
) -> Signer:
    """The log's key from the file that DULY_LOG_KEY names, or from `directory`.

    Raises KeyMissing when it is absent, readable by others, not Ed25519, or its passphrase does not fit.
    """
    disk = disk if disk is not None else files.Files()
    path = Path(environ[LOG_KEY]) if LOG_KEY in environ else directory / "log.pem"
    raw = _read_private_file(disk, path, "the log's key", f"Restore it, or name another in {LOG_KEY}.")
    passphrase = environ.get(LOG_KEY_PASSPHRASE)
    try:
        private = serialization.load_pem_private_key(raw, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError) as error:
        raise KeyMissing(
            f"{path} cannot be opened as a private key.",
            remedy=f"See that {LOG_KEY_PASSPHRASE} holds its passphrase, and only if it has one.",
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyMissing(f"{path} is not an Ed25519 key.", remedy="The log is signed with Ed25519 only.")
    return Signer(name=origin, private=private)


def key_encryption_key(
    directory: Path, *, invented: bool, environ: Mapping[str, str], disk: files.Files | None = None
) -> bytes:
    """The 32 bytes that encrypt the key store: from DULY_KEK; for an invented installation also from a file.

    Raises KeyMissing when a real installation has none, or it is not 32 bytes in base64.
    """
    disk = disk if disk is not None else files.Files()
    if KEK in environ:
        return _kek(environ[KEK], KEK)
    if not invented:
        raise KeyMissing(
            f"{KEK} is not set, and a real installation keeps its key-encryption key out of its own files.",
            remedy=f"Set {KEK} to 32 random bytes in base64 (`openssl rand -base64 32`) from your secret "
            "store, and keep a copy in escrow: without it no personal data can ever be read again.",
        )
    path = directory / "kek"
    with files.refusals("Making the key-encryption key"):
        files.make_directories(disk, directory, private=True)
        with disk.lock(directory / "lock", wait=True):
            if disk.read(path) is None:
                files.replace(disk, path, base64.b64encode(os.urandom(32)) + b"\n", mode=files.PRIVATE)
    raw = _read_private_file(disk, path, "the key-encryption key", "Make the invented installation anew.")
    return _kek(raw.decode(errors="replace").strip(), str(path))


def _kek(text: str, source: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise KeyMissing(
            f"{source} is not 32 bytes in base64.", remedy="It is what `openssl rand -base64 32` prints."
        )
    return raw


def _read_private_file(disk: files.Files, path: Path, what: str, remedy: str) -> bytes:
    raw = disk.read(path)
    if raw is None:
        raise KeyMissing(f"{path}, {what}, is not there.", remedy=remedy)
    if disk.mode(path) & 0o077:
        raise KeyMissing(
            f"{path}, {what}, may be read by others than its owner.",
            remedy=f"Find out who read it; if nobody did: chmod 600 {path}",
        )
    return raw


def _write_private(private: Ed25519PrivateKey, environ: Mapping[str, str]) -> bytes:
    passphrase = environ.get(LOG_KEY_PASSPHRASE)
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
