"""What debtors answered and a person has to see to: what was not understood, and what nobody but a person can answer.

The inbox has done by then what a reply bars at once. Here it is read, which is recorded beforehand with its reason,
and put aside once somebody has seen to it.
Refuses to show a text to who gives no reason, and to forget a reply: what came of it stands beside it for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import people, premises, words
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import clock, installation, locks, record, statement
from duly.store import connect, sql
from duly.text import intent

_SQL = sql.load()
_REACH = timedelta(days=400)
# What the inbox cannot answer by itself; of the others everything is done that is to be done.
FOR_PEOPLE = frozenset(
    {
        intent.Kind.UNKNOWN,
        intent.Kind.HELP,
        intent.Kind.ABUSIVE,
        intent.Kind.DISPUTE,
        intent.Kind.COMPLAINT,
        intent.Kind.HARDSHIP,
        intent.Kind.LAWYER,
    }
)
_MAY = (Duty.OPERATIONS, Duty.COMPLIANCE, Duty.COUNSEL)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply that waits for a person: what it was read as, how surely in percent, and what the inbox did about it.

    `text` is empty unless it was asked for, `person` where the number is nobody's or several people's.
    """

    number: int
    day: date
    at: datetime
    route: str
    person: str | None
    meaning: str
    confidence: int
    done: str
    text: str = ""


def listed(actor: Actor, folder: Path, *, everything: bool, environ: Mapping[str, str]) -> tuple[Reply, ...]:
    """The replies that nobody has seen to yet; with `everything` also those that need nobody."""
    del actor  # anybody may look; texts are not shown
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        asked = {
            "since": (opened.time.now() - _REACH).date(),
            "intents": sorted(kind.value for kind in FOR_PEOPLE),
            "sure": intent.LIKELY,
            "all": everything,
        }
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_SQL["replies_for_people"], asked).fetchall()
    return tuple(_reply(row) for row in rows)


def read(actor: Actor, folder: Path, *, number: int, reason: str, environ: Mapping[str, str]) -> Reply:
    """One reply with its text; who read it and why is evidence before it is shown. Raises WrongUsage, NotAllowed."""
    people.require(actor, *_MAY)
    _refuse_without(reason)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        row = _kept(connection, number)
        _record(opened, connection, row, by=actor.name, reason=reason.strip())
        return _reply(row, text=_text(opened, row))


def see_to(actor: Actor, folder: Path, *, number: int, reason: str, environ: Mapping[str, str]) -> Reply:
    """Put a reply aside; `reason` says what came of it. Raises WrongUsage where somebody did before."""
    people.require(actor, *_MAY)
    _refuse_without(reason)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        row = _kept(connection, number)
        seen = connection.execute(
            _SQL["see_reply"], {"reply": number, "by": actor.name, "reason": reason.strip()}
        ).fetchone()
        if seen is None:
            raise errors.WrongUsage(
                say("{name} has seen to reply {number} already", name=row["seen_by"], number=number),
                remedy=say("`duly replies` shows those that wait."),
            )
        return _reply(row)


def _refuse_without(reason: str) -> None:
    if not reason.strip():
        raise errors.WrongUsage(
            say("nothing of a reply is opened or put aside without a reason"),
            remedy=say("Say by --reason what you read it for, or by --done what came of it."),
        )


def _kept(connection: psycopg.Connection[Any], number: int) -> Mapping[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["reply_kept"], {"reply": number}).fetchone()
    if row is None:
        raise errors.WrongUsage(
            say("there is no reply {number}", number=number),
            remedy=say("`duly replies` shows those that wait."),
        )
    return row


def _reply(row: Mapping[str, Any], *, text: str = "") -> Reply:
    return Reply(
        number=row["id"],
        day=row["day"],
        at=row["at"],
        route=row["route"],
        person=row["person"],
        meaning=words.said(row["intent"]),
        confidence=row["confidence"],
        done=words.listed(word for word in row["acted"].split(",") if word),
        text=text,
    )


def _text(opened: installation.Installation, row: Mapping[str, Any]) -> str:
    if row["said"] is None:
        return ""
    try:
        return opened.recorder.open_raw(bytes(row["said"]), day=row["day"]).decode()
    except errors.KeyMissing as error:
        raise errors.KeyMissing(
            say("the replies of {day} have expired", day=row["day"]),
            remedy=say("What it was read as is still shown; its text is gone by rule."),
        ) from error


def _record(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    row: Mapping[str, Any],
    *,
    by: str,
    reason: str,
) -> None:
    """Committed before anything is opened; a stranger's reply is about nobody that we keep."""
    person = row["person"]
    if person is None:
        return
    with connect.transaction(connection):
        locks.take(connection, locks.scopes(persons=[person]))
        now = clock.instant_of(connection)
        connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
        cases = [
            found[0] for found in connection.execute(_SQL["open_cases_of"], {"person": person}).fetchall()
        ]
        fact = record.Fact(
            kind="access",
            at=now,
            person=person,
            committed={"person": person, "opened": [f"reply {row['id']}"], "reason": reason, "by": by},
            about=statement.about(cases),
        )
        opened.recorder.write(connection, [fact])
