"""A loan or card account and the status it had from which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum


class Status(Enum):
    """What an account is, from a date on."""

    CURRENT = "current"
    OVERDUE = "overdue"
    ACCELERATED = "accelerated"
    RESTRUCTURED = "restructured"
    SETTLED = "settled"
    WRITTEN_OFF = "written_off"
    ASSIGNED_OUT = "assigned_out"
    FILED = "filed"
    JUDGED = "judged"
    DISCHARGED = "discharged"


# An account in one of these is not ours to chase, or no longer by notices.
CLOSED_TO_NOTICES = frozenset(
    {Status.SETTLED, Status.ASSIGNED_OUT, Status.FILED, Status.JUDGED, Status.DISCHARGED, Status.WRITTEN_OFF}
)


@dataclass(frozen=True, kw_only=True)
class StatusRow:
    """One dated status; it holds from `since` until the next row."""

    since: date
    status: Status


def status_on(rows: Sequence[StatusRow], day: date) -> Status:
    """The status on `day`. Raises ValueError for a day before the first row: unknown is not a default."""
    known = [row for row in rows if row.since <= day]
    if not known:
        raise ValueError(f"no status is recorded on or before {day.isoformat()}")
    return max(known, key=lambda row: row.since).status


class HoldKind(Enum):
    """A state that bars acts."""

    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    HARDSHIP = "hardship"
    BANKRUPTCY = "bankruptcy"
    DECEASED = "deceased"
    REPRESENTED = "represented"
    CEASE = "cease"
    WRONG_NUMBER = "wrong_number"
    PAYMENT_IN_FLIGHT = "payment_in_flight"
    AMOUNT_DISAGREES = "amount_disagrees"
    FEED_STALE = "feed_stale"
    TIME_BARRED = "time_barred"
    GUARANTEE_RELEASED = "guarantee_released"
    MANUAL = "manual"


BUCKETS = 1024  # virtual person buckets (DESIGN D15)


def bucket_of_dpd(dpd: int) -> str:
    """The trade's bucket: `current`, then M1 for 1-30 days past due, M2 for 31-60, up to `M7+`."""
    if dpd <= 0:
        return "current"
    number = (dpd - 1) // 30 + 1
    return f"M{number}" if number <= 6 else "M7+"
