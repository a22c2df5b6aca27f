"""Which side of an experiment a person is on: keyed blake2b of the person and the experiment (DESIGN D14).

The same person gets the same arm on every machine, in every bucket and under every version of any library,
and nobody without the key can choose a person id that falls into an arm.
Once drawn, an arm is remembered by the caller: changing the shares moves nobody who was drawn before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from duly.plan import columns
from duly.plan.ladder import WHOLE, Arm

MIN_KEY_BYTES = 16


def draw(person: str, experiment: str, arms: Sequence[Arm], *, key: bytes) -> str:
    """The name of the arm. Raises ValueError for a short key or shares that are not the whole."""
    if len(key) < MIN_KEY_BYTES or len(key) > hashlib.blake2b.MAX_KEY_SIZE:
        raise ValueError(
            f"the key of the experiments has {MIN_KEY_BYTES} to {hashlib.blake2b.MAX_KEY_SIZE} bytes"
        )
    if sum(arm.share for arm in arms) != WHOLE:
        raise ValueError("the shares of an experiment sum to the whole")
    # Each part is preceded by its length, so ("ab", "c") and ("a", "bc") draw apart.
    framed = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (person.encode(), experiment.encode()))
    number = int.from_bytes(
        hashlib.blake2b(framed, key=key, digest_size=8, person=b"duly.arm.1").digest(), "big"
    )
    point = number * WHOLE >> 64
    for arm in arms:
        if point < arm.share:
            return arm.name
        point -= arm.share
    raise AssertionError("a point lies in one of the shares")


def assign(wanted: pl.DataFrame, drawn: pl.DataFrame, arms: Sequence[Arm], *, key: bytes) -> pl.DataFrame:
    """The arm of each (person, experiment) of `wanted`: as `drawn` before, else drawn now.

    Both hold `person` and `experiment`, `drawn` also `arm`; so does the answer. All of `wanted` are of
    experiments with these `arms`. An arm that the strategy no longer has is drawn anew.
    """
    names = [each.name for each in arms]
    known = wanted.unique(["person", "experiment"]).join(
        drawn.filter(pl.col("arm").is_in(names)), on=["person", "experiment"], how="left"
    )
    fresh = known.filter(pl.col("arm").is_null()).select("person", "experiment")
    told = [draw(person, experiment, arms, key=key) for person, experiment in fresh.rows()]
    new = fresh.with_columns(pl.Series("arm", told, pl.String))
    return (
        pl.concat([known.filter(pl.col("arm").is_not_null()), new])
        .select(list(columns.ARM))
        .sort("person", "experiment")
    )
