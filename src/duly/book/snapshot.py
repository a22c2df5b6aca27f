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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from duly.book import columns, incomings
from duly.book.columns import Book
from duly.errors import DulyError
from duly.model.account import BUCKETS

MANIFEST = "manifest.json"

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
    """What a snapshot holds. `as_of_event` is the last event that is already in it.

    `reading` stands for how the lender's files were read (`run.again.reading`), None where none were.
    """

    folder: Path
    digest: str
    as_of: date
    as_of_event: int
    feeds: tuple[Feed, ...]
    parts: tuple[Part, ...]
    reading: str | None = None

    def ranges(self) -> list[range]:
        """The ranges of buckets that files hold, in order: a natural unit of work."""
        return [range(part.first, part.last + 1) for part in self.parts if part.frame == "accounts"]

    def came_from(self, feeds: Sequence[Feed], reading: str | None) -> bool:
        """Whether it was made from exactly these files, read like that: loading them again would change nothing."""
        return tuple(feeds) == self.feeds and reading == self.reading


def write(book: Book, root: Path, *, as_of: date, as_of_event: int, feeds: Sequence[Feed] = ()) -> Manifest:
    """Write `book` below `root` and answer its manifest; an equal snapshot already there is left as it is.

    Raises ValueError for a book that is not shaped as `columns` says, and OSError when the disk refuses.
    """
    columns.validate(book)
    return _publish(
        lambda incoming: _write_parts(columns.arrange(book), incoming),
        root,
        as_of=as_of,
        as_of_event=as_of_event,
        feeds=feeds,
    )


def write_in_ranges(
    book_of: Callable[[range], Book],
    accounts: int,
    root: Path,
    *,
    as_of: date,
    as_of_event: int,
    feeds: Sequence[Feed] = (),
    reading: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """As `write`, with one range of buckets in memory at a time: `book_of` answers its persons, arranged.

    `accounts` is how many rows the accounts of the whole book have. `progress` is told how many ranges of how many
    are written.
    """

    def parts(incoming: Path) -> Iterator[Part]:
        spans = _spans(accounts)
        for done, (first, last) in enumerate(spans, start=1):
            book = book_of(range(first, last + 1))
            columns.validate(book)
            for name, rows in book.frames().items():
                yield _write_part(rows, incoming, name, first, last)
            if progress is not None:
                progress(done, len(spans))

    return _publish(parts, root, as_of=as_of, as_of_event=as_of_event, feeds=feeds, reading=reading)


def rewrite(manifest: Manifest, change: Callable[[Book], Book], root: Path, *, as_of_event: int) -> Manifest:
    """The snapshot below `root` that `change` makes of this one, in the same ranges, one of them in memory at a time.

    `change` is given the persons of a range and answers them arranged; the files of a range that it answers as it
    was given are taken over as they are. Raises BookDamaged and OSError.
    """
    return _publish(
        lambda incoming: _rewritten(manifest, change, incoming),
        root,
        as_of=manifest.as_of,
        as_of_event=as_of_event,
        feeds=manifest.feeds,
        reading=manifest.reading,
    )


def _publish(
    write_into: Callable[[Path], Iterable[Part]],
    root: Path,
    *,
    as_of: date,
    as_of_event: int,
    feeds: Sequence[Feed],
    reading: str | None = None,
) -> Manifest:
    root.mkdir(parents=True, exist_ok=True)
    with incomings.begun(root) as incoming:
        parts = tuple(write_into(incoming))
        body = _encode(as_of=as_of, as_of_event=as_of_event, feeds=tuple(feeds), parts=parts, reading=reading)
        digest = hashlib.sha256(body).hexdigest()
        _write_bytes(incoming / MANIFEST, body)
        _sync_folder(incoming)
        if not (root / digest).exists():
            incoming.rename(root / digest)
            _sync_folder(root)
    return load(root / digest)


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


def persons(manifest: Manifest, buckets: range) -> list[str]:
    """Who stands in these buckets, sorted; only the files of their accounts are looked at."""
    found = [
        _read_part(manifest.folder, part, verify=True).select("person", "bucket")
        for part in manifest.parts
        if part.frame == "accounts" and part.first < buckets.stop and buckets.start <= part.last
    ]
    inside = pl.col("bucket").is_between(buckets.start, buckets.stop - 1)
    names = pl.concat(found).filter(inside)["person"] if found else pl.Series([], dtype=pl.String)
    return names.unique().sort().to_list()


def _spans(accounts: int) -> list[tuple[int, int]]:
    """Equal ranges of buckets, a power of two of them, the fewer the smaller the book."""
    count = 1
    while count < BUCKETS and accounts > count * ACCOUNTS_PER_RANGE:
        count *= 2
    width = BUCKETS // count
    return [(first, first + width - 1) for first in range(0, BUCKETS, width)]


def _write_parts(book: Book, folder: Path) -> Iterator[Part]:
    spans = _spans(book.accounts.height)
    owners = book.accounts.select("person", "bucket").unique("person")
    frames = book.frames()
    for first, last in spans:
        here = pl.col("bucket").is_between(first, last)
        persons = owners.filter(here).select("person")
        for name, frame in frames.items():
            rows = _of(frame, persons) if len(spans) > 1 else frame
            yield _write_part(rows, folder, name, first, last)


def _write_part(rows: pl.DataFrame, folder: Path, frame: str, first: int, last: int) -> Part:
    file = f"{frame}-{first:04}-{last:04}.parquet"
    rows.write_parquet(
        folder / file,
        compression="zstd",
        compression_level=3,
        statistics=True,
        row_group_size=_ROW_GROUP,
    )
    _sync_file(folder / file)
    digest = _sha256(folder / file)
    return Part(frame=frame, first=first, last=last, file=file, rows=rows.height, sha256=digest)


def _rewritten(manifest: Manifest, change: Callable[[Book], Book], folder: Path) -> Iterator[Part]:
    for span in manifest.ranges():
        held = read(manifest, span)
        made = change(held)
        if made is held:
            yield from (
                _taken_over(manifest, part, folder) for part in manifest.parts if part.first == span.start
            )
            continue
        columns.validate(made)
        for name, rows in made.frames().items():
            yield _write_part(rows, folder, name, span.start, span.stop - 1)


def _taken_over(manifest: Manifest, part: Part, folder: Path) -> Part:
    """A file never changes, so that two snapshots may share it."""
    try:
        os.link(manifest.folder / part.file, folder / part.file)
    except OSError:  # a file system without links, or another one
        shutil.copyfile(manifest.folder / part.file, folder / part.file)
        _sync_file(folder / part.file)
    return part


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


def _encode(
    *,
    as_of: date,
    as_of_event: int,
    feeds: tuple[Feed, ...],
    parts: tuple[Part, ...],
    reading: str | None,
) -> bytes:
    content = {
        "schema_version": columns.SCHEMA_VERSION,
        "as_of": as_of.isoformat(),
        "as_of_event": as_of_event,
        "feeds": [
            asdict(feed) | {"watermark": feed.watermark.isoformat() if feed.watermark else None}
            for feed in feeds
        ],
        "parts": [asdict(part) for part in parts],
        "reading": reading,
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
        reading=content.get("reading"),
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
