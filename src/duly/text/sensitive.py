"""What of a word list could be formed by a value together with what stands beside it.

A phrase of Chinese characters that lies over the edge of a name, or within it, holds two neighbouring characters of
which one at least is the name's. So a name of which no such pair stands in any phrase forms none, whatever else the
text says. Letters and digits are told by the letters that a disguised phrase is read in (`disguise`), and by the
few phrases that hold a number.
Refuses to say that a phrase is there: only that none can be.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from duly.text import figures
from duly.text.disguise import Index
from duly.text.normal import Form
from duly.text.phrases import Phrase
from duly.text.wording import Lists

# The characters of the words by which elements are known (`elements`): opt-out and objection.
_ELEMENTS = frozenset("退订拒收请回复异议申诉")
# A star phrase of fewer letters is not among the disguised ones.
_SHORT = 4


@dataclass(frozen=True, kw_only=True)
class Sensitive:
    """Of one list: `pairs` of neighbouring characters in phrases, excuses and statements with Chinese characters.

    `alone` are characters that mean something by themselves. `beside_letters` are Chinese characters that stand beside
    a letter or digit in a phrase. `before_number` and `after_number` are words beside a number in one. `starts` are
    beginnings of words, too short for `disguised`. `numbered` says whether a phrase of Chinese characters has digits.
    `silent` is a Chinese character that stands in no phrase.
    """

    pairs: frozenset[str]
    alone: frozenset[str]
    beside_letters: frozenset[str]
    before_number: frozenset[str]
    after_number: frozenset[str]
    starts: tuple[str, ...]
    numbered: bool
    silent: str
    disguised: Index


def of(lists: Lists) -> Sensitive:
    """What is sensitive by the lists."""
    written = [key for form, key in _keys(lists) if form is not Form.WORDS]
    words = [key for form, key in _keys(lists) if form is Form.WORDS]
    pairs = {key[at : at + 2] for key in written for at in range(len(key) - 1)}
    # A numeral before a unit of money is a sum in words.
    sums = {numeral + unit for numeral in figures.NUMERALS for unit in "元块圆"}
    sides = [pair for key in words for pair in _neighbours(key.split())]
    return Sensitive(
        pairs=frozenset(pairs | sums),
        alone=frozenset(key for key in written if len(key) == 1) | _ELEMENTS,
        beside_letters=frozenset(
            char
            for pair in pairs
            for char, other in ((pair[0], pair[1]), (pair[1], pair[0]))
            if other.isascii() and not char.isascii()
        ),
        before_number=frozenset(left for left, right in sides if _has_digit(right)),
        after_number=frozenset(right for left, right in sides if _has_digit(left)),
        starts=tuple(sorted({key.strip() for key in words if not key.endswith(" ") and _is_short(key)})),
        silent=_silent({char for key in written for char in key} | {char for pair in sums for char in pair}),
        numbered=any(_has_digit(key) for key in written),
        disguised=lists.disguised,
    )


def _silent(spoken: Collection[str]) -> str:
    return next(char for code in range(0x9F80, 0x4E00, -1) if (char := chr(code)) not in spoken)


def pairs_of(text: str) -> Iterator[str]:
    """Its neighbouring characters."""
    return (text[at : at + 2] for at in range(len(text) - 1))


def _keys(lists: Lists) -> Iterator[tuple[Form, str]]:
    for phrase in _phrases(lists):
        yield phrase.form, phrase.key
        for excuse in phrase.excuses:
            yield phrase.form, excuse.key


def _phrases(lists: Lists) -> Iterator[Phrase]:
    yield from (entry.phrase for entry in lists.entries)
    yield from lists.debt
    for ways in lists.statements.values():
        yield from (piece for said in ways.values() for way in said for piece in way)


def _neighbours(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    return itertools.pairwise(words)


def _has_digit(text: str) -> bool:
    return any("0" <= char <= "9" for char in text)


def _is_short(key: str) -> bool:
    return len(key.replace(" ", "")) < _SHORT
