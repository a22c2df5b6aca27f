"""Whose fault it is.

A mistake in the user's files is a value: a `Problem`, collected with all others and shown together.
A failure of the world is raised: a `DulyError`, one of the few named below.
Anything else that is raised is our own defect and is allowed to crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in one of the user's files.

    `code` is stable and documented (`book.date.impossible`), `line` counts from 1 and is None
    where the file as a whole is meant, `excerpt` is the offending line as it stands.
    """

    code: str
    file: str
    what: str
    remedy: str
    line: int | None = None
    column: int | None = None
    excerpt: str = ""

    def place(self) -> str:
        """`file`, `file:line` or `file:line:column`."""
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


class DulyError(Exception):
    """The world failed. Says what happened and what to do; carries the process's exit code."""

    exit_code: ClassVar[int] = 3
    remedy: str

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class ProjectRefused(DulyError):
    """The user's files have problems; nothing was done."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            f"{len(problems)} problem(s)", remedy="Mend the places shown and repeat the command."
        )
        self.problems = tuple(problems)


class WrongUsage(DulyError):
    """The command's words do not fit together."""

    exit_code: ClassVar[int] = 2


class DatabaseAway(DulyError):
    """PostgreSQL cannot be reached, refused us, or went away in the middle."""


class DatabaseRefused(DulyError):
    """PostgreSQL answered, and the answer was a refusal that retrying cannot mend."""


class CarrierAway(DulyError):
    """A carrier cannot be reached or does not speak its protocol."""


class ClockAstray(DulyError):
    """Two clocks that must agree do not, or time ran backwards. Nothing may leave."""


class EvidenceBroken(DulyError):
    """The evidence on disk and in the database contradict each other."""


class KeyMissing(DulyError):
    """A key that is needed is absent, unreadable, or was destroyed on purpose."""


class NotAllowed(DulyError):
    """The actor may not do this, or it takes a second person."""

    exit_code: ClassVar[int] = 4


class Held(DulyError):
    """Something was held that `--strict` forbids."""

    exit_code: ClassVar[int] = 4
