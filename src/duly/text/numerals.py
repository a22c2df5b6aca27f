"""Whole numbers in Chinese characters, as people write them in a message: 五百, 两千五, 二十五, 一万二."""

from __future__ import annotations

_WRITTEN = (
    "零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖",
)  # fmt: skip
_DIGITS = {char: value for value, chars in enumerate(_WRITTEN) for char in chars}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_MYRIAD = "万"

CHARACTERS = "".join((*_DIGITS, *_UNITS, _MYRIAD))


def parse(text: str) -> int | None:
    """The number, or None when the characters do not make one. 两千五 is 2,500: a last digit counts tenths."""
    head, myriad, tail = text.partition(_MYRIAD)
    if not myriad:
        return _below_myriad(text)
    above = _below_myriad(head)
    if above is None:
        return None
    if len(tail) == 1 and tail in _DIGITS:
        return above * 10_000 + _DIGITS[tail] * 1_000
    below = _below_myriad(tail) if tail else 0
    return None if below is None else above * 10_000 + below


def _below_myriad(text: str) -> int | None:
    if not text:
        return None
    total, digit, unit = 0, None, 10_000
    previous = ""
    for char in text:
        if char in _DIGITS:
            if digit is not None and digit != 0:
                return None
            digit = _DIGITS[char]
        elif char in _UNITS:
            if _UNITS[char] >= unit:
                return None
            unit = _UNITS[char]
            if digit is None and not (unit == 10 and not previous):
                return None
            total += (1 if digit is None else digit) * unit
            digit = None
        else:
            return None
        previous = char
    if digit is None:
        return total
    # 五百二 is 520, 五百零二 is 502, 二十五 is 25.
    spoken = unit > 10 and unit < 10_000 and len(text) > 1 and text[-2] in _UNITS
    return total + digit * (unit // 10 if spoken else 1)
