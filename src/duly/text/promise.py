"""The day and the sum that a promise names, if it names them.

Relative days count from the day the reply came; a day of the month is the next one, a weekday the next one,
today included. Refuses to guess: 过几天 and "soon" are no day, 15/12 is none either, and a sum that cannot
be computed exactly is none.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from duly.model import money
from duly.text import figures, numerals

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST = timedelta(days=366)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_N = f"[0-9]+|[{numerals.CHARACTERS}]+"
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """`on` the day by which, `minor` how much in minor units; None where nothing exact was said."""

    on: date | None
    minor: int | None


def stated(reply: str, *, on: date | None, currency: str) -> Promise:
    """What the reply promises. Without `on`, the day it came, only full dates are understood.

    A day that is past, or more than a year ahead, is no day to wait for.
    """
    text = unicodedata.normalize("NFKC", reply).lower()
    day = _day(text, on)
    if day is not None and on is not None and not on <= day <= on + _LONGEST:
        day = None
    return Promise(on=day, minor=_sum(text, currency))


def _day(text: str, on: date | None) -> date | None:
    chinese = "".join(text.split())
    for pattern, read in _RULES:
        match = pattern.search(chinese if pattern in _CHINESE else text)
        if match:
            try:
                return read(match, on)
            except (ValueError, OverflowError):  # 31 June, 99 days of a year beyond the calendar
                return None
    return None


def _full(match: re.Match[str], _on: date | None) -> date | None:
    return date(int(match["year"]), int(match["month"]), int(match["day"]))


def _month_and_day(match: re.Match[str], on: date | None) -> date | None:
    word = match["month"]
    month = _number(word) if word[0] not in "jfmasond" else _MONTHS.index(word[:3]) + 1
    day = _number(match["day"])
    if month is None or day is None:
        return None
    if year := match.groupdict().get("year"):
        return date(int(year), month, day)
    if on is None:
        return None
    found = date(on.year, month, day)
    return found if found >= on else date(on.year + 1, month, day)


def _day_of_month(match: re.Match[str], on: date | None) -> date | None:
    day = _number(match["day"])
    if on is None or day is None:
        return None
    later = match.groupdict().get("later") is not None or day < on.day
    year, month = (on.year + on.month // 12, on.month % 12 + 1) if later else (on.year, on.month)
    return date(year, month, day)


def _after(days: int) -> Callable[[re.Match[str], date | None], date | None]:
    return lambda _match, on: None if on is None else on + timedelta(days=days)


def _in_days(match: re.Match[str], on: date | None) -> date | None:
    count = _number(match["count"])
    if on is None or count is None:
        return None
    week = match["unit"].startswith(("周", "星", "礼", "week"))
    return on + timedelta(days=count * (7 if week else 1))


def _weekday(match: re.Match[str], on: date | None) -> date | None:
    if on is None:
        return None
    word = match["weekday"]
    wanted = "一二三四五六日".index(word.replace("天", "日")) if len(word) == 1 else _WEEKDAYS.index(word[:3])
    if match["next"]:
        return on - timedelta(days=on.weekday()) + timedelta(days=7 + wanted)
    return on + timedelta(days=(wanted - on.weekday()) % 7)


def _month_end(match: re.Match[str], on: date | None) -> date | None:
    if on is None:
        return None
    later = 1 if match["next"] else 0
    year, month = on.year + (on.month - 1 + later) // 12, (on.month - 1 + later) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


_Read = Callable[[re.Match[str], "date | None"], "date | None"]
_CHINESE_RULES: tuple[tuple[str, _Read], ...] = (
    (r"(?P<year>[0-9]{4})年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})", _full),
    (r"(?P<year>20[0-9]{2})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})(?![0-9])", _full),
    (rf"(?P<month>{_N})月(?P<day>{_N})(?:[日号]|(?![0-9]))", _month_and_day),
    (rf"(?P<later>下个?月)(?P<day>{_N})[日号]", _day_of_month),
    ("(?P<next>下个?月)[月底末]", _month_end),
    ("(?P<next>)(?:这个|本)?月[底末]", _month_end),
    ("大后天", _after(3)),
    ("后天", _after(2)),
    ("明[天日早晚]", _after(1)),
    ("今[天日晚]", _after(0)),
    (rf"(?P<count>{_N})个?(?P<unit>天|日|周|星期|礼拜)(?:之?[内后]|以[内后])", _in_days),
    (r"(?P<next>下个?)?(?:这|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])", _weekday),
    (rf"(?P<day>{_N})[日号]", _day_of_month),
)
_ENGLISH_RULES: tuple[tuple[str, _Read], ...] = (
    (
        rf"\b(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+(?P<year>20[0-9]{{2}}))?\b",
        _month_and_day,
    ),
    (
        rf"\b{_MONTH}\s+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>20[0-9]{{2}}))?\b",
        _month_and_day,
    ),
    (r"\bday after tomorrow\b", _after(2)),
    (r"\b(?:tomorrow|tmrw|tmr)\b", _after(1)),
    (r"\b(?:today|tonight)\b", _after(0)),
    (r"\b(?:in|within)\s+(?P<count>[0-9]+)\s+(?P<unit>days?|weeks?)\b", _in_days),
    (r"\bend of (?P<next>next)?(?:the |this )?\s?month\b", _month_end),
    (r"\b(?:(?P<next>next)\s+)?(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b", _weekday),
    (r"\bthe\s+(?P<day>[0-9]{1,2})(?:st|nd|rd|th)\b", _day_of_month),
)
_CHINESE = {re.compile(pattern): read for pattern, read in _CHINESE_RULES}
_RULES = (*_CHINESE.items(), *((re.compile(pattern), read) for pattern, read in _ENGLISH_RULES))

_SPOKEN = re.compile(rf"(?P<number>[{numerals.CHARACTERS}]{{1,10}})(?:元|块|圆)")
# 还500, 还两千: a bare number after the verb, unless it counts something else.
_COUNTED = r"(?![0-9]|[.,:/-][0-9]|\s?[号日月天个点周年期笔%:：半]|st|nd|rd|th)"
_BARE = re.compile(
    rf"(?:还|付|转|存|pay|transfer|send)\s?(?P<number>[0-9]{{2,9}}|[{numerals.CHARACTERS}]{{2,10}}+){_COUNTED}"
)


def _sum(text: str, currency: str) -> int | None:
    for one in figures.sums(text, currency):
        if one.minor is not None and one.minor > 0 and figures.agrees(one, currency):
            return one.minor
    unit = int("1" + "0" * money.EXPONENT[currency])
    if spoken := _SPOKEN.search(text):
        number = numerals.parse(spoken["number"])
        return number * unit if number else None
    if bare := _BARE.search(text):
        number = _number(bare["number"])
        return number * unit if number else None
    return None


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() else numerals.parse(word)
