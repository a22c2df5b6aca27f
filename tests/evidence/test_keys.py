"""The installation's own keys: made once, readable by their owner only, invented ones marked as such."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from duly.errors import KeyMissing
from duly.evidence import keys

ORIGIN = "acme.example/duly"


def test_a_log_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    """The same key each time, in a file and a directory that nobody else may enter."""
    first = keys.create_log_key(tmp_path / "keys", origin=ORIGIN, environ={})
    again = keys.create_log_key(tmp_path / "keys", origin=ORIGIN, environ={})
    read = keys.load_log_key(tmp_path / "keys", origin=ORIGIN, environ={})

    assert first.key == again.key == read.key
    assert (tmp_path / "keys" / "log.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    """Nothing of the key comes from its place or name."""
    one = keys.create_log_key(tmp_path / "one", origin=ORIGIN, environ={})
    two = keys.create_log_key(tmp_path / "two", origin=ORIGIN, environ={})

    assert one.key.public != two.key.public


def test_the_key_may_lie_elsewhere(tmp_path: Path) -> None:
    """DULY_LOG_KEY names it, and then none is made here."""
    elsewhere = keys.create_log_key(tmp_path / "elsewhere", origin=ORIGIN, environ={})
    environ = {keys.LOG_KEY: str(tmp_path / "elsewhere" / "log.pem")}

    assert keys.create_log_key(tmp_path / "here", origin=ORIGIN, environ=environ).key == elsewhere.key
    assert not (tmp_path / "here" / "log.pem").exists()


def test_the_key_may_be_encrypted_under_a_passphrase(tmp_path: Path) -> None:
    """It then opens with that passphrase only, and says which variable is meant."""
    environ = {keys.LOG_KEY_PASSPHRASE: "correct horse"}
    made = keys.create_log_key(tmp_path, origin=ORIGIN, environ=environ)

    assert b"ENCRYPTED" in (tmp_path / "log.pem").read_bytes()
    assert keys.load_log_key(tmp_path, origin=ORIGIN, environ=environ).key == made.key
    for wrong in ({}, {keys.LOG_KEY_PASSPHRASE: "wrong horse"}):
        with pytest.raises(KeyMissing, match="cannot be opened") as caught:
            keys.load_log_key(tmp_path, origin=ORIGIN, environ=wrong)
        assert keys.LOG_KEY_PASSPHRASE in caught.value.remedy


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """It may be in other hands already."""
    keys.create_log_key(tmp_path, origin=ORIGIN, environ={})
    (tmp_path / "log.pem").chmod(mode)

    with pytest.raises(KeyMissing, match="may be read by others") as caught:
        keys.load_log_key(tmp_path, origin=ORIGIN, environ={})
    assert "chmod 600" in caught.value.remedy


def test_an_absent_or_foreign_key_is_refused(tmp_path: Path) -> None:
    """Each with its reason."""
    with pytest.raises(KeyMissing, match="is not there"):
        keys.load_log_key(tmp_path, origin=ORIGIN, environ={})
    foreign = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content, reason in ((foreign, "is not an Ed25519 key"), (b"nonsense", "cannot be opened")):
        (tmp_path / "log.pem").write_bytes(content)
        (tmp_path / "log.pem").chmod(0o600)
        with pytest.raises(KeyMissing, match=reason):
            keys.load_log_key(tmp_path, origin=ORIGIN, environ={})


@pytest.mark.parametrize(
    ("name", "invented", "origin"),
    [
        (ORIGIN, False, ORIGIN),
        (ORIGIN, True, "invented.acme.example/duly"),
        ("invented.acme.example/duly", True, "invented.acme.example/duly"),
    ],
)
def test_an_invented_log_says_so_in_its_name(name: str, *, invented: bool, origin: str) -> None:
    """The name stands in every checkpoint, so no bundle of a demonstration can pass for a real one."""
    assert keys.origin(name, invented=invented) == origin


@pytest.mark.parametrize("name", ["invented.acme.example/duly", "", "a b", "a+b"])
def test_a_real_log_cannot_take_an_invented_or_impossible_name(name: str) -> None:
    """The mark would mean nothing else."""
    with pytest.raises(ValueError, match=r"may not begin with|cannot name a log"):
        keys.origin(name, invented=False)


def test_invented_keys_are_told_from_real_ones(tmp_path: Path) -> None:
    """By the name alone."""
    real = keys.create_log_key(tmp_path, origin=keys.origin(ORIGIN, invented=False), environ={})
    made_up = keys.create_log_key(tmp_path, origin=keys.origin(ORIGIN, invented=True), environ={})

    assert not keys.is_invented(real.key)
    assert keys.is_invented(made_up.key)


def test_a_real_installation_brings_its_own_key_encryption_key(tmp_path: Path) -> None:
    """It is never kept beside what it encrypts; the remedy says how to make one."""
    with pytest.raises(KeyMissing, match="is not set") as caught:
        keys.key_encryption_key(tmp_path, invented=False, environ={})
    assert "openssl rand -base64 32" in caught.value.remedy
    text = base64.b64encode(bytes(range(32))).decode()
    assert keys.key_encryption_key(tmp_path, invented=False, environ={keys.KEK: text}) == bytes(range(32))


def test_an_invented_installation_makes_its_own(tmp_path: Path) -> None:
    """Once, for its owner only."""
    first = keys.key_encryption_key(tmp_path, invented=True, environ={})

    assert len(first) == 32
    assert keys.key_encryption_key(tmp_path, invented=True, environ={}) == first
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(31)).decode(), "*" * 44])
def test_a_key_encryption_key_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """32 bytes in base64, nothing else."""
    with pytest.raises(KeyMissing, match="is not 32 bytes in base64"):
        keys.key_encryption_key(tmp_path, invented=False, environ={keys.KEK: text})


@pytest.mark.stranger("openssl")
def test_what_the_remedy_tells_gives_a_key(tmp_path: Path) -> None:
    """The command in the message is the right one."""
    told = subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True, check=True)

    assert (
        len(keys.key_encryption_key(tmp_path, invented=False, environ={keys.KEK: told.stdout.strip()})) == 32
    )
