"""Whose a receipt is: found by the carrier's id of a segment, or by our own reference where that id never came.

What came too early finds its message later, and enters the chains of its cases then.
Refuses to lose a receipt: what fits no message is kept without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.model import notice
from duly.run import gate, heads, record, references, statement
from duly.store import sql

_SQL = sql.load()

REACH = timedelta(days=35)  # how late a receipt finds its message by the carrier's id at once
_NEWS = timedelta(hours=12)  # a receipt that comes later than this finds plans that were made without it
_SEPARATOR = "\x1f"

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt, the number it names by its blind index, and the raw row that holds it."""

    event: inbound.ReceiptEvent
    number: str | None
    raw: int


# --- as they come


def take(
    connection: psycopg.Connection[Any],
    route: str,
    received: Sequence[Receipt],
    *,
    recorder: record.Recorder,
    day: date,
    now: datetime,
) -> tuple[list[record.Fact], list[references.Lesson]]:
    """Write the receipts of one route that are news, inside the caller's transaction: the facts that he is to record,
    and what `references.learn` is to be told.
    """
    places = _by_id(connection, route, received, day=day, now=now)
    unknown = [
        (route, one.number)
        for one, place in zip(received, places, strict=True)
        if place is None and one.number is not None and (one.event.reference is not None or one.event.head)
    ]
    question = references.Question.put(connection, unknown, now=now)
    places = [
        place or otherwise(connection, question, Clues.of(route, one), recorder=recorder)
        for one, place in zip(received, places, strict=True)
    ]
    written = _write(connection, route, received, places, recorder=recorder, day=day, now=now)
    facts: list[record.Fact] = []
    waking: list[tuple[str, datetime, str, bytes | None]] = []
    lessons: list[references.Lesson] = []
    for one, place in zip(received, places, strict=True):
        word = (inbound.folded_id(one.event.remote_id), one.event.word)
        if word not in written:
            continue  # the same word again
        written.discard(word)
        owner = None if place is None else place.owner
        facts.append(statement.receipt(one.event, owner, at=now))
        if place is not None and place.basis:
            lessons.append(references.Lesson(place=place, remote_id=one.event.remote_id))
        if owner is not None and one.event.final:
            waking += woken(one.event.state, owner, now)
    gate.wake_rows(connection, list(dict.fromkeys(waking)), now)
    return facts, lessons


@dataclass(frozen=True, kw_only=True)
class Clues:
    """What a receipt says of whose it is, besides the carrier's id."""

    route: str
    number: str | None
    reference: int | None
    submitted_at: datetime | None
    head: bytes

    @classmethod
    def of(cls, route: str, one: Receipt) -> Clues:
        """Those of a receipt as it comes."""
        event = one.event
        return cls(
            route=route,
            number=one.number,
            reference=event.reference,
            submitted_at=event.submitted_at,
            head=event.head,
        )


def otherwise(
    connection: psycopg.Connection[Any],
    question: references.Question,
    clues: Clues,
    *,
    recorder: record.Recorder,
) -> references.Place | None:
    """Whose a receipt is by our reference, or where it carries none by what else it says."""
    if clues.reference is not None or clues.number is None or clues.submitted_at is None:
        return question.find(clues.route, clues.number, clues.reference)
    clue = heads.Clue(
        route=clues.route, number=clues.number, submitted_at=clues.submitted_at, head=clues.head
    )
    return heads.find(connection, question, clue, recorder=recorder)


def woken(
    arrival: notice.Arrival, owner: Row, now: datetime
) -> list[tuple[str, datetime, str, bytes | None]]:
    """Whom the end of a message wakes: what failed goes another way; and what arrived is news to the plans that were
    made meanwhile, if it comes so late that there are some.
    """
    if arrival is notice.Arrival.FAILED:
        return [(str(owner["person"]), now, "fallback", bytes(owner["key"]))]
    if arrival is notice.Arrival.DELIVERED and now - owner["at"] > _NEWS:
        return [(str(owner["person"]), now, "receipt", bytes(owner["key"]))]
    return []


def _write(
    connection: psycopg.Connection[Any],
    route: str,
    received: Sequence[Receipt],
    places: Sequence[references.Place | None],
    *,
    recorder: record.Recorder,
    day: date,
    now: datetime,
) -> set[tuple[str, str]]:
    """Write them; the id and the carrier's word of each that was news."""
    events = [one.event for one in received]
    rows = connection.execute(
        _SQL["receipts"],
        {
            "day": day,
            "route": route,
            "at": now,
            "since": (now - REACH).date(),
            "remote_ids": [event.remote_id for event in events],
            "normal_ids": [inbound.folded_id(event.remote_id) for event in events],
            "forms": [_SEPARATOR.join(_forms(event)) for event in events],
            "destinations": [one.number for one in received],
            "states": [event.word for event in events],
            "arrivals": [event.state.value for event in events],
            "keys": [None if place is None else place.owner["key"] for place in places],
            "parts": [None if place is None else place.part for place in places],
            "carrier_at": [event.at for event in events],
            "provenances": [event.provenance.value for event in events],
            "raws": [one.raw for one in received],
            "references": [event.reference for event in events],
            "submitted": [event.submitted_at for event in events],
            # What nobody could be found by is looked at again; the beginning of a text is sealed like the text.
            "heads": [
                recorder.seal_raw(event.head, day=day) if place is None and event.head else None
                for event, place in zip(events, places, strict=True)
            ],
        },
    ).fetchall()
    return {(row[0], row[1]) for row in rows}


def _by_id(
    connection: psycopg.Connection[Any],
    route: str,
    received: Sequence[Receipt],
    *,
    day: date,
    now: datetime,
) -> list[references.Place | None]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = _left(cursor, route, received, now=now)
        by_id = {row["normal_id"]: row for row in reversed(found)}
        sent = {
            "keys": [row["key"] for row in found],
            "since": min((row["day"] for row in found), default=day),
        }
        rows = cursor.execute(_SQL["hand_overs_of"], sent).fetchall()
    owners = {row["key"]: row for row in rows}
    return [_match(one, by_id, owners) for one in received]


def _left(
    cursor: psycopg.Cursor[dict[str, Any]], route: str, received: Sequence[Receipt], *, now: datetime
) -> list[dict[str, Any]]:
    """The segments that these ids may mean, the latest first. The carrier says when it took a message, which is on the
    day of its partition or on the next to it by its own calendar; only what is not there is looked for in all.
    """
    asked = {
        form: None if one.event.submitted_at is None else one.event.submitted_at.date()
        for one in received
        for form in _forms(one.event)
    }
    dated = sorted(form for form, told in asked.items() if told is not None)
    found: list[dict[str, Any]] = []
    if dated:
        days = {told + timedelta(days=n) for told in asked.values() if told is not None for n in (-1, 0, 1)}
        near = {"route": route, "normal_ids": dated, "days": sorted(days)}
        found = cursor.execute(_SQL["match_remote_on"], near).fetchall()
    left = set(asked) - {row["normal_id"] for row in found}
    if left:
        far = {"route": route, "normal_ids": sorted(left), "since": (now - REACH).date()}
        found += cursor.execute(_SQL["match_remote"], far).fetchall()
    return sorted(found, key=lambda row: row["day"], reverse=True)


def _match(one: Receipt, by_id: Mapping[str, Row], owners: Mapping[bytes, Row]) -> references.Place | None:
    """The part this receipt is about. Another form of the id (hexadecimal for decimal) may be another message's own
    id, so it counts only where the number agrees too; and no id counts against the number.
    """
    for form in _forms(one.event):
        found = by_id.get(form)
        owner = owners.get(found["key"]) if found is not None else None
        if found is None or owner is None:
            continue
        exact = form == inbound.folded_id(one.event.remote_id)
        if one.number == owner["value_key"] or (exact and one.number is None):
            return references.Place(owner=owner, part=found["part"])
    return None


def _forms(event: inbound.ReceiptEvent) -> list[str]:
    return list(dict.fromkeys(inbound.folded_id(form) for form in (event.remote_id, *event.normal_ids)))
