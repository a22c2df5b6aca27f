"""Receipts that belong to nobody yet: looked at again until their message is known, and slowly long after.

They crossed with the answer to their own message, or came before a doubt was one, or so late that they were looked for
in vain. What was recorded of such a receipt spoke of nobody; once it has an owner it enters the chains of his cases.
Refuses to forget one: what never finds its message is kept without.
"""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.model import notice
from duly.run import clock, gate, receipts, record, references, statement
from duly.store import sql

_SQL = sql.load()

# A receipt that came before its message was known waits for it no longer than this; it is a matter of seconds.
_ORPHANED = timedelta(days=7)
# What came later than at once: how long it is looked at again, among messages of how long ago, and how often.
_LONG_ORPHANED, _KEPT, _SLOWLY = timedelta(days=60), timedelta(days=400), timedelta(hours=6)
_MOST = 500  # receipts without an owner that are looked at again in one go, so that they cannot pile up


class Stragglers:
    """Looks now and then, and slowly, for the messages of receipts that came later than `REACH`."""

    def __init__(self, recorder: record.Recorder) -> None:
        self._recorder = recorder
        self._looked_at: datetime | None = None

    def adopt(self, connection: psycopg.Connection[Any]) -> int:
        """Match what can be; how many that were."""
        now = clock.instant_of(connection)
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _SLOWLY:
            return 0
        self._looked_at = now
        return adopt(connection, self._recorder, orphaned=_LONG_ORPHANED, reach=_KEPT)


def adopt(
    connection: psycopg.Connection[Any],
    recorder: record.Recorder,
    *,
    orphaned: timedelta = _ORPHANED,
    reach: timedelta = receipts.REACH,
) -> int:
    """Match receipts that crossed with the answer to their own message (neither commit could see the other), and
    those whose answer never came, once its time is up.

    What was recorded of such a receipt spoke of nobody; now that it has an owner it enters the chains of his cases.
    """
    now = clock.instant_of(connection)
    since = {"since": (now - orphaned).date()}
    there = connection.execute(_SQL["orphans"], since).fetchone()
    if there is None or not there[0]:
        return 0
    # Midnight may pass between a receipt and this: nobody else may have made the day ready.
    connection.execute(_SQL["ensure_day"], {"day": recorder.day_of(now)})
    with connection.transaction():
        with connection.cursor(row_factory=dict_row) as cursor:
            adopted = cursor.execute(
                _SQL["adopt_orphans"], since | {"sent_since": (now - reach).date()}
            ).fetchall()
        named = _adopt_named(connection, since["since"], recorder=recorder, now=now)
        adopted += [{**one, "key": place.owner["key"], "sent_on": place.owner["day"]} for one, place in named]
        if not adopted:
            return 0
        with connection.cursor(row_factory=dict_row) as cursor:
            keys = sorted({one["key"] for one in adopted})
            sent = {"keys": keys, "since": min(one["sent_on"] for one in adopted)}
            found = cursor.execute(_SQL["hand_overs_of"], sent).fetchall()
            raws = cursor.execute(_SQL["raws"], {"ids": [one["raw"] for one in adopted]}).fetchall()
        owners = {owner["key"]: owner for owner in found}
        rows = {
            row: None
            for one in sorted(adopted, key=lambda one: bytes(one["key"]))
            for row in receipts.woken(notice.Arrival(one["arrival"]), owners[one["key"]], now)
        }
        gate.wake_rows(connection, list(rows), now)
        opened = {raw["id"]: recorder.open_raw(raw["sealed"], day=raw["day"]) for raw in raws}
        facts = [
            statement.adopted(one, owners[one["key"]], raw=opened[one["raw"]], at=now) for one in adopted
        ]
        lessons = [references.Lesson(place=place, remote_id=one["remote_id"]) for one, place in named]
        recorder.write(connection, [*facts, *references.learn(connection, lessons, now=now)])
    return len(adopted)


def _adopt_named(
    connection: psycopg.Connection[Any], since: date, *, recorder: record.Recorder, now: datetime
) -> list[tuple[receipts.Row, references.Place]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        orphans = cursor.execute(_SQL["orphans_that_name_us"], {"since": since, "most": _MOST}).fetchall()
    question = references.Question.put(
        connection, {(one["route"], one["destination"]) for one in orphans}, now=now
    )
    found = [
        (one, receipts.otherwise(connection, question, _kept_clues(one, recorder), recorder=recorder))
        for one in orphans
    ]
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


def _kept_clues(row: receipts.Row, recorder: record.Recorder) -> receipts.Clues:
    head = b""
    if row["head"] is not None:
        with contextlib.suppress(errors.KeyMissing):  # its day has expired
            head = recorder.open_raw(bytes(row["head"]), day=row["day"])
    return receipts.Clues(
        route=row["route"],
        number=row["destination"],
        reference=row["reference"],
        submitted_at=row["submitted_at"],
        head=head,
    )
