"""What is said in SMPP, one frozen value a kind of message, without the header that carries it.

Field names are the specification's. Text fields are Latin-1 strings, so that whatever a carrier puts into one
survives; the message itself is bytes, because only its data_coding says what they mean.
Refuses nothing: limits are the codec's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

INTERFACE_VERSION = 0x34


class Command(IntEnum):
    """command_id, section 5.1.2.1. A response is its request with the highest bit set."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103


RESPONSE = 0x80000000
BINDS = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})


class Tag(IntEnum):
    """Optional parameters that we write or read, section 5.3.2; others pass through untouched."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


# Octets of the parameters that hold a number.
NUMBER_SIZES: dict[int, int] = {
    Tag.USER_MESSAGE_REFERENCE: 2,
    Tag.SAR_MSG_REF_NUM: 2,
    Tag.SAR_TOTAL_SEGMENTS: 1,
    Tag.SAR_SEGMENT_SEQNUM: 1,
    Tag.SC_INTERFACE_VERSION: 1,
    Tag.MESSAGE_STATE: 1,
}


class Tlv(NamedTuple):
    """One optional parameter: tag and value as they stand."""

    tag: int
    value: bytes


def number(tag: Tag, value: int) -> Tlv:
    """An optional parameter that holds a number."""
    return Tlv(tag, value.to_bytes(NUMBER_SIZES[tag], "big"))


class Address(NamedTuple):
    """A number with its type and numbering plan; 1 and 1 is international E.164 without the plus."""

    number: str
    ton: int = 1
    npi: int = 1


# esm_class, section 5.2.12.
ESM_RECEIPT = 0x04
ESM_INTERMEDIATE = 0x20
ESM_HEADER = 0x40  # UDHI: the message begins with a user data header


@dataclass(frozen=True, kw_only=True, slots=True)
class Bind:
    """Section 4.1: who we are and in which direction we want to talk (`command`)."""

    command: Command
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BindResp:
    """Section 4.1: who the carrier is."""

    command: Command
    system_id: str = ""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbind:
    """Section 4.1.7: the carrier connected to us and asks us to bind."""

    system_id: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What every request that carries a message says of it."""

    source: Address
    destination: Address
    service_type: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: tuple[Tlv, ...] = field(default=(), repr=False)

    def tlv(self, tag: int) -> bytes | None:
        """The value of an optional parameter, None when it is absent."""
        for held, value in self.tlvs:
            if held == tag:
                return value
        return None

    def number(self, tag: Tag) -> int | None:
        """The number in an optional parameter, None when it is absent."""
        value = self.tlv(tag)
        return None if value is None else int.from_bytes(value, "big")

    @property
    def content(self) -> bytes:
        """The message, as it stands in message_payload (section 5.3.2.32)."""
        return self.tlv(Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortMessage(Carried):
    """The body that submit_sm (section 4.4.1) and deliver_sm (4.6.1) share."""

    short_message: bytes = field(default=b"", repr=False)
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    replace_if_present_flag: int = 0
    sm_default_msg_id: int = 0

    @property
    def content(self) -> bytes:
        """The message: short_message, or message_payload where that is empty (section 5.3.2.32)."""
        return self.short_message or self.tlv(Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSm(Carried):
    """Section 4.7.1: a message in either direction, always in message_payload."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSmResp:
    """Got it, under this id."""

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertNotification:
    """Section 4.12.1: a handset can be reached again. Nobody answers it."""

    source: Address
    esme: Address
    tlvs: tuple[Tlv, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitSm(ShortMessage):
    """Take this message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitSmResp:
    """Taken under this id, or refused by the header's status."""

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverSm(ShortMessage):
    """Here is a reply or a receipt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverSmResp:
    """Got it; message_id is unused (section 4.6.2)."""

    message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuerySm:
    """Section 4.8.1: what became of a message, by its id and the source it was sent from."""

    message_id: str
    source: Address


@dataclass(frozen=True, kw_only=True, slots=True)
class QuerySmResp:
    """Section 4.8.2: its state by number, and when it came to its end if it did."""

    message_id: str
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class EnquireLink:
    """Are you there?"""


@dataclass(frozen=True, slots=True)
class EnquireLinkResp:
    """I am."""


@dataclass(frozen=True, slots=True)
class Unbind:
    """I am going."""


@dataclass(frozen=True, slots=True)
class UnbindResp:
    """Go."""


@dataclass(frozen=True, slots=True)
class GenericNack:
    """I could not make out what you said; the header's status says why."""


# What brings us a reply or a receipt.
Delivery = DeliverSm | DataSm
Request = Bind | Outbind | SubmitSm | DeliverSm | DataSm | QuerySm | EnquireLink | Unbind | AlertNotification
Response = (
    BindResp
    | SubmitSmResp
    | DeliverSmResp
    | DataSmResp
    | QuerySmResp
    | EnquireLinkResp
    | UnbindResp
    | GenericNack
)
Body = Request | Response


@dataclass(frozen=True, kw_only=True, slots=True)
class Pdu:
    """A body under its header."""

    sequence: int
    status: int = 0
    body: Body
