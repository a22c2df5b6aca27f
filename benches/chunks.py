"""The law as the gate asks it: chunks of a few messages, judged by the compiled reading, in CPU time for each act.

The people are invented, the packs are those a lender in China pins. An act brings its own history of two months, as
the gate gives it; nearly all are permitted, as nearly all are that were planned the same morning. What the reading
lays out for facts it has not met before is part of the figure, and the time in which the acts are made is not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from duly.law import compiled, pack, values

CHUNK = 16
_CHUNKS, _ROUNDS = 100, 5
_DAYS = 62  # how far back the gate reads
_MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)  # nine o'clock in Shanghai
_STAGES = (
    ("soon", "nudge"),
    ("first", "nudge"),
    ("firm", "rights_preserving"),
    ("last", "rights_preserving"),
)
_MICRO = 1_000_000


def law_us() -> float:
    """CPU microseconds for an act, the mean over many chunks."""
    law, chance = _law(), random.Random(26)
    chunks = [list(_chunk(chance)) for _ in range(_CHUNKS)]
    reading, spent = compiled.Reading(law), 0.0
    told: list[values.Kind] = []
    for _ in range(_ROUNDS):
        for acts in chunks:
            begun = time.process_time()
            verdicts = reading.judge(acts)
            spent += time.process_time() - begun
            told += [verdict.kind for verdict in verdicts]
    permitted = told.count(values.Kind.PERMIT) / len(told)
    if not 0.9 < permitted < 1:
        raise RuntimeError(f"of the acts {permitted:.0%} are permitted: that is no morning at a gate")
    return spent / len(told) * _MICRO


def _law() -> pack.Pack:
    found = []
    for name in ("cn", "house"):
        one, problems = pack.load(pack.shipped(name))
        if one is None:
            raise RuntimeError(f"the shipped pack {name} cannot be read: {problems[0].what}")
        found.append(one)
    return pack.join(*found)


def _chunk(chance: random.Random) -> Iterator[values.Act]:
    at = _MORNING + timedelta(seconds=chance.randrange(9 * 3600))
    for _ in range(CHUNK):
        person = f"P{chance.randrange(10**7)}"
        accounts = tuple(f"{person}-{n}" for n in range(chance.choice((1, 1, 1, 2))))
        stage, notice_class = chance.choice(_STAGES)
        # Now and then somebody disputes the debt between the plan and the gate.
        disputed = chance.random() < 0.02
        yield values.Act(
            at=at,
            jurisdictions=("CN",),
            person=person,
            accounts=accounts,
            number=f"n{person}",
            actor="first_party",
            debt_class="consumer",
            product=chance.choice(("cash_loan", "card")),
            channel="sms",
            action="contact",
            stage=stage,
            notice_class=notice_class,
            recipient_role="borrower",
            liable=True,
            zones=("Asia/Shanghai",),
            holds=frozenset({"dispute"} if disputed else ()),
            consent=chance.choice(("unknown", "given")),
            point_state="ok",
            shared=False,
            claims=frozenset(),
            elements=frozenset({"sender_name_first", "amount", "optout"}),
            policy={"cn-freq-04": 2},
            facts={
                "transit_seconds": 60,
                "first_notice": stage == "soon",
                "debt_disclosed": True,
                "at_work": False,
                "verification_lapsed": False,
            },
            history=tuple(_history(chance, person, accounts, at)),
        )


def _history(
    chance: random.Random, person: str, accounts: tuple[str, ...], at: datetime
) -> Iterator[values.Contact]:
    """What two months of notices leave behind: messages mostly, a call now and then, one row for each account."""
    for days in sorted(chance.sample(range(1, _DAYS), chance.randrange(3, 10)), reverse=True):
        channel, kind = chance.choice(
            (("sms", "message_sent"),) * 4 + (("email", "message_sent"), ("voice", "attempt"))
        )
        moment = at - timedelta(days=days, seconds=chance.randrange(-3600, 3600))
        for account in accounts:
            yield values.Contact(
                at=moment,
                kind=kind,
                channel=channel,
                person=person,
                account=account,
                number=f"n{person}",
                ref=f"{person}-{days}",
            )
