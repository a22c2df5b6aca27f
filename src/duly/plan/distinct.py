"""Rows that say the same, told apart once: what is put together of lists and words is made for each of the few.

A book of a million has a handful of different answers of the law, each a list of some forty rules; nobody needs the
same list a hundred thousand times over.
Refuses to put anything in another order: what is numbered comes in the order in which it was first met.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def numbered(rows: pl.DataFrame, names: Sequence[str]) -> tuple[pl.Series, pl.DataFrame]:
    """The number of each row by what these columns say, and what each number says, in the order of the numbers."""
    found = rows.select(names).with_row_index("row").group_by(names, maintain_order=True).agg("row")
    each = found.select("row").with_row_index("number").explode("row").sort("row")
    return each["number"], found.drop("row")
