"""The typed terms of a rule: what exactly a text of law asks, as data.

Seven of the eleven types of the vocabulary speak to an act, four are recorded and asked by others (`duties`,
and the parameter here). A new one is a dataclass, a reader in `row_terms`, a phrase, and, where it speaks,
a meaning in `weigh`, one in `slots`, `tallies` or `sequences`, and a gauge in `gauges` if it looks at the instant or
at what happened before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from duly.law import calendars, duties
from duly.law.predicates import Predicate

DAY_SECONDS = 86_400
CALENDAR = "calendar"  # the unit of a parameter that is a calendar


class ZoneBasis(Enum):
    """Whose clock counts."""

    FIXED = "fixed"
    DEBTOR = "debtor"
    AREA_CODE = "area_code_presumption"
    BOTH = "debtor_and_number"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Whose local time a window or a day is read in.

    `fixed`: the one zone `name`. `debtor`: every candidate zone of the person must allow it; when none is
    known, every zone of `candidates` must, and with no candidates either the act is held for want of `zones`.
    `area_code_presumption`: likewise, but where the person's zone is not known that of the number is presumed.
    `debtor_and_number`: likewise, but the zones of the number are candidates as well as those of the person.
    """

    basis: ZoneBasis
    name: str | None = None
    candidates: tuple[str, ...] = ()


class DayClass(Enum):
    """What a calendar makes of a day."""

    WORKDAY = "workday"
    DAY_OFF = "day_off"


class HolidayPolicy(Enum):
    """What a window does on a holiday of its calendar."""

    CLOSED = "closed"  # nothing is allowed
    AS_SUNDAY = "as_sunday"  # it is read as a Sunday, and is a day off


class Preference(Enum):
    """What the debtor's own preferred hours do to a window, if he stated any."""

    OVERRIDE = "override"  # they stand in its place
    NARROW = "narrow"  # only what lies in both is allowed


@dataclass(frozen=True)
class Span:
    """A stretch of the local day in seconds after midnight, first one in, last one out, on some weekdays.

    On whole seconds every mixture of open and closed ends has this form: a stretch that begins after
    08:00 begins at 08:00:01, one that ends with 21:00 ends before 21:00:01. A stretch on working days or on
    days off, by the window's calendar, names no weekdays.
    """

    weekdays: frozenset[int]  # Monday is 0
    first: int
    end: int
    on_class: DayClass | None = None


class Moment(Enum):
    """Which moment of an act a window looks at."""

    START = "start"
    ARRIVAL = "arrival"


@dataclass(frozen=True, kw_only=True)
class Window:
    """The act may take place within these stretches of local time only.

    No `spans`: the text gives no hours and the lender must set them (see `Pack.settled`).
    """

    spans: tuple[Span, ...]
    clock: Clock
    moment: Moment
    calendar: str | None = None
    holidays: HolidayPolicy | None = None
    preference: Preference | None = None


class Unit(Enum):
    """What a cap's window is made of."""

    CONSECUTIVE_DAYS = "consecutive_days"
    CALENDAR_WEEK = "calendar_week"
    CALENDAR_MONTH = "calendar_month"
    HOURS = "hours"


class Counted(Enum):
    """Which contacts a cap counts."""

    ATTEMPT = "attempt"  # every attempt, answered or not, and everything sent
    CONTACT_MADE = "contact_made"  # a conversation took place
    MESSAGE_SENT = "message_sent"


class Scope(Enum):
    """Whom or what a cap is counted for; several together form one key."""

    PERSON = "person"
    ACCOUNT = "account"
    NUMBER = "number"


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most `most` contacts within the window; None: the law gives no number and the lender must set one.

    `event_day_counts` (days only): the contact's own day is the first of the `n`.
    `pool` names the channels counted together; empty means the act's own channel alone. `exclude` are marks:
    a contact that bears one of them is not counted.
    """

    most: int | None
    n: int
    unit: Unit
    event_day_counts: bool
    counts: Counted
    exclude: frozenset[str]
    scope: tuple[Scope, ...]
    pool: frozenset[str]
    clock: Clock

    @property
    def day_span(self) -> int:
        """For consecutive days: a contact on day d still counts on the days before d + this number."""
        return self.n if self.event_day_counts else self.n + 1


@dataclass(frozen=True, kw_only=True)
class Spent:
    """An exception that is used up: so many events of these kinds towards the person, and no more."""

    most: int
    event: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """A bar that ends so many days after the last event of these kinds; without any, it does not end.

    `event_day_counts`: the day of the event is the first of them.
    """

    event: frozenset[str]
    days: int
    event_day_counts: bool
    clock: Clock

    @property
    def day_span(self) -> int:
        """After an event on day d the bar ends with the beginning of d + this number."""
        return self.days + (not self.event_day_counts)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """While the state lasts the act is barred, but for the exception. `holds`: it waits, not never.

    `spent` limits the exception, `expiry` ends the bar. `redirect` is whom the text lets one turn to instead.
    """

    state: Predicate
    exception: Predicate | None
    holds: bool
    spent: Spent | None = None
    expiry: Expiry | None = None
    redirect: str | None = None


@dataclass(frozen=True, kw_only=True)
class Forbid:
    """The act is barred when the predicate holds; `check` says who finds that out, `machine` or `human`."""

    when: Predicate
    check: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """The message carries every one of these elements."""

    elements: tuple[str, ...]


class DayType(Enum):
    """Which days are counted."""

    CALENDAR = "calendar"
    BUSINESS = "business"


class Since(Enum):
    """The day from which a wait runs."""

    SENT = "sent"  # the day of the event itself
    RECEIVED_ASSUMED = "received_assumed"  # the day on which the text lets one assume receipt
    DOCUMENT_DATE = "document_date"  # the date written on the document


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of days of a kind. Business days are those of the calendar of this name."""

    n: int
    day_type: DayType
    calendar: str | None


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Days that must have run out. `event_day_counts`: the day they run from is the first of them.

    `receipt` is how long after sending receipt is assumed, where the wait runs from receipt.
    """

    days: Count
    event_day_counts: bool
    since: Since
    receipt: Count | None


@dataclass(frozen=True, kw_only=True)
class Precedence:
    """What must have happened before the act, or must not have.

    `event` are kinds of the history, any of which will do; `channels` narrows them, empty means any channel.
    With `must_exist`, one such event lies before the act and its wait has run out. Without it no event may
    lie before the act whose wait still runs; if there is no wait, none at all.
    """

    event: frozenset[str]
    must_exist: bool
    wait: Wait | None
    scope: tuple[Scope, ...]
    channels: frozenset[str]
    clock: Clock

    @property
    def calendars(self) -> frozenset[str]:
        """The calendars it counts by."""
        counts = (self.wait.days, self.wait.receipt) if self.wait else ()
        return frozenset(count.calendar for count in counts if count and count.calendar)


class RevocationScope(Enum):
    """How far a revocation reaches."""

    RECORD = "record"  # the one consent it was made about
    ALL = "all"  # every consent given up to then


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """How a consent ends. Only the scope decides an act: a revocation counts from its own second on.

    `keywords` and `any_reasonable` say what the inbox takes for one, `honour_within` how long the text
    leaves, which nobody here makes use of.
    """

    scope: RevocationScope
    keywords: tuple[str, ...]
    any_reasonable: bool
    honour_within: Count | None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """A consent that is on record stands: on one of these bases, in one of these forms (empty: any).

    It names the act's channel or none, was given at most `fresh_days` days ago, the day it was given being
    the first of them if `event_day_counts`, and was not revoked. Only those on a basis in `ageing` must be fresh.
    """

    basis: frozenset[str]
    forms: frozenset[str]
    fresh_days: int | None
    event_day_counts: bool
    revocation: Revocation
    clock: Clock
    ageing: frozenset[str]

    @property
    def day_span(self) -> int | None:
        """A consent of day d is fresh on the days before d + this number."""
        return None if self.fresh_days is None else self.fresh_days + (not self.event_day_counts)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A named value that others use; it never speaks to an act. None: the lender must set it.

    A calendar is a value too: which days are off within the days the version holds.
    """

    value: int | str | bool | calendars.Days | None
    unit: str | None

    def on(self, day: date) -> int | str | bool | None:
        """The value; of a calendar, whether the day is `off` or `working`."""
        if isinstance(self.value, calendars.Days):
            return "off" if calendars.Calendar((self.value,)).is_off(day) else "working"
        return self.value


def clock_of(term: Term) -> Clock | None:
    """The clock a term is read by, if by any."""
    if isinstance(term, Stop):
        return term.expiry.clock if term.expiry else None
    return term.clock if isinstance(term, Window | Cap | Precedence | Consent) else None


Asked = Window | Cap | Precedence | Stop | Consent | Content | Forbid  # these speak to an act
Silent = Parameter | duties.Deadline | duties.Retain | duties.Duty  # these never do
Term = Asked | Silent

TYPES: Mapping[str, type[Term]] = {
    "time_window": Window,
    "rate_limit": Cap,
    "precedence": Precedence,
    "deadline": duties.Deadline,
    "stop": Stop,
    "require_consent": Consent,
    "require_content": Content,
    "forbid": Forbid,
    "retain": duties.Retain,
    "parameter": Parameter,
    "duty": duties.Duty,
}

# An act that keeps a rule of these types was expressly allowed by it; keeping a prohibition is silence.
PERMITTING = (Window, Cap)


def forbids(term: Term) -> bool:
    """Whether breaking the term forbids the act, rather than holding it."""
    return isinstance(term, Forbid | Content) or (isinstance(term, Stop) and not term.holds)
