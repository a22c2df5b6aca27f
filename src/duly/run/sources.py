"""What a plan was made from besides its snapshot and events, kept so that the same plan can be made again.

One file for each plan: what was known of cases, stages, messages, contacts and arms at that moment, and which rules it
was held against; and once for each state of the project, its files. Ids, facts and figures: no name, number or text of
anybody, and no key. Refuses to keep files of a project that are not those the plan was made by.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly.plan.inputs import Inputs
from duly.project import contents, digest
from duly.project.folder import Project
from duly.run import installation
from duly.store import sql

_SQL = sql.load()

FRAMES = ("cases", "stages", "known", "arms", "history", "released", "past")
_WORDS = "plan.json"
_ALIKE = datetime(1980, 1, 1, tzinfo=None).timetuple()[:6]  # noqa: DTZ001 - the same in every zip, so that equal sources are equal bytes


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was kept. `persons` are those that were planned for, None where all were; `project` names its files."""

    on: date
    at: datetime
    stale: frozenset[str]
    persons: tuple[str, ...] | None
    project: str | None
    digests: Mapping[str, str]
    version: str
    frames: Mapping[str, pl.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where it lies."""

    path: Path
    digest: str


def keep(opened: installation.Installation, rules: Inputs, persons: Collection[str] | None) -> Kept:
    """Keep what a plan was made from, on the disk before anything refers to it."""
    words = {
        "on": rules.on.isoformat(),
        "at": rules.at.isoformat(),
        "stale": sorted(rules.stale),
        "persons": None if persons is None else sorted(persons),
        "project": _keep_project(opened.project),
        "digests": asdict(opened.project.digests),
        "version": metadata.version("duly"),
    }
    folder = opened.project.state / "sources" / rules.on.isoformat()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as incoming:
        beside = Path(incoming) / "source"
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as kept:
            kept.writestr(
                zipfile.ZipInfo(_WORDS, _ALIKE), json.dumps(words, sort_keys=True, ensure_ascii=False)
            )
            for name in FRAMES:
                body = io.BytesIO()
                getattr(rules, name).write_parquet(body, compression="zstd", compression_level=3)
                kept.writestr(zipfile.ZipInfo(f"{name}.parquet", _ALIKE), body.getvalue())
        with beside.open("rb") as file:
            os.fsync(file.fileno())
            named = hashlib.file_digest(file, "sha256").hexdigest()
        beside.replace(folder / f"{named}.zip")
    return Kept(path=folder / f"{named}.zip", digest=named)


def note(connection: psycopg.Connection[Any], plan: int, kept: Kept) -> None:
    """Say of a plan where its source lies, in the transaction that records it."""
    connection.execute(_SQL["keep_source"], {"plan": plan, "path": str(kept.path), "digest": kept.digest})


def read(path: Path, wanted: str) -> Source | None:
    """What was kept; None where it is not there any more, or is another file."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                return None
        with zipfile.ZipFile(path) as kept:
            words = json.loads(kept.read(_WORDS))
            frames = {name: pl.read_parquet(io.BytesIO(kept.read(f"{name}.parquet"))) for name in FRAMES}
    except OSError:
        return None
    return Source(
        on=date.fromisoformat(words["on"]),
        at=datetime.fromisoformat(words["at"]),
        stale=frozenset(words["stale"]),
        persons=None if words["persons"] is None else tuple(words["persons"]),
        project=words["project"],
        digests=words["digests"],
        version=words["version"],
        frames=frames,
    )


def project_folder(state: Path, name: str) -> Path:
    """Where the files of a project lie as they were."""
    return state / "projects" / name


def _keep_project(project: Project) -> str | None:
    """The files of the project, once for each state of it; None where they are not those that were read."""
    found, problems = contents.gather(project.root)
    ours = project.digests
    parts = {
        ours.settings: ("duly.toml",),
        ours.destinations: ("destinations.yaml",),
        ours.book: ("book.yaml",),
        ours.strategy: ("strategy.yaml",),
        ours.channels: ("channels.yaml", *project.certificates),
    }
    changed = any(
        wanted != digest.of_files({file: found.files.get(file, b"") for file in files})
        for wanted, files in parts.items()
    )
    if problems or changed or ours.templates != digest.of_files(found.under("templates")):
        return None
    name = digest.of_files(found.files)
    place = project_folder(project.state, name)
    if not place.is_dir():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=place.parent) as incoming:
            inside = Path(incoming) / "project"
            for file, body in found.files.items():
                (inside / file).parent.mkdir(parents=True, exist_ok=True)
                (inside / file).write_bytes(body)
            inside.rename(place)
    return name
