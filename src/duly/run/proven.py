"""What was decided about an account, each decision proven by its place under the root of its plan.

    decisions.json
    {"says", "rows": [{"entry", "index", "hashes", "line"}, ...]}

`line` is the decision as it was published; SHA-256 over 0x00 and the line, led over the hashes, gives the root that
stands in the entry of that day's decisions (RFC 6962). Of that entry only the day, the root and the number of rows
are opened: how many others were told something is nobody's business.
Refuses to prove from a file that does not give the root: `decisions` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from duly.evidence import proof
from duly.run import decisions, installation
from duly.store import sql

_SQL = sql.load()

NAME = "decisions.json"
SAYS = "What was decided about this account, done or not done, and why."
OPENED = ("day", "root", "rows")
_KIND, _OPENING = "decisions", "opening"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The entry of a plan's decisions: where it stands in the log, its leaf, and what is opened of it."""

    index: int
    leaf: bytes
    openings: bytes


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Decisions with their proofs, by the root of their plan, and the entries that hold these roots."""

    rows: Mapping[bytes, tuple[decisions.Proven, ...]]
    entries: Mapping[bytes, Entry]

    def document(self) -> bytes:
        """The document, of the decisions whose entry has its place in the log."""
        rows = [
            {
                "entry": self.entries[root].index,
                "index": one.index,
                "hashes": [proof.base64_of(each) for each in one.path],
                "line": one.line.decode(),
            }
            for root, found in self.rows.items()
            if root in self.entries
            for one in found
        ]
        told = {"says": SAYS, "rows": rows}
        return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def of_account(
    opened: installation.Installation, connection: psycopg.Connection[Any], account: str
) -> Decided:
    """Every decision about an account whose file is on this machine. Raises EvidenceBroken for an altered file."""
    rows: dict[bytes, tuple[decisions.Proven, ...]] = {}
    days = set()
    with connection.cursor(row_factory=dict_row) as cursor:
        for plan in cursor.execute(_SQL["all_plans"]).fetchall():
            path, root = Path(plan["decisions_path"]), bytes(plan["decisions_root"])
            if root in rows or not path.is_file():
                continue
            if found := decisions.prove(path, account, root):
                rows[root] = tuple(found)
                days |= {opened.local_day(plan["at"]) + timedelta(days=n) for n in (-1, 0, 1)}
        entries = cursor.execute(_SQL["entries_of_kind"], {"kind": _KIND, "days": sorted(days)}).fetchall()
        given = {"ids": [one["id"] for one in entries], "days": sorted(days)}
        sealed = {row["entry"]: row for row in cursor.execute(_SQL["openings_of"], given).fetchall()}
    placed = {}
    for one in entries:
        if one["tree_index"] is not None and one["id"] in sealed:
            openings = _openings(opened, one["id"], bytes(sealed[one["id"]]["sealed"]))
            root = bytes.fromhex(openings["root"][1])
            if root in rows:
                said = proof.canonical({"cases": {}, "fields": openings})
                placed[root] = Entry(index=one["tree_index"], leaf=bytes(one["leaf"]), openings=said)
    return Decided(rows=rows, entries=placed)


def _openings(opened: installation.Installation, entry: UUID, sealed: bytes) -> dict[str, Any]:
    """What is opened of an entry about nobody in particular."""
    told = json.loads(opened.vault.open(None, sealed, kind=_OPENING, ref=entry.hex))
    return {name: told["fields"][name] for name in OPENED}
