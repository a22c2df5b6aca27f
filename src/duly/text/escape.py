"""What a value must go through before it may stand in an SMS, a subject, a page, a spreadsheet or a terminal.

A name, a phrase, a reply: each comes from somebody else and may hold a line break, a bidirectional override
or a formula. Every sink has one escaper; for the sinks that templates write to there is a columnar twin
that gives the same characters. Refuses to let a value with a control character into a header at all,
because there is no honest way to write one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum

import polars as pl


class Sink(Enum):
    """Where a text goes."""

    SMS = "sms"
    EMAIL_SUBJECT = "email_subject"
    EMAIL_TEXT = "email_text"
    HTML = "html"
    CSV = "csv"
    TERMINAL = "terminal"


# Those that a template may be written for, each with a columnar twin.
TEMPLATE_SINKS = (Sink.SMS, Sink.EMAIL_SUBJECT, Sink.EMAIL_TEXT, Sink.HTML)


class RefusedError(ValueError):
    """A value that must not be written to this sink in any form."""


def _class(*ranges: tuple[int, int]) -> str:
    """A character class of code points, in a form that means the same to Python's and to Rust's engine."""
    return f"[{''.join(f'{_point(low)}-{_point(high)}' for low, high in ranges)}]"


def _point(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else chr(code)


# What breaks a line, in any of Unicode's ways, becomes one blank: a value must not begin a line of its own.
BREAKS = _class((0x09, 0x0D), (0x1C, 0x1F), (0x85, 0x85), (0x2028, 0x2029)) + "+"
# Other controls, and what changes the reading order or cannot be seen: ZWSP, marks, embeddings, overrides,
# isolates (UAX #9), word joiner, byte-order mark, tag characters. The joiners U+200C and U+200D stay:
# names and emoji need them.
UNSEEN = _class(
    (0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0x61C, 0x61C), (0x200B, 0x200B),
    (0x200E, 0x200F), (0x202A, 0x202E), (0x2060, 0x2060), (0x2066, 0x2069), (0xFEFF, 0xFEFF),
    (0xE0000, 0xE007F),
)  # fmt: skip
CONTROLS = _class((0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029))

_BREAKS, _UNSEEN, _CONTROLS = re.compile(BREAKS), re.compile(UNSEEN), re.compile(CONTROLS)
_HIDDEN = re.compile(f"{BREAKS.removesuffix('+')}|{UNSEEN}|[\ud800-\udfff]")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
# A spreadsheet takes a cell beginning with one of these for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def escape(sink: Sink, value: str) -> str:
    """`value` as it may stand in `sink`. Raises RefusedError when it may not stand there at all."""
    return _ESCAPERS[sink](value)


def line(value: str) -> str:
    """One line of plain text, for SMS and the text of an e-mail: breaks become a blank, the unseen goes."""
    _refuse_surrogates(value)
    return _UNSEEN.sub("", _BREAKS.sub(" ", value))


def header(value: str) -> str:
    """The value itself, if it may stand in a header line (RFC 5322 2.2: no CR, no LF, no other control)."""
    _refuse_surrogates(value)
    if _CONTROLS.search(value):
        raise RefusedError("a control character may not stand in a header line")
    return _UNSEEN.sub("", value)


def html(value: str) -> str:
    """Text or a quoted attribute of an HTML page."""
    escaped = line(value)
    for char, entity in _ENTITIES:
        escaped = escaped.replace(char, entity)
    return escaped


def csv(value: str) -> str:
    """One cell, quoted after RFC 4180 where it must be; what a spreadsheet would compute is disarmed by `'`.

    A negative amount written as text is disarmed too: write numbers as numbers, not through here.
    """
    _refuse_surrogates(value)
    safe = f"'{value}" if value.startswith(_FORMULA) else value
    return '"' + safe.replace('"', '""') + '"' if re.search(r'[",\r\n]', safe) else safe


def rearmed(value: str) -> str:
    """What `csv` disarmed, as it was: for a cell that comes back from a spreadsheet."""
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def terminal(value: str) -> str:
    r"""What a terminal shows and does not obey: controls and the unseen are written out, `\x1b`, `\u202e`."""
    return "".join(_visible(char) for char in value)


def column(sink: Sink, value: pl.Expr) -> pl.Expr:
    """The columnar twin of `escape` for a template's sinks: null where it refuses; null means empty."""
    text = value.cast(pl.Utf8).fill_null("")
    if sink is Sink.EMAIL_SUBJECT:
        kept = pl.when(text.str.contains(CONTROLS)).then(None).otherwise(text)
        return kept.str.replace_all(UNSEEN, "")
    if sink not in TEMPLATE_SINKS:
        raise ValueError(f"templates are not written for {sink.value}")
    text = text.str.replace_all(BREAKS, " ").str.replace_all(UNSEEN, "")
    if sink is Sink.HTML:
        for char, entity in _ENTITIES:
            text = text.str.replace_all(char, entity, literal=True)
    return text


def is_hidden(char: str) -> bool:
    """Whether the character breaks a line, is a control, changes the reading order or cannot be seen."""
    return _HIDDEN.match(char) is not None


def hidden(text: str) -> Iterator[int]:
    """Where such characters stand."""
    return (found.start() for found in _HIDDEN.finditer(text))


def _visible(char: str) -> str:
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def _refuse_surrogates(value: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise RefusedError("half of a surrogate pair is not a character")


_ESCAPERS = {
    Sink.SMS: line,
    Sink.EMAIL_SUBJECT: header,
    Sink.EMAIL_TEXT: line,
    Sink.HTML: html,
    Sink.CSV: csv,
    Sink.TERMINAL: terminal,
}
