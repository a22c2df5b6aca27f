"""A plan cut into files of buckets, so that each can be drafted by another process or machine.

A parcel is a range of buckets with what the database knows of its persons; the book itself is read by whoever drafts.
Names travel sealed, as they lie in the vault, and no key of ours travels at all: whoever drafts opens the names of
those to whom something is due with the key store itself, in memory. What comes back holds no name, number or text.
Refuses to place or record anything: `night` puts the drafts together, in the order in which they were cut.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly.book import snapshot
from duly.evidence import keystore, vault
from duly.model import notice
from duly.plan import draft
from duly.plan.inputs import Inputs
from duly.run import inputs as seen
from duly.store import sql
from duly.text.shelf import Shelf

_SQL = sql.load()

ARM, CODE = "arm", "notice code"  # the secrets of the key store that a draft needs
KNOWN, SEALED = "known", "sealed"
_SEALED = {"person": pl.String(), "sealed": pl.Binary()}
# What is told of persons alone goes with them; what concerns accounts or numbers is shared, for want of their owners.
_OF_PERSONS = ("stages", KNOWN, "arms", "released")


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every parcel needs: the rules and what is not of one person, without a key; where the snapshot lies."""

    rules: Inputs
    events: pl.DataFrame
    snapshot: Path


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A range of buckets, and what is known of its persons: each frame as an Arrow stream."""

    first: int
    last: int
    frames: Mapping[str, bytes]


def shared(sight: seen.Sight) -> Shared:
    """What all parcels of a plan have in common."""
    rules = sight.rules
    bare: dict[str, Any] = {name: getattr(rules, name).clear() for name in _OF_PERSONS}
    words = replace(rules.words, code_key=b"", shelf=Shelf())
    return Shared(
        rules=replace(rules, words=words, arm_key=b"", reading=None, **bare),
        events=sight.events,
        snapshot=sight.manifest.folder,
    )


def cut(sight: seen.Sight, span: range, connection: psycopg.Connection[Any]) -> Parcel:
    """The parcel of a range, with the sealed names of everybody in it."""
    frames = {name: _within(getattr(sight.rules, name), span) for name in _OF_PERSONS}
    return Parcel(
        first=span.start,
        last=span.stop - 1,
        frames={name: _packed(frame) for name, frame in frames.items()}
        | {SEALED: _packed(_sealed(sight, span, connection))},
    )


def drafted(common: Shared, parcel: Parcel, keys: keystore.KeyStore) -> dict[str, bytes]:
    """The draft of a parcel, frame by frame, and `known` of its persons. Raises BookDamaged for an altered file."""
    frames: dict[str, Any] = {name: _unpacked(raw) for name, raw in parcel.frames.items()}
    sealed = frames.pop(SEALED)
    rules = replace(
        common.rules,
        words=replace(common.rules.words, code_key=keys.secret(CODE)),
        arm_key=keys.secret(ARM),
        **frames,
    )
    world = seen.World(rules=rules, manifest=snapshot.load(common.snapshot), events=common.events)
    given = world.of(range(parcel.first, parcel.last + 1))
    found = draft.draft(given, names=_naming(vault.Vault(keys), sealed)).frames() | {KNOWN: given.known}
    return {name: _packed(frame) for name, frame in found.items()}


def opened(answer: Mapping[str, bytes]) -> tuple[draft.Draft, pl.DataFrame]:
    """What `drafted` answered, as `night` takes it."""
    frames = {name: _unpacked(raw) for name, raw in answer.items()}
    known = frames.pop(KNOWN)
    return draft.of_frames(frames), known


def _within(frame: pl.DataFrame, span: range) -> pl.DataFrame:
    persons = frame["person"].unique()
    mine = [person for person, bucket in zip(persons, notice.buckets(persons), strict=True) if bucket in span]
    return frame.filter(pl.col("person").is_in(mine))


def _sealed(sight: seen.Sight, span: range, connection: psycopg.Connection[Any]) -> pl.DataFrame:
    """What the vault has of the persons of a range, as it lies there."""
    persons = snapshot.persons(sight.manifest, span)
    rows = connection.execute(_SQL["persons_sealed"], {"persons": persons}).fetchall()
    return pl.DataFrame([(person, bytes(raw)) for person, raw in rows], schema=_SEALED, orient="row")


def _naming(safe: vault.Vault, sealed: pl.DataFrame) -> draft.Naming:
    def names(persons: pl.Series) -> pl.DataFrame:
        wanted = sealed.filter(pl.col("person").is_in(persons.implode())).sort("person")
        return seen.opened_names(safe, wanted.iter_rows())

    return names


def _packed(frame: pl.DataFrame) -> bytes:
    into = io.BytesIO()
    frame.write_ipc_stream(into, compression="zstd")
    return into.getvalue()


def _unpacked(raw: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(raw))
