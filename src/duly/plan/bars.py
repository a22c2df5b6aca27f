"""Which cases the law keeps out of a notice because of a hold, or because the person is not liable.

A notice covers several cases, and a dispute about one of them must neither silence the others nor be told of
with them. So the law is asked twice about each such case alone, with the hold and without: the rules that speak
only with it are what bars the case, and they are named.
Refuses to know which hold means what: that is the law's and the house's own rules.
"""

from __future__ import annotations

import functools
import math
from datetime import datetime

import polars as pl

from duly.law import facts, values
from duly.model.account import HoldKind
from duly.model.notice import NoticeClass
from duly.model.party import Channel, Consent, PointState, Role
from duly.plan import act, contact
from duly.plan.code import Code
from duly.plan.inputs import Inputs

RULED = pl.List(pl.Struct({"rule": pl.String, "version": pl.String}))
# What the law is asked about each case, besides what `_verdicts` takes to be in order.
_ASKED = (
    "person", "account", "jurisdiction", "debt_class", "product", "role", "channel", "stage", "notice_class", "zones",
    "holds", "liable",
)  # fmt: skip
# The questions are put of every combination of these, if there are no more than so many.
_SIDES = (
    ("jurisdiction", "debt_class", "product", "role", "liable"),
    ("channel", "stage", "notice_class"),
    ("zones",),
    ("holds",),
)
_KIND = tuple(name for side in _SIDES for name in side)
_MOST, _KEPT = 10_000, 100_000
# All that a text must carry, and nothing that some text must not.
_ALL_ELEMENTS = sorted(facts.FACTS["elements"].values.keys() - {"suit_mentioned"})


def with_holds(standing: pl.DataFrame, expired: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """ACCOUNT with ARREARS as `stated` gives it, with `holds`: what stands on the account or on all of the person's.

    `expired` is `limitation.HELD`.
    """
    stand = contact.in_force(inputs.book.holds, inputs.on).filter(pl.col("point").is_null())
    of_account = stand.filter(pl.col("account").is_not_null()).select("person", "account", "kind")
    of_person = stand.filter(pl.col("account").is_null()).select("person", "kind")
    everywhere = standing.select("person", "account").join(of_person, on="person")
    disagrees = standing.filter(~pl.col("agrees") | pl.col("unfit").is_not_null()).select(
        "person", "account", kind=pl.lit(HoldKind.AMOUNT_DISAGREES.value)
    )
    kinds = [of_account, everywhere, disagrees, expired]
    if inputs.stale:
        kinds.append(standing.select("person", "account", kind=pl.lit(HoldKind.FEED_STALE.value)))
    listed = pl.concat(kinds).group_by("person", "account").agg(holds=pl.col("kind").unique().sort())
    return standing.join(listed, on=["person", "account"], how="left", maintain_order="left").with_columns(
        pl.col("holds").fill_null([])
    )


def found(
    due: pl.DataFrame, others: pl.DataFrame, at: datetime, bench: act.Bench, inputs: Inputs
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The due cases that their holds bar, and why the `others`, who are not liable, are told nothing.

    Each with `person`, `account`, `code` and `ruled` (the rules that speak only because of it). `due` are notices'
    cases, `others` rows of ACCOUNT and ARREARS. All are put to the law together: it is asked once.
    """
    held = due.filter(pl.col("holds").list.len() > 0).with_columns(
        channel=pl.col("channels").list.first().fill_null(Channel.SMS.value)
    )
    unliable = others.with_columns(
        channel=pl.lit(Channel.SMS.value),
        stage=pl.lit(None, pl.String),
        notice_class=pl.lit(NoticeClass.NUDGE.value),
        holds=pl.lit([], pl.List(pl.String)),
    )
    asked = [held.select(_ASKED), unliable.select(_ASKED)]
    otherwise = [
        asked[0].with_columns(holds=pl.lit([], pl.List(pl.String))),
        asked[1].with_columns(liable=pl.lit(value=True), role=pl.lit(Role.BORROWER.value)),
    ]
    compared = _compared(pl.concat(asked), pl.concat(otherwise), at, bench, inputs)
    barred, silent = (
        compared.filter(of_them).drop("row")
        for of_them in (pl.col("row") < held.height, pl.col("row") >= held.height)
    )
    return barred, silent.with_columns(code=pl.lit(Code.NOT_LIABLE.value))


def _compared(
    asked: pl.DataFrame, otherwise: pl.DataFrame, at: datetime, bench: act.Bench, inputs: Inputs
) -> pl.DataFrame:
    """The rows of `asked` that some rule bars and would not bar `otherwise`."""
    verdicts = _verdicts(pl.concat([asked, otherwise]), at, bench, inputs)
    first = pl.col("row") < asked.height
    told = verdicts.filter(first)
    plain = verdicts.filter(~first).with_columns(row=(pl.col("row") - asked.height).cast(pl.UInt32))
    spoke, anyway = (
        rows.select("row", "blocked_by").explode("blocked_by").drop_nulls().unnest("blocked_by")
        for rows in (told, plain)
    )
    added = (
        spoke.join(anyway, on=["row", "rule", "version"], how="anti", maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg(ruled=pl.struct("rule", "version"))
        .join(told.select("row", "verdict"), on="row", maintain_order="left")
    )
    forbids = pl.col("verdict") == values.Kind.FORBID.value
    code = pl.when(forbids).then(pl.lit(Code.LAW_FORBIDS.value)).otherwise(pl.lit(Code.LAW_HOLDS.value))
    return (
        asked.select("person", "account")
        .with_row_index("row")
        .join(added, on="row", maintain_order="left")
        .select("row", "person", "account", code=code, ruled=pl.col("ruled").cast(RULED))
    )


def _verdicts(rows: pl.DataFrame, at: datetime, bench: act.Bench, inputs: Inputs) -> pl.DataFrame:
    """The law on each case alone: `verdict` and `blocked_by` by `row`, the place of the case.

    Nothing is on record of anybody here, so cases that look alike are one question. What is asked is remembered, and
    together with it whatever else may be asked of the next persons: a book has few answers, and asking is dear.
    """
    known = bench.memory.said(bench, at)
    known = None if known is not None and known.height > _KEPT else known
    kinds = rows.select(_KIND).with_row_index("row").group_by(_KIND, maintain_order=True).agg("row")
    if known is None or _unknown(kinds, known).height:
        asked = _combined(kinds) if known is None else _unknown(_combined(kinds), known)
        said = asked.hstack(_answered(asked, at, bench, inputs))
        known = said if known is None else pl.concat([known, said])
        bench.memory.keep(bench, at, known)
    return kinds.join(known, on=_KIND, how="left", nulls_equal=True).explode("row").sort("row")


def _unknown(kinds: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    return kinds.select(_KIND).join(known, on=_KIND, how="anti", nulls_equal=True, maintain_order="left")


def _combined(kinds: pl.DataFrame) -> pl.DataFrame:
    """Every combination of what the kinds say, or the kinds themselves where those would be too many."""
    sides = [kinds.select(side).unique(maintain_order=True) for side in _SIDES]
    if math.prod(side.height for side in sides) > _MOST:
        return kinds.select(_KIND)
    return functools.reduce(lambda left, right: left.join(right, how="cross"), sides)


def _answered(kinds: pl.DataFrame, at: datetime, bench: act.Bench, inputs: Inputs) -> pl.DataFrame:
    """`verdict` and `blocked_by` of each kind, all else in order: the text complete, the point the person's own."""
    asked = kinds.with_row_index("row").with_columns(
        person=pl.lit("-"),
        account=pl.lit("-"),
    )
    asked = asked.with_columns(
        kinds=pl.concat_list(pl.struct("product", "role")),
        accounts=pl.concat_list("account"),
        value_key=pl.lit("-"),
        consent=pl.lit(Consent.UNKNOWN.value),
        point_state=pl.lit(PointState.OK.value),
        shared=pl.lit(value=False),
        place=pl.lit(None, pl.String),
        verification_lapsed=pl.lit(value=False),
        debt_disclosed=pl.lit(value=True),
        claims=pl.lit([], pl.List(pl.String)),
        elements=pl.lit(_ALL_ELEMENTS, pl.List(pl.String)),
        first_notice=pl.lit(value=False),
        transit_seconds=pl.lit(0, pl.Int64),
    )
    told = act.judge(act.frame(asked, bench), inputs.history.clear(), at, bench)
    return told.sort("row").select("verdict", "blocked_by")
