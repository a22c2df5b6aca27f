"""What each invented debtor does when a message comes: pay, answer, pay later, nothing.

    cast = behaviour.cast(folder / "data", seed=1)
    carrier.serve(..., behave=cast)

Drawn from the seed and the person's id by a keyed hash, so the same people do the same in every run, whoever
is written to first. What the book says of a number holds: a dead one gets nothing, behind a wrong one sits
somebody else.
Refuses to know what anybody owes: who pays, pays what the message asks.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from duly.book import points
from duly.carrier import debtors
from duly.carrier.debtors import Behaviour, Mood

CALLING_CODE = "86"


class Habit(Enum):
    """What a debtor is like."""

    SILENT = "silent"
    PAYS = "pays"
    SAYS_PAID = "says_paid"  # and did: the payment follows
    PROMISES = "promises"  # and pays on the next message
    BREAKS_PROMISE = "breaks_promise"
    DISPUTES = "disputes"
    HARDSHIP = "hardship"
    STOPS = "stops"
    WRONG_NUMBER = "wrong_number"
    AWAY = "away"


# Of a thousand debtors; the rest are silent. `at` is the message that moves them, counted from 1.
_SHARES: tuple[tuple[int, Habit, int], ...] = (
    (180, Habit.PAYS, 1),
    (120, Habit.PAYS, 2),
    (60, Habit.PAYS, 3),
    (25, Habit.SAYS_PAID, 1),
    (45, Habit.PROMISES, 1),
    (25, Habit.BREAKS_PROMISE, 1),
    (25, Habit.DISPUTES, 1),
    (30, Habit.HARDSHIP, 1),
    (30, Habit.STOPS, 1),
    (10, Habit.WRONG_NUMBER, 1),
    (40, Habit.AWAY, 1),
)
_MOODS: Mapping[Habit, Mood] = {
    Habit.SAYS_PAID: Mood.PAID,
    Habit.PROMISES: Mood.PROMISE,
    Habit.BREAKS_PROMISE: Mood.PROMISE,
    Habit.DISPUTES: Mood.DISPUTE,
    Habit.HARDSHIP: Mood.HARDSHIP,
    Habit.STOPS: Mood.STOP,
    Habit.WRONG_NUMBER: Mood.WRONG_NUMBER,
}


@dataclass(frozen=True, kw_only=True)
class Debtor:
    """One person: the habit, the message that moves them, and which of the usual words they use."""

    person: str
    habit: Habit
    at: int = 1
    words: int = 0

    def on_message(self, text: str, earlier: int) -> Behaviour:
        """What this person does with `text`, after `earlier` messages that arrived before it."""
        if self.habit is Habit.AWAY:
            return debtors.ABSENT
        number = earlier + 1
        if self.habit is Habit.PROMISES and number == self.at + 1:
            return Behaviour(pays=True)
        if number != self.at or self.habit is Habit.SILENT:
            return debtors.SILENT
        if self.habit is Habit.PAYS:
            return Behaviour(pays=True)
        said = debtors.WORDS[_MOODS[self.habit]][debtors.language(text)]
        return Behaviour(reply=said[self.words % len(said)], pays=self.habit is Habit.SAYS_PAID)


def of(person: str, seed: int) -> Debtor:
    """The person as drawn, whatever the number is like."""
    key = f"duly.habit.{seed}".encode()
    digest = hashlib.blake2b(person.encode(), digest_size=8, key=key).digest()
    draw, words = int.from_bytes(digest[:6], "big") % 1_000, digest[6]
    for share, habit, at in _SHARES:
        if draw < share:
            return Debtor(person=person, habit=habit, at=at, words=words)
        draw -= share
    return Debtor(person=person, habit=Habit.SILENT, words=words)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Everybody behind the numbers of a book, by number as it stands in submit_sm: digits, without the plus.

    Usable as the carrier's `behave`. A number that is not in the book reaches somebody silent.
    """

    debtors: Mapping[str, Debtor]

    def __call__(self, number: str, text: str, earlier: int) -> Behaviour:
        """What the person behind `number` does with this message."""
        debtor = self.debtors.get(number)
        return debtors.SILENT if debtor is None else debtor.on_message(text, earlier)

    def person(self, number: str) -> str | None:
        """Whose number it is."""
        debtor = self.debtors.get(number.removeprefix("+"))
        return None if debtor is None else debtor.person


def cast(folder: Path, *, seed: int) -> Cast:
    """The people behind the telephones in the contacts file that `book.make` wrote into `folder`.

    A number of two persons is the first one's, by id.
    """
    found: dict[str, Debtor] = {}
    with (folder / "contacts.csv").open(encoding="utf-8", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: (row["cust_no"], row["priority"]))
    for row in rows:
        number = points.telephone(row["contact_value"], calling_code=CALLING_CODE)
        if row["contact_type"] not in ("SMS", "VOICE") or number is None:
            continue
        debtor = _behind(of(row["cust_no"], seed), row["contact_status"])
        found.setdefault(number.removeprefix("+"), debtor)
    return Cast(debtors=found)


def _behind(debtor: Debtor, state: str) -> Debtor:
    habit = {"DEAD": Habit.AWAY, "WRONG": Habit.WRONG_NUMBER}.get(state, debtor.habit)
    if habit is debtor.habit:
        return debtor
    return Debtor(person=debtor.person, habit=habit, words=debtor.words)
