"""What is written in a project's templates and sentences, read before anybody is written to.

Every text is read again when it is rendered, and held if anything is wrong with it; here the author is told
first, with the line. Every number, link and address written out must be an approved destination, and no
phrase that the law forbids may stand in a template.
Refuses to judge what only a rendered text shows: figures, lengths, and words that a field brings in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from duly.errors import Problem
from duly.model.said import say
from duly.project.document import Document, Source, Where
from duly.project.settings import Settings
from duly.project.templates import TemplateKey
from duly.text import figures, leads, wording
from duly.text.destinations import Destinations
from duly.text.template import Template
from duly.text.wording import Action

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# In place of a tag: a letter of no list, so that words on both sides of a field are not read as one phrase.
_LETTER = "q"
_KIND = "template"


def problems(
    who: Settings,
    said: Mapping[TemplateKey, Template],
    destinations: Destinations,
    lists: Mapping[str, wording.Lists],
    written: Document,
) -> Iterator[Problem]:
    """Everything wrong with the words of a project; `written` is duly.toml, for the places."""
    for where, sentence in _sentences(who):
        for lead in _strangers(sentence, destinations):
            yield written.problem(where, "destination.unknown", _not_approved(lead), _REMEDY)
    for key, template in sorted(said.items()):
        source = Source(kind=_KIND, file=key.path, lines=tuple(template.source.splitlines()))
        for lead in _strangers(_struck(template.source, leads.STRUCK), destinations):
            mark = _mark(template.source, lead.start)
            yield source.problem(mark, "destination.unknown", _not_approved(lead), _REMEDY)
        yield from _forbidden(key, template, source, lists)


def _sentences(who: Settings) -> Iterator[tuple[Where, str]]:
    for name in ("hotline", "official_url", "email"):
        value = getattr(who.lender, name)
        if value is not None:
            yield ("lender", name), value
    for locale, phrases in who.phrases.items():
        for name, sentence in phrases.items():
            yield ("phrases", locale, name), sentence


def _strangers(text: str, destinations: Destinations) -> list[leads.Lead]:
    """Every number, link and address in `text` that is not approved, by place."""
    rest, found = leads.strike_links(figures.fold(text), destinations)
    for one in figures.sums(rest, "CNY"):
        rest = rest[: one.start] + leads.STRUCK * (one.end - one.start) + rest[one.end :]
    return sorted([*found, *leads.numbers(rest, destinations)], key=lambda lead: lead.start)


def _not_approved(lead: leads.Lead) -> str:
    return say("`{found}` is not among the approved destinations", found=lead.found)


_REMEDY = say("Write a field in its place, or add it to destinations.yaml and have two people approve that.")


def _forbidden(
    key: TemplateKey, template: Template, source: Source, lists: Mapping[str, wording.Lists]
) -> Iterator[Problem]:
    text = _struck(template.source, _LETTER)
    for one in lists.values():
        for finding in wording.find(text, one, notice=key.notice):
            if finding.action is not Action.BLOCK:
                continue
            what = say(
                "`{phrase}` may not be said: {category} ({basis})",
                phrase=finding.phrase,
                category=one.says[finding.category]["en"],
                basis=", ".join(finding.basis),
            )
            remedy = say("Say it otherwise; a message with these words is held.")
            yield source.problem(_mark(template.source, finding.start), "wording", what, remedy)


def _struck(source: str, by: str) -> str:
    """The source with every tag written over, character for character."""
    return _TAG.sub(lambda tag: by * len(tag[0]), source)


def _mark(source: str, start: int) -> tuple[int, int]:
    return source.count("\n", 0, start) + 1, start - (source.rfind("\n", 0, start) + 1) + 1
