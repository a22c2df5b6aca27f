"""`templates/<notice>/<locale>/<part>`: what is said, one folder per notice and language.

Reads the tree and refuses files that no channel would ever use; what may stand in a template is the
business of `text.template`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.model.party import Channel
from duly.model.said import say
from duly.project.contents import Contents
from duly.project.settings import LOCALES
from duly.text import template
from duly.text.template import Template

FOLDER = "templates"

# What a channel needs before it can say anything.
NEEDED: Mapping[Channel, tuple[str, ...]] = {
    Channel.SMS: ("sms.txt",),
    Channel.EMAIL: ("email.subject.txt", "email.txt"),
    Channel.LETTER: ("letter.typ",),
    Channel.VOICE: ("voice.txt",),
}


@dataclass(frozen=True, kw_only=True, order=True)
class TemplateKey:
    """Which template: `part` is the file's name, `sms.txt`."""

    notice: str
    locale: str
    part: str

    @property
    def path(self) -> str:
        """Its place in the folder."""
        return f"{FOLDER}/{self.notice}/{self.locale}/{self.part}"


def notices(contents: Contents) -> frozenset[str]:
    """The notices that have a folder."""
    return frozenset(path.split("/")[1] for path in contents.under(FOLDER) if path.count("/") > 1)


def read(contents: Contents) -> tuple[dict[TemplateKey, Template], list[Problem]]:
    """Every template without a problem, by key, and the problems of the others."""
    found: dict[TemplateKey, Template] = {}
    problems: list[Problem] = []
    for path in contents.under(FOLDER):
        key = _key(path)
        if key is None:
            problems.append(_misplaced(path))
            continue
        source, wrong = contents.text(path)
        problems += wrong
        if source is None:
            continue
        sink = template.SINK_OF_FILE[key.part]
        parsed, mistakes = template.parse(source, notice=key.notice, sink=sink, file=path)
        problems += mistakes
        if parsed is not None:
            found[key] = parsed
    return found, problems


def _key(path: str) -> TemplateKey | None:
    pieces = path.split("/")
    if len(pieces) != 4 or pieces[2] not in LOCALES or pieces[3] not in template.SINK_OF_FILE:
        return None
    return TemplateKey(notice=pieces[1], locale=pieces[2], part=pieces[3])


def _misplaced(path: str) -> Problem:
    return Problem(
        code="templates.place",
        file=path,
        what=say("no channel would ever use this file"),
        remedy=say(
            "Put it at templates/<notice>/<locale>/<part>: locale {locales}, part {parts}.",
            locales=", ".join(LOCALES),
            parts=", ".join(sorted(template.SINK_OF_FILE)),
        ),
    )
