"""Make a project folder with an invented book: everything or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from duly.app import check
from duly.errors import ProjectRefused, WrongUsage
from duly.invent import book, debts
from duly.model import progress
from duly.model.party import Actor
from duly.model.said import say
from duly.project import folder, settings

DATA = "data"

_OPERATOR = """
# Who made this folder; remove or change what does not fit.
[people.{name}]
duties = ["engineer", "operations"]
"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made, and the day the invented book is as of; `rows` counts the book's rows by feed."""

    folder: Path
    files: int
    rows: Mapping[str, int]
    on: date


def init(
    actor: Actor,
    target: Path,
    *,
    pack: str,
    accounts: int,
    seed: int,
    on: date,
    terms: Sequence[int] = debts.TERMS,
    tell: progress.Tell = progress.silent,
) -> Made:
    """Copy the skeleton of `pack`, invent a book of `accounts` as of `on`, lock the packs, check the result.

    `terms` are the months of its contracts, `tell` is told how far it has come. The folder appears whole or not at all.
    The actor is written into duly.toml, so that he can go on.
    Raises WrongUsage for a folder that is not empty and for a pack without a skeleton.
    """
    skeleton = resources.files("duly") / "invent" / "folder" / pack
    if not pack.isidentifier() or not skeleton.is_dir():
        raise WrongUsage(
            say("there is no folder to begin with for the pack `{pack}`", pack=pack),
            remedy=say("Begin with cn, and pin another pack afterwards."),
        )
    target = target.absolute()
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise WrongUsage(
            say("{folder} is there and not empty", folder=str(target)),
            remedy=say("Name a folder that does not exist yet; nothing is ever written over."),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is one rename on one file system.
    begun = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with resources.as_file(skeleton) as source:
            shutil.copytree(source, begun, dirs_exist_ok=True, copy_function=shutil.copyfile)
        _introduce(actor, begun / settings.FILE)
        rows = book.make(begun / DATA, accounts=accounts, seed=seed, on=on, terms=terms, tell=tell).rows
        check.accept_packs(actor, begun)
        project, problems = folder.load(begun)
        if project is None:
            raise ProjectRefused(problems)
        files = sum(1 for path in begun.rglob("*") if path.is_file() and path.parent.name != DATA)
        begun.chmod(0o755)
        begun.replace(target)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return Made(folder=target, files=files, rows=rows, on=on)


def _introduce(actor: Actor, file: Path) -> None:
    """Name the actor among the people, unless the skeleton does or the name cannot stand there."""
    text = file.read_text(encoding="utf-8")
    added = text + _OPERATOR.format(name=_quoted(actor.name))
    if settings.read(added)[0] is not None:
        file.write_text(added, encoding="utf-8")


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
