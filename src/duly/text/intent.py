"""What a debtor's reply means, by lists that are data: the words, what undoes them, and what comes first.

A reply may say several things; the one that stands first in the precedence decides and the others are
reported with it, so that "stop, and I have paid" does both.
Refuses to understand more than the lists say: the rest is `unknown` and goes to a person.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

from duly.errors import Problem
from duly.model.said import say
from duly.text import normal, phrases, promise
from duly.text.marked import Reading, Where
from duly.text.normal import Form
from duly.text.phrases import Excuse, Phrase
from duly.text.promise import Promise


class Kind(Enum):
    """What is meant."""

    STOP = "stop"
    START = "start"
    WRONG_NUMBER = "wrong_number"
    PAID = "paid"
    PROMISE = "promise"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    HELP = "help"
    LAWYER = "lawyer"
    COMPLAINT = "complaint"
    ABUSIVE = "abusive"
    UNKNOWN = "unknown"


LISTED = tuple(kind for kind in Kind if kind is not Kind.UNKNOWN)

# Percent; a word for people and a threshold for the inbox, not a probability that anybody measured.
CERTAIN, LIKELY, DOUBTFUL, NONE = 100, 80, 50, 0


@dataclass(frozen=True, kw_only=True)
class Intent:
    """The meaning: `confidence` 100 when the whole reply is a listed word, 80 when one meaning was found, 50
    when several were, 0 for unknown. `phrase` is the listed one that was found, `also` the other meanings.
    `promise` is set whenever a promise is among them.
    """

    kind: Kind
    confidence: int
    phrase: str
    also: tuple[Kind, ...] = ()
    promise: Promise | None = None


@dataclass(frozen=True, kw_only=True)
class Lists:
    """All phrases of a file. `whole` maps a whole reply to its meaning; `digest` is SHA-256 of the file."""

    jurisdiction: str
    as_of: date
    precedence: tuple[Kind, ...]
    whole: Mapping[str, tuple[Kind, str]]
    kinds: tuple[Kind, ...]
    index: phrases.Index = field(repr=False, compare=False)
    says: Mapping[Kind, Mapping[str, str]]
    digest: str


def read(reply: str, lists: Lists, *, on: date | None = None, currency: str = "CNY") -> Intent:
    """The meaning of a reply that came on the day `on`; see `promise.stated` for what `on` is needed for."""
    if whole := lists.whole.get(_whole(reply)):
        kind, phrase = whole
        pledged = promise.stated(reply, on=on, currency=currency) if kind is Kind.PROMISE else None
        return Intent(kind=kind, confidence=CERTAIN, phrase=phrase, promise=pledged)
    found: dict[Kind, str] = {}
    for number, _ in lists.index.find(phrases.Reading(text=reply)):
        found.setdefault(lists.kinds[number], lists.index.phrases[number].text)
    if not found:
        return Intent(kind=Kind.UNKNOWN, confidence=NONE, phrase="")
    first, *others = (kind for kind in lists.precedence if kind in found)
    return Intent(
        kind=first,
        confidence=DOUBTFUL if others else LIKELY,
        phrase=found[first],
        also=tuple(others),
        promise=promise.stated(reply, on=on, currency=currency) if Kind.PROMISE in found else None,
    )


_OWN = ("lists", "jurisdiction", "as_of", "precedence", "intents")


def load(
    source: str, file: str, shelf: Mapping[str, str] | None = None
) -> tuple[Lists | None, tuple[Problem, ...]]:
    """The lists of one YAML file, or None and every problem in it; `shelf` holds those it may be `like`, by name."""
    reading = Reading(source, kind="intents", file=file)
    if reading.problems:
        return None, tuple(reading.problems)
    if isinstance(reading.value, Mapping) and "like" in reading.value:
        return _like(reading, source, shelf or {})
    top = reading.mapping(reading.value, (), _OWN)
    if top.get("lists") != "intents":
        reading.refuse(
            ("lists",), "lists", say("this is not an intents file"), say("Write `lists: intents`.")
        )
    jurisdiction = reading.text(top.get("jurisdiction"), ("jurisdiction",))
    as_of = reading.day(top.get("as_of"), ("as_of",))
    names = [kind.value for kind in LISTED]
    bodies = reading.mapping(top.get("intents"), ("intents",), names)
    for name in names:
        if name not in bodies:
            what = say("the meaning `{name}` is missing", name=name)
            reading.refuse(("intents",), "intent.missing", what, say("Add it; none may be left out."))
    precedence = _read_precedence(reading, top.get("precedence"))
    listed: list[tuple[Kind, Phrase]] = []
    whole: dict[str, tuple[Kind, str]] = {}
    says: dict[Kind, Mapping[str, str]] = {}
    for kind in LISTED:
        if kind.value in bodies:
            says[kind] = _read_kind(reading, kind, bodies[kind.value], listed, whole)
    if reading.problems or as_of is None:
        return None, tuple(reading.problems)
    return Lists(
        jurisdiction=jurisdiction,
        as_of=as_of,
        precedence=precedence,
        whole=whole,
        kinds=tuple(kind for kind, _ in listed),
        index=phrases.Index(phrase for _, phrase in listed),
        says=says,
        digest=hashlib.sha256(source.encode()).hexdigest(),
    ), ()


def _like(
    reading: Reading, source: str, shelf: Mapping[str, str]
) -> tuple[Lists | None, tuple[Problem, ...]]:
    """The lists of another pack, under this one's jurisdiction."""
    top = reading.mapping(reading.value, (), ("lists", "jurisdiction", "as_of", "like"))
    name = reading.text(top.get("like"), ("like",))
    jurisdiction = reading.text(top.get("jurisdiction"), ("jurisdiction",))
    as_of = reading.day(top.get("as_of"), ("as_of",))
    if name and name not in shelf:
        what = say("no pack `{name}` has lists of its own", name=name)
        known = ", ".join(sorted(shelf)) or "-"
        reading.refuse(("like",), "like", what, say("Those that have are {known}.", known=known))
    if reading.problems or as_of is None:
        return None, tuple(reading.problems)
    theirs, problems = load(shelf[name], f"{name}/intents.yaml")
    if theirs is None:
        return None, problems
    digest = hashlib.sha256(source.encode() + hashlib.sha256(shelf[name].encode()).digest()).hexdigest()
    return replace(theirs, jurisdiction=jurisdiction, as_of=as_of, digest=digest), ()


def _read_precedence(reading: Reading, value: object) -> tuple[Kind, ...]:
    words = [reading.text(item, at) for at, item in reading.items(value, ("precedence",))]
    if sorted(words) != sorted(kind.value for kind in LISTED):
        what = say("`precedence` does not name each meaning once")
        remedy = say("Write each of {names} once.", names=", ".join(sorted(kind.value for kind in LISTED)))
        reading.refuse(("precedence",), "precedence", what, remedy)
        return ()
    return tuple(Kind(word) for word in words)


def _read_kind(
    reading: Reading,
    kind: Kind,
    body: object,
    listed: list[tuple[Kind, Phrase]],
    whole: dict[str, tuple[Kind, str]],
) -> Mapping[str, str]:
    where: Where = ("intents", kind.value)
    keys = reading.mapping(body, where, ("says", "whole", "phrases", "unless"))
    for at, item in reading.items(keys.get("whole"), (*where, "whole")):
        word = reading.text(item, at)
        if _whole(word) in whole:
            what = say("`{text}` has a meaning already", text=word)
            reading.refuse(at, "whole.twice", what, say("Remove one of the two."))
        elif word:
            whole[_whole(word)] = (kind, word)
    made: dict[tuple[Form, str], Phrase] = {}
    for at, item in reading.items(keys.get("phrases"), (*where, "phrases")):
        phrase = phrases.make(reading.text(item, at))
        if not phrase.key.strip():
            what = say("`{text}` holds nothing that could be found", text=phrase.text)
            reading.refuse(at, "phrase.short", what, say("Write Chinese characters or Latin letters."))
        elif (phrase.form, phrase.key) in made:
            what = say("`{text}` stands here already", text=phrase.text)
            reading.refuse(at, "phrase.twice", what, say("Remove one of the two."))
        else:
            made[phrase.form, phrase.key] = phrase
    excuses = _read_unless(reading, keys.get("unless"), (*where, "unless"), list(made.values()))
    listed += [
        (kind, replace(phrase, excuses=tuple(excuses.get(phrase.text, ())))) for phrase in made.values()
    ]
    says = reading.mapping(keys.get("says"), (*where, "says"), ("zh", "en"))
    return {
        language: reading.text(says.get(language), (*where, "says", language)) for language in ("zh", "en")
    }


def _read_unless(
    reading: Reading, value: object, where: Where, made: list[Phrase]
) -> dict[str, list[Excuse]]:
    excuses: dict[str, list[Excuse]] = {}
    for at, item in reading.items(value, where):
        words = reading.text(item, at)
        held = [(phrase, excuse) for phrase in made if (excuse := phrases.undoing(words, phrase)) is not None]
        if words and not held:
            what = say("`{text}` meets none of the phrases, so it undoes nothing", text=words)
            reading.refuse(at, "unless.apart", what, say("Write the longer wording with the phrase in it."))
        for phrase, excuse in held:
            excuses.setdefault(phrase.text, []).append(excuse)
    return excuses


def _whole(reply: str) -> str:
    """A reply as it is compared with a whole one: letters and digits, or what there is if there are none."""
    return normal.normalise(reply, Form.COMPACT) or unicodedata.normalize("NFKC", reply).strip()
