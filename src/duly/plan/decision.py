"""What was decided of each person and account today, and why: also why nothing was done.

One row each, with the rule that decided, its version and citation, the facts that it looked at, and when the
answer can be another. `explain` turns a row into sentences with nothing else at hand, so a decision can be told
years later as it was.
Refuses to hold a text, a name or a number.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from duly.book import columns as book_columns
from duly.law import explain
from duly.law.pack import Pack
from duly.plan import act, columns, distinct
from duly.plan.code import OUTCOME, Code

DECISION: columns.Schema = {
    "day": pl.Date(),
    "person": pl.String(),
    "account": pl.String(),
    "case": pl.String(),
    "creditor": pl.String(),
    "brand": pl.String(),
    "outcome": pl.String(),  # code.Outcome
    "code": pl.String(),  # code.Code
    "stage": pl.String(),
    "state": pl.String(),
    "occurrence": pl.Int32(),
    "step": pl.Int32(),
    "channels": pl.List(pl.String()),  # by which it leaves, or was to leave
    "rule": pl.String(),  # the first that decided
    "version": pl.String(),
    "cite": pl.String(),
    "effect": pl.String(),
    "status": pl.String(),
    "reading": pl.String(),
    "says_zh": pl.String(),  # the rule's own sentence
    "says_en": pl.String(),
    "rules": pl.List(pl.String()),  # every rule that spoke, `id@version`
    "fact": pl.String(),  # what is missing, or what was found in the text
    "until": act.INSTANT,  # the next lawful instant
    "next_on": pl.Date(),
    "last_on": pl.Date(),
    "deadline_on": pl.Date(),
    "not_before": act.INSTANT,
    "dpd": pl.Int32(),
    "dpd_bucket": pl.String(),
    "reaged_dpd": pl.Int32(),  # as the lender counts since it re-aged the account; null where it did not
    "currency": pl.String(),
    "overdue_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "next_due_on": pl.Date(),
    "figures": pl.String(),  # book.mapping.Figures: whose the amounts are
    "stated_on": pl.Date(),  # as of which day
    "unfit": pl.String(),  # stated.Unfit: why the ledger's, though chosen, could not be stated
    "ledger_as_of": pl.Date(),
    "ledger_difference_minor": pl.Int64(),
    "beside": pl.List(book_columns.BESIDE),  # ours beside the ledger's, where the two disagree
    "status_of_account": pl.String(),
    "role": pl.String(),
    "holds": pl.List(pl.String()),
    "messages": pl.List(pl.Binary()),
    "strategy_digest": pl.String(),
    "pack_digest": pl.String(),
    "arm": pl.String(),
}
# What the places of the messages change of it.
PLACED = ("outcome", "code", "channels", "step", "messages", "not_before", "next_on")
# As it is drafted, before the messages have their places on the routes: what was due beside what leaves.
DRAFTED: columns.Schema = {
    "bucket": pl.Int32(),
    **DECISION,
    "due_channels": pl.List(pl.String()),
    "due_step": pl.Int32(),
}
_RULE = ("cite", "effect", "status", "reading", "says_zh", "says_en")


def build(
    standing: pl.DataFrame, turns: pl.DataFrame, answers: pl.DataFrame, pack: Pack, on: date
) -> pl.DataFrame:
    """DRAFTED of every (person, account), by bucket, person and account.

    `answers` says of some of them what came of what was due: `person`, `account`, `code` (null: it leaves),
    and what `answers.ANSWER` adds.
    """
    heads = standing.select(
        "bucket",
        "person",
        "account",
        "creditor",
        "brand",
        "role",
        "currency",
        "dpd",
        "dpd_bucket",
        "reaged_dpd",
        "overdue_minor",
        "principal_minor",
        "interest_minor",
        "fee_minor",
        "penalty_minor",
        "next_due_on",
        "figures",
        "stated_on",
        "unfit",
        "ledger_as_of",
        "ledger_difference_minor",
        "beside",
        status_of_account="status",
        all_holds="holds",
    )
    # Where a turn and what came of it speak of the same thing, the latter is what happened.
    both = ("code", "channels", "step", "next_on")
    found = _spoken(answers, pack).rename({name: f"found_{name}" for name in both})
    rows = (
        heads.join(turns, on=["person", "account"], how="left", maintain_order="left")
        .join(found, on=["person", "account"], how="left", maintain_order="left")
        .with_columns(
            *(pl.coalesce(f"found_{name}", name).alias(name) for name in both),
            rules=pl.col("rules").fill_null([]),
            holds="all_holds",
            due_channels="channels",
            due_step="step",
            day=pl.lit(on),
            pack_digest=pl.lit(pack.digest),
        )
    )
    rows = rows.with_columns(outcome=_outcome())
    return columns.shaped(rows, DRAFTED).sort("bucket", "person", "account")


def placed(drafted: pl.DataFrame, laid: pl.DataFrame, on: date) -> pl.DataFrame:
    """PLACED of DRAFTED rows, in their order, when every message has its place.

    `laid` holds `key`, `channel`, `step`, `not_before` and `fits` of each message that they name. A decision of
    whose messages none fits says that there was no room, and what had been due.
    """
    rows = drafted.with_row_index("row")
    found = (
        rows.filter(pl.col("messages").is_not_null())
        .select("row", key="messages")
        .explode("key")
        .join(
            laid.filter("fits").select("key", "channel", "step", "not_before"),
            on="key",
            how="left",
            maintain_order="left",
        )
        .group_by("row", maintain_order=True)
        .agg(
            laid_channels=pl.col("channel").drop_nulls(),
            laid_before=pl.col("not_before").min(),
            laid_messages=pl.col("key").filter(pl.col("channel").is_not_null()),
            laid_step=pl.col("step").max(),
        )
    )
    rows = rows.join(found, on="row", how="left", maintain_order="left")
    told = pl.col("laid_before").is_not_null()
    missed = pl.col("laid_messages").is_not_null() & ~told
    rows = rows.with_columns(
        code=pl.when(missed).then(pl.lit(Code.NO_ROOM_TODAY.value)).otherwise("code"),
        channels=pl.when(told).then("laid_channels").when(missed).then("due_channels").otherwise("channels"),
        step=pl.when(told).then("laid_step").when(missed).then("due_step").otherwise("step"),
        messages=pl.when(told).then("laid_messages"),
        not_before=pl.when(told).then("laid_before"),
        next_on=pl.when(missed).then(pl.lit(on + timedelta(days=1))).otherwise("next_on"),
    )
    return columns.shaped(rows.with_columns(outcome=_outcome()), {name: DECISION[name] for name in PLACED})


def _outcome() -> pl.Expr:
    outcomes = {code.value: outcome.value for code, outcome in OUTCOME.items()}
    return pl.col("code").replace_strict(outcomes, return_dtype=pl.String)


def _spoken(answers: pl.DataFrame, pack: Pack) -> pl.DataFrame:
    """`answers` with the rule that decided, its words, and `rules`, every rule that spoke.

    A book has few different answers of the law: what is said of each is put together once.
    """
    numbers, told = distinct.numbered(answers, ("ruled", "because"))
    first = pl.col("ruled").list.first().struct
    named = pl.format("{}@{}", pl.element().struct.field("rule"), pl.element().struct.field("version"))
    told = told.select(
        rule=first.field("rule"),
        version=first.field("version"),
        rules=pl.concat_list(pl.col("ruled", "because").fill_null([])).list.eval(named),
    )
    said = told.join(_rules(told, pack), on=["rule", "version"], how="left", maintain_order="left")
    return answers.drop("ruled", "because").hstack(said[numbers])


def _rules(rows: pl.DataFrame, pack: Pack) -> pl.DataFrame:
    """The words of every rule that decided something."""
    told: list[Mapping[str, Any]] = []
    for rule, version in rows.select("rule", "version").drop_nulls().unique(maintain_order=True).rows():
        en, zh = (explain.reason(pack, rule, version, locale) for locale in ("en", "zh-CN"))
        told.append(
            {
                "rule": rule,
                "version": version,
                "cite": en.cite,
                "effect": en.effect,
                "status": en.status,
                "reading": en.reading,
                "says_zh": zh.says,
                "says_en": en.says,
            }
        )
    schema = dict.fromkeys(("rule", "version", *_RULE), pl.String)
    return pl.DataFrame(told, schema=schema, orient="row")


def lines(decisions: pl.DataFrame) -> list[bytes]:
    """Each decision as its line of JSON, without the line feed: what is hashed, and what can be proven alone."""
    plain = decisions.with_columns(pl.col("messages").list.eval(pl.element().bin.encode("hex")))
    whole = plain.select(pl.struct(pl.all()).struct.json_encode().cast(pl.Binary))
    return list(whole.to_series().to_list())


# How a file of decisions is written, so that the same decisions always give the same bytes.
WRITTEN: Mapping[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "statistics": True,
    "row_group_size": 100_000,
}


def parquet(decisions: pl.DataFrame) -> bytes:
    """The decisions as the bytes of a Parquet file: the same decisions always give the same bytes."""
    into = io.BytesIO()
    decisions.rechunk().write_parquet(into, **WRITTEN)
    return into.getvalue()
