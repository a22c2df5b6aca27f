"""What of a book's personal data is new or changed, sealed for the vault; the rest stays as it is sealed already.

A sealed form differs each time, so a row is known again by its mark: a keyed digest of what it says together with the
sealed form itself. Whatever was altered in the database has no true mark any more, and is sealed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from duly.book import relate
from duly.book.columns import Book
from duly.evidence.vault import Vault
from duly.store import sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """The parameters of `put_persons` and `put_contacts`: lists of one length each."""

    persons: dict[str, list[Any]]
    contacts: dict[str, list[Any]]


def fresh(connection: psycopg.Connection[Any], vault: Vault, personal: relate.Personal, book: Book) -> Sealed:
    """What is to be put into the vault, compared with what stands there."""
    return Sealed(
        persons=_persons(connection, vault, personal), contacts=_contacts(connection, vault, personal, book)
    )


def _persons(
    connection: psycopg.Connection[Any], vault: Vault, personal: relate.Personal
) -> dict[str, list[Any]]:
    known = {row[0]: (bytes(row[1]), bytes(row[2])) for row in connection.execute(_SQL["persons_marked"])}
    rows = [
        (person, _json({"name": name, "id_number": number}))
        for person, name, number in personal.people.select("person", "name", "id_number").iter_rows()
    ]
    new = [
        (person, payload)
        for person, payload in rows
        if person not in known or not vault.is_mark(known[person][1], payload, known[person][0])
    ]
    sealed = vault.seal_many([(person, payload, person) for person, payload in new], kind="person")
    return {
        "persons": [person for person, _ in new],
        "sealed": sealed,
        "marks": _marks(vault, [payload for _, payload in new], sealed),
    }


def _contacts(
    connection: psycopg.Connection[Any], vault: Vault, personal: relate.Personal, book: Book
) -> dict[str, list[Any]]:
    known = {
        row[0]: (row[1:5], bytes(row[5]), bytes(row[6]))
        for row in connection.execute(_SQL["contacts_marked"])
    }
    beside = ("person", "channel", "value_key", "agreed_for_service")
    points = personal.values.join(
        book.contacts.select("point", "value_key", "agreed_for_service"), on="point"
    ).select("point", "value", *beside)
    new = []
    for point, value, *others in points.iter_rows():
        said = _json([value, *others])
        stands = known.get(point)
        if stands is None or stands[0] != tuple(others) or not vault.is_mark(stands[2], said, stands[1]):
            new.append((point, value, others, said))
    sealed = vault.seal_many(
        [(others[0], value.encode(), point) for point, value, others, _ in new], kind="contact"
    )
    return {
        "points": [point for point, _, _, _ in new],
        "persons": [others[0] for _, _, others, _ in new],
        "channels": [others[1] for _, _, others, _ in new],
        "value_keys": [others[2] for _, _, others, _ in new],
        "agreed": [others[3] for _, _, others, _ in new],
        "sealed": sealed,
        "marks": _marks(vault, [said for _, _, _, said in new], sealed),
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _marks(vault: Vault, payloads: Sequence[bytes], sealed: Sequence[bytes]) -> list[bytes]:
    return [
        vault.mark(payload, hashlib.sha256(form).digest())
        for payload, form in zip(payloads, sealed, strict=True)
    ]
