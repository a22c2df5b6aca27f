"""When a held act will be lawful: the columnar search for the next lawful instant of many acts at once.

Each act is moved to the earliest instant at which everything that stands in its way may have gone, and judged
again, until nothing stands in its way or its horizon is passed.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from duly.law import lookback, slots, values
from duly.law.intervals import NEVER
from duly.law.workbench import Bench, Judged

_PERMITTED = pl.col("verdict") == values.Kind.PERMIT.value
_NEVER = pl.lit(NEVER, dtype=pl.Int64)


@dataclass(frozen=True)
class Mended:
    """Acts that time alone held, judged at their next lawful instant, which is their `_t`.

    `binds` has a row for each: `_row`, and the bits `_binds<n>` of the texts that stood in the way longest.
    """

    judged: Judged
    binds: pl.DataFrame


def mended(bench: Bench, judged: Judged, *, named: bool = False) -> list[Mended]:
    """The acts that time alone holds, as it is found when they are free; with `named`, what stood in their way."""
    ledger = bench.ledger
    waiting = judged.only((pl.col("verdict") == values.Kind.HOLD.value) & ~ledger.any_doubt())
    found: list[Mended] = []
    while not waiting.rows.is_empty():
        moved = _freed(bench, waiting, named=named)
        moved = moved.filter(pl.col("_t") <= pl.col("_at") + bench.horizon)
        if moved.is_empty():
            break
        again = bench.judge(moved)
        permitted, waiting = again.only(_PERMITTED), again.only(~_PERMITTED)
        if not permitted.rows.is_empty():
            binds = moved.select("_row", *(ledger.columns("binds") if named else ()))
            found.append(
                Mended(permitted, permitted.rows.select("_row").join(binds, on="_row", maintain_order="left"))
            )
    return found


def opened(bench: Bench, held: Judged, end: int) -> list[Judged]:
    """Those of the acts that the hours bar at their instant and not all the time until `end`, judged when they open.

    What bars an act at night besides the night is what a reader asks for: it is there in the morning too.
    """
    windows = [(number, place) for number in range(len(bench.hours)) for place in bench.opening(number)]
    shut = pl.any_horizontal(slots.FALSE, *(_is_breached(bench, place) for _, place in windows))
    opens = [pl.when(_is_breached(bench, place)).then(f"_n{number}") for number, place in windows]
    found: list[Judged] = []
    waiting = held.only(shut)
    while not waiting.rows.is_empty():
        instant = waiting.combos.select(pl.max_horizontal(pl.lit(None, dtype=pl.Int64), *opens)).to_series()
        moved = waiting.rows.with_columns(waiting.put(instant).alias("_t")).filter(pl.col("_t") < end)
        if moved.is_empty():
            break
        again = bench.judge(moved)
        found.append(again.only(~shut & ~_PERMITTED))
        waiting = again.only(shut)
    return found


def _is_breached(bench: Bench, place: int) -> pl.Expr:
    """Whether the text stands in the way as broken, and not only as doubtful."""
    return bench.ledger.is_set("stands", place) & bench.ledger.is_set("bad", place)


def _freed(bench: Bench, waiting: Judged, *, named: bool) -> pl.DataFrame:
    """The acts at the earliest instant at which everything that stands in the way may have gone, later than now.

    With `_t`, and, `named`, in the bits `_binds<n>` the texts that stand until then.
    """
    standing = list(bench.ledger.places("stands", waiting.combos))
    waits = {place: _wait(bench, place) for place in standing}
    combos = waiting.combos.select(
        *(one.cast(pl.Int64).alias(f"w{place}") for place, one in waits.items()), _else(bench).alias("else")
    )
    rows = waiting.rows.drop("_t", "_combo")
    free = waiting.put(combos.select(pl.max_horizontal(pl.all())).to_series())
    own: dict[int, pl.Series] = {}
    for place in standing:
        if lookback.looks_back(bench.layout.texts[place].version.term):
            own[place] = _own_wait(bench, waiting, place)
            free = pl.select(pl.max_horizontal(free, own[place])).to_series()
    moved = rows.with_columns(free.alias("_t"))
    if not named:
        return moved
    binds = {
        place: pl.lit(
            ((own[place] if place in own else waiting.put(combos[f"w{place}"])) == free).fill_null(
                value=False
            )
        )
        for place in standing
    }
    return moved.with_columns(bench.ledger.packed("binds", binds))


def _wait(bench: Bench, place: int) -> pl.Expr:
    """When the text at the place may stand in the way no longer, where the acts of a combination share that."""
    text, stands = bench.layout.texts[place], bench.ledger.is_set("stands", place)
    ends = pl.lit(text.ends, dtype=pl.Int64)
    if lookback.looks_back(text.version.term):
        return pl.when(stands & pl.col(f"_f{place}").is_null()).then(ends)
    number = next((n for n in range(len(bench.hours)) if place in bench.opening(n)), None)
    if number is None:
        return pl.when(stands).then(ends)
    # What is not known at one instant may be at another; what is never known has no end.
    moving = stands & ~bench.ledger.is_set("good", place) & ~bench.ledger.is_set("dark", place)
    return pl.when(moving).then(pl.min_horizontal(f"_n{number}", ends)).when(stands).then(ends)


def _own_wait(bench: Bench, waiting: Judged, place: int) -> pl.Series:
    """For each act when what it has on record may stand in its way no longer; null where that is nothing."""
    ends = bench.layout.texts[place].ends
    held = waiting.only(bench.ledger.is_set("stands", place) & pl.col(f"_f{place}").is_not_null()).rows
    if held.is_empty():
        return pl.repeat(None, waiting.rows.height, dtype=pl.Int64, eager=True)
    free = held.select("_row").join(bench.past.freed(place, held, waiting.ends), on="_row", how="left")
    free = free.with_columns(pl.min_horizontal(pl.col("_free").fill_null(NEVER), ends))
    return waiting.rows.select("_row").join(free, on="_row", how="left", maintain_order="left")["_free"]


def _else(bench: Bench) -> pl.Expr:
    """When silence may end."""
    begins = [text.begins for text in bench.layout.texts if text.rule.permits]
    sooner = [pl.when(pl.col("_t") < begin).then(pl.lit(begin, dtype=pl.Int64)) for begin in begins]
    speaks = pl.min_horizontal(_NEVER, *sooner)
    return pl.when(~pl.col("_covered")).then(_NEVER).when("_silent").then(speaks)
