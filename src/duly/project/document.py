"""One YAML or TOML file as plain values that remember on which line they stand.

Only what our files need is read: no floats (a decimal stays text until somebody says in which unit it is
exact), no `yes` for true, no anchors, no tags, no key written twice.
Refuses to interpret: what a key means is the business of the module that reads that file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from duly.errors import Problem
from duly.model.said import say
from duly.project import toml_marks
from duly.wire import yaml_nodes

# The keys and list positions that lead to a value.
Where = tuple[str | int, ...]
# Line and column, both from 1.
Mark = tuple[int, int]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file as its author sees it; `kind` is the first word of the codes of its problems."""

    kind: str
    file: str
    lines: tuple[str, ...]

    def problem(self, mark: Mark | None, code: str, what: str, remedy: str) -> Problem:
        """A problem at `mark`, or of the file as a whole."""
        line, column = mark or (None, None)
        return Problem(
            code=f"{self.kind}.{code}",
            file=self.file,
            line=line,
            column=column,
            excerpt=self.lines[line - 1] if line is not None and line <= len(self.lines) else "",
            what=what,
            remedy=remedy,
        )

    def broken(self, mark: Mark | None, what: str) -> Problem:
        """The problem of a file that is not of its format at all."""
        remedy = say("Mend the line; look above it too, for a quote, bracket or indentation left open.")
        return self.problem(mark, "syntax", what, remedy)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file's `value`, and the mark of every key and list item by its path."""

    source: Source
    value: Any
    marks: Mapping[Where, Mark]

    def mark(self, path: Where) -> Mark | None:
        """Where `path` stands, or the nearest thing around it that has a place."""
        around = (path[:end] for end in range(len(path), 0, -1))
        return next((self.marks[outer] for outer in around if outer in self.marks), None)

    def problem(self, path: Where, code: str, what: str, remedy: str) -> Problem:
        """A problem at `path`; `code` follows this document's kind."""
        return self.source.problem(self.mark(path), code, what, remedy)


def read_toml(text: str, *, kind: str, file: str) -> tuple[Document | None, list[Problem]]:
    """A TOML 1.0 file. One problem at most: a file that cannot be parsed says nothing more."""
    source = Source(kind=kind, file=file, lines=tuple(text.splitlines()))
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        end = (max(len(source.lines), 1), 1)
        mark = (int(place[1]), int(place[2])) if place and place[1] else end
        why = _TOML_PLACE.sub("", str(error))
        return None, [source.broken(mark, say("this is not TOML: {why}", why=why))]
    return Document(source=source, value=value, marks=toml_marks.find(text)), []


def read_yaml(text: str, *, kind: str, file: str) -> tuple[Document | None, list[Problem]]:
    """A YAML file of one document. Dates are dates, whole numbers are ints, any other bare word is text."""
    source = Source(kind=kind, file=file, lines=tuple(text.splitlines()))
    try:
        root = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else None
        return None, [source.broken(place, say("this is not YAML: {why}", why=error.problem))]
    except yaml.YAMLError as error:
        why = str(error).splitlines()[0]
        return None, [source.broken(None, say("this is not YAML: {why}", why=why))]
    except RecursionError:
        return None, [source.broken(None, say("this is nested too deeply"))]
    reading = _YamlReading(source)
    value = reading.take(root, ()) if root is not None else None
    if reading.problems:
        return None, reading.problems
    return Document(source=source, value=value, marks=reading.marks), []


def _composed(text: str) -> yaml.Node | None:
    """The file's nodes, by the quick parser; a mistake is told by the other one, whose words say more."""
    try:
        return yaml_nodes.compose(text)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


class _YamlReading:
    """One walk over the nodes of a YAML file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.marks: dict[Where, Mark] = {}
        self.problems: list[Problem] = []
        self.seen: set[int] = set()

    def take(self, node: yaml.Node, path: Where) -> object:
        # An alias gives the same node again. Nothing in our files needs one, and aliases of aliases
        # make a small file enormous.
        if id(node) in self.seen:
            what = say("an anchor is used here; these files are read without anchors")
            self._refuse(node, "yaml.alias", what, say("Write the value out."))
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _item(self, node: yaml.Node, path: Where) -> object:
        self.marks[path] = _mark(node)
        return self.take(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Where) -> dict[str, object]:
        taken: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                what, remedy = say("a key must be a word"), say("Write the key as one word.")
                self._refuse(key_node, "yaml.key", what, remedy)
                continue
            key = str(key_node.value)
            if key in taken:
                what = say("`{key}` is written twice here; only one of them could count", key=key)
                self._refuse(key_node, "key.twice", what, say("Remove one of the two."))
                continue
            self.marks[*path, key] = _mark(key_node)
            taken[key] = self.take(value_node, (*path, key))
        return taken

    def _scalar(self, node: yaml.Node) -> object:
        raw = str(node.value)
        if getattr(node, "style", None):  # quoted or a block: text as it stands
            return raw
        if raw in _WORDS:
            return _WORDS[raw]
        if _INTEGER.fullmatch(raw):
            return int(raw)
        if _DATE.fullmatch(raw):
            try:
                return date.fromisoformat(raw)
            except ValueError:
                what = say("{text} is not a day of the calendar", text=raw)
                remedy = say("Write a day that exists, as YYYY-MM-DD.")
                self._refuse(node, "date.impossible", what, remedy)
                return None
        return raw

    def _refuse(self, node: yaml.Node, code: str, what: str, remedy: str) -> None:
        self.problems.append(self.source.problem(_mark(node), code, what, remedy))


def _mark(node: yaml.Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1
