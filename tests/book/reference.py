"""The slow twin of `duly.book.arrears`: one account, one day after another, in plain integers.

Written from the definitions in `docs/reference/book.md` and sharing no line with the product. It walks every
evening from the first due date to the day asked for and keeps what a clerk would keep on paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor


@dataclass
class Line:
    """One instalment as the clerk keeps it: what is left of each part, and the running segment."""

    seq: int
    due_on: date
    principal: int
    interest: int
    fee: int
    penalty: int = 0
    running: Fraction = field(default_factory=Fraction)  # overdue interest of the open segment, unrounded

    def left(self) -> int:
        return self.fee + self.interest + self.penalty + self.principal


@dataclass(frozen=True)
class Entry:
    """One row of the payments feed."""

    name: str
    paid_on: date
    amount: int
    kind: str


@dataclass(frozen=True)
class Sum:
    """How the account stands."""

    dpd: int | None
    first_unpaid_on: date | None
    episode_on: date | None
    next_due_on: date | None
    next_due: int
    principal: int
    interest: int
    fee: int
    penalty: int
    overdue: int
    cured: bool


def half_up(exact: Fraction) -> int:
    """Round a non-negative number, ties away from zero."""
    return floor(exact + Fraction(1, 2))


def stand(
    lines: list[Line],
    entries: list[Entry],
    *,
    on: date,
    ppm: int,
    year_days: int,
    cure_minor: int = 0,
    cure_days: int = 0,
) -> Sum:
    """Walk to `on` and add up. `lines` are as contracted; they are changed in place."""
    lines = sorted(lines, key=lambda line: (line.due_on, line.seq))
    money = stayed([entry for entry in entries if entry.paid_on <= on])
    days = [line.due_on for line in lines] + [day for day, _ in money] + [on]
    episode: date | None = None
    day = min(days)
    while day <= on:
        for line in lines:
            if line.due_on < day:
                line.running += Fraction(line.principal * ppm, 1_000_000 * year_days)
        received = sum(amount for when, amount in money if when == day)
        if received or day == on:
            for line in lines:
                line.penalty += half_up(line.running)
                line.running = Fraction(0)
            if episode is None:
                episode = first_beyond(lines, day, cure_minor, cure_days, agreed=True)
        if received:
            spend(lines, received)
            if first_beyond(lines, day, cure_minor, cure_days) is None:
                episode = None
        day += timedelta(days=1)
    return add_up(lines, on, episode)


def stayed(entries: list[Entry]) -> list[tuple[date, int]]:
    """The money that no reversal took back."""
    named = {entry.name for entry in entries if entry.kind != "reversal"}
    kept = {}
    for entry in entries:
        if entry.kind != "reversal":
            undone = sum(e.amount for e in entries if e.kind == "reversal" and e.name == entry.name)
            kept[entry.name] = max(entry.amount - undone, 0)
    stack: list[list[object]] = []
    order = sorted(entries, key=lambda e: (e.paid_on, e.kind == "reversal", e.name))
    for entry in order:
        if entry.kind != "reversal":
            stack.append([entry.paid_on, kept[entry.name]])
        elif entry.name not in named:
            left = entry.amount
            for slot in reversed(stack):
                taken = min(left, int(str(slot[1])))
                slot[1] = int(str(slot[1])) - taken
                left -= taken
    return [(slot[0], int(str(slot[1]))) for slot in stack if isinstance(slot[0], date)]


def spend(lines: list[Line], amount: int) -> None:
    """Settle the oldest line first, and within a line fee, interest, overdue interest, principal."""
    for line in lines:
        for part in ("fee", "interest", "penalty", "principal"):
            paid = min(amount, getattr(line, part))
            setattr(line, part, getattr(line, part) - paid)
            amount -= paid


def first_beyond(
    lines: list[Line], day: date, cure_minor: int, cure_days: int, *, agreed: bool = False
) -> date | None:
    """The due date at which what is overdue passes the cure tolerance, if it does; `agreed`: overdue interest apart."""
    total = 0
    for line in lines:
        if (day - line.due_on).days > cure_days:
            left = line.left() - (line.penalty if agreed else 0)
            total += left
            if left and total > cure_minor:
                return line.due_on
    return None


def add_up(lines: list[Line], on: date, episode: date | None) -> Sum:
    """The sums of a day."""
    late = [line for line in lines if line.due_on < on and line.left()]
    coming = [line for line in lines if line.due_on >= on and line.left()]
    next_on = coming[0].due_on if coming else None
    if late:
        dpd: int | None = (on - late[0].due_on).days
    else:
        dpd = -(next_on - on).days if next_on else None
    return Sum(
        dpd=dpd,
        first_unpaid_on=late[0].due_on if late else None,
        episode_on=episode,
        next_due_on=next_on,
        next_due=sum(line.left() for line in coming if line.due_on == next_on),
        principal=sum(line.principal for line in late),
        interest=sum(line.interest for line in late),
        fee=sum(line.fee for line in late),
        penalty=sum(line.penalty for line in late),
        overdue=sum(line.left() for line in late),
        cured=episode is None,
    )
