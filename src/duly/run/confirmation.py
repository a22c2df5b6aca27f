"""One confirmation of a stop: that it was heard, said once and at once, where the law spares it.

It is a message like any other: marked by the planner, judged by the gate at its instant, counted against the caps. The
law is told what it is for, and that the person refused; where no rule spares a confirmation, the gate drops it with the
name of the rule. A project that has no template for it confirms nothing.
Refuses to say it later than within five minutes, a second time for one stop, or by another way than the one refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.model import notice, party
from duly.plan import saying
from duly.run import clock, installation, locks, outbox, outfit, planned
from duly.store import connect, sql
from duly.text import code, segment

_SQL = sql.load()

NOTICE = "stop_confirmation"  # the template's folder, and the purpose that the law is told
# As long as a text that confirms is presumed to be wanted: 47 CFR 64.1200(a)(12).
WITHIN = timedelta(minutes=5)
_REACH = timedelta(days=35)  # how far back what was stopped may lie
_REFUSED = "medium_opt_out"


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What every confirmation of one look stands on: the plan in force, the book as it is now, the instant."""

    plan: int
    says: bytes
    manifest: str
    horizon: int
    now: datetime


def lay(opened: installation.Installation, connection: psycopg.Connection[Any]) -> int:
    """Lay a confirmation into the outbox for each stop of the last minutes that has none; how many that were."""
    locales = {key.locale for key in opened.project.templates if key.notice == NOTICE}
    if not locales:
        return 0
    now = clock.instant_of(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        stops = cursor.execute(_SQL["stops_heard"], {"since": now - WITHIN}).fetchall()
    if not stops:
        return 0
    connection.execute(_SQL["ensure_day"], {"day": opened.local_day(now)})
    with connect.transaction(connection):
        locks.take(connection, locks.scopes(persons={row["person"] for row in stops}))
        ground = _ground(connection, now)
        made = [one for row in stops if (one := _confirmation(opened, connection, row, ground)) is not None]
        for one in made:
            _put(opened, connection, one)
    return len(made)


def _ground(connection: psycopg.Connection[Any], now: datetime) -> _Ground | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        newest = cursor.execute(_SQL["newest_plan"]).fetchone()
        book = cursor.execute(_SQL["manifest_in_force"]).fetchone()
        horizon = cursor.execute(_SQL["horizon"]).fetchone()
    if newest is None or newest["id"] is None or book is None or horizon is None:
        return None
    plan = int(newest["id"])
    return _Ground(
        plan=plan,
        says=outbox.plan_says(connection, [plan])[plan],
        manifest=book["digest"],
        horizon=horizon["horizon"],
        now=now,
    )


def _confirmation(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    stop: Mapping[str, Any],
    ground: _Ground | None,
) -> planned.Planned | None:
    """The message that answers a stop, by the way that was refused; None where there is nothing to say or it was."""
    if ground is None:
        return None
    since = (ground.now - _REACH).date()
    asked = {"person": stop["person"], "point": stop["point"], "since": since}
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SQL["last_said"], asked).fetchone()
    if row is None or row["channel"] != party.Channel.SMS.value:
        return None
    last = planned.from_row(row)
    words = outfit.said(opened.project, opened.code_key)
    found = saying.templates(words, NOTICE, last.locale, party.Channel.SMS)
    if found is None:
        return None
    identity = notice.NoticeId(
        person=last.person,
        creditor=last.creditor,
        brand=last.brand,
        stage=NOTICE,
        occurrence=int(stop["times"]),
    )
    key = notice.message_key(identity, point=last.point, channel=party.Channel.SMS, step=0)
    there = connection.execute(_SQL["is_planned"], {"key": key, "since": since}).fetchone()
    if there is None or there[0]:
        return None
    digest, checked = saying.digest(found), code.code(opened.code_key, key)
    size = segment.count(found["text"].source, segment.Market.CN)
    return replace(
        last,
        day=opened.local_day(ground.now),
        key=key,
        version=1,
        plan=ground.plan,
        plan_says=ground.says,
        notice_key=notice.notice_key(identity),
        code=checked,
        stage=NOTICE,
        occurrence=identity.occurrence,
        step=0,
        notice=NOTICE,
        class_=notice.NoticeClass.NUDGE.value,
        fields={**last.fields, "verify_code": checked},
        act=_act(last.act),
        template_digest=digest,
        content=digest,
        deadline_on=None,
        parts=size.billed,
        billed=size.billed,
        not_before=ground.now,
        not_after=stop["at"] + WITHIN,
        binding_rule=None,
        release="",
        manifest=ground.manifest,
        horizon=ground.horizon,
    )


def _act(before: Mapping[str, object]) -> dict[str, object]:
    """What the law is asked: the same contact, of somebody who has refused it, to tell him that he was heard."""
    facts = before["facts"]
    if not isinstance(facts, Mapping):
        raise TypeError("the facts of a kept act are an object")
    told: dict[str, object] = {**facts, "purpose": NOTICE, "first_notice": False}
    states = facts.get("states")
    if isinstance(states, Mapping):  # where the book supplies them; else the law is told of none
        told["states"] = {"set": sorted({*states["set"], _REFUSED})}
    return {
        **before,
        "consent": party.Consent.WITHDRAWN.value,
        "stage": NOTICE,
        "notice_class": notice.NoticeClass.NUDGE.value,
        "facts": told,
    }


def _put(
    opened: installation.Installation, connection: psycopg.Connection[Any], row: planned.Planned
) -> None:
    batch = connection.execute(
        _SQL["new_batch"],
        {
            "day": row.day,
            "route": row.route,
            "not_before": row.not_before,
            "not_after": row.not_after,
            "messages": 1,
        },
    ).fetchone()
    number = 0 if batch is None else int(batch[0])
    cost = sum(route.cost_micro for route in opened.project.routes if route.name == row.route) * row.billed
    outbox.copy(connection, [row.marked_with(opened.gate_keys.mark)], batch=number, costs=[cost])
