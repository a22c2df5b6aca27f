"""A plan told to a person: each notice, each hold with its reason, and how many of everything."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from duly.app import adoption, engines, lists, premises, words
from duly.model import progress
from duly.model.money import Money
from duly.model.party import Actor
from duly.model.said import say
from duly.plan import explain
from duly.plan import plan as plans
from duly.plan.code import Outcome
from duly.run import day
from duly.text import fields

_PLANNING = say("Planning ranges of the book")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message that may leave: over what amount, and since or on which day that is due."""

    not_before: datetime
    person: str
    notice: str
    occurrence: int
    channel: str
    amount: Money
    due_on: date | None
    deadline: date | None
    arm: str
    parts: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """One account of one person for which something is due and may not be done."""

    account: str
    person: str
    rule: str | None
    cite: str | None
    reading: str | None
    fact: str | None
    until: datetime | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A plan in words; `outcomes` counts (outcome, code), `costs` are by currency.

    `releases` are the lists of what is held until two people release it.
    """

    day: date
    notices: tuple[Notice, ...]
    held: tuple[Held, ...]
    outcomes: tuple[tuple[str, str, int], ...]
    billed: int
    costs: Mapping[str, str]
    releases: tuple[lists.Asked, ...] = ()


def preview(
    actor: Actor,
    folder: Path,
    *,
    on: date | None,
    locale: str,
    environ: Mapping[str, str],
    engine: engines.Engine = engines.Engine.LOOP,
    workers: int | None = None,
    tell: progress.Tell = progress.silent,
) -> Shown:
    """What would be done on a day (today's if none is given) with what is known now. Writes and sends nothing.

    `engine` says where the ranges of the book are planned, `workers` with how many processes of a cluster of our own;
    `tell` is told how far a big plan has come.
    """
    del actor  # anybody may look
    with (
        premises.opened(folder, environ) as opened,
        opened.connect("duly_planner", patient=True) as connection,
    ):
        drafting = engines.drafting(engine, workers=workers, environ=environ)
        made = day.make(
            opened,
            connection,
            on=on,
            engine=drafting,
            seen=lambda done, of: tell(_PLANNING, done, of),
        )
        asked = tuple(lists.shown(one) for one in day.asked(opened, made.plan))
    project = opened.project

    told = functools.cache(lambda rule, version: adoption.sentence(project, rule, version, locale))

    def adopted(row: Mapping[str, Any]) -> str:
        return told(row["rule"], row["version"])

    found = describe(made.plan, made.day, locale=locale, zone=project.settings.zone, adopted=adopted)
    return replace(found, releases=asked)


def describe(
    plan: plans.Plan,
    on: date,
    *,
    locale: str,
    zone: str,
    adopted: Callable[[Mapping[str, Any]], str] = lambda _: "",
) -> Shown:
    """The plan in words of a locale; `adopted` says of a decision whether the row of the law behind it is adopted."""
    messages = plan.messages.sort("not_before", "person", "key")
    held = plan.decisions.filter(plan.decisions["outcome"] == Outcome.HOLD.value)
    counted = (
        plan.decisions.group_by("outcome", "code")
        .len()
        .sort("len", "outcome", "code", descending=[True, False, False])
    )
    costs = messages.group_by("cost_currency").agg(pl.col("cost_micro").sum()).sort("cost_currency")
    return Shown(
        day=on,
        notices=tuple(_notice(row, zone) for row in messages.iter_rows(named=True)),
        held=tuple(
            Held(
                account=row["account"],
                person=row["person"],
                rule=row["rule"],
                cite=row["cite"],
                reading=None if row["reading"] is None else words.said(row["reading"]),
                fact=row["fact"],
                until=None if row["until"] is None else row["until"].astimezone(ZoneInfo(zone)),
                why=" ".join(
                    part for part in (*explain.sentences(row, locale, zone=zone), adopted(row)) if part
                ),
            )
            for row in held.iter_rows(named=True)
        ),
        outcomes=tuple(
            (words.said(outcome), words.said(code), count) for outcome, code, count in counted.rows()
        ),
        billed=int(messages["billed"].sum()),
        costs={currency: _micro(micro) for currency, micro in costs.rows()},
    )


def _notice(row: Mapping[str, Any], zone: str) -> Notice:
    minor, due_on = fields.demanded(row["notice"], json.loads(row["fields"]))
    return Notice(
        not_before=row["not_before"].astimezone(ZoneInfo(_zone(row["act"], zone))),
        person=row["person"],
        notice=row["notice"],
        occurrence=row["occurrence"],
        channel=words.said(row["channel"]),
        amount=Money(minor=minor, currency=row["currency"]),
        due_on=None if due_on is None else date.fromisoformat(str(due_on)),
        deadline=row["deadline_on"],
        arm=row["arm"],
        parts=row["parts"],
    )


def _zone(act: str, otherwise: str) -> str:
    """The debtor's own zone, where it is known."""
    zones = json.loads(act)["zones"]
    return str(zones[0]) if zones else otherwise


def _micro(micro: int) -> str:
    """Millionths of a currency unit with two decimals, rounded up: a cost is never understated."""
    hundredths = -(-micro // 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
