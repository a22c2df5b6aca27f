"""A file of forbidden words, read: strictly, with every problem at its line.

    lists: wording            jurisdiction, as_of
    words: [en]               lists that several packs share, whose phrases these categories take as their own
    categories:               all fifteen, each with `says`, `basis`, `block`, `review` and `offers`
    debt: [...]               words that tell of a debt
    elements: {...}           what makes an element of a notice present, in each language

A shared list (`words/en.yaml`) has `lists: words`, `as_of`, `categories` without `basis`, `debt` and `elements`: which
text of law forbids a phrase is for each pack to say.
Refuses the whole file for any problem in it or in what it builds upon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from duly.errors import Problem
from duly.model.said import say
from duly.text import disguise, phrases, statements
from duly.text.marked import Reading, Where
from duly.text.normal import Form
from duly.text.phrases import Excuse, Phrase
from duly.text.wording import CATEGORIES, OFFERS, Action, Entry, Lists

_TOP = ("lists", "jurisdiction", "as_of", "words", "categories", "debt", "elements")
_SHARED = ("lists", "as_of", "categories", "debt", "elements")
_CATEGORY = ("says", "basis", "block", "review", "offers")


def load(
    source: str, file: str, shelf: Mapping[str, str] | None = None
) -> tuple[Lists | None, tuple[Problem, ...]]:
    """The lists of one YAML file, or None and every problem in it; `shelf` holds the shared lists by name."""
    reading = Reading(source, kind="wording", file=file)
    if reading.problems:
        return None, tuple(reading.problems)
    top = reading.mapping(reading.value, (), _TOP)
    if top.get("lists") != "wording":
        reading.refuse(("lists",), "lists", say("this is not a wording file"), say("Write `lists: wording`."))
    jurisdiction = reading.text(top.get("jurisdiction"), ("jurisdiction",))
    as_of = reading.day(top.get("as_of"), ("as_of",))
    categories = reading.mapping(top.get("categories"), ("categories",), CATEGORIES)
    for name in CATEGORIES:
        if name not in categories:
            what = say("the category `{name}` is missing", name=name)
            reading.refuse(("categories",), "category.missing", what, say("Add it; none may be left out."))
    shared = _shared(reading, top.get("words"), shelf or {})
    entries: list[Entry] = []
    says: dict[str, Mapping[str, str]] = {}
    for name, body in categories.items():
        if name in CATEGORIES:
            says[name] = _read_category(_Part(reading, ("categories", name), body), name, shared, entries)
    debt = _read_debt([_Part(reading, ("debt",), top.get("debt")), *(one.of("debt") for one in shared)])
    own = _Part(reading, ("elements",), top.get("elements"))
    stated: dict[str, statements.Ways] = {}
    for part in (own, *(one.of("elements") for one in shared)):
        stated = {**statements.read(part.reading, part.body, part.where), **stated}
    problems = [*reading.problems, *(problem for one in shared for problem in one.reading.problems)]
    if problems or as_of is None:
        return None, tuple(problems)
    digest = hashlib.sha256(source.encode())
    for one in shared:
        digest.update(hashlib.sha256((shelf or {})[one.name].encode()).digest())
    lists = Lists(
        jurisdiction=jurisdiction,
        as_of=as_of,
        entries=tuple(entries),
        says=says,
        debt=debt,
        statements=stated,
        digest=digest.hexdigest(),
        index=phrases.Index(entry.phrase for entry in entries),
        disguised=disguise.Index(entry.phrase for entry in entries),
    )
    return lists, ()


@dataclass(frozen=True, slots=True)
class _Part:
    """Something written in one of the files: where it stands, and what it is."""

    reading: Reading
    where: Where
    body: object

    def mapping(self, known: Iterable[str]) -> Mapping[str, object]:
        return {} if self.body is None else self.reading.mapping(self.body, self.where, known)

    def of(self, keys: Mapping[str, object], name: str) -> _Part:
        return _Part(self.reading, (*self.where, name), keys.get(name))

    def items(self) -> list[tuple[Where, object]]:
        return self.reading.items(self.body, self.where)


@dataclass(frozen=True, slots=True)
class _Shared:
    """A list that several packs build upon."""

    name: str
    reading: Reading
    top: Mapping[str, object]
    categories: Mapping[str, object]

    def of(self, name: str) -> _Part:
        return _Part(self.reading, (name,), self.top.get(name))

    def category(self, name: str) -> _Part:
        return _Part(self.reading, ("categories", name), self.categories.get(name))


def _shared(reading: Reading, names: object, shelf: Mapping[str, str]) -> list[_Shared]:
    found = []
    for at, item in reading.items(names, ("words",)):
        name = reading.text(item, at)
        if name and name not in shelf:
            what = say("there is no shared list `{name}`", name=name)
            known = ", ".join(sorted(shelf)) or "-"
            reading.refuse(
                at, "words.unknown", what, say("Those that come with duly are {known}.", known=known)
            )
        elif name:
            beside = Reading(shelf[name], kind="wording", file=f"words/{name}.yaml")
            top = {} if beside.problems else beside.mapping(beside.value, (), _SHARED)
            categories = beside.mapping(top.get("categories"), ("categories",), CATEGORIES) if top else {}
            found.append(_Shared(name, beside, top, categories))
    return found


def _read_category(part: _Part, name: str, shared: list[_Shared], entries: list[Entry]) -> Mapping[str, str]:
    reading = part.reading
    keys = part.mapping(_CATEGORY)
    beside = [(one, one.mapping(_CATEGORY)) for one in (each.category(name) for each in shared)]
    # A sentence that stands in a shared list need not be written again.
    said_by = next(
        (one.of(found, "says") for one, found in [(part, keys), *beside] if "says" in found),
        part.of(keys, "says"),
    )
    says = said_by.reading.mapping(said_by.body, said_by.where, ("zh", "en"))
    for language in ("zh", "en"):
        said_by.reading.text(says.get(language), (*said_by.where, language))
    basis = tuple(reading.text(item, at) for at, item in part.of(keys, "basis").items())
    if not basis:
        what = say("`{name}` names no row of the law", name=name)
        reading.refuse((*part.where, "basis"), "basis.missing", what, say("Write `basis: [ROW-ID]`."))
    seen: set[tuple[Form, str]] = set()
    for one, found in [(part, keys), *beside]:
        promised = one.of(found, "offers")
        offered = promised.mapping(OFFERS)
        listed: list[tuple[Action, str | None, _Part]] = [
            (action, None, one.of(found, action.value)) for action in Action
        ]
        listed += [(Action.REVIEW, kind, promised.of(offered, kind)) for kind in OFFERS]
        for action, offer, phrases_of in listed:
            for at, item in phrases_of.items():
                phrase = _read_phrase(one.reading, item, at)
                if phrase is None:
                    continue
                if (phrase.form, phrase.key) in seen:
                    what = say("`{text}` stands in `{name}` already", text=phrase.text, name=name)
                    one.reading.refuse(at, "phrase.twice", what, say("Remove one of the two."))
                    continue
                seen.add((phrase.form, phrase.key))
                entries.append(Entry(category=name, action=action, basis=basis, phrase=phrase, offer=offer))
    return {language: str(words) for language, words in says.items()}


def _read_debt(parts: Iterable[_Part]) -> tuple[Phrase, ...]:
    """Words that tell of a debt; one Chinese character is enough, because finding too many only holds."""
    found = {
        phrases.make(words).key: phrases.make(words)
        for part in parts
        for at, item in part.items()
        if (words := part.reading.text(item, at))
    }
    return tuple(found.values())


def _read_phrase(reading: Reading, item: object, at: Where) -> Phrase | None:
    keys: Mapping[str, object] = {"phrase": item}
    if isinstance(item, Mapping):
        keys = reading.mapping(item, at, ("phrase", "allow"))
    words = reading.text(keys.get("phrase"), at)
    if not words:
        return None
    phrase = phrases.make(words)
    if phrases.is_too_short(phrase):
        what = say("`{text}` is too short: it would be found by chance", text=words)
        reading.refuse(at, "phrase.short", what, say("Write two characters or more that count."))
        return None
    excuses = [
        excuse
        for place, allowed in reading.items(keys.get("allow"), (*at, "allow"))
        if (excuse := _read_excuse(reading, phrase, allowed, place)) is not None
    ]
    return replace(phrase, excuses=tuple(excuses))


def _read_excuse(reading: Reading, phrase: Phrase, item: object, at: Where) -> Excuse | None:
    keys: Mapping[str, object] = {"phrase": item}
    if isinstance(item, Mapping):
        keys = reading.mapping(item, at, ("phrase", "notices"))
    listed = reading.items(keys.get("notices"), (*at, "notices"))
    notices = frozenset(reading.text(name, place) for place, name in listed) if listed else None
    words = reading.text(keys.get("phrase"), at)
    if not words:
        return None
    excuse = phrases.excuse(words, phrase, notices)
    if excuse is None:
        what = say("an `allow` of `{text}` does not hold it within more", text=phrase.text)
        reading.refuse(at, "allow.apart", what, say("Write the longer wording with the phrase in it."))
    return excuse
