"""The tags of a template one after the other, with the white space that belongs to a tag taken away.

Follows the lexer of Jinja with `trim_blocks` and `lstrip_blocks`: one line break after a block or a comment
goes with it, blanks before one that stands first on its line go too, one line break at the end of the source
is dropped. The tests hold this equal to `minijinja`.
Refuses what is not in the subset by giving a tag of the kind `WRONG` that says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from duly.model.said import say


class TagKind(Enum):
    """What stands there."""

    TEXT = "text"
    FIELD = "field"
    IF = "if"
    ELIF = "elif"
    ELSE = "else"
    ENDIF = "endif"
    COMMENT = "comment"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A tag at `start`. `text` is the text, the field's name, or what is wrong (with code and remedy)."""

    kind: TagKind
    start: int
    text: str = ""
    code: str = ""
    remedy: str = ""


_CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPENING = re.compile(r"\{\{|\{%|\{#")
_STRAY = re.compile(r"\}\}|%\}|#\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONDITION = re.compile(r"(if|elif)\s+([A-Za-z_][A-Za-z0-9_]*)")
# Unicode's White_Space, which is what minijinja strips before a block, less what a template may not hold.
_BLANK = " \t\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_STATEMENTS = {
    **dict.fromkeys(("for", "endfor"), "a loop"),
    **dict.fromkeys(("set", "endset", "with", "endwith"), "an assignment"),
    **dict.fromkeys(("macro", "endmacro"), "a macro"),
    **dict.fromkeys(("call", "endcall", "do"), "a call"),
    **dict.fromkeys(("include", "import", "from"), "an include"),
    **dict.fromkeys(("extends", "block", "endblock"), "inheritance"),
    **dict.fromkeys(("filter", "endfilter"), "a filter"),
    **dict.fromkeys(("raw", "endraw"), "raw text"),
    **dict.fromkeys(("autoescape", "endautoescape"), "a switch of escaping"),
}


def scan(source: str) -> Iterator[Tag]:
    """The tags in order. Never raises; adjacent pieces of text are not joined."""
    end = len(source) - 1 if source.endswith("\n") else len(source)
    at = 0
    trim = False
    while at < end:
        found = _OPENING.search(source, at, end)
        until = found.start() if found else end
        # lstrip looks at what the author wrote, before the line break of the tag before is taken away.
        text = source[at:until]
        if found and found[0] != "{{":
            text = _strip_line_start(text, first=at == 0)
        skip = 1 if trim and source.startswith("\n", at) else 0
        yield from _text(text[skip:], at + skip)
        if found is None:
            return
        close = source.find(_CLOSE[found[0]], found.end(), end)
        if close < 0:
            what = say("`{tag}` is never closed", tag=found[0])
            yield _wrong(
                until, "unclosed", what, say("Write `{close}` where it ends.", close=_CLOSE[found[0]])
            )
            return
        yield _tag(found[0], source[found.end() : close], until)
        at, trim = close + 2, found[0] != "{{"


def _strip_line_start(text: str, *, first: bool) -> str:
    kept = text.rstrip(_BLANK)
    return kept if kept.endswith("\n") or (first and not kept) else text


def _text(text: str, start: int) -> Iterator[Tag]:
    if not text:
        return
    yield Tag(kind=TagKind.TEXT, start=start, text=text)
    for stray in _STRAY.finditer(text):
        what = say("`{tag}` closes nothing", tag=stray[0])
        yield _wrong(start + stray.start(), "stray", what, say("Remove it, or write what it should close."))


def _tag(opening: str, inside: str, start: int) -> Tag:
    if opening == "{#":
        return Tag(kind=TagKind.COMMENT, start=start)
    if inside[:1] in {"-", "+"} or inside[-1:] in {"-", "+"}:
        what = say("`-` and `+` at the edge of a tag are not part of this language")
        remedy = say("Remove the sign; blanks and line breaks around a tag go by themselves.")
        return _wrong(start, "unsafe", what, remedy)
    words = inside.strip(_BLANK + "\n")
    if opening == "{{":
        return _field(words, start)
    if words in {"else", "endif"}:
        return Tag(kind=TagKind(words), start=start)
    if condition := _CONDITION.fullmatch(words):
        return Tag(kind=TagKind(condition[1]), start=start, text=condition[2])
    return _statement(words, start)


def _field(words: str, start: int) -> Tag:
    if _NAME.fullmatch(words):
        return Tag(kind=TagKind.FIELD, start=start, text=words)
    if not words:
        return _wrong(start, "unsafe", say("no field is named here"), say("Write {{{{ name }}}}."))
    if "|" in words:
        construct = "a filter"
    elif "(" in words:
        construct = "a call"
    elif "." in words or "[" in words:
        construct = "an attribute"
    else:
        construct = "an expression"
    what = say(
        "`{words}` is {construct}; a tag names one field and nothing else", words=words, construct=construct
    )
    return _wrong(start, "unsafe", what, say("Write {{{{ name }}}}; a field comes ready to be read."))


def _statement(words: str, start: int) -> Tag:
    first = words.split(maxsplit=1)[0] if words else ""
    remedy = say("The only tags are if, elif, else and endif; write the text out.")
    if first in {"if", "elif", "else", "endif"}:
        what = say("`{words}` asks more than whether one field is there", words=words)
        remedy = say("Write {{% if name %}}, {{% elif name %}}, {{% else %}} or {{% endif %}}.")
    elif construct := _STATEMENTS.get(first):
        what = say("`{first}` is {construct}, which templates do not have", first=first, construct=construct)
    else:
        what = say("`{words}` is not a tag of this language", words=words)
    return _wrong(start, "unsafe", what, remedy)


def _wrong(start: int, code: str, what: str, remedy: str) -> Tag:
    return Tag(kind=TagKind.WRONG, start=start, code=code, text=what, remedy=remedy)
