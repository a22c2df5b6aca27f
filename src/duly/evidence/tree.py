"""The Merkle tree of RFC 6962 and RFC 9162, sections 2.1: roots and proofs from stored subtree hashes.

Holds no hashes itself: it asks `subtree(level, index)` for the root of a perfect subtree, that is of the
leaves from index * 2**level to (index + 1) * 2**level, and refuses to guess one that the tree does not have
yet. Checking a proof is in `proof`, which runs without the rest of duly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from duly.evidence import proof

EMPTY_ROOT = proof.EMPTY_ROOT
leaf_hash = proof.leaf_hash
node_hash = proof.node_hash
parents = proof.parents
inclusion_holds = proof.inclusion_holds
consistency_holds = proof.consistency_holds

Subtree = Callable[[int, int], bytes]


def peaks(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees (level, index) that a tree of `size` leaves consists of, leftmost and largest
    first.
    """
    found = []
    done = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, done >> level))
            done += 1 << level
    return found


def root(size: int, subtree: Subtree) -> bytes:
    """RFC 6962 2.1: MTH(D[size])."""
    return proof.fold([subtree(level, index) for level, index in reversed(peaks(size))])


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 2.1.3.1: PATH(index, D[size]), from the leaf upwards. Raises IndexError beyond the tree."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size}")
    path = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_root(middle, stop, subtree))
            stop = middle
        else:
            path.append(_range_root(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 2.1.4.1: PROOF(old, D[new]). Raises IndexError unless 0 <= old <= new.

    An empty old tree and an equal one are consistent by definition: their proof is empty.
    """
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {new} has no earlier state of {old}")
    if old in (0, new):
        return []
    proof = []
    start, stop = 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_range_root(middle, stop, subtree))
            stop = middle
        else:
            proof.append(_range_root(start, middle, subtree))
            start = middle
    if start > 0:  # SUBPROOF's flag b is false: the verifier does not know this subtree's root yet
        proof.append(_range_root(start, stop, subtree))
    return proof[::-1]


class Memory:
    """A whole tree in memory, every level kept; for rebuilding and for small trees."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self.levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.levels[0]) // 32

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Append leaf hashes and every perfect subtree that they complete."""
        self.levels[0] += b"".join(leaf_hashes)
        level = 0
        while len(self.levels[level]) >= 64:
            if level + 1 == len(self.levels):
                self.levels.append(bytearray())
            above = self.levels[level + 1]
            above += parents(bytes(self.levels[level][2 * len(above) :]))
            level += 1

    def subtree(self, level: int, index: int) -> bytes:
        """The root of one perfect subtree. Raises IndexError where the tree has none."""
        if level < len(self.levels) and 0 <= index < len(self.levels[level]) // 32:
            return bytes(self.levels[level][index * 32 : index * 32 + 32])
        raise IndexError(f"the tree has no subtree {index} at level {level}")

    def root(self, size: int | None = None) -> bytes:
        """The root, now or when the tree had `size` leaves."""
        return root(self.size if size is None else size, self.subtree)


def _split(count: int) -> int:
    # RFC 6962 2.1: k is the largest power of two smaller than n.
    return 1 << (count - 1).bit_length() - 1


def _range_root(start: int, stop: int, subtree: Subtree) -> bytes:
    # Every range that the recursions above reach begins at a multiple of its own split.
    count = stop - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, subtree), _range_root(middle, stop, subtree))
