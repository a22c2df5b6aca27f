"""A phrase of a list, the wordings that excuse it, and finding it in a text however it was written.

Chinese phrases are found anywhere; English ones as whole words, or as the beginning of a word when written
`arrest*`, or spelled out letter by letter. An occurrence is excused when it lies inside an occurrence of one
of the phrase's own excuses (or, where the list says so, runs into one), and by nothing else: a "not"
somewhere before it excuses nothing.
Refuses phrases too short to mean anything, and excuses that do not hold the phrase.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from duly.text import normal
from duly.text.normal import Form

# A spelled-out run is searched without word boundaries, so very short words would be found by chance.
_LEAST_SPELLED = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Excuse:
    """A longer wording within which a phrase does not count; only in these notices, or in any if None.

    With `partly` the phrase need only run into it: "can't pay" undoes "pay it" in "can't pay it".
    """

    key: str
    notices: frozenset[str] | None = None
    partly: bool = False

    def holds(self, notice: str | None) -> bool:
        """Whether it excuses in `notice`."""
        return self.notices is None or notice in self.notices


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """`text` as written in the list, and `key`, which is looked for in `form`."""

    text: str
    form: Form
    key: str
    excuses: tuple[Excuse, ...] = ()


@dataclass(kw_only=True)
class Reading:
    """One text in the forms that were asked for so far."""

    text: str
    _forms: dict[Form, str] = field(default_factory=dict)
    _runs: list[tuple[int, str]] | None = None

    def form(self, form: Form) -> str:
        """The text in that form."""
        if form not in self._forms:
            self._forms[form] = normal.normalise(self.text, form)
        return self._forms[form]

    def runs(self) -> list[tuple[int, str]]:
        """Letters spelled out one by one."""
        if self._runs is None:
            self._runs = normal.spelled(self.form(Form.WORDS))
        return self._runs


class Index:
    """Many phrases, ordered so that a text is gone through once; known by their place in the list."""

    def __init__(self, listed: Iterable[Phrase]) -> None:
        self.phrases = tuple(listed)
        self._by_start: dict[Form, dict[str, list[int]]] = {form: {} for form in Form}
        self._spelled: list[tuple[int, str]] = []
        for number, phrase in enumerate(self.phrases):
            self._by_start[phrase.form].setdefault(phrase.key[:2], []).append(number)
            if (letters := _letters(phrase)) is not None:
                self._spelled.append((number, letters))

    def find(self, reading: Reading, *, notice: str | None = None) -> Iterator[tuple[int, int]]:
        """Every phrase that stands unexcused, as (its number, start in the text as it was written)."""
        found: set[int] = set()
        for form, starts in self._by_start.items():
            text = reading.form(form)
            # Most pairs of a text begin no phrase: they are told apart before anything is looked for.
            begins = {*text, *map(operator.add, text, text[1:])}
            found.update(
                number
                for begin in starts.keys() & begins
                for number in starts[begin]
                if self.phrases[number].key in text
            )
        for _, run in reading.runs():
            found.update(number for number, letters in self._spelled if letters in run)
        for number in sorted(found):
            for start in places(reading, self.phrases[number], notice=notice):
                yield number, start


def make(text: str) -> Phrase:
    """The phrase for `text`, without excuses."""
    form = normal.form_of(text)
    key = normal.normalise(text, form)
    if form is Form.WORDS and text.endswith("*"):
        key = key.rstrip(" ")
    return Phrase(text=text, form=form, key=key)


def excuse(text: str, phrase: Phrase, notices: frozenset[str] | None = None) -> Excuse | None:
    """`text` as an excuse for the phrase; None when the phrase does not stand in it."""
    key = normal.normalise(text, phrase.form)
    if phrase.form is Form.WORDS and text.endswith("*"):
        key = key.rstrip(" ")
    return Excuse(key=key, notices=notices) if phrase.key in key and key != phrase.key else None


def undoing(text: str, phrase: Phrase) -> Excuse | None:
    """`text` as an excuse that the phrase need only run into; None when the two can never meet."""
    key = normal.normalise(text, phrase.form)
    left, right = key.strip(" "), phrase.key.strip(" ")
    meets = right in left or any(
        left.endswith(right[:size]) or right.endswith(left[:size])
        for size in range(1, min(len(left), len(right)))
    )
    return Excuse(key=key, partly=True) if left and meets and left != right else None


def is_too_short(phrase: Phrase) -> bool:
    """Whether the phrase would be found by chance: one character, or no letters at all."""
    return len(phrase.key.strip(" ")) < 2


def places(reading: Reading, phrase: Phrase, *, notice: str | None = None) -> Iterator[int]:
    """Where the phrase stands unexcused, as indexes into the text as it was written."""
    text = reading.form(phrase.form)
    found = list(_occurrences(text, phrase.key)) if phrase.key in text else []
    if found and phrase.excuses:
        excused = [
            (start, excuse)
            for excuse in phrase.excuses
            if excuse.holds(notice)
            for start in _occurrences(text, excuse.key)
        ]
        found = [
            at for at in found if not any(_excuses(excuse, start, phrase, at) for start, excuse in excused)
        ]
    if (letters := _letters(phrase)) is not None:
        found += [at - 1 for at, run in reading.runs() if letters in run]
    if found:
        origins = normal.origins(reading.text, phrase.form)
        step = 1 if phrase.form is Form.WORDS else 0  # past the blank before the word
        yield from sorted({origins[at + step] for at in found})


def _letters(phrase: Phrase) -> str | None:
    """What to look for in a spelled-out run; None for what is not or too short."""
    letters = phrase.key.replace(" ", "") if phrase.form is Form.WORDS else ""
    return letters if len(letters) >= _LEAST_SPELLED else None


def _excuses(excuse: Excuse, start: int, phrase: Phrase, at: int) -> bool:
    """Whether the excuse that stands at `start` excuses the phrase that stands at `at`."""
    end, phrase_end = start + len(excuse.key), at + len(phrase.key)
    if not excuse.partly:
        return start <= at and phrase_end <= end
    # The blanks around words do not make them meet.
    edge = 1 if phrase.form is Form.WORDS else 0
    return start + edge < phrase_end - edge and at + edge < end - edge


def _occurrences(text: str, key: str) -> Iterator[int]:
    at = text.find(key)
    while at >= 0:
        yield at
        at = text.find(key, at + 1)
