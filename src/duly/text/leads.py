"""Where a text leads: every link, address and number in it that nobody approved.

A link is anything that a telephone might make one of, a number five digits or more however they are
separated or written out. Approved ones count as approved only whole: `https://pay.example.evil.cn` and
`1400-000-0000` are others.
Refuses to judge whether something is harmless: what is not on the list is not approved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

import polars as pl

from duly.text import destinations
from duly.text.destinations import Destinations

STRUCK = "\x01"

# What a link is made of; what before or after an approved one makes it another one.
_LINK_CHARACTERS = "A-Za-z0-9@_~/?#%&=+-"
_GOES_ON = rf"(?:[{_LINK_CHARACTERS}]|[.:][A-Za-z0-9])"
_TOP_LEVEL = "中国|中國|公司|网络|網絡|网址|香港|台湾|台灣|集团|在线|商城|网站|我爱你"
_LINK = rf"(?i:[a-z][a-z0-9+-]*://|www\.)|\.(?:[A-Za-z]{{2}}|{_TOP_LEVEL})|@"
_RUN = re.compile(rf"[{_LINK_CHARACTERS}.:]*")
_SEPARATOR = "[ ()._/、,:*·–—-]"
_DIGITS = rf"[0-9](?:{_SEPARATOR}?[0-9]){{4,}}"
_NUMERALS = "[〇零一二三四五六七八九幺两]{5,}"
_NUMBER = re.compile(rf"\+?{_DIGITS}[Xx]?|{_NUMERALS}")
_IDENTITY_LENGTHS = (15, 18)
_LONGEST_PHONE = 11


class LeadKind(Enum):
    """What it seems to be."""

    LINK = "link"
    SHORT_LINK = "short_link"
    PHONE = "phone"
    ACCOUNT = "account"
    IDENTITY = "identity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """Something that is not approved, as it stands in the text."""

    kind: LeadKind
    found: str
    start: int


def strike_links(text: str, approved: Destinations) -> tuple[str, list[Lead]]:
    """The text (folded by `figures.fold`) with all links struck out, and those that are not approved."""
    found: list[Lead] = []
    for value in _links(approved):
        text = re.sub(rf"(?<![{_LINK_CHARACTERS}.:]){re.escape(value)}(?!{_GOES_ON})", _strike, text)
    while match := re.search(_LINK, text):
        start, end = match.span()
        while start and _RUN.fullmatch(text[start - 1]):
            start -= 1
        if run := _RUN.match(text, match.start()):
            end = max(end, run.end())
        link = text[start:end].rstrip(".:?")
        short = destinations.host(link) in destinations.SHORTENERS
        found.append(Lead(kind=LeadKind.SHORT_LINK if short else LeadKind.LINK, found=link, start=start))
        text = text[:start] + STRUCK * (end - start) + text[end:]
    return text, found


def numbers(text: str, approved: Destinations) -> list[Lead]:
    """The numbers of a folded text, without links and sums, that are not approved."""
    known = approved.numbers()
    for value in _numbers(approved):
        text = re.sub(rf"(?<![0-9])(?<![0-9][ +-]){re.escape(value)}(?![ -]?[0-9])", _strike, text)
    found: list[Lead] = []
    for match in _NUMBER.finditer(text):
        digits = destinations.digits(match[0])
        if digits and digits in known:
            continue
        length = len(digits) + match[0].endswith(("X", "x"))
        if length in _IDENTITY_LENGTHS:
            kind = LeadKind.IDENTITY
        else:
            kind = LeadKind.ACCOUNT if length > _LONGEST_PHONE else LeadKind.PHONE
        found.append(Lead(kind=kind, found=match[0], start=match.start()))
    return found


def without_links(text: pl.Expr, approved: Destinations) -> pl.Expr:
    """The text with approved links struck out, each by one STRUCK; `leads_on` sees what was beside them."""
    values = _links(approved)
    return text.str.replace_many(values, [STRUCK] * len(values), leftmost=True) if values else text


def leads_on(struck: pl.Expr) -> pl.Expr:
    """Whether `strike_links` could find something in a text that went through `without_links`."""
    beside = rf"[{_LINK_CHARACTERS}.:]{STRUCK}|{STRUCK}{_GOES_ON}"
    return struck.str.contains(rf"{beside}|{_LINK}")


def has_numbers(text: pl.Expr, approved: Destinations) -> pl.Expr:
    """Whether `numbers` could find something in a text without links and sums."""
    values = _numbers(approved)
    struck = text.str.replace_many(values, [STRUCK] * len(values), leftmost=True) if values else text
    beside = rf"[0-9][ +-]?{STRUCK}|{STRUCK}[ -]?[0-9]"
    return struck.str.contains(rf"{beside}|{_DIGITS}|{_NUMERALS}")


def _links(approved: Destinations) -> list[str]:
    """Approved links and addresses as they may stand in a text, longest first; a last slash is optional."""
    bare = [url.rstrip("/") for url in approved.urls]
    return _longest_first({*bare, *(f"{url}/" for url in bare), *approved.emails})


def _numbers(approved: Destinations) -> list[str]:
    return _longest_first({*approved.phones, *approved.accounts, *approved.numbers()})


def _longest_first(values: set[str]) -> list[str]:
    return sorted(values, key=lambda value: (-len(value), value))


def _strike(match: re.Match[str]) -> str:
    return STRUCK * len(match[0])
