"""Texts that are alike: what is found in them is known from their mould, and only their values are looked at.

Of a night's texts nearly all differ only in names, sums, days and codes. Few are gone through one by one, many in
columns; both give the same.
Refuses a text for which its mould does not vouch: `examination` reads it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.model.party import Channel
from duly.plan import columns, saying
from duly.plan.columns import Schema
from duly.plan.inputs import Route, Words
from duly.text import fields, filling, offers, segment
from duly.text.fields import FIELDS
from duly.text.lint import Finding
from duly.text.mould import DAYS, SUMS, VARYING, Mould
from duly.text.segment import Market
from duly.text.sensitive import Sensitive
from duly.text.shelf import Kind
from duly.text.wording import Action, Lists

MEASURED = ("notice", "locale", "channel", "jurisdiction", "currency", "market", "offered")
FOUND: Schema = {
    "row": pl.UInt32(),
    "said": pl.Boolean(),
    "claims": pl.List(pl.String()),
    "elements": pl.List(pl.String()),
    "debt_disclosed": pl.Boolean(),
    "fault": pl.String(),
    "parts": pl.Int32(),
    "billed": pl.Int32(),
}
# Rows of one kind, to the debtors of one creditor.
_KIND = (*MEASURED, "route", "brand_id", "brand", "creditor")
# Columns have a price of their own; so many texts cost as much when they are gone through one by one.
_FEW = 600


def measured(rows: pl.DataFrame, words: Words, routes: Sequence[Route], on: date) -> pl.DataFrame:
    """The rows that may be said at all, with what else they are measured by: the market, and the offers on record."""
    markets = {route.name: route.market.value for route in routes}
    offered = {
        creditor: " ".join(sorted(offers.standing(words.offers, on=on, creditor=creditor)))
        for creditor in rows["creditor"].unique().drop_nulls()
    }
    return rows.filter(pl.col("locale").is_in(sorted(fields.LOCALES))).with_columns(
        market=pl.col("route").replace_strict(markets, return_dtype=pl.String),
        offered=pl.col("creditor").replace_strict(offered, default="", return_dtype=pl.String),
    )


def vouched(rows: pl.DataFrame, words: Words, routes: Sequence[Route]) -> pl.DataFrame:
    """FOUND of the rows (`measured`) for which a mould vouches, and of no others."""
    if rows.is_empty():
        return columns.empty(FOUND)
    groups = of_kinds(rows, words, routes)
    few = rows.height <= _FEW
    found = _one_by_one(groups, words) if few else _in_columns(groups, words, routes)
    return pl.concat([columns.empty(FOUND), *found])


def of_kinds(rows: pl.DataFrame, words: Words, routes: Sequence[Route]) -> list[tuple[Kind, pl.DataFrame]]:
    """The rows (`measured`) by kind; without those that have no template, or no list they are read against."""
    groups = rows.partition_by(*_KIND, maintain_order=True) if rows.height else []
    kinds = [(_kind(group, words, routes), group) for group in groups]
    return [(kind, group) for kind, group in kinds if kind is not None]


def _kind(group: pl.DataFrame, words: Words, routes: Sequence[Route]) -> Kind | None:
    notice, locale, channel, jurisdiction, currency, market, offered = group.select(MEASURED).row(0)
    lists = saying.lists_of(words, jurisdiction)
    if lists is None or currency is None:
        return None
    by = saying.By(lists=lists, currency=currency, market=Market(market), offered=frozenset(offered.split()))
    sign = saying.signature(routes, group.item(0, "route"), group.item(0, "brand_id"), locale)
    return saying.kind(words, by, notice=notice, locale=locale, channel=Channel(channel), sign=sign)


def _one_by_one(groups: Sequence[tuple[Kind, pl.DataFrame]], words: Words) -> list[pl.DataFrame]:
    """FOUND, from one row after the other."""
    found: list[tuple[object, ...]] = []
    for kind, group in groups:
        market, sms = Market(group.item(0, "market")), group.item(0, "channel") == Channel.SMS.value
        for typed in group.iter_rows(named=True):
            values = saying.values_of_one(typed, words, kind.locale)
            mould = words.shelf.vouched(kind, values, typed)
            if mould is None:
                continue
            text = mould.fill("text", values)
            billed, parts = (segment.count(text, each).billed if sms else 1 for each in (market, Market.GSM))
            if not sms or words.max_parts is None or billed <= words.max_parts:
                found.append((typed["row"], *_known(mould), parts, billed))
    return [pl.DataFrame(found, schema=FOUND, orient="row")]


def _known(mould: Mould) -> tuple[bool, list[str], list[str], bool, str | None]:
    """What is known of every text of the mould, in the order of FOUND."""
    blocking = list(_blocking(mould))
    claims = sorted({one.category for one in blocking if one.category})
    return True, claims, sorted(mould.elements), mould.tells, blocking[0].code if blocking else None


def _blocking(mould: Mould) -> Iterator[Finding]:
    for part in saying.SAID:
        yield from (one for one in mould.findings.get(part, ()) if one.action is Action.BLOCK)


def _in_columns(
    groups: Sequence[tuple[Kind, pl.DataFrame]], words: Words, routes: Sequence[Route]
) -> list[pl.DataFrame]:
    """FOUND, from columns: of each kind by itself what is said, of all together what no value may form."""
    by_lists: dict[str, list[_Said]] = {}
    for kind, group in groups:
        said = _said(kind, group, words, routes)
        if said is not None:
            by_lists.setdefault(kind.lists.digest, []).append(said)
    return [_judged(said, words) for said in by_lists.values()]


@dataclass(frozen=True, kw_only=True)
class _Said:
    """Rows of one kind whose moulds vouch but for the name and the letters: `row`, `name`, `mould` (its place in
    `moulds`), `market` (null but for an SMS), and the parts.
    """

    lists: Lists
    moulds: tuple[Mould, ...]
    rows: pl.DataFrame


def _said(kind: Kind, group: pl.DataFrame, words: Words, routes: Sequence[Route]) -> _Said | None:
    sensitive = words.shelf.sensitive(kind.lists)
    values = saying.values_of(group, words, kind.locale)
    constants = {
        name: values.item(0, name) for name in values.columns if name in FIELDS and name not in VARYING
    }
    shapes = pl.concat(
        [values.select(filled=_bits(VARYING)), group.select(months=_months(kind))], how="horizontal"
    )
    known = shapes.unique(maintain_order=True)
    made = [
        words.shelf.mould(kind, constants, _named(filled), _by_day(months))
        for filled, months in known.iter_rows()
    ]
    numbered = known.with_columns(
        mould=pl.int_range(len(made), dtype=pl.UInt32),
        sure=pl.Series([one.why is None for one in made], dtype=pl.Boolean),
    )
    placed = shapes.join(numbered, on=["filled", "months"], how="left", maintain_order="left")
    texts = saying.said(group, values, words, routes)
    if texts is None or not numbered["sure"].any():
        return None
    typed = group.select(pl.col(FIELDS[name].source).alias(f"{name}/minor") for name in SUMS)
    fit = filling.fitting(pl.concat([values, typed], how="horizontal"), kind.asked, sensitive)
    apart = values.with_columns(placed["mould"]).select(apart=filling.apart(made))["apart"]
    sms = group.item(0, "channel") == Channel.SMS.value
    market = group["market"] if sms else pl.Series("market", [None] * group.height, pl.String)
    rows = pl.concat([group.select("row", "name"), placed.select("mould", "sure"), texts], how="horizontal")
    kept = rows.with_columns(market).filter(fit & apart & pl.col("sure")).drop("sure", "html")
    return _Said(lists=kind.lists, moulds=tuple(made), rows=kept)


def _bits(names: Iterable[str]) -> pl.Expr:
    """One bit for each field that is not empty, in the order of `names`."""
    bits = ((pl.col(name) != "").cast(pl.UInt32) * (1 << place) for place, name in enumerate(names))
    return pl.sum_horizontal(bits)


def _named(bits: int) -> frozenset[str]:
    return frozenset(name for place, name in enumerate(VARYING) if bits >> place & 1)


def _months(kind: Kind) -> pl.Expr:
    """The months of the days where they are written in letters, four bits each; else 0."""
    if not kind.spells_months:
        return pl.col("row") * 0
    months = (pl.col(FIELDS[name].source).dt.month().fill_null(0).cast(pl.UInt32) for name in DAYS)
    return pl.sum_horizontal(month * 16**place for place, month in enumerate(months))


def _by_day(bits: int) -> dict[str, int]:
    months = {name: bits >> 4 * place & 15 for place, name in enumerate(DAYS)}
    return {name: month for name, month in months.items() if month}


def _judged(said: Sequence[_Said], words: Words) -> pl.DataFrame:
    """FOUND of those rows in which the values form nothing and which are not too long."""
    sensitive, moulds = words.shelf.sensitive(said[0].lists), [one for each in said for one in each.moulds]
    sure = [one for one in moulds if one.why is None]
    shifted, before = [], 0
    for each in said:
        shifted.append(each.rows.with_columns(pl.col("mould") + pl.lit(before, pl.UInt32)))
        before += len(each.moulds)
    rows = pl.concat(shifted)
    names = rows["name"].unique()
    silent = names.filter(filling.silent_names(names, sure, sensitive))
    known = pl.DataFrame(
        [(number, *_known(one)) for number, one in enumerate(moulds)],
        schema={
            "mould": pl.UInt32,
            **{name: kind for name, kind in FOUND.items() if name not in {"row", "parts", "billed"}},
        },
        orient="row",
    )
    rows = rows.filter(pl.col("name").is_in(silent.implode()))
    for part in ("text", "subject"):
        letters = pl.Series("letters", [one.letters.get(part, 0) for one in moulds], pl.UInt32)
        rows = _without_disguises(rows, part, letters, sensitive)
    counted = [
        group.with_columns(_parts(group, Market(market) if market else None))
        for (market,), group in rows.partition_by("market", as_dict=True, maintain_order=True).items()
    ]
    if not counted:
        return columns.empty(FOUND)
    most = pl.lit(value=True) if words.max_parts is None else pl.col("billed") <= words.max_parts
    return (
        pl.concat(counted)
        .filter(most | pl.col("market").is_null())
        .join(known, on="mould", how="left", maintain_order="left")
        .select(*FOUND)
    )


def _without_disguises(
    rows: pl.DataFrame, part: str, letters: pl.Series, sensitive: Sensitive
) -> pl.DataFrame:
    """The rows whose part holds no more disguised phrases than its mould."""
    own = rows.select(own=letters.gather(rows["mould"]))["own"]
    texts = rows[part].fill_null("")
    none = filling.disguises(texts.filter(own == 0), sensitive, any_at_all=True)
    some = filling.disguises(texts.filter(own > 0), sensitive, any_at_all=False)
    places = pl.select(place=pl.int_range(rows.height, dtype=pl.UInt32))["place"]
    found = (
        pl.zeros(rows.height, pl.UInt32, eager=True)
        .scatter(places.filter(own == 0), none)
        .scatter(places.filter(own > 0), some)
    )
    return rows.filter(found == own)


def _parts(rows: pl.DataFrame, market: Market | None) -> list[pl.Series]:
    if market is None:
        return [pl.Series(name, [1] * rows.height, pl.Int32) for name in ("parts", "billed")]
    return [
        segment.columnar(rows["text"], each)["billed"].alias(name)
        for name, each in (("parts", Market.GSM), ("billed", market))
    ]
