"""What of a book's personal data is new or changed, sealed and staged beside the vault; the rest stays sealed as it is.

A sealed form differs each time, so a row is known again by its mark: a keyed digest of what it says together with the
sealed form itself. Whatever was altered in the database has no true mark any more, and is sealed anew.
People are taken some thousands at a time, each with their contact points, so a key is opened once and a book of
millions needs no more memory than a small one. Nothing that is staged is seen by anybody before it is merged.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import polars as pl
import psycopg

from duly.book import columns
from duly.evidence.vault import Vault
from duly.store import sql

_SQL = sql.load()

PEOPLE = 20_000  # of one turn
_PERSON = ("text", "bytea", "bytea")
_CONTACT = ("text", "text", "text", "text", "bool", "bytea", "bytea")
_BESIDE = ("person", "channel", "value_key", "agreed_for_service")

# What `json.dumps` with `ensure_ascii=False` writes of a text.
_text = json.encoder.encode_basestring


def stage(
    connection: psycopg.Connection[Any],
    vault: Vault,
    people: pl.DataFrame,
    points: pl.DataFrame,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Seal what is not in the vault as it is said here, into tables that last as long as the open transaction.

    `people` has `person`, `name` and `id_number`, `points` has `point`, `person`, `channel`, `value`, `value_key` and
    `agreed_for_service`. `progress` is told how many people of how many are done.
    """
    connection.execute(_SQL["stage_persons"])
    connection.execute(_SQL["stage_contacts"])
    people, points = people.sort("person"), points.sort("person", "point")
    owners = points["person"].set_sorted()
    with (
        _standing(connection, "persons_marked") as payloads,
        _standing(connection, "contacts_marked") as values,
    ):
        begin = 0
        for first in range(0, people.height, PEOPLE):
            some = people.slice(first, PEOPLE)
            last = str(some["person"][-1])
            end = owners.search_sorted(last, "right")
            theirs = points.slice(begin, end - begin)
            persons = _new_persons(vault, some, payloads.up_to(last))
            items, rows, saids = _new_contacts(vault, theirs, values.up_to(last))
            sealer = vault.sealer({person for person, _, _ in (*persons, *items)})
            sealed = sealer.seal(persons, kind="person")
            marks = _marks(vault, (said for _, said, _ in persons), sealed)
            names = (person for person, _, _ in persons)
            _copy(connection, "copy_persons", _PERSON, zip(names, sealed, marks, strict=True))
            sealed = sealer.seal(items, kind="contact")
            marks = _marks(vault, saids, sealed)
            ended = ((*row, form, mark) for row, form, mark in zip(rows, sealed, marks, strict=True))
            _copy(connection, "copy_contacts", _CONTACT, ended)
            begin = end
            if progress is not None:
                progress(first + some.height, people.height)


def stage_parties(connection: psycopg.Connection[Any], parties: pl.DataFrame) -> None:
    """Stage who has which role: `account`, `person`, `role`, `liable`."""
    connection.execute(_SQL["stage_parties"])
    rows = parties.select("account", "person", "role", "liable").iter_rows()
    _copy(connection, "copy_parties", ("text", "text", "text", "bool"), rows)


def merge(connection: psycopg.Connection[Any]) -> None:
    """Put what was staged where it belongs; others see it when the transaction is committed."""
    connection.execute(_SQL["merge_persons"])
    connection.execute(_SQL["merge_contacts"])
    connection.execute(_SQL["merge_parties"])


def points_of(values: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """The contact values with what stands beside each in the book's contacts, as `stage` takes them."""
    columns.conform("contacts", contacts, columns.CONTACT)
    beside = contacts.select("point", "value_key", "agreed_for_service")
    return values.join(beside, on="point").select("point", "value", *_BESIDE)


class _Standing:
    """What stands in the vault, read once in the order of its persons (the first column)."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def up_to(self, person: str) -> Iterator[tuple[Any, ...]]:
        """The rows from where we are to those of `person`, these included."""
        while self._next is not None and self._next[0] <= person:
            yield self._next
            self._next = next(self._rows, None)


@contextlib.contextmanager
def _standing(connection: psycopg.Connection[Any], name: str) -> Iterator[_Standing]:
    with connection.cursor(name, binary=True) as cursor:
        cursor.itersize = PEOPLE
        yield _Standing(iter(cursor.execute(_SQL[name])))


# What is to be sealed: whose it is, what it says, and its reference; and what goes into the row beside it.
_Item = tuple[str, bytes, str]
_Row = tuple[Any, ...]


def _new_persons(vault: Vault, people: pl.DataFrame, standing: Iterable[_Row]) -> list[_Item]:
    known = {person: (form, mark) for person, form, mark in standing}
    new = []
    for person, name, number in people.select("person", "name", "id_number").iter_rows():
        number_said = "null" if number is None else _text(number)
        said = f'{{"name":{_text(name)},"id_number":{number_said}}}'.encode()
        stands = known.get(person)
        if stands is None or not vault.is_mark(stands[1], said, stands[0]):
            new.append((person, said, person))
    return new


def _new_contacts(
    vault: Vault, points: pl.DataFrame, standing: Iterable[_Row]
) -> tuple[list[_Item], list[_Row], list[bytes]]:
    known = {point: ((person, *beside), form, mark) for person, point, *beside, form, mark in standing}
    items: list[_Item] = []
    rows: list[_Row] = []
    saids = []
    for point, value, *beside in points.select("point", "value", *_BESIDE).iter_rows():
        person, channel, key, agreed = beside
        flag = "true" if agreed else "false"
        said = f"[{_text(value)},{_text(person)},{_text(channel)},{_text(key)},{flag}]".encode()
        stands = known.get(point)
        if stands is None or stands[0] != tuple(beside) or not vault.is_mark(stands[2], said, stands[1]):
            items.append((person, value.encode(), point))
            rows.append((point, *beside))
            saids.append(said)
    return items, rows, saids


def _copy(
    connection: psycopg.Connection[Any], name: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    with connection.cursor() as cursor, cursor.copy(_SQL[name]) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _marks(vault: Vault, saids: Iterable[bytes], sealed: Sequence[bytes]) -> list[bytes]:
    return [vault.mark(said, hashlib.sha256(form).digest()) for said, form in zip(saids, sealed, strict=True)]
