"""`duly.lock`: which text of the law this project was reviewed against, by version and SHA-256.

A pack that changed under the lender's feet is refused until somebody has looked and locked it again
(`duly check --lock`). The file is made by duly, kept in git, and reads the same whoever makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.model.said import say
from duly.project import document
from duly.project.table import Table

FILE = "duly.lock"

_HEAD = """\
# Made by `duly check --lock`; kept in git, not edited by hand.
# The packs of law this project was reviewed against.
"""


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One pack as it was: its version and the SHA-256 (hex) over its files."""

    version: str
    sha256: str


def write(packs: Mapping[str, Locked]) -> str:
    """The text of a lock file; equal packs give equal bytes."""
    parts = [
        f'\n[pack.{name}]\nversion = "{locked.version}"\nsha256 = "{locked.sha256}"\n'
        for name, locked in sorted(packs.items())
    ]
    return _HEAD + "".join(parts)


def read(text: str, file: str = FILE) -> tuple[dict[str, Locked] | None, list[Problem]]:
    """The locked packs by name, or None and every problem in the file."""
    found, problems = document.read_toml(text, kind="lock", file=file)
    if found is None:
        return None, problems
    packs: dict[str, Locked] = {}
    table = Table(found, (), problems, known=("pack",)).table("pack", None)
    for name, entry in table.named(("version", "sha256")) if table is not None else ():
        version = entry.text("version")
        sha256 = entry.text("sha256", pattern=r"[0-9a-f]{64}", shape=say("a SHA-256 in hex"))
        if version is not None and sha256 is not None:
            packs[name] = Locked(version=version, sha256=sha256)
    return (None, problems) if problems else (packs, [])


def compare(locked: Mapping[str, Locked], pinned: Mapping[str, Locked], file: str = FILE) -> list[Problem]:
    """What differs between the lock and the packs as they are now (`pinned`)."""
    problems = []
    for name, now in sorted(pinned.items()):
        was = locked.get(name)
        if was == now:
            continue
        what = _difference(name, was, now)
        problems.append(
            Problem(
                code="lock.differs",
                file=file,
                what=what,
                remedy=say(
                    "Read what changed in the law, then run `duly check --lock` and commit duly.lock."
                ),
            )
        )
    problems += [
        Problem(
            code="lock.extra",
            file=file,
            what=say("the pack `{name}` is locked but not pinned in duly.toml", name=name),
            remedy=say("Pin it under [packs], or run `duly check --lock`."),
        )
        for name in sorted(set(locked) - set(pinned))
    ]
    return problems


def _difference(name: str, was: Locked | None, now: Locked) -> str:
    if was is None:
        return say("the pack `{name}` is not locked", name=name)
    if was.version == now.version:
        return say(
            "the pack `{name}` of {version} has other bytes than were locked", name=name, version=now.version
        )
    return say(
        "the pack `{name}` is of {now}, and {was} was locked", name=name, now=now.version, was=was.version
    )
