"""A YAML file with its places, read strictly, so that every mistake can be shown where it stands.

Scalars are read by fewer rules than YAML 1.1 has, because its rules turn `22:00` into 1320, `NO` into
false and a date into something that cannot be shown again: `true`, `false`, `null` and whole numbers are
what they look like, everything else is text. Fractions, duplicate keys and aliases are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from duly.errors import Problem
from duly.wire import yaml_nodes

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?")
_QUOTED = frozenset("'\"|>")  # always text
_PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, eq=False)
class Scalar:
    """One word, number, flag or nothing."""

    value: str | int | bool | None
    line: int


@dataclass(frozen=True, eq=False)
class Listing:
    """A list of nodes."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, eq=False)
class Mapping:
    """Keys with their nodes and the line of each key."""

    entries: dict[str, Node]
    key_lines: dict[str, int]
    line: int

    def get(self, key: str) -> Node | None:
        """The node under the key, None when absent or null."""
        node = self.entries.get(key)
        return None if isinstance(node, Scalar) and node.value is None else node

    def line_of(self, key: str) -> int:
        """The line of a key, or of the mapping itself when the key is absent."""
        return self.key_lines.get(key, self.line)


Node = Scalar | Listing | Mapping


@dataclass
class Source:
    """One file under reading: its lines and the problems found in it so far."""

    file: str
    lines: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int | None, code: str, what: str, remedy: str) -> None:
        """Note one problem at a line (counted from 1)."""
        excerpt = self.lines[line - 1].rstrip() if line and line <= len(self.lines) else ""
        self.problems.append(
            Problem(code=code, file=self.file, line=line, excerpt=excerpt, what=what, remedy=remedy)
        )

    # --- reading a mapping's entries: each returns None after noting what is wrong ---

    def keys(self, node: Mapping, *, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
        """Note unknown and missing keys; True when there are none."""
        wanted, allowed = list(required), [*required, *optional]
        good = True
        for key in node.entries:
            if key not in allowed:
                good = False
                self.refuse(
                    node.line_of(key),
                    "law.key.unknown",
                    f"{key!r} is not a key here",
                    f"Use: {', '.join(allowed)}.",
                )
        for key in wanted:
            if key not in node.entries:
                good = False
                self.refuse(node.line, "law.key.missing", f"{key!r} is missing", f"Add the key {key!r}.")
        return good

    def mapping(self, node: Node | None, line: int, what: str) -> Mapping | None:
        """The node as a mapping."""
        if isinstance(node, Mapping):
            return node
        self.refuse(
            node.line if node else line, "law.shape", f"{what} is not a mapping", "Write `key: value` lines."
        )
        return None

    def listing(self, node: Node | None, line: int, what: str) -> tuple[Node, ...] | None:
        """The node as a list."""
        if isinstance(node, Listing):
            return node.items
        self.refuse(
            node.line if node else line, "law.shape", f"{what} is not a list", "Write it as `[a, b]`."
        )
        return None

    def text(self, node: Mapping, key: str) -> str | None:
        """A non-empty text."""
        value = node.entries.get(key)
        if isinstance(value, Scalar) and isinstance(value.value, str) and value.value:
            return value.value
        self.refuse(
            node.line_of(key), "law.text.missing", f"{key!r} is not a text", "Write it as a non-empty text."
        )
        return None

    def whole(self, node: Mapping, key: str, *, least: int = 0) -> int | None:
        """A whole number of at least `least`."""
        value = node.entries.get(key)
        if isinstance(value, Scalar) and type(value.value) is int and value.value >= least:
            return value.value
        self.refuse(
            node.line_of(key),
            "law.number",
            f"{key!r} is not a whole number from {least}",
            "Write it in digits.",
        )
        return None

    def flag(self, node: Mapping, key: str) -> bool | None:
        """True or false."""
        value = node.entries.get(key)
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        self.refuse(
            node.line_of(key), "law.flag", f"{key!r} is neither true nor false", "Write true or false."
        )
        return None

    def word(self, node: Mapping, key: str, allowed: Iterable[str]) -> str | None:
        """One word of a closed list."""
        choices = sorted(allowed)
        value = node.entries.get(key)
        if isinstance(value, Scalar) and isinstance(value.value, str) and value.value in choices:
            return value.value
        shown = value.value if isinstance(value, Scalar) else "this"
        self.refuse(
            node.line_of(key),
            "law.word.unknown",
            f"{shown!r} is no {key}",
            f"Use one of: {', '.join(choices)}.",
        )
        return None

    def words(self, node: Mapping, key: str, allowed: Iterable[str] | None = None) -> tuple[str, ...] | None:
        """A non-empty list of different words, of a closed list if one is given."""
        items = self.listing(node.entries.get(key), node.line_of(key), repr(key))
        if items is None:
            return None
        choices = None if allowed is None else set(allowed)
        found: list[str] = []
        for item in items:
            value = item.value if isinstance(item, Scalar) else None
            if not isinstance(value, str) or value in found or (choices is not None and value not in choices):
                remedy = (
                    f"Use: {', '.join(sorted(choices))}." if choices is not None else "Use different words."
                )
                self.refuse(item.line, "law.word.unknown", f"{value!r} does not belong into {key!r}", remedy)
            else:
                found.append(value)
        if not items:
            self.refuse(
                node.line_of(key),
                "law.list.empty",
                f"{key!r} is empty",
                "Name at least one, or leave it out.",
            )
        return tuple(found)

    def day(self, node: Mapping, key: str) -> date | None:
        """A day as YYYY-MM-DD; null is None without complaint."""
        value = node.get(key)
        if value is None:
            return None
        if isinstance(value, Scalar) and isinstance(value.value, str):
            try:
                return date.fromisoformat(value.value)
            except ValueError:
                pass
        self.refuse(node.line_of(key), "law.date", f"{key!r} is not a day", "Write it as 2026-01-30.")
        return None


def read(path: Path, shown_as: str) -> tuple[Source, Node | None]:
    """The file as nodes, or None with the problem noted. `shown_as` is the name problems carry."""
    source = Source(file=shown_as)
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as cause:
        source.refuse(None, "law.file.encoding", f"not UTF-8: {cause.reason}", "Save the file as UTF-8.")
        return source, None
    source.lines = tuple(content.split("\n"))
    return source, parse(source, content)


def parse(source: Source, content: str) -> Node | None:
    """The content as nodes; problems go to the source."""
    try:
        root = yaml_nodes.compose(content)
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        said = cause.problem or cause.context or "this is not YAML"
        source.refuse(
            mark.line + 1 if mark else None, "law.yaml", said, "Mend the indentation or the quotes here."
        )
        return None
    except yaml.YAMLError as cause:  # a character that no YAML file may hold carries no line
        source.refuse(None, "law.yaml", str(cause).splitlines()[0], "Remove the control character.")
        return None
    except RecursionError:
        source.refuse(None, "law.yaml", "nested too deeply", "Write it in fewer levels.")
        return None
    if root is None:
        source.refuse(1, "law.file.empty", "the file is empty", "Write its content or remove it.")
        return None
    return _node(source, root, set())


def _node(source: Source, raw: yaml.Node, seen: set[int]) -> Node:
    line = raw.start_mark.line + 1
    if id(raw) in seen:
        source.refuse(
            line, "law.yaml.alias", "an alias stands here", "Write the value out: law is read, not computed."
        )
        return Scalar(None, line)
    seen.add(id(raw))
    if isinstance(raw, yaml.SequenceNode):
        return Listing(tuple(_node(source, item, seen) for item in raw.value), line)
    if isinstance(raw, yaml.MappingNode):
        return _mapping(source, raw, seen)
    if not isinstance(raw, yaml.ScalarNode):
        raise TypeError(f"a YAML node of kind {type(raw).__name__}")
    return Scalar(_scalar(source, raw), line)


def _mapping(source: Source, raw: yaml.MappingNode, seen: set[int]) -> Mapping:
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for raw_key, raw_value in raw.value:
        key = str(raw_key.value)
        line = raw_key.start_mark.line + 1
        if key in entries:
            source.refuse(
                line,
                "law.key.duplicate",
                f"{key!r} stands here a second time",
                f"Keep one; the first is line {lines[key]}.",
            )
            continue
        entries[key] = _node(source, raw_value, seen)
        lines[key] = line
    return Mapping(entries, lines, raw.start_mark.line + 1)


def _scalar(source: Source, raw: yaml.ScalarNode) -> str | int | bool | None:
    word = str(raw.value)
    if raw.style in _QUOTED:
        return word
    if word in _PLAIN:
        return _PLAIN[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _FRACTION.fullmatch(word):
        source.refuse(
            raw.start_mark.line + 1,
            "law.number.fraction",
            f"{word} is a fraction",
            "Use whole numbers of a smaller unit (ppm, minor units), or quote it as text.",
        )
    return word
