"""What a debtor's reply does: read by `text.intent`, it acts at once on the book, before anything else leaves.

What a reply says of the number holds for everybody who is reached there; what it says of a debt holds for the
person who was last written to. Refuses to guess: what is not understood is kept for a person and does nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.run import gate, record, statement
from duly.store import sql
from duly.text import intent

_SQL = sql.load()


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
_ALLOWING = frozenset({"start"})
_MORNING = time(7, 30)  # as the plan counts its deadlines
_MOST_TIMES = 50  # how often the same words of a number are heard on one day


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply that is to be acted on, or kept for a person; `raw` is the row that holds it as it came.

    Of one that is not `whole` some parts never came: it may bar us, but it allows nothing.
    """

    event: inbound.ReplyEvent | inbound.ReplyPart
    raw: int
    route: str
    read: intent.Intent
    value_key: str
    whole: bool = True


def reached(
    connection: psycopg.Connection[Any], value_keys: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Who is reached at each of these numbers, and by which contact point."""
    found: dict[str, list[dict[str, Any]]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for value_key in value_keys:
            found[value_key] = cursor.execute(_SQL["whose_number"], {"value_key": value_key}).fetchall()
    return found


def act(
    connection: psycopg.Connection[Any],
    answer: Answer,
    reached: Sequence[Mapping[str, Any]],
    *,
    recorder: record.Recorder,
    currency: str,
    zone: str,
    day: date,
    now: datetime,
) -> list[record.Fact]:
    """Write the reply and everything that it means, under the locks that the caller took; the facts to record."""
    meaning = answer.read.kind.value
    with connection.cursor(row_factory=dict_row) as cursor:
        last = cursor.execute(_SQL["last_contacted"], {"value_key": answer.value_key}).fetchone()
    persons = sorted({row["person"] for row in reached})
    person = last["person"] if last is not None else (persons[0] if len(persons) == 1 else None)
    # A reply may say two things at once ("wrong amount, stop writing"): everything it means is heeded.
    meanings = [meaning, *(other.value for other in answer.read.also)]
    if not answer.whole:
        meanings = [word for word in meanings if word not in _ALLOWING]
    points = [row["point"] for row in reached]
    fresh = _recognise(connection, answer, points, meanings=meanings, day=day)
    if fresh is None:
        return []  # redelivered
    heeded = meanings if person is not None else [word for word in meanings if word in _ABOUT_THE_NUMBER]
    effects = [effect for word in heeded for effect in EFFECTS[word]]
    connection.execute(
        _SQL["reply"],
        {
            "day": day,
            "route": answer.route,
            "at": now,
            "person": person,
            "point": next(
                (row["point"] for row in reached if row["person"] == person), next(iter(points), None)
            ),
            "intent": meaning,
            "confidence": answer.read.confidence,
            "raw": answer.raw,
            "acted": ",".join(effect.detail for effect in effects) if persons else "nobody",
            "dedupe": fresh,
            "said": recorder.seal_raw(answer.event.text.encode(), day=day),
            "provenance": answer.event.provenance.value,
        },
    )
    touched = persons if _ABOUT_THE_NUMBER & set(meanings) else ([person] if person is not None else [])
    cases = {
        who: tuple(row[0] for row in connection.execute(_SQL["open_cases_of"], {"person": who}).fetchall())
        for who in {*touched, *([person] if person is not None else [])}
    }
    facts = [
        statement.replied(
            answer.event.raw,
            provenance=answer.event.provenance,
            meaning=meaning,
            phrase=answer.read.phrase,
            person=person,
            value_key=answer.value_key,
            cases=cases[person] if person is not None else (),
            at=now,
        )
    ]
    because = facts[0].entry
    timers: list[tuple[str, datetime, str, bytes | None]] = []
    for who in touched:
        theirs = [row["point"] for row in reached if row["person"] == who]
        for word in meanings:
            if who != person and word not in _ABOUT_THE_NUMBER:
                continue  # what one of several people at a number says of a debt binds nobody else
            for effect in EFFECTS[word]:
                targets: list[str | None] = list(theirs) if effect.on == "point" else [None]
                for point in targets:
                    _apply(connection, effect, person=who, point=point, day=day, now=now)
            pledged = answer.read.promise if word == "promise" else None
            if pledged is not None and pledged.on is not None:
                # On the morning after the day that was promised, the same plan looks at this person again.
                due = datetime.combine(pledged.on + timedelta(days=1), _MORNING, ZoneInfo(zone))
                timers.append((who, max(now, due), "promise", None))
            facts += statement.consequence(
                word,
                who,
                value_key=answer.value_key,
                cases=cases[who],
                because=because,
                promised=pledged,
                currency=currency,
                day=day,
                at=now,
            )
    gate.wake_rows(connection, timers, now)
    return facts


def _recognise(
    connection: psycopg.Connection[Any],
    answer: Answer,
    points: Sequence[str],
    *,
    meanings: Sequence[str],
    day: date,
) -> bytes | None:
    """The name under which a reply is kept, or None for one that was brought again.

    A carrier brings a reply again when it did not hear our acknowledgement, in another frame and perhaps over another
    connection; so it is known by its words, of that number on that day. After something else was said, the same
    words are new ("stop", "start", "stop"); but a "start" said before is never heard again, in case it is an echo.
    """
    names = [_name(answer, day, times) for times in range(1, _MOST_TIMES + 1)]
    known = len(connection.execute(_SQL["replies_named"], {"names": names}).fetchall())
    if known:
        last = connection.execute(_SQL["last_reply"], {"points": list(points), "day": day}).fetchone()
        echo = last is None or bytes(last[0]) == names[known - 1]
        if echo or "start" in meanings or known == _MOST_TIMES:
            return None
    return names[known]


def _name(answer: Answer, day: date, times: int) -> bytes:
    event = answer.event
    part = f"{event.reference}/{event.number}/{event.total}" if isinstance(event, inbound.ReplyPart) else ""
    # By the blind index of the number: with the number itself, this would be its plain hash.
    said = (answer.route, day.isoformat(), answer.value_key, event.to, event.text, part, str(times))
    return hashlib.sha256("\0".join(("duly.reply.2", *said)).encode()).digest()


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
