"""What came of everything that was due, told for each person and account.

The law, the text and the route speak of messages and notices; a decision is about an account. Here the ones are
brought to the others, each with the rule that decided first.
Refuses to decide anything itself.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from duly.law.pack import Pack
from duly.plan import act, bars, columns, distinct, release
from duly.plan.code import Code
from duly.plan.inputs import Inputs

ANSWER: columns.Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "code": pl.String(),  # null: it leaves, for the reason that it is due
    "channels": pl.List(pl.String()),
    "ruled": bars.RULED,  # what stood in the way, or moved the instant; the deciding rule first
    "because": bars.RULED,  # what spoke and permitted
    "fact": pl.String(),
    "until": act.INSTANT,
    "next_on": pl.Date(),
    "not_before": act.INSTANT,
    "messages": pl.List(pl.Binary()),
    "step": pl.Int32(),
    "arm": pl.String(),
}


def before_the_law(due: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """What is due and cannot be said whatever the law says: `person`, `account`, `code`."""
    unreleased = pl.col("approval") & (pl.col("release") == "")
    unreachable = pl.col("channels").list.len() == 0
    code = (
        pl.when(unreleased)
        .then(pl.lit(Code.APPROVAL_MISSING.value))
        .when(unreachable)
        .then(pl.lit(Code.NO_CONTACT_POINT.value))
    )
    told = release.marked(due, inputs.released).select("person", "account", code=code)
    return told.filter(pl.col("code").is_not_null())


def gather(
    *,
    refused: pl.DataFrame,
    barred: pl.DataFrame,
    covered: pl.DataFrame,
    found: pl.DataFrame,
    laid: pl.DataFrame,
    inputs: Inputs,
) -> pl.DataFrame:
    """ANSWER of everything that was due, and of who is not liable.

    `refused` and `barred` as `before_the_law` and `bars` give them, `covered` the rows that went into notices
    (`notice_id`), `found` as `waves.FOUND`, `laid` the messages with their `notice_id`.
    """
    told = _of_notices(covered, found, laid, inputs)
    whole = pl.concat([refused, barred, told], how="diagonal")
    missing = [pl.lit(None, kind).alias(name) for name, kind in ANSWER.items() if name not in whole.columns]
    return columns.shaped(whole.with_columns(missing), ANSWER)


def _of_notices(
    covered: pl.DataFrame, found: pl.DataFrame, laid: pl.DataFrame, inputs: Inputs
) -> pl.DataFrame:
    # What permitted is a list of some forty rules: its number goes along, and the list comes to it at the end.
    told, lists = distinct.numbered(found, ("because",))
    found = found.drop("because").with_columns(told.alias("list"))
    left = found.filter(pl.col("code").is_null())
    sets, permitting = _rules(left, lists["because"])
    fits = laid.group_by("notice_id").agg(
        channels=pl.col("channel"),
        not_before=pl.col("not_before").min(),
        messages=pl.col("key"),
        step=pl.col("step").max(),
    )
    sent = (
        left.select("notice_id")
        .unique(maintain_order=True)
        .join(_moving(left), on="notice_id", how="left")
        .join(sets, on="notice_id", how="left")
        .join(fits, on="notice_id", how="left")
        .with_columns(code=pl.lit(None, pl.String))
    )
    held = _held(found.join(sent, on="notice_id", how="anti", maintain_order="left"), inputs)
    one = pl.concat([sent, held], how="diagonal")
    rows = covered.select("person", "account", "creditor", "brand", "stage", "arm", "notice_id").join(
        one, on="notice_id", how="left", maintain_order="left"
    )
    chosen = (
        covered.join(left, on="notice_id", how="semi")
        .select("person", "creditor", "brand", chosen_stage="stage")
        .unique()
    )
    rows = rows.join(chosen, on=["person", "creditor", "brand"], how="left", maintain_order="left")
    unlooked = pl.col("notice_id").is_in(found["notice_id"].implode()).not_()
    same = pl.col("stage") == pl.col("chosen_stage")
    other = (
        pl.when(same)
        .then(pl.lit(Code.JOINS_NEXT_OCCURRENCE.value))
        .otherwise(pl.lit(Code.HIGHER_STAGE_TODAY.value))
    )
    tomorrow = inputs.on + timedelta(days=1)
    rows = rows.with_columns(code=pl.when(unlooked).then(other).otherwise("code"))
    local = pl.col("until").dt.convert_time_zone(inputs.zone).dt.date()
    waits = pl.col("code").is_in(
        [
            code.value
            for code in (
                Code.NEXT_WINDOW,
                Code.JOINS_NEXT_OCCURRENCE,
                Code.HIGHER_STAGE_TODAY,
            )
        ]
    )
    rows = rows.with_columns(next_on=pl.when(waits).then(pl.coalesce(local, pl.lit(tomorrow))))
    return rows.join(permitting, on="set", how="left", maintain_order="left").select(name for name in ANSWER)


def _moving(left: pl.DataFrame) -> pl.DataFrame:
    """Of each notice (`notice_id`) the rules that moved its messages, each once, as `ruled`."""
    numbers, lists = distinct.numbered(left, ("blocked_by",))
    sets, told = _rules(left.select("notice_id", numbers.alias("list")), lists["blocked_by"])
    return sets.join(told.rename({"because": "ruled"}), on="set", maintain_order="left").drop("set")


def _rules(left: pl.DataFrame, lists: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lists of all messages of each notice (`notice_id`, `set`); and of each set the rules, each once (`because`).

    Most notices have one message, and few sets are different: lists are taken apart for each set only.
    """
    sets = (
        left.select("notice_id", "list")
        .unique(maintain_order=True)
        .group_by("notice_id", maintain_order=True)
        .agg("list")
    )
    numbers, different = distinct.numbered(sets, ("list",))
    rules = pl.DataFrame({"rules": lists.cast(bars.RULED)}).with_row_index("list")
    each = (
        different.with_row_index("set")
        .explode("list")
        .join(rules, on="list", how="left", maintain_order="left")
        .select("set", "rules")
        .explode("rules")
        .drop_nulls()
    )
    once = each.unnest("rules").unique(maintain_order=True)
    told = once.group_by("set", maintain_order=True).agg(because=pl.struct("rule", "version"))
    return sets.select("notice_id", numbers.alias("set")), told


def _held(found: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """Of each notice of which nothing leaves, what stood in the way of the first message that was looked at."""
    first = found.unique("notice_id", keep="first", maintain_order=True)
    doubts = pl.col("in_doubt").list.first().struct
    versions = _versions(first, inputs.law, inputs.on)
    doubted = pl.concat_list(
        pl.struct(
            rule=doubts.field("rule"),
            version=doubts.field("rule").replace_strict(versions, default=None, return_dtype=pl.String),
        )
    )
    by_doubt = (pl.col("blocked_by").list.len() == 0) & (pl.col("in_doubt").list.len() > 0)
    return first.select(
        "notice_id",
        "code",
        "until",
        "step",
        channels=pl.concat_list("channel"),
        ruled=pl.when(by_doubt).then(doubted).otherwise("blocked_by").cast(bars.RULED),
        fact=pl.coalesce("fault", pl.when(by_doubt).then(doubts.field("fact"))),
    )


def _versions(found: pl.DataFrame, pack: Pack, on: date) -> dict[str, str]:
    """The version that binds on the day, of each rule that something is missing for."""
    named = found.select(rule=pl.col("in_doubt").list.first().struct.field("rule")).drop_nulls()
    known = {rule.id: rule for rule in pack.rules}
    binding = {name: known[name].binding(on) for name in named["rule"].unique() if name in known}
    return {name: version.name for name, version in binding.items() if version is not None}
