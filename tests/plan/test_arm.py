"""Arms are drawn by the person and the experiment, alike everywhere, and once."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.plan import arm, columns
from duly.plan.ladder import WHOLE, Arm

KEY = b"k" * 32
HALVES = (Arm(name="control", share=WHOLE // 2), Arm(name="softer", share=WHOLE // 2))
TENTH = (Arm(name="control", share=900_000), Arm(name="softer", share=100_000))


def test_a_draw_is_pinned_for_ever() -> None:
    """These were drawn when the product was first written; a change would move debtors between the arms."""
    drawn = [arm.draw(f"P{n:06}", "consumer-cn/default/firm", TENTH, key=KEY) for n in range(40)]

    assert "".join(name[0] for name in drawn) == "ccsccccccsccccsccccccsccccsccccccccccccs"


@given(person=st.text(max_size=20), experiment=st.text(max_size=20))
def test_a_draw_depends_on_nothing_else(person: str, experiment: str) -> None:
    """The same person and experiment always fall into the same arm, and into one of the arms."""
    first = arm.draw(person, experiment, HALVES, key=KEY)

    assert first == arm.draw(person, experiment, HALVES, key=KEY)
    assert first in {"control", "softer"}


def test_the_shares_are_kept_over_many_people() -> None:
    """Of ten thousand people about a tenth fall into the arm of ten percent."""
    drawn = [arm.draw(f"P{n}", "e", TENTH, key=KEY) for n in range(10_000)]

    assert 900 < drawn.count("softer") < 1_100


def test_two_experiments_draw_apart_and_so_do_two_keys() -> None:
    """Nobody is in the softer arm of everything, and without the key nobody can tell who is in it."""
    by_stage = [[arm.draw(f"P{n}", name, HALVES, key=KEY) for n in range(200)] for name in ("first", "firm")]
    by_key = [[arm.draw(f"P{n}", "first", HALVES, key=key) for n in range(200)] for key in (KEY, b"x" * 32)]

    assert by_stage[0] != by_stage[1]
    assert by_key[0] != by_key[1]


def test_who_was_drawn_before_stays_where_he_is() -> None:
    """A remembered arm is kept though the shares moved; an arm that is no more is drawn anew."""
    wanted = pl.DataFrame({"person": ["P1", "P2", "P3"], "experiment": ["e", "e", "e"]})
    before = [("P1", "e", "softer"), ("P2", "e", "gone"), ("P9", "e", "softer")]
    drawn = pl.DataFrame(before, schema=dict(columns.ARM), orient="row")
    all_control = (Arm(name="control", share=WHOLE - 1), Arm(name="softer", share=1))

    found = arm.assign(wanted, drawn, all_control, key=KEY)

    assert found.rows() == [("P1", "e", "softer"), ("P2", "e", "control"), ("P3", "e", "control")]


@pytest.mark.parametrize("key", [b"short", b"x" * 65])
def test_a_key_of_the_wrong_length_is_refused(key: bytes) -> None:
    """An empty key would let anybody compute the arms."""
    with pytest.raises(ValueError, match="key of the experiments"):
        arm.draw("P1", "e", HALVES, key=key)


def test_shares_that_are_not_the_whole_are_refused() -> None:
    """Somebody would fall into no arm."""
    with pytest.raises(ValueError, match="sum to the whole"):
        arm.draw("P1", "e", HALVES[:1], key=KEY)
