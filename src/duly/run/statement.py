"""The facts of sending and listening in the words of the evidence schema (`evidence.kinds`).

Pure: each function turns what happened into one `record.Fact`. Refuses to add anything that did not happen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from duly.channels import answer, inbound
from duly.law import values
from duly.model import party
from duly.run import ruling
from duly.run.record import Fact

if TYPE_CHECKING:
    from duly.run import planned, settlement
    from duly.text import promise

MACHINE = "duly"

_CHANNELS = frozenset(channel.value for channel in party.Channel)

_PROVENANCE = {
    inbound.Provenance.SIGNED: "signed",
    inbound.Provenance.SESSION: "session",
    inbound.Provenance.ADDRESS_ONLY: "address",
    inbound.Provenance.FILE: "file",
    inbound.Provenance.CONFIRMED: "query",
}


def account_of(case: str) -> str:
    """The account whose episode this is."""
    return case.rsplit("/", 1)[0]


def about(
    cases: Sequence[str], figures: Mapping[str, Mapping[str, object]] | None = None
) -> dict[str, dict[str, object]]:
    """What is said of the account of each case: its id, and its figures where they are known."""
    known = figures or {}
    return {case: {"account": account_of(case), **_figures(known.get(case, {}))} for case in cases}


def _figures(kept: Mapping[str, object]) -> dict[str, object]:
    """The figures of a case as they were kept beside its message, without those that are not known."""
    typed = {name: value for name, value in kept.items() if value is not None}
    if "as_of" in typed:
        typed["as_of"] = date.fromisoformat(str(typed["as_of"]))
    return typed


def _message(row: planned.Planned) -> dict[str, object]:
    return {
        "message": row.key.hex(),
        "notice": row.notice_key.hex(),
        "channel": row.channel,
        "point": row.point,
        "number": row.value_key,
        "route": row.route,
        "stage": row.stage,
        "occurrence": row.occurrence,
        "notice_class": row.class_,
    }


def _rules(reasons: Sequence[values.Reason]) -> list[dict[str, object]]:
    return [
        {"rule": reason.rule, "version": reason.version, "cite": reason.cite, "effect": reason.effect}
        for reason in reasons
    ]


def _told(value: object) -> object:
    """A fact as the evidence keeps it: numbers and yes or no as they are, several words as a list, else in words."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, frozenset | set | tuple | list):
        return sorted(str(word) for word in value)
    return str(value)


def permitted(
    prepared: ruling.Prepared, verdict: values.Verdict, *, at: datetime, strategy: str, packs: str
) -> Fact:
    """The gate let exactly these bytes leave."""
    row = prepared.planned
    figures = row.fields.get("figures")
    return Fact(
        kind="permit",
        at=at,
        person=row.person,
        open={"strategy": strategy, "packs": packs, **({"release": row.release} if row.release else {})},
        committed={
            "person": row.person,
            "message": _message(row),
            "text": {
                "sha256": prepared.encoded.sha256.hex(),
                "template": row.template_digest,
                "locale": row.locale,
                "parts": prepared.encoded.count,
            },
            "decision": {
                "verdict": verdict.kind.value,
                "rules": _rules(verdict.because),
                "facts": {name: _told(value) for name, value in verdict.facts.items()},
            },
            "window": {"not_before": row.not_before, "not_after": prepared.not_after},
        },
        about=about(row.cases, figures if isinstance(figures, Mapping) else None),
    )


def ended(drop: ruling.Drop, *, at: datetime, because: UUID | None = None) -> Fact:
    """A message that will never leave, and why; `because` is the entry of the plan that said so, if one did."""
    row = drop.planned
    if drop.code == ruling.FORGED:
        return _forged(row, at=at)
    parts = [drop.code, *(word for word in (drop.rule, drop.fact) if word)]
    return Fact(
        kind="expiry",
        at=at,
        person=row.person,
        open={} if because is None else {"because": because},
        committed={"person": row.person, "message": _message(row), "reason": " ".join(parts)},
        about=about(row.cases),
    )


def _forged(row: planned.Planned, *, at: datetime) -> Fact:
    # Somebody's invention: its person may have no key and its cases no file, so the house keeps what it said.
    channel = row.channel if row.channel in _CHANNELS else party.Channel.SMS.value
    return Fact(
        kind="expiry",
        at=at,
        committed={
            "person": row.person,
            "message": {"message": row.key.hex(), "channel": channel, "point": row.point},
            "reason": ruling.FORGED,
        },
    )


_ANSWER_WORDS = {
    "accepted": "accepted",
    "refused": "refused",
    "unsure": "unsure",
    "returned": "never_written",
}


def answered(what: settlement.HandedOver, given: answer.Answer, outcome: str, *, at: datetime) -> Fact:
    """What the carrier said to the hand-over, or that it said nothing."""
    word = "refused" if outcome == "returned" and getattr(given, "written", False) else _ANSWER_WORDS[outcome]
    carrier: dict[str, object] = {"name": what.route}
    remote = [segment.remote_id for segment in given.segments if segment.remote_id]
    if remote:
        carrier["remote_ids"] = remote
    if code := getattr(given, "code", ""):
        carrier["code"] = code
    if reason := getattr(given, "reason", ""):
        carrier["words"] = reason
    return Fact(
        kind="answer",
        at=at,
        person=what.person,
        open={"permit": what.entry},
        committed={"person": what.person, "outcome": word, "carrier": carrier},
        about=about(what.cases),
    )


def resolved(
    what: settlement.HandedOver, outcome: str, *, basis: str, at: datetime, by: str = MACHINE
) -> Fact:
    """A doubt was cleared up, or is waited for no more (`unknown`); `basis` says what that rests on."""
    return Fact(
        kind="doubt_resolved",
        at=at,
        person=what.person,
        open={"permit": what.entry},
        committed={
            "person": what.person,
            "outcome": outcome if outcome in {"accepted", "unknown"} else "refused",
            "basis": basis,
            "by": by,
        },
        about=about(what.cases),
    )


def receipt(event: inbound.ReceiptEvent, owner: Mapping[str, Any] | None, *, at: datetime) -> Fact:
    """The carrier's word on delivery; `owner` is the hand-over it belongs to, None while it matches none."""
    committed: dict[str, object] = {
        "arrival": event.state.value,
        "remote_id": event.remote_id,
        "status": f"{event.word} {event.code}".strip(),
        "provenance": _PROVENANCE[event.provenance],
        "raw": hashlib.sha256(event.raw).hexdigest(),
    }
    if event.at is not None:
        committed["done_at"] = event.at.isoformat()
    if owner is None:
        return Fact(kind="receipt", at=at, committed=committed)
    return Fact(
        kind="receipt",
        at=at,
        person=owner["person"],
        open={"permit": owner["entry"]},
        committed={"person": owner["person"], **committed},
        about=about(owner["cases"]),
    )


def adopted(row: Mapping[str, Any], owner: Mapping[str, Any], *, raw: bytes, at: datetime) -> Fact:
    """A receipt that was kept while it matched nothing, and belongs to this hand-over."""
    return Fact(
        kind="receipt",
        at=at,
        person=owner["person"],
        open={"permit": owner["entry"]},
        committed={
            "person": owner["person"],
            "arrival": row["arrival"],
            "remote_id": row["remote_id"],
            "status": row["state"],
            "provenance": _PROVENANCE[inbound.Provenance(row["provenance"])],
            "raw": hashlib.sha256(raw).hexdigest(),
        },
        about=about(owner["cases"]),
    )


def replied(
    raw: bytes,
    *,
    provenance: inbound.Provenance,
    meaning: str,
    phrase: str,
    person: str | None,
    value_key: str,
    cases: Sequence[str],
    at: datetime,
) -> Fact:
    """The debtor answered."""
    committed: dict[str, object] = {
        "channel": party.Channel.SMS.value,
        "number": value_key,
        "meaning": meaning,
        "raw": hashlib.sha256(raw).hexdigest(),
        "provenance": _PROVENANCE[provenance],
    }
    if phrase:
        committed["phrase"] = phrase
    if person is not None:
        committed["person"] = person
    return Fact(kind="reply", at=at, person=person, committed=committed, about=about(cases))


def consequence(
    meaning: str,
    person: str,
    *,
    value_key: str,
    cases: Sequence[str],
    because: UUID,
    promised: promise.Promise | None,
    currency: str,
    day: date,
    at: datetime,
) -> list[Fact]:
    """What a reply set in motion: a stop, a hold, a dispute, a promise; nothing for what goes to a person."""
    base: dict[str, object] = {"person": person}
    said: dict[str, object]
    if meaning in {"stop", "start", "wrong_number"}:
        kind, said = (
            "stop",
            {
                "scope": "number",
                "channel": party.Channel.SMS.value,
                "number": value_key,
                "change": "start" if meaning == "start" else "stop",
                "by": MACHINE,
            },
        )
    elif meaning in {"dispute", "complaint"}:
        kind, said = "dispute", {"state": "opened", "category": meaning, "by": MACHINE}
    elif meaning == "promise":
        kind, said = "promise", {"state": "made", "by": MACHINE}
        if promised is not None and promised.on is not None:
            said["pay_by"] = promised.on
        if promised is not None and promised.minor is not None:
            said |= {"amount_minor": promised.minor, "currency": currency}
    elif meaning in {"paid", "hardship", "lawyer"}:
        hold = {"paid": "payment_in_flight", "hardship": "hardship", "lawyer": "represented"}[meaning]
        kind, said = "hold", {"change": "set", "hold": hold, "since": day, "by": MACHINE}
    else:
        return []
    return [
        Fact(
            kind=kind,
            at=at,
            person=person,
            open={"because": because},
            committed={**base, **said},
            about=about(cases),
        )
    ]
