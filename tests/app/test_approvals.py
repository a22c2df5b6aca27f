"""Personal keys, and approvals kept in the real database."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from duly.app import approvals
from duly.errors import KeyMissing, NotAllowed, WrongUsage
from duly.evidence import keystore, vault
from duly.model.approval import Approval, Lack, Limits, Question, Subject
from duly.model.party import Actor, Duty
from duly.run import record, register
from tests.conftest import Database

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WORDS = b"correct horse battery staple"
PEOPLE = {
    "ann": frozenset({Duty.COMPLIANCE}),
    "bob": frozenset({Duty.OPERATIONS}),
    "wei": frozenset({Duty.COMPLIANCE}),
    "eve": frozenset({Duty.ENGINEER}),
}
QUESTION = Question(subject=Subject.STRATEGY, digest="d" * 64, now=NOW, author="wei")


def actor(name: str) -> Actor:
    """One of the people."""
    return Actor(name=name, duties=PEOPLE[name])


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Iterator[register.Register]:
    """The approvals of a fresh database, with somewhere to seal what is recorded of them."""
    connection = database.connect()
    safe = vault.Vault(keystore.KeyStore(tmp_path / "keystore", kek=bytes(32)))
    try:
        yield register.Register(connection, record.Recorder(safe=safe, day_of=lambda at: at.date()))
    finally:
        connection.close()


@pytest.fixture
def keys(tmp_path: Path, kept: register.Register) -> Path:
    """A folder in which everybody made a key and had it registered."""
    folder = tmp_path / "keys"
    for name, duties in PEOPLE.items():
        made = approvals.make_key(actor(name), folder, passphrase=WORDS)
        kept.register(name, made.public_key, duties)
    return folder


def keep(name: str, kept: register.Register, keys: Path, *, nonce: int = 0, **changes: object) -> Approval:
    """One person's yes."""
    return approvals.keep(
        actor(name),
        replace(QUESTION, **changes),  # type: ignore[arg-type]
        kept,
        keys=keys,
        passphrase=WORDS,
        nonce=f"{name}{nonce}".encode().ljust(16, b"-"),
    )


def test_two_people_approve_and_nothing_is_lacking(kept: register.Register, keys: Path) -> None:
    """Through keys, signatures and the database."""
    keep("ann", kept, keys)
    one = approvals.lacking(QUESTION, kept, duties=PEOPLE)
    assert [each.lack for each in one] == [Lack.PEOPLE]
    keep("bob", kept, keys)
    assert approvals.lacking(QUESTION, kept, duties=PEOPLE) == ()


def test_an_edit_after_approval_undoes_it(kept: register.Register, keys: Path) -> None:
    """Another digest has no approvals at all."""
    keep("ann", kept, keys)
    keep("bob", kept, keys)
    edited = replace(QUESTION, digest="e" * 64)
    assert [each.lack for each in approvals.lacking(edited, kept, duties=PEOPLE)] == [Lack.PEOPLE]


@pytest.mark.parametrize(("name", "says"), [("wei", "is the author"), ("eve", "no duty")])
def test_who_may_not_approve_is_refused_before_anything_is_kept(
    name: str, says: str, kept: register.Register, keys: Path
) -> None:
    """The author, and one whose duties do not reach so far."""
    with pytest.raises(NotAllowed, match=says):
        keep(name, kept, keys)
    assert kept.for_digest(QUESTION.digest) == []


def test_a_nonce_counts_once(kept: register.Register, keys: Path) -> None:
    """The database refuses the second use, whatever it approves."""
    keep("ann", kept, keys)
    with pytest.raises(NotAllowed, match="used before"):
        keep("ann", kept, keys, digest="e" * 64)


def test_what_is_kept_is_what_was_signed(kept: register.Register, keys: Path) -> None:
    """Every field comes back, so the signature still fits."""
    signed = keep("ann", kept, keys)
    (found,) = kept.for_digest(QUESTION.digest)
    assert found == signed
    assert approvals.verify(found, kept.public_key("ann"))
    assert not approvals.verify(found, kept.public_key("bob"))
    assert not approvals.verify(found, None)
    assert not approvals.verify(replace(found, limits=Limits(messages=10**6)), kept.public_key("ann"))
    assert not approvals.verify(
        replace(found, expires=found.expires - timedelta(seconds=1)), kept.public_key("ann")
    )


def test_a_key_that_is_not_the_registered_one_signs_for_nobody(
    kept: register.Register, keys: Path, tmp_path: Path
) -> None:
    """Making a new key quietly does not help."""
    approvals.make_key(actor("ann"), tmp_path / "other", passphrase=WORDS)
    with pytest.raises(NotAllowed, match="not the one that is registered"):
        keep("ann", kept, tmp_path / "other")


def test_a_registered_key_is_not_replaced(kept: register.Register, keys: Path, tmp_path: Path) -> None:
    """The first key of a name stays."""
    other = approvals.make_key(actor("ann"), tmp_path / "other", passphrase=WORDS)
    before = kept.public_key("ann")
    with pytest.raises(NotAllowed):
        kept.register("ann", other.public_key, PEOPLE["ann"])
    assert kept.public_key("ann") == before


def test_nobody_signs_for_another(keys: Path) -> None:
    """Not even with the other's passphrase."""
    approval = Approval(
        subject=Subject.STRATEGY,
        digest="d" * 64,
        by="bob",
        author="wei",
        at=NOW,
        expires=NOW + timedelta(days=1),
        nonce=b"n" * 16,
    )
    with pytest.raises(NotAllowed, match="cannot sign for bob"):
        approvals.sign(actor("ann"), approval, keys, passphrase=WORDS)


def test_a_key_is_its_owners_alone_and_encrypted(keys: Path) -> None:
    """Mode 0600 in a folder of 0700, and PEM that says it is encrypted."""
    assert stat.S_IMODE((keys / "ann.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert (keys / "ann.pem").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_key_is_never_written_over(keys: Path) -> None:
    """Losing a key by a slip of the hand would lose every approval to come."""
    before = (keys / "ann.pem").read_bytes()
    with pytest.raises(NotAllowed, match="already has a key"):
        approvals.make_key(actor("ann"), keys, passphrase=WORDS)
    assert (keys / "ann.pem").read_bytes() == before


@pytest.mark.parametrize(("length", "refused"), [(11, True), (12, False)])
def test_a_passphrase_has_a_shortest_length(length: int, refused: bool, tmp_path: Path) -> None:
    """Both sides of it."""
    if refused:
        with pytest.raises(WrongUsage, match="fewer than 12 bytes"):
            approvals.make_key(actor("ann"), tmp_path, passphrase=b"x" * length)
        assert list(tmp_path.iterdir()) == []
    else:
        assert approvals.make_key(actor("ann"), tmp_path, passphrase=b"x" * length).path.exists()


def test_a_wrong_passphrase_opens_nothing(kept: register.Register, keys: Path) -> None:
    """And says so without telling more."""
    with pytest.raises(KeyMissing, match="does not open"):
        approvals.keep(actor("ann"), QUESTION, kept, keys=keys, passphrase=b"wrong", nonce=b"n" * 16)


def test_a_missing_key_is_told_with_the_way_to_make_one(kept: register.Register, tmp_path: Path) -> None:
    """Nothing is made silently."""
    with pytest.raises(KeyMissing, match="has no key") as caught:
        approvals.keep(actor("ann"), QUESTION, kept, keys=tmp_path, passphrase=WORDS, nonce=b"n" * 16)
    assert "--new-key" in caught.value.remedy


@pytest.mark.parametrize("name", ["../ann", ".ann", "a/b", "a\\b", ""])
def test_a_name_is_not_a_path(name: str, tmp_path: Path) -> None:
    """A key lies in its folder and nowhere else."""
    with pytest.raises(WrongUsage, match="cannot be a person's name"):
        approvals.make_key(Actor(name=name, duties=frozenset()), tmp_path, passphrase=WORDS)


@pytest.mark.stranger("openssl")
def test_openssl_verifies_what_was_signed(kept: register.Register, keys: Path, tmp_path: Path) -> None:
    """The signature is plain Ed25519 over the bytes the docs name, so anybody can check it."""
    openssl = shutil.which("openssl")
    assert openssl is not None
    signed = keep("ann", kept, keys)
    public = kept.public_key("ann")
    assert public is not None
    # SubjectPublicKeyInfo of Ed25519, RFC 8410 section 4: a fixed head and the 32 bytes.
    (tmp_path / "ann.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    (tmp_path / "signed").write_bytes(signed.to_sign())
    (tmp_path / "signature").write_bytes(signed.signature)
    told = subprocess.run(
        [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "ann.der", "-keyform", "DER", "-rawin",
         "-in", "signed", "-sigfile", "signature"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verified Successfully" in told.stdout
