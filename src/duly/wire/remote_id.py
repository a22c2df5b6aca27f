"""A carrier's id of a message, which the same carrier writes differently at different times.

Carriers answer a submission with one form and name another in the receipt: other case, other leading zeros,
hexadecimal here and decimal there. Refuses to call two ids equal: it lists forms, and the caller compares the
destination as well.
"""

from __future__ import annotations

import re

_HEX = re.compile(r"[0-9a-f]{1,16}")
_DECIMAL = re.compile(r"[0-9]{1,20}")


def fold(raw: str) -> str:
    """The normal form to keep of an id: no blanks around it, lower case, no leading zeros."""
    return raw.strip().lower().lstrip("0") or "0"


def forms(raw: str) -> tuple[str, ...]:
    """The normal forms under which a receipt's id may have been given at submission, the surest first.

    Folded, then both conversions where the id could be a counter of at most 64 bits.
    """
    folded = fold(raw)
    found = [folded]
    if _DECIMAL.fullmatch(folded):
        found.append(f"{int(folded):x}")
    if _HEX.fullmatch(folded):
        found.append(str(int(folded, 16)))
    return tuple(dict.fromkeys(found))
