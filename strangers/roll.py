"""The roll of strangers: who they are and which of them is here.

Read by the installer and by the tests. It installs nothing, and asks each stranger only for a sign of life.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
INSTALLED = ROOT / ".strangers"

_PATIENCE_S = 60


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """One peer or tool; `debian` are packages, `npm` and `pypi` those pinned in package.json and requirements.txt."""

    name: str
    why: str
    probe: tuple[str, ...]
    debian: tuple[str, ...] = ()
    npm: str | None = None
    pypi: str | None = None

    def present(self) -> bool:
        """Whether its probe, run from the top of the repository, succeeds."""
        try:
            done = subprocess.run(
                self.probe,
                cwd=ROOT,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def read(file: Path = FOLDER / "list.toml") -> tuple[Stranger, ...]:
    """Everyone on the list, in its order. A key that is unknown is our own mistake: it raises."""
    rows: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8"))["stranger"]
    for row in rows:
        row.update({key: tuple(row.get(key, ())) for key in ("probe", "debian")})
    return tuple(Stranger(**row) for row in rows)


def absent(strangers: tuple[Stranger, ...]) -> tuple[Stranger, ...]:
    """Those that do not answer."""
    return tuple(stranger for stranger in strangers if not stranger.present())
