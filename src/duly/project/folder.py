"""The project as a whole: everything parsed, every digest, or every problem of every file.

    project, problems = folder.load(folder.find(Path.cwd()))

Refuses to give half a project: with any problem at all there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from duly.book import mapping, source
from duly.errors import Problem
from duly.law import values
from duly.law.pack import Pack
from duly.model.said import say
from duly.plan import strategy as strategies
from duly.plan.ladder import Strategy
from duly.project import (
    adoption,
    agreement,
    bounds,
    calendars,
    cases,
    certificates,
    channels,
    contents,
    digest,
    document,
    law,
    proofreading,
    settings,
    smpp,
    takeover,
    templates,
    words,
)
from duly.project.agreement import Parts
from duly.project.cases import Case
from duly.project.channels import Route
from duly.project.contents import STATE, Contents, find
from duly.project.document import Document
from duly.project.law import Law
from duly.project.settings import Settings
from duly.project.templates import TemplateKey
from duly.project.words import Words
from duly.text import destinations as official
from duly.text.destinations import Destinations
from duly.text.template import Template

__all__ = ["Digests", "Project", "find", "load", "read", "written"]

BOOK, STRATEGY, DESTINATIONS = "book.yaml", "strategy.yaml", "destinations.yaml"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Digests:
    """SHA-256 (hex) of each part that is approved; `digest` says how to compute them without duly.

    `packs` covers the pinned packs and law/, by the digests that duly.lock names.
    """

    settings: str
    packs: str
    destinations: str
    book: str
    strategy: str
    channels: str
    templates: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder without problems.

    `packs` are the pinned ones by name, and the project's own rules as "law"; `law` is all of them joined,
    what plan and gate judge by, and `words` are its lists. `calendars` are the lender's own by name, `adoptions`
    say who read which rows. `templates` by notice, locale and part. `book` is book.yaml.
    """

    root: Path
    settings: Settings
    packs: Mapping[str, Pack]
    law: Pack
    calendars: Mapping[str, calendars.OwnCalendar]
    adoptions: tuple[adoption.Adoption, ...]
    words: Words
    destinations: Destinations
    book: mapping.Mapping
    strategy: Strategy
    routes: tuple[Route, ...]
    certificates: Mapping[str, bytes]
    templates: Mapping[TemplateKey, Template]
    cases: tuple[Case, ...]
    digests: Digests

    @property
    def policy(self) -> values.Policy:
        """What the lender set, as the law takes it: numbers, lifted rules, calendars."""
        return law.policy(self.settings, self.calendars)

    @property
    def state(self) -> Path:
        """Where everything generated goes; git ignores it."""
        return self.root / STATE

    def route(self, name: str) -> Route:
        """The route of that name; StopIteration if there is none."""
        return next(route for route in self.routes if route.name == name)


def load(root: Path) -> tuple[Project | None, list[Problem]]:
    """The project in the folder `root`, or None and every problem of every file, by file and line."""
    found, problems = contents.gather(root)
    project, more = read(found)
    everything = sorted([*problems, *more], key=lambda each: (each.file, each.line or 0, each.column or 0))
    return (None, everything) if everything else (project, [])


def written(found: Contents, file: str) -> Document | None:
    """A file of the folder with its lines, for the place of a problem; None if it cannot be read."""
    source, _ = found.text(file)
    if source is None:
        return None
    reader = document.read_toml if file.endswith(".toml") else document.read_yaml
    return reader(source, kind=file.partition(".")[0].replace("duly", "settings"), file=file)[0]


def read(found: Contents) -> tuple[Project | None, list[Problem]]:
    """The project in `found`, or None and every problem; packs are read from where duly keeps them."""
    reading = _Reading(found)
    who = reading.take(settings.FILE, settings.read)
    currency = who.currency if who else "CNY"
    routes = reading.take(channels.FILE, lambda text, file: channels.read(text, file, currency=currency))
    strategy = reading.take(
        STRATEGY, lambda text, file: strategies.load(text, file, notices=templates.notices(found))
    )
    book = reading.take(BOOK, mapping.load)
    reading.queries(book)
    destinations = reading.take(DESTINATIONS, official.load)
    said = reading.keep(templates.read(found))
    tried = reading.keep(cases.read(found, currency=currency))
    judged = reading.law(who)
    lists = reading.words(who, judged)
    if routes:
        reading.certificates(routes)
    if who and strategy and routes:
        reading.agree(who, strategy, routes, said)
    if who and destinations:
        reading.proofread(who, said, destinations, lists)
    if reading.problems or not (who and routes and strategy and book and destinations and judged and lists):
        return None, reading.problems
    project = Project(
        root=found.root,
        settings=who,
        packs=judged.packs,
        law=judged.joined,
        calendars=judged.calendars,
        adoptions=judged.adoptions,
        words=lists,
        destinations=destinations,
        book=book,
        strategy=strategy,
        routes=routes,
        certificates=found.under(smpp.CERTIFICATES),
        templates=said,
        cases=tried,
        digests=_digests(found, judged),
    )
    return project, []


class _Reading:
    """One reading of a folder, and what was wrong so far."""

    def __init__(self, found: Contents) -> None:
        self.found = found
        self.problems: list[Problem] = []

    def keep(self, answer: tuple[T, Iterable[Problem]]) -> T:
        """The value of an answer, after its problems were added."""
        self.problems += answer[1]
        return answer[0]

    def take(self, file: str, reader: Callable[[str, str], tuple[T | None, Iterable[Problem]]]) -> T | None:
        """What `reader` makes of a file of the folder."""
        text = self.keep(self.found.text(file))
        return None if text is None else self.keep(reader(text, file))

    def queries(self, book: mapping.Mapping | None) -> None:
        """Whether every query that book.yaml names is there."""
        for file in () if book is None else book.queries():
            if file not in self.found.files:
                what = say("the query {file} is not in the folder", file=file)
                remedy = say("Put it there as UTF-8 text, or correct `query_file` in book.yaml.")
                self.problems.append(Problem(code="book.query.missing", file=BOOK, what=what, remedy=remedy))

    def certificates(self, routes: tuple[Route, ...]) -> None:
        """Whether the certificates that channels.yaml names are there, and are such."""
        ways = written(self.found, channels.FILE)
        for index, route in enumerate(routes):
            if ways is not None and route.smpp is not None:
                self.problems += certificates.problems(self.found.files, index, route.smpp, ways)

    def law(self, who: Settings | None) -> Law | None:
        """The packs that the settings pin."""
        toml = written(self.found, settings.FILE)
        if who is None or toml is None:
            return None
        judged = self.keep(law.read(self.found, who, toml))
        if judged is not None:
            self.problems += law.check_lock(self.found, judged)
        return judged

    def words(self, who: Settings | None, judged: Law | None) -> Words | None:
        """The word lists of those packs."""
        toml = written(self.found, settings.FILE)
        if who is None or judged is None or toml is None:
            return None
        return self.keep(words.read(who, judged.joined, toml))

    def agree(
        self,
        who: Settings,
        strategy: Strategy,
        routes: tuple[Route, ...],
        said: Mapping[TemplateKey, Template],
    ) -> None:
        """Whether the files agree; each was readable by itself."""
        stages, ways = written(self.found, STRATEGY), written(self.found, channels.FILE)
        if stages is not None and ways is not None:
            parts = Parts(
                contents=self.found,
                settings=who,
                strategy=strategy,
                routes=routes,
                templates=said,
                stages=stages,
                ways=ways,
            )
            self.problems += agreement.problems(parts)
        toml = written(self.found, settings.FILE)
        if toml is not None:
            self.problems += takeover.disagreements(who.taken_over, strategy, toml)
            self.problems += bounds.problems(who.bounds, routes, who.currency, toml)

    def proofread(
        self,
        who: Settings,
        said: Mapping[TemplateKey, Template],
        destinations: Destinations,
        lists: Words | None,
    ) -> None:
        """Whether templates and sentences show only what is approved and say nothing that is forbidden."""
        toml = written(self.found, settings.FILE)
        if toml is not None:
            forbidden = {} if lists is None else lists.wording
            self.problems += proofreading.problems(who, said, destinations, forbidden, toml)


def _digests(found: Contents, judged: Law) -> Digests:
    def of(*files: str) -> str:
        return digest.of_files({file: found.files[file] for file in files})

    return Digests(
        settings=of(settings.FILE),
        packs=judged.joined.digest,
        destinations=of(DESTINATIONS),
        book=digest.of_files({BOOK: found.files[BOOK], **found.under(source.FOLDER)}),
        strategy=of(STRATEGY),
        channels=digest.of_files(
            {channels.FILE: found.files[channels.FILE], **found.under(smpp.CERTIFICATES)}
        ),
        templates=digest.of_files(found.under(templates.FOLDER)),
    )
