"""What is due becomes notices: one for each person, creditor, brand, stage and occurrence (DESIGN D17).

A notice covers the person's cases at the same stage, and its figures are their sums; money of two currencies is
never added, and a debt is never told of under another creditor's name.
Refuses to choose between two notices of one creditor and brand: `waves` does, when it is known which may leave.
"""

from __future__ import annotations

import polars as pl

from duly.plan import arm, contact, release, tables
from duly.plan.inputs import Inputs

OWNER = ("person", "creditor", "brand")
# What one notice has in common. Only the first five make its identity; where the others differ, the rest waits
# for the next occurrence.
SAME = (
    *OWNER, "stage", "occurrence", "step", "strategy_digest", "segment", "servicer", "currency", "locale",
    "jurisdiction", "debt_class", "release", "stated_on",
)  # fmt: skip
_PARTS = ("overdue_minor", "principal_minor", "interest_minor", "penalty_minor", "fee_minor")


def due(turns: pl.DataFrame, standing: pl.DataFrame, steps: tables.Tables) -> pl.DataFrame:
    """The turns on which something is due, with the account, its arrears and the terms of its stage."""
    heads = standing.select(
        "person",
        "account",
        "creditor",
        "servicer",
        "brand",
        "product",
        "role",
        "currency",
        "jurisdiction",
        "debt_class",
        "locale",
        "zones",
        "tail",
        "liable",
        "dpd",
        "first_unpaid_on",
        "next_due_on",
        "next_due_minor",
        "holds",
        "figures",
        "stated_on",
        *_PARTS,
    )
    terms = steps.stages.select(*tables.KEY, "notice", "notice_class", "approval", "experiment")
    return (
        turns.filter(pl.col("occurrence").is_not_null())
        .join(heads, on=["person", "account"], maintain_order="left")
        .join(terms, on=tables.KEY, how="left", maintain_order="left")
    )


def with_arms(rows: pl.DataFrame, inputs: Inputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with `arm` (empty for none) and the notice that the arm says; and the ARM rows drawn."""
    drawn = [inputs.arms.clear()]
    said: list[tuple[str, str, str | None]] = []
    for strategy in inputs.strategies.values():
        for segment in strategy.segments:
            for stage in segment.stages:
                name = strategy.experiment(segment.name, stage.name)
                wanted = rows.filter(pl.col("experiment") == name).select("person", "experiment")
                if stage.arms and wanted.height and not any(name == known for known, _, _ in said):
                    drawn.append(arm.assign(wanted, inputs.arms, stage.arms, key=inputs.arm_key))
                    said += [(name, each.name, each.notice) for each in stage.arms]
    arms = pl.concat(drawn).unique(["person", "experiment"], keep="first", maintain_order=True)
    schema = {"experiment": pl.String, "arm": pl.String, "other_notice": pl.String}
    notices = pl.DataFrame(said, schema=schema, orient="row")
    placed = (
        rows.join(arms, on=["person", "experiment"], how="left", maintain_order="left")
        .join(notices, on=["experiment", "arm"], how="left", maintain_order="left")
        .with_columns(pl.col("arm").fill_null(""), notice=pl.coalesce("other_notice", "notice"))
    )
    return placed.drop("other_notice", "experiment"), arms


def gather(rows: pl.DataFrame, told: pl.DataFrame, inputs: Inputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The notices, numbered by `notice_id`, and the rows with the number of theirs.

    `told` holds each `case` of which anything ever left. `order` is a person's order of preference: the
    highest stage first, then what was said the longest ago.
    """
    ordered = (
        release.marked(rows, inputs.released)
        .sort(*SAME, "account")
        .with_columns(
            fresh=~pl.col("case").is_in(told["case"].implode()),
            soonest=pl.col("next_due_on").min().over(SAME),
        )
    )
    figures = pl.struct(
        "case",
        "account",
        "currency",
        *_PARTS,
        dpd=pl.col("dpd"),
        as_of=pl.col("stated_on"),
        whose=pl.col("figures"),
    )
    several = pl.len() > 1
    grouped = ordered.group_by(SAME, maintain_order=True).agg(
        pl.col("notice", "notice_class", "arm", "rank", "channels", "may_fall_back", "code").first(),
        pl.col("case", "account").name.suffix("s"),
        *(pl.col(name).sum() for name in _PARTS),
        pl.col("first_unpaid_on").min(),
        pl.col("dpd").max(),
        pl.col("last_on").min(),
        pl.col("zones").explode().drop_nulls().unique().sort(),
        pl.col("holds").explode().drop_nulls().unique().sort(),
        pl.col("liable").all(),
        deadline=pl.col("deadline_on").max(),
        next_due_on=pl.col("soonest").first(),
        next_due_minor=pl.col("next_due_minor").filter(pl.col("next_due_on") == pl.col("soonest")).sum(),
        tail=pl.when(several).then(None).otherwise(pl.col("tail").first()),
        accounts_count=pl.len().cast(pl.Int64),
        first_notice=pl.col("fresh").all(),
        kinds=pl.struct("product", "role").unique(maintain_order=True),
        figures=figures,
    )
    notices = grouped.with_columns(
        nudge=contact.is_nudge(pl.col("notice_class")),
        as_of=pl.col("stated_on"),
        dpd=pl.col("dpd").cast(pl.Int64),
    ).sort(
        "person",
        "rank",
        "last_on",
        *SAME,
        descending=[False, True, *[False] * (1 + len(SAME))],
        nulls_last=False,
    )
    notices = notices.with_row_index("notice_id").with_columns(
        order=pl.int_range(pl.len(), dtype=pl.UInt32).over("person")
    )
    numbered = ordered.join(notices.select(*SAME, "notice_id"), on=SAME, how="left", maintain_order="left")
    return notices, numbered.drop("fresh", "soonest")
