"""Chance that is the same on every machine: a number for each row, out of the row's own number.

A counter goes through the mixing steps of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
Generators, 2014) as 64-bit expressions. So a column of draws needs no state, the draws for one purpose say
nothing about those for another, and a book of a million begins with the book of a thousand.
Refuses `Expr.hash` and the random functions of libraries: both change between versions.
"""

from __future__ import annotations

import hashlib

import polars as pl

_STEP = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


def stream(seed: int, purpose: str) -> int:
    """The 64-bit start of the draws for one purpose."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest(), "big")


def draw(index: pl.Expr, seed: int, purpose: str) -> pl.Expr:
    """A uniform UInt64 for each row, from its `index` (a whole number that is not negative)."""
    state = (index.cast(pl.UInt64) + 1) * _word(_STEP) + _word(stream(seed, purpose))
    state = (state ^ (state // _word(1 << 30))) * _word(_MIX_1)
    state = (state ^ (state // _word(1 << 27))) * _word(_MIX_2)
    return state ^ (state // _word(1 << 31))


def below(index: pl.Expr, seed: int, purpose: str, limit: int) -> pl.Expr:
    """A whole number from 0 to `limit` - 1 for each row, Int64."""
    return (draw(index, seed, purpose) // _word(1 << 24) % limit).cast(pl.Int64)


def between(index: pl.Expr, seed: int, purpose: str, least: int, most: int) -> pl.Expr:
    """A whole number from `least` to `most`, both included, for each row, Int64."""
    return below(index, seed, purpose, most - least + 1) + least


def one_in(index: pl.Expr, seed: int, purpose: str, chance: int) -> pl.Expr:
    """True for about one row in `chance`."""
    return below(index, seed, purpose, chance) == 0


def pick(index: pl.Expr, seed: int, purpose: str, options: list[str]) -> pl.Expr:
    """One of `options` for each row."""
    at = below(index, seed, purpose, len(options))
    return at.replace_strict(list(range(len(options))), options, return_dtype=pl.String)


def _word(number: int) -> pl.Expr:
    return pl.lit(number, pl.UInt64)
