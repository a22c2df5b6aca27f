"""The outcome of checking evidence: every check made, with its reason, and one of three results.

Refuses to call anything verified by a key that came with it: that is "integrity only".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from duly.evidence.note import (
    INVENTED,
    Checkpoint,
    Key,
    read_checkpoint,
    read_fingerprint,
    read_note,
    signed_by,
)
from duly.evidence.proof import Refused

T = TypeVar("T")


@dataclass(kw_only=True)
class Report:
    """The checks made, in order; after a failure it goes on, so that all reasons are told."""

    path: str
    checks: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    trusted: bool = False

    def run(self, name: str, step: Callable[[], tuple[T, str]]) -> T | None:
        """The step's value, or None if it was refused; either way a line of the report."""
        try:
            value, detail = step()
        except (Refused, OSError) as error:
            self.checks.append({"check": name, "holds": False, "detail": str(error)})
            return None
        self.checks.append({"check": name, "holds": True, "detail": detail})
        return value

    @property
    def result(self) -> str:
        """`verified`, `integrity only` or `refused`."""
        if not self.checks or not all(check["holds"] for check in self.checks):
            return "refused"
        return "verified" if self.trusted else "integrity only"

    def lines(self) -> Iterator[str]:
        """The report as text."""
        for check in self.checks:
            yield f"{'ok     ' if check['holds'] else 'REFUSED'} {check['check']:<12} {check['detail']}"
        for name, value in self.facts.items():
            yield f"        {name:<12} {value}"
        yield {
            "verified": "VERIFIED with the trusted key.",
            "integrity only": "INTEGRITY ONLY, origin not established: give --trust with the fingerprint the "
            "lender published (contract, website, notary), not one found beside the evidence.",
            "refused": "REFUSED: this does not hold as evidence; see the reasons above.",
        }[self.result]


def trust(key: Key, trusted: Sequence[str], report: Report) -> tuple[Key, str]:
    """The key, if it is one of the trusted; notes in the report whose it is."""
    report.facts["log"] = key.name
    report.facts["fingerprint"] = key.fingerprint
    if key.name.startswith(INVENTED):
        report.facts["invented"] = "this log belongs to a demonstration; its people and debts do not exist"
    if not trusted:
        return key, f"{key.name}, not compared with a fingerprint you trust"
    if key.fingerprint not in {read_fingerprint(text) for text in trusted}:
        raise Refused(f"signed by another key than you trust: its fingerprint is {key.fingerprint}")
    report.trusted = True
    return key, f"{key.name}, the key you trust"


def signed_checkpoint(raw: bytes, key: Key, what: str) -> Checkpoint:
    """The checkpoint, if the key signed it and it is of that key's log."""
    note = read_note(raw, what)
    signed_by(note, key, what)
    found = read_checkpoint(note.text, what)
    if found.origin != key.name:
        raise Refused(f"{what} is of the log {found.origin}, the key of {key.name}")
    return found


def known_heads(paths: Sequence[Path], key: Key) -> list[tuple[str, Checkpoint]]:
    """The checkpoints that somebody kept, each with its file's name."""
    return [(path.name, signed_checkpoint(path.read_bytes(), key, path.name)) for path in paths]
