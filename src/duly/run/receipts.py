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
from duly.run import clock, gate, record, references, statement
from duly.store import sql

_SQL = sql.load()

REACH = timedelta(days=35)  # how late a receipt may still find its message by the carrier's id
# A receipt that came before its message was known waits for it no longer than this; it is a matter of seconds.
_ORPHANED = timedelta(days=7)
_MOST = 500  # receipts without an owner that are looked at again in one go, so that they cannot pile up
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
        if place is None and one.number is not None and one.event.reference is not None
    ]
    question = references.Question.put(connection, unknown, now=now)
    places = [
        place or question.find(route, one.number, one.event.reference)
        for one, place in zip(received, places, strict=True)
    ]
    written = _write(connection, route, received, places, day=day, now=now)
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
        if place is not None and place.by_reference:
            lessons.append(references.Lesson(place=place, remote_id=one.event.remote_id))
        if owner is not None and one.event.final and one.event.state is notice.Arrival.FAILED:
            waking.append((str(owner["person"]), now, "fallback", bytes(owner["key"])))
    gate.wake_rows(connection, waking, now)
    return facts, lessons


def _write(
    connection: psycopg.Connection[Any],
    route: str,
    received: Sequence[Receipt],
    places: Sequence[references.Place | None],
    *,
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
    since = (now - REACH).date()
    wanted = sorted({folded for one in received for folded in _forms(one.event)})
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            _SQL["match_remote"], {"route": route, "normal_ids": wanted, "since": since}
        ).fetchall()
        by_id = {row["normal_id"]: row for row in reversed(found)}
        sent = {
            "keys": [row["key"] for row in found],
            "since": min((row["day"] for row in found), default=day),
        }
        rows = cursor.execute(_SQL["hand_overs_of"], sent).fetchall()
    owners = {row["key"]: row for row in rows}
    return [_match(one, by_id, owners) for one in received]


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


# --- those that came before their message was known


def adopt(connection: psycopg.Connection[Any], recorder: record.Recorder) -> int:
    """Match receipts that crossed with the answer to their own message (neither commit could see the other), and
    those whose answer never came, once its time is up.

    What was recorded of such a receipt spoke of nobody; now that it has an owner it enters the chains of his cases.
    """
    now = clock.instant_of(connection)
    since = {"since": (now - _ORPHANED).date()}
    there = connection.execute(_SQL["orphans"], since).fetchone()
    if there is None or not there[0]:
        return 0
    # Midnight may pass between a receipt and this: nobody else may have made the day ready.
    connection.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
    with connection.transaction():
        with connection.cursor(row_factory=dict_row) as cursor:
            adopted = cursor.execute(
                _SQL["adopt_orphans"], since | {"sent_since": (now - REACH).date()}
            ).fetchall()
        named = _adopt_named(connection, since["since"], now=now)
        adopted += [{**one, "key": place.owner["key"], "sent_on": place.owner["day"]} for one, place in named]
        if not adopted:
            return 0
        with connection.cursor(row_factory=dict_row) as cursor:
            keys = sorted({one["key"] for one in adopted})
            sent = {"keys": keys, "since": min(one["sent_on"] for one in adopted)}
            found = cursor.execute(_SQL["hand_overs_of"], sent).fetchall()
            raws = cursor.execute(_SQL["raws"], {"ids": [one["raw"] for one in adopted]}).fetchall()
        owners = {owner["key"]: owner for owner in found}
        failed = {one["key"] for one in adopted if one["arrival"] == notice.Arrival.FAILED.value}
        rows = [(owners[key]["person"], now, "fallback", key) for key in sorted(failed)]
        gate.wake_rows(connection, rows, now)
        opened = {raw["id"]: recorder.open_raw(raw["sealed"], day=raw["day"]) for raw in raws}
        facts = [
            statement.adopted(one, owners[one["key"]], raw=opened[one["raw"]], at=now) for one in adopted
        ]
        lessons = [references.Lesson(place=place, remote_id=one["remote_id"]) for one, place in named]
        recorder.write(connection, [*facts, *references.learn(connection, lessons, now=now)])
    return len(adopted)


def _adopt_named(
    connection: psycopg.Connection[Any], since: date, *, now: datetime
) -> list[tuple[Row, references.Place]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        orphans = cursor.execute(_SQL["orphans_that_name_us"], {"since": since, "most": _MOST}).fetchall()
    question = references.Question.put(
        connection, {(one["route"], one["destination"]) for one in orphans}, now=now
    )
    found = [(one, question.find(one["route"], one["destination"], one["reference"])) for one in orphans]
    placed = [(one, place) for one, place in found if place is not None]
    if not placed:
        return []
    taken = connection.execute(
        _SQL["adopt_named"],
        {
            "days": [one["day"] for one, _ in placed],
            "routes": [one["route"] for one, _ in placed],
            "normal_ids": [one["normal_id"] for one, _ in placed],
            "states": [one["state"] for one, _ in placed],
            "keys": [place.owner["key"] for _, place in placed],
            "parts": [place.part for _, place in placed],
            "since": since,
        },
    ).fetchall()
    ours = {tuple(row) for row in taken}
    return [
        (one, place)
        for one, place in placed
        if (one["day"], one["route"], one["normal_id"], one["state"]) in ours
    ]
