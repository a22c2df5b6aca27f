"""The gate: one transaction per chunk that locks, reads, judges, reserves, permits and records (decision D3).

Its commit is the linearisation point: a payment, a STOP, a hold or a halt committed before it is seen, one
committed after it is provably later. What it returns may be written within two seconds and not later.
Refuses to judge a chunk larger than the channel's free window, and to give the same message a second permit.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from duly.channels import base
from duly.law import values
from duly.model import permit
from duly.run import (
    ceiling,
    clock,
    ending,
    known,
    locks,
    past,
    planned,
    quotas,
    record,
    room,
    ruling,
    statement,
)
from duly.store import sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The gate's own keys, none of which is in the database."""

    permit: bytes
    mark: bytes

    def gave(self, row: Mapping[str, Any]) -> bool:
        """Whether the gate gave the permit of this row of the table: whoever may write rows can make one up."""
        try:
            ours = permit.issue(
                self.permit,
                message_key=row["key"],
                encoded_sha256=row["encoded_sha256"],
                route=row["route"],
                at=row["at"],
                not_after=row["not_after"],
            )
        except ValueError:
            return False  # the gate never wrote such a row
        return hmac.compare_digest(ours.mac, row["mac"])


class Going(NamedTuple):
    """A message on its way out: what it is, what may be written, which attempt, and its evidence entry."""

    prepared: ruling.Prepared
    released: base.Released
    attempt: int
    entry: UUID


@dataclass(frozen=True, kw_only=True)
class Word:
    """What the gate said of a chunk."""

    released: tuple[Going, ...]
    dropped: tuple[ruling.Drop, ...]
    deferred: tuple[ruling.Defer, ...]


class Gate:
    """Judges chunks for one worker on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        reader: known.Reader,
        keys: Keys,
        time: clock.Clock,
        recorder: record.Recorder,
        worker: str,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._keys = keys
        self._time = time
        self._recorder = recorder
        self._worker = worker

    def judge(self, chunk: Sequence[ruling.Prepared], *, ended: Sequence[ruling.Drop] = ()) -> Word:
        """Judge a chunk and commit the word; `ended` are messages that could not even be prepared.

        Raises ClockAstray when the clocks disagree and DatabaseAway when the commit is not certain: then
        nothing may be written, because the caller does not hold the permits.
        """
        if not chunk and not ended:
            return Word(released=(), dropped=(), deferred=())
        counted = False
        while True:
            try:
                return self._judge(chunk, ended, counted=counted)
            except (ceiling.Short, quotas.Short):
                # Somebody else took the room meanwhile, or some was given back: whoever comes last is told no.
                room.recount(self._connection, self._reader.rules, self._time.now())
                counted = True

    def keep(self, rows: Sequence[planned.Planned]) -> tuple[list[planned.Planned], list[ruling.Defer]]:
        """Those that nothing keeps back whatever they say, and the others as they wait; no word is given by that."""
        now = self._time.read(self._connection)
        found = self._reader.brakes_of(self._connection, rows, now)
        kept = [ruling.braked(row, found, now) for row in rows]
        free = [row for row, waits in zip(rows, kept, strict=True) if waits is None]
        return free, [waits for waits in kept if waits is not None]

    def full(self, route: str) -> datetime | None:
        """When it is to be looked again whether more may leave on a route; None where there is room."""
        found = room.full(self._connection, self._reader.rules, now=self._time.now(), route=route)
        return None if found is None else found[1]

    def _judge(
        self, chunk: Sequence[ruling.Prepared], ended: Sequence[ruling.Drop], *, counted: bool
    ) -> Word:
        with self._connection.transaction():
            locks.take(
                self._connection,
                locks.scopes(
                    persons=(item.planned.person for item in chunk),
                    accounts=(account for item in chunk for account in item.planned.accounts),
                    numbers=(item.planned.value_key for item in chunk),
                ),
            )
            now = self._time.read(self._connection)
            seen = self._reader.read(self._connection, chunk, now)
            tally = quotas.Tally(counts=seen.quotas, costs=self._reader.rules.costs)
            rulings = self._rule(chunk, seen, tally, counted=counted)
            released, facts = self._release([r for r in rulings if isinstance(r, ruling.Release)], seen)
            kept = {going.prepared.planned.key for going in released}
            drops = [*ended, *(r for r in rulings if isinstance(r, ruling.Drop))]
            drops += [
                ruling.Drop(planned=r.prepared.planned, outcome="dropped", code="already_left")
                for r in rulings
                if isinstance(r, ruling.Release) and r.prepared.planned.key not in kept
            ]
            facts += self._drop(drops, now)
            # All entries in one call: it locks the chains of all cases in one order, so two writers never
            # wait for each other.
            self._recorder.write(self._connection, facts)
            most = self._reader.rules.messages_per_day
            ceiling.add(self._connection, day=seen.zone_day, messages=len(released), most=most)
            quotas.add(self._connection, tally)
        return Word(
            released=tuple(released),
            dropped=tuple(drops),
            deferred=tuple(r for r in rulings if isinstance(r, ruling.Defer)),
        )

    def recognise(self, rows: Sequence[planned.Planned]) -> tuple[list[planned.Planned], list[ruling.Drop]]:
        """The planner's rows, and the end of those that somebody else wrote: nothing of them is even rendered."""
        ours = [row for row in rows if self._is_marked(row)]
        return ours, [ending.forged(row) for row in rows if not self._is_marked(row)]

    def gave(self, row: Mapping[str, Any]) -> bool:
        """Whether this is a permit of the gate, and no row that somebody made up."""
        return self._keys.gave(row)

    def expire(self) -> int:
        """End what outlived itself in the queue; returns how many messages that were."""
        return ending.expire(self._connection, recorder=self._recorder, is_marked=self._is_marked)

    # --- judging

    def _is_marked(self, row: planned.Planned) -> bool:
        return row.is_marked(self._keys.mark)

    def _rule(
        self, chunk: Sequence[ruling.Prepared], seen: ruling.Known, tally: quotas.Tally, *, counted: bool
    ) -> list[ruling.Ruling]:
        before = past.Past(seen.history)
        found: list[ruling.Ruling] = []
        going: set[bytes] = set()
        for n, item in enumerate(chunk):
            if item.planned.key in going:
                found.append(ruling.Drop(planned=item.planned, outcome="dropped", code="already_left"))
                continue
            word = ruling.rule(
                n,
                item,
                seen,
                law=self._reader.rules.reading,
                policy=self._reader.rules.policy,
                mark_key=self._keys.mark,
                history=before.of(
                    person=item.planned.person, accounts=item.planned.accounts, number=item.planned.value_key
                ),
            )
            if isinstance(word, ruling.Release) and len(going) >= seen.room:
                if not counted:
                    raise ceiling.Short(seen.zone_day)
                word = ruling.over_the_ceiling(item.planned, seen.now)
            elif isinstance(word, ruling.Release) and (
                short := tally.short(item.planned.route, item.planned.billed)
            ):
                if not counted:
                    raise quotas.Short
                word = ruling.short_of(item.planned, short, seen.now)
            if isinstance(word, ruling.Release):
                going.add(item.planned.key)
                tally.take(item.planned.route, item.planned.billed)
                before.add(ruling.contacts_of(item.planned, seen.now))
            found.append(word)
        return found

    # --- writing

    def _release(
        self, releases: Sequence[ruling.Release], seen: ruling.Known
    ) -> tuple[list[Going], list[record.Fact]]:
        now = seen.now
        if not releases:
            return [], []
        rows = [release.prepared.planned for release in releases]
        keys = [row.key for row in rows]
        attempts, left = self._earlier(keys, now)
        marked = self._connection.execute(
            _SQL["mark_handed_over"],
            {"keys": keys, "days": [row.day for row in rows], "attempts": [attempts[key] for key in keys]},
        ).fetchall()
        mine = {row[0] for row in marked} - left
        going = [release for release in releases if release.prepared.planned.key in mine]
        if not going:
            return [], []
        facts = [
            statement.permitted(
                release.prepared,
                release.verdict,
                at=now,
                strategy=seen.digests[release.prepared.planned.plan][0],
                packs=seen.digests[release.prepared.planned.plan][1],
            )
            for release in going
        ]
        released = [
            Going(
                prepared=release.prepared,
                released=self._permit(release.prepared, now),
                attempt=attempts[release.prepared.planned.key],
                entry=fact.entry,
            )
            for release, fact in zip(going, facts, strict=True)
        ]
        self._write(released, [release.verdict for release in going], now)
        return released, facts

    def _earlier(self, keys: Sequence[bytes], now: datetime) -> tuple[dict[bytes, int], set[bytes]]:
        """Which attempt each key is at, and the keys of which a permit of ours says that they left.

        Whoever removes a row of `hand_over` does not get a message sent again: permits are never removed.
        """
        attempts, left = dict.fromkeys(keys, 1), set()
        with self._connection.cursor(row_factory=dict_row) as cursor:
            before = cursor.execute(
                _SQL["attempts_so_far"], {"keys": keys, "since": (now - known.REACH).date()}
            ).fetchall()
        for row in before:
            if row["key"] in left:
                continue  # a permit that somebody made up after ours hides nothing
            stands = not row["returned"] and self.gave(row)
            attempts[row["key"]] = row["attempt"] + (0 if stands else 1)
            if stands:
                left.add(row["key"])
        return attempts, left

    def _permit(self, prepared: ruling.Prepared, now: datetime) -> base.Released:
        message = prepared.planned
        return base.Released(
            message_key=message.key,
            encoded=prepared.encoded,
            permit=permit.issue(
                self._keys.permit,
                message_key=message.key,
                encoded_sha256=prepared.encoded.sha256,
                route=message.route,
                at=now,
                not_after=prepared.not_after,
            ),
        )

    def _write(self, released: Sequence[Going], verdicts: Sequence[values.Verdict], now: datetime) -> None:
        rows = [going.prepared.planned for going in released]
        attempts = [going.attempt for going in released]
        contacts = [
            (row, attempt, account)
            for row, attempt in zip(rows, attempts, strict=True)
            for account in row.accounts
        ]
        execute = self._connection.execute
        execute(
            _SQL["reserve"],
            {
                "keys": [row.key for row, _, _ in contacts],
                "attempts": [attempt for _, attempt, _ in contacts],
                "at": [now.replace(microsecond=0)] * len(contacts),
                "persons": [row.person for row, _, _ in contacts],
                "accounts": [account for _, _, account in contacts],
                "numbers": [row.value_key for row, _, _ in contacts],
                "channels": [row.channel for row, _, _ in contacts],
                "kinds": [ruling.kind_of(row) for row, _, _ in contacts],
            },
        )
        execute(
            _SQL["permit"],
            {
                "days": [row.day for row in rows],
                "keys": [row.key for row in rows],
                "attempts": attempts,
                "versions": [row.version for row in rows],
                "persons": [row.person for row in rows],
                "routes": [row.route for row in rows],
                "workers": [self._worker] * len(rows),
                "hashes": [going.released.encoded.sha256 for going in released],
                "at": [now] * len(rows),
                "not_after": [going.prepared.not_after for going in released],
                "parts": [going.released.encoded.count for going in released],
                "verdicts": [json.dumps(ruling.summary(verdict), ensure_ascii=False) for verdict in verdicts],
                "entries": [going.entry for going in released],
                "macs": [going.released.permit.mac for going in released],
            },
        )
        execute(
            _SQL["keep_text"],
            {
                "days": [row.day for row in rows],
                "keys": [row.key for row in rows],
                "attempts": attempts,
                "persons": [row.person for row in rows],
                "sealed": [
                    self._recorder.seal_text(
                        going.prepared.planned.person,
                        going.prepared.planned.key,
                        going.prepared.text,
                        going.prepared.subject,
                    )
                    for going in released
                ],
            },
        )

    def _drop(self, drops: Sequence[ruling.Drop], now: datetime) -> list[record.Fact]:
        # A key that left is not disposed of: its permit tells its story.
        ended = ending.dispose(self._connection, [drop for drop in drops if drop.code != "already_left"], now)
        waking = [drop for drop in drops if drop.wake]
        if waking:
            wake_rows(
                self._connection,
                [(drop.planned.person, now, "debt_changed", drop.planned.key) for drop in waking],
                now,
            )
        return [statement.ended(drop, at=now) for drop in ended]


def wake_rows(
    connection: psycopg.Connection[Any],
    rows: Sequence[tuple[str, datetime, str, bytes | None]],
    now: datetime,
) -> None:
    """Ask for persons to be planned again: (person, at, why, message key or None)."""
    if not rows:
        return
    connection.execute(
        _SQL["wake"],
        {
            "persons": [person for person, _, _, _ in rows],
            "at": [at for _, at, _, _ in rows],
            "whys": [why for _, _, why, _ in rows],
            "keys": [key for _, _, _, key in rows],
            "made_at": [now] * len(rows),
        },
    )
