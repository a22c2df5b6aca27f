"""Carriers asked about messages whose end they did not tell, where they answer such questions.

A receipt that never comes leaves a stage unserved for good, so after a while the carrier is asked by the id that it
gave. What it says is taken in by the same door as a receipt: kept raw, committed, and marked as confirmed by query.
Refuses to ask often, and after what the carrier never named: by SMPP there is nothing to ask with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.channels import base, inbound
from duly.store import sql

_SQL = sql.load()

AFTER = timedelta(hours=1)  # most receipts have come by then
AGAIN = timedelta(hours=6)
_REACH = timedelta(days=7)  # carriers forget
_MOST = 100  # messages in one round

Take = Callable[[Sequence[inbound.Inbound]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A message to be asked after, by the ids of its segments, and by whom it was sent."""

    key: bytes
    remote_ids: tuple[str, ...]
    sender: str


def due(
    connection: psycopg.Connection[Any],
    *,
    route: str,
    senders: Mapping[tuple[str, str], str],
    now: datetime,
) -> tuple[Wanted, ...]:
    """What is to be asked of a carrier now, marked as asked after; `senders` by route and brand."""
    asked = {
        "route": route,
        "since": (now - _REACH).date(),
        "before": now - AFTER,
        "again": now - AGAIN,
        "most": _MOST,
    }
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["to_be_asked_after"], asked).fetchall()
        if rows:
            cursor.execute(_SQL["asked_after"], {"keys": [row["key"] for row in rows], "at": now})
    return tuple(
        Wanted(
            key=bytes(row["key"]),
            remote_ids=tuple(row["remote_ids"]),
            sender=senders.get((route, row["brand"]), ""),
        )
        for row in rows
    )


async def ask(channel: base.Channel, wanted: Sequence[Wanted], take: Take) -> int:
    """Ask, and take in what the carrier says; how many segments it told the end of."""
    if not isinstance(channel, base.Inquirer):
        return 0
    told: list[inbound.Inbound] = []
    for one in wanted:
        for remote_id in one.remote_ids:
            event = await channel.ask(remote_id, sender=one.sender)
            if event is not None and event.final:
                told.append(inbound.Inbound(route=channel.route, raw=event.raw, events=(event,)))
    if told:
        await take(told)
    return len(told)
