"""`channels.yaml`: by which routes messages may leave, under whose name, how fast and at what price.

Refuses secrets: a system id and a password are `$NAME` references to the environment.
A route says what it refuses to carry, because a message that a carrier drops quietly is a message lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from duly.errors import Problem
from duly.model.party import Channel
from duly.model.said import say
from duly.project import document, smpp
from duly.project.settings import LOCALES
from duly.project.smpp import Smpp
from duly.project.table import Table

FILE = "channels.yaml"
MARKETS = ("cn", "gsm")
COST_DIGITS = 6  # a part costs fractions of a cent: prices are millionths of the currency unit

_KEYS = (
    "name", "channel", "kind", *smpp.KEYS, "folder", "market", "window", "rate", "latency", "answer_within",
    "cost_per_part", "currency", "signatures", "refuses",
)  # fmt: skip
_SIGNATURE_KEYS = ("brand", "texts", "sender", "filing", "filed_on")


class Kind(Enum):
    """How a route hands over."""

    SMPP = "smpp"
    FOLDER = "folder"


class Refusal(Enum):
    """What a carrier will not carry. Large cloud SMS services in mainland China refuse overdue notices."""

    OVERDUE_NOTICES = "overdue_notices"
    THIRD_PARTY = "third_party"
    LINKS = "links"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The name in front of a brand's messages, its source address, and its registration with the carriers.

    `text` as it stands in the message, brackets included, by locale.
    """

    brand: str
    texts: Mapping[str, str]
    sender: str
    filing: str
    filed_on: date


@dataclass(frozen=True, kw_only=True)
class Route:
    """One way out.

    `rate` is parts a second, `window` the most parts without an answer on each bind, `latency_ms` the carrier's usual
    time to the handset, `answer_within_ms` after which an answer is no longer awaited, `cost_micro` millionths of
    one unit of `currency` for a part.
    """

    name: str
    channel: Channel
    kind: Kind
    market: str
    window: int
    rate: int
    latency_ms: int
    answer_within_ms: int
    cost_micro: int
    currency: str
    signatures: tuple[Signature, ...]
    refuses: frozenset[Refusal]
    smpp: Smpp | None
    folder: str | None

    @property
    def places(self) -> int:
        """The most parts without an answer, over all its binds."""
        return self.window * (1 if self.smpp is None else self.smpp.binds)

    def signature(self, brand: str) -> Signature | None:
        """The signature registered for a brand on this route."""
        return next((each for each in self.signatures if each.brand == brand), None)


def read(text: str, file: str = FILE, *, currency: str) -> tuple[tuple[Route, ...] | None, list[Problem]]:
    """channels.yaml as routes, or None and every problem in it. `currency` prices a route that names none."""
    found, problems = document.read_yaml(text, kind="channels", file=file)
    if found is None:
        return None, problems
    top = Table(found, (), problems, known=("routes",))
    routes: list[Route] = []
    names: set[str] = set()
    for table in top.tables("routes", _KEYS):
        route = _route(table, currency)
        name = table.value.get("name")
        if isinstance(name, str) and name in names:
            table.refuse(
                "name",
                "route.twice",
                say("two routes are called `{name}`", name=name),
                say("Give each route a name of its own."),
            )
        elif isinstance(name, str):
            names.add(name)
        if route is not None:
            routes.append(route)
    return (None, problems) if problems else (tuple(routes), [])


def _route(table: Table, currency: str) -> Route | None:
    before = len(table.problems)
    name = table.text("name", pattern=r"[a-z][a-z0-9_-]{0,31}", shape=say("a word of small letters"))
    channel = table.choice("channel", Channel)
    kind = table.choice("kind", Kind)
    market = table.word("market", MARKETS, required=channel is Channel.SMS)
    rate = table.integer("rate", 1, 100_000)
    window = table.integer("window", 1, 1_000, required=kind is Kind.SMPP)
    latency = table.milliseconds("latency", required=kind is Kind.SMPP)
    answer = table.milliseconds("answer_within", required=False)
    cost = table.decimal("cost_per_part", COST_DIGITS, required=kind is Kind.SMPP)
    priced_in = table.text(
        "currency", required=False, pattern=r"[A-Z]{3}", shape=say("a currency such as CNY")
    )
    refuses = table.texts("refuses", among=[each.value for each in Refusal])
    carrier = smpp.read(table) if kind is Kind.SMPP else None
    folder = _folder(table) if kind is Kind.FOLDER else None
    _refuse_strangers(table, kind)
    signatures = tuple(
        signature
        for entry in table.tables("signatures", _SIGNATURE_KEYS, required=channel is Channel.SMS)
        if (signature := _signature(entry)) is not None
    )
    if len(table.problems) > before or name is None or channel is None or kind is None or rate is None:
        return None
    return Route(
        name=name,
        channel=channel,
        kind=kind,
        market=market or "gsm",
        window=window or 1,
        rate=rate,
        latency_ms=latency or 0,
        answer_within_ms=answer or 60_000,
        cost_micro=cost or 0,
        currency=priced_in or currency,
        signatures=signatures,
        refuses=frozenset(Refusal(word) for word in refuses),
        smpp=carrier,
        folder=folder,
    )


def _folder(table: Table) -> str | None:
    # Inside the project and generated, so nothing is written over the user's own files.
    return table.text("folder", pattern=r"[a-z0-9][a-z0-9_-]{0,63}", shape=say("the name of a folder"))


def _refuse_strangers(table: Table, kind: Kind | None) -> None:
    foreign = {
        Kind.SMPP: ("folder",),
        Kind.FOLDER: (*smpp.KEYS, "window"),
        None: (),
    }[kind]
    for key in foreign:
        if kind is not None and table.has(key):
            table.refuse(
                key,
                "key.foreign",
                say("`{key}` means nothing on a route of kind `{kind}`", key=key, kind=kind.value),
                say("Remove it, or change `kind`."),
            )


def _signature(table: Table) -> Signature | None:
    brand = table.text("brand")
    texts_table = table.table("texts", LOCALES)
    texts = (
        {}
        if texts_table is None
        else {key: texts_table.text(key) for key in texts_table.value if key in LOCALES}
    )
    if texts_table is not None and not texts:
        table.refuse(
            "texts", "signature.texts", say("no signature is written"), say("Add a line per language.")
        )
    sender = table.text("sender", pattern=r"\+?[0-9]{3,20}|[A-Za-z0-9 ]{1,11}", shape=say("a source address"))
    filing, filed_on = table.text("filing"), table.day("filed_on")
    if brand is None or sender is None or filing is None or filed_on is None:
        return None
    return Signature(
        brand=brand,
        texts={key: value for key, value in texts.items() if value is not None},
        sender=sender,
        filing=filing,
        filed_on=filed_on,
    )
