"""Our own reference in a submission, and read back from a receipt.

Two parameters can carry it, alone or together: user_message_reference, of 16 bits (`base.reference`), and one of the
vendor's range, which has room for the whole: the day, the message key and the place, `20261123` + 32 hex digits + two.
Refuses to read what we did not write: another text in our own parameter is no reference.

Source: SMPP Protocol Specification v3.4, sections 5.3.2.17 (user_message_reference), 5.3.2 (vendor's tags).
"""

from __future__ import annotations

import re
from datetime import date

from duly.channels import base
from duly.channels.smpp_settings import Settings
from duly.wire.smpp import pdu
from duly.wire.smpp.pdu import Tag, Tlv

_WRITTEN = re.compile(rb"([0-9]{8})([0-9a-f]{32})([0-9a-f]{2})\0?")


def parameters(settings: Settings, message: base.Message, place: int) -> tuple[Tlv, ...]:
    """What a submission carries so that its receipt can name it: segment `place` (from 0) of a message."""
    found: list[Tlv] = []
    if settings.reference:
        found.append(pdu.number(Tag.USER_MESSAGE_REFERENCE, base.reference(message.key, message.day, place)))
    if settings.reference_tag is not None:
        written = f"{message.day:%Y%m%d}{message.key.hex()}{place:02x}"
        found.append(Tlv(settings.reference_tag, written.encode("ascii")))
    return tuple(found)


def read(settings: Settings, body: pdu.Delivery, short: int | None) -> int | None:
    """Our reference in a receipt: the one in our own parameter, else `short`, that of user_message_reference."""
    if settings.reference_tag is None:
        return short
    held = _WRITTEN.fullmatch(body.tlv(settings.reference_tag) or b"")
    if held is None:
        return short
    day, key, place = (group.decode("ascii") for group in held.groups())
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return short
    return base.reference(bytes.fromhex(key), on, int(place, 16))
