"""Check a project: every problem of every file, and what the law will ask for in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from duly.app import samples
from duly.book import snapshot
from duly.book.columns import Book
from duly.errors import Problem, ProjectRefused
from duly.model.party import Actor
from duly.project import contents, folder, law, lock, production, settings, wants
from duly.project.folder import Project
from duly.project.lock import Locked
from duly.project.wants import Want


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found. With problems there are no digests; `wants` need a project that can be read."""

    files: int
    problems: tuple[Problem, ...]
    wants: tuple[Want, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


def check(
    actor: Actor,
    start: Path,
    *,
    on: date,
    environ: Mapping[str, str],
    ready: bool = False,
) -> Report:
    """The report on the project around `start`. `ready`: also what a real carrier and real debtors need."""
    del actor  # anybody may look
    found, problems = contents.gather(folder.find(start))
    project, more = folder.read(found)
    problems += more
    if project is None or problems:
        return Report(files=len(found.files), problems=_sorted(problems))
    toml = folder.written(found, settings.FILE)
    if ready and toml is not None:
        problems += production.problems(project, toml, environ=environ, on=on)
    problems += samples.problems(project)
    return Report(
        files=len(found.files),
        problems=_sorted(problems),
        wants=wants.find(project, newest_book(project), on=on),
        digests=asdict(project.digests),
    )


def accept_packs(actor: Actor, start: Path) -> dict[str, Locked]:
    """Write duly.lock for the packs as they are now, and say what was written. Raises ProjectRefused."""
    del actor  # whoever may edit duly.toml may lock; two people approve what is locked
    root = folder.find(start)
    found, problems = contents.gather(root)
    text, more = found.text(settings.FILE)
    toml = folder.written(found, settings.FILE)
    who, wrong = (None, []) if text is None else settings.read(text)
    problems += [*more, *wrong]
    judged = None
    if who is not None and toml is not None:
        judged, wrong = law.read(found, who, toml)
        problems += wrong
    if judged is None or problems:
        raise ProjectRefused(_sorted(problems))
    pinned = judged.pinned()
    fresh = root / f".{lock.FILE}.new"
    fresh.write_text(lock.write(pinned), encoding="utf-8")
    fresh.replace(root / lock.FILE)
    return pinned


def newest_book(project: Project) -> Book | None:
    """The book of the newest snapshot on this machine, if one was loaded. Raises BookDamaged."""
    kept = project.state / "book"
    loaded = [snapshot.load(place.parent) for place in sorted(kept.glob(f"*/{snapshot.MANIFEST}"))]
    # Of one day the one that was written last: a load after a fold of another load has no event in it.
    newest = max(loaded, key=lambda one: (one.as_of, one.folder.stat().st_mtime_ns), default=None)
    return None if newest is None else snapshot.read(newest)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.file, each.line or 0, each.column or 0)))
