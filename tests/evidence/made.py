"""Invented entries, keys and logs for the evidence tests, the same in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from duly.evidence import bundle, chain, checkpoint, entry, kinds, log
from duly.evidence.fields import Field, Type

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ACCOUNT, OTHER = "A000123", "A000456"
PERSON, NAME, NUMBER = "P000123", "欧阳喆堃", "16600000123"


def signer(name: str = "invented.test/duly") -> checkpoint.Signer:
    """A signer whose key is made from its name."""
    return checkpoint.Signer(
        name=name, private=Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    )


class Salts:
    """Bytes that never repeat, the same in each run."""

    def __init__(self, seed: str = "salts") -> None:
        self._state = hashlib.sha256(seed.encode()).digest()

    def __call__(self, count: int) -> bytes:
        """The next `count` bytes."""
        out = b""
        while len(out) < count:
            self._state = hashlib.sha256(self._state).digest()
            out += hashlib.sha256(b"out" + self._state).digest()
        return out[:count]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz_", max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_PLAIN: dict[Type, st.SearchStrategy[object]] = {
    Type.TEXT: TEXT,
    Type.PUBLIC: TEXT,
    Type.TEXTS: st.lists(TEXT, max_size=3),
    Type.ENTRY: st.binary(min_size=16, max_size=16) | st.uuids(),
    Type.ENTRIES: st.lists(st.binary(min_size=16, max_size=16), max_size=3),
    Type.DIGEST: st.binary(min_size=32, max_size=32) | st.binary(min_size=32, max_size=32).map(bytes.hex),
    Type.HEX: st.binary(min_size=1, max_size=40) | st.binary(min_size=1, max_size=40).map(bytes.hex),
    Type.COUNT: st.integers(0, 2**53 - 1),
    Type.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
    Type.YES: st.booleans(),
    Type.DAY: st.dates(),
    Type.INSTANT: st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.timezones(),
    ),
    Type.FACTS: st.dictionaries(st.text("abcxyz_", min_size=1, max_size=5), JSON, max_size=4),
}


def values(field: Field) -> st.SearchStrategy[object]:
    """Any value that the field may hold."""
    if field.type is Type.WORD:
        return st.sampled_from(field.words)
    if field.type is Type.OBJECT:
        return mappings(field.fields)
    if field.type is Type.OBJECTS:
        return st.lists(mappings(field.fields), max_size=3)
    return _PLAIN[field.type]


def mappings(fields: Sequence[Field]) -> st.SearchStrategy[dict[str, object]]:
    """Any mapping of these fields, optional ones sometimes absent."""
    return st.fixed_dictionaries(
        {field.name: values(field) for field in fields if not field.optional},
        optional={field.name: values(field) for field in fields if field.optional},
    )


def example(field: Field) -> object:
    """One plausible value of the field, with the invented person's data where they could stand."""
    plain: dict[Type, object] = {
        Type.TEXT: NAME,
        Type.PUBLIC: "a public name",
        Type.TEXTS: [NAME, NUMBER],
        Type.ENTRY: bytes(range(16)),
        Type.ENTRIES: [bytes(range(16))],
        Type.DIGEST: "ab" * 32,
        Type.HEX: hashlib.sha256(NAME.encode()).digest(),
        Type.COUNT: 3,
        Type.INTEGER: 123_000,
        Type.YES: True,
        Type.DAY: date(2026, 11, 20),
        Type.INSTANT: NOON,
        Type.FACTS: {"number": NUMBER, "amount": 123_000},
    }
    if field.type is Type.WORD:
        return field.words[0]
    if field.type is Type.OBJECT:
        return {inner.name: example(inner) for inner in field.fields}
    if field.type is Type.OBJECTS:
        return [{inner.name: example(inner) for inner in field.fields}]
    named = {"person": PERSON, "account": ACCOUNT, "number": NUMBER, "currency": "CNY"}
    return named.get(field.name, plain[field.type])


def full(kind: str) -> tuple[dict[str, object], dict[str, object]]:
    """(open, committed) of a kind with every field filled."""
    found = kinds.NEWEST[kind]
    return (
        {field.name: example(field) for field in found.open},
        {field.name: example(field) for field in found.committed},
    )


def about(account: str = ACCOUNT) -> dict[str, object]:
    """What a link says of an account, every field filled."""
    said = {field.name: example(field) for field in kinds.ABOUT.fields}
    return said | {"account": account}


@dataclass(kw_only=True)
class World:
    """A log with two accounts' cases in it, as the database and the disk would hold them."""

    place: Path
    signer: checkpoint.Signer
    log: log.Log
    case: bytes
    other: bytes
    entries: list[entry.Entry]
    notes: list[bytes]

    def proven(self, case: bytes) -> list[bundle.Proven]:
        """The entries of a case, as the caller of `bundle.make` gives them."""
        return [
            bundle.Proven(index=index, leaf=one.leaf, openings=one.openings)
            for index, one in enumerate(self.entries)
            if case in [linked for linked, _ in one.links]
        ]

    def bundle(self, **changes: object) -> dict[str, bytes]:
        """The bundle about the first account."""
        given: dict[str, object] = {
            "account": ACCOUNT,
            "cases": [self.case],
            "entries": self.proven(self.case),
            "issued_at": NOON + timedelta(days=9),
            "whole": log.read(self.place, key=self.signer.key),
            "head": self.notes[-1],
            "signer": self.signer,
            "earlier": self.notes[:-1],
            "documents": {"message.txt": "【某某】您好".encode()},
        }
        return bundle.make(**(given | changes))  # type: ignore[arg-type]


def world(place: Path, *, messages: int = 120, name: str = "invented.test/duly") -> World:
    """A small history: permits, answers and receipts of two accounts, some about both, published twice."""
    signing = signer(name)
    writer = log.Log(place, signer=signing)
    writer.recover(log.EMPTY, lambda _start, _stop: [])
    salts = Salts(name)
    case, other = salts(16), salts(16)
    heads = chain.Chain([chain.Head(case), chain.Head(other)], salts=salts)
    entries: list[entry.Entry] = []
    notes: list[bytes] = []
    for number in range(messages):
        at = NOON + timedelta(minutes=number)
        cases = {0: {case: about()}, 1: {case: about(), other: about(OTHER)}}.get(
            number % 8, {other: about(OTHER)}
        )
        entries += history(heads, salts, at, cases)
        if number in (20, 30):
            notes.append(publish(writer, entries))
    notes.append(publish(writer, entries))
    writer.close()
    return World(
        place=place, signer=signing, log=writer, case=case, other=other, entries=entries, notes=notes
    )


def history(
    heads: chain.Chain, salts: Salts, at: datetime, cases: Mapping[bytes, Mapping[str, object]]
) -> Iterator[entry.Entry]:
    """One message: permit, answer, receipt."""
    identity = salts(16)
    for kind in ("permit", "answer", "receipt"):
        shown, hidden = full(kind)
        if kind != "permit":
            shown["permit"] = identity
        yield heads.build(
            kind,
            entry_id=identity if kind == "permit" else salts(16),
            at=at,
            open=shown,
            committed=hidden,
            about=cases,
        )


def publish(writer: log.Log, entries: Sequence[entry.Entry]) -> bytes:
    """Append what is not in the log yet, and publish it."""
    writer.append([one.leaf for one in entries[writer.head.size :]])
    return writer.publish()
