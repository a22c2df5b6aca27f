"""Everything a plan is made from, in one value: what is not in here, a plan does not know.

The frames hold whole persons of some buckets; names pass through in memory and are in nothing that comes out.
Refuses to fetch anything: the caller read it all in one state of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from duly.book.columns import Book
from duly.book.mapping import Figures
from duly.book.tolerance import Cures
from duly.law import columnar
from duly.law.pack import Pack
from duly.law.values import Policy
from duly.model.money import Rounding
from duly.model.party import Channel
from duly.plan import act, columns, release, takeover
from duly.plan.ladder import Strategy
from duly.text.destinations import Destinations
from duly.text.offers import Offer
from duly.text.segment import Market
from duly.text.shelf import Shelf
from duly.text.template import Template
from duly.text.wording import Lists

TemplateName = tuple[str, str, str]  # notice, locale, part: ("overdue_first", "zh-CN", "sms.txt")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One way out, as far as a plan cares.

    `rate` is parts a second, `latency_ms` the usual time to the handset, `cost_micro` millionths of one unit
    of `currency` for a part, `signatures` the text in front of a brand's messages by brand and locale.
    """

    name: str
    channel: Channel
    market: Market
    rate: int
    latency_ms: int = 0
    cost_micro: int = 0
    currency: str = "CNY"
    signatures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What may be said: templates, the lender's own sentences by locale, approved destinations, word lists.

    `lists` by jurisdiction; a text under a jurisdiction without a list is not examined, and the law holds it.
    `creditors` are the names by which a debtor knows them, by id and locale; one without a name is said by its id.
    `code_key` (32 bytes) makes the codes by which a debtor checks a notice. `max_parts` bounds an SMS, and its first
    `preview` characters tell of no debt. `offers` are those on record. `shelf` remembers what was read once.
    """

    templates: Mapping[TemplateName, Template]
    phrases: Mapping[str, Mapping[str, str]]
    hotline: str
    official_url: str
    destinations: Destinations
    lists: Mapping[str, Lists]
    code_key: bytes = field(repr=False)
    max_parts: int | None = None
    creditors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preview: int = 0
    offers: tuple[Offer, ...] = ()
    shelf: Shelf = field(default_factory=Shelf, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """How the book is reckoned: what counts as cured, by how much the ledger may differ (minor units, days).

    `tolerances_minor` are those of single components; `figures` says whose figures a notice states.
    """

    cures: Cures = field(default_factory=Cures)
    tolerance_minor: int = 0
    tolerances_minor: Mapping[str, int] = field(default_factory=dict)
    figures: Figures = Figures.OURS
    rounding: Rounding = Rounding.HALF_UP

    def told(self) -> dict[str, object]:
        """The same as it is written down beside what was reckoned."""
        return {
            "cure_minor": self.cures.general.minor,
            "cure_days": self.cures.general.days,
            "cures": {
                product: {"minor": cure.minor, "days": cure.days} for product, cure in self.cures.own.items()
            },
            "tolerance_minor": self.tolerance_minor,
            "tolerances_minor": dict(self.tolerances_minor),
            "figures": self.figures.value,
            "rounding": self.rounding.value,
        }


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The day, the instant, the world as it is known, and the rules.

    `on` is the local day in `zone`, `at` (aware, whole seconds) the instant before which nothing is planned.
    `cases`, `stages`, `known`, `arms` are CASE, STAGE, KNOWN and ARM of `columns`, `history` the contacts that
    count against caps as `duly.law` takes them, `names` holds `person` and `name`.
    `strategies` by digest; `current` is the one that new episodes begin with.
    `actors` says by jurisdiction what we are to its rules; `released` (release.RELEASED) holds what two people
    released at stages that ask for it; `stale` the feeds that are late: while there is one, everything is held.
    `receipt_wait` is how many days a receipt is waited for before the next channel is tried; a contact point that was
    not verified `verified_within` days ago or later is told nothing of a debt, if the lender set that number.
    `reading` is `law` under `policy` laid out already, for whoever plans often, and `memory` what it said before; they
    change no answer.
    `past` (PAST) is what another system says it did, and `taken_over` what of that may count as a stage done.
    """

    on: date
    at: datetime
    zone: str
    book: Book
    names: pl.DataFrame = field(repr=False)
    cases: pl.DataFrame
    stages: pl.DataFrame
    known: pl.DataFrame
    arms: pl.DataFrame
    history: pl.DataFrame
    strategies: Mapping[str, Strategy]
    current: str
    law: Pack
    policy: Policy
    actors: Mapping[str, str]
    routes: tuple[Route, ...]
    words: Words
    reckoning: Reckoning
    arm_key: bytes = field(repr=False)
    released: pl.DataFrame = field(default_factory=lambda: columns.empty(release.RELEASED))
    stale: frozenset[str] = frozenset()
    receipt_wait: int = 1
    verified_within: int | None = None
    reading: columnar.Reading | None = field(default=None, repr=False)
    past: pl.DataFrame = field(default_factory=lambda: columns.empty(columns.PAST))
    taken_over: takeover.Policy = field(default_factory=takeover.Policy)
    memory: act.Memory = field(default_factory=act.Memory, repr=False, compare=False)
