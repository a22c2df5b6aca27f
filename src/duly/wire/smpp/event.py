"""What a session tells its owner."""

from __future__ import annotations

from dataclasses import dataclass, field

from duly.wire.smpp import pdu
from duly.wire.smpp.pdu import Command


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """The peer wants something; answer it with `Session.answer`."""

    sequence: int
    body: pdu.Request
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """The peer said something it may not, or that cannot be read; answer it with `Session.refuse`."""

    sequence: int
    command: int
    status: int
    reason: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The answer to our request `token`. A generic_nack answers as well, with its status."""

    token: object
    command: Command
    status: int
    body: pdu.Response
    late: bool = False
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered:
    """Our message `token` has no answer within its time. It may have arrived."""

    token: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """The peer did not bind, or did not answer a bind, an enquire_link or an unbind: hang up."""

    command: Command | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stray:
    """An answer to nothing that we asked."""

    command: int
    status: int


Event = Requested | Wrong | Answered | Unanswered | Silent | Stray
