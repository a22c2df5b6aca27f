"""A text without its values: what all texts of one template have in common.

A text is its mould filled with a name, sums, days, numbers and a code. What is found in one text of the mould is found
in all, wherever no value can form anything with what stands beside it; that is tried once (`trial`), and `filling`
says for which values it holds.
Refuses to vouch where `why` says that it does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from duly.text.fields import FIELDS, Kind
from duly.text.lint import Finding


class Varying(Enum):
    """What differs from one text of a mould to the next; the rest (brand, creditor, numbers to call) is its own."""

    NAME = "name"
    NUMBER = "number"
    DAY = "day"
    SUM = "sum"
    CODE = "code"


_KINDS = {Kind.INT: Varying.NUMBER, Kind.DATE: Varying.DAY, Kind.MONEY: Varying.SUM}
VARYING: Mapping[str, Varying] = {
    **{name: _KINDS[one.kind] for name, one in FIELDS.items() if one.kind in _KINDS},
    "name": Varying.NAME,
    "tail": Varying.NUMBER,
    "verify_code": Varying.CODE,
}
SUMS = tuple(name for name, kind in VARYING.items() if kind is Varying.SUM)
DAYS = tuple(name for name, kind in VARYING.items() if kind is Varying.DAY)
# Where a value belongs; no text has characters of private use.
MARKS: Mapping[str, str] = {name: chr(0xE000 + number) for number, name in enumerate(VARYING)}
FIELD_AT = {mark: name for name, mark in MARKS.items()}
MARK = re.compile("[\ue000-\uf8ff]")

# The shortest and the longest values that a mould is read with; no others are vouched for.
SHORTEST_NAME, LONGEST_NAME, TAIL, MOST_NUMBER, MOST_MINOR = 2, 4, 4, 9_999, 10**11


@dataclass(frozen=True, kw_only=True)
class Mould:
    """`patterns` by part, with a mark for each value; `why` it does not vouch for its texts, None where it does.

    `findings` by part, `elements` and `tells` (of a debt) are those of every text. `left` and `right` are characters
    that may stand beside the name, `taken` pairs that no name may have. Of each two sets in `apart` one value of the
    former must be none of the latter's. `letters` is by part how many disguised phrases stand in the text itself.
    """

    patterns: Mapping[str, str]
    why: str | None = None
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    elements: frozenset[str] = frozenset()
    tells: bool = False
    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    apart: frozenset[tuple[frozenset[str], frozenset[str]]] = frozenset()
    letters: Mapping[str, int] = field(default_factory=dict)

    def fill(self, part: str, values: Mapping[str, str]) -> str:
        """The text of the part with these values."""
        return MARK.sub(lambda mark: values[FIELD_AT[mark[0]]], self.patterns[part])

    @property
    def printed(self) -> frozenset[str]:
        """The fields whose values stand in any part."""
        return frozenset(FIELD_AT[mark] for text in self.patterns.values() for mark in MARK.findall(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a value stands in a text."""

    field: str
    start: int
    end: int


def filled(pattern: str, values: Mapping[str, str]) -> tuple[str, list[Place]]:
    """The pattern with its values, and where they stand."""
    pieces: list[str] = []
    places: list[Place] = []
    at = 0
    for char in pattern:
        name = FIELD_AT.get(char)
        piece = char if name is None else values[name]
        if name is not None:
            places.append(Place(field=name, start=at, end=at + len(piece)))
        pieces.append(piece)
        at += len(piece)
    return "".join(pieces), places
