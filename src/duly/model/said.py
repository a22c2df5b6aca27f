"""A sentence for a person that remembers how it was made, so that a door can say it in another language.

Below the doors everything is said in English. `say()` gives an ordinary string, which also keeps its pattern
and the values put into it; the door looks the pattern up in a catalogue and fills the same values in again.
Refuses to know any other language itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Said(str):
    """English text, with the `pattern` and the `values` that it was made from."""

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, object]

    def translated(self, translate: Callable[[str], str]) -> str:
        """The sentence made from `translate(pattern)`. Only values that were said too are translated with it."""
        told = {
            name: value.translated(translate) if isinstance(value, Said) else value
            for name, value in self.values.items()
        }
        return translate(self.pattern).format(**told)


def say(pattern: str, /, **values: object) -> Said:
    """`pattern.format(**values)`, remembering both. The pattern is a literal: catalogues are made from it."""
    said = Said(pattern.format(**values))
    said.pattern = pattern
    said.values = values
    return said


def retell(text: object, translate: Callable[[str], str]) -> str:
    """Any text in the language of `translate`, which returns what it does not know unchanged."""
    if isinstance(text, Said):
        return text.translated(translate)
    return translate(text) if isinstance(text, str) else str(text)
