"""What a message says is read before it may be planned: what it carries, what is wrong with it, what it costs.

Texts that are alike are read once (`alike`), the others each by itself; the answers are the same.
Refuses to keep a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from duly.model.party import Channel
from duly.plan import alike, columns, saying
from duly.plan.alike import FOUND, MEASURED
from duly.plan.inputs import Route, Words
from duly.text import disclosure, elements, escape, lint, offers, page, render, segment, statements, sweep
from duly.text.escape import Sink
from duly.text.segment import Market
from duly.text.shelf import Kind
from duly.text.template import SINK_OF_FILE
from duly.text.wording import Action, Lists

# Columns have a price of their own; so many texts cost as much when they are read plainly.
_FEW = 100


def examine(frame: pl.DataFrame, words: Words, routes: Sequence[Route], *, on: date) -> pl.DataFrame:
    """What was found in the texts of the rows, were they sent on that day, and no text: one row each, in order.

    `said` (whether there is a text at all), `claims`, `elements` and `debt_disclosed` for the law (null: not
    examined), `fault` (the code of the first finding that blocks, else null), `parts` and `billed`.
    Takes the columns of `saying.compose`, and `jurisdiction`.
    """
    rows = alike.measured(frame.with_row_index("row"), words, routes, on)
    known = [alike.vouched(rows, words, routes)]
    rest = _without(rows, known[0])
    if 0 < rest.height <= _FEW:
        known.append(_plainly(rest, words, routes))
        rest = _without(rest, known[1])
    if rest.height:
        found = one_by_one(rest, words, routes, on=on).with_columns(rest["row"])
        known.append(found.select(*FOUND))
    answer = frame.select(row=pl.int_range(pl.len(), dtype=pl.UInt32)).join(
        pl.concat(known), on="row", how="left", maintain_order="left"
    )
    return answer.with_columns(pl.col("said").fill_null(value=False)).drop("row")


def _without(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    return rows.join(known, on="row", how="anti", maintain_order="left") if known.height else rows


def _plainly(rows: pl.DataFrame, words: Words, routes: Sequence[Route]) -> pl.DataFrame:
    """FOUND of the rows that are plain texts, one after the other: few are not worth the price of columns."""
    found: list[tuple[object, ...]] = []
    for kind, group in alike.of_kinds(rows, words, routes):
        market, sms = Market(group.item(0, "market")), group.item(0, "channel") == Channel.SMS.value
        for typed in group.iter_rows(named=True):
            values = saying.values_of_one(typed, words, kind.locale)
            said = _rendered(kind, values)
            if said is None:
                continue
            allowed = [int(minor) for name in saying.AMOUNTS if (minor := typed[name]) is not None]
            blocking = [
                one
                for part, text in said.items()
                for one in lint.lint(text, kind.settings[part].measure, allowed=allowed, values=values)
                if one.action is Action.BLOCK
            ]
            stated = statements.present(said["text"], kind.lists.statements, kind.locale)
            billed, parts = (
                segment.count(said["text"], each).billed if sms else 1 for each in (market, Market.GSM)
            )
            found.append(
                (
                    typed["row"],
                    True,
                    sorted(lint.claims(blocking)),
                    sorted(elements.present(said["text"], values) | stated),
                    any(disclosure.told(text, kind.lists) is not None for text in said.values()),
                    blocking[0].code if blocking else None,
                    parts,
                    billed,
                )
            )
    return pl.DataFrame(found, schema=FOUND, orient="row")


def _rendered(kind: Kind, values: Mapping[str, str]) -> dict[str, str] | None:
    """The parts of a message in their order; None for a page, and where a sink refuses a value."""
    said: dict[str, str] = {}
    for part, one in sorted(kind.settings.items(), key=lambda each: saying.SAID.index(each[0])):
        if one.template.sink is Sink.HTML:
            return None
        try:
            text = render.plain(one.template, values)
        except escape.RefusedError:
            return None
        said[part] = text if text.startswith(one.sign.strip()) else one.sign + text
    return said


def one_by_one(frame: pl.DataFrame, words: Words, routes: Sequence[Route], *, on: date) -> pl.DataFrame:
    """The same, with each text read by itself, in columns."""
    rows = frame.drop("row", strict=False).with_row_index("row")
    groups = alike.measured(rows, words, routes, on).partition_by(*MEASURED, maintain_order=True)
    found = [columns.empty(FOUND), *(_examined(group, words, routes, on) for group in groups)]
    answer = rows.select("row").join(pl.concat(found), on="row", how="left", maintain_order="left")
    return answer.with_columns(pl.col("said").fill_null(value=False)).drop("row")


def _examined(group: pl.DataFrame, words: Words, routes: Sequence[Route], on: date) -> pl.DataFrame:
    """FOUND of rows that are measured by the same; nothing of those of which there is no text."""
    notice, locale, channel, jurisdiction, currency, *_ = group.select(MEASURED).row(0)
    values = saying.values_of(group, words, locale)
    sums = pl.concat_list(saying.AMOUNTS).list.drop_nulls()
    both = pl.concat(
        [
            group.select("row", *saying.ADDRESS, sums.alias("figures")),
            values.drop(*saying.ADDRESS, strict=False),
        ],
        how="horizontal",
    )
    spoken_of = []
    for one in both.partition_by("route", "brand_id", maintain_order=True):
        texts = saying.said(one, one, words, routes)
        spoken_of += [] if texts is None else [pl.concat([one, texts], how="horizontal")]
    if not spoken_of:
        return columns.empty(FOUND)
    sayable = pl.col("text").is_not_null() & (pl.col("html").is_null() | (pl.col("html") != ""))
    measured = pl.concat(spoken_of).drop(*saying.ADDRESS).filter(sayable)
    route, creditor = group.item(0, "route"), group.item(0, "creditor")
    few = measured.height <= _FEW
    carrying = measured.select("text", *values.columns)
    present = elements.plainly(carrying) if few else elements.columnar(carrying)
    offered = offers.standing(words.offers, on=on, creditor=creditor)
    market = next(each.market for each in routes if each.name == route)
    lists = saying.lists_of(words, jurisdiction)
    by = saying.By(lists=lists, currency=currency, market=market, offered=offered) if lists else None
    sms = channel == Channel.SMS.value
    findings = [pl.DataFrame(schema={"row": pl.UInt32, "code": pl.String, "category": pl.String})]
    for part, file in saying.PARTS[Channel(channel)].items():
        spoken = measured.filter(pl.col(part).is_not_null())
        if by is None or spoken.is_empty():
            continue
        measure = saying.measure(words, by, notice=notice, sink=SINK_OF_FILE[file])
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


def _one(height: int) -> pl.Series:
    return pl.Series([1] * height, dtype=pl.Int32)
