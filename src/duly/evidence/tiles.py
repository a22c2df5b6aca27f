"""The log's files: c2sp.org/tlog-tiles.

`tile/<L>/<N>` holds 256 hashes of level 8*L, `tile/entries/<N>` the 256 leaves below a tile of level 0, each
after its length; the last, incomplete one of a row is `<N>.p/<W>` and is written anew, under a new name, as
it grows. A full tile never changes once a head covers it. What counts is decided by `log`, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from duly.errors import EvidenceBroken
from duly.evidence import tree
from duly.evidence.files import Files

WIDTH = 256
HASH = 32
_FULL = WIDTH * HASH


def number(index: int) -> str:
    """tlog-tiles: 1234067 is `x001/x234/067`."""
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def path(level: int | None, index: int, width: int = WIDTH) -> str:
    """The path of a tile, or with level None of a bundle of entries."""
    row = "entries" if level is None else str(level)
    return f"tile/{row}/{number(index)}" + ("" if width == WIDTH else f".p/{width}")


def pack(leaves: Sequence[bytes]) -> bytes:
    """A bundle of entries: each leaf after its length as a big-endian uint16."""
    return b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])


def unpack(bundle: bytes) -> list[bytes]:
    """The leaves of a bundle. Raises EvidenceBroken if it ends in the middle of one."""
    leaves = []
    at = 0
    while at < len(bundle):
        stop = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or stop > len(bundle):
            raise EvidenceBroken("A bundle of log entries is cut off.", remedy=_REMEDY)
        leaves.append(bundle[at + 2 : stop])
        at = stop
    return leaves


class Edge:
    """The right edge of the tree: of every row the last, incomplete tile. Enough to append and to give the
    root.
    """

    def __init__(self, size: int = 0, rows: Sequence[bytes] = (), leaves: Sequence[bytes] = ()) -> None:
        self.size = size
        self._rows = [bytes(row) for row in rows]  # by tile level; the hashes of its incomplete tile
        self._leaves = list(leaves)  # those of the incomplete bundle

    def append(self, leaves: Sequence[bytes]) -> tuple[Edge, dict[str, bytes]]:
        """The edge after these leaves, and the files that are new. Changes nothing in place."""
        written: dict[str, bytes] = {}
        waiting = self._leaves + list(leaves)
        first = self.size // WIDTH
        for at in range(0, len(waiting) - WIDTH + 1, WIDTH):
            written[path(None, first + at // WIDTH)] = pack(waiting[at : at + WIDTH])
        rest = waiting[len(waiting) - len(waiting) % WIDTH :]
        if rest and leaves:
            written[path(None, (self.size + len(leaves)) // WIDTH, len(rest))] = pack(rest)

        rows: list[bytes] = []
        fresh = b"".join([tree.leaf_hash(leaf) for leaf in leaves])
        level, count = 0, self.size
        while level < len(self._rows) or fresh:
            row = (self._rows[level] if level < len(self._rows) else b"") + fresh
            first = count // WIDTH
            above = []
            for at in range(0, len(row) - _FULL + 1, _FULL):
                tile = row[at : at + _FULL]
                written[path(level, first + at // _FULL)] = tile
                above.append(_reduce(tile))
            part = row[len(row) - len(row) % _FULL :]
            if part and fresh:
                written[path(level, (count + len(fresh) // HASH) // WIDTH, len(part) // HASH)] = part
            rows.append(part)
            fresh = b"".join(above)
            level, count = level + 1, count // WIDTH
        return Edge(self.size + len(leaves), rows, rest), written

    def root(self) -> bytes:
        """RFC 6962's root of the whole tree."""
        return tree.root(self.size, self._subtree)

    def _subtree(self, level: int, index: int) -> bytes:
        # The peaks of the tree lie in the incomplete tiles: that is what makes them peaks.
        row, height = divmod(level, 8)
        at = (index << height) % WIDTH * HASH
        return _reduce(self._rows[row][at : at + (HASH << height)])


class Reader:
    """The tree of one size, read from the files; checks nothing, so compare its root with a checkpoint's."""

    def __init__(self, files: Files, directory: Path, size: int) -> None:
        self._files = files
        self._directory = directory
        self.size = size
        self._cache: dict[tuple[int, int], bytes] = {}

    def subtree(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree. Raises EvidenceBroken if its tile is missing or short."""
        row, height = divmod(level, 8)
        start = index << height
        tile = self._tile(row, start // WIDTH)
        at = start % WIDTH * HASH
        return _reduce(tile[at : at + (HASH << height)])

    def root(self, size: int | None = None) -> bytes:
        """The root of this tree, or of an earlier one."""
        return tree.root(self.size if size is None else size, self.subtree)

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The leaves from `start` to before `stop` (all)."""
        stop = self.size if stop is None else stop
        while start < stop:
            index = start // WIDTH
            width = min(WIDTH, self.size - index * WIDTH)
            bundle = unpack(self._read(None, index, width))[:width]
            if len(bundle) < width:
                raise EvidenceBroken(
                    f"{path(None, index, width)} holds {len(bundle)} entries.", remedy=_REMEDY
                )
            yield from bundle[start % WIDTH : min(width, stop - index * WIDTH)]
            start = (index + 1) * WIDTH

    def edge(self) -> Edge:
        """The right edge, for appending."""
        rows = []
        level = 0
        while self.size >> (8 * level):
            count = self.size >> (8 * level)
            rows.append(self._tile(level, count // WIDTH) if count % WIDTH else b"")
            level += 1
        return Edge(self.size, rows, list(self.leaves(self.size - self.size % WIDTH)))

    def _tile(self, level: int, index: int) -> bytes:
        found = self._cache.get((level, index))
        if found is None:
            width = min(WIDTH, (self.size >> (8 * level)) - index * WIDTH)
            found = self._read(level, index, width)[: width * HASH]
            if len(found) < width * HASH:
                raise EvidenceBroken(f"{path(level, index, width)} is too short.", remedy=_REMEDY)
            self._cache[level, index] = found
        return found

    def _read(self, level: int | None, index: int, width: int) -> bytes:
        # tlog-tiles: an incomplete tile may be gone once the full one is there.
        for name in (path(level, index, width), path(level, index)):
            found = self._files.read(self._directory / name)
            if found is not None:
                return found
        raise EvidenceBroken(f"{path(level, index, width)} is missing.", remedy=_REMEDY)


def forget_partial(files: Files, directory: Path, before: int, size: int) -> None:
    """Remove the incomplete tiles that became full while the tree grew from `before` to `size`."""
    rows: list[int | None] = [None, *range(8)]
    for level in rows:
        shift = 8 * (level or 0)
        old = before >> shift
        if old % WIDTH and old // WIDTH < (size >> shift) // WIDTH:
            place = directory / (path(level, old // WIDTH) + ".p")
            for name in files.list(place):
                files.remove(place / name)
            if files.is_directory(place):
                files.remove_directory(place)


_REMEDY = "Run `duly verify` on the log directory, then let it be rebuilt from the database's rows."


def _reduce(hashes: bytes) -> bytes:
    while len(hashes) > HASH:
        hashes = tree.parents(hashes)
    return hashes
