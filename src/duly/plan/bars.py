"""Which cases the law keeps out of a notice because of a hold, or because the person is not liable.

A notice covers several cases, and a dispute about one of them must neither silence the others nor be told of
with them. So the law is asked twice about each such case alone, with the hold and without: the rules that speak
only with it are what bars the case, and they are named.
Refuses to know which hold means what: that is the law's and the house's own rules.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from duly.law import facts, values
from duly.model.account import HoldKind
from duly.model.notice import NoticeClass
from duly.model.party import Channel, Consent, PointState, Role
from duly.plan import act, contact, limitation
from duly.plan.code import Code
from duly.plan.inputs import Inputs

RULED = pl.List(pl.Struct({"rule": pl.String, "version": pl.String}))
# What the law is asked about each case, besides what `_verdicts` takes to be in order.
_ASKED = (
    "person", "account", "jurisdiction", "debt_class", "product", "role", "channel", "stage", "notice_class", "zones",
    "holds", "liable",
)  # fmt: skip
# All that a text must carry, and nothing that some text must not.
_ALL_ELEMENTS = sorted(facts.FACTS["elements"].values.keys() - {"suit_mentioned"})


def with_holds(standing: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """ACCOUNT with ARREARS as `stated` gives it, with `holds`: what stands on the account or on all of the person's."""
    stand = contact.in_force(inputs.book.holds, inputs.on).filter(pl.col("point").is_null())
    of_account = stand.filter(pl.col("account").is_not_null()).select("person", "account", "kind")
    of_person = stand.filter(pl.col("account").is_null()).select("person", "kind")
    everywhere = standing.select("person", "account").join(of_person, on="person")
    disagrees = standing.filter(~pl.col("agrees") | pl.col("unfit").is_not_null()).select(
        "person", "account", kind=pl.lit(HoldKind.AMOUNT_DISAGREES.value)
    )
    kinds = [of_account, everywhere, disagrees, limitation.holds(inputs)]
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
    """The law on each case alone, all else in order: the text clean and complete, the point the person's own."""
    asked = rows.with_row_index("row").with_columns(
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
    return act.judge(act.frame(asked, bench), inputs.history.clear(), at, bench).sort("row")
