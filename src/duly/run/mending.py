"""Rows that were left out of the book and what stands in their place, sealed under the key of their day.

Whoever may mend sees a row as it stands in the file; what is put in its place counts for every later load, because
the core system may not be mended for weeks. When the key of its day is destroyed by rule, so is what was mended.
Refuses to judge a row: it goes the same way as all others.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.book import mending
from duly.run import installation, record
from duly.store import sql

_SQL = sql.load()
_KIND = "quarantine"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One finding of a row that was left out. `value` and `cells` are None where they were destroyed by rule."""

    number: int
    at: datetime
    feed: str
    file: str
    line: int
    field: str | None
    code: str
    row: str | None
    value: str | None
    cells: Mapping[str, str] | None
    by: str | None
    mended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Mended:
    """What stands in the place of a row, and who put it there when."""

    row: str
    feed: str
    by: str
    at: datetime
    file: str | None
    line: int | None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is to stand in the place of the row of this name."""

    row: str
    feed: str
    cells: Mapping[str, str]


class Mender:
    """Names rows, and knows which were mended: before, and by what is being loaded (`corrections`)."""

    def __init__(
        self,
        opened: installation.Installation,
        connection: psycopg.Connection[Any],
        corrections: Sequence[Correction] = (),
    ) -> None:
        self._opened = opened
        self._connection = connection
        self._new = {one.row: one.cells for one in corrections}
        self._known: dict[str, Mapping[str, str]] | None = None

    def name(self, feed: str, cells: str) -> str:
        """The keyed name of a row."""
        return self._opened.vault.blind(f"row {feed}\n{cells}")

    def corrected(self, row: str) -> Mapping[str, str] | None:
        """The cells that stand in its place."""
        if self._known is None:
            self._known = {**self._read(), **self._new}
        return self._known.get(row)

    def _read(self) -> dict[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        with self._connection.cursor(row_factory=dict_row) as cursor:
            for row in cursor.execute(_SQL["mended_rows"]):
                told = _opened(self._opened, row["day"], row["sealed"])
                if told is not None:
                    found[row["row_name"]] = json.loads(told)
        return found


def keep(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    bad: pl.DataFrame,
    *,
    as_of: date,
    manifest: str | None = None,
    rows: pl.DataFrame | None = None,
) -> None:
    """Keep what was left out of a load (`book.quarantine.SCHEMA`), sealed, with its rows (`book.mending.ROWS`)."""
    if bad.is_empty():
        return
    if manifest is not None:
        connection.execute(_SQL["forget_quarantined"], {"manifest": manifest})
    whole = mending.nothing() if rows is None else rows
    found = bad.join(whole, on=["feed", "file", "line"], how="left", maintain_order="left")
    connection.execute(
        _SQL["quarantine"],
        {
            "manifest": manifest,
            "day": as_of,
            "feeds": found["feed"].to_list(),
            "files": found["file"].to_list(),
            "lines": found["line"].to_list(),
            "fields": found["field"].to_list(),
            "codes": found["code"].to_list(),
            "rows": found["row"].to_list(),
            "sealed": [_sealed(opened, as_of, value or "") for value in found["value"].to_list()],
            "cells": [
                None if cells is None else _sealed(opened, as_of, cells) for cells in found["cells"].to_list()
            ],
        },
    )


def mend(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    corrections: Sequence[Correction],
    *,
    as_of: date,
    by: str,
) -> None:
    """Keep what stands in the place of these rows from now on."""
    if not corrections:
        return
    connection.execute(
        _SQL["mend_rows"],
        {
            "day": as_of,
            "by": by,
            "rows": [one.row for one in corrections],
            "feeds": [one.feed for one in corrections],
            "sealed": [_sealed(opened, as_of, mending.written(one.cells)) for one in corrections],
        },
    )


def standing(opened: installation.Installation, connection: psycopg.Connection[Any]) -> list[Found]:
    """What is left out of the book in force, finding by finding."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_found(opened, row) for row in cursor.execute(_SQL["quarantined"]).fetchall()]


def mended(connection: psycopg.Connection[Any]) -> list[Mended]:
    """Every row that was mended, the first first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            Mended(
                row=row["row_name"],
                feed=row["feed"],
                by=row["by"],
                at=row["at"],
                file=row["file"],
                line=row["line"],
            )
            for row in cursor.execute(_SQL["mended_rows"]).fetchall()
        ]


def _found(opened: installation.Installation, row: Mapping[str, Any]) -> Found:
    cells = _opened(opened, row["day"], row["cells"])
    return Found(
        number=row["id"],
        at=row["at"],
        feed=row["feed"],
        file=row["file"],
        line=row["line"],
        field=row["field"],
        code=row["code"],
        row=row["row_name"],
        value=_opened(opened, row["day"], row["sealed"]),
        cells=None if cells is None else json.loads(cells),
        by=row["by"],
        mended_at=row["mended_at"],
    )


def _sealed(opened: installation.Installation, day: date, text: str) -> bytes:
    return opened.vault.seal(record.raw_owner(day), text.encode(), kind=_KIND, ref=day.isoformat())


def _opened(opened: installation.Installation, day: date | None, sealed: bytes | None) -> str | None:
    """The text, or None where there is none or the key of its day was destroyed."""
    if day is None or sealed is None:
        return None
    with contextlib.suppress(errors.KeyMissing):
        told = opened.vault.open(record.raw_owner(day), bytes(sealed), kind=_KIND, ref=day.isoformat())
        return told.decode()
    return None
