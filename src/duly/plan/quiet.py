"""The persons to whom nothing can be due today: most of a book, and told so without being looked at any closer.

A person is quiet whose every account owes nothing that is due, stands in no case that moves, is too early for any
reminder, agrees with the ledger and was not re-aged, and on whom no hold stands. What the long way would say of such
an account follows from its status and its next due date alone, so it is said here, and nobody looks at the person's
stages, contact points, texts and laws. Whoever is not quiet goes the long way with all accounts of his.
Refuses to decide anything in which a stage, a hold or the law has a part: in any doubt a person is not quiet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from duly.book.mapping import Figures
from duly.model.account import CLOSED_TO_NOTICES, HoldKind
from duly.model.case import CaseState, StageState
from duly.plan import contact, decision, tables
from duly.plan.code import OUTCOME, Code
from duly.plan.inputs import Inputs

# Cases and stages that may still move. The others are past, unless their due date is yet to come.
_CASE = [CaseState.NONE.value, CaseState.OPEN.value]
_STAGE = [StageState.OPEN.value, StageState.SERVED.value]
_SHUT = [status.value for status in CLOSED_TO_NOTICES]
_AT_ONCE = -(10**6)  # a reminder that no day is set for has begun whenever the due date is
_ORDER = ("bucket", "person", "account")
# What a decision says of an account as it stands, under the same names.
_HEADS = (
    "bucket", "person", "account", "creditor", "brand", "role", "currency", "dpd", "dpd_bucket", "overdue_minor",
    "principal_minor", "interest_minor", "fee_minor", "penalty_minor", "next_due_on", "ledger_as_of",
    "ledger_difference_minor", "beside",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Parted:
    """`loud` the rows of ACCOUNT with ARREARS that go the long way, `calm` what is known of the others, in their order.

    `order` puts the decisions of the ones and then the others into the order of decisions; None where the accounts
    came in another.
    """

    loud: pl.DataFrame
    calm: pl.DataFrame
    order: pl.Series | None

    def woven(self, loud: pl.DataFrame, calm: pl.DataFrame) -> pl.DataFrame:
        """The decisions of the ones and of the others, by bucket, person and account."""
        both = pl.concat([loud, calm])
        return both.sort(*_ORDER) if self.order is None else both.rechunk()[self.order]


def part(standing: pl.DataFrame, reaged: pl.DataFrame, barred: pl.DataFrame, inputs: Inputs) -> Parted:
    """The rows of those who go the long way, and the rows of the quiet ones.

    `standing` is ACCOUNT with ARREARS, `reaged` REAGED and `barred` `limitation.HELD` of it.
    """
    if inputs.current not in inputs.strategies:  # nothing can be said then, and the long way says so
        return Parted(
            loud=standing, calm=standing.clear().with_columns(reminded_on=pl.col("next_due_on")), order=None
        )
    rows = standing.select(*_HEADS, "liable", "status", reminded_on=_reminded_on(inputs))
    loud = _loud(standing.with_columns(rows["reminded_on"]), reaged, barred, inputs)
    calm = ~standing["person"].is_in(loud.implode())
    arranged = standing.select(_arranged()).item()
    return Parted(
        loud=standing.filter(~calm),
        calm=rows.filter(calm),
        order=pl.concat([(~calm).arg_true(), calm.arg_true()]).arg_sort() if arranged else None,
    )


def decided(calm: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """`decision.DRAFTED` of the quiet rows of `part`, in their order."""
    outcomes = {
        code: OUTCOME[code].value for code in (Code.NOT_LIABLE, Code.ACCOUNT_CLOSED, Code.NOTHING_OVERDUE)
    }
    said = calm.select(
        *_HEADS,
        next_on="reminded_on",
        code=_either({code: code.value for code in outcomes}),
        outcome=_either(outcomes),
        day=pl.lit(inputs.on),
        figures=pl.lit(Figures.OURS.value),
        stated_on=pl.lit(inputs.on),
        status_of_account="status",
        holds=pl.lit([HoldKind.FEED_STALE.value] if inputs.stale else [], pl.List(pl.String)),
        rules=pl.lit([], pl.List(pl.String)),
        pack_digest=pl.lit(inputs.law.digest),
    )
    return said.select(
        (pl.col(name).cast(kind) if name in said.columns else pl.lit(None, kind)).alias(name)
        for name, kind in decision.DRAFTED.items()
    )


def _either(words: Mapping[Code, str]) -> pl.Expr:
    """What the turn of a quiet account is."""
    return (
        pl.when(~pl.col("liable"))
        .then(pl.lit(words[Code.NOT_LIABLE]))
        .when(pl.col("status").is_in(_SHUT))
        .then(pl.lit(words[Code.ACCOUNT_CLOSED]))
        .otherwise(pl.lit(words[Code.NOTHING_OVERDUE]))
    )


def _arranged() -> pl.Expr:
    """Whether the rows come by bucket, person and account, as a book has them."""
    after = pl.lit(value=True)
    for name in reversed(_ORDER):
        value, before = pl.col(name), pl.col(name).shift()
        after = (value > before) | ((value == before) & after)
    return after.fill_null(value=True).all()


def _reminded_on(inputs: Inputs) -> pl.Expr:
    """The day from which the next due date is reminded of; null where it never is, or where there is none ahead."""
    strategy = inputs.strategies[inputs.current]
    first = (
        tables.build({inputs.current: strategy})
        .stages.filter("ahead")
        .sort("segment", "rank")
        .unique("segment", keep="first", maintain_order=True)
        .select("segment", pl.col("from_dpd").fill_null(_AT_ONCE))
    )
    days = tables.segment_of(strategy).replace_strict(
        dict(first.iter_rows()), default=None, return_dtype=pl.Int32
    )
    open_to_it = pl.col("liable") & ~pl.col("status").is_in(_SHUT) & (pl.col("next_due_on") > inputs.on)
    return pl.when(open_to_it).then(pl.col("next_due_on") + pl.duration(days=days))


def _loud(rows: pl.DataFrame, reaged: pl.DataFrame, barred: pl.DataFrame, inputs: Inputs) -> pl.Series:
    """The persons who are not quiet."""
    on = inputs.on
    owes = (pl.col("overdue_minor") != 0) | pl.col("episode_on").is_not_null()
    disputed = ~pl.col("agrees").fill_null(value=True) | pl.col("lacks").is_not_null()
    reminded = (pl.col("reminded_on") <= on).fill_null(value=False)
    moving = inputs.cases.filter(
        pl.col("state").is_in(_CASE).fill_null(value=True) | (pl.col("opened_on") > on).fill_null(value=True)
    )["account"]
    holds = contact.in_force(inputs.book.holds, on).filter(pl.col("point").is_null())
    persons = [
        rows["person"].filter(rows.select(owes.fill_null(value=True) | disputed | reminded).to_series()),
        rows["person"].filter(rows["account"].is_in(moving.implode())),
        inputs.stages.filter(pl.col("state").is_in(_STAGE))["person"],
        holds["person"],
        reaged["person"],
        barred["person"],
    ]
    return pl.concat(persons).unique()
