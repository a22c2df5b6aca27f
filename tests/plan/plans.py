"""Whole plans over small books: the shipped law, templates and word lists, and people made up here."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

import duly
from duly.book import columns as book_columns
from duly.book.columns import Book
from duly.law import frames as law_frames
from duly.law import pack
from duly.law.pack import Pack
from duly.model import notice
from duly.model.party import Channel
from duly.plan import columns, plan
from duly.plan.inputs import Inputs, Reckoning, Route, TemplateName, Words
from duly.plan.ladder import Strategy
from duly.plan.plan import Plan
from duly.text import destinations, template, wordfile
from duly.text.segment import Market
from tests.plan import strategies, worlds

Row = dict[str, Any]

FOLDER = Path(duly.__file__).parent / "invent" / "folder" / "cn"
ZONE = "Asia/Shanghai"
ON = date(2026, 11, 20)
BRAND = "晨曦消金"
MAIN = Route(
    name="main",
    channel=Channel.SMS,
    market=Market.CN,
    rate=100,
    latency_ms=5_000,
    cost_micro=45_000,
    signatures={BRAND: {"zh-CN": f"【{BRAND}】", "en": f"[{BRAND}] "}, "云鹤银行": {"zh-CN": "【云鹤银行】"}},
)
MAILBOX = Route(name="mailbox", channel=Channel.EMAIL, market=Market.CN, rate=50)


@functools.cache
def law() -> Pack:
    """The shipped law of mainland China with the house's own stops."""
    packs = []
    for name in ("cn", "house"):
        found, problems = pack.load(pack.shipped(name))
        assert found is not None, problems
        packs.append(found)
    return pack.join(*packs)


@functools.cache
def words() -> Words:
    """The templates, phrases and destinations that `duly init` writes, and the shipped word lists."""
    found: dict[TemplateName, template.Template] = {}
    for path in sorted((FOLDER / "templates").glob("*/*/*")):
        told, locale, part = path.relative_to(FOLDER / "templates").parts
        parsed, problems = template.parse(
            path.read_text("utf-8"), notice=told, sink=template.SINK_OF_FILE[part]
        )
        assert parsed is not None, problems
        found[told, locale, part] = parsed
    approved, _ = destinations.load((FOLDER / "destinations.yaml").read_text("utf-8"), "destinations.yaml")
    lists, _ = wordfile.load(
        (pack.shipped("cn") / "wording.yaml").read_text("utf-8"), "wording.yaml", pack.words()
    )
    assert approved is not None
    assert lists is not None
    return Words(
        templates=found,
        phrases={
            "zh-CN": {
                "pay_how": "请通过官方App或原还款账户还款",
                "objection_how": "如有异议请致电400-000-0000",
                "plan_how": "如还款有困难请致电400-000-0000协商",
            },
            "en": {
                "pay_how": "Pay in our official app or from your usual repayment account",
                "objection_how": "If you disagree, call 400-000-0000",
                "plan_how": "If you cannot pay, call 400-000-0000 to agree a plan",
            },
        },
        hotline="400-000-0000",
        official_url="https://chenxi.example",
        destinations=approved,
        lists={"CN": lists},
        code_key=b"k" * 32,
    )


def account(account: str = "A1", person: str = "P1", **changes: object) -> Row:
    """A row of ACCOUNT."""
    plain = worlds.account_row(account, person, **({"creditor": "晨曦消费金融", "brand": BRAND} | changes))
    return {name: plain[name] for name in book_columns.ACCOUNT} | {"bucket": notice.bucket(person)}


def instalment(due_on: date, account: str = "A1", person: str = "P1", **changes: object) -> Row:
    """A row of INSTALMENT of 1,230.00 yuan."""
    row: Row = {
        "person": person,
        "account": account,
        "seq": 1,
        "due_on": due_on,
        "principal_minor": 120_000,
        "interest_minor": 3_000,
        "fee_minor": 0,
    }
    return row | changes


def payment(
    paid_on: date, amount_minor: int, account: str = "A1", person: str = "P1", **changes: object
) -> Row:
    """A row of PAYMENT."""
    row: Row = {
        "person": person,
        "account": account,
        "payment": f"{account}-{paid_on}-{amount_minor}",
        "paid_on": paid_on,
        "amount_minor": amount_minor,
        "kind": "payment",
    }
    return row | changes


def point(channel: str = "sms", person: str = "P1", **changes: object) -> Row:
    """A row of CONTACT in good order."""
    row: Row = {
        "person": person,
        "point": f"{person}-{channel}",
        "channel": channel,
        "value_key": f"key-{person}-{channel}",
        "source": "contract",
        "state": "ok",
        "consent": "unknown",
        "verified_on": date(2026, 1, 5),
        "agreed_for_service": False,
        "rank": 0,
        "place": None,
        "shared": False,
    }
    return row | changes


def hold(kind: str, account: str | None = None, person: str = "P1", **changes: object) -> Row:
    """A row of HOLD in force."""
    row: Row = {
        "person": person,
        "account": account,
        "point": None,
        "kind": kind,
        "since": date(2026, 1, 1),
        "until": None,
    }
    return row | changes


def book(
    accounts: Sequence[Row],
    instalments: Sequence[Row] = (),
    payments: Sequence[Row] = (),
    contacts: Sequence[Row] = (),
    holds: Sequence[Row] = (),
) -> Book:
    """A book of these rows."""
    rows = {
        "accounts": accounts,
        "instalments": instalments,
        "payments": payments,
        "contacts": contacts,
        "holds": holds,
    }
    return Book(**{name: worlds.frame(found, book_columns.FRAMES[name]) for name, found in rows.items()})


def late(dpd: int = 1, on: date = ON, **parts: Sequence[Row]) -> Book:
    """One person with one account `dpd` days late, an SMS number and an e-mail address."""
    return book(
        parts.pop("accounts", [account()]),
        parts.pop("instalments", [instalment(on - timedelta(days=dpd))]),
        contacts=parts.pop("contacts", [point(), point("email")]),
        **parts,
    )


def inputs(
    given: Book,
    on: date = ON,
    at: time = time(10),
    strategy: Strategy | None = None,
    **changes: Any,
) -> Inputs:
    """Inputs of a first run over a book, with the plain strategy; `changes` replace any of them."""
    strategy = strategy or worlds.loaded(strategies.PLAIN)
    people = given.accounts["person"].unique().sort()
    history = pl.DataFrame(schema=dict(law_frames.HISTORY))
    plain = Inputs(
        on=on,
        at=datetime.combine(on, at, ZoneInfo(ZONE)).astimezone(UTC),
        zone=ZONE,
        book=given,
        names=pl.DataFrame(
            {"person": people, "name": ["张三"] * people.len()}, schema_overrides={"name": pl.String}
        ),
        cases=columns.empty(columns.CASE),
        stages=columns.empty(columns.STAGE),
        known=columns.empty(columns.KNOWN),
        arms=columns.empty(columns.ARM),
        history=history,
        strategies={strategy.digest: strategy},
        current=strategy.digest,
        law=law(),
        policy={"cn-freq-04": 1},
        actors={"CN": "first_party"},
        routes=(MAIN, MAILBOX),
        words=words(),
        reckoning=Reckoning(),
        arm_key=b"a" * 32,
    )
    return replace(plain, **changes)


def decide(
    given: Book,
    on: date = ON,
    at: time = time(10),
    strategy: Strategy | None = None,
    **changes: Any,
) -> Plan:
    """The plan of a first run over a book."""
    return plan.decide(inputs(given, on, at, strategy, **changes))


def decision(found: Plan, account: str = "A1", person: str = "P1") -> Mapping[str, Any]:
    """The decision about one account."""
    rows = found.decisions.filter((pl.col("person") == person) & (pl.col("account") == account))
    assert rows.height == 1
    return rows.row(0, named=True)
