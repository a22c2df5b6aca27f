"""The fast reading: a frame of acts, all rules at once, the same answers as `decide` with all reasons.

What does not depend on the instant is worked out once for each act and text. Windows and caps are then
asked of an instant, first the act's own, and for those that time may mend of later ones, each the earliest
that any rule standing in the way allows, until nothing stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, cast

import polars as pl

from duly.law import frames, slots, tallies, terms, values
from duly.law.decide import HORIZON
from duly.law.intervals import NEVER, Line
from duly.law.pack import Pack
from duly.law.verdicts import Ledger

act_of = frames.act_of
_DAY = terms.DAY_SECONDS


def judge(
    pack: Pack,
    acts: pl.DataFrame,
    history: pl.DataFrame,
    policy: values.Policy | None = None,
    *,
    horizon: timedelta = HORIZON,
) -> pl.DataFrame:
    """One verdict for each act. The columns of the frames and of the answer: see `duly.law`."""
    if acts.is_empty():
        return Ledger.empty(acts["act"].dtype)
    frame = frames.acts(acts)
    bench = _Bench.set_up(pack, frame, frames.history(history), policy or {}, int(horizon.total_seconds()))
    judged = bench.judge(bench.still.with_columns(pl.col("_at").alias("_t")))
    return bench.ledger.answer(acts["act"], judged, _until(bench, judged), _latest(bench, judged))


class Answer(TypedDict):
    """One row of the answer."""

    act: object
    verdict: str
    until: datetime | None
    latest: datetime | None
    because: list[dict[str, str]]
    blocked_by: list[dict[str, str]]
    in_doubt: list[dict[str, str]]


def judge_acts(pack: Pack, acts: Sequence[values.Act]) -> list[Answer]:
    """The verdicts of plain acts that know nothing of each other, each with its own history and policy."""
    answers: dict[int, Answer] = {}
    policies: list[values.Policy] = []
    for act in acts:
        if act.policy not in policies:
            policies.append(act.policy)
    for policy in policies:
        places = [place for place, act in enumerate(acts) if act.policy == policy]
        frame, history = frames.of_acts([frames.apart(acts[place], place) for place in places])
        rows = cast("list[Answer]", judge(pack, frame, history, policy).rows(named=True))
        answers.update(zip(places, rows, strict=True))
    return [answers[place] for place in range(len(acts))]


@dataclass(frozen=True)
class _Bench:
    """Everything about a frame of acts under a pack that does not change from instant to instant.

    `still` has a row for each act: `_row`, `_at`, the keys caps are counted by, `_set<n>` (the number of its
    set of zones under clock n), `_covered`, and for the text n `a<n>` (applies), `l<n>` (lifted), `c<n>`
    (broken, of a term that time does not change) or `k<n>` (not known, of one that it does); `u<k>` tells
    whether the k-th fact of the ledger's pairs is wanting.
    """

    pack: Pack
    policy: values.Policy
    texts: list[slots.Slot]
    still: pl.DataFrame
    contacts: pl.DataFrame
    clocks: list[terms.Clock]
    sets: list[tuple[str, ...]]
    lines: dict[terms.Window, Line]
    ledger: Ledger
    horizon: int

    @classmethod
    def set_up(
        cls, pack: Pack, acts: pl.DataFrame, contacts: pl.DataFrame, policy: values.Policy, horizon: int
    ) -> _Bench:
        """Lay out the texts that can bind in the period, and work out what does not depend on the instant."""
        begin, end = _period(acts, horizon)
        texts = slots.lay_out(pack, policy, begin, end)
        clocks = list(
            dict.fromkeys(
                term.clock for term in (text.version.term for text in texts) if isinstance(term, _Timed)
            )
        )
        acts, sets = _number_zones(acts, clocks)
        ledger = Ledger.of(pack, texts)
        still = acts.lazy().select(
            *("_row", "_at", "person", "number", "channel", "accounts", "transit_seconds"),
            *(f"_set{number}" for number in range(len(clocks))),
            ledger.covered(pl.col("jurisdictions")).alias("_covered"),
            *(expression for text in texts for expression in _unchanging(text)),
            *(
                (
                    text.applies_unknown.get(fact, slots.FALSE) | text.broken_unknown.get(fact, slots.FALSE)
                ).alias(f"u{place}")
                for place, (text, fact) in enumerate(ledger.pairs)
            ),
        )
        windows = {text.version.term for text in texts if isinstance(text.version.term, terms.Window)}
        return cls(
            pack=pack,
            policy=policy,
            texts=texts,
            still=still.collect(),
            contacts=contacts,
            clocks=clocks,
            sets=sets,
            lines={window: Line.of(window, sets, begin, end) for window in windows},
            ledger=ledger,
            horizon=horizon,
        )

    def judge(self, acts: pl.DataFrame) -> pl.DataFrame:
        """What every text says of these acts at `_t`, as the ledger's bits, with what the searches need.

        That is, for the window of text n, `n<n>` (where it next begins) and `e<n>` (where this stretch ends).
        """
        more: list[pl.Series] = []
        found: dict[terms.Window, tuple[pl.Series, pl.Series, pl.Series]] = {}
        for text in self.texts:
            term = text.version.term
            if isinstance(term, terms.Window):
                if term not in found:
                    found[term] = self._look_up(acts, term)
                inside, following, end = found[term]
                names = (f"c{text.number}", f"n{text.number}", f"e{text.number}")
                more += [one.alias(name) for one, name in zip((~inside, following, end), names, strict=True)]
            elif isinstance(term, terms.Cap):
                more.append(self._used_up(acts, text, term).alias(f"c{text.number}"))
        return acts.with_columns(more).lazy().with_columns(self.ledger.bits()).collect()

    def tally(self, acts: pl.DataFrame, cap: terms.Cap) -> pl.DataFrame:
        """The contacts that count against the cap around each act's `_t`."""
        clock = f"_set{self.clocks.index(cap.clock)}"
        return tallies.tally(cap, acts.with_columns(pl.col(clock).alias("_set")), self.contacts, self.sets)

    def _look_up(self, acts: pl.DataFrame, window: terms.Window) -> tuple[pl.Series, pl.Series, pl.Series]:
        start = window.moment is terms.Moment.START
        delay = pl.repeat(0, acts.height, dtype=pl.Int64, eager=True) if start else acts["transit_seconds"]
        sets = acts[f"_set{self.clocks.index(window.clock)}"]
        inside, following, end = self.lines[window].find(acts["_t"] + delay, sets)
        return inside, following - delay, end - delay

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


_Timed = terms.Window | terms.Cap


def _period(acts: pl.DataFrame, horizon: int) -> tuple[int, int]:
    """The stretch of time in which anything is asked about these acts."""
    at, transit = acts["_at"], acts["transit_seconds"].fill_null(0).abs()
    delay = int(transit.max() or 0)  # type: ignore[arg-type]
    return int(at.min()) - delay - _DAY, int(at.max()) + delay + horizon + 2 * _DAY  # type: ignore[arg-type]


def _number_zones(
    acts: pl.DataFrame, clocks: Sequence[terms.Clock]
) -> tuple[pl.DataFrame, list[tuple[str, ...]]]:
    """The acts with `_set<n>` for each clock, null where no zone is known; and the sets the numbers mean."""
    own = pl.col("zones").list.unique().list.sort().list.join("|")
    acts = acts.with_columns(
        own.alias("_own"), (pl.col("zones").list.len().fill_null(0) == 0).alias("_zones_unknown")
    )
    names = acts.filter(~pl.col("_zones_unknown"))["_own"].unique().sort().to_list()
    sets: list[tuple[str, ...]] = [tuple(name.split("|")) for name in names]
    place = {name: number for number, name in enumerate(names)}
    of_its_own = pl.when(~pl.col("_zones_unknown")).then(
        pl.col("_own").replace_strict(place, default=None, return_dtype=pl.Int64)
        if place
        else pl.lit(None, dtype=pl.Int64)
    )
    columns: list[pl.Expr] = []
    for number, clock in enumerate(clocks):
        fixed = clock.basis is terms.ZoneBasis.FIXED
        general = (clock.name or "",) if fixed else clock.candidates
        if general and general not in sets:
            sets.append(general)
        otherwise = pl.lit(sets.index(general) if general else None, dtype=pl.Int64)
        columns.append((otherwise if fixed else pl.coalesce(of_its_own, otherwise)).alias(f"_set{number}"))
    return acts.with_columns(columns), sets


def _unchanging(text: slots.Slot) -> list[pl.Expr]:
    name = str(text.number)
    known = [text.applies.alias(f"a{name}"), text.lifted.alias(f"l{name}")]
    if text.broken is not None:
        return [*known, text.broken.alias(f"c{name}")]
    return [*known, pl.any_horizontal(slots.FALSE, *text.broken_unknown.values()).alias(f"k{name}")]


# --- when ------------------------------------------------------------------------------------------


def _until(bench: _Bench, judged: pl.DataFrame) -> pl.DataFrame:
    """The next lawful instant of acts that time alone holds: `_row`, `until`."""
    waiting = judged.filter((pl.col("verdict") == values.Kind.HOLD.value) & ~bench.ledger.any_doubt())
    found = [pl.DataFrame(schema={"_row": pl.UInt32(), "until": pl.Int64()})]
    while not waiting.is_empty():
        moved = waiting.with_columns(_freed(bench, waiting).alias("_t"))
        moved = moved.filter(pl.col("_t") <= pl.col("_at") + bench.horizon)
        if moved.is_empty():
            break
        again = bench.judge(moved.select(*bench.still.columns, "_t"))
        permitted = pl.col("verdict") == values.Kind.PERMIT.value
        found.append(again.filter(permitted).select("_row", pl.col("_t").alias("until")))
        waiting = again.filter(~permitted)
    return pl.concat(found)


def _freed(bench: _Bench, waiting: pl.DataFrame) -> pl.Series:
    """The earliest instant at which everything that stands in the way now may have gone, later than now."""
    waits: list[pl.Expr] = []
    frees: list[pl.DataFrame] = []
    for place, text in enumerate(bench.texts):
        term, stands = text.version.term, bench.ledger.stands(place)
        ends = pl.lit(text.ends, dtype=pl.Int64)
        # Of a doubt whether the rule applies at all, time may take the reason, as it does of a breach.
        breached = stands & pl.col(f"c{text.number}").fill_null(False)
        if isinstance(term, terms.Window):
            waits.append(
                pl.when(breached).then(pl.min_horizontal(f"n{text.number}", ends)).when(stands).then(ends)
            )
        elif isinstance(term, terms.Cap):
            allowed = slots.most_allowed(text.rule, term, bench.policy) or 0
            free = f"f{text.number}"
            full = bench.tally(waiting.filter(breached), term)
            frees.append(tallies.leave(term, full, allowed).rename({"free": free}))
            # A cap of nought frees nobody, and has no contact to wait for.
            freed = pl.min_horizontal(pl.col(free).fill_null(NEVER), ends)
            waits.append(pl.when(breached).then(freed).when(stands).then(ends))
        else:
            waits.append(pl.when(stands).then(ends))
    begins = [text.begins for text in bench.texts if text.rule.permits]
    sooner = [pl.when(pl.col("_t") < begin).then(pl.lit(begin, dtype=pl.Int64)) for begin in begins]
    speaks = pl.min_horizontal(pl.lit(NEVER, dtype=pl.Int64), *sooner)
    waits += [
        pl.when("_silent").then(speaks),
        pl.when(~pl.col("_covered")).then(pl.lit(NEVER, dtype=pl.Int64)),
    ]
    for free_frame in frees:
        waiting = waiting.join(free_frame, on="_row", how="left", maintain_order="left")
    return waiting.select(pl.max_horizontal(*waits)).to_series()


def _latest(bench: _Bench, judged: pl.DataFrame) -> pl.DataFrame:
    """The last lawful second of the stretch of each permitted act: `_row`, `latest`."""
    permitted = judged.filter(pl.col("verdict") == values.Kind.PERMIT.value)
    zone = bench.pack.zone
    day = frames.instants(permitted["_at"]).dt.convert_time_zone(zone).dt.date()
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
