"""The statements of `sql/*.sql`, each with a name and a sentence, as an immutable mapping from name to text.

A file is a row of blocks: `-- name: fetch_batch`, a comment that says what it does, the statement.
Refuses a name given twice in any file, a block without a sentence, and text before the first name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

_NAME = re.compile(r"--\s*name:(.*)")
_WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One block; `line` is that of its name, from 1. `text` begins with the name, so that the server shows
    it.
    """

    name: str
    says: str
    text: str
    file: str
    line: int


def read(source: str, file: str) -> tuple[Statement, ...]:
    """The blocks of one file.

    Raises:
        ValueError: the file breaks a rule above: a defect of ours, with its place.
    """
    blocks: list[tuple[int, list[str]]] = []
    for number, line in enumerate(source.splitlines(), start=1):
        if _NAME.fullmatch(line.strip()):
            blocks.append((number, [line.strip()]))
        elif blocks:
            blocks[-1][1].append(line)
        elif line.strip():
            raise ValueError(f"{file}:{number}: text before the first `-- name:`")
    return tuple(_statement(lines, file, number) for number, lines in blocks)


def gather(statements: Iterable[Statement]) -> Mapping[str, str]:
    """Name to text.

    Raises:
        ValueError: two statements have one name.
    """
    by_name: dict[str, Statement] = {}
    for one in statements:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            raise ValueError(
                f"{one.file}:{one.line}: {one.name} has that name already in {other.file}:{other.line}"
            )
    return MappingProxyType({name: one.text for name, one in by_name.items()})


def every() -> Iterator[Statement]:
    """Each statement that we ship, file by file."""
    folder = resources.files("duly.store") / "sql"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".sql"):
            yield from read(entry.read_text("utf-8"), entry.name)


@functools.cache
def load() -> Mapping[str, str]:
    """Name to text of all statements that we ship; read once."""
    return gather(every())


def _statement(lines: list[str], file: str, number: int) -> Statement:
    found = _NAME.fullmatch(lines[0])
    name = found[1].strip() if found else ""
    if not _WORD.fullmatch(name):
        raise ValueError(f"{file}:{number}: {name!r} is not a name like fetch_batch")
    says: list[str] = []
    rest = lines[1:]
    while rest and rest[0].lstrip().startswith("--"):
        says.append(rest.pop(0).lstrip().removeprefix("--").strip())
    sentence = " ".join(says).strip()
    if not sentence.endswith("."):
        raise ValueError(
            f"{file}:{number}: {name} lacks the sentence that says what it does, with a full stop"
        )
    body = "\n".join(rest).strip()
    if not body:
        raise ValueError(f"{file}:{number}: {name} has no statement")
    return Statement(name=name, says=sentence, text=f"-- {name}\n{body}", file=file, line=number)
