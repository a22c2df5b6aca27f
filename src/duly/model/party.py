"""People, what they are on an account, and how they can be reached.

Refuses to hold a name, a number or an address: those live in the vault (DESIGN D18).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Role(Enum):
    """What a person is on an account."""

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    GUARANTOR_JOINT = "guarantor_joint"
    GUARANTOR_GENERAL = "guarantor_general"
    HEIR = "heir"
    GUARDIAN = "guardian"
    NONE = "none"


# Who may be told of the debt at all. A general guarantor is liable only after enforcement against the
# debtor has failed (Civil Code art. 687), an heir within the estate and a guardian for his ward: each
# only when the lender recorded the liability, so the role alone does not suffice for them.
LIABLE_BY_ROLE = frozenset({Role.BORROWER, Role.CO_BORROWER, Role.GUARANTOR_JOINT})


class Channel(Enum):
    """How a notice travels."""

    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    VOICE = "voice"


class PointState(Enum):
    """What is known of a contact point."""

    OK = "ok"
    UNVERIFIED = "unverified"
    WRONG_NUMBER = "wrong_number"
    UNREACHABLE = "unreachable"
    SUSPENDED = "suspended"
    RECYCLED = "recycled"  # the operator gave the number to somebody else


class Place(Enum):
    """Where a contact point is, as far as the lender recorded it."""

    HOME = "home"
    WORKPLACE = "workplace"


class Consent(Enum):
    """What the person said of a channel."""

    GIVEN = "given"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class ContactPoint:
    """A phone, e-mail or postal address of a person; `value_key` is its keyed blind index, never the value."""

    point: str
    person: str
    channel: Channel
    value_key: str
    source: str
    place: Place | None = None
    state: PointState = PointState.OK
    consent: Consent = Consent.UNKNOWN
    verified_on: date | None = None
    agreed_for_service: bool = False
    rank: int = 0


@dataclass(frozen=True, kw_only=True)
class PartyOnAccount:
    """A person's role on one account, between two dates (`until` is exclusive)."""

    person: str
    account: str
    role: Role
    liable: bool
    since: date
    until: date | None = None


class Duty(Enum):
    """What an actor is allowed to do in the product."""

    STRATEGIST = "strategist"
    COMPLIANCE = "compliance"
    OPERATIONS = "operations"
    ENGINEER = "engineer"
    COUNSEL = "counsel"
    AUDITOR = "auditor"
    MACHINE = "machine"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks. Every function of `app` takes one."""

    name: str
    duties: frozenset[Duty]

    def has(self, *duties: Duty) -> bool:
        """Whether the actor holds any of these duties."""
        return not self.duties.isdisjoint(duties)
