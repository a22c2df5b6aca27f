"""The fields of a body, one at a time: written within their limits, read as far as they go.

Refuses to guess where a field ends: it has its NUL or its length, or the body is refused with the status that says so.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from duly.wire.smpp import pdu, status
from duly.wire.smpp.fault import LocalProtocolError, RemoteProtocolError
from duly.wire.smpp.pdu import Tlv

MAX_SHORT_MESSAGE = 254  # octets of short_message; longer ones go into message_payload

_TLV = struct.Struct(">HH")
_NUMBER_SIZES = {int(tag): size for tag, size in pdu.NUMBER_SIZES.items()}


def encode_tlvs(tlvs: Sequence[Tlv]) -> bytes:
    """Optional parameters, one after the other."""
    said: list[bytes] = []
    for tag, value in tlvs:
        size = len(value)
        if size > 0xFFFF or size != _NUMBER_SIZES.get(tag, size):
            raise LocalProtocolError(f"optional parameter 0x{tag:04x} has a wrong length")
        said += (_TLV.pack(tag, size), value)
    return b"".join(said)


def octets(*values: int) -> bytes:
    """Numbers of one octet each."""
    try:
        return bytes(values)
    except ValueError as error:
        raise LocalProtocolError("a field of one octet holds 0 to 255") from error


def text(name: str, value: str, limit: int) -> bytes:
    """A text of at most `limit` octets, its NUL among them."""
    if not value:
        return b"\0"
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        # Not chained: the original error would carry the value.
        raise LocalProtocolError(f"{name} holds a character beyond Latin-1") from None
    if len(raw) >= limit or b"\0" in raw:
        raise LocalProtocolError(f"{name} has at most {limit - 1} characters and no NUL")
    return raw + b"\0"


def time(name: str, value: str) -> bytes:
    """A time: empty, or 16 characters."""
    if not value:
        return b"\0"
    if len(value) != 16:
        raise LocalProtocolError(f"{name} is empty or has 16 characters")
    return text(name, value, 17)


def cut_text(body: bytes, at: int, limit: int, name: str) -> tuple[str, int]:
    """The text that begins at `at`, and where the next field begins."""
    end = body.find(b"\0", at, at + limit)
    if end < 0:
        raise RemoteProtocolError(
            f"{name} does not end within {limit} octets", status=status.INVALID_COMMAND_LENGTH
        )
    return body[at:end].decode("latin-1"), end + 1


def cut_bytes(body: bytes, at: int, size: int) -> bytes:
    """So many octets from `at`."""
    if at + size > len(body):
        raise RemoteProtocolError("the body ends too early", status=status.INVALID_COMMAND_LENGTH)
    return body[at : at + size]


def decode_tlvs(body: bytes, at: int) -> tuple[Tlv, ...]:
    """Every optional parameter from `at` to the end."""
    found: list[Tlv] = []
    end = len(body)
    while at < end:
        if at + 4 > end:
            raise RemoteProtocolError("an optional parameter is cut short", status=status.INVALID_TLV_STREAM)
        tag, size = _TLV.unpack_from(body, at)
        at += 4
        if at + size > end:
            raise RemoteProtocolError("an optional parameter is cut short", status=status.INVALID_TLV_STREAM)
        if _NUMBER_SIZES.get(tag, size) != size:
            raise RemoteProtocolError(
                f"optional parameter 0x{tag:04x} has a wrong length", status=status.INVALID_TLV_LENGTH
            )
        found.append(Tlv(tag, body[at : at + size]))
        at += size
    return tuple(found)


def refuse_rest(body: bytes, at: int) -> None:
    """Nothing may follow the last field."""
    if at != len(body):
        raise RemoteProtocolError("the body is longer than its fields", status=status.INVALID_COMMAND_LENGTH)
