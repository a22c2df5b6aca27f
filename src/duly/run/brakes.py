"""What keeps a message back whatever it says: a halt, a late feed, an approval or a release that is lacking.

Only people can lift any of it, so whoever waits for it is told for whom. The gate asks at every hand-over, and a run
that cannot go on asks the same, so what is said to be waited for is what is waited for.
Pure. Refuses to know the law, the text or the carrier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duly.run import planned


@dataclass(frozen=True, kw_only=True)
class Brakes:
    """The halts in force, the feeds that are late, and what approvals lack.

    `unapproved` names by plan the parts that two people have not approved, `unreleased` by the digest of a stage's
    list what its release lacks. A plan or list that is not in there is not known, and holds.
    """

    halts: Sequence[Mapping[str, object]]
    stale_feeds: tuple[str, ...]
    unapproved: Mapping[int, tuple[str, ...]]
    unreleased: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Lot:
    """What the brakes ask of a message, or of many that are alike in it."""

    plan: int
    creditor: str
    channel: str
    route: str
    stage: str
    notice: str
    template_digest: str
    release: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Why something is kept back, and which of it: the halts' numbers, the feeds, the parts, or the stage."""

    code: str
    which: tuple[str, ...]


def lot(message: planned.Planned) -> Lot:
    """A message as the brakes see it."""
    return Lot(
        plan=message.plan,
        creditor=message.creditor,
        channel=message.channel,
        route=message.route,
        stage=message.stage,
        notice=message.notice,
        template_digest=message.template_digest,
        release=message.release,
    )


def keep(messages: Lot, brakes: Brakes) -> Kept | None:
    """What keeps these messages back; None if nothing does."""
    halted = tuple(str(halt["id"]) for halt in brakes.halts if _stops(halt, messages))
    if halted:
        return Kept(code="halted", which=halted)
    if brakes.stale_feeds:
        return Kept(code="feed_stale", which=brakes.stale_feeds)
    if lacking := brakes.unapproved.get(messages.plan, ("unknown_plan",)):
        return Kept(code="awaiting_approval", which=lacking)
    if messages.release and brakes.unreleased.get(messages.release, ("unknown_list",)):
        return Kept(code="awaiting_release", which=(messages.stage,))
    return None


def _stops(halt: Mapping[str, object], messages: Lot) -> bool:
    stopped: dict[object, bool] = {
        "all": True,
        "creditor": halt["value"] == messages.creditor,
        "channel": halt["value"] == messages.channel,
        "route": halt["value"] == messages.route,
        "stage": halt["value"] == messages.stage,
        "template": halt["value"] in {messages.notice, messages.template_digest},
    }
    return stopped[halt["scope"]]
