"""Feeds that came cut short: until they come whole, nothing leaves, however young what is in force still is.

A file that promises more rows than it has, or reaches less far than the one before it, tells that there are payments
nobody here knows of.
Refuses to decide what a file is: `book.read` and its control do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from duly.book.mapping import Mapping
from duly.book.snapshot import Feed
from duly.errors import Problem
from duly.model.said import say
from duly.store import connect, sql

_SQL = sql.load()
_CUT = frozenset({"book.feed.rows_differ", "book.feed.total_differs", "book.feed.empty", "book.feed.older"})


def reaching_less(loaded: Sequence[Feed], before: Sequence[Feed], mapping: Mapping) -> list[Problem]:
    """The feeds that reach less far than the ones in force: yesterday's file under today's name."""
    marks = {feed.name: feed.watermark for feed in before}
    problems = []
    for feed in loaded:
        known = marks.get(feed.name)
        if feed.watermark is None or known is None or feed.watermark >= known:
            continue
        what = say(
            "the feed `{feed}` reaches to {day}, and what is in force to {known}",
            feed=feed.name,
            day=feed.watermark,
            known=known,
        )
        remedy = say("Fetch today's. If what is in force is wrong, load with --older.")
        problems.append(
            Problem(code="book.feed.older", file=mapping.feeds[feed.name].files, what=what, remedy=remedy)
        )
    return problems


def hold(
    connection: psycopg.Connection[Any], problems: Sequence[Problem], mapping: Mapping, *, by: str
) -> None:
    """Note the feeds that were refused because they were cut short; from here on nothing leaves."""
    # One file may hold several feeds, each on a sheet of its own: then none of them came whole.
    cut = {
        name: problem.code
        for problem in problems
        if problem.code in _CUT
        for name, feed in mapping.feeds.items()
        if feed.files == problem.file
    }
    if cut:
        with connect.transaction(connection):
            connection.execute(_SQL["cut_feeds"], {"feeds": list(cut), "codes": list(cut.values()), "by": by})


def whole(connection: psycopg.Connection[Any]) -> None:
    """Note that every feed came whole."""
    connection.execute(_SQL["feeds_whole"])
