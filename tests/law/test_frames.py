"""Frames that make no sense are refused, as our own defect."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from duly.law import columnar, frames
from tests.law import samples

MINIMAL = pl.DataFrame(
    {
        "act": ["a"],
        "at": [datetime(2026, 11, 23, 2, tzinfo=UTC)],
        "jurisdictions": [["XX"]],
        "person": ["P1"],
    },
    schema_overrides={"at": frames.INSTANT},
)
NO_HISTORY = pl.DataFrame(schema=dict(frames.HISTORY))
CALL = {"at": datetime(2026, 11, 23, 2, tzinfo=UTC), "kind": "attempt", "channel": "voice"} | dict.fromkeys(
    ("person", "account", "number"), "x"
)


def test_four_columns_are_enough_and_everything_else_is_unknown() -> None:
    """Then every rule that asks for a fact is in doubt, and names it."""
    judged = columnar.judge(samples.practice(), MINIMAL, NO_HISTORY)

    assert judged["verdict"].to_list() == ["hold"]
    assert {"holds", "zones", "number"} <= {doubt["fact"] for doubt in judged["in_doubt"][0]}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (MINIMAL.drop("person"), "no column person"),
        (pl.concat([MINIMAL, MINIMAL]), "same id"),
        (MINIMAL.with_columns(mood=pl.lit("good")), "no facts of law.facts: mood"),
        (MINIMAL.with_columns(channel=pl.lit("pigeon")), "'pigeon' is not a value"),
        (MINIMAL.with_columns(liable=pl.lit("yes")), "column liable is String, not Boolean"),
        (MINIMAL.with_columns(person=pl.lit("")), "towards a person"),
        (MINIMAL.with_columns(person=pl.lit(None, dtype=pl.String)), "person may not be null"),
        (MINIMAL.with_columns(jurisdictions=pl.lit([], dtype=pl.List(pl.String))), "jurisdiction"),
        (MINIMAL.with_columns(at=pl.col("at") + pl.duration(milliseconds=1)), "whole second"),
        (MINIMAL.with_columns(at=pl.col("at").dt.replace_time_zone(None)), "column at is Datetime"),
    ],
)
def test_acts_that_make_no_sense_are_refused(broken: pl.DataFrame, said: str) -> None:
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=said):
        columnar.judge(samples.practice(), broken, NO_HISTORY)


def test_a_word_outside_a_set_is_refused() -> None:
    """A category the law does not know would otherwise be forbidden by nobody."""
    with pytest.raises(pl.exceptions.InvalidOperationError):
        columnar.judge(samples.practice(), MINIMAL.with_columns(claims=pl.lit(["rudeness"])), NO_HISTORY)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "shout"}, "unknown kind of contact 'shout'"),
        ({"number": ""}, "without its number"),
        ({"person": None}, "person may not be null"),
        ({"mood": "good"}, "no columns of a history: mood"),
    ],
)
def test_histories_that_make_no_sense_are_refused(changed: dict[str, str | None], said: str) -> None:
    """A contact that nobody can be charged with would escape every cap."""
    history = pl.DataFrame([CALL | changed], schema_overrides={"at": frames.INSTANT, "person": pl.String})
    with pytest.raises(ValueError, match=said):
        columnar.judge(samples.practice(), MINIMAL, history)


def test_zones_and_precisions_of_instants_are_brought_into_one() -> None:
    """A column in Shanghai time, in milliseconds, is the same column."""
    local = MINIMAL.with_columns(
        pl.col("at").dt.convert_time_zone("Asia/Shanghai").cast(pl.Datetime("ms", "Asia/Shanghai"))
    )

    assert columnar.judge(samples.practice(), local, NO_HISTORY).equals(
        columnar.judge(samples.practice(), MINIMAL, NO_HISTORY)
    )
