"""JSON from a stranger, read strictly: every mistake is noted with the path of its place, none ends the reading.

A getter returns None where the key is left out, and also where the value is wrong, which it notes.
Refuses what JSON readers let pass in silence: a key given twice, NaN, a fraction where a whole number is meant.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from duly.errors import Problem
from duly.law import facts, hours
from duly.law.facts import FactKind
from duly.model.said import say

Keys = Sequence[str]
# Calendars and clocks are known for these centuries; an instant far outside them is a slip of the pen.
INSTANT = re.compile(r"(19|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", re.ASCII)
MOST = 10**9  # no count, and no number of days or seconds, comes near it
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Pairs:
    """An object as it was written, a repeated key included."""

    pairs: tuple[tuple[str, object], ...]


@dataclass
class Reading:
    """One text under reading, and the problems found in it so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, path: str, code: str, what: str, remedy: str) -> None:
        """Note one problem at a path of the document."""
        self.problems.append(Problem(code=code, file=f"{self.file} {path}", what=what, remedy=remedy))

    def place(self, node: object, path: str, *, required: Keys, optional: Keys = ()) -> Place:
        """The object at a path; an empty one where there is none, which is noted."""
        if not isinstance(node, Pairs):
            self.refuse(path, "law.ask.shape", say("this is no object"), say("Write {{ … }} with its keys."))
            return Place(self, path, {})
        entries: dict[str, object] = {}
        known = (*required, *optional)
        for key, value in node.pairs:
            if key in entries:
                self.refuse(
                    f"{path}.{key}",
                    "law.ask.key.twice",
                    say("`{key}` stands here twice", key=key),
                    say("Keep one of them."),
                )
            elif known and key not in known:
                self.refuse(
                    f"{path}.{key}",
                    "law.ask.key.unknown",
                    say("`{key}` is no key here", key=key),
                    say("Use one of {known}.", known=", ".join(known)),
                )
            entries.setdefault(key, value)
        for key in required:
            if key not in entries:
                self.refuse(
                    path,
                    "law.ask.key.missing",
                    say("`{key}` is missing", key=key),
                    say("Add the key `{key}`.", key=key),
                )
        return Place(self, path, entries)


def parse(reading: Reading, written: bytes) -> object:
    """The document as Pairs, lists and plain values; None with a problem where it is not JSON."""
    try:
        tree = json.loads(
            written.decode("utf-8"),
            object_pairs_hook=lambda pairs: Pairs(tuple(pairs)),
            parse_constant=_no_number,
        )
        _refuse_halves(tree)
    except json.JSONDecodeError as error:
        where, why = f"{error.lineno}:{error.colno}", error.msg
    except UnicodeDecodeError as error:
        where, why = "", f"byte {error.start} is not UTF-8"
    except (ValueError, RecursionError) as error:
        where, why = "", str(error)
    else:
        return tree
    reading.problems.append(
        Problem(
            code="law.ask.json",
            file=f"{reading.file}:{where}" if where else reading.file,
            what=say("this is not JSON: {why}", why=why),
            remedy=say("Give one object, or an array of them, in UTF-8."),
        )
    )
    return None


def _refuse_halves(node: object) -> None:
    """Raise ValueError for half a surrogate pair, which JSON can write and no text can hold."""
    if isinstance(node, str):
        node.encode("utf-8")
    elif isinstance(node, Pairs):
        for key, value in node.pairs:
            _refuse_halves(key)
            _refuse_halves(value)
    elif isinstance(node, list):
        for item in node:
            _refuse_halves(item)


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is no number of JSON")


@dataclass(frozen=True, eq=False)
class Place:
    """One object of the document: its path and its entries by key."""

    reading: Reading
    path: str
    entries: Mapping[str, object]

    def refuse(self, key: str, code: str, what: str, remedy: str) -> None:
        """Note a problem at a key, or of the object as a whole where the key is empty."""
        self.reading.refuse(f"{self.path}.{key}" if key else self.path, code, what, remedy)

    def inner(self, key: str, required: Keys, optional: Keys = ()) -> Place:
        """The object under a key. Nothing more is said of one whose absence was noted already."""
        path = f"{self.path}.{key}"
        if key not in self.entries:
            return Place(self.reading, path, {})
        return self.reading.place(self.entries[key], path, required=required, optional=optional)

    def rows(self, key: str, required: Keys, optional: Keys) -> list[Place]:
        """The objects of the array under a key."""
        return [
            self.reading.place(item, f"{self.path}.{key}[{number}]", required=required, optional=optional)
            for number, item in enumerate(self._array(key) or ())
        ]

    def text(self, key: str, *, nullable: bool = False) -> str | None:
        """A text that is not empty."""
        value = self._there(key, nullable=nullable)
        if value is None or (isinstance(value, str) and value):
            return value
        self.wrong(key, say("a text that is not empty"))
        return None

    def flag(self, key: str) -> bool | None:
        """True or false; null is not known."""
        value = self._there(key, nullable=True)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(key, say("true or false"))
        return None

    def whole(self, key: str) -> int | None:
        """A whole number from 0; null is not known."""
        value = self._there(key, nullable=True)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST):
            return value
        self.wrong(key, say("a whole number from 0"))
        return None

    def moment(self, key: str, *, nullable: bool = False) -> datetime | None:
        """An instant with its offset, in whole seconds."""
        value = self._there(key, nullable=nullable)
        if value is None:
            return None
        if isinstance(value, str) and INSTANT.fullmatch(value):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass  # a day or an hour that does not exist is told below like any other that is no instant
        self.wrong(key, say("an instant in whole seconds with its offset, as 2026-03-02T07:59:00-05:00"))
        return None

    def day(self, key: str) -> date | None:
        """A day; null is none."""
        value = self._there(key, nullable=True)
        if value is None:
            return None
        if isinstance(value, str) and DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # 2026-02-30 is told below
        self.wrong(key, say("a day, as 2026-03-02"))
        return None

    def word(self, key: str, known: Collection[str], *, nullable: bool = False) -> str | None:
        """One of the known words; any text where none are listed."""
        value = self.text(key, nullable=nullable)
        return value if value is None or self._is_known(key, key, value, known) else None

    def texts(self, key: str, *, empty: bool = True) -> list[str] | None:
        """An array of texts; null is not known, and fits only where it may be empty."""
        if empty and self.entries.get(key) is None:
            return None
        array = self._array(key)
        if array is None:
            return None
        for number, item in enumerate(array):
            if not (isinstance(item, str) and item):
                self.wrong(f"{key}[{number}]", say("a text that is not empty"))
        found = [item for item in array if isinstance(item, str) and item]
        if not array and not empty:
            self.wrong(key, say("an array with at least one text"))
        return found

    def words(self, key: str, known: Collection[str]) -> list[str] | None:
        """An array of known words; null is not known."""
        found = self.texts(key)
        if found is None:
            return None
        return [
            word for number, word in enumerate(found) if self._is_known(f"{key}[{number}]", key, word, known)
        ]

    def zones(self, key: str) -> tuple[str, ...]:
        """An array of IANA time zones; none is not known."""
        good = []
        for number, name in enumerate(self.texts(key) or ()):
            try:
                zoneinfo.ZoneInfo(name)
            except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError):
                self.wrong(f"{key}[{number}]", say("an IANA time zone, as Asia/Shanghai"))
            else:
                good.append(name)
        return tuple(good)

    def hours(self, key: str) -> tuple[str, ...]:
        """An array of stated hours."""
        good = []
        for number, stated in enumerate(self.texts(key) or ()):
            try:
                hours.span(stated)
            except ValueError:
                self.wrong(f"{key}[{number}]", say("hours, as `mon,tue 09:00-17:30`"))
            else:
                good.append(stated)
        return tuple(good)

    def fact(self, key: str, name: str) -> object | None:
        """A value of the fact of that name in the closed table; null is not known."""
        if self.entries.get(key) is None:
            return None
        fact = facts.FACTS[name]
        match fact.kind:
            case FactKind.WORD:
                return self.word(key, fact.values, nullable=True)
            case FactKind.WORDS:
                found = self.words(key, fact.values)
                return None if found is None else frozenset(found)
            case FactKind.FLAG:
                return self.flag(key)
            case _:
                return self.whole(key)

    def wrong(self, key: str, wanted: str) -> None:
        """Note that a value has another shape than the wanted one."""
        self.refuse(
            key,
            "law.ask.value",
            say("this is not {wanted}", wanted=wanted),
            say("Write {wanted}.", wanted=wanted),
        )

    def _there(self, key: str, *, nullable: bool) -> object | None:
        value = self.entries.get(key)
        if value is None and key in self.entries and not nullable:
            self.refuse(
                key,
                "law.ask.null",
                say("`{key}` may not be null", key=key),
                say("Say what it is; without it nothing can be judged."),
            )
        return value

    def _array(self, key: str) -> list[object] | None:
        if key not in self.entries:
            return None
        value = self.entries[key]
        if isinstance(value, list):
            return value
        self.wrong(key, say("an array"))
        return None

    def _is_known(self, place: str, key: str, word: str, known: Collection[str]) -> bool:
        if not known or word in known:
            return True
        self.refuse(
            place,
            "law.ask.word",
            say("`{word}` is no word of `{key}`", word=word, key=key),
            say("Use one of {known}.", known=", ".join(known)),
        )
        return False
