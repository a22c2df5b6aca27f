"""What an entry may hold: the types of fields, and the rule on what may stand open in the log.

Refuses to let a fact about a person stand open: an entry about a person may hold openly only the ids of other
entries and digests of the project's own files; everything else is a salted commitment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    """What a field holds; the value is its name in the docs."""

    TEXT = "text"
    PUBLIC = "public text"  # text that we publish ourselves: a verifier key, the name of a time authority
    WORD = "word of a closed list"
    TEXTS = "list of texts"
    ENTRY = "id of an entry"
    ENTRIES = "list of ids of entries"
    DIGEST = "SHA-256 of a file that holds no personal data, hex"
    HEX = "bytes, hex"
    COUNT = "whole number from 0"
    INTEGER = "whole number"
    YES = "true or false"
    DAY = "day"
    INSTANT = "instant, UTC"
    OBJECT = "object of named fields"
    OBJECTS = "list of objects of named fields"
    FACTS = "free object of facts"


class Subject(Enum):
    """Under whose key the openings of an entry are sealed."""

    PERSON = "person"
    HOUSE = "house"


OPEN_ABOUT_HOUSE = frozenset(
    {Type.PUBLIC, Type.WORD, Type.ENTRY, Type.ENTRIES, Type.DIGEST, Type.COUNT, Type.YES}
)
OPEN_ABOUT_PERSON = frozenset({Type.ENTRY, Type.DIGEST})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its name, type, whether it may be absent, and one sentence for the docs."""

    name: str
    type: Type
    says: str
    optional: bool = False
    words: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        if not (self.name.isascii() and self.name.replace("_", "").isalnum() and self.name.islower()):
            raise ValueError(f"{self.name!r}: field names are lower-case ASCII words")
        if bool(self.words) != (self.type is Type.WORD):
            raise ValueError(f"{self.name}: a word, and nothing else, needs its closed list")
        if bool(self.fields) != (self.type in (Type.OBJECT, Type.OBJECTS)):
            raise ValueError(f"{self.name}: an object, and nothing else, needs its fields")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of entry at one version."""

    name: str
    version: int
    says: str
    subject: Subject
    open: tuple[Field, ...] = ()
    committed: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        allowed = OPEN_ABOUT_PERSON if self.subject is Subject.PERSON else OPEN_ABOUT_HOUSE
        for field in self.open:
            if field.type not in allowed:
                raise ValueError(f"{self.name}.{field.name}: {field.type.value} may not stand open here")
        names = [field.name for field in (*self.open, *self.committed)]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a field name stands twice")


def field(name: str, type_: Type, says: str, *, optional: bool = False) -> Field:
    """A plain field."""
    return Field(name=name, type=type_, says=says, optional=optional)


def word(name: str, words: str, says: str, *, optional: bool = False) -> Field:
    """A field that holds one of the given words, separated by spaces."""
    return Field(name=name, type=Type.WORD, says=says, optional=optional, words=tuple(words.split()))


def obj(name: str, says: str, *fields: Field, optional: bool = False) -> Field:
    """A field that holds an object of the given fields."""
    return Field(name=name, type=Type.OBJECT, says=says, optional=optional, fields=fields)


def walk(fields: tuple[Field, ...], path: str = "") -> Iterator[tuple[str, Field]]:
    """Every field and nested field with its dotted path, in the order of the table."""
    for field in fields:
        yield path + field.name, field
        yield from walk(field.fields, f"{path}{field.name}.")
