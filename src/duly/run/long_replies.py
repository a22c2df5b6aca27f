"""Long replies, which a phone cuts into parts: kept part by part until the whole is there.

A part is committed before the carrier is told that we have it, so the carrier brings it no more; the whole must come
about over any restart, and whichever process hears the next part. Text and number stay sealed in the vault.
Refuses to lose a part: what is never completed is read as far as it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from duly.channels import inbound
from duly.run import record
from duly.store import sql
from duly.wire import sms

_SQL = sql.load()

# How long a reply may stay incomplete before it is read as far as it goes. A phone sends the parts one after the
# other, so what is not there after five minutes was held up; and what was said, a dispute for instance, must not wait
# for the rest until the next notice leaves. Should the rest come later, the whole is read once more.
PATIENCE = timedelta(minutes=5)
# How long a part that comes late still joins the others. The reference is one byte on most phones and comes round, so
# it cannot be for ever; a day is as long as anything that is brought again counts as the same (see `replies`).
TOGETHER = timedelta(days=1)
_MOST = 100  # replies that are read in one transaction, whose people stay locked meanwhile

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What came together: `whole`, or as far as it goes. `raw` is the row of the last part, `source` its number's
    blind index.
    """

    event: inbound.ReplyEvent
    route: str
    source: str
    raw: int
    whole: bool


def keep(
    connection: psycopg.Connection[Any],
    part: inbound.ReplyPart,
    *,
    route: str,
    source: str,
    raw: int,
    day: date,
    now: datetime,
    recorder: record.Recorder,
) -> list[Gathered]:
    """Keep a part, inside the caller's transaction and under the lock of its number; what came together by it.

    A part that is there already was brought again. One that contradicts it belongs to another reply, for which the
    phone has come round to the same reference: the first is then read as far as it goes.
    """
    name = {
        "route": route,
        "source": source,
        "addressee": part.to,
        "reference": part.reference,
        "total": part.total,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["parts_so_far"], {**name, "since": now - TOGETHER}).fetchall()
    held = [row for row in rows if row["reply"] == rows[-1]["reply"]]
    pieces = _pieces(held, recorder)
    found: list[Gathered] = []
    if pieces.get(part.number, part.piece) != part.piece:
        found = _as_far_as_they_go(connection, held, recorder=recorder, now=now)
        held, pieces = [], {}
    elif len(pieces) == part.total:
        held, pieces = (
            [],
            {},
        )  # that one is complete: brought again as a whole, or another that begins like it
    elif part.number in pieces:
        return []
    reply = held[-1]["reply"] if held else uuid4()
    kept = {
        **name,
        "reply": reply,
        "number": part.number,
        "alphabet": int(part.alphabet),
        "raw": raw,
        "day": day,
        "at": now,
        "sealed": recorder.seal_raw(part.piece, day=day),
    }
    connection.execute(_SQL["keep_part"], kept)
    text = sms.join({**pieces, part.number: part.piece}, part.total, part.alphabet)
    if text is None:
        return found
    connection.execute(_SQL["parts_read"], {"replies": [reply], "at": now})
    event = inbound.ReplyEvent(
        source=part.source, to=part.to, text=text, at=part.at, raw=part.raw, provenance=part.provenance
    )
    return [*found, Gathered(event=event, route=route, source=source, raw=raw, whole=True)]


def overdue(connection: psycopg.Connection[Any], *, now: datetime) -> dict[UUID, str]:
    """The replies that were incomplete for too long, with the blind index of the number each came from."""
    rows = connection.execute(_SQL["replies_left_open"], {"before": now - PATIENCE, "most": _MOST}).fetchall()
    return {row[0]: row[1] for row in rows}


def read(
    connection: psycopg.Connection[Any],
    replies: Sequence[UUID],
    *,
    now: datetime,
    recorder: record.Recorder,
) -> list[Gathered]:
    """Those of these replies that are still incomplete, as far as they go; under the locks of their numbers."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["parts_left_open"], {"replies": list(replies)}).fetchall()
    by_reply: dict[UUID, list[Row]] = {}
    for row in rows:
        by_reply.setdefault(row["reply"], []).append(row)
    return [
        one
        for held in by_reply.values()
        for one in _as_far_as_they_go(connection, held, recorder=recorder, now=now)
    ]


def _as_far_as_they_go(
    connection: psycopg.Connection[Any], held: Sequence[Row], *, recorder: record.Recorder, now: datetime
) -> list[Gathered]:
    """The text of an incomplete reply; nothing if it was read before, or is only a part brought again of a whole."""
    if all(row["read_at"] is not None for row in held):
        return []
    last = held[-1]
    connection.execute(_SQL["parts_read"], {"replies": [last["reply"]], "at": now})
    pieces = _pieces(held, recorder)
    name = {name: last[name] for name in ("route", "source", "addressee", "reference", "total")}
    with connection.cursor(row_factory=dict_row) as cursor:
        others = cursor.execute(_SQL["parts_so_far"], {**name, "since": last["at"] - TOGETHER}).fetchall()
        ((sealed, day),) = [
            (row["sealed"], row["day"])
            for row in cursor.execute(_SQL["raws"], {"ids": [last["raw"]]}).fetchall()
        ]
    by_reply: dict[UUID, list[Row]] = {}
    for row in others:
        by_reply.setdefault(row["reply"], []).append(row)
    for whole in by_reply.values():
        if len(whole) == last["total"] and pieces.items() <= _pieces(whole, recorder).items():
            return []
    event = inbound.ReplyEvent(
        source="",
        to=last["addressee"],
        text=sms.join_what_came(pieces, last["total"], sms.Alphabet(last["alphabet"])),
        at=None,
        raw=recorder.open_raw(sealed, day=day),
    )
    return [Gathered(event=event, route=last["route"], source=last["source"], raw=last["raw"], whole=False)]


def _pieces(rows: Sequence[Row], recorder: record.Recorder) -> dict[int, bytes]:
    return {row["number"]: recorder.open_raw(row["sealed"], day=row["day"]) for row in rows}
