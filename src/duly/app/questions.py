"""Questions to the law that anybody may ask, with no project and no database: JSON in, JSON verdicts out.

A question names one shipped pack; the packs of all jurisdictions the act lies in, the wider ones too, are joined
to it where they are shipped: us-ma to us, eu to ie. A text is examined with the word lists of those packs.
Refuses a document with any problem, and answers none of its questions then.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from duly.app import law
from duly.errors import Problem, ProjectRefused, WrongUsage
from duly.law import document, jurisdictions, reply
from duly.law import pack as packs
from duly.law.pack import Pack
from duly.model.party import Actor
from duly.model.said import say
from duly.text import disclosure, wordfile, wording

WORDING = "wording.yaml"
DEBT_DISCLOSED = "debt_disclosed"


def ask(actor: Actor, written: bytes, *, file: str, locale: str) -> object:
    """The verdict of each question of a document: an object for an object, a list for an array.

    Raises ProjectRefused with everything that is wrong.
    """
    del actor  # anybody may ask what the law says
    questions, several, problems = document.read(written, file)
    shelf = Shelf()
    problems += [one for question in questions for one in _unanswerable(shelf, question, file)]
    if problems:
        raise ProjectRefused(problems)
    found = [
        reply.answer(shelf.joined(question), examined(shelf, question), locale=locale)
        for question in questions
    ]
    return found if several else found[0]


def from_file(path: Path) -> bytes:
    """The bytes of a file. Raises WrongUsage where there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUsage(
            say("{file} cannot be read: {why}", file=path, why=error.strerror or str(error)),
            remedy=say("Name a file of JSON, or - to read from standard input."),
        ) from error


class Shelf:
    """The shipped packs that the questions of one document need, each read once."""

    def __init__(self) -> None:
        self.shipped = frozenset(law.names())
        self._packs: dict[str, Pack] = {}
        self._joined: dict[tuple[str, ...], Pack] = {}
        self._lists: dict[str, wording.Lists | None] = {}

    def joined(self, question: document.Question) -> Pack:
        """Every pack whose law the question asks for, as one."""
        names = self.names(question)
        if names not in self._joined:
            first, *others = (self.pack(name) for name in names)
            self._joined[names] = packs.join(first, *others) if others else first
        return self._joined[names]

    def names(self, question: document.Question) -> tuple[str, ...]:
        """The named pack first, then those of the jurisdictions the act names, with all that these lie in."""
        found, held = [question.pack], set(self.pack(question.pack).jurisdictions)
        asked = (one for code in question.act.jurisdictions for one in jurisdictions.chain(code))
        for code in dict.fromkeys(asked):
            # What the packs at hand already hold is not sought in another one.
            if code not in held and code.lower() in self.shipped:
                found.append(code.lower())
                held |= self.pack(code.lower()).jurisdictions
        return tuple(found)

    def lists(self, name: str) -> wording.Lists | None:
        """The word lists of a pack; None for the pack of a part, whose texts are read with those of the whole."""
        if name not in self._lists:
            path, words = packs.shipped(name) / WORDING, None
            if path.is_file():
                source = path.read_text(encoding="utf-8")
                words, problems = wordfile.load(source, f"{name}/{WORDING}", packs.words())
                if words is None:
                    raise ProjectRefused(problems)
            self._lists[name] = words
        return self._lists[name]

    def pack(self, name: str) -> Pack:
        """A shipped pack. Raises WrongUsage where there is none of that name."""
        if name not in self._packs:
            self._packs[name] = law.shipped(name)
        return self._packs[name]


def _unanswerable(shelf: Shelf, question: document.Question, file: str) -> list[Problem]:
    """What only the packs can tell to be wrong with a question."""
    if question.pack not in law.names():
        return [
            Problem(
                code="law.ask.pack",
                file=f"{file} {question.path}.pack",
                what=say("there is no pack `{name}`", name=question.pack),
                remedy=say("The packs that come with duly are {known}.", known=", ".join(law.names())),
            )
        ]
    known = {rule.id for rule in shelf.joined(question).rules}
    return [
        Problem(
            code="law.ask.policy",
            file=f"{file} {question.path}.facts.policy.{rule}",
            what=say("no rule {rule} in {packs}", rule=rule, packs=shelf.joined(question).name),
            remedy=say(
                "Near it are {names}; `duly law show` lists them all.",
                names=", ".join(law.near(rule, sorted(known))),
            ),
        )
        for rule in sorted(question.act.policy)
        if rule not in known
    ]


def examined(shelf: Shelf, question: document.Question) -> document.Question:
    """The question with what its text holds; what a person would have to look at is left unknown, and holds.

    What the question states of its text by itself stands.
    """
    if question.text is None:
        return question
    lists = [words for name in shelf.names(question) if (words := shelf.lists(name)) is not None]
    act = question.act
    if act.claims is None:
        found = [one for words in lists for one in wording.find(question.text, words)]
        blocked = wording.claims(found)
        known = bool(blocked) or (bool(lists) and not wording.reviews(found))
        act = dataclasses.replace(act, claims=blocked if known else None)
    if lists and act.facts.get(DEBT_DISCLOSED) is None:
        tells = any(disclosure.told(question.text, words) is not None for words in lists)
        act = dataclasses.replace(act, facts={**act.facts, DEBT_DISCLOSED: tells})
    return dataclasses.replace(question, act=act)
