"""The words of a strategy file, each with the line it stands on.

Takes a YAML node as what it must be, or adds a `Problem` with its place, what is wrong and what to do.
Refuses anchors (a small file must not become an enormous one), tags, and a key written twice.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

import yaml

from duly.errors import Problem
from duly.model.said import say

MAX_DAYS = 3_650

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,8})")
_DAYS = re.compile(r"([1-9][0-9]{0,3})d")
_SHARE = re.compile(r"(100|[1-9]?[0-9])(?:\.([0-9]{1,4}))?%")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_KINDS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)


class Outline:
    """One file being read. `problems` grows; every `take…` answers None after adding to it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.problems: list[Problem] = []

    def root(self, text: str) -> yaml.Node | None:
        """The file's one document, or None with a problem that says why not."""
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._broken(
                mark.line + 1 if mark else None, mark.column + 1 if mark else None, str(error.problem)
            )
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self._broken(None, None, str(error).partition("\n")[0] or "nested too deeply")
            return None
        if node is None:
            self._broken(None, None, "the file is empty")
            return None
        return node if self._plain(node, set()) else None

    def _broken(self, line: int | None, column: int | None, said: str) -> None:
        self.problems.append(
            Problem(
                code="strategy.syntax",
                file=self.file,
                line=line,
                column=column,
                excerpt=self._excerpt(line),
                what=say("this is not YAML: {said}", said=said),
                remedy=say("Mend the line; look above it too, for a bracket or indentation left open."),
            )
        )

    def _plain(self, node: yaml.Node, seen: set[int]) -> bool:
        if id(node) in seen:
            self.refuse(
                node, "anchor", say("an anchor is used here; this file is read without"), say("Write it out.")
            )
            return False
        seen.add(id(node))
        if node.tag not in _KINDS:
            self.refuse(node, "tag", say("a YAML tag is used here"), say("Write the plain value."))
            return False
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            children = [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            children = list(node.value)
        found = [self._plain(child, seen) for child in children]  # each child, so that every mistake is told
        return all(found)

    def refuse(self, node: yaml.Node, code: str, what: str, remedy: str) -> None:
        """Add a problem at `node`."""
        line = node.start_mark.line + 1
        self.problems.append(
            Problem(
                code=f"strategy.{code}",
                file=self.file,
                line=line,
                column=node.start_mark.column + 1,
                excerpt=self._excerpt(line),
                what=what,
                remedy=remedy,
            )
        )

    def _excerpt(self, line: int | None) -> str:
        return self.lines[line - 1] if line is not None and 0 < line <= len(self.lines) else ""

    def mapping(self, node: yaml.Node, known: Collection[str] | None) -> dict[str, yaml.Node]:
        """The keys of a mapping; `known` are those it may have, None for keys of the user's choice."""
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, "shape", say("keys and values are expected here"), say("Write `key: value`."))
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            if key in found:
                what = say("`{key}` is written twice here; only one of them could count", key=key)
                self.refuse(key_node, "key.twice", what, say("Remove one of the two."))
            elif known is not None and key not in known:
                self._unknown(key_node, key, known)
            elif known is not None or self.name(key_node) is not None:
                found[key] = value
        return found

    def _unknown(self, node: yaml.Node, key: str, known: Collection[str]) -> None:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        remedy = (
            say("Did you mean `{near}`? Otherwise remove it.", near=near[0])
            if near
            else say("Remove it; the keys known here are {known}.", known=", ".join(sorted(known)))
        )
        self.refuse(node, "key.unknown", say("`{key}` is not a key that is known here", key=key), remedy)

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        """The entries of a list; an empty list is a problem."""
        if isinstance(node, yaml.SequenceNode) and node.value:
            return list(node.value)
        self.refuse(
            node, "list", say("a list of at least one entry is expected here"), say("Write [one, two].")
        )
        return []

    def word(self, node: yaml.Node) -> str | None:
        """Text of at least one character."""
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
            return str(node.value)
        self.refuse(node, "text", say("a word is expected here"), say("Write one word."))
        return None

    def name(self, node: yaml.Node) -> str | None:
        """A name of the user's choice; it becomes part of keys and paths, so its letters are few."""
        word = self.word(node)
        if word is None or _NAME.fullmatch(word):
            return word
        what = say("`{word}` cannot be a name here", word=word)
        self.refuse(
            node, "name", what, say("Use small letters, digits, _ and -, a letter first, at most 48.")
        )
        return None

    def choice(self, node: yaml.Node, options: Collection[str], code: str) -> str | None:
        """One of `options`."""
        word = self.word(node)
        if word is None or word in options:
            return word
        what = say("`{word}` is not one of the words known here", word=word)
        self.refuse(node, code, what, say("Write one of {options}.", options=", ".join(sorted(options))))
        return None

    def choices(self, node: yaml.Node, options: Collection[str], code: str) -> tuple[str, ...]:
        """A list of different words out of `options`."""
        taken: list[str] = []
        for item in self.items(node):
            word = self.choice(item, options, code)
            if word in taken:
                what = say("`{word}` stands twice in this list", word=word)
                self.refuse(item, "list.twice", what, say("Remove one of the two."))
            elif word is not None:
                taken.append(word)
        return tuple(taken)

    def integer(self, node: yaml.Node, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        raw = str(node.value) if _is_bare(node) else ""
        if _INTEGER.fullmatch(raw) and low <= int(raw) <= high:
            return int(raw)
        what = say("a whole number from {low} to {high} is expected here", low=low, high=high)
        self.refuse(node, "number", what, say("Write a number in that range."))
        return None

    def days(self, node: yaml.Node) -> int | None:
        """A length of time in whole days: `5d`."""
        match = _DAYS.fullmatch(str(node.value)) if isinstance(node, yaml.ScalarNode) else None
        if match and int(match[1]) <= MAX_DAYS:
            return int(match[1])
        what = say("a number of days is expected here")
        self.refuse(node, "duration", what, say("Write it as 5d, at most {most}d.", most=MAX_DAYS))
        return None

    def share(self, node: yaml.Node) -> int | None:
        """A share above nothing, such as `90%` or `2.5%`, in parts per million, exact."""
        match = _SHARE.fullmatch(str(node.value)) if isinstance(node, yaml.ScalarNode) else None
        ppm = int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0")) if match else 0
        if ppm:
            return ppm
        what = say("a share above nothing is expected here")
        self.refuse(node, "arms.share", what, say("Write it as 90%, with at most four decimals."))
        return None


def _is_bare(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None
