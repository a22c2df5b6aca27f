"""What evidence is made of, and how each part is checked: the tree, canonical JSON, leaves, openings, chains.

Standard library only, and nothing else of duly: duly's own code hashes with these functions and a stranger
checks with them, so what is checked is what was written. Refuses by raising `Refused`.
RFC 6962 section 2.1 and RFC 9162 section 2.1 (tree), RFC 8785 (canonical JSON).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 6962 2.1: MTH({}) = SHA-256()
LEAF_KEYS = {"at", "cases", "committed", "entry", "kind", "open", "version"}

sha256 = hashlib.sha256


class Refused(Exception):
    """The evidence does not hold; the message says which part and why."""


def base64_of(raw: bytes) -> str:
    """RFC 4648 section 4, on one line."""
    return binascii.b2a_base64(raw, newline=False).decode()


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x00 || leaf)."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\1" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The level above a run of 32-byte hashes; an odd last one has no parent yet and is left out."""
    make = sha256
    return b"".join([make(b"\1" + hashes[i : i + 64]).digest() for i in range(0, len(hashes) - 63, 64)])


def tree_root(hashes: bytes) -> bytes:
    """Root of the tree over a run of 32-byte leaf hashes."""
    peaks = []  # the roots of the perfect subtrees from the right, smallest first
    while hashes:
        if len(hashes) % 64:
            peaks.append(hashes[-32:])
        hashes = parents(hashes)
    return fold(peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root from the roots of the perfect subtrees, smallest (rightmost) first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[0]
    for peak in peaks[1:]:
        root = node_hash(peak, root)
    return root


def inclusion_holds(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 2.1.3.2; `leaf` is the leaf's hash."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 2.1.4.2; an empty old tree is consistent with every tree, and has an empty proof."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and from_old == old_root and from_new == new_root


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_LARGEST = 2**53 - 1  # RFC 8785 3.2.2.3: a number is an IEEE double; beyond this an integer is not exact


def canonical(value: object) -> bytes:
    """RFC 8785, of the part of JSON that duly uses: no floats, exact integers, ASCII names."""
    _refuse_strange(value)
    return _ENCODER.encode(value).encode()


def _refuse_strange(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return
    if isinstance(value, list | tuple):
        for item in value:
            _refuse_strange(item)
        return
    if isinstance(value, Mapping) and all(isinstance(name, str) and name.isascii() for name in value):
        for item in value.values():
            _refuse_strange(item)
        return
    raise ValueError(f"a {type(value).__name__} has no canonical form here, or is too large")


def _no_float(text: str) -> object:
    raise ValueError(f"{text} is not a whole number")


def read_json(raw: bytes, what: str, *, exact: bool = True) -> Any:  # noqa: ANN401 - JSON
    """The value of canonical JSON; `exact` demands that writing it again gives the same bytes."""
    try:
        value = json.loads(raw.decode(), parse_float=_no_float, parse_constant=_no_float)
        if exact and _ENCODER.encode(value).encode() != raw:
            raise Refused(f"{what} is not in canonical form")
    except (ValueError, RecursionError) as error:
        raise Refused(f"{what} is not JSON as duly writes it: {error}") from error
    return value


def read_hash(text: object, what: str) -> bytes:
    """A SHA-256 written in base64."""
    try:
        if isinstance(text, str) and len(text) == 44:  # 32 bytes
            raw = base64.b64decode(text, validate=True)
            if base64_of(raw) == text:
                return raw
    except ValueError:
        pass
    raise Refused(f"{what} is not a SHA-256 in base64")


def read_leaf(raw: bytes, what: str) -> dict[str, Any]:
    """A leaf with its shape checked: kind, entry, instant, commitments, and the links to its cases."""
    leaf = read_json(raw, what)
    if not isinstance(leaf, dict) or leaf.keys() != LEAF_KEYS:
        raise Refused(f"{what} has not exactly the parts of an entry")
    links = leaf["cases"]
    if not isinstance(links, list) or not all(isinstance(leaf[name], dict) for name in ("committed", "open")):
        raise Refused(f"{what}: cases, committed and open have the wrong shape")
    for link in links:
        if not isinstance(link, dict) or link.keys() != {"about", "case", "prev", "seq"}:
            raise Refused(f"{what} has a link that is not one")
        if type(link["seq"]) is not int or link["seq"] < 1 or not isinstance(link["case"], str):
            raise Refused(f"{what} has a link without its number or case")
    if len({link["case"] for link in links}) != len(links):
        raise Refused(f"{what} names one case twice")
    return leaf


def commitment(salt: bytes, name: str, value: bytes) -> str:
    """base64(SHA-256) over four lines: duly.commit.1, the salt in hex, the field, the canonical value.

    Text on lines, so that printf and sha256sum can make it too; neither a name nor canonical JSON holds a
    line feed, so no two openings give the same bytes.
    """
    framed = b"duly.commit.1\n%b\n%b\n%b" % (salt.hex().encode(), name.encode(), value)
    return base64_of(sha256(framed).digest())


def opened(leaf: Mapping[str, Any], openings: object, what: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts behind a leaf's commitments: (by field, by case). Openings may leave some closed."""
    parts: dict[str, Any] = openings if isinstance(openings, dict) else {"": None}
    if not parts.keys() <= {"cases", "fields"} or not all(isinstance(part, dict) for part in parts.values()):
        raise Refused(f"{what}: the openings have the wrong shape")
    links = {link["case"]: link["about"] for link in leaf["cases"]}
    facts: dict[str, Any] = {}
    about: dict[str, Any] = {}
    for part, known, into in (("fields", leaf["committed"], facts), ("cases", links, about)):
        for name, pair in parts.get(part, {}).items():
            try:
                salt, value = bytes.fromhex(pair[0]), pair[1]
                made = commitment(salt, name if part == "fields" else "about", canonical(value))
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                raise Refused(f"{what}: the opening of {name} is not one: {error}") from error
            if len(salt) != 16 or known.get(name) != made:
                raise Refused(f"{what}: the opening of {name} does not fit its commitment")
            into[name] = value
    return facts, about


class Chains:
    """Follows every case through its entries: numbers from 1 without a gap, each naming the one before."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[int, bytes]] = {}

    def follow(self, leaf: Mapping[str, Any], hashed: bytes, what: str, only: set[str] | None = None) -> None:
        """Take the next entry; `only` leaves links to other cases aside."""
        for link in leaf["cases"]:
            case = link["case"]
            if only is not None and case not in only:
                continue
            seq, last = self.heads.get(case, (0, b""))
            if link["seq"] != seq + 1:
                raise Refused(f"{what}: case {case} goes from number {seq} to {link['seq']}")
            previous = b"" if link["prev"] is None else read_hash(link["prev"], f"{what}: the previous hash")
            if previous != last:
                raise Refused(f"{what}: case {case} does not name the entry before it as it stands")
            self.heads[case] = (link["seq"], hashed)
