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

from duly.law import calendars, hours, vocabulary
from duly.law import facts as law_facts

SILENCE = "duly.silence"  # stands in `Doubt.rule` where no rule spoke at all
NO_PERMISSION = "permission"  # stands in `Doubt.fact` where no permitting rule speaks to the act

NOTICE = "notice:"  # a message of a name: `notice:default_notice`
CONTACT_KINDS = frozenset({"attempt", "conversation", "contact_made", "message_sent", "delivered"})
# What else can have happened: no contact of ours, and counted by no cap.
EVENT_KINDS = CONTACT_KINDS | {"opt_out", "dispute", "cease", "payment", "promise"}

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


Policy = Mapping[str, int | str | Lift | calendars.Days]
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
    are. A contact about several accounts is one row for each. `dated` is the date written on what was sent,
    `marks` what else is noted. A payment, a promise or a stop need name no channel and no number.
    """

    at: datetime
    kind: str
    channel: str
    person: str
    account: str
    number: str
    ref: str = ""
    dated: date | None = None
    marks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        whole_second(self.at)
        if self.kind not in EVENT_KINDS and not is_notice(self.kind):
            raise ValueError(f"unknown kind of contact {self.kind!r}")
        for mark in self.marks:
            law_facts.refuse_strange("mark of a contact", mark, vocabulary.MARKS)
        if not (self.person and self.account):
            raise ValueError("what happened names its person and its account")
        # A contact nobody can be charged with would silently escape every cap.
        if is_contact(self.kind) and not (self.number and self.channel):
            raise ValueError("a contact names its person, its account, its number and its channel")


def is_notice(kind: str) -> bool:
    """Whether the kind is that of a notice with a name."""
    return kind.startswith(NOTICE) and len(kind) > len(NOTICE)


def is_contact(kind: str) -> bool:
    """Whether something of this kind is a contact, which caps may count."""
    return kind in CONTACT_KINDS or is_notice(kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """A consent on record. `channel` "" is any channel; `form` "" is not known, and serves no rule that asks."""

    basis: str
    given: datetime
    form: str = ""
    channel: str = ""
    revoked: datetime | None = None

    def __post_init__(self) -> None:
        whole_second(self.given)
        if self.revoked is not None:
            whole_second(self.revoked)
            if self.revoked < self.given:
                raise ValueError("a consent is revoked before it is given")
        law_facts.refuse_strange("consent basis", self.basis, vocabulary.BASES)
        law_facts.refuse_strange("consent form", self.form, vocabulary.FORMS)
        law_facts.refuse_strange("channel", self.channel, law_facts.FACTS["channel"].values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A thing we might do at an instant. `None` (or an empty word) means unknown, never "no".

    `holds`, `written_holds`, `claims`, `elements` and `consents` distinguish unknown (None) from known to be empty.
    `zones` are the candidate IANA zones of the person, `number_zones` those of the number's area code; empty
    means unknown. `preferred` are the hours the person stated (see `hours`); empty means that he stated none.
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
    number_zones: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    holds: frozenset[str] | None = None
    written_holds: frozenset[str] | None = None
    states: frozenset[str] | None = None
    conduct: frozenset[str] | None = None
    memberships: frozenset[str] | None = None
    consent: str | None = None
    point_state: str | None = None
    shared: bool | None = None
    place: str | None = None
    history: tuple[Contact, ...] = ()
    consents: tuple[Consent, ...] | None = None
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
        for stated in self.preferred:
            hours.span(stated)
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

    `version` is the ISO date from which that text holds ("undated" where none is known), `reading` says
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
