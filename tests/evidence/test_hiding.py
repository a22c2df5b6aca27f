"""A leaf shows nobody: who holds the whole log and guesses right cannot tell that he did (D11)."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os

import pytest

from duly.evidence import entry, kinds, proof
from tests.evidence import made

CASE = bytes(range(100, 116))


def _built(kind: str, salts: entry.Salts) -> entry.Entry:
    shown, hidden = made.full(kind)
    return entry.build(
        kind,
        entry_id=salts(16),
        at=made.NOON,
        open=shown,
        committed=hidden,
        cases=[entry.CaseLink(CASE, 2, b"p" * 32, made.about())],
        salts=salts,
    )


def _commitments(leaf: dict[str, object]) -> set[str]:
    committed: dict[str, str] = leaf["committed"]  # type: ignore[assignment]
    cases: list[dict[str, str]] = leaf["cases"]  # type: ignore[assignment]
    return {*committed.values(), *(link["about"] for link in cases)}


def _public_parts(leaf: bytes) -> list[bytes]:
    """Every 16 bytes that a guesser could take for a salt: none, zeros, ids, and windows of what is shown."""
    content = json.loads(leaf)
    shown = [bytes.fromhex(content["entry"]), CASE, b"p" * 32, hashlib.sha256(leaf).digest(), bytes(16)]
    shown += [
        bytes.fromhex(value)
        for value in content["open"].values()
        if isinstance(value, str) and _is_hex(value)
    ]
    salts = [blob[at : at + 16] for blob in shown for at in range(0, len(blob) - 15, 8)]
    return [b"", *dict.fromkeys(salts)]


def _is_hex(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) >= 16
    except ValueError:
        return False


@pytest.mark.parametrize("kind", sorted(kinds.NEWEST))
def test_the_right_guess_of_every_fact_does_not_rebuild_a_leaf(kind: str) -> None:
    """The guesser knows name, number, account, amount, the very value committed to, and all public parts."""
    built = _built(kind, made.Salts(kind))
    content = json.loads(built.leaf)
    opened = json.loads(built.openings)
    right = {name: value for name, (_, value) in opened["fields"].items()} | {
        "about": opened["cases"][CASE.hex()][1]
    }
    words = [made.NAME, made.NUMBER, made.ACCOUNT, made.PERSON, 123_000, "1230.00", *right.values()]
    hidden = _commitments(content)
    guesses = set()
    for value, salt in itertools.product(words, _public_parts(built.leaf)):
        text = proof.canonical(value)
        plain = value.encode() if isinstance(value, str) else text
        for name in right:
            guesses.add(proof.commitment(salt, name, text))
        for form in (text, plain, salt + text, salt + plain, text + salt, salt.hex().encode() + text):
            guesses.add(base64.b64encode(hashlib.sha256(form).digest()).decode())

    assert len(guesses) > 100
    assert hidden.isdisjoint(guesses)
    # The same guess with the salt is right: what hides the fact is the salt, and nothing else is missing.
    for name, (salt, value) in opened["fields"].items():
        assert proof.commitment(bytes.fromhex(salt), name, proof.canonical(value)) in hidden


@pytest.mark.parametrize("kind", sorted(kinds.NEWEST))
def test_no_value_stands_in_a_leaf_in_any_plain_form(kind: str) -> None:
    """Neither as text nor as hex, base64 or plain SHA-256."""
    built = _built(kind, made.Salts(kind))
    secrets = [made.NAME, made.NUMBER, made.ACCOUNT, made.PERSON, "123000"]
    forms = [
        form
        for raw in (secret.encode() for secret in secrets)
        for form in (
            raw,
            raw.hex().encode(),
            base64.b64encode(raw).rstrip(b"="),
            hashlib.sha256(raw).hexdigest().encode(),
            base64.b64encode(hashlib.sha256(raw).digest()),
        )
    ]

    assert [form for form in forms if form in built.leaf] == []


def test_equal_facts_look_different_in_every_entry() -> None:
    """Two messages to one person cannot be linked by their commitments, nor two fields of one entry."""
    commitments = [
        one for _ in range(50) for one in _commitments(json.loads(_built("permit", os.urandom).leaf))
    ]

    assert len(set(commitments)) == len(commitments)


def test_every_salt_is_sixteen_bytes_and_used_once() -> None:
    """128 bits, fresh for each field of each entry."""
    salts = [
        salt
        for _ in range(50)
        for part in json.loads(_built("permit", os.urandom).openings).values()
        for salt, _ in part.values()
    ]

    assert {len(salt) for salt in salts} == {32}
    assert len(set(salts)) == len(salts)
