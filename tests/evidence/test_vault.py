"""Sealing: opens in its own place only, and never again once the person's key is gone."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.errors import EvidenceBroken, KeyMissing
from duly.evidence import keystore, vault
from tests.evidence import made

KEK = bytes(range(32))


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> vault.Vault:
    """A vault with two persons."""
    store = keystore.KeyStore(tmp_path_factory.mktemp("keys"), kek=KEK)
    store.create(["P1", "P2"])
    return vault.Vault(store)


@given(payload=st.binary(max_size=300), person=st.sampled_from(["P1", "P2", None]))
def test_what_is_sealed_opens_again(safe: vault.Vault, payload: bytes, person: str | None) -> None:
    """For any content, of a person or of the house."""
    sealed = safe.seal(person, payload, kind="openings", ref="e1")

    assert safe.open(person, sealed, kind="openings", ref="e1") == payload
    assert len(sealed) == len(payload) + 29


def test_the_same_sealed_twice_looks_different(safe: vault.Vault) -> None:
    """Equal names do not show."""
    assert safe.seal("P1", b"x", kind="k", ref="r") != safe.seal("P1", b"x", kind="k", ref="r")


@pytest.mark.parametrize(
    ("person", "kind", "ref"),
    [("P2", "k", "r"), (None, "k", "r"), ("P1", "j", "r"), ("P1", "k", "q"), ("P1", "k\0", "r")],
)
def test_a_sealed_payload_opens_in_its_own_place_only(
    safe: vault.Vault, person: str | None, kind: str, ref: str
) -> None:
    """Moved to another person, kind or row it is refused, and the reason says so."""
    sealed = safe.seal("P1", b"secret", kind="k", ref="r")

    with pytest.raises(EvidenceBroken, match="changed, or stands in another place"):
        safe.open(person, sealed, kind=kind, ref=ref)


@given(st.data())
def test_a_changed_payload_never_opens(safe: vault.Vault, data: st.DataObject) -> None:
    """Any bit, and any cut."""
    sealed = bytearray(safe.seal("P1", b"secret", kind="k", ref="r"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    if data.draw(st.booleans()):
        del sealed[at:]
    else:
        sealed[at] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(EvidenceBroken):
        safe.open("P1", bytes(sealed), kind="k", ref="r")


def test_an_erased_person_can_never_be_opened_again(tmp_path: Path) -> None:
    """Nor sealed for; the others are as before."""
    store = keystore.KeyStore(tmp_path, kek=KEK)
    store.create(["P1", "P2"])
    safe = vault.Vault(store)
    sealed = safe.seal("P1", made.NAME.encode(), kind="k", ref="r")
    other = safe.seal("P2", b"x", kind="k", ref="r")
    store.destroy(["P1"])

    with pytest.raises(KeyMissing, match="the person was erased"):
        safe.open("P1", sealed, kind="k", ref="r")
    with pytest.raises(KeyMissing, match="the person was erased"):
        safe.seal("P1", b"x", kind="k", ref="r")
    assert safe.open("P2", other, kind="k", ref="r") == b"x"


def test_many_are_sealed_as_each_alone(safe: vault.Vault) -> None:
    """One call for a batch."""
    items = [("P1", b"one", "a"), ("P2", b"two", "b"), (None, b"three", "c")]
    sealed = safe.seal_many(items, kind="k")

    assert [
        safe.open(person, one, kind="k", ref=ref) for (person, _, ref), one in zip(items, sealed, strict=True)
    ] == [b"one", b"two", b"three"]


def test_index_and_mark_are_plain_hmacs(tmp_path: Path) -> None:
    """Whatever is kept of the key between two of them, each is what the standard library makes."""
    store = keystore.KeyStore(tmp_path, kek=KEK)
    here = vault.Vault(store)

    for text in ("", "+8613800138000", "元" * 100):
        whole = hmac.digest(store.secret("contact value"), text.encode(), "sha256")
        assert here.blind(text) == whole[:16].hex()
        whole = hmac.digest(store.secret("sealed payload"), b"s" * 32 + text.encode(), "sha256")
        assert here.mark(text.encode(), b"s" * 32) == whole[:16]


def test_whoever_was_erased_is_not_sealed_among_many(tmp_path: Path) -> None:
    """Nor is anybody else then: the caller learns of it before a single form is kept."""
    store = keystore.KeyStore(tmp_path, kek=KEK)
    here = vault.Vault(store)
    store.create(["P1", "P2"])
    store.destroy(["P2"])

    with pytest.raises(KeyMissing, match="destroyed on purpose"):
        here.sealer(["P1", "P2"])


def test_a_line_feed_cannot_move_the_border_between_kind_and_reference(safe: vault.Vault) -> None:
    """The place is written on lines."""
    with pytest.raises(ValueError, match="one line each"):
        safe.seal("P1", b"x", kind="k\nr", ref="")


def test_the_index_is_keyed_and_short(safe: vault.Vault, tmp_path: Path) -> None:
    """Equal for equal values; 32 hex digits that another installation cannot make, nor a plain hash."""
    elsewhere = vault.Vault(keystore.KeyStore(tmp_path, kek=KEK))
    here = safe.blind(made.NUMBER)

    assert safe.blind(made.NUMBER) == here
    assert len(here) == 32
    assert int(here, 16) >= 0
    assert safe.blind(made.NUMBER + "0") != here
    assert elsewhere.blind(made.NUMBER) != here
    assert here not in sha256(made.NUMBER.encode()).hexdigest()


def test_many_are_opened_at_once_but_for_those_who_were_erased(tmp_path: Path) -> None:
    """Each under his own name, from shards with hundreds of keys; a payload in another's place is refused."""
    store = keystore.KeyStore(tmp_path, kek=KEK)
    people = [f"P{n}" for n in range(900)]
    store.create(people)
    safe = vault.Vault(store)
    sealed = [(who, safe.seal(who, who.encode(), kind="person", ref=who)) for who in people]
    store.destroy(["P7", "P8"])

    opened = safe.open_many(sealed, kind="person")

    assert opened == {who: who.encode() for who in people if who not in {"P7", "P8"}}
    with pytest.raises(EvidenceBroken):
        safe.open_many([("P1", sealed[2][1])], kind="person")
