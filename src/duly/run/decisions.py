"""A day's decisions kept as one Parquet file with the root of a Merkle tree over them, and one of them proven.

Each decision is a leaf: its line of JSON. The root is RFC 6962's, made a page at a time, so that a million decisions
need no more memory than some thousands. Beside the file lie the roots of its subtrees of 1,024 leaves: to prove one
decision, only the lines of its own subtree are hashed again.
Refuses to prove from a file whose lines do not give the root that was recorded.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from duly import errors
from duly.evidence import proof, tree
from duly.plan import decision
from duly.plan import plan as plans

_LEVEL = 10
_LEAVES = 1 << _LEVEL
_HASH = 32
_AT_ONCE = 16 * _LEAVES


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where the decisions of a plan lie: `digest` is the file's SHA-256 (hex), `root` that of the tree."""

    path: Path
    digest: str
    root: bytes
    rows: int


@dataclass(frozen=True, kw_only=True)
class Proven:
    """One decision and its place in the tree: SHA-256(0x00 || line) leads over `path` to `root`."""

    line: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes


class Growing:
    """An RFC 6962 root while leaves come, in little memory: the whole subtrees of `_LEAVES`, and what is left over."""

    def __init__(self) -> None:
        self.subtrees = bytearray()
        self._rest = bytearray()
        self.size = 0

    def add(self, lines: list[bytes]) -> None:
        """Further leaves, in order."""
        make = hashlib.sha256
        self._rest += b"".join([make(b"\0" + line).digest() for line in lines])
        self.size += len(lines)
        whole = len(self._rest) // (_LEAVES * _HASH) * _LEAVES * _HASH
        hashes = bytes(self._rest[:whole])
        for _ in range(_LEVEL):
            hashes = tree.parents(hashes)
        self.subtrees += hashes
        del self._rest[:whole]

    def root(self) -> bytes:
        """The root of all leaves so far."""
        peaks = []
        for level in (bytes(self._rest), bytes(self.subtrees)):
            hashes = level
            while hashes:
                if len(hashes) % (2 * _HASH):
                    peaks.append(hashes[-_HASH:])
                hashes = tree.parents(hashes)
        return proof.fold(peaks)


def keep(folder: Path, day: date, plan: plans.Plan) -> Kept:
    """The decisions as a file named by day and digest, on the disk before anything refers to it."""
    place = folder / day.isoformat()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    grown = Growing()
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=place) as incoming:
        beside = Path(incoming) / "decisions"
        pl.concat([page.decisions for page in plan.pages]).sink_parquet(
            beside, maintain_order=True, **decision.WRITTEN
        )
        with beside.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for page in plan.pages:
            for lines in _lines(page.decisions):
                grown.add(lines)
        path = place / f"{digest}.parquet"
        roots = Path(incoming) / "subtrees"
        roots.write_bytes(grown.subtrees)
        with roots.open("rb") as file:
            os.fsync(file.fileno())
        roots.replace(_beside(path))
        if not path.exists():
            beside.replace(path)
    return Kept(path=path, digest=digest, root=grown.root(), rows=grown.size)


def prove(path: Path, account: str, root: bytes) -> list[Proven]:
    """Each decision about an account in the file, proven to lie under the root.

    Raises EvidenceBroken where the file does not give the root that was recorded.
    """
    rows = pl.scan_parquet(path).with_row_index("leaf")
    places = rows.filter(pl.col("account") == account).select("leaf").collect()["leaf"].to_list()
    size = int(rows.select(pl.len()).collect().item())
    try:
        subtrees = _beside(path).read_bytes()
    except OSError:
        subtrees = b""
    if len(subtrees) != size // _LEAVES * _HASH:
        subtrees = _again(path)
    found = [_proven(path, index, size, subtrees, root) for index in places]
    for one in found:
        if not proof.inclusion_holds(one.index, one.size, proof.leaf_hash(one.line), one.path, root):
            raise errors.EvidenceBroken(
                f"the decisions in {path.name} are not those that were recorded",
                remedy="Restore the file from a backup, and find out who changed it.",
            )
    return found


def _proven(path: Path, index: int, size: int, subtrees: bytes, root: bytes) -> Proven:
    begin = index // _LEAVES * _LEAVES
    lines = decision.lines(pl.scan_parquet(path).slice(begin, _LEAVES).collect())
    own = tree.Memory(proof.leaf_hash(line) for line in lines)
    last = size // _LEAVES * _LEAVES
    tail = own
    if begin != last and last < size:
        tail = tree.Memory(
            proof.leaf_hash(line)
            for line in decision.lines(pl.scan_parquet(path).slice(last, _LEAVES).collect())
        )
    above = tree.Memory(subtrees[at : at + _HASH] for at in range(0, len(subtrees), _HASH))

    def subtree(level: int, place: int) -> bytes:
        if level >= _LEVEL:
            return above.subtree(level - _LEVEL, place)
        first = place << level
        within = own if begin <= first < begin + _LEAVES else tail
        start = begin if within is own else last
        return within.subtree(level, (first - start) >> level)

    return Proven(
        line=lines[index - begin],
        index=index,
        size=size,
        path=tuple(tree.inclusion(index, size, subtree)),
        root=root,
    )


def _again(path: Path) -> bytes:
    grown = Growing()
    for lines in _lines(pl.scan_parquet(path)):
        grown.add(lines)
    return bytes(grown.subtrees)


def _lines(decisions: pl.LazyFrame) -> Iterator[list[bytes]]:
    begin = 0
    while (rows := decisions.slice(begin, _AT_ONCE).collect()).height:
        yield decision.lines(rows)
        begin += rows.height


def _beside(path: Path) -> Path:
    return path.with_suffix(".subtrees")
