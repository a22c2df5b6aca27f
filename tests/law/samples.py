"""Packs written inline, an act to start from, and scenes of acts aimed at boundaries."""

from __future__ import annotations

import functools
import random
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from duly.law import facts, pack, rows, source, values, vocabulary
from duly.law.pack import Pack

Thing = TypeVar("Thing")
Choose = Callable[[Sequence[Thing]], Thing]

SHANGHAI = ZoneInfo("Asia/Shanghai")


@functools.cache
def shipped(*names: str) -> Pack:
    """Shipped packs, joined."""
    found = []
    for name in names:
        one, problems = pack.load(pack.shipped(name))
        assert not problems, problems
        assert one is not None
        found.append(one)
    return pack.join(*found) if len(found) > 1 else found[0]


def written(text: str, *, zone: str = "Asia/Shanghai", jurisdictions: Sequence[str] = ("XX",)) -> Pack:
    """A pack of the rules in the text, without tests of its own."""
    opened = source.Source(file="rules.yaml", lines=tuple(text.split("\n")))
    node = source.parse(opened, textwrap.dedent(text))
    assert isinstance(node, source.Listing), opened.problems
    found = [rows.rule(opened, item) for item in node.items]
    assert not opened.problems, opened.problems
    return Pack(
        name="sample",
        title={"zh": "样本", "en": "sample"},
        as_of=date(2026, 11, 23),
        reviewed_until=date(2027, 2, 28),
        zone=zone,
        jurisdictions=frozenset(jurisdictions),
        rules=tuple(rule for rule in found if rule is not None),
        cases=(),
        digest="0" * 64,
    )


def rule(name: str, kind: str, body: str, *, head: str = "", version: str = "") -> str:
    """One rule of jurisdiction XX with one open version, as YAML. `body` are the keys of its type."""
    lines = [
        f"- id: {name}",
        f"  type: {kind}",
        *(
            line
            for line in ("  jurisdiction: XX", "  authority: statute", "  effect: deny")
            if line[:10] not in head
        ),
        "  title: {zh: 规则, en: a rule}",
        *(f"  {line}" for line in textwrap.dedent(head).strip().split("\n") if line),
        "  versions:",
        f"    - {{from: 2020-01-01, until: null, status: in_force, reading: draft, {version}"
        " cite: {instrument: a text, tier: mem}, " + " ".join(textwrap.dedent(body).split()) + "}",
    ]
    return "\n".join(lines) + "\n"


def act(**changed: object) -> values.Act:
    """A plain SMS reminder to a borrower at ten in the morning of 2026-11-23, Shanghai time."""
    taken: dict[str, object] = {
        "at": datetime(2026, 11, 23, 10, tzinfo=SHANGHAI),
        "jurisdictions": ("XX",),
        "person": "P1",
        "accounts": ("A1",),
        "number": "n1",
        "actor": "first_party",
        "debt_class": "consumer",
        "product": "cash_loan",
        "channel": "sms",
        "action": "contact",
        "stage": "first",
        "notice_class": "nudge",
        "technology": "manual",
        "recipient_role": "borrower",
        "zones": ("Asia/Shanghai",),
        "holds": frozenset(),
        "consent": "unknown",
        "point_state": "ok",
        "shared": False,
        "place": "home",
        "claims": frozenset(),
        "elements": frozenset({"sender_name_first"}),
        "policy": {"cn-freq-04": 2},
        "facts": {"debt_disclosed": True, "at_work": False, "verification_lapsed": False},
    }
    return values.Act(**(taken | changed))  # type: ignore[arg-type]


def without(known: values.Act, name: str) -> values.Act:
    """The act with one of its facts unknown."""
    return replace(known, **{name: None})  # type: ignore[arg-type]


def contact(at: datetime, kind: str = "contact_made", **changed: str) -> values.Contact:
    """A contact with the act's own person, account and number, by telephone."""
    taken = {"channel": "voice", "person": "P1", "account": "A1", "number": "n1"} | changed
    return values.Contact(at=at, kind=kind, **taken)  # type: ignore[arg-type]


# --- scenes ----------------------------------------------------------------------------------------


@functools.cache
def practice() -> Pack:
    """The pack of practice.yaml, its calendar in a zone whose clocks change at midnight."""
    text = (Path(__file__).parent / "practice.yaml").read_text("utf-8")
    return written(text, zone="Africa/Cairo", jurisdictions=("XX", "XX-1"))


@functools.cache
def past() -> Pack:
    """The pack of past.yaml: precedences and consents."""
    text = (Path(__file__).parent / "past.yaml").read_text("utf-8")
    return written(text, zone="Africa/Cairo", jurisdictions=("XX", "XX-1"))


@functools.cache
def stopped() -> Pack:
    """The pack of stops.yaml."""
    text = (Path(__file__).parent / "stops.yaml").read_text("utf-8")
    return written(text, zone="Africa/Cairo", jurisdictions=("XX", "XX-1"))


@functools.cache
def hourly() -> Pack:
    """The pack of hours.yaml: windows by calendars, stated hours and area codes."""
    text = (Path(__file__).parent / "hours.yaml").read_text("utf-8")
    return written(text, zone="Africa/Cairo", jurisdictions=("XX", "XX-1"))


@dataclass(frozen=True)
class Scene:
    """Acts of one run that share one history and one policy."""

    acts: tuple[values.Act, ...]
    policy: values.Policy


_ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Cairo",  # a midnight that is skipped
    "America/Los_Angeles",
)
# Nights on which clocks change, ends of months and weeks, and days on which a version of some pack begins.
_DAYS = tuple(
    date.fromisoformat(day)
    for day in (
        *("2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-24", "2026-10-29", "2026-04-05"),
        *("2026-01-31", "2026-02-28", "2026-03-01", "2026-10-31", "2026-12-31", "2026-11-22", "2026-11-23"),
        *("2025-02-27", "2025-02-28", "2026-01-29", "2026-01-30", "2026-04-30", "2026-09-29", "2026-03-28"),
    )
)
_TIMES = tuple(
    second
    for hour in (0, 1, 2, 3, 7, 8, 9, 12, 13, 21, 22, 23)
    for edge in (0, 1800)
    for second in (hour * 3600 + edge - 1, hour * 3600 + edge, hour * 3600 + edge + 1)
)
_GAPS = tuple(
    timedelta(seconds=sign * seconds + slip)
    for sign in (-1, 1)
    for seconds in (0, 3600, 5 * 3600, 86_400, 2 * 86_400, 3 * 86_400, 6 * 86_400, 7 * 86_400, 31 * 86_400)
    for slip in (-1, 0, 1)
)
_STATED = (
    ("09:00-17:00",),
    ("mon,tue,wed,thu,fri 07:00-08:00:01", "sat,sun 21:00-24:00"),
    ("sun 00:00-13:00", "sun 12:00-13:30"),
)
_KINDS = (
    "attempt",
    "attempt",
    "contact_made",
    "conversation",
    "message_sent",
    "delivered",
    "notice:first",
    "notice:default",
    "opt_out",
    "cease",
    "dispute",
)


def scene(
    choose: Choose[object],
    jurisdictions: Sequence[str],
    *,
    acts: int,
    contacts: int,
    calm: bool = False,
    ordinary: bool = False,
) -> Scene:
    """A scene aimed at boundaries; `choose` picks from a sequence, by Hypothesis or by a seeded generator.

    `calm`: most facts are known and in order, so that what happened before decides. `ordinary`: nearly all are,
    so that hours and caps decide under packs with many rules.
    """

    def pick(*things: Thing) -> Thing:
        return choose(things)  # type: ignore[return-value]

    moments = [_moment(pick) for _ in range(3 if calm else max(1, acts // 3))]
    history = tuple(
        values.Contact(
            at=pick(*moments) + pick(*_GAPS),
            kind=pick(*_KINDS),
            channel=pick("voice", "voice", "sms", "email"),
            person=pick("P1", "P1", "P2"),
            account=pick("A1", "A2", "A3"),
            number=pick("n1", "n2"),
            ref=pick("", "", "r1", "r2", "r3"),
            dated=pick(None, *_DAYS),
            marks=pick(
                frozenset(), frozenset(), frozenset({"inbound"}), frozenset({"answered", "requested"})
            ),
        )
        for _ in range(contacts)
    )
    lift = values.Lift(people=("Li", "Wang"), on=date(2026, 1, 1), why="a reason")
    policy: dict[str, int | str | values.Lift] = {}
    for name in ("p.cap.week", "cn-freq-04", "cn-freq-01", "in.freq"):
        number = pick(None, 0, 1, 2, 2, 3)
        if number is not None:
            policy[name] = number
    for name in ("p.window.candidates", "p.content", "cn-time-01", "cn-time-02", "p.cap.days"):
        if pick(False, False, False, True):
            policy[name] = lift
    for name in ("h.open", "uk.conc.7.9.4", "uk.mcob.13.5.3"):
        own = pick(None, "09:00-17:00", "mon,tue,wed 07:59:59-21:00; sun 12:00-24:00", "in the morning")
        if own is not None:
            policy[name] = own
    made = tuple(
        _act(pick, moments, history, policy, jurisdictions, calm=calm, ordinary=ordinary) for _ in range(acts)
    )
    return Scene(made, policy)


# What the packs with many rules ask of every message, as it mostly is.
_ORDINARY = {
    "first_notice": False,
    "agency_announced": True,
    "visibility": "private",
    "identity_verified": True,
    "creditor_address": False,
    "address_class": "personal",
    "line": "residential",
    "purpose": "collection",
    "product_class": "personal_loan",
    "message_class": "full",
    "employer_prohibits": False,
}


def _moment(pick: Callable[..., object]) -> datetime:
    zone, day, second = pick(*_ZONES), pick(*_DAYS), pick(*_TIMES)
    assert isinstance(zone, str)
    assert isinstance(day, date)
    assert isinstance(second, int)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (midnight + timedelta(seconds=second)).astimezone(UTC)


def _act(
    pick: Callable[..., object],
    moments: Sequence[datetime],
    history: tuple[values.Contact, ...],
    policy: values.Policy,
    jurisdictions: Sequence[str],
    *,
    calm: bool,
    ordinary: bool,
) -> values.Act:
    further: dict[str, object] = {
        "night_consent": pick(None, None, False, True),
        "transit_seconds": pick(0, 0, 0, 1, 3600, None),
        "first_notice": pick(True, False, False, False, None),
        "visibility": pick(None, None, "public"),
        "agency_announced": pick(None, True, False),
        "debt_disclosed": pick(None, None, None, False),
        "at_work": pick(*[None] * 9, True),
        "verification_lapsed": pick(*[None] * 9, True),
        "line": pick(*[None] * 5, "wireless", "residential"),
        "message_class": pick(*[None] * 5, "limited_content", "pleading"),
        "purpose": pick(*[None] * 5, "location", "validation_notice", "reply"),
        "identity_verified": pick(*[None] * 5, True, False),
        "employer_prohibits": pick(*[None] * 5, True),
    }
    taken: dict[str, object] = {
        "at": pick(*moments, _moment(pick)),
        "jurisdictions": pick((jurisdictions[0],), tuple(jurisdictions), (jurisdictions[0], "ZZ")),
        "person": pick("P1", "P1", "P2"),
        "accounts": pick(("A1",), ("A1",), ("A1", "A2"), ("A2", "A3"), ()),
        "number": pick("n1", "n1", "n2", None),
        "actor": pick("first_party", "first_party", "third_party"),
        "debt_class": pick("consumer", "consumer", "consumer", "business", None),
        "product": pick("cash_loan", "card", None),
        "channel": pick("voice", "voice", "sms", "email", "letter", "social", None),
        "action": pick("contact", "contact", "contact", "contact", "sue", "assign", None),
        "notice_class": pick("nudge", "nudge", "required_by_law", "rights_preserving", None),
        "recipient_role": pick("borrower", "borrower", "borrower", "guarantor_general", "family", None),
        "liable": pick(None, None, True, False),
        "number_zones": pick((), ("America/New_York",), ("Europe/London", "Asia/Shanghai")),
        "preferred": pick((), (), *_STATED),
        "zones": pick((), *((zone,) for zone in _ZONES), ("Europe/London", "America/Los_Angeles")),
        "holds": pick(frozenset(), frozenset(), frozenset({"dispute"}), frozenset({"cease", "manual"}), None),
        "written_holds": pick(frozenset(), frozenset({"dispute", "cease"}), frozenset({"cease"}), None),
        "states": pick(
            frozenset(), frozenset({"disputed", "validation_period"}), frozenset({"cease_requested"}), None
        ),
        "conduct": pick(frozenset(), frozenset(), frozenset({"harassment"}), None),
        "consent": pick("unknown", "given", "withdrawn", None),
        "point_state": pick("ok", "ok", "wrong_number", None),
        "shared": pick(False, False, True, None),
        "technology": pick("manual", "autodialled", "synthetic", None),
        "consents": pick(None, *(_consents(pick, moments) for _ in range(3))),
        "place": pick("home", "home", "workplace", None),
        "claims": pick(
            frozenset(), frozenset(), frozenset({"threat"}), frozenset({"marketing", "expose"}), None
        ),
        "elements": pick(
            frozenset({"sender_name_first", "optout"}), frozenset({"sender_name_first"}), frozenset(), None
        ),
    }
    # Most facts in order, so that the interesting ones are not drowned in doubt.
    known_empty = {
        "consents": (),
        "states": frozenset(),
        "conduct": frozenset(),
        "written_holds": frozenset(),
    }
    plain = act(
        **known_empty, jurisdictions=tuple(jurisdictions[:1]), liable=True, elements=taken["elements"]
    )
    own = (
        {"at", "person", "channel", "actor"} if ordinary else {"at", "person", "accounts", "channel", "zones"}
    )
    if calm:
        own = {"at", "person", "action", "consents", "preferred", "number_zones", "zones", "holds", "consent"}
    keep = {name for name in taken if pick(True, *[False] * (30 if ordinary else 5 if calm else 1))} | own
    mostly = replace(plain, **{name: value for name, value in taken.items() if name in keep})  # type: ignore[arg-type]
    mostly = replace(mostly, elements=mostly.elements or frozenset({"sender_name_first", "optout"}))
    known = {} if ordinary else {name: value for name, value in further.items() if value is not None}
    usual: dict[str, object] = {
        "transit_seconds": 0,
        "debt_disclosed": True,
        "at_work": False,
        "verification_lapsed": False,
    }
    if ordinary:
        usual |= _ORDINARY
        mostly = replace(mostly, elements=frozenset(vocabulary.ELEMENTS))
    return replace(mostly, history=history, policy=policy, facts=usual | known)


def _consents(pick: Callable[..., object], moments: Sequence[datetime]) -> tuple[values.Consent, ...]:
    found = []
    for _ in range(pick(0, 1, 1, 2)):  # type: ignore[call-overload]
        given = pick(*moments) + pick(*_GAPS)  # type: ignore[operator]
        revoked = pick(None, None, given, *(given + gap for gap in _GAPS if gap > timedelta(0)))
        found.append(
            values.Consent(
                basis=pick("direct", "used_with_collector", "prior_express", "agreement"),  # type: ignore[arg-type]
                form=pick("", "written", "electronic", "oral"),  # type: ignore[arg-type]
                channel=pick("", "sms", "email"),  # type: ignore[arg-type]
                given=given,
                revoked=revoked,  # type: ignore[arg-type]
            )
        )
    return tuple(found)


def seeded(seed: int) -> Choose[object]:
    """A choice by a generator of its own."""
    chosen = random.Random(seed)
    return lambda things: things[int(chosen.random() * len(things))]


def known_facts() -> list[str]:
    """Every fact a predicate may ask about."""
    return sorted(facts.PREDICATES)
