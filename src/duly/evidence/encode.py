"""Turns the value of a field into canonical JSON text, refusing one that does not fit the field's type.

One pass checks and writes: a leaf is built in the path of every message that leaves, so no value is walked
twice. The text made is the same as `proof.canonical` makes of the same value; a test holds the two equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from json.encoder import encode_basestring as quote
from uuid import UUID

from duly.evidence import proof
from duly.evidence.fields import Field, Type

Encoder = Callable[[object], str]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_LARGEST = 2**53 - 1


def instant(value: object) -> str:
    """`2026-11-20T01:30:00.000000Z`: six decimals, UTC. Raises TypeError for one without a zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("an instant is a datetime with a zone")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:26] + "Z"


def entry_id(value: object) -> str:
    """The 16 bytes of an entry's id as 32 hex digits; takes a UUID or bytes."""
    raw = value.bytes if isinstance(value, UUID) else value
    if not isinstance(raw, bytes) or len(raw) != 16:
        raise TypeError("an entry's id is a UUID or 16 bytes")
    return raw.hex()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} is not text")
    return quote(value)


def _integer(value: object) -> str:
    if type(value) is not int or not -_LARGEST <= value <= _LARGEST:
        raise TypeError(f"{value!r} is not a whole number within 53 bits")
    return str(value)


def _count(value: object) -> str:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise TypeError(f"{value!r} is not a whole number from 0 within 53 bits")
    return str(value)


def _yes(value: object) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise TypeError(f"{value!r} is not true or false")


def _day(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"{value!r} is not a day")
    return f'"{value.isoformat()}"'


def _hex(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else value
    if not isinstance(text, str) or _HEX.fullmatch(text) is None:
        raise TypeError("hex is bytes, or lower-case hex digits in pairs")
    return f'"{text}"'


def _digest(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else value
    if not isinstance(text, str) or _DIGEST.fullmatch(text) is None:
        raise TypeError("a digest is 32 bytes, or 64 lower-case hex digits")
    return f'"{text}"'


def _facts(value: object) -> str:
    if not isinstance(value, Mapping):
        raise TypeError("facts are a mapping of names to values")
    return proof.canonical(value).decode()


_PLAIN: dict[Type, Encoder] = {
    Type.TEXT: _text,
    Type.PUBLIC: _text,
    Type.ENTRY: lambda value: f'"{entry_id(value)}"',
    Type.DIGEST: _digest,
    Type.HEX: _hex,
    Type.COUNT: _count,
    Type.INTEGER: _integer,
    Type.YES: _yes,
    Type.DAY: _day,
    Type.INSTANT: lambda value: f'"{instant(value)}"',
    Type.FACTS: _facts,
}
_LISTS = {Type.TEXTS: Type.TEXT, Type.ENTRIES: Type.ENTRY}


def encoder(field: Field) -> Encoder:
    """The encoder of one field."""
    if field.type is Type.WORD:
        return _word(field)
    if field.type is Type.OBJECT:
        return obj(field.fields)
    if field.type is Type.OBJECTS:
        return _list(obj(field.fields))
    if field.type in _LISTS:
        return _list(_PLAIN[_LISTS[field.type]])
    return _PLAIN[field.type]


def obj(fields: Sequence[Field]) -> Encoder:
    """The encoder of an object: every field that is not optional, and nothing that is not listed."""
    encode = members(fields)

    def write(value: object) -> str:
        if not isinstance(value, Mapping):
            raise TypeError(f"a {type(value).__name__} is not an object of named fields")
        return "{" + ",".join([f'"{name}":{text}' for name, text in encode(value)]) + "}"

    return write


def members(fields: Sequence[Field]) -> Callable[[Mapping[str, object]], list[tuple[str, str]]]:
    """A function from a mapping to (name, canonical text) of each field present, in the order of the names.

    None counts as absent. Raises ValueError naming a field that is missing, unknown or of the wrong type.
    """
    table = tuple(
        (field.name, encoder(field), field.optional) for field in sorted(fields, key=lambda f: f.name)
    )
    known = frozenset(field.name for field in fields)

    def encode(value: Mapping[str, object]) -> list[tuple[str, str]]:
        if not value.keys() <= known:
            raise ValueError(f"unknown field: {', '.join(sorted(value.keys() - known))}")
        found = []
        for name, write, optional in table:
            item = value.get(name)
            if item is None:
                if optional:
                    continue
                raise ValueError(f"{name} is missing")
            try:
                found.append((name, write(item)))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{name}: {error}") from error
        return found

    return encode


def _word(field: Field) -> Encoder:
    texts = {word: json.dumps(word) for word in field.words}

    def write(value: object) -> str:
        text = texts.get(value) if isinstance(value, str) else None
        if text is None:
            raise ValueError(f"{value!r} is none of {', '.join(field.words)}")
        return text

    return write


def _list(write_item: Encoder) -> Encoder:
    def write(value: object) -> str:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            raise TypeError(f"a {type(value).__name__} is not a list")
        return "[" + ",".join([write_item(item) for item in value]) + "]"

    return write
