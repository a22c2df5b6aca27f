"""Which of the notices may leave today, by which channel and when; and of each other one, why not.

Every message that is found lawful counts at once against the caps of the next one to the same person, so a
person's notices are gone through one message after the other, and all persons together, in waves.
A notice that only reminds is not taken round a law that bars it; one that the law requires, or that preserves a
right, goes by the next channel of its stage that is lawful (DESIGN D22).
Refuses to send a person two notices of one creditor and brand on a day: the first that may leave is the one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from duly.law import values
from duly.model.party import Channel
from duly.plan import act, apart, columns, examination, keys, saying, tables
from duly.plan.code import Code
from duly.plan.inputs import Inputs
from duly.text import code as codes

# What is found of one notice on one channel. `code` is null for a message that may leave.
FOUND: columns.Schema = {
    "notice_id": pl.UInt32(),
    "turn": pl.UInt32(),
    "step": pl.Int32(),
    "channel": pl.String(),
    "route": pl.String(),
    "point": pl.String(),
    "value_key": pl.String(),
    "key": pl.Binary(),
    "verify_code": pl.String(),
    "brand_said": pl.String(),
    "template_digest": pl.String(),
    "parts": pl.Int32(),
    "billed": pl.Int32(),
    "code": pl.String(),
    "fault": pl.String(),
    "not_before": act.INSTANT,
    "not_after": act.INSTANT,
    "until": act.INSTANT,
    "blocked_by": pl.List(pl.Struct({"rule": pl.String, "version": pl.String})),
    "because": pl.List(pl.Struct({"rule": pl.String, "version": pl.String})),
    "in_doubt": pl.List(pl.Struct({"rule": pl.String, "fact": pl.String})),
    "act": pl.String(),
}
_CONTACT = ("at", "kind", "channel", "person", "account", "number", "ref")
# After these another channel of the stage may still be lawful; time alone mends the others.
_BARRED = [
    code.value
    for code in (
        Code.LAW_FORBIDS,
        Code.LAW_HOLDS,
        Code.FACT_MISSING,
        Code.TEXT_REFUSED,
        Code.NO_TEMPLATE,
        Code.NO_ROUTE,
        Code.NO_CONTACT_POINT,
    )
]


@dataclass(frozen=True, kw_only=True)
class World:
    """What the waves look at besides the notices: the points, the ways that can be used, the names of brands."""

    inputs: Inputs
    bench: act.Bench
    at: datetime
    points: pl.DataFrame
    reach: pl.DataFrame
    ways: pl.DataFrame
    brands: pl.DataFrame


def world(  # noqa: PLR0917 - each is named once, in the plan
    inputs: Inputs,
    bench: act.Bench,
    at: datetime,
    points: pl.DataFrame,
    reach: pl.DataFrame,
    steps: tables.Tables,
) -> World:
    """The waves' world."""
    return World(
        inputs=inputs,
        bench=bench,
        at=at,
        points=points,
        reach=reach,
        ways=steps.ways,
        brands=saying.names_of(inputs.routes),
    )


def run(notices: pl.DataFrame, around: World) -> pl.DataFrame:
    """FOUND for every message that was looked at, in the order in which they were."""
    waiting = notices.with_columns(sent=pl.lit(value=False), barred=pl.lit(value=True))
    planned = around.inputs.history.clear()
    found = [columns.empty(FOUND)]
    turn = 0
    while waiting.height:
        head = waiting.unique("person", keep="first", maintain_order=True)
        looked = _look(head, planned, turn, around)
        found.append(looked)
        waiting = _after(waiting, looked, around)
        # What is planned counts for its own person alone: of those who wait for nothing more it is not asked again.
        ahead = head.join(waiting, on="person", how="semi", maintain_order="left")
        planned = pl.concat([planned, _contacts(looked, ahead)], how="diagonal_relaxed")
        turn += 1
    return pl.concat(found)


def _look(head: pl.DataFrame, planned: pl.DataFrame, turn: int, around: World) -> pl.DataFrame:
    """One message of each of these notices: on the first channel that is left of its step."""
    rows = _addressed(head.with_columns(channel=pl.col("channels").list.first()), around)
    rows = rows.with_row_index("row").with_columns(turn=pl.lit(turn, pl.UInt32))
    ready = rows.filter(pl.col("code").is_null())
    examined = pl.concat(
        [ready.select("row"), _examined(ready, around)],
        how="horizontal",
    )
    seen = rows.join(examined.drop("said"), on="row", how="left", maintain_order="left")
    transit = {route.name: -(-route.latency_ms // 1000) for route in around.inputs.routes}
    seconds = pl.col("route").replace_strict(transit, default=None, return_dtype=pl.Int64)
    asked = seen.filter(pl.col("code").is_null()).with_columns(transit_seconds=seconds)
    acts = act.frame(
        asked.with_columns(pl.col("holds").list.set_union("point_holds").list.sort()), around.bench
    )
    verdicts = act.judge(*apart.near(acts, around.inputs.history, planned), around.at, around.bench)
    judged = seen.join(verdicts, on="row", how="left", maintain_order="left")
    return columns.shaped(_answered(judged, acts, around), FOUND)


def _examined(ready: pl.DataFrame, around: World) -> pl.DataFrame:
    inputs = around.inputs
    return examination.examine(_spoken(ready), inputs.words, inputs.routes, on=inputs.on)


def _addressed(rows: pl.DataFrame, around: World) -> pl.DataFrame:
    """The rows with route, point, key and name; or with the `code` of what they lack."""
    chosen = [
        (route.channel.value, route.name, brand)
        for route in around.inputs.routes
        for brand in route.signatures
    ]
    plain = [(route.channel.value, route.name) for route in around.inputs.routes if not route.signatures]
    schema = {"channel": pl.String, "route": pl.String, "brand": pl.String}
    signed = pl.DataFrame(chosen, schema=schema, orient="row").unique(
        ["channel", "brand"], keep="first", maintain_order=True
    )
    unsigned = pl.DataFrame(
        plain, schema={"channel": pl.String, "any_route": pl.String}, orient="row"
    ).unique("channel", keep="first", maintain_order=True)
    # Where nobody signs (a letter, an e-mail) any route of the channel will do; an SMS always carries one.
    any_route = pl.when(pl.col("channel") != Channel.SMS.value).then("any_route")
    brands = around.brands.select("locale", brand="brand_id", brand_said="brand")
    rows = (
        rows.join(signed, on=["channel", "brand"], how="left", maintain_order="left")
        .join(unsigned, on="channel", how="left", maintain_order="left")
        .join(around.points, on=["person", "channel", "nudge"], how="left", maintain_order="left")
        .join(around.inputs.names.select("person", "name"), on="person", how="left", maintain_order="left")
        .join(brands, on=["brand", "locale"], how="left", maintain_order="left")
        .with_columns(route=pl.coalesce("route", any_route), brand_said=pl.coalesce("brand_said", "brand"))
    )
    said = rows.select("notice", "locale", "channel").unique(maintain_order=True)
    found = pl.Series("template_digest", [_digest(row, around) for row in said.rows()], pl.String)
    rows = rows.join(
        said.with_columns(found),
        on=["notice", "locale", "channel"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    code = (
        pl.when(pl.col("point").is_null())
        .then(pl.lit(Code.NO_CONTACT_POINT.value))
        .when(pl.col("route").is_null())
        .then(pl.lit(Code.NO_ROUTE.value))
        .when(pl.col("name").is_null() | (pl.col("name") == ""))
        .then(pl.lit(Code.NO_NAME.value))
        .when(pl.col("template_digest").is_null())
        .then(pl.lit(Code.NO_TEMPLATE.value))
    )
    return _keyed(rows.with_columns(code=code), around)


def _digest(row: tuple[str, str, str | None], around: World) -> str | None:
    told, locale, channel = row
    found = saying.templates(around.inputs.words, told, locale, Channel(channel)) if channel else None
    return saying.digest(found) if found else None


def _keyed(rows: pl.DataFrame, around: World) -> pl.DataFrame:
    made = keys.messages(rows)
    return rows.with_columns(
        made, codes.column(around.inputs.words.code_key, made.to_list()).alias("verify_code")
    )


def _spoken(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of `examination.examine`."""
    return rows.select(
        *(name for name in saying.ADDRESS if name != "brand_id"),
        *(name for name in saying.FIGURES if name != "brand"),
        "name",
        "jurisdiction",
        brand_id="brand",
        brand="brand_said",
    )


def _answered(rows: pl.DataFrame, acts: pl.DataFrame, around: World) -> pl.DataFrame:
    latency = {route.name: timedelta(milliseconds=route.latency_ms) for route in around.inputs.routes}
    delay = pl.col("route").replace_strict(latency, default=None, return_dtype=pl.Duration("us"))
    end = pl.lit(around.bench.day_end - timedelta(seconds=1)).cast(act.INSTANT)
    rows = rows.with_columns(not_after=(pl.min_horizontal("latest", end) - delay).dt.truncate("1s"))
    permitted = pl.col("verdict") == values.Kind.PERMIT.value
    doubted = (pl.col("blocked_by").list.len() == 0) & (pl.col("in_doubt").list.len() > 0)
    code = (
        pl.when(pl.col("code").is_not_null())
        .then("code")
        .when(permitted & pl.col("fault").is_not_null())
        .then(pl.lit(Code.TEXT_REFUSED.value))
        .when(permitted & (pl.col("not_after") < pl.col("not_before")))
        .then(pl.lit(Code.NEXT_WINDOW.value))
        .when(permitted)
        .then(None)
        .when(pl.col("verdict") == values.Kind.FORBID.value)
        .then(pl.lit(Code.LAW_FORBIDS.value))
        .when(doubted)
        .then(pl.lit(Code.FACT_MISSING.value))
        .when(pl.col("until").is_not_null())
        .then(pl.lit(Code.NEXT_WINDOW.value))
        .otherwise(pl.lit(Code.LAW_HOLDS.value))
    )
    rows = rows.with_columns(code=code)
    free = rows.filter(pl.col("code").is_null()).select(number="act")
    kept = acts.join(free, left_on="act", right_on="number", how="semi")
    facts = pl.DataFrame(
        {"act": kept["act"], "kept": act.kept(kept)},
        schema={"act": pl.UInt32, "kept": pl.String},
    )
    return rows.join(facts, on="act", how="left", maintain_order="left").with_columns(act="kept")


def _contacts(looked: pl.DataFrame, head: pl.DataFrame) -> pl.DataFrame:
    """What is now planned, as contacts: one for each account that it speaks of."""
    return (
        looked.filter(pl.col("code").is_null())
        .join(head.select("notice_id", "person", "accounts"), on="notice_id")
        .explode("accounts")
        .select(
            at="not_before",
            kind=pl.lit("message_sent"),
            channel="channel",
            person="person",
            account="accounts",
            number="value_key",
            ref=pl.col("key").bin.encode("hex"),
        )
        .select(_CONTACT)
    )


def _after(waiting: pl.DataFrame, looked: pl.DataFrame, around: World) -> pl.DataFrame:
    """The notices that are still to be looked at, with the channels that are left of each."""
    seen = looked.select(
        "notice_id",
        left=pl.col("code").is_null(),
        bars=pl.col("code").is_in(_BARRED),
        looked=pl.lit(value=True),
    )
    rows = waiting.join(seen, on="notice_id", how="left", maintain_order="left").with_columns(
        pl.col("looked").fill_null(value=False)
    )
    rows = rows.with_columns(
        sent=pl.col("sent") | pl.col("left").fill_null(value=False),
        barred=pl.col("barred") & pl.col("bars").fill_null(value=True),
        channels=pl.when("looked").then(pl.col("channels").list.slice(1)).otherwise("channels"),
    )
    over = pl.col("channels").list.len() == 0
    reroutes = over & ~pl.col("sent") & pl.col("barred") & pl.col("may_fall_back") & ~pl.col("nudge")
    rows = _rerouted(rows.with_columns(reroutes=reroutes), around)
    # One notice a day: what else was due of this creditor and brand stays due.
    goes_on = pl.col("channels").list.len() > 0
    done = rows.filter("sent").select("person", "creditor", "brand", chosen="notice_id")
    left = rows.filter(goes_on)
    done = done.join(left, on="person", how="semi", maintain_order="left")
    left = left.join(done, on=["person", "creditor", "brand"], how="left", maintain_order="left")
    stays = pl.col("chosen").is_null() | (pl.col("chosen") == pl.col("notice_id"))
    return left.filter(stays).select(waiting.columns)


def _rerouted(rows: pl.DataFrame, around: World) -> pl.DataFrame:
    """The rows of which all channels are barred, at their stage's next step that reaches the person."""
    asked = rows.filter("reroutes").select("notice_id", "person", *tables.KEY, now="step")
    steps = (
        asked.join(around.ways, on=tables.KEY, maintain_order="left_right")
        .join(around.reach, on=["person", "channel"], how="semi", maintain_order="left")
        .filter(pl.col("step") > pl.col("now"))
        .filter(pl.col("step") == pl.col("step").min().over("notice_id"))
        .group_by("notice_id", maintain_order=True)
        .agg(next_step=pl.col("step").first(), next_channels=pl.col("channel"))
    )
    moved = rows.join(steps, on="notice_id", how="left", maintain_order="left")
    goes = pl.col("next_step").is_not_null()
    return moved.with_columns(
        step=pl.when(goes).then("next_step").otherwise("step"),
        channels=pl.when(goes).then("next_channels").otherwise("channels"),
    )
