"""Timers: whoever is to be woken is planned for again, by the same pure plan, all those due together.

One process at a time does it, by an advisory lock. A wake is done in the commit of the plan that answered it.
"""

from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly.run import clock, compaction, confirmation, day, installation, locks
from duly.store import sql

_SQL = sql.load()


class Waker:
    """Plans for those who are to be woken, and confirms stops; `planned` counts the messages that came of it.

    With `daily` it makes the day's own plan too, once, when the local time has come: then it is the scheduler.
    """

    def __init__(self, opened: installation.Installation, *, daily: time | None = None) -> None:
        self._opened = opened
        self._daily = daily
        self.planned = 0

    def plan(self, connection: psycopg.Connection[Any]) -> int:
        """Plan for everybody whose wake is due; returns how many people that were."""
        leading = connection.execute(_SQL["try_worker"], {"lock": locks.DAY}).fetchone()
        if leading is None or not leading[0]:
            return 0
        try:
            if self._daily is not None:
                self._plan_day(connection, self._daily)
            self.planned += confirmation.lay(self._opened, connection)
            with connection.cursor(row_factory=dict_row) as cursor:
                due = cursor.execute(_SQL["wakes_due"]).fetchall()
            if not due:
                return 0
            persons = {row["person"] for row in due}
            made = day.make(self._opened, connection, persons=persons)
            recorded = day.record_plan(
                self._opened, connection, made, reason="wake", wakes=[row["id"] for row in due]
            )
            self.planned += recorded.messages
            return len(persons)
        finally:
            connection.execute(_SQL["release_worker"], {"lock": locks.DAY})

    def _plan_day(self, connection: psycopg.Connection[Any], daily: time) -> None:
        now = clock.instant_of(connection).astimezone(ZoneInfo(self._opened.project.settings.zone))
        if now.time() < daily:
            return
        with connection.cursor(row_factory=dict_row) as cursor:
            made = cursor.execute(_SQL["plans_of_day"], {"day": now.date()}).fetchall()
        if any(plan["reason"] == "day" for plan in made):
            return
        compaction.compact_if_many(self._opened)
        recorded = day.record_plan(self._opened, connection, day.make(self._opened, connection), reason="day")
        self.planned += recorded.messages
