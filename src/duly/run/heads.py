"""Whose a receipt is that carries neither a known id nor our reference: by number, time, and how the text begins.

Carriers that echo nothing still say when they took a message and give its first characters. Where the answer was lost,
that is all there is.
Refuses to guess: all three must fit, to one segment alone, and a receipt that carries a reference is never asked so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.run import record, references
from duly.store import sql
from duly.wire import sms
from duly.wire.smpp import receipt_head

_SQL = sql.load()

# The carrier's clock is another one and often without seconds; bytes follow the gate within two of them.
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=15)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Clue:
    """What a receipt says of its message: the number's blind index, when it was taken, the beginning of the text."""

    route: str
    number: str
    submitted_at: datetime
    head: bytes = field(repr=False)


def find(
    connection: psycopg.Connection[Any],
    question: references.Question,
    clue: Clue,
    *,
    recorder: record.Recorder,
) -> references.Place | None:
    """The one segment that a clue means; None if there is no such, more than one, or its answer may still come."""
    near = [
        row
        for row in question.rows
        if row["route"] == clue.route
        and row["value_key"] == clue.number
        and -BEFORE <= clue.submitted_at - row["at"] <= AFTER
    ]
    if not near or not clue.head:
        return None
    fitting = [
        (row, part)
        for row, segments in _said(connection, near, recorder)
        for part, segment in enumerate(segments)
        if part not in question.known[bytes(row["key"])] and receipt_head.begins(segment, clue.head)
    ]
    if len(fitting) != 1 or fitting[0][0]["outcome"] is None:
        return None
    ((row, part),) = fitting
    return references.Place(owner=row, part=part, basis=references.BY_HEAD)


def _said(
    connection: psycopg.Connection[Any], rows: Sequence[Row], recorder: record.Recorder
) -> Iterator[tuple[Row, list[str]]]:
    """The segments of what was said to each; nothing of whom was erased."""
    asked = {"keys": [row["key"] for row in rows], "days": sorted({row["day"] for row in rows})}
    with connection.cursor(row_factory=dict_row) as cursor:
        kept = {
            (bytes(one["key"]), one["attempt"]): one
            for one in cursor.execute(_SQL["texts_said"], asked).fetchall()
        }
    for row in rows:
        found = kept.get((bytes(row["key"]), row["attempt"]))
        if found is None:
            continue
        try:
            text = recorder.open_text(found["person"], bytes(row["key"]), bytes(found["sealed"]))
        except errors.KeyMissing:
            continue
        parts = sms.split(text, reference=0)
        # A route with an alphabet of its own cuts elsewhere: there only the beginning of the whole is sure.
        segments = [sms.decode(part.data, part.alphabet) for part in parts]
        yield row, segments if len(segments) == row["parts"] else segments[:1]
