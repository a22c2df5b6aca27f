"""Folders in which snapshots are being written, each its writer's own for as long as that process lives.

What a writer that was killed left behind is removed by the next one; the kernel tells who still writes.
Refuses to touch a folder whose writer lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = ".incoming-"


@contextlib.contextmanager
def begun(root: Path) -> Iterator[Path]:
    """A folder to write into, ours as long as this process lives; what killed writers left is removed first."""
    with _held(root):
        _sweep(root)
        incoming = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        writing = os.open(incoming, os.O_RDONLY)
        fcntl.flock(writing, fcntl.LOCK_EX)
    try:
        yield incoming
    finally:
        os.close(writing)
        shutil.rmtree(incoming, ignore_errors=True)


def sweep(root: Path) -> int:
    """Remove what writers that were killed left below `root`; how many folders. Who still writes is left alone."""
    with _held(root):
        return _sweep(root)


def _sweep(root: Path) -> int:
    left = 0
    for folder in sorted(root.glob(f"{_PREFIX}*")):
        with contextlib.suppress(BlockingIOError), _held(folder, wait=False):
            shutil.rmtree(folder)
            left += 1
    return left


@contextlib.contextmanager
def _held(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder against other processes; the kernel lets go of it when its holder dies."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)
