"""The typed terms of a rule: what exactly a text of law asks, as data.

Nine of the eleven types of the vocabulary are evaluated. Those built are below; a new one is a dataclass
here, a reader in `row_terms`, a meaning in `weigh` and one in `slots` or `tallies`, and a phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from duly.law.predicates import Predicate, facts_of

DAY_SECONDS = 86_400


class ZoneBasis(Enum):
    """Whose clock counts."""

    FIXED = "fixed"
    DEBTOR = "debtor"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Whose local time a window or a day is read in.

    `fixed`: the one zone `name`. `debtor`: every candidate zone of the person must allow it; when none is
    known, every zone of `candidates` must, and with no candidates either the act is held for want of `zones`.
    """

    basis: ZoneBasis
    name: str | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of the local day in seconds after midnight, first one in, last one out, on some weekdays.

    On whole seconds every mixture of open and closed ends has this form: a stretch that begins after
    08:00 begins at 08:00:01, one that ends with 21:00 ends before 21:00:01.
    """

    weekdays: frozenset[int]  # Monday is 0
    first: int
    end: int


class Moment(Enum):
    """Which moment of an act a window looks at."""

    START = "start"
    ARRIVAL = "arrival"


@dataclass(frozen=True, kw_only=True)
class Window:
    """The act may take place within these stretches of local time only."""

    spans: tuple[Span, ...]
    clock: Clock
    moment: Moment


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


class Exclusion(Enum):
    """Contacts a cap does not count."""

    ANSWERED = "answered"


class Scope(Enum):
    """Whom or what a cap is counted for; several together form one key."""

    PERSON = "person"
    ACCOUNT = "account"
    NUMBER = "number"


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most `most` contacts within the window; None: the law gives no number and the lender must set one.

    `event_day_counts` (days only): the contact's own day is the first of the `n`.
    `pool` names the channels counted together; empty means the act's own channel alone.
    """

    most: int | None
    n: int
    unit: Unit
    event_day_counts: bool
    counts: Counted
    exclude: frozenset[Exclusion]
    scope: tuple[Scope, ...]
    pool: frozenset[str]
    clock: Clock

    @property
    def day_span(self) -> int:
        """For consecutive days: a contact on day d still counts on the days before d + this number."""
        return self.n if self.event_day_counts else self.n + 1


@dataclass(frozen=True, kw_only=True)
class Stop:
    """While the state lasts the act is barred, but for the exception. `holds`: it waits, not never."""

    state: Predicate
    exception: Predicate | None
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Forbid:
    """The act is barred when the predicate holds; `check` says who finds that out, `machine` or `human`."""

    when: Predicate
    check: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """The message carries every one of these elements."""

    elements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A named value that others use; it never speaks to an act. None: the lender must set it."""

    value: int | str | bool | None
    unit: str | None


Term = Window | Cap | Stop | Forbid | Content | Parameter

TYPES: Mapping[str, type[Term]] = {
    "time_window": Window,
    "rate_limit": Cap,
    "stop": Stop,
    "forbid": Forbid,
    "require_content": Content,
    "parameter": Parameter,
}

# An act that keeps a rule of these types was expressly allowed by it; keeping a prohibition is silence.
PERMITTING = (Window, Cap)


def tested_by(term: Term) -> Iterator[str]:
    """The facts of the closed table that the term itself tests."""
    match term:
        case Stop():
            yield from facts_of(term.state)
            if term.exception is not None:
                yield from facts_of(term.exception)
        case Forbid():
            yield from facts_of(term.when)
        case Content():
            yield "elements"


def needs_of(rule: str, term: Term) -> Iterator[str]:
    """The facts for want of which the term cannot be decided; `policy.<rule>` is the lender's own number."""
    match term:
        case Window():
            yield "at"
            if term.clock.basis is ZoneBasis.DEBTOR:
                yield "zones"
            if term.moment is Moment.ARRIVAL:
                yield "transit_seconds"
        case Cap():
            yield "history"
            yield from (_SCOPE_FACT[scope] for scope in term.scope)
            if term.clock.basis is ZoneBasis.DEBTOR:
                yield "zones"
            if not term.pool:
                yield "channel"
            if term.most is None:
                yield f"policy.{rule}"
        case Stop() | Forbid() | Content():
            yield from tested_by(term)
        case Parameter():
            if term.value is None:
                yield f"policy.{rule}"


_SCOPE_FACT = {Scope.PERSON: "person", Scope.ACCOUNT: "accounts", Scope.NUMBER: "number"}


def forbids(term: Term) -> bool:
    """Whether breaking the term forbids the act, rather than holding it."""
    return isinstance(term, Forbid | Content) or (isinstance(term, Stop) and not term.holds)
