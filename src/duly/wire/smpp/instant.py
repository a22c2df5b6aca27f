"""Instants as SMPP writes them: `YYMMDDhhmmsstnnp` (section 7.1.1), and the looser dates inside receipts.

Refuses to guess: what is no date is None, and a date without a zone takes the zone the caller names, because
a carrier writes its own local time there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

_LENGTHS = (8, 10, 12, 14)  # to the hour, the minute, the second; the second with a century
_WITH_CENTURY = 14


def absolute(instant: datetime) -> str:
    """An aware instant as an absolute time in UTC, cut to whole seconds: a message never outlives it."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries a zone")
    return f"{instant.astimezone(UTC):%y%m%d%H%M%S}000+"


def read_absolute(text: str) -> datetime | None:
    """An absolute time; None for an empty, relative or impossible one. `nn` counts quarter hours from UTC."""
    if len(text) != 16 or not text[:15].isdecimal() or text[15] not in "+-":
        return None
    quarters = int(text[13:15]) * (1 if text[15] == "+" else -1)
    local = _parse(text[:12], UTC)
    return None if local is None else local - timedelta(minutes=15 * quarters)


def read_loose(text: str, zone: tzinfo) -> datetime | None:
    """A receipt's date: `YYMMDDhhmm` by Appendix B, with seconds or a century at some carriers."""
    return _parse(text, zone)


def _parse(text: str, zone: tzinfo) -> datetime | None:
    if len(text) not in _LENGTHS or not (text.isascii() and text.isdecimal()):
        return None
    # SMPP is of 1999, and no receipt is older than its century.
    year, at = (int(text[:4]), 4) if len(text) == _WITH_CENTURY else (2000 + int(text[:2]), 2)
    month, day, hour = int(text[at : at + 2]), int(text[at + 2 : at + 4]), int(text[at + 4 : at + 6])
    minute, second = int(text[at + 6 : at + 8] or 0), int(text[at + 8 :] or 0)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
