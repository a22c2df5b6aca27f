"""How often somebody was contacted within a cap's window, as the compiled reading counts it.

What lies too far from the act to count in any zone is put aside first; only of the rest are kind and day looked at.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from duly.law import clocks, faces, terms, values

_DAY = terms.DAY_SECONDS
_ORDINAL = date(1970, 1, 1).toordinal()
_THURSDAY = 3  # the first of January 1970, Monday being 0
_SLACK = 2  # clocks of one zone are never put on or back by so many days

_ANSWERED = frozenset({"conversation", "contact_made"})
_SENT = frozenset({"message_sent", "delivered"})
_COUNTED = {
    terms.Counted.CONTACT_MADE: _ANSWERED,
    terms.Counted.MESSAGE_SENT: _SENT,
    terms.Counted.ATTEMPT: _ANSWERED | _SENT | {"attempt"},
}


class Met(NamedTuple):
    """One contact: its first instant, whom it reached and where, and all its rows."""

    at: int
    channel: str
    person: str
    number: str
    rows: Sequence[values.Contact]


def gather(history: Iterable[values.Contact], channels: Container[str]) -> list[Met]:
    """The contacts in the history by these channels: rows of one reference, or else of one instant, are one."""
    first: dict[tuple[str, str, str, object], int] = {}
    rows: dict[tuple[str, str, str, object], list[values.Contact]] = {}
    for row in history:
        if row.channel not in channels or not values.is_contact(row.kind):
            continue
        at = clocks.instant(row.at)
        key = (row.channel, row.person, row.number, row.ref or at)
        if key not in rows:
            first[key], rows[key] = at, [row]
        else:
            first[key] = min(first[key], at)
            rows[key].append(row)
    return [Met(first[key], key[0], key[1], key[2], same) for key, same in rows.items()]


class Count:
    """The count of one cap in the zones in which it is counted."""

    def __init__(self, cap: terms.Cap, zones: Iterable[str]) -> None:
        self._cap = cap
        self._faces = [faces.face(zone) for zone in zones]
        self._reach = {
            terms.Unit.HOURS: cap.n * 3600,
            terms.Unit.CONSECUTIVE_DAYS: (cap.day_span + _SLACK) * _DAY,
            terms.Unit.CALENDAR_WEEK: (7 + _SLACK) * _DAY,
            terms.Unit.CALENDAR_MONTH: (31 + _SLACK) * _DAY,
        }[cap.unit]
        self._per_person = terms.Scope.PERSON in cap.scope
        self._per_number = terms.Scope.NUMBER in cap.scope
        self._per_account = terms.Scope.ACCOUNT in cap.scope

    def so_far(self, act: values.Act, at: int, contacts: Iterable[Met]) -> int:
        """The most contacts of any account and zone within the window around the instant."""
        reach, channels = self._reach, self._cap.pool or (act.channel,)
        counted = [
            met
            for met in contacts
            if -reach < met.at - at < reach
            and met.channel in channels
            and (not self._per_person or met.person == act.person)
            and (not self._per_number or met.number == act.number)
            and self._is_of_its_kind(met)
        ]
        if not counted:
            return 0
        if not self._per_account:
            return self._most(counted, at)
        return max(
            self._most([met for met in counted if any(row.account == account for row in met.rows)], at)
            for account in act.accounts
        )

    def _most(self, counted: Sequence[Met], at: int) -> int:
        if self._cap.unit is terms.Unit.HOURS:
            return len(counted)
        return max(sum(self._is_near(face, met.at, at) for met in counted) for face in self._faces)

    def _is_of_its_kind(self, met: Met) -> bool:
        kinds = {"message_sent" if values.is_notice(row.kind) else row.kind for row in met.rows}
        if kinds.isdisjoint(_COUNTED[self._cap.counts]):
            return False
        excluded = self._cap.exclude
        if "answered" in excluded and not kinds.isdisjoint(_ANSWERED):
            return False
        if "unanswered" in excluded and kinds.isdisjoint(_ANSWERED | _SENT):
            return False
        return not excluded or all(excluded.isdisjoint(row.marks) for row in met.rows)

    def _is_near(self, face: faces.Face, then: int, now: int) -> bool:
        """Whether the days the clock shows lie in one window, whichever of them comes first."""
        there, here = face.shown(then)[0], face.shown(now)[0]
        match self._cap.unit:
            case terms.Unit.CALENDAR_WEEK:
                return (there + _THURSDAY) // 7 == (here + _THURSDAY) // 7
            case terms.Unit.CALENDAR_MONTH:
                return _month(there) == _month(here)
            case _:
                return abs(here - there) < self._cap.day_span


def _month(day: int) -> tuple[int, int]:
    shown = date.fromordinal(day + _ORDINAL)
    return shown.year, shown.month
