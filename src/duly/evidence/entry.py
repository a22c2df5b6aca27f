"""One entry of the evidence log: a leaf that shows no fact about a person, and the openings that prove them.

The leaf is canonical JSON (RFC 8785): kind, version, id, instant, links to cases, what may stand open, and
one salted commitment for each fact. The openings (salts and values) are personal data: they are sealed in the
vault under the person's key at once, and destroying that key leaves the leaf, and so the log, as it is.
Refuses kinds, fields and values outside the closed list of `kinds`.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from duly.errors import EvidenceBroken
from duly.evidence import encode, kinds, proof
from duly.evidence.fields import Subject

SALT = 16
LARGEST_LEAF = 2**16 - 1  # c2sp.org/tlog-tiles: an entry's length is a uint16

Salts = Callable[[int], bytes]
"""Gives that many bytes nobody can guess, never the same twice: `os.urandom`."""


class CaseLink(NamedTuple):
    """An entry's place in one case: the case's random 16 bytes, its number there from 1, the leaf hash
    before.

    `about` says which account it is and its figures at that instant (`kinds.ABOUT`); it is committed, not
    shown.
    """

    case: bytes
    seq: int
    previous: bytes | None
    about: Mapping[str, object]


class Entry(NamedTuple):
    """A built entry.

    `leaf` goes to the log and into the database in the clear; `openings` are personal data: seal them at once
    under the person's key, or the house's if `subject` says so. `leaf_hash` is RFC 6962's; `links` are the
    entry's places in cases: (case, number).
    """

    kind: str
    entry_id: bytes
    leaf: bytes
    leaf_hash: bytes
    openings: bytes
    subject: Subject
    links: tuple[tuple[bytes, int], ...]


class _Writer(NamedTuple):
    open: Callable[[Mapping[str, object]], list[tuple[str, str]]]
    committed: Callable[[Mapping[str, object]], list[tuple[str, str]]]
    version: int
    subject: Subject


_WRITERS = {
    name: _Writer(encode.members(kind.open), encode.members(kind.committed), kind.version, kind.subject)
    for name, kind in kinds.NEWEST.items()
}
_about = encode.encoder(kinds.ABOUT)


def build(
    kind: str,
    *,
    entry_id: UUID | bytes,
    at: datetime,
    open: Mapping[str, object],  # noqa: A002 - the word of the schema
    committed: Mapping[str, object],
    cases: Sequence[CaseLink],
    salts: Salts,
) -> Entry:
    """Build one entry of the newest version of its kind.

    `entry_id` must be random (not derived from what the entry says), `at` carries a zone. Raises ValueError
    naming the field that is unknown, missing or of the wrong type, and when the leaf would be longer than a
    log entry may be.
    """
    writer = _WRITERS.get(kind)
    if writer is None:
        raise ValueError(f"{kind!r} is not a kind of entry")
    try:
        shown = writer.open(open)
        hidden = writer.committed(committed)
        about = [_about(link.about) for link in cases]
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from error
    salt = salts(SALT * (len(hidden) + len(about))).hex()
    if len(salt) != 2 * SALT * (len(hidden) + len(about)):
        raise ValueError("salts() gave the wrong number of bytes")
    at_salt = 0
    leaf_fields, opening_fields = [], []
    for name, text in hidden:
        one = salt[at_salt : at_salt + 2 * SALT]
        at_salt += 2 * SALT
        leaf_fields.append(f'"{name}":"{_commit(one, name, text)}"')
        opening_fields.append(f'"{name}":["{one}",{text}]')
    leaf_links, opening_links = [], []
    for link, text in zip(cases, about, strict=True):
        one = salt[at_salt : at_salt + 2 * SALT]
        at_salt += 2 * SALT
        case = _link_case(link)
        previous = f'"{_base64(link.previous)}"' if link.previous is not None else "null"
        leaf_links.append(
            f'{{"about":"{_commit(one, "about", text)}","case":"{case}","prev":{previous},"seq":{link.seq}}}'
        )
        opening_links.append((case, f'"{case}":["{one}",{text}]'))
    if len({case for case, _ in opening_links}) != len(cases):
        raise ValueError(f"{kind}: one case is linked twice")
    identity = encode.entry_id(entry_id)
    leaf = (
        f'{{"at":"{encode.instant(at)}","cases":[{",".join(leaf_links)}],"committed":{{{",".join(leaf_fields)}}},'
        f'"entry":"{identity}","kind":"{kind}","open":{{{_members(shown)}}},"version":{writer.version}}}'
    ).encode()
    if len(leaf) > LARGEST_LEAF:
        raise ValueError(
            f"{kind}: a leaf of {len(leaf)} bytes is longer than a log entry may be ({LARGEST_LEAF})"
        )
    opened = ",".join([text for _, text in sorted(opening_links)])
    return Entry(
        kind=kind,
        entry_id=bytes.fromhex(identity),
        leaf=leaf,
        leaf_hash=proof.leaf_hash(leaf),
        openings=f'{{"cases":{{{opened}}},"fields":{{{",".join(opening_fields)}}}}}'.encode(),
        subject=writer.subject,
        links=tuple([(link.case, link.seq) for link in cases]),
    )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an entry says, its openings checked against its commitments.

    `committed` and `about` (by case, hex) hold only what was opened; `closed` names what was not.
    """

    kind: str
    version: int
    entry_id: bytes
    at: str
    open: Mapping[str, Any]
    committed: Mapping[str, Any]
    about: Mapping[str, Mapping[str, Any]]
    links: tuple[tuple[str, int, bytes | None], ...]
    closed: tuple[str, ...]


def reveal(leaf: bytes, openings: bytes | None) -> Facts:
    """Read an entry back; None for openings that are erased or withheld.

    Raises EvidenceBroken when the leaf is not one or an opening does not fit its commitment.
    """
    try:
        content = proof.read_leaf(leaf, "the leaf")
        given = proof.read_json(openings, "the openings") if openings is not None else {}
        committed, about = proof.opened(content, given, "the entry")
        links = tuple(
            (link["case"], link["seq"], link["prev"] and proof.read_hash(link["prev"], "the previous hash"))
            for link in content["cases"]
        )
    except proof.Refused as error:
        raise EvidenceBroken(
            f"An entry and its openings do not fit: {error}.",
            remedy="Run `duly verify` on the log; restore the entry's row, and find out who changed it.",
        ) from error
    closed = [name for name in content["committed"] if name not in committed]
    closed += [f"case {case}" for case, _, _ in links if case not in about]
    return Facts(
        kind=content["kind"],
        version=content["version"],
        entry_id=bytes.fromhex(content["entry"]),
        at=content["at"],
        open=content["open"],
        committed=committed,
        about=about,
        links=links,
        closed=tuple(closed),
    )


def disclose(openings: bytes, *, cases: Sequence[bytes], fields: Sequence[str] | None = None) -> bytes:
    """The part of the openings that may be shown: these cases' accounts, and these fields (None: all)."""
    whole = proof.read_json(openings, "the openings")
    wanted = {case.hex() for case in cases}
    part = {
        "cases": {case: pair for case, pair in whole["cases"].items() if case in wanted},
        "fields": {name: pair for name, pair in whole["fields"].items() if fields is None or name in fields},
    }
    return proof.canonical(part)


def _commit(salt: str, name: str, text: str) -> str:
    # `proof.commitment` says what is hashed; this is the same without taking the salt apart and together
    # again.
    return _base64(hashlib.sha256(f"duly.commit.1\n{salt}\n{name}\n{text}".encode()).digest())


def _base64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()


def _members(pairs: Sequence[tuple[str, str]]) -> str:
    return ",".join([f'"{name}":{text}' for name, text in pairs])


def _link_case(link: CaseLink) -> str:
    if len(link.case) != 16:
        raise ValueError("a case is known in the log by 16 random bytes")
    if link.seq < 1 or (link.previous is None) != (link.seq == 1):
        raise ValueError(
            "a case's entries count from 1, and each but the first names the leaf hash before it"
        )
    if link.previous is not None and len(link.previous) != 32:
        raise ValueError("a leaf hash has 32 bytes")
    return link.case.hex()
