"""What the gate knows of a chunk at its instant: read under the locks, in one round trip.

Refuses to judge: `ruling` does, from what is answered here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.law import compiled, pack, values
from duly.model import approval, party
from duly.project.bounds import Ceiling
from duly.run import assent, brakes, clock, planned, quotas, ruling, seeds
from duly.store import sql

_SQL = sql.load()

# Keys are looked up in the partitions of so many days; a message lives for one.
REACH = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the gate holds messages against; the same for the whole run of a worker.

    `required` are the parts of the project that two people must have approved, each with its author, and `digests`
    those parts as this worker has read them: approved must be what a message was planned with and what it is judged
    and sent with. `duties` is what each person may do, `feed_limits` the days a feed may be old, `messages_per_day` the
    day's ceiling, `ceilings` the others, `costs` of a part by route in millionths. `phones` are the lender's own, by
    their blind indexes; they receive each template first on the routes `seeded`. `history` is how far back caps look.
    """

    law: pack.Pack
    policy: values.Policy
    zone: str
    feed_limits: Mapping[str, int]
    required: Mapping[approval.Subject, str]
    digests: Mapping[approval.Subject, str]
    duties: Mapping[str, frozenset[party.Duty]]
    messages_per_day: int
    ceilings: tuple[Ceiling, ...] = ()
    costs: Mapping[str, int] = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    seeded: frozenset[str] = frozenset()
    history: timedelta = timedelta(days=90)

    @cached_property
    def reading(self) -> compiled.Reading:
        """The law as the gate reads it."""
        return compiled.Reading(self.law)


@dataclass(frozen=True, kw_only=True)
class _Conditions:
    """What is asked whatever the messages are: the load in force, the plans they are of, and the brakes."""

    manifests: frozenset[str]
    plans: Sequence[Mapping[str, Any]]
    brakes: brakes.Brakes


class Reader:
    """Reads for one worker, and remembers which signatures it has checked."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._assent = assent.Assent(required=rules.required, digests=rules.digests, duties=rules.duties)
        self._received: set[tuple[str, str]] = set()  # routes and templates that the lender's own phones have

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
        today = clock.local_day(now, self.rules.zone)
        with connection.pipeline():
            events, left, latest, before, sent = (connection.cursor(row_factory=dict_row) for _ in range(5))
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
            sent.execute(_SQL["sent_of"], {"day": today})
            found = self._conditions(
                connection,
                now,
                plans={item.planned.plan for item in chunk},
                lists={item.planned.release for item in chunk} - {""},
                templates={(item.planned.route, item.planned.template_digest) for item in chunk},
            )
            counted = sent.fetchone()
            told: dict[int, list[Mapping[str, object]]] = {}
            for row in events.fetchall():
                told.setdefault(row["n"], []).append(row)
            return ruling.Known(
                now=now,
                zone_day=today,
                brakes=found.brakes,
                manifests=found.manifests,
                events=told,
                left=frozenset(row["key"] for row in left.fetchall()),
                latest={row["key"]: (row["day"], row["version"]) for row in latest.fetchall()},
                history=tuple(_contact(row) for row in before.fetchall()),
                digests={row["id"]: (row["strategy_digest"], row["packs_digest"]) for row in found.plans},
                room=0 if counted is None else max(0, self.rules.messages_per_day - counted["messages"]),
                quotas=quotas.read(
                    connection, quotas.spans(self.rules.ceilings, now=now, zone=self.rules.zone)
                ),
            )

    def brakes_of(
        self, connection: psycopg.Connection[Any], rows: Sequence[planned.Planned], now: datetime
    ) -> brakes.Brakes:
        """The same of these messages."""
        return self.brakes(
            connection,
            now,
            plans={row.plan for row in rows},
            lists={row.release for row in rows} - {""},
            templates={(row.route, row.template_digest) for row in rows},
        )

    def brakes(
        self,
        connection: psycopg.Connection[Any],
        now: datetime,
        *,
        plans: Collection[int],
        lists: Collection[str],
        templates: Collection[tuple[str, str]],
    ) -> brakes.Brakes:
        """What keeps messages of these plans, lists, routes and templates back, as the gate would find it now."""
        with connection.pipeline():
            return self._conditions(connection, now, plans=plans, lists=lists, templates=templates).brakes

    def _conditions(
        self,
        connection: psycopg.Connection[Any],
        now: datetime,
        *,
        plans: Collection[int],
        lists: Collection[str],
        templates: Collection[tuple[str, str]],
    ) -> _Conditions:
        halts, in_force, plan_rows, kept, first = (connection.cursor(row_factory=dict_row) for _ in range(5))
        halts.execute(_SQL["halts"])
        in_force.execute(_SQL["book_in_force"])
        plan_rows.execute(_SQL["plans"], {"plans": sorted(plans)})
        first.execute(_SQL["canaries_of"], {"plans": sorted(plans)})
        if unread := self._assent.unread(lists):
            kept.execute(_SQL["release_lists"], {"digests": unread})
        found = plan_rows.fetchall()
        book = in_force.fetchone() or {"manifests": [], "feeds": {}}
        if unread:
            self._assent.read(kept.fetchall())
        return _Conditions(
            manifests=frozenset(book["manifests"] or ()),
            plans=found,
            brakes=brakes.Brakes(
                halts=halts.fetchall(),
                stale_feeds=self._stale(book["feeds"], clock.local_day(now, self.rules.zone)),
                unapproved=self._assent.of_plans(connection, found, now),
                unreleased=self._assent.of_lists(connection, lists, now),
                canaries={
                    (row["plan"], row["route"], row["template_digest"]): frozenset(row["keys"])
                    for row in first.fetchall()
                },
                unseeded=self._unseeded(connection, templates),
            ),
        )

    def _unseeded(
        self, connection: psycopg.Connection[Any], templates: Collection[tuple[str, str]]
    ) -> frozenset[tuple[str, str]]:
        if not self.rules.phones:
            return frozenset()
        asked = {one for one in templates if one[0] in self.rules.seeded} - self._received
        self._received |= seeds.received(connection, asked, phones=self.rules.phones)
        return frozenset(asked - self._received)

    def _stale(self, feeds: Mapping[str, str | None], today: date) -> tuple[str, ...]:
        late = [feed for feed, as_of in feeds.items() if as_of is None and feed not in self.rules.feed_limits]
        for feed, limit in self.rules.feed_limits.items():
            as_of = feeds.get(feed)
            if as_of is None or (today - date.fromisoformat(as_of)).days > limit:
                late.append(feed)
        return tuple(sorted(late))


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
