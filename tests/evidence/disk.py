"""A disk that forgets: whatever was not synced may be lost, torn or kept, each on its own, when the power
goes.

It models what POSIX leaves open: content is durable after `sync` of the file, a name after `sync_directory`
of its directory. Power goes before the operation numbered `cut`, counting from 0.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from duly.evidence.files import PUBLIC, Files

ROOT = Path("/disk")


class PowerCut(BaseException):
    """The power went. Nothing may catch it."""


@dataclass
class _File:
    content: bytes
    durable: bytes | None = None
    mode: int = PUBLIC


class Disk(Files):
    """`Files` in memory. A directory's name is durable with its parent, a file's with its directory."""

    def __init__(self, cut: int | None = None) -> None:
        self.cut = cut
        self.operations = 0
        self._ticks = 0
        self._stamps: dict[Path, int] = {}
        self._now: dict[Path, _File | None] = {ROOT: None}  # None is a directory
        self._synced: dict[Path, _File | None] = {ROOT: None}
        self._locked: set[Path] = set()

    def crash(self, seed: int, *, power: bool) -> Disk:
        """The disk after the process died; with `power`, what was not synced survives by chance."""
        chance = random.Random(seed)
        after = Disk()
        names = self._now.keys() | self._synced.keys()
        for path in sorted(names):
            if path.parent not in after._now and path != ROOT:
                continue  # its directory was lost
            if not power or path == ROOT:
                versions = [self._now] if path in self._now else []
            else:
                versions = [self._now if chance.random() < 0.5 else self._synced]
            for version in versions:
                if path in version:
                    found = version[path]
                    kept = None if found is None else self._kept(found, chance if power else None)
                    after._now[path] = kept
                    after._synced[path] = kept
                    after._touch(path)
        return after

    def _kept(self, file: _File, chance: random.Random | None) -> _File:
        content = file.content
        if chance is not None and file.durable != content:
            content = chance.choice(
                [file.durable or b"", content, content[: chance.randrange(len(content) + 1)]]
            )
        return _File(content, content, file.mode)

    def _step(self) -> None:
        if self.operations == self.cut:
            raise PowerCut
        self.operations += 1

    def _touch(self, path: Path) -> None:
        self._ticks += 1
        self._stamps[path] = self._ticks

    def _file(self, path: Path) -> _File:
        found = self._now.get(path)
        if found is None:
            raise FileNotFoundError(path)
        return found

    def read(self, path: Path) -> bytes | None:
        found = self._now.get(path)
        return None if found is None else found.content

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        return None if path not in self._now else (0, 0, self._stamps[path])

    def mode(self, path: Path) -> int:
        return self._file(path).mode

    def list(self, directory: Path) -> list[str]:
        return sorted(path.name for path in self._now if path.parent == directory and path != ROOT)

    def write(self, path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
        self._step()
        if path.parent not in self._now:
            raise FileNotFoundError(path)
        self._now[path] = _File(data, None, mode)
        self._touch(path)

    def sync(self, path: Path) -> None:
        self._step()
        found = self._file(path)
        found.durable = found.content

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        self._now[new] = self._file(old)
        del self._now[old]
        self._touch(new)

    def remove(self, path: Path) -> None:
        self._step()
        self._now.pop(path, None)

    def remove_directory(self, path: Path) -> None:
        self._step()
        if self.list(path):
            raise OSError(39, "Directory not empty")
        del self._now[path]

    def is_directory(self, path: Path) -> bool:
        return path in self._now and self._now[path] is None

    def make_directory(self, path: Path, *, private: bool = False) -> None:
        self._step()
        self._now.setdefault(path, None)

    def sync_directory(self, path: Path) -> None:
        self._step()
        for name in [one for one in self._synced if one.parent == path and one not in self._now]:
            del self._synced[name]
        for name, found in self._now.items():
            if name.parent == path:
                self._synced[name] = found

    @contextlib.contextmanager
    def lock(self, path: Path, *, wait: bool) -> Iterator[None]:
        yield

    def copy_to(self, place: Path) -> None:
        """Put what is on it onto the real disk, for a checker that knows no other."""
        for path, found in sorted(self._now.items()):
            target = place / path.relative_to(ROOT)
            if found is None:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(found.content)
