"""Hours of the day as people state them: `09:00-17:30`, `mon,tue,wed 18:00-20:00`; the end is not in.

The debtor's own preferred hours are carried by an act in this form, so that a frame can carry them too.
"""

from __future__ import annotations

import re

from duly.law.terms import DAY_SECONDS, Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")


def second_of_day(text: str) -> int | None:
    """A time of day in seconds after midnight, 24:00 included; None when the text is none."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    second = hours * 3600 + minutes * 60 + seconds
    return second if second <= DAY_SECONDS else None


def spans(text: str) -> tuple[Span, ...]:
    """The stretches the text states, parted by semicolons; ValueError when one of them is none."""
    return tuple(span(part.strip()) for part in text.split(";"))


def of_lender(own: object) -> tuple[Span, ...]:
    """The stretches that a lender's own value states; none where it states none."""
    try:
        return spans(own) if isinstance(own, str) else ()
    except ValueError:
        return ()


def span(text: str) -> Span:
    """The stretch the text states; ValueError when it states none."""
    days, _, hours = text.rpartition(" ")
    named = days.split(",") if days else list(DAYS)
    first, _, end = hours.partition("-")
    begins, ends = second_of_day(first), second_of_day(end)
    if begins is None or ends is None or begins >= ends or not set(named) <= set(DAYS):
        raise ValueError(f"{text!r} are no hours: write them as mon,tue 09:00-17:30")
    return Span(frozenset(DAYS.index(day) for day in named), begins, ends)
