"""The signed Merkle log on disk: one writer, a head, and an order of writing that no kill can break.

The truth is the rows in the database; the files can be made again from them. The cycle of the one sequencer:

    log.recover(head, rows)   once, at the start
    log.claim()               stage: the same tree under the next epoch
    log.append(leaves)        stage: tiles written and synced, nothing signed
    (the database)            commit: the head by compare-and-set, in the transaction that gives rows their places
    log.publish()             publish: head file, then signature

What is signed is always covered by the head file, and the head file by the database. A database found behind
the files is therefore an old one, put back from a backup: `recover` answers RECOVERING and nothing may leave.
Two trees that disagree are EvidenceBroken. An epoch is one sequencer's term: one that slept through its
successor's term fails at the database's compare-and-set, and what it staged is overwritten, never believed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from duly.errors import DulyError, EvidenceBroken
from duly.evidence import checkpoint, files, note, proof, tiles, tree

CHUNK = 4096  # leaves read from the database at a time while rebuilding

Rows = Callable[[int, int], Sequence[bytes]]
"""The leaves with tree index from the first up to before the second, in order, from the database."""


class LogBusy(DulyError):
    """Another sequencer is writing this log."""


class Head(NamedTuple):
    """What the log is: how many leaves, their root, and the term of the sequencer that said so."""

    size: int
    root: bytes
    epoch: int


EMPTY = Head(0, tree.EMPTY_ROOT, 0)


class Standing(Enum):
    """What `recover` found."""

    EQUAL = "equal"
    REBUILT = "rebuilt"  # the files were behind or damaged, and were made again from the rows
    RECOVERING = "recovering"  # the database is older than the files: nothing may leave


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """The standing, and both heads as they were found."""

    standing: Standing
    files: Head
    database: Head


class Log:
    """One log directory. `recover` first; until then, and after anything went wrong, it refuses to write."""

    def __init__(
        self, directory: Path, *, signer: checkpoint.Signer, disk: files.Files | None = None
    ) -> None:
        self._directory = directory
        self._signer = signer
        self._disk = disk if disk is not None else files.Files()
        self._lock = contextlib.ExitStack()
        self._published: tuple[Head, tiles.Edge] | None = None
        self._staged: tuple[Head, tiles.Edge] | None = None

    @property
    def head(self) -> Head:
        """The published head. Raises EvidenceBroken before `recover` or after a failure."""
        return self._ready()[0]

    def recover(self, database: Head, rows: Rows) -> Recovery:
        """Compare the database's head with the files', make the files follow the database, and take the lock.

        Raises LogBusy when another process holds the log, EvidenceBroken when the two trees disagree. After
        RECOVERING the log stays closed for writing; `read(directory)` gives the leaves the database lost.
        """
        self.close()
        with files.refusals("Opening the evidence log"):
            return self._recover(database, rows)

    def _recover(self, database: Head, rows: Rows) -> Recovery:
        files.make_directories(self._disk, self._directory)
        try:
            self._lock.enter_context(self._disk.lock(self._directory / "lock", wait=False))
        except files.Busy as error:
            raise LogBusy(
                "Another process is writing the evidence log.",
                remedy="Only one sequencer may run; stop the other one, or wait until it has ended.",
            ) from error
        signed = self._signed()
        found = _promise(self._disk, self._directory, signed)
        if database.size < found.size or database.epoch < found.epoch:
            self._refuse_fork(found, database)
            return Recovery(standing=Standing.RECOVERING, files=found, database=database)
        edge = self._sound_edge(found)
        if database.size == found.size and database.root != found.root:
            raise _fork(found, database)
        rebuilt = edge is None or database.size > found.size
        if edge is None or rebuilt:
            edge = self._rebuild(edge or tiles.Edge(), found, database, rows)
        if signed is not None:
            # c2sp.org/tlog-checkpoint: a log must not sign what is inconsistent with what it signed before.
            whole = tiles.Reader(self._disk, self._directory, database.size)
            if whole.root(signed.size) != signed.root:
                raise _fork(Head(signed.size, signed.root, found.epoch), database)
        files.replace(self._disk, self._directory / "log.vkey", self._signer.key.vkey.encode())
        self._published, self._staged = (found, edge), (database, edge)
        self.publish()
        standing = Standing.REBUILT if rebuilt else Standing.EQUAL
        return Recovery(standing=standing, files=found, database=database)

    def claim(self) -> Head:
        """Stage the next epoch over the same tree: commit it in the database, then `publish`."""
        head, edge = self._staged or self._ready()
        self._staged = (head._replace(epoch=head.epoch + 1), edge)
        return self._staged[0]

    def append(self, leaves: Sequence[bytes]) -> Head:
        """Write the leaves' tiles durably and return the head to commit; the first leaf's index is the old
        size.

        Nothing is signed or promised until `publish`; `abandon` when the database refused the head.
        """
        head, edge = self._staged or self._ready()
        grown, written = edge.append(leaves)
        with files.refusals("Writing the evidence log"):
            files.replace_all(self._disk, {self._directory / name: data for name, data in written.items()})
        self._staged = (Head(grown.size, grown.root(), head.epoch), grown)
        return self._staged[0]

    def publish(self) -> bytes:
        """Make the staged head known: head file first, then the signed checkpoint, which is returned."""
        before, _ = self._ready()
        head, edge = self._staged or self._ready()
        self._published = None  # stays so if anything below fails
        signed = checkpoint.sign(self._signer, size=head.size, root=head.root)
        with files.refusals("Publishing the evidence log's head"):
            files.replace(self._disk, self._directory / "head", _write_head(head))
            files.replace(self._disk, self._directory / "checkpoint", signed)
            tiles.forget_partial(self._disk, self._directory, before.size, head.size)
        self._published, self._staged = (head, edge), None
        return signed

    def abandon(self) -> None:
        """Forget what was staged: the database did not take the head. `recover` before writing again."""
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        self._published = self._staged = None
        self._lock.close()

    def _ready(self) -> tuple[Head, tiles.Edge]:
        if self._published is None:
            raise EvidenceBroken(
                "The evidence log is not open for writing.",
                remedy="Recover it first; after a failed write it must be recovered again.",
            )
        return self._published

    def _signed(self) -> note.Checkpoint | None:
        note = self._disk.read(self._directory / "checkpoint")
        return None if note is None else checkpoint.read(note, self._signer.key)

    def _refuse_fork(self, found: Head, database: Head) -> None:
        if database.size > found.size:
            raise _fork(found, database)
        whole = tiles.Reader(self._disk, self._directory, found.size)
        if whole.root() != found.root or whole.root(database.size) != database.root:
            raise _fork(found, database)

    def _sound_edge(self, head: Head) -> tiles.Edge | None:
        """The right edge from the files, or None if they do not give the head's root."""
        try:
            edge = tiles.Reader(self._disk, self._directory, head.size).edge()
        except EvidenceBroken:
            return None
        return edge if edge.root() == head.root else None

    def _rebuild(self, edge: tiles.Edge, found: Head, database: Head, rows: Rows) -> tiles.Edge:
        while edge.size < database.size:
            limit = found.size if edge.size < found.size else database.size
            leaves = rows(edge.size, min(edge.size + CHUNK, limit))
            if not leaves:
                raise EvidenceBroken(
                    f"The database has no row for entry {edge.size} of {database.size}.",
                    remedy="Restore the database from its newest backup; the log's rows are not complete.",
                )
            edge, written = edge.append(leaves)
            if edge.size == found.size and edge.root() != found.root:
                raise _fork(found, database)
            if edge.size == database.size and edge.root() != database.root:
                raise _fork(found, database)
            contents = {self._directory / name: data for name, data in written.items()}
            files.replace_all(self._disk, contents)
        return edge


def promised(directory: Path, *, key: note.Key, disk: files.Files | None = None) -> Head:
    """What the files of a log promise, read without its lock: what was signed, and what was about to be.

    A database that knows less was put back from a backup. Raises EvidenceBroken when they cannot be read.
    """
    disk = disk if disk is not None else files.Files()
    raw = disk.read(directory / "checkpoint")
    return _promise(disk, directory, None if raw is None else checkpoint.read(raw, key))


class Published(NamedTuple):
    """The signed checkpoint as it stands in its file, and the tree that it signs."""

    note: bytes
    whole: tiles.Reader


def published(directory: Path, *, key: note.Key, disk: files.Files | None = None) -> Published:
    """The published tree with its checkpoint, read together; needs no lock, whatever the sequencer does.

    Raises EvidenceBroken when there is no checkpoint that `key` signed, or the tiles do not give its root.
    """
    disk = disk if disk is not None else files.Files()
    raw = disk.read(directory / "checkpoint")
    if raw is None:
        raise EvidenceBroken(f"{directory} holds no checkpoint.", remedy="Start the sequencer once.")
    signed = checkpoint.read(raw, key)
    whole = tiles.Reader(disk, directory, signed.size)
    if whole.root() != signed.root:
        raise EvidenceBroken("The log's tiles do not give the signed root.", remedy=checkpoint.REMEDY)
    return Published(raw, whole)


def read(directory: Path, *, key: note.Key, disk: files.Files | None = None) -> tiles.Reader:
    """The published tree, as `published`, for whoever needs no checkpoint."""
    return published(directory, key=key, disk=disk).whole


def _promise(disk: files.Files, directory: Path, signed: note.Checkpoint | None) -> Head:
    """The head file, or a checkpoint that is ahead of it."""
    raw = disk.read(directory / "head")
    head = EMPTY if raw is None else _read_head(raw)
    if signed is None:
        return head
    if signed.size > head.size:
        # Never written in this order: the head file was put back or removed. The signature counts.
        return Head(signed.size, signed.root, head.epoch)
    if signed.size == head.size and signed.root != head.root:
        raise EvidenceBroken(
            "The log's head file and its signed checkpoint disagree.", remedy=checkpoint.REMEDY
        )
    return head


def _write_head(head: Head) -> bytes:
    return proof.canonical({"epoch": head.epoch, "root": head.root.hex(), "size": head.size}) + b"\n"


def _read_head(raw: bytes) -> Head:
    try:
        found = proof.read_json(raw.rstrip(b"\n"), "the head file")
        return Head(int(found["size"]), bytes.fromhex(found["root"]), int(found["epoch"]))
    except (proof.Refused, KeyError, TypeError, ValueError) as error:
        raise EvidenceBroken(
            "The log's head file cannot be read.", remedy="Restore it from a backup of the log."
        ) from error


def _fork(found: Head, database: Head) -> EvidenceBroken:
    return EvidenceBroken(
        f"The log's files ({found.size} entries, root {found.root.hex()[:16]}) and the database "
        f"({database.size} entries, root {database.root.hex()[:16]}) are not the same log.",
        remedy="Stop everything and keep both as they are: one of them was changed or belongs elsewhere. "
        "Compare them with `duly verify`, and restore the one that is wrong from its backup.",
    )
