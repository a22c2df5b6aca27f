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
from duly.run import acts, brakes, ceiling, planned, quotas

# Why a message waits whatever it says (`brakes`).
BRAKED = frozenset(
    {"halted", "feed_stale", "awaiting_approval", "awaiting_release", "awaiting_seeds", "awaiting_canary"}
)
# How soon a message that waits for people (a halt, a release, a feed) is looked at again.
PATIENCE = timedelta(seconds=1)

# Notices that the law knows by a name of its own: rules that spare a confirmation count those that there were.
_NAMED = {"stop_confirmation": values.NOTICE + "opt_out_confirmation"}

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
    """A message rendered and encoded, with what was found in its text.

    `until`, where it is set, is an earlier end of its life than was planned: what the carrier is told.
    """

    planned: planned.Planned
    encoded: base.Encoded
    text: str = field(repr=False)
    subject: str = field(repr=False)
    claims: frozenset[str]
    elements: frozenset[str]
    debt_disclosed: bool
    findings: tuple[str, ...] = ()
    until: datetime | None = None

    @property
    def not_after(self) -> datetime:
        """When its life ends."""
        return self.planned.not_after if self.until is None else self.until


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
    quotas: Sequence[quotas.Count] = ()


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
    if known.now > prepared.not_after:
        return Drop(planned=message, outcome="expired", code="not_after_passed")
    changed = _changed(n, message, known)
    if changed is not None:
        return changed
    if (waits := braked(message, known.brakes, known.now)) is not None:
        return waits
    if known.now < message.not_before:
        return Defer(planned=message, until=message.not_before, code="not_before", rule=message.binding_rule)
    if prepared.findings:
        return Drop(planned=message, outcome="dropped", code="text_refused", fact=prepared.findings[0])
    return _by_law(prepared, known, law=law, policy=policy, history=history)


def braked(message: planned.Planned, found: brakes.Brakes, now: datetime) -> Defer | None:
    """What is kept back whatever it says waits."""
    kept = brakes.keep(brakes.alone(message, found), found)
    return None if kept is None else Defer(planned=message, until=now + PATIENCE, code=kept.code)


def over_the_ceiling(message: planned.Planned, now: datetime) -> Defer:
    """The day has as many messages as the lender allows: it waits, and ends with its own life."""
    return Defer(planned=message, until=now + ceiling.PATIENCE, code="daily_limit")


def short_of(message: planned.Planned, count: quotas.Count, now: datetime) -> Defer:
    """An hour, a route or the cost of a day has its fill."""
    return Defer(planned=message, until=quotas.until(count, now), code=count.code)


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


def kind_of(message: planned.Planned) -> str:
    """As what it counts: a message, and where the law counts messages of its name apart, as one of them."""
    return _NAMED.get(message.notice, "message_sent")


def contacts_of(message: planned.Planned, at: datetime) -> list[values.Contact]:
    """What a released message adds to the history: one contact for each account it speaks of."""
    return [
        values.Contact(
            at=at.replace(microsecond=0),
            kind=kind_of(message),
            channel=message.channel,
            person=message.person,
            account=account,
            number=message.value_key,
            ref=message.key.hex(),
        )
        for account in message.accounts
    ]


def summary(verdict: values.Verdict) -> dict[str, object]:
    """What the law said, as it is kept with the permit."""
    return {
        "verdict": verdict.kind.value,
        "because": [
            {
                "rule": reason.rule,
                "version": reason.version,
                "cite": reason.cite,
                "status": reason.status,
                "reading": reason.reading,
            }
            for reason in verdict.because
        ],
        "facts": {name: str(value) for name, value in verdict.facts.items()},
    }
