"""Which contact point a notice goes to, on each channel.

A number known to be another person's is never chosen; one that somebody else has too, that is at work, that
nobody verified for longer than the lender allows, that is suspended or that a hold stands on only where there is
no other, so that the law says what may be told there, and why nothing leaves.
Refuses to decide lawfulness: the state, the consent and the holds of the chosen point go to the law as facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from duly.model.account import HoldKind
from duly.model.notice import NoticeClass
from duly.model.party import Channel, Consent, Place, PointState

_USABLE = [PointState.OK.value, PointState.UNVERIFIED.value]
_OTHERS = [PointState.WRONG_NUMBER.value, PointState.RECYCLED.value]
_OWNER = ("person", "channel")


def known(
    contacts: pl.DataFrame,
    holds: pl.DataFrame,
    channels: Iterable[Channel],
    on: date,
    *,
    within: int | None = None,
) -> pl.DataFrame:
    """CONTACT on `channels` without wrong numbers, with `point_holds` in force on the point, and `usable`.

    `verification_lapsed` is whether nobody verified it in the last `within` days; without a number, nothing lapses.
    """
    on_point = (
        in_force(holds, on)
        .filter(pl.col("point").is_not_null())
        .group_by("point")
        .agg(point_holds=pl.col("kind").unique().sort())
    )
    rows = (
        contacts.filter(pl.col("channel").is_in([channel.value for channel in channels]))
        .join(on_point, on="point", how="left", maintain_order="left")
        .with_columns(pl.col("point_holds").fill_null([]), pl.col("shared").fill_null(value=True))
    )
    lapsed = pl.lit(value=False)
    if within is not None:
        lapsed = (pl.col("verified_on") < on - timedelta(days=within)).fill_null(value=True)
    wrong = pl.col("state").is_in(_OTHERS) | pl.col("point_holds").list.contains(HoldKind.WRONG_NUMBER.value)
    at_work = (pl.col("place") == Place.WORKPLACE.value).fill_null(value=False)
    usable = pl.all_horizontal(
        pl.col("state").is_in(_USABLE),
        ~pl.col("shared"),
        ~at_work,
        ~pl.col("verification_lapsed"),
        pl.col("point_holds").list.len() == 0,
    )
    return rows.filter(~wrong).with_columns(verification_lapsed=lapsed).with_columns(usable=usable)


def in_force(holds: pl.DataFrame, on: date) -> pl.DataFrame:
    """The holds that stand on `on`."""
    over = (pl.col("until") <= on).fill_null(value=False)
    return holds.filter((pl.col("since") <= on) & ~over)


def reach(points: pl.DataFrame) -> pl.DataFrame:
    """REACH: the channels with a usable point; of a person without any, those with a point at all.

    A channel on which a person has several stands there several times.
    """
    usable = points.filter("usable").select(_OWNER)
    others = points.filter(~pl.col("usable")).select(_OWNER)
    return pl.concat([usable, others.join(usable, on="person", how="anti")])


def best(points: pl.DataFrame) -> pl.DataFrame:
    """One point for each person, channel and class of notice (`nudge` or not), the best first.

    In order: in a good state, of this person alone, without a hold; for a nudge, not refused; the freshest
    verification; the lender's own rank; the id.
    """
    refused = pl.col("consent") == Consent.WITHDRAWN.value
    kinds = pl.DataFrame({"nudge": [True, False]})
    several = points.select(_OWNER).is_duplicated()
    ordered = (
        points.filter(several)
        .join(kinds, how="cross")
        .sort(
            *_OWNER,
            "nudge",
            ~pl.col("usable"),
            pl.col("state") != PointState.OK.value,
            pl.col("nudge") & refused,
            pl.col("verified_on"),
            "rank",
            "point",
            descending=[False, False, False, False, False, False, True, False, False],
            nulls_last=True,
        )
        .unique([*_OWNER, "nudge"], keep="first", maintain_order=True)
    )
    # Most have one point on a channel, and nobody need ask which is the best.
    only = points.filter(~several)
    chosen = [only.with_columns(nudge=pl.lit(nudge)) for nudge in (True, False)]
    return pl.concat([*chosen, ordered.select(chosen[0].columns)]).select(
        *_OWNER,
        "nudge",
        "point",
        "value_key",
        "consent",
        "shared",
        "place",
        "verification_lapsed",
        "point_holds",
        point_state="state",
    )


def is_nudge(notice_class: pl.Expr) -> pl.Expr:
    """Whether opt-outs stop this class of notice (DESIGN D22)."""
    return notice_class == NoticeClass.NUDGE.value
