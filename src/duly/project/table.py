"""Take the keys of one mapping of a user's file, each as what it must be, and collect what is wrong.

Every taking function returns the value, or None after adding a problem; an absent optional key is None
without one. The reader of a file takes all keys first and builds its value only if no problem was added.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from duly.errors import Problem
from duly.model import money
from duly.model.said import say
from duly.project.document import Document, Where

E = TypeVar("E", bound=Enum)

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,6}))?")
_DURATION = re.compile(r"[1-9][0-9]{0,4}(ms|s|m|h|d)")
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Table:
    """One mapping of `document` at `path`; `known` are the keys it may have, None for the user's own keys."""

    def __init__(
        self, document: Document, path: Where, problems: list[Problem], *, known: Iterable[str] | None
    ) -> None:
        self.document, self.path, self.problems = document, path, problems
        value: Any = document.value
        for step in path:
            value = value[step]
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            self.refuse_whole(
                "shape", say("keys and values are expected here"), say("Write `key: value` lines.")
            )
            value = {}
        self.value: Mapping[str, Any] = value
        if known is not None:
            self._refuse_unknown(tuple(known))

    def _refuse_unknown(self, known: tuple[str, ...]) -> None:
        for key in self.value:
            if key in known:
                continue
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            remedy = (
                say("Did you mean `{near}`? Otherwise remove it.", near=near[0])
                if near
                else say("Remove it; the keys known here are {known}.", known=", ".join(sorted(known)))
            )
            self.refuse(key, "key.unknown", say("`{key}` is not a key that is known here", key=key), remedy)

    def refuse(self, key: str | int, code: str, what: str, remedy: str) -> None:
        """Add a problem at `key`, or at the table if the key is absent."""
        self.problems.append(self.document.problem((*self.path, key), code, what, remedy))

    def refuse_secret(self, key: str, variable: str) -> None:
        """Add the problem of a secret written out; the excerpt shows the key and not the secret."""
        problem = self.document.problem(
            (*self.path, key),
            "secret",
            say("`{key}` is written out in this file, which is kept in git", key=key),
            say(
                'Write "${name}" and set that variable where duly runs; '
                "then change the secret, it has been published.",
                name=variable,
            ),
        )
        self.problems.append(dataclasses.replace(problem, excerpt=f"{key} ********"))

    def refuse_whole(self, code: str, what: str, remedy: str) -> None:
        """Add a problem at the table itself."""
        self.problems.append(self.document.problem(self.path, code, what, remedy))

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.value.get(key) is not None

    def _absent(self, key: str, *, required: bool) -> bool:
        if self.has(key):
            return False
        if required:
            self.refuse(
                key, "key.missing", say("`{key}` is missing", key=key), say("Add `{key}` here.", key=key)
            )
        return True

    def text(
        self, key: str, *, required: bool = True, pattern: str | None = None, shape: str = ""
    ) -> str | None:
        """Text of at least one character. `pattern` must match all of it; `shape` describes the pattern."""
        if self._absent(key, required=required):
            return None
        value = self.value[key]
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # a sender such as 10690000 need not be quoted
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "text", say("`{key}` must be text", key=key), say("Write it between quotes."))
            return None
        if any(ord(char) < 32 or ord(char) == 127 for char in value):
            self.refuse(
                key,
                "text.control",
                say("`{key}` holds a control character", key=key),
                say("Write it on one line, without tabs and escapes."),
            )
            return None
        if pattern is not None and not re.fullmatch(pattern, value):
            self.refuse(
                key,
                "text.shape",
                say("`{key}` is `{value}`, which is not {shape}", key=key, value=value, shape=shape),
                say("Write {shape}.", shape=shape),
            )
            return None
        return value

    def texts(
        self, key: str, *, required: bool = False, among: Iterable[str] | None = None
    ) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list of one. Empty when absent or wrong."""
        if self._absent(key, required=required):
            return ()
        value = self.value[key]
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item for item in items):
            self.refuse(
                key, "list", say("`{key}` must be a list of words", key=key), say("Write [one, two].")
            )
            return ()
        if among is not None:
            allowed = tuple(among)
            for item in items:
                if item not in allowed:
                    self._refuse_choice(key, item, allowed)
                    return ()
        return tuple(items)

    def choice(self, key: str, options: type[E], *, required: bool = True) -> E | None:
        """One member of an enum, by its value."""
        word = self.word(key, [str(option.value) for option in options], required=required)
        return None if word is None else options(word)

    def word(self, key: str, options: Iterable[str], *, required: bool = True) -> str | None:
        """One of the words in `options`."""
        if self._absent(key, required=required):
            return None
        value, allowed = self.value[key], tuple(options)
        if isinstance(value, str) and value in allowed:
            return value
        self._refuse_choice(key, value, allowed)
        return None

    def _refuse_choice(self, key: str, value: object, allowed: tuple[str, ...]) -> None:
        self.refuse(
            key,
            "choice",
            say("`{key}` is `{value}`, which is not one of the words known here", key=key, value=value),
            say("Write one of {allowed}.", allowed=", ".join(allowed)),
        )

    def integer(self, key: str, low: int, high: int, *, required: bool = True) -> int | None:
        """A whole number from `low` to `high`."""
        if self._absent(key, required=required):
            return None
        value = self.value[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(
                key,
                "number",
                say("`{key}` must be a whole number from {low} to {high}", key=key, low=low, high=high),
                say("Write a number in that range."),
            )
            return None
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when absent."""
        value = self.value.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(key, "flag", say("`{key}` must be true or false", key=key), say("Write true or false."))
        return False

    def day(self, key: str, *, required: bool = True) -> date | None:
        """A calendar day."""
        if self._absent(key, required=required):
            return None
        value = self.value[key]
        # A moment is a date too in Python; here a day is meant.
        if type(value) is date:
            return value
        self.refuse(
            key, "date", say("`{key}` must be a day", key=key), say("Write a day that exists, as YYYY-MM-DD.")
        )
        return None

    def decimal(self, key: str, digits: int, *, required: bool = True) -> int | None:
        """A non-negative decimal in units of 10^-`digits`, exact: 0.045 with 6 digits is 45000."""
        if self._absent(key, required=required):
            return None
        value = self.value[key]
        raw = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        match = _DECIMAL.fullmatch(raw)
        if match is None or len(match[2] or "") > digits:
            self.refuse(
                key,
                "amount",
                say(
                    "`{key}` must be an amount, not negative, of at most {digits} decimals",
                    key=key,
                    digits=digits,
                ),
                say('Write digits with a point, between quotes: "12.50".'),
            )
            return None
        scale: int = 10**digits
        return int(match[1]) * scale + int((match[2] or "").ljust(digits, "0") or 0)

    def amount(self, key: str, currency: str, *, required: bool = True) -> int | None:
        """Money of `currency` in minor units, at most `money.MAX_MINOR`."""
        minor = self.decimal(key, money.EXPONENT[currency], required=required)
        if minor is not None and minor > money.MAX_MINOR:
            self.refuse(
                key,
                "amount.bound",
                say("`{key}` is beyond the largest amount that is computed exactly", key=key),
                say("Write a smaller amount; look for a slip of the decimal point."),
            )
            return None
        return minor

    def milliseconds(self, key: str, *, required: bool = True) -> int | None:
        """A length of time such as `250ms`, `8s`, `5m`, `2h`, `3d`, in milliseconds."""
        raw = self.text(
            key, required=required, pattern=_DURATION.pattern, shape=say("a time such as 250ms, 8s, 5m")
        )
        if raw is None:
            return None
        number = raw.rstrip("mshd")
        return int(number) * _MILLISECONDS[raw.removeprefix(number)]

    def table(self, key: str, known: Iterable[str] | None, *, required: bool = True) -> Table | None:
        """The mapping under `key`."""
        if self._absent(key, required=required):
            return None
        return Table(self.document, (*self.path, key), self.problems, known=known)

    def tables(self, key: str, known: Iterable[str], *, required: bool = True) -> Iterator[Table]:
        """Each mapping of the list under `key`."""
        if self._absent(key, required=required):
            return
        if not isinstance(self.value[key], list):
            self.refuse(
                key, "list", say("`{key}` must be a list", key=key), say("Begin each entry with `- `.")
            )
            return
        for index in range(len(self.value[key])):
            yield Table(self.document, (*self.path, key, index), self.problems, known=known)

    def named(self, known: Iterable[str]) -> Iterator[tuple[str, Table]]:
        """Each mapping of a table whose keys are the user's own names."""
        for key in self.value:
            yield key, Table(self.document, (*self.path, key), self.problems, known=known)
