"""What a message says: the figures it is made from, the text, and what was found in that text.

The plan renders to examine, count and price, and keeps no text; the worker renders the same figures again
before the gate, and measures what he rendered by the same (`kind`).
Refuses to say anything for a person without a name, in a language without a template, or what its sink refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.law import jurisdictions
from duly.model.party import Channel
from duly.plan.columns import Schema
from duly.plan.inputs import Route, Words
from duly.text import elements, fields, lint, render
from duly.text.escape import Sink
from duly.text.segment import Market
from duly.text.shelf import Kind
from duly.text.template import Template
from duly.text.trial import Setting
from duly.text.wording import Lists

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
AMOUNTS = tuple(name for name in FIGURES if name.endswith("_minor"))

# A message on a channel is made of these parts, each of its own template; `text` is the one read first.
PARTS: Mapping[Channel, Mapping[str, str]] = {
    Channel.SMS: {"text": "sms.txt"},
    Channel.EMAIL: {"text": "email.txt", "subject": "email.subject.txt", "html": "email.html"},
}
_OPTIONAL = frozenset({"html"})
SAID = ("text", "subject", "html")


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
    found = [pl.DataFrame(schema={"row": pl.UInt32, **dict.fromkeys(SAID, pl.String)})]
    for group in rows.partition_by(*_ADDRESS, maintain_order=True):
        if group.item(0, "locale") in fields.LOCALES:
            texts = said(group, values_of(group, words, group.item(0, "locale")), words, routes)
            found += [] if texts is None else [pl.concat([group.select("row"), texts], how="horizontal")]
    return rows.select("row").join(pl.concat(found), on="row", how="left", maintain_order="left").drop("row")


def said(
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
    return pl.DataFrame({part: texts.get(part, silent) for part in SAID})


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


def values_of_one(typed: Mapping[str, object], words: Words, locale: str) -> dict[str, str]:
    """The same of one row, read plainly."""
    phrases = words.phrases.get(locale, {})
    creditor = str(typed["creditor"])
    return fields.localise_one(
        {
            **{name: typed[name] for name in (*FIGURES, "name")},
            "creditor": words.creditors.get(creditor, {}).get(locale, creditor),
            "hotline": words.hotline,
            "official_url": words.official_url,
            **{name: phrases.get(name, "") for name in ("pay_how", "objection_how", "plan_how")},
        },
        locale,
    )


def signature(routes: Iterable[Route], route: str, brand: str, locale: str) -> str:
    """What stands in front of an SMS of the brand on the route."""
    found = next((each for each in routes if each.name == route), None)
    return found.signatures.get(brand, {}).get(locale, "") if found else ""


def _signed(texts: pl.Series, sign: str) -> pl.Series:
    # A template may write the signature itself; two of them would be refused.
    text = pl.col("text")
    signed = pl.when(text.str.starts_with(sign.strip())).then(text).otherwise(pl.lit(sign) + text)
    return texts.alias("text").to_frame().select(signed if sign else text)["text"]


def lists_of(words: Words, jurisdiction: str) -> Lists | None:
    """The lists of the jurisdiction, or of the nearest that it lies in."""
    chain = jurisdictions.chain(jurisdiction) if jurisdictions.is_known(jurisdiction) else ()
    return next((words.lists[code] for code in reversed(chain) if code in words.lists), None)


@dataclass(frozen=True, kw_only=True)
class By:
    """What a text is measured by besides its notice: the `offered` kinds of offer, and the way its route bills."""

    lists: Lists
    currency: str
    market: Market
    offered: frozenset[str]


def measure(words: Words, by: By, *, notice: str, sink: Sink) -> lint.Measure:
    """What a text of the notice is measured against in that sink."""
    sms = sink is Sink.SMS
    return lint.Measure(
        notice=notice,
        sink=sink,
        currency=by.currency,
        lists=by.lists,
        destinations=words.destinations,
        required=elements.required(notice, sink),
        market=by.market if sms else None,
        max_parts=words.max_parts if sms else None,
        preview=words.preview if sms else 0,
        offers=by.offered,
    )


def kind(words: Words, by: By, *, notice: str, locale: str, channel: Channel, sign: str) -> Kind | None:
    """Which texts are alike (`shelf`); None where there is no template for them."""
    found = templates(words, notice, locale, channel) if locale in fields.LOCALES else None
    if found is None:
        return None
    return Kind(
        settings={
            part: Setting(
                template=one,
                sign=sign if one.sink is Sink.SMS else "",
                measure=measure(words, by, notice=notice, sink=one.sink),
            )
            for part, one in found.items()
        },
        lists=by.lists,
        key=(
            notice,
            locale,
            digest(found),
            sign,
            by.lists.digest,
            by.currency,
            by.market.value,
            by.offered,
            words.destinations.digest,
            words.preview,
        ),
        locale=locale,
        currency=by.currency,
    )
