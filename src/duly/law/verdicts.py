"""Findings as bits, and bits as verdicts, for the columnar reading.

Each text has a bit in three groups of whole numbers: kept, broken, in doubt (the last one bit for each
pair of text and missing fact). Few different combinations occur in a frame, so the lists of reasons are
made once for each combination and handed to every act that has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from duly.law import frames, slots, terms, values
from duly.law.pack import Pack

_WIDTH = 62  # bits used of each Int64, well clear of its sign
_REASON = pl.Struct({"rule": pl.String, "version": pl.String})
_DOUBT = pl.Struct({"rule": pl.String, "fact": pl.String})
_GROUPS = ("kept", "broken", "doubt")


@dataclass(frozen=True)
class Ledger:
    """Which bit means what. `pairs` are the doubts that can arise, in the order a verdict names them."""

    pack: Pack
    texts: Sequence[slots.Slot]
    pairs: Sequence[tuple[slots.Slot, str]]

    @classmethod
    def of(cls, pack: Pack, texts: Sequence[slots.Slot]) -> Ledger:
        """The ledger of these texts."""
        pairs = [
            (text, fact) for text in texts for fact in sorted({*text.applies_unknown, *text.broken_unknown})
        ]
        return cls(pack, texts, pairs)

    def covered(self, jurisdictions: pl.Expr) -> pl.Expr:
        """Whether the pack holds the law of every one of the jurisdictions."""
        known = sorted(self.pack.jurisdictions)
        return jurisdictions.list.eval(pl.element().is_in(known)).list.all()

    def bits(self) -> list[pl.Expr]:
        """The bits of each act at `_t`, from a<n>, l<n>, c<n> and u<k>; with `verdict` and `_silent`."""
        kept, broken, doubt, spoke = [], [], [], [slots.FALSE]
        for text in self.texts:
            applies = pl.col(f"a{text.number}")
            blocked = applies & pl.col(f"c{text.number}") & ~pl.col(f"l{text.number}")
            binds = (pl.col("_t") >= text.begins) & (pl.col("_t") < text.ends)
            kept.append(binds & applies.fill_null(False) & (~blocked).fill_null(False))
            broken.append(binds & blocked.fill_null(False))
            if text.rule.permits:
                spoke.append(binds & (applies.fill_null(False) | blocked.is_null()))
            doubt += [
                binds & blocked.is_null() & pl.col(f"u{place}")
                for place, (other, _) in enumerate(self.pairs)
                if other is text
            ]
        forbidding = [
            one for one, text in zip(broken, self.texts, strict=True) if terms.forbids(text.version.term)
        ]
        silent = ~pl.any_horizontal(*spoke)
        held = pl.any_horizontal(*broken, *doubt, silent, ~pl.col("_covered"))
        return [
            *_packed("kept", kept),
            *_packed("broken", broken),
            *_packed("doubt", doubt),
            silent.alias("_silent"),
            pl.when(pl.any_horizontal(slots.FALSE, *forbidding))
            .then(pl.lit(values.Kind.FORBID.value))
            .when(held)
            .then(pl.lit(values.Kind.HOLD.value))
            .otherwise(pl.lit(values.Kind.PERMIT.value))
            .alias("verdict"),
        ]

    def stands(self, place: int) -> pl.Expr:
        """Whether the text at the place stands against the act, as broken or in doubt."""
        doubts = [
            _is_set("doubt", number)
            for number, (text, _) in enumerate(self.pairs)
            if text is self.texts[place]
        ]
        return pl.any_horizontal(_is_set("broken", place), *doubts)

    def any_doubt(self) -> pl.Expr:
        """Whether anything at all is in doubt, silence included."""
        return pl.any_horizontal(
            *(pl.col(name) != 0 for name in self._columns("doubt")), "_silent", ~pl.col("_covered")
        )

    def answer(
        self, acts: pl.Series, judged: pl.DataFrame, until: pl.DataFrame, latest: pl.DataFrame
    ) -> pl.DataFrame:
        """The frame of verdicts. `until` and `latest` have `_row` and the seconds of what they name."""
        bits = [name for group in _GROUPS for name in self._columns(group)]
        state = ["verdict", "_silent", "_covered", *bits]
        combined = judged.select("_row", *state)
        different = combined.select(state).unique()
        lists = pl.DataFrame(
            [self._lists(row) for row in different.iter_rows(named=True)],
            schema={"because": pl.List(_REASON), "blocked_by": pl.List(_REASON), "in_doubt": pl.List(_DOUBT)},
            orient="row",
        )
        whole = (
            combined.join(
                pl.concat([different, lists], how="horizontal"), on=state, how="left", maintain_order="left"
            )
            .join(until, on="_row", how="left", maintain_order="left")
            .join(latest, on="_row", how="left", maintain_order="left")
        )
        return whole.select(
            acts.alias("act"),
            "verdict",
            frames.instants(whole["until"]).alias("until"),
            frames.instants(whole["latest"]).alias("latest"),
            "because",
            "blocked_by",
            "in_doubt",
        )

    @staticmethod
    def empty(act: pl.DataType) -> pl.DataFrame:
        """The answer to no acts."""
        return pl.DataFrame(
            schema={
                "act": act,
                "verdict": pl.String(),
                "until": frames.INSTANT,
                "latest": frames.INSTANT,
                "because": pl.List(_REASON),
                "blocked_by": pl.List(_REASON),
                "in_doubt": pl.List(_DOUBT),
            }
        )

    def _lists(self, row: dict[str, int | str | bool]) -> tuple[list[dict[str, str]], ...]:
        permitted = row["verdict"] == values.Kind.PERMIT.value
        kept = [self.texts[place] for place in self._set(row, "kept")] if permitted else []
        broken = [self.texts[place] for place in self._set(row, "broken")]
        doubts = [(self.pairs[place][0].rule.id, self.pairs[place][1]) for place in self._set(row, "doubt")]
        if not row["_covered"]:
            doubts.append((values.SILENCE, "jurisdictions"))
        if row["_silent"]:
            doubts.append((values.SILENCE, values.NO_PERMISSION))
        return (
            [{"rule": text.rule.id, "version": text.version.name} for text in kept],
            [{"rule": text.rule.id, "version": text.version.name} for text in broken],
            [{"rule": rule, "fact": fact} for rule, fact in doubts],
        )

    def _set(self, row: dict[str, int | str | bool], group: str) -> Iterator[int]:
        for word, name in enumerate(self._columns(group)):
            bits = int(row[name])
            for place in range(_WIDTH):
                if bits >> place & 1:
                    yield word * _WIDTH + place

    def _columns(self, group: str) -> list[str]:
        size = len(self.pairs) if group == "doubt" else len(self.texts)
        return [f"_{group}{word}" for word in range(max(1, -(-size // _WIDTH)))]


def _packed(group: str, flags: Sequence[pl.Expr]) -> list[pl.Expr]:
    """Flags as whole numbers of 62 bits; flag n is bit n % 62 of the word n // 62."""
    words: list[pl.Expr] = []
    for word in range(max(1, -(-len(flags) // _WIDTH))):
        here = flags[word * _WIDTH : (word + 1) * _WIDTH]
        parts = [
            pl.when(flag).then(1 << place).otherwise(0).cast(pl.Int64) for place, flag in enumerate(here)
        ]
        words.append(pl.sum_horizontal(pl.lit(0, dtype=pl.Int64), *parts).alias(f"_{group}{word}"))
    return words


def _is_set(group: str, place: int) -> pl.Expr:
    return (pl.col(f"_{group}{place // _WIDTH}") & (1 << place % _WIDTH)) != 0
