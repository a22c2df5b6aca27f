"""The law is asked: each message we might send becomes an act, and the verdict becomes an instant or a reason.

A notice that speaks of a card and of a cash loan, or of accounts on which the person has different roles, is
asked about once for each, and the severest answer counts.
Refuses to soften or to guess: what the book does not say goes to the law as unknown, and what the law does not
permit is not planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

# What `frame` takes of a row.
_TAKEN = (
    "row", "person", "jurisdiction", "debt_class", "kinds", "channel", "stage", "notice_class", "accounts", "zones",
    "holds", "liable", "value_key", "consent", "point_state", "shared", "place", "verification_lapsed", "claims",
    "elements", "debt_disclosed", "first_notice", "transit_seconds",
)  # fmt: skip
_WORKPLACE = Place.WORKPLACE.value
# Whose an e-mail address is, by where it is read.
_CLASS_OF_ADDRESS = {Place.HOME.value: "personal", _WORKPLACE: "employer"}

_SEVERITY = {values.Kind.FORBID.value: 3, values.Kind.HOLD.value: 2, values.Kind.PERMIT.value: 0}


# All that the law looks at in an act of whose person, accounts and number nothing is on record.
_LOOKS = tuple(
    name
    for name in (*WORDS, *_LISTS, *_FURTHER, "claims", "elements")
    if name not in {"person", "number", "accounts"}
)
_ALIKE = (*_LOOKS, "numbered", "accounted")
_SAID = ("verdict", "not_before", "latest", "until", "blocked_by", "because", "in_doubt")


class Memory:
    """What the law said before, for whoever plans often; it changes no answer.

    Good for one reading of the law, one instant and what we are to its rules: asked for another it begins anew. It
    never leaves the process.
    """

    def __init__(self) -> None:
        self._of: tuple[columnar.Reading, Mapping[str, str], datetime, datetime] | None = None
        self._said: pl.DataFrame | None = None

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()

    def said(self, bench: Bench, at: datetime) -> pl.DataFrame | None:
        """What is remembered of the same law, asked at the same instant."""
        of = self._of
        same = of is not None and of[0] is bench.law and of[1:] == (bench.actors, bench.day_end, at)
        return self._said if same else None

    def keep(self, bench: Bench, at: datetime, said: pl.DataFrame) -> None:
        """Remember this and nothing else."""
        self._of, self._said = (bench.law, bench.actors, bench.day_end, at), said


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The law that is asked with what the lender set, what we are by jurisdiction, and when the day ends (UTC).

    `memory` is what the law said before, and may be empty.
    """

    law: columnar.Reading
    actors: Mapping[str, str]
    day_end: datetime
    memory: Memory = field(default_factory=Memory)


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
        rows.select(_TAKEN)
        .explode("kinds")
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
        .pipe(_in_order)
        .with_row_index("act")
        .select("act", "row", *WORDS, *_LISTS, *_FURTHER, "claims", "elements")
    )


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as acts are numbered. Mostly each message is one act, and they stand so already."""
    one_each = rows["row"].is_sorted() and not rows["row"].is_duplicated().any()
    return rows if one_each else rows.sort("row", "product", "recipient_role")


def judge(acts: pl.DataFrame, history: pl.DataFrame, at: datetime, bench: Bench) -> pl.DataFrame:
    """One verdict for each row of `acts` as `frame` gives them, asked at `at`, or later today if it must be.

    `row`, `verdict` at the instant found; `not_before` and `latest` (UTC) where something lawful was found
    today; `until` where time alone mends it later; `blocked_by` (what made it wait, or stands in its way once
    the hours allow it), `because`, `in_doubt`, and `act`, the severest one.
    """
    spot, told = _told(acts, history, at, bench)
    permitted = pl.col("verdict") == values.Kind.PERMIT.value
    ready = pl.when(permitted).then("not_before").otherwise("until")
    weights = told.select(
        severity=pl.col("verdict").replace_strict(_SEVERITY, return_dtype=pl.Int8),
        endless=~permitted & pl.col("until").is_null(),
        ready=ready,
    )
    found = acts.select("row", "act", spot=spot)
    if found["row"].is_duplicated().any():
        # The severest first: forbidden, held without an end, held the longest, permitted the latest.
        found = (
            found.hstack(weights[spot])
            .sort("row", "severity", "endless", "ready", "act", descending=[False, True, True, True, False])
            .unique("row", keep="first", maintain_order=True)
        )
    else:
        found = found.sort("row")
    return found.select("row", "act").hstack(
        told[found["spot"]].select(
            "verdict", "not_before", "latest", "until", "blocked_by", "because", "in_doubt"
        )
    )


def _told(
    acts: pl.DataFrame, history: pl.DataFrame, at: datetime, bench: Bench
) -> tuple[pl.Series, pl.DataFrame]:
    """What the law says (`_SAID`), and of each act the place in it.

    Acts before which nothing happened and that look alike are one question, and it is asked once.
    """
    rows = acts.select("act", *_LOOKS, "number", "accounts", met=_met(acts, history)).with_row_index("spot")
    kinds = (
        rows.filter(~pl.col("met"))
        .with_columns(
            numbered=pl.col("number").fill_null("") != "",
            accounted=pl.col("accounts").list.len().fill_null(0) > 0,
        )
        .group_by(_ALIKE, maintain_order=True)
        .agg("spot", pl.col("act").first())
    )
    own = rows.filter("met").select("act", pl.concat_list("spot"))
    asked = pl.concat([own, kinds.select("act", "spot")])
    given = acts.drop("row").join(asked, on="act", how="semi", maintain_order="left")
    answer = bench.law.ahead(given.with_columns(at=pl.lit(at).cast(INSTANT)), history, before=bench.day_end)
    told = asked.join(answer.select("act", *_SAID), on="act", how="left", maintain_order="left").drop("act")
    spots = told.select("spot").with_row_index("of").explode("spot").sort("spot")
    return spots["of"], told.drop("spot")


def _met(acts: pl.DataFrame, history: pl.DataFrame) -> pl.Series:
    """Whether something is on record of the act's person, its number or one of its accounts."""
    if history.is_empty():
        return pl.repeat(value=False, n=acts.height, dtype=pl.Boolean, eager=True)
    persons, numbers, accounts = (
        history[name].drop_nulls().unique().implode() for name in ("person", "number", "account")
    )
    named = acts.select(pl.int_range(pl.len()).alias("spot"), "accounts").explode("accounts")
    shared = named.filter(pl.col("accounts").is_in(accounts))["spot"].unique().implode()
    return acts.select(
        (pl.col("person").is_in(persons) | pl.col("number").is_in(numbers)).fill_null(value=False)
        | pl.int_range(pl.len()).is_in(shared)
    ).to_series()


def kept(acts: pl.DataFrame) -> pl.Series:
    """The facts of each act (a row of `frame`) as canonical JSON: words, lists, holds, further facts."""
    named = sorted((*WORDS, *_LISTS))
    before, after = [n for n in named if n < "facts"], [n for n in named if n > "facts"]
    facts = pl.format(
        '{}"facts":{}{}{}', pl.lit("{"), pl.lit("{"), canonical.entries(_FURTHER, acts.schema), pl.lit("}}")
    )
    parts = (canonical.objects(acts, before), facts, canonical.objects(acts, after))
    return acts.select(kept=canonical.joined(*parts))["kept"]
