"""Messages laid out over the day, so that no route is asked for more parts in a second than it carries.

Each message takes its place behind those that may leave before it; among equals the order is by its key, which
says nothing of the person. The same messages always get the same places.
Refuses to move anything before its first lawful instant, or past the end of its life: what finds no room is
left out, and the caller says so.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from duly.plan.inputs import Route

_MICROSECONDS = 1_000_000


def lay_out(messages: pl.DataFrame, routes: Iterable[Route]) -> pl.DataFrame:
    """`messages` with `not_before` moved to their turn, in whole seconds, and `fits`: whether that is in time.

    Takes `key`, `route`, `parts`, `not_before` and `not_after` (UTC, microseconds); row order stays.
    """
    rates = {route.name: route.rate for route in routes}
    rate = pl.col("route").replace_strict(rates, return_dtype=pl.Int64)
    first = pl.col("not_before").dt.epoch("us")
    rows = messages.with_row_index("row").with_columns(
        first=first, takes=pl.col("parts") * _MICROSECONDS // rate
    )
    ordered = rows.sort("route", "first", "key")
    # The instant of each is the latest of "mine" and "the one before me, and its parts": with the time taken
    # so far counted out, that is a running maximum.
    before = pl.col("takes").cum_sum().over("route") - pl.col("takes")
    turn = before + (pl.col("first") - before).cum_max().over("route")
    whole = turn - turn % _MICROSECONDS
    placed = ordered.with_columns(pl.max_horizontal("first", whole).alias("turn")).sort("row")
    instant = pl.from_epoch("turn", time_unit="us").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    return placed.with_columns(not_before=instant, fits=instant <= pl.col("not_after")).drop(
        "row", "first", "takes", "turn"
    )
