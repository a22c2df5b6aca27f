"""The lender's own phones: each template goes to them first, with invented figures, on each route.

Nobody's message leaves before all of them have it: a carrier that changes the text, a signature that is not filed, a
slip in a template is seen by those who can stop it. What is said here is said of nobody.
Refuses to say a debtor's name or figures to anybody, and to send the same attempt twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import answer, base, inbound
from duly.model import permit
from duly.run import clock, planned, ruling
from duly.store import sql

_SQL = sql.load()

AGAIN = timedelta(
    minutes=10
)  # how soon a phone is written to again whose message was refused, or did not arrive
_MOST = 5  # attempts, before somebody has to look

# Figures of nobody: a sum that no book has, days that are long past.
FIGURES: Mapping[str, object] = {
    "tail": "0000",
    "accounts_count": 1,
    "overdue_minor": 123_456,
    "principal_minor": 120_000,
    "interest_minor": 3_000,
    "penalty_minor": 400,
    "fee_minor": 56,
    "first_unpaid_on": date(2001, 2, 3),
    "as_of": date(2001, 2, 4),
    "dpd": 1,
    "deadline": date(2001, 2, 28),
    "next_due_on": date(2001, 3, 3),
    "next_due_minor": 123_456,
    "verify_code": "TEST00",
}
NAMES = {"zh-CN": "测试", "en": "Test Message"}


@dataclass(frozen=True, kw_only=True)
class Sown:
    """What is to be written to one phone."""

    key: bytes
    released: base.Released


def received(
    connection: psycopg.Connection[Any],
    wanted: Collection[tuple[str, str]],
    *,
    phones: Sequence[str],
) -> set[tuple[str, str]]:
    """The routes and templates of these that all phones, given by their blind indexes, have received."""
    if not wanted:
        return set()
    rows = _so_far(connection, wanted)
    got = {(row["route"], row["template_digest"], row["number"]) for row in rows if row["arrived"]}
    return {one for one in wanted if all((*one, number) in got for number in phones)}


def _so_far(connection: psycopg.Connection[Any], wanted: Collection[tuple[str, str]]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            _SQL["seeds_of"], {"templates": sorted({template for _, template in wanted})}
        ).fetchall()


def lately(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """What became of every template on every phone."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SQL["seeds_of"], {"templates": None}).fetchall()


def due(
    connection: psycopg.Connection[Any],
    wanted: Collection[tuple[str, str]],
    *,
    phones: Sequence[str],
    now: datetime,
) -> dict[tuple[str, str, str], int]:
    """Which phones are to be written to now, by route, template and blind index, with the number of the attempt."""
    rows = {(row["route"], row["template_digest"], row["number"]): row for row in _so_far(connection, wanted)}
    found = {}
    for one in wanted:
        for number in phones:
            row = rows.get((*one, number))
            if row is None:
                found[*one, number] = 1
            elif not row["arrived"] and row["attempts"] < _MOST and now - row["at"] >= AGAIN:
                found[*one, number] = row["attempts"] + 1
    return found


def sample(row: planned.Planned, number: str, attempt: int) -> planned.Planned:
    """The row of nobody: the template, route and signature of this one, and nothing else of it."""
    fields = {**row.fields, **FIGURES}
    named = "\x1f".join(("seed", row.route, row.template_digest, number, str(attempt)))
    key = hashlib.blake2b(named.encode(), digest_size=16, person=b"duly.seed").digest()
    return replace(row, key=key, person="", cases=(), accounts=(), fields=fields, code="")


def sow(
    connection: psycopg.Connection[Any],
    *,
    row: planned.Planned,
    encoded: base.Encoded,
    number: str,
    now: datetime,
    worker: str,
    permit_key: bytes,
) -> Sown | None:
    """Write down that it goes, in a commit of its own; None where it went already. `row` is a sample."""
    there = connection.execute(
        _SQL["plan_seed"],
        {
            "key": row.key,
            "route": row.route,
            "template_digest": row.template_digest,
            "notice": row.notice,
            "number": number,
            "encoded_sha256": encoded.sha256,
            "at": now,
            "worker": worker,
        },
    ).fetchone()
    if there is None:
        return None
    given = permit.issue(
        permit_key,
        message_key=row.key,
        encoded_sha256=encoded.sha256,
        route=row.route,
        at=now,
        not_after=row.not_after,
    )
    return Sown(key=row.key, released=base.Released(message_key=row.key, encoded=encoded, permit=given))


def settle(
    connection: psycopg.Connection[Any], sown: Sequence[Sown], answers: Sequence[answer.Answer], now: datetime
) -> None:
    """What the carrier said."""
    for one, given in zip(sown, answers, strict=True):
        outcome = given.outcome.value
        connection.execute(
            _SQL["answer_seed"],
            {
                "key": one.key,
                "outcome": outcome,
                "reason": getattr(given, "reason", ""),
                "remote_ids": [
                    inbound.folded_id(each.remote_id) for each in given.segments if each.remote_id
                ],
                "at": now,
            },
        )


Database = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(kw_only=True)
class Sower:
    """Writes to the lender's own phones on one channel.

    `phones` are the numbers by their blind indexes, `encode` makes the bytes of a sample for a name and a number.
    """

    channel: base.Channel
    phones: Mapping[str, str]
    encode: Callable[[planned.Planned, str, str], base.Encoded | None]
    time: clock.Clock
    permit_key: bytes
    worker: str = "seeds"

    async def sow(
        self,
        database: Database,
        live: Callable[[], psycopg.Connection[Any]],
        waiting: Sequence[ruling.Defer],
    ) -> None:
        """Write to the phones what those of a chunk wait for that wait for it."""
        rows = {
            (one.planned.route, one.planned.template_digest): one.planned
            for one in waiting
            if one.code == "awaiting_seeds"
        }
        if not rows:
            return
        sown: list[Sown] = await database(lambda: self._begin(live(), rows))
        if sown:
            answers = await self.channel.send([one.released for one in sown])
            await database(lambda: settle(live(), sown, answers, self.time.now()))

    def _begin(
        self, connection: psycopg.Connection[Any], rows: Mapping[tuple[str, str], planned.Planned]
    ) -> list[Sown]:
        now, sown = self.time.read(connection), []
        wanted = due(connection, list(rows), phones=list(self.phones), now=now)
        for (route, template, number), attempt in wanted.items():
            row = sample(rows[route, template], number, attempt)
            encoded = self.encode(row, NAMES.get(row.locale, NAMES["en"]), self.phones[number])
            if encoded is None:
                continue
            one = sow(
                connection,
                row=row,
                encoded=encoded,
                number=number,
                now=now,
                worker=self.worker,
                permit_key=self.permit_key,
            )
            sown += [] if one is None else [one]
        return sown
