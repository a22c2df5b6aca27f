"""What every form of file becomes: batches of text cells, or the reasons why it cannot be read at all.

Refuses a header in which a mapped column is missing, or a column stands that book.yaml does not speak of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from duly.book.mapping import FeedMapping
from duly.errors import Problem
from duly.model.said import say

ROWS = 100_000  # of one batch


class Unreadable(Exception):
    """The file cannot be loaded at all; `problems` say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(len(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Cells:
    """`cells` has `file`, `line` and the lender's mapped columns as text; `ragged` is quarantined already.

    `apart` has, in the columns of `cells`, those of the rows in `ragged` whose cells stand under their columns.
    """

    cells: pl.DataFrame
    ragged: pl.DataFrame
    rows: int
    apart: pl.DataFrame | None = None


Batches = Iterator[Cells]


def problem(name: str, line: int | None, code: str, what: str, remedy: str) -> Problem:
    """A problem of a file as a whole, or from a line on."""
    return Problem(code=f"book.file.{code}", file=name, line=line, what=what, remedy=remedy)


def check_header(header: Sequence[str], name: str, feed: FeedMapping) -> None:
    """Every mapped column once, and none that book.yaml does not speak of."""
    problems = []
    for column in feed.columns:
        if column not in header:
            what = say("the column `{column}` is missing", column=column)
            remedy = say(
                "Correct the name under `columns` of the feed `{feed}` in book.yaml.", feed=feed.name
            )
            problems.append(problem(name, 1, "column_missing", what, remedy))
    for column in dict.fromkeys(header):
        if column not in feed.columns and column not in feed.ignore:
            what = say("the column `{column}` is not known", column=column)
            remedy = say(
                "Map it under `columns` of the feed `{feed}` in book.yaml, or name it under `ignore`.",
                feed=feed.name,
            )
            problems.append(problem(name, 1, "column_unknown", what, remedy))
        if header.count(column) > 1:
            what = say("the column `{column}` stands in the header twice", column=column)
            problems.append(problem(name, 1, "column_twice", what, say("Remove or rename one.")))
    if problems:
        raise Unreadable(*problems)
