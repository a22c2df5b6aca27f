"""What carriers and debtors say, committed before it is acknowledged.

A receipt finds its message (see `receipts`) and wakes the next channel when delivery failed.
A reply, put together from its parts (see `long_replies`), is read by `text.intent`; what it means acts at once, under
the locks of the person, the accounts and the number, so that the gate either sees it or provably came before. What is
not understood goes to a person.
Refuses to acknowledge anything that is not committed: the caller answers the carrier only after `take` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.run import clock, locks, long_replies, receipts, record, references, replies, settlement
from duly.store import sql
from duly.text import intent

_SQL = sql.load()

_AT_ONCE = frozenset(
    {"stop", "wrong_number"}
)  # what is heeded in a part of a reply, before the rest is there

Reached = Mapping[str, Sequence[Mapping[str, Any]]]


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
        now = clock.instant_of(connection)
        day = clock.local_day(now, listener.zone)
        spoken = [
            _Spoken(
                thing=n, event=event, source=listener.blind(event.source), read=listener.read(event.text, day)
            )
            for n, thing in enumerate(things)
            for event in thing.events
            if isinstance(event, inbound.ReplyEvent | inbound.ReplyPart)
        ]
        reached = _lock(connection, {one.source for one in spoken})
        raws = _keep(connection, things, day=day, now=now, recorder=recorder)
        facts = _heard_of_messages(
            connection, things, raws, listener=listener, recorder=recorder, day=day, now=now
        )
        answers = [
            answer
            for one in spoken
            for answer in _answers(
                connection,
                one,
                things[one.thing].route,
                raws[one.thing],
                listener=listener,
                recorder=recorder,
                day=day,
                now=now,
            )
        ]
        facts += _act(connection, answers, reached, listener=listener, recorder=recorder, day=day, now=now)
        recorder.write(connection, facts)


def finish(connection: psycopg.Connection[Any], *, listener: Listener, recorder: record.Recorder) -> int:
    """Read the long replies whose rest does not come as far as they go; how many that were."""
    now = clock.instant_of(connection)
    day = clock.local_day(now, listener.zone)
    overdue = long_replies.overdue(connection, now=now)
    if not overdue:
        return 0
    # Nothing else may have come today that made the day ready.
    connection.execute(_SQL["ensure_day"], {"day": day})
    with connection.transaction():
        reached = _lock(connection, set(overdue.values()))
        gathered = long_replies.read(connection, list(overdue), now=now, recorder=recorder)
        answers = [_answer(one, listener=listener, day=day) for one in gathered]
        facts = _act(connection, answers, reached, listener=listener, recorder=recorder, day=day, now=now)
        recorder.write(connection, facts)
    return len(answers)


@dataclass(frozen=True, kw_only=True)
class _Spoken:
    """What somebody wrote, in one piece or in one part of several, read by itself; `source` is the blind index."""

    thing: int
    event: inbound.ReplyEvent | inbound.ReplyPart
    source: str
    read: intent.Intent


def _lock(connection: psycopg.Connection[Any], sources: Collection[str]) -> Reached:
    """Who is reached at each of these numbers, locked with them."""
    reached = replies.reached(connection, sorted(sources))
    if sources:
        persons = {row["person"] for rows in reached.values() for row in rows}
        locks.take(connection, locks.scopes(persons=persons, numbers=sources))
    return reached


def _answers(
    connection: psycopg.Connection[Any],
    spoken: _Spoken,
    route: str,
    raw: int,
    *,
    listener: Listener,
    recorder: record.Recorder,
    day: date,
    now: datetime,
) -> list[replies.Answer]:
    """What is to be acted on: a reply, or of a part what must not wait for the others, and what came together by it."""
    event = spoken.event
    own = replies.Answer(event=event, raw=raw, route=route, read=spoken.read, value_key=spoken.source)
    if isinstance(event, inbound.ReplyEvent):
        return [own]
    gathered = long_replies.keep(
        connection, event, route=route, source=spoken.source, raw=raw, day=day, now=now, recorder=recorder
    )
    at_once = [own] if spoken.read.kind.value in _AT_ONCE else []
    return [*at_once, *(_answer(one, listener=listener, day=day) for one in gathered)]


def _answer(gathered: long_replies.Gathered, *, listener: Listener, day: date) -> replies.Answer:
    return replies.Answer(
        event=gathered.event,
        raw=gathered.raw,
        route=gathered.route,
        read=listener.read(gathered.event.text, day),
        value_key=gathered.source,
        whole=gathered.whole,
    )


def _act(
    connection: psycopg.Connection[Any],
    answers: Sequence[replies.Answer],
    reached: Reached,
    *,
    listener: Listener,
    recorder: record.Recorder,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    return [
        fact
        for answer in answers
        for fact in replies.act(
            connection,
            answer,
            reached[answer.value_key],
            recorder=recorder,
            currency=listener.currency,
            zone=listener.zone,
            day=day,
            now=now,
        )
    ]


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


def _heard_of_messages(
    connection: psycopg.Connection[Any],
    things: Sequence[inbound.Inbound],
    raws: Sequence[int],
    *,
    listener: Listener,
    recorder: record.Recorder,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    """The carriers' words on our own messages: receipts, and answers that come late."""
    facts: list[record.Fact] = []
    lessons: list[references.Lesson] = []
    for route in sorted({thing.route for thing in things}):
        received = [
            receipts.Receipt(
                event=event,
                number=listener.blind(event.destination) if event.destination else None,
                raw=raw,
            )
            for thing, raw in zip(things, raws, strict=True)
            for event in thing.events
            if isinstance(event, inbound.ReceiptEvent) and thing.route == route
        ]
        if received:
            told, taught = receipts.take(connection, route, received, recorder=recorder, day=day, now=now)
            facts += told
            lessons += taught
    late = [event for thing in things for event in thing.events if isinstance(event, inbound.LateAnswer)]
    # All at once and before any of them is settled, so that two inboxes do not wait for each other in a circle.
    settlement.lock(connection, [*(one.key for one in lessons), *(event.message_key for event in late)])
    return [
        *facts,
        *references.learn(connection, lessons, now=now),
        *_late_answers(connection, late, now=now),
    ]


def _late_answers(
    connection: psycopg.Connection[Any], late: Sequence[inbound.LateAnswer], *, now: datetime
) -> list[record.Fact]:
    """The carrier answered after all: the doubt about a hand-over is settled by its own word."""
    if not late:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SQL["hand_overs_of"],
            {"keys": [event.message_key for event in late], "since": (now - settlement.REACH).date()},
        ).fetchall()
    owners = {bytes(row["key"]): row for row in rows}
    settled = [
        settlement.Answered(what=settlement.handed_over(owner), answer=event.answer)
        for event in late
        if (owner := owners.get(event.message_key)) is not None
    ]
    return settlement.resolve(connection, settled, basis="the carrier's late answer", now=now)
