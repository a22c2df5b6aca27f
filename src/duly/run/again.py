"""Whether the lender's files are the ones that the book in force was made of, told without reading a row of them.

Files are hashed, the control file is read. Where it cannot be told so (rows were left out, a database is asked, the
control file says something new) the answer is no, and the files are read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import cast

import polars as pl

from duly.book import columns, control, source
from duly.book.mapping import FeedMapping, Mapping
from duly.book.snapshot import BookDamaged, Feed, Manifest


def reading(mapping: Mapping) -> str:
    """A digest of all that decides what a file becomes: under another one the same files may give another book."""
    feeds = {name: asdict(feed) for name, feed in mapping.feeds.items()}
    said = [columns.SCHEMA_VERSION, mapping.calling_code, mapping.control, feeds]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def repeats(root: Path, mapping: Mapping, manifest: Manifest) -> bool:
    """Whether the files below `root`, read by `mapping`, are surely those that `manifest` came from."""
    if reading(mapping) != manifest.reading or any(feed.quarantined for feed in manifest.feeds):
        return False
    if any(feed.format == source.QUERY for feed in mapping.feeds.values()):
        return False
    marks = _marks(root, mapping)
    return marks is not None and all(
        _promised(feed, marks.get(feed.name)) and _stands(root, mapping.feeds[feed.name], feed)
        for feed in manifest.feeds
    )


def counts(manifest: Manifest) -> tuple[int, int]:
    """How many accounts and how many persons the snapshot has. Raises BookDamaged."""
    files = [manifest.folder / part.file for part in manifest.parts if part.frame == "accounts"]
    try:
        found = pl.scan_parquet(files).select(pl.col("account", "person").n_unique()).collect()
    except (OSError, pl.exceptions.ComputeError) as broken:
        raise BookDamaged(
            f"the accounts of snapshot {manifest.folder.name} cannot be read",
            remedy="Restore them from a backup or load the book again.",
        ) from broken
    accounts, persons = found.row(0)
    return accounts, persons


def _plain(value: object) -> object:
    """An enum or a set, as JSON has it and always in one order."""
    return value.value if isinstance(value, Enum) else sorted(cast("frozenset[str]", value))


def _marks(root: Path, mapping: Mapping) -> dict[str, control.Mark] | None:
    """What the control file promises; None where it cannot be had for certain."""
    if mapping.control is None:
        return {}
    if source.is_query(mapping.control):
        return None
    try:
        content = (root / mapping.control).read_bytes()
    except OSError:
        return None
    marks, problems = control.read(content, mapping.control, mapping)
    return None if problems else marks


def _promised(feed: Feed, mark: control.Mark | None) -> bool:
    """Whether the control file says of the feed what it said then."""
    if mark is None:
        return feed.watermark is None
    return (
        mark.watermark == feed.watermark
        and mark.rows in (None, feed.rows)
        and (None in (mark.total, feed.control_total_minor) or mark.total == feed.control_total_minor)
    )


def _stands(root: Path, feed: FeedMapping, known: Feed) -> bool:
    """Whether exactly these files, with this content, are there."""
    files = sorted(path for path in root.glob(feed.files) if path.is_file())
    if [path.relative_to(root).as_posix() for path in files] != [name for name, _ in known.files]:
        return False
    try:
        for path, (_, digest) in zip(files, known.files, strict=True):
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                    return False
    except OSError:
        return False
    return True
