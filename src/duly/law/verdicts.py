"""Findings as bits, and bits as verdicts, for the columnar reading.

Each text has a place, and a place is a bit in whole numbers: of the texts that apply, of those that are broken,
of those whose first fact is wanting. What governs the combination is then said of all texts at once. Few different
answers occur in a frame, so the lists of reasons are made once for each and handed to every act that has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from duly.law import combinations, facts, frames, jurisdictions, slots, terms, values
from duly.law.pack import Pack

_WIDTH = 62  # bits used of each Int64, well clear of its sign


@dataclass(frozen=True)
class Types:
    """The dtypes of the lists of a verdict, the same for every frame under one pack."""

    reasons: pl.List
    doubts: pl.List

    @classmethod
    def of(cls, pack: Pack) -> Types:
        """Those of the pack's rules."""
        rule = pl.Enum([*dict.fromkeys(rule.id for rule in pack.rules), values.SILENCE])
        version = pl.Enum(sorted({version.name for rule in pack.rules for version in rule.versions}))
        fact = pl.Enum([*facts.FACTS, *dict.fromkeys(facts.policy_fact(rule.id) for rule in pack.rules)])
        return cls(
            reasons=pl.List(pl.Struct({"rule": rule, "version": version})),
            doubts=pl.List(pl.Struct({"rule": rule, "fact": fact})),
        )

    def answer(self, act: pl.DataType) -> pl.DataFrame:
        """The answer to no acts."""
        lists = {"because": self.reasons, "blocked_by": self.reasons, "in_doubt": self.doubts}
        plain = {"act": act, "verdict": pl.String(), "until": frames.INSTANT, "latest": frames.INSTANT}
        return pl.DataFrame(schema={**plain, **lists})


@dataclass(frozen=True)
class Ledger:
    """Which bit means what. `lacks` are for each text the facts it may want for, in the order a verdict names them.

    `reasons_of` has the rule and version of each text, `doubts_of` the rule and fact of each such lack, and silence.
    """

    pack: Pack
    types: Types
    texts: Sequence[slots.Slot]
    lacks: Sequence[Sequence[str]]
    reasons_of: pl.Series
    doubts_of: pl.Series

    @classmethod
    def of(cls, pack: Pack, types: Types, texts: Sequence[slots.Slot]) -> Ledger:
        """The ledger of these texts."""
        lacks = [sorted({*text.applies_unknown, *text.broken_unknown, *text.moving}) for text in texts]
        reasons = [(text.rule.id, text.version.name) for text in texts]
        doubts = [(text.rule.id, fact) for text, facts in zip(texts, lacks, strict=True) for fact in facts]
        doubts += [(values.SILENCE, "jurisdictions"), (values.SILENCE, values.NO_PERMISSION)]
        return cls(pack, types, texts, lacks, _said(reasons, types.reasons), _said(doubts, types.doubts))

    # --- bits --------------------------------------------------------------------------------------

    def columns(self, group: str) -> list[str]:
        """The columns of a group: as many as it takes to give every text a bit."""
        return [f"_{group}{word}" for word in range(max(1, -(-len(self.texts) // _WIDTH)))]

    def doubts(self) -> list[str]:
        """The groups of the wanting facts: the first, the second ... of each text."""
        return [f"doubt{which}_" for which in range(max(map(len, self.lacks), default=0))]

    def moved(self) -> list[str]:
        """Those of the doubts' groups whose facts may be wanting at one instant and not at another."""
        return self.doubts() if any(text.moving for text in self.texts) else []

    def packed(self, group: str, flags: Mapping[int, pl.Expr]) -> list[pl.Expr]:
        """The columns of a group from a flag for each place; what is not known or not said is not set."""
        words = [
            [pl.lit(mask, dtype=pl.Int64)]
            for mask in self.masks(p for p, f in flags.items() if f is slots.TRUE)
        ]
        for place, flag in flags.items():
            if flag is not slots.TRUE and flag is not slots.FALSE:
                bit = pl.lit(1 << place % _WIDTH, dtype=pl.Int64)
                words[place // _WIDTH].append(pl.when(flag).then(bit).otherwise(pl.lit(0, dtype=pl.Int64)))
        return [_either(bits).alias(name) for name, bits in zip(self.columns(group), words, strict=True)]

    def masks(self, places: Iterable[int]) -> list[int]:
        """These places as the bits of each column."""
        found = [0 for _ in self.columns("")]
        for place in places:
            found[place // _WIDTH] |= 1 << place % _WIDTH
        return found

    def is_set(self, group: str, place: int) -> pl.Expr:
        """Whether the bit of the place is set."""
        return (pl.col(self.columns(group)[place // _WIDTH]) & (1 << place % _WIDTH)) != 0

    def any_of(self, group: str, places: Iterable[int] | None = None) -> pl.Expr:
        """Whether any bit of the group is set, or any of those at the places."""
        columns = self.columns(group)
        wanted = [-1] * len(columns) if places is None else self.masks(places)
        return pl.any_horizontal(
            slots.FALSE,
            *((pl.col(name) & mask) != 0 for name, mask in zip(columns, wanted, strict=True) if mask),
        )

    def places(self, group: str, frame: pl.DataFrame) -> Iterator[int]:
        """The places whose bit is set in any row."""
        ored = frame.select(pl.col(name).bitwise_or() for name in self.columns(group))
        if not frame.is_empty():
            yield from _set(ored.row(0))

    # --- verdicts ----------------------------------------------------------------------------------

    def covered(self) -> pl.Expr:
        """Whether the pack holds the law of every one of the jurisdictions, and of all that they lie in."""
        codes, named = slots.codes(self.pack), pl.col("jurisdictions")
        bit = {code: 1 << place for place, code in enumerate(codes)}
        strange = frames.STRANGE | sum(bit[code] for code in codes if code not in self.pack.jurisdictions)
        whole = [(named & strange) == 0]
        for code in sorted(self.pack.jurisdictions):
            wider = jurisdictions.within(code)
            if wider is not None:
                whole.append(((named & bit[code]) == 0) | ((named & bit.get(wider, 0)) != 0))
        return pl.all_horizontal(*whole)

    def stages(self) -> list[list[pl.Expr]]:
        """What follows from the bits `bound`, `on`, `off`, `bad`, `good`, `lifted` and the wanting facts.

        Those of `broken` and `kept`, of `doubt<n>` and, as all that `stands` against a permit, `stands`; with
        `_silent` and `verdict`.
        """
        every = range(len(self.columns("")))
        first, second, third = [], [], []
        for word in every:
            bound, on, off, bad, good, lifted = (
                pl.col(f"_{group}{word}") for group in ("bound", "on", "off", "bad", "good", "lifted")
            )
            broken, clear = bound & on & bad & ~lifted, off | good | lifted
            first += [
                broken.alias(f"_broken{word}"),
                (bound & on & clear).alias(f"_kept{word}"),
                (bound & ~(on & bad) & ~clear).alias(f"_unsure{word}"),
            ]
            unsure = pl.col(f"_unsure{word}")
            wanting = [
                (unsure & pl.col(f"_{doubt}{word}")).alias(f"_{doubt}{word}") for doubt in self.doubts()
            ]
            second += wanting
            stands = pl.col(f"_broken{word}")
            for doubt in self.doubts():
                stands = stands | pl.col(f"_{doubt}{word}")
            third.append(stands.alias(f"_stands{word}"))
        permitting = self.masks(place for place, text in enumerate(self.texts) if text.rule.permits)
        spoke = [
            ((pl.col(f"_bound{word}") & (pl.col(f"_on{word}") | pl.col(f"_unsure{word}")) & mask) != 0)
            for word, mask in zip(every, permitting, strict=True)
        ]
        second.append((~pl.any_horizontal(slots.FALSE, *spoke)).alias("_silent"))
        forbids = [place for place, text in enumerate(self.texts) if terms.forbids(text.version.term)]
        verdict = (
            pl.when(self.any_of("broken", forbids))
            .then(pl.lit(values.Kind.FORBID.value))
            .when(self.any_of("stands") | pl.col("_silent") | ~pl.col("_covered"))
            .then(pl.lit(values.Kind.HOLD.value))
            .otherwise(pl.lit(values.Kind.PERMIT.value))
        )
        return [first, second, third, [verdict.alias("verdict")]]

    def any_doubt(self) -> pl.Expr:
        """Whether anything at all is in doubt, silence included."""
        return pl.any_horizontal("_silent", ~pl.col("_covered"), *map(self.any_of, self.doubts()))

    # --- reasons -----------------------------------------------------------------------------------

    def reasons(self, judged: pl.DataFrame) -> pl.DataFrame:
        """`because`, `blocked_by` and `in_doubt` of each row."""
        permitted = pl.col("verdict") == values.Kind.PERMIT.value
        kept = [pl.when(permitted).then(pl.col(name)).otherwise(0) for name in self.columns("kept")]
        others = [name for group in ("broken", *self.doubts()) for name in self.columns(group)]
        state = judged.select("_silent", "_covered", *(one.name.keep() for one in kept), *others)
        same = combinations.worth_it(state)
        state = state[same.first]
        lists = (
            self._texts("kept", state).alias("because"),
            self._texts("broken", state).alias("blocked_by"),
            self._doubts(state).alias("in_doubt"),
        )
        return pl.DataFrame([one.gather(same.number) for one in lists])

    def named(self, group: str, judged: pl.DataFrame) -> pl.Series:
        """The texts whose bits are set, as lists of rule and version, one for each row."""
        same = combinations.worth_it(judged.select(self.columns(group)))
        return self._texts(group, judged[same.first]).gather(same.number)

    def _texts(self, group: str, state: pl.DataFrame) -> pl.Series:
        flags = {place: self.is_set(group, place) for place in self.places(group, state)}
        return _listed(state, flags, self.reasons_of)

    def _doubts(self, state: pl.DataFrame) -> pl.Series:
        wanting = {doubt: set(self.places(doubt, state)) for doubt in self.doubts()}
        pairs = [
            (place, doubt if place in wanting[doubt] else None)
            for place, lacks in enumerate(self.lacks)
            for _, doubt in zip(lacks, wanting, strict=False)
        ]
        flags = {number: self.is_set(doubt, place) for number, (place, doubt) in enumerate(pairs) if doubt}
        flags |= {len(pairs): ~pl.col("_covered"), len(pairs) + 1: pl.col("_silent")}
        return _listed(state, flags, self.doubts_of)


def _either(bits: Sequence[pl.Expr]) -> pl.Expr:
    """The bits of all of them; in halves, because Polars takes long over what is deeply nested."""
    half = len(bits) // 2
    return _either(bits[:half]) | _either(bits[half:]) if half else bits[0]


def _said(pairs: Sequence[tuple[str, str]], dtype: pl.List) -> pl.Series:
    """Pairs of words as structs."""
    names = [field.name for field in dtype.inner.fields]  # type: ignore[union-attr]
    schema = dict.fromkeys(names, pl.String())
    return pl.DataFrame(pairs, schema=schema, orient="row").to_struct("_said").cast(dtype.inner)


def _listed(state: pl.DataFrame, flags: Mapping[int, pl.Expr], said: pl.Series) -> pl.Series:
    """For each row the list of what is said at the places whose flags are set, in their order."""
    dtype = pl.List(said.dtype)
    if not flags:
        return pl.repeat([], state.height, dtype=dtype, eager=True)
    found = (
        state.select(flag.alias(str(place)) for place, flag in flags.items())
        .with_row_index("_state")
        .unpivot(index="_state", variable_name="_place", value_name="_set")
        .filter("_set")
        .sort("_state", maintain_order=True)
    )
    found = found.select("_state", said.gather(found["_place"].cast(pl.UInt32)))
    lists = found.group_by("_state", maintain_order=True).agg("_said")
    every = pl.DataFrame({"_state": pl.int_range(state.height, dtype=pl.UInt32, eager=True)})
    whole = every.join(lists, on="_state", how="left", maintain_order="left")
    return whole.select(pl.col("_said").fill_null(pl.lit([], dtype=dtype))).to_series()


def _set(words: Iterable[object]) -> Iterator[int]:
    """The places of the bits set in the columns of a group."""
    for word, found in enumerate(words):
        bits = found if isinstance(found, int) else 0
        while bits:
            lowest = bits & -bits
            yield word * _WIDTH + lowest.bit_length() - 1
            bits ^= lowest
