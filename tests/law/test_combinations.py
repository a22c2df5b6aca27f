"""What is equal is judged once, and what differs in anything that a rule looks at is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from duly.law import columnar, combinations, frames, values
from tests.law import samples

ACTS = 160  # so many that they are put together by class and by stretch of time

ROWS = pl.DataFrame(
    {
        "word": ["sms", "sms", None, "voice", None, "sms", "sms", "sms"],
        "flag": [True, True, None, True, None, None, True, False],
        "other": [False, False, False, False, False, False, True, False],
        "number": [1, 1, 2, 1, 2, 1, 1, 1],
    }
)


def test_rows_that_say_the_same_share_a_number() -> None:
    """Unknown is equal to unknown, and to nothing else; each number's first row is the first that has it."""
    same = combinations.of(ROWS)

    assert same.number.to_list() == [0, 0, 1, 2, 1, 3, 4, 5]
    assert same.first.to_list() == [0, 2, 3, 5, 6, 7]


def test_one_column_one_row_and_none_are_combinations_too() -> None:
    """A single column is not hashed with others; rows that are all the same have one number."""
    assert combinations.of(ROWS.select("word")).number.to_list() == [0, 0, 1, 2, 1, 0, 0, 0]
    assert combinations.of(ROWS.head(2)).number.to_list() == [0, 0]
    assert combinations.of(ROWS.head(1)).first.to_list() == [0]
    assert combinations.of(ROWS.clear()).number.to_list() == []


WIDE = st.one_of(st.none(), st.integers(-2, 3), st.sampled_from([-(2**62), 2**62, 2**63 - 1, -(2**63)]))


@given(st.lists(st.tuples(WIDE, WIDE, st.one_of(st.none(), st.integers(0, 255)), st.booleans()), min_size=1))
def test_numbers_packed_together_are_equal_only_where_each_of_them_is(
    rows: list[tuple[int | None, int | None, int | None, bool]],
) -> None:
    """Whatever they are, unknown and the largest there are among them."""
    schema = {"a": pl.Int64(), "b": pl.Int64(), "c": pl.UInt8(), "d": pl.Boolean()}
    same = combinations.of(pl.DataFrame(rows, schema=schema, orient="row"))

    first = {row: place for place, row in reversed(list(enumerate(rows)))}
    assert same.first.gather(same.number).to_list() == [first[row] for row in rows]


def test_lists_are_told_apart_by_their_words_and_their_lengths() -> None:
    """None, no word, one word and two are four different things."""
    lists = pl.Series("zones", [None, [], ["a"], ["a", "b"], ["a"], [], None], dtype=pl.List(pl.String))
    same = combinations.of(pl.DataFrame(frames.plain(lists)))

    assert same.number.to_list() == [0, 1, 2, 3, 2, 1, 0]


def test_a_frame_of_many_is_answered_as_each_of_its_acts_alone() -> None:
    """Persons who differ in nothing but their history and their hour, in a frame large enough to be put together."""
    pack, policy = samples.shipped("cn", "house"), {"cn-freq-04": 2}
    plain, acts = samples.act(jurisdictions=("CN",), elements=frozenset({"sender_name_first", "optout"})), []
    begin = datetime(2026, 11, 23, 20, tzinfo=samples.SHANGHAI)
    for number in range(ACTS):
        at, person = begin + timedelta(minutes=4 * number), f"P{number}"
        before = tuple(
            samples.contact(at - timedelta(hours=back), person=person, number=person, channel="sms")
            for back in range(1, 1 + number % 4)
        )
        acts.append(replace(plain, at=at, person=person, number=person, history=before, policy=policy))
    together = columnar.judge(pack, *frames.of_acts(acts), policy)
    alone = [columnar.judge(pack, *frames.of_acts([act]), policy).drop("act") for act in acts]

    assert together.drop("act").equals(pl.concat(alone))
    assert set(together["verdict"]) == {values.Kind.PERMIT.value, values.Kind.HOLD.value}
    assert together["until"].n_unique() > 1
