"""Lists that people are asked to release, kept when a day is planned, and read back when they were signed.

Refuses to change one: a list stands under the digest that is signed, and a later plan asks with a later list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.model import approval
from duly.plan import release
from duly.run import assent, gate, known
from duly.store import sql

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A list, and the number of the plan that asked for its release."""

    plan: int
    asked: release.Release


def keep(connection: psycopg.Connection[Any], plan: int, lists: Sequence[release.Release]) -> None:
    """Keep what a plan holds back until it is released, in the plan's own commit."""
    for one in lists:
        connection.execute(
            _SQL["keep_release_list"],
            {"plan": plan, "digest": one.digest, "stage": one.stage, "said": one.said, "salt": one.salt},
        )


def of_day(connection: psycopg.Connection[Any], day: date) -> tuple[Asked, ...]:
    """What the plans of a day asked for, the newest plan last. Raises ValueError for a list that was altered."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["release_lists_of_day"], {"day": day}).fetchall()
    return tuple(
        Asked(
            plan=row["plan"], asked=release.read(row["said"], salt=bytes(row["salt"]), digest=row["digest"])
        )
        for row in rows
    )


def standing(
    connection: psycopg.Connection[Any], *, rules: known.Rules, now: datetime
) -> tuple[release.Release, ...]:
    """Every list that two people have released, as it stands at an instant."""
    agreed = assent.Assent(required=rules.required, digests=rules.digests, duties=rules.duties)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _SQL["release_lists_signed"], {"now": now, "people": approval.PEOPLE}
        ).fetchall()
    agreed.read(rows)
    lacking = agreed.of_lists(connection, [row["digest"] for row in rows], now)
    return tuple(agreed.list_of(digest) for digest, lacks in lacking.items() if not lacks)


def rouse(connection: psycopg.Connection[Any], released: release.Release, now: datetime) -> None:
    """Have everybody on a list planned for again, now that it is released."""
    persons = sorted({person for person, _, _, _ in released.items})
    gate.wake_rows(connection, [(person, now, "deferred", None) for person in persons], now)
