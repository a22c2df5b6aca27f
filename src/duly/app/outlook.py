"""What a project's plan would be by the law of a later day: the same book planned twice for the same morning.

Once under the law of the day before a change and once under that of the day itself, so that nothing but the change
makes the difference. Refuses to record any of it: what was decided here was decided for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from duly.app import words
from duly.law import columnar, coming
from duly.law.coming import Kind
from duly.law.pack import Pack
from duly.plan import inputs as plan_inputs
from duly.plan import plan as plans

_ONE = timedelta(days=1)
SOME = 5  # accounts that are named of each difference

# By these a decision differs: what is done, why, by which rule, for want of what, from when and until when.
_COMPARED = ("stage", "outcome", "code", "rule", "fact", "not_before", "until")


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many accounts of persons came to this before, and so many after."""

    stage: str
    outcome: str
    code: str
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is decided of an account: `at` is the instant from which it may leave, or be lawful again."""

    stage: str | None
    outcome: str
    code: str
    rule: str | None
    fact: str | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Turned:
    """One account of one person of which something else is decided."""

    account: str
    person: str
    before: Decided | None
    after: Decided | None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What the plan of `day` would be by the law of `on`, against that of the day before.

    `rules` are those that change; `proposed` says that they may never bind. `turned` counts every account that
    something else is decided of, `some` are a few of them.
    """

    on: date | None
    day: date
    rules: tuple[str, ...]
    proposed: bool
    messages_before: int
    messages_after: int
    counts: tuple[Count, ...]
    turned: int
    some: tuple[Turned, ...]


def differences(law: Pack, known: plan_inputs.Inputs, found: Sequence[coming.Change]) -> Iterator[Difference]:
    """One for each day on which texts begin or end, and one for each proposal."""
    dated = [change for change in found if change.kind is not Kind.PROPOSED and change.on is not None]
    for day in sorted({change.on for change in dated if change.on is not None}):
        named = tuple(change.rule.id for change in dated if change.on == day)
        before, after = coming.as_of(law, day - _ONE), coming.as_of(law, day)
        yield _difference(known, before, after, on=day, changed=tuple(dict.fromkeys(named)), proposed=False)
    for change in found:
        if change.kind is Kind.PROPOSED and change.after is not None:
            day = known.on if change.on is None else change.on - _ONE
            before = coming.as_of(law, day)
            after = coming.as_of(law, day, instead={change.rule.id: change.after})
            yield _difference(known, before, after, on=change.on, changed=(change.rule.id,), proposed=True)


def _difference(
    known: plan_inputs.Inputs,
    before: Pack,
    after: Pack,
    *,
    on: date | None,
    changed: tuple[str, ...],
    proposed: bool,
) -> Difference:
    one, two = (
        plans.decide(replace(known, law=law, reading=columnar.Reading(law, known.policy)))
        for law in (before, after)
    )
    both = one.decisions.select("person", "account", *_COMPARED).join(
        two.decisions.select("person", "account", *_COMPARED),
        on=["person", "account"],
        how="full",
        coalesce=True,
        suffix="_after",
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in _COMPARED)
    turned = both.filter(differs).sort("account", "person")
    return Difference(
        on=on,
        day=known.on,
        rules=changed,
        proposed=proposed,
        messages_before=one.messages.height,
        messages_after=two.messages.height,
        counts=tuple(_counts(turned)),
        turned=turned.height,
        some=tuple(_turned(row, known.zone) for row in turned.head(SOME).iter_rows(named=True)),
    )


def _counts(turned: pl.DataFrame) -> Iterator[Count]:
    """Of the accounts that turned: how many stood at each stage with each outcome, before and after."""
    keys = ("stage", "outcome", "code")
    sides = [
        turned.select(pl.col(f"{key}{suffix}").fill_null("").alias(key) for key in keys)
        .group_by(keys)
        .len(name)
        for name, suffix in (("before", ""), ("after", "_after"))
    ]
    whole = sides[0].join(sides[1], on=keys, how="full", coalesce=True).fill_null(0).sort(keys)
    for row in whole.iter_rows(named=True):
        yield Count(
            stage=row["stage"],
            outcome=words.said(row["outcome"]),
            code=words.said(row["code"]),
            before=row["before"],
            after=row["after"],
        )


def _turned(row: Mapping[str, Any], zone: str) -> Turned:
    return Turned(
        account=row["account"],
        person=row["person"],
        before=_decided(row, "", zone),
        after=_decided(row, "_after", zone),
    )


def _decided(row: Mapping[str, Any], suffix: str, zone: str) -> Decided | None:
    """One side of a pair; nothing where the account was not decided of."""
    if row[f"outcome{suffix}"] is None:
        return None
    instant = row[f"not_before{suffix}"] or row[f"until{suffix}"]
    return Decided(
        stage=row[f"stage{suffix}"],
        outcome=words.said(row[f"outcome{suffix}"]),
        code=words.said(row[f"code{suffix}"]),
        rule=row[f"rule{suffix}"],
        fact=row[f"fact{suffix}"],
        at=None if instant is None else instant.astimezone(ZoneInfo(zone)),
    )
