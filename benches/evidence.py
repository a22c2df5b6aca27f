"""Evidence measured: what sending records, written beside a database's facts and placed in the tree.

The entries are those of messages that were really planned, rendered and judged: a permit with every rule that was
asked, the carrier's answer, a receipt for each segment.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from benches.lender import Lender
from duly.channels import answer, inbound
from duly.law import decide
from duly.model import notice
from duly.run import (
    acts,
    outfit,
    planned,
    record,
    rendering,
    routes,
    ruling,
    sequencer,
    settlement,
    statement,
)
from duly.store import connect, sql

_SQL = sql.load()

TOGETHER = 100  # entries in one transaction: about what a chunk of the gate or a batch of receipts writes
_STEP = 10  # transactions between two steps of the sequencer


@dataclass(frozen=True, kw_only=True)
class Appended:
    """How many entries were built, inserted and placed, and in how many CPU seconds of ours and PostgreSQL's."""

    entries: int
    cpu_s: float


def measure(lender: Lender, *, entries: int) -> Appended:
    """Record so many entries about messages of a day that was planned, beside those that are there."""
    opened = lender.opened
    with (
        contextlib.closing(opened.connect("duly_worker", patient=True)) as connection,
        contextlib.closing(sequencer.Sequencer(opened.log())) as placing,
    ):
        placing.drain(connection)
        messages = _messages(lender, connection, most=entries // 3)
        lives = (fact for message in itertools.cycle(messages) for fact in _facts(message, lender))
        facts = list(itertools.islice(lives, entries))
        spent = lender.cpu_s()
        for n, start in enumerate(range(0, len(facts), TOGETHER)):
            with connect.transaction(connection):
                opened.recorder.write(connection, facts[start : start + TOGETHER])
            if n % _STEP == _STEP - 1:
                placing.step(connection)
        placing.drain(connection)
        return Appended(entries=len(facts), cpu_s=lender.cpu_s() - spent)


def _messages(lender: Lender, connection: psycopg.Connection[Any], *, most: int) -> Sequence[ruling.Prepared]:
    """Messages of the day's plan, rendered as the worker does it."""
    opened = lender.opened
    channels = routes.channels(opened, on_inbound=_nothing, environ=lender.environ)
    channel = channels[0]
    with connection.cursor(row_factory=dict_row) as cursor:
        columns = _SQL["batch_messages"].partition("from message m")[0]
        rows = cursor.execute(
            f"{columns} from message m where m.route = %s order by m.key limit %s",
            [channel.route, most],
        ).fetchall()
    renderer = rendering.Renderer(
        outfit.outfit(opened.project, opened.code_key), safe=opened.vault, channel=channel
    )
    prepared = renderer.prepare(connection, [planned.from_row(row) for row in rows])
    return [item for item in prepared if isinstance(item, ruling.Prepared)]


async def _nothing(_: object) -> None:
    raise RuntimeError("no carrier is connected here")


def _facts(message: ruling.Prepared, lender: Lender) -> Iterator[record.Fact]:
    """What the life of one message records."""
    rules, at, row = outfit.rules(lender.opened.project), lender.opened.time.now(), message.planned
    act = acts.revive(
        row.act,
        at=at,
        history=(),
        claims=message.claims,
        elements=message.elements,
        debt_disclosed=message.debt_disclosed,
        policy=rules.policy,
    )
    digests = lender.opened.project.digests
    permit = statement.permitted(
        message, decide.decide(rules.law, act), at=at, strategy=digests.strategy, packs=digests.packs
    )
    yield permit
    segments = tuple(
        answer.Segment(fate=answer.Fate.ACCEPTED, remote_id=f"{row.key.hex()[:10]}{part}")
        for part in range(message.encoded.count)
    )
    handed = settlement.HandedOver(
        day=row.day,
        key=row.key,
        attempt=1,
        person=row.person,
        cases=row.cases,
        route=row.route,
        entry=permit.entry,
    )
    yield statement.answered(handed, answer.settle(segments), "accepted", at=at)
    owner = {"person": row.person, "entry": permit.entry, "cases": row.cases}
    for segment in segments:
        receipt = inbound.ReceiptEvent(
            remote_id=segment.remote_id,
            normal_ids=(),
            state=notice.Arrival.DELIVERED,
            final=True,
            word="DELIVRD",
            code="000",
            at=at,
            destination="",
            reference=None,
            provenance=inbound.Provenance.SESSION,
            raw=row.key,
        )
        yield statement.receipt(receipt, owner, at=at)
