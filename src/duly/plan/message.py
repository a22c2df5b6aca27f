"""The rows of the outbox that a plan asks for: what to say to whom, when at the earliest, until when at the latest.

A message is planned under a key that does not change from day to day (`model.notice`), so a plan made again gives
the same rows: what stands there unsent and says the same is left alone, what says something else replaces it, and
what left is never given again.
Refuses to hold a text, a name or a number.
"""

from __future__ import annotations

import hashlib
from datetime import date

import polars as pl

from duly.book import facts
from duly.model import notice
from duly.plan import act, canonical, columns, keys, saying
from duly.plan.inputs import Inputs

MESSAGE: columns.Schema = {
    "key": pl.Binary(),
    "notice_key": pl.Binary(),
    "day": pl.Date(),
    "person": pl.String(),
    "creditor": pl.String(),
    "servicer": pl.String(),
    "brand": pl.String(),
    "stage": pl.String(),
    "occurrence": pl.Int32(),
    "step": pl.Int32(),
    "notice": pl.String(),
    "class": pl.String(),
    "locale": pl.String(),
    "channel": pl.String(),
    "route": pl.String(),
    "point": pl.String(),
    "value_key": pl.String(),
    "cases": pl.List(pl.String()),
    "accounts": pl.List(pl.String()),
    "currency": pl.String(),
    "overdue_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "as_of": pl.Date(),
    "due_on": pl.Date(),
    "deadline_on": pl.Date(),
    "dpd": pl.Int64(),
    "fields": pl.String(),  # saying.FIGURES as canonical JSON, and `figures` by case
    "act": pl.String(),  # act.kept
    "verify_code": pl.String(),
    "release": pl.String(),  # the list by which two people released it; empty where none is asked for
    "template_digest": pl.String(),
    "parts": pl.Int32(),
    "billed": pl.Int32(),
    "cost_micro": pl.Int64(),
    "cost_currency": pl.String(),
    "not_before": act.INSTANT,
    "not_after": act.INSTANT,
    "binding_rule": pl.String(),
    "strategy_digest": pl.String(),
    "pack_digest": pl.String(),
    "arm": pl.String(),
    "facts": pl.List(pl.String()),  # book.facts of each of `accounts`: what its figures are made from
    "content": pl.String(),
    "supersedes": pl.Boolean(),
}
# What `content` is made from. When it may leave is no part of what it says: a plan made again later in the day must
# not replace it. Its facts are, and their digests stand in `fields`; so do its cases, accounts and figures, its
# number in `act`, and its person, brand, stage and point in the key.
CONTENT = (
    "day", "servicer", "notice", "class", "locale", "route", "release", "template_digest", "parts", "billed",
    "cost_micro", "cost_currency", "strategy_digest", "pack_digest", "arm", "fields", "act",
)  # fmt: skip
_CONTENT_BYTES = 16


def build(found: pl.DataFrame, notices: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """MESSAGE of everything in `found` (`waves.FOUND`) that may leave, with the `notice_id` of each."""
    rows = found.filter(pl.col("code").is_null()).join(
        notices.drop("step", "code", "channels"), on="notice_id", maintain_order="left"
    )
    prices = {route.name: route.cost_micro for route in inputs.routes}
    currencies = {route.name: route.currency for route in inputs.routes}
    moved = pl.col("blocked_by").list.first().struct.field("rule")
    rows = (
        _with_facts(rows, inputs)
        .with_columns(
            day=pl.lit(inputs.on),
            due_on="first_unpaid_on",
            deadline_on="deadline",
            cost_micro=pl.col("route").replace_strict(prices, return_dtype=pl.Int64) * pl.col("billed"),
            cost_currency=pl.col("route").replace_strict(currencies, return_dtype=pl.String),
            binding_rule=moved,
            pack_digest=pl.lit(inputs.law.digest),
            supersedes=pl.lit(value=False),
            content=pl.lit(""),
            notice_key=keys.notices(rows),
        )
        .rename({"notice_class": "class"})
    )
    shaped = columns.shaped(rows.with_columns(_fields(rows)), MESSAGE)
    return shaped.with_columns(contents(shaped), notice_id=rows["notice_id"])


def _with_facts(rows: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """The rows with `facts`: for each of `accounts`, what its figures are made from."""
    owners = rows.select("person", account="accounts").explode("account").unique(maintain_order=True)
    written = facts.written(inputs.book, owners, inputs.on, inputs.reckoning.told())
    placed = (
        rows.select("person", account="accounts")
        .with_row_index("place")
        .explode("account")
        .join(written, on=["person", "account"], how="left", maintain_order="left")
        .group_by("place", maintain_order=True)
        .agg("facts")
    )
    return rows.with_columns(placed["facts"])


def against(messages: pl.DataFrame, known: pl.DataFrame, on: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The messages that are to be written, and the keys of those unsent for `on` that nobody wants any more.

    What stands unsent for the same day and says the same is not written again.
    """
    unsent = known.filter(pl.col("outcome").is_null())
    same = unsent.select("key", "day", "content")
    known_keys = known.select("key", known=pl.lit(value=True))
    fresh = (
        messages.join(same, on=["key", "day", "content"], how="anti", maintain_order="left")
        .join(known_keys, on="key", how="left", maintain_order="left")
        .with_columns(supersedes=pl.col("known").fill_null(value=False))
        .drop("known")
    )
    today = unsent.filter(pl.col("day") >= on)
    return fresh, today.join(messages, on="key", how="anti").select("key").sort("key")


def refuse_sent(messages: pl.DataFrame, known: pl.DataFrame) -> None:
    """Raise ValueError if a message that left is planned again: the stage machine promises that none is."""
    counted = [outcome.value for outcome in notice.COUNTED]
    again = messages.join(known.filter(pl.col("outcome").is_in(counted)), on="key", how="semi")
    if again.height:
        raise ValueError(f"{again.height} message(s) that left, or may have left, would be planned again")


def _fields(rows: pl.DataFrame) -> pl.Series:
    """What each message says, as canonical JSON: the figures of the notice, and `figures` by case."""
    told = rows.with_columns(by_case=_by_case(rows), brand=pl.col("brand_said"))
    before, after = (
        [name for name in saying.FIGURES if of(name)] for of in ("figures".__gt__, "figures".__lt__)
    )
    figures = pl.format('{}"figures":{}{}', pl.lit("{"), "by_case", pl.lit("}"))
    parts = (canonical.objects(told, before), figures, canonical.objects(told, after))
    return told.select(fields=canonical.joined(*parts))["fields"]


def _by_case(rows: pl.DataFrame) -> pl.Series:
    """The figures of each case that a message covers, with the digest of what they are made from."""
    placed = rows.select("figures", "accounts", "facts").with_row_index("place")
    documents = placed.select("place", account="accounts", document="facts").explode("account", "document")
    digests = facts.digests(documents["document"]).alias("facts")
    each = (
        placed.select("place", "figures")
        .explode("figures")
        .unnest("figures")
        .join(
            documents.select("place", "account").with_columns(digests),
            on=["place", "account"],
            how="left",
            maintain_order="left",
        )
        .sort("place", "case")
    )
    said = pl.format(
        "{}:{}", canonical.text("case"), canonical.objects(each, set(each.columns) - {"place", "case"})
    )
    told = _beside_each_other(each.select("place", said=said))
    return told.select(by_case=pl.format("{}{}{}", pl.lit("{"), "said", pl.lit("}")))["by_case"]


def _beside_each_other(each: pl.DataFrame) -> pl.DataFrame:
    """What is said of each place, with commas between; most places have one saying."""
    several = pl.col("place").is_duplicated()
    joined = each.filter(several).group_by("place", maintain_order=True).agg(pl.col("said").str.join(","))
    return pl.concat([each.filter(~several), joined]).sort("place")


def contents(shaped: pl.DataFrame) -> pl.Series:
    """The digest of what each message is, but for when it leaves."""
    # No text of the database holds a zero byte, so nothing runs into the next.
    said = pl.concat_str(
        pl.col("key").bin.encode("hex"),
        *(pl.col(name).cast(pl.String).fill_null("") for name in CONTENT),
        separator="\0",
    )
    whole = shaped.select(said.cast(pl.Binary)).to_series().to_list()
    make = hashlib.sha256
    digests = pl.Series("content", [make(one).digest() for one in whole], pl.Binary)
    return digests.bin.slice(0, _CONTENT_BYTES).bin.encode("hex")
