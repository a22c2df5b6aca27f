"""A day's inputs put together: the book as it stands, everything known of its cases, and the project's rules.

Names are opened here, for as long as the plan is made, and go nowhere else.
Refuses to decide anything: `plan.plan` does.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.book import columns as book_columns
from duly.book import events, snapshot
from duly.book.columns import Book
from duly.evidence import keystore, vault
from duly.law import columnar
from duly.model import notice
from duly.plan import columns, release
from duly.plan import inputs as plan_inputs
from duly.plan import strategy as strategies
from duly.plan.draft import Naming
from duly.plan.ladder import Strategy
from duly.project.folder import Project
from duly.run import history, installation, locks, outfit, releases, standing
from duly.run.everybody import Everybody
from duly.store import connect, sql
from duly.text.shelf import Shelf

# So many accounts are planned at once. Each range has a price of its own, some hundred queries; and all that is made
# of a range is in memory at the same time.
AT_ONCE = 70_000

_SQL = sql.load()
_NAME = {"person": pl.String(), "name": pl.String()}


@dataclass(frozen=True, kw_only=True)
class Made:
    """The inputs of a plan, and the standing they were made from."""

    inputs: plan_inputs.Inputs
    standing: standing.Standing


@dataclass(frozen=True, kw_only=True)
class World:
    """One state of the world, of which the book is not read yet: `of` reads some of it, whole persons at a time.

    `rules` are the inputs with all that the database knows, of everybody, and a book of nobody.
    """

    rules: plan_inputs.Inputs
    manifest: snapshot.Manifest
    events: pl.DataFrame

    def spans(self) -> list[range]:
        """The ranges of buckets that one file each holds, in order: what others may plan at the same time."""
        return self.manifest.ranges()

    def strides(self) -> list[range]:
        """The same ranges, some at a time: by which one process plans them, one after the other."""
        found: list[tuple[range, int]] = []
        for part in self.manifest.parts:
            if part.frame != "accounts":
                continue
            if found and found[-1][1] + part.rows <= AT_ONCE:
                before, rows = found.pop()
                found.append((range(before.start, part.last + 1), rows + part.rows))
            else:
                found.append((range(part.first, part.last + 1), part.rows))
        return [span for span, _ in found]

    def of(self, span: range | None, persons: Collection[str] | None = None) -> plan_inputs.Inputs:
        """The inputs of the persons of a range (of all if None is given), or of some of them."""
        book = events.fold(self._read(span, persons), self.events)
        return replace(self.rules, book=book, **self._everybody.about(book))

    @functools.cached_property
    def _everybody(self) -> Everybody:
        return Everybody(self.rules)

    def _read(self, span: range | None, persons: Collection[str] | None) -> Book:
        if persons is None:
            return snapshot.read(self.manifest, span)
        # A few persons are in a few files: the others are not looked at.
        wanted = set(notice.buckets(persons))
        held = [
            _only(snapshot.read(self.manifest, one), persons)
            for one in ([span] if span is not None else self.spans())
            if not wanted.isdisjoint(one)
        ]
        frames = [book_columns.empty(), *held]
        return Book(
            **{name: pl.concat([one.frames()[name] for one in frames]) for name in book_columns.FRAMES}
        )


@dataclass(frozen=True, kw_only=True)
class Sight(World):
    """The same with the standing that it was seen in."""

    standing: standing.Standing


def gather(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    on: date,
    at: datetime,
    persons: Collection[str] | None = None,
) -> Made:
    """Read everything in one state of the database; `persons` limits it to whole persons.

    Raises WrongUsage where no book was loaded, BookDamaged where its files were altered.
    """
    sight = look(opened, connection, on=on, at=at, persons=persons)
    given = sight.of(None, persons)
    known = naming(opened, connection)(given.book.accounts["person"].unique().sort())
    return Made(standing=sight.standing, inputs=replace(given, names=known))


def look(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    *,
    on: date,
    at: datetime,
    persons: Collection[str] | None = None,
) -> Sight:
    """What the database knows in one state, and which book it is about. Raises as `gather` does."""
    project = opened.project
    with contextlib.ExitStack() as quiet:
        # Events are numbered as they are written, not as they are committed: a horizon read while one is on its way
        # would cover it unseen. So nobody is in the middle of telling us something when the view is fixed.
        quiet.enter_context(locks.quiet_book(connection))
        with connect.transaction(connection, snapshot=True):
            connection.execute(_SQL["horizon"])
            quiet.close()
            known = standing.read(
                connection,
                now=at,
                zone=project.settings.zone,
                history=outfit.history(project),
                persons=persons,
            )
            feeds = connection.execute(_SQL["book_in_force"]).fetchone()
            lists = releases.standing(connection, rules=outfit.rules(project), now=at)
            before = history.standing(
                connection, notices=sorted(project.settings.taken_over.policy.stages), persons=persons
            )
    bare = rules(
        project,
        on=on,
        at=at,
        reading=opened.reading,
        keys=opened.keys,
        strategies=strategies_of(opened, known.cases),
        remembered=opened.shelf,
    )
    return Sight(
        standing=known,
        manifest=snapshot.load(known.manifest_path),
        events=known.events,
        rules=replace(
            bare,
            cases=known.cases,
            stages=known.stages,
            known=known.known,
            arms=known.arms,
            history=known.history,
            released=release.frame(lists),
            stale=_stale(opened, {} if feeds is None else feeds[1], on),
            past=before,
        ),
    )


def rules(
    project: Project,
    *,
    on: date,
    at: datetime,
    reading: columnar.Reading,
    keys: keystore.KeyStore,
    strategies: Mapping[str, Strategy],
    remembered: Shelf | None = None,
) -> plan_inputs.Inputs:
    """What the project says and nothing that the database knows: inputs of nobody, of whom nothing ever happened."""
    return plan_inputs.Inputs(
        on=on,
        at=at.replace(microsecond=0),
        zone=project.settings.zone,
        book=book_columns.empty(),
        names=pl.DataFrame(schema=_NAME),
        cases=columns.empty(columns.CASE),
        stages=columns.empty(columns.STAGE),
        known=columns.empty(columns.KNOWN),
        arms=columns.empty(columns.ARM),
        history=columns.empty(standing.HISTORY),
        strategies=strategies,
        current=project.strategy.digest,
        law=project.law,
        policy=reading.policy,
        reading=reading,
        actors={code: licence.actor for code, licence in project.settings.licences.items()},
        routes=outfit.ways(project),
        words=outfit.said(project, keys.secret(installation.CODE), remembered),
        reckoning=plan_inputs.Reckoning(
            cures=project.book.cures,
            tolerance_minor=project.book.tolerance_minor,
            tolerances_minor=project.book.tolerances_minor,
            figures=project.book.figures,
        ),
        arm_key=keys.secret(installation.ARM),
        verified_within=project.settings.limits.verified_within_days,
        taken_over=project.settings.taken_over.policy,
    )


def naming(opened: installation.Installation, connection: psycopg.Connection[Any]) -> Naming:
    """Opens the names of those who are asked for, and of nobody else."""

    def names(persons: pl.Series) -> pl.DataFrame:
        rows = connection.execute(_SQL["persons_sealed"], {"persons": persons.to_list()}).fetchall()
        return opened_names(opened.vault, ((person, bytes(sealed)) for person, sealed in rows))

    return names


def opened_names(safe: vault.Vault, sealed: Iterable[tuple[str, bytes]]) -> pl.DataFrame:
    """`person` and `name` of (person, sealed payload) after (person, sealed payload).

    Who was erased has no key and is left out: the plan says that there is no name, and holds.
    """
    payloads = safe.open_many(sealed, kind="person")
    told = json.loads(b"[%s]" % b",".join(payloads.values()))  # each is one JSON object, written by us
    names = [str(each["name"]) for each in told]
    return pl.DataFrame([pl.Series("person", list(payloads), pl.String), pl.Series("name", names, pl.String)])


def _only(book: Book, persons: Collection[str]) -> Book:
    wanted = pl.col("person").is_in(sorted(persons))
    return Book(**{name: frame.filter(wanted) for name, frame in book.frames().items()})


def _stale(opened: installation.Installation, feeds: dict[str, str | None], on: date) -> frozenset[str]:
    """The feeds that are older than they may be, and those that came cut short."""
    limits = outfit.rules(opened.project).feed_limits
    return frozenset(
        name
        for name in {*limits, *feeds}
        if (day := feeds.get(name)) is None
        or (name in limits and (on - date.fromisoformat(day)).days > limits[name])
    )


def strategies_of(opened: installation.Installation, cases: pl.DataFrame) -> dict[str, Strategy]:
    """The strategy in force and every older one that an episode began with, kept as files of the installation."""
    project = opened.project
    folder = project.state / "strategies"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    current = folder / f"{project.strategy.digest}.yaml"
    if not current.exists():
        current.write_bytes((project.root / "strategy.yaml").read_bytes())
    found = {project.strategy.digest: project.strategy}
    for digest in cases["strategy_digest"].unique().to_list():
        if digest not in found:
            found[digest] = _older(folder, digest)
    return found


def _older(folder: Path, digest: str) -> Strategy:
    path = folder / f"{digest}.yaml"
    try:
        older, _ = strategies.load(path.read_text("utf-8"), path.name)
    except OSError:
        older = None
    if older is None or older.digest != digest:
        raise errors.EvidenceBroken(
            "the strategy that open cases began with is not kept any more",
            remedy=f"Restore {path.name} in {folder} from a backup: cases stay on the strategy they began with.",
        )
    return older
