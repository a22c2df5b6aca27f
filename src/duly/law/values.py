"""What is asked of the law and what it answers.

An `Act` is a thing we might do, a `Verdict` is the answer with its reasons. Both are plain values:
illegal ones cannot be built, and nothing here knows any rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType

from duly.law import facts as law_facts

SILENCE = "duly.silence"  # stands in `Doubt.rule` where no rule spoke at all
NO_PERMISSION = "permission"  # stands in `Doubt.fact` where no permitting rule speaks to the act

CONTACT_KINDS = frozenset(
    {
        "attempt",
        "conversation",
        "contact_made",
        "message_sent",
        "delivered",
        "opt_out",
        "dispute",
        "cease",
        "payment",
        "promise",
    }
)

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Kind(Enum):
    """The three answers."""

    PERMIT = "permit"
    HOLD = "hold"
    FORBID = "forbid"


@dataclass(frozen=True, kw_only=True)
class Lift:
    """A recorded decision of two people that a presumption or a piece of guidance shall not block."""

    people: tuple[str, str]
    on: date
    why: str

    def __post_init__(self) -> None:
        first, second = self.people
        if not first or not second or first == second:
            raise ValueError("lifting a rule takes two different people")
        if not self.why:
            raise ValueError("lifting a rule takes a reason")


Policy = Mapping[str, int | str | Lift]
_NO_POLICY: Policy = MappingProxyType({})


def whole_second(moment: datetime) -> datetime:
    """The moment itself, or ValueError unless it carries a zone and has no part of a second."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} carries no zone")
    if moment.microsecond:
        raise ValueError(f"{moment.isoformat()} is not a whole second")
    return moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """One thing that happened before, or is already reserved, between us and a person.

    Rows with one `ref` are one contact; without a `ref`, rows of one person, instant, channel and number
    are. A contact about several accounts is one row for each.
    """

    at: datetime
    kind: str
    channel: str
    person: str
    account: str
    number: str
    ref: str = ""

    def __post_init__(self) -> None:
        whole_second(self.at)
        if self.kind not in CONTACT_KINDS and not self.kind.startswith("notice:"):
            raise ValueError(f"unknown kind of contact {self.kind!r}")
        # A contact nobody can be charged with would silently escape every cap.
        if not (self.person and self.account and self.number and self.channel):
            raise ValueError("a contact names its person, its account, its number and its channel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A thing we might do at an instant. `None` (or an empty word) means unknown, never "no".

    `holds`, `claims` and `elements` distinguish unknown (None) from known to be empty.
    `zones` are the candidate IANA zones of the person; empty means unknown.
    """

    at: datetime
    jurisdictions: tuple[str, ...]
    person: str
    actor: str | None = None
    debt_class: str | None = None
    product: str | None = None
    channel: str | None = None
    action: str | None = None
    stage: str | None = None
    notice_class: str | None = None
    technology: str | None = None
    accounts: tuple[str, ...] = ()
    number: str | None = None
    recipient_role: str | None = None
    liable: bool | None = None
    zones: tuple[str, ...] = ()
    holds: frozenset[str] | None = None
    consent: str | None = None
    point_state: str | None = None
    shared: bool | None = None
    place: str | None = None
    history: tuple[Contact, ...] = ()
    claims: frozenset[str] | None = None
    elements: frozenset[str] | None = None
    policy: Policy = field(default_factory=lambda: _NO_POLICY)
    facts: Mapping[str, object] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        whole_second(self.at)
        if not self.person:
            raise ValueError("an act is towards a person")
        if not self.jurisdictions:
            raise ValueError("an act stands under at least one jurisdiction")
        for name, value in self.facts.items():
            law_facts.refuse_unfit(name, value, field_names=FIELDS)
        for name in law_facts.WORD_FIELDS:
            law_facts.refuse_unfit(name, getattr(self, name), field_names=frozenset())
        for name in law_facts.SET_FIELDS:
            law_facts.refuse_unfit(name, getattr(self, name), field_names=frozenset())

    def fact(self, name: str) -> object | None:
        """The value of a fact of the closed table, its default by another fact included; None if unknown."""
        given = getattr(self, name) if name in FIELDS else self.facts.get(name)
        if given is not None and given != "":
            return given
        otherwise = law_facts.FACTS[name].otherwise
        if otherwise is None:
            return None
        return otherwise.values.get(str(self.fact(otherwise.by)))


FIELDS = frozenset(Act.__slots__)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A rule that spoke, as the reader of a verdict needs it.

    `version` is the ISO date from which that text holds ("undated" for a house rule), `reading` says
    whether a qualified person has read the official text ("verified") or not yet ("draft").
    """

    rule: str
    version: str
    cite: str
    effect: str
    status: str
    reading: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A rule that could not be evaluated, and the fact it lacks."""

    rule: str
    fact: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer. `because` is filled on a permit only, `until` only on a hold that time alone mends."""

    kind: Kind
    until: datetime | None
    because: tuple[Reason, ...]
    blocked_by: tuple[Reason, ...]
    in_doubt: tuple[Doubt, ...]
    facts: Mapping[str, object]
