"""One YAML file read strictly: keys once, words as they are written, and a place for every mistake.

Every scalar stays the text it is (`1.00` is not a float, `no` is not false); who asks says what it must be.
Refuses anchors and tags. Answers None after noting what is wrong, so that all mistakes are found in one go.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

import yaml

from duly.errors import Problem
from duly.model.said import say

_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_PLAIN = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)


class Sheet:
    """The file under reading: its lines, and the problems found so far. `kind` begins every code."""

    def __init__(self, text: str, *, file: str, kind: str) -> None:
        self.file, self.kind = file, kind
        self.lines = text.splitlines()
        self.problems: list[Problem] = []

    def root(self, text: str) -> yaml.MappingNode | None:
        """The file's keys, or None with the problem that says why not."""
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._broken(mark.line + 1 if mark else None, str(error.problem))
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self._broken(None, str(error).partition("\n")[0] or "nested too deeply")
            return None
        if not isinstance(node, yaml.MappingNode):
            self._broken(1 if node else None, "keys and values are expected")
            return None
        return node if self._plain(node, set()) else None

    def _broken(self, line: int | None, why: str) -> None:
        what = say("this is not YAML that can be read: {why}", why=why)
        remedy = say("Mend the line; look above it too, for a quote, bracket or indentation left open.")
        self._note(line, "syntax", what, remedy)

    def _plain(self, node: yaml.Node, seen: set[int]) -> bool:
        """No node twice (an anchor) and none with a tag of its own, anywhere below."""
        if id(node) in seen or node.tag not in _PLAIN:
            self.refuse(node, "yaml", say("an anchor or a tag stands here"), say("Write the value out."))
            return False
        seen.add(id(node))
        below = node.value if isinstance(node, yaml.CollectionNode) else []
        inner = [each for item in below for each in (item if isinstance(item, tuple) else (item,))]
        plain = [self._plain(each, seen) for each in inner]  # each one, so that every mistake is told
        return all(plain)

    def refuse(self, node: yaml.Node, code: str, what: str, remedy: str) -> None:
        """Note a problem at `node`."""
        self._note(node.start_mark.line + 1, code, what, remedy)

    def _note(self, line: int | None, code: str, what: str, remedy: str) -> None:
        excerpt = self.lines[line - 1] if line is not None and line <= len(self.lines) else ""
        self.problems.append(
            Problem(
                code=f"{self.kind}.{code}",
                file=self.file,
                line=line,
                excerpt=excerpt,
                what=what,
                remedy=remedy,
            )
        )

    def keys(self, node: yaml.Node, known: Collection[str] | None = None) -> dict[str, yaml.Node]:
        """A mapping's values by key, each key once. `known` are those it may have; None allows any."""
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
                what = say("`{key}` is not a key that is known here", key=key)
                self.refuse(key_node, "key.unknown", what, nearest(key, known))
            else:
                found[key] = value
        return found

    def text(self, node: yaml.Node) -> str | None:
        """Any text but the empty one."""
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
            return str(node.value)
        self.refuse(node, "text", say("a word is expected here"), say("Write one word or number."))
        return None

    def whole(self, node: yaml.Node, most: int) -> int | None:
        """A whole number from 0 to `most`."""
        if isinstance(node, yaml.ScalarNode) and _WHOLE.fullmatch(str(node.value)):
            number = int(str(node.value))
            if number <= most:
                return number
        what = say("a whole number from 0 to {most} is expected here", most=most)
        self.refuse(node, "number", what, say("Write it in digits, without a decimal point."))
        return None

    def choice(self, node: yaml.Node, words: Collection[str], code: str) -> str | None:
        """One word of a closed list."""
        word = self.text(node)
        if word is None or word in words:
            return word
        self.refuse(
            node, code, say("`{word}` is not a word that is known here", word=word), nearest(word, words)
        )
        return None

    def texts(self, node: yaml.Node) -> list[str]:
        """A list of texts."""
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(node, "shape", say("a list is expected here"), say("Write it as [one, two]."))
            return []
        return [word for item in node.value if (word := self.text(item)) is not None]


def nearest(word: str, known: Collection[str]) -> str:
    """What to write instead."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return say("Did you mean `{near}`?", near=close[0])
    return say("Use one of: {known}.", known=", ".join(sorted(known)))
