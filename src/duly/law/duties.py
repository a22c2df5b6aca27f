"""The terms that never speak to an act: what is due by when, what is kept how long, what an organisation owes.

They are recorded, shown, and asked by others; none of them ever answers that something is in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Period(Enum):
    """What a deadline or a time of keeping is counted in."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, kw_only=True)
class Length:
    """A length of time. Business days are those of the calendar of this name."""

    n: int
    period: Period
    calendar: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """What must be done by when. It never speaks to an act: `deadlines.due` gives its days when asked.

    `before`: the days lie before the trigger, at most `within` and at least `least`.
    `trigger_day_counts`: the day of the trigger is the first of `within`, as in "beginning with the day on which".
    """

    trigger: Mapping[str, str]
    what: Mapping[str, str]
    within: Length | None
    least: Length | None
    before: bool
    repeat_every: Length | None
    until: Mapping[str, str] | None
    trigger_day_counts: bool = False


@dataclass(frozen=True, kw_only=True)
class Retain:
    """What is kept, from when, and for how long at least. It never speaks to an act. None: no text says."""

    object: Mapping[str, str]
    start: Mapping[str, str]
    length: Length | None


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What an organisation owes. It is recorded and shown, and never answers that an act is in order."""

    evidence_expected: Mapping[str, str]
