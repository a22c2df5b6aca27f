"""What was decided of each person and account today, and why: also why nothing was done.

One row each, with the rule that decided, its version and citation, the facts that it looked at, and when the
answer can be another. `explain` turns a row into sentences with nothing else at hand, so a decision can be told
years later as it was.
Refuses to hold a text, a name or a number.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from duly.law import explain
from duly.law.pack import Pack
from duly.plan import act, columns
from duly.plan.code import OUTCOME

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
    "currency": pl.String(),
    "overdue_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "next_due_on": pl.Date(),
    "ledger_difference_minor": pl.Int64(),
    "status_of_account": pl.String(),
    "role": pl.String(),
    "holds": pl.List(pl.String()),
    "messages": pl.List(pl.Binary()),
    "strategy_digest": pl.String(),
    "pack_digest": pl.String(),
    "arm": pl.String(),
}
_RULE = ("cite", "effect", "status", "reading", "says_zh", "says_en")


def build(
    standing: pl.DataFrame, turns: pl.DataFrame, answers: pl.DataFrame, pack: Pack, on: date
) -> pl.DataFrame:
    """DECISION of every (person, account), in their order.

    `answers` says of some of them what came of what was due: `person`, `account`, `code` (null: it leaves),
    and what `answers.ANSWER` adds.
    """
    heads = standing.select(
        "person",
        "account",
        "creditor",
        "brand",
        "role",
        "currency",
        "dpd",
        "dpd_bucket",
        "overdue_minor",
        "principal_minor",
        "interest_minor",
        "fee_minor",
        "penalty_minor",
        "next_due_on",
        "ledger_difference_minor",
        status_of_account="status",
        all_holds="holds",
    )
    # Where a turn and what came of it speak of the same thing, the latter is what happened.
    both = ("code", "channels", "step", "next_on")
    found = answers.rename({name: f"found_{name}" for name in both})
    rows = (
        heads.join(turns, on=["person", "account"], how="left", maintain_order="left")
        .join(found, on=["person", "account"], how="left", maintain_order="left")
        .with_columns(
            *(pl.coalesce(f"found_{name}", name).alias(name) for name in both),
            rule=pl.col("ruled").list.first().struct.field("rule"),
            version=pl.col("ruled").list.first().struct.field("version"),
            rules=pl.concat_list(pl.col("ruled", "because").fill_null([])).list.eval(
                pl.format("{}@{}", pl.element().struct.field("rule"), pl.element().struct.field("version"))
            ),
            holds="all_holds",
            day=pl.lit(on),
            pack_digest=pl.lit(pack.digest),
        )
    )
    outcomes = {code.value: outcome.value for code, outcome in OUTCOME.items()}
    rows = rows.with_columns(outcome=pl.col("code").replace_strict(outcomes, return_dtype=pl.String))
    spoken = rows.join(_rules(rows, pack), on=["rule", "version"], how="left", maintain_order="left")
    return columns.shaped(spoken, DECISION).sort("person", "account")


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


def parquet(decisions: pl.DataFrame) -> bytes:
    """The decisions as the bytes of a Parquet file: the same decisions always give the same bytes."""
    into = io.BytesIO()
    decisions.write_parquet(
        into, compression="zstd", compression_level=3, statistics=True, row_group_size=100_000
    )
    return into.getvalue()
