"""The bytes of every file of a project folder, read once, so that all checks speak of the same state.

Refuses to leave the folder: a link that points outside is a problem, not a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from duly.errors import Problem, WrongUsage
from duly.model.said import say

MARKER = "duly.toml"
STATE = ".duly"  # everything generated; never read as part of the project
MAX_BYTES = 2_000_000  # of one file; a file of text larger than this is a mistake

_FILES = ("duly.toml", "duly.lock", "destinations.yaml", "book.yaml", "strategy.yaml", "channels.yaml")
_FOLDERS = ("law", "templates", "tests", "queries", "certificates")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Path in the folder, with `/`, to bytes."""

    root: Path
    files: Mapping[str, bytes]

    def under(self, folder: str) -> dict[str, bytes]:
        """The files below `folder`."""
        return {path: content for path, content in self.files.items() if path.startswith(f"{folder}/")}

    def text(self, path: str) -> tuple[str | None, list[Problem]]:
        """A file as text without its byte order mark, or None and why not."""
        content = self.files.get(path)
        if content is None:
            return None, [
                Problem(
                    code="file.missing",
                    file=path,
                    what=say("this file is missing"),
                    remedy=say("Every project has it; copy it from a new project made by `duly init`."),
                )
            ]
        try:
            return content.decode("utf-8-sig"), []
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            return None, [
                Problem(
                    code="file.encoding",
                    file=path,
                    line=line,
                    what=say("this file is not UTF-8 text"),
                    remedy=say("Save it again as UTF-8; look for text pasted from elsewhere on this line."),
                )
            ]


def find(start: Path) -> Path:
    """The project folder that `start` lies in: the nearest upwards with a duly.toml. Raises WrongUsage."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            return folder
    raise WrongUsage(
        say("there is no duly.toml in {folder} or above it", folder=str(start)),
        remedy=say("Go into a project folder, name one with --project, or make one with `duly init DIR`."),
    )


def gather(root: Path) -> tuple[Contents, list[Problem]]:
    """Read the folder. Problems are files that are too large, unreadable or links that lead outside."""
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    inside = root.resolve()
    for path in _candidates(root):
        name = path.relative_to(root).as_posix()
        try:
            if not path.resolve().is_relative_to(inside):
                problems.append(
                    _refused(name, "file.outside", say("this is a link that leads out of the folder"))
                )
            elif path.stat().st_size > MAX_BYTES:
                problems.append(
                    _refused(
                        name, "file.large", say("this file is larger than {limit} bytes", limit=MAX_BYTES)
                    )
                )
            else:
                files[name] = path.read_bytes()
        except OSError as error:
            problems.append(
                _refused(name, "file.unreadable", say("this file cannot be read: {why}", why=error.strerror))
            )
    return Contents(root=root, files=files), problems


def _candidates(root: Path) -> Iterator[Path]:
    yield from (root / name for name in _FILES if (root / name).is_file())
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts):
                yield path


def _refused(name: str, code: str, what: str) -> Problem:
    return Problem(
        code=code, file=name, what=what, remedy=say("Put the file itself there, as readable text.")
    )
