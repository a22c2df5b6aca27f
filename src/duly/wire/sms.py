"""Short messages: alphabets, how a text is cut into segments, and how segments become a text again.

Segments carry one character a byte in the GSM alphabet (unpacked, as SMPP carriers expect it) and two bytes a
UTF-16 unit in UCS-2, though the air interface counts septets: 160 in a single message, 153 in one of several.
Refuses to cut an escape pair or a surrogate pair in two, and to replace a character that does not fit.

Sources: 3GPP TS 23.038 (alphabets), 3GPP TS 23.040 section 9.2.3.24 (the user data header).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Alphabet(IntEnum):
    """How characters become bytes; the value is the data coding by which SMPP and CMPP name it."""

    GSM = 0
    LATIN_1 = 3
    UCS_2 = 8


class NotASegment(ValueError):
    """The bytes claim a header that they do not hold."""


# TS 23.038 section 6.2.1: the default alphabet, 0x00 to 0x7F. 0x1B escapes to the extension table.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Section 6.2.1.1: the extension table.
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_ESCAPE = 0x1B

_TO_SEPTETS = {ord(char): chr(code) for code, char in enumerate(_BASIC) if code != _ESCAPE}
_TO_SEPTETS |= {ord(char): chr(_ESCAPE) + chr(code) for code, char in _EXTENSION.items()}
_GSM_CHARACTERS = frozenset(map(chr, _TO_SEPTETS))

# Bytes of text in a message of one segment, and of several with an 8-bit or a 16-bit reference. The header
# takes 6 or 7 of 140 octets, which costs 7 or 8 septets.
_ROOM = {Alphabet.GSM: (160, 153, 152), Alphabet.LATIN_1: (140, 134, 133), Alphabet.UCS_2: (140, 134, 132)}

MAX_SEGMENTS = 255
_SHORT_REFERENCE = 0x00
_LONG_REFERENCE = 0x08


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One segment: `data` in `alphabet`, after the user data header `udh` (empty in a single segment)."""

    data: bytes = field(repr=False)
    alphabet: Alphabet
    udh: bytes = b""

    @property
    def data_coding(self) -> int:
        """The alphabet as SMPP's data_coding and CMPP's Msg_Fmt name it."""
        return int(self.alphabet)

    @property
    def payload(self) -> bytes:
        """Header and data as they stand in the message field."""
        return self.udh + self.data


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a segment belongs: number `number` (from 1) of `total` in the message `reference`."""

    reference: int
    total: int
    number: int


def alphabet(text: str) -> Alphabet:
    """The alphabet a text needs: GSM where every character is in it, else UCS-2."""
    return Alphabet.GSM if _GSM_CHARACTERS.issuperset(text) else Alphabet.UCS_2


def encode(text: str, chosen: Alphabet) -> bytes:
    """The text's bytes. Raises ValueError (UnicodeError) for a character outside the alphabet."""
    if chosen is Alphabet.UCS_2:
        return text.encode("utf-16-be")
    if chosen is Alphabet.LATIN_1:
        return text.encode("latin-1")
    if not _GSM_CHARACTERS.issuperset(text):
        # The character itself is not named: it may be part of somebody's name.
        raise ValueError("a character is outside the GSM alphabet")
    return text.translate(_TO_SEPTETS).encode("ascii")


def decode(data: bytes, chosen: Alphabet) -> str:
    """What the bytes say; never fails, because a handset may send anything.

    What is no character of the alphabet becomes U+FFFD. An escape before a code without an extension shows
    the code's basic character (TS 23.038 section 6.2.1.1).
    """
    if chosen is Alphabet.UCS_2:
        return data.decode("utf-16-be", errors="replace")
    if chosen is Alphabet.LATIN_1:
        return data.decode("latin-1")
    characters: list[str] = []
    escaped = False
    for code in data:
        if code > 0x7F:
            characters.append("\ufffd")
            escaped = False
        elif escaped:
            characters.append(" " if code == _ESCAPE else _EXTENSION.get(code, _BASIC[code]))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            characters.append(_BASIC[code])
    return "".join(characters)


def split(
    text: str, *, reference: int, wide: bool = False, chosen: Alphabet | None = None
) -> tuple[Part, ...]:
    """Cut a text into segments: one if it fits, else several that share `reference`.

    `reference` is taken modulo 256, or modulo 65,536 with `wide` (the 16-bit header). `chosen` overrides the
    alphabet. Raises ValueError for a text with a lone surrogate, outside the chosen alphabet, or past 255
    segments.
    """
    used = alphabet(text) if chosen is None else chosen
    data = encode(text, used)
    single, short, long = _ROOM[used]
    if len(data) <= single:
        return (Part(data=data, alphabet=used),)
    pieces = _cut(data, long if wide else short, used)
    if len(pieces) > MAX_SEGMENTS:
        raise ValueError(f"a message has at most {MAX_SEGMENTS} segments")
    return tuple(
        Part(data=piece, alphabet=used, udh=header(reference, total=len(pieces), number=number, wide=wide))
        for number, piece in enumerate(pieces, start=1)
    )


def _cut(data: bytes, room: int, used: Alphabet) -> list[bytes]:
    pieces: list[bytes] = []
    start = 0
    while len(data) - start > room:
        end = start + room
        if used is Alphabet.GSM and data[end - 1] == _ESCAPE:
            end -= 1
        elif used is Alphabet.UCS_2 and 0xD8 <= data[end - 2] <= 0xDB:  # a high surrogate
            end -= 2
        pieces.append(data[start:end])
        start = end
    pieces.append(data[start:])
    return pieces


def header(reference: int, *, total: int, number: int, wide: bool = False) -> bytes:
    """The header of one of several segments, TS 23.040 sections 9.2.3.24.1 (8 bit) and .8 (16 bit)."""
    if not 1 <= number <= total <= MAX_SEGMENTS:
        raise ValueError("a segment is number 1 to total, and total is at most 255")
    if wide:
        high, low = divmod(reference % 0x10000, 0x100)
        return bytes((6, _LONG_REFERENCE, 4, high, low, total, number))
    return bytes((5, _SHORT_REFERENCE, 3, reference % 0x100, total, number))


def open_payload(payload: bytes) -> tuple[Place | None, bytes]:
    """Take the header off a payload that is said to have one; the place is None when it is not one of
    several.

    Raises NotASegment when the header runs past the payload or contradicts itself. A place that cannot be
    (number 0, or past the total) is ignored, as TS 23.040 section 9.2.3.24.1 tells receivers to do.
    """
    if not payload or payload[0] >= len(payload):
        raise NotASegment("the user data header runs past the message")
    end = payload[0] + 1
    place: Place | None = None
    at = 1
    while at < end:
        if at + 2 > end or at + 2 + payload[at + 1] > end:
            raise NotASegment("an element of the user data header runs past the header")
        kind, size = payload[at], payload[at + 1]
        value = payload[at + 2 : at + 2 + size]
        at += 2 + size
        if (kind, size) in {(_SHORT_REFERENCE, 3), (_LONG_REFERENCE, 4)} and 1 <= value[-1] <= value[-2]:
            place = Place(reference=int.from_bytes(value[:-2], "big"), total=value[-2], number=value[-1])
    return place, payload[end:]


def join(pieces: Mapping[int, bytes], total: int, chosen: Alphabet) -> str | None:
    """The whole text once every number from 1 to `total` is there, else None.

    Joined as bytes, because handsets do cut surrogate pairs.
    """
    if any(number not in pieces for number in range(1, total + 1)):
        return None
    return decode(b"".join(pieces[number] for number in range(1, total + 1)), chosen)


def join_what_came(pieces: Mapping[int, bytes], total: int, chosen: Alphabet) -> str:
    """As much of the text as there is, with an ellipsis for each gap.

    Neighbours are joined as bytes, like a whole; nothing is joined over a gap, because a word made of two
    halves that do not belong together was never said.
    """
    runs: list[bytes | None] = []
    for number in range(1, total + 1):
        piece = pieces.get(number)
        last = runs[-1] if runs else None
        if piece is None:
            if not runs or last is not None:
                runs.append(None)
        elif last is not None:
            runs[-1] = last + piece
        else:
            runs.append(piece)
    return " ".join("…" if run is None else decode(run, chosen) for run in runs)
