"""When a held act will be lawful: the columnar search for the next lawful instant of many acts at once.

Each act is moved to the earliest instant at which everything that stands in its way may have gone, and judged
again, until nothing stands in its way or its horizon is passed.
"""

from __future__ import annotations

import polars as pl

from duly.law import slots, tallies, terms, values
from duly.law.intervals import NEVER
from duly.law.workbench import Bench


def mended(bench: Bench, judged: pl.DataFrame) -> pl.DataFrame:
    """Acts that time alone holds, judged at their next lawful instant, which is their `_t`.

    The bits `_binds<n>` are of the texts that stood in the way longest.
    """
    held = (pl.col("verdict") == values.Kind.HOLD.value) & ~bench.ledger.any_doubt()
    waiting = judged.filter(held).with_columns(bench.ledger.none("binds"))
    found = [waiting.clear()]
    while not waiting.is_empty():
        moved = _freed(bench, waiting)
        moved = moved.filter(pl.col("_t") <= pl.col("_at") + bench.horizon)
        if moved.is_empty():
            break
        again = bench.judge(moved)
        permitted = pl.col("verdict") == values.Kind.PERMIT.value
        found.append(again.filter(permitted))
        waiting = again.filter(~permitted)
    return pl.concat(found, how="diagonal")


def opened(bench: Bench, held: pl.DataFrame, end: int) -> pl.DataFrame:
    """Those of the acts that the hours bar at their instant and not all the time until `end`, judged when they open.

    What bars an act at night besides the night is what a reader asks for: it is there in the morning too.
    """
    windows = [text for text in bench.texts if isinstance(text.version.term, terms.Window)]
    found = [held.clear()]
    shut = pl.any_horizontal(slots.FALSE, *(_breached(bench, text) for text in windows))
    waiting = held.filter(shut)
    while not waiting.is_empty():
        opens = pl.max_horizontal(
            *(pl.when(_breached(bench, text)).then(f"n{text.number}") for text in windows)
        )
        moved = waiting.with_columns(opens.alias("_t")).filter(pl.col("_t") < end)
        if moved.is_empty():
            break
        again = bench.judge(moved.select(*bench.still.columns, "_t"))
        found.append(again.filter(~shut & (pl.col("verdict") != values.Kind.PERMIT.value)))
        waiting = again.filter(shut)
    return pl.concat(found, how="diagonal")


def _breached(bench: Bench, text: slots.Slot) -> pl.Expr:
    """Whether the text stands in the way as broken, and not only as doubtful."""
    return bench.ledger.stands(bench.texts.index(text)) & pl.col(f"c{text.number}").fill_null(False)


def _freed(bench: Bench, waiting: pl.DataFrame) -> pl.DataFrame:
    """The acts at the earliest instant at which everything that stands in the way may have gone, later than now.

    With `_t`, and in the bits `_binds<n>` the texts that stand until then.
    """
    waits: dict[int, pl.Expr] = {}
    frees: list[pl.DataFrame] = []
    for place in bench.ledger.standing(waiting):
        text = bench.texts[place]
        term, stands = text.version.term, bench.ledger.stands(place)
        ends = pl.lit(text.ends, dtype=pl.Int64)
        # Of a doubt whether the rule applies at all, time may take the reason, as it does of a breach.
        breached = _breached(bench, text)
        if not isinstance(term, terms.Cap) and text.timed:
            # What is not known at one instant may be at another; what is never known has no end.
            moving = stands & pl.col(f"c{text.number}").is_null() & ~pl.col(f"k{text.number}")
            turns = pl.min_horizontal(f"n{text.number}", ends)
            waits[place] = pl.when(breached | moving).then(turns).when(stands).then(ends)
        elif isinstance(term, terms.Cap):
            allowed = slots.most_allowed(text.rule, term, bench.policy) or 0
            free = f"f{text.number}"
            full = bench.tally(waiting.filter(breached), term)
            frees.append(tallies.leave(term, full, allowed).rename({"free": free}))
            # A cap of nought frees nobody, and has no contact to wait for.
            freed = pl.min_horizontal(pl.col(free).fill_null(NEVER), ends)
            waits[place] = pl.when(breached).then(freed).when(stands).then(ends)
        else:
            waits[place] = pl.when(stands).then(ends)
    begins = [text.begins for text in bench.texts if text.rule.permits]
    sooner = [pl.when(pl.col("_t") < begin).then(pl.lit(begin, dtype=pl.Int64)) for begin in begins]
    speaks = pl.min_horizontal(pl.lit(NEVER, dtype=pl.Int64), *sooner)
    others = [
        pl.when("_silent").then(speaks),
        pl.when(~pl.col("_covered")).then(pl.lit(NEVER, dtype=pl.Int64)),
    ]
    for free_frame in frees:
        waiting = waiting.join(free_frame, on="_row", how="left", maintain_order="left")
    free_at = waiting.select(pl.max_horizontal(*waits.values(), *others).alias("_t"))["_t"]
    binds = bench.ledger.packed(
        "binds", {place: (wait == free_at).fill_null(False) for place, wait in waits.items()}
    )
    return waiting.select(*bench.still.columns, free_at, *binds)
