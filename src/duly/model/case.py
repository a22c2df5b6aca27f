"""One overdue episode of one account, and the stages a liable person is led through in it.

Rule 1: everything that may happen to a case or to a stage is in the two tables below; the database holds
the same tables and refuses what they do not list, and the picture in the docs is drawn from them.
Rule 2: a case never goes back a stage, and nothing but a cure, a closed account or an older case that turns out
never to have been cured ends it early.
"""

from __future__ import annotations

from datetime import date
from enum import Enum


class CaseState(Enum):
    """An episode as a whole."""

    NONE = "none"
    OPEN = "open"
    CURED = "cured"
    CLOSED = "closed"
    JOINED = "joined"  # what it was about belongs to an older episode, which was not over after all


class CaseEvent(Enum):
    """What moves an episode."""

    FIRST_UNPAID = "first_unpaid"
    CURE = "cure"
    REVERSAL = "reversal"
    ACCOUNT_CLOSED = "account_closed"
    JOIN = "join"  # the payment that had ended an older episode bounced: the two are one
    PART = "part"  # and the other way round: there were two after all


CASE_TRANSITIONS: dict[tuple[CaseState, CaseEvent], CaseState] = {
    (CaseState.NONE, CaseEvent.FIRST_UNPAID): CaseState.OPEN,
    (CaseState.OPEN, CaseEvent.CURE): CaseState.CURED,
    (CaseState.CURED, CaseEvent.REVERSAL): CaseState.OPEN,
    (CaseState.OPEN, CaseEvent.ACCOUNT_CLOSED): CaseState.CLOSED,
    (CaseState.OPEN, CaseEvent.JOIN): CaseState.JOINED,
    (CaseState.JOINED, CaseEvent.PART): CaseState.OPEN,
}


class StageState(Enum):
    """One stage of one case for one liable person."""

    WAITING = "waiting"
    OPEN = "open"
    SERVED = "served"
    CLOSED = "closed"
    CLOSED_UNSERVED = "closed_unserved"
    LAPSED = "lapsed"


class StageEvent(Enum):
    """What moves a stage."""

    REACHED = "reached"  # its DPD is reached and the earlier stage has closed
    SERVICE = "service"  # the first notice arrived with an accepted grade: the deadline runs
    DEADLINE_PASSED = "deadline_passed"
    UNSERVED = "unserved"  # every fallback and the deadline gone by without service, by the stage's own rule
    DUE_DATE = "due_date"  # a reminder before the due date is never owed afterwards
    CURE = "cure"
    RETRACTED = "retracted"  # a receipt was corrected: it was not served after all


STAGE_TRANSITIONS: dict[tuple[StageState, StageEvent], StageState] = {
    (StageState.WAITING, StageEvent.REACHED): StageState.OPEN,
    (StageState.OPEN, StageEvent.SERVICE): StageState.SERVED,
    (StageState.SERVED, StageEvent.RETRACTED): StageState.OPEN,
    (StageState.SERVED, StageEvent.DEADLINE_PASSED): StageState.CLOSED,
    (StageState.OPEN, StageEvent.UNSERVED): StageState.CLOSED_UNSERVED,
    (StageState.OPEN, StageEvent.DUE_DATE): StageState.LAPSED,
    (StageState.SERVED, StageEvent.DUE_DATE): StageState.LAPSED,
    (StageState.OPEN, StageEvent.CURE): StageState.LAPSED,
    (StageState.SERVED, StageEvent.CURE): StageState.LAPSED,
    # The cure was a payment that bounced: the stage it had ended begins anew.
    (StageState.LAPSED, StageEvent.REACHED): StageState.OPEN,
}

FINISHED = frozenset({StageState.CLOSED, StageState.CLOSED_UNSERVED, StageState.LAPSED})


def case_id(account: str, first_unpaid: date) -> str:
    """The episode's name: the account and the due date that was first left unpaid."""
    return f"{account}/{first_unpaid:%Y%m%d}"
