"""The law is asked: each message we might send becomes an act, and the verdict becomes an instant or a reason.

A notice that speaks of a card and of a cash loan, or of accounts on which the person has different roles, is
asked about once for each, and the severest answer counts.
Refuses to soften or to guess: what the book does not say goes to the law as unknown, and what the law does not
permit is not planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from duly.law import columnar, jurisdictions, values
from duly.model.party import Channel, Place
from duly.plan import canonical

CONTACT = "contact"
INSTANT = pl.Datetime("us", "UTC")

# What an act says of a message, besides its instant, its history and its text: kept beside the message, so
# that the gate asks about the same facts. The order is that of the kept JSON.
WORDS = (
    "person", "actor", "debt_class", "product", "channel", "action", "stage", "notice_class", "technology",
    "number", "recipient_role", "liable", "consent", "point_state", "shared", "place",
)  # fmt: skip
_LISTS = ("jurisdictions", "accounts", "zones", "holds")
_FURTHER = (
    "first_notice", "transit_seconds", "debt_disclosed", "verification_lapsed", "at_work", "address_class",
)  # fmt: skip

_WORKPLACE = Place.WORKPLACE.value
# Whose an e-mail address is, by where it is read.
_CLASS_OF_ADDRESS = {Place.HOME.value: "personal", _WORKPLACE: "employer"}

_SEVERITY = {values.Kind.FORBID.value: 3, values.Kind.HOLD.value: 2, values.Kind.PERMIT.value: 0}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The law that is asked with what the lender set, what we are by jurisdiction, and when the day ends (UTC)."""

    law: columnar.Reading
    actors: Mapping[str, str]
    day_end: datetime


def frame(rows: pl.DataFrame, bench: Bench) -> pl.DataFrame:
    """One act for each row and each (product, role) of its `kinds`: the columns of WORDS, `_LISTS` and facts.

    Takes `row`, `person`, `jurisdiction`, `debt_class`, `kinds` (List of Struct{product, role}), `channel`,
    `stage`, `notice_class`, `accounts`, `zones`, `holds`, `liable`, `value_key`, `consent`, `point_state`,
    `shared`, `place`, `verification_lapsed`, `claims`, `elements`, `debt_disclosed`, `first_notice`,
    `transit_seconds`.
    """
    codes = rows["jurisdiction"].unique().drop_nulls().to_list()
    wider = {code: jurisdictions.chain(code) for code in codes if jurisdictions.is_known(code)}
    within = {code: "|".join(chain) for code, chain in wider.items()}
    # What we are in a country we are in its cities, unless the project says otherwise of one.
    said = {
        code: next((bench.actors[one] for one in reversed(chain) if one in bench.actors), None)
        for code, chain in wider.items()
    }
    actor = pl.col("jurisdiction").replace_strict(said, default=None, return_dtype=pl.String)
    return (
        rows.explode("kinds")
        .with_columns(
            product=pl.col("kinds").struct.field("product"),
            recipient_role=pl.col("kinds").struct.field("role"),
            jurisdictions=pl.col("jurisdiction").replace(within).str.split("|"),
            actor=actor,
            action=pl.lit(CONTACT),
            number="value_key",
            technology=pl.lit(None, pl.String),
            at_work=(pl.col("place") == _WORKPLACE).fill_null(value=False),
            address_class=pl.when(pl.col("channel") == Channel.EMAIL.value).then(
                pl.col("place").replace_strict(_CLASS_OF_ADDRESS, default=None, return_dtype=pl.String)
            ),
        )
        .sort("row", "product", "recipient_role")
        .with_row_index("act")
        .select("act", "row", *WORDS, *_LISTS, *_FURTHER, "claims", "elements")
    )


def judge(acts: pl.DataFrame, history: pl.DataFrame, at: datetime, bench: Bench) -> pl.DataFrame:
    """One verdict for each row of `acts` as `frame` gives them, asked at `at`, or later today if it must be.

    `row`, `verdict` at the instant found; `not_before` and `latest` (UTC) where something lawful was found
    today; `until` where time alone mends it later; `blocked_by` (what made it wait, or stands in its way once
    the hours allow it), `because`, `in_doubt`, and `act`, the severest one.
    """
    asked = acts.with_columns(at=pl.lit(at).cast(INSTANT))
    answer = bench.law.ahead(asked.drop("row"), history, before=bench.day_end)
    permitted = pl.col("verdict") == values.Kind.PERMIT.value
    found = asked.select("act", "row").join(answer, on="act", how="left", maintain_order="left")
    found = found.with_columns(
        severity=pl.col("verdict").replace_strict(_SEVERITY, return_dtype=pl.Int8),
        endless=~permitted & pl.col("until").is_null(),
        ready=pl.when(permitted).then("not_before").otherwise("until"),
    )
    # The severest first: forbidden, held without an end, held the longest, permitted the latest.
    order = found.sort(
        "row", "severity", "endless", "ready", "act", descending=[False, True, True, True, False]
    )
    return order.unique("row", keep="first", maintain_order=True).select(
        "row", "act", "verdict", "not_before", "latest", "until", "blocked_by", "because", "in_doubt"
    )


def kept(acts: pl.DataFrame) -> pl.Series:
    """The facts of each act (a row of `frame`) as canonical JSON: words, lists, holds, further facts."""
    named = sorted((*WORDS, *_LISTS))
    before, after = [n for n in named if n < "facts"], [n for n in named if n > "facts"]
    facts = pl.format(
        '{}"facts":{}{}{}', pl.lit("{"), pl.lit("{"), canonical.entries(_FURTHER, acts.schema), pl.lit("}}")
    )
    parts = (canonical.objects(acts, before), facts, canonical.objects(acts, after))
    return acts.select(kept=canonical.joined(*parts))["kept"]
