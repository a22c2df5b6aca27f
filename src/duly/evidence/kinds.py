"""The closed list of entry kinds (DESIGN D11), by name and version; the published schema is made from it.

A kind never changes once an entry of it may exist: a change is a new version beside the old one, so that an
entry written years ago still reads.
"""

from __future__ import annotations

from duly.evidence.fields import Kind
from duly.evidence.kinds_house import HOUSE_KINDS
from duly.evidence.kinds_person import ABOUT, PERSON_KINDS

__all__ = ["ABOUT", "KINDS", "NEWEST"]

_ALL = (*HOUSE_KINDS, *PERSON_KINDS)
KINDS: dict[tuple[str, int], Kind] = {(kind.name, kind.version): kind for kind in _ALL}
NEWEST: dict[str, Kind] = {kind.name: kind for kind in sorted(_ALL, key=lambda kind: kind.version)}
