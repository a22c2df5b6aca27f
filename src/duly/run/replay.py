"""A recorded plan made again from what was recorded: its snapshot, the events up to its horizon, what was known then
and the project as it was; and whether the decisions are the same, byte for byte.

Says plainly what is missing: files that were removed, rules that are not installed any more, people who were erased.
Refuses to write anything, and to call two plans the same that differ in one byte.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import snapshot
from duly.model.said import say
from duly.plan import draft
from duly.plan import plan as plans
from duly.project import folder
from duly.run import decisions, inputs, installation, night, snapshots, sources
from duly.store import sql

_SQL = sql.load()
_SEVERAL = 2


@dataclass(frozen=True, kw_only=True)
class Differing:
    """A decision that came out otherwise, or on one side alone. `erased` says that its person was erased since."""

    person: str
    account: str
    was: str | None
    now: str | None
    erased: bool


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of it: `same` is None where it could not be made again for want of what is `missing`."""

    plan: int
    day: date
    manifest: str
    horizon: int
    same: bool | None
    root_recorded: str
    root_now: str | None
    rows: int
    differing: tuple[Differing, ...]
    missing: tuple[str, ...]


class _MissingError(Exception):
    """Something that the plan was made from is not there any more."""

    def __init__(self, *what: str) -> None:
        super().__init__(*what)
        self.what = what


def replay(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    number: int,
    *,
    seen: night.Seen | None = None,
) -> Replayed:
    """Make the plan of that number again and compare. Raises WrongUsage where there is none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["plan_made"], {"plan": number}).fetchone()
    if row is None:
        raise errors.WrongUsage(
            say("there is no plan {number}", number=number),
            remedy=say("`duly plan --list` shows every plan with its number."),
        )
    found = Replayed(
        plan=number,
        day=row["day"],
        manifest=row["manifest"],
        horizon=row["horizon"],
        same=None,
        root_recorded=bytes(row["decisions_root"]).hex(),
        root_now=None,
        rows=0,
        differing=(),
        missing=(),
    )
    try:
        source = _source(opened, row)
        then = _project(opened, source)
        manifest = _manifest(opened, connection, row["manifest"])
    except _MissingError as missing:
        return replace(found, missing=missing.what)
    told = snapshots.told(connection, after=manifest.as_of_event, horizon=row["horizon"])
    rules = inputs.rules(
        then.project,
        on=source.on,
        at=source.at,
        reading=then.reading,
        keys=opened.keys,
        strategies=inputs.strategies_of(then, source.frames["cases"]),
    )
    known: dict[str, Any] = dict(source.frames)
    world = inputs.World(rules=replace(rules, stale=source.stale, **known), manifest=manifest, events=told)
    desk = night.Desk(opened.project.state)
    with contextlib.ExitStack() as after, tempfile.TemporaryDirectory() as place:
        after.callback(desk.clear)
        plan = _again(opened, connection, world, source, desk=desk, seen=seen)
        kept = decisions.keep(Path(place), row["day"], plan)
        return _compared(opened, found, Path(row["decisions_path"]), kept, source)


def _again(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    world: inputs.World,
    source: sources.Source,
    *,
    desk: night.Desk,
    seen: night.Seen | None,
) -> plans.Plan:
    names = inputs.naming(opened, connection)
    spans = world.strides()
    if source.persons is not None or len(spans) < _SEVERAL:
        given = world.of(None, source.persons)
        return plans.of_draft(draft.draft(given, names=names), given)
    return night.plan(spans, night.at_hand(world.of, names), world.rules, desk=desk, seen=seen)


def _source(opened: installation.Installation, row: dict[str, Any]) -> sources.Source:
    if row["source_path"] is None:
        raise _MissingError(say("what was known when the plan was made was not kept"))
    path = Path(row["source_path"])
    here = opened.project.state / "sources" / row["day"].isoformat() / path.name
    found = sources.read(here if here.is_file() else path, row["source_digest"])
    if found is None:
        raise _MissingError(
            say("{file}, what was known when the plan was made, is not there", file=path.name)
        )
    return found


def _project(opened: installation.Installation, source: sources.Source) -> installation.Installation:
    """The installation with the project as it was."""
    if source.project is None:
        raise _MissingError(
            say("the project's files were changed while the plan was made, and were not kept")
        )
    place = sources.project_folder(opened.project.state, source.project)
    if not place.is_dir():
        raise _MissingError(
            say("the project's files as they were ({name}) are not there", name=source.project[:16])
        )
    then, problems = folder.load(place)
    if then is None:
        raise _MissingError(
            say("the project as it was is refused by this version of duly: {why}", why=problems[0].what)
        )
    if then.digests.packs != source.digests["packs"]:
        raise _MissingError(
            say(
                "the rules as they were ({digest}) are not installed; the plan was made by duly {version}",
                digest=source.digests["packs"][:16],
                version=source.version,
            )
        )
    return replace(opened, project=replace(then, root=opened.project.root))


def _manifest(
    opened: installation.Installation, connection: psycopg.Connection[Any], name: str
) -> snapshot.Manifest:
    try:
        return snapshots.opened_as(snapshots.find(opened, connection, name))
    except snapshot.BookDamaged as gone:
        raise _MissingError(gone.args[0], gone.remedy) from gone


def _compared(
    opened: installation.Installation,
    found: Replayed,
    recorded: Path,
    kept: decisions.Kept,
    source: sources.Source,
) -> Replayed:
    found = replace(
        found, root_now=kept.root.hex(), rows=kept.rows, same=kept.root.hex() == found.root_recorded
    )
    if not recorded.is_file():
        return replace(found, missing=(say("the decisions as recorded are not here; their root is"),))
    if found.same and recorded.read_bytes() == kept.path.read_bytes():
        return found
    missing = []
    if source.version != (now := metadata.version("duly")):
        missing.append(
            say("the plan was made by duly {then}, and this is {now}", then=source.version, now=now)
        )
    differing = _differing(opened, pl.read_parquet(recorded), pl.read_parquet(kept.path))
    erased = len({one.person for one in differing if one.erased})
    if erased:
        missing.append(
            say("{count} people were erased since: their names are nowhere any more", count=erased)
        )
    return replace(found, same=False, differing=differing, missing=tuple(missing))


def _differing(
    opened: installation.Installation, recorded: pl.DataFrame, now: pl.DataFrame
) -> tuple[Differing, ...]:
    keys = ["person", "account"]
    if recorded.schema != now.schema:
        shared = [name for name in recorded.columns if now.schema.get(name) == recorded.schema[name]]
        recorded, now = recorded.select(shared), now.select(shared)
    sides = [_told(one) for one in (recorded, now)]
    both = sides[0].join(sides[1], on=keys, how="full", suffix="_now", coalesce=True).sort(keys)
    changed = both.filter(pl.col("said").ne_missing(pl.col("said_now")))
    return tuple(
        Differing(
            person=row["person"],
            account=row["account"],
            was=row["code"],
            now=row["code_now"],
            erased=_is_erased(opened, row["person"]),
        )
        for row in changed.iter_rows(named=True)
    )


def _is_erased(opened: installation.Installation, person: str) -> bool:
    try:
        opened.keys.get(person)
    except errors.KeyMissing:
        return True
    return False


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """Each decision by whom it is about, with all that it says as one text."""
    said = [str(row) for row in rows.iter_rows()]
    return rows.select("person", "account", "code").with_columns(said=pl.Series(said, dtype=pl.String))
