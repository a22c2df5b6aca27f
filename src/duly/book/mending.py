"""Rows that were left out, as they stand in the file, and what stands in their place once somebody mended them.

A row is known again in tomorrow's file by a keyed name of its cells, so that what was mended stays mended until the
core system says something else.
Refuses to mend a row whose cells stand under no columns: nobody can tell which is which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Protocol

import polars as pl

from duly.book import batch
from duly.book.mapping import FeedMapping

ROWS: Mapping[str, pl.DataType] = {
    "feed": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),
    "row": pl.String(),  # its keyed name
    "cells": pl.String(),  # by the lender's columns, in JSON
}
_PLACE = ("file", "line")


class Mender(Protocol):
    """Who names rows, and knows which were mended."""

    def name(self, feed: str, cells: str) -> str:
        """The keyed name of a row."""
        ...

    def corrected(self, row: str) -> Mapping[str, str] | None:
        """The cells that stand in its place."""
        ...


def nothing() -> pl.DataFrame:
    """No rows."""
    return pl.DataFrame(schema=dict(ROWS))


def written(cells: Mapping[str, object]) -> str:
    """The cells of a row as one text, whatever the order of the columns."""
    return json.dumps({key: value or "" for key, value in cells.items()}, ensure_ascii=False, sort_keys=True)


def found(
    read: Iterable[batch.Cells], wanted: pl.DataFrame, feed: FeedMapping, mender: Mender
) -> pl.DataFrame:
    """The rows at the places `wanted` among those `read`, in the columns of `ROWS`."""
    rows: list[tuple[str, str, int, str, str]] = []
    for cut in read:
        for frame in (cut.cells, cut.apart):
            if frame is None:
                continue
            for row in frame.join(wanted, on=_PLACE, how="semi").iter_rows(named=True):
                cells = written({column: row[column] for column in feed.columns})
                rows.append((feed.name, row["file"], row["line"], mender.name(feed.name, cells), cells))
    return pl.DataFrame(rows, schema=dict(ROWS), orient="row")


def cells(rows: pl.DataFrame, feed: FeedMapping, mender: Mender) -> pl.DataFrame:
    """What stands in the place of those of `rows` that were mended, as `batch.Cells.cells` has it."""
    kept = []
    for row in rows.filter(pl.col("feed") == feed.name).iter_rows(named=True):
        told = mender.corrected(row["row"])
        if told is not None:
            texts = {column: told.get(column, "") for column in feed.columns}
            kept.append({**texts, "file": row["file"], "line": row["line"]})
    schema = {**dict.fromkeys(feed.columns, pl.String()), "file": pl.String(), "line": pl.Int64()}
    return pl.DataFrame(kept, schema=schema)
