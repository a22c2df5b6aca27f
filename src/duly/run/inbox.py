"""What carriers and debtors say, committed before it is acknowledged.

A receipt finds its message by the carrier's id and wakes the next channel when delivery failed.
A reply is read by `text.intent`; what it means acts at once, under the locks of the person, the accounts and
the number, so that the gate either sees it or provably came before. What is not understood goes to a person.
Refuses to acknowledge anything that is not committed: the caller answers the carrier only after `take` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.model import notice
from duly.run import clock, gate, locks, record, replies, settlement, statement
from duly.store import sql
from duly.text import intent

_SQL = sql.load()
_REACH = timedelta(days=35)  # how late a receipt may still find its message


@dataclass(frozen=True, kw_only=True)
class Listener:
    """How the inbox reads: the intent lists, the blind index of a number, and the zone that days are counted in."""

    read: Callable[[str, date], intent.Intent]
    blind: Callable[[str], str]
    zone: str
    currency: str


def take(
    connection: psycopg.Connection[Any],
    things: Sequence[inbound.Inbound],
    *,
    listener: Listener,
    recorder: record.Recorder,
) -> None:
    """Commit everything that arrived, in one transaction.

    The locks of all replies are taken first and together, and all entries are written last and together, so that
    two inboxes and a gate never wait for each other in a circle.
    """
    with connection.transaction():
        row = connection.execute("select duly_clock()").fetchone()
        now: datetime = row[0] if row is not None else clock.wall()
        day = clock.local_day(now, listener.zone)
        answers = [
            replies.Answer(
                event=event, thing=n, route=thing.route, read=read, value_key=listener.blind(event.source)
            )
            for n, thing in enumerate(things)
            for event in thing.events
            if isinstance(event, inbound.ReplyEvent | inbound.ReplyPart)
            and (read := _heeded(event, listener, day))
        ]
        reached = replies.reached(connection, [answer.value_key for answer in answers])
        if answers:
            persons = {row["person"] for rows in reached.values() for row in rows}
            locks.take(connection, locks.scopes(persons=persons, numbers=reached))
        raws = _keep(connection, things, day=day, now=now, recorder=recorder)
        facts: list[record.Fact] = []
        for route in sorted({thing.route for thing in things}):
            receipts = [
                (event, raw)
                for thing, raw in zip(things, raws, strict=True)
                for event in thing.events
                if isinstance(event, inbound.ReceiptEvent) and thing.route == route
            ]
            if receipts:
                facts += _receipts(connection, route, receipts, listener=listener, day=day, now=now)
        facts += _late_answers(connection, things, now=now)
        for answer in answers:
            facts += replies.act(
                connection,
                answer,
                reached[answer.value_key],
                raw=raws[answer.thing],
                currency=listener.currency,
                day=day,
                now=now,
            )
        recorder.write(connection, facts)


def _heeded(
    event: inbound.ReplyEvent | inbound.ReplyPart, listener: Listener, day: date
) -> intent.Intent | None:
    read = listener.read(event.text, day)
    if isinstance(event, inbound.ReplyPart) and read.kind.value not in {"stop", "wrong_number"}:
        return None  # the whole follows; only what must not wait for it is read from a part
    return read


def _keep(
    connection: psycopg.Connection[Any],
    things: Sequence[inbound.Inbound],
    *,
    day: date,
    now: datetime,
    recorder: record.Recorder,
) -> list[int]:
    rows = [
        {"day": day, "route": thing.route, "at": now, "sealed": recorder.seal_raw(thing.raw, day=day)}
        for thing in things
    ]
    return [int(row[0]) for row in _each(connection, _SQL["keep_raw"], rows) if row is not None]


def _each(
    connection: psycopg.Connection[Any], statement_: str, rows: Sequence[Mapping[str, object]]
) -> list[tuple[Any, ...] | None]:
    """What the statement returned for each row, or None where it returned nothing; all in one round trip."""
    found: list[tuple[Any, ...] | None] = []
    with connection.cursor() as cursor:
        cursor.executemany(statement_, rows, returning=True)
        while True:
            found.append(cursor.fetchone())
            if not cursor.nextset():
                return found


# --- receipts


def _receipts(
    connection: psycopg.Connection[Any],
    route: str,
    received: Sequence[tuple[inbound.ReceiptEvent, int]],
    *,
    listener: Listener,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    since = (now - _REACH).date()
    events = [event for event, _ in received]
    wanted = sorted({folded for event in events for folded in _forms(event)})
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            _SQL["match_remote"], {"route": route, "normal_ids": wanted, "since": since}
        ).fetchall()
        by_id = {row["normal_id"]: row for row in reversed(found)}
        owners = {
            row["key"]: row
            for row in cursor.execute(
                _SQL["hand_overs_of"], {"keys": [row["key"] for row in found], "since": since}
            ).fetchall()
        }
    numbers = [listener.blind(event.destination) if event.destination else None for event in events]
    matches = [_match(event, number, by_id, owners) for event, number in zip(events, numbers, strict=True)]
    written = _each(
        connection,
        _SQL["receipt"],
        [
            {
                "day": day,
                "route": route,
                "remote_id": event.remote_id,
                "normal_id": inbound.folded_id(event.remote_id),
                "forms": _forms(event),
                "destination": number,
                "state": event.word,
                "arrival": event.state.value,
                "key": None if match is None else match["key"],
                "part": None if match is None else match["part"],
                "carrier_at": event.at,
                "at": now,
                "provenance": event.provenance.value,
                "raw": raw,
                "since": since,
            }
            for (event, raw), number, match in zip(received, numbers, matches, strict=True)
        ],
    )
    facts = []
    waking = []
    for event, match, row in zip(events, matches, written, strict=True):
        if row is None:
            continue  # the same word again
        owner = None if match is None else owners.get(match["key"])
        facts.append(statement.receipt(event, owner, at=now))
        if owner is not None and event.final and event.state is notice.Arrival.FAILED:
            waking.append((str(owner["person"]), now, "fallback", bytes(owner["key"])))
    gate.wake_rows(connection, waking, now)
    return facts


def _match(
    event: inbound.ReceiptEvent,
    number: str | None,
    by_id: Mapping[str, Mapping[str, Any]],
    owners: Mapping[bytes, Mapping[str, Any]],
) -> Mapping[str, Any] | None:
    """The part this receipt is about. Another form of the id (hexadecimal for decimal) may be another message's own
    id, so it counts only where the number agrees too; and no id counts against the number.
    """
    for form in _forms(event):
        found = by_id.get(form)
        owner = owners.get(found["key"]) if found is not None else None
        if owner is None:
            continue
        exact = form == inbound.folded_id(event.remote_id)
        if number == owner["value_key"] or (exact and number is None):
            return found
    return None


def adopt(connection: psycopg.Connection[Any], recorder: record.Recorder) -> int:
    """Match receipts that crossed with the answer to their own message: neither commit could see the other.

    What was recorded of such a receipt spoke of nobody; now that it has an owner it enters the chains of his cases.
    """
    with connection.transaction():
        row = connection.execute("select duly_clock()").fetchone()
        now: datetime = row[0] if row is not None else clock.wall()
        since = (now - _REACH).date()
        with connection.cursor(row_factory=dict_row) as cursor:
            adopted = cursor.execute(_SQL["adopt_orphans"], {"since": since}).fetchall()
            keys = sorted({one["key"] for one in adopted})
            found = cursor.execute(_SQL["hand_overs_of"], {"keys": keys, "since": since}).fetchall()
            raws = cursor.execute(_SQL["raws"], {"ids": [one["raw"] for one in adopted]}).fetchall()
        owners = {owner["key"]: owner for owner in found}
        failed = {one["key"] for one in adopted if one["arrival"] == notice.Arrival.FAILED.value}
        rows = [(owners[key]["person"], now, "fallback", key) for key in sorted(failed)]
        gate.wake_rows(connection, rows, now)
        opened = {raw["id"]: recorder.open_raw(raw["sealed"], day=raw["day"]) for raw in raws}
        facts = [
            statement.adopted(one, owners[one["key"]], raw=opened[one["raw"]], at=now) for one in adopted
        ]
        recorder.write(connection, facts)
    return len(adopted)


def _forms(event: inbound.ReceiptEvent) -> list[str]:
    return list(dict.fromkeys(inbound.folded_id(form) for form in (event.remote_id, *event.normal_ids)))


def _late_answers(
    connection: psycopg.Connection[Any], things: Sequence[inbound.Inbound], *, now: datetime
) -> list[record.Fact]:
    """The carrier answered after all: the doubt about a hand-over is settled by its own word."""
    late = [event for thing in things for event in thing.events if isinstance(event, inbound.LateAnswer)]
    if not late:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        owners = {
            bytes(row["key"]): row
            for row in cursor.execute(
                _SQL["hand_overs_of"],
                {"keys": [event.message_key for event in late], "since": (now - _REACH).date()},
            ).fetchall()
        }
    settled = [
        settlement.Answered(
            what=settlement.HandedOver(
                day=owner["day"],
                key=event.message_key,
                attempt=owner["attempt"],
                person=owner["person"],
                cases=tuple(owner["cases"]),
                route=owner["route"],
                entry=owner["entry"],
            ),
            answer=event.answer,
        )
        for event in late
        if (owner := owners.get(event.message_key)) is not None
    ]
    facts = settlement.post(connection, settled, now=now) if settled else []
    return [*facts, *(statement.resolved(item.what, item.answer, at=now) for item in settled)]
