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
# What those who have so much in common say alike, or the first of them for all.
_OF_FIRST = ("notice", "notice_class", "arm", "rank", "channels", "may_fall_back", "code")
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
    begins = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in SAME)
    ordered = (
        release.marked(rows, inputs.released)
        .sort(*SAME, "account")
        .with_columns(fresh=~pl.col("case").is_in(told["case"].implode()), of=begins.cum_sum())
    )
    together = ordered["of"].is_duplicated() | ordered.select(_listed("zones") | _listed("holds")).to_series()
    several = _together(ordered.filter(together))
    grouped = pl.concat([several, _alone(ordered.filter(~together)).select(several.columns)])
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
    newcomer = pl.col("person").ne_missing(pl.col("person").shift()) | (pl.col("notice_id") == 0)
    notices = notices.with_row_index("notice_id").with_columns(
        order=pl.col("notice_id") - pl.when(newcomer).then("notice_id").forward_fill()
    )
    numbered = ordered.join(notices.select("of", "notice_id"), on="of", how="left", maintain_order="left")
    return notices.drop("of"), numbered.drop("fresh", "of")


def _figures() -> pl.Expr:
    """What a notice says of each case that it covers."""
    return pl.struct(
        "case",
        "account",
        "currency",
        *_PARTS,
        dpd=pl.col("dpd"),
        as_of=pl.col("stated_on"),
        whose=pl.col("figures"),
    )


def _listed(name: str) -> pl.Expr:
    """Whether the list is not in order already, for having nothing in it or one thing."""
    listed = pl.col(name).list
    return ((listed.len() > 1) | ((listed.len() == 1) & listed.first().is_null())).fill_null(value=False)


def _together(rows: pl.DataFrame) -> pl.DataFrame:
    """The notices of the rows, those of one number (`of`) in one."""
    soonest = pl.col("next_due_on").min()
    return rows.group_by("of", maintain_order=True).agg(
        pl.col(*SAME, *_OF_FIRST).first(),
        pl.col("case", "account").name.suffix("s"),
        *(pl.col(name).sum() for name in _PARTS),
        pl.col("first_unpaid_on").min(),
        pl.col("dpd").max(),
        pl.col("last_on").min(),
        pl.col("zones").explode().drop_nulls().unique().sort(),
        pl.col("holds").explode().drop_nulls().unique().sort(),
        pl.col("liable").all(),
        deadline=pl.col("deadline_on").max(),
        next_due_on=soonest,
        next_due_minor=pl.col("next_due_minor").filter(pl.col("next_due_on") == soonest).sum(),
        tail=pl.when(pl.len() == 1).then(pl.col("tail").first()),
        accounts_count=pl.len().cast(pl.Int64),
        first_notice=pl.col("fresh").all(),
        kinds=pl.struct("product", "role").unique(maintain_order=True),
        figures=_figures(),
    )


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The same of rows that are a notice each and list nothing that must be put in order, as most are."""
    return rows.select(
        "of",
        *SAME,
        *_OF_FIRST,
        *(pl.col(name).fill_null(0) for name in _PARTS),
        "first_unpaid_on",
        "dpd",
        "last_on",
        *(pl.col(name).fill_null([]) for name in ("zones", "holds")),
        "next_due_on",
        "tail",
        cases=pl.concat_list("case"),
        accounts=pl.concat_list("account"),
        liable=pl.col("liable").fill_null(value=True),
        deadline="deadline_on",
        next_due_minor=pl.when(pl.col("next_due_on").is_not_null()).then("next_due_minor").fill_null(0),
        accounts_count=pl.lit(1, pl.Int64),
        first_notice=pl.col("fresh").fill_null(value=True),
        kinds=pl.concat_list(pl.struct("product", "role")),
        figures=pl.concat_list(_figures()),
    )
