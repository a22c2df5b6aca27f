"""What else a receipt says that helps to find its message: when the carrier took it, and how its text begins.

Appendix B ends with `text:` and the first twenty bytes of the short message, which carriers give as they had them, in
another alphabet, with question marks, or not at all; so the bytes are kept as they are, and compared in every form.
Refuses to say whose the receipt is: many messages begin alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from duly.wire.smpp import instant, pdu

_SUBMITTED = re.compile(rb"submit[ _]?date\s*:[ \t]*([0-9]{10,14})", re.IGNORECASE)
_TEXT = re.compile(rb"(?:^|\s)text\s*:", re.IGNORECASE)
# Fewer than so many legible characters fit too much.
LEAST = 6
_MOST = 40  # bytes: Appendix B has twenty


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The instant of the submission by the carrier's clock, and the first bytes of the text; empty if not given."""

    submitted_at: datetime | None
    text: bytes = field(repr=False)


def read(delivered: pdu.Delivery, zone: tzinfo) -> Head:
    """What a receipt says of these; `zone` is the carrier's."""
    content = delivered.content
    if delivered.data_coding == 8:
        content = content.decode("utf-16-be", errors="replace").encode("utf-8")
    before, usual, after = content.partition(b" text:")
    if not usual and (found := _TEXT.search(content)) is not None:
        before, after = content[: found.start()], content[found.end() :]
    return Head(submitted_at=instant.read_loose(_digits(before), zone), text=after[:_MOST].rstrip(b"\0"))


def _digits(said: bytes) -> str:
    # As most carriers write it, to the minute; whatever differs is looked for more slowly.
    _, usual, rest = said.partition(b" submit date:")
    if usual and rest[:10].isdigit() and rest[10:11] == b" ":
        return rest[:10].decode("ascii")
    found = _SUBMITTED.search(said)
    return "" if found is None else found.group(1).decode("ascii")


def begins(segment: str, head: bytes) -> bool:
    """Whether the text of a segment begins with what the receipt gives of it, enough of it to tell."""
    cut = head.rstrip(b" ")
    for way in _WAYS:
        written = segment.encode(way, errors="replace")
        said = cut.decode(way, errors="ignore")
        # A question mark stands for anything that this alphabet lacks.
        if written.startswith(cut) and len(said) - said.count("?") >= LEAST:
            return True
    return False


_WAYS = ("ascii", "latin-1", "utf-8", "gb18030", "utf-16-be")
