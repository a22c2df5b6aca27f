"""The entry kinds as JSON Schema (2020-12) and as a table of the docs, made from `kinds`.

Only describes: what may be built is decided by `entry`, what holds is decided by `verify`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from duly.evidence import kinds
from duly.evidence.fields import Field, Kind, Subject, Type, walk

_HASH = {"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$"}
_SIXTEEN = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_LARGEST = 2**53 - 1

_TYPES: Mapping[Type, dict[str, Any]] = {
    Type.TEXT: {"type": "string"},
    Type.PUBLIC: {"type": "string"},
    Type.TEXTS: {"type": "array", "items": {"type": "string"}},
    Type.ENTRY: _SIXTEEN,
    Type.ENTRIES: {"type": "array", "items": _SIXTEEN},
    Type.DIGEST: {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    Type.HEX: {"type": "string", "pattern": "^([0-9a-f]{2})+$"},
    Type.COUNT: {"type": "integer", "minimum": 0, "maximum": _LARGEST},
    Type.INTEGER: {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST},
    Type.YES: {"type": "boolean"},
    Type.DAY: {"type": "string", "format": "date"},
    Type.INSTANT: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
    Type.FACTS: {"type": "object"},
}


def leaf(kind: Kind) -> dict[str, Any]:
    """What a leaf of the kind looks like."""
    committed = {
        field.name: {**_HASH, "description": f"Commitment: {field.says}"} for field in kind.committed
    }
    link = {
        "about": {**_HASH, "description": f"Commitment: {kinds.ABOUT.says}"},
        "case": {**_SIXTEEN, "description": "The case's random name in the log."},
        "prev": {"oneOf": [_HASH, {"type": "null"}], "description": "Leaf hash of the case's entry before."},
        "seq": {"type": "integer", "minimum": 1, "description": "The entry's number in the case."},
    }
    return _closed(
        {
            "at": {**_TYPES[Type.INSTANT], "description": "When it happened."},
            "cases": {"type": "array", "items": _closed(link, link)},
            "committed": _closed(committed, _needed(kind.committed)),
            "entry": {**_SIXTEEN, "description": "The entry's random id."},
            "kind": {"const": kind.name},
            "open": _object(kind.open),
            "version": {"const": kind.version},
        },
        ("at", "cases", "committed", "entry", "kind", "open", "version"),
    ) | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Leaf of the kind {kind.name}, version {kind.version}",
        "description": kind.says,
    }


def openings(kind: Kind) -> dict[str, Any]:
    """What the openings of an entry of the kind look like: of each field opened, its salt and value."""
    fields = {field.name: _opening(field) for field in kind.committed}
    return _closed(
        {
            "cases": {
                "type": "object",
                "propertyNames": _SIXTEEN,
                "additionalProperties": _opening(kinds.ABOUT),
            },
            "fields": _closed(fields, ()),
        },
        (),
    ) | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Openings of the kind {kind.name}, version {kind.version}",
        "description": "Each opening is [salt, value]; the commitment is base64(SHA-256) over four lines: "
        "duly.commit.1, the salt, the field's name (about, for a case), the value in canonical JSON.",
    }


def files() -> dict[str, dict[str, Any]]:
    """Every schema by the name of its file."""
    found = {}
    for kind in kinds.KINDS.values():
        found[f"{kind.name}.{kind.version}.leaf.json"] = leaf(kind)
        found[f"{kind.name}.{kind.version}.openings.json"] = openings(kind)
    return found


def table() -> str:
    """The kinds and their fields as Markdown, one section a kind."""
    parts = []
    for kind in sorted(kinds.KINDS.values(), key=lambda kind: (kind.name, kind.version)):
        sealed = "the person's key" if kind.subject is Subject.PERSON else "the house's key"
        parts += [f"### {kind.name}, version {kind.version}", "", kind.says]
        parts += [f"Its openings are sealed under {sealed}."]
        parts += ["", "| field | shown as | type | |", "| --- | --- | --- | --- |"]
        for shown, fields in (("open", kind.open), ("commitment", kind.committed)):
            parts += [_row(path, field, shown if "." not in path else "") for path, field in walk(fields)]
        parts.append("")
    parts += ["### What a link says of its account", "", kinds.ABOUT.says, "One commitment for each link."]
    parts += ["", "| field | shown as | type | |", "| --- | --- | --- | --- |"]
    parts += [_row(path, field, "") for path, field in walk(kinds.ABOUT.fields)]
    return "\n".join(parts) + "\n"


def _row(path: str, field: Field, shown: str) -> str:
    kind = " ".join(f"`{word}`" for word in field.words) or field.type.value
    says = field.says + (" May be absent." if field.optional else "")
    return f"| `{path}` | {shown} | {kind} | {says} |"


def _opening(field: Field) -> dict[str, Any]:
    return {
        "type": "array",
        "prefixItems": [{**_SIXTEEN, "description": "The salt, hex."}, _value(field)],
        "items": False,
        "minItems": 2,
    }


def _value(field: Field) -> dict[str, Any]:
    if field.type is Type.WORD:
        found: dict[str, Any] = {"enum": list(field.words)}
    elif field.type is Type.OBJECT:
        found = _object(field.fields)
    elif field.type is Type.OBJECTS:
        found = {"type": "array", "items": _object(field.fields)}
    else:
        found = dict(_TYPES[field.type])
    return {**found, "description": field.says}


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    fields = tuple(fields)
    return _closed({field.name: _value(field) for field in fields}, _needed(fields))


def _needed(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields if not field.optional]


def _closed(properties: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
