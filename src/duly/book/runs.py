"""Where the rows of each account stand in a frame of millions, so that those of some are found without a search.

In an arranged book the rows of one account stand together: a run of them begins where a name differs from the one
before it, and each run is looked up once, by its first row, instead of every row by its names. In a book that is not
arranged there are more runs, and every answer is the same. Refuses to sort anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def of(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The runs in turn: the columns `by`, and the rows from `first` to before `end`."""
    differs = (pl.col(name).ne_missing(pl.col(name).shift()) for name in by)
    begins = frame.select(begins=pl.any_horizontal(*differs)).to_series()
    if frame.height and not begins[0]:  # before the first row nothing stands, not even an absent name
        begins = begins.scatter(0, values=True)
    first = begins.arg_true().alias("first")
    return frame.select(by)[first].with_columns(first, end=first.shift(-1, fill_value=frame.height))


def numbered(spans: pl.DataFrame, height: int) -> pl.Series:
    """For each of the `height` rows of the frame the place of its run in `spans`."""
    begins = pl.select(pl.repeat(0, height, dtype=pl.UInt32)).to_series()
    return begins.scatter(spans["first"], 1).cum_sum() - 1


def rows(spans: pl.DataFrame) -> pl.DataFrame:
    """The spans (`first`, `end`) row by row, as `row`, beside what else stands there; a span may be empty."""
    some = spans.filter(pl.col("first") < pl.col("end"))
    each = some.with_columns(row=pl.int_ranges("first", "end", dtype=pl.UInt32)).drop("first", "end")
    return each.explode("row")


def among(frame: pl.DataFrame, spans: pl.DataFrame, owners: pl.DataFrame, by: str) -> pl.DataFrame:
    """The rows of `frame` whose column `by` stands in `owners` too, in their order; `spans` are its runs."""
    theirs = spans.join(owners, on=by, how="semi", maintain_order="left")
    return frame[rows(theirs.select("first", "end"))["row"]]
