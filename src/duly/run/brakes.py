"""What keeps a message back whatever it says: a halt, a late feed, an approval or a release that is lacking, and the
first part of its run while it is looked how that arrives.

All but the last only people can lift, so whoever waits for it is told for whom. The gate asks at every hand-over, and a
run that cannot go on asks the same, so what is said to be waited for is what is waited for.
Pure. Refuses to know the law, the text or the carrier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from duly.run import planned


@dataclass(frozen=True, kw_only=True)
class Brakes:
    """The halts in force, the feeds that are late, and what approvals lack.

    `unapproved` names by plan the parts that two people have not approved, `unreleased` by the digest of a stage's
    list what its release lacks. A plan or list that is not in there is not known, and holds. `canaries` are the first
    parts of runs that are still waited for: by plan, route and template the keys of the messages that are one.
    `unseeded` are the routes and templates that the lender's own phones have not received yet.
    """

    halts: Sequence[Mapping[str, object]]
    stale_feeds: tuple[str, ...]
    unapproved: Mapping[int, tuple[str, ...]]
    unreleased: Mapping[str, tuple[str, ...]]
    canaries: Mapping[tuple[int, str, str], frozenset[bytes]] = field(default_factory=dict)
    unseeded: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Lot:
    """What the brakes ask of a message, or of many that are alike in it.

    `person` and `accounts` are told where they are one message's, or where a halt names them; `canary` says that it is
    of the first part of its run.
    """

    plan: int
    creditor: str
    brand: str
    channel: str
    route: str
    stage: str
    notice: str
    template_digest: str
    release: str
    person: str = ""
    accounts: tuple[str, ...] = ()
    canary: bool = False


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Why something is kept back, and which of it: the halts' numbers, the feeds, the parts, or the stage."""

    code: str
    which: tuple[str, ...]


def lot(message: planned.Planned) -> Lot:
    """The messages that are like this one, as the brakes see them."""
    return Lot(
        plan=message.plan,
        creditor=message.creditor,
        brand=message.brand,
        channel=message.channel,
        route=message.route,
        stage=message.stage,
        notice=message.notice,
        template_digest=message.template_digest,
        release=message.release,
    )


def alone(message: planned.Planned, brakes: Brakes) -> Lot:
    """This message by itself: with whom it goes to, and whether it is of the first part of its run."""
    of = brakes.canaries.get((message.plan, message.route, message.template_digest), frozenset())
    return replace(lot(message), person=message.person, accounts=message.accounts, canary=message.key in of)


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
    if (messages.route, messages.template_digest) in brakes.unseeded:
        return Kept(code="awaiting_seeds", which=(messages.notice, messages.route))
    if not messages.canary and (messages.plan, messages.route, messages.template_digest) in brakes.canaries:
        return Kept(code="awaiting_canary", which=(messages.notice, messages.route))
    return None


def _stops(halt: Mapping[str, object], messages: Lot) -> bool:
    stopped: dict[object, bool] = {
        "all": True,
        "creditor": halt["value"] == messages.creditor,
        "brand": halt["value"] == messages.brand,
        "channel": halt["value"] == messages.channel,
        "route": halt["value"] == messages.route,
        "stage": halt["value"] == messages.stage,
        "template": halt["value"] in {messages.notice, messages.template_digest},
        "person": halt["value"] == messages.person,
        "account": halt["value"] in messages.accounts,
    }
    return stopped[halt["scope"]]
