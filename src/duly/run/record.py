"""Evidence entries written in the transaction of the facts they record (decision D11).

Each entry joins the chains of the cases it speaks of, in the order of the rows it is given; salts and values
go sealed into the vault, under the key of the person they concern.
Refuses to be called outside a transaction: a fact without its entry, or an entry without its fact, must not exist.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.pq import TransactionStatus

from duly import errors
from duly.evidence import chain, entry, vault
from duly.evidence.fields import Subject
from duly.store import sql

_SQL = sql.load()

HOUSE = "~house"  # stands in a row's `person` where the house's own key seals it


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What is to be recorded. `about` maps a case to what is said of its account; `person` owns the openings."""

    kind: str
    at: datetime
    committed: Mapping[str, object]
    open: Mapping[str, object] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    person: str | None = None
    entry: UUID = field(default_factory=uuid4)


def raw_owner(day: date) -> str:
    """Under whose key everything that carriers send on a day is sealed; that key is destroyed when the day expires."""
    return f"~raw-{day.isoformat()}"


class Recorder:
    """Writes entries for one project. `day_of` decides in which daily partition an instant falls.

    `create_keys` makes keys where there are none and returns those that were destroyed on purpose (the key store's
    `create`): each day's carrier messages have one of their own, and what is still to be recorded of somebody who was
    erased is committed to and kept for nobody.
    """

    def __init__(
        self,
        *,
        safe: vault.Vault,
        day_of: Callable[[datetime], date],
        create_keys: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
    ) -> None:
        self._safe = safe
        self.day_of = day_of
        self._create_keys = create_keys
        self._raw_days: set[date] = set()

    def write(self, connection: psycopg.Connection[Any], facts: Sequence[Fact]) -> None:
        """Write the entries of these facts, in order, inside the caller's transaction."""
        if not facts:
            return
        if connection.info.transaction_status is TransactionStatus.IDLE:
            raise RuntimeError("an entry is written in the transaction of its fact")
        names, heads = self._take(connection, facts)
        chained = chain.Chain(heads.values(), salts=os.urandom)
        built: list[entry.Entry] = []
        links: list[tuple[str, int, UUID, date]] = []
        for fact in facts:
            made = chained.build(
                fact.kind,
                entry_id=fact.entry,
                at=fact.at,
                open=fact.open,
                committed=fact.committed,
                about={heads[case].case: said for case, said in fact.about.items()},
            )
            built.append(made)
            links += [(names[case], seq, fact.entry, self.day_of(fact.at)) for case, seq in made.links]
        self._insert(connection, facts, built, links)
        moved = chained.moved()
        if moved:
            connection.execute(
                _SQL["move_chains"],
                {
                    "cases": [names[head.case] for head in moved],
                    "seqs": [head.seq for head in moved],
                    "heads": [head.leaf_hash for head in moved],
                },
            )

    def _take(
        self, connection: psycopg.Connection[Any], facts: Sequence[Fact]
    ) -> tuple[dict[bytes, str], dict[str, chain.Head]]:
        cases = sorted({case for fact in facts for case in fact.about})
        if not cases:
            return {}, {}
        rows = connection.execute(_SQL["take_chains"], {"cases": cases}).fetchall()
        heads = {
            row[0]: chain.Head(bytes(row[1]), row[2], None if row[3] is None else bytes(row[3]))
            for row in rows
        }
        lost = set(cases) - set(heads)
        if lost:
            raise ValueError(f"no file was opened for {len(lost)} case(s) of an entry")
        return {head.case: name for name, head in heads.items()}, heads

    def _insert(
        self,
        connection: psycopg.Connection[Any],
        facts: Sequence[Fact],
        built: Sequence[entry.Entry],
        links: Sequence[tuple[str, int, UUID, date]],
    ) -> None:
        ids = [fact.entry for fact in facts]
        days = [self.day_of(fact.at) for fact in facts]
        connection.execute(
            _SQL["entries"],
            {
                "days": days,
                "ids": ids,
                "at": [fact.at for fact in facts],
                "kinds": [fact.kind for fact in facts],
                "leaves": [made.leaf for made in built],
            },
        )
        connection.execute(_SQL["entries_wait"], {"ids": ids, "days": days})
        owners = [
            fact.person if made.subject is Subject.PERSON and fact.person is not None else HOUSE
            for fact, made in zip(facts, built, strict=True)
        ]
        kept = [
            (day, fact.entry, owner, sealed)
            for day, owner, made, fact in zip(days, owners, built, facts, strict=True)
            if (sealed := self._seal_opening(owner, made.openings, fact.entry)) is not None
        ]
        connection.execute(
            _SQL["openings"],
            {
                "days": [day for day, _, _, _ in kept],
                "ids": [id_ for _, id_, _, _ in kept],
                "persons": [owner for _, _, owner, _ in kept],
                "sealed": [sealed for _, _, _, sealed in kept],
            },
        )
        if links:
            connection.execute(
                _SQL["entry_cases"],
                {
                    "cases": [case for case, _, _, _ in links],
                    "seqs": [seq for _, seq, _, _ in links],
                    "ids": [id_ for _, _, id_, _ in links],
                    "days": [day for _, _, _, day in links],
                },
            )

    def _seal_opening(self, owner: str, opening: bytes, entry_id: UUID) -> bytes | None:
        person = None if owner == HOUSE else owner
        try:
            return self._safe.seal(person, opening, kind="opening", ref=entry_id.hex)
        except errors.KeyMissing:
            if person is not None and person in self._create_keys([person]):
                return None
            raise

    def seal_text(self, person: str, key: bytes, text: str, subject: str) -> bytes:
        """The exact text of a message, sealed under its person's key."""
        payload = f"{subject}\n\n{text}" if subject else text
        return self._safe.seal(person, payload.encode(), kind="text", ref=key.hex())

    def open_text(self, person: str, key: bytes, sealed: bytes) -> str:
        """The exact text of a message. Raises KeyMissing for a person who was erased."""
        return self._safe.open(person, sealed, kind="text", ref=key.hex()).decode()

    def open_raw(self, sealed: bytes, *, day: date) -> bytes:
        """What a carrier sent. Raises KeyMissing when its day has expired."""
        return self._safe.open(raw_owner(day), sealed, kind="raw", ref=day.isoformat())

    def seal_raw(self, raw: bytes, *, day: date) -> bytes:
        """What a carrier sent, sealed under the key of its day, which is destroyed when the day expires."""
        if day not in self._raw_days:
            self._create_keys([raw_owner(day)])
            self._raw_days.add(day)
        return self._safe.seal(raw_owner(day), raw, kind="raw", ref=day.isoformat())
