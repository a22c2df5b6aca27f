"""A frame of acts under a pack, ready to be asked what every text says of them at any instant.

What does not change from instant to instant is worked out once; `Bench.judge` then answers for instants that
each act brings along, and `waiting` brings later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from duly.law import frames, sequences, slots, tallies, terms, values
from duly.law.calendars import UNKNOWN, Calendars
from duly.law.intervals import NEVER, Line, Look
from duly.law.pack import Pack
from duly.law.verdicts import Ledger

_DAY = terms.DAY_SECONDS


@dataclass(frozen=True)
class Layout:
    """The texts that can bind in a period, and the expressions that are asked of any frame of acts under them."""

    texts: list[slots.Slot]
    clocks: list[terms.Clock]
    ledger: Ledger
    still: list[pl.Expr]
    stages: list[list[pl.Expr]]

    @classmethod
    def of(cls, pack: Pack, texts: list[slots.Slot]) -> Layout:
        """Lay them out."""
        clocks = list(dict.fromkeys(filter(None, (terms.clock_of(text.version.term) for text in texts))))
        ledger = Ledger.of(pack, texts)
        still = [
            *map(
                pl.col,
                ("_row", "_at", "person", "number", "channel", "accounts", "transit_seconds", "_stated"),
            ),
            *(pl.col(f"_set{number}") for number in range(len(clocks))),
            ledger.covered(pl.col("jurisdictions")).alias("_covered"),
            *(expression for text in texts for expression in _unchanging(text)),
            *(
                (
                    text.applies_unknown.get(fact, slots.FALSE) | text.broken_unknown.get(fact, slots.FALSE)
                ).alias(f"u{text.number}/{fact}")
                for text, fact in ledger.pairs
            ),
        ]
        return cls(texts=texts, clocks=clocks, ledger=ledger, still=still, stages=ledger.stages())


@dataclass(frozen=True)
class Bench:
    """Everything about a frame of acts under a pack that does not change from instant to instant.

    `still` has a row for each act: `_row`, `_at`, the keys caps are counted by, `_set<n>` (the number of its
    set of zones under clock n), `_covered`, and for the text n `a<n>` (applies), `l<n>` (lifted), `c<n>`
    (broken, of a term that time does not change) or `k<n>` (not known, of one that it does); `u<n>/<fact>`
    tells whether the fact is wanting.
    """

    pack: Pack
    policy: values.Policy
    layout: Layout
    clocks: list[terms.Clock]
    still: pl.DataFrame
    contacts: pl.DataFrame
    sets: list[tuple[str, ...]]
    hours: dict[terms.Window, Hours]
    tracks: dict[int, sequences.Track]
    horizon: int

    @property
    def texts(self) -> list[slots.Slot]:
        """The texts that can bind."""
        return self.layout.texts

    @property
    def ledger(self) -> Ledger:
        """Which bit means what."""
        return self.layout.ledger

    def at_once(self) -> pl.DataFrame:
        """`judge` of every act at its own instant."""
        return self.judge(self.still.with_columns(pl.col("_at").alias("_t")))

    def answer(self, acts: pl.Series, judged: pl.DataFrame) -> pl.DataFrame:
        """The verdicts of some acts at their `_t`, without what would mend them."""
        no_until = pl.DataFrame(schema={"_row": pl.UInt32(), "until": pl.Int64()})
        return self.ledger.answer(acts.gather(judged["_row"]), judged, no_until, latest(self, judged))

    def judge(self, acts: pl.DataFrame) -> pl.DataFrame:
        """What every text says of these acts at `_t`, as the ledger's bits, with what the searches need.

        That is, for text n `n<n>` (when it may next be kept) and, of a window, `e<n>` (where this stretch ends).
        """
        more: list[pl.Series] = []
        found: dict[terms.Window, tuple[pl.Series, pl.Series, pl.Series]] = {}
        for text in self.texts:
            term = text.version.term
            if isinstance(term, terms.Window):
                if term not in found:
                    found[term] = self._look_up(acts, term)
                broken, following, end = found[term]
                names = (f"c{text.number}", f"n{text.number}", f"e{text.number}")
                more += [one.alias(name) for one, name in zip((broken, following, end), names, strict=True)]
                lacks = (broken.is_null() & ~acts[f"k{text.number}"]).alias
                more += [lacks(f"v{text.number}/{fact}") for fact in text.moving]
            elif isinstance(term, terms.Cap):
                more.append(self._used_up(acts, text, term).alias(f"c{text.number}"))
            elif text.number in self.tracks:
                known = ~pl.col(f"k{text.number}")
                broken, ends, wanting = self.tracks[text.number].at(
                    acts.select("_row", "_t", f"k{text.number}"), known
                )
                if text.state is not None:
                    broken = acts[f"s{text.number}"] & broken
                more += [broken.alias(f"c{text.number}"), ends.alias(f"n{text.number}")]
                more += [lacks.alias(f"v{text.number}/{fact}") for fact, lacks in wanting.items()]
        judged = acts.with_columns(more).lazy()
        for stage in self.layout.stages:
            judged = judged.with_columns(stage)
        return judged.collect()

    def tally(self, acts: pl.DataFrame, cap: terms.Cap) -> pl.DataFrame:
        """The contacts that count against the cap around each act's `_t`."""
        clock = f"_set{self.clocks.index(cap.clock)}"
        return tallies.tally(cap, acts.with_columns(pl.col(clock).alias("_set")), self.contacts, self.sets)

    def _look_up(self, acts: pl.DataFrame, window: terms.Window) -> tuple[pl.Series, pl.Series, pl.Series]:
        start = window.moment is terms.Moment.START
        delay = pl.repeat(0, acts.height, dtype=pl.Int64, eager=True) if start else acts["transit_seconds"]
        hours = self.hours[window]
        at, place = acts["_t"] + delay, acts[hours.place]
        inside, following, end = hours.surely.find(at, place)
        broken = ~inside
        if hours.perhaps is not None:
            unknown = hours.perhaps.find(at, place)[0] & broken
            broken = pl.select(pl.when(~unknown).then(broken)).to_series()
        return broken, following - delay, end - delay

    def _used_up(self, acts: pl.DataFrame, text: slots.Slot, cap: terms.Cap) -> pl.Series:
        """Whether the cap is used up for each act; null where a fact is missing."""
        allowed = slots.most_allowed(text.rule, cap, self.policy)
        if allowed is None:
            return pl.repeat(None, acts.height, dtype=pl.Boolean, eager=True)
        asked = acts.filter(pl.col(f"a{text.number}").fill_null(True))
        counts = tallies.most(self.tally(asked, cap))
        counted = acts.select("_row", f"k{text.number}").join(
            counts, on="_row", how="left", maintain_order="left"
        )
        return counted.select(
            pl.when(~pl.col(f"k{text.number}")).then(pl.col("count").fill_null(0) >= allowed)
        ).to_series()


def period(acts: pl.DataFrame, horizon: int) -> tuple[int, int]:
    """The stretch of time in which anything is asked about these acts."""
    at, transit = acts["_at"], acts["transit_seconds"].fill_null(0).abs()
    delay = int(transit.max() or 0)  # type: ignore[arg-type]
    return int(at.min()) - delay - _DAY, int(at.max()) + delay + horizon + 2 * _DAY  # type: ignore[arg-type]


def number_zones(
    acts: pl.DataFrame, clocks: Sequence[terms.Clock]
) -> tuple[pl.DataFrame, list[tuple[str, ...]]]:
    """The acts with `_set<n>` for each clock, null where no zone is known; and the sets the numbers mean."""
    joined = {"_own": "zones", "_of_number": "number_zones", "_stated": "preferred"}
    acts = acts.with_columns(
        pl.col(source).list.unique().list.sort().list.join("|").fill_null("").alias(name)
        for name, source in joined.items()
    )
    unknown = pl.col("_own") == ""
    acts = acts.with_columns(
        unknown.alias("_zones_unknown"), (unknown & (pl.col("_of_number") == "")).alias("_presumed_unknown")
    )
    names = sorted({*acts["_own"].unique(), *acts["_of_number"].unique()} - {""})
    sets: list[tuple[str, ...]] = [tuple(name.split("|")) for name in names]
    place = {name: number for number, name in enumerate(names)}

    def numbered(column: str) -> pl.Expr:
        if not place:
            return pl.lit(None, dtype=pl.Int64)
        return pl.col(column).replace_strict(place, default=None, return_dtype=pl.Int64)

    columns: list[pl.Expr] = []
    for number, clock in enumerate(clocks):
        fixed = clock.basis is terms.ZoneBasis.FIXED
        general = (clock.name or "",) if fixed else clock.candidates
        if general and general not in sets:
            sets.append(general)
        otherwise = pl.lit(sets.index(general) if general else None, dtype=pl.Int64)
        presumed = [numbered("_of_number")] if clock.basis is terms.ZoneBasis.AREA_CODE else []
        own = pl.coalesce(numbered("_own"), *presumed, otherwise)
        columns.append((otherwise if fixed else own).alias(f"_set{number}"))
    return acts.with_columns(columns), sets


def _unchanging(text: slots.Slot) -> list[pl.Expr]:
    name = str(text.number)
    known = [text.applies.alias(f"a{name}"), text.lifted.alias(f"l{name}")]
    if text.broken is not None:
        return [*known, text.broken.alias(f"c{name}")]
    lacking = text.broken_unknown
    if text.state is not None:
        known.append(text.state.alias(f"s{name}"))
        lacking = {"zones": lacking["zones"]} if "zones" in lacking else {}
    return [*known, pl.any_horizontal(slots.FALSE, *lacking.values()).alias(f"k{name}")]


def count_spent(frame: pl.DataFrame, texts: Sequence[slots.Slot], history: pl.DataFrame) -> pl.DataFrame:
    """The acts with `_spent<n>` for each text n that spares some acts so many times only."""
    for text in texts:
        term = text.version.term
        if isinstance(term, terms.Stop) and term.spent is not None:
            used = frames.happenings(history).filter(pl.col("kind").is_in(sorted(term.spent.event)))
            one = (
                pl.when(pl.col("ref").fill_null("") != "")
                .then("ref")
                .otherwise(pl.col("when").cast(pl.String))
            )
            counts = used.group_by("person").agg(one.n_unique().alias("_used"))
            spent = (pl.col("_used").fill_null(0) >= term.spent.most).alias(f"_spent{text.number}")
            frame = frame.join(counts, on="person", how="left", maintain_order="left").with_columns(spent)
            frame = frame.drop("_used")
    return frame


@dataclass(frozen=True)
class Asked:
    """A frame of acts with what was worked out of it, the history, and the clocks with their sets of zones."""

    frame: pl.DataFrame
    still: pl.DataFrame
    history: pl.DataFrame
    clocks: Sequence[terms.Clock]
    sets: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Hours:
    """A window laid out: where it is surely open and, if a calendar decides, where it may be.

    `place` is the column of `still` with the number of the set of zones and of the hours the debtor stated.
    """

    surely: Line
    perhaps: Line | None
    place: str


def lay_hours(
    windows: Iterable[terms.Window], asked: Asked, calendars: Calendars, period: tuple[int, int]
) -> tuple[dict[terms.Window, Hours], pl.DataFrame]:
    """The windows laid out over the period, and `still` with the columns in which they are looked up."""
    found: dict[terms.Window, Hours] = {}
    still = asked.still
    for window in windows:
        calendar = calendars.get(window.calendar or "", UNKNOWN)
        plain = f"_set{asked.clocks.index(window.clock)}"
        stated: list[tuple[int, str]] = [(number, "") for number in range(len(asked.sets))]
        place = plain
        if window.preference is not None:
            place = f"_place{len(found)}"
            several = still.select(plain, "_stated").drop_nulls().unique(maintain_order=True)
            stated = several.rows()
            table = several.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(place))
            still = still.join(table, on=[plain, "_stated"], how="left", maintain_order="left")
        looks = [
            (asked.sets[number], Look(window, calendar, tuple(own.split("|")) if own else ()))
            for number, own in stated
        ]
        perhaps = None
        if window.calendar is not None:
            perhaps = Line.of([(zones, replace(look, perhaps=True)) for zones, look in looks], *period)
        found[window] = Hours(surely=Line.of(looks, *period), perhaps=perhaps, place=place)
    return found, still


def tracks(texts: Sequence[slots.Slot], asked: Asked, calendars: Calendars) -> dict[int, sequences.Track]:
    """For each text that looks back, what has happened, for the acts to which it may apply."""
    found: dict[int, sequences.Track] = {}
    happened = consents = None
    for text in texts:
        term = text.version.term
        own = terms.clock_of(term)
        if not isinstance(term, terms.Precedence | terms.Consent | terms.Stop) or own is None:
            continue
        clock = pl.col(f"_set{asked.clocks.index(own)}").alias("_set")
        acts = asked.still.filter(pl.col(f"a{text.number}").fill_null(value=True)).with_columns(clock)
        if isinstance(term, terms.Stop) and term.expiry is not None:
            happened = frames.happenings(asked.history) if happened is None else happened
            found[text.number] = sequences.of_expiry(term.expiry, acts, happened, asked.sets)
        elif isinstance(term, terms.Precedence):
            happened = frames.happenings(asked.history) if happened is None else happened
            found[text.number] = sequences.of_precedence(term, acts, happened, asked.sets, calendars)
        elif isinstance(term, terms.Consent):
            consents = frames.consents(asked.frame) if consents is None else consents
            found[text.number] = sequences.of_consent(term, acts, consents, asked.sets)
    return found


def latest(bench: Bench, judged: pl.DataFrame) -> pl.DataFrame:
    """The last lawful second of the stretch of each permitted act: `_row`, `latest`."""
    permitted = judged.filter(pl.col("verdict") == values.Kind.PERMIT.value)
    zone = bench.pack.zone
    day = frames.instants(permitted["_t"]).dt.convert_time_zone(zone).dt.date()
    ends = {one: slots.midnight(one + timedelta(days=1), zone, NEVER) for one in day.unique().to_list()}
    day_end = day.replace_strict(ends, return_dtype=pl.Int64) if ends else pl.Series([], dtype=pl.Int64)
    stretches = [
        pl.when(
            (pl.col("_t") >= text.begins)
            & (pl.col("_t") < text.ends)
            & pl.col(f"a{text.number}").fill_null(True)
            & ~pl.col(f"l{text.number}")
        ).then(pl.col(f"e{text.number}"))
        for text in bench.texts
        if isinstance(text.version.term, terms.Window)
    ]
    return permitted.select("_row", (pl.min_horizontal(day_end, *stretches) - 1).alias("latest"))
