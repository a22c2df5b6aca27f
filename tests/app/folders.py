"""A project to try things on: the shipped folder, locked, without its book."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from duly.app import check
from duly.model.party import Actor, Duty

LIN = Actor(name="lin.yue", duties=frozenset({Duty.STRATEGIST}))


def fresh(target: Path) -> Path:
    """Make one at `target`."""
    with resources.as_file(resources.files("duly") / "invent" / "folder" / "cn") as source:
        shutil.copytree(source, target)
    check.accept_packs(LIN, target)
    return target


def replace(file: Path, old: str, new: str) -> None:
    """Change one place of a file that is there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
