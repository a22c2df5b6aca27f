"""What the gate knows of a chunk at its instant: read under the locks, in one round trip.

Refuses to judge: `ruling` does, from what is answered here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.law import pack, values
from duly.model import approval, party
from duly.run import clock, register, ruling, statement
from duly.store import sql

_SQL = sql.load()

# Keys are looked up in the partitions of so many days; a message lives for one.
REACH = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the gate holds messages against; the same for the whole run of a worker.

    `required` are the parts of the project that two people must have approved, each with its author, and `digests`
    those parts as this worker has read them: approved must be what a message was planned with and what it is judged
    and sent with. `duties` is what each person may do, `feed_limits` the days a feed may be old, `history` how far
    back caps look.
    """

    law: pack.Pack
    policy: values.Policy
    zone: str
    feed_limits: Mapping[str, int]
    required: Mapping[approval.Subject, str]
    digests: Mapping[approval.Subject, str]
    duties: Mapping[str, frozenset[party.Duty]]
    history: timedelta = timedelta(days=62)


class Reader:
    """Reads for one worker, and remembers which signatures it has checked."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._signed: dict[bytes, bool] = {}

    def read(
        self, connection: psycopg.Connection[Any], chunk: Sequence[ruling.Prepared], now: datetime
    ) -> ruling.Known:
        """Read it in one round trip; the caller holds the locks of the chunk."""
        since = (now - REACH).date()
        keys = [item.planned.key for item in chunk]
        pairs = [
            (n, account, item.planned.horizon)
            for n, item in enumerate(chunk)
            for account in item.planned.accounts
        ]
        plans = sorted({item.planned.plan for item in chunk})
        with connection.pipeline():
            cursors = [connection.cursor(row_factory=dict_row) for _ in range(7)]
            halts, in_force, events, left, latest, before, plan_rows = cursors
            halts.execute(_SQL["halts"])
            in_force.execute(_SQL["book_in_force"])
            events.execute(
                _SQL["events_since"],
                {
                    "n": list(range(len(chunk))),
                    "persons": [item.planned.person for item in chunk],
                    "horizons": [item.planned.horizon for item in chunk],
                    "account_n": [n for n, _, _ in pairs],
                    "accounts": [account for _, account, _ in pairs],
                    "account_horizons": [horizon for _, _, horizon in pairs],
                },
            )
            left.execute(_SQL["already_left"], {"keys": keys})
            latest.execute(_SQL["latest_versions"], {"keys": keys, "since": since})
            before.execute(
                _SQL["contacts_before"],
                {
                    "persons": sorted({item.planned.person for item in chunk}),
                    "numbers": sorted({item.planned.value_key for item in chunk}),
                    "since": now - self.rules.history,
                },
            )
            plan_rows.execute(_SQL["plans"], {"plans": plans})
            found_plans = plan_rows.fetchall()
            book = in_force.fetchone() or {"manifest": "", "feeds": {}}
            told: dict[int, list[Mapping[str, object]]] = {}
            for row in events.fetchall():
                told.setdefault(row["n"], []).append(row)
            return ruling.Known(
                now=now,
                zone_day=clock.local_day(now, self.rules.zone),
                halts=halts.fetchall(),
                manifest=book["manifest"] or "",
                stale_feeds=self._stale(book["feeds"], clock.local_day(now, self.rules.zone)),
                events=told,
                left=frozenset(row["key"] for row in left.fetchall()),
                latest={row["key"]: (row["day"], row["version"]) for row in latest.fetchall()},
                unapproved=self._unapproved(connection, found_plans, now),
                history=tuple(_contact(row) for row in before.fetchall()),
                digests={row["id"]: (row["strategy_digest"], row["packs_digest"]) for row in found_plans},
            )

    def _stale(self, feeds: Mapping[str, str], today: date) -> tuple[str, ...]:
        late = []
        for feed, limit in self.rules.feed_limits.items():
            as_of = feeds.get(feed)
            if as_of is None or (today - date.fromisoformat(as_of)).days > limit:
                late.append(feed)
        return tuple(sorted(late))

    def _unapproved(
        self, connection: psycopg.Connection[Any], plans: Sequence[Mapping[str, Any]], now: datetime
    ) -> dict[int, tuple[str, ...]]:
        digests = {str(row[f"{subject.value}_digest"]) for row in plans for subject in self.rules.required}
        digests |= set(self.rules.digests.values())
        digests |= {str(row["run_digest"]) for row in plans if not row["released"]}
        kept = register.signed(connection, sorted(digests))
        return {row["id"]: self._lacking(row, kept, now) for row in plans}

    def _lacking(
        self, plan: Mapping[str, Any], kept: Sequence[tuple[approval.Approval, bytes]], now: datetime
    ) -> tuple[str, ...]:
        wanted = [
            (subject, author, digest)
            for subject, author in self.rules.required.items()
            for digest in sorted({str(plan[f"{subject.value}_digest"]), self.rules.digests[subject]})
        ]
        if not plan["released"]:
            wanted.append((approval.Subject.RUN, statement.MACHINE, str(plan["run_digest"])))
        keys = {one.nonce: key for one, key in kept}
        return tuple(
            subject.value
            for subject, author, digest in wanted
            if approval.lacking(
                approval.Question(
                    subject=subject,
                    digest=digest,
                    now=now,
                    author=author,
                    messages=plan["messages"],
                    overdue_minor=plan["sum_minor"],
                ),
                [one for one, _ in kept if one.digest == digest],
                duties=self.rules.duties,
                verify=lambda one: self._is_signed(one, keys[one.nonce]),
            )
        )

    def _is_signed(self, one: approval.Approval, public_key: bytes) -> bool:
        # What was signed does not change: each signature is checked once.
        known = hashlib.sha256(public_key + one.signature + one.to_sign()).digest()
        if known not in self._signed:
            self._signed[known] = register.is_by(one, public_key)
        return self._signed[known]


def _contact(row: Mapping[str, Any]) -> values.Contact:
    return values.Contact(
        at=row["at"],
        kind=row["kind"],
        channel=row["channel"],
        person=row["person"],
        account=row["account"],
        number=row["number"],
        ref=row["key"].hex(),
    )
