"""`law/adopted.yaml`: which rows of the law somebody of the lender has read and put his name to.

An adoption is one person's Ed25519 signature over a rule's id, the first day of its version and the fingerprint
of its text as shipped; when the text changes it counts no more. It changes no decision: a row that nobody adopted
blocks as much as any other. Made by `duly law adopt`, kept in git.
Refuses an entry whose signature does not fit it. Whose the key is the register knows, not the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from duly.errors import Problem
from duly.law import rules
from duly.model.party import Duty
from duly.model.said import say
from duly.project import document
from duly.project.contents import Contents
from duly.project.table import Table

FILE = "law/adopted.yaml"
MAY_ADOPT = frozenset({Duty.COMPLIANCE, Duty.COUNSEL})

_DOMAIN = "duly.adoption.1"
_KEYS = ("rule", "version", "text", "by", "at", "key", "signature")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_HEAD = """\
# Made by `duly law adopt`; kept in git, not edited by hand.
# Which rows of the law were read by whom: a signature stands for the row, its version and its text.
"""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """One person's name under one version of a rule. `text` is its fingerprint, `at` aware and whole seconds."""

    rule: str
    version: str
    text: str
    by: str
    at: datetime
    key: bytes
    signature: bytes = field(default=b"", repr=False)

    def to_sign(self) -> bytes:
        """The bytes the person signs: JSON, keys sorted, no spaces."""
        said = {
            "at": _instant(self.at),
            "by": self.by,
            "domain": _DOMAIN,
            "rule": self.rule,
            "text": self.text,
            "version": self.version,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    def fits(self) -> bool:
        """Whether the signature is by that key over exactly this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, self.to_sign())
        except (InvalidSignature, ValueError):
            return False
        return True


class State(Enum):
    """Where a version of a rule stands with the lender."""

    OWN = "own"  # the lender wrote it himself; two people approve it with the packs
    ADOPTED = "adopted"
    CHANGED = "changed"  # adopted once, in another text than it has now
    WITHOUT_DUTY = "without_duty"  # adopted by one who may not, or may no more
    OPEN = "open"  # nobody adopted it


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of one version, and the adoption that it follows from, if there is one."""

    state: State
    adoption: Adoption | None = None


def read(contents: Contents) -> tuple[tuple[Adoption, ...], list[Problem]]:
    """Every adoption of the folder, and every problem in the file; none where there is no file."""
    if FILE not in contents.files:
        return (), []
    text, problems = contents.text(FILE)
    found, wrong = (None, []) if text is None else document.read_yaml(text, kind="adopted", file=FILE)
    problems += wrong
    if found is None:
        return (), problems
    adopted: list[Adoption] = []
    for row in Table(found, (), problems, known=("adopted",)).tables("adopted", _KEYS, required=False):
        one = _adoption(row)
        if one is None:
            continue
        if not one.fits():
            row.refuse(
                "signature",
                "signature",
                say("the signature is not by this key over this row: {rule}", rule=one.rule),
                say(
                    "Remove the entry, and have the row adopted again: `duly law adopt {rule}`.",
                    rule=one.rule,
                ),
            )
        adopted.append(one)
    return tuple(adopted), problems


def _adoption(row: Table) -> Adoption | None:
    texts = {name: row.text(name) for name in ("rule", "version", "by")}
    hexes = {
        name: row.text(
            name, pattern=rf"[0-9a-f]{{{digits}}}", shape=say("{count} digits in hex", count=digits)
        )
        for name, digits in (("text", 64), ("key", 64), ("signature", 128))
    }
    at = row.text("at", pattern=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shape=say("an instant in UTC"))
    if at is None or None in texts.values() or None in hexes.values():
        return None
    try:
        instant = datetime.strptime(at, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        row.refuse(
            "at",
            "instant",
            say("`{text}` is no instant", text=at),
            say("Have the row adopted again; the file is not edited by hand."),
        )
        return None
    return Adoption(
        rule=str(texts["rule"]),
        version=str(texts["version"]),
        text=str(hexes["text"]),
        by=str(texts["by"]),
        at=instant,
        key=bytes.fromhex(str(hexes["key"])),
        signature=bytes.fromhex(str(hexes["signature"])),
    )


def write(adoptions: Iterable[Adoption]) -> str:
    """The text of the file; equal adoptions give equal bytes."""
    parts = [
        f'- rule: "{one.rule}"\n'
        f'  version: "{one.version}"\n'
        f"  text: {one.text}\n"
        f"  by: {json.dumps(one.by, ensure_ascii=False)}\n"
        f'  at: "{_instant(one.at)}"\n'
        f'  key: "{one.key.hex()}"\n'
        f'  signature: "{one.signature.hex()}"\n'
        for one in sorted(adoptions, key=lambda each: (each.rule, each.version, each.at, each.by))
    ]
    return _HEAD + ("adopted:\n" + "".join(parts) if parts else "adopted: []\n")


def standing(
    rule: rules.Rule,
    version: rules.Version,
    adoptions: Iterable[Adoption],
    *,
    own: bool,
    duties: Mapping[str, frozenset[Duty]],
) -> Standing:
    """Where the version stands; `own` is a rule of the lender's, `duties` who may do what now."""
    if own:
        return Standing(state=State.OWN)
    named = [one for one in adoptions if one.rule == rule.id and one.version == version.name]
    named.sort(key=lambda one: one.at, reverse=True)
    same = [one for one in named if one.text == version.fingerprint]
    for one in same:
        if not MAY_ADOPT.isdisjoint(duties.get(one.by, frozenset())):
            return Standing(state=State.ADOPTED, adoption=one)
    if same:
        return Standing(state=State.WITHOUT_DUTY, adoption=same[0])
    if named:
        return Standing(state=State.CHANGED, adoption=named[0])
    return Standing(state=State.OPEN)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_INSTANT)
