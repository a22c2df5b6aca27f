"""A YAML list of words: every scalar is text, and every value knows the line it stands on.

Read strictly: one document, no anchors, no tags that make objects, no key written twice.
Refuses to interpret; the module whose list it is asks for what it needs through `Reading`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import yaml

from duly.errors import Problem
from duly.model.said import say
from duly.wire import yaml_nodes

Where = tuple[str | int, ...]


class Reading:
    """One file being read: its values by path, and the problems found so far."""

    def __init__(self, source: str, *, kind: str, file: str) -> None:
        self.kind, self.file = kind, file
        self.lines = source.splitlines()
        self.problems: list[Problem] = []
        self._marks: dict[Where, tuple[int, int]] = {}
        self._seen: set[int] = set()
        self.value: Any = self._compose(source)

    def refuse(self, where: Where, code: str, what: str, remedy: str) -> None:
        """Add a problem at `where`, or at the nearest thing around it that has a place."""
        line: int | None = None
        column: int | None = None
        for end in range(len(where), 0, -1):
            if where[:end] in self._marks:
                line, column = self._marks[where[:end]]
                break
        self._add(line, column, code, what, remedy)

    def mapping(self, value: object, where: Where, known: Iterable[str]) -> Mapping[str, Any]:
        """`value` if it is a mapping; else empty, with a problem. A key that is not `known` is one too."""
        if not isinstance(value, Mapping):
            self.refuse(
                where, "shape", say("keys and values are expected here"), say("Write `key: value` lines.")
            )
            return {}
        allowed = sorted(known)
        for key in value:
            if key in allowed:
                continue
            near = difflib.get_close_matches(str(key), allowed, n=1, cutoff=0.6)
            remedy = (
                say("Did you mean `{near}`?", near=near[0])
                if near
                else say("The keys known here are {known}.", known=", ".join(allowed))
            )
            self.refuse((*where, key), "key.unknown", say("`{key}` is not known here", key=key), remedy)
        return value

    def items(self, value: object, where: Where) -> list[tuple[Where, Any]]:
        """The items of a list, each with its place; an absent list is empty."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(where, "list", say("a list is expected here"), say("Begin each entry with `- `."))
            return []
        return [((*where, index), item) for index, item in enumerate(value)]

    def text(self, value: object, where: Where) -> str:
        """`value` if it is text; else the empty string, with a problem."""
        if isinstance(value, str) and value.strip():
            return value
        self.refuse(where, "text", say("text is expected here"), say("Write a word or a sentence."))
        return ""

    def day(self, value: object, where: Where) -> date | None:
        """`value` as a day."""
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.refuse(where, "date", say("a day is expected here"), say("Write it as YYYY-MM-DD."))
            return None

    def _compose(self, source: str) -> object:
        try:
            root = yaml_nodes.compose(source)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
            self._broken(line, column, error.problem or "")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self._broken(None, None, (str(error).splitlines() or ["nested too deeply"])[0])
            return None
        if root is None:
            self._add(None, None, "empty", say("the file is empty"), say("Write it, or remove it."))
            return None
        return self._take(root, ())

    def _take(self, node: yaml.Node, where: Where) -> object:
        if where:
            self._marks.setdefault(where, _place(node))
        # An alias gives the same node again; aliases of aliases make a small file enormous.
        if id(node) in self._seen:
            self.refuse(where, "alias", say("an anchor is used here"), say("Write the value out."))
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._take_mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self._take(item, (*where, index)) for index, item in enumerate(node.value)]
        return str(node.value)

    def _take_mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, object]:
        taken: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in taken:
                line, column = _place(key_node)
                what = say("`{key}` is written twice; only one of them could count", key=key)
                self._add(line, column, "key.twice", what, say("Remove one of the two."))
                continue
            self._marks[(*where, key)] = _place(key_node)
            taken[key] = self._take(value_node, (*where, key))
        return taken

    def _broken(self, line: int | None, column: int | None, said: str) -> None:
        remedy = say("Mend the line; look above it too, for a quote, bracket or indentation left open.")
        self._add(line, column, "syntax", say("this is not YAML: {said}", said=said), remedy)

    def _add(self, line: int | None, column: int | None, code: str, what: str, remedy: str) -> None:
        excerpt = self.lines[line - 1] if line is not None and line <= len(self.lines) else ""
        self.problems.append(
            Problem(
                code=f"{self.kind}.{code}",
                file=self.file,
                line=line,
                column=column,
                excerpt=excerpt,
                what=what,
                remedy=remedy,
            )
        )


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
