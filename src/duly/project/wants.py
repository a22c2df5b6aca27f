"""The facts that the law asks for and nobody supplies, and how many accounts each of them holds.

The law itself is asked: for every kind of act that the strategy would do, on accounts as they are, with all
that a plan supplies. What it answers "in doubt" is what is lacking.
Refuses to guess a fact: what is unknown holds, and is named here before anybody wonders why nothing leaves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from duly.book.columns import Book
from duly.law import decide, facts, jurisdictions, values
from duly.model.party import Channel, Consent, Place, PointState, Role
from duly.project.folder import Project

NOON = time(12)
CONTACT = "contact"


@dataclass(frozen=True, kw_only=True)
class Want:
    """A fact that is lacking: the rules that ask for it, who should supply it, and the accounts it holds.

    `accounts` is None where no book was loaded: then the fact is lacking for every account.
    """

    fact: str
    rules: tuple[str, ...]
    supplier: str
    accounts: int | None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Accounts that are alike to the law. `zones` only tells whether any is known."""

    jurisdiction: str
    product: str
    debt_class: str
    role: str
    liable: bool | None
    zoned: bool


def find(project: Project, book: Book | None, *, on: date) -> tuple[Want, ...]:
    """Every lacking fact, by name. `on` is the day whose law is asked."""
    held: Counter[str] = Counter()
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for kind, count in _kinds(project, book):
        doubts = [
            doubt for act in _acts(project, kind, on) for doubt in decide.decide(project.law, act).in_doubt
        ]
        for fact in {doubt.fact for doubt in doubts}:
            held[fact] += count
        for doubt in doubts:
            asked[doubt.fact].add(doubt.rule)
    return tuple(
        Want(
            fact=fact,
            rules=tuple(sorted(asked[fact])),
            supplier=facts.FACTS[fact].supplier if fact in facts.FACTS else "",
            accounts=None if book is None else held[fact],
        )
        for fact in sorted(asked)
    )


def _kinds(project: Project, book: Book | None) -> Iterator[tuple[Kind, int]]:
    """The kinds of account there are, and how many accounts of each; without a book, one of each product."""
    if book is None:
        products = sorted(
            {word for segment in project.strategy.segments for word in segment.when.get("product", ())}
        )
        for code in project.settings.licences:
            for product in products or [""]:
                yield (
                    Kind(
                        jurisdiction=code,
                        product=product,
                        debt_class="consumer",
                        role=Role.BORROWER.value,
                        liable=True,
                        zoned="zones" in _mapped(project),
                    ),
                    1,
                )
        return
    alike = ("jurisdiction", "product", "debt_class", "role", "liable", "zoned")
    counted = (
        book.accounts.with_columns(zoned=pl.col("zones").list.len() > 0)
        .group_by(alike)
        .agg(pl.col("account").n_unique().alias("count"))
        .sort(alike)
    )
    for row in counted.iter_rows(named=True):
        yield Kind(**{name: row[name] for name in alike}), int(row["count"])


def _mapped(project: Project, name: str = "parties") -> frozenset[str]:
    """The columns of the feed that book.yaml supplies."""
    feed = project.book.feeds.get(name)
    return frozenset() if feed is None else frozenset(feed.columns.values()) | frozenset(feed.fixed)


def _acts(project: Project, kind: Kind, on: date) -> Iterator[values.Act]:
    """One act for every way in which the strategy would contact somebody on such an account."""
    zone = project.settings.zone
    known = jurisdictions.is_known(kind.jurisdiction)
    codes = jurisdictions.chain(kind.jurisdiction) if known else (kind.jurisdiction,)
    # What we are in a country we are in its parts, unless the project says otherwise of one; as the plan has it.
    licences = project.settings.licences
    licence = next((licences[code] for code in reversed(codes) if code in licences), None)
    done: set[tuple[str, Channel]] = set()
    for segment in project.strategy.segments:
        for stage in segment.stages:
            for channel in (channel for step in stage.steps for channel in step):
                if (stage.notice_class.value, channel) in done:
                    continue
                done.add((stage.notice_class.value, channel))
                yield values.Act(
                    at=datetime.combine(on, NOON, ZoneInfo(zone)),
                    jurisdictions=codes,
                    person="-",
                    actor=None if licence is None else licence.actor,
                    debt_class=kind.debt_class,
                    product=kind.product,
                    channel=channel.value,
                    action=CONTACT,
                    stage=stage.name,
                    notice_class=stage.notice_class.value,
                    technology=None,
                    accounts=("-",),
                    number="-",
                    recipient_role=kind.role,
                    liable=kind.liable,
                    zones=(zone,) if kind.zoned else (),
                    holds=frozenset(),
                    consent=Consent.UNKNOWN.value,
                    point_state=PointState.OK.value,
                    shared=False,
                    place=Place.HOME.value if "place" in _mapped(project, "contacts") else None,
                    claims=frozenset(),
                    elements=frozenset(facts.FACTS["elements"].values),
                    policy=project.policy,
                    facts=_supplied(project, channel),
                )


def _supplied(project: Project, channel: Channel) -> dict[str, object]:
    """The further facts that a plan gives: of the notice, of its text, of the point, and how long the channel takes."""
    latency = [route.latency_ms for route in project.routes if route.channel is channel]
    given: dict[str, object] = {
        "first_notice": True,
        "debt_disclosed": True,
        "verification_lapsed": False,
        "at_work": False,
    }
    if channel is Channel.EMAIL and "place" in _mapped(project, "contacts"):
        given["address_class"] = "personal"
    return given | ({"transit_seconds": -(-max(latency) // 1000)} if latency else {})
