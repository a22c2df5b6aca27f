"""Every telephone number, link, address and account that a message may carry.

A debtor who is told where to call, what to open or where to pay must be told nothing else, so the list is
short, complete and approved by two people: `digest` is what they approve.
Refuses link shorteners, links without https, and accounts of which nobody says whose they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.model.said import say
from duly.text.marked import Reading, Where

# Where a short link leads can be changed after it was approved.
SHORTENERS = frozenset({
    "t.cn", "url.cn", "w.url.cn", "dwz.cn", "dwz.mk", "suo.im", "suo.nz", "mrw.so", "sourl.cn",
    "c-n.co", "985.so", "xc.hu", "3.cn", "u.nu", "is.gd", "v.gd", "bit.ly", "tinyurl.com", "t.co",
    "goo.gl", "ow.ly", "rb.gy", "cutt.ly", "t.ly", "s.id", "tiny.cc", "buff.ly", "rebrand.ly",
    "shorturl.at", "lnkd.in",
})  # fmt: skip

_PHONE = re.compile(r"\+?[0-9](?:[ -]?[0-9]){2,18}")
_URL = re.compile(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%/?#=&+-]*)?")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_ACCOUNT = re.compile(r"[0-9](?:[ -]?[0-9]){7,29}")


@dataclass(frozen=True, kw_only=True)
class Destinations:
    """The approved ones as written. `digest` is SHA-256 over all of them in a canonical form."""

    phones: tuple[str, ...]
    urls: tuple[str, ...]
    emails: tuple[str, ...]
    accounts: tuple[str, ...]
    digest: str

    def numbers(self) -> frozenset[str]:
        """Phones and accounts, digits only."""
        return frozenset(digits(value) for value in (*self.phones, *self.accounts))


def digits(number: str) -> str:
    """The digits of a telephone or account number; the prefix +86 of a mainland number does not count."""
    kept = re.sub(r"[^0-9+]", "", number)
    return kept.removeprefix("+86").lstrip("+")


def host(url: str) -> str:
    """The host of a link, in small letters, without port and `www.`."""
    rest = url.lower().partition("://")[2] or url.lower()
    return re.split(r"[/?#:]", rest, maxsplit=1)[0].removeprefix("www.")


def load(source: str, file: str) -> tuple[Destinations | None, tuple[Problem, ...]]:
    """The approved destinations of one YAML file, or None and every problem in it."""
    reading = Reading(source, kind="destinations", file=file)
    if reading.problems:
        return None, tuple(reading.problems)
    top = reading.mapping(reading.value, (), _CHECKS)
    taken = {kind: _read(reading, kind, top.get(kind), check) for kind, check in _CHECKS.items()}
    if not any(taken.values()) and not reading.problems:
        what = say("no destination is named, so every message with a number would be held")
        reading.refuse((), "none", what, say("Add `phones` and `urls`."))
    if reading.problems:
        return None, tuple(reading.problems)
    canonical = json.dumps(
        {kind: sorted(rows) for kind, rows in taken.items()}, ensure_ascii=False, sort_keys=True
    )
    values = {kind: tuple(value for value, _ in rows) for kind, rows in taken.items()}
    return Destinations(
        phones=values["phones"],
        urls=values["urls"],
        emails=values["emails"],
        accounts=values["accounts"],
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
    ), ()


def _read(
    reading: Reading, kind: str, listed: object, check: Callable[[Reading, str, Where], None]
) -> list[tuple[str, str]]:
    """The rows of one kind as (value, what is said of it)."""
    rows: list[tuple[str, str]] = []
    seen: set[str] = set()
    known = ("value", "what", "holder", "bank") if kind == "accounts" else ("value", "what")
    for at, item in reading.items(listed, (kind,)):
        row: Mapping[str, object] = reading.mapping(item, at, known)
        value = reading.text(row.get("value"), (*at, "value"))
        said = [reading.text(row.get(key), (*at, key)) for key in known[1:]]
        if not value:
            continue
        check(reading, value, (*at, "value"))
        same = digits(value) if kind in {"phones", "accounts"} else value.rstrip("/")
        if same in seen:
            what = say("`{value}` stands here twice", value=value)
            reading.refuse((*at, "value"), "twice", what, say("Remove one of the two."))
        seen.add(same)
        rows.append((value, "\n".join(said)))
    return rows


def _check_phone(reading: Reading, value: str, at: Where) -> None:
    if not _PHONE.fullmatch(value):
        what = say("`{value}` is not a telephone number", value=value)
        reading.refuse(at, "phone", what, say("Write digits, with blanks or hyphens between them."))


def _check_url(reading: Reading, value: str, at: Where) -> None:
    if not _URL.fullmatch(value):
        what = say("`{value}` is not a link that may be sent", value=value)
        reading.refuse(at, "url", what, say("Write the whole link, from https:// on, in plain ASCII."))
    elif host(value) in SHORTENERS:
        what = say("`{value}` is a short link, whose aim can be changed later", value=value)
        reading.refuse(at, "url.short", what, say("Write the page's own address."))


def _check_email(reading: Reading, value: str, at: Where) -> None:
    if not _EMAIL.fullmatch(value):
        what = say("`{value}` is not an e-mail address", value=value)
        reading.refuse(at, "email", what, say("Write it as name@domain."))


def _check_account(reading: Reading, value: str, at: Where) -> None:
    if not _ACCOUNT.fullmatch(value):
        what = say("`{value}` is not an account number", value=value)
        reading.refuse(at, "account", what, say("Write 8 to 30 digits, with blanks or hyphens between them."))


_CHECKS = {"phones": _check_phone, "urls": _check_url, "emails": _check_email, "accounts": _check_account}
