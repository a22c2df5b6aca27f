"""What is set of an SMPP route: the connection, the pace, and what is the carrier's own as data.

Refuses what cannot work: a window without a place, times that are none, a tag that is not a vendor's to choose.

Source: SMPP Protocol Specification v3.4, sections 4.1 (binds), 5.3.2 (optional parameters and their tags).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from zoneinfo import ZoneInfo

from duly.channels import base, inbound
from duly.model import party
from duly.wire import remote_id, sms
from duly.wire.smpp import pdu, receipt, status
from duly.wire.smpp.pdu import Command

# Section 5.3.2: reserved for parameters of a vendor's own.
VENDOR_TAGS = range(0x1400, 0x4000)


class Binding(Enum):
    """In which directions a route talks, and over which kinds of binds."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"  # hears no receipt and no reply
    RECEIVER = "receiver"  # sends nothing
    PAIR = "pair"  # a transmitter and a receiver, together one route

    @property
    def commands(self) -> tuple[Command, ...]:
        """The binds that make one of it."""
        return _COMMANDS[self]

    @property
    def hears(self) -> bool:
        """Whether receipts and replies come back."""
        return self is not Binding.TRANSMITTER


_COMMANDS = {
    Binding.TRANSCEIVER: (Command.BIND_TRANSCEIVER,),
    Binding.TRANSMITTER: (Command.BIND_TRANSMITTER,),
    Binding.RECEIVER: (Command.BIND_RECEIVER,),
    Binding.PAIR: (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
}


class LongTexts(Enum):
    """How a text of more than one segment leaves."""

    SEGMENTS = "segments"  # cut by us, each part submitted by itself
    PAYLOAD = "payload"  # whole, in message_payload; the carrier cuts it and names it once


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One route to one carrier: as whom, over how many connections, how fast, and in the carrier's own dialect.

    `source` is our number or name there (a message may override it; with a plus it is international, with a
    letter alphanumeric, else of `source_ton` and `source_npi`), `rate` the segments a second the contract
    allows, `window` the unanswered ones; times are in seconds. `zone` is the carrier's, for the dates in its
    receipts.

    Each of the `binds` has a `window` of its own; they share the rate. `tls` is how the carrier is known and we to
    it, `server_name` the name in its certificate where that is not the host. `long_texts` says how a text of several
    segments leaves. `reference` asks that receipts bring back our user_message_reference, `reference_tag` names
    another parameter that does (see `smpp_reference`).

    What is the carrier's own: `default_alphabet` is what data_coding 0 means there, `codes` what its
    command_status means, `ids` how receipts write the ids, `receipts` how they are laid out, `queries` that it answers
    query_sm. `peer`, when set, is the
    system_id that the carrier must answer with, else we hang up.
    """

    route: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    source_ton: int = 0
    source_npi: int = 1
    system_type: str = ""
    bind: Binding = Binding.TRANSCEIVER
    binds: int = 1
    window: int = 16
    rate: float = 100.0
    max_parts: int = 8
    answer_within: float = 30.0
    link_within: float = 10.0
    enquire_after: float = 30.0
    retry_first: float = 1.0
    retry_last: float = 60.0
    zone: str = "Asia/Shanghai"
    default_alphabet: sms.Alphabet = sms.Alphabet.GSM
    codes: Mapping[int, status.Class] = field(default_factory=dict)
    ids: remote_id.Habit = remote_id.Habit.ANY
    receipts: receipt.Style = receipt.USUAL
    long_texts: LongTexts = LongTexts.SEGMENTS
    reference: bool = True
    reference_tag: int | None = None
    queries: bool = False
    refuses: tuple[str, ...] = ()
    peer: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str = ""

    def __post_init__(self) -> None:
        if min(self.max_parts, self.window, self.binds) < 1:
            raise ValueError("a message has at least one segment, a window one place and a route one bind")
        if self.reference_tag is not None and self.reference_tag not in VENDOR_TAGS:
            raise ValueError("a parameter of our own has a tag from 0x1400 to 0x3FFF")
        times = (
            self.answer_within,
            self.link_within,
            self.enquire_after,
            self.retry_first,
            self.retry_last,
            self.rate,
        )
        if min(times) <= 0 or self.retry_last < self.retry_first:
            raise ValueError("times and the rate are positive, and retry_last is not before retry_first")
        ZoneInfo(self.zone)

    @property
    def segments(self) -> int:
        """The most segments of one message. It leaves whole, so its submissions must fit the window."""
        return self.max_parts if self.long_texts is LongTexts.PAYLOAD else min(self.max_parts, self.window)

    def bind_as(self, command: pdu.Command) -> pdu.Bind:
        """Who we say we are, in one direction or both."""
        return pdu.Bind(
            command=command,
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
        )

    def capabilities(self) -> base.Capabilities:
        """What this route can do."""
        return base.Capabilities(
            name="smpp",
            carries=frozenset({party.Channel.SMS}),
            unit="segment",
            max_parts=self.segments,
            max_bytes=self.segments * 140,
            receipts=inbound.Provenance.SESSION if self.bind.hears else None,
            replies=self.bind.hears,
            idempotent=False,
            queries=self.queries,
            echoes_reference=self.bind.hears and (self.reference or self.reference_tag is not None),
            refuses=self.refuses,
        )
