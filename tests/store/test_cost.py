"""What a look-up costs on a full day: pages, counted by PostgreSQL itself, as many at the end as at the beginning."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.array import ListBinaryDumper

from duly.store import sql
from tests.conftest import Database

_SQL = sql.load()
MESSAGES = 5000
ENOUGH = 60  # pages for one or two messages; a table of the day has up to twenty times as many

# A day as it is in the evening: everything left, was accepted in two parts, and has its receipts.
DAY = Path(__file__).with_name("full_day.sql")


@pytest.fixture
def evening(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with a full day, of which PostgreSQL has not counted the rows yet."""
    with contextlib.closing(database.connect()) as connection:
        connection.adapters.register_dumper(list, ListBinaryDumper)
        with connection.transaction():
            for statement in DAY.read_text("utf-8").removesuffix(";\n").split(";\n"):
                connection.execute(statement, {"n": MESSAGES} if "%(n)s" in statement else None)
        yield connection


def questions(connection: psycopg.Connection[Any]) -> Mapping[str, Mapping[str, Any]]:
    """What workers ask over and over, of two messages where it is about messages."""
    row = connection.execute("select current_date, now()").fetchone()
    assert row is not None
    today: date = row[0]
    now: datetime = row[1]
    near, far = today - timedelta(days=3), today - timedelta(days=35)
    found = connection.execute(
        "select key, person, accounts[1], value_key from message order by key limit 2"
    ).fetchall()
    keys, persons, accounts, numbers = (list(column) for column in zip(*found, strict=True))
    ids = [
        name
        for (name,) in connection.execute(
            "select normal_id from remote where key = any(%s)", [keys]
        ).fetchall()
    ]
    return {
        # Asked many times a second by whoever has nothing to do.
        "clock": {"since": near},
        "outbox_state": {"since": near},
        "still_awaited": {"day": today, "routes": ["main"]},
        "outlived_batch": {},
        "claim_batch": {"route": "main", "worker": "w"},
        "owners": {},
        "wakes_due": {},
        "orphans": {"since": today - timedelta(days=7)},
        "adopt_orphans": {"since": today - timedelta(days=7), "sent_since": far},
        "take_waiting": {"most": 4096},
        # Asked by the gate for each chunk.
        "batch_messages": {"batch": 1, "day": today},
        "events_since": {
            "n": [0, 1],
            "persons": persons,
            "horizons": [0, 0],
            "account_n": [0, 1],
            "accounts": accounts,
            "account_horizons": [0, 0],
        },
        "already_left": {"keys": keys},
        "latest_versions": {"keys": keys, "since": near},
        "attempts_so_far": {"keys": keys, "since": near},
        "contacts_before": {"persons": persons, "numbers": numbers, "since": now - timedelta(days=62)},
        # Asked for each answer, receipt and plan.
        "last_words": {"keys": keys, "since": near},
        "cases_of": {"keys": keys, "since": near},
        "unsent_versions": {"keys": keys, "since": near},
        "match_remote": {"route": "main", "normal_ids": ids[:2], "since": far},
        "hand_overs_of": {"keys": keys, "since": today},
        "last_contacted": {"value_key": numbers[0]},
    }


def pages(connection: psycopg.Connection[Any], name: str, values: Mapping[str, Any]) -> int:
    """How many pages PostgreSQL touches to answer."""
    with connection.transaction(force_rollback=True):
        row = connection.execute(f"explain (analyze, buffers, format json) {_SQL[name]}", values).fetchone()
    assert row is not None
    told = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return int(told[0]["Plan"]["Shared Hit Blocks"]) + int(told[0]["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("counted", [False, True], ids=["before", "after"])
def test_what_is_asked_over_and_over_does_not_read_the_day(
    evening: psycopg.Connection[Any], *, counted: bool
) -> None:
    """Before PostgreSQL has counted the rows of the new day, and after."""
    if counted:
        evening.execute("vacuum analyze")
    assert pages(evening, "owners_of_permits", {"since": date(2000, 1, 1)}) > ENOUGH  # so much is a day
    cost = {name: pages(evening, name, values) for name, values in questions(evening).items()}

    assert {name: count for name, count in cost.items() if count > ENOUGH} == {}
