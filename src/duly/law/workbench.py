"""A frame of acts under a pack, ready to be asked what every text says of them at any instant.

Acts that look alike to every text are one class, and what does not change from instant to instant is worked out
once for each class. `Bench.judge` then answers for instants that each act brings along, once for each different
combination of class, stretch of time and what happened before; `waiting` brings later instants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from duly.law import combinations, frames, lookback, records, slots, terms, timeline, values, zones
from duly.law.intervals import NEVER
from duly.law.pack import Pack
from duly.law.verdicts import Ledger, Types


@dataclass(frozen=True)
class Layout:
    """The texts that can bind in a period, and the expressions that are asked of any frame of acts under them."""

    texts: list[slots.Slot]
    clocks: list[terms.Clock]
    windows: dict[terms.Window, int]
    read: frozenset[str]
    ledger: Ledger
    still: list[list[pl.Expr]]
    stages: list[list[pl.Expr]]

    @classmethod
    def of(cls, pack: Pack, types: Types, texts: list[slots.Slot]) -> Layout:
        """Lay them out."""
        asked = [text.version.term for text in texts]
        clocks = list(dict.fromkeys(filter(None, map(terms.clock_of, asked))))
        ledger = Ledger.of(pack, types, texts)
        return cls(
            texts=texts,
            clocks=clocks,
            windows={term: clocks.index(term.clock) for term in asked if isinstance(term, terms.Window)},
            read=frozenset().union(*(text.reads for text in texts)),
            ledger=ledger,
            still=[_tests(texts), _conditions(texts), _bits(ledger)],
            stages=[_totals(ledger), *ledger.stages()],
        )


def _tests(texts: Sequence[slots.Slot]) -> list[pl.Expr]:
    """Whatever any of the texts tests, once."""
    return [slots.tested(test) for test in dict.fromkeys(test for text in texts for test in text.tests)]


def _conditions(texts: Sequence[slots.Slot]) -> list[pl.Expr]:
    """For the text at place n `a<n>` (applies) and `c<n>` (broken, or the part of that which time does not change)."""
    applies = [text.applies.alias(f"a{place}") for place, text in enumerate(texts)]
    conditions = [
        (place, text.state if text.broken is None else text.broken) for place, text in enumerate(texts)
    ]
    return [*applies, *(one.alias(f"c{place}") for place, one in conditions if one is not None)]


def _bits(ledger: Ledger) -> list[pl.Expr]:
    """What does not change, as the bits of each text.

    Whether it applies (`on`, `off`; neither is unknown), is broken (`bad`, `good`), is `lifted`; of a term that
    time changes whether it is not known at any instant (`dark`), whether a state lets it be broken at all (`ready`,
    `never`); and which of its facts are wanting.
    """
    texts = dict(enumerate(ledger.texts))
    plain = [place for place, text in texts.items() if text.broken is not None]
    stated = [place for place, text in texts.items() if text.state is not None]
    timed = {place: text for place, text in texts.items() if text.broken is None}
    ready = {place: pl.col(f"c{place}") if place in stated else slots.TRUE for place in timed}
    lacks: list[pl.Expr] = []
    for which, doubt in enumerate(ledger.doubts()):
        wanting = {
            place: text.applies_unknown.get(facts[which], slots.FALSE)
            | text.broken_unknown.get(facts[which], slots.FALSE)
            for (place, text), facts in zip(texts.items(), ledger.lacks, strict=True)
            if which < len(facts)
        }
        lacks += ledger.packed(doubt, wanting)
    return [
        ledger.covered().alias("_covered"),
        *ledger.packed("on", {place: pl.col(f"a{place}") for place in texts}),
        *ledger.packed("off", {place: ~pl.col(f"a{place}") for place in texts}),
        *ledger.packed("bad", {place: pl.col(f"c{place}") for place in plain}),
        *ledger.packed("good", {place: ~pl.col(f"c{place}") for place in plain}),
        *ledger.packed("lifted", {place: text.lifted for place, text in texts.items()}),
        *ledger.packed("dark", {place: _dark(text) for place, text in timed.items()}),
        *ledger.packed("ready", ready),
        *ledger.packed("never", {place: ~pl.col(f"c{place}") for place in stated}),
        *lacks,
    ]


def _dark(text: slots.Slot) -> pl.Expr:
    lacking = text.broken_unknown
    if text.state is not None:
        lacking = {name: one for name, one in lacking.items() if name == "zones"}
    return pl.any_horizontal(slots.FALSE, *lacking.values())


_STILL = ("on", "off", "bad", "good", "lifted", "dark", "ready", "never")


def _totals(ledger: Ledger) -> list[pl.Expr]:
    """The bits of what is broken, and of the facts wanting, at an instant: what never changes and what was seen."""
    found = []
    for word in range(len(ledger.columns(""))):
        bad, good, dark, ready, never, seen_bad, seen_good = (
            pl.col(f"_{group}{word}")
            for group in ("bad", "good", "dark", "ready", "never", "seen_bad", "seen_good")
        )
        found += [
            (bad | (seen_bad & ready & ~dark)).alias(f"_bad{word}"),
            (good | never | (seen_good & ~dark)).alias(f"_good{word}"),
        ]
        found += [
            (pl.col(f"_{doubt}{word}") | (pl.col(f"_moved_{doubt}{word}") & ~dark)).alias(f"_{doubt}{word}")
            for doubt in ledger.moved()
        ]
    return found


@dataclass(frozen=True)
class Judged:
    """What every text says of some acts at an instant each.

    `rows` has `_row`, `_class`, `_at`, `_t` (the instant) and `_combo`, the act's row in `combos`, which has the
    ledger's bits, `verdict`, `_silent`, and for the window number n `_n<n>` (when it next opens) and `_e<n>` (when
    this stretch ends). `ends`: see `lookback.Found`.
    """

    rows: pl.DataFrame
    combos: pl.DataFrame
    ends: pl.DataFrame

    def only(self, which: pl.Expr) -> Judged:
        """Those of the acts of whose combination this is true."""
        flags = self.combos.select(which.alias("_which")).to_series()
        if flags.all():
            return self
        return replace(self, rows=self.rows.filter(flags.gather(self.rows["_combo"])))

    def put(self, values: pl.Series) -> pl.Series:
        """A value of each combination for each act."""
        return values.gather(self.rows["_combo"])


@dataclass(frozen=True)
class Bench:
    """Everything about a frame of acts under a pack that does not change from instant to instant.

    `rows` has `_row`, `_at` and `_class`, the act's row in `still`, which has the bits, `_covered`, the delay to
    arrival, and `_set<n>`, the number of the set of zones under clock n. Between two `turns` time changes nothing.
    """

    pack: Pack
    layout: Layout
    rows: pl.DataFrame
    still: pl.DataFrame
    past: lookback.Past
    hours: list[timeline.Hours]
    turns: pl.Series | None
    horizon: int

    @property
    def ledger(self) -> Ledger:
        """Which bit means what."""
        return self.layout.ledger

    def at_once(self) -> Judged:
        """`judge` of every act at its own instant."""
        return self.judge(self.rows.with_columns(pl.col("_at").alias("_t")))

    def judge(self, asked: pl.DataFrame) -> Judged:
        """What every text says of these acts (`_row`, `_class`, `_at`) at `_t`."""
        found = self.past.find(asked)
        stretch = asked["_t"]
        if self.turns is not None:
            stretch = self.turns.search_sorted(stretch, side="right")
        same = combinations.worth_it(
            pl.DataFrame([asked["_class"], stretch.alias("_stretch"), found.number.alias("_found")])
        )
        first = asked[same.first]
        frame = pl.concat(
            [first.select("_t"), self.still[first["_class"]], found.table[found.number.gather(same.first)]],
            how="horizontal",
        )
        lazy = frame.with_columns(self._bound(frame)).with_columns(self._seen(frame)).lazy()
        for stage in self.layout.stages:
            lazy = lazy.with_columns(stage)
        rows = asked.select("_row", "_class", "_at", "_t").with_columns(same.number.alias("_combo"))
        return Judged(rows=rows, combos=lazy.collect(), ends=found.ends)

    def _bound(self, frame: pl.DataFrame) -> list[pl.Expr]:
        """The bits of the texts that bind at `_t`."""
        first, last = frame["_t"].min(), frame["_t"].max()
        flags: dict[int, pl.Expr] = {}
        for place, text in enumerate(self.layout.texts):
            if text.begins <= first and last < text.ends:  # type: ignore[operator]
                flags[place] = slots.TRUE
            elif text.begins <= last and first < text.ends:  # type: ignore[operator]
                flags[place] = (pl.col("_t") >= text.begins) & (pl.col("_t") < text.ends)
        return self.ledger.packed("bound", flags)

    def _seen(self, frame: pl.DataFrame) -> list[pl.Expr | pl.Series]:
        """What was seen of the past, and of the hours at `_t`."""
        ledger = self.ledger
        columns: list[pl.Expr | pl.Series] = []
        bad, good, unclear = {}, {}, {}
        for number, hours in enumerate(self.hours):
            broken, following, end = hours.find(frame)
            columns += [following.alias(f"_n{number}"), end.alias(f"_e{number}")]
            for place in self.opening(number):
                bad[place], good[place] = pl.lit(broken), pl.lit(~broken)
                unclear[place] = pl.lit(broken.is_null())
        for group, flags in (("seen_bad", bad), ("seen_good", good)):
            bits = zip(ledger.columns(group), ledger.packed(group, flags), strict=True)
            columns += [(pl.col(name) | one).alias(name) for name, one in bits]
        for which, doubt in enumerate(ledger.moved()):
            group = f"moved_{doubt}"
            moving = {
                place: flag
                for place, flag in unclear.items()
                if which < len(ledger.lacks[place])
                and ledger.lacks[place][which] in self.layout.texts[place].moving
            }
            bits = zip(ledger.columns(group), ledger.packed(group, moving), strict=True)
            columns += [(pl.col(name) | one).alias(name) for name, one in bits]
        return columns

    def opening(self, number: int) -> list[int]:
        """The places of the texts that are the window of this number."""
        window = self.hours[number].window
        return [place for place, text in enumerate(self.layout.texts) if text.version.term == window]

    def answer(self, acts: pl.Series, judged: Judged, until: pl.Series | None = None) -> pl.DataFrame:
        """The frame of verdicts; `until` has the seconds of what mends each act."""
        reasons = self.ledger.reasons(judged.combos)
        nothing = pl.repeat(None, judged.rows.height, dtype=pl.Int64, eager=True)
        return pl.DataFrame(
            [
                acts.gather(judged.rows["_row"]).alias("act"),
                judged.put(judged.combos["verdict"]),
                frames.instants(nothing if until is None else until).alias("until"),
                judged.put(frames.instants(self._latest(judged.combos))).alias("latest"),
                *(judged.put(one) for one in reasons),
            ]
        )

    def _latest(self, combos: pl.DataFrame) -> pl.Series:
        """The last lawful second of the stretch of each permitted act."""
        stretches = [
            pl.when(
                self.ledger.is_set("bound", place)
                & ~self.ledger.is_set("off", place)
                & ~self.ledger.is_set("lifted", place)
            ).then(f"_e{number}")
            for number in range(len(self.hours))
            for place in self.opening(number)
        ]
        ends = combos.with_columns(timeline.day_ends(combos["_t"], self.pack.zone).alias("_day_end"))
        permitted = pl.col("verdict") == values.Kind.PERMIT.value
        last = pl.min_horizontal("_day_end", pl.lit(NEVER), *stretches) - 1
        return ends.select(pl.when(permitted).then(last).cast(pl.Int64)).to_series()


def set_up(
    pack: Pack,
    policy: values.Policy,
    layout: Layout,
    frame: tuple[pl.DataFrame, pl.DataFrame],
    *,
    within: timeline.Period,
    horizon: int,
) -> Bench:
    """The bench of a frame of acts and their history, as `columnar.judge` takes them."""
    given, history = frame
    rows, calendars, happened = frames.acts(given), pack.calendars(policy), records.happenings(history)
    spent = lookback.count_spent(rows, layout.texts, happened)
    numbers, portraits = frames.portraits(given, spent, layout.read, slots.codes(pack))
    portraits, sets = zones.number(portraits, layout.clocks)
    hours, portraits = timeline.lay_out(layout.windows, portraits, sets, calendars, within)
    still = _still(layout, portraits, [one.place for one in hours])
    classes = combinations.worth_it(still)
    still, rows = still[classes.first], rows.with_columns(classes.number.gather(numbers).alias("_class"))
    record = lookback.Record(
        rows=rows,
        still=still,
        happened=happened,
        clocks=layout.clocks,
        sets=sets,
        calendars=calendars,
        since=int(rows["_at"].min()),  # type: ignore[arg-type]
    )
    several = rows.height > _FEW
    transit = (
        still["transit_seconds"] if "transit_seconds" in still.columns else pl.Series([], dtype=pl.Int64)
    )
    return Bench(
        pack=pack,
        layout=layout,
        rows=rows.select("_row", "_at", "_class"),
        still=still,
        past=record.past(layout.ledger, policy),
        hours=hours,
        turns=timeline.turns(layout.texts, hours, transit, pack.zone, within) if several else None,
        horizon=horizon,
    )


_FEW = 100  # acts that are not worth the search for equal instants


def _still(layout: Layout, portraits: pl.DataFrame, places: list[str]) -> pl.DataFrame:
    """What does not change, for each portrait."""
    lazy = portraits.lazy()
    for stage in layout.still:
        lazy = lazy.with_columns(stage)
    asked = [text.version.term for text in layout.texts]
    facts = [frames.CHANNEL] * any(map(lookback.by_channel, asked))
    facts += ["transit_seconds"] * any(
        isinstance(term, terms.Window) and term.moment is terms.Moment.ARRIVAL for term in asked
    )
    sets = {f"_set{number}" for number in range(len(layout.clocks))}
    groups = [*_STILL, *layout.ledger.doubts()]
    bits = [name for group in groups for name in layout.ledger.columns(group)]
    return lazy.select(*facts, *sorted(sets.union(places)), "_covered", *bits).collect()
