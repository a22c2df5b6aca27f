"""Counting contacts against caps for a whole frame of acts at once.

A tally is a long frame of (act, key, contact): the contacts that stand in the cap's window around each
act's instant, once for each thing the cap is counted for (a person, each account, a number) and each zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from duly.law import clocks, rules, terms
from duly.law.intervals import NEVER

_EPOCH = date(1970, 1, 1)
_MONDAY = 3  # days from 1970-01-01 back to a Monday
_MANY = 8  # contacts an act, from which on it is quicker to look only at those of the acts
_SCOPE_COLUMN = {terms.Scope.PERSON: "person", terms.Scope.ACCOUNT: "account", terms.Scope.NUMBER: "number"}


def own(scope: Sequence[terms.Scope]) -> list[str]:
    """The columns of an act that a scope counts by."""
    return ["accounts" if one is terms.Scope.ACCOUNT else _SCOPE_COLUMN[one] for one in scope]


def near(
    cap: terms.Cap,
    acts: pl.DataFrame,
    contacts: pl.DataFrame,
    zones: Sequence[tuple[str, ...]],
    *,
    allowed: int,
    since: int,
) -> pl.DataFrame:
    """The contacts that may ever use the cap up: `_row`, `account` (of an account cap), `zone`, `when`.

    `acts` has `_row`, `_set` (number of its set of zones in `zones`) and the keys. Acts that lack a key are left
    out; they are in doubt and counted nowhere. So are many of those with fewer contacts in all than are allowed, and
    contacts too long before `since`, the first instant that is asked about.
    """
    keys = [_SCOPE_COLUMN[scope] for scope in cap.scope]
    if not cap.pool:
        keys.append("channel")
    wanted = _counted(cap, contacts) & (pl.col("when") >= since - lookback(cap))
    if "account" not in keys:
        wanted = wanted & pl.col("first")
    counted = contacts.lazy().filter(wanted).select("when", *keys).collect()
    if allowed > 1 and counted.height < _MANY * acts.height:
        # By hash: the few whose hash another one shares are only asked for nothing. Few acts meet few contacts anyway.
        hashed = counted.select(keys).hash_rows().alias("_key")
        often = hashed.to_frame().group_by("_key").len().filter(pl.col("len") >= allowed)["_key"]
        counted = counted.filter(hashed.is_in(often.implode()))
    if counted.is_empty() or acts.is_empty():
        return _nothing(keys)
    asked = acts
    if "account" in keys:
        asked = asked.with_columns(pl.col("accounts").list.unique().alias("account")).explode("account")
    asked = asked.select("_row", "_set", *keys).drop_nulls()
    pairs = asked.join(counted, on=keys)
    account = ["account"] if "account" in keys else []
    parts = [
        pairs.filter(pl.col("_set") == number).select("_row", *account, pl.lit(zone).alias("zone"), "when")
        for number in pairs["_set"].unique()
        for zone in zones[number]
    ]
    return pl.concat(parts) if parts else _nothing(keys)


def tally(cap: terms.Cap, pairs: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Those of the pairs of `near` that stand in the cap's window around each act's `_t`."""
    found = pairs.join(asked.select("_row", "_t"), on="_row")
    parts = [_within(cap, one, str(zone)) for (zone,), one in found.group_by("zone")]
    return pl.concat(parts) if parts else found.drop("_t")


def lookback(cap: terms.Cap) -> int:
    """Seconds before an act beyond which no contact counts."""
    days = {terms.Unit.HOURS: cap.n // 24 + 1, terms.Unit.CALENDAR_WEEK: 7, terms.Unit.CALENDAR_MONTH: 31}
    return (days.get(cap.unit, cap.day_span) + 2) * terms.DAY_SECONDS


def reach(asked: Iterable[rules.Rule]) -> timedelta:
    """How long ago a contact may lie that any cap of these rules, in any version, still counts."""
    caps = (one.term for rule in asked for one in rule.versions)
    return timedelta(seconds=max((lookback(cap) for cap in caps if isinstance(cap, terms.Cap)), default=0))


def most(found: pl.DataFrame) -> pl.DataFrame:
    """For each act the largest count of any of its keys: `_row`, `count`. Acts without any are absent."""
    return (
        found.group_by(_keys(found)).agg(pl.len().alias("count")).group_by("_row").agg(pl.col("count").max())
    )


def leave(cap: terms.Cap, found: pl.DataFrame, allowed: int) -> pl.DataFrame:
    """For each act whose cap is used up, when enough contacts have left its window: `_row`, `free` (seconds).

    Until then one contact too many stays in, so nothing earlier can be lawful. For later contacts already
    reserved the act may still be barred then; the search goes on from there.
    """
    if allowed == 0:
        return found.select("_row").unique().with_columns(pl.lit(NEVER, dtype=pl.Int64).alias("free"))
    order = pl.col("when").sort()
    full = (
        found.group_by(_keys(found))
        .agg(order.get(pl.len() - allowed, null_on_oob=True).alias("when"), pl.len().alias("count"))
        .filter(pl.col("count") >= allowed)
    )
    if cap.unit is terms.Unit.HOURS:
        freed = full.with_columns((pl.col("when") + cap.n * 3600).alias("free"))
    else:
        freed = full.with_columns(_leaving(cap, full).alias("free"))
    return freed.group_by("_row").agg(pl.col("free").max())


def _keys(found: pl.DataFrame) -> list[str]:
    return [name for name in ("_row", "account", "zone") if name in found.columns]


def _nothing(keys: Sequence[str]) -> pl.DataFrame:
    account = {"account": pl.String()} if "account" in keys else {}
    return pl.DataFrame(schema={"_row": pl.UInt32(), **account, "zone": pl.String(), "when": pl.Int64()})


def _counted(cap: terms.Cap, contacts: pl.DataFrame) -> pl.Expr:
    """Whether a contact is of the kind that the cap counts."""
    wanted = {
        terms.Counted.ATTEMPT: pl.col("attempted"),
        terms.Counted.CONTACT_MADE: pl.col("answered"),
        terms.Counted.MESSAGE_SENT: pl.col("sent"),
    }[cap.counts]
    if "answered" in cap.exclude:
        wanted = wanted & ~pl.col("answered")
    if "unanswered" in cap.exclude:
        wanted = wanted & (pl.col("answered") | pl.col("sent"))
    if (contacts["marks"].list.len() > 0).any():
        for mark in sorted(cap.exclude):
            wanted = wanted & ~pl.col("marks").list.contains(mark)
    if cap.pool:
        wanted = wanted & pl.col("channel").is_in(sorted(cap.pool))
    return wanted


def _within(cap: terms.Cap, near: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Those of the pairs that share a window in the zone."""
    if cap.unit is terms.Unit.HOURS:
        inside = (pl.col("_t") - pl.col("when")).abs() < cap.n * 3600
    elif cap.unit is terms.Unit.CONSECUTIVE_DAYS:
        inside = (_day("_t", zone) - _day("when", zone)).abs() < cap.day_span
    else:
        inside = _unit(cap, "_t", zone) == _unit(cap, "when", zone)
    account = ["account"] if "account" in near.columns else []
    return near.filter(inside).select("_row", *account, "zone", "when")


def _day(column: str, zone: str) -> pl.Expr:
    """The local day as days since 1970."""
    return _local(column, zone).dt.date().cast(pl.Int32).cast(pl.Int64)


def _unit(cap: terms.Cap, column: str, zone: str) -> pl.Expr:
    """The calendar week (from Monday) or month an instant lies in, as a running number."""
    if cap.unit is terms.Unit.CALENDAR_WEEK:
        return (_day(column, zone) + _MONDAY) // 7
    shown = _local(column, zone)
    return shown.dt.year().cast(pl.Int64) * 12 + shown.dt.month().cast(pl.Int64) - 1


def _local(column: str, zone: str) -> pl.Expr:
    moment = (pl.col(column) * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return moment.dt.convert_time_zone(zone)


def _leaving(cap: terms.Cap, full: pl.DataFrame) -> pl.Series:
    """The first instant of the day, week or month in which the contact at `when` no longer counts."""
    free = pl.Series("free", [NEVER] * full.height, dtype=pl.Int64)
    for zone in full["zone"].unique().to_list():
        if cap.unit is terms.Unit.CONSECUTIVE_DAYS:
            unit = full.select(_day("when", zone)).to_series() + cap.day_span
        else:
            unit = full.select(_unit(cap, "when", zone)).to_series() + 1
        begins = {one: clocks.day_start(_first_day(cap, one), zone) for one in unit.unique().to_list()}
        here = unit.replace_strict(begins, return_dtype=pl.Int64) if begins else unit
        free = here.zip_with(full["zone"] == zone, free)
    return free


def _first_day(cap: terms.Cap, unit: int) -> date:
    match cap.unit:
        case terms.Unit.CALENDAR_WEEK:
            return _EPOCH + timedelta(days=unit * 7 - _MONDAY)
        case terms.Unit.CALENDAR_MONTH:
            return date(unit // 12, unit % 12 + 1, 1)
        case _:
            return _EPOCH + timedelta(days=unit)
