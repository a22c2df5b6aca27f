"""A message as the outbox holds it: ids, figures and facts, with the planner's mark on them.

The mark is a MAC whose key is not in the database, so a row that somebody inserted or changed by hand is
not a message. Refuses names, numbers and texts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any

_DOMAIN = b"duly.message-row.1\n"
_UNMARKED = frozenset({"mac"})


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One row of the outbox.

    `fields` are the figures a template prints, `act` the facts the law was asked about, `plan_says` the digest of what
    its plan's row says: whoever changes the plan (its approvals, its release) unmakes its messages. `release` is the
    digest of the list by which two people released it, empty where its stage asks for none.
    """

    day: date
    key: bytes
    version: int
    plan: int
    notice_key: bytes
    code: str
    person: str
    creditor: str
    servicer: str
    brand: str
    stage: str
    occurrence: int
    step: int
    notice: str
    class_: str
    locale: str
    channel: str
    route: str
    point: str
    value_key: str
    cases: tuple[str, ...]
    accounts: tuple[str, ...]
    fields: Mapping[str, object]
    act: Mapping[str, object]
    template_digest: str
    content: str
    deadline_on: date | None
    parts: int
    billed: int
    not_before: datetime
    not_after: datetime
    binding_rule: str | None
    arm: str
    release: str
    manifest: str
    horizon: int
    plan_says: bytes = b""
    mac: bytes = b""

    def marked(self, key: bytes) -> bytes:
        """The MAC over everything that matters of the row."""
        plain = {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in _UNMARKED
        }
        body = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return hmac.digest(key, _DOMAIN + body, hashlib.sha256)

    def marked_with(self, key: bytes) -> Planned:
        """The same row with its mark."""
        return replace(self, mac=self.marked(key))

    def is_marked(self, key: bytes) -> bool:
        """Whether the planner made this row as it stands."""
        return hmac.compare_digest(self.mac, self.marked(key))


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def from_row(row: Mapping[str, object], *, plan_says: bytes = b"") -> Planned:
    """A row of `batch_messages` as a value; without what its plan says it can be rendered and not released."""
    named = {("class_" if name == "class" else name): value for name, value in row.items() if name != "batch"}
    named["cases"] = tuple(named["cases"])  # type: ignore[arg-type]  # text[] arrives as a list
    named["accounts"] = tuple(named["accounts"])  # type: ignore[arg-type]  # text[] arrives as a list
    return Planned(plan_says=plan_says, **named)  # type: ignore[arg-type]  # the statement names the columns of this dataclass


def of_plan(row: Mapping[str, Any], *, plan: int, version: int, manifest: str, horizon: int) -> Planned:
    """A message of a plan (plan.message.MESSAGE) as a value, made from that snapshot and the events up to there."""
    return Planned(
        day=row["day"],
        key=row["key"],
        version=version,
        plan=plan,
        notice_key=row["notice_key"],
        code=row["verify_code"],
        person=row["person"],
        creditor=row["creditor"],
        servicer=row["servicer"],
        brand=row["brand"],
        stage=row["stage"],
        occurrence=row["occurrence"],
        step=row["step"],
        notice=row["notice"],
        class_=row["class"],
        locale=row["locale"],
        channel=row["channel"],
        route=row["route"],
        point=row["point"],
        value_key=row["value_key"],
        cases=tuple(row["cases"]),
        accounts=tuple(row["accounts"]),
        fields=json.loads(row["fields"]),
        act=json.loads(row["act"]),
        template_digest=row["template_digest"],
        content=row["content"],
        deadline_on=row["deadline_on"],
        parts=row["parts"],
        billed=row["billed"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        binding_rule=row["binding_rule"],
        arm=row["arm"],
        release=row["release"],
        manifest=manifest,
        horizon=horizon,
    )
