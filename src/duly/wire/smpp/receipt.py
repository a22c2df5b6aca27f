"""What a carrier writes about a message it took: from the optional parameters, else from the text.

The text is Appendix B's `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, of which carriers
leave out fields, change the order, the case and the blanks, and write dates and ids as they like. Refuses to
read a receipt out of a message that the carrier did not mark as one: anybody can text `stat:DELIVRD`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import Enum
from types import MappingProxyType

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

_ID, _STATE, _REFERENCE, _ERROR = (
    int(tag)
    for tag in (
        Tag.RECEIPTED_MESSAGE_ID,
        Tag.MESSAGE_STATE,
        Tag.USER_MESSAGE_REFERENCE,
        Tag.NETWORK_ERROR_CODE,
    )
)

# Appendix B as most carriers write it, read at one go; whatever differs is looked for field by field.
_USUAL = re.compile(
    r"id:([^\s,;]*) sub:[^\s,;]* dlvrd:[^\s,;]* submit date:[0-9]* done date:([0-9]*) "
    r"stat:([^\s,;]*) err:([^\s,;]*)(?= text:|\Z)"
)
# Blanks may stand around the colon; dates may be two words joined by a blank, an underscore or nothing.
_NAMES = r"id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err"
_FIELD = re.compile(
    # An empty value does not take the next field for its own.
    rf"(?:^|(?<=[\s,;]))({_NAMES})\s*:[ \t]*(?!(?:{_NAMES})\s*:)([^\s,;]*)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"(?:^|\s)text\s*:", re.IGNORECASE)


# A layout's fields, and how much of one and of the text is looked at: a receipt is short.
LAYOUT_FIELDS = ("id", "state", "error", "done")
_PLACE = re.compile(r"\{([a-z]+)\}")
_LONGEST_FIELD, _HEAD = 65, 400


def layout(written: str) -> re.Pattern[str]:
    """A layout such as `{id};{state};{error};{done}` as what finds it in a text. Raises ValueError if it is none.

    A field ends where the character that follows it in the layout comes, the last one at a blank; a blank stands for
    any number of them. Each field but `id` may be left out, none may be followed by another at once.
    """
    pieces = _PLACE.split(written)
    names = pieces[1::2]
    if "id" not in names or len(set(names)) < len(names) or not set(names) <= set(LAYOUT_FIELDS):
        raise ValueError("a layout names {id} and each of its fields once")
    made = [_literal(pieces[0])]
    for name, after in zip(names, pieces[2::2], strict=True):
        if not after and name != names[-1]:
            raise ValueError("something stands between two fields")
        ends = r"\s" if not after or after[0].isspace() else re.escape(after[0])
        made += [rf"(?P<{name}>[^{ends}]{{0,{_LONGEST_FIELD}}})", _literal(after)]
    return re.compile("".join(made), re.IGNORECASE)


def _literal(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """What is a carrier's own in its receipts: the layout of the text (see `layout`), and its words for the states."""

    layout: re.Pattern[str] | None = None
    words: Mapping[str, State] = field(default_factory=lambda: MappingProxyType({}))


USUAL = Style()


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


def is_marked(delivered: pdu.Delivery) -> bool:
    """Whether the carrier says that this is a receipt: by esm_class (5.2.12) or receipted_message_id."""
    flags = delivered.esm_class & (pdu.ESM_RECEIPT | pdu.ESM_INTERMEDIATE)
    return bool(flags) or delivered.tlv(Tag.RECEIPTED_MESSAGE_ID) is not None


def read(delivered: pdu.Delivery, zone: tzinfo, style: Style = USUAL) -> Receipt | None:
    """The receipt in a marked deliver_sm or data_sm, None when it names no message or was not marked.

    The optional parameters win over the text. `zone` is the carrier's, for dates that carry none. The
    destination of the message is the source of its receipt.
    """
    if not is_marked(delivered):
        return None
    message_id, done, word, error = _fields(_readable(delivered), style)
    held = dict(reversed(delivered.tlvs))  # of two, the first counts
    named = held.get(_ID)
    if named is not None:
        message_id = named.rstrip(b"\0").decode("latin-1")
    if not message_id:
        return None
    number = held.get(_STATE)
    stated = None if number is None else _STATES.get(number[0])
    if stated is None:
        told = word.upper()
        stated = style.words.get(told) or _WORDS.get(told)
    reference = held.get(_REFERENCE)
    return Receipt(
        message_id=message_id,
        state=stated or State.UNREADABLE,
        word=word or ("" if number is None else str(number[0])),
        error=error or _network_error(held.get(_ERROR)),
        done_at=instant.read_loose(done, zone),
        reference=None if reference is None else int.from_bytes(reference, "big"),
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


def _readable(delivered: pdu.Delivery) -> str:
    # Latin-1 agrees with every 8-bit alphabet on the letters and digits that count here.
    return delivered.content.decode(
        "utf-16-be" if delivered.data_coding == 8 else "latin-1", errors="replace"
    )


def _fields(text: str, style: Style) -> tuple[str, str, str, str]:
    """The id, the date of the end, the word for the state and the error, each empty where it is not there."""
    if style.layout is not None:
        own = style.layout.search(text[:_HEAD])
        if own is not None:
            found = {name: (value or "").strip() for name, value in own.groupdict().items()}
            done = re.sub(r"[^0-9]", "", found.get("done", ""))
            return found["id"], done, found.get("state", ""), found.get("error", "")
    usual = _USUAL.match(text)
    if usual is not None:
        message_id, done, word, error = usual.groups()
        return message_id, done, word, error
    return _one_by_one(text)


def _one_by_one(text: str) -> tuple[str, str, str, str]:
    # What follows `text:` is our own message and may hold anything, also `stat:`.
    head = _TEXT.split(text, maxsplit=1)[0]
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(head):
        found.setdefault(name.lower().replace(" ", "").replace("_", ""), value)
    return found.get("id", ""), found.get("donedate", ""), found.get("stat", ""), found.get("err", "")


def _network_error(value: bytes | None) -> str:
    # Section 5.3.2.31: one octet of network type, two of error code.
    return str(int.from_bytes(value[1:], "big")) if value is not None and len(value) == 3 else ""
