"""The disk, with every step that a power cut can undo as its own verb.

POSIX promises little: a written file may be lost or torn until it is synced, and a new name until its
directory is. Whoever promises durability here spells these steps out; tests hand in a disk that forgets what
was not synced.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from duly.errors import DulyError

PUBLIC, PRIVATE = 0o644, 0o600


Lock = contextlib.AbstractContextManager[None]


class Busy(Exception):
    """Another process holds the lock."""


class DiskRefused(DulyError):
    """The disk is full, read-only, or failing. What was promised before stands; what was asked now was not
    done.
    """


@contextlib.contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turns an OSError into DiskRefused that says what was being done."""
    try:
        yield
    except OSError as error:
        raise DiskRefused(
            f"{what} failed: {error.strerror or error}.",
            remedy="See that the disk has room, is writable by this user and healthy; then start again.",
        ) from error


class Files:
    """The real disk."""

    def read(self, path: Path) -> bytes | None:
        """The content, or None if there is no such file."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        """Changes whenever the file does: inode, size, time of change. None if there is no such file."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def mode(self, path: Path) -> int:
        """The permission bits of a file that exists."""
        return path.stat().st_mode & 0o777

    def list(self, directory: Path) -> list[str]:
        """The names in a directory, sorted; none if it does not exist."""
        try:
            return sorted(path.name for path in directory.iterdir())
        except FileNotFoundError:
            return []

    def write(self, path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
        """Create or overwrite a file. Not durable until `sync`."""
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, mode)  # an older file, or a strange umask, must not leave a key readable
            file.write(data)

    def sync(self, path: Path) -> None:
        """Make a file's content durable."""
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, replacing what had it. Not durable until `sync_directory`.

        The new file's time of change becomes later than the replaced one's: inode numbers are used again and
        clocks tick coarsely, but a `stamp` of one path must never come twice.
        """
        with contextlib.suppress(FileNotFoundError):
            replaced, fresh = new.stat().st_mtime_ns, old.stat().st_mtime_ns
            if fresh <= replaced:
                os.utime(old, ns=(replaced + 1, replaced + 1))
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Remove a file. Not durable until `sync_directory`."""
        path.unlink(missing_ok=True)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()

    def is_directory(self, path: Path) -> bool:
        """Whether a directory is there."""
        return path.is_dir()

    def make_directory(self, path: Path, *, private: bool = False) -> None:
        """Create one directory. Not durable until `sync_directory` of its parent."""
        path.mkdir(mode=0o700 if private else 0o755, exist_ok=True)

    def sync_directory(self, path: Path) -> None:
        """Make the names in a directory durable."""
        self.sync(path)

    @contextlib.contextmanager
    def lock(self, path: Path, *, wait: bool) -> Iterator[None]:
        """Hold a lock file against other processes; raises Busy instead of waiting unless `wait`."""
        number = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise Busy(str(path)) from error
            yield
        finally:
            os.close(number)


def make_directories(files: Files, path: Path, *, private: bool = False) -> None:
    """Create a directory and its missing parents, durably."""
    missing = []
    while not files.is_directory(path):
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        files.make_directory(directory, private=private)
        files.sync_directory(directory.parent)


def replace(files: Files, path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
    """Write a file so that after a power cut it is either as before or wholly new; durable on return."""
    replace_all(files, {path: data}, mode=mode)


def replace_all(files: Files, contents: Mapping[Path, bytes], *, mode: int = PUBLIC) -> None:
    """`replace` for several files, each whole or absent, in no order among them; durable on return."""
    temporary = {path: path.with_name(f".{path.name}.new") for path in contents}
    for path, data in contents.items():
        make_directories(files, path.parent)
        files.write(temporary[path], data, mode=mode)
        files.sync(temporary[path])
    for path, other in temporary.items():
        files.rename(other, path)
    for directory in sorted({path.parent for path in contents}):
        files.sync_directory(directory)
