"""Draws are those of SplitMix64, everywhere and for ever."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from duly.invent import chance

WORD = (1 << 64) - 1


def plain(index: int, start: int) -> int:
    """The mixing steps in Python's own integers."""
    state = ((index + 1) * 0x9E3779B97F4A7C15 + start) & WORD
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & WORD
    return state ^ (state >> 31)


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.integers(0, 2**31), st.text(max_size=8))
def test_a_column_of_draws_is_the_plain_generator(indices: list[int], seed: int, purpose: str) -> None:
    """Including where 64 bits overflow, which is meant."""
    frame = pl.DataFrame({"i": indices}, schema={"i": pl.Int64})

    found = frame.select(chance.draw(pl.col("i"), seed, purpose)).to_series().to_list()

    assert found == [plain(index, chance.stream(seed, purpose)) for index in indices]


def test_draws_do_not_change_between_versions() -> None:
    """Three of them written down."""
    frame = pl.DataFrame({"i": [0, 1, 10**6]})

    found = frame.select(chance.below(pl.col("i"), 1, "anything", 1_000)).to_series().to_list()

    assert found == [75, 174, 632]


def test_draws_spread_evenly() -> None:
    """Ten thousand of ten kinds: each kind within a tenth of its share."""
    frame = pl.DataFrame({"i": pl.int_range(0, 10_000, eager=True)})
    draws = frame.select(kind=chance.below(pl.col("i"), 3, "even", 10))

    assert draws["kind"].value_counts()["count"].is_between(900, 1_100).all()
