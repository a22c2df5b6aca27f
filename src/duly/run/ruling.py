"""May this message leave now? The gate's decision, pure: what was read under the locks goes in, a word comes out.

The order below is the order of the questions, and the first that is answered with no decides.
Refuses to read anything, and to release what it was not told enough about: doubt holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from duly.channels import base
from duly.law import compiled, values
from duly.run import acts, brakes, ceiling, planned

# How soon a message that waits for people (a halt, a release, a feed) is looked at again.
PATIENCE = timedelta(seconds=1)

# Why a row is dropped that the planner did not make.
FORGED = "forged"

# An event of the book that came after the plan, and what it means for the message.
_EVENT_CODES = {
    "payment": "paid_since",
    "reversal": "debt_changed",
    "balance": "debt_changed",
    "status": "debt_changed",
    "suit_list": "debt_changed",
    "hold_set": "held_since",
    "hold_lifted": "debt_changed",
    "contact_state": "contact_changed",
    "consent": "consent_changed",
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A message rendered and encoded, with what was found in its text."""

    planned: planned.Planned
    encoded: base.Encoded
    text: str = field(repr=False)
    subject: str = field(repr=False)
    claims: frozenset[str]
    elements: frozenset[str]
    debt_disclosed: bool
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Known:
    """What was read under the locks of the chunk. `room` is how many messages may still leave on the day.

    `manifests` are the snapshots of the load in force: what was folded meanwhile says nothing that `events` do not.
    """

    now: datetime
    zone_day: date
    brakes: brakes.Brakes
    manifests: frozenset[str]
    events: Mapping[int, Sequence[Mapping[str, object]]]
    left: frozenset[bytes]
    latest: Mapping[bytes, tuple[date, int]]
    history: Sequence[values.Contact]
    digests: Mapping[int, tuple[str, str]]
    room: int


@dataclass(frozen=True, kw_only=True)
class Release:
    """It may leave."""

    prepared: Prepared
    verdict: values.Verdict


@dataclass(frozen=True, kw_only=True)
class Drop:
    """It will not leave. `wake` says that the person is to be planned for again."""

    planned: planned.Planned
    outcome: str
    code: str
    rule: str | None = None
    fact: str | None = None
    wake: bool = False
    verdict: values.Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class Defer:
    """Not now; look again at `until`."""

    planned: planned.Planned
    until: datetime
    code: str
    rule: str | None = None


Ruling = Release | Drop | Defer


def rule(
    n: int,
    prepared: Prepared,
    known: Known,
    *,
    law: compiled.Reading,
    policy: values.Policy,
    mark_key: bytes,
    history: Sequence[values.Contact],
) -> Ruling:
    """The word on the n-th message of a chunk; `history` is the message's, with what the chunk released before it."""
    message = prepared.planned
    if not message.is_marked(mark_key):
        return Drop(planned=message, outcome="dropped", code=FORGED)
    if message.key in known.left:
        return Drop(planned=message, outcome="dropped", code="already_left")
    if known.latest.get(message.key, (message.day, message.version)) != (message.day, message.version):
        return Drop(planned=message, outcome="superseded", code="planned_again")
    if known.now > message.not_after:
        return Drop(planned=message, outcome="expired", code="not_after_passed")
    changed = _changed(n, message, known)
    if changed is not None:
        return changed
    kept = brakes.keep(brakes.lot(message), known.brakes)
    if kept is not None:
        return Defer(planned=message, until=known.now + PATIENCE, code=kept.code)
    if known.now < message.not_before:
        return Defer(planned=message, until=message.not_before, code="not_before", rule=message.binding_rule)
    if prepared.findings:
        return Drop(planned=message, outcome="dropped", code="text_refused", fact=prepared.findings[0])
    return _by_law(prepared, known, law=law, policy=policy, history=history)


def over_the_ceiling(message: planned.Planned, now: datetime) -> Defer:
    """The day has as many messages as the lender allows: it waits, and ends with its own life."""
    return Defer(planned=message, until=now + ceiling.PATIENCE, code="daily_limit")


def _changed(n: int, message: planned.Planned, known: Known) -> Drop | None:
    # A payment, a STOP, a hold known before hand-over means that nothing is handed over (promise 3).
    for event in known.events.get(n, ()):
        code = _EVENT_CODES.get(str(event["kind"]), "debt_changed")
        return Drop(planned=message, outcome="dropped", code=code, fact=_detail(event), wake=True)
    if message.manifest not in known.manifests:
        return Drop(planned=message, outcome="dropped", code="book_changed", wake=True)
    return None


def _detail(event: Mapping[str, object]) -> str:
    detail = event.get("detail")
    return str(event["kind"]) if detail is None else f"{event['kind']}:{detail}"


def _by_law(
    prepared: Prepared,
    known: Known,
    *,
    law: compiled.Reading,
    policy: values.Policy,
    history: Sequence[values.Contact],
) -> Ruling:
    message = prepared.planned
    act = acts.revive(
        message.act,
        at=known.now,
        history=history,
        claims=prepared.claims,
        elements=prepared.elements,
        debt_disclosed=prepared.debt_disclosed,
        policy=policy,
    )
    verdict = law.decide(act)
    if verdict.kind is values.Kind.PERMIT:
        # A word that no rule in force speaks to is held all the same, as the plan would have held it.
        if prepared.claims:
            claim = min(prepared.claims)
            return Drop(planned=message, outcome="dropped", code="text_refused", fact=claim, verdict=verdict)
        return Release(prepared=prepared, verdict=verdict)
    rule_id = verdict.blocked_by[0].rule if verdict.blocked_by else None
    fact = verdict.in_doubt[0].fact if verdict.in_doubt else None
    if verdict.kind is values.Kind.HOLD and verdict.until is not None and verdict.until <= message.not_after:
        return Defer(planned=message, until=verdict.until, code="law", rule=rule_id)
    return Drop(planned=message, outcome="dropped", code="law", rule=rule_id, fact=fact, verdict=verdict)


def contacts_of(message: planned.Planned, at: datetime) -> list[values.Contact]:
    """What a released message adds to the history: one contact for each account it speaks of."""
    return [
        values.Contact(
            at=at.replace(microsecond=0),
            kind="message_sent",
            channel=message.channel,
            person=message.person,
            account=account,
            number=message.value_key,
            ref=message.key.hex(),
        )
        for account in message.accounts
    ]
