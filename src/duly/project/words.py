"""The word lists of the pinned packs: what a notice must not say, and how a reply is read.

The packs' digests cover the lists, so what is approved as law covers them too.
Refuses a jurisdiction without lists: a text nobody can judge would be held for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from duly.errors import Problem
from duly.law import pack
from duly.law.pack import Pack
from duly.model.said import say
from duly.project.document import Document
from duly.project.settings import Settings
from duly.text import intent, wordfile, wording

WORDING, INTENTS = "wording.yaml", "intents.yaml"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Words:
    """The lists by jurisdiction, as each file names it."""

    wording: Mapping[str, wording.Lists]
    intents: Mapping[str, intent.Lists]


def read(settings: Settings, law: Pack, written: Document) -> tuple[Words | None, list[Problem]]:
    """The lists of every pinned pack that has some. `written` is duly.toml, for the places."""
    problems: list[Problem] = []
    folders = [pack.shipped(name) for name in settings.packs]
    words = Words(
        wording={one.jurisdiction: one for one in _every(folders, WORDING, _wording, problems)},
        intents={one.jurisdiction: one for one in _every(folders, INTENTS, _intents, problems)},
    )
    for code in settings.licences:
        root = code.partition("-")[0]
        if not {code, root} & law.jurisdictions:
            continue  # said already: there is no law for it at all
        for kind, lists in ((WORDING, words.wording), (INTENTS, words.intents)):
            broken = any(problem.file.endswith(f"/{kind}") for problem in problems)
            if not broken and not {code, root} & set(lists):
                what = say("no pinned pack has the lists of {file} for {code}", file=kind, code=code)
                remedy = say("Pin one that has, under [packs].")
                problems.append(written.problem(("jurisdiction", code), "words.missing", what, remedy))
    return (None, problems) if problems else (words, [])


def _wording(source: str, file: str) -> tuple[wording.Lists | None, tuple[Problem, ...]]:
    return wordfile.load(source, file, pack.words())


def _intents(source: str, file: str) -> tuple[intent.Lists | None, tuple[Problem, ...]]:
    return intent.load(source, file, pack.replies())


def _every(
    folders: Iterable[Path],
    name: str,
    load: Callable[[str, str], tuple[T | None, Iterable[Problem]]],
    problems: list[Problem],
) -> Iterator[T]:
    for folder in folders:
        file = folder / name
        if file.is_file():
            lists, wrong = load(file.read_text(encoding="utf-8"), f"{folder.name}/{name}")
            problems += wrong
            if lists is not None:
                yield lists
