"""What a run left, in words: how many, what they wait for, and what somebody can do about it.

Refuses to hide anything: whatever is queued when a run ends stands here under one reason or another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from duly.app import words
from duly.model.account import HoldKind
from duly.model.said import Said, say
from duly.plan import release
from duly.plan.code import Outcome
from duly.plan.plan import Plan
from duly.run import waiting
from duly.run.waiting import Reason


@dataclass(frozen=True, kw_only=True)
class Remains:
    """So many messages that have not left, or accounts that nothing is planned for, for one reason.

    `of` says which of the two; `which` are the halts, feeds, parts, stages or routes that are meant.
    """

    reason: Reason
    which: tuple[str, ...]
    count: int
    of: Said
    says: Said
    remedy: Said
    until: datetime | None = None


def told(left: Sequence[waiting.Left], *, zone: str, most: int) -> tuple[Remains, ...]:
    """What was left in the queue; `most` is how many messages a day may have."""
    return tuple(
        Remains(
            reason=one.reason,
            which=one.which,
            count=one.messages,
            of=say("messages"),
            says=_says(one, zone=zone, most=most),
            remedy=_remedy(one),
            until=None if one.until is None else one.until.astimezone(ZoneInfo(zone)),
        )
        for one in left
    )


def held(plan: Plan, *, stale: Sequence[str], lists: Sequence[release.Release]) -> tuple[Remains, ...]:
    """What a plan holds that only people can free: everything while a feed is late, and lists to be released."""
    found = []
    late = plan.decisions.filter(
        (pl.col("outcome") == Outcome.HOLD.value) & pl.col("holds").list.contains(HoldKind.FEED_STALE.value)
    )["account"].n_unique()
    if stale and late:
        found.append(waiting.Left(reason=Reason.FEED_STALE, which=tuple(stale), messages=late))
    for one in lists:
        accounts = len({account for _, account, _, _ in one.items})
        found.append(waiting.Left(reason=Reason.AWAITING_RELEASE, which=(one.stage,), messages=accounts))
    return tuple(
        Remains(
            reason=one.reason,
            which=one.which,
            count=one.messages,
            of=say("accounts"),
            says=_says(one, zone="UTC", most=0),
            remedy=_remedy(one),
        )
        for one in found
    )


def _says(left: waiting.Left, *, zone: str, most: int) -> Said:
    which = words.listed(left.which)
    route = left.which[0] if left.which else ""
    if left.reason is Reason.NOT_YET and left.until is not None:
        at = left.until.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")
        return say("may not leave before {at}", at=at)
    if left.reason is Reason.CARRIER_AWAY and not left.why:
        return say("the carrier of route {route} has not answered yet", route=route)
    plain: Mapping[Reason, Said] = {
        Reason.HALTED: say("halted by halt {which}: {why}", which=which, why=left.why),
        Reason.FEED_STALE: say("held, because a feed is older than it may be: {which}", which=which),
        Reason.AWAITING_APPROVAL: say("two people have not approved: {which}", which=which),
        Reason.AWAITING_RELEASE: say("two people have not released the stage {which}", which=which),
        Reason.AWAITING_SEEDS: say("the lender's own phones have not received yet: {which}", which=which),
        Reason.AWAITING_CANARY: say(
            "it is looked how the first part of the run arrives: {which}", which=which
        ),
        Reason.DAILY_LIMIT: say("{most} messages have left today, and no more may", most=most),
        Reason.ROUTE_LIMIT: say("as many messages have left today as may by route {route}", route=route),
        Reason.COST_LIMIT: say("what left today costs as much as it may: {route}", route=route),
        Reason.HOURLY_LIMIT: say("as many messages have left as may in an hour"),
        Reason.NO_ROUTE: say("channels.yaml has no route {route}", route=route),
        Reason.CARRIER_REFUSES: say(
            "the carrier of route {route} refuses us: {why}", route=route, why=left.why
        ),
        Reason.CARRIER_AWAY: say("the carrier of route {route} is away: {why}", route=route, why=left.why),
        Reason.CLOCK_ASTRAY: say("the clocks disagree: {why}", why=left.why),
        Reason.OTHER_WORKER: say("another worker has the route {route} and sends nothing", route=route),
        Reason.SENDING: say("their turn had not come"),
        Reason.NOT_YET: say("may not leave yet"),
    }
    return plain[left.reason]


def _remedy(left: waiting.Left) -> Said:
    one = left.which[0] if len(left.which) == 1 else ""
    if left.reason is Reason.HALTED and one:
        return say("Two people run `duly resume {number}`.", number=one)
    if left.reason is Reason.AWAITING_APPROVAL and one:
        return say("Two people run `duly approve {part}`.", part=one)
    return _REMEDIES[left.reason] if left.reason is not Reason.AWAITING_RELEASE else _release(one)


def _release(stage: str) -> Said:
    return say("Two people run `duly approve stage:{stage}`; then run again.", stage=stage)


_REMEDIES: Mapping[Reason, Said] = {
    Reason.HALTED: say("Two people run `duly resume HALT` for each of these."),
    Reason.FEED_STALE: say("Load the newest file (duly load); until then nothing leaves."),
    Reason.AWAITING_APPROVAL: say("Two people run `duly approve PART` for each of these."),
    Reason.DAILY_LIMIT: say(
        "They end with their day. A larger messages_per_day in duly.toml takes the approval of two people."
    ),
    Reason.AWAITING_SEEDS: say(
        "Look at those phones, and at the route; [trial] of duly.toml names them. A template is sent to them again "
        "after ten minutes."
    ),
    Reason.AWAITING_CANARY: say(
        "It goes on by itself when enough has arrived; too little halts the template."
    ),
    Reason.ROUTE_LIMIT: say("They end with their day. A larger ceiling takes the approval of two people."),
    Reason.COST_LIMIT: say("They end with their day. A larger ceiling takes the approval of two people."),
    Reason.HOURLY_LIMIT: say("It goes on with the next hour."),
    Reason.NO_ROUTE: say("Put the route back, or let the messages end with their day."),
    Reason.CARRIER_REFUSES: say(
        "Look at the route's system_id and password, and at where it leads; run again."
    ),
    Reason.CARRIER_AWAY: say(
        "Look at the address in channels.yaml and whether the carrier is up; run again."
    ),
    Reason.CLOCK_ASTRAY: say("Set both clocks by NTP; nothing leaves until they agree within two seconds."),
    Reason.OTHER_WORKER: say("Look at what the other worker waits for, or end it."),
    Reason.NOT_YET: say("Run again then, or leave `duly work` running."),
    Reason.SENDING: say("Run again."),
}
