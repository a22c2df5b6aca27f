"""What happened before the acts of a frame: the texts that count contacts, or ask for an event or a consent.

Laid out once for the acts that it concerns, then asked of any instant. Most acts have nothing on record that any
of these texts minds, and are then all alike: they come out as `otherwise` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from duly.law import combinations, frames, records, sequences, slots, tallies, terms, values
from duly.law.calendars import Calendars
from duly.law.verdicts import Ledger

GOOD, BAD, UNKNOWN = 1, 2, 3  # what a text found; null where the act is like all others


@dataclass(frozen=True)
class Found:
    """What was found for some acts at an instant each.

    `number` is for each act its row in `table`, which has `_seen_bad`, `_seen_good` and `_moved` bits, and for the
    text at place n `_f<n>` (null where the act is like all others). `ends` has `_row` and `_n<n>`: when that may end.
    """

    number: pl.Series
    table: pl.DataFrame
    ends: pl.DataFrame


@dataclass(frozen=True)
class Past:
    """What happened before, for each text that looks back, by its place."""

    ledger: Ledger
    height: int
    allowed: Mapping[int, int]
    caps: Mapping[int, pl.DataFrame]
    tracks: Mapping[int, sequences.Track]
    rows: Mapping[int, pl.DataFrame]

    @property
    def places(self) -> list[int]:
        """The places of the texts that look back."""
        return [place for place, text in enumerate(self.ledger.texts) if looks_back(text.version.term)]

    def otherwise(self, place: int) -> bool | None:
        """Whether acts of which nothing is on record break the text at the place; None: nobody knows."""
        if place in self.tracks:
            return self.tracks[place].otherwise
        return self.allowed[place] == 0 if place in self.allowed else None

    def find(self, asked: pl.DataFrame) -> Found:
        """What is found for acts (`_row`, `_t`), each once."""
        parts = [part for part in (*self._counted(asked), *self._tracked(asked)) if not part.is_empty()]
        if not parts:
            alike = pl.DataFrame({"_row": [None]}, schema={"_row": pl.UInt32()})
            return Found(
                pl.repeat(0, asked.height, dtype=pl.UInt32, eager=True), self._table(alike), alike.clear()
            )
        whole = parts[0] if len(parts) == 1 else pl.concat([part.select("_row") for part in parts]).unique()
        for part in parts if len(parts) > 1 else ():
            whole = whole.join(part, on="_row", how="left")
        said = [name for name in whole.columns if name.startswith(("_f", "_v"))]
        same = combinations.of(whole.select(said))
        alike = pl.DataFrame({"_row": [None]}, schema={"_row": pl.UInt32()})
        table = pl.concat([alike, whole.select("_row", *said)[same.first]], how="diagonal")
        numbers = pl.repeat(0, self.height, dtype=pl.UInt32, eager=True).scatter(
            whole["_row"], same.number + 1
        )
        ends = whole.select("_row", *(name for name in whole.columns if name.startswith("_n")))
        return Found(numbers.gather(asked["_row"]), self._table(table), ends)

    def freed(self, place: int, waiting: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
        """When what the text at the place found of these acts may end: `_row`, `_free`."""
        if place in self.tracks:
            return waiting.select("_row").join(
                ends.select("_row", pl.col(f"_n{place}").alias("_free")), on="_row"
            )
        term = self.ledger.texts[place].version.term
        if not isinstance(term, terms.Cap):
            raise TypeError(f"{term} looks back on nothing")
        full = tallies.tally(term, self.caps[place], waiting)
        return tallies.leave(term, full, self.allowed[place]).rename({"free": "_free"})

    def _counted(self, asked: pl.DataFrame) -> Iterator[pl.DataFrame]:
        for place, pairs in self.caps.items():
            term = self.ledger.texts[place].version.term
            if isinstance(term, terms.Cap) and not pairs.is_empty():
                full = tallies.most(tallies.tally(term, pairs, asked))
                full = full.filter(pl.col("count") >= self.allowed[place])
                yield full.select("_row", pl.lit(BAD, pl.Int8).alias(f"_f{place}"))

    def _tracked(self, asked: pl.DataFrame) -> Iterator[pl.DataFrame]:
        for place, track in self.tracks.items():
            if self.rows[place].is_empty():
                continue
            at = track.at(asked.join(self.rows[place], on="_row", how="semi"))
            came = pl.when("broken").then(BAD).when(~pl.col("broken")).then(GOOD).otherwise(UNKNOWN)
            lacks = self.ledger.lacks[place]
            yield at.select(
                "_row",
                came.cast(pl.Int8).alias(f"_f{place}"),
                pl.col("ends").alias(f"_n{place}"),
                *(pl.col(fact).alias(f"_v{place}/{lacks.index(fact)}") for fact in track.wanting),
            )

    def _table(self, said: pl.DataFrame) -> pl.DataFrame:
        """What was said of each combination, as bits; all alike where nothing was said."""
        names = [f"_f{place}" for place in self.places]
        said = said.with_columns(
            pl.lit(None, pl.Int8).alias(name) for name in names if name not in said.columns
        )
        otherwise = {place: self.otherwise(place) for place in self.places}
        moved: dict[str, dict[int, pl.Expr]] = {doubt: {} for doubt in self.ledger.moved()}
        for name in said.columns:
            if name.startswith("_v"):
                at, _, which = name.removeprefix("_v").partition("/")
                moved[self.ledger.doubts()[int(which)]][int(at)] = pl.col(name).fill_null(value=False)
        if said.height == 1:  # where all are alike, nothing need be computed
            bad = {place: slots.TRUE for place, broken in otherwise.items() if broken}
            good = {place: slots.TRUE for place, broken in otherwise.items() if broken is False}
        else:
            bad = {
                place: (pl.col(f"_f{place}") == BAD).fill_null(broken is True)
                for place, broken in otherwise.items()
            }
            good = {
                place: (pl.col(f"_f{place}") == GOOD).fill_null(broken is False)
                for place, broken in otherwise.items()
            }
        return said.drop("_row").with_columns(
            *self.ledger.packed("seen_bad", bad),
            *self.ledger.packed("seen_good", good),
            *(bits for doubt, flags in moved.items() for bits in self.ledger.packed(f"moved_{doubt}", flags)),
        )


def looks_back(term: terms.Term) -> bool:
    """Whether what the term says depends on what happened before."""
    ends = isinstance(term, terms.Stop) and term.expiry is not None
    return ends or isinstance(term, terms.Cap | terms.Precedence | terms.Consent)


def by_channel(term: terms.Term) -> bool:
    """Whether what the term counts or asks for is of the act's own channel."""
    return isinstance(term, terms.Consent) or (isinstance(term, terms.Cap) and not term.pool)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What there is to look back on.

    `rows` are of `frames.acts`, with the `_class` that `still` has a row for; `happened` of `records.happenings`.
    Contacts are counted from `since` on, as far back as a cap may reach from there.
    """

    rows: pl.DataFrame
    still: pl.DataFrame
    happened: pl.DataFrame
    clocks: Sequence[terms.Clock]
    sets: Sequence[tuple[str, ...]]
    calendars: Calendars
    since: int

    def past(self, ledger: Ledger, policy: values.Policy) -> Past:
        """What happened before, for each text."""
        allowed = {
            place: most
            for place, text in enumerate(ledger.texts)
            if isinstance(text.version.term, terms.Cap)
            and (most := slots.most_allowed(text.rule, text.version.term, policy)) is not None
        }
        tracks = dict(self._tracks(ledger))
        return Past(
            ledger=ledger,
            height=self.rows.height,
            allowed=allowed,
            caps=dict(self._caps(ledger, allowed)),
            tracks=tracks,
            rows={place: track.rows() for place, track in tracks.items()},
        )

    def _caps(self, ledger: Ledger, allowed: Mapping[int, int]) -> Iterator[tuple[int, pl.DataFrame]]:
        alive = self._alive(ledger)
        counted = {p: ledger.texts[p].version.term for p, most in allowed.items() if most > 0 and p in alive}
        back = max(
            (tallies.lookback(cap) for cap in counted.values() if isinstance(cap, terms.Cap)), default=0
        )
        contacts = records.contacts(self.happened, since=self.since - back) if counted else None
        for place, term in counted.items():
            if isinstance(term, terms.Cap) and contacts is not None and not contacts.is_empty():
                acts = self._concerned(ledger, place, tallies.own(term.scope))
                yield (
                    place,
                    tallies.near(term, acts, contacts, self.sets, allowed=allowed[place], since=self.since),
                )

    def _tracks(self, ledger: Ledger) -> Iterator[tuple[int, sequences.Track]]:
        for place in sorted(self._alive(ledger)):
            match term := ledger.texts[place].version.term:
                case terms.Stop() if term.expiry is not None:
                    acts = self._concerned(ledger, place, ["person"])
                    yield place, sequences.of_expiry(term.expiry, acts, self.happened, self.sets)
                case terms.Precedence():
                    acts = self._concerned(ledger, place, tallies.own(term.scope))
                    yield place, sequences.of_precedence(term, acts, self.happened, self.sets, self.calendars)
                case terms.Consent():
                    acts = self._concerned(ledger, place, ["consents"])
                    yield place, sequences.of_consent(term, acts, records.consents(acts), self.sets)

    def _alive(self, ledger: Ledger) -> set[int]:
        """The places of the texts that may be about any act at all."""
        words = range(len(ledger.columns("")))
        spared = [
            pl.col(f"_off{word}")
            | pl.col(f"_lifted{word}")
            | pl.col(f"_dark{word}")
            | pl.col(f"_never{word}")
            for word in words
        ]
        every = ledger.masks(range(len(ledger.texts)))
        alive = zip(spared, every, ledger.columns("alive"), strict=True)
        still = self.still.select((~one & mask).alias(name) for one, mask, name in alive)
        return set(ledger.places("alive", still))

    def _concerned(self, ledger: Ledger, place: int, own: Sequence[str]) -> pl.DataFrame:
        """The acts that the text at the place may be about: `_row`, `_set`, and these columns of theirs."""
        term = ledger.texts[place].version.term
        clock = terms.clock_of(term)
        zones = f"_set{self.clocks.index(clock)}" if clock else None
        spared = [ledger.is_set(group, place) for group in ("off", "lifted", "dark", "never")]
        still = self.still.select(
            pl.any_horizontal(*spared).alias("_spared"),
            pl.col(zones).alias("_set") if zones else pl.lit(None, pl.Int64).alias("_set"),
            *([pl.col(frames.CHANNEL).alias("channel")] if by_channel(term) else []),
        )
        acts = self.rows.select("_row", "_class", *own).filter(~still["_spared"].gather(self.rows["_class"]))
        return acts.with_columns(still[name].gather(acts["_class"]) for name in still.columns[1:])


def count_spent(rows: pl.DataFrame, texts: Sequence[slots.Slot], happened: pl.DataFrame) -> pl.DataFrame:
    """The acts with `_spent<n>` for each text number n that spares some acts so many times only."""
    for text in texts:
        term = text.version.term
        if isinstance(term, terms.Stop) and term.spent is not None:
            used = happened.filter(pl.col("kind").is_in(sorted(term.spent.event)))
            named = pl.col("ref").fill_null("") != ""
            one = pl.when(named).then("ref").otherwise(pl.col("when").cast(pl.String))
            counts = used.group_by("person").agg(one.n_unique().alias("_used"))
            often = counts.filter(pl.col("_used") >= term.spent.most)
            spent = pl.repeat(term.spent.most <= 0, rows.height, dtype=pl.Boolean, eager=True).alias(
                f"_spent{text.number}"
            )
            if term.spent.most > 0 and not often.is_empty():
                spent = rows["person"].is_in(often["person"].implode()).alias(spent.name)
            rows = rows.with_columns(spent)
    return rows
