"""Checks a whole log directory (c2sp.org/tlog-tiles): all is made again from its entries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from duly.evidence.note import Checkpoint, Key, read_vkey
from duly.evidence.proof import Chains, Refused, parents, read_leaf, sha256, tree_root
from duly.evidence.report import Report, known_heads, signed_checkpoint, trust

TILE = 256


def check_log(place: Path, *, trusted: Sequence[str] = (), known: Sequence[Path] = ()) -> Report:
    """Every check of a whole log: tiles made again from the entries, chains of all cases, the signed root."""
    report = Report(path=str(place))
    key = report.run("key", lambda: trust(_log_key(place), trusted, report))
    if key is None:
        return report
    raw = place / "checkpoint"
    head = report.run("checkpoint", lambda: _log_checkpoint(raw, key))
    if head is None:
        return report
    hashes = report.run("entries", lambda: _log_entries(place, head.size))
    if hashes is None:
        return report
    report.run("tiles", lambda: _log_tiles(place, hashes))
    report.run("root", lambda: _log_root(hashes, head))
    report.run("earlier heads", lambda: _log_known(hashes, known_heads(known, key)))
    return report


def _log_key(place: Path) -> Key:
    return read_vkey((place / "log.vkey").read_text(errors="replace"))


def _log_checkpoint(path: Path, key: Key) -> tuple[Checkpoint, str]:
    head = signed_checkpoint(path.read_bytes(), key, "checkpoint")
    return head, f"signed, {head.size} entries"


def _tile(place: Path, row: str, index: int, count: int) -> bytes:
    number = f"{index % 1000:03d}"
    above = index
    while above >= 1000:
        above //= 1000
        number = f"x{above % 1000:03d}/{number}"
    names = [f"tile/{row}/{number}"]
    if (width := count - index * TILE) < TILE:
        names.insert(0, f"{names[0]}.p/{width}")
    for name in names:
        if (place / name).is_file():
            return (place / name).read_bytes()
    raise Refused(f"{names[0]} is missing")


def _log_entries(place: Path, size: int) -> tuple[bytes, str]:
    chains = Chains()
    hashes = []
    make = sha256
    for start in range(0, size, TILE):
        bundle = _tile(place, "entries", start // TILE, size)
        at = 0
        for index in range(start, min(start + TILE, size)):
            stop = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
            raw = bundle[at + 2 : stop]
            if stop > len(bundle) or not raw:
                raise Refused(f"the bundle of entry {index} is cut off")
            hashed = make(b"\0" + raw).digest()
            chains.follow(read_leaf(raw, f"entry {index}"), hashed, f"entry {index}")
            hashes.append(hashed)
            at = stop
    return b"".join(hashes), f"{size} well formed, {len(chains.heads)} cases without a gap"


def _log_tiles(place: Path, hashes: bytes) -> tuple[bool, str]:
    level, tiles = 0, 0
    while hashes:
        count = len(hashes) // 32
        for index in range((count + TILE - 1) // TILE):
            part = hashes[index * TILE * 32 : (index + 1) * TILE * 32]
            if _tile(place, str(level), index, count)[: len(part)] != part:
                raise Refused(f"tile {index} of level {level} is not what its entries give")
            tiles += 1
        hashes = hashes[: count // TILE * TILE * 32]
        for _ in range(8):
            hashes = parents(hashes)
        level += 1
    return True, f"{tiles} tiles are what the entries give"


def _log_root(hashes: bytes, head: Checkpoint) -> tuple[bool, str]:
    if tree_root(hashes) != head.root:
        raise Refused("the entries do not give the signed root")
    return True, "the entries give the signed root"


def _log_known(hashes: bytes, known: Sequence[tuple[str, Checkpoint]]) -> tuple[bool, str]:
    for name, seen in known:
        if seen.size * 32 > len(hashes):
            raise Refused(f"{name} had {seen.size} entries already: this log was cut off, or is an old copy")
        if tree_root(hashes[: seen.size * 32]) != seen.root:
            raise Refused(f"{name} shows another tree of {seen.size} entries: the log was rewritten")
    return True, f"{len(known)} of yours, all continued by this tree" if known else "none given"
