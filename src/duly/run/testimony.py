"""The imported history of one account as it goes into a bundle: each row with its path to the root of its load.

The rows are another system's word. What can be proven is that they are the ones which were imported, when, and that
they were not changed since; so they stand in a document of their own, apart from what we did.
Refuses to give a row that is not, byte for byte, the one that was hashed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.evidence import proof, tree
from duly.model.said import say
from duly.run import history
from duly.store import sql

_SQL = sql.load()

NAME = "imported.json"
SAYS = "Imported from another system; not witnessed by us."


@dataclass(frozen=True, kw_only=True)
class Testimony:
    """Rows with their paths, by the entry of the load that brought them."""

    rows: tuple[Mapping[str, Any], ...]
    loads: Mapping[UUID, Any]

    def document(self, places: Mapping[UUID, int]) -> bytes:
        """The document; `places` says where in the log the entry of each load stands."""
        rows = [{**row, "entry": places[row["entry"]]} for row in self.rows]
        told = {"says": SAYS, "rows": rows}
        return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def of_account(connection: psycopg.Connection[Any], account: str) -> Testimony:
    """What was imported about an account and its people. Raises EvidenceBroken for a row that was changed."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SQL["imported_of_account"], {"account": account}).fetchall()
    loads = {row["entry"]: row["entry_day"] for row in found}
    trees: dict[UUID, tuple[dict[int, int], tree.Memory]] = {}
    for load in loads:
        leaves = connection.execute(_SQL["imported_leaves"], {"entry": load}).fetchall()
        places = {n: place for place, (n, _) in enumerate(leaves)}
        trees[load] = (places, tree.Memory(bytes(leaf) for _, leaf in leaves))
    rows = []
    for row in found:
        told = history.as_told(row)
        if proof.leaf_hash(history.leaf_of(told)) != bytes(row["leaf"]):
            raise errors.EvidenceBroken(
                say(
                    "a row imported from {source} was changed after it was loaded: {reference}",
                    source=row["source"],
                    reference=row["reference"],
                ),
                remedy=say("Find out who changed it; restore it from a backup."),
            )
        places, whole = trees[row["entry"]]
        place = places[row["n"]]
        rows.append(
            {
                "entry": row["entry"],
                "index": place,
                "hashes": [proof.base64_of(one) for one in tree.inclusion(place, whole.size, whole.subtree)],
                "row": json.loads(history.leaf_of(told)),
            }
        )
    return Testimony(rows=tuple(rows), loads=loads)
