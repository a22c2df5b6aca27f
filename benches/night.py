"""Acts of one night of a loan book: what a plan asks the law about, with channels, histories and unknown facts.

Invented, and the same for the same seed. Most persons are asked about once; words, holds and texts are mixed as
they are in a book where most accounts are in order: few combinations are common, many are rare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from duly.law import frames

_EVENING = datetime(2026, 11, 23, 10, tzinfo=UTC)  # six in the evening in Shanghai, morning in New York
_NIGHT = 15 * 3600
_ELEMENTS = ("sender_name_first", "creditor_name", "amount", "as_of", "official_contact", "objection_route")
_STRING, _LIST = pl.String(), pl.List(pl.String)

# Each value with its weight; None is a fact that the book does not know.
Weighed = Sequence[tuple[object, int]]
_WORDS: Mapping[str, Weighed] = {
    "actor": (("first_party", 80), ("third_party", 20)),
    "debt_class": (("consumer", 96), ("business", 3), (None, 1)),
    "product": (("cash_loan", 55), ("card", 30), ("personal_loan", 14), (None, 1)),
    "channel": (("sms", 58), ("voice", 20), ("email", 10), ("letter", 5), ("push", 5), ("im", 2)),
    "action": (("contact", 100),),
    "stage": (("first", 40), ("firm", 30), ("m2", 20), ("prelegal", 10)),
    "notice_class": (("nudge", 80), ("rights_preserving", 19), ("required_by_law", 1)),
    "technology": (("manual", 60), ("autodialled", 35), (None, 5)),
    "recipient_role": (
        ("borrower", 93),
        ("co_borrower", 4),
        ("guarantor_joint", 2),
        ("guarantor_general", 1),
    ),
    "consent": (("unknown", 70), ("given", 26), ("withdrawn", 4)),
    "point_state": (("ok", 90), ("unverified", 6), ("wrong_number", 2), ("unreachable", 2)),
    "place": (("home", 90), ("workplace", 3), (None, 7)),
}
_FLAGS: Mapping[str, Weighed] = {
    "liable": ((None, 95), (True, 5)),
    "shared": ((False, 96), (True, 2), (None, 2)),
    "agency_announced": ((True, 60), (False, 2), (None, 38)),
    "first_notice": ((True, 30), (False, 70)),
    "debt_disclosed": ((True, 99), (False, 1)),
    "verification_lapsed": ((False, 98), (True, 1), (None, 1)),
    "at_work": ((False, 96), (True, 2), (None, 2)),
}
_SETS: Mapping[str, Weighed] = {
    "holds": (
        ([], 92),
        (["dispute"], 3),
        (["hardship"], 2),
        (["cease"], 1),
        (["dispute", "complaint"], 1),
        (None, 1),
    ),
    "claims": (([], 95), (["marketing"], 1), (["threat"], 1), (None, 3)),
    "states": (([], 95), (["disputed"], 2), (["validation_period"], 2), (None, 1)),
    "written_holds": (([], 98), (["cease"], 1), (None, 1)),
    "conduct": (([], 99), (["pressure"], 1)),
    "elements": ((list(_ELEMENTS), 60), ([*_ELEMENTS, "optout"], 36), (list(_ELEMENTS[1:]), 1), (None, 3)),
}
_GIVEN = {
    "basis": "prior_express",
    "form": "written",
    "channel": "",
    "given": datetime(2025, 3, 1, tzinfo=UTC),
}
_CONSENTS: Weighed = (([], 60), ([_GIVEN | {"revoked": None}], 37), (None, 3))
_MADE: Weighed = (
    ("attempt", 40), ("conversation", 15), ("contact_made", 5), ("message_sent", 25), ("delivered", 10),
    ("payment", 3), ("promise", 2),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Night:
    """Acts and what happened before, as `columnar.judge` takes them."""

    acts: pl.DataFrame
    history: pl.DataFrame


def fall(count: int, *, places: Weighed, seed: int = 1) -> Night:
    """So many acts; `places` are the chains of jurisdictions with their zones, (codes, zones), each with its weight."""
    draw = _Draw(count, seed)
    chosen = draw.number(len(places), weights=[weight for _, weight in places])
    codes, zones = zip(*(place for place, _ in places), strict=True)
    persons = (draw.uniform() * count * 0.9).cast(pl.Int64)
    person = pl.select(pl.format("p{}", persons)).to_series()
    second = (draw.uniform() * _NIGHT).cast(pl.Int64) * 1_000_000
    columns = {
        "act": pl.int_range(count, dtype=pl.Int64, eager=True),
        "at": pl.select(pl.lit(_EVENING).cast(frames.INSTANT) + second.cast(pl.Duration("us"))).to_series(),
        "jurisdictions": pl.Series(codes, dtype=_LIST).gather(chosen),
        "zones": pl.Series(zones, dtype=_LIST).gather(chosen),
        "person": person,
        "number": pl.select(pl.format("n{}", persons)).to_series(),
        "accounts": pl.select(
            pl.when(persons % 12 == 0)
            .then(pl.concat_list(pl.format("a{}", persons), pl.format("b{}", persons)))
            .otherwise(pl.concat_list(pl.format("a{}", persons)))
        ).to_series(),
        "transit_seconds": pl.repeat(60, count, dtype=pl.Int64, eager=True),
    }
    columns |= {name: draw.choice(weighed, _STRING) for name, weighed in _WORDS.items()}
    columns |= {name: draw.choice(weighed, pl.Boolean()) for name, weighed in _FLAGS.items()}
    columns |= {name: draw.choice(weighed, _LIST) for name, weighed in _SETS.items()}
    columns["consents"] = draw.choice(_CONSENTS, pl.List(frames.CONSENT))
    return Night(acts=pl.DataFrame(columns), history=_past(count, seed + 1))


def _past(count: int, seed: int) -> pl.DataFrame:
    """As many happenings as acts, over the thirty days before and some of the night itself."""
    draw = _Draw(count, seed)
    persons = (draw.uniform() * count * 0.9).cast(pl.Int64)
    back = (draw.uniform() * 30 * 86_400).cast(pl.Int64) * 1_000_000
    late = _EVENING + timedelta(hours=4)
    return pl.DataFrame(
        {
            "at": pl.select(pl.lit(late).cast(frames.INSTANT) - back.cast(pl.Duration("us"))).to_series(),
            "kind": draw.choice(_MADE, _STRING),
            "channel": draw.choice((("voice", 60), ("sms", 30), ("email", 10)), _STRING),
            "person": pl.select(pl.format("p{}", persons)).to_series(),
            "account": pl.select(pl.format("a{}", persons)).to_series(),
            "number": pl.select(pl.format("n{}", persons)).to_series(),
            "ref": pl.select(pl.format("r{}", pl.int_range(count))).to_series(),
        }
    )


class _Draw:
    """Seeded draws, a column at a time."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed * 1_000

    def uniform(self) -> pl.Series:
        """Numbers in [0, 1)."""
        self._seed += 1
        whole = pl.int_range(self._count, dtype=pl.Int64, eager=True).hash(self._seed)
        return (whole // (1 << 11)).cast(pl.Float64) / float(1 << 53)

    def number(self, size: int, *, weights: Sequence[int]) -> pl.Series:
        """Places in a list of that size, by weight."""
        places = [place for place, weight in zip(range(size), weights, strict=True) for _ in range(weight)]
        return pl.Series(places, dtype=pl.UInt32).gather((self.uniform() * len(places)).cast(pl.UInt32))

    def choice(self, weighed: Weighed, dtype: pl.DataType) -> pl.Series:
        """Values of a weighed list."""
        chosen = self.number(len(weighed), weights=[weight for _, weight in weighed])
        return pl.Series([value for value, _ in weighed], dtype=dtype).gather(chosen)
