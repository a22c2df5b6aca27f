"""A day's inputs put together: the book as it stands, everything known of its cases, and the project's rules.

Names are opened here, for as long as the plan is made, and go nowhere else.
Refuses to decide anything: `plan.plan` does.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.book import events, snapshot
from duly.book.columns import Book
from duly.plan import inputs as plan_inputs
from duly.plan import release
from duly.plan import strategy as strategies
from duly.plan.ladder import Strategy
from duly.run import installation, locks, outfit, releases, standing
from duly.store import connect, sql

_SQL = sql.load()

HISTORY = timedelta(days=62)  # how far back caps look; no cap of the shipped packs looks further


@dataclass(frozen=True, kw_only=True)
class Made:
    """The inputs of a plan, and the standing they were made from."""

    inputs: plan_inputs.Inputs
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
    project = opened.project
    with contextlib.ExitStack() as quiet:
        # Events are numbered as they are written, not as they are committed: a horizon read while one is on its way
        # would cover it unseen. So nobody is in the middle of telling us something when the view is fixed.
        quiet.enter_context(locks.quiet_book(connection))
        with connect.transaction(connection, snapshot=True):
            connection.execute(_SQL["horizon"])
            quiet.close()
            known = standing.read(
                connection, now=at, zone=project.settings.zone, history=HISTORY, persons=persons
            )
            feeds = connection.execute(_SQL["book_in_force"]).fetchone()
            lists = releases.standing(connection, rules=outfit.rules(project), now=at)
    book = events.fold(snapshot.read(snapshot.load(known.manifest_path)), known.events)
    if persons is not None:
        book = _only(book, persons)
    names = _names(opened, connection, book)
    accounts = book.accounts.select("account").unique()
    stale = _stale(opened, {} if feeds is None else feeds[1], on)
    return Made(
        standing=known,
        inputs=plan_inputs.Inputs(
            on=on,
            at=at.replace(microsecond=0),
            zone=project.settings.zone,
            book=book,
            names=names,
            cases=known.cases.join(accounts, on="account", how="semi"),
            stages=known.stages.join(accounts, on="account", how="semi"),
            known=known.known.join(book.accounts.select("person").unique(), on="person", how="semi"),
            arms=known.arms,
            history=known.history,
            strategies=_strategies(opened, known.cases),
            current=project.strategy.digest,
            law=project.law,
            policy=opened.reading.policy,
            reading=opened.reading,
            actors={code: licence.actor for code, licence in project.settings.licences.items()},
            routes=outfit.ways(project),
            words=outfit.said(project, opened.code_key),
            reckoning=plan_inputs.Reckoning(
                cure_minor=project.book.cure_minor,
                cure_days=project.book.cure_days,
                tolerance_minor=project.book.tolerance_minor,
            ),
            arm_key=opened.arm_key,
            released=release.frame(lists),
            stale=stale,
            verified_within=project.settings.limits.verified_within_days,
        ),
    )


def _only(book: Book, persons: Collection[str]) -> Book:
    wanted = pl.col("person").is_in(sorted(persons))
    return Book(**{name: frame.filter(wanted) for name, frame in book.frames().items()})


def _names(
    opened: installation.Installation, connection: psycopg.Connection[Any], book: Book
) -> pl.DataFrame:
    persons = book.accounts["person"].unique().sort().to_list()
    rows = connection.execute(_SQL["persons_sealed"], {"persons": persons}).fetchall()
    names: list[tuple[str, str]] = []
    for person, sealed in rows:
        try:
            payload = opened.vault.open(person, bytes(sealed), kind="person", ref=person)
        except errors.KeyMissing:
            continue  # erased: the plan says that there is no name, and holds
        names.append((person, str(json.loads(payload)["name"])))
    return pl.DataFrame(names, schema={"person": pl.String(), "name": pl.String()}, orient="row")


def _stale(opened: installation.Installation, feeds: dict[str, str], on: date) -> frozenset[str]:
    limits = outfit.rules(opened.project).feed_limits
    return frozenset(
        name
        for name, limit in limits.items()
        if name not in feeds or (on - date.fromisoformat(feeds[name])).days > limit
    )


def _strategies(opened: installation.Installation, cases: pl.DataFrame) -> dict[str, Strategy]:
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
