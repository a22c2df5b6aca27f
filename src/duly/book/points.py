"""The one form in which a number or address is compared, keyed and kept.

The same telephone may be written 138 0013 8000, +8613800138000 or 0086-13800138000; a blind index only finds
it again if everybody writes it alike, so whoever keys a value takes it from here first.
Refuses what cannot be a number or an address, without guessing.
"""

from __future__ import annotations

import re
import unicodedata

from duly.model.party import Channel

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# Separators people write; full-width forms are folded to these first.
_BETWEEN = re.compile(r"[\s\-.()/]+")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,255}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_TRUNK_PREFIX = "0"
_LONGEST_ADDRESS = 300


def normal(channel: Channel, value: str, *, calling_code: str) -> str | None:
    """The comparable form of `value`, or None when it is no number or address of that channel.

    Telephones become E.164 (`+8613800138000`); those without a country get `calling_code` (digits only).
    E-mail addresses are folded to small letters; postal addresses keep their words.
    """
    if channel in (Channel.SMS, Channel.VOICE):
        return telephone(value, calling_code=calling_code)
    folded = " ".join(unicodedata.normalize("NFKC", value).split())
    if channel is Channel.EMAIL:
        folded = folded.lower()
        return folded if _EMAIL.fullmatch(folded) else None
    return folded if 0 < len(folded) <= _LONGEST_ADDRESS else None


def telephone(value: str, *, calling_code: str) -> str | None:
    """A telephone number in E.164, or None."""
    digits = _BETWEEN.sub("", unicodedata.normalize("NFKC", value))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif not digits.startswith("+"):
        digits = _with_country(digits, calling_code)
    return digits if _E164.fullmatch(digits) else None


def _with_country(digits: str, calling_code: str) -> str:
    # A carrier writes 8613800138000. A national number of mainland China has at most 11 digits.
    if digits.startswith(calling_code) and len(digits) > len(calling_code) + 9:
        return "+" + digits
    return f"+{calling_code}{digits.removeprefix(_TRUNK_PREFIX)}"
