"""The project around a folder, and its installation, opened for one use case.

Refuses to open anything of a project that has problems.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from duly import errors
from duly.project import contents, folder
from duly.project.folder import Project
from duly.run import installation


def project(start: Path) -> Project:
    """The project around `start`. Raises ProjectRefused with every problem, WrongUsage where there is none."""
    found, problems = folder.load(contents.find(start))
    if found is None:
        raise errors.ProjectRefused(problems)
    return found


@contextlib.contextmanager
def opened(start: Path, environ: Mapping[str, str]) -> Iterator[installation.Installation]:
    """The installation of the project around `start`."""
    with installation.open_installation(project(start), environ) as found:
        yield found
