"""What a receipt says by our own reference: which segment it is about, where the carrier's id of it never came.

Such a receipt shows that the carrier has the segment. So it also settles the doubt about a hand-over whose answer was
lost, once every segment of the message is accounted for. One that was found by what it says otherwise (see `heads`)
does the same.
Refuses to guess: a reference is short, so it counts only together with the number and the route, only where the id
of that segment is still unknown, and only if one segment alone fits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import answer, base, inbound
from duly.run import record, settlement
from duly.store import sql

_SQL = sql.load()

# How late it may be: the five bits of the day in a reference come round after 32 days.
_REACH = timedelta(days=30)

# What the end of a doubt rests on.
BY_REFERENCE = "a receipt that carries our reference"
BY_HEAD = "a receipt for this number, of that time, whose text begins alike"

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The segment that a receipt is about. `owner` tells whose hand-over it is.

    Found by another way than its id, which is the `basis`, the receipt teaches us the carrier's id of the segment.
    """

    owner: Row
    part: int
    basis: str = ""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A segment of which a receipt told us that the carrier has it, and under which id."""

    place: Place
    remote_id: str

    @property
    def key(self) -> bytes:
        """The key of its message."""
        return bytes(self.place.owner["key"])


@dataclass(frozen=True, kw_only=True)
class Question:
    """The hand-overs that a receipt without a known id may be about, with the ids that are known of each."""

    rows: Sequence[Row]
    known: Mapping[bytes, Mapping[int, str]]

    @classmethod
    def put(
        cls, connection: psycopg.Connection[Any], asked: Collection[tuple[str, str]], *, now: datetime
    ) -> Question:
        """Look up what left, or may have left, by these routes for these numbers (route, blind index)."""
        if not asked:
            return cls(rows=(), known={})
        since = (now - _REACH).date()
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                _SQL["in_question"],
                {
                    "routes": sorted({route for route, _ in asked}),
                    "numbers": sorted({number for _, number in asked}),
                    "since": since,
                },
            ).fetchall()
            known = {bytes(row["key"]): dict(zip(row["heard"], row["heard_as"], strict=True)) for row in rows}
            for route in sorted({row["route"] for row in rows}):
                written = {
                    inbound.folded_id(one): one
                    for row in rows
                    if row["route"] == route
                    for one in row["remote_ids"]
                }
                asked_ids = {"route": route, "normal_ids": sorted(written), "since": since}
                for found in cursor.execute(_SQL["match_remote"], asked_ids).fetchall():
                    known.get(bytes(found["key"]), {})[found["part"]] = written[found["normal_id"]]
        return cls(rows=rows, known=known)

    def find(self, route: str, number: str | None, reference: int | None) -> Place | None:
        """The one segment that this reference means, None if there is no such or more than one.

        While a hand-over waits for its answer nobody knows the ids of its segments, so it may be meant too: then
        the receipt waits as well, and is looked at again by `adopt`.
        """
        if number is None or reference is None:
            return None
        fitting = [
            (row, part)
            for row in self.rows
            if row["route"] == route and row["value_key"] == number
            for part in range(row["parts"])
            if base.reference(bytes(row["key"]), row["day"], part) == reference
            and (row["outcome"] == "unsure" or part not in self.known[bytes(row["key"])])
        ]
        if len(fitting) != 1:
            return None
        ((row, part),) = fitting
        if row["outcome"] is None:
            return None
        return Place(owner=row, part=part, basis=BY_REFERENCE)


def learn(
    connection: psycopg.Connection[Any], lessons: Sequence[Lesson], *, now: datetime
) -> list[record.Fact]:
    """Note the ids that receipts taught us, and settle the doubts of which no segment is left; the facts to record.

    Under the locks of all these answers, so that of two receipts for two segments the later one sees the other.
    """
    if not lessons:
        return []
    settlement.lock(connection, [one.key for one in lessons])
    connection.execute(
        _SQL["note_remote"],
        {
            "days": [one.place.owner["day"] for one in lessons],
            "routes": [one.place.owner["route"] for one in lessons],
            "normal_ids": [inbound.folded_id(one.remote_id) for one in lessons],
            "keys": [one.key for one in lessons],
            "parts": [one.place.part for one in lessons],
        },
    )
    taught = {one.key for one in lessons}
    about = {(str(one.place.owner["route"]), str(one.place.owner["value_key"])) for one in lessons}
    question = Question.put(connection, about, now=now)
    doubts = [row for row in question.rows if row["outcome"] == "unsure" and bytes(row["key"]) in taught]
    settled: dict[str, list[settlement.Answered]] = {BY_REFERENCE: [], BY_HEAD: []}
    guessed = {one.key for one in lessons if one.place.basis == BY_HEAD}
    for row in doubts:
        ids = question.known[bytes(row["key"])]
        if all(part in ids for part in range(row["parts"])):
            given = answer.accepted([ids[part] for part in range(row["parts"])])
            basis = BY_HEAD if bytes(row["key"]) in guessed else BY_REFERENCE
            settled[basis].append(settlement.Answered(what=settlement.handed_over(row), answer=given))
    return [
        fact
        for basis, answered in settled.items()
        for fact in settlement.resolve(connection, answered, basis=basis, now=now)
    ]
