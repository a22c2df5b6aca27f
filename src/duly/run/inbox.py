"""What carriers and debtors say, committed before it is acknowledged.

A receipt finds its message by the carrier's id and wakes the next channel when delivery failed.
A reply is read by `text.intent`; what it means acts at once, under the locks of the person, the accounts and
the number, so that the gate either sees it or provably came before. What is not understood goes to a person.
Refuses to acknowledge anything that is not committed: the caller answers the carrier only after `take` returns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.model import notice
from duly.run import clock, gate, locks, record, settlement, statement
from duly.store import sql
from duly.text import intent

_SQL = sql.load()
_REACH = timedelta(days=35)  # how late a receipt may still find its message


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a reply does to the book: an event of this kind with this detail, on the point or the person.

    `days` ends a hold by itself after so many days; None leaves it standing until somebody lifts it.
    """

    kind: str
    on: str
    detail: str
    days: int | None = None


# What each meaning does. A hold stands until a person lifts it, but "I have paid" ends by itself: if no payment
# came by then, the account is overdue as before.
EFFECTS: Mapping[str, tuple[Effect, ...]] = {
    "stop": (Effect(kind="consent", on="point", detail="withdrawn"),),
    "start": (Effect(kind="consent", on="point", detail="given"),),
    "wrong_number": (Effect(kind="contact_state", on="point", detail="wrong_number"),),
    "paid": (Effect(kind="hold_set", on="person", detail="payment_in_flight", days=3),),
    "dispute": (Effect(kind="hold_set", on="person", detail="dispute"),),
    "hardship": (Effect(kind="hold_set", on="person", detail="hardship"),),
    "lawyer": (Effect(kind="hold_set", on="person", detail="represented"),),
    "complaint": (Effect(kind="hold_set", on="person", detail="complaint"),),
    "promise": (),
    "help": (),
    "abusive": (),
    "unknown": (),
}
# These are a statement about the number, true for everybody who is reached there.
_ABOUT_THE_NUMBER = frozenset({"stop", "start", "wrong_number"})


@dataclass(frozen=True, kw_only=True)
class Listener:
    """How the inbox reads: the intent lists, the blind index of a number, and the zone that days are counted in."""

    read: Callable[[str], intent.Intent]
    blind: Callable[[str], str]
    zone: str


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
        answers = [
            _Answer(
                event=event, thing=n, route=thing.route, read=read, value_key=listener.blind(event.source)
            )
            for n, thing in enumerate(things)
            for event in thing.events
            if isinstance(event, inbound.ReplyEvent | inbound.ReplyPart)
            and (read := _heeded(event, listener))
        ]
        reached = _reached(connection, [answer.value_key for answer in answers])
        if answers:
            persons = {row["person"] for rows in reached.values() for row in rows}
            locks.take(connection, locks.scopes(persons=persons, numbers=reached))
        row = connection.execute("select duly_clock()").fetchone()
        now: datetime = row[0] if row is not None else clock.wall()
        day = clock.local_day(now, listener.zone)
        raws = [_keep(connection, thing, day=day, now=now, recorder=recorder) for thing in things]
        facts: list[record.Fact] = []
        for thing, raw in zip(things, raws, strict=True):
            receipts = [event for event in thing.events if isinstance(event, inbound.ReceiptEvent)]
            if receipts:
                facts += _receipts(connection, thing.route, receipts, raw=raw, day=day, now=now)
        facts += _late_answers(connection, things, now=now)
        for answer in answers:
            facts += _reply(
                connection, answer, reached[answer.value_key], raw=raws[answer.thing], day=day, now=now
            )
        recorder.write(connection, facts)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """A reply that is to be acted on, or kept for a person."""

    event: inbound.ReplyEvent | inbound.ReplyPart
    thing: int
    route: str
    read: intent.Intent
    value_key: str


def _heeded(event: inbound.ReplyEvent | inbound.ReplyPart, listener: Listener) -> intent.Intent | None:
    read = listener.read(event.text)
    if isinstance(event, inbound.ReplyPart) and read.kind.value not in {"stop", "wrong_number"}:
        return None  # the whole follows; only what must not wait for it is read from a part
    return read


def _reached(
    connection: psycopg.Connection[Any], value_keys: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for value_key in value_keys:
            found[value_key] = cursor.execute(_SQL["whose_number"], {"value_key": value_key}).fetchall()
    return found


def _keep(
    connection: psycopg.Connection[Any],
    thing: inbound.Inbound,
    *,
    day: date,
    now: datetime,
    recorder: record.Recorder,
) -> int:
    row = connection.execute(
        _SQL["keep_raw"],
        {"day": day, "route": thing.route, "at": now, "sealed": recorder.seal_raw(thing.raw, day=day)},
    ).fetchone()
    return int(row[0]) if row is not None else 0


# --- receipts


def _receipts(
    connection: psycopg.Connection[Any],
    route: str,
    events: Sequence[inbound.ReceiptEvent],
    *,
    raw: int,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    since = (now - _REACH).date()
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
    facts = []
    for event in events:
        match = next((by_id[form] for form in _forms(event) if form in by_id), None)
        written = connection.execute(
            _SQL["receipt"],
            {
                "day": day,
                "route": route,
                "remote_id": event.remote_id,
                "normal_id": inbound.folded_id(event.remote_id),
                "state": event.word,
                "arrival": event.state.value,
                "key": None if match is None else match["key"],
                "part": None if match is None else match["part"],
                "carrier_at": event.at,
                "at": now,
                "provenance": event.provenance.value,
                "raw": raw,
                "since": since,
            },
        ).fetchone()
        if written is None:
            continue  # the same word again
        owner = None if match is None else owners.get(match["key"])
        facts.append(statement.receipt(event, owner, at=now))
        if owner is not None and event.final and event.state is notice.Arrival.FAILED:
            gate.wake_rows(connection, [(owner["person"], now, "fallback", owner["key"])], now)
    return facts


def adopt(connection: psycopg.Connection[Any]) -> int:
    """Match receipts that crossed with the answer to their own message: neither commit could see the other."""
    with connection.transaction():
        row = connection.execute("select duly_clock()").fetchone()
        now: datetime = row[0] if row is not None else clock.wall()
        since = (now - _REACH).date()
        with connection.cursor(row_factory=dict_row) as cursor:
            adopted = cursor.execute(_SQL["adopt_orphans"], {"since": since}).fetchall()
            failed = [one["key"] for one in adopted if one["arrival"] == notice.Arrival.FAILED.value]
            owners = cursor.execute(_SQL["hand_overs_of"], {"keys": failed, "since": since}).fetchall()
        rows = [(owner["person"], now, "fallback", bytes(owner["key"])) for owner in owners]
        gate.wake_rows(connection, rows, now)
    return len(adopted)


def _forms(event: inbound.ReceiptEvent) -> list[str]:
    return [inbound.folded_id(form) for form in (event.remote_id, *event.normal_ids)]


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


# --- replies


def _reply(
    connection: psycopg.Connection[Any],
    answer: _Answer,
    reached: Sequence[Mapping[str, Any]],
    *,
    raw: int,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    meaning = answer.read.kind.value
    with connection.cursor(row_factory=dict_row) as cursor:
        last = cursor.execute(_SQL["last_contacted"], {"value_key": answer.value_key}).fetchone()
    persons = sorted({row["person"] for row in reached})
    person = last["person"] if last is not None else (persons[0] if len(persons) == 1 else None)
    # A reply may say two things at once ("wrong amount, stop writing"): everything it means is heeded.
    meanings = [meaning, *(other.value for other in answer.read.also)]
    effects = [effect for word in meanings for effect in EFFECTS[word]]
    written = connection.execute(
        _SQL["reply"],
        {
            "day": day,
            "route": answer.route,
            "at": now,
            "person": person,
            "point": next((row["point"] for row in reached if row["person"] == person), None),
            "intent": meaning,
            "confidence": answer.read.confidence,
            "raw": raw,
            "acted": ",".join(effect.detail for effect in effects) if persons else "nobody",
            "dedupe": _recognise(answer, day),
        },
    ).fetchone()
    if written is None:
        return []  # redelivered
    touched = persons if _ABOUT_THE_NUMBER & set(meanings) else ([person] if person is not None else [])
    cases = {
        who: tuple(row[0] for row in connection.execute(_SQL["open_cases_of"], {"person": who}).fetchall())
        for who in {*touched, *([person] if person is not None else [])}
    }
    facts = [
        statement.replied(
            answer.event.raw,
            meaning=meaning,
            phrase=answer.read.phrase,
            person=person,
            value_key=answer.value_key,
            cases=cases[person] if person is not None else (),
            at=now,
        )
    ]
    because = facts[0].entry
    for who in touched:
        points = [row["point"] for row in reached if row["person"] == who]
        for word in meanings:
            if who != person and word not in _ABOUT_THE_NUMBER:
                continue  # what one of several people at a number says of a debt binds nobody else
            for effect in EFFECTS[word]:
                targets: list[str | None] = list(points) if effect.on == "point" else [None]
                for point in targets:
                    _apply(connection, effect, person=who, point=point, day=day, now=now)
            facts += statement.consequence(
                word, who, value_key=answer.value_key, cases=cases[who], because=because, day=day, at=now
            )
    return facts


def _recognise(answer: _Answer, day: date) -> bytes:
    # A carrier brings a reply again when it did not hear our acknowledgement; the same words on another day are new.
    framed = f"duly.reply.1\n{answer.route}\n{day.isoformat()}\n".encode() + answer.event.raw
    return hashlib.sha256(framed).digest()


def _apply(
    connection: psycopg.Connection[Any],
    effect: Effect,
    *,
    person: str,
    point: str | None,
    day: date,
    now: datetime,
) -> None:
    event: dict[str, object] = {
        "at": now,
        "kind": effect.kind,
        "person": person,
        "account": None,
        "point": point,
        "amount_minor": None,
        "on_date": day,
        "detail": effect.detail,
        "ref": None,
        "source": "reply",
    }
    connection.execute(_SQL["book_event"], event)
    if effect.days is not None:
        over = {**event, "kind": "hold_lifted", "on_date": day + timedelta(days=effect.days)}
        connection.execute(_SQL["book_event"], over)
