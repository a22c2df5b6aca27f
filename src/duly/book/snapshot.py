"""The book on disk: immutable Parquet files by person bucket, and a manifest that says what is in them.

A snapshot is a folder named by the SHA-256 of its `manifest.json`. Each file holds one frame of a contiguous
range of buckets, so a range can be read without the others, and another layout never moves a person to
another bucket. The same book gives the same bytes, hence the same name: writing it again changes nothing.
The folder appears whole, by one rename after everything in it has reached the disk, or not at all.
Refuses to change or delete a snapshot, and to read a file whose hash is not the manifest's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from duly.book import columns
from duly.book.columns import Book
from duly.errors import DulyError
from duly.model.account import BUCKETS

MANIFEST = "manifest.json"
_INCOMING = ".incoming-"

# A file of about this many accounts decodes in a fraction of a second and is one task of a cluster.
ACCOUNTS_PER_RANGE = 62_500
_ROW_GROUP = 1 << 18


class BookDamaged(DulyError):
    """A snapshot on disk is not what its manifest says."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Where one kind of row came from. `control_total_minor` and `watermark` are the lender's, if given."""

    name: str
    files: tuple[tuple[str, str], ...]  # file name, SHA-256 in hex
    rows: int
    quarantined: int
    control_total_minor: int | None = None
    watermark: date | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file: the rows of one frame for the buckets `first` to `last`, both included."""

    frame: str
    first: int
    last: int
    file: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a snapshot holds. `as_of_event` is the last event that is already in it."""

    folder: Path
    digest: str
    as_of: date
    as_of_event: int
    feeds: tuple[Feed, ...]
    parts: tuple[Part, ...]

    def ranges(self) -> list[range]:
        """The ranges of buckets that files hold, in order: a natural unit of work."""
        return [range(part.first, part.last + 1) for part in self.parts if part.frame == "accounts"]

    def came_from(self, feeds: Sequence[Feed]) -> bool:
        """Whether it was made from exactly these files, so that loading them again would change nothing."""
        return tuple(feeds) == self.feeds


def write(book: Book, root: Path, *, as_of: date, as_of_event: int, feeds: Sequence[Feed] = ()) -> Manifest:
    """Write `book` below `root` and answer its manifest; an equal snapshot already there is left as it is.

    Raises ValueError for a book that is not shaped as `columns` says, and OSError when the disk refuses.
    """
    columns.validate(book)
    root.mkdir(parents=True, exist_ok=True)
    incoming = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=root))
    try:
        parts = tuple(_write_parts(columns.arrange(book), incoming))
        body = _encode(as_of=as_of, as_of_event=as_of_event, feeds=tuple(feeds), parts=parts)
        digest = hashlib.sha256(body).hexdigest()
        _write_bytes(incoming / MANIFEST, body)
        _sync_folder(incoming)
        if not (root / digest).exists():
            incoming.rename(root / digest)
            _sync_folder(root)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return load(root / digest)


def sweep(root: Path) -> int:
    """Remove what interrupted writes left below `root`; how many. Only while nobody else writes there."""
    left = sorted(root.glob(f"{_INCOMING}*"))
    for folder in left:
        shutil.rmtree(folder)
    return len(left)


def load(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises BookDamaged where it is absent, altered or of another version."""
    try:
        body = (folder / MANIFEST).read_bytes()
    except OSError as gone:
        raise BookDamaged(
            f"the snapshot {folder.name} has no readable manifest",
            remedy="Restore it or load the book again.",
        ) from gone
    digest = hashlib.sha256(body).hexdigest()
    if digest != folder.name:
        raise BookDamaged(
            f"the manifest of snapshot {folder.name} was changed after it was written",
            remedy="Restore it from a backup or load the book again.",
        )
    return _decode(json.loads(body), folder, digest)


def read(manifest: Manifest, buckets: range | None = None, *, verify: bool = True) -> Book:
    """The persons of `buckets` (all when None), verifying each file against its hash unless told otherwise.

    Raises BookDamaged for a file that is missing or altered.
    """
    wanted = range(BUCKETS) if buckets is None else buckets
    frames: dict[str, list[pl.DataFrame]] = {name: [] for name in columns.FRAMES}
    for span in manifest.ranges():
        if span.start >= wanted.stop or wanted.start >= span.stop:
            continue
        held = {
            part.frame: _read_part(manifest.folder, part, verify=verify)
            for part in manifest.parts
            if part.first == span.start
        }
        whole = wanted.start <= span.start and span.stop <= wanted.stop
        for name, frame in (held if whole else _narrowed(held, wanted)).items():
            frames[name].append(frame)
    empty = columns.empty().frames()
    return Book(**{name: pl.concat([empty[name], *found]) for name, found in frames.items()})


def _spans(accounts: pl.DataFrame) -> list[tuple[int, int]]:
    """Equal ranges of buckets, a power of two of them, the fewer the smaller the book."""
    count = 1
    while count < BUCKETS and accounts.height > count * ACCOUNTS_PER_RANGE:
        count *= 2
    width = BUCKETS // count
    return [(first, first + width - 1) for first in range(0, BUCKETS, width)]


def _write_parts(book: Book, folder: Path) -> Iterator[Part]:
    spans = _spans(book.accounts)
    owners = book.accounts.select("person", "bucket").unique("person")
    frames = book.frames()
    for first, last in spans:
        here = pl.col("bucket").is_between(first, last)
        persons = owners.filter(here).select("person")
        for name, frame in frames.items():
            rows = _of(frame, persons) if len(spans) > 1 else frame
            file = f"{name}-{first:04}-{last:04}.parquet"
            rows.write_parquet(
                folder / file,
                compression="zstd",
                compression_level=3,
                statistics=True,
                row_group_size=_ROW_GROUP,
            )
            _sync_file(folder / file)
            digest = _sha256(folder / file)
            yield Part(frame=name, first=first, last=last, file=file, rows=rows.height, sha256=digest)


def _of(frame: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    return frame.join(persons, on="person", how="semi", maintain_order="left")


def _read_part(folder: Path, part: Part, *, verify: bool) -> pl.DataFrame:
    remedy = "Restore it from a backup or load the book again."
    try:
        if verify and _sha256(folder / part.file) != part.sha256:
            raise BookDamaged(f"{part.file} of snapshot {folder.name} was changed", remedy=remedy)
        return pl.read_parquet(folder / part.file)
    except (OSError, pl.exceptions.ComputeError) as broken:
        raise BookDamaged(f"{part.file} of snapshot {folder.name} cannot be read", remedy=remedy) from broken


def _narrowed(held: dict[str, pl.DataFrame], wanted: range) -> dict[str, pl.DataFrame]:
    """Only the persons of the buckets asked for."""
    inside = pl.col("bucket").is_between(wanted.start, wanted.stop - 1)
    persons = held["accounts"].filter(inside).select("person")
    return {name: _of(frame, persons) for name, frame in held.items()}


def _encode(*, as_of: date, as_of_event: int, feeds: tuple[Feed, ...], parts: tuple[Part, ...]) -> bytes:
    content = {
        "schema_version": columns.SCHEMA_VERSION,
        "as_of": as_of.isoformat(),
        "as_of_event": as_of_event,
        "feeds": [
            asdict(feed) | {"watermark": feed.watermark.isoformat() if feed.watermark else None}
            for feed in feeds
        ],
        "parts": [asdict(part) for part in parts],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _decode(content: dict[str, Any], folder: Path, digest: str) -> Manifest:
    version = content["schema_version"]
    if version != columns.SCHEMA_VERSION:
        raise BookDamaged(
            f"snapshot {folder.name} has schema {version}; this version reads {columns.SCHEMA_VERSION}",
            remedy="Load the book again with this version.",
        )
    return Manifest(
        folder=folder,
        digest=digest,
        as_of=date.fromisoformat(content["as_of"]),
        as_of_event=content["as_of_event"],
        feeds=tuple(_feed(feed) for feed in content["feeds"]),
        parts=tuple(Part(**part) for part in content["parts"]),
    )


def _feed(content: dict[str, Any]) -> Feed:
    watermark = content["watermark"]
    changed = {
        "files": tuple((name, digest) for name, digest in content["files"]),
        "watermark": date.fromisoformat(watermark) if watermark else None,
    }
    return Feed(**(content | changed))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_bytes(file: Path, body: bytes) -> None:
    file.write_bytes(body)
    _sync_file(file)


def _sync_file(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
