"""A rule of law as data: the envelope every type shares, with its dated versions.

A rule cannot compute. What its term means is said plainly in `weigh`, in columns in `slots` and `tallies`, and where
it looks at the instant or the history in `gauges`; what it asks about is in the closed table of `facts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from duly.law import needs, terms
from duly.law.predicates import Predicate, facts_of


class Authority(Enum):
    """Whose word it is. `policy` is the house's own and is never presented as law."""

    STATUTE = "statute"
    REGULATION = "regulation"
    RULE = "rule"
    COURT = "court"
    GUIDANCE = "guidance"
    CODE = "code"
    PLATFORM = "platform"
    POLICY = "policy"


class Effect(Enum):
    """What breaking the rule means. All four block; two people may lift the two in the middle."""

    DENY = "deny"
    PRESUME = "presume_violation"
    ADVISE = "advise"
    REQUIRE = "require"


LIFTABLE = frozenset({Effect.PRESUME, Effect.ADVISE})


class Status(Enum):
    """Where a version stands between proposal and withdrawal."""

    IN_FORCE = "in_force"
    FUTURE = "future"
    DEFERRED = "deferred"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"


# The date decides, not the label: an adopted text whose day had not come when the row was written binds
# an act from that day on, and never before. What was only proposed, or was withdrawn, binds no act.
ENFORCED = frozenset({Status.IN_FORCE, Status.FUTURE, Status.DEFERRED})


class Reading(Enum):
    """Whether the official text was read for this row."""

    DRAFT = "draft"
    VERIFIED = "verified"


# The only grades of source on which a reading may be called verified: the text itself was read.
READ_TIERS = frozenset({"src", "text"})
TIERS = READ_TIERS | {"sec", "weak", "mem", "unseen", "infer", "quoted", "secondary", "memory", "house"}


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Where a value is written down, and how well that was seen."""

    instrument: str
    article: str | None
    link: str | None
    quote: str | None
    read_on: date | None
    tier: str

    def brief(self) -> str:
        """Instrument and article on one line."""
        return f"{self.instrument} {self.article}" if self.article else self.instrument


@dataclass(frozen=True, kw_only=True)
class Version:
    """One text of a rule between two dates, both inclusive; None is open. Never edited in place.

    `fingerprint` is the digest of the row as shipped (see the module of that name), which an adoption names.
    """

    since: date | None
    until: date | None
    status: Status
    reading: Reading
    cite: Citation
    applies: Predicate
    term: terms.Term
    note: str
    fingerprint: str = ""

    @property
    def name(self) -> str:
        """The ISO date this text holds from, or `undated` where none is known."""
        return self.since.isoformat() if self.since else "undated"

    def binds_on(self, day: date) -> bool:
        """Whether this text is enforced on the day."""
        begun = self.since is None or self.since <= day
        return self.status in ENFORCED and begun and (self.until is None or day <= self.until)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of law with all its versions. `jurisdiction` "*" is everywhere (house rules only).

    On record of a fact of `lifted_by` an act keeps the rule; of one of `disapplied_by` the rule does not speak.
    """

    id: str
    type: str
    jurisdiction: str
    authority: Authority
    effect: Effect
    title: Mapping[str, str]
    lifted_by: tuple[str, ...]
    disapplied_by: tuple[str, ...]
    permits: bool
    see: tuple[str, ...]
    versions: tuple[Version, ...]
    file: str
    line: int

    def binding(self, day: date) -> Version | None:
        """The text enforced on the day, if any. The loader refuses overlaps, so there is at most one."""
        for version in self.versions:
            if version.binds_on(day):
                return version
        return None

    @property
    def is_open(self) -> bool:
        """Whether some text of it leaves the hours to the lender."""
        return any(isinstance(one.term, terms.Window) and not one.term.spans for one in self.versions)

    def with_hours(self, spans: tuple[terms.Span, ...]) -> Rule:
        """The rule with these hours in the texts that give none."""
        return replace(
            self,
            versions=tuple(
                replace(one, term=replace(one.term, spans=spans))
                if isinstance(one.term, terms.Window) and not one.term.spans
                else one
                for one in self.versions
            ),
        )

    def needs(self) -> frozenset[str]:
        """Every fact for want of which an enforced text of the rule can hold an act.

        What lifts the rule is not among them: without a record it is simply not lifted.
        """
        asked: set[str] = set()
        for version in self.versions:
            if version.status in ENFORCED:
                asked.update(facts_of(version.applies))
                asked.update(needs.needs_of(self.id, version.term))
        return frozenset(asked)
