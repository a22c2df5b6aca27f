"""English phrases written so that a list does not see them: parted, run together, or with signs for letters.

`arr est`, `l.aw-suit`, `p0lice`, `j@il`, `poIice`: only letters are compared, each sign as the letter it looks like,
whatever stands between them. So that honest words do not form one by chance, what is found must begin where a word
begins and end where one ends, hold more letters than signs, and be longer where it runs over a blank.
An excuse is read in the same way as its phrase.
Refuses phrases too short to be told from chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from duly.text import normal
from duly.text.normal import Form
from duly.text.phrases import Excuse, Phrase

# Signs that are read as letters; i and l are one letter here, because 1, ! and | may be either.
_SIGNS = {
    "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "l", "|": "l", "€": "e",
    "i": "l",
}  # fmt: skip
_LEAST = 4
_LEAST_OVER_BLANK = 5
_START = 3  # phrases are looked up by their first letters


@dataclass(frozen=True, slots=True)
class _Sought:
    """One phrase in letters; `whole` when the word must end with it. The excuses are in letters too."""

    number: int
    key: str
    whole: bool
    excuses: tuple[tuple[str, Excuse], ...]

    def excused_by(self, notice: str | None) -> list[str]:
        """What it must not stand in to count, in a text of that notice."""
        return [key for key, excuse in self.excuses if excuse.holds(notice)]


class Index:
    """The phrases that are looked for, known by their place in the list."""

    def __init__(self, listed: Iterable[Phrase]) -> None:
        self._sought: list[_Sought] = []
        self._by_start: dict[str, list[_Sought]] = {}
        for number, phrase in enumerate(listed):
            key = letters(phrase.key)
            if phrase.form is not Form.WORDS or len(key) < _LEAST:
                continue
            excuses = tuple((letters(one.key), one) for one in phrase.excuses)
            one = _Sought(number, key, phrase.key.endswith(" "), excuses)
            self._sought.append(one)
            self._by_start.setdefault(key[:_START], []).append(one)

    def find(self, text: str, *, notice: str | None = None) -> Iterator[tuple[int, int]]:
        """Every phrase that stands unexcused however it is written, as (its number, its start in the text)."""
        read, origins = letters(text), None
        for one in self._begun_in(read):
            for at in _places(read, one.key):
                origins = origins or _origins(text)
                end = at + len(one.key)
                if _stands(text, origins, at, end, whole=one.whole) and not any(
                    _lies_in(read, key, at, end) for key in one.excused_by(notice)
                ):
                    yield one.number, origins[at]

    def _begun_in(self, read: str) -> Iterator[_Sought]:
        # Most letters of a text begin no phrase: they are told apart before anything is looked for.
        begins = set(map("".join, zip(read, read[1:], read[2:], strict=False)))
        for start in self._by_start.keys() & begins:
            yield from self._by_start[start]

    @property
    def keys(self) -> frozenset[str]:
        """All that is looked for, in letters."""
        return frozenset(one.key for one in self._sought)

    def count(self, letters: str) -> int:
        """How often any of them stands in these letters, excused or not, and whatever stood between them."""
        return sum(1 for key in {one.key for one in self._begun_in(letters)} for _ in _places(letters, key))

    def sign(self, letters: pl.Expr, *, notice: str | None = None) -> pl.Expr:
        """Whether a phrase that nothing excuses stands in texts of these letters (`column`)."""
        return _any_of(letters, [one.key for one in self._sought if not one.excused_by(notice)])

    def doubt(self, letters: pl.Expr, *, notice: str | None = None) -> pl.Expr:
        """Whether one stands in them that may be excused."""
        return _any_of(letters, [one.key for one in self._sought if one.excused_by(notice)])

    def unexcused(self, letters: pl.Expr, *, notice: str | None = None) -> pl.Expr:
        """Whether one that may be excused stands in them outside its excuses."""
        signs = [pl.lit(value=False)]
        for one in self._sought:
            if excuses := sorted(one.excused_by(notice), key=len, reverse=True):
                struck = [key.replace(one.key, "\x00") for key in excuses]
                rest = letters.str.replace_many(excuses, struck, leftmost=True)
                signs.append(rest.str.contains(one.key, literal=True))
        return pl.any_horizontal(signs)


def _any_of(letters: pl.Expr, keys: list[str]) -> pl.Expr:
    return letters.str.contains_any(sorted(set(keys))) if keys else pl.lit(value=False)


def column(text: pl.Expr, *, ordinary: bool) -> pl.Expr:
    """The letters of `find`; `ordinary` texts need no folding."""
    folded = text.str.to_lowercase() if ordinary else normal.folded_column(text)
    return folded.str.replace_many(list(_SIGNS), list(_SIGNS.values())).str.replace_all("[^a-z]+", "")


def letters(text: str) -> str:
    """The letters of `find`."""
    return text.translate(_READ)


def _origins(text: str) -> list[int]:
    """For each of its letters the index in the text."""
    return [index for index, char in enumerate(text) for _ in char.translate(_READ)]


class _Read(dict[int, str]):
    """The letters that each character is read as, found when it is first asked for."""

    def __missing__(self, code: int) -> str:
        folded = normal.folded(chr(code))
        self[code] = "".join(
            _SIGNS.get(char, char) for char in folded if char in _SIGNS or "a" <= char <= "z"
        )
        return self[code]


_READ = _Read()


def _places(letters: str, key: str) -> Iterator[int]:
    at = letters.find(key)
    while at >= 0:
        yield at
        at = letters.find(key, at + 1)


def _lies_in(letters: str, excuse: str, at: int, end: int) -> bool:
    start = letters.find(excuse, max(0, end - len(excuse)))
    return 0 <= start <= at


def _stands(text: str, origins: list[int], at: int, end: int, *, whole: bool) -> bool:
    first, last = origins[at], origins[end - 1]
    if (first and _is_word(text[first - 1])) or origins[at - 1 : at] == [first]:
        return False
    if whole and last + 1 < len(text) and _is_word(text[last + 1]):
        return False
    written = text[first : last + 1]
    letters = sum(char.isalpha() for char in written)
    if 2 * letters <= end - at:
        return False
    over_blank = any(char.isspace() for char in written)
    return not over_blank or end - at >= _LEAST_OVER_BLANK


def _is_word(char: str) -> bool:
    return normal.normalise(char, Form.WORDS).strip(" ") != ""
