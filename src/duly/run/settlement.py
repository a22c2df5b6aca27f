"""What became of hand-overs, written down: the carrier's answers, what they free, and whom they wake.

Accepted and Unsure keep the contact reservation; refused and never written release it (decision D3).
An answer is the last word on its hand-over, unless it is a doubt: that one a later answer settles. So whoever
writes an answer again because its commit was never confirmed, or doubts what was answered meanwhile, writes nothing.
Only where a person said that the carrier has nothing of it does the carrier's own word still count after that.
Refuses to turn a doubt into a retry: an Unsure message stays where it is until a receipt or a person resolves it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from duly.channels import answer, inbound
from duly.run import gate, locks, record, statement
from duly.store import sql

_SQL = sql.load()

REACH = timedelta(days=3)  # how far back the hand-over of an answer may lie
_SEPARATOR = "\x1f"

RETRY_AFTER = timedelta(seconds=2)  # a message that came back is gated again after this

DECIDED = "decided"  # the code of an answer that a person gave in place of the carrier


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """Which hand-over an answer belongs to."""

    day: date
    key: bytes
    attempt: int
    person: str
    cases: tuple[str, ...]
    route: str
    entry: UUID


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A hand-over and what came of it."""

    what: HandedOver
    answer: answer.Answer


def outcome_of(given: answer.Answer) -> str:
    """`accepted`, `unsure`, `refused`, or `returned` for what may go back to the queue."""
    if isinstance(given, answer.Accepted):
        return "accepted"
    if isinstance(given, answer.Unsure):
        return "unsure"
    return "returned" if given.retry else "refused"


def settle(
    connection: psycopg.Connection[Any],
    answered: Sequence[Answered],
    *,
    recorder: record.Recorder,
    now: datetime,
) -> None:
    """Write the answers in one transaction, with their evidence."""
    if not answered:
        return
    with connection.transaction():
        recorder.write(connection, post(connection, answered, now=now))


def post(
    connection: psycopg.Connection[Any], answered: Sequence[Answered], *, now: datetime
) -> list[record.Fact]:
    """Write what is news of these answers inside the caller's transaction; returns the facts that he is to record."""
    since = (now - REACH).date()
    before = _last_words(connection, answered)
    answered = [item for item in answered if _is_news(item, before)]
    if not answered:
        return []
    outcomes = [outcome_of(item.answer) for item in answered]
    connection.execute(
        _SQL["answer"],
        {
            "days": [item.what.day for item in answered],
            "keys": [item.what.key for item in answered],
            "attempts": [item.what.attempt for item in answered],
            "ns": [before.get(_key(item), _NONE).number + 1 for item in answered],
            "outcomes": outcomes,
            "codes": [getattr(item.answer, "code", None) for item in answered],
            "reasons": [getattr(item.answer, "reason", None) for item in answered],
            "remote_ids": [_SEPARATOR.join(_remote_ids(item.answer)) for item in answered],
            "at": [now] * len(answered),
        },
    )
    _keep_doubts(connection, answered, outcomes, before)
    freed = [item for item, word in zip(answered, outcomes, strict=True) if word in {"returned", "refused"}]
    if freed:
        connection.execute(
            _SQL["unreserve"],
            {"keys": [item.what.key for item in freed], "attempts": [item.what.attempt for item in freed]},
        )
    returned = [item for item, word in zip(answered, outcomes, strict=True) if word == "returned"]
    if returned:
        connection.execute(
            _SQL["give_back"],
            {
                "keys": [item.what.key for item in returned],
                "attempts": [item.what.attempt for item in returned],
            },
        )
        keys = [item.what.key for item in returned]
        connection.execute(
            _SQL["reopen_batches"], {"keys": keys, "since": since, "not_before": now + RETRY_AFTER}
        )
    refused = [item for item, word in zip(answered, outcomes, strict=True) if word == "refused"]
    gate.wake_rows(connection, [(item.what.person, now, "fallback", item.what.key) for item in refused], now)
    _note_remote(connection, answered)
    _await_receipts(connection, answered, since=since)
    return [
        statement.answered(item.what, item.answer, word, at=now)
        for item, word in zip(answered, outcomes, strict=True)
    ]


def resolve(
    connection: psycopg.Connection[Any],
    settled: Sequence[Answered],
    *,
    basis: str,
    now: datetime,
    by: str = statement.MACHINE,
) -> list[record.Fact]:
    """Settle doubts inside the caller's transaction; the facts to record, with what each resolution rests on."""
    if not settled:
        return []
    facts = post(connection, settled, now=now)
    news = {fact.open["permit"] for fact in facts}
    return [
        *facts,
        *(
            statement.resolved(item.what, outcome_of(item.answer), basis=basis, by=by, at=now)
            for item in settled
            if item.what.entry in news
        ),
    ]


def lock(connection: psycopg.Connection[Any], keys: Collection[bytes]) -> None:
    """Keep every other writer of an answer of these messages out until the transaction ends."""
    if not keys:
        return
    connection.execute(
        _SQL["lock_answers"], {"keys": sorted(locks.key("answer", key.hex()) for key in set(keys))}
    )


class _Last(NamedTuple):
    """How many answers a hand-over has, and the last one's outcome and code."""

    number: int
    outcome: str | None
    code: str | None


_NONE = _Last(0, None, None)


def _last_words(
    connection: psycopg.Connection[Any], answered: Sequence[Answered]
) -> dict[tuple[bytes, int], _Last]:
    """What was said of each hand-over, under the locks of all of them."""
    keys = sorted({item.what.key for item in answered})
    lock(connection, keys)
    # An answer stands in the day of its permit, however late it comes.
    since = min(item.what.day for item in answered)
    rows = connection.execute(_SQL["last_words"], {"keys": keys, "since": since}).fetchall()
    return {(bytes(row[0]), row[1]): _Last(*row[2:]) for row in rows}


def _is_news(item: Answered, before: Mapping[tuple[bytes, int], _Last]) -> bool:
    last, now = before.get(_key(item), _NONE), outcome_of(item.answer)
    if last.outcome == "unsure":
        return now != "unsure"
    return last.outcome is None or (_may_err(last) and now == "accepted")


def _may_err(last: _Last) -> bool:
    """Whether a person said it, who may be wrong about what a carrier did."""
    return last.outcome == "refused" and last.code == DECIDED


def _keep_doubts(
    connection: psycopg.Connection[Any],
    answered: Sequence[Answered],
    outcomes: Sequence[str],
    before: Mapping[tuple[bytes, int], _Last],
) -> None:
    """Which hand-overs are in doubt from now on, and which are no more; what counts again after all."""
    begin = [item for item, word in zip(answered, outcomes, strict=True) if word == "unsure"]
    end = [item for item in answered if before.get(_key(item), _NONE).outcome == "unsure"]
    again = [item for item in answered if _may_err(before.get(_key(item), _NONE))]
    for statement_, items in (("doubts_begin", begin), ("doubts_end", end), ("reserve_again", again)):
        if items:
            connection.execute(
                _SQL[statement_],
                {
                    "keys": [item.what.key for item in items],
                    "attempts": [item.what.attempt for item in items],
                    "days": [item.what.day for item in items],
                },
            )


def _key(item: Answered) -> tuple[bytes, int]:
    return item.what.key, item.what.attempt


def _remote_ids(given: answer.Answer) -> tuple[str, ...]:
    return tuple(segment.remote_id for segment in given.segments if segment.remote_id)


def _note_remote(connection: psycopg.Connection[Any], answered: Sequence[Answered]) -> None:
    rows = [
        (item.what, inbound.folded_id(segment.remote_id), part)
        for item in answered
        for part, segment in enumerate(item.answer.segments)
        if segment.remote_id
    ]
    if not rows:
        return
    connection.execute(
        _SQL["note_remote"],
        {
            "days": [what.day for what, _, _ in rows],
            "routes": [what.route for what, _, _ in rows],
            "normal_ids": [normal for _, normal, _ in rows],
            "keys": [what.key for what, _, _ in rows],
            "parts": [part for _, _, part in rows],
        },
    )


def handed_over(row: Mapping[str, Any]) -> HandedOver:
    """Which hand-over a row tells of."""
    return HandedOver(
        day=row["day"],
        key=bytes(row["key"]),
        attempt=row["attempt"],
        person=row["person"],
        cases=tuple(row["cases"]),
        route=row["route"],
        entry=row["entry"],
    )


def _await_receipts(
    connection: psycopg.Connection[Any], answered: Sequence[Answered], *, since: date
) -> None:
    accepted = [
        item.what
        for item in answered
        if isinstance(item.answer, answer.Accepted) and _remote_ids(item.answer)
    ]
    if not accepted:
        return
    connection.execute(
        _SQL["await_receipts"],
        {
            "keys": [what.key for what in accepted],
            "days": [what.day for what in accepted],
            "routes": [what.route for what in accepted],
            "since": since,
        },
    )


def doubtful(what: HandedOver, reason: str) -> Answered:
    """A hand-over of which nobody knows whether it arrived."""
    segment = answer.Segment(fate=answer.Fate.UNANSWERED, reason=reason)
    return Answered(what=what, answer=answer.Unsure(reason=reason, segments=(segment,)))


def never_written(what: HandedOver, reason: str) -> Answered:
    """A hand-over of which no byte left, as its own process knows."""
    return Answered(what=what, answer=answer.never_written(reason, 1))
