"""What a carrier writes about a message it took: from the optional parameters, else from the text.

The text is Appendix B's `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, of which carriers
leave out fields, change the order, the case and the blanks, and write dates and ids as they like. Refuses to
read a receipt out of a message that the carrier did not mark as one: anybody can text `stat:DELIVRD`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import Enum

from duly.wire.smpp import instant, pdu
from duly.wire.smpp.pdu import Tag


class State(Enum):
    """The carrier's word on a message, section 5.2.28 and Appendix B; UNREADABLE is ours."""

    SCHEDULED = "SCHEDULED"
    ENROUTE = "ENROUTE"
    DELIVERED = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIVERABLE = "UNDELIV"
    ACCEPTED = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTD"
    SKIPPED = "SKIPPED"
    UNREADABLE = "UNREADABLE"


ON_ITS_WAY = frozenset({State.SCHEDULED, State.ENROUTE, State.ACCEPTED, State.UNREADABLE})

# message_state's numbers, section 5.2.28.
NUMBERS = {
    State.SCHEDULED: 0,
    State.ENROUTE: 1,
    State.DELIVERED: 2,
    State.EXPIRED: 3,
    State.DELETED: 4,
    State.UNDELIVERABLE: 5,
    State.ACCEPTED: 6,
    State.UNKNOWN: 7,
    State.REJECTED: 8,
    State.SKIPPED: 9,
}
_STATES = {number: state for state, number in NUMBERS.items()}
_WORDS = {state.value: state for state in State if state is not State.UNREADABLE} | {
    "DELIVERED": State.DELIVERED,
    "UNDELIVERED": State.UNDELIVERABLE,
    "UNDELIVERABLE": State.UNDELIVERABLE,
    "UNDELIVRD": State.UNDELIVERABLE,
    "FAILED": State.UNDELIVERABLE,
    "REJECTED": State.REJECTED,
    "ACCEPTED": State.ACCEPTED,
    "BUFFERED": State.ENROUTE,
}

# Blanks may stand around the colon; dates may be two words joined by a blank, an underscore or nothing.
_FIELD = re.compile(
    r"(?:^|(?<=[\s,;]))(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err)\s*:[ \t]*([^\s,;]*)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"(?:^|\s)text\s*:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One receipt: the id as written, the state, the carrier's own word and error, when it happened."""

    message_id: str
    state: State
    word: str
    error: str
    done_at: datetime | None
    reference: int | None
    destination: str = field(repr=False)


def is_marked(delivered: pdu.DeliverSm) -> bool:
    """Whether the carrier says that this is a receipt: by esm_class (5.2.12) or receipted_message_id."""
    flags = delivered.esm_class & (pdu.ESM_RECEIPT | pdu.ESM_INTERMEDIATE)
    return bool(flags) or delivered.tlv(Tag.RECEIPTED_MESSAGE_ID) is not None


def read(delivered: pdu.DeliverSm, zone: tzinfo) -> Receipt | None:
    """The receipt in a marked deliver_sm, None when it names no message or was not marked.

    The optional parameters win over the text. `zone` is the carrier's, for dates that carry none. The
    destination of the message is the source of its receipt.
    """
    if not is_marked(delivered):
        return None
    fields = _fields(_readable(delivered))
    named = delivered.tlv(Tag.RECEIPTED_MESSAGE_ID)
    message_id = fields.get("id", "") if named is None else named.rstrip(b"\0").decode("latin-1")
    if not message_id:
        return None
    word = fields.get("stat", "")
    number = delivered.number(Tag.MESSAGE_STATE)
    stated = (None if number is None else _STATES.get(number)) or _WORDS.get(word.upper())
    return Receipt(
        message_id=message_id,
        state=stated or State.UNREADABLE,
        word=word or ("" if number is None else str(number)),
        error=fields.get("err", "") or _network_error(delivered),
        done_at=instant.read_loose(fields.get("donedate", ""), zone),
        reference=delivered.number(Tag.USER_MESSAGE_REFERENCE),
        destination=delivered.source.number,
    )


def write(
    message_id: str, *, state: State, submitted: datetime, done: datetime, error: str = "000", text: str = ""
) -> bytes:
    """A receipt's text as Appendix B gives it, from instants in the carrier's own zone."""
    delivered = 1 if state is State.DELIVERED else 0
    return (
        f"id:{message_id} sub:001 dlvrd:{delivered:03d} submit date:{submitted:%y%m%d%H%M} "
        f"done date:{done:%y%m%d%H%M} stat:{state.value} err:{error} text:{text}"
    ).encode("latin-1", errors="replace")


def _readable(delivered: pdu.DeliverSm) -> str:
    # Latin-1 agrees with every 8-bit alphabet on the letters and digits that count here.
    return delivered.content.decode(
        "utf-16-be" if delivered.data_coding == 8 else "latin-1", errors="replace"
    )


def _fields(text: str) -> dict[str, str]:
    # What follows `text:` is our own message and may hold anything, also `stat:`.
    head = _TEXT.split(text, maxsplit=1)[0]
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(head):
        found.setdefault(name.lower().replace(" ", "").replace("_", ""), value)
    return found


def _network_error(delivered: pdu.DeliverSm) -> str:
    # Section 5.3.2.31: one octet of network type, two of error code.
    value = delivered.tlv(Tag.NETWORK_ERROR_CODE)
    return str(int.from_bytes(value[1:], "big")) if value is not None and len(value) == 3 else ""
