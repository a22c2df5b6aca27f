"""What the amounts of a notice are made from, kept sealed under the key of the person told, and found again.

The SHA-256 of each paper stands in the message's figures, and so in the evidence of whatever leaves.
Refuses to keep one for somebody who was erased: nothing is said to that person either.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.book import facts
from duly.evidence import vault
from duly.store import sql

_SQL = sql.load()
_KIND = "facts"


def keep(connection: psycopg.Connection[Any], safe: vault.Vault, day: date, messages: pl.DataFrame) -> None:
    """Keep the papers (`facts`) of messages; the same paper of a person is kept once."""
    papers = {
        (person, facts.digest(document)): document
        for person, documents in messages.select("person", "facts").iter_rows()
        for document in documents
    }
    kept = []
    for (person, digest), document in papers.items():
        try:
            sealed = safe.seal(person, document.encode(), kind=_KIND, ref=digest)
        except errors.KeyMissing:
            continue
        kept.append((person, bytes.fromhex(digest), sealed))
    connection.execute(
        _SQL["keep_facts"],
        {
            "persons": [person for person, _, _ in kept],
            "digests": [digest for _, digest, _ in kept],
            "sealed": [sealed for _, _, sealed in kept],
            "day": day,
        },
    )


def find(connection: psycopg.Connection[Any], safe: vault.Vault, digests: Collection[str]) -> dict[str, str]:
    """By its SHA-256 (hex), each of these papers that can still be opened."""
    wanted = [bytes.fromhex(digest) for digest in sorted(digests)]
    found: dict[str, str] = {}
    for person, digest, _, sealed in connection.execute(_SQL["facts_of"], {"digests": wanted}).fetchall():
        name = bytes(digest).hex()
        if name in found:
            continue
        try:
            document = safe.open(person, bytes(sealed), kind=_KIND, ref=name).decode()
        except errors.KeyMissing:
            continue  # this person was erased; another who was told of the account may not have been
        if facts.digest(document) != name:
            raise errors.EvidenceBroken(
                "what the amounts of a notice were made from is not what its evidence names",
                remedy="Restore the row from a backup, and find out who changed it.",
            )
        found[name] = document
    return found
