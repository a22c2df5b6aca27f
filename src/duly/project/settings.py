"""`duly.toml`: who we are, where we are, which law is pinned, and what the lender has decided for himself.

Refuses secrets, and policies of which nobody says who set them and when.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from duly.errors import Problem
from duly.model import money
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.project import bounds, decisions, document, reference, takeover
from duly.project.decisions import Lift, Limits, Policy
from duly.project.reference import Reference
from duly.project.table import Table
from duly.text.offers import Offer

FILE = "duly.toml"
LOCALES = ("zh-CN", "en")
ACTORS = ("first_party", "third_party", "debt_buyer", "creditor_other_name")
PHRASES = ("pay_how", "objection_how", "plan_how")
_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Za-z0-9]{1,16})*")
_KEYS = (
    "invented", "database", "lender", "jurisdiction", "place", "packs", "creditors", "phrases", "policy", "lift",
    "limits", "people", "authors", "offers", "takeover", *bounds.TABLES,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lender:
    """Who runs this installation, and his official contacts. Each must be in destinations.yaml."""

    legal_name: str
    hotline: str
    official_url: str
    email: str | None
    address: str | None


@dataclass(frozen=True, kw_only=True)
class Licence:
    """What we are in one jurisdiction: the `actor` that its rules speak of, and the class of our licence."""

    actor: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of duly.toml.

    `licences` by jurisdiction (`CN`), `packs` name to pinned version, `policies` and `lifts` by rule id,
    `people` name to duties, `authors` who answers for each part, `creditors` by the id in the book and then by
    locale, `phrases` by locale and then by template field (pay_how, objection_how, plan_how).
    `database` is None for the embedded PostgreSQL. `offers` are those on record. `taken_over` is what was decided about
    the system used before. `bounds` are the brakes besides `limits`.
    """

    invented: bool
    lender: Lender
    licences: Mapping[str, Licence]
    zone: str
    locale: str
    locales: tuple[str, ...]
    currency: str
    packs: Mapping[str, str]
    creditors: Mapping[str, Mapping[str, str]]
    phrases: Mapping[str, Mapping[str, str]]
    policies: Mapping[str, Policy]
    lifts: Mapping[str, Lift]
    limits: Limits
    people: Mapping[str, frozenset[Duty]]
    authors: Mapping[Subject, str]
    database: Reference | str | None
    offers: tuple[Offer, ...] = ()
    taken_over: takeover.Takeover = field(default_factory=takeover.Takeover)
    bounds: bounds.Bounds = field(default_factory=bounds.Bounds)

    def actor(self, name: str) -> Actor:
        """The actor of that name with the duties that duly.toml gives him; none if he is not named there."""
        return Actor(name=name, duties=self.people.get(name, frozenset()))


def read(text: str, file: str = FILE) -> tuple[Settings | None, list[Problem]]:
    """duly.toml as Settings, or None and every problem in it."""
    found, problems = document.read_toml(text, kind="settings", file=file)
    if found is None:
        return None, problems
    top = Table(found, (), problems, known=_KEYS)
    invented = top.flag("invented")
    lender = _lender(top.table("lender", ("legal_name", "hotline", "official_url", "email", "address")))
    licences = _licences(top.table("jurisdiction", None))
    zone, locale, locales, currency = _place(top.table("place", ("zone", "locale", "locales", "currency")))
    packs = _packs(top.table("packs", None))
    creditors = _creditors(top.table("creditors", None), locales)
    phrases = _phrases(top.table("phrases", None), locales)
    policies = decisions.policies(top.table("policy", None, required=False))
    limits = decisions.limits(top, currency)
    people = decisions.people(top.table("people", None, required=False))
    lifts = decisions.lifts(top.table("lift", None, required=False), people)
    authors = decisions.authors(top.table("authors", [part.value for part in decisions.PARTS]), people)
    offered = decisions.offers(top.table("offers", None, required=False), creditors)
    database = _database(top)
    taken = takeover.read(top.table("takeover", takeover.KEYS, required=False))
    brakes = bounds.read(top, currency)
    if problems or lender is None or limits is None or zone is None or locale is None or currency is None:
        return None, problems
    return (
        Settings(
            invented=invented,
            lender=lender,
            licences=licences,
            zone=zone,
            locale=locale,
            locales=locales,
            currency=currency,
            packs=packs,
            creditors=creditors,
            phrases=phrases,
            policies=policies,
            lifts=lifts,
            limits=limits,
            people=people,
            authors=authors,
            database=database,
            offers=offered,
            taken_over=taken,
            bounds=brakes,
        ),
        [],
    )


def _lender(table: Table | None) -> Lender | None:
    if table is None:
        return None
    legal_name = table.text("legal_name")
    hotline = table.text("hotline", pattern=r"\+?[0-9][0-9 -]{3,19}", shape=say("a telephone number"))
    url = table.text("official_url")
    if url is not None and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
        table.refuse(
            "official_url",
            "url",
            say("`official_url` is `{url}`, which is not an https address", url=url),
            say("Write the full address, beginning with https://."),
        )
    email = table.text(
        "email", required=False, pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+", shape=say("an e-mail address")
    )
    address = table.text("address", required=False)
    if legal_name is None or hotline is None or url is None:
        return None
    return Lender(legal_name=legal_name, hotline=hotline, official_url=url, email=email, address=address)


def _licences(table: Table | None) -> dict[str, Licence]:
    found: dict[str, Licence] = {}
    if table is None:
        return found
    for name, entry in table.named(("actor", "licence")):
        if not _JURISDICTION.fullmatch(name):
            table.refuse(
                name,
                "jurisdiction",
                say("`{name}` is not the code of a jurisdiction", name=name),
                say("Write an ISO 3166 code: CN, US, US-NY."),
            )
        actor = entry.word("actor", ACTORS)
        licence = entry.text("licence", pattern=r"[a-z][a-z_]*", shape=say("a word of small letters and _"))
        if actor is not None and licence is not None:
            found[name] = Licence(actor=actor, licence=licence)
    if not table.value:
        table.refuse_whole(
            "jurisdiction.none",
            say("no jurisdiction is named, so no law could be applied"),
            say("Add a table such as [jurisdiction.CN] with `actor` and `licence`."),
        )
    return found


def _place(table: Table | None) -> tuple[str | None, str | None, tuple[str, ...], str | None]:
    if table is None:
        return None, None, (), None
    zone = table.text("zone")
    if zone is not None and not _is_zone(zone):
        table.refuse(
            "zone",
            "zone",
            say("`{zone}` is not a time zone", zone=zone),
            say("Write a name of the IANA time zone database, such as Asia/Shanghai."),
        )
    locale = table.word("locale", LOCALES)
    locales = table.texts("locales", required=True, among=LOCALES)
    if locale is not None and locales and locale not in locales:
        table.refuse(
            "locales",
            "locale",
            say("`locales` leaves out `{locale}`, which `locale` names", locale=locale),
            say("Add {locale}: it is the language used when a debtor's is not known.", locale=locale),
        )
    currency = table.word("currency", sorted(money.EXPONENT))
    return zone, locale, locales, currency


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name gives an OSError
        return False
    except KeyError:
        return False
    return True


def _packs(table: Table | None) -> dict[str, str]:
    found: dict[str, str] = {}
    if table is None:
        return found
    for name in table.value:
        version = table.text(name)
        if version is not None:
            found[name] = version
    if not table.value:
        table.refuse_whole(
            "packs.none",
            say("no pack is pinned, so no law could be applied"),
            say('Add a line such as cn = "1".'),
        )
    return found


def _creditors(table: Table | None, locales: tuple[str, ...]) -> dict[str, Mapping[str, str]]:
    """How each creditor of the book is called in a notice, in every language of the project."""
    found: dict[str, Mapping[str, str]] = {}
    if table is None:
        return found
    for creditor, entry in table.named(locales):
        names = {locale: entry.text(locale) for locale in locales}
        found[creditor] = {locale: name for locale, name in names.items() if name is not None}
    return found


def _phrases(table: Table | None, locales: tuple[str, ...]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    if table is None:
        return found
    for locale in locales:
        entry = table.table(locale, PHRASES)
        if entry is not None:
            taken = {key: entry.text(key) for key in PHRASES}
            found[locale] = {key: value for key, value in taken.items() if value is not None}
    for locale in table.value:
        if locale not in locales:
            table.refuse(
                locale,
                "phrases.locale",
                say("`{locale}` is not among the `locales` of this project", locale=locale),
                say("Remove the table, or add the language to [place] `locales`."),
            )
    return found


def _database(top: Table) -> Reference | str | None:
    raw = top.text("database", required=False)
    if raw is None:
        return None
    if (named := reference.parse(raw)) is not None:
        return named
    parts = urlsplit(raw)
    if parts.scheme not in {"postgresql", "postgres"}:
        top.refuse(
            "database",
            "database",
            say("`database` is neither $NAME nor an address that begins with postgresql://"),
            say('Write "$DATABASE_URL" and set that variable where duly runs.'),
        )
        return None
    if parts.password or "password=" in parts.query:
        top.refuse_secret("database", "DATABASE_URL")
        return None
    return raw
