"""What a person can read or open in an HTML text, as plain lines: for the same lint as any other text.

Refuses to render: layout is of no matter, only the words and where links, images and forms lead.
"""

from __future__ import annotations

from html.parser import HTMLParser

_LEADS = frozenset({"href", "src", "action", "formaction", "background", "poster", "data", "srcset", "cite"})
_SAID = frozenset({"alt", "title", "value", "placeholder", "aria-label", "label"})
_INLINE = frozenset({"a", "b", "em", "i", "small", "span", "strong", "u"})


def visible(source: str) -> str:
    """The words of the page, with every address an attribute leads to on a line of its own.

    Comments, styles and scripts count as words: whoever put a text there must answer for it too.
    """
    reader = _Reader()
    reader.feed(source)
    reader.close()
    lines = ("".join(reader.pieces)).split("\n")
    return "\n".join(line for line in (" ".join(raw.split()) for raw in lines) if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.pieces.append("\n")
        for name, value in attrs:
            if value and (name in _LEADS or name in _SAID):
                self.pieces.append(f"\n{value}\n")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")
