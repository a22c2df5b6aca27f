"""A carrier's id of a message, which the same carrier writes differently at different times.

Carriers answer a submission with one form and name another in the receipt: other case, other leading zeros,
hexadecimal here and decimal there. Refuses to call two ids equal: it lists forms, and the caller compares the
destination as well.
"""

from __future__ import annotations

import re
from enum import Enum

_HEX = re.compile(r"[0-9a-f]{1,16}")
_DECIMAL = re.compile(r"[0-9]{1,20}")


class Habit(Enum):
    """In which form a carrier's receipts name what its answers named; `ANY` where nobody said."""

    ANY = "any"
    SAME = "same"
    HEX_ANSWERS = "hex_answers"  # answered in hexadecimal, receipted in decimal
    DECIMAL_ANSWERS = "decimal_answers"


def fold(raw: str) -> str:
    """The normal form to keep of an id: no blanks around it, lower case, no leading zeros."""
    return raw.strip().lower().lstrip("0") or "0"


def forms(raw: str, habit: Habit = Habit.ANY) -> tuple[str, ...]:
    """The normal forms under which a receipt's id may have been given at submission, the surest first.

    Folded, then both conversions where the id could be a counter of at most 64 bits; a known habit leaves one, since
    each further form is a chance to meet another message. An id that the habit does not fit is taken as it is.
    """
    folded = fold(raw)
    as_hex = f"{int(folded):x}" if _DECIMAL.fullmatch(folded) else None
    as_decimal = str(int(folded, 16)) if _HEX.fullmatch(folded) else None
    match habit:
        case Habit.SAME:
            return (folded,)
        case Habit.HEX_ANSWERS:
            return (as_hex or folded,)
        case Habit.DECIMAL_ANSWERS:
            return (as_decimal or folded,)
    return tuple(dict.fromkeys(form for form in (folded, as_hex, as_decimal) if form is not None))
