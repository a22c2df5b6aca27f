"""Findings as bits, and bits as verdicts, for the columnar reading.

Each text has a bit in three groups of whole numbers: kept, broken, in doubt (the last one bit for each
pair of text and missing fact). Few different combinations occur in a frame, so the lists of reasons are
made once for each combination and handed to every act that has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from duly.law import frames, jurisdictions, slots, terms, values
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
            (text, fact)
            for text in texts
            for fact in sorted({*text.applies_unknown, *text.broken_unknown, *text.moving})
        ]
        return cls(pack, texts, pairs)

    def covered(self, named: pl.Expr) -> pl.Expr:
        """Whether the pack holds the law of every one of the jurisdictions, and of all that they lie in."""
        known = sorted(self.pack.jurisdictions)
        whole = [named.list.eval(pl.element().is_in(known)).list.all()]
        for code in known:
            wider = jurisdictions.within(code)
            if wider is not None:
                whole.append(~named.list.contains(code) | named.list.contains(wider))
        return pl.all_horizontal(*whole)

    def stages(self) -> list[list[pl.Expr]]:
        """The bits of each act at `_t`, from a<n>, l<n>, c<n>, u<n>/<fact>, v<n>/<fact>; with `verdict`, `_silent`.

        In three stages, each of columns that the next one uses: what several need is worked out once.
        """
        binds = {
            text.number: (pl.col("_t") >= text.begins) & (pl.col("_t") < text.ends) for text in self.texts
        }
        first = [
            expression
            for text in self.texts
            for expression in (
                binds[text.number].alias(f"b{text.number}"),
                (pl.col(f"a{text.number}") & pl.col(f"c{text.number}") & ~pl.col(f"l{text.number}")).alias(
                    f"x{text.number}"
                ),
            )
        ]
        kept, broken, doubt, spoke = {}, {}, {}, [slots.FALSE]
        for place, text in enumerate(self.texts):
            applies, blocked = pl.col(f"a{text.number}").fill_null(False), pl.col(f"x{text.number}")
            here = pl.col(f"b{text.number}")
            kept[place] = here & applies & (~blocked).fill_null(False)
            broken[place] = here & blocked.fill_null(False)
            if text.rule.permits:
                spoke.append(here & (applies | blocked.is_null()))
        for place, (text, fact) in enumerate(self.pairs):
            unsure = pl.col(f"b{text.number}") & pl.col(f"x{text.number}").is_null()
            doubt[place] = unsure & _wanting(text, fact)
        second = [
            *self.packed("kept", kept),
            *self.packed("broken", broken),
            *self.packed("doubt", doubt),
            (~pl.any_horizontal(*spoke)).alias("_silent"),
        ]
        held = pl.any_horizontal(*self._any("broken"), *self._any("doubt"), "_silent", ~pl.col("_covered"))
        forbids = [place for place, text in enumerate(self.texts) if terms.forbids(text.version.term)]
        verdict = (
            pl.when(pl.any_horizontal(slots.FALSE, *self._any("broken", forbids)))
            .then(pl.lit(values.Kind.FORBID.value))
            .when(held)
            .then(pl.lit(values.Kind.HOLD.value))
            .otherwise(pl.lit(values.Kind.PERMIT.value))
        )
        return [first, second, [verdict.alias("verdict")]]

    def _any(self, group: str, places: Sequence[int] | None = None) -> Iterator[pl.Expr]:
        """Whether any of the group's bits is set, or any of those at the places."""
        for word, name in enumerate(self._columns(group)):
            mask = -1 if places is None else sum(1 << p % _WIDTH for p in places if p // _WIDTH == word)
            yield (pl.col(name) & mask) != 0

    def packed(self, group: str, flags: Mapping[int, pl.Expr]) -> list[pl.Expr]:
        """Flags as the whole numbers of a group, 62 bits each; flag n is bit n % 62 of the word n // 62."""
        parts: list[list[pl.Expr]] = [[] for _ in self._columns(group)]
        for place, flag in flags.items():
            bit = pl.when(flag).then(1 << place % _WIDTH).otherwise(0).cast(pl.Int64)
            parts[place // _WIDTH].append(bit)
        return [
            pl.sum_horizontal(pl.lit(0, dtype=pl.Int64), *bits).alias(name)
            for name, bits in zip(self._columns(group), parts, strict=True)
        ]

    def standing(self, judged: pl.DataFrame) -> list[int]:
        """The places of the texts that stand against any of the acts, as broken or in doubt."""
        broken, doubt = self._columns("broken"), self._columns("doubt")
        found: set[int] = set()
        for row in judged.select(*broken, *doubt).unique().iter_rows(named=True):
            found.update(self._set(row, "broken"))
            found.update(self.texts.index(self.pairs[place][0]) for place in self._set(row, "doubt"))
        return sorted(found)

    def none(self, group: str) -> list[pl.Expr]:
        """A group of which no bit is set."""
        return [pl.lit(0, dtype=pl.Int64).alias(name) for name in self._columns(group)]

    def named(self, group: str, judged: pl.DataFrame) -> pl.Series:
        """The texts whose bits are set, as lists of rule and version, one for each row."""
        texts = (
            [self.texts[place] for place in self._set(row, group)] for row in judged.iter_rows(named=True)
        )
        listed = [[{"rule": text.rule.id, "version": text.version.name} for text in found] for found in texts]
        return pl.Series("named", listed, dtype=pl.List(_REASON))

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


def _wanting(text: slots.Slot, fact: str) -> pl.Expr:
    always = pl.col(f"u{text.number}/{fact}")
    return always | pl.col(f"v{text.number}/{fact}") if fact in text.moving else always


def _is_set(group: str, place: int) -> pl.Expr:
    return (pl.col(f"_{group}{place // _WIDTH}") & (1 << place % _WIDTH)) != 0
