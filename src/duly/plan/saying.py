"""What a message says: the figures it is made from, the text, and what was found in that text.

The plan renders to examine, count and price, and keeps no text; the worker renders the same figures again
before the gate. Both go through `compose`, so they say the same to the byte.
Refuses to say anything for a person without a name, in a language without a template, or what its sink refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from duly.law import jurisdictions
from duly.model.party import Channel
from duly.plan import columns
from duly.plan.columns import Schema
from duly.plan.inputs import Route, Words
from duly.text import disclosure, elements, fields, lint, offers, page, render, segment, statements, sweep
from duly.text.segment import Market
from duly.text.template import SINK_OF_FILE, Template
from duly.text.wording import Action, Lists

# The typed figures of one message, as they are kept beside it: from these and the person's name everything
# that it says can be made again. `brand` is the name as the debtor reads it.
FIGURES: Schema = {
    "currency": pl.String(),
    "creditor": pl.String(),
    "brand": pl.String(),
    "tail": pl.String(),
    "accounts_count": pl.Int64(),
    "overdue_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "first_unpaid_on": pl.Date(),
    "as_of": pl.Date(),
    "dpd": pl.Int64(),
    "deadline": pl.Date(),
    "next_due_on": pl.Date(),
    "next_due_minor": pl.Int64(),
    "verify_code": pl.String(),
}
# What tells which text it is; `brand_id` is the brand as the book names it, which signatures are found by.
ADDRESS: Schema = {
    "notice": pl.String(),
    "locale": pl.String(),
    "channel": pl.String(),
    "route": pl.String(),
    "brand_id": pl.String(),
}
_ADDRESS = tuple(ADDRESS)
_MEASURED = ("notice", "locale", "channel", "jurisdiction", "currency", "market", "offered")
_FOUND: Schema = {
    "row": pl.UInt32(),
    "said": pl.Boolean(),
    "claims": pl.List(pl.String()),
    "elements": pl.List(pl.String()),
    "debt_disclosed": pl.Boolean(),
    "fault": pl.String(),
    "parts": pl.Int32(),
    "billed": pl.Int32(),
}
_AMOUNTS = tuple(name for name in FIGURES if name.endswith("_minor"))

# A message on a channel is made of these parts, each of its own template; `text` is the one read first.
PARTS: Mapping[Channel, Mapping[str, str]] = {
    Channel.SMS: {"text": "sms.txt"},
    Channel.EMAIL: {"text": "email.txt", "subject": "email.subject.txt", "html": "email.html"},
}
_OPTIONAL = frozenset({"html"})
_SAID = ("text", "subject", "html")
# Columns have a price of their own; so many texts cost as much when they are read plainly.
_FEW = 100


def templates(words: Words, notice: str, locale: str, channel: Channel) -> dict[str, Template] | None:
    """The templates of a message by part, or None where one that it needs is missing."""
    found: dict[str, Template] = {}
    for part, file in PARTS.get(channel, {}).items():
        template = words.templates.get((notice, locale, file))
        if template is not None:
            found[part] = template
        elif part not in _OPTIONAL:
            return None
    return found or None


def digest(found: Mapping[str, Template]) -> str:
    """What was approved to be said: SHA-256 (hex) over the digests of the parts; of one part, its own."""
    if len(found) == 1:
        return next(iter(found.values())).digest
    listing = "".join(f"{found[part].digest}  {part}\n" for part in sorted(found))
    return hashlib.sha256(listing.encode()).hexdigest()


def names_of(routes: Iterable[Route]) -> pl.DataFrame:
    """How a brand is read in each language: its signature without the brackets (`brand_id`, `locale`, `brand`)."""
    rows = {
        (brand, locale): text.strip().strip("【】[]").strip()
        for route in reversed(list(routes))
        for brand, texts in route.signatures.items()
        for locale, text in texts.items()
    }
    return pl.DataFrame(
        [(*key, name) for key, name in sorted(rows.items())],
        schema={"brand_id": pl.String, "locale": pl.String, "brand": pl.String},
        orient="row",
    )


def restore(kept: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """FIGURES again, from the JSON objects that were kept beside the messages; dates are ISO text there."""
    days = {name for name, kind in FIGURES.items() if kind == pl.Date()}

    def value(row: Mapping[str, object], name: str) -> object:
        found = row.get(name)
        return date.fromisoformat(str(found)) if name in days and found is not None else found

    return pl.DataFrame(
        {name: [value(row, name) for row in kept] for name in FIGURES}, schema=dict(FIGURES), strict=True
    )


def compose(frame: pl.DataFrame, words: Words, routes: Iterable[Route]) -> pl.DataFrame:
    """The `text`, `subject` and `html` of each row, in order; null where there is none or its sink refused it.

    `frame` has the columns of ADDRESS and FIGURES, and `name`.
    """
    rows = frame.with_row_index("row")
    said = [pl.DataFrame(schema={"row": pl.UInt32, **dict.fromkeys(_SAID, pl.String)})]
    for group in rows.partition_by(*_ADDRESS, maintain_order=True):
        if group.item(0, "locale") in fields.LOCALES:
            texts = _said(group, values_of(group, words, group.item(0, "locale")), words, routes)
            said += [] if texts is None else [pl.concat([group.select("row"), texts], how="horizontal")]
    return rows.select("row").join(pl.concat(said), on="row", how="left", maintain_order="left").drop("row")


def _said(
    group: pl.DataFrame, values: pl.DataFrame, words: Words, routes: Iterable[Route]
) -> pl.DataFrame | None:
    """The texts of rows with one address; None where a template is missing."""
    notice, locale, channel, route, brand = group.select(_ADDRESS).row(0)
    found = templates(words, notice, locale, Channel(channel))
    if found is None:
        return None
    texts = {part: render.columnar(template, values) for part, template in found.items()}
    if channel == Channel.SMS.value:
        texts["text"] = _signed(texts["text"], signature(routes, route, brand, locale))
    silent = pl.Series([None] * group.height, dtype=pl.String)
    return pl.DataFrame({part: texts.get(part, silent) for part in _SAID})


def values_of(frame: pl.DataFrame, words: Words, locale: str) -> pl.DataFrame:
    """The fields of a template, as strings, for rows of one locale; `frame` has FIGURES and `name`."""
    phrases = words.phrases.get(locale, {})
    names = {creditor: said[locale] for creditor, said in words.creditors.items() if locale in said}
    typed = frame.select(*FIGURES, "name").with_columns(
        pl.col("creditor").replace(names),
        hotline=pl.lit(words.hotline),
        official_url=pl.lit(words.official_url),
        **{name: pl.lit(phrases.get(name, "")) for name in ("pay_how", "objection_how", "plan_how")},
    )
    return fields.localise(typed, locale)


def signature(routes: Iterable[Route], route: str, brand: str, locale: str) -> str:
    """What stands in front of an SMS of the brand on the route."""
    found = next((each for each in routes if each.name == route), None)
    return found.signatures.get(brand, {}).get(locale, "") if found else ""


def _signed(texts: pl.Series, sign: str) -> pl.Series:
    # A template may write the signature itself; two of them would be refused.
    text = pl.col("text")
    signed = pl.when(text.str.starts_with(sign.strip())).then(text).otherwise(pl.lit(sign) + text)
    return texts.alias("text").to_frame().select(signed if sign else text)["text"]


def examine(frame: pl.DataFrame, words: Words, routes: Sequence[Route], *, on: date) -> pl.DataFrame:
    """What was found in the texts of the rows, were they sent on that day, and no text: one row each, in order.

    `said` (whether there is a text at all), `claims`, `elements` and `debt_disclosed` for the law (null: not
    examined), `fault` (the code of the first finding that blocks, else null), `parts` and `billed`.
    Takes the columns of `compose`, and `jurisdiction`.
    """
    rows = frame.with_row_index("row")
    groups = _measured_alike(rows, words, routes, on).partition_by(*_MEASURED, maintain_order=True)
    found = [columns.empty(_FOUND), *(_examined(group, words, routes, on) for group in groups)]
    answer = rows.select("row").join(pl.concat(found), on="row", how="left", maintain_order="left")
    return answer.with_columns(pl.col("said").fill_null(value=False)).drop("row")


def _measured_alike(rows: pl.DataFrame, words: Words, routes: Sequence[Route], on: date) -> pl.DataFrame:
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


def _examined(group: pl.DataFrame, words: Words, routes: Sequence[Route], on: date) -> pl.DataFrame:
    """_FOUND of rows that are measured by the same; nothing of those of which there is no text."""
    notice, locale, channel, jurisdiction, currency, *_ = group.select(_MEASURED).row(0)
    values = values_of(group, words, locale)
    sums = pl.concat_list(_AMOUNTS).list.drop_nulls()
    both = pl.concat(
        [group.select("row", *ADDRESS, sums.alias("figures")), values.drop(*ADDRESS, strict=False)],
        how="horizontal",
    )
    spoken_of = []
    for one in both.partition_by("route", "brand_id", maintain_order=True):
        texts = _said(one, one, words, routes)
        spoken_of += [] if texts is None else [pl.concat([one, texts], how="horizontal")]
    if not spoken_of:
        return columns.empty(_FOUND)
    sayable = pl.col("text").is_not_null() & (pl.col("html").is_null() | (pl.col("html") != ""))
    measured = pl.concat(spoken_of).drop(*ADDRESS).filter(sayable)
    route, creditor = group.item(0, "route"), group.item(0, "creditor")
    few = measured.height <= _FEW
    carrying = measured.select("text", *values.columns)
    present = elements.plainly(carrying) if few else elements.columnar(carrying)
    offered = offers.standing(words.offers, on=on, creditor=creditor)
    market = next(each.market for each in routes if each.name == route)
    lists = _lists(words, jurisdiction)
    sms = channel == Channel.SMS.value
    findings = [pl.DataFrame(schema={"row": pl.UInt32, "code": pl.String, "category": pl.String})]
    for part, file in PARTS[Channel(channel)].items():
        spoken = measured.filter(pl.col(part).is_not_null())
        if lists is None or spoken.is_empty():
            continue
        sink = SINK_OF_FILE[file]
        measure = lint.Measure(
            notice=notice,
            sink=sink,
            currency=currency,
            lists=lists,
            destinations=words.destinations,
            required=elements.required(notice, sink),
            market=market if sms else None,
            max_parts=words.max_parts if sms else None,
            preview=words.preview if sms else 0,
            offers=offered,
        )
        carried = present if part == "text" else None
        swept = sweep.sweep(spoken.with_columns(text=pl.col(part)), measure, present=carried)
        blocking = swept.filter(pl.col("action") == Action.BLOCK.value)
        places = spoken.select("row").with_row_index("place")
        findings.append(
            blocking.rename({"row": "place"}).join(places, on="place").select("row", "code", "category")
        )
    faults = (
        pl.concat(findings)
        .group_by("row", maintain_order=True)
        .agg(fault=pl.col("code").first(), claims=pl.col("category").drop_nulls().unique().sort())
    )
    text = measured["text"]
    billed, parts = (
        _one(measured.height)
        if not sms
        else segment.plainly(text, each)
        if few
        else segment.columnar(text, each)["billed"]
        for each in (market, Market.GSM)
    )
    state = statements.plainly if few else statements.columnar
    stated = state(text, lists.statements if lists else {}, locale)
    carried = present.list.set_union(stated).list.sort()
    tells = _tells(measured, lists) if lists else pl.Series([None] * measured.height, dtype=pl.Boolean)
    rows = measured.select(
        "row", said=pl.lit(value=True), parts=parts, billed=billed, elements=carried, debt_disclosed=tells
    )
    known = rows.join(faults, on="row", how="left", maintain_order="left")
    unread = pl.lit(None, pl.List(pl.String))
    return known.select(
        "row",
        "said",
        claims=pl.col("claims").fill_null([]) if lists else unread,
        elements=pl.col("elements") if lists else unread,
        debt_disclosed="debt_disclosed",
        fault="fault",
        parts="parts",
        billed="billed",
    )


def _tells(measured: pl.DataFrame, lists: Lists) -> pl.Series:
    """Whether any part of the message tells of a debt."""
    html = measured["html"].drop_nulls()
    pages = measured["html"].map_elements(page.visible, pl.String) if html.len() else measured["html"]
    parts = [measured["text"], measured["subject"], pages]
    tell = disclosure.plainly if measured.height <= _FEW else disclosure.columnar
    told = [tell(part, lists).fill_null(value=False) for part in parts]
    return pl.select(pl.any_horizontal(told).alias("told"))["told"]


def _lists(words: Words, jurisdiction: str) -> Lists | None:
    """The lists of the jurisdiction, or of the nearest that it lies in."""
    chain = jurisdictions.chain(jurisdiction) if jurisdictions.is_known(jurisdiction) else ()
    return next((words.lists[code] for code in reversed(chain) if code in words.lists), None)


def _one(height: int) -> pl.Series:
    return pl.Series([1] * height, dtype=pl.Int32)
