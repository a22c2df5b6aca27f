"""What was decided and recorded on earlier days, read from the files of the decisions.

Refuses to say anything of a day whose files are not at hand: silence is not a decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly.store import sql

_SQL = sql.load()


def files(connection: psycopg.Connection[Any]) -> Mapping[date, Sequence[Path]]:
    """By day, the files of its plans, the last one first."""
    found: dict[date, list[Path]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in reversed(cursor.execute(_SQL["all_plans"]).fetchall()):
            found.setdefault(row["day"], []).append(Path(row["decisions_path"]))
    return found


def last(
    paths: Sequence[Path], columns: Sequence[str], accounts: Collection[str] | None = None
) -> pl.DataFrame | None:
    """What was last recorded of each account, or of some; None where no file is at hand that has these columns."""
    frames = []
    for path in paths:
        rows = pl.scan_parquet(path) if path.is_file() else None
        if rows is not None and set(columns) <= set(rows.collect_schema()):
            wanted = rows if accounts is None else rows.filter(pl.col("account").is_in(sorted(accounts)))
            frames.append(wanted.select(columns).collect())
    if not frames:
        return None
    return pl.concat(frames).unique("account", keep="first", maintain_order=True)
