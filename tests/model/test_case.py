"""The tables of episodes and stages: what they list is what the database lets happen."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import psycopg
import pytest

from duly.model import case
from duly.model.account import Status, StatusRow, bucket_of_dpd, status_on
from duly.model.case import CaseEvent, CaseState, StageEvent, StageState
from tests.conftest import Database


def test_the_database_holds_the_same_tables(database: Database) -> None:
    """A move that the code lists the database lists, and no other."""
    with database.connect() as connection:
        cases = set(connection.execute("select from_state, event, to_state from case_transition").fetchall())
        stages = set(
            connection.execute("select from_state, event, to_state from stage_transition").fetchall()
        )

    assert cases == {(a.value, e.value, b.value) for (a, e), b in case.CASE_TRANSITIONS.items()}
    assert stages == {(a.value, e.value, b.value) for (a, e), b in case.STAGE_TRANSITIONS.items()}


CASE_MOVES = list(itertools.product(CaseState, CaseEvent, CaseState))


def _file(connection: psycopg.Connection[Any], day: str, state: str, number: int) -> None:
    connection.execute(
        'insert into case_file ("case", account, opened_on, state, strategy_digest, pseudonym)'
        " values ('A/' || %s, 'A', %s, %s, '', %s)",
        [day, day, state, bytes(15) + bytes([number])],
    )


def test_the_database_refuses_every_move_of_a_case_that_is_not_listed(database: Database) -> None:
    """All combinations are tried: exactly those of the table are taken, each from its own state."""
    taken = set()
    with database.connect() as connection:
        for before, event, after in CASE_MOVES:
            with connection.transaction(force_rollback=True):
                _file(connection, "20261101", before.value, 1)
                try:
                    with connection.transaction():
                        connection.execute(
                            'insert into case_event ("case", event, from_state, to_state, on_day, plan)'
                            " values ('A/20261101', %s, %s, %s, '2026-11-02', 1)",
                            [event.value, before.value, after.value],
                        )
                except psycopg.errors.ForeignKeyViolation:
                    continue
                taken.add((before, event, after))

    assert taken == {(before, event, after) for (before, event), after in case.CASE_TRANSITIONS.items()}


@pytest.mark.parametrize("older", [state for state in CaseState if state is not CaseState.OPEN])
def test_an_account_has_one_open_case_whatever_else_it_has(database: Database, older: CaseState) -> None:
    """The database refuses a second open case of an account, and any number of others stand beside it."""
    with database.connect() as connection:
        _file(connection, "20261001", older.value, 1)
        _file(connection, "20261101", "open", 2)

        with pytest.raises(psycopg.errors.UniqueViolation, match="case_file_one_open"):
            _file(connection, "20261201", "open", 3)


STAGE_MOVES = list(itertools.product(StageState, StageEvent, StageState))


def test_the_database_refuses_every_move_of_a_stage_that_is_not_listed(database: Database) -> None:
    """All combinations are tried: exactly those of the table are taken, each from its own state."""
    taken = set()
    with database.connect() as connection:
        connection.execute(
            'insert into case_file ("case", account, opened_on, strategy_digest, pseudonym)'
            " values ('A/20261101', 'A', '2026-11-01', '', %s)",
            [bytes(16)],
        )
        for before, event, after in STAGE_MOVES:
            with connection.transaction(force_rollback=True):
                connection.execute(
                    "insert into stage_file (person, \"case\", stage, state) values ('P', 'A/20261101', 's', %s)",
                    [before.value],
                )
                try:
                    with connection.transaction():
                        connection.execute(
                            'insert into stage_event (person, "case", stage, event, from_state, to_state, on_day,'
                            " why, plan) values ('P', 'A/20261101', 's', %s, %s, %s, '2026-11-02', '', 1)",
                            [event.value, before.value, after.value],
                        )
                except psycopg.errors.ForeignKeyViolation:
                    continue
                taken.add((before, event, after))

    assert taken == {(before, event, after) for (before, event), after in case.STAGE_TRANSITIONS.items()}


def test_a_stage_is_moved_only_from_the_state_it_is_in(database: Database) -> None:
    """Two planners that both saw it open cannot both serve it."""
    words = (
        'insert into stage_event (person, "case", stage, event, from_state, to_state, on_day, why, plan)'
        " values ('P', 'A/20261101', 's', %s, %s, %s, '2026-11-02', '', 1)"
    )
    with database.connect() as connection:
        connection.execute(
            'insert into case_file ("case", account, opened_on, strategy_digest, pseudonym)'
            " values ('A/20261101', 'A', '2026-11-01', '', %s)",
            [bytes(16)],
        )
        connection.execute(words, ["reached", "waiting", "open"])
        connection.execute(words, ["service", "open", "served"])
        with pytest.raises(psycopg.errors.RaiseException, match="not in the state it is moved from"):
            connection.execute(words, ["service", "open", "served"])
        row = connection.execute("select state, opened_on, served_on, closed_on from stage_file").fetchone()

    assert row == ("served", date(2026, 11, 2), date(2026, 11, 2), None)


def test_no_event_moves_a_finished_stage_but_the_bounced_payment() -> None:
    """A case never goes back a stage; only a cure that was none opens the stage it had ended."""
    out_of_finished = {(state, event) for state, event in case.STAGE_TRANSITIONS if state in case.FINISHED}

    assert out_of_finished == {(StageState.LAPSED, StageEvent.REACHED)}


def test_an_episode_reopens_only_by_a_reversal_or_by_parting_from_another() -> None:
    """What was cured stays cured until a payment bounces, what was joined joined; what was closed stays closed."""
    into_open = {
        (state, event) for (state, event), to in case.CASE_TRANSITIONS.items() if to is CaseState.OPEN
    }

    assert into_open == {
        (CaseState.NONE, CaseEvent.FIRST_UNPAID),
        (CaseState.CURED, CaseEvent.REVERSAL),
        (CaseState.JOINED, CaseEvent.PART),
    }


def test_an_episode_is_named_by_the_due_date_first_left_unpaid() -> None:
    """A part payment later moves the oldest unpaid date and not the name."""
    assert case.case_id("A1", date(2026, 11, 3)) == "A1/20261103"


@pytest.mark.parametrize(
    ("dpd", "name"),
    [
        (-3, "current"),
        (0, "current"),
        (1, "M1"),
        (30, "M1"),
        (31, "M2"),
        (180, "M6"),
        (181, "M7+"),
        (900, "M7+"),
    ],
)
def test_a_bucket_of_the_trade_is_thirty_days(dpd: int, name: str) -> None:
    """M1 is 1 to 30, M2 is 31 to 60, and so on to M7+."""
    assert bucket_of_dpd(dpd) == name


def test_a_status_before_the_first_row_is_unknown_and_refused() -> None:
    """A question about a day of which nothing is recorded is no default."""
    rows = [
        StatusRow(since=date(2026, 1, 1), status=Status.CURRENT),
        StatusRow(since=date(2026, 5, 1), status=Status.OVERDUE),
    ]

    assert status_on(rows, date(2026, 4, 30)) is Status.CURRENT
    assert status_on(rows, date(2026, 5, 1)) is Status.OVERDUE
    with pytest.raises(ValueError, match="no status is recorded"):
        status_on(rows, date(2025, 12, 31))
